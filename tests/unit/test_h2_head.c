/* test_h2_head.c: fields of HTTP/2 made into a head: what is malformed, what is refused, and what an exchange gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "http/h2.h"

#define MOST 12

static const struct h1_limits limits = {.line_max = 64, .head_max = 1024, .fields_max = 8};

/* What nghttp2 would hand over, in order; an empty name ends it. */
struct row {
	const char *what;
	const char *fields[MOST][2];
	bool over;      /* the stream ends with the head */
	bool malformed; /* it is reset */
	enum refusal why;
	enum body_kind kind;
	uint64_t length;
};

#define GET \
	{ \
		":method", "GET" \
	}
#define POST \
	{ \
		":method", "POST" \
	}
#define HTTPS \
	{ \
		":scheme", "https" \
	}
#define AT \
	{ \
		":authority", "a.example" \
	}
#define ROOT \
	{ \
		":path", "/" \
	}

static const struct row rows[] = {
	{"a page", {GET, HTTPS, AT, ROOT}, true, false, REFUSAL_NONE, BODY_NONE, 0},
	{"Host says it", {GET, HTTPS, ROOT, {"host", "a.example"}}, true, false, REFUSAL_NONE, BODY_NONE, 0},
	{"Host says the same", {GET, HTTPS, AT, ROOT, {"host", "A.example"}}, true, false, REFUSAL_NONE, BODY_NONE, 0},
	{"Host says another", {GET, HTTPS, AT, ROOT, {"host", "b.example"}}, true, true, REFUSAL_HOST, BODY_NONE, 0},
	{"two Hosts", {GET, HTTPS, AT, ROOT, {"host", "a.example"}, {"host", "a.example"}}, true, true, REFUSAL_HOST, BODY_NONE,
	    0},
	{"a body without a length", {POST, HTTPS, AT, ROOT}, false, false, REFUSAL_NONE, BODY_CHUNKED, 0},
	{"a body with one", {POST, HTTPS, AT, ROOT, {"content-length", "5"}}, false, false, REFUSAL_NONE, BODY_LENGTH, 5},
	{"none, and says so", {POST, HTTPS, AT, ROOT, {"content-length", "0"}}, true, false, REFUSAL_NONE, BODY_LENGTH, 0},
	{"a length and no body", {POST, HTTPS, AT, ROOT, {"content-length", "5"}}, true, true, REFUSAL_LENGTH, BODY_LENGTH, 5},
	{"no length at all", {POST, HTTPS, AT, ROOT, {"content-length", "5,5"}}, false, true, REFUSAL_LENGTH, BODY_NONE, 0},
	{"two", {POST, HTTPS, AT, ROOT, {"content-length", "5"}, {"content-length", "5"}}, false, true, REFUSAL_LENGTH,
	    BODY_NONE, 0},
	{"a target of a proxy", {GET, HTTPS, AT, {":path", "http://a.example/"}}, true, true, REFUSAL_TARGET, BODY_NONE, 0},
	{"a fragment", {GET, HTTPS, AT, {":path", "/#x"}}, true, true, REFUSAL_TARGET, BODY_NONE, 0},
	{"a space", {GET, HTTPS, AT, {":path", "/a b"}}, true, true, REFUSAL_TARGET, BODY_NONE, 0},
	{"nothing", {GET, HTTPS, AT, {":path", ""}}, true, true, REFUSAL_TARGET, BODY_NONE, 0},
	{"a star", {GET, HTTPS, AT, {":path", "*"}}, true, true, REFUSAL_TARGET, BODY_NONE, 0},
	{"OPTIONS' star", {{":method", "OPTIONS"}, HTTPS, AT, {":path", "*"}}, true, false, REFUSAL_NONE, BODY_NONE, 0},
	{"another scheme", {GET, {":scheme", "ftp"}, AT, ROOT}, true, true, REFUSAL_TARGET, BODY_NONE, 0},
	{"no method", {{":method", "G T"}, HTTPS, AT, ROOT}, true, true, REFUSAL_TARGET, BODY_NONE, 0},
	{"CONNECT", {{":method", "CONNECT"}, HTTPS, AT, ROOT}, true, true, REFUSAL_CONNECT, BODY_NONE, 0},
	{"another tunnel", {{":method", "CONNECT"}, {":protocol", "x"}, HTTPS, AT, ROOT}, false, true, REFUSAL_CONNECT,
	    BODY_NONE, 0},
	{"a WebSocket", {{":method", "CONNECT"}, {":protocol", "websocket"}, HTTPS, AT, ROOT, {"sec-websocket-version", "13"}},
	    false, false, REFUSAL_NONE, BODY_NONE, 0},
	{"too long a line",
	    {GET, HTTPS, AT, {":path", "/0123456789012345678901234567890123456789012345678901234567890123456789"}}, true, false,
	    REFUSAL_LINE_TOO_LONG, BODY_NONE, 0},
	{"as many fields as may be",
	    {GET, HTTPS, AT, ROOT, {"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}, {"e", ""}, {"f", ""}, {"g", ""}, {"h", ""}}, true,
	    false, REFUSAL_NONE, BODY_NONE, 0},
	{"an expectation", {POST, HTTPS, AT, ROOT, {"expect", "miracles"}}, false, false, REFUSAL_EXPECT, BODY_NONE, 0},
};

static enum refusal
finish(const struct row *r, struct tc_arena *arena, struct h2_head *h, struct head *out, struct framing *f, bool *malformed)
{
	*h = (struct h2_head){.fields.arena = arena};
	for (size_t i = 0; i < MOST && r->fields[i][0] != NULL; i++)
		assert_true(h2_head_add(h, arena, &limits, tc_str_from(r->fields[i][0]), tc_str_from(r->fields[i][1])));
	return h2_head_finish(h, arena, &limits, r->over, out, f, malformed);
}

static void
each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct tc_arena *arena = arena_new(NULL, 1 << 16);
		struct h2_head h;
		struct head out;
		struct framing f;
		bool malformed;
		enum refusal why = finish(r, arena, &h, &out, &f, &malformed);

		if (why != r->why || malformed != r->malformed)
			fail_msg("%s: %s, %s", r->what, why != REFUSAL_NONE ? refusal_label(why) : "no refusal",
			    malformed ? "malformed" : "answered");
		if (why == REFUSAL_NONE && (f.kind != r->kind || f.length != r->length))
			fail_msg("%s: framing %d, %lu bytes", r->what, (int)f.kind, (unsigned long)f.length);
		arena_destroy(&arena);
	}
}

static void
one_field_too_many(void **state)
{
	struct tc_arena *arena = arena_new(NULL, 1 << 16);
	struct h2_head h = {.fields.arena = arena};
	struct head out;
	struct framing f;
	bool malformed;

	(void)state;
	for (size_t i = 0; i <= limits.fields_max; i++)
		assert_true(h2_head_add(&h, arena, &limits, TC_STR("x"), TC_STR("y")));
	assert_int_equal(h2_head_finish(&h, arena, &limits, true, &out, &f, &malformed), REFUSAL_TOO_MANY_FIELDS);
	assert_false(malformed);
	arena_destroy(&arena);
}

/* A bomb: what is over the limit is counted, but not kept. */
static void
what_is_too_large_takes_no_room(void **state)
{
	static char much[600];
	struct tc_arena *arena = arena_new(NULL, 1 << 16);
	struct h2_head h = {.fields.arena = arena};
	struct head out;
	struct framing f;
	bool malformed;
	size_t used;

	(void)state;
	memset(much, 'x', sizeof(much));
	assert_true(h2_head_add(&h, arena, &limits, TC_STR("x"), tc_str_of(much, sizeof(much))));
	used = arena_used(arena);
	for (size_t i = 0; i < 100000; i++)
		assert_true(h2_head_add(&h, arena, &limits, TC_STR("cookie"), tc_str_of(much, sizeof(much))));
	assert_int_equal(arena_used(arena), used);
	assert_int_equal(h2_head_finish(&h, arena, &limits, true, &out, &f, &malformed), REFUSAL_TOO_MANY_FIELDS);
	arena_destroy(&arena);
}

static void
crumbs_are_one_cookie(void **state)
{
	static const struct row r = {
		"crumbs", {GET, {"cookie", "a=1"}, HTTPS, AT, ROOT, {"cookie", "b=2"}, {"x_y", "gone"}}, .over = true};
	struct tc_arena *arena = arena_new(NULL, 1 << 16);
	struct h2_head h;
	struct head out;
	struct framing f;
	bool malformed;

	(void)state;
	assert_int_equal(finish(&r, arena, &h, &out, &f, &malformed), REFUSAL_NONE);
	assert_true(tc_eq(tc_field_value(&out.fields, TC_F_COOKIE), TC_STR("a=1; b=2")));
	assert_int_equal(out.fields.n, 2); /* and Host; a name with '_' is left out, as in HTTP/1.1 */
	arena_destroy(&arena);
}

/* As many as the limits of a server may allow, each of a browser's cookies by itself. */
static void
many_crumbs_take_little_room(void **state)
{
	static const struct h1_limits wide = {.line_max = 64, .head_max = 64 << 10, .fields_max = 500};
	static char crumb[64];
	struct tc_arena *arena = arena_new(NULL, 1 << 20);
	struct h2_head h = {.fields.arena = arena};
	size_t before = arena_used(arena);

	(void)state;
	memset(crumb, 'c', sizeof(crumb));
	for (size_t i = 0; i < 500; i++)
		assert_true(h2_head_add(&h, arena, &wide, TC_STR("cookie"), tc_str_of(crumb, sizeof(crumb))));
	assert_int_equal(h.cookie.n, 500 * sizeof(crumb) + 499 * 2);
	for (size_t i = 0; i < h.cookie.n; i++)
		assert_int_equal(h.cookie.p[i], i % 66 < 64 ? 'c' : i % 66 == 64 ? ';'
										 : ' ');
	assert_in_range(arena_used(arena) - before, h.cookie.n, 4 * h.cookie.n + 4096);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(one_field_too_many),
		cmocka_unit_test(what_is_too_large_takes_no_room),
		cmocka_unit_test(crumbs_are_one_cookie),
		cmocka_unit_test(many_crumbs_take_little_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
