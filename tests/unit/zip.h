/* zip.h: packed bytes for tests of the codings, by the libraries and not by our packers. They live until zip_free(). */
#ifndef TESTS_ZIP_H
#define TESTS_ZIP_H

#ifndef ZLIB_CONST
#define ZLIB_CONST
#endif
#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include "call.h"

static void *zip_kept[256];
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
zip_br_window(struct tc_str text, int quality, int window_log)
{
	size_t n = BrotliEncoderMaxCompressedSize(text.n) + 16;
	char *out = zip_alloc(n);

	if (!BrotliEncoderCompress(quality, window_log, BROTLI_MODE_TEXT, text.n, (const uint8_t *)text.p, &n, (uint8_t *)out))
		abort();
	return tc_str_of(out, n);
}

static FAKE_UNUSED struct tc_str
zip_br(struct tc_str text)
{
	return zip_br_window(text, 9, 22);
}

/* One frame, with a checksum, of the window 1 << window_log if that is not 0. */
static FAKE_UNUSED struct tc_str
zip_zstd_window(struct tc_str text, int window_log)
{
	size_t cap = ZSTD_compressBound(text.n);
	ZSTD_outBuffer out = {zip_alloc(cap), cap, 0};
	ZSTD_inBuffer in = {text.p, text.n, 0}, none = {NULL, 0, 0};
	ZSTD_CCtx *z = ZSTD_createCCtx();

	if (z == NULL || ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1)))
		abort();
	if (window_log != 0 && ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, window_log)))
		abort();
	/* in two calls, or the library would shrink the window to the text */
	if (ZSTD_isError(ZSTD_compressStream2(z, &out, &in, ZSTD_e_continue)) ||
	    ZSTD_compressStream2(z, &out, &none, ZSTD_e_end) != 0)
		abort();
	(void)ZSTD_freeCCtx(z);
	return tc_str_of(out.dst, out.pos);
}

static FAKE_UNUSED struct tc_str
zip_zstd(struct tc_str text)
{
	return zip_zstd_window(text, 0);
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
zip_zeros_plain(size_t n)
{
	char *zeros = zip_alloc(n);

	memset(zeros, 0, n);
	return tc_str_of(zeros, n);
}

static FAKE_UNUSED struct tc_str
zip_zeros(size_t n)
{
	return zip(zip_zeros_plain(n), 31);
}

/* By the coding's name in Content-Encoding; "raw" is deflate without zlib's head. */
static FAKE_UNUSED struct tc_str
zip_named(struct tc_str text, const char *coding)
{
	if (strcmp(coding, "br") == 0)
		return zip_br(text);
	if (strcmp(coding, "zstd") == 0)
		return zip_zstd(text);
	return zip(text, strcmp(coding, "raw") == 0 ? -15 : strcmp(coding, "deflate") == 0 ? 15
											   : 31);
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
