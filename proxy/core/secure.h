/* secure.h: what answers say so that browsers stay with https. */
#ifndef CORE_SECURE_H
#define CORE_SECURE_H

#include "config/config.h"

/*
 * On a whole answer, the origin's or ours: Strict-Transport-Security of sites[].hsts, which no answer by http may have (RFC 6797
 * 7.2). 0, or -1 at the arena's limit.
 */
int secure_hsts(const struct config_site *s, bool https, struct tc_response *res);

/*
 * On an answer of the origin, where https_only is promised: every cookie is Secure, and browsers fetch by https what a page
 * names by http. 0, or -1 at the arena's limit.
 */
int secure_content(bool https, struct tc_response *res, struct tc_arena *arena);

#endif
