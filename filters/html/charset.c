/* charset.c: charset.h */
#include "charset.h"

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

/* Labels of what is not like ASCII, and the commonest of what is. A label that is missing here is read as unknown. */
static const struct {
	struct tc_str label;
	enum charset charset;
} labels[] = {
	{TC_STR_INIT("utf-8"), CHARSET_ASCII},
	{TC_STR_INIT("utf8"), CHARSET_ASCII},
	{TC_STR_INIT("unicode-1-1-utf-8"), CHARSET_ASCII},
	{TC_STR_INIT("ascii"), CHARSET_ASCII},
	{TC_STR_INIT("us-ascii"), CHARSET_ASCII},
	{TC_STR_INIT("latin1"), CHARSET_ASCII},
	{TC_STR_INIT("big5"), CHARSET_ASCII},
	{TC_STR_INIT("big5-hkscs"), CHARSET_ASCII},
	{TC_STR_INIT("euc-jp"), CHARSET_ASCII},
	{TC_STR_INIT("euc-kr"), CHARSET_ASCII},
	{TC_STR_INIT("ks_c_5601-1987"), CHARSET_ASCII},
	{TC_STR_INIT("gbk"), CHARSET_ASCII},
	{TC_STR_INIT("gb2312"), CHARSET_ASCII},
	{TC_STR_INIT("gb18030"), CHARSET_ASCII},
	{TC_STR_INIT("shift_jis"), CHARSET_ASCII},
	{TC_STR_INIT("shift-jis"), CHARSET_ASCII},
	{TC_STR_INIT("sjis"), CHARSET_ASCII},
	{TC_STR_INIT("x-sjis"), CHARSET_ASCII},
	{TC_STR_INIT("windows-31j"), CHARSET_ASCII},
	{TC_STR_INIT("koi8-r"), CHARSET_ASCII},
	{TC_STR_INIT("koi8-u"), CHARSET_ASCII},
	{TC_STR_INIT("macintosh"), CHARSET_ASCII},
	{TC_STR_INIT("tis-620"), CHARSET_ASCII},
	{TC_STR_INIT("x-user-defined"), CHARSET_ASCII},
	{TC_STR_INIT("utf-16"), CHARSET_UTF16LE},
	{TC_STR_INIT("utf-16le"), CHARSET_UTF16LE},
	{TC_STR_INIT("csunicode"), CHARSET_UTF16LE},
	{TC_STR_INIT("iso-10646-ucs-2"), CHARSET_UTF16LE},
	{TC_STR_INIT("ucs-2"), CHARSET_UTF16LE},
	{TC_STR_INIT("unicode"), CHARSET_UTF16LE},
	{TC_STR_INIT("unicodefeff"), CHARSET_UTF16LE},
	{TC_STR_INIT("utf-16be"), CHARSET_UTF16BE},
	{TC_STR_INIT("unicodefffe"), CHARSET_UTF16BE},
	{TC_STR_INIT("iso-2022-jp"), CHARSET_ISO_2022_JP},
	{TC_STR_INIT("csiso2022jp"), CHARSET_ISO_2022_JP},
	{TC_STR_INIT("csiso2022kr"), CHARSET_REPLACEMENT},
	{TC_STR_INIT("hz-gb-2312"), CHARSET_REPLACEMENT},
	{TC_STR_INIT("iso-2022-cn"), CHARSET_REPLACEMENT},
	{TC_STR_INIT("iso-2022-cn-ext"), CHARSET_REPLACEMENT},
	{TC_STR_INIT("iso-2022-kr"), CHARSET_REPLACEMENT},
	{TC_STR_INIT("replacement"), CHARSET_REPLACEMENT},
};

/* Families whose members are told by a number that we need not check: an unknown one does no harm. */
static const struct tc_str families[] = {
	TC_STR_INIT("windows-125"),
	TC_STR_INIT("windows-874"),
	TC_STR_INIT("iso-8859-"),
	TC_STR_INIT("cp125"),
};

enum charset
charset_of(struct tc_str label)
{
	label = trim_space(label);
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		if (tc_ieq(label, labels[i].label))
			return labels[i].charset;
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (tc_istarts(label, families[i]))
			return CHARSET_ASCII;
	return CHARSET_NONE;
}

enum charset
charset_bom(struct tc_str in, size_t *n)
{
	*n = 0;
	if (tc_starts(in, TC_STR("\xEF\xBB\xBF"))) {
		*n = 3;
		return CHARSET_ASCII;
	}
	if (tc_starts(in, TC_STR("\xFF\xFE")) || tc_starts(in, TC_STR("\xFE\xFF"))) {
		*n = 2;
		return in.p[0] == '\xFF' ? CHARSET_UTF16LE : CHARSET_UTF16BE;
	}
	return CHARSET_NONE;
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

enum charset
charset_prescan(struct tc_str in)
{
	if (in.n > CHARSET_PRESCAN)
		in.n = CHARSET_PRESCAN;
	while (in.n > 0) {
		enum charset c;

		tc_skip(&in, tc_find_byte(in, '<'));
		if (in.n == 0)
			break;
		c = prescan_tag(&in);
		/* what could say so is read as ASCII: it is not UTF-16 */
		if (c == CHARSET_UTF16LE || c == CHARSET_UTF16BE)
			return CHARSET_ASCII;
		if (c != CHARSET_NONE)
			return c;
	}
	return CHARSET_NONE;
}

/* ---- sniffing ---- */

int
charset_sniff_html(struct tc_str in, bool last)
{
	static const struct tc_str marks[] = {TC_STR_INIT("<!doctype html"), TC_STR_INIT("<html"), TC_STR_INIT("<head"),
	    TC_STR_INIT("<script"), TC_STR_INIT("<iframe"), TC_STR_INIT("<h1"), TC_STR_INIT("<div"), TC_STR_INIT("<font"),
	    TC_STR_INIT("<table"), TC_STR_INIT("<a"), TC_STR_INIT("<style"), TC_STR_INIT("<title"), TC_STR_INIT("<b"),
	    TC_STR_INIT("<body"), TC_STR_INIT("<br"), TC_STR_INIT("<p"), TC_STR_INIT("<!--")};
	bool more = false;

	if (in.n < 3 && !last)
		return -1;
	if (tc_starts(in, TC_STR("\xEF\xBB\xBF")))
		tc_skip(&in, 3);
	while (in.n > 0 && memchr(" \t\n\f\r", in.p[0], 5) != NULL)
		tc_skip(&in, 1);
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		struct tc_str m = marks[i];
		bool comment = tc_eq(m, TC_STR("<!--"));

		if (in.n < m.n + !comment) {
			more |= tc_ieq(in, tc_str_of(m.p, in.n < m.n ? in.n : m.n));
			continue;
		}
		if (tc_istarts(in, m) && (comment || in.p[m.n] == ' ' || in.p[m.n] == '>'))
			return 1;
	}
	return more && !last ? -1 : 0;
}
