/*
 * jslex.c: a lexer that knows no grammar (jslex.h). Whether a '/' divides or begins a regular expression follows from
 * what stands before it; brackets are kept on a stack for that. In doubt it is unsure and stays so.
 */
#include "jslex.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* By byte, 16 a row. Not in URLs: controls, quotes, '<', '>', ')', '\\'. */
/* clang-format off */
const uint8_t js_kinds[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 2, 0, 2, 6, 3, 2, 0, 2, 0, 2, 2, 2, 3, 2, 2,
	23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 2, 2, 0, 2, 0, 2,
	2, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23,
	23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 2, 0, 2, 2, 23,
	0, 31, 31, 31, 23, 31, 31, 31, 23, 31, 23, 31, 31, 31, 31, 23,
	31, 23, 23, 31, 23, 23, 23, 31, 23, 23, 31, 2, 2, 2, 2, 0,
	19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19,
	19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19,
	19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19,
	19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19,
	19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19,
	19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19,
	19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19,
	19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19,
};
/* clang-format on */

static void
lex_push(struct jslex *l, char what)
{
	if (l->depth == JSLEX_NEST_MAX)
		l->unsure = true;
	else
		l->nest[l->depth++] = what;
}

static char
lex_pop(struct jslex *l)
{
	if (l->depth > 0)
		return l->nest[--l->depth];
	l->unsure = true;
	return 0;
}

/* Most differ in the first byte. */
static inline bool
same_word(struct tc_str a, struct tc_str b)
{
	return a.p[0] == b.p[0] && tc_eq(a, b);
}

/* No keyword that matters has this length and first letter. */
static inline bool
no_keyword(struct tc_str word)
{
#define L(c) (1u << ((c) - 'a'))
	static const uint32_t first[] = {[2] = L('i') | L('o') | L('d'),
	    [3] = L('f') | L('n'),
	    [4] = L('w') | L('c') | L('v') | L('e'),
	    [5] = L('w') | L('t') | L('y') | L('a'),
	    [6] = L('r') | L('t') | L('d'),
	    [10] = L('i')};
#undef L

	return word.n >= COUNT(first) || word.p[0] < 'a' || word.p[0] > 'z' || (first[word.n] >> (word.p[0] - 'a') & 1) == 0;
}

/* A whole word of code: keywords change what a following '/' or '(' is. */
static void
lex_word(struct jslex *l, struct tc_str word)
{
	static const struct tc_str heads[] = {TC_STR_INIT("if"), TC_STR_INIT("for"), TC_STR_INIT("while"),
	    TC_STR_INIT("with")};
	static const struct tc_str operators[] = {TC_STR_INIT("return"), TC_STR_INIT("typeof"), TC_STR_INIT("case"),
	    TC_STR_INIT("in"), TC_STR_INIT("of"), TC_STR_INIT("delete"), TC_STR_INIT("void"), TC_STR_INIT("throw"),
	    TC_STR_INIT("new"), TC_STR_INIT("else"), TC_STR_INIT("do"), TC_STR_INIT("instanceof"),
	    TC_STR_INIT("yield"), TC_STR_INIT("await")};
	bool member = l->before == '.';
	size_t i;

	l->keyword = false;
	l->before = 'w';
	if (member || no_keyword(word))
		return;
	for (i = 0; i < COUNT(heads); i++)
		l->keyword |= same_word(word, heads[i]);
	for (i = 0; i < COUNT(operators); i++)
		if (same_word(word, operators[i]))
			l->before = 'R';
}

/* A '/' in code that begins no comment. */
static void
lex_slash(struct jslex *l)
{
	switch (l->before) {
	case '}': /* behind a block or behind an object */
	case '.': /* "1./2" */
	case '+':
	case '-': /* "x++ / 2" */
		l->unsure = true;
		l->before = '/';
		break;
	case 'w':
	case ')':
	case ']':
	case '"':
		l->before = '/'; /* a division */
		break;
	default:
		l->in = JSLEX_REGEX;
	}
}

static void
lex_close(struct jslex *l, char c)
{
	char open = lex_pop(l);

	if (c == '}' && open == '`') {
		l->in = JSLEX_TEMPLATE;
		return;
	}
	l->unsure |= (c == '}') != (open == '{') || open == '`';
	l->before = c == ')' && open == 'K' ? 'R' : c;
}

/* "<!--": a comment in classic scripts, an expression in modules unless it is the very first thing. */
static bool
lex_html_comment(struct jslex *l, struct tc_str s)
{
	if (!tc_starts(tc_str_of(s.p + l->at, s.n - l->at), TC_STR("<!--")))
		return false;
	l->unsure |= l->before != 0;
	l->in = JSLEX_LINE;
	return true;
}

/* One byte of code, or one word. */
static void
lex_code(struct jslex *l, struct tc_str s)
{
	char c = s.p[l->at], next = l->at + 1 < s.n ? s.p[l->at + 1] : 0;
	size_t from = l->at;

	if (js_is(c, C_IDENT)) {
		while (l->at < s.n && js_is(s.p[l->at], C_IDENT))
			l->at++;
		lex_word(l, tc_str_of(s.p + from, l->at - from));
		return;
	}
	l->at++;
	if ((unsigned char)c <= ' ')
		return;
	if (c == '/' && (next == '/' || next == '*')) {
		l->in = next == '/' ? JSLEX_LINE : JSLEX_BLOCK;
		l->at++;
		return;
	}
	if (c == '<' && next == '!') {
		l->at--;
		if (lex_html_comment(l, s))
			return;
		l->at++;
	}
	switch (c) {
	case '"':
	case '\'':
		l->in = JSLEX_STRING;
		l->quote = c;
		break;
	case '`':
		l->in = JSLEX_TEMPLATE;
		break;
	case '/':
		lex_slash(l);
		break;
	case '(':
		lex_push(l, l->keyword ? 'K' : '(');
		l->before = c;
		break;
	case '{':
		lex_push(l, c);
		l->before = c;
		break;
	case ')':
	case '}':
		lex_close(l, c);
		break;
	case '+':
	case '-': /* two of a kind may end an operand; one never does */
		l->before = l->before == 'p' + (c == '-') && s.p[from - 1] == c ? c : (char)('p' + (c == '-'));
		break;
	default:
		l->before = c;
	}
	l->keyword = false;
}

/* One byte of a string, template, comment or regular expression. */
static void
lex_inside(struct jslex *l, struct tc_str s)
{
	char c = s.p[l->at], next = l->at + 1 < s.n ? s.p[l->at + 1] : 0;

	l->at++;
	if (l->in == JSLEX_LINE) {
		if (c == '\n' || c == '\r')
			l->in = JSLEX_CODE;
		else if ((unsigned char)c == 0xE2) /* U+2028 and U+2029 end a line too */
			l->unsure = true;
	} else if (l->in == JSLEX_BLOCK) {
		if (c == '*' && next == '/') {
			l->at++;
			l->in = JSLEX_CODE;
		}
	} else if (c == '\\') {
		l->at += l->at < s.n;
	} else if (l->in == JSLEX_TEMPLATE) {
		if (c == '`' || (c == '$' && next == '{')) {
			l->in = JSLEX_CODE;
			l->before = c == '`' ? '"' : '{';
			l->at += c == '$';
			if (c == '$')
				lex_push(l, '`');
		}
	} else if (c == '\n' || c == '\r') {
		l->unsure = true; /* no string or regular expression after all */
		l->in = JSLEX_CODE;
	} else if (l->in == JSLEX_STRING && c == l->quote) {
		l->in = JSLEX_CODE;
		l->before = '"';
	} else if (l->in == JSLEX_REGEX && (c == '/' || c == '[')) {
		l->in = c == '/' ? JSLEX_CODE : JSLEX_CLASS;
		l->before = '"';
	} else if (l->in == JSLEX_CLASS && c == ']') {
		l->in = JSLEX_REGEX;
	}
}

/* The first of four bytes in [p, end), or end. */
static const char *
find_four(const char *p, const char *end, const char any[4])
{
#ifdef __SSE2__
	const __m128i a = _mm_set1_epi8(any[0]), b = _mm_set1_epi8(any[1]);
	const __m128i c = _mm_set1_epi8(any[2]), d = _mm_set1_epi8(any[3]);

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)p);
		__m128i ab = _mm_or_si128(_mm_cmpeq_epi8(v, a), _mm_cmpeq_epi8(v, b));
		__m128i cd = _mm_or_si128(_mm_cmpeq_epi8(v, c), _mm_cmpeq_epi8(v, d));
		int hit = _mm_movemask_epi8(_mm_or_si128(ab, cd));

		if (hit != 0)
			return p + __builtin_ctz((unsigned)hit);
	}
#endif
	while (p < end && *p != any[0] && *p != any[1] && *p != any[2] && *p != any[3])
		p++;
	return p;
}

/* Behind the bytes that mean nothing to where we are; at most `to`. */
static size_t
lex_skip(const struct jslex *l, struct tc_str s, size_t to)
{
	const char *p = s.p + l->at, *end = s.p + to;

	switch (l->in) {
	case JSLEX_CODE:
		while (p < end && (unsigned char)*p <= ' ')
			p++;
		break;
	case JSLEX_BLOCK:
		p += tc_find_byte(tc_str_of(p, (size_t)(end - p)), '*');
		break;
	case JSLEX_LINE:
		p = find_four(p, end, (char[]){'\n', '\r', (char)0xE2, '\n'});
		break;
	case JSLEX_STRING:
		p = find_four(p, end, (char[]){l->quote, '\\', '\n', '\r'});
		break;
	case JSLEX_TEMPLATE:
		p = find_four(p, end, (char[]){'`', '\\', '$', '`'});
		break;
	case JSLEX_REGEX:
	case JSLEX_CLASS:
		while (p < end && js_is(*p, C_HOST) && (unsigned char)*p < 0x80)
			p++;
		break;
	}
	return (size_t)(p - s.p);
}

enum jslex_in
jslex_to(struct jslex *l, struct tc_str s, size_t to)
{
	while (l->at < to && !l->unsure) {
		l->at = lex_skip(l, s, to);
		if (l->at == to)
			break;
		if (l->in == JSLEX_CODE)
			lex_code(l, s);
		else
			lex_inside(l, s);
	}
	return l->in;
}
