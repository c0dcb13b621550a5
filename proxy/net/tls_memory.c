/* tls_memory.c: OpenSSL's memory, wiped before it is given back (http.md 10). */
#include <malloc.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "net/tls.h"

static void *
take(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n > 0 ? malloc(n) : NULL;
}

static void
give(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	if (p == NULL)
		return;
	explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

/* realloc() would leave the old bytes where they were. */
static void *
resize(void *p, size_t n, const char *file, int line)
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
	give(p, file, line);
	return q;
}

void
tls_start(void)
{
	if (CRYPTO_set_mem_functions(take, resize, give) != 1)
		abort(); /* too late: something was allocated */
}
