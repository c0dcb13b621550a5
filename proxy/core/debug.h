/*
 * debug.h: the trace of a request, for the operator who sent it (metrics.md 13):
 *
 *	Tacet-Debug: <token of `tacet debug token`>
 *	-> Server-Timing: decision;..., filters;..., origin;...		in the answer to it
 *	-> the whole as JSON						of GET /.well-known/tacet/debug
 *
 * The field goes no further than this, whoever sent it; a token that is not right is as none, and nobody is told. Nothing of
 * it is kept: the trace lives in the request's arena, and the key in this process, so that tokens end with it.
 */
#ifndef CORE_DEBUG_H
#define CORE_DEBUG_H

#include "core/exchange.h"
#include "core/token.h"

#define DEBUG_PATH "/.well-known/tacet/debug"

enum { DEBUG_TTL_MIN = 60,
	DEBUG_TTL_MAX = TOKEN_TTL_MAX }; /* seconds */

struct debug; /* of one exchange; NULL: nobody asked who may */

/* The moments between which is measured. */
enum debug_mark { DEBUG_BEGAN, DEBUG_DECIDED, DEBUG_REQUESTED, DEBUG_ANSWERED, DEBUG_DONE, DEBUG_MARK_COUNT };

/* Makes the key, once, before any thread. false: no memory, or no random numbers. */
bool debug_start(void);
void debug_stop(void);

struct tc_str debug_token(int64_t ttl_s, char buf[TOKEN_ROOM]);

/* Takes the field off the request, and remembers if its token was right. -1 at the arena's limit. */
int debug_begin(struct exchange *x);
/* The filters' chain has begun: what they do is told. */
void debug_watch(struct exchange *x);

void debug_mark_now(struct debug *d, enum debug_mark m);
static inline void
debug_mark(const struct exchange *x, enum debug_mark m)
{
	if (x->debug != NULL)
		debug_mark_now(x->debug, m);
}

/* The request is for the page of its own trace. */
bool debug_owns(const struct exchange *x);
int debug_answer(struct exchange *x);

/* The last word about the head of an answer: what is told, and that nobody keeps it. */
int debug_tell(struct exchange *x);

#endif
