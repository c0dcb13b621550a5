/* bytes.h: which bytes may stand where in a head, looked for sixteen at a time. */
#ifndef HTTP_BYTES_H
#define HTTP_BYTES_H

#include "tacet/str.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* token (RFC 9110 5.6.2) */
extern const uint8_t bytes_token[256];

static inline bool
is_token(struct tc_str s)
{
	uint8_t all = 1;

	for (size_t i = 0; i < s.n; i++)
		all &= bytes_token[(uint8_t)s.p[i]];
	return all != 0 && s.n > 0;
}

/* A control byte other than HTAB: none may stand in a field line (RFC 9110 5.5); CR and LF end one. */
static inline bool
is_control(char c)
{
	return ((uint8_t)c < 0x20 && c != '\t') || c == 0x7f;
}

/* What a request target may be made of: visible ASCII (the linter's rule; RFC 3986 allows less). */
static inline bool
is_visible(char c)
{
	return c > 0x20 && c < 0x7f;
}

/* 0 to 15, or -1. */
static inline int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tc_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#ifdef __SSE2__
static inline unsigned
control_mask(const char *p)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
	__m128i tab = _mm_cmpeq_epi8(x, _mm_set1_epi8('\t'));
	__m128i del = _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, low), del));
}

/* As signed bytes, all that is not visible ASCII is below 0x21, or 0x7f. */
static inline unsigned
invisible_mask(const char *p)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i low = _mm_cmplt_epi8(x, _mm_set1_epi8(0x21));
	__m128i del = _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, del));
}
#endif

/* Whether one of the n bytes is a control byte: what find_control() tells, for short texts, without a look at each. */
static inline bool
has_control(const char *p, size_t n)
{
#ifdef __SSE2__
	if (n >= 16) {
		for (size_t i = 0; i + 16 < n; i += 16)
			if (control_mask(p + i) != 0)
				return true;
		return control_mask(p + n - 16) != 0; /* once more, perhaps, what was seen */
	}
	if (n >= 8) {
		char both[16];

		memcpy(both, p, 8);
		memcpy(both + 8, p + n - 8, 8);
		return control_mask(both) != 0;
	}
#endif
	for (size_t i = 0; i < n; i++)
		if (is_control(p[i]))
			return true;
	return false;
}

/* Position of the first control byte in [at, n), or n. */
static inline size_t
find_control(const char *p, size_t at, size_t n)
{
#ifdef __SSE2__
	for (; n - at >= 16; at += 16) {
		unsigned mask = control_mask(p + at);

		if (mask != 0)
			return at + (size_t)__builtin_ctz(mask);
	}
#endif
	while (at < n && !is_control(p[at]))
		at++;
	return at;
}

static inline bool
all_visible(struct tc_str s)
{
	size_t at = 0;

#ifdef __SSE2__
	for (; s.n - at >= 16; at += 16)
		if (invisible_mask(s.p + at) != 0)
			return false;
#endif
	while (at < s.n && is_visible(s.p[at]))
		at++;
	return at == s.n;
}

#endif
