/*
 * test_url_resolve.c: URLs as browsers resolve them (URL Standard; html.md 2.4). Expected values follow the standard's
 * state machine and its own examples.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../filters/match/url.c"

#include "edge.h"

static char base_buf[URL_MAX + 64], buf[URL_MAX + 64];

/* raw, resolved against base ("" for none), its bytes ending at an unreadable page. */
static struct url
resolved(const char *base, struct tc_str raw)
{
	char *edge = edge_copy(raw.p, raw.n);
	struct url b, u;
	bool ok;

	memset(buf, 0x55, sizeof(buf));
	if (base[0] != '\0')
		assert_true(url_resolve(&b, tc_str_from(base), NULL, base_buf));
	ok = url_resolve(&u, tc_str_of(edge, raw.n), base[0] != '\0' ? &b : NULL, buf);
	assert_int_equal(ok, u.scheme != URL_UNKNOWN);
	edge_free(edge, raw.n);
	return u;
}

/* The text of u, "(none)", "(opaque)", "(data)" or "(unknown)". */
static const char *
text_of(const struct url *u)
{
	static char text[URL_MAX + 1];

	switch (u->scheme) {
	case URL_NONE:
		return "(none)";
	case URL_OPAQUE:
		return "(opaque)";
	case URL_DATA:
		return "(data)";
	case URL_UNKNOWN:
		return "(unknown)";
	default:
		memcpy(text, u->text.p, u->text.n);
		text[u->text.n] = '\0';
		return text;
	}
}

struct expected {
	const char *base, *raw, *text;
};

static void
check(const struct expected *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct url u = resolved(cases[i].base, tc_str_from(cases[i].raw));

		if (strcmp(text_of(&u), cases[i].text) != 0)
			fail_msg("\"%s\" on \"%s\": %s, not %s", cases[i].raw, cases[i].base, text_of(&u), cases[i].text);
	}
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof(*(cases)))

static const char base[] = "https://site.example/a/b/c?q#f";

static void
test_absolute(void **state)
{
	static const struct expected cases[] = {
		{"", "https://h.example", "https://h.example/"},
		{"", "HTTPS://H.Example/Path?Query", "https://h.example/Path?Query"},
		{"", "http://h.example:80/", "http://h.example/"},
		{"", "http://h.example:443/", "http://h.example:443/"},
		{"", "https://h.example:0443/x", "https://h.example/x"},
		{"", "https://h.example:/x", "https://h.example/x"},
		{"", "wss://h.example/s?x", "wss://h.example/s?x"},
		{"", "ws://h.example:80/s", "ws://h.example/s"},
		{"", "https://h.example?x", "https://h.example/?x"},
		{"", "https://h.example#x", "https://h.example/"},
		{"", "https://h.example/a?b?c#d?e", "https://h.example/a?b?c"},
		{"", "https://h.example./x", "https://h.example/x"},
		{"", "https://h.example/?", "https://h.example/?"},
	};

	(void)state;
	CHECK(cases);
}

static void
test_relative(void **state)
{
	static const struct expected cases[] = {
		{base, "x.js", "https://site.example/a/b/x.js"},
		{base, "/x.js", "https://site.example/x.js"},
		{base, "\\x.js", "https://site.example/x.js"},
		{base, "./x", "https://site.example/a/b/x"},
		{base, "../x", "https://site.example/a/x"},
		{base, "..", "https://site.example/a/"},
		{base, ".", "https://site.example/a/b/"},
		{base, "../../../../x", "https://site.example/x"},
		{base, "/a/./b/../c/", "https://site.example/a/c/"},
		{base, "/a/%2e%2E/x/%2e", "https://site.example/x/"},
		{base, "/a//../x", "https://site.example/a/x"},
		{base, "/.../x", "https://site.example/.../x"},
		{base, "?new", "https://site.example/a/b/c?new"},
		{base, "?", "https://site.example/a/b/c?"},
		{base, "x?y/../z", "https://site.example/a/b/x?y/../z"},
		{base, "#x", "(none)"},
		{base, "", "(none)"},
		{base, " \t ", "(none)"},
		{"http://site.example:8080/", "x", "http://site.example:8080/x"},
		{"http://site.example:8080/", "//o.example/x", "http://o.example/x"},
	};
	struct url u;

	(void)state;
	CHECK(cases);
	u = resolved("http://site.example:8080/p/", TC_STR("x?y"));
	assert_true(u.relative);
	assert_true(tc_eq(u.host, TC_STR("site.example")));
	assert_true(tc_eq(u.port, TC_STR("8080")));
	assert_true(tc_eq(u.path, TC_STR("/p/x")));
	assert_true(tc_eq(u.query, TC_STR("y")));
	u = resolved(base, TC_STR("//o.example/"));
	assert_false(u.relative);
	assert_null(u.query.p);
	assert_int_equal(u.port.n, 0);
}

/* Any number of slashes of either kind; "https:h" depends on the base. */
static void
test_slashes(void **state)
{
	static const struct expected cases[] = {
		{base, "//h.example", "https://h.example/"},
		{base, "\\\\h.example", "https://h.example/"},
		{base, "/\\h.example", "https://h.example/"},
		{base, "\\/h.example\\x", "https://h.example/x"},
		{base, "////h.example", "https://h.example/"},
		{base, "https:///h.example", "https://h.example/"},
		{base, "https:\\\\h.example", "https://h.example/"},
		{base, "https:/\\h.example", "https://h.example/"},
		{base, "https:h", "https://site.example/a/b/h"},
		{base, "https:/h", "https://site.example/h"},
		{base, "https:\\h", "https://site.example/h"},
		{base, "http:h.example", "http://h.example/"},
		{base, "http:/h.example/x", "http://h.example/x"},
		{"", "https:h.example", "https://h.example/"},
		{"", "https:/h.example", "https://h.example/"},
		{base, "https://h.example\\x\\..\\y?a\\b", "https://h.example/y?a\\b"},
	};

	(void)state;
	CHECK(cases);
}

static void
test_white_space(void **state)
{
	static const struct expected cases[] = {
		{base, " \n\t//h.example/x \r\n", "https://h.example/x"},
		{base, "ht\ntps:/\t/h.ex\rample/x", "https://h.example/x"},
		{base, "\x01\x1f//h.example/", "https://h.example/"},
		{base, "/a b", "https://site.example/a%20b"},
		{base, "/a\n#b\nc", "https://site.example/a"},
		{base, "java\nscript:x", "(opaque)"},
		{base, "//h .example/", "(unknown)"},
	};

	(void)state;
	CHECK(cases);
}

static void
test_authority(void **state)
{
	static const struct expected cases[] = {
		{base, "//user@h.example/", "https://h.example/"},
		{base, "//user:pa@ss@h.example:8/", "https://h.example:8/"},
		{base, "//good.example@evil.example/", "https://evil.example/"},
		{base, "//h.example/@x", "https://h.example/@x"},
		{base, "//h.example\\@evil.example", "https://h.example/@evil.example"},
		{base, "//h.example?@evil.example", "https://h.example/?@evil.example"},
		{base, "//", "(unknown)"},
		{base, "//@/", "(unknown)"},
		{base, "//:80/", "(unknown)"},
		{base, "//h.example:x/", "(unknown)"},
		{base, "//h.example:65536/", "(unknown)"},
		{base, "//h.example:65535/", "https://h.example:65535/"},
		{base, "//h.example:000000000080/", "https://h.example:80/"},
	};

	(void)state;
	CHECK(cases);
}

static void
test_hosts(void **state)
{
	static const struct expected cases[] = {
		{base, "//%67oogle.com/", "https://google.com/"},
		{base, "//goo%2egle.com/", "https://goo.gle.com/"},
		{base, "//%2fgoogle.com/", "(unknown)"},
		{base, "//a%25b.com/", "(unknown)"},
		{base, "//a%00b.com/", "(unknown)"},
		{base, "//a%zzb.com/", "(unknown)"},
		{base, "//\xef\xbd\x87\xef\xbd\x8f\xef\xbc\xaf.com/", "https://goo.com/"}, /* full width g, o, O */
		{base, "//google\xe3\x80\x82"
		    "com/",
		    "https://google.com/"}, /* U+3002 */
		{base, "//google\xef\xbc\x8e"
		    "com/",
		    "https://google.com/"}, /* U+FF0E */
		{base, "//google\xef\xbd\xa1"
		    "com/",
		    "https://google.com/"},                                           /* U+FF61 */
		{base, "//goo\xc2\xadgle.com/", "https://google.com/"},               /* soft hyphen */
		{base, "//goo\xe2\x80\x8bgle.com/", "https://google.com/"},           /* U+200B */
		{base, "//goo\xe2\x81\xa0gle.com/", "https://google.com/"},           /* U+2060 */
		{base, "//goo\xef\xbb\xbfgle.com/", "https://google.com/"},           /* U+FEFF */
		{base, "//goo\xe1\xa0\x8bgle.com/", "https://google.com/"},           /* U+180B */
		{base, "//goo\xef\xb8\x8fgle.com/", "https://google.com/"},           /* U+FE0F */
		{base, "//\xe2\x93\x96oogle.com/", "https://google.com/"},            /* circled g */
		{base, "//\xf0\x9d\x90\xa0oogle.com/", "https://google.com/"},        /* mathematical g */
		{base, "//\xf0\x9d\x9a\xa3\xf0\x9d\x9f\xbf.com/", "https://z9.com/"}, /* the last of each */
		{base, "//\xe2\x84\x8e\xe2\x82\x82.com/", "https://h2.com/"},         /* letterlike, subscript */
		{base, "//goo\xe3\x8e\x87le.com/", "https://googble.com/"},           /* GB in one letter */
		{base, "//o\xef\xac\x83\xe3\x8f\x84.com/", "https://offi" "cc.com/"},          /* ffi, cc */
		{base, "//\xe2\x84\x96\xe2\x84\xa2.com/", "https://notm.com/"},       /* numero, trade mark */
		{base, "//go\xf3\xa0\x84\x80ogle.com/", "https://google.com/"},       /* U+E0100 */
		{base, "//go\xf0\x9b\xb2\xa0ogle.com/", "https://google.com/"},       /* U+1BCA0 */
		{base, "//goo\xe2\x80\x8dgle.com/", "https://google.com/"},           /* joiner: older browsers drop it */
		{base, "//google\xef\xb9\xa3x.com/", "https://google-x.com/"},        /* small hyphen */
		{base, "//e\xcc\x81.example/", "https://xn--e-xbb.example/"},         /* combining mark: not composed */
		{base, "//\xda\x9c.t.example/", "https://xn--yjb.t.example/"},        /* in no table */
		{base, "//\xff.example/", "(unknown)"},                               /* no UTF-8 */
		{base, "//\xc0\xaf.example/", "(unknown)"},                           /* overlong */
		{base, "//\xc2\xad/", "(unknown)"},                                   /* nothing is left */
		{base, "//b\xc3\xbc"
		    "cher.example/",
		    "https://xn--bcher-kva.example/"},
		{base, "//B\xc3\x9c"
		    "CHER.example/",
		    "https://xn--bcher-kva.example/"},
		{base, "//b%C3%BCcher.example/", "https://xn--bcher-kva.example/"},
		{base, "//\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84/",
		    "https://xn--e1afmkfd.xn--p1ai/"},
		{base, "//\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e.jp/", "https://xn--wgv71a119e.jp/"},
		{base, "//xn--BCHER-kva.example/", "https://xn--bcher-kva.example/"},
		{base, "//a_b.example/", "https://a_b.example/"},
		{base, "//\xe2\x84\xaa.example/", "https://k.example/"}, /* Kelvin */
		{base, "//a..b/", "https://a..b/"},
		{base, "//a.b.%2e./", "https://a.b/"},
		{base, "//../", "(unknown)"},
	};

	(void)state;
	CHECK(cases);
}

static void
test_addresses(void **state)
{
	static const struct expected cases[] = {
		{base, "//127.0.0.1/", "https://127.0.0.1/"},
		{base, "//0x7f.1/", "https://127.0.0.1/"},
		{base, "//0X7F.0.0.1/", "https://127.0.0.1/"},
		{base, "//0177.0.0.01/", "https://127.0.0.1/"},
		{base, "//2130706433/", "https://127.0.0.1/"},
		{base, "//127.0.0.1./", "https://127.0.0.1/"},
		{base, "//1.2.256/", "https://1.2.1.0/"},
		{base, "//0x/", "https://0.0.0.0/"},
		{base, "//256.0.0.1/", "(unknown)"},
		{base, "//1.2.3.4.5/", "(unknown)"},
		{base, "//4294967296/", "(unknown)"},
		{base, "//1.2.3.08/", "(unknown)"},
		{base, "//a.0x7g/", "https://a.0x7g/"},
		{base, "//a.1/", "(unknown)"},
		{base, "//\xef\xbc\x91.1.1.1/", "https://1.1.1.1/"},
		{base, "//[::1]/x", "https://[::1]/x"},
		{base, "//[0:0::1]:80/", "https://[::1]:80/"},
		{base, "//[::1]:443/", "https://[::1]/"},
		{base, "//[::g]/", "(unknown)"},
		{base, "//[::1/", "(unknown)"},
		{base, "//[::1]x/", "(unknown)"},
		{base, "//[]/", "(unknown)"},
	};
	struct url u;

	(void)state;
	CHECK(cases);
	u = resolved(base, TC_STR("//[2001:DB8::1]:8443/x"));
	assert_true(tc_eq(u.host, TC_STR("2001:db8::1")));
	assert_true(tc_eq(u.port, TC_STR("8443")));
}

static void
test_schemes(void **state)
{
	static const struct expected cases[] = {
		{base, "data:text/html,x", "(data)"},
		{base, "DATA:,", "(data)"},
		{base, "blob:https://h.example/1", "(opaque)"},
		{base, "about:blank", "(opaque)"},
		{base, "javascript:alert(1)", "(opaque)"},
		{base, "mailto:a@b.example", "(opaque)"},
		{base, "localhost:8080/x", "(opaque)"},
		{base, "1x:/y", "https://site.example/a/b/1x:/y"},
		{base, ":x", "https://site.example/a/b/:x"},
		{"data:,x", "x.js", "(unknown)"},
		{"data:,x", "https://h.example/", "https://h.example/"},
		{"", "x.js", "(unknown)"},
		{"", "//h.example/", "(unknown)"},
	};

	(void)state;
	CHECK(cases);
}

static void
test_encoding(void **state)
{
	static const struct expected cases[] = {
		{base, "/\xc3\xa4?\xc3\xb6", "https://site.example/%C3%A4?%C3%B6"},
		{base, "/\"<>`{}^'?\"<>'`{}^", "https://site.example/%22%3C%3E%60%7B%7D%5E'?%22%3C%3E%27`{}^"},
		{base, "/%zz%41", "https://site.example/%zz%41"},
		{base, "/a|b", "https://site.example/a|b"},
	};

	(void)state;
	CHECK(cases);
}

/* Longer ones are cut; a host that may be cut is not known. */
static void
test_long(void **state)
{
	static char text[3 * URL_MAX];
	struct url u;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "//h.example/", 12);
	u = resolved(base, tc_str_of(text, sizeof(text)));
	assert_int_equal(u.scheme, URL_HTTPS);
	assert_int_equal(u.text.n, URL_MAX);
	assert_true(tc_eq(u.host, TC_STR("h.example")));
	memset(text + 2, ' ', sizeof(text) - 2);
	u = resolved(base, tc_str_of(text, sizeof(text)));
	assert_int_equal(u.scheme, URL_UNKNOWN); /* "//" */
	memset(text + 2, '\xff', sizeof(text) - 2);
	memcpy(text + 2, "h.example/", 10);
	u = resolved(base, tc_str_of(text, sizeof(text)));
	assert_int_equal(u.text.n, URL_MAX);

	/* User information so long that the host behind it is out of sight. */
	memset(text, 'a', sizeof(text));
	memcpy(text, "//", 2);
	memcpy(text + URL_MAX - 10, "@h.example", 10);
	memcpy(text + URL_MAX, ".evil.example/", 14);
	u = resolved(base, tc_str_of(text, sizeof(text)));
	assert_int_equal(u.scheme, URL_UNKNOWN);

	/* Hosts have 255 bytes at most. */
	memset(text, 'a', sizeof(text));
	memcpy(text, "//", 2);
	text[2 + 255] = '/';
	u = resolved(base, tc_str_of(text, 1000));
	assert_int_equal(u.host.n, 255);
	text[2 + 255] = 'a';
	text[2 + 256] = '/';
	u = resolved(base, tc_str_of(text, 1000));
	assert_int_equal(u.scheme, URL_UNKNOWN);
	for (int i = 0; i < 300; i += 2)
		memcpy(text + 2 + i, "\xc3\xbc", 2);
	u = resolved(base, tc_str_of(text, 304));
	assert_int_equal(u.scheme == URL_UNKNOWN || u.host.n <= 255, 1);
}

/* Every cut of a URL that uses all parts: slices stay within the text, and the text within the buffer. */
static void
test_cuts(void **state)
{
	static const char raw[] = "hTTps:\\\\us\ter:p@B\xc3\xbc%43her\xe3\x80\x82[x.example:0443/../a/./%2e%2e/\\b\xc3?q='#f";

	(void)state;
	for (size_t n = 0; n <= sizeof(raw) - 1; n++) {
		for (size_t from = 0; from <= n; from++) {
			struct url u = resolved(base, tc_str_of(raw + from, n - from));

			if (u.scheme < URL_HTTP || u.scheme > URL_WSS)
				continue;
			assert_ptr_equal(u.text.p, buf);
			assert_true(u.text.n <= URL_MAX);
			assert_true(u.host.p > buf && u.host.p + u.host.n <= buf + u.text.n);
			assert_true(u.path.p > u.host.p && u.path.p[0] == '/');
			assert_true(u.path.p + u.path.n <= buf + u.text.n);
			assert_true(u.query.p == NULL || u.query.p + u.query.n == buf + u.text.n);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_absolute),
		cmocka_unit_test(test_relative),
		cmocka_unit_test(test_slashes),
		cmocka_unit_test(test_white_space),
		cmocka_unit_test(test_authority),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_schemes),
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
