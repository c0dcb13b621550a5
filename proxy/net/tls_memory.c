/*
 * tls_memory.c: OpenSSL's memory, wiped before it is given back (http.md 10).
 *
 * It takes a buffer of a little more than 16 KiB for each record that is read or written, and gives it back when that is done.
 * A loop keeps a few of them: all its connections then use the same ones, which are in the cache.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/wipe.h"
#include "net/tls_inside.h"

#define RECORD_MIN (16 << 10) /* what OpenSSL takes for a record is more than this */
#define RECORD_SIZE (17 << 10)
#define SLACK 64 /* that malloc() may have added */
#define KEPT_MAX 4

struct tls_records {
	void *v[KEPT_MAX]; /* wiped */
	size_t n;
};

static _Thread_local struct tls_records *kept; /* NULL: what comes back is not kept */

struct tls_records *
tls_records_keep(void)
{
	struct tls_records *r = calloc(1, sizeof(*r));

	if (r == NULL)
		abort();
	kept = r;
	return r;
}

void
tls_records_let_go(struct tls_records **p)
{
	struct tls_records *r = *p;

	*p = NULL;
	if (kept == r)
		kept = NULL;
	while (r->n > 0)
		free(r->v[--r->n]);
	free(r);
}

static void *
take(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	if (n > RECORD_MIN && n <= RECORD_SIZE)
		return kept != NULL && kept->n > 0 ? kept->v[--kept->n] : malloc(RECORD_SIZE);
	return n > 0 ? malloc(n) : NULL;
}

static void
give(void *p, const char *file, int line)
{
	size_t n;

	(void)file;
	(void)line;
	if (p == NULL)
		return;
	n = malloc_usable_size(p);
	explicit_bzero(p, n);
	if (kept != NULL && kept->n < KEPT_MAX && n >= RECORD_SIZE && n < RECORD_SIZE + SLACK)
		kept->v[kept->n++] = p;
	else
		free(p);
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
