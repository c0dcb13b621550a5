/*
 * index.h: which place a data record means, found by an array read instead of decoding (geo.md 3.5).
 *
 *	data section   |map....|map......|map...|	a record begins where its bit is set
 *	bits           10000000100000000010000000	one bit per byte of the section
 *	before         0 1 3 ...			set bits before word i of the bits
 *	place          p0 p1 p2 ...			of the first record, the second, ...
 */
#ifndef GEO_INDEX_H
#define GEO_INDEX_H

#include "geo/record.h"

/* The places of all databases, each once; number 0 is the unknown place. */
struct places {
	struct place *v;
	uint64_t *addresses; /* IPv4 addresses of each; only while building */
	uint32_t *slots;     /* hash table of numbers, 0: free; only while building */
	size_t n, cap, slot_count;
};

bool places_init(struct places *ps);
/* Cities with fewer IPv4 addresses lose their name; the tables for building are released. */
void places_finish(struct places *ps, uint64_t min_addresses);
void places_destroy(struct places *ps);

struct geo_index {
	uint64_t *bits;
	uint32_t *before;
	uint32_t *place;
	size_t words, records;
	uint64_t networks; /* leaves of the tree that hold data */
};

/*
 * Walks the tree and decodes each record once. count: add the IPv4 addresses of each record to its place. Returns
 * NULL, or what is wrong.
 */
const char *index_build(struct geo_index *x, const MMDB_s *m, bool count, struct places *ps);
void index_destroy(struct geo_index *x);

/* The place number of the record at this offset of the data section. */
uint32_t index_place(const struct geo_index *x, uint32_t offset);

/* Does the tree hold any IPv4 network? */
bool index_has_ipv4(const MMDB_s *m);

#endif
