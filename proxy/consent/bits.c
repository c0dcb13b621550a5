/* bits.c: see bits.h. */
#include "consent/bits.h"

#include <assert.h>

enum { FIBONACCI_MAX = 20 }; /* terms; the last one is 10946 */

/* The table of the specification ends with +/, what is written in practice with -_ : both are read. */
static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-' || c == '+')
		return 62;
	return c == '_' || c == '/' ? 63 : -1;
}

bool
bits_of(struct tc_str text, struct bits *b)
{
	*b = (struct bits){.text = text};
	for (size_t i = 0; i < text.n; i++)
		if (value_of(text.p[i]) < 0)
			return false;
	return text.n > 0;
}

uint64_t
bits_at(const struct bits *b, size_t at, unsigned n)
{
	uint64_t v = 0;

	assert(n <= 36);
	if (at > bits_count(b) || n > bits_count(b) - at)
		return 0;
	if (n == 0)
		return 0;
	for (size_t i = at / 6; i <= (at + n - 1) / 6; i++)
		v = v << 6 | (unsigned)value_of(b->text.p[i]);
	v >>= 5 - (at + n - 1) % 6; /* what stands behind; then what stands before */
	return v & ((UINT64_C(1) << n) - 1);
}

uint64_t
bits_take(struct bits *b, unsigned n)
{
	uint64_t v = bits_at(b, b->at, n);

	bits_skip(b, n);
	return b->beyond ? 0 : v;
}

unsigned
bits_fibonacci(struct bits *b)
{
	unsigned term = 1, next = 2, sum = 0;
	bool one = false;

	for (unsigned i = 0; i < FIBONACCI_MAX; i++) {
		bool bit = bits_take(b, 1) != 0;
		unsigned after = term + next;

		if (b->beyond)
			return 0;
		if (bit && one) /* two in a row: the second one is the end */
			return sum;
		if (bit)
			sum += term;
		one = bit;
		term = next;
		next = after;
	}
	return 0;
}
