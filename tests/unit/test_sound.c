/* test_sound.c: what is no filter list is refused, with its line and a hint; what is one is not; lists inside JSON. */
#include "../../filters/match/sound.c"

#include "../../filters/match/json.c"

#include "match_run.h"

static struct match_fault fault;

static bool
faulty(const char *text)
{
	size_t n = strlen(text);
	char *edge = edge_copy(text, n);
	bool result = match_fault(tc_str_of(edge, n), &fault);

	edge_free(edge, n);
	return result;
}

static void
texts_that_are_no_lists(void **state)
{
	static const struct {
		const char *text, *what;
		size_t line;
	} bad[] = {
		{"", "empty", 1},
		{"<!DOCTYPE html><title>404</title>\n", "HTML", 1},
		{"\n\n  <html><body>Not found\n", "HTML", 1},
		{"\xef\xbb\xbf<?xml version='1.0'?>\n", "HTML", 1},
		{"{\"error\": \"not found\"}\n", "JSON", 1},
		{"[{\"id\": 1}]\n", "JSON", 1},
		{"||a.example^\n||b.\x1f\x8b^\n", "not text", 2},
		{"||a.example^\n||b.exam", "half-written", 2},
		{"||a.example^\n!#if true\n||b.example^\n", "half-written", 2},
		{"!#if true\n!#if false\n||b.example^\n!#endif\n", "half-written", 1},
	};
	static const char *const good[] = {
		"||a.example^\n",
		"! none\n",
		"\xef\xbb\xbf[Adblock Plus 2.0]\r\n||a.example^\r\n",
		"!#if true\n||a.example^\n!#else\n||b.example^\n!#endif\n",
		"! Überschrift\n||a.example^\n",
		"[Adblock Plus 1.1]\n",
		"[\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_true(faulty(bad[i].text));
		if (strstr(fault.what, bad[i].what) == NULL)
			fail_msg("%s: %s", bad[i].text, fault.what);
		assert_int_equal(fault.line, bad[i].line);
		assert_true(strlen(fault.hint) > 0);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (faulty(good[i]))
			fail_msg("%s: %s", good[i], fault.what);
	assert_true(match_fault(tc_str_of("||a\0b^\n", 7), &fault));
}

static bool
doubtful(const char *text)
{
	struct match_db *db = match_new();
	bool result;

	assert_int_equal(match_add(db, TC_STR("x y\nx y\nx y\n"), TC_PACK_OPERATOR, TC_ADVERTISING), 0);
	assert_int_equal(match_add(db, tc_str_from(text), TC_PACK_OPERATOR, TC_ADVERTISING), 0);
	result = match_doubt(db, 1, &fault);
	match_destroy(&db);
	return result;
}

static void
texts_of_another_kind(void **state)
{
	(void)state;
	assert_true(doubtful("Not found\n"));
	assert_int_equal(fault.line, 1);
	assert_true(doubtful("||a.example^\n\nThe list has moved.\nSee there.\n"));
	assert_int_equal(fault.line, 3);
	assert_false(doubtful("||a.example^\n||b.example^\n||c.example^\none two\n"));
	assert_false(doubtful("##.a\n##.b\n##.c\none two\n"));
	assert_false(doubtful("! nothing\n"));
}

/* ---- JSON ---- */

static const char *
from_json(const char *json)
{
	static char text[1024];
	size_t n = strlen(json);
	char *edge = edge_copy(json, n);
	struct tc_str s = tc_str_of(edge, n);
	bool found = match_from_json(&s);

	if (found) {
		assert_true(s.p >= edge && s.p + s.n <= edge + n);
		memcpy(text, s.p, s.n);
		text[s.n] = '\0';
	} else {
		assert_memory_equal(edge, json, n < 1 ? n : 1);
	}
	edge_free(edge, n);
	return found ? text : NULL;
}

static void
lists_in_json(void **state)
{
	static const struct {
		const char *json, *text;
	} rows[] = {
		{"[{\"id\":1,\"metadata\":{\"rawFilterList\":\"||a.example^\\n||b.example^\\n\"}}]", "||a.example^\n||b.example^\n"},
		{"[{\"rawFilterList\" : \"||a^\"}]", "||a^\n"},
		{"[{\"a\":\"\\\"rawFilterList\\\":\\\"no\\\"\",\"rawFilterList\":\"yes\\n\"}]", "yes\n"},
		{"[{\"rawFilterList\":\"\\u0041\\u00fc\\u20ac\\/\\\"\\\\\\t\\n\"}]", "A\xc3\xbc\xe2\x82\xac/\"\\\t\n"},
		{"[{\"rawFilterList\":\"\"}]", ""},
		{"[{\"rawFilterList\":\"||a^", NULL},
		{"[{\"rawFilterList\":\"||a^\\", NULL},
		{"[{\"rawFilterList\":\"||a^\\u12", NULL},
		{"[{\"rawFilterList\":\"||a^\\x\"}]", NULL},
		{"[{\"rawFilterList\":\"||a^\nb\"}]", NULL},
		{"[{\"rawFilterList\":7}]", NULL},
		{"[{\"rawFilterList\"", NULL},
		{"[{\"other\":\"||a^\"}]", NULL},
		{"{\"rawFilterList\":\"||a^\"}", NULL},
		{"||a.example^\n", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *text = from_json(rows[i].json);

		if ((text == NULL) != (rows[i].text == NULL) || (text != NULL && strcmp(text, rows[i].text) != 0))
			fail_msg("%s: %s", rows[i].json, text != NULL ? text : "refused");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_that_are_no_lists),
		cmocka_unit_test(texts_of_another_kind),
		cmocka_unit_test(lists_in_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
