/*
 * unbrotli.c: br, with libbrotlidec. Windows are those of RFC 7932; its "large window" is never switched on. The
 * library makes its window as large as what it has unpacked needs, so the bound below is met by texts of that size
 * only, and only if they were packed for a larger one: 4 MiB is what packers choose who do not know the size before.
 * What follows the end is padding, as browsers have it.
 */
#include <brotli/decode.h>

#include "coding.h"

/*
 * The library unpacks into its window before it gives anything away: a few bytes may become 4 MiB at once. So all that
 * is there is taken at once, by pointer, and counted by held(): a bomb is cut in the step in which it goes off.
 */
struct unbrotli {
	BrotliDecoderState *s;
	struct tc_str ready; /* in the window: until the library's next call */
	bool done;
};

enum { WINDOW_MAX = (4 << 20) + (64 << 10) }; /* and the library's own margin */

static void *
alloc_bounded(void *opaque, size_t n)
{
	return n > WINDOW_MAX ? NULL : coding_alloc_for(opaque, n);
}

static void *
unbrotli_begin(enum coding c)
{
	struct unbrotli *f = coding_alloc(sizeof(*f));

	(void)c;
	if (f == NULL)
		return NULL;
	*f = (struct unbrotli){.s = BrotliDecoderCreateInstance(alloc_bounded, coding_free_for, NULL)};
	f->ready = TC_STR("");
	if (f->s == NULL) {
		coding_free(f);
		return NULL;
	}
	return f;
}

static int
unpack(struct unbrotli *f, struct tc_str *in)
{
	const uint8_t *from = (const uint8_t *)in->p;
	size_t left = in->n, none = 0, n = 0;
	BrotliDecoderResult r = BrotliDecoderDecompressStream(f->s, &left, &from, &none, NULL, NULL);
	const uint8_t *out = BrotliDecoderTakeOutput(f->s, &n);

	f->ready = out != NULL ? tc_str_of((const char *)out, n) : TC_STR("");
	f->done = r == BROTLI_DECODER_RESULT_SUCCESS;
	tc_skip(in, in->n - left);
	return r == BROTLI_DECODER_RESULT_ERROR ? -1 : 0;
}

static int
unbrotli_step(void *state, struct tc_str *in, char *out, size_t cap, size_t *made)
{
	struct unbrotli *f = state;

	for (*made = 0;;) {
		size_t room = cap - *made, n = f->ready.n < room ? f->ready.n : room, before = in->n;

		if (n > 0)
			memcpy(out + *made, f->ready.p, n);
		tc_skip(&f->ready, n);
		*made += n;
		if (f->ready.n > 0)
			return 0; /* out is full */
		if (f->done)
			tc_skip(in, in->n);
		else if (unpack(f, in) < 0)
			return -1;
		if (f->ready.n == 0 && in->n == before)
			return 0;
	}
}

static bool
unbrotli_whole(const void *state)
{
	return ((const struct unbrotli *)state)->done;
}

static size_t
unbrotli_held(const void *state)
{
	return ((const struct unbrotli *)state)->ready.n;
}

static void
unbrotli_end(void *state)
{
	struct unbrotli *f = state;

	BrotliDecoderDestroyInstance(f->s);
	coding_free(f);
}

const struct unpacker unpack_brotli = {unbrotli_begin, unbrotli_step, unbrotli_whole, unbrotli_end, unbrotli_held};
