/* test_json.c: JSON is read strictly, byte by byte inside its bounds, and any depth ends somewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../proxy/base/json.c"

#include "base/arena.h"
#include "edge.h"

#include <cmocka.h>

static bool
valid(struct tc_str text)
{
	struct json j = json_of(text);

	return json_skip(&j, NULL) && json_end(&j);
}

static void
test_what_is_json(void **state)
{
	static const char *const good[] = {"{}", "[]", " [ ] ", "0", "-0", "-1.5e+10", "1E5", "10", "\"\"", "true", "false", "null",
	    "{\"a\":1,\"b\":[1,2,{\"c\":null}],\"d\":\"\\u00e9\\n\\/\"}", "[[],{},[{}]]", "\t\r\n{\"a\" : 1 , \"a\":2}\n", "\xef\xbb\xbf[]",
	    "\"\x7f\xc3\xa9\""};
	static const char *const bad[] = {"", " ", "{", "[", "}", "]", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}",
	    "[1}", "{\"a\":1]", "01", "-", "1.", ".5", "1e", "1e+", "+1", "0x1", "NaN", "tru", "truex", "nul", "'a'", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"",
	    "\"\\u12g4\"", "\"\n\"", "[] []", "{}x", "\"a\" \"b\"", "// c", "[1,/**/2]"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		size_t n = strlen(good[i]);
		char *edge = edge_copy(good[i], n);

		if (!valid(tc_str_of(edge, n)))
			fail_msg("refused: %s", good[i]);
		edge_free(edge, n);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		size_t n = strlen(bad[i]);
		char *edge = edge_copy(bad[i], n);

		if (valid(tc_str_of(edge, n)))
			fail_msg("taken: %s", bad[i]);
		edge_free(edge, n);
	}
}

/* Every prefix of a document is none, and is not read past its end. */
static void
test_prefixes(void **state)
{
	static const char text[] = "{\"a\":[1,-2.5e3,\"x\\u00e9\\\\\",true,{\"b\":null}],\"c\":\"\\ud83d\\ude00\"}";

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		char *edge = edge_copy(text, n);

		assert_false(valid(tc_str_of(edge, n)));
		edge_free(edge, n);
	}
	assert_true(valid(TC_STR("{\"a\":[1,-2.5e3,\"x\\u00e9\\\\\",true,{\"b\":null}],\"c\":\"\\ud83d\\ude00\"}")));
}

static void
test_strings(void **state)
{
	static const struct {
		const char *text, *value;
	} cases[] = {
		{"\"\"", ""},
		{"\"plain\"", "plain"},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
		{"\"\\u0041\\u00E9\\u20ac\"", "A\xc3\xa9\xe2\x82\xac"},
		{"\"\\ud83d\\ude00!\"", "\xf0\x9f\x98\x80!"},
		{"\"\\ud83d\"", "\xef\xbf\xbd"},
		{"\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
		    "A"},
		{"\"\\ud83dx\"", "\xef\xbf\xbdx"},
	};
	struct tc_arena *arena = arena_new(NULL, 1 << 16);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct json j = json_of(tc_str_from(cases[i].text));
		struct tc_str s = json_string(&j, arena);

		assert_true(json_end(&j));
		assert_non_null(s.p);
		assert_true(tc_eq(s, tc_str_from(cases[i].value)));
	}
	struct json j = json_of(TC_STR("[\"\\u0000\", {\"x\":1}, \"a\"]"));

	assert_true(json_enter(&j, '[') && json_item(&j));
	assert_int_equal(json_string(&j, arena).n, 1);
	assert_true(json_item(&j));
	assert_null(json_string(&j, arena).p); /* an object: skipped */
	assert_true(json_item(&j));
	assert_true(tc_eq(json_string(&j, arena), TC_STR("a")));
	assert_false(json_item(&j));
	assert_true(json_end(&j));
	arena_destroy(&arena);
}

static void
test_walk(void **state)
{
	struct json j = json_of(TC_STR("{\"skip\":[{\"a\":[1]},2],\"list\":[\"x\",3,{\"k\":\"v\"}],\"last\":7}"));
	struct tc_str key, raw;
	unsigned items = 0;

	(void)state;
	assert_false(json_enter(&(struct json){.rest = TC_STR("[]"), .all = TC_STR("[]")}, '{'));
	assert_true(json_enter(&j, '{'));
	assert_true(json_member(&j, &key) && tc_eq(key, TC_STR("skip")));
	assert_true(json_skip(&j, &raw) && tc_eq(raw, TC_STR("[{\"a\":[1]},2]")));
	assert_true(json_member(&j, &key) && tc_eq(key, TC_STR("list")));
	assert_true(json_enter(&j, '['));
	for (; json_item(&j); items++)
		assert_true(json_skip(&j, NULL));
	assert_int_equal(items, 3);
	assert_true(json_member(&j, &key) && tc_eq(key, TC_STR("last")));
	assert_false(json_enter(&j, '{')); /* a number: skipped */
	assert_false(json_member(&j, &key));
	assert_true(json_end(&j));
}

static void
test_depth(void **state)
{
	static char text[4 * JSON_DEPTH_MAX];

	(void)state;
	for (size_t depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		assert_int_equal(valid(tc_str_of(text, 2 * depth)), depth <= JSON_DEPTH_MAX);
	}
	memset(text, '[', sizeof(text));
	assert_false(valid(tc_str_of(text, sizeof(text))));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_json),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
