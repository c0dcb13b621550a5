/*
 * bridge.h: tells a page, in the formats that it reads, that its visitor said no (signals.md 4.6): by a script first in its
 * head, and by the consent cookies that the visitor carries already.
 */
#ifndef TACET_BRIDGE_H
#define TACET_BRIDGE_H

#include "tacet/filter.h"

extern const struct tc_filter filter_bridge;

/* What a script says beside Global Privacy Control; the first two are the words of the option `bridge`, in its order. */
enum {
	BRIDGE_USPRIVACY = 1,
	BRIDGE_GPP = 2,
	BRIDGE_ANALYTICS = 4, /* measurements are refused, too */
	BRIDGE_SETS = 8,
};

/* One script, the same for everyone to whom it says the same. From conf/bridge, made by mkbridge. */
struct bridge_script {
	struct tc_str text;
	struct tc_str hash; /* "'sha256-...'" */
};

extern const struct bridge_script bridge_scripts[BRIDGE_SETS];

/* The value of data-tacet of our script. */
#define BRIDGE_MARK "bridge"

/*
 * In the rewriter's response hook: the element that goes first into the head of this page, n = 0: none does. The site's
 * policies are changed so that it runs. 0, or -1 at the arena's limit.
 */
int bridge_element(struct tc_call *c, struct tc_str *element);

#endif
