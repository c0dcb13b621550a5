/* test_css.c: URLs in style sheets and style attributes (H29, H30). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../filters/html/css.c"
#include "edge.h"
#include "judge.h"

static char got[1 << 20];

/* in -> want, the sheet given whole, with room for `cap` edits at a time. */
static void
check_with(size_t cap, struct tc_str in, struct tc_str want)
{
	struct value_edit v[16];
	struct css st = {0};
	char *raw = edge_copy(in.p, in.n);
	struct tc_str rest = tc_str_of(raw, in.n);
	size_t n = 0;

	while (rest.n > 0) {
		struct value_edits e = {.v = v, .cap = cap};
		size_t took = css_judge(&st, rest, true, judge, NULL, &e);

		assert_true(took > 0);
		n += judge_apply(tc_str_of(rest.p, took), &e, got + n);
		tc_skip(&rest, took);
	}
	edge_free(raw, in.n);
	assert_int_equal(n, want.n);
	assert_memory_equal(got, want.p, n);
}

static void
check(const char *in, const char *want)
{
	check_with(16, tc_str_from(in), tc_str_from(want));
	check_with(1, tc_str_from(in), tc_str_from(want));
	check_with(16, tc_str_from(want), tc_str_from(want)); /* twice is once */
}

static void
same(const char *in)
{
	check(in, in);
}

static void
test_url(void **state)
{
	(void)state;
	check("a{background:url(//t.example/p.gif)}", "a{background:url(data:,)}");
	check("a{background:url(  //t.example/p.gif  )}", "a{background:url(  data:,  )}");
	check("a{background:url('//t.example/p.gif')}", "a{background:url('data:,')}");
	check("a{background:URL( \"//t.example/(p).gif\" )}", "a{background:URL( \"data:,\" )}");
	check("a{b:url(x.png),url(https://t.example/)}", "a{b:url(x.png),url(data:,)}");
	check("@font-face{src:url(//t.example/a.woff2)format('woff2')}", "@font-face{src:url(data:,)format('woff2')}");
	check("a{b:src('//t.example/a')}", "a{b:src('data:,')}");
	check("url(//t.example/a", "url(data:,");
	check("url('//t.example/a", "url('data:,");
	check("url(//t.example/a x)url(//t.example/b)", "url(data:, x)url(data:,)");
	same("a{background:url(/img/a.png)}");
	same("a{background:url()}");
	same("a{background:url( )}");
	same("a{background:url(#t)}");
	same("a{background:url(data:image/gif;base64,R0lGOD//t.example)}");
	same("a{background:url(https://cdn.example/?u=//t.example/)}");
}

static void
test_import(void **state)
{
	(void)state;
	check("@import '//t.example/a.css';", "@import 'data:,';");
	check("@import\n\"//t.example/a.css\"screen;a{}", "@import\n\"data:,\"screen;a{}");
	check("@import/**/'//t.example/a.css';", "@import/**/'data:,';");
	check("@import url(//t.example/a.css) layer(x);", "@import url(data:,) layer(x);");
	check("@IMPORT url('//t.example/a.css');", "@IMPORT url('data:,');");
	check("@\\69mport '//t.example/a.css';", "@\\69mport 'data:,';");
	same("@import 'a.css';a{content:'//t.example/'}");
	same("@imports '//t.example/a.css';");
	same("@import x '//t.example/a.css';");
	same("@charset \"//t.example\";");
}

static void
test_image_set(void **state)
{
	(void)state;
	check("a{b:image-set('//t.example/1' 1x,'a.png' 2x)}", "a{b:image-set('data:,' 1x,'a.png' 2x)}");
	check("a{b:-webkit-image-set(url(//t.example/1) 1x,url('//t.example/2') 2x)}",
	    "a{b:-webkit-image-set(url(data:,) 1x,url('data:,') 2x)}");
	check("a{b:image-set('a' type('image/png'),'//t.example/1')}", "a{b:image-set('a' type('image/png'),'data:,')}");
	same("a{b:image-set('a.png' 1x);content:'//t.example/'}");
	same("a{b:image-set(url('a.png') 1x);content:'//t.example/'}");
}

static void
test_no_request(void **state)
{
	(void)state;
	same("a{content:'//t.example/'}");
	same("a{content:'url(//t.example/)'}");
	same("/* url(//t.example/) */a{}");
	same("a[href='//t.example/']{}");
	same("@namespace url(//t.example/ns);@namespace svg '//t.example/svg';");
	same("@namespace x url('//t.example/ns');");
	same("a{--x:curl(//t.example/)}");
	same("a{b:#url(//t.example/)}");
	same("a{b:@url(//t.example/)}");
	same("a{b:1url(//t.example/)}");
	same("/* unclosed url(//t.example/)");
	check("@namespace x;a{b:url(//t.example/)}", "@namespace x;a{b:url(data:,)}");
	check("@namespace{b:url(//t.example/)}", "@namespace{b:url(data:,)}");
	check("a{b:.5url(//t.example/);c:+url(//t.example/)}", "a{b:.5url(//t.example/);c:+url(data:,)}");
}

/* The classic ways to hide a url( from a scanner. */
static void
test_disguises(void **state)
{
	(void)state;
	check("a{b:u\\72l(//t.example/)}", "a{b:u\\72l(data:,)}");
	check("a{b:\\75 \\72 \\6c (//t.example/)}", "a{b:\\75 \\72 \\6c (data:,)}");
	check("a{b:\\000075\r\nrl(//t.example/)}", "a{b:\\000075\r\nrl(data:,)}");
	check("a{b:\\u\\rl(//t.example/)}", "a{b:\\u\\rl(data:,)}");
	check("a{b:url(\\2f\\2ft.example/)}", "a{b:url(data:,)}");
	check("a{b:url(//t\\.example/\\))}", "a{b:url(data:,)}");
	check("a{b:url('//t.exam\\\nple/')}", "a{b:url('data:,')}");
	check("a{b:url('//t.example/\\'x')}", "a{b:url('data:,')}");
	check("a{b:'\nurl(//t.example/)}", "a{b:'\nurl(data:,)}");
	check("a{b:'x\\\ny'url(//t.example/)}", "a{b:'x\\\ny'url(data:,)}");
	check("a{}/**/b{c:url(//t.example/)}", "a{}/**/b{c:url(data:,)}");
	check("a{b:ur/**/l(x)url(//t.example/)}", "a{b:ur/**/l(x)url(data:,)}");
	check("/*/url(x)*/url(//t.example/)", "/*/url(x)*/url(data:,)");
	check("/***/url(//t.example/)", "/***/url(data:,)");
	check("a/b;url(//t.example/)", "a/b;url(data:,)");
	check("\\\nurl(//t.example/)", "\\\nurl(data:,)");
	check("x\\(url(//t.example/)", "x\\(url(//t.example/)"); /* one name: "x(url" */
	same("a{b:url(x'y)}");
	same("\\");
	same("@");
	same("@\\");
	same("url(\\");
	same("url('\\");
}

static void
test_long_tokens(void **state)
{
	static char in[200000], want[200000];
	size_t n;

	(void)state;
	/* a data: URL of any length streams through */
	n = (size_t)snprintf(in, sizeof(in), "a{b:url(data:image/png;base64,");
	memset(in + n, 'A', 150000);
	n += 150000;
	n += (size_t)snprintf(in + n, sizeof(in) - n, ")}c{d:url(//t.example/)}");
	memcpy(want, in, n);
	memcpy(want + n - 14, "data:,)}", 8);
	check_with(4, tc_str_of(in, n), tc_str_of(want, n - 6));
	/* another one is thrown away, quoted or not */
	for (int quoted = 0; quoted < 2; quoted++) {
		n = (size_t)snprintf(in, sizeof(in), "a{b:url(%shttps://cdn.example/", quoted ? "'" : "");
		memset(in + n, 'A', 150000);
		n += 150000;
		n += (size_t)snprintf(in + n, sizeof(in) - n, "%s)}c{}", quoted ? "'" : "");
		check_with(4, tc_str_of(in, n), tc_str_from(quoted ? "a{b:url('data:,')}c{}" : "a{b:url(data:,)}c{}"));
	}
	/* a long name is no function */
	memset(in, 'a', 1000);
	memcpy(in + 1000, "url(//t.example/) url(//t.example/)", 35);
	memcpy(want, in, 1018);
	memcpy(want + 1018, "url(data:,)", 11);
	check_with(4, tc_str_of(in, 1035), tc_str_of(want, 1029));
}

/* want NULL: the value is to be blanked. */
static void
check_attr(const char *in, const char *want)
{
	struct value_edit v[4];
	struct value_edits e = {.v = v, .cap = 4};
	size_t n = strlen(in);
	char *raw = edge_copy(in, n);
	bool ok = css_attr(tc_str_of(raw, n), judge, NULL, &e);

	assert_int_equal(ok, want != NULL);
	if (ok) {
		got[judge_apply(tc_str_of(raw, n), &e, got)] = 0;
		assert_string_equal(got, want);
	}
	edge_free(raw, n);
}

static void
test_attributes(void **state)
{
	static char in[20000];
	size_t n;

	(void)state;
	check_attr("color:red", "color:red");
	check_attr("background:url(//t.example/a)", "background:url(data:,)");
	check_attr("background:url(&quot;//t.example/a?x&amp;y&quot;)", "background:url(&quot;data:,&quot;)");
	check_attr("background:url(&#39;a.png&#39;)", "background:url(&#39;a.png&#39;)");
	check_attr("background:&#117;rl(//t.example/)", "background:&#117;rl(data:,)");
	check_attr("background:url(&sol;&sol;t.example)", "background:url(data:,)");
	check_attr("background:url(&quot//t.example/&quot)", NULL);
	check_attr("background:url(&#x22//t.example/&#x22)", NULL);
	check_attr("background:url(&quot/a.png&quot)", "background:url(&quot/a.png&quot)");
	check_attr("a:url(//t.example/1);a:url(//t.example/2);a:url(//t.example/3);a:url(//t.example/4);"
	    "a:url(//t.example/5)",
	    NULL);
	/* longer than the window: found, but not where */
	n = (size_t)snprintf(in, sizeof(in), "a:url(&quot;data:image/png,");
	memset(in + n, 'A', 9000);
	n += 9000;
	snprintf(in + n, sizeof(in) - n, "&quot;);b:url(&quot;/x.png&quot;)");
	check_attr(in, in);
	snprintf(in + n, sizeof(in) - n, "&quot;);b:url(&quot;//t.example/&quot;)");
	check_attr(in, NULL);
	n = (size_t)snprintf(in, sizeof(in), "&amp;a:url(/");
	memset(in + n, 'A', 9000);
	n += 9000;
	snprintf(in + n, sizeof(in) - n, ");b:url(//t.example/)");
	check_attr(in, NULL);
}

static void
test_foreign(void **state)
{
	struct value_edit v[4];
	struct value_edits e = {.v = v, .cap = 4};
	struct tc_str in = TC_STR("a{fill:url(&#47;&#47;t.example/&ampx)}");

	(void)state;
	assert_true(css_foreign(in, judge, NULL, &e));
	got[judge_apply(in, &e, got)] = 0;
	assert_string_equal(got, "a{fill:url(data:,)}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_url),
		cmocka_unit_test(test_import),
		cmocka_unit_test(test_image_set),
		cmocka_unit_test(test_no_request),
		cmocka_unit_test(test_disguises),
		cmocka_unit_test(test_long_tokens),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
