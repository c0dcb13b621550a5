/* charset.c: charset.h */
#include "charset.h"

#include <stdlib.h>

#include "tokenizer.h"

static struct tc_str
trim_space(struct tc_str s)
{
	while (s.n > 0 && memchr(" \t\n\f\r", s.p[0], 5) != NULL)
		tc_skip(&s, 1);
	while (s.n > 0 && memchr(" \t\n\f\r", s.p[s.n - 1], 5) != NULL)
		s.n--;
	return s;
}

struct label {
	struct tc_str text;
	enum charset charset;
};

/* All labels of the Encoding Standard, sorted. */
static const struct label labels[] = {
	{TC_STR_INIT("866"), CHARSET_IBM866},
	{TC_STR_INIT("ansi_x3.4-1968"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("arabic"), CHARSET_ISO_8859_6},
	{TC_STR_INIT("ascii"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("asmo-708"), CHARSET_ISO_8859_6},
	{TC_STR_INIT("big5"), CHARSET_BIG5},
	{TC_STR_INIT("big5-hkscs"), CHARSET_BIG5},
	{TC_STR_INIT("chinese"), CHARSET_GBK},
	{TC_STR_INIT("cn-big5"), CHARSET_BIG5},
	{TC_STR_INIT("cp1250"), CHARSET_WINDOWS_1250},
	{TC_STR_INIT("cp1251"), CHARSET_WINDOWS_1251},
	{TC_STR_INIT("cp1252"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("cp1253"), CHARSET_WINDOWS_1253},
	{TC_STR_INIT("cp1254"), CHARSET_WINDOWS_1254},
	{TC_STR_INIT("cp1255"), CHARSET_WINDOWS_1255},
	{TC_STR_INIT("cp1256"), CHARSET_WINDOWS_1256},
	{TC_STR_INIT("cp1257"), CHARSET_WINDOWS_1257},
	{TC_STR_INIT("cp1258"), CHARSET_WINDOWS_1258},
	{TC_STR_INIT("cp819"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("cp866"), CHARSET_IBM866},
	{TC_STR_INIT("csbig5"), CHARSET_BIG5},
	{TC_STR_INIT("cseuckr"), CHARSET_EUC_KR},
	{TC_STR_INIT("cseucpkdfmtjapanese"), CHARSET_EUC_JP},
	{TC_STR_INIT("csgb2312"), CHARSET_GBK},
	{TC_STR_INIT("csibm866"), CHARSET_IBM866},
	{TC_STR_INIT("csiso2022jp"), CHARSET_ISO_2022_JP},
	{TC_STR_INIT("csiso2022kr"), CHARSET_REPLACEMENT},
	{TC_STR_INIT("csiso58gb231280"), CHARSET_GBK},
	{TC_STR_INIT("csiso88596e"), CHARSET_ISO_8859_6},
	{TC_STR_INIT("csiso88596i"), CHARSET_ISO_8859_6},
	{TC_STR_INIT("csiso88598e"), CHARSET_ISO_8859_8},
	{TC_STR_INIT("csiso88598i"), CHARSET_ISO_8859_8_I},
	{TC_STR_INIT("csisolatin1"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("csisolatin2"), CHARSET_ISO_8859_2},
	{TC_STR_INIT("csisolatin3"), CHARSET_ISO_8859_3},
	{TC_STR_INIT("csisolatin4"), CHARSET_ISO_8859_4},
	{TC_STR_INIT("csisolatin5"), CHARSET_WINDOWS_1254},
	{TC_STR_INIT("csisolatin6"), CHARSET_ISO_8859_10},
	{TC_STR_INIT("csisolatin9"), CHARSET_ISO_8859_15},
	{TC_STR_INIT("csisolatinarabic"), CHARSET_ISO_8859_6},
	{TC_STR_INIT("csisolatincyrillic"), CHARSET_ISO_8859_5},
	{TC_STR_INIT("csisolatingreek"), CHARSET_ISO_8859_7},
	{TC_STR_INIT("csisolatinhebrew"), CHARSET_ISO_8859_8},
	{TC_STR_INIT("cskoi8r"), CHARSET_KOI8_R},
	{TC_STR_INIT("csksc56011987"), CHARSET_EUC_KR},
	{TC_STR_INIT("csmacintosh"), CHARSET_MACINTOSH},
	{TC_STR_INIT("csshiftjis"), CHARSET_SHIFT_JIS},
	{TC_STR_INIT("csunicode"), CHARSET_UTF_16LE},
	{TC_STR_INIT("cyrillic"), CHARSET_ISO_8859_5},
	{TC_STR_INIT("dos-874"), CHARSET_WINDOWS_874},
	{TC_STR_INIT("ecma-114"), CHARSET_ISO_8859_6},
	{TC_STR_INIT("ecma-118"), CHARSET_ISO_8859_7},
	{TC_STR_INIT("elot_928"), CHARSET_ISO_8859_7},
	{TC_STR_INIT("euc-jp"), CHARSET_EUC_JP},
	{TC_STR_INIT("euc-kr"), CHARSET_EUC_KR},
	{TC_STR_INIT("gb18030"), CHARSET_GB18030},
	{TC_STR_INIT("gb2312"), CHARSET_GBK},
	{TC_STR_INIT("gb_2312"), CHARSET_GBK},
	{TC_STR_INIT("gb_2312-80"), CHARSET_GBK},
	{TC_STR_INIT("gbk"), CHARSET_GBK},
	{TC_STR_INIT("greek"), CHARSET_ISO_8859_7},
	{TC_STR_INIT("greek8"), CHARSET_ISO_8859_7},
	{TC_STR_INIT("hebrew"), CHARSET_ISO_8859_8},
	{TC_STR_INIT("hz-gb-2312"), CHARSET_REPLACEMENT},
	{TC_STR_INIT("ibm819"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("ibm866"), CHARSET_IBM866},
	{TC_STR_INIT("iso-10646-ucs-2"), CHARSET_UTF_16LE},
	{TC_STR_INIT("iso-2022-cn"), CHARSET_REPLACEMENT},
	{TC_STR_INIT("iso-2022-cn-ext"), CHARSET_REPLACEMENT},
	{TC_STR_INIT("iso-2022-jp"), CHARSET_ISO_2022_JP},
	{TC_STR_INIT("iso-2022-kr"), CHARSET_REPLACEMENT},
	{TC_STR_INIT("iso-8859-1"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("iso-8859-10"), CHARSET_ISO_8859_10},
	{TC_STR_INIT("iso-8859-11"), CHARSET_WINDOWS_874},
	{TC_STR_INIT("iso-8859-13"), CHARSET_ISO_8859_13},
	{TC_STR_INIT("iso-8859-14"), CHARSET_ISO_8859_14},
	{TC_STR_INIT("iso-8859-15"), CHARSET_ISO_8859_15},
	{TC_STR_INIT("iso-8859-16"), CHARSET_ISO_8859_16},
	{TC_STR_INIT("iso-8859-2"), CHARSET_ISO_8859_2},
	{TC_STR_INIT("iso-8859-3"), CHARSET_ISO_8859_3},
	{TC_STR_INIT("iso-8859-4"), CHARSET_ISO_8859_4},
	{TC_STR_INIT("iso-8859-5"), CHARSET_ISO_8859_5},
	{TC_STR_INIT("iso-8859-6"), CHARSET_ISO_8859_6},
	{TC_STR_INIT("iso-8859-6-e"), CHARSET_ISO_8859_6},
	{TC_STR_INIT("iso-8859-6-i"), CHARSET_ISO_8859_6},
	{TC_STR_INIT("iso-8859-7"), CHARSET_ISO_8859_7},
	{TC_STR_INIT("iso-8859-8"), CHARSET_ISO_8859_8},
	{TC_STR_INIT("iso-8859-8-e"), CHARSET_ISO_8859_8},
	{TC_STR_INIT("iso-8859-8-i"), CHARSET_ISO_8859_8_I},
	{TC_STR_INIT("iso-8859-9"), CHARSET_WINDOWS_1254},
	{TC_STR_INIT("iso-ir-100"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("iso-ir-101"), CHARSET_ISO_8859_2},
	{TC_STR_INIT("iso-ir-109"), CHARSET_ISO_8859_3},
	{TC_STR_INIT("iso-ir-110"), CHARSET_ISO_8859_4},
	{TC_STR_INIT("iso-ir-126"), CHARSET_ISO_8859_7},
	{TC_STR_INIT("iso-ir-127"), CHARSET_ISO_8859_6},
	{TC_STR_INIT("iso-ir-138"), CHARSET_ISO_8859_8},
	{TC_STR_INIT("iso-ir-144"), CHARSET_ISO_8859_5},
	{TC_STR_INIT("iso-ir-148"), CHARSET_WINDOWS_1254},
	{TC_STR_INIT("iso-ir-149"), CHARSET_EUC_KR},
	{TC_STR_INIT("iso-ir-157"), CHARSET_ISO_8859_10},
	{TC_STR_INIT("iso-ir-58"), CHARSET_GBK},
	{TC_STR_INIT("iso8859-1"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("iso8859-10"), CHARSET_ISO_8859_10},
	{TC_STR_INIT("iso8859-11"), CHARSET_WINDOWS_874},
	{TC_STR_INIT("iso8859-13"), CHARSET_ISO_8859_13},
	{TC_STR_INIT("iso8859-14"), CHARSET_ISO_8859_14},
	{TC_STR_INIT("iso8859-15"), CHARSET_ISO_8859_15},
	{TC_STR_INIT("iso8859-2"), CHARSET_ISO_8859_2},
	{TC_STR_INIT("iso8859-3"), CHARSET_ISO_8859_3},
	{TC_STR_INIT("iso8859-4"), CHARSET_ISO_8859_4},
	{TC_STR_INIT("iso8859-5"), CHARSET_ISO_8859_5},
	{TC_STR_INIT("iso8859-6"), CHARSET_ISO_8859_6},
	{TC_STR_INIT("iso8859-7"), CHARSET_ISO_8859_7},
	{TC_STR_INIT("iso8859-8"), CHARSET_ISO_8859_8},
	{TC_STR_INIT("iso8859-9"), CHARSET_WINDOWS_1254},
	{TC_STR_INIT("iso88591"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("iso885910"), CHARSET_ISO_8859_10},
	{TC_STR_INIT("iso885911"), CHARSET_WINDOWS_874},
	{TC_STR_INIT("iso885913"), CHARSET_ISO_8859_13},
	{TC_STR_INIT("iso885914"), CHARSET_ISO_8859_14},
	{TC_STR_INIT("iso885915"), CHARSET_ISO_8859_15},
	{TC_STR_INIT("iso88592"), CHARSET_ISO_8859_2},
	{TC_STR_INIT("iso88593"), CHARSET_ISO_8859_3},
	{TC_STR_INIT("iso88594"), CHARSET_ISO_8859_4},
	{TC_STR_INIT("iso88595"), CHARSET_ISO_8859_5},
	{TC_STR_INIT("iso88596"), CHARSET_ISO_8859_6},
	{TC_STR_INIT("iso88597"), CHARSET_ISO_8859_7},
	{TC_STR_INIT("iso88598"), CHARSET_ISO_8859_8},
	{TC_STR_INIT("iso88599"), CHARSET_WINDOWS_1254},
	{TC_STR_INIT("iso_8859-1"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("iso_8859-15"), CHARSET_ISO_8859_15},
	{TC_STR_INIT("iso_8859-1:1987"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("iso_8859-2"), CHARSET_ISO_8859_2},
	{TC_STR_INIT("iso_8859-2:1987"), CHARSET_ISO_8859_2},
	{TC_STR_INIT("iso_8859-3"), CHARSET_ISO_8859_3},
	{TC_STR_INIT("iso_8859-3:1988"), CHARSET_ISO_8859_3},
	{TC_STR_INIT("iso_8859-4"), CHARSET_ISO_8859_4},
	{TC_STR_INIT("iso_8859-4:1988"), CHARSET_ISO_8859_4},
	{TC_STR_INIT("iso_8859-5"), CHARSET_ISO_8859_5},
	{TC_STR_INIT("iso_8859-5:1988"), CHARSET_ISO_8859_5},
	{TC_STR_INIT("iso_8859-6"), CHARSET_ISO_8859_6},
	{TC_STR_INIT("iso_8859-6:1987"), CHARSET_ISO_8859_6},
	{TC_STR_INIT("iso_8859-7"), CHARSET_ISO_8859_7},
	{TC_STR_INIT("iso_8859-7:1987"), CHARSET_ISO_8859_7},
	{TC_STR_INIT("iso_8859-8"), CHARSET_ISO_8859_8},
	{TC_STR_INIT("iso_8859-8:1988"), CHARSET_ISO_8859_8},
	{TC_STR_INIT("iso_8859-9"), CHARSET_WINDOWS_1254},
	{TC_STR_INIT("iso_8859-9:1989"), CHARSET_WINDOWS_1254},
	{TC_STR_INIT("koi"), CHARSET_KOI8_R},
	{TC_STR_INIT("koi8"), CHARSET_KOI8_R},
	{TC_STR_INIT("koi8-r"), CHARSET_KOI8_R},
	{TC_STR_INIT("koi8-ru"), CHARSET_KOI8_U},
	{TC_STR_INIT("koi8-u"), CHARSET_KOI8_U},
	{TC_STR_INIT("koi8_r"), CHARSET_KOI8_R},
	{TC_STR_INIT("korean"), CHARSET_EUC_KR},
	{TC_STR_INIT("ks_c_5601-1987"), CHARSET_EUC_KR},
	{TC_STR_INIT("ks_c_5601-1989"), CHARSET_EUC_KR},
	{TC_STR_INIT("ksc5601"), CHARSET_EUC_KR},
	{TC_STR_INIT("ksc_5601"), CHARSET_EUC_KR},
	{TC_STR_INIT("l1"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("l2"), CHARSET_ISO_8859_2},
	{TC_STR_INIT("l3"), CHARSET_ISO_8859_3},
	{TC_STR_INIT("l4"), CHARSET_ISO_8859_4},
	{TC_STR_INIT("l5"), CHARSET_WINDOWS_1254},
	{TC_STR_INIT("l6"), CHARSET_ISO_8859_10},
	{TC_STR_INIT("l9"), CHARSET_ISO_8859_15},
	{TC_STR_INIT("latin1"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("latin2"), CHARSET_ISO_8859_2},
	{TC_STR_INIT("latin3"), CHARSET_ISO_8859_3},
	{TC_STR_INIT("latin4"), CHARSET_ISO_8859_4},
	{TC_STR_INIT("latin5"), CHARSET_WINDOWS_1254},
	{TC_STR_INIT("latin6"), CHARSET_ISO_8859_10},
	{TC_STR_INIT("logical"), CHARSET_ISO_8859_8_I},
	{TC_STR_INIT("mac"), CHARSET_MACINTOSH},
	{TC_STR_INIT("macintosh"), CHARSET_MACINTOSH},
	{TC_STR_INIT("ms932"), CHARSET_SHIFT_JIS},
	{TC_STR_INIT("ms_kanji"), CHARSET_SHIFT_JIS},
	{TC_STR_INIT("replacement"), CHARSET_REPLACEMENT},
	{TC_STR_INIT("shift-jis"), CHARSET_SHIFT_JIS},
	{TC_STR_INIT("shift_jis"), CHARSET_SHIFT_JIS},
	{TC_STR_INIT("sjis"), CHARSET_SHIFT_JIS},
	{TC_STR_INIT("sun_eu_greek"), CHARSET_ISO_8859_7},
	{TC_STR_INIT("tis-620"), CHARSET_WINDOWS_874},
	{TC_STR_INIT("ucs-2"), CHARSET_UTF_16LE},
	{TC_STR_INIT("unicode"), CHARSET_UTF_16LE},
	{TC_STR_INIT("unicode-1-1-utf-8"), CHARSET_UTF_8},
	{TC_STR_INIT("unicode11utf8"), CHARSET_UTF_8},
	{TC_STR_INIT("unicode20utf8"), CHARSET_UTF_8},
	{TC_STR_INIT("unicodefeff"), CHARSET_UTF_16LE},
	{TC_STR_INIT("unicodefffe"), CHARSET_UTF_16BE},
	{TC_STR_INIT("us-ascii"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("utf-16"), CHARSET_UTF_16LE},
	{TC_STR_INIT("utf-16be"), CHARSET_UTF_16BE},
	{TC_STR_INIT("utf-16le"), CHARSET_UTF_16LE},
	{TC_STR_INIT("utf-8"), CHARSET_UTF_8},
	{TC_STR_INIT("utf8"), CHARSET_UTF_8},
	{TC_STR_INIT("visual"), CHARSET_ISO_8859_8},
	{TC_STR_INIT("windows-1250"), CHARSET_WINDOWS_1250},
	{TC_STR_INIT("windows-1251"), CHARSET_WINDOWS_1251},
	{TC_STR_INIT("windows-1252"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("windows-1253"), CHARSET_WINDOWS_1253},
	{TC_STR_INIT("windows-1254"), CHARSET_WINDOWS_1254},
	{TC_STR_INIT("windows-1255"), CHARSET_WINDOWS_1255},
	{TC_STR_INIT("windows-1256"), CHARSET_WINDOWS_1256},
	{TC_STR_INIT("windows-1257"), CHARSET_WINDOWS_1257},
	{TC_STR_INIT("windows-1258"), CHARSET_WINDOWS_1258},
	{TC_STR_INIT("windows-31j"), CHARSET_SHIFT_JIS},
	{TC_STR_INIT("windows-874"), CHARSET_WINDOWS_874},
	{TC_STR_INIT("windows-949"), CHARSET_EUC_KR},
	{TC_STR_INIT("x-cp1250"), CHARSET_WINDOWS_1250},
	{TC_STR_INIT("x-cp1251"), CHARSET_WINDOWS_1251},
	{TC_STR_INIT("x-cp1252"), CHARSET_WINDOWS_1252},
	{TC_STR_INIT("x-cp1253"), CHARSET_WINDOWS_1253},
	{TC_STR_INIT("x-cp1254"), CHARSET_WINDOWS_1254},
	{TC_STR_INIT("x-cp1255"), CHARSET_WINDOWS_1255},
	{TC_STR_INIT("x-cp1256"), CHARSET_WINDOWS_1256},
	{TC_STR_INIT("x-cp1257"), CHARSET_WINDOWS_1257},
	{TC_STR_INIT("x-cp1258"), CHARSET_WINDOWS_1258},
	{TC_STR_INIT("x-euc-jp"), CHARSET_EUC_JP},
	{TC_STR_INIT("x-gbk"), CHARSET_GBK},
	{TC_STR_INIT("x-mac-cyrillic"), CHARSET_X_MAC_CYRILLIC},
	{TC_STR_INIT("x-mac-roman"), CHARSET_MACINTOSH},
	{TC_STR_INIT("x-mac-ukrainian"), CHARSET_X_MAC_CYRILLIC},
	{TC_STR_INIT("x-sjis"), CHARSET_SHIFT_JIS},
	{TC_STR_INIT("x-unicode20utf8"), CHARSET_UTF_8},
	{TC_STR_INIT("x-user-defined"), CHARSET_X_USER_DEFINED},
	{TC_STR_INIT("x-x-big5"), CHARSET_BIG5},
};

static int
compare(const void *key, const void *row)
{
	const struct tc_str *a = key, *b = &((const struct label *)row)->text;
	size_t n = a->n < b->n ? a->n : b->n;

	for (size_t i = 0; i < n; i++) {
		int d = (unsigned char)tc_lower(a->p[i]) - (unsigned char)b->p[i];

		if (d != 0)
			return d;
	}
	return (a->n > b->n) - (a->n < b->n);
}

enum charset
charset_of(struct tc_str label)
{
	const struct label *found;

	label = trim_space(label);
	if (label.n == 0)
		return CHARSET_NONE;
	found = bsearch(&label, labels, sizeof(labels) / sizeof(*labels), sizeof(*labels), compare);
	return found != NULL ? found->charset : CHARSET_NONE;
}

struct tc_str
charset_name(enum charset c)
{
	static const struct tc_str names[CHARSET_COUNT] = {
		[CHARSET_NONE] = TC_STR_INIT(""),
#define X(e, name) [CHARSET_##e] = TC_STR_INIT(name),
		CHARSETS(X)
#undef X
	};

	return names[c];
}

bool
charset_bom(struct tc_str in, bool last, enum charset *c, size_t *n)
{
	static const struct {
		struct tc_str mark;
		enum charset charset;
	} marks[] = {
		{TC_STR_INIT("\xEF\xBB\xBF"), CHARSET_UTF_8},
		{TC_STR_INIT("\xFF\xFE"), CHARSET_UTF_16LE},
		{TC_STR_INIT("\xFE\xFF"), CHARSET_UTF_16BE},
	};

	*c = CHARSET_NONE;
	*n = 0;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if (tc_starts(in, marks[i].mark)) {
			*c = marks[i].charset;
			*n = marks[i].mark.n;
			return true;
		}
		if (!last && in.n < marks[i].mark.n && tc_starts(marks[i].mark, in))
			return false;
	}
	return true;
}

/* ---- meta ---- */

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The label in a Content-Type (13.2.3.3). */
static struct tc_str
label_in(struct tc_str s)
{
	for (size_t at = 0; at + 7 <= s.n; at++) {
		struct tc_str v = tc_str_of(s.p + at, s.n - at);
		size_t n = 0;

		if (!tc_istarts(v, TC_STR("charset")))
			continue;
		tc_skip(&v, 7);
		v = trim_space(v);
		if (v.n == 0 || v.p[0] != '=')
			continue;
		tc_skip(&v, 1);
		v = trim_space(v);
		if (v.n > 0 && (v.p[0] == '"' || v.p[0] == '\'')) {
			n = tc_find_byte(tc_str_of(v.p + 1, v.n - 1), v.p[0]);
			return n + 1 < v.n ? tc_str_of(v.p + 1, n) : tc_str_of("", 0);
		}
		while (n < v.n && v.p[n] != ';' && memchr(" \t\n\f\r", v.p[n], 5) == NULL)
			n++;
		return tc_str_of(v.p, n);
	}
	return tc_str_of("", 0);
}

/* Reads the attributes at the front of *in; what they declare if they are a meta's. */
static enum charset
prescan_attributes(struct tc_str *in, bool meta)
{
	struct tok t = {.mode = TOK_DATA};
	struct tc_str content = {NULL, 0};
	enum charset direct = CHARSET_NONE;
	bool pragma = false, has_direct = false, has_pragma = false;

	while (in->n > 0) {
		struct tok_attr a;
		struct tc_str name, value;
		bool closing;
		size_t n;
		enum tok_part part = tok_attr(&t, *in, CHARSET_PRESCAN + 1, &a, &closing, &n);

		if (part == TOK_PART_MORE || part == TOK_PART_LONG) {
			in->n = 0;
			return CHARSET_NONE;
		}
		name = tc_str_of(in->p + a.name, a.name_n);
		value = tc_str_of(in->p + a.value, a.name_n > 0 ? a.value_n : 0);
		tc_skip(in, n);
		if (part == TOK_PART_END)
			break;
		if (tc_ieq(name, TC_STR("charset")) && !has_direct) {
			has_direct = true;
			direct = charset_of(value);
		} else if (tc_ieq(name, TC_STR("content")) && content.p == NULL) {
			content = value;
		} else if (tc_ieq(name, TC_STR("http-equiv")) && !has_pragma) {
			has_pragma = true;
			pragma = tc_ieq(value, TC_STR("content-type"));
		}
	}
	if (!meta)
		return CHARSET_NONE;
	if (has_direct)
		return direct;
	return pragma && content.p != NULL ? charset_of(label_in(content)) : CHARSET_NONE;
}

/* Goes over one construct at '<', with what it declares. */
static enum charset
prescan_tag(struct tc_str *in)
{
	size_t n = 1;
	bool meta;

	if (tc_starts(*in, TC_STR("<!--"))) {
		struct tc_str rest = tc_str_of(in->p + 2, in->n - 2);
		size_t at = tc_find(rest, TC_STR("-->"));

		tc_skip(in, at < rest.n ? at + 5 : in->n);
		return CHARSET_NONE;
	}
	if (in->n > 1 && in->p[1] == '/')
		n = 2;
	if (in->n <= n || !is_letter(in->p[n])) {
		bool skip = in->n > 1 && (in->p[1] == '!' || in->p[1] == '/' || in->p[1] == '?');

		n = skip ? tc_find_byte(*in, '>') + 1 : 1;
		tc_skip(in, n < in->n ? n : in->n);
		return CHARSET_NONE;
	}
	meta = n == 1 && in->n > 5 && tc_istarts(*in, TC_STR("<meta")) && memchr(" \t\n\f\r/", in->p[5], 6) != NULL;
	while (n < in->n && memchr(" \t\n\f\r>", in->p[n], 6) == NULL && !(meta && n == 5))
		n++;
	tc_skip(in, n);
	return prescan_attributes(in, meta);
}

/* Where something stands in s, and behind it; s.n: nowhere. */
static size_t
behind(struct tc_str s, struct tc_str what)
{
	size_t at = tc_find(s, what);

	return at < s.n ? at + what.n : s.n;
}

static void
skip_low(struct tc_str *s)
{
	while (s->n > 0 && (unsigned char)s->p[0] <= ' ')
		tc_skip(s, 1);
}

/* What "<?xml version='1.0' encoding='x'?>" at the very beginning says. */
static enum charset
xml_declaration(struct tc_str in)
{
	struct tc_str s = in;
	size_t n;

	if (!tc_starts(s, TC_STR("<?xml")) || tc_find_byte(s, '>') == s.n)
		return CHARSET_NONE;
	s.n = tc_find_byte(s, '>');
	tc_skip(&s, behind(s, TC_STR("encoding")));
	skip_low(&s);
	if (s.n == 0 || s.p[0] != '=')
		return CHARSET_NONE;
	tc_skip(&s, 1);
	skip_low(&s);
	if (s.n == 0 || (s.p[0] != '"' && s.p[0] != '\''))
		return CHARSET_NONE;
	n = tc_find_byte(tc_str_of(s.p + 1, s.n - 1), s.p[0]);
	if (n + 1 == s.n)
		return CHARSET_NONE;
	s = tc_str_of(s.p + 1, n);
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ')
			return CHARSET_NONE;
	return charset_of(s);
}

static enum charset
prescan(struct tc_str in)
{
	struct tc_str rest = in;

	while (rest.n > 0) {
		enum charset c;

		tc_skip(&rest, tc_find_byte(rest, '<'));
		if (rest.n == 0)
			break;
		c = prescan_tag(&rest);
		if (c != CHARSET_NONE)
			return c == CHARSET_X_USER_DEFINED ? CHARSET_WINDOWS_1252 : c;
	}
	return xml_declaration(in);
}

enum charset
charset_prescan(struct tc_str in)
{
	enum charset c;

	if (in.n > CHARSET_PRESCAN)
		in.n = CHARSET_PRESCAN;
	if (tc_starts(in, TC_STR("<\0?\0x\0")))
		return CHARSET_UTF_16LE;
	if (tc_starts(in, TC_STR("\0<\0?\0x")))
		return CHARSET_UTF_16BE;
	c = prescan(in);
	/* what could say so is read as ASCII: it is not UTF-16 */
	return c == CHARSET_UTF_16LE || c == CHARSET_UTF_16BE ? CHARSET_UTF_8 : c;
}

/* ---- UTF-8 ---- */

bool
charset_is_utf8(struct tc_str in)
{
	unsigned more = 0;
	unsigned char low = 0x80, high = 0xBF;
	bool some = false;

	for (size_t i = 0; i < in.n; i++) {
		unsigned char b = (unsigned char)in.p[i];

		if (more > 0) {
			if (b < low || b > high)
				return false;
			more--;
			low = 0x80;
			high = 0xBF;
			continue;
		}
		if (b < 0x80)
			continue;
		if (b < 0xC2 || b > 0xF4)
			return false;
		some = true;
		more = b >= 0xF0 ? 3 : b >= 0xE0 ? 2
						 : 1;
		low = b == 0xE0 ? 0xA0 : b == 0xF0 ? 0x90
						   : 0x80; /* no longer than need be */
		high = b == 0xED ? 0x9F : b == 0xF4 ? 0x8F
						    : 0xBF; /* no surrogates, nothing past U+10FFFF */
	}
	return some;
}
