/*
 * params.h: the parameters of a query, taken out one by one: what stays does so byte for byte and in order. Links are
 * glued together with more than '&': "a=1;gclid=x", "a=1&amp;gclid=x", "a=1?gclid=x".
 */
#ifndef TACET_PARAMS_H
#define TACET_PARAMS_H

#include "match/pack.h"
#include "tacet/filter.h"

/* What the classes of parameters count as. */
extern const enum tc_class param_class[PACK_PARAM_CLASS_COUNT];

/*
 * Whether a path is one on which a recipient's id does its proper work (lists.md 6): a segment begins with unsubscribe,
 * preferences, confirm, oauth or sso.
 */
bool path_keeps_users(struct tc_str path);

/* At most n bytes of text, percent triplets decoded once, as the origin will read it, in buf. */
struct tc_str param_decode(struct tc_str text, char *buf, size_t n);

static inline bool
params_part_at(char c)
{
	return c == '&' || c == ';' || c == '?';
}

/*
 * Whether a parameter goes; who says so has counted it. Asked about the name as it is written, without blanks in front,
 * and then, if that has triplets, as it is read. value: as written; p NULL: there is no '='.
 */
typedef bool param_judge(void *arg, struct tc_str name, struct tc_str value);

/* The same question for one "name=value". */
bool param_goes(param_judge *goes, void *arg, struct tc_str pair);

/* Strips *query, which is not empty: 0 nothing to do, 1 done (p = NULL: nothing is left), -1 no memory. */
int params_strip(struct tc_arena *arena, struct tc_str *query, param_judge *goes, void *arg);

/*
 * Takes out what our table strips, whoever asks: click ids and, but on a path that works with them, ids of people.
 * As params_strip().
 */
int params_strip_ids(struct tc_call *c, struct tc_str path, struct tc_str *query);

#endif
