/*
 * url.c: resolves what stands in an attribute or field as browsers do (URL Standard, section 4.4), as far as the
 * host and a comparable text need it.
 *
 *	raw -> trim, drop TAB LF CR -> cut at '#' -> scheme? -> authority -> path without dot segments -> query
 *
 * Almost all URLs are plain ASCII: a table tells in one step a byte whether anything must be done to it; all
 * that is rare is in functions of its own. What cannot be read is URL_UNKNOWN: the caller treats it as an unknown
 * third party. Hosts: see host.c.
 */
#include <assert.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "host.h"
#include "url.h"

/* What a byte needs. */
enum {
	DROP = 1,        /* TAB, LF, CR: not part of the URL */
	EDGE = 2,        /* C0 control or space: stripped at both ends */
	SCHEME = 4,      /* may stand in a scheme */
	PATH_CARE = 8,   /* is encoded or changed in a path, or ends it */
	QUERY_CARE = 16, /* is encoded in a query */
	FRAGMENT = 32,   /* ends the URL */
	SLASH = 64
};

static const uint8_t kinds[256] = {
	[0 ... 8] = EDGE | PATH_CARE | QUERY_CARE,
	['\t' ... '\n'] = DROP | EDGE | PATH_CARE | QUERY_CARE,
	[11 ... 12] = EDGE | PATH_CARE | QUERY_CARE,
	['\r'] = DROP | EDGE | PATH_CARE | QUERY_CARE,
	[14 ... ' '] = EDGE | PATH_CARE | QUERY_CARE,
	['a' ... 'z'] = SCHEME,
	['A' ... 'Z'] = SCHEME,
	['0' ... '9'] = SCHEME,
	['+'] = SCHEME,
	['-'] = SCHEME,
	['.'] = SCHEME,
	['/'] = SLASH,
	['#'] = FRAGMENT,
	['"'] = PATH_CARE | QUERY_CARE,
	['<'] = PATH_CARE | QUERY_CARE,
	['>'] = PATH_CARE | QUERY_CARE,
	['\''] = QUERY_CARE,
	['\\'] = PATH_CARE | SLASH,
	['?'] = PATH_CARE,
	['^'] = PATH_CARE,
	['`'] = PATH_CARE,
	['{'] = PATH_CARE,
	['}'] = PATH_CARE,
	[0x7f ... 0xff] = PATH_CARE | QUERY_CARE,
};

static bool
is(char c, int kind)
{
	return (kinds[(uint8_t)c] & kind) != 0;
}

static bool
is_slash(char c)
{
	return is(c, SLASH);
}

/* ---- 16 bytes at a time ---- */

#ifdef __SSE2__
/* Bytes of a block that are c; that are at most, at least c. */
static inline __m128i
eq(__m128i x, char c)
{
	return _mm_cmpeq_epi8(x, _mm_set1_epi8(c));
}

static inline __m128i
upto(__m128i x, char c)
{
	return _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(c)), x);
}

static inline __m128i
since(__m128i x, char c)
{
	return _mm_cmpeq_epi8(_mm_max_epu8(x, _mm_set1_epi8(c)), x);
}

static inline __m128i
either(__m128i a, __m128i b)
{
	return _mm_or_si128(a, b);
}

/* '#', and a few more than TAB, LF and CR */
static inline __m128i
care_ends(__m128i x)
{
	return either(eq(x, '#'), upto(x, '\r'));
}

static inline __m128i
care_query(__m128i x)
{
	__m128i angle = eq(either(x, _mm_set1_epi8(2)), '>'); /* or '<' */

	return either(either(upto(x, ' '), since(x, 0x7f)), either(angle, either(eq(x, '"'), eq(x, '\''))));
}

static inline __m128i
care_path(__m128i x)
{
	__m128i two = either(x, _mm_set1_epi8(2));
	__m128i marks = either(either(eq(two, '>'), eq(two, '^')), either(eq(x, '"'), eq(x, '?'))); /* '<' '\\', too */
	__m128i more = either(eq(x, '`'), either(eq(x, '{'), eq(x, '}')));

	return either(either(upto(x, ' '), since(x, 0x7f)), either(marks, more));
}

/* "/." and "/%"; next: the bytes that follow those of x. */
static inline __m128i
care_dots(__m128i x, __m128i next)
{
	return _mm_and_si128(eq(x, '/'), either(eq(next, '.'), eq(next, '%')));
}
#endif

/* How many bytes at the front of s need no care for certain. `care` is one of the above, of as many as are known. */
#ifdef __SSE2__
#define SKIP(name, ahead, care)                                                                      \
	static inline size_t name(struct tc_str s)                                                       \
	{                                                                                                \
		size_t n = 0;                                                                                \
                                                                                                     \
		for (; n + 16 + (ahead) <= s.n; n += 16) {                                                   \
			__m128i x = _mm_loadu_si128((const __m128i *)(const void *)(s.p + n));                   \
			unsigned found = (unsigned)_mm_movemask_epi8(care);                                      \
                                                                                                     \
			if (found != 0)                                                                          \
				return n + (size_t)__builtin_ctz(found);                                             \
		}                                                                                            \
		return n;                                                                                    \
	}
#else
#define SKIP(name, ahead, care)                                                                      \
	static inline size_t name(struct tc_str s)                                                       \
	{                                                                                                \
		(void)s;                                                                                     \
		return 0;                                                                                    \
	}
#endif

SKIP(skip_text, 0, care_ends(x))
SKIP(skip_query, 0, care_query(x))
SKIP(skip_path, 1, either(care_path(x), care_dots(x, _mm_loadu_si128((const __m128i *)(const void *)(s.p + n + 1)))))

/* ---- schemes ---- */

static const struct {
	struct tc_str name, start, port;
	enum url_scheme scheme;
} schemes[] = {
	{TC_STR_INIT("https"), TC_STR_INIT("https://"), TC_STR_INIT("443"), URL_HTTPS},
	{TC_STR_INIT("http"), TC_STR_INIT("http://"), TC_STR_INIT("80"), URL_HTTP},
	{TC_STR_INIT("wss"), TC_STR_INIT("wss://"), TC_STR_INIT("443"), URL_WSS},
	{TC_STR_INIT("ws"), TC_STR_INIT("ws://"), TC_STR_INIT("80"), URL_WS},
};
enum { SCHEME_COUNT = sizeof(schemes) / sizeof(*schemes) };

/* Length of the scheme at the front of s, or 0. */
static size_t
scheme_length(struct tc_str s)
{
	size_t n = 0;

	if (s.n == 0 || tc_lower(s.p[0]) < 'a' || tc_lower(s.p[0]) > 'z')
		return 0;
	while (n < s.n && is(s.p[n], SCHEME))
		n++;
	return n < s.n && s.p[n] == ':' ? n : 0;
}

/* Index into schemes, or SCHEME_COUNT. */
static int
scheme_find(struct tc_str name)
{
	int i = name.n > 0 && name.n < 6 ? 0 : SCHEME_COUNT;

	while (i < SCHEME_COUNT && !tc_ieq(schemes[i].name, name))
		i++;
	return i;
}

static int
scheme_of(const struct url *base)
{
	int i = 0;

	while (i < SCHEME_COUNT && (base == NULL || schemes[i].scheme != base->scheme))
		i++;
	return i;
}

/* ---- writing into the caller's buffer ---- */

struct out {
	char *p;
	size_t n; /* at most URL_MAX; what comes after is cut */
	bool cut; /* so was the input */
};

static void
put(struct out *o, const char *p, size_t n)
{
	size_t room = URL_MAX - o->n;

	n = n < room ? n : room;
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

static void
put_encoded(struct out *o, char c)
{
	static const char hex[] = "0123456789ABCDEF";
	char code[3] = {'%', hex[(uint8_t)c >> 4], hex[(uint8_t)c & 15]};

	put(o, code, 3);
}

/* ---- path and query ---- */

/* Whether s is "." or, with two, "..", also written with %2e. */
static bool
is_dots(struct tc_str s, int dots)
{
	for (; dots > 0; dots--) {
		if (s.n >= 1 && s.p[0] == '.')
			tc_skip(&s, 1);
		else if (s.n >= 3 && tc_ieq(tc_str_of(s.p, 3), TC_STR("%2e")))
			tc_skip(&s, 3);
		else
			return false;
	}
	return s.n == 0;
}

/*
 * Called after a segment was written: takes dot segments away. root: where the path begins; o->p[root] is '/'.
 * last: no '/' follows.
 */
static void
fold_dots(struct out *o, size_t root, size_t segment, bool last)
{
	struct tc_str s = tc_str_of(o->p + segment, o->n - segment);

	if (s.n == 0 || s.n > 6 || (s.p[0] != '.' && s.p[0] != '%'))
		return;
	if (is_dots(s, 1)) {
		o->n = segment;
	} else if (is_dots(s, 2)) {
		o->n = segment;
		if (o->n > root + 1)
			o->n--; /* the '/' before it */
		while (o->n > root + 1 && o->p[o->n - 1] != '/')
			o->n--;
	} else {
		return;
	}
	/* The '/' that follows would double the one that is there. */
	if (!last)
		o->n--;
}

/* Bytes of a path that stand as they are: no dot segment begins there, nothing must be encoded. */
static size_t
plain_path(struct tc_str s)
{
	size_t n = skip_path(s);

	while (n < s.n && !is(s.p[n], PATH_CARE)) {
		if (s.p[n] == '/' && n + 1 < s.n && (s.p[n + 1] == '.' || s.p[n + 1] == '%'))
			break;
		n++;
	}
	return n;
}

/*
 * Writes the path in s up to '?' behind what is there of it since root; the last byte written is '/'. Takes
 * what it wrote off the front of *s.
 */
static void
put_path(struct out *o, struct tc_str *s, size_t root)
{
	size_t segment = o->n;

	while (s->n > 0 && s->p[0] != '?') {
		size_t n = 0;

		while (n < s->n && s->p[n] != '/' && !is(s->p[n], PATH_CARE))
			n++;
		put(o, s->p, n);
		tc_skip(s, n);
		if (s->n == 0 || s->p[0] == '?')
			break;
		if (is_slash(s->p[0])) {
			fold_dots(o, root, segment, false);
			put(o, "/", 1);
			segment = o->n;
		} else {
			put_encoded(o, s->p[0]);
		}
		tc_skip(s, 1);
	}
	if (o->n < URL_MAX)
		fold_dots(o, root, segment, true);
}

static void
put_query(struct out *o, struct tc_str s)
{
	while (s.n > 0) {
		size_t n = skip_query(s);

		while (n < s.n && !is(s.p[n], QUERY_CARE))
			n++;
		put(o, s.p, n);
		tc_skip(&s, n);
		if (s.n > 0) {
			put_encoded(o, s.p[0]);
			tc_skip(&s, 1);
		}
	}
}

/* Path and query of u from s, which begins with '/', '\', '?', or the bytes of a path behind what is written. */
static void
finish(struct url *u, struct out *o, struct tc_str s, size_t root)
{
	size_t plain;

	if (o->n == root)
		put(o, "/", 1);
	if (s.n > 0 && is_slash(s.p[0]) && o->n == root + 1)
		tc_skip(&s, 1);
	plain = s.n > 0 && (s.p[0] == '.' || s.p[0] == '%') ? 0 : plain_path(s);
	if (plain == s.n || s.p[plain] == '?') {
		put(o, s.p, plain);
		tc_skip(&s, plain);
	} else {
		put_path(o, &s, root);
	}
	u->path = tc_str_of(o->p + root, o->n - root);
	if (s.n > 0 && o->n < URL_MAX) { /* of a path that was cut the query is not known */
		put(o, "?", 1);
		tc_skip(&s, 1);
		u->query.p = o->p + o->n;
		put_query(o, s);
		u->query.n = (size_t)(o->p + o->n - u->query.p);
	}
	u->text = tc_str_of(o->p, o->n);
}

/* ---- authority ---- */

/* Digits only, at most 65535; leading zeros go. */
static bool
read_port(struct tc_str s, struct tc_str *port)
{
	uint32_t value = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		value = value * 10 + (uint32_t)(s.p[i] - '0');
		if (value > 65535)
			return false;
	}
	while (s.n > 1 && s.p[0] == '0')
		tc_skip(&s, 1);
	*port = s;
	return true;
}

/* Where the host ends in "host[:port]"; a ':' inside [v6] is not it. */
static size_t
host_end(struct tc_str s)
{
	size_t close = s.n > 0 && s.p[0] == '[' ? tc_find_byte(s, ']') : 0;

	if (close == s.n)
		return s.n;
	return close + tc_find_byte(tc_str_of(s.p + close, s.n - close), ':');
}

static bool
beyond_ascii(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] >= 0x80)
			return true;
	return false;
}

/* Reads "user:password@host:port" and writes "host:port" behind the scheme. */
static bool
put_authority(struct url *u, struct out *o, int scheme, struct tc_str s)
{
	struct tc_str port = {NULL, 0};
	size_t at;

	u->beyond = beyond_ascii(s);
	for (at = s.n; at > 0 && s.p[at - 1] != '@'; at--)
		;
	tc_skip(&s, at);
	at = host_end(s);
	if (at < s.n && !read_port(tc_str_of(s.p + at + 1, s.n - at - 1), &port))
		return false;
	u->host = host_read(tc_str_of(s.p, at), o->p + o->n);
	if (u->host.n == 0)
		return false;
	o->n += u->host.n;
	if (u->host.p[0] == '[') /* the slice is without brackets */
		u->host = tc_str_of(u->host.p + 1, u->host.n - 2);
	if (port.n > 0 && !tc_eq(port, schemes[scheme].port)) {
		put(o, ":", 1);
		put(o, port.p, port.n);
		u->port = tc_str_of(o->p + o->n - port.n, port.n);
	}
	return true;
}

/* The common case: nothing but a plain host up to '/' or the end. Its length, or 0. */
static size_t
put_plain_host(struct url *u, struct out *o, struct tc_str s)
{
	size_t n = host_plain(s, o->p + o->n);

	if (n == s.n ? o->cut : s.p[n] != '/')
		return 0;
	u->host = host_finish(tc_str_of(o->p + o->n, n), o->p + o->n);
	o->n += u->host.n;
	return u->host.n > 0 ? n : 0;
}

/* s: what follows the scheme and all slashes. */
static bool
absolute(struct url *u, struct out *o, int scheme, struct tc_str s)
{
	size_t n;

	*u = (struct url){.scheme = schemes[scheme].scheme};
	put(o, schemes[scheme].start.p, schemes[scheme].start.n);
	n = put_plain_host(u, o, s);
	if (n == 0) {
		while (n < s.n && !is_slash(s.p[n]) && s.p[n] != '?')
			n++;
		/* Cut inside the authority: nobody knows which host it was. */
		if ((n == s.n && o->cut) || !put_authority(u, o, scheme, tc_str_of(s.p, n)))
			return false;
	}
	tc_skip(&s, n);
	finish(u, o, s, o->n);
	return true;
}

/* ---- relative to the base ---- */

static bool
relative(struct url *u, struct out *o, struct tc_str s, const struct url *base)
{
	size_t root = (size_t)(base->path.p - base->text.p), keep = base->path.n;

	if (s.n > 0 && is_slash(s.p[0]))
		keep = 0;
	else if (s.n > 0 && s.p[0] != '?')
		while (keep > 0 && base->path.p[keep - 1] != '/')
			keep--;
	*u = (struct url){.scheme = base->scheme, .relative = true};
	put(o, base->text.p, root + keep);
	u->host = tc_str_of(o->p + (base->host.p - base->text.p), base->host.n);
	if (base->port.n > 0)
		u->port = tc_str_of(o->p + (base->port.p - base->text.p), base->port.n);
	finish(u, o, s, root);
	return true;
}

/* ---- the whole ---- */

/* A copy of raw without TAB, LF and CR in buf (URL_MAX bytes). */
static struct tc_str
without_breaks(struct tc_str raw, char *buf)
{
	size_t n = 0;

	for (size_t i = 0; i < raw.n && n < URL_MAX; i++)
		if (!is(raw.p[i], DROP))
			buf[n++] = raw.p[i];
	return tc_str_of(buf, n);
}

static bool
unknown(struct url *u, struct tc_str raw)
{
	*u = (struct url){.scheme = URL_UNKNOWN, .beyond = beyond_ascii(raw)};
	return false;
}

/* s has no white space to drop, no fragment, and is not empty. */
static bool
resolve(struct url *u, struct tc_str s, const struct url *base, struct out *o)
{
	size_t n, slashes = 0;
	int scheme, base_scheme;

	if (tc_starts(s, schemes[0].start) && s.n > 8 && !is_slash(s.p[8])) { /* nearly all that are absolute */
		tc_skip(&s, schemes[0].start.n);
		return absolute(u, o, 0, s);
	}
	n = scheme_length(s);
	scheme = n > 0 ? scheme_find(tc_str_of(s.p, n)) : SCHEME_COUNT;
	base_scheme = scheme_of(base);

	if (n > 0 && scheme == SCHEME_COUNT) {
		*u = (struct url){.scheme = URL_OPAQUE};
		if (tc_ieq(tc_str_of(s.p, n), TC_STR("data")))
			u->scheme = URL_DATA;
		return true;
	}
	if (n > 0)
		tc_skip(&s, n + 1);
	while (slashes < s.n && is_slash(s.p[slashes]))
		slashes++;
	if (n == 0)
		scheme = base_scheme;
	if (scheme == SCHEME_COUNT)
		return false;
	/* "https:h" and "https:/h" are relative to a base of the same scheme, and absolute to any other. */
	if (slashes < 2 && scheme == base_scheme)
		return relative(u, o, s, base);
	tc_skip(&s, slashes);
	return absolute(u, o, scheme, s);
}

bool
url_resolve(struct url *u, struct tc_str raw, const struct url *base, char *buf)
{
	struct out o = {buf, 0, false};
	char clean[URL_MAX];
	size_t n, max;

	assert(buf != NULL);
	while (raw.n > 0 && is(raw.p[0], EDGE))
		tc_skip(&raw, 1);
	while (raw.n > 0 && is(raw.p[raw.n - 1], EDGE))
		raw.n--;
	max = raw.n < URL_MAX ? raw.n : URL_MAX;
	n = skip_text(tc_str_of(raw.p, max));
	while (n < max && !is(raw.p[n], FRAGMENT | DROP))
		n++;
	o.cut = n == URL_MAX && raw.n > n;
	if (n < raw.n && is(raw.p[n], DROP)) {
		raw = without_breaks(raw, clean);
		n = tc_find_byte(raw, '#');
		o.cut = n == URL_MAX;
	}
	raw.n = n;
	if (n == 0) {
		*u = (struct url){.scheme = URL_NONE};
		return true;
	}
	return resolve(u, raw, base, &o) || unknown(u, raw);
}
