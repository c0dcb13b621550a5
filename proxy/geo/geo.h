/* geo.h: from an address to "about here", never finer than a city (geo.md). The only user of libmaxminddb. */
#ifndef GEO_GEO_H
#define GEO_GEO_H

#include "base/addr.h"
#include "base/buf.h"
#include "base/place.h"

struct geo; /* one loaded set of databases; immutable, shared by all loops */

enum geo_result {
	GEO_FOUND,
	GEO_UNKNOWN,
	GEO_ERROR,
	GEO_RESULT_COUNT,
};

/*
 * Loads the databases (paths) into private sealed memory and builds the place index; a city with fewer than
 * min_addresses IPv4 addresses becomes its region. May block
 * for seconds. A database that is missing or broken is left out and described in why (a line each), never
 * fatal. Returns NULL only when no database could be used.
 */
struct geo *geo_load(struct tc_strs databases, int64_t min_addresses, struct buf *why);
void geo_destroy(struct geo **g);

/* g may be NULL. The place borrows its names from g. */
enum geo_result geo_lookup(const struct geo *g, const struct tc_addr *a, struct place *out);

/* Build time of the database of that family (4, 6), seconds since 1970; 0: none. */
int64_t geo_build_time(const struct geo *g, int family);

/* Did a database go missing, or lose over half of its countries or networks? A reload refuses that. Either may be NULL. */
bool geo_shrunk(const struct geo *before, const struct geo *after);

#endif
