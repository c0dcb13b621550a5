/* test_values_split.c: the streaming judges of CSS and long scripts give the same however the bytes arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../filters/html/css.c"
#include "../unit/edge.h"
#include "../unit/judge.h"

#define OUT_MAX 400000

/* One of the two streams. */
struct stream {
	bool script;
	struct css css;
	struct script_sub sub;
	size_t cap; /* edits a call may make */
	char *out;
	size_t n;
};

static size_t
judge_some(struct stream *s, struct tc_str in, bool last)
{
	const struct script_ctx ctx = {judge, NULL, false};
	struct value_edit v[8];
	struct value_edits e = {.v = v, .cap = s->cap};
	size_t took;

	if (s->script)
		took = script_sub(&s->sub, &ctx, in, last, &e);
	else
		took = css_judge(&s->css, in, last, judge, NULL, &e);
	assert_true(took <= in.n);
	assert_true(e.n == 0 || e.v[e.n - 1].to <= took);
	s->n += judge_apply(tc_str_of(in.p, took), &e, s->out + s->n);
	return took;
}

/* Gives in[0, to) of which *taken bytes were taken before; the rest is on its way unless last. */
static void
give(struct stream *s, struct tc_str in, size_t *taken, size_t to, bool last)
{
	size_t took;

	do {
		char *raw = edge_copy(in.p + *taken, to - *taken);

		took = judge_some(s, tc_str_of(raw, to - *taken), last);
		edge_free(raw, to - *taken);
		*taken += took;
	} while (took > 0 && *taken < to);
	assert_true(!last || *taken == to);
	if (s->script)
		assert_true(to - *taken <= SCRIPT_CARRY_MAX);
}

/* in, cut every `step` bytes (0: at `cut` only), into out; its length. */
static size_t
stream(bool script, struct tc_str in, size_t cut, size_t step, size_t cap, char *out)
{
	struct stream s = {.script = script, .cap = cap, .out = out};
	size_t taken = 0;

	if (step == 0)
		give(&s, in, &taken, cut, false);
	else
		for (size_t to = step; to < in.n; to += step)
			give(&s, in, &taken, to, false);
	give(&s, in, &taken, in.n, true);
	return s.n;
}

static void
check_all_cuts(bool script, struct tc_str in, const char *holds)
{
	static char want[OUT_MAX], got[OUT_MAX];
	size_t n = stream(script, in, 0, 0, 8, want), m;

	assert_true(tc_find(tc_str_of(want, n), tc_str_from(holds)) < n);
	for (size_t cut = 1; cut < in.n; cut++) {
		m = stream(script, in, cut, 0, 1 + cut % 3, got);
		assert_int_equal(m, n);
		assert_memory_equal(got, want, n);
	}
	for (size_t step = 1; step < 20; step++) {
		m = stream(script, in, 0, step, 1 + step % 2, got);
		assert_int_equal(m, n);
		assert_memory_equal(got, want, n);
	}
	m = stream(script, tc_str_of(want, n), 0, 7, 8, got); /* twice is once */
	assert_int_equal(m, n);
	assert_memory_equal(got, want, n);
}

static void
css(const char *in, const char *holds)
{
	check_all_cuts(false, tc_str_from(in), holds);
}

static void
script(const char *in, const char *holds)
{
	check_all_cuts(true, tc_str_from(in), holds);
}

static void
test_css(void **state)
{
	(void)state;
	css("a{background:url(//t.example/p.gif)}/*x**/b{c:url(  '//t.example/\\'' )}", "b{c:url(  'data:,' )}");
	css("@import  '//t.example/';@import url(//t.example/);@\\69 mport\r\n'//t.example/'", "@\\69 mport\r\n'data:,'");
	css("@namespace x url(//t.example/);@namespace '//t.example/';a{b:url(//t.example/)}", "b:url(data:,)");
	css("a{b:image-set( '//t.example/1' 1x,url('//t.example/2') 2x);c:'//t.example/'}", "c:'//t.example/'");
	css("a{b:\\75 \\72\r\n\\00006c (\\2f\r\n\\2f t.example\\))url(x'y)u\\rl(//t.example/)'\nurl(//t.example/)}", "\nurl(data:,)");
	css("#url(//t.example/) @url(//t.example/) 1url(//t.example/) xurl(//t.example/)-url(//t.example/) url(//t.example/)",
	    "xurl(//t.example/)-url(//t.example/) url(data:,)");
	css("url(data:image/png;base64,AAAAAAAAAAAA//t.example/)url(\"data:,\\\"x\")url(//t.example/ x)", "url(data:, x)");
	css("a{}/b/*c", "/b/*c");
	css("x url(//t.example/\\", "x url(data:,");
}

/* Over the cap the URL goes, wherever it was cut; data: stays. */
static void
test_css_long(void **state)
{
	static char in[200000], want[OUT_MAX], got[OUT_MAX];
	const size_t steps[] = {1000, 4096, 16384, 65535, 65536, 65537, 100000};

	(void)state;
	for (int data = 0; data < 2; data++) {
		size_t n = (size_t)snprintf(in, sizeof(in), "a{b:url(%s", data ? "data:image/png," : "/x");
		size_t m;

		memset(in + n, 'A', 140000);
		n += 140000;
		n += (size_t)snprintf(in + n, sizeof(in) - n, ")}a{b:url(//t.example/)}");
		m = stream(false, tc_str_of(in, n), 0, 0, 8, want);
		assert_int_equal(m, data ? n - 6 : strlen("a{b:url(data:,)}a{b:url(data:,)}"));
		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			assert_int_equal(stream(false, tc_str_of(in, n), 0, steps[i], 2, got), m);
			assert_memory_equal(got, want, m);
		}
	}
}

static void
test_script(void **state)
{
	(void)state;
	script("j.src='https://www.googletagmanager.com/gtm.js?id='+i;", "'https://xxxxxxxxxxxxxxxx.invalid/gtm.js?id='");
	script("g=('https:'==p?'https://ssl':'http://www')+'.google-analytics.com/ga.js';x='t.example'",
	    "'.xxxxxxxxxxxx.invalid/ga.js';x='x.invalid'");
	script("{\"u\":\"https:\\/\\/t.example\\/a\",\"v\":\"\\x2f\\u002ft\\u{2e}example\\57\"}", "\\u002fx.invalid\\57");
	script("a=h+   '/gtm.js?id='+i;b=`${h}/gtm.js?id=${i}`;c='/gtm.js?id=x';d='h\\\\/\\\\/'", "b=`${h}@x.invalid/gtm.js");
	script("// nothing //x\n/* here */ '/'+\"//\"+'//www.example.com/a.js';'app.min.js'", "'app.min.js'");
	script("s='/.well-known/tacet/s/noop.js?u=//t.example/';t='//t.example/'", "t='//x.invalid/'");
	script("x='//aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.t.example:80/?q#h'", ".invalid:80/");
}

/* A URL longer than what is carried. */
static void
test_script_long(void **state)
{
	static char in[3000];
	size_t n = (size_t)snprintf(in, sizeof(in), "a='//t.example/");

	(void)state;
	memset(in + n, 'A', 1000);
	n += 1000;
	n += (size_t)snprintf(in + n, sizeof(in) - n, "//t.example/';b='//t.example/\\");
	check_all_cuts(true, tc_str_of(in, n), "b='//x.invalid/");
	memset(in + 3, '/', 700); /* nothing but slashes */
	check_all_cuts(true, tc_str_of(in, n), "b='//x.invalid/");
	memset(in + 3, '\\', 700);
	check_all_cuts(true, tc_str_of(in, n), "b='//x.invalid/");
	memset(in + 3, 'a', 700);
	check_all_cuts(true, tc_str_of(in, n), "b='//x.invalid/");
	for (size_t i = 0; i < 700; i += 2)
		memcpy(in + 3 + i, "a.", 2);
	check_all_cuts(true, tc_str_of(in, n), "b='//x.invalid/");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_css),
		cmocka_unit_test(test_css_long),
		cmocka_unit_test(test_script),
		cmocka_unit_test(test_script_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
