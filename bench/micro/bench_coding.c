/*
 * bench_coding.c: what do the codings cost a page, and what do they save?
 *
 * The first 14 KiB of each page of a directory (default ../shared/corpus/pages) are packed and unpacked by our filters
 * as a request would: memory taken, wiped and given back each time. Beside them zlib at level 5, bare, which is what
 * nginx does. Everything is run REPEAT times per round, one after the other, and each figure is the median of its
 * rounds: noise hits all alike. One page alone shows what a processor makes of bytes that it knows by heart: less than
 * half the time, and a better ratio for gzip. "stream" is the same page in pieces of 4 KiB, each flushed.
 *
 *	build/bench/bench_coding [DIRECTORY [ROUNDS [BYTES]]]
 */
#include <dirent.h>
#include <stdio.h>
#include <time.h>

#define ZLIB_CONST
#include <zlib.h>

#include "call.h"
#include "filters/coding/coding.h"

enum { PAGES_MAX = 64,
	ROUNDS_MAX = 1000,
	REPEAT = 5,
	STREAM_PIECE = 4096 };

static struct tc_str pages[PAGES_MAX], packed[CODING_COUNT][PAGES_MAX];
static size_t page_count, page_bytes = 14336;

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static void
read_pages(const char *directory)
{
	DIR *d = opendir(directory);

	if (d == NULL) {
		fprintf(stderr, "skipped: no %s\n", directory);
		exit(0);
	}
	for (struct dirent *e; (e = readdir(d)) != NULL && page_count < PAGES_MAX;) {
		char path[1024], *p = malloc(page_bytes);
		FILE *f;
		size_t n;

		(void)snprintf(path, sizeof(path), "%s/%s", directory, e->d_name);
		if (p == NULL)
			abort();
		f = strstr(e->d_name, ".html") != NULL ? fopen(path, "rb") : NULL;
		n = f != NULL ? fread(p, 1, page_bytes, f) : 0;
		if (f != NULL)
			(void)fclose(f);
		if (n == page_bytes)
			pages[page_count++] = tc_str_of(p, n);
		else
			free(p);
	}
	(void)closedir(d);
}

/* ---- what is measured: one page, and how many bytes came of it ---- */

static size_t
bare_zlib(enum coding c, size_t page)
{
	static char out[1 << 20];
	z_stream z = {.avail_in = (uInt)pages[page].n, .avail_out = sizeof(out)};

	(void)c;
	z.next_in = (const Bytef *)pages[page].p;
	z.next_out = (Bytef *)out;
	if (deflateInit2(&z, 5, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK || deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	(void)deflateEnd(&z);
	return z.total_out;
}

static struct fake_call *
packing(enum coding c)
{
	struct fake_call *f = fake_new(&filter_encode);

	f->site.compress = TC_CODING_GZIP | TC_CODING_BR | TC_CODING_ZSTD;
	if (tc_field_add(&f->req.fields, TC_F_ACCEPT_ENCODING, coding_name(c)) < 0 || fake_response(f) != 0)
		abort();
	return f;
}

static size_t
pack(enum coding c, size_t page)
{
	struct fake_call *f = packing(c);
	struct tc_str in = pages[page];
	size_t n;

	if (filter_encode.body(&f->call, &in, true) != 0)
		abort();
	n = f->out_n;
	if (packed[c][page].p == NULL) {
		packed[c][page] = tc_str_of(f->out, n);
		f->out = NULL;
	}
	fake_free(&f);
	return n;
}

static size_t
pack_stream(enum coding c, size_t page)
{
	struct fake_call *f = packing(c);
	struct tc_str all = pages[page];
	size_t n;

	f->flushing = true;
	f->discard = true;
	while (all.n > 0) {
		struct tc_str in = tc_str_of(all.p, all.n < STREAM_PIECE ? all.n : STREAM_PIECE);

		tc_skip(&all, in.n);
		if (filter_encode.body(&f->call, &in, all.n == 0) != 0)
			abort();
	}
	n = f->out_n;
	fake_free(&f);
	return n;
}

static size_t
unpack(enum coding c, size_t page)
{
	struct fake_call *f = fake_new(&filter_decode);
	struct tc_str in = packed[c][page];
	size_t n;

	f->want_body = f->discard = true;
	if (tc_field_add(&f->res.fields, TC_F_CONTENT_ENCODING, coding_name(c)) < 0 || fake_response(f) != 0 ||
	    filter_decode.body(&f->call, &in, true) != 0)
		abort();
	n = f->out_n;
	fake_free(&f);
	return n;
}

/* Neither: what the test's own call costs. */
static size_t
nothing(enum coding c, size_t page)
{
	struct fake_call *f = packing(c);

	(void)page;
	fake_free(&f);
	return 0;
}

static const struct {
	const char *name;
	size_t (*run)(enum coding c, size_t page);
	enum coding coding;
} rows[] = {
	{"(a call with nothing to do)", nothing, CODING_GZIP},
	{"zlib 5, bare", bare_zlib, CODING_GZIP},
	{"gzip", pack, CODING_GZIP},
	{"br", pack, CODING_BR},
	{"zstd", pack, CODING_ZSTD},
	{"gzip, stream", pack_stream, CODING_GZIP},
	{"br, stream", pack_stream, CODING_BR},
	{"zstd, stream", pack_stream, CODING_ZSTD},
	{"gzip, unpacked", unpack, CODING_GZIP},
	{"br, unpacked", unpack, CODING_BR},
	{"zstd, unpacked", unpack, CODING_ZSTD},
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int
main(int argc, char **argv)
{
	static double took[ROWS][ROUNDS_MAX];
	size_t bytes[ROWS] = {0}, rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 21;

	if (argc > 3)
		page_bytes = strtoul(argv[3], NULL, 10);
	if (rounds == 0 || rounds > ROUNDS_MAX || page_bytes == 0 || page_bytes > 1 << 19)
		return 2;
	read_pages(argc > 1 ? argv[1] : "../shared/corpus/pages");
	if (page_count == 0)
		return 0;
	for (size_t r = 0; r < rounds; r++)
		for (size_t i = 0; i < ROWS; i++) {
			double began = now();

			bytes[i] = 0;
			for (size_t p = 0; p < REPEAT * page_count; p++)
				bytes[i] += rows[i].run(rows[i].coding, p % page_count);
			took[i][r] = (now() - began) / (double)(REPEAT * page_count);
		}
	printf("%zu pages of %zu bytes, median of %zu rounds\n", page_count, page_bytes, rounds);
	for (size_t i = 0; i < ROWS; i++) {
		qsort(took[i], rounds, sizeof(took[i][0]), by_value);
		printf("%-28s %8.1f us  %6.2f of zlib 5  %7zu bytes\n", rows[i].name, took[i][rounds / 2],
		    took[i][rounds / 2] / took[1][rounds / 2], bytes[i] / (REPEAT * page_count));
	}
	return 0;
}
