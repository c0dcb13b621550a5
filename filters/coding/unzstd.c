/*
 * unzstd.c: zstd, several frames and skippable ones (RFC 8878), with libzstd. Windows over 8 MiB are refused, as
 * browsers do (RFC 9659), and so is what the library would read of formats before the standard: those readers do not
 * ask us for memory.
 */
#define ZSTD_STATIC_LINKING_ONLY /* for an allocator of our own */
#include <zstd.h>

#include "coding.h"

enum { WINDOW_LOG_MAX = 23,
	MAGIC_SIZE = 4 };

/*
 *	[4 bytes, looked at here | rest of the frame][4 bytes | ...
 */
struct unzstd {
	ZSTD_DCtx *d;
	bool inside;    /* a frame has begun */
	uint8_t head_n; /* bytes of the next one's magic number, in head */
	char head[MAGIC_SIZE];
};

static void *
unzstd_begin(enum coding c)
{
	ZSTD_customMem mem = {coding_alloc_for, coding_free_for, NULL};
	struct unzstd *f = coding_alloc(sizeof(*f));

	(void)c;
	if (f == NULL)
		return NULL;
	*f = (struct unzstd){.d = ZSTD_createDCtx_advanced(mem)};
	if (f->d == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(f->d, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
		(void)ZSTD_freeDCtx(f->d);
		coding_free(f);
		return NULL;
	}
	return f;
}

static bool
is_magic(const char head[MAGIC_SIZE])
{
	uint32_t word = 0;

	for (int i = MAGIC_SIZE - 1; i >= 0; i--)
		word = word << 8 | (unsigned char)head[i];
	return word == ZSTD_MAGICNUMBER || (word & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

static int
unpack(struct unzstd *f, struct tc_str *in, char *out, size_t cap, size_t *made)
{
	ZSTD_inBuffer from = {in->p, in->n, 0};
	ZSTD_outBuffer to = {out, cap, 0};
	size_t r = ZSTD_decompressStream(f->d, &to, &from);

	*made = to.pos;
	tc_skip(in, from.pos);
	if (ZSTD_isError(r))
		return -1;
	f->inside = r != 0;
	return 0;
}

static int
unzstd_step(void *state, struct tc_str *in, char *out, size_t cap, size_t *made)
{
	struct unzstd *f = state;
	struct tc_str head = tc_str_of(f->head, MAGIC_SIZE);

	*made = 0;
	if (f->inside)
		return unpack(f, in, out, cap, made);
	while (in->n > 0 && f->head_n < MAGIC_SIZE) {
		f->head[f->head_n++] = in->p[0];
		tc_skip(in, 1);
	}
	if (f->head_n < MAGIC_SIZE)
		return 0;
	if (!is_magic(f->head))
		return -1;
	f->head_n = 0;
	return unpack(f, &head, out, cap, made); /* takes all four: no frame is that short */
}

static bool
unzstd_whole(const void *state)
{
	const struct unzstd *f = state;

	return !f->inside && f->head_n == 0;
}

static void
unzstd_end(void *state)
{
	struct unzstd *f = state;

	(void)ZSTD_freeDCtx(f->d);
	coding_free(f);
}

const struct unpacker unpack_zstd = {unzstd_begin, unzstd_step, unzstd_whole, unzstd_end, NULL};
