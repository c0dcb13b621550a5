/* consent_bits.h: writes consent strings of the IAB bit by bit, for tests that need one that is nowhere to be had. */
#ifndef TESTS_CONSENT_BITS_H
#define TESTS_CONSENT_BITS_H

#include <stdio.h>
#include <string.h>

#include "tacet/str.h"

struct pen {
	char bits[8192]; /* one byte each */
	size_t n;
	char text[2048];
	size_t written;
};

static inline void
pen_put(struct pen *p, uint64_t v, unsigned n)
{
	while (n-- > 0)
		p->bits[p->n++] = (char)(v >> n & 1);
}

/* Ends a segment: padded with zeros to whole characters, or first to whole bytes, as many libraries do. */
static inline void
pen_end(struct pen *p, bool bytes)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	while (bytes && p->n % 8 != 0)
		pen_put(p, 0, 1);
	while (p->n % 6 != 0)
		pen_put(p, 0, 1);
	for (size_t i = 0; i < p->n; i += 6) {
		unsigned v = 0;

		for (size_t k = 0; k < 6; k++)
			v = v << 1 | (unsigned)p->bits[i + k];
		p->text[p->written++] = alphabet[v];
	}
	p->n = 0;
}

static inline void
pen_byte(struct pen *p, char c)
{
	p->text[p->written++] = c;
}

static inline struct tc_str
pen_text(const struct pen *p)
{
	return tc_str_of(p->text, p->written);
}

/* A Fibonacci code of v > 0. */
static inline void
pen_fibonacci(struct pen *p, unsigned v)
{
	unsigned f[24] = {1, 2}, last = 0;
	char code[25] = {0};

	for (unsigned i = 2; i < 24; i++)
		f[i] = f[i - 1] + f[i - 2];
	for (unsigned i = 24; i-- > 0;)
		if (f[i] <= v) {
			v -= f[i];
			code[i] = 1;
			last = last > i ? last : i;
		}
	for (unsigned i = 0; i <= last; i++)
		pen_put(p, (uint64_t)code[i], 1);
	pen_put(p, 1, 1);
}

/* The header of a GPP string with one section, and the ~ behind it. */
static inline void
pen_gpp(struct pen *p, unsigned id)
{
	pen_put(p, 3, 6);
	pen_put(p, 1, 6);
	pen_put(p, 1, 12);
	pen_put(p, 0, 1);
	pen_fibonacci(p, id);
	pen_end(p, false);
	pen_byte(p, '~');
}

/* A TC string's core as far as the country. day: of both dates. purposes: bit 0 = purpose 1. */
static inline void
pen_tcf(struct pen *p, int32_t day, uint32_t purposes)
{
	pen_put(p, 2, 6);
	pen_put(p, (uint64_t)day * 864000, 36);
	pen_put(p, (uint64_t)day * 864000, 36);
	pen_put(p, 880, 12);
	pen_put(p, 0, 12 + 6);
	pen_put(p, 4, 6); /* EN */
	pen_put(p, 13, 6);
	pen_put(p, 48, 12);
	pen_put(p, 5, 6);
	pen_put(p, 1, 1);
	pen_put(p, 0, 1 + 12);
	for (unsigned i = 0; i < 24; i++)
		pen_put(p, purposes >> i & 1, 1);
	pen_put(p, 0, 24 + 1);
	pen_put(p, 3, 6);
	pen_put(p, 4, 6);
}

/* No vendors, no vendors by legitimate interest, no restrictions. */
static inline void
pen_tcf_end(struct pen *p)
{
	for (unsigned i = 0; i < 2; i++)
		pen_put(p, 0, 17);
	pen_put(p, 0, 12);
	pen_end(p, false);
}

#endif
