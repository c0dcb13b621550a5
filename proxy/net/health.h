/*
 * health.h: what all loops know together about a server: what the active checks found, how many loops have ejected it,
 * what went wrong. One per server for the whole process, reference counted; the numbers are atomics (docs/adr/0012).
 */
#ifndef NET_HEALTH_H
#define NET_HEALTH_H

#include <stdatomic.h>

#include "tacet/str.h"

/* X(ENUM, "label"): what went wrong with a server */
#define HEALTH_ERRORS(X)                                                                             \
	X(CONNECT, "connect")                                                                        \
	X(RESOLVE, "resolve")                                                                        \
	X(TIMEOUT, "timeout")                                                                        \
	X(CLOSED, "closed") /* before a whole answer */                                              \
	X(BAD_MESSAGE, "bad_message")

enum health_error {
#define X(e, label) HEALTH_##e,
	HEALTH_ERRORS(X)
#undef X
	HEALTH_ERROR_COUNT
};

struct health {
	struct health *next;
	size_t users;             /* under the list's lock */
	size_t checks;            /* that look at it; under the lock */
	_Atomic bool down;        /* they say so */
	_Atomic unsigned ejected; /* loops that do not use it at present */
	_Atomic uint64_t errors[HEALTH_ERROR_COUNT];
	char name[]; /* "http://10.0.0.5:8080", "unix:/run/app.sock": as configured */
};

/* The one of that name; takes a lock: off the request path only. */
struct health *health_get(struct tc_str name);
void health_release(struct health **h);

/* An active check of it begins, or ends: with the last one it is up. */
void health_check(struct health *h, bool begins);

/* Every server that is known now, under the lock. */
void health_each(void (*visit)(void *ctx, const struct health *h), void *ctx);

#endif
