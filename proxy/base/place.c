/*
 * place.c: the codes of countries and regions that we know, as tables.
 *
 * Facts: ISO 3166-1 alpha-2 and ISO 3166-2 (US, CA); the Union's members with those territories of theirs that have a
 * code of their own and where its law applies (TFEU Articles 349 and 355); EEA = the Union and three.
 */
#include "base/place.h"

/* ISO 3166-1, and XK (Kosovo): user-assigned, but address data uses it. Two letters each. */
static const char COUNTRIES[] =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZ"
    "CACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFR"
    "GAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJP"
    "KEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMT"
    "MUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURW"
    "SASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUS"
    "UYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZWXK";

/* A set of countries: by first letter, one bit for each second letter. */
#define L(c) ((uint32_t)1 << ((c) - 'A'))

/* The 27 members, the French outermost regions (GP MQ GF RE YT MF), and Aaland (AX). */
static const uint32_t EU[26] = {
	['A' - 'A'] = L('T') | L('X'),
	['B' - 'A'] = L('E') | L('G'),
	['C' - 'A'] = L('Y') | L('Z'),
	['D' - 'A'] = L('E') | L('K'),
	['E' - 'A'] = L('E') | L('S'),
	['F' - 'A'] = L('I') | L('R'),
	['G' - 'A'] = L('F') | L('P') | L('R'),
	['H' - 'A'] = L('R') | L('U'),
	['I' - 'A'] = L('E') | L('T'),
	['L' - 'A'] = L('T') | L('U') | L('V'),
	['M' - 'A'] = L('F') | L('Q') | L('T'),
	['N' - 'A'] = L('L'),
	['P' - 'A'] = L('L') | L('T'),
	['R' - 'A'] = L('E') | L('O'),
	['S' - 'A'] = L('E') | L('I') | L('K'),
	['Y' - 'A'] = L('T'),
};

/* What the EEA has more: IS, LI, NO. */
static const uint32_t EEA_ONLY[26] = {
	['I' - 'A'] = L('S'),
	['L' - 'A'] = L('I'),
	['N' - 'A'] = L('O'),
};

#undef L

struct region {
	char code[8];
	struct tc_str name;
};

/* Sorted by code. Names as address data writes them, in English. */
static const struct region REGIONS[] = {
	{"CA-AB", TC_STR_INIT("Alberta")},
	{"CA-BC", TC_STR_INIT("British Columbia")},
	{"CA-MB", TC_STR_INIT("Manitoba")},
	{"CA-NB", TC_STR_INIT("New Brunswick")},
	{"CA-NL", TC_STR_INIT("Newfoundland and Labrador")},
	{"CA-NS", TC_STR_INIT("Nova Scotia")},
	{"CA-NT", TC_STR_INIT("Northwest Territories")},
	{"CA-NU", TC_STR_INIT("Nunavut")},
	{"CA-ON", TC_STR_INIT("Ontario")},
	{"CA-PE", TC_STR_INIT("Prince Edward Island")},
	{"CA-QC", TC_STR_INIT("Quebec")},
	{"CA-SK", TC_STR_INIT("Saskatchewan")},
	{"CA-YT", TC_STR_INIT("Yukon")},
	{"US-AK", TC_STR_INIT("Alaska")},
	{"US-AL", TC_STR_INIT("Alabama")},
	{"US-AR", TC_STR_INIT("Arkansas")},
	{"US-AZ", TC_STR_INIT("Arizona")},
	{"US-CA", TC_STR_INIT("California")},
	{"US-CO", TC_STR_INIT("Colorado")},
	{"US-CT", TC_STR_INIT("Connecticut")},
	{"US-DC", TC_STR_INIT("District of Columbia")},
	{"US-DE", TC_STR_INIT("Delaware")},
	{"US-FL", TC_STR_INIT("Florida")},
	{"US-GA", TC_STR_INIT("Georgia")},
	{"US-HI", TC_STR_INIT("Hawaii")},
	{"US-IA", TC_STR_INIT("Iowa")},
	{"US-ID", TC_STR_INIT("Idaho")},
	{"US-IL", TC_STR_INIT("Illinois")},
	{"US-IN", TC_STR_INIT("Indiana")},
	{"US-KS", TC_STR_INIT("Kansas")},
	{"US-KY", TC_STR_INIT("Kentucky")},
	{"US-LA", TC_STR_INIT("Louisiana")},
	{"US-MA", TC_STR_INIT("Massachusetts")},
	{"US-MD", TC_STR_INIT("Maryland")},
	{"US-ME", TC_STR_INIT("Maine")},
	{"US-MI", TC_STR_INIT("Michigan")},
	{"US-MN", TC_STR_INIT("Minnesota")},
	{"US-MO", TC_STR_INIT("Missouri")},
	{"US-MS", TC_STR_INIT("Mississippi")},
	{"US-MT", TC_STR_INIT("Montana")},
	{"US-NC", TC_STR_INIT("North Carolina")},
	{"US-ND", TC_STR_INIT("North Dakota")},
	{"US-NE", TC_STR_INIT("Nebraska")},
	{"US-NH", TC_STR_INIT("New Hampshire")},
	{"US-NJ", TC_STR_INIT("New Jersey")},
	{"US-NM", TC_STR_INIT("New Mexico")},
	{"US-NV", TC_STR_INIT("Nevada")},
	{"US-NY", TC_STR_INIT("New York")},
	{"US-OH", TC_STR_INIT("Ohio")},
	{"US-OK", TC_STR_INIT("Oklahoma")},
	{"US-OR", TC_STR_INIT("Oregon")},
	{"US-PA", TC_STR_INIT("Pennsylvania")},
	{"US-RI", TC_STR_INIT("Rhode Island")},
	{"US-SC", TC_STR_INIT("South Carolina")},
	{"US-SD", TC_STR_INIT("South Dakota")},
	{"US-TN", TC_STR_INIT("Tennessee")},
	{"US-TX", TC_STR_INIT("Texas")},
	{"US-UT", TC_STR_INIT("Utah")},
	{"US-VA", TC_STR_INIT("Virginia")},
	{"US-VT", TC_STR_INIT("Vermont")},
	{"US-WA", TC_STR_INIT("Washington")},
	{"US-WI", TC_STR_INIT("Wisconsin")},
	{"US-WV", TC_STR_INIT("West Virginia")},
	{"US-WY", TC_STR_INIT("Wyoming")},
};

#define REGION_COUNT (sizeof(REGIONS) / sizeof(REGIONS[0]))

/* Other spellings of a name. */
static const struct region OTHER_NAMES[] = {
	{"CA-QC", TC_STR_INIT("Qu\xc3\xa9"
	    "bec")},
	{"CA-YT", TC_STR_INIT("Yukon Territory")},
	{"CA-NL", TC_STR_INIT("Newfoundland")},
	{"US-DC", TC_STR_INIT("Washington, D.C.")},
	{"US-DC", TC_STR_INIT("Washington D.C.")},
};

#define OTHER_NAME_COUNT (sizeof(OTHER_NAMES) / sizeof(OTHER_NAMES[0]))

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
}

static bool
in_set(const uint32_t set[26], const char *country)
{
	unsigned first = (unsigned)country[0] - 'A', second = (unsigned)country[1] - 'A';

	return first < 26 && second < 26 && (set[first] >> second & 1) != 0;
}

/* Two letters in upper case; people write UK and EL. */
static void
country_fold(struct tc_str code, char out[3])
{
	out[0] = upper(code.p[0]);
	out[1] = upper(code.p[1]);
	out[2] = '\0';
	if (memcmp(out, "UK", 2) == 0)
		memcpy(out, "GB", 2);
	else if (memcmp(out, "EL", 2) == 0)
		memcpy(out, "GR", 2);
}

/* Is it a code in use? */
static bool
country_parse(struct tc_str code, char out[3])
{
	country_fold(code, out);
	for (size_t i = 0; i + 2 < sizeof(COUNTRIES); i += 2)
		if (COUNTRIES[i] == out[0] && COUNTRIES[i + 1] == out[1])
			return true;
	return false;
}

static const struct region *
region_find(struct tc_str code)
{
	size_t low = 0, high = REGION_COUNT;

	if (code.n != 5)
		return NULL;
	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = memcmp(code.p, REGIONS[mid].code, 5);

		if (order == 0)
			return &REGIONS[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

bool
place_parse(struct tc_str code, struct place *out)
{
	char text[5];
	const struct region *r;

	*out = (struct place){0};
	if (code.n == 2)
		return country_parse(code, out->country);
	if (code.n != sizeof(text))
		return false;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = upper(code.p[i]);
	r = region_find(tc_str_of(text, sizeof(text)));
	if (r == NULL)
		return false;
	memcpy(out->country, r->code, 2);
	memcpy(out->region, r->code, sizeof(out->region));
	out->region_name = r->name;
	return true;
}

bool
place_country(size_t i, struct place *out)
{
	*out = (struct place){0};
	if (2 * i + 2 >= sizeof(COUNTRIES))
		return false;
	memcpy(out->country, COUNTRIES + 2 * i, 2);
	return true;
}

bool
place_state(size_t i, struct place *out)
{
	*out = (struct place){0};
	return i < REGION_COUNT && place_parse(tc_str_from(REGIONS[i].code), out);
}

/* Two capital letters, below 26 * 26. false: they are none. */
static inline bool
number_letters(const char *letters, unsigned *number)
{
	unsigned first = (unsigned)letters[0] - 'A', second = (unsigned)letters[1] - 'A';

	*number = first * 26 + second;
	return first < 26 && second < 26;
}

/* First countries, then what begins with "US-", then with "CA-". Where codes name no other regions. */
unsigned
place_number(const struct place *p)
{
	bool us = memcmp(p->country, "US", 3) == 0, ca = memcmp(p->country, "CA", 3) == 0;
	unsigned country, state;

	if (!number_letters(p->country, &country) || p->country[2] != '\0')
		return PLACE_NUMBERS;
	if (p->region[0] == '\0')
		return country;
	if (memcmp(p->region, p->country, 2) != 0 || p->region[2] != '-')
		return PLACE_NUMBERS;
	if (!us && !ca)
		return country;
	if (!number_letters(p->region + 3, &state) || p->region[5] != '\0')
		return PLACE_NUMBERS;
	return (us ? 1 : 2) * 26 * 26 + state;
}

/* The length tells the kinds of codes apart. */
bool
place_in(struct tc_str where, const struct place *p)
{
	char country[3];

	switch (where.n) {
	case 1:
		return where.p[0] == '*';
	case 2:
		country_fold(where, country);
		if (memcmp(country, "EU", 2) == 0)
			return in_set(EU, p->country);
		return memcmp(country, p->country, 2) == 0;
	case 3:
		return tc_ieq(where, TC_STR("EEA")) && (in_set(EU, p->country) || in_set(EEA_ONLY, p->country));
	default:
		return where.n > 0 && p->region[0] != '\0' && tc_ieq(where, tc_str_from(p->region));
	}
}

bool
place_where_known(struct tc_str where)
{
	struct place p;

	return tc_eq(where, TC_STR("*")) || tc_ieq(where, TC_STR("EU")) || tc_ieq(where, TC_STR("EEA")) || place_parse(where, &p);
}

static const char *
name_find(const struct region *v, size_t n, const char *country, struct tc_str name)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(v[i].code, country, 2) == 0 && tc_ieq(v[i].name, name))
			return v[i].code;
	return NULL;
}

const char *
place_region_code(const char country[3], struct tc_str name)
{
	const char *code = name_find(REGIONS, REGION_COUNT, country, name);

	return code != NULL ? code : name_find(OTHER_NAMES, OTHER_NAME_COUNT, country, name);
}

const char *
place_region_name(const char *region)
{
	const struct region *r = region_find(tc_str_of(region, strnlen(region, 8)));

	return r != NULL ? r->name.p : NULL;
}
