/* zip.h: packed bytes for tests of the codings. All of them live until zip_free(). */
#ifndef TESTS_ZIP_H
#define TESTS_ZIP_H

#ifndef ZLIB_CONST
#define ZLIB_CONST
#endif
#include <zlib.h>

#include "call.h"

static void *zip_kept[64];
static size_t zip_count;

static FAKE_UNUSED char *
zip_alloc(size_t n)
{
	void *p = malloc(n > 0 ? n : 1);

	if (p == NULL || zip_count == sizeof(zip_kept) / sizeof(*zip_kept))
		abort();
	zip_kept[zip_count++] = p;
	return p;
}

static FAKE_UNUSED void
zip_free(void)
{
	while (zip_count > 0)
		free(zip_kept[--zip_count]);
}

/* windowBits: 31 gzip, 15 zlib, -15 raw deflate. */
static FAKE_UNUSED struct tc_str
zip(struct tc_str text, int bits)
{
	size_t cap = text.n + text.n / 1000 + 100;
	char *out = zip_alloc(cap);
	z_stream s = {.next_in = (const Bytef *)text.p, .avail_in = (uInt)text.n, .next_out = (Bytef *)out, .avail_out = (uInt)cap};

	if (deflateInit2(&s, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK || deflate(&s, Z_FINISH) != Z_STREAM_END)
		abort();
	(void)deflateEnd(&s);
	return tc_str_of(out, cap - s.avail_out);
}

static FAKE_UNUSED struct tc_str
zip_join(struct tc_str a, struct tc_str b)
{
	char *out = zip_alloc(a.n + b.n);

	memcpy(out, a.p, a.n);
	memcpy(out + a.n, b.p, b.n);
	return tc_str_of(out, a.n + b.n);
}

static FAKE_UNUSED struct tc_str
zip_flip(struct tc_str s, size_t at)
{
	char *out = zip_alloc(s.n);

	memcpy(out, s.p, s.n);
	out[at] = (char)~out[at];
	return tc_str_of(out, s.n);
}

static FAKE_UNUSED struct tc_str
zip_zeros(size_t n)
{
	char *zeros = zip_alloc(n);

	memset(zeros, 0, n);
	return zip(tc_str_of(zeros, n), 31);
}

/* Bytes that do not pack, the same every time. */
static FAKE_UNUSED struct tc_str
zip_noise_plain(size_t n)
{
	char *noise = zip_alloc(n);
	uint64_t x = 88172645463325252u;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		noise[i] = (char)x;
	}
	return tc_str_of(noise, n);
}

static FAKE_UNUSED struct tc_str
zip_noise(size_t n)
{
	return zip(zip_noise_plain(n), 31);
}

#endif
