/*
 * pattern.h: the body that belongs to an id: origin and load know it both, so a byte of anybody else's shows.
 * Lines of 32 bytes: id, number of the line, and a mix of both.
 */
#ifndef RELIABILITY_PATTERN_H
#define RELIABILITY_PATTERN_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PATTERN_LINE = 32, PATTERN_MAX = 128 << 10 };

static inline uint64_t
pattern_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* Most bodies are small, one in eight is some KiB, one in 64 more than a socket takes at once. */
static inline size_t
pattern_size(uint32_t id)
{
	uint64_t h = pattern_mix(id), size = h >> 32;

	if (h % 64 == 0)
		return (64 << 10) + size % (64 << 10);
	return h % 8 == 1 ? size % (16 << 10) : size % 2000;
}

static inline void
pattern_hex(char *p, unsigned digits, uint64_t v)
{
	while (digits-- > 0) {
		p[digits] = "0123456789abcdef"[v & 15];
		v >>= 4;
	}
}

/* The whole body. p has room for PATTERN_MAX bytes; what it holds beyond the body's size is of no use. */
static inline size_t
pattern_fill(uint32_t id, char *p)
{
	size_t size = pattern_size(id);

	for (size_t line = 0; line * PATTERN_LINE < size; line++) {
		char *at = p + line * PATTERN_LINE;

		pattern_hex(at, 8, id);
		pattern_hex(at + 9, 8, line);
		pattern_hex(at + 18, 13, pattern_mix((uint64_t)id << 32 | line));
		at[8] = at[17] = '.';
		at[31] = '\n';
	}
	return size;
}

/* A generator for choices that are the same in every run. */
static inline uint64_t
pattern_random(uint64_t *state)
{
	return pattern_mix((*state)++);
}

#endif
