/* brotli.c: packs with libbrotlienc. */
#include <brotli/encode.h>

#include "coding.h"

/*
 * Quality 4 costs three fourths and gives 6 % more bytes: for those gzip would do. The library holds what came since
 * the last flush, and commands for it: a flush each SLICE keeps it at 0.95 MiB, where 1 % more bytes come out.
 */
enum {
	QUALITY = 5,
	WINDOW_LOG = 16,
	SIZE_HINT = PACK_WHOLE_MAX,
	SLICE = 16 * 1024,
};

struct brotli {
	BrotliEncoderState *s;
	size_t since; /* bytes since the last flush */
};

static void *
brotli_begin(void)
{
	struct brotli *f = coding_alloc(sizeof(*f));

	if (f == NULL)
		return NULL;
	*f = (struct brotli){.s = BrotliEncoderCreateInstance(coding_alloc_for, coding_free_for, NULL)};
	if (f->s != NULL && BrotliEncoderSetParameter(f->s, BROTLI_PARAM_QUALITY, QUALITY) &&
	    BrotliEncoderSetParameter(f->s, BROTLI_PARAM_LGWIN, WINDOW_LOG) &&
	    BrotliEncoderSetParameter(f->s, BROTLI_PARAM_SIZE_HINT, SIZE_HINT))
		return f;
	BrotliEncoderDestroyInstance(f->s);
	coding_free(f);
	return NULL;
}

static int
brotli_some(struct brotli *f, struct tc_call *c, struct tc_str in, BrotliEncoderOperation op)
{
	const uint8_t *next = (const uint8_t *)in.p;
	size_t left = in.n, none = 0, n;

	do {
		const uint8_t *out;

		if (!BrotliEncoderCompressStream(f->s, op, &left, &next, &none, NULL, NULL))
			return -1;
		for (n = 0; (out = BrotliEncoderTakeOutput(f->s, &n)) != NULL && n > 0; n = 0)
			if (tc_emit(c, (const char *)out, n) < 0)
				return -1;
	} while (left > 0 || BrotliEncoderHasMoreOutput(f->s));
	return 0;
}

static int
brotli_pack(void *state, struct tc_call *c, struct tc_str in, enum pack_how how)
{
	static const BrotliEncoderOperation ops[] = {
		BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH, BROTLI_OPERATION_FINISH};
	struct brotli *f = state;

	do {
		size_t room = SLICE - f->since;
		struct tc_str slice = tc_str_of(in.p, in.n < room ? in.n : room);
		BrotliEncoderOperation op = slice.n < in.n ? BROTLI_OPERATION_FLUSH : ops[how];

		tc_skip(&in, slice.n);
		f->since += slice.n;
		if (op == BROTLI_OPERATION_PROCESS && f->since == SLICE)
			op = BROTLI_OPERATION_FLUSH;
		if (op != BROTLI_OPERATION_PROCESS)
			f->since = 0;
		if (brotli_some(f, c, slice, op) < 0)
			return -1;
	} while (in.n > 0);
	return 0;
}

static void
brotli_end(void *state)
{
	BrotliEncoderDestroyInstance(((struct brotli *)state)->s);
	coding_free(state);
}

const struct packer pack_brotli = {NULL, brotli_begin, brotli_pack, brotli_end};
