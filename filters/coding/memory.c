/*
 * memory.c: memory for the libraries of the codings, wiped when it is given back.
 *
 * A block is [size | ... bytes ...]; the size is needed to wipe. From LARGE up a block is pages of its own: they go
 * back to the system, which clears them. A decoder reserves its window by what a head says and may never touch it;
 * wiping would make all of it real.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "coding.h"

enum { HEAD = 16,
	LARGE = 1024 * 1024 };

void *
coding_alloc(size_t n)
{
	char *p;

	if (n > SIZE_MAX / 2)
		return NULL;
	if (n >= LARGE) {
		p = mmap(NULL, n + HEAD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return NULL;
	} else if ((p = malloc(n + HEAD)) == NULL) {
		return NULL;
	}
	memcpy(p, &n, sizeof(n));
	return p + HEAD;
}

void
coding_free(void *block)
{
	char *p;
	size_t n;

	if (block == NULL)
		return;
	p = (char *)block - HEAD;
	memcpy(&n, p, sizeof(n));
	if (n >= LARGE) {
		if (munmap(p, n + HEAD) == -1)
			abort(); /* it would stay unwiped */
		return;
	}
	explicit_bzero(p, n + HEAD);
	free(p);
}

void *
coding_alloc_for(void *opaque, size_t n)
{
	(void)opaque;
	return coding_alloc(n);
}

void
coding_free_for(void *opaque, void *block)
{
	(void)opaque;
	coding_free(block);
}

void *
coding_alloc_items(void *opaque, unsigned items, unsigned size)
{
	size_t n;

	(void)opaque;
	return __builtin_mul_overflow((size_t)items, (size_t)size, &n) ? NULL : coding_alloc(n);
}
