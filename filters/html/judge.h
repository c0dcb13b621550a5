/* judge.h: the URL of the page, kept for as long as the request lives. */
#ifndef TACET_HTML_JUDGE_H
#define TACET_HTML_JUDGE_H

#include "../match/url.h"
#include "tacet/arena.h"

/* Moves the text of u from a buffer into the arena. False: no room. */
bool judge_keep_url(struct url *u, struct tc_arena *arena);

#endif
