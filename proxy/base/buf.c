/* buf.c: a growing buffer of bytes with a limit. What it held is wiped whenever memory is given back. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BUF_FIRST 256

void
buf_init(struct buf *b, size_t max)
{
	assert(max > 0);
	*b = (struct buf){.max = max};
}

/* Moves the unread bytes to new memory of cap bytes; realloc would leave a copy behind. */
static void
buf_move(struct buf *b, size_t cap)
{
	char *mem = malloc(cap);

	if (mem == NULL) {
		(void)fputs("tacet: out of memory\n", stderr);
		abort();
	}
	if (b->mem != NULL) {
		memcpy(mem, b->mem + b->off, b->n);
		explicit_bzero(b->mem, b->cap);
		free(b->mem);
	}
	b->mem = mem;
	b->off = 0;
	b->cap = cap;
}

/* Makes room for n more bytes behind the unread ones, or returns BUF_FULL. */
static int
buf_reserve(struct buf *b, size_t n)
{
	size_t cap = b->cap > 0 ? b->cap : BUF_FIRST / 2;

	assert(b->max > 0 && b->n <= b->max);
	if (n > b->max - b->n)
		return BUF_FULL;
	if (n <= b->cap - b->off - b->n)
		return 0;
	if (n <= b->cap - b->n && (b->off >= b->cap / 2 || b->cap == b->max)) {
		memmove(b->mem, b->mem + b->off, b->n);
		b->off = 0;
		return 0;
	}
	do
		cap = cap > b->max / 2 ? b->max : cap * 2;
	while (cap < b->n + n);
	buf_move(b, cap);
	return 0;
}

int
buf_add(struct buf *b, const char *p, size_t n)
{
	if (n == 0)
		return 0;
	if (buf_reserve(b, n) < 0)
		return BUF_FULL;
	memcpy(b->mem + b->off + b->n, p, n);
	b->n += n;
	return 0;
}

int
buf_add_str(struct buf *b, struct tc_str s)
{
	return buf_add(b, s.p, s.n);
}

int
buf_printf(struct buf *b, const char *format, ...)
{
	char small[256];
	va_list args, again;
	int n, r = 0;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	assert(n >= 0);
	if ((size_t)n < sizeof(small)) {
		r = buf_add(b, small, (size_t)n);
	} else {
		char *large = malloc((size_t)n + 1);

		if (large == NULL)
			abort();
		(void)vsnprintf(large, (size_t)n + 1, format, again);
		r = buf_add(b, large, (size_t)n);
		explicit_bzero(large, (size_t)n);
		free(large);
	}
	va_end(again);
	explicit_bzero(small, sizeof(small));
	return r;
}

struct tc_str
buf_str(const struct buf *b)
{
	return b->mem != NULL ? tc_str_of(b->mem + b->off, b->n) : tc_str_of("", 0);
}

void
buf_drop(struct buf *b, size_t n)
{
	assert(n <= b->n);
	b->off += n;
	b->n -= n;
	if (b->n == 0)
		b->off = 0;
}

void
buf_reset(struct buf *b)
{
	if (b->mem != NULL)
		explicit_bzero(b->mem, b->cap);
	free(b->mem);
	*b = (struct buf){.max = b->max};
}
