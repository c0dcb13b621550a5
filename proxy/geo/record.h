/* record.h: one data record of a database as a place, whatever its schema (geo.md 2). */
#ifndef GEO_RECORD_H
#define GEO_RECORD_H

#include <maxminddb.h>

#include "base/place.h"

enum schema {
	SCHEMA_NONE,
	SCHEMA_FLAT,   /* country_code, state1, city */
	SCHEMA_NESTED, /* country.iso_code, subdivisions[0], city.names.en */
};

/* Which keys does the record have? SCHEMA_NONE: none that name a country. */
enum schema record_schema(MMDB_entry_s *e);

/*
 * Reads country, region and city, and nothing else: no coordinate, postcode or time zone is ever decoded. Districts
 * are cut off. The strings are borrowed from the map. A malformed record gives the unknown place.
 */
void record_place(MMDB_entry_s *e, enum schema schema, struct place *out);

#endif
