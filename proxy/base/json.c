/* json.c: see json.h. No recursion: nesting is a number, or bits. */
#include "base/json.h"

/* Nothing more can be read. */
static bool
fail(struct json *j)
{
	if (j->bad == NULL)
		j->bad = j->rest.p;
	j->rest.n = 0;
	return false;
}

static void
skip_space(struct json *j)
{
	while (j->rest.n > 0 && (j->rest.p[0] == ' ' || j->rest.p[0] == '\n' || j->rest.p[0] == '\r' || j->rest.p[0] == '\t'))
		tc_skip(&j->rest, 1);
}

/* The next byte that is no space; 0: there is none. */
static char
ahead(struct json *j)
{
	skip_space(j);
	return j->rest.n > 0 ? j->rest.p[0] : '\0';
}

static bool
take(struct json *j, char c)
{
	if (ahead(j) != c || c == '\0')
		return false;
	tc_skip(&j->rest, 1);
	return true;
}

struct json
json_of(struct tc_str text)
{
	if (tc_starts(text, TC_STR("\xef\xbb\xbf")))
		tc_skip(&text, 3);
	return (struct json){.all = text, .rest = text};
}

/* ---- scalars ---- */

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (tc_lower(c) >= 'a' && tc_lower(c) <= 'f');
}

/* The length of the escape that s begins with; 0: it is none. */
static size_t
escape_length(struct tc_str s)
{
	if (s.n < 2)
		return 0;
	if (s.p[1] != 'u')
		return memchr("\"\\/bfnrt", s.p[1], 8) != NULL ? 2 : 0;
	for (size_t i = 2; i < 6; i++)
		if (i >= s.n || !is_hex(s.p[i]))
			return 0;
	return 6;
}

/* What stands between the quotes; escaped: whether there are escapes. */
static bool
take_string(struct json *j, struct tc_str *inner, bool *escaped)
{
	struct tc_str s;
	size_t n;

	if (!take(j, '"'))
		return fail(j);
	*escaped = false;
	s = j->rest;
	while (s.n > 0 && s.p[0] != '"') {
		n = 1;
		if ((unsigned char)s.p[0] < 0x20)
			break;
		if (s.p[0] == '\\') {
			n = escape_length(s);
			*escaped = true;
		}
		if (n == 0)
			break;
		tc_skip(&s, n);
	}
	if (s.n == 0 || s.p[0] != '"') {
		j->rest = s;
		return fail(j);
	}
	*inner = tc_str_of(j->rest.p, (size_t)(s.p - j->rest.p));
	tc_skip(&s, 1);
	j->rest = s;
	j->first = false;
	return true;
}

static size_t
digits(struct tc_str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n;
}

static bool
take_number(struct json *j)
{
	struct tc_str s = j->rest;
	size_t n;

	if (s.n > 0 && s.p[0] == '-')
		tc_skip(&s, 1);
	n = digits(s);
	if (n == 0 || (n > 1 && s.p[0] == '0'))
		return fail(j);
	tc_skip(&s, n);
	if (s.n > 0 && s.p[0] == '.') {
		tc_skip(&s, 1);
		n = digits(s);
		tc_skip(&s, n);
	}
	if (n > 0 && s.n > 0 && tc_lower(s.p[0]) == 'e') {
		tc_skip(&s, s.n > 1 && (s.p[1] == '+' || s.p[1] == '-') ? 2 : 1);
		n = digits(s);
		tc_skip(&s, n);
	}
	j->rest = s;
	j->first = false;
	return n > 0 || fail(j);
}

static bool
take_scalar(struct json *j)
{
	static const struct tc_str words[] = {TC_STR_INIT("true"), TC_STR_INIT("false"), TC_STR_INIT("null")};
	struct tc_str inner;
	bool escaped;

	if (ahead(j) == '"')
		return take_string(j, &inner, &escaped);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (tc_starts(j->rest, words[i])) {
			tc_skip(&j->rest, words[i].n);
			j->first = false;
			return true;
		}
	return take_number(j);
}

/* ---- nesting ---- */

/* What stands before the next member or item. false: there is none, j is behind the end; or it is bad. */
static bool
next(struct json *j, char close)
{
	if (j->bad != NULL)
		return false;
	if (take(j, close)) {
		j->depth--;
		j->first = false;
		return false;
	}
	if (!j->first && !take(j, ','))
		return fail(j);
	j->first = false;
	return true;
}

bool
json_enter(struct json *j, char open)
{
	if (j->bad != NULL)
		return false;
	if (ahead(j) != open) {
		(void)json_skip(j, NULL);
		return false;
	}
	if (j->depth == JSON_DEPTH_MAX)
		return fail(j);
	tc_skip(&j->rest, 1);
	j->depth++;
	j->first = true;
	return true;
}

bool
json_member(struct json *j, struct tc_str *key)
{
	bool escaped;

	return next(j, '}') && take_string(j, key, &escaped) && (take(j, ':') || fail(j));
}

bool
json_item(struct json *j)
{
	return next(j, ']');
}

/* One bit for each open bracket: it is an object's. */
struct nest {
	uint8_t object[JSON_DEPTH_MAX / 8 + 1];
};

bool
json_skip(struct json *j, struct tc_str *raw)
{
	unsigned outer = j->depth;
	struct nest nest = {{0}};
	const char *from;
	struct tc_str key;

	(void)ahead(j);
	from = j->rest.p;
	do {
		unsigned d = j->depth;
		bool object = (nest.object[d / 8] >> (d % 8) & 1) != 0, more = true;
		char c;

		if (j->bad != NULL)
			return false;
		if (d > outer)
			more = object ? json_member(j, &key) : json_item(j);
		if (!more)
			continue;
		c = ahead(j);
		if (c != '{' && c != '[') {
			(void)take_scalar(j);
			continue;
		}
		if (!json_enter(j, c))
			return false;
		d = j->depth;
		nest.object[d / 8] = (uint8_t)((nest.object[d / 8] & ~(1u << (d % 8))) | (unsigned)(c == '{') << (d % 8));
	} while (j->bad == NULL && j->depth > outer);
	if (raw != NULL)
		*raw = j->bad == NULL ? tc_str_of(from, (size_t)(j->rest.p - from)) : tc_str_of(NULL, 0);
	return j->bad == NULL;
}

bool
json_end(struct json *j)
{
	return j->bad == NULL && j->depth == 0 && (ahead(j) == '\0' && j->rest.n == 0 ? true : fail(j));
}

/* ---- strings ---- */

static unsigned
hex4(const char *p)
{
	unsigned v = 0;

	for (size_t i = 0; i < 4; i++)
		v = v << 4 | (unsigned)(p[i] <= '9' ? p[i] - '0' : tc_lower(p[i]) - 'a' + 10);
	return v;
}

static size_t
put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* Takes one escape off the front and writes what it stands for, which is never longer. */
static size_t
unescape(struct tc_str *s, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	unsigned c, low;

	if (s->p[1] != 'u') {
		out[0] = to[(size_t)(strchr(from, s->p[1]) - from)];
		tc_skip(s, 2);
		return 1;
	}
	c = hex4(s->p + 2);
	tc_skip(s, 6);
	if (c < 0xd800 || c > 0xdfff)
		return put_utf8(out, c);
	if (c <= 0xdbff && s->n >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
		low = hex4(s->p + 2);
		if (low >= 0xdc00 && low <= 0xdfff) {
			tc_skip(s, 6);
			return put_utf8(out, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
		}
	}
	return put_utf8(out, 0xfffd);
}

struct tc_str
json_string(struct json *j, struct tc_arena *arena)
{
	struct tc_str inner, none = {NULL, 0};
	size_t n = 0, plain;
	bool escaped;
	char *out;

	if (j->bad != NULL || ahead(j) != '"') {
		(void)json_skip(j, NULL);
		return none;
	}
	if (!take_string(j, &inner, &escaped))
		return none;
	if (!escaped)
		return inner;
	out = tc_alloc_bytes(arena, inner.n);
	if (out == NULL)
		return none;
	while (inner.n > 0) {
		plain = tc_find_byte(inner, '\\');
		if (plain > 0)
			memcpy(out + n, inner.p, plain);
		n += plain;
		tc_skip(&inner, plain);
		if (inner.n > 0)
			n += unescape(&inner, out + n);
	}
	return tc_str_of(out, n);
}
