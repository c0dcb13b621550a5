/* test_dry.c: requests through decision and filters without sockets: what explain shows is what would happen. */
#include "../../proxy/core/dry.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"

static const char TEXT[] =
    "version: 1\n"
    "listen: [{address: \"127.0.0.1:0\"}]\n"
    "lists: {use: [built-in]}\n"
    "sites:\n"
    "  - hosts: [www.example.com]\n"
    "    origin: {url: \"http://127.0.0.1:9000\"}\n"
    "    forward: {geo: [country, region]}\n"
    "    keep_cookies: [sid]\n"
    "    routes: [{name: kids, match: /kids/*, force: opt-out},\n"
    "      {name: set, match: /set, response: {set: {Content-Type: text/html}, remove: [Server]}}, {name: pages, match: /*}]\n"
    "rule_sets:\n"
    "  opt-out:\n"
    "    cookies: {request: drop-listed, response: drop-listed}\n"
    "    query: {strip: [click-ids]}\n"
    "    scripts: {remove: [analytics, advertising, personalisation, social]}\n"
    "    status: \"Opt-Out Request Honored\"\n"
    "  light: {}\n"
    "regions:\n"
    "  - {name: eu, where: [EU], honour: [gpc, dnt, choice], default: opt-out, opted_out: opt-out}\n"
    "  - {name: rest, where: [\"*\"], honour: [gpc, dnt, choice], default: light, opted_out: opt-out}\n";

static struct snapshot *snapshot;
static struct choice_key *key;
static struct tc_arena *arena;
static size_t deeds[TC_DID_COUNT];

static int
setup(void **state)
{
	struct messages *m = messages_new();
	struct config *c = NULL;
	struct buf why;

	(void)state;
	buf_init(&why, 4096);
	key = choice_key_load((struct tc_str){NULL, 0}, NULL);
	arena = arena_new(NULL, 64 << 20);
	if (config_load_text(TC_STR("test"), TC_STR(TEXT), NULL, &c, m) == 0) {
		c->geo_databases.n = 0;
		snapshot = snapshot_build(c, key, NULL, &why);
	} else {
		messages_print(m, stderr);
	}
	buf_reset(&why);
	messages_destroy(&m);
	return snapshot != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	snapshot_unref(&snapshot);
	choice_key_destroy(&key);
	arena_destroy(&arena);
	return 0;
}

static void
saw(void *ctx, enum tc_action action, enum tc_class class, enum tc_pack pack, struct tc_str what)
{
	(void)ctx;
	(void)class;
	(void)pack;
	(void)what;
	deeds[action]++;
}

/* The links between filters point into the result, so each has memory of its own. */
static struct dry_result *
run(struct dry_request in, const char *place, struct tc_strs fields, int want)
{
	static const struct chain_watch watch = {.saw = saw};
	struct dry_result *out = tc_alloc(arena, sizeof(*out));

	memset(deeds, 0, sizeof(deeds));
	if (in.method.n == 0)
		in.method = TC_STR("GET");
	in.fields = fields;
	if (place != NULL)
		assert_true(place_parse(tc_str_from(place), &in.place));
	assert_int_equal(dry_run(snapshot, &in, &watch, arena, out), want);
	return out;
}

static struct tc_str
value(const struct tc_fields *fs, const char *name)
{
	return tc_field_value(fs, tc_field_id(tc_str_from(name)));
}

#define FIELDS(...) ((struct tc_strs){(const struct tc_str[]){__VA_ARGS__}, \
    sizeof((const struct tc_str[]){__VA_ARGS__}) / sizeof(struct tc_str)})
#define NONE ((struct tc_strs){NULL, 0})

static void
opted_out_by_gpc(void **state)
{
	struct dry_result *r = run((struct dry_request){.url = TC_STR("https://www.example.com/a?gclid=1&x=2#top")}, "US-CA",
	    FIELDS(TC_STR("Sec-GPC: 1"), TC_STR("Cookie: sid=1; _ga=GA1.1.2; tacet_choice=x"), TC_STR("CF-IPCity: Bonn")), 0);

	(void)state;
	assert_int_equal(r->outcome, DRY_FORWARDED);
	assert_int_equal(r->decision.src, TC_SRC_GPC);
	assert_true(tc_eq(r->request.query, TC_STR("x=2")));
	assert_true(tc_eq(value(&r->request.fields, "Cookie"), TC_STR("sid=1")));
	assert_true(tc_eq(value(&r->request.fields, "Sec-GPC"), TC_STR("1")));
	assert_true(tc_eq(value(&r->request.fields, "Tacet-Geo"), TC_STR("country=US, region=US-CA")));
	assert_true(tc_starts(value(&r->request.fields, "Privacy-Decision"), TC_STR("out;src=gpc;region=rest;rules=\"")));
	assert_true(deeds[TC_DID_PARAMETER] == 1 && deeds[TC_DID_REQUEST_COOKIE] == 1);
}

static void
nothing_to_do(void **state)
{
	struct dry_request in = {
		.url = TC_STR("http://www.example.com?gclid=1"),
		.has_response = true,
		.status = 200,
		.response_fields = FIELDS(TC_STR("Content-Type: text/html"), TC_STR("Set-Cookie: _ga=1")),
		.body = TC_STR("<p>Hi<script src=\"https://www.googletagmanager.com/gtag/js\"></script>"),
	};
	struct dry_result *r = run(in, "BR", FIELDS(TC_STR("Cookie: _ga=1")), 0);

	(void)state;
	assert_true(!r->decision.out && r->decision.src == TC_SRC_NONE);
	assert_true(tc_eq(r->request.path, TC_STR("/")) && tc_eq(r->request.query, TC_STR("gclid=1")));
	assert_true(tc_eq(value(&r->request.fields, "Cookie"), TC_STR("_ga=1")));
	assert_true(tc_eq(value(&r->response.fields, "Set-Cookie"), TC_STR("_ga=1")));
	assert_true(tc_eq(r->body, in.body) && !r->broken);
}

static void
response_is_filtered(void **state)
{
	struct dry_request in = {
		.url = TC_STR("https://www.example.com/"),
		.has_response = true,
		.status = 200,
		.response_fields = FIELDS(TC_STR("Content-Type: text/html; charset=utf-8"), TC_STR("Set-Cookie: _ga=1"),
		    TC_STR("Set-Cookie: sid=1; Path=/")),
		.body = TC_STR("<!doctype html><html><body><p>Hi<script src=\"https://www.googletagmanager.com/gtag/js\"></script></p></body></html>"),
	};
	struct dry_result *r = run(in, "US", FIELDS(TC_STR("DNT: 1")), 0);

	(void)state;
	assert_int_equal(r->outcome, DRY_FORWARDED);
	assert_int_equal(r->decision.src, TC_SRC_DNT);
	assert_false(r->broken);
	assert_true(tc_find(r->body, TC_STR("googletagmanager")) == r->body.n);
	assert_true(tc_find(r->body, TC_STR("Opt-Out Request Honored")) < r->body.n);
	assert_true(tc_eq(value(&r->response.fields, "Set-Cookie"), TC_STR("sid=1; Path=/")));
	assert_true(deeds[TC_DID_RESPONSE_COOKIE] == 1 && deeds[TC_DID_SCRIPT] == 1);
}

static void
account_acts_on_its_response(void **state)
{
	struct dry_request in = {
		.url = TC_STR("https://www.example.com/"),
		.has_response = true,
		.status = 200,
		.response_fields = FIELDS(TC_STR("Content-Type: text/html; charset=utf-8"),
		    TC_STR("Privacy-Account-Choice: opt-out")),
		.body = TC_STR("<!doctype html><html><body><p>Hi<script src=\"https://www.googletagmanager.com/gtag/js\"></script></p></body></html>"),
	};
	struct dry_result *r = run(in, "US", NONE, 0);

	(void)state;
	assert_true(r->decision.out && r->decision.src == TC_SRC_ACCOUNT);
	assert_int_equal(value(&r->response.fields, "Privacy-Account-Choice").n, 0);
	assert_true(tc_find(r->body, TC_STR("googletagmanager")) == r->body.n);
}

/* Names of the origin and what the operator sets, as the visitor would get them, and before the filters. */
static void
answers_are_put_for_the_visitor(void **state)
{
	struct dry_request in = {
		.url = TC_STR("https://www.example.com/set"),
		.has_response = true,
		.status = 302,
		.response_fields = FIELDS(TC_STR("Location: http://127.0.0.1:9000/next"), TC_STR("Content-Type: text/plain"), TC_STR("Server: x")),
		.body = TC_STR("<script src=\"https://www.googletagmanager.com/gtag/js\"></script>"),
	};
	struct dry_result *r = run(in, "US-CA", FIELDS(TC_STR("Sec-GPC: 1")), 0);

	(void)state;
	assert_true(tc_eq(value(&r->response.fields, "Location"), TC_STR("https://www.example.com/next")));
	assert_null(value(&r->response.fields, "Server").p);
	assert_true(tc_eq(r->response.type, TC_STR("text/html")));
	assert_true(tc_find(r->body, TC_STR("googletagmanager")) == r->body.n);
}

static void
places_and_routes(void **state)
{
	struct dry_result *r = run((struct dry_request){.url = TC_STR("https://www.example.com/")}, NULL, NONE, 0);

	(void)state;
	assert_true(r->decision.src == TC_SRC_REGION && tc_eq(r->decision.region, TC_STR("unknown")));
	assert_int_equal(value(&r->request.fields, "Sec-GPC").n, 0);
	assert_int_equal(value(&r->request.fields, "Tacet-Geo").n, 0);
	r = run((struct dry_request){.url = TC_STR("https://www.example.com/kids/x")}, "US", NONE, 0);
	assert_int_equal(r->decision.src, TC_SRC_ROUTE);
	r = run((struct dry_request){.url = TC_STR("https://www.example.com/privacy-choices")}, "US", NONE, 0);
	assert_int_equal(r->outcome, DRY_PAGE);
	r = run((struct dry_request){.url = TC_STR("https://other.example/")}, "US", NONE, 0);
	assert_int_equal(r->outcome, DRY_NO_SITE);
}

static void
refused_requests(void **state)
{
	static const char *const urls[] = {"", "www.example.com/", "ftp://www.example.com/", "https://", "https:///x",
	    "https://www.example.com/a b", "https://www.example.com/\r\nX: y", "https://a@www.example.com/"};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		(void)run((struct dry_request){.url = tc_str_from(urls[i])}, "US", NONE, 400);
	(void)run((struct dry_request){.url = TC_STR("http://www.example.com/")}, "US", FIELDS(TC_STR("no colon")), 400);
	(void)run((struct dry_request){.url = TC_STR("http://www.example.com/")}, "US", FIELDS(TC_STR("a: b\nc: d")), 400);
	(void)run((struct dry_request){.url = TC_STR("http://www.example.com/")}, "US", FIELDS(TC_STR("Host: x")), 400);
	(void)run((struct dry_request){.url = TC_STR("http://www.example.com/"), .method = TC_STR("G T")}, "US", NONE, 400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opted_out_by_gpc),
		cmocka_unit_test(nothing_to_do),
		cmocka_unit_test(response_is_filtered),
		cmocka_unit_test(account_acts_on_its_response),
		cmocka_unit_test(answers_are_put_for_the_visitor),
		cmocka_unit_test(places_and_routes),
		cmocka_unit_test(refused_requests),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
