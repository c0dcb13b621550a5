/*
 * prove.h: whether a configuration keeps its promises (promises.md 2, 3, 5). The proof asks decide() and the filters
 * themselves about every site, route, place, signal and day that makes a difference, so that it cannot reason about
 * something else than what runs.
 *
 *	places x signals x days -> facts -> decide() -> a shape: what decides about items
 *	shape -> one page with a specimen of everything the rule pack knows, through the filters -> what passes
 *	promise -> predicate over both -> the first counter-example, and how many there are
 */
#ifndef CORE_PROVE_H
#define CORE_PROVE_H

#include "core/snapshot.h"

/*
 * Adds one error for each promise that does not hold on this day, or on a later one on which a row of law changes. Returns
 * how many.
 */
size_t prove(const struct snapshot *s, int32_t day, struct messages *m);

#endif
