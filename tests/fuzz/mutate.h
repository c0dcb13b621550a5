/*
 * mutate.h: mutations that know what a message is made of. Half of them move, double, drop and swap whole lines, or
 * put in one of the target's own pieces; the other half are the fuzzer's, byte by byte. So combinations are reached
 * that luck would not find: a second Content-Length, a coding beside it, a chunk behind a head.
 */
#ifndef TESTS_MUTATE_H
#define TESTS_MUTATE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MUTATE_MAX 4096

struct mutate_piece {
	const char *p;
	size_t n;
};

#define PIECE(text) {text, sizeof(text) - 1}

/* The fuzzer's own; absent where the corpus is only replayed. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max) __attribute__((weak));

static inline size_t
mutate_random(uint64_t *seed, size_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return below > 0 ? (size_t)(*seed % below) : 0;
}

/* Where a line begins, chosen at random: 0, or behind some LF. */
static inline size_t
mutate_line(const uint8_t *p, size_t n, uint64_t *seed)
{
	size_t at = mutate_random(seed, n + 1);

	while (at > 0 && p[at - 1] != '\n')
		at--;
	return at;
}

static inline size_t
mutate_line_end(const uint8_t *p, size_t n, size_t at)
{
	while (at < n && p[at] != '\n')
		at++;
	return at < n ? at + 1 : n;
}

/* Puts n bytes in the place of [from, to). */
static inline size_t
mutate_replace(uint8_t *data, size_t size, size_t max, size_t from, size_t to, const void *p, size_t n)
{
	if (size - (to - from) + n > max)
		return size;
	memmove(data + from + n, data + to, size - to);
	memcpy(data + from, p, n);
	return size - (to - from) + n;
}

static inline size_t
mutate(uint8_t *data, size_t size, size_t max, unsigned random, const struct mutate_piece *pieces, size_t count)
{
	uint64_t seed = ((uint64_t)random << 20 | size) + 0x9e3779b97f4a7c15u;
	const struct mutate_piece *piece = &pieces[mutate_random(&seed, count)];
	uint8_t line[MUTATE_MAX];
	size_t at = mutate_line(data, size, &seed), end = mutate_line_end(data, size, at), n = end - at;

	if (max > MUTATE_MAX)
		max = MUTATE_MAX;
	if (size > max)
		size = max;
	if (end > size || at > end)
		at = end = n = 0;
	switch (mutate_random(&seed, 10)) {
	case 0: /* a piece before a line */
	case 1:
		return mutate_replace(data, size, max, at, at, piece->p, piece->n);
	case 2: /* in a line's place */
		return mutate_replace(data, size, max, at, end, piece->p, piece->n);
	case 3: /* anywhere */
		at = mutate_random(&seed, size + 1);
		return mutate_replace(data, size, max, at, at, piece->p, piece->n);
	case 4: /* a line twice, or somewhere else */
		memcpy(line, data + at, n);
		at = mutate_line(data, size, &seed);
		return mutate_replace(data, size, max, at, at, line, n);
	default:
		return LLVMFuzzerMutate(data, size, max);
	}
}

#endif
