/* class.h: what a tracker, cookie or rule is for. The order is part of the choice cookie's format. */
#ifndef TACET_CLASS_H
#define TACET_CLASS_H

#include <stdint.h>

/* X(ENUM, "name") */
#define TC_CLASSES(X)                                                                                \
	X(ANALYTICS, "analytics")                                                                    \
	X(ADVERTISING, "advertising")                                                                \
	X(PERSONALISATION, "personalisation")                                                        \
	X(SOCIAL, "social")                                                                          \
	X(FUNCTIONAL, "functional")                                                                  \
	X(SECURITY, "security")                                                                      \
	X(CONSENT, "consent")                                                                        \
	X(UNKNOWN, "unknown")

enum tc_class {
#define X(e, name) TC_##e,
	TC_CLASSES(X)
#undef X
	TC_CLASS_COUNT
};

/* A set of classes: bit 0 = analytics. */
typedef uint8_t tc_classes;
#define TC_CLASS_BIT(c) ((tc_classes)(1u << (c)))

/* Never removed, whatever a rule set says (design: Classes). */
#define TC_ESSENTIAL                                                                                 \
	(TC_CLASS_BIT(TC_FUNCTIONAL) | TC_CLASS_BIT(TC_SECURITY) | TC_CLASS_BIT(TC_CONSENT))

#endif
