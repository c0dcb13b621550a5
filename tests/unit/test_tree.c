/*
 * test_tree.c: the tree feedback: for each page, what it says of every tag. The notation: a tag, then what is done about
 * it. "." nothing, "x" erased, "s" "</select>" before it, a digit: that many end tags before it; then in which way text is
 * read behind a start tag: D data, C RCDATA, R RAWTEXT, S script, P plaintext; then how many island elements are open.
 */
#include "filters/html/tree.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct token tk;
static struct tree tree;

/* Tags of in through tokenizer and tree; text modes are noted but not entered, so that every tag is seen. */
static void
run(const char *in, char *out, size_t room)
{
	struct tok t = {.mode = TOK_DATA};
	struct tc_str rest = tc_str_from(in);
	size_t n = 0;

	tree = (struct tree){.n = 0};
	while (rest.n > 0) {
		enum tok_kind kind = tok_next(&t, rest, true, &tk);
		enum elem e = elem_of(tk.name);
		enum tok_mode mode = TOK_DATA;
		struct tree_step step;

		assert_true(kind == TOK_START || kind == TOK_END);
		if (kind == TOK_START)
			tree_start(&tree, &tk, rest.p, e, true, &step);
		else
			tree_end(&tree, &tk, e, &step);
		for (unsigned i = 0; i < step.closes; i++)
			(void)tree_close(&tree);
		if (kind == TOK_END)
			tree_ended(&tree, &tk, e);
		else if (!step.erase)
			mode = tree_started(&tree, &tk, rest.p, e);
		assert_true(n + 16 < room);
		n += (size_t)snprintf(out + n, room - n, "%s%s", n > 0 ? " " : "", step.erase ? "x" : step.close_select ? "s"
														     : "");
		if (step.closes > 0)
			n += (size_t)snprintf(out + n, room - n, "%u", step.closes);
		else if (!step.erase && !step.close_select)
			out[n++] = '.';
		n += (size_t)snprintf(out + n, room - n, "%c%u", "DCRSP"[mode], tree.n);
		tc_skip(&rest, tk.n);
	}
}

static void
test_steps(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"<p><script><style><title><plaintext>", ".D0 .S0 .R0 .C0 .P0"},
		{"<xmp><iframe><noembed><noframes><noscript><textarea>", ".R0 .R0 .R0 .R0 .R0 .C0"},
		{"<svg><g><path/></g></svg>", ".D1 .D2 .D2 .D1 .D0"},
		{"<svg/><math/><style>", ".D0 .D0 .R0"},
		{"<svg><style><script>", ".D1 .D2 2S0"},
		{"<svg><style><g></svg>", ".D1 .D2 xD2 1D0"},
		{"<svg><g><style></p>", ".D1 .D2 .D3 3D0"},
		{"<svg><title><b></b></p></title>", ".D1 .D2 xD2 xD2 xD2 .D1"},
		{"<svg><style></style><title/><path>", ".D1 .D2 .D1 .D1 .D2"},
		{"<svg><G><path></g></SVG>", ".D1 .D2 .D3 .D1 .D0"},
		{"<svg><g></div>", ".D1 .D2 2D0"},
		{"<svg><g><p>", ".D1 .D2 2D0"},
		{"<svg><font><font color=x>", ".D1 .D2 2D0"},
		{"<svg></p>", ".D1 1D0"},
		{"<svg><desc><style></style></desc><foreignObject><style></style><div>", ".D1 .D2 .R2 .D2 .D1 .D2 .R2 .D2 .D3"},
		{"<svg><foreignObject><div></div></foreignObject></svg>", ".D1 .D2 .D3 .D2 .D1 .D0"},
		{"<svg><foreignObject><div><span></div></span></foreignObject>", ".D1 .D2 .D3 .D4 1D2 .D2 .D1"},
		{"<svg><foreignObject><div></foreignObject>", ".D1 .D2 .D3 1D1"},
		{"<svg><foreignObject><b></i></b>", ".D1 .D2 .D3 .D3 .D2"},
		{"<svg><foreignObject></p><br><img>", ".D1 .D2 .D2 .D2 .D2"},
		{"<svg><foreignObject><table>", ".D1 .D2 2D0"},
		{"<svg><foreignObject></td>", ".D1 .D2 2D0"},
		{"<svg><foreignObject><p><svg><g></p>", ".D1 .D2 .D3 .D4 .D5 2D2"},
		{"<svg><foreignObject><div><svg><p>", ".D1 .D2 .D3 .D4 1D4"},
		{"<math><mi><style></mi><mtext><svg></svg>", ".D1 .D2 xD2 .D1 .D2 .D3 .D2"},
		{"<math><mi><mglyph><style>", ".D1 .D2 .D3 .D4"},
		{"<math><mi><mglyph/><b></b></mi>", ".D1 .D2 .D2 .D3 .D2 .D1"},
		{"<math><annotation-xml><svg><desc><style>", ".D1 .D2 .D3 .D4 xD4"},
		{"<math><annotation-xml><style>", ".D1 .D2 .D3"},
		{"<math><annotation-xml encoding=Text/HTML><p>", ".D1 .D2 .D3"},
		{"<math><annotation-xml encoding=x encoding=text/html><style>", ".D1 .D2 .D3"},
		{"<math><annotation-xml encoding=text&sol;html>", ".D1 1D0"},
		{"<select><option><script><textarea><style>", ".D0 .D0 .S0 .C0 .R0"},
		{"<select><option><style>", ".D0 .D0 sR0"},
		{"<select><svg>", ".D0 sD1"},
		{"<select><button><style></select><style>", ".D0 .D0 xD0 .D0 .R0"},
		{"<select><b><input><style>", ".D0 .D0 .D0 .R0"},
		{"<select><b><select><style>", ".D0 .D0 .D0 .R0"},
		{"<select><td><select><style>", ".D0 .D0 .D0 xD0"},
		{"<select><template></select><style></template><style>", ".D0 .D0 .D0 xD0 .D0 xD0"},
		{"<template><select></template><style>", ".D0 .D0 .D0 .R0"},
		{"<template><col><style>", ".D0 xD0 .R0"},
		{"<template><table><col></table><col>", ".D0 .D0 .D0 .D0 xD0"},
		{"<frameset><style><svg><noframes><frame>", ".D0 xD0 xD0 .R0 .D0"},
		{"<br><frameset><style>", ".D0 xD0 .R0"},
		{"<svg><frameset>", ".D1 .D2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char out[256] = "";

		run(rows[i].in, out, sizeof(out));
		if (strcmp(out, rows[i].want) != 0)
			fail_msg("%s\nwant %s\ngot  %s", rows[i].in, rows[i].want, out);
	}
}

/* Islands deeper, or with longer names, than there is room for are closed. */
static void
test_limits(void **state)
{
	char in[8192] = "<svg>", out[16384] = "", name[TREE_NAME + 8];

	(void)state;
	for (int i = 0; i < TREE_DEPTH; i++)
		memcpy(in + strlen(in), "<g>", 4);
	run(in, out, sizeof(out));
	assert_non_null(strstr(out, " .D256 256D0"));

	memset(name, 'n', sizeof(name));
	name[0] = '<';
	name[TREE_NAME + 2] = '>';
	name[TREE_NAME + 3] = '\0';
	(void)snprintf(in, sizeof(in), "<svg>%s", name);
	run(in, out, sizeof(out));
	assert_string_equal(out, ".D1 1D0");
	name[TREE_NAME + 1] = '>';
	name[TREE_NAME + 2] = '\0';
	(void)snprintf(in, sizeof(in), "<svg>%s%s", name, name);
	run(in, out, sizeof(out));
	assert_string_equal(out, ".D1 .D2 .D3");
}

static void
test_names(void **state)
{
	(void)state;
	for (enum elem e = E_NONE + 1; e < E_COUNT; e++)
		assert_int_equal(elem_of(elem_name(e)), e);
	assert_int_equal(elem_of(TC_STR("IFRAME")), E_IFRAME);
	assert_int_equal(elem_of(TC_STR("iframes")), E_NONE);
	assert_int_equal(elem_of(TC_STR("")), E_NONE);
	assert_int_equal(elem_of(TC_STR("scr\0pt")), E_NONE);
	assert_int_equal(attr_of(TC_STR("SrcSet")), AT_SRCSET);
	assert_int_equal(attr_of(TC_STR("onClick")), AT_HANDLER);
	assert_int_equal(attr_of(TC_STR("data-Lazy-SRC")), AT_LAZY_URL);
	assert_int_equal(attr_of(TC_STR("data-srcset")), AT_LAZY_SRCSET);
	assert_int_equal(attr_of(TC_STR("class")), AT_NONE);
	assert_int_equal(attr_of(TC_STR("src ")), AT_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
