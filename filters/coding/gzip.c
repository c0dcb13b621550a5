/*
 * gzip.c: packs with libdeflate what is there as a whole, which costs a third or less, and with zlib what comes in pieces.
 * bench/micro/bench_coding.c has the figures.
 */
#define ZLIB_CONST
#include <libdeflate.h>
#include <pthread.h>
#include <zlib.h>

#include "coding.h"

enum {
	OUT_SIZE = 16 * 1024,
	LEVEL_WHOLE = 1,  /* of libdeflate */
	LEVEL_STREAM = 4, /* of zlib: the bytes of the other, nearly; 1 is a third faster and 10 % longer */
	GZIP_BITS = 15 + 16,
	MEM_LEVEL = 8, /* 261 KiB in all */
};

/* Its allocator is one for the process. */
static void
set_allocator(void)
{
	libdeflate_set_memory_allocator(coding_alloc, coding_free);
}

static int
gzip_whole(struct tc_call *c, struct tc_str in)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct libdeflate_compressor *z;
	char *out = NULL;
	size_t cap, n;
	int r = -1;

	(void)pthread_once(&once, set_allocator);
	z = libdeflate_alloc_compressor(LEVEL_WHOLE);
	if (z == NULL)
		return -1;
	cap = libdeflate_gzip_compress_bound(z, in.n);
	out = coding_alloc(cap);
	if (out != NULL && (n = libdeflate_gzip_compress(z, in.p, in.n, out, cap)) > 0)
		r = tc_emit(c, out, n);
	coding_free(out);
	libdeflate_free_compressor(z);
	return r;
}

struct gzip {
	z_stream z;
	char out[OUT_SIZE];
};

static void *
gzip_begin(void)
{
	struct gzip *f = coding_alloc(sizeof(*f));

	if (f == NULL)
		return NULL;
	f->z = (z_stream){.zalloc = coding_alloc_items, .zfree = coding_free_for};
	if (deflateInit2(&f->z, LEVEL_STREAM, Z_DEFLATED, GZIP_BITS, MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK)
		return f;
	coding_free(f);
	return NULL;
}

/* Gives zlib n bytes and sends all that it makes of them. */
static int
deflate_some(struct gzip *f, struct tc_call *c, const char *p, unsigned n, int flush)
{
	f->z.next_in = (const Bytef *)p;
	f->z.avail_in = n;
	do {
		size_t made;

		f->z.next_out = (Bytef *)f->out;
		f->z.avail_out = OUT_SIZE;
		if (deflate(&f->z, flush) == Z_STREAM_ERROR)
			return -1;
		made = OUT_SIZE - f->z.avail_out;
		if (made > 0 && tc_emit(c, f->out, made) < 0)
			return -1;
	} while (f->z.avail_out == 0);
	return 0;
}

static int
gzip_pack(void *state, struct tc_call *c, struct tc_str in, enum pack_how how)
{
	static const int flushes[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
	unsigned n;

	do {
		n = in.n > UINT32_MAX / 2 ? UINT32_MAX / 2 : (unsigned)in.n;
		if (deflate_some(state, c, in.p, n, n == in.n ? flushes[how] : Z_NO_FLUSH) < 0)
			return -1;
		tc_skip(&in, n);
	} while (in.n > 0);
	return 0;
}

static void
gzip_end(void *state)
{
	(void)deflateEnd(&((struct gzip *)state)->z);
	coding_free(state);
}

const struct packer pack_gzip = {gzip_whole, gzip_begin, gzip_pack, gzip_end};
