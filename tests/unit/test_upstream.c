/* test_upstream.c: what the origin is told, and what never reaches it. */
#include "../../proxy/core/upstream.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"

static struct tc_arena *arena;
static const struct tc_rule_set rules = {.name = TC_STR_INIT("opt-out"), .hash = "1a2b3c4d"};
static const struct tc_addr client = {.family = 4, .ip = {[12] = 198, [13] = 51, [14] = 100, [15] = 77}};
static const struct place san_diego = {
	.country = "US",
	.region = "US-CA",
	.region_name = TC_STR_INIT("California"),
	.city = TC_STR_INIT("San Diego"),
};

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(NULL, 4 << 20);
	return arena != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	return 0;
}

static struct tc_request
request(const char *const *lines)
{
	struct tc_request req = {.scheme = TC_STR("https"), .fields = {.arena = arena}};

	for (; *lines != NULL; lines++) {
		struct tc_str rest = tc_str_from(*lines), name = tc_next(&rest, ':');

		assert_int_equal(tc_field_add_named(&req.fields, name, tc_trim(rest)), 0);
	}
	return req;
}

/* All live fields of a name, joined by "|"; "-" if there is none. */
static const char *
values(const struct tc_request *req, const char *name)
{
	static char text[1024];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < req->fields.n; i++) {
		const struct tc_field *f = &req->fields.v[i];

		if (!f->dropped && tc_ieq(f->name, tc_str_from(name)))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s", n > 0 ? "|" : "",
			    (int)f->value.n, f->value.p);
	}
	return n > 0 ? text : "-";
}

static struct tc_decision
decision(bool person, enum tc_source src)
{
	return (struct tc_decision){.rules = &rules, .out = src != TC_SRC_NONE, .person = person, .src = src, .region = TC_STR("us-ca")};
}

static struct tc_request
sent(const struct config_site *site, const struct tc_decision *d, const struct place *p, const char *const *lines)
{
	struct tc_request req = request(lines);

	assert_int_equal(upstream_fields(site, d, p, &client, &req), 0);
	return req;
}

static const char *const bare[] = {"Host: www.example.com:8443", NULL};

static void
decision_field(void **state)
{
	static const struct {
		enum tc_source src;
		const char *text;
	} v[] = {
		{TC_SRC_GPC, "out;src=gpc;region=us-ca;rules=\"1a2b3c4d\""},
		{TC_SRC_CHOICE, "out;src=choice;region=us-ca;rules=\"1a2b3c4d\""},
		{TC_SRC_ROUTE, "out;src=route;region=us-ca;rules=\"1a2b3c4d\""},
		{TC_SRC_NONE, "in;region=us-ca;rules=\"1a2b3c4d\""},
	};
	const struct config_site site = {.geo = 0};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct tc_decision d = decision(false, v[i].src);
		struct tc_request req = sent(&site, &d, &san_diego, bare);

		assert_string_equal(values(&req, "Privacy-Decision"), v[i].text);
		assert_string_equal(values(&req, "Sec-GPC"), "-");
		assert_string_equal(values(&req, "Tacet-Geo"), "-");
		assert_string_equal(values(&req, "X-Forwarded-For"), "-");
		assert_string_equal(values(&req, "X-Forwarded-Host"), "www.example.com:8443");
		assert_string_equal(values(&req, "X-Forwarded-Proto"), "https");
		assert_string_equal(values(&req, "Host"), "www.example.com:8443");
	}
}

static void
sec_gpc(void **state)
{
	static const struct {
		const char *lines[4];
		const char *person, *nobody; /* what goes on when a person said no, and when not */
	} v[] = {
		{{NULL}, "1", "-"},
		{{"Sec-GPC: 1", NULL}, "1", "1"},
		{{"Sec-GPC: 0", NULL}, "1", "-"},
		{{"Sec-GPC: 1;a", NULL}, "1", "-"},
		{{"Sec-GPC: ", NULL}, "1", "-"},
		{{"Sec-GPC: 0", "Sec-GPC: 1", NULL}, "1", "1"},
		{{"sec-gpc: 1", "Sec-GPC: 1", NULL}, "1", "1"},
		{{"Sec-GPC: 1, 1", NULL}, "1", "1"},
		{{"Sec-GPC: 0, 1", "Sec-GPC: x", NULL}, "1", "1"},
	};
	const struct config_site site = {.geo = 0};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct tc_decision yes = decision(true, TC_SRC_CHOICE), no = decision(false, TC_SRC_REGION);
		struct tc_request a = sent(&site, &yes, &san_diego, v[i].lines);
		struct tc_request b;

		assert_string_equal(values(&a, "Sec-GPC"), v[i].person);
		b = sent(&site, &no, &san_diego, v[i].lines);
		assert_string_equal(values(&b, "Sec-GPC"), v[i].nobody);
	}
}

static void
geo_field(void **state)
{
	static const struct place muenchen = {
		.country = "DE",
		.region_name = TC_STR_INIT("Bavaria"),
		.city = TC_STR_INIT("M\xc3\xbcnchen \"100%\" \\x"),
	};
	static const struct place nowhere = {0};
	static const struct {
		const struct place *p;
		uint32_t members;
		const char *text;
	} v[] = {
		{&san_diego, GEO_COUNTRY | GEO_REGION | GEO_CITY, "country=US, region=US-CA, city=\"San Diego\""},
		{&san_diego, GEO_COUNTRY | GEO_REGION, "country=US, region=US-CA"},
		{&san_diego, GEO_COUNTRY, "country=US"},
		{&san_diego, GEO_CITY, "city=\"San Diego\""},
		{&san_diego, 0, "-"},
		{&muenchen, GEO_COUNTRY | GEO_REGION | GEO_CITY,
		    "country=DE, city=\"M%C3%BCnchen \\\"100%25\\\" \\\\x\""},
		{&muenchen, GEO_REGION, "-"},
		{&nowhere, GEO_COUNTRY | GEO_REGION | GEO_CITY, "-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		const struct config_site site = {.geo = v[i].members};
		struct tc_decision d = decision(true, TC_SRC_GPC);
		struct tc_request req = sent(&site, &d, v[i].p, bare);

		assert_string_equal(values(&req, "Tacet-Geo"), v[i].text);
	}
}

/* The visitor keeps his place to himself: the country, and only where the site forwards that. */
static void
geo_kept_back(void **state)
{
	static const uint32_t members[] = {GEO_COUNTRY | GEO_REGION | GEO_CITY, GEO_REGION | GEO_CITY, GEO_CITY, 0};

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const struct config_site site = {.geo = members[i]};
		struct tc_decision d = decision(false, TC_SRC_NONE);
		struct tc_request req;

		d.location_off = true;
		req = sent(&site, &d, &san_diego, bare);
		assert_string_equal(values(&req, "Tacet-Geo"), i == 0 ? "country=US" : "-");
	}
}

static void
client_ip_modes(void **state)
{
	static const char *const texts[] = {
		[CLIENT_IP_NONE] = "-",
		[CLIENT_IP_PREFIX] = "198.51.100.0",
		[CLIENT_IP_FULL] = "198.51.100.77",
	};
	struct tc_decision d = decision(false, TC_SRC_NONE);

	(void)state;
	for (int mode = CLIENT_IP_NONE; mode <= CLIENT_IP_FULL; mode++) {
		const struct config_site site = {.client_ip = (enum client_ip)mode};
		struct tc_request req = sent(&site, &d, &san_diego, bare);
		struct tc_request none = request(bare);

		assert_string_equal(values(&req, "X-Forwarded-For"), texts[mode]);
		assert_int_equal(upstream_fields(&site, &d, &san_diego, &(struct tc_addr){0}, &none), 0);
		assert_string_equal(values(&none, "X-Forwarded-For"), "-");
	}
}

/* Names from geo.md 7 and the like, in any case; and fields that must go on. */
static void
forged_copies(void **state)
{
	static const char *const forged[] = {
		"Privacy-Decision",
		"Tacet-Geo",
		"Privacy-Account-Choice",
		"cf-ipcountry",
		"cf-ipcity",
		"cf-region",
		"cf-region-code",
		"cf-ipcontinent",
		"cf-iplatitude",
		"cf-iplongitude",
		"cf-postal-code",
		"cf-timezone",
		"cf-metro-code",
		"CloudFront-Viewer-Country",
		"cloudfront-viewer-latitude",
		"CloudFront-Viewer-Address",
		"x-vercel-ip-city",
		"x-vercel-ip-latitude",
		"X-Appengine-Country",
		"x-appengine-region",
		"X-Appengine-City",
		"X-Appengine-CityLatLong",
		"X-Akamai-Edgescape",
		"X-Client-Geo-Location",
		"X-Geo-City",
		"X-GeoIP-Country",
		"X-NF-Client-Connection-IP",
		"X-NF-Geo",
		"X-Forwarded-For",
		"X-Forwarded-Port",
		"X-Forwarded-Server",
		"x-forwarded-anything",
		"Forwarded",
		"X-Real-IP",
		"CF-Connecting-IP",
		"cf-connecting-ipv6",
		"True-Client-IP",
		"X-Client-IP",
		"X-Cluster-Client-IP",
		"Fastly-Client-IP",
	};
	static const char *const others[] = {"Accept", "Via", "DNT", "CF-Ray", "X-Requested-With", "X-Api-Key", "Cookie",
	    "Priority", "Traceparent", "X-Frame", "Client-Hints", "X", "Front-End-Https", "X-Appengine-CityHall", "X-Geometry"};
	const struct config_site site = {.geo = 0};
	struct tc_decision d = decision(false, TC_SRC_NONE);

	(void)state;
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		struct tc_request req = {.scheme = TC_STR("http"), .fields = {.arena = arena}};

		assert_int_equal(tc_field_add_named(&req.fields, tc_str_from(forged[i]), TC_STR("forged")), 0);
		assert_int_equal(upstream_fields(&site, &d, &san_diego, &client, &req), 0);
		for (size_t k = 0; k < req.fields.n; k++)
			if (!req.fields.v[k].dropped && tc_eq(req.fields.v[k].value, TC_STR("forged")))
				fail_msg("%s went on", forged[i]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct tc_request req = {.scheme = TC_STR("http"), .fields = {.arena = arena}};

		assert_int_equal(tc_field_add_named(&req.fields, tc_str_from(others[i]), TC_STR("kept")), 0);
		assert_int_equal(upstream_fields(&site, &d, &san_diego, &client, &req), 0);
		assert_string_equal(values(&req, others[i]), "kept");
		assert_string_equal(values(&req, "X-Forwarded-Proto"), "http");
	}
	for (size_t i = 0; i < sizeof(FORGED) / sizeof(FORGED[0]); i++) { /* the table and its first letters agree */
		assert_true((FIRST & LETTER(FORGED[i].p[0])) != 0);
		for (size_t k = 0; k < FORGED[i].n; k++)
			assert_int_equal(FORGED[i].p[k], tc_lower(FORGED[i].p[k]));
	}
}

static void
full_arena(void **state)
{
	const struct config_site site = {.geo = GEO_COUNTRY | GEO_CITY, .client_ip = CLIENT_IP_FULL};
	struct tc_decision d = decision(true, TC_SRC_GPC);
	bool ended = false;

	(void)state;
	for (size_t limit = 16; limit < 8192 && !ended; limit += 16) {
		struct tc_arena *small = arena_new(NULL, limit);
		struct tc_request req = {.scheme = TC_STR("http"), .fields = {.arena = small}};
		int rc = upstream_fields(&site, &d, &san_diego, &client, &req);

		assert_true(rc == 0 || rc == -1);
		ended = rc == 0;
		arena_destroy(&small);
	}
	assert_true(ended);
}

/* A site that only observes: the edge's fields as ever, and no word of a decision. */
static void
an_observer_says_nothing(void **state)
{
	static const char *const lines[] = {"Host: a.example", "Sec-GPC: 0", "Sec-GPC: 1, 1", "Privacy-Decision: in", "Tacet-Geo: country=US",
	    "Tacet-Debug: x", "X-Forwarded-For: 192.0.2.1", NULL};
	const struct config_site site = {.geo = GEO_COUNTRY | GEO_CITY, .client_ip = CLIENT_IP_FULL, .mode = MODE_OBSERVE};
	struct tc_decision d = decision(true, TC_SRC_GPC);
	struct tc_request req = sent(&site, &d, &san_diego, lines);

	(void)state;
	assert_string_equal(values(&req, "Sec-GPC"), "0|1, 1");
	assert_string_equal(values(&req, "Privacy-Decision"), "-");
	assert_string_equal(values(&req, "Tacet-Geo"), "-");
	assert_string_equal(values(&req, "Tacet-Debug"), "-");
	assert_string_equal(values(&req, "X-Forwarded-For"), "198.51.100.77");
	assert_string_equal(values(&req, "X-Forwarded-Host"), "a.example");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decision_field),
		cmocka_unit_test(sec_gpc),
		cmocka_unit_test(geo_field),
		cmocka_unit_test(geo_kept_back),
		cmocka_unit_test(client_ip_modes),
		cmocka_unit_test(forged_copies),
		cmocka_unit_test(an_observer_says_nothing),
		cmocka_unit_test(full_arena),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
