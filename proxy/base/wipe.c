/* wipe.c: see wipe.h. */
#include "base/wipe.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void
wipe_free(void *p)
{
	if (p == NULL)
		return;
	explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

void *
wipe_realloc(void *p, size_t n)
{
	size_t old = p != NULL ? malloc_usable_size(p) : 0;
	void *q = NULL;

	if (n > 0) {
		q = malloc(n);
		if (q == NULL)
			return NULL;
		if (old > 0)
			memcpy(q, p, old < n ? old : n);
	}
	wipe_free(p);
	return q;
}
