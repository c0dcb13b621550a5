/*
 * test_tokenizer.c: what html5lib's tests (test_html5lib.c) do not ask of the tokenizer: slices and their quoting, resuming,
 * tags over the limits, and that it reads no byte behind its input.
 */
#include "filters/html/tokenizer.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "edge.h"

static struct token tk;

static struct tc_str
slice(const char *base, uint32_t at, uint32_t n)
{
	return tc_str_of(base + at, n);
}

#define assert_slice(base, at, n, want) assert_true(tc_eq(slice(base, at, n), TC_STR(want)))

static void
test_attributes(void **state)
{
	static const char in[] = "<Img/a=1 b = '2'c=\"3\"=d e f=/>";
	static const struct {
		const char *name, *value;
		char quote;
	} want[] = {{"a", "1", 'u'}, {"b", "2", '\''}, {"c", "3", '"'}, {"=d", "", 0}, {"e", "", 0}, {"f", "/", 'u'}};
	struct tok t = {.mode = TOK_DATA};

	(void)state;
	assert_int_equal(tok_next(&t, TC_STR(in), true, &tk), TOK_START);
	assert_int_equal(tk.n, sizeof(in) - 1);
	assert_true(tc_eq(tk.name, TC_STR("Img")));
	assert_false(tk.self_closing);
	assert_int_equal(tk.attr_n, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_true(tc_eq(slice(in, tk.attr[i].name, tk.attr[i].name_n), tc_str_from(want[i].name)));
		assert_true(tc_eq(slice(in, tk.attr[i].value, tk.attr[i].value_n), tc_str_from(want[i].value)));
		assert_int_equal(tk.attr[i].quote, want[i].quote);
	}
}

/* A tag that drips in: nothing is taken before its end, and the slices are right then. */
static void
test_resume(void **state)
{
	static const char in[] = "<a href='x>y' b>z";
	struct tok t = {.mode = TOK_DATA};

	(void)state;
	for (size_t n = 1; n < 16; n++) {
		assert_int_equal(tok_next(&t, tc_str_of(in, n), false, &tk), TOK_MORE);
		assert_true(n < 2 || t.seen == n);
	}
	assert_int_equal(tok_next(&t, tc_str_of(in, 16), false, &tk), TOK_START);
	assert_int_equal(tk.n, 16);
	assert_int_equal(tk.attr_n, 2);
	assert_slice(in, tk.attr[0].value, tk.attr[0].value_n, "x>y");
	assert_true(tok_in_data(&t));
	assert_int_equal(tok_next(&t, TC_STR("<a b='"), true, &tk), TOK_CUT);
	assert_int_equal(tk.n, 6);
}

static void
test_giant(void **state)
{
	static char in[TOK_TAG_MAX + 100];
	struct tok t = {.mode = TOK_DATA};
	struct tok_attr a;
	bool self_closing, done;
	size_t n, long_n;

	(void)state;
	memset(in, 'x', sizeof(in));
	memcpy(in, "<svg a=b c='", 12);
	memcpy(in + sizeof(in) - 4, "'/>y", 4);
	assert_int_equal(tok_next(&t, tc_str_of(in, 5000), false, &tk), TOK_MORE);
	assert_int_equal(tok_next(&t, tc_str_of(in, sizeof(in)), false, &tk), TOK_GIANT);
	assert_int_equal(tk.n, 4);
	assert_true(tc_eq(tk.name, TC_STR("svg")));
	assert_int_equal(tok_attr(&t, tc_str_of(in + 4, 500), 256, &a, &self_closing, &n), TOK_PART_ATTR);
	assert_int_equal(a.name_n, 0);
	assert_int_equal(n, 1);
	assert_int_equal(tok_attr(&t, tc_str_of(in + 5, 500), 256, &a, &self_closing, &n), TOK_PART_ATTR);
	assert_slice(in + 5, a.value, a.value_n, "b");
	assert_int_equal(n, 3);
	assert_int_equal(tok_attr(&t, tc_str_of(in + 8, 500), 256, &a, &self_closing, &n), TOK_PART_ATTR);
	assert_int_equal(tok_attr(&t, tc_str_of(in + 9, 100), 256, &a, &self_closing, &n), TOK_PART_MORE);
	assert_int_equal(tok_attr(&t, tc_str_of(in + 9, 500), 256, &a, &self_closing, &n), TOK_PART_LONG);
	assert_slice(in + 9, a.name, a.name_n, "c");
	assert_int_equal(n, 3);
	long_n = tok_long(&t, tc_str_of(in + 12, 1000), &a, &done);
	assert_false(done);
	assert_int_equal(long_n, 1000);
	assert_int_equal(a.value_n, 1000);
	long_n = tok_long(&t, tc_str_of(in + 1012, sizeof(in) - 1012), &a, &done);
	assert_true(done);
	assert_int_equal(long_n, sizeof(in) - 1012 - 3);
	assert_int_equal(a.value_n, long_n - 1);
	assert_int_equal(tok_attr(&t, TC_STR("/"), 256, &a, &self_closing, &n), TOK_PART_MORE);
	assert_int_equal(tok_attr(&t, TC_STR("/>y"), 256, &a, &self_closing, &n), TOK_PART_END);
	assert_true(self_closing);
	assert_int_equal(n, 2);
}

/* Every beginning of these ends right before memory that must not be read. */
static void
test_edge(void **state)
{
	static const char *const inputs[] = {"<p a = 'b' c=\"d\" e=f/ g /><!-- x --!><!doctype a \"b\"><![CDATA[x]]></p >a</",
	    "<!--<script a></script>--></script x='y'>", "</scriptx></script/>"};

	(void)state;
	for (size_t i = 0; i < sizeof(inputs) / sizeof(*inputs); i++)
		for (size_t n = 1; n <= strlen(inputs[i]); n++)
			for (int mode = TOK_DATA; mode <= TOK_CDATA; mode++)
				for (int last = 0; last < 2; last++) {
					char *copy = edge_copy(inputs[i], n);
					struct tc_str in = {copy, n};
					struct tok t = {.cdata = true};

					tok_text_mode(&t, (enum tok_mode)mode, TC_STR("script"));
					while (in.n > 0 && tok_next(&t, in, last != 0, &tk) != TOK_MORE)
						tc_skip(&in, tk.n);
					assert_true(last == 0 || in.n == 0);
					edge_free(copy, n);
				}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_giant),
		cmocka_unit_test(test_edge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
