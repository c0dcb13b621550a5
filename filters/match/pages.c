/*
 * pages.c: memory for a whole block, and for the arrays while it is built, given back to the system as soon as it is free.
 * malloc() would keep it, in an arena for each thread that ever read a list. Large pages, where there are some, spare
 * look-ups.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "db.h"

#define LARGE_PAGE ((size_t)2 << 20)
#define SMALL_PAGE ((size_t)4096)
#define ARRAY_PAGES ((size_t)128 << 10) /* from here on an array has pages of its own */

static size_t
room_of(size_t n)
{
	return (n + SMALL_PAGE - 1) / SMALL_PAGE * SMALL_PAGE;
}

void *
block_pages(size_t n)
{
	size_t size = room_of(n), before, large = size / LARGE_PAGE * LARGE_PAGE;
	char *p = mmap(NULL, size + LARGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	before = (LARGE_PAGE - (uintptr_t)p % LARGE_PAGE) % LARGE_PAGE;
	if (before > 0)
		(void)munmap(p, before);
	if (before < LARGE_PAGE)
		(void)munmap(p + before + size, LARGE_PAGE - before);
	if (large > 0)
		(void)madvise(p + before, large, MADV_HUGEPAGE);
	return p + before;
}

void
block_pages_fixed(void *p, size_t n)
{
	(void)mprotect(p, room_of(n), PROT_READ);
}

void
block_pages_free(const void *p, size_t n)
{
	(void)munmap((void *)(uintptr_t)p, room_of(n));
}

/* ---- arrays ---- */

static void *
moved(void *p, size_t was, size_t n)
{
	void *to = n >= ARRAY_PAGES ? mmap(NULL, room_of(n), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
				    : malloc(n);

	if (to == NULL || to == MAP_FAILED)
		return NULL;
	if (p != NULL)
		memcpy(to, p, was < n ? was : n);
	array_free(p, was);
	return to;
}

void *
array_resize(void *p, size_t was, size_t n)
{
	void *to;

	if (was < ARRAY_PAGES && n < ARRAY_PAGES)
		return realloc(p, n);
	if (p == NULL || was < ARRAY_PAGES || n < ARRAY_PAGES)
		return moved(p, was, n);
	to = mremap(p, room_of(was), room_of(n), MREMAP_MAYMOVE);
	return to != MAP_FAILED ? to : NULL;
}

void *
array_zeroed(size_t n)
{
	return n < ARRAY_PAGES ? calloc(1, n) : array_resize(NULL, 0, n);
}

void
array_free(void *p, size_t n)
{
	if (n < ARRAY_PAGES)
		free(p);
	else if (p != NULL)
		(void)munmap(p, room_of(n));
}
