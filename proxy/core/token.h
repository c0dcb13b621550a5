/*
 * token.h: short-lived signed tokens by which a request shows that its sender runs this proxy:
 *
 *	Tacet-Verify: v1.1795363200.Zm9vYmFyYmF6cXV4cXV1eA US-CA	a synthetic visitor, and the place it stands for
 *	Tacet-Debug: v1.1795363200.Zm9vYmFyYmF6cXV4cXV1eA		asks for its trace (debug.h)
 *
 * Who has none, or a wrong one, is treated as if the field were not there. The field never goes to an origin.
 */
#ifndef CORE_TOKEN_H
#define CORE_TOKEN_H

#include "core/choice.h"

enum token_use { TOKEN_VERIFY, TOKEN_DEBUG };

enum {
	TOKEN_ROOM = 48,
	TOKEN_TTL_MAX = 3600, /* seconds */
};

/* A token until now + ttl, both in seconds, in buf. */
struct tc_str token_write(const struct choice_key *k, enum token_use use, int64_t now, int64_t ttl, char buf[TOKEN_ROOM]);

/* Signed by us for this use, and its time is not over. */
bool token_valid(const struct choice_key *k, enum token_use use, struct tc_str token, int64_t now);

/* The place that a Tacet-Verify field names, if its token is valid: country "" for "unknown". */
bool token_place(const struct choice_key *k, struct tc_str field, int64_t now, struct place *out);

#endif
