/* test_charset.c: labels, byte order marks, what a page says of itself, UTF-8 or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <iconv.h>

#include "../../filters/html/charset.c"
#include "../../filters/html/charset_single.c"

static void
assert_charset(const char *about, enum charset got, enum charset want)
{
	if (got != want)
		fail_msg("%s: %.*s, not %.*s", about, (int)charset_name(got).n, charset_name(got).p, (int)charset_name(want).n,
		    charset_name(want).p);
}

static void
test_labels(void **state)
{
	static const struct {
		const char *label;
		enum charset charset;
	} rows[] = {
		{"utf-8", CHARSET_UTF_8},
		{" UTF8\t\r\n\f", CHARSET_UTF_8},
		{"latin1", CHARSET_WINDOWS_1252},
		{"ISO-8859-1", CHARSET_WINDOWS_1252},
		{"ascii", CHARSET_WINDOWS_1252},
		{"utf-16", CHARSET_UTF_16LE},
		{"unicodefffe", CHARSET_UTF_16BE},
		{"csISO2022JP", CHARSET_ISO_2022_JP},
		{"hz-gb-2312", CHARSET_REPLACEMENT},
		{"iso-2022-cn-ext", CHARSET_REPLACEMENT},
		{"866", CHARSET_IBM866},
		{"x-x-big5", CHARSET_BIG5},
		{"windows-1259", CHARSET_NONE},
		{"iso-8859-12", CHARSET_NONE},
		{"utf-7", CHARSET_NONE},
		{"utf-32", CHARSET_NONE},
		{"utf-1", CHARSET_NONE},
		{"utf-8x", CHARSET_NONE},
		{"utf- 8", CHARSET_NONE},
		{"'utf-8'", CHARSET_NONE},
		{"\xFF", CHARSET_NONE},
		{"", CHARSET_NONE},
		{" ", CHARSET_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_charset(rows[i].label, charset_of(tc_str_from(rows[i].label)), rows[i].charset);
	assert_int_equal(sizeof(labels) / sizeof(*labels), 228); /* that many has the standard */
	for (size_t i = 1; i < sizeof(labels) / sizeof(*labels); i++)
		assert_true(compare(&labels[i - 1].text, &labels[i]) < 0);
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		assert_int_equal(charset_of(labels[i].text), labels[i].charset);
	for (int c = CHARSET_NONE + 1; c < CHARSET_COUNT; c++) {
		assert_int_equal(charset_of(charset_name((enum charset)c)), c);
		assert_int_equal(charset_is_plain((enum charset)c), c != CHARSET_UTF_16LE && c != CHARSET_UTF_16BE && c != CHARSET_ISO_2022_JP && c != CHARSET_REPLACEMENT);
	}
}

static void
check_bom(struct tc_str in, bool last, bool known, enum charset want, size_t want_n)
{
	enum charset c;
	size_t n;

	assert_int_equal(charset_bom(in, last, &c, &n), known);
	assert_charset("mark", c, want);
	assert_int_equal(n, want_n);
}

static void
test_bom(void **state)
{
	(void)state;
	check_bom(TC_STR("\xEF\xBB\xBFx"), false, true, CHARSET_UTF_8, 3);
	check_bom(TC_STR("\xFF\xFEx"), false, true, CHARSET_UTF_16LE, 2);
	check_bom(TC_STR("\xFE\xFF"), false, true, CHARSET_UTF_16BE, 2);
	check_bom(TC_STR("\xFE"), false, false, CHARSET_NONE, 0);
	check_bom(TC_STR("\xEF\xBB"), false, false, CHARSET_NONE, 0);
	check_bom(TC_STR("\xEF\xBB"), true, true, CHARSET_NONE, 0);
	check_bom(TC_STR("\xEF\xBBx"), false, true, CHARSET_NONE, 0);
	check_bom(TC_STR("<"), false, true, CHARSET_NONE, 0);
	check_bom(TC_STR(""), false, false, CHARSET_NONE, 0);
	check_bom(TC_STR(""), true, true, CHARSET_NONE, 0);
}

/* The standard's own steps, where readers part. */
static void
test_prescan(void **state)
{
	static const struct {
		const char *in;
		enum charset charset;
	} rows[] = {
		{"<meta charset=koi8-r>", CHARSET_KOI8_R},
		{"<META/CHARSET = 'koi8-r' />", CHARSET_KOI8_R},
		{"<meta\tx=y charset=\"koi8-r\">", CHARSET_KOI8_R},
		{"<meta charset=utf-16>", CHARSET_UTF_8},
		{"<meta charset=utf-16be>", CHARSET_UTF_8},
		{"<meta charset=x-user-defined>", CHARSET_WINDOWS_1252},
		{"<meta charset=iso-2022-jp>", CHARSET_ISO_2022_JP},
		{"<meta charset=iso-2022-kr>", CHARSET_REPLACEMENT},
		{"<meta charset=foo><meta charset=koi8-r>", CHARSET_KOI8_R},
		{"<meta charset=foo charset=koi8-r>", CHARSET_NONE},
		{"<meta charset=koi8-r", CHARSET_NONE},
		{"<metacharset=koi8-r>", CHARSET_NONE},
		{"<meta content='text/html; charset=koi8-r'>", CHARSET_NONE},
		{"<meta http-equiv=content-type content='text/html; charset=koi8-r'>", CHARSET_KOI8_R},
		{"<meta content='x charsetx charset = \"koi8-r\" y' http-equiv=Content-Type>", CHARSET_KOI8_R},
		{"<meta content='charset=\"koi8-r' http-equiv=content-type>", CHARSET_NONE},
		{"<meta content='charset=koi8-r' charset=big5 http-equiv=content-type>", CHARSET_BIG5},
		{"<meta http-equiv=refresh content='charset=koi8-r'>", CHARSET_NONE},
		{"<meta http-equiv=content-type content=charset=utf-16>", CHARSET_UTF_8},
		{"<!--<meta charset=koi8-r>--><meta charset=big5>", CHARSET_BIG5},
		{"<!--><meta charset=koi8-r>", CHARSET_KOI8_R},
		{"<!--<meta charset=koi8-r>", CHARSET_NONE},
		{"<!x '><meta charset=koi8-r>", CHARSET_KOI8_R},
		{"</x y='<meta charset=big5>'><meta charset=koi8-r>", CHARSET_KOI8_R},
		{"</ <meta charset=big5><meta charset=koi8-r>", CHARSET_KOI8_R},
		{"<a title='<meta charset=big5>'><meta charset=koi8-r>", CHARSET_KOI8_R},
		{"<script>'<meta charset=big5>'</script>", CHARSET_BIG5},
		{"</meta charset=koi8-r>", CHARSET_NONE},
		{"<<meta charset=koi8-r>", CHARSET_KOI8_R},
		{"<meta charset=&#107;oi8-r>", CHARSET_NONE},
		{"<?xml version='1.0' encoding='koi8-r'?>", CHARSET_KOI8_R},
		{"<?xml encoding = \"iso-2022-jp\">", CHARSET_ISO_2022_JP},
		{"<?xml version='1.0' encoding='koi8-r'?><meta charset=big5>", CHARSET_BIG5},
		{"<?xml version='1.0' encoding='utf-16'?>", CHARSET_UTF_8},
		{"<?xml encoding='koi8 -r'?>", CHARSET_NONE},
		{"<?xml encoding=koi8-r?>", CHARSET_NONE},
		{"<?xml encoding='koi8-r?>", CHARSET_NONE},
		{"<?xml encoding='koi8-r'", CHARSET_NONE},
		{"<?xml encoding>", CHARSET_NONE},
		{"<?xml", CHARSET_NONE},
		{" <?xml encoding='koi8-r'?>", CHARSET_NONE},
		{"<?XML encoding='koi8-r'?>", CHARSET_NONE},
		{"<", CHARSET_NONE},
		{"", CHARSET_NONE},
	};
	char far[1100];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_charset(rows[i].in, charset_prescan(tc_str_from(rows[i].in)), rows[i].charset);
	assert_charset("xml", charset_prescan(TC_STR("<\0?\0x\0m\0")), CHARSET_UTF_16LE);
	assert_charset("xml", charset_prescan(TC_STR("\0<\0?\0x\0m")), CHARSET_UTF_16BE);
	assert_charset("xml", charset_prescan(TC_STR("<\0?\0x")), CHARSET_NONE);
	(void)snprintf(far, sizeof(far), "%1003s<meta charset=koi8-r>", ""); /* its last byte is the 1,024th */
	assert_charset("1024", charset_prescan(tc_str_from(far)), CHARSET_KOI8_R);
	(void)snprintf(far, sizeof(far), "%1004s<meta charset=koi8-r>", "");
	assert_charset("1025", charset_prescan(tc_str_from(far)), CHARSET_NONE);
}

static void
test_utf8(void **state)
{
	static const char *const yes[] = {"\xC3\xA4", "a\xE3\x81\x82z", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF",
	    "\xC3", "\xE3\x81", "\xF0\x9F\x98"};
	static const char *const no[] = {"", "abc", "\x1B(B", "\xE4x", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
	    "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\x80", "\xC3\xA4\xFF", "\xC3\xC3"};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		assert_true(charset_is_utf8(tc_str_from(yes[i])));
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		assert_false(charset_is_utf8(tc_str_from(no[i])));
}

/* ---- letters of one byte ---- */

static void
test_single(void **state)
{
	static const struct {
		enum charset charset;
		const char *in, *out;
	} rows[] = {
		{CHARSET_WINDOWS_1252, "//t.exa\xADmple/\xE4\x80", "//t.exa\xC2\xADmple/\xC3\xA4\xE2\x82\xAC"},
		/* UTF-8, as references come, stays */
		{CHARSET_WINDOWS_1252, "\xC2\xAD\xAD\xE2\x80\x8B", "\xC2\xAD\xC2\xAD\xE2\x80\x8B"},
		/* but not what could be an ASCII host: numero and soft hyphens; fi and trade mark */
		{CHARSET_ISO_8859_5, "\xF0\xAD\xAD\xAD", "\xE2\x84\x96\xC2\xAD\xC2\xAD\xC2\xAD"},
		{CHARSET_MACINTOSH, "\xDE\xAA", "\xEF\xAC\x81\xE2\x84\xA2"},
		{CHARSET_ISO_8859_6, "\x80\xC7", "\xEF\xBF\xBD\xD8\xA7"},
		{CHARSET_X_USER_DEFINED, "a\xFF", "a\xEF\x9F\xBF"},
		{CHARSET_KOI8_U, "\xE2", "\xD0\x91"},
	};
	char out[64];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_true(charset_to_utf8(rows[i].charset, tc_str_from(rows[i].in), out, &n));
		if (!tc_eq(tc_str_of(out, n), tc_str_from(rows[i].out)))
			fail_msg("%.*s, row %zu", (int)charset_name(rows[i].charset).n, charset_name(rows[i].charset).p, i);
	}
	for (int c = CHARSET_NONE; c < CHARSET_COUNT; c++)
		assert_int_equal(charset_to_utf8((enum charset)c, TC_STR("\xAD"), out, &n),
		    (c >= CHARSET_IBM866 && c <= CHARSET_X_MAC_CYRILLIC) || c == CHARSET_X_USER_DEFINED);
}

/* Each letter as the C library has it, where it has it. */
static void
test_single_letters(void **state)
{
	size_t same = 0, differ = 0;

	(void)state;
	for (int c = CHARSET_IBM866; c <= CHARSET_X_MAC_CYRILLIC; c++) {
		struct tc_str name = c == CHARSET_ISO_8859_8_I ? TC_STR("iso-8859-8")
		    : c == CHARSET_X_MAC_CYRILLIC              ? TC_STR("mac-uk")
							       : charset_name((enum charset)c);
		iconv_t from = iconv_open("UTF-16LE", name.p);

		if (from == (iconv_t)-1) {
			print_message("skipped: iconv has no %s\n", name.p);
			continue;
		}
		for (int b = 0x80; b < 0x100; b++) {
			char in[1] = {(char)b}, out[4] = {0}, *p = in, *q = out;
			size_t n = 1, room = sizeof(out);
			uint32_t want, got = letter((enum charset)c, (uint8_t)b);

			(void)iconv(from, NULL, NULL, NULL, NULL);
			if (iconv(from, &p, &n, &q, &room) == (size_t)-1)
				continue;
			want = (uint32_t)((unsigned char)out[0] | (unsigned char)out[1] << 8);
			same += got == want;
			if (got != want && got != 0xFFFD && want != 0) /* 0: it waits for a mark to go with it */
				differ++;
		}
		(void)iconv_close(from);
	}
	assert_true(same > 2500);
	assert_in_range(differ, 0, 8); /* the euro sign, and what vendors disagree about */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_bom),
		cmocka_unit_test(test_prescan),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_single_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
