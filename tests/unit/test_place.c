/* test_place.c: codes, names, and which places a `where` covers. */
#include "../../proxy/base/place.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct tc_str
str(const char *z)
{
	return tc_str_from(z);
}

static struct place
place(const char *code)
{
	struct place p;

	assert_true(place_parse(str(code), &p));
	return p;
}

static bool
in(const char *where, const char *code)
{
	struct place p = place(code);

	return place_in(str(where), &p);
}

static void
country_codes(void **state)
{
	size_t n = (sizeof(COUNTRIES) - 1) / 2;

	(void)state;
	assert_int_equal((sizeof(COUNTRIES) - 1) % 2, 0);
	assert_int_equal(n, 249 + 1); /* ISO 3166-1 has 249; and XK */
	for (size_t i = 0; i < n; i++) {
		struct place p;

		assert_true(place_parse(tc_str_of(COUNTRIES + 2 * i, 2), &p));
		assert_memory_equal(p.country, COUNTRIES + 2 * i, 2);
		assert_int_equal(p.region[0], '\0');
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(COUNTRIES + 2 * i, COUNTRIES + 2 * k, 2);
	}
}

static void
aliases_and_case(void **state)
{
	(void)state;
	assert_string_equal(place("de").country, "DE");
	assert_string_equal(place("UK").country, "GB");
	assert_string_equal(place("el").country, "GR");
	assert_string_equal(place("NO").country, "NO");
	assert_string_equal(place("us-ca").region, "US-CA");
	assert_string_equal(place("us-ca").country, "US");
	assert_true(tc_eq(place("Ca-Qc").region_name, TC_STR("Quebec")));
	assert_true(place_where_known(str("uk")) && in("UK", "GB") && in("GB", "uk"));
}

static void
unknown_codes(void **state)
{
	static const char *const bad[] = {"", "D", "ZZ", "DEU", "US-", "US-ZZ", "US-CAX", "DE-BY", "US_CA", "USCA",
	    "-US-C", "us ca", "*", "EU"};
	struct place p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(place_parse(str(bad[i]), &p));
		assert_int_equal(p.region[0], '\0');
	}
	assert_false(place_parse((struct tc_str){NULL, 0}, &p));
}

/* Each of the 51 and 13 both ways. */
static void
regions_both_ways(void **state)
{
	struct place unknown = {0};
	size_t us = 0, ca = 0;

	(void)state;
	for (size_t i = 0; i < REGION_COUNT; i++) {
		const struct region *r = &REGIONS[i];
		char country[3] = {r->code[0], r->code[1], '\0'};

		assert_true(i == 0 || memcmp(REGIONS[i - 1].code, r->code, 5) < 0);
		assert_string_equal(place_region_code(country, r->name), r->code);
		assert_string_equal(place_region_name(r->code), r->name.p);
		us += r->code[0] == 'U';
		ca += r->code[0] == 'C';
	}
	assert_int_equal(us, 51);
	assert_int_equal(ca, 13);
	assert_string_equal(place_region_code("US", TC_STR("california")), "US-CA");
	assert_string_equal(place_region_code("CA", str("Qu\xc3\xa9"
	    "bec")),
	    "CA-QC");
	assert_null(place_region_code("US", TC_STR("Quebec")));
	assert_null(place_region_code("DE", TC_STR("California")));
	assert_null(place_region_code("US", TC_STR("")));
	assert_null(place_region_name("US-ZZ"));
	assert_null(place_region_name(unknown.region));
}

static void
eu_and_eea(void **state)
{
	static const char members[] = "ATBEBGHRCYCZDKEEFIFRDEGRHUIEITLVLTLUMTNLPLPTROSKSIESSE";
	static const char outermost[] = "GPMQGFREYTMFAX";
	static const char *const outside[] = {"GB", "CH", "US", "TR", "PM", "BL", "GL", "FO", "PF", "NC", "SJ", "GI"};

	(void)state;
	assert_int_equal(sizeof(members) - 1, 2 * 27);
	for (size_t i = 0; i < sizeof(members) - 1; i += 2) {
		char code[3] = {members[i], members[i + 1], '\0'};

		assert_true(in("EU", code) && in("EEA", code) && in("eu", code));
	}
	for (size_t i = 0; i < sizeof(outermost) - 1; i += 2) {
		char code[3] = {outermost[i], outermost[i + 1], '\0'};

		assert_true(in("EU", code) && in("EEA", code));
	}
	assert_true(in("EEA", "IS") && in("EEA", "LI") && in("EEA", "NO"));
	assert_false(in("EU", "IS") || in("EU", "LI") || in("EU", "NO"));
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
		assert_false(in("EU", outside[i]) || in("EEA", outside[i]));
}

static void
where_covers(void **state)
{
	struct place unknown = {0}, bavaria = {.country = "DE", .region = "DE-BY"};

	(void)state;
	assert_true(in("US", "US-CA") && in("US-CA", "US-CA") && in("us-ca", "US-CA") && in("*", "US-CA"));
	assert_false(in("US-CA", "US") || in("US-NY", "US-CA") || in("CA", "US-CA") || in("US-CA", "CA"));
	assert_true(place_in(str("DE-BY"), &bavaria)); /* a database with codes may name it */
	assert_true(place_in(str("*"), &unknown));
	assert_false(place_in(str("EU"), &unknown) || place_in(str("US"), &unknown) || place_in(str(""), &unknown));
	assert_true(place_where_known(str("*")) && place_where_known(str("EEA")) && place_where_known(str("US-CA")));
	assert_false(place_where_known(str("DE-BY")) || place_where_known(str("EUR")) || place_where_known(str("")));
}

/* Every country once, in the order of their codes, and each is one that place_parse() knows. */
static void
countries_by_number(void **state)
{
	struct place p, again;
	char last[3] = "";
	size_t n = 0;

	(void)state;
	for (; place_country(n, &p); n++) {
		assert_true(place_parse(tc_str_from(p.country), &again));
		assert_string_equal(again.country, p.country);
		assert_int_equal(p.region[0], 0);
		assert_string_not_equal(p.country, last);
		memcpy(last, p.country, sizeof(last));
	}
	assert_int_equal(n, (sizeof(COUNTRIES) - 1) / 2);
	assert_string_equal(last, "XK");
	assert_false(place_country(n + 1, &p));
}

static unsigned
number(const char *country, const char *region)
{
	struct place p = {0};

	memcpy(p.country, country, strlen(country));
	memcpy(p.region, region, strlen(region));
	return place_number(&p);
}

static void
numbers(void **state)
{
	bool seen[PLACE_NUMBERS] = {false};
	size_t states = 0;
	struct place p;

	(void)state;
	for (size_t i = 0; place_country(i, &p); i++) {
		assert_in_range(place_number(&p), 0, PLACE_NUMBERS - 1);
		assert_false(seen[place_number(&p)]);
		seen[place_number(&p)] = true;
	}
	for (; place_state(states, &p); states++) {
		assert_string_equal(p.region, REGIONS[states].code);
		assert_in_range(place_number(&p), 0, PLACE_NUMBERS - 1);
		assert_false(seen[place_number(&p)]);
		seen[place_number(&p)] = true;
	}
	assert_int_equal(states, REGION_COUNT);
	assert_int_equal(number("DE", "DE-BY"), number("DE", "")); /* no where code is closer */
	assert_int_equal(number("GB", "GB-ENG"), number("GB", ""));
	assert_int_not_equal(number("US", "US-PR"), number("US", ""));
	assert_int_equal(number("US", "US-T"), PLACE_NUMBERS);
	assert_int_equal(number("US", "US-TXX"), PLACE_NUMBERS);
	assert_int_equal(number("US", "US-tx"), PLACE_NUMBERS); /* where codes are compared without case */
	assert_int_equal(number("US", "USATX"), PLACE_NUMBERS);
	assert_int_equal(number("DE", "US-TX"), PLACE_NUMBERS);
	assert_int_equal(number("us", ""), PLACE_NUMBERS);
	assert_int_equal(number("U", ""), PLACE_NUMBERS);
	assert_int_equal(number("[[", ""), PLACE_NUMBERS);
	assert_int_equal(number("", ""), PLACE_NUMBERS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(country_codes),
		cmocka_unit_test(aliases_and_case),
		cmocka_unit_test(unknown_codes),
		cmocka_unit_test(regions_both_ways),
		cmocka_unit_test(eu_and_eea),
		cmocka_unit_test(where_covers),
		cmocka_unit_test(numbers),
		cmocka_unit_test(countries_by_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
