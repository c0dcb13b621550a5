/* tls_memory.c: OpenSSL's memory, wiped before it is given back (http.md 10). */
#include <stdlib.h>

#include <openssl/crypto.h>

#include "base/wipe.h"
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
	wipe_free(p);
}

static void *
resize(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return wipe_realloc(p, n);
}

void
tls_start(void)
{
	if (CRYPTO_set_mem_functions(take, resize, give) != 1)
		abort(); /* too late: something was allocated */
}
