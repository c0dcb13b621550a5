/*
 * test_incoming.c: which responses are pages, in which encoding they are read, what their heads say of it, and when. Each
 * page cut at every place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "html_rows.h"

/* A page, and what is to come of it. NULL: of a type, as it came; out: 502 in place of the page. */
struct page_case {
	const char *type; /* Content-Type as it came; NULL: none */
	struct tc_str in;
	const char *type_out, *out;
};

/* What the core does with Content-Type. */
static void
set_type(struct fake_call *f, const char *type)
{
	struct tc_str value = tc_str_from(type != NULL ? type : ""), charset = tc_str_of("", 0);
	size_t at = tc_find(value, TC_STR("charset="));

	f->res.type = tc_trim(tc_str_of(value.p, tc_find_byte(value, ';')));
	if (at < value.n)
		charset = tc_trim(tc_str_of(value.p + at + 8, value.n - at - 8));
	f->res.charset = charset;
	if (type != NULL)
		tc_field_add(&f->res.fields, TC_F_CONTENT_TYPE, value);
}

static struct fake_call *
fake_page(const char *type)
{
	struct fake_call *f = fake_new(&filter_html);

	f->conf = html_db();
	set_type(f, type);
	return f;
}

static void
assert_says(struct fake_call *f, enum tc_fid id, const char *want)
{
	struct tc_str got = tc_field_value(&f->res.fields, id);

	if (want == NULL ? got.p != NULL : !tc_eq(got, tc_str_from(want)))
		fail_msg("field %d: %.*s, not %s", id, (int)got.n, got.p, want != NULL ? want : "none");
}

static void
check_cut(const struct page_case *row, size_t at)
{
	struct fake_call *f = fake_page(row->type);
	int rc;

	assert_int_equal(fake_respond(f), 0);
	assert_true(f->want_body);
	rc = fake_feed(f, row->in, &at, 1);
	if (row->out == NULL) {
		assert_int_equal(rc, -1);
		assert_true(f->head_held);
		assert_int_equal(f->out_n, 0);
		assert_int_equal(f->bypassed[TC_BYPASS_CHARSET], 1);
		fake_free(&f);
		return;
	}
	assert_int_equal(rc, 0);
	assert_false(f->head_held);
	if (!tc_eq(fake_out(f), tc_str_from(row->out)))
		fail_msg("%.60s cut at %zu: %.*s", row->in.p, at, (int)f->out_n, f->out);
	assert_says(f, TC_F_CONTENT_TYPE, row->type_out != NULL ? row->type_out : row->type);
	fake_free(&f);
}

static void
check(const struct page_case *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t at = 0; at <= rows[i].in.n; at += at > 1100 ? 97 : 1)
			check_cut(&rows[i], at);
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(*(rows)))
#define BOM "\xEF\xBB\xBF"
#define IMG "<img src=//t.example/p>"
#define OUT "<img src=" GIF ">"

/* ---- encodings ---- */

static void
test_declared(void **state)
{
	static const struct page_case rows[] = {
		/* by the head, in words that are left where they are plain */
		{"text/html;charset=UTF-8", TC_STR_INIT("\xC3\xA4" IMG "\033"), NULL, "\xC3\xA4" OUT "\033"},
		{"text/html; charset=latin1", TC_STR_INIT("\xE4" IMG), "text/html; charset=latin1", "\xE4" OUT},
		{"text/html; x=y; charset=latin1", TC_STR_INIT(IMG), "text/html; charset=windows-1252", OUT},
		{"text/html; charset=utf-16be", TC_STR_INIT("\0<\0b\0>\0\xE4\xD8\0"), "text/html; charset=utf-8",
		    BOM "<b>\xC3\xA4\xEF\xBF\xBD"},
		{"text/html;charset=ISO-2022-JP", TC_STR_INIT("\033$B$\"<a\033(B<a ping=x>"), "text/html; charset=utf-8",
		    BOM "\xE3\x81\x82\xE9\x87\x88<a ping=\"\">"},
		/* a mark says more than the head */
		{"text/html; charset=utf-8", TC_STR_INIT("\xFF\xFE<\0a\0 \0p\0i\0n\0g\0=\0x\0>\0\xE4\0"), NULL,
		    BOM "<a ping=\"\">\xC3\xA4"},
		{"text/html; charset=windows-1252", TC_STR_INIT(BOM "\xC3\xA4" IMG), NULL, BOM "\xC3\xA4" OUT},
		{"text/html; charset=utf-16", TC_STR_INIT(BOM "\xC3\xA4" IMG), "text/html; charset=utf-8", BOM "\xC3\xA4" OUT},
		{"text/html; charset=iso-2022-jp", TC_STR_INIT("\xFE\xFF\0<\0p\0>"), "text/html; charset=utf-8", BOM "<p>"},
	};

	(void)state;
	CHECK(rows);
}

static void
test_found(void **state)
{
	static const struct page_case rows[] = {
		{"text/html", TC_STR_INIT("\xFF\xFE<\0a\0>\0"), "text/html; charset=utf-8", BOM "<a>"},
		{"text/html", TC_STR_INIT(BOM IMG), "text/html; charset=utf-8", BOM OUT},
		/* the mark is no text: a frameset may follow it */
		{"text/html", TC_STR_INIT(BOM "<frameset><frame src=//t.example/p>"), "text/html; charset=utf-8",
		    BOM "<frameset><frame src=about:blank>"},
		{"text/html; charset=none-such", TC_STR_INIT("<meta charset=koi8-r>" IMG), "text/html; charset=koi8-r",
		    "<meta charset=koi8-r>" OUT},
		{"text/html", TC_STR_INIT("<meta charset=utf-16><a ping=x>"), "text/html; charset=utf-8",
		    "<meta charset=utf-16><a ping=\"\">"},
		{"text/html", TC_STR_INIT("<meta charset=x-user-defined>"), "text/html; charset=windows-1252",
		    "<meta charset=x-user-defined>"},
		{"text/html", TC_STR_INIT("<!--<meta charset=utf-8>--><META content='text/html; charset=\"iso-2022-jp\"' "
		    "http-equiv=Content-Type>\033$B$\"\033(B" IMG),
		    "text/html; charset=utf-8",
		    BOM "<!--<meta charset=utf-8>--><META content='text/html; charset=\"iso-2022-jp\"' "
			"http-equiv=Content-Type>\xE3\x81\x82" OUT},
		{"text/html", TC_STR_INIT("<?xml version='1.0' encoding='iso-2022-jp'?>\033$B$\"\033(B"),
		    "text/html; charset=utf-8", BOM "<?xml version='1.0' encoding='iso-2022-jp'?>\xE3\x81\x82"},
		{"text/html", TC_STR_INIT("<\0?\0x\0>\0"), "text/html; charset=utf-8", BOM "<?x>"},
		/* nothing of it would be shown */
		{"text/html", TC_STR_INIT("<meta charset=hz-gb-2312>" IMG), NULL, NULL},
	};

	(void)state;
	CHECK(rows);
}

static void
test_not_declared(void **state)
{
	static const struct page_case rows[] = {
		{"text/html", TC_STR_INIT("\xC3\xA4\033" IMG), "text/html; charset=utf-8", "\xC3\xA4\033" OUT},
		/* not declared: nobody shall be able to read it as ISO-2022-JP */
		{"text/html", TC_STR_INIT("a\033$Bb" IMG), NULL, "a\x7F$B" "b" OUT},
		{"text/html", TC_STR_INIT("\xE4\033" IMG), NULL, "\xE4\x7F" OUT},
		{"text/html; charset=\"x", TC_STR_INIT(IMG), "text/html", OUT},
		{"text/html", TC_STR_INIT(""), NULL, ""},
	};
	char far[1300], out[1400];
	struct page_case row = {"text/html", {far, 0}, "text/html", out};

	(void)state;
	CHECK(rows);
	/* what stands behind the first 1,024 bytes does not count, however many came at once */
	(void)snprintf(far, sizeof(far), "%1030s\xC3\xA4\033<meta charset=iso-2022-jp>" IMG, "");
	(void)snprintf(out, sizeof(out), "%1030s\xC3\xA4\x7F<meta charset=iso-2022-jp>" OUT, "");
	row.in.n = strlen(far);
	check(&row, 1);
	(void)snprintf(far, sizeof(far), "\xC3\xA4%1030s\xE4\033" IMG, "");
	(void)snprintf(out, sizeof(out), "\xC3\xA4%1030s\xE4\033" OUT, "");
	row.in.n = strlen(far);
	row.type_out = "text/html; charset=utf-8";
	check(&row, 1);
}

#define SRC(url) "<img src=\"" url "\">"

/* Hosts in bytes that the page's encoding makes a tracker's (URL Standard 3.5: what IDNA drops or maps). */
static void
test_hosts_beyond_ascii(void **state)
{
#define GONE(type, url) {"text/html; charset=" type, TC_STR_INIT(SRC(url)), NULL, SRC(GIF)}
#define STAYS(type, url) {"text/html; charset=" type, TC_STR_INIT(SRC(url)), NULL, SRC(url)}
	static const struct page_case rows[] = {
		GONE("windows-1252", "//t.exa\xADmple/p"),
		GONE("iso-8859-1", "http:\\\\t.ex\xAA" "mple\\p"),
		GONE("windows-1252", "//x\xE4.t.exa&shy;mpl\xAD" "e:80?p"),
		GONE("koi8-r", "//\xC1@t.example/p"),
		GONE("macintosh", "//t.ex\xBBmple/p"),
		GONE("utf-8", "//t.exa\xC2\xADmple/p"),
		STAYS("windows-1252", "//exa\xADmple/p"),
		STAYS("windows-1252", "//b\xFC" "cher.example/t.example"),
		STAYS("windows-1252", "/b\xFC" "cher/\xAD"),
		STAYS("iso-8859-5", "//\xD1\xD2.example/"),
		STAYS("x-user-defined", "//t.exa\xADmple/p"), /* a letter that no host has: no browser asks anyone */
		STAYS("utf-8", "//t.exa\xADmple/p"),
		/* several bytes for a letter: a full-width a; a lead byte that takes what seems to end the host */
		GONE("shift_jis", "//t.ex\x82\x81mple/p"),
		GONE("shift_jis", "//x\x95\\.t.example/p"),
		GONE("gbk", "//t\xA1\xA3" "example/p"),
		STAYS("shift_jis", "//example/\x95\\"),
		STAYS("gb18030", "\x95\\"),
	};
	/* nobody knows what browsers guess */
	static const struct page_case guessed[] = {
		{"text/html", TC_STR_INIT("\xE4" SRC("//t.ex\x82\x81mple/p")), NULL, "\xE4" SRC(GIF)},
		{"text/html", TC_STR_INIT("\xE4" SRC("//example/\xE4")), NULL, "\xE4" SRC("//example/\xE4")},
	};

	(void)state;
	CHECK(rows);
	CHECK(guessed);
}

/* A base in such bytes counts as what it is. */
static void
test_base_beyond_ascii(void **state)
{
	static const struct page_case rows[] = {
		{"text/html; charset=latin1", TC_STR_INIT("<base href=//t.exa\xADmple/><img src=p>"), NULL,
		    "<base href=\"\"><img src=p>"},
		{"text/html; charset=latin1", TC_STR_INIT("<base href=//b\xFC.example/><script src=//t.example/></script>"), NULL,
		    "<base href=//b\xFC.example/><script src=https://www.example.com" NOOP "></script>"},
	};

	(void)state;
	CHECK(rows);
}

/* What is converted waits in memory of the stream's own only while it is undecided. */
static void
test_idle(void **state)
{
	struct fake_call *f = fake_page("text/html; charset=utf-16");
	static char page[20000];
	struct tc_str in = {page, sizeof(page)};

	(void)state;
	for (size_t i = 0; i < sizeof(page); i += 2)
		page[i] = 'x';
	assert_int_equal(fake_respond(f), 0);
	f->call.res = &f->res;
	assert_int_equal(f->filter->body(&f->call, &in, false), 0);
	assert_int_equal(in.n, 0);
	assert_int_equal(f->out_n, 3 + sizeof(page) / 2);
	fake_free(&f);
}

/* ---- heads without bodies ---- */

static void
test_refused(void **state)
{
	struct fake_call *f = fake_page("text/html; charset=iso-2022-kr");

	(void)state;
	assert_int_equal(fake_respond(f), 502);
	assert_int_equal(f->bypassed[TC_BYPASS_CHARSET], 1);
	fake_free(&f);
}

static void
test_bodiless(void **state)
{
	struct fake_call *f = fake_page("text/html; charset=utf-16");

	(void)state;
	f->res.head_only = true;
	assert_int_equal(fake_respond(f), 0);
	assert_says(f, TC_F_CONTENT_TYPE, "text/html; charset=utf-8");
	fake_free(&f);

	f = fake_page("text/html");
	f->res.head_only = true;
	assert_int_equal(fake_respond(f), 0);
	assert_false(f->head_held);
	assert_says(f, TC_F_CONTENT_TYPE, "text/html");
	fake_free(&f);

	f = fake_page("text/html"); /* what is stored says more */
	f->res.head_only = true;
	f->res.status = 304;
	assert_int_equal(fake_respond(f), 0);
	assert_false(f->head_held);
	assert_says(f, TC_F_CONTENT_TYPE, NULL);
	fake_free(&f);
}

/* Nothing denied, a link to put in: what can be read is, the rest passes as it came. */
static void
test_nothing_denied(void **state)
{
	static const struct {
		const char *type, *in, *out;
	} rows[] = {
		{"text/html", "<body>\033$Bx\033(B</body>", "<body>\033$Bx\033(B"},
		{"text/html; charset=iso-2022-jp", "<body>\033$B$\"\033(B</body>", BOM "<body>\xE3\x81\x82"},
		{"text/html", "<meta charset=iso-2022-kr><body></body>", "<meta charset=iso-2022-kr><body></body>"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fake_call *f = fake_page(rows[i].type);

		f->decision.denied = 0;
		f->site.choices_link = TC_LINK_AUTO;
		assert_int_equal(fake_respond(f), 0);
		assert_int_equal(fake_feed_by(f, tc_str_from(rows[i].in), 1), 0);
		assert_true(tc_starts(fake_out(f), tc_str_from(rows[i].out)));
		assert_false(f->head_held);
		fake_free(&f);
	}
	struct fake_call *f = fake_page("text/html; charset=iso-2022-kr");

	f->decision.denied = 0;
	f->site.choices_link = TC_LINK_AUTO;
	assert_int_equal(fake_respond(f), 0);
	assert_false(f->want_body);
	fake_free(&f);
}

/* ---- sniffing ---- */

static void
check_sniff(const char *type, const char *in, const char *want, const char *want_type, const char *want_sniff)
{
	size_t n = strlen(in);

	for (size_t at = 0; at <= n; at += at > 64 ? 61 : 1) {
		struct fake_call *f = fake_page(type);

		assert_int_equal(fake_respond(f), 0);
		assert_true(f->want_body && f->head_held);
		assert_int_equal(fake_feed(f, tc_str_of(in, n), &at, 1), 0);
		if (!tc_eq(fake_out(f), tc_str_from(want)))
			fail_msg("%.40s cut at %zu: %.*s", in, at, (int)f->out_n, f->out);
		assert_false(f->head_held);
		assert_says(f, TC_F_CONTENT_TYPE, want_type);
		assert_says(f, TC_F_X_CONTENT_TYPE_OPTIONS, want_sniff);
		fake_free(&f);
	}
}

#define STRICT "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; webrtc 'block'"

static void
test_sniff(void **state)
{
	static const char *const html[] = {" <!doctype HTML>", "\n\f<HTML>", "<!--x-->", "<br>", "<body class=x>", "<p>",
	    "<article>", "<pre>", "<h1>"}; /* Chromium takes <article> for <a */
	static const char *const doubt[] = {"<h2>", "<meta charset=utf-8>", "<center>", "<svg/>", "<", "<!doctypehtml>"};
	static const char *const other[] = {"{\"a\":\"<html>\"}", "", " ", "x<html>", "%PDF-1.4", "\x0B<html>", BOM "<html>"};
	char in[2000], out[2000];

	(void)state;
	for (size_t i = 0; i < sizeof(html) / sizeof(*html); i++) {
		(void)snprintf(in, sizeof(in), "%s" IMG, html[i]);
		(void)snprintf(out, sizeof(out), "%s" OUT, html[i]);
		check_sniff(NULL, in, out, "text/html", "nosniff");
	}
	check_sniff("unknown/unknown", "<p>\xC3\xA4" IMG, "<p>\xC3\xA4" OUT, "text/html; charset=utf-8", "nosniff");
	check_sniff("application/unknown", "<p>", "<p>", "text/html", "nosniff");
	for (size_t i = 0; i < sizeof(doubt) / sizeof(*doubt); i++)
		check_sniff(NULL, doubt[i], doubt[i], NULL, "nosniff");
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		check_sniff(NULL, other[i], other[i], NULL, NULL);
	/* no further than browsers look */
	(void)snprintf(in, sizeof(in), "%1441s<p>" IMG, "");
	(void)snprintf(out, sizeof(out), "%1441s<p>" OUT, "");
	check_sniff(NULL, in, out, "text/html", "nosniff");
	(void)snprintf(in, sizeof(in), "%1445s<p>" IMG, "");
	check_sniff(NULL, in, in, NULL, NULL);
}

static void
test_sniffed_xml(void **state)
{
	struct fake_call *f = fake_page(NULL);

	(void)state;
	assert_int_equal(fake_respond(f), 0);
	assert_int_equal(fake_feed_by(f, TC_STR("<?xml version='1.0'?><html>" IMG), 1), 0);
	assert_true(tc_eq(fake_out(f), TC_STR("<?xml version='1.0'?><html>" IMG)));
	assert_says(f, TC_F_CONTENT_SECURITY_POLICY, STRICT);
	fake_free(&f);
}

/* No browser sniffs there, and nobody has asked for a page here. */
static void
test_not_sniffed(void **state)
{
	struct fake_call *f = fake_page(NULL);

	(void)state;
	tc_field_add(&f->res.fields, TC_F_X_CONTENT_TYPE_OPTIONS, TC_STR("NoSniff"));
	assert_int_equal(fake_respond(f), 0);
	assert_false(f->want_body);
	fake_free(&f);

	f = fake_page(NULL);
	f->req.dest = TC_DEST_IMAGE;
	assert_int_equal(fake_respond(f), 0);
	assert_false(f->want_body);
	fake_free(&f);
}

static void
test_error_pages_are_sniffed(void **state)
{
	struct fake_call *f = fake_page(NULL);

	(void)state;
	f->res.status = 404;
	assert_int_equal(fake_respond(f), 0);
	assert_true(f->want_body && f->head_held);
	fake_free(&f);
}

static void
test_parts(void **state)
{
	static const char *const types[] = {"text/html", NULL};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fake_call *f = fake_page(types[i]);

		f->res.status = 206;
		assert_int_equal(fake_respond(f), 502);
		assert_int_equal(f->bypassed[TC_BYPASS_PARTIAL], 1);
		fake_free(&f);
	}
	/* a download that goes on, by one who does not say what for */
	struct fake_call *f = fake_page(NULL);

	f->req.dest = TC_DEST_ABSENT;
	tc_field_add(&f->req.fields, TC_F_RANGE, TC_STR("bytes=5-"));
	f->res.status = 206;
	assert_int_equal(fake_respond(f), 0);
	assert_false(f->want_body);
	fake_free(&f);
}

/* ---- what is no HTML ---- */

static void
test_markup(void **state)
{
	static const char *const markup[] = {"application/xhtml+xml", "application/xml", "text/xml; charset=utf-8", "image/svg+xml",
	    "application/atom+xml", "text/xsl", "multipart/mixed; boundary=x", "multipart/related", "message/rfc822"};
	static const char *const other[] = {"text/plain", "application/json", "image/png", "application/pdf",
	    "application/octet-stream", "text/css", "text/htmlx", "video/mp4"};
	static const struct tc_str allow[] = {TC_STR_INIT("cdn.example"), TC_STR_INIT("x; script-src *")};

	(void)state;
	for (size_t i = 0; i < sizeof(markup) / sizeof(*markup); i++) {
		struct fake_call *f = fake_page(markup[i]);

		assert_int_equal(fake_respond(f), 0);
		assert_false(f->want_body);
		assert_says(f, TC_F_CONTENT_SECURITY_POLICY, STRICT);
		fake_free(&f);
		f = fake_page(markup[i]);
		f->decision.denied = 0;
		f->site.choices_link = TC_LINK_AUTO;
		assert_int_equal(fake_respond(f), 0);
		assert_says(f, TC_F_CONTENT_SECURITY_POLICY, NULL);
		fake_free(&f);
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++) {
		struct fake_call *f = fake_page(other[i]);

		assert_int_equal(fake_respond(f), 0);
		assert_false(f->want_body);
		assert_says(f, TC_F_CONTENT_SECURITY_POLICY, NULL);
		fake_free(&f);
	}
	struct fake_call *f = fake_page("image/svg+xml");

	f->site.allow = (struct tc_strs){allow, 2};
	f->route.allow = (struct tc_strs){allow, 1};
	assert_int_equal(fake_respond(f), 0);
	assert_says(f, TC_F_CONTENT_SECURITY_POLICY, "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: cdn.example "
	    "*.cdn.example cdn.example *.cdn.example; object-src 'none'; webrtc 'block'");
	fake_free(&f);
}

/* ---- fragments ---- */

static void
test_fragments(void **state)
{
	static const struct {
		enum tc_dest dest;
		bool shown;
	} rows[] = {{TC_DEST_DOCUMENT, true}, {TC_DEST_ABSENT, true}, {TC_DEST_EMPTY, false}, {TC_DEST_FRAME, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fake_call *f = fake_page("text/html; charset=utf-8");

		f->req.dest = rows[i].dest;
		f->site.choices_link = TC_LINK_AUTO;
		assert_int_equal(fake_respond(f), 0);
		assert_int_equal(fake_feed_by(f, TC_STR("<body><!-- tacet:choices -->" IMG "</body>"), 1), 0);
		assert_int_equal(tc_eq(fake_out(f), TC_STR("<body><!-- tacet:choices -->" OUT "</body>")), !rows[i].shown);
		fake_free(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_declared),
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_not_declared),
		cmocka_unit_test(test_hosts_beyond_ascii),
		cmocka_unit_test(test_base_beyond_ascii),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bodiless),
		cmocka_unit_test(test_nothing_denied),
		cmocka_unit_test(test_sniff),
		cmocka_unit_test(test_sniffed_xml),
		cmocka_unit_test(test_not_sniffed),
		cmocka_unit_test(test_error_pages_are_sniffed),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_markup),
		cmocka_unit_test(test_fragments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
