/* inflate.c: gzip, several members of it, and deflate, with zlib. */
#define ZLIB_CONST
#include <zlib.h>

#include "coding.h"

enum stage {
	STAGE_HEAD,  /* deflate: two bytes tell zlib's format from the raw one */
	STAGE_BODY,  /* zlib has it */
	STAGE_AFTER, /* a gzip member has ended; another may follow */
	STAGE_DONE,  /* what follows is padding */
};

struct inflater {
	z_stream z;
	uint8_t stage;  /* enum stage */
	bool gzip;      /* else deflate */
	bool running;   /* z was made */
	uint8_t head_n; /* bytes that wait for the one that tells */
	char head[2];
};

/* windowBits for inflateInit2(): 31 reads gzip, 15 zlib, -15 raw deflate. */
static int
start(struct inflater *f, int bits)
{
	if (inflateInit2(&f->z, bits) != Z_OK)
		return -1;
	f->running = true;
	f->stage = STAGE_BODY;
	return 0;
}

static void *
inflate_begin(enum coding c)
{
	struct inflater *f = coding_alloc(sizeof(*f));

	if (f == NULL)
		return NULL;
	*f = (struct inflater){.gzip = c == CODING_GZIP};
	f->z.zalloc = coding_alloc_items;
	f->z.zfree = coding_free_for;
	if (f->gzip && start(f, 31) < 0) {
		coding_free(f);
		return NULL;
	}
	return f;
}

/* One step of zlib. */
static int
unpack(struct inflater *f, struct tc_str *in, char *out, size_t cap, size_t *made)
{
	unsigned n = in->n > UINT32_MAX / 2 ? UINT32_MAX / 2 : (unsigned)in->n;
	int r;

	f->z.next_in = (const Bytef *)in->p;
	f->z.avail_in = n;
	f->z.next_out = (Bytef *)out;
	f->z.avail_out = (unsigned)cap;
	r = inflate(&f->z, Z_NO_FLUSH);
	*made = cap - f->z.avail_out;
	tc_skip(in, n - f->z.avail_in);
	if (r == Z_STREAM_END)
		f->stage = f->gzip ? STAGE_AFTER : STAGE_DONE;
	else if (r != Z_OK && r != Z_BUF_ERROR)
		return -1;
	return 0;
}

/*
 * Between members, and before deflate: another member begins with 1f 8b (RFC 1952 2.2), and anything else is padding,
 * ignored as gzip does; deflate means zlib, but some servers send it raw, and zlib's head is told by its first two
 * bytes (RFC 1950 2.2). Takes bytes until it knows, then gives both to zlib.
 */
static int
look(struct inflater *f, struct tc_str *in, char *out, size_t cap, size_t *made)
{
	struct tc_str head = tc_str_of(f->head, 2);
	unsigned word;

	f->head[f->head_n++] = in->p[0];
	tc_skip(in, 1);
	if (f->head_n < 2) {
		if (f->gzip && f->head[0] != '\x1f')
			f->stage = STAGE_DONE;
		return 0;
	}
	f->head_n = 0;
	word = (unsigned)(unsigned char)f->head[0] << 8 | (unsigned char)f->head[1];
	if (!f->gzip) {
		if (start(f, (word & 0x0f00) == 0x0800 && word % 31 == 0 ? 15 : -15) < 0)
			return -1;
	} else if (word == 0x1f8b) {
		(void)inflateReset(&f->z);
		f->stage = STAGE_BODY;
	} else {
		f->stage = STAGE_DONE;
		return 0;
	}
	return unpack(f, &head, out, cap, made);
}

static int
inflate_step(void *state, struct tc_str *in, char *out, size_t cap, size_t *made)
{
	struct inflater *f = state;

	*made = 0;
	if (f->stage == STAGE_BODY)
		return unpack(f, in, out, cap, made);
	if (f->stage == STAGE_DONE)
		tc_skip(in, in->n);
	return in->n > 0 ? look(f, in, out, cap, made) : 0;
}

static bool
inflate_whole(const void *state)
{
	const struct inflater *f = state;

	return f->stage == STAGE_AFTER || f->stage == STAGE_DONE;
}

static void
inflate_end(void *state)
{
	struct inflater *f = state;

	if (f->running)
		(void)inflateEnd(&f->z);
	coding_free(f);
}

const struct unpacker unpack_inflate = {inflate_begin, inflate_step, inflate_whole, inflate_end, NULL};
