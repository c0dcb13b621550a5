/* url.c: the normal form of a path, which rules are matched on, and the patterns of rules. */
#include "http/url.h"

#include "http/bytes.h"

/* RFC 3986 2.3 */
static bool
is_unreserved(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
	    c == '_' || c == '~';
}

/* Nearly every path is in normal form already: no '%', '\', "//" and no segment that begins with a dot. */
static bool
path_is_plain(struct tc_str path)
{
	if (path.n == 0 || path.p[0] != '/')
		return false;
	for (size_t i = 0; i < path.n; i++) {
		char c = path.p[i];

		if (c == '%' || c == '\\')
			return false;
		if (c == '/' && i + 1 < path.n && (path.p[i + 1] == '/' || path.p[i + 1] == '.'))
			return false;
	}
	return true;
}

/*
 * Takes one byte or triplet off the front of *in and writes its normal form; returns how many bytes that is,
 * at most 3. A '%' without two digits becomes %25: else it could begin a triplet with what is decoded after it.
 */
static size_t
take_unit(struct tc_str *in, char out[3])
{
	static const char digits[] = "0123456789ABCDEF";
	int c = (unsigned char)in->p[0], high = -1, low = -1;

	tc_skip(in, 1);
	if (c != '%') {
		out[0] = c == '\\' ? '/' : (char)c;
		return 1;
	}
	if (in->n >= 2) {
		high = hex_value(in->p[0]);
		low = hex_value(in->p[1]);
	}
	if (high >= 0 && low >= 0) {
		c = high << 4 | low;
		tc_skip(in, 2);
	}
	if (is_unreserved(c)) {
		out[0] = (char)c;
		return 1;
	}
	out[0] = '%';
	out[1] = digits[c >> 4];
	out[2] = digits[c & 15];
	return 3;
}

/* What the segment that begins at p + start means: 0 an ordinary one, 1 "." (stay), 2 ".." (up). */
static int
dots(const char *p, size_t start, size_t n)
{
	if (n - start == 1 && p[start] == '.')
		return 1;
	return n - start == 2 && p[start] == '.' && p[start + 1] == '.' ? 2 : 0;
}

/* Drops a dot segment that the n bytes end with, and for ".." the segment before it. Returns what is left of n. */
static size_t
end_segment(const char *p, size_t start, size_t n)
{
	int up = dots(p, start, n);

	if (up == 0)
		return n;
	n = start; /* behind its '/' */
	if (up == 2 && n > 1)
		do
			n--;
		while (p[n - 1] != '/');
	return n;
}

struct tc_str
path_normalise(struct tc_str path, struct tc_arena *arena)
{
	size_t n = 0, start = 1, triplets = 0;
	char unit[3], *out;

	if (path_is_plain(path) || tc_eq(path, TC_STR("*")))
		return path;
	for (size_t i = 0; i < path.n; i++)
		triplets += path.p[i] == '%';
	out = tc_alloc_bytes(arena, 1 + path.n + 2 * triplets);
	if (out == NULL)
		return tc_str_of(NULL, 0);
	out[n++] = '/';
	while (path.n > 0) {
		size_t length = take_unit(&path, unit);

		if (unit[0] != '/') {
			memcpy(out + n, unit, length);
			n += length;
			continue;
		}
		n = end_segment(out, start, n);
		if (out[n - 1] != '/')
			out[n++] = '/';
		start = n;
	}
	return tc_str_of(out, end_segment(out, start, n));
}

/* One '*' is remembered at a time: when the rest does not fit, the last one takes a byte more. */
bool
glob_match(struct tc_str glob, struct tc_str text)
{
	size_t g = 0, t = 0, star = SIZE_MAX, taken = 0;

	while (t < text.n) {
		if (g < glob.n && glob.p[g] == '*') {
			star = ++g;
			taken = t;
		} else if (g < glob.n && glob.p[g] == text.p[t]) {
			g++;
			t++;
		} else if (star != SIZE_MAX) {
			g = star;
			t = ++taken;
		} else {
			return false;
		}
		if (star == glob.n) /* ends with '*' */
			return true;
	}
	while (g < glob.n && glob.p[g] == '*')
		g++;
	return g == glob.n;
}

bool
host_match(struct tc_str pattern, struct tc_str host)
{
	if (tc_eq(pattern, TC_STR("*")))
		return true;
	if (tc_starts(pattern, TC_STR("*."))) {
		tc_skip(&pattern, 1);
		return host.n > pattern.n && tc_ends(host, pattern);
	}
	return tc_eq(pattern, host);
}
