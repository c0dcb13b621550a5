/*
 * test_coding_memory.c: what the codings' libraries get is given back, wiped, and bounded: the figures that the packers'
 * comments and docs/adr/0008 name.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static size_t live, peak;

static void
count(size_t n)
{
	live += n;
	peak = live > peak ? live : peak;
}

static void *
counting_malloc(size_t n)
{
	count(n);
	return malloc(n);
}

static void *
counting_mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	count(n);
	return mmap(at, n, prot, flags, fd, offset);
}

static int
counting_munmap(void *p, size_t n)
{
	live -= n;
	return munmap(p, n);
}

static void wiped_free(void *p);

/* explicit_bzero() says how much was wiped; free() looks. */
static size_t wiped_n;
static void
noting_bzero(void *p, size_t n)
{
	wiped_n = n;
	explicit_bzero(p, n);
}

#define malloc counting_malloc
#define free wiped_free
#define mmap counting_mmap
#define munmap counting_munmap
#define explicit_bzero noting_bzero
#include "../../filters/coding/memory.c"
#undef malloc
#undef free
#undef mmap
#undef munmap
#undef explicit_bzero

#include "headfilter.h"
#include "zip.h"

static void
wiped_free(void *p)
{
	const char *bytes = p;

	assert_true(wiped_n > HEAD);
	for (size_t i = 0; i < wiped_n; i++)
		assert_int_equal(bytes[i], 0);
	live -= wiped_n;
	wiped_n = 0;
	free(p);
}

static void
test_wipes(void **state)
{
	static const size_t sizes[] = {1, 16, 1000, LARGE - 1, LARGE, 3 * LARGE};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char *p = coding_alloc(sizes[i]);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		memset(p, 'x', sizes[i]);
		coding_free(p);
		assert_int_equal(live, 0);
	}
	coding_free(NULL);
	assert_null(coding_alloc(SIZE_MAX));
	assert_null(coding_alloc(SIZE_MAX - HEAD));
	assert_null(coding_alloc_items(NULL, UINT32_MAX, UINT32_MAX));
	assert_int_equal(live, 0);
}

static struct tc_str
some_text(size_t n)
{
	char *p = zip_alloc(n);
	struct tc_str noise = zip_noise_plain(n);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i % 97 < 60 ? "the quick brown fox <p class=\"jumps\"> over the lazy dog </p>"[i % 60] : 'a' + noise.p[i] % 26);
	return tc_str_of(p, n);
}

/* A megabyte in pieces of a size, each flushed or not. Returns the most that the library held. */
static size_t
peak_of(const char *coding, struct tc_str text, size_t piece, bool flushing)
{
	struct fake_call *f = fake_new(&filter_encode);

	f->site.compress = TC_CODING_GZIP | TC_CODING_BR | TC_CODING_ZSTD;
	f->discard = true;
	f->flushing = flushing;
	put(&f->req.fields, "Accept-Encoding", coding);
	assert_int_equal(fake_response(f), 0);
	peak = live = 0;
	assert_int_equal(fake_feed_by(f, text, piece), 0);
	fake_free(&f);
	assert_int_equal(live, 0);
	return peak;
}

static void
test_packers_are_bounded(void **state)
{
	static const struct {
		const char *coding;
		size_t kib;
	} rows[] = {{"gzip", 290}, {"br", 1000}, {"zstd", 620}};
	struct tc_str text = some_text(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t piece = 1000; piece <= 1 << 20; piece = piece * 4)
			for (int flushing = 0; flushing < 2; flushing++) {
				size_t most = peak_of(rows[i].coding, text, piece, flushing);

				if (most > rows[i].kib << 10)
					fail_msg("%s holds %zu KiB by %zu", rows[i].coding, most >> 10, piece);
			}
	zip_free();
}

/* Windows as large as they are taken: 8 MiB of zstd, 4 MiB of br as it is made here, and what is around them. */
static void
test_unpackers_are_bounded(void **state)
{
	struct tc_str text = some_text(12 << 20);
	const struct {
		const char *coding;
		struct tc_str in;
		size_t kib;
	} rows[] = {{"gzip", zip(text, 31), 80},
	    {"br", zip_br(text), 5 << 10},
	    {"zstd", zip_zstd_window(text, 23), 9 << 10}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fake_call *f = fake_new(&filter_decode);

		f->want_body = f->discard = true;
		put(&f->res.fields, "Content-Encoding", rows[i].coding);
		assert_int_equal(fake_response(f), 0);
		peak = live = 0;
		assert_int_equal(fake_feed_by(f, rows[i].in, 60000), 0);
		assert_int_equal(f->out_n, text.n);
		fake_free(&f);
		assert_int_equal(live, 0);
		if (peak > rows[i].kib << 10)
			fail_msg("%s holds %zu KiB", rows[i].coding, peak >> 10);
	}
	zip_free();
}

/* A request that ends early gives all back too. */
static void
test_ends_early(void **state)
{
	static const char *const codings[] = {"gzip", "br", "zstd"};
	struct tc_str text = some_text(100000);

	(void)state;
	live = 0;
	for (size_t i = 0; i < 3; i++) {
		struct fake_call *f = fake_new(&filter_encode), *back = fake_new(&filter_decode);
		struct tc_str in = text, half = zip_named(text, codings[i]);

		f->site.compress = TC_CODING_GZIP | TC_CODING_BR | TC_CODING_ZSTD;
		put(&f->req.fields, "Accept-Encoding", codings[i]);
		assert_int_equal(fake_response(f), 0);
		assert_int_equal(filter_encode.body(&f->call, &in, false), 0);
		back->want_body = true;
		put(&back->res.fields, "Content-Encoding", codings[i]);
		assert_int_equal(fake_response(back), 0);
		half.n /= 2;
		assert_int_equal(filter_decode.body(&back->call, &half, false), 0);
		assert_true(live > 0);
		fake_free(&f);
		fake_free(&back);
		assert_int_equal(live, 0);
	}
	zip_free();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wipes),
		cmocka_unit_test(test_packers_are_bounded),
		cmocka_unit_test(test_unpackers_are_bounded),
		cmocka_unit_test(test_ends_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
