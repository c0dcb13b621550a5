/*
 * health.h: what all loops know together about a server: what the active checks found, how many loops have ejected it,
 * what went wrong. One per server for the whole process, reference counted; the numbers are atomics (docs/adr/0012).
 *
 *	health (a server) -> verdict (a check of it) -> verdict ...
 *
 * Two origins may have the same server and check it differently. Each goes by the verdict of its own check.
 */
#ifndef NET_HEALTH_H
#define NET_HEALTH_H

#include <stdatomic.h>

#include <stdbool.h>
#include <stddef.h>

#include "tacet/str.h"

/* X(ENUM, "label"): what went wrong with a server */
#define HEALTH_ERRORS(X)                                                                             \
	X(CONNECT, "connect")                                                                        \
	X(TLS, "tls") /* no handshake: a certificate that is not trusted, say */                     \
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

/* What an active check asks, how often, and what changes its mind: and by all of that, which check it is. */
struct check_settings {
	struct tc_str path, authority; /* of the request */
	int64_t interval_ms, timeout_ms, healthy, unhealthy;
};

struct verdict {
	struct verdict *next; /* of the same server; under the list's lock, as all but down */
	size_t users, checks; /* checks: those of them that look, and say */
	_Atomic bool down;
	struct check_settings check;
	char texts[];
};

struct health {
	struct health *next;
	size_t users; /* under the list's lock */
	struct verdict *verdicts;
	_Atomic unsigned ejected; /* loops that do not use it at present */
	_Atomic uint64_t errors[HEALTH_ERROR_COUNT];
	char name[]; /* "http://10.0.0.5:8080", "unix:/run/app.sock": as configured */
};

/* The one of that name; takes a lock: off the request path only. */
struct health *health_get(struct tc_str name);
void health_release(struct health **h);

/*
 * The verdict of such a check; takes the lock. A new one says what those there say, if they agree: a reload that changes
 * the check of a server does not bring it back.
 */
struct verdict *verdict_get(struct health *h, const struct check_settings *check);
void verdict_release(struct health *h, struct verdict **v); /* before the health */

/* A check that will say so begins, or ends: with the last one the server is up. */
void verdict_check(struct verdict *v, bool begins);

/* Every server that is known now, under the lock. */
void health_each(void (*visit)(void *ctx, const struct health *h), void *ctx);
/* For visit(): one of its checks at least says that it is down. */
bool health_is_down(const struct health *h);

#endif
