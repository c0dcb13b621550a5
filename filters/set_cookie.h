/* set_cookie.h: the attributes of a Set-Cookie value that say how long it stays and where it is sent. */
#ifndef TACET_SET_COOKIE_H
#define TACET_SET_COOKIE_H

#include "match/match.h"

/*
 * Whether it deletes: an empty value, and Max-Age=0 or a date long past. Such a cookie stores nothing and may go on.
 * What a browser might not read as we do is no deletion.
 */
bool set_cookie_deletes(struct tc_str value);

/*
 * The value with a shorter life or a narrower SameSite, as a rule of a list wants it; never a longer or a wider one.
 * p = NULL at the arena's limit.
 */
struct tc_str set_cookie_soften(struct tc_str value, const struct match_softer *to, struct tc_arena *arena);

#endif
