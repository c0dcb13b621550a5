/*
 * log.h: one line per event in the life of the process; there is no other log. The events are listed, the detail is
 * text of our own or of the operator's configuration, never of a request.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "tacet/str.h"

/* X(ENUM, "what the line begins with") */
#define LOG_EVENTS(X)                                                                                \
	X(LISTENING, "listening")                                                                    \
	X(CLOSED, "closed")                                                                          \
	X(READY, "ready")                                                                            \
	X(WARNING, "warning:")                                                                       \
	X(RELOADED, "reloaded")                                                                      \
	X(RELOAD_REFUSED, "reload refused, the old configuration stays:")                            \
	X(CERTIFICATE, "certificate taken:")                                                         \
	X(CERTIFICATE_ISSUED, "certificate issued:")                                                 \
	X(CERTIFICATE_REFUSED, "certificate refused, the one before stays:")                         \
	X(DRAINING, "draining")                                                                      \
	X(STOPPED, "stopped")

enum log_event {
#define X(e, text) LOG_##e,
	LOG_EVENTS(X)
#undef X
	LOG_EVENT_COUNT
};

void log_event(enum log_event e, struct tc_str detail);
/* One event for each line of text. */
void log_lines(enum log_event e, struct tc_str text);

#endif
