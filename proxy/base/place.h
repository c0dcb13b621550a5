/* place.h: a place no finer than a city, and the codes we know (geo.md 1). */
#ifndef BASE_PLACE_H
#define BASE_PLACE_H

#include "tacet/site.h"

struct place {
	char country[3];           /* ISO 3166-1, upper case; "" = unknown */
	char region[8];            /* ISO 3166-2, "US-CA"; "" = unknown. We have tables for US and CA */
	struct tc_str region_name; /* "California"; borrowed */
	struct tc_str city;        /* bucket, at most a city; n = 0: unknown; borrowed */
};

/* "us-ca", "US-CA", "de", and the alias "UK" -> place. false: not a code we know. */
bool place_parse(struct tc_str code, struct place *out);

/* The country with this number, counted from 0. false: there are no more. */
bool place_country(size_t i, struct place *out);

/* The same of states and provinces. */
bool place_state(size_t i, struct place *out);

/*
 * Tells apart all places that where codes tell apart: two with the same number are in the same ones. PLACE_NUMBERS: what
 * our tables do not have may have none.
 */
enum { PLACE_NUMBERS = 3 * 26 * 26 };
unsigned place_number(const struct place *p);

/* Whether a where code ("DE", "US-CA", "EU", "EEA", "*") covers the place; unknown places match only "*". */
bool place_in(struct tc_str where, const struct place *p);

/* Is it a code that a where may hold? */
bool place_where_known(struct tc_str where);

/* ("US", "California") -> "US-CA"; NULL if unknown. */
const char *place_region_code(const char country[3], struct tc_str name);
/* "US-CA" -> "California"; NULL if unknown. */
const char *place_region_name(const char *region);

#endif
