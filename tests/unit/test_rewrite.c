/*
 * test_rewrite.c: the rewriter against tests/fixtures/html/rows.txt: each row as a whole and byte by byte, and once more over
 * its own output; then what rows cannot say: limits, which responses are pages, what is put in (encodings: test_incoming.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "html_rows.h"

static void
assert_out(struct tc_str got, struct tc_str want, const char *about)
{
	if (!tc_eq(got, want))
		fail_msg("%s\nwant: %.*s\ngot:  %.*s", about, (int)want.n, want.p, (int)got.n, got.p);
}

static void
check_row(const struct row *row)
{
	static const size_t sizes[] = {0, 1, 7};
	struct tc_str in = row_str(&row->in), want = row_str(&row->out);
	char *once = NULL;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		free(once);
		once = html_output(in, sizes[i], &n);
		assert_out(tc_str_of(once, n), want, row->name);
	}
	char *twice = html_output(tc_str_of(once, n), 0, &n);

	assert_out(tc_str_of(twice, n), want, row->name);
	free(once);
	free(twice);
}

static void
test_rows(void **state)
{
	size_t n = rows_each(check_row);

	(void)state;
	print_message("%zu rows\n", n);
	assert_true(n > 100);
}

/* ---- identity ---- */

static void
test_nothing_denied(void **state)
{
	struct fake_call *f = fake_new(&filter_html);

	(void)state;
	f->conf = html_db();
	f->decision.denied = 0;
	assert_int_equal(fake_respond(f), 0);
	assert_false(f->want_body);
	assert_false(f->expect_page);
	fake_free(&f);

	f = fake_new(&filter_html);
	f->conf = html_db();
	f->decision.pass_bodies = true;
	assert_int_equal(fake_respond(f), 0);
	assert_false(f->want_body);
	fake_free(&f);
}

/* ---- which responses ---- */

static void
test_head(void **state)
{
	struct fake_call *f = fake_new(&filter_html);

	(void)state;
	f->conf = html_db();
	tc_field_add(&f->req.fields, TC_F_RANGE, TC_STR("bytes=0-99"));
	assert_int_equal(fake_respond(f), 0);
	assert_true(f->expect_page && f->want_body);
	assert_null(tc_field_first(&f->req.fields, TC_F_RANGE));
	fake_free(&f);

	f = fake_new(&filter_html);
	f->conf = html_db();
	f->req.dest = TC_DEST_IMAGE;
	f->res.type = TC_STR("image/png");
	tc_field_add(&f->req.fields, TC_F_RANGE, TC_STR("bytes=0-99"));
	assert_int_equal(fake_respond(f), 0);
	assert_false(f->expect_page || f->want_body);
	assert_non_null(tc_field_first(&f->req.fields, TC_F_RANGE));
	fake_free(&f);

	f = fake_new(&filter_html);
	f->conf = html_db();
	f->res.status = 206;
	assert_int_equal(fake_respond(f), 502);
	assert_int_equal(f->bypassed[TC_BYPASS_PARTIAL], 1);
	fake_free(&f);
}

/* ---- limits ---- */

/* before, n times fill, after: malloc'ed. */
static char *
long_page(const char *before, char fill, size_t n, const char *after)
{
	size_t a = strlen(before), b = strlen(after);
	char *p = malloc(a + n + b + 1);

	if (p == NULL)
		abort();
	memcpy(p, before, a);
	memset(p + a, fill, n);
	memcpy(p + a + n, after, b + 1);
	return p;
}

/* The same page with another filling may come out as before[..] + n times fill + after[..]. */
static void
check_long(const char *before, char fill, size_t n, const char *after, const char *want_before, size_t want_n,
    const char *want_after, size_t held_max)
{
	static const size_t sizes[] = {0, 1000, 65536, 100001};
	char *in = long_page(before, fill, n, after), *want = long_page(want_before, fill, want_n, want_after);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct fake_call *f = html_rewritten(tc_str_from(in), sizes[i]);

		if (!tc_eq(fake_out(f), tc_str_from(want)))
			fail_msg("%.60s... in pieces of %zu: %zu bytes %.60s ... %.60s", before, sizes[i], f->out_n, f->out,
			    f->out + (f->out_n > 60 ? f->out_n - 60 : 0));
		assert_true(f->held <= held_max + 100);
		fake_free(&f);
	}
	free(in);
	free(want);
}

static void
test_limits(void **state)
{
	enum { MANY = 3000000,
		K64 = 65536 };

	(void)state;
	/* a large data: URL streams through, other large values of the kind do not */
	check_long("<img src='data:image/png,", 'A', MANY, "' src=//t.example/p>", "<img src='data:image/png,", MANY,
	    "' src=" GIF ">", K64);
	check_long("<img src=' DATA&colon;", 'A', MANY, "'>", "<img src=' DATA&colon;", MANY, "'>", K64);
	check_long("<img src='//cdn.example/", 'A', MANY, "' alt=a>x", "<img src='", 0, "' alt=a>x", K64);
	check_long("<img src=//cdn.example/", 'A', MANY, " alt=a>x", "<img src=\"\"", 0, " alt=a>x", K64);
	check_long("<img src=", ' ', MANY, "//t.example/p alt=a>x", "<img src=", MANY, "\"\" alt=a>x", K64);
	check_long("<img src", ' ', MANY, "='//t.example/p' alt=a>x", "<img src", MANY, "='' alt=a>x", K64);
	check_long("<img alt='", 'A', MANY, "' src=//t.example/p>x", "<img alt='", MANY, "' src=" GIF ">x", K64);
	check_long("<img ", 'A', MANY, "=a src=//t.example/p>x", "<img ", MANY, "=a src=" GIF ">x", K64);
	check_long("<img", ' ', MANY, "src=//t.example/p>x", "<img", MANY, "src=" GIF ">x", K64);
	check_long("<a attributionsrc='", 'A', MANY, "' b>x", "<a x='", 0, "' b>x", K64);
	check_long("<svg><path d='", 'A', MANY, "'/><![CDATA[<a>]]></svg>", "<svg><path d='", MANY, "'/><![CDATA[<a>]]></svg>",
	    K64);
	check_long("<script data-x='", 'A', MANY, "'>x='//t.example/a.js'</script>", "<script data-x='", MANY,
	    "'>x='/.well-known/tacet/s/noop.js'</script>", K64);
	check_long("</p x='", 'A', MANY, "' src=//t.example/p>x", "</p x='", MANY, "' src=//t.example/p>x", K64);
	check_long("<svg><script>a<q x='", 'A', MANY, "'>x='//t.example/a.js'</script></svg>", "<svg><script>a", 0,
	    "</script></svg>", K64); /* an element in a script goes, and what would become the script's text with it */
	check_long("<select><b><xmp x='", 'A', MANY, "' y><img src=//t.example/p>", "<select><b>", 0, "<img src=" GIF ">", K64);
	/* held constructs */
	check_long("<noscript>", 'A', MANY, "</noscript>x", "<noscript>", 0, "</noscript>x", 262144);
	check_long("<noscript>", 'A', 200000, "<img src=//t.example/p></noscript>x", "<noscript>", 200000,
	    "<img src=" GIF "></noscript>x", 262144);
	check_long("<script type=speculationrules>", ' ', MANY, "</script>x", "<script type=speculationrules>", 0,
	    "</script>x", K64);
	check_long("<script>", ' ', MANY, "x='//t.example/a.js'</script>x", "<script>", MANY, "x='//x.invalid/a.js'</script>x",
	    K64);
	check_long("<?", 'A', MANY, ">x", "", 0, "</>x", K64);
	check_long("<!--", '-', MANY, "><img src=//t.example/p>", "<!--", MANY, "><img src=" GIF ">", 16);
	check_long("<style>", ' ', MANY, "a{b:url(//t.example/c)}</style>", "<style>", MANY, "a{b:url(data:,)}</style>", K64);
	check_long("<iframe srcdoc='", 'A', MANY, "'>x", "<iframe srcdoc='", 0, "'>x", 262144);
	check_long("<iframe srcdoc='", 'A', 200000, "<img src=//t.example/p>'>x", "<iframe srcdoc='", 200000,
	    "<img src=" GIF ">'>x", 262144);
}

static void
test_many_attributes(void **state)
{
	char in[4096] = "<img", want[4096] = "<img";

	(void)state;
	for (int i = 0; i < 200; i++) {
		char more[16];

		(void)snprintf(more, sizeof(more), " a%d=b", i);
		memcpy(in + strlen(in), more, strlen(more) + 1);
		memcpy(want + strlen(want), more, strlen(more) + 1);
	}
	memcpy(in + strlen(in), " src=//t.example/p>", 20);
	memcpy(want + strlen(want), " src=" GIF ">", strlen(GIF) + 7);
	for (size_t size = 0; size < 3; size++) {
		size_t n;
		char *out = html_output(tc_str_from(in), size, &n);

		assert_out(tc_str_of(out, n), tc_str_from(want), "200 attributes");
		free(out);
	}
}

static void
test_depth(void **state)
{
	char in[8192] = "<svg>";
	size_t n;
	char *out;

	(void)state;
	for (int i = 0; i < 600; i++)
		memcpy(in + strlen(in), "<g>", 4);
	memcpy(in + strlen(in), "<style><!--</style><img src=//t.example/p>", 43);
	out = html_output(tc_str_from(in), 0, &n);
	assert_non_null(strstr(out, "</g></svg><g>"));
	assert_non_null(strstr(out, "<style><!--</style><img src=" GIF ">"));
	free(out);
}

/* ---- what is put in ---- */

static struct fake_call *
page_with_link(enum tc_choices_link link, tc_classes denied)
{
	static const struct tc_str languages[] = {TC_STR_INIT("de")};
	struct fake_call *f = fake_new(&filter_html);

	f->conf = html_db();
	f->decision.denied = denied;
	f->site.choices_link = link;
	f->site.languages = (struct tc_strs){languages, 1};
	assert_int_equal(fake_respond(f), 0);
	return f;
}

#define A_LINK "<a data-tacet=\"link\" href=\"/privacy-choices\">Datenschutz-Auswahl</a>"

static void
check_link(enum tc_choices_link link, tc_classes denied, const char *in, const char *want)
{
	for (size_t size = 0; size < 2; size++) {
		struct fake_call *f = page_with_link(link, denied), *g = page_with_link(link, denied);

		assert_int_equal(size == 0 ? fake_feed(f, tc_str_from(in), NULL, 0) : fake_feed_by(f, tc_str_from(in), 1), 0);
		assert_out(fake_out(f), tc_str_from(want), in);
		assert_int_equal(fake_feed(g, tc_str_from(want), NULL, 0), 0);
		assert_out(fake_out(g), tc_str_from(want), "once more");
		fake_free(&f);
		fake_free(&g);
	}
}

static void
test_link(void **state)
{
	(void)state;
	check_link(TC_LINK_MARKER, FAKE_DENIED, "<body>a<!-- tacet:choices -->b<!--tacet:choices--></body>",
	    "<body>a" A_LINK "b" A_LINK "</body>");
	check_link(TC_LINK_MARKER, FAKE_DENIED, "<body><p data-tacet=choices></p><p data-tacet='choices'>x</p></body>",
	    "<body><p data-tacet=choices>" A_LINK "</p><p data-tacet='choices'>" A_LINK "x</p></body>");
	check_link(TC_LINK_MARKER, FAKE_DENIED, "<body><!-- tacet:choices", "<body><!-- tacet:choices");
	check_link(TC_LINK_NONE, FAKE_DENIED, "<body><!-- tacet:choices --><p data-tacet=choices></body>",
	    "<body><!-- tacet:choices --><p data-tacet=choices></body>");
	check_link(TC_LINK_AUTO, FAKE_DENIED, "<body>x</body></html>", "<body>x" A_LINK "</body></html>");
	check_link(TC_LINK_AUTO, FAKE_DENIED, "<!doctype html>x", "<!doctype html>x" A_LINK);
	check_link(TC_LINK_AUTO, FAKE_DENIED, "no tags of a document", "no tags of a document" A_LINK); /* but shown as one */
	check_link(TC_LINK_AUTO, FAKE_DENIED, "<body><img", "<body><img");
	check_link(TC_LINK_AUTO, FAKE_DENIED, "<body></", "<body></");
	check_link(TC_LINK_AUTO, FAKE_DENIED, "<body><!--", "<body><!--");
	check_link(TC_LINK_AUTO, FAKE_DENIED, "<body><script>x", "<body><script>x");
	check_link(TC_LINK_AUTO, FAKE_DENIED, "<body><svg>x", "<body><svg>x");
	check_link(TC_LINK_AUTO, FAKE_DENIED, "<body><script>'</body>'</script></body>",
	    "<body><script>'</body>'</script>" A_LINK "</body>");
	/* nothing denied: the link, and nothing else */
	check_link(TC_LINK_AUTO, 0, "<body><img src=//t.example/p ping=x><math><mi><style>a</style><?a'><select><b><xmp></xmp></body>",
	    "<body><img src=//t.example/p ping=x><math><mi><style>a</style><?a'><select><b><xmp></xmp></body>");
	check_link(TC_LINK_AUTO, 0, "<body><img src=//t.example/p><script src=//t.example/a></script></body>",
	    "<body><img src=//t.example/p><script src=//t.example/a></script>" A_LINK "</body>");
}

/* The row of the visitor's region has a text of its own, and California's has its icon. */
static void
test_link_of_region(void **state)
{
	static const struct {
		struct tc_str text;
		const char *label;
	} rows[] = {
		{TC_STR_INIT("Opt out & more"), ">Opt out &#38; more</a>"},
		{TC_STR_INIT("california"), "Your Privacy Choices <img src=\"/.well-known/tacet/choices.svg\""},
		{TC_STR_INIT(""), ">Datenschutz-Auswahl</a>"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fake_call *f = fake_new(&filter_html);
		static const struct tc_str languages[] = {TC_STR_INIT("de")};

		f->conf = html_db();
		f->decision.denied = FAKE_DENIED;
		f->decision.link_text = &rows[i].text;
		f->site.choices_link = TC_LINK_AUTO;
		f->site.languages = (struct tc_strs){languages, 1};
		assert_int_equal(fake_respond(f), 0);
		assert_int_equal(fake_feed(f, TC_STR("<body>x</body>"), NULL, 0), 0);
		assert_true(tc_find(fake_out(f), tc_str_from(rows[i].label)) < fake_out(f).n);
		fake_free(&f);
	}
}

/* ---- counters ---- */

static void
test_counted(void **state)
{
	struct fake_call *f = html_rewritten(TC_STR("<script src=//t.example/a></script><img src=//t.example/b>"
	    "<noscript><img src=//t.example/c></noscript>"
	    "<select><b><xmp></xmp>"),
	    0);

	(void)state;
	assert_int_equal(fake_did(f, TC_DID_SCRIPT), 1);
	assert_int_equal(fake_did(f, TC_DID_IMAGE), 1);
	assert_int_equal(fake_did(f, TC_DID_NOSCRIPT), 1);
	assert_int_equal(fake_did(f, TC_DID_DISAMBIGUATED), 1);
	assert_int_equal(f->did[0].class, TC_ADVERTISING);
	assert_int_equal(f->did[0].pack, TC_PACK_OPERATOR);
	assert_true(tc_eq(f->did[0].what, TC_STR("https://t.example/a")));
	fake_free(&f);
}

static void
test_allowed(void **state)
{
	static const struct tc_str allow[] = {TC_STR_INIT("t.example")};
	struct fake_call *f = fake_new(&filter_html);

	(void)state;
	f->conf = html_db();
	f->site.allow = (struct tc_strs){allow, 1};
	assert_int_equal(fake_respond(f), 0);
	assert_int_equal(fake_feed(f, TC_STR("<img src=//t.example/a>"), NULL, 0), 0);
	assert_out(fake_out(f), TC_STR("<img src=//t.example/a>"), "allowed");
	fake_free(&f);
}

/* Where unknown third parties are denied, they go; one's own hosts and what is allowed stay. */
static void
test_unknown(void **state)
{
	struct fake_call *f = fake_new(&filter_html);

	(void)state;
	f->conf = html_db();
	f->decision.denied |= TC_CLASS_BIT(TC_UNKNOWN);
	assert_int_equal(fake_respond(f), 0);
	assert_int_equal(fake_feed(f, TC_STR("<img src=//u.invalid/a><img src=//img.example.com/b><img src='//[x/'>"), NULL, 0), 0);
	assert_out(fake_out(f), TC_STR("<img src=" GIF "><img src=//img.example.com/b><img src='" GIF "'>"), "unknown");
	fake_free(&f);
}

static void
test_sink_fails(void **state)
{
	struct fake_call *f = html_page();

	(void)state;
	f->emit_max = 10;
	assert_int_equal(fake_feed(f, TC_STR("<p>0123456789<img src=//t.example/a>abc"), NULL, 0), -1);
	fake_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_nothing_denied),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_many_attributes),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_link_of_region),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_sink_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
