/*
 * acme_tokens.h: answers to http-01 challenges (RFC 8555 8.3), in memory while an order is pending. Set by the thread that
 * orders; looked up by every loop, which costs a look at one number while there are none.
 */
#ifndef CORE_ACME_TOKENS_H
#define CORE_ACME_TOKENS_H

#include "tacet/arena.h"

/* Both are copied. false: there are too many. */
bool acme_token_set(struct tc_str token, struct tc_str answer);
void acme_token_clear(struct tc_str token);

/* What stands at a path of a request, in the arena; n = 0: nothing that is ours. */
struct tc_str acme_token_answer(struct tc_str path, struct tc_arena *arena);

#endif
