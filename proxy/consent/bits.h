/* bits.h: the bits of a consent string of the IAB, six in each character, most significant first. */
#ifndef CONSENT_BITS_H
#define CONSENT_BITS_H

#include "tacet/str.h"

struct bits {
	struct tc_str text;
	size_t at;   /* the next bit */
	bool beyond; /* more was asked for than there is: what was read then is 0 */
};

/* false: a character of text belongs to neither alphabet, or there is none. */
bool bits_of(struct tc_str text, struct bits *b);

/* The next n bits, at most 36. */
uint64_t bits_take(struct bits *b, unsigned n);

/* The same at a place of its own; does not move. */
uint64_t bits_at(const struct bits *b, size_t at, unsigned n);

static inline size_t
bits_count(const struct bits *b)
{
	return 6 * b->text.n;
}

static inline void
bits_skip(struct bits *b, size_t n)
{
	if (n > bits_count(b) - b->at) {
		b->beyond = true;
		n = bits_count(b) - b->at;
	}
	b->at += n;
}

/* A Fibonacci code: at least 1; 0: it has no end here, or means a number that no list of ids holds. */
unsigned bits_fibonacci(struct bits *b);

#endif
