/* record.c: one data record of a database as a place, whatever its schema. */
#include "geo/record.h"

#define NAME_MAX_BYTES 128

enum part { COUNTRY,
	REGION_CODE,
	REGION_NAME,
	CITY,
	PART_COUNT };

/* Where each schema keeps the parts; no path: it does not. DB-IP's own lite file lacks subdivisions[0].iso_code. */
static const char *const *const PATHS[][PART_COUNT] = {
	[SCHEMA_FLAT] =
	    {
		    [COUNTRY] = (const char *const[]){"country_code", NULL},
		    [REGION_NAME] = (const char *const[]){"state1", NULL},
		    [CITY] = (const char *const[]){"city", NULL},
	    },
	[SCHEMA_NESTED] =
	    {
		    [COUNTRY] = (const char *const[]){"country", "iso_code", NULL},
		    [REGION_CODE] = (const char *const[]){"subdivisions", "0", "iso_code", NULL},
		    [REGION_NAME] = (const char *const[]){"subdivisions", "0", "names", "en", NULL},
		    [CITY] = (const char *const[]){"city", "names", "en", NULL},
	    },
};

/* true with n = 0 when there is no such key; false: there is, and it is not a string. */
static bool
text_get(MMDB_entry_s *e, const char *const *path, struct tc_str *out)
{
	MMDB_entry_data_s data;
	int status;

	*out = (struct tc_str){NULL, 0};
	if (path == NULL)
		return true;
	status = MMDB_aget_value(e, &data, path);
	if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR)
		return true;
	if (status != MMDB_SUCCESS)
		return false;
	if (!data.has_data)
		return true;
	if (data.type != MMDB_DATA_TYPE_UTF8_STRING)
		return false;
	if (data.data_size > 0)
		*out = tc_str_of(data.utf8_string, data.data_size);
	return true;
}

/* Length of the well-formed UTF-8 sequence at the front of s (RFC 3629), 0 if there is none. */
static size_t
utf8_length(struct tc_str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0
	    : p[0] < 0xe0                        ? 2
	    : p[0] < 0xf0                        ? 3
	    : p[0] < 0xf5                        ? 4
						 : 0;

	if (n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
		return 0;
	return n;
}

/* At most 128 bytes of UTF-8 without control characters (C0, DEL, C1). */
static bool
name_valid(struct tc_str s)
{
	if (s.n > NAME_MAX_BYTES)
		return false;
	while (s.n > 0) {
		const unsigned char *p = (const unsigned char *)s.p;
		size_t n = utf8_length(s);

		if (n == 0 || p[0] < 0x20 || p[0] == 0x7f || (p[0] == 0xc2 && p[1] < 0xa0))
			return false;
		tc_skip(&s, n);
	}
	return true;
}

/* "London (Holborn)" -> "London": a bracket holds a district, which is finer than we say. */
static struct tc_str
strip_district(struct tc_str s)
{
	static const struct tc_str OPENING[] = {
		TC_STR_INIT("("),
		TC_STR_INIT("["),
		TC_STR_INIT("\xef\xbc\x88"), /* full width ( */
		TC_STR_INIT("\xef\xbc\xbb"), /* full width [ */
	};

	for (size_t i = 0; i < sizeof(OPENING) / sizeof(OPENING[0]) && s.n > 0; i++)
		s.n = tc_find(s, OPENING[i]);
	s = tc_trim(s);
	return s.n > 0 ? s : (struct tc_str){NULL, 0};
}

static bool
country_set(struct tc_str code, char out[3])
{
	if (code.n != 2 || tc_eq(code, TC_STR("ZZ")))
		return false;
	for (size_t i = 0; i < 2; i++)
		if (code.p[i] < 'A' || code.p[i] > 'Z')
			return false;
	memcpy(out, code.p, 2);
	return true;
}

/* "CA" below "US" -> "US-CA"; one to three letters or digits (ISO 3166-2). */
static bool
region_code_set(struct tc_str code, const char *country, char out[8])
{
	if (code.n < 1 || code.n > 3)
		return false;
	for (size_t i = 0; i < code.n; i++)
		if (!((code.p[i] >= 'A' && code.p[i] <= 'Z') || (code.p[i] >= '0' && code.p[i] <= '9')))
			return false;
	memcpy(out, country, 2);
	out[2] = '-';
	memcpy(out + 3, code.p, code.n);
	return true;
}

static void
region_set(struct place *p, struct tc_str code, struct tc_str name)
{
	const char *known;

	p->region_name = strip_district(name);
	if (region_code_set(code, p->country, p->region)) {
		known = place_region_name(p->region);
		if (known != NULL)
			p->region_name = tc_str_from(known);
		return;
	}
	known = place_region_code(p->country, p->region_name);
	if (known != NULL)
		memcpy(p->region, known, strlen(known));
}

enum schema
record_schema(MMDB_entry_s *e)
{
	for (int s = SCHEMA_FLAT; s <= SCHEMA_NESTED; s++) {
		struct tc_str country;

		if (text_get(e, PATHS[s][COUNTRY], &country) && country.n == 2)
			return (enum schema)s;
	}
	return SCHEMA_NONE;
}

void
record_place(MMDB_entry_s *e, enum schema schema, struct place *out)
{
	struct tc_str parts[PART_COUNT];

	*out = (struct place){0};
	for (size_t i = 0; i < PART_COUNT; i++)
		if (!text_get(e, PATHS[schema][i], &parts[i]) || !name_valid(parts[i]))
			return;
	if (!country_set(parts[COUNTRY], out->country))
		return;
	region_set(out, parts[REGION_CODE], parts[REGION_NAME]);
	out->city = strip_district(parts[CITY]);
}
