/* url.h: the request target's path, for matching (never for forwarding), and globs over it. */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include "tacet/arena.h"

/*
 * One normal form: unreserved bytes decoded, percent triplets in upper case, "." and ".." segments removed,
 * "//" and "\" made "/", %2F kept. Idempotent. p = NULL at the arena's limit.
 */
struct tc_str path_normalise(struct tc_str path, struct tc_arena *arena);

/* '*' matches any bytes, '/' too; everything else itself. Bounded time. */
bool glob_match(struct tc_str glob, struct tc_str text);

/* host patterns: "www.example.com", "*.example.com" (any depth, not the bare domain), "*". host is lower case. */
bool host_match(struct tc_str pattern, struct tc_str host);

#endif
