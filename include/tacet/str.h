/* str.h: borrowed bytes. A tc_str owns nothing, is never NUL-terminated, and may hold any byte. */
#ifndef TACET_STR_H
#define TACET_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct tc_str {
	const char *p;
	size_t n;
};

/* A string literal as a tc_str. */
#define TC_STR(lit) ((struct tc_str){(lit), sizeof(lit) - 1})
/* The same where a constant initialiser is wanted (static tables). */
#define TC_STR_INIT(lit) {(lit), sizeof(lit) - 1}

static inline struct tc_str
tc_str_of(const char *p, size_t n)
{
	return (struct tc_str){p, n};
}

static inline struct tc_str
tc_str_from(const char *z)
{
	return (struct tc_str){z, strlen(z)};
}

/* ASCII only: locale never matters on the wire. */
static inline char
tc_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool
tc_eq(struct tc_str a, struct tc_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Equal but for ASCII case. */
static inline bool
tc_ieq(struct tc_str a, struct tc_str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (a.p[i] != b.p[i] && tc_lower(a.p[i]) != tc_lower(b.p[i])) /* mostly they are written alike */
			return false;
	return true;
}

static inline bool
tc_starts(struct tc_str s, struct tc_str prefix)
{
	return s.n >= prefix.n && tc_eq(tc_str_of(s.p, prefix.n), prefix);
}

static inline bool
tc_istarts(struct tc_str s, struct tc_str prefix)
{
	return s.n >= prefix.n && tc_ieq(tc_str_of(s.p, prefix.n), prefix);
}

static inline bool
tc_ends(struct tc_str s, struct tc_str suffix)
{
	return s.n >= suffix.n && tc_eq(tc_str_of(s.p + s.n - suffix.n, suffix.n), suffix);
}

/* Takes n bytes off the front; n <= s->n. */
static inline void
tc_skip(struct tc_str *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

/* Position of the first byte c, or s.n. */
static inline size_t
tc_find_byte(struct tc_str s, char c)
{
	const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return at != NULL ? (size_t)(at - s.p) : s.n;
}

/* Position of the first needle, or s.n. */
static inline size_t
tc_find(struct tc_str s, struct tc_str needle)
{
	const char *end, *at = s.p;

	if (needle.n == 0 || s.n == 0)
		return 0;
	end = s.p + s.n;
	while ((size_t)(end - at) >= needle.n) {
		at = memchr(at, needle.p[0], (size_t)(end - at) - needle.n + 1);
		if (at == NULL)
			break;
		if (memcmp(at, needle.p, needle.n) == 0)
			return (size_t)(at - s.p);
		at++;
	}
	return s.n;
}

/* Without optional white space (SP, HTAB: RFC 9110 5.6.3) at both ends. */
static inline struct tc_str
tc_trim(struct tc_str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		tc_skip(&s, 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/*
 * Cuts the next item up to sep off the front of *rest and returns it, trimmed. *rest is what follows
 * the separator; its p is NULL after the last item. Loop: while (rest.p != NULL) item = tc_next(&rest, ',');
 */
static inline struct tc_str
tc_next(struct tc_str *rest, char sep)
{
	size_t at = tc_find_byte(*rest, sep);
	struct tc_str item = tc_str_of(rest->p, at);

	if (at < rest->n)
		tc_skip(rest, at + 1);
	else
		*rest = (struct tc_str){NULL, 0};
	return tc_trim(item);
}

#endif
