/*
 * gzip.c: packs a rewritten body again, if it had come packed and the visitor takes gzip.
 *
 * Level 1: the page is packed anew for every visitor. What arrived goes out at once (a sync flush each time),
 * so that a page which drips still drips.
 */
#include "coding.h"

enum { PACKED_SIZE = 16 * 1024,
	LEVEL = 1,
	GZIP_BITS = 15 + 16,
	MEM_LEVEL = 8 };

struct deflater {
	z_stream z;
	unsigned char out[PACKED_SIZE];
};

struct gzip {
	struct deflater *f; /* made by the first call */
	bool finished;
};

/* Vary names Accept-Encoding once. */
static int
vary_by_coding(struct tc_fields *fields)
{
	struct tc_field *vary = tc_field_first(fields, TC_F_VARY);

	if (vary == NULL || vary->value.n == 0)
		return tc_field_set(fields, TC_F_VARY, TC_STR("Accept-Encoding"));
	for (size_t i = 0; i < fields->n; i++) {
		struct tc_str rest = fields->v[i].value;

		if (fields->v[i].id != TC_F_VARY || fields->v[i].dropped)
			continue;
		while (rest.p != NULL) {
			struct tc_str name = tc_next(&rest, ',');

			if (tc_eq(name, TC_STR("*")) || tc_ieq(name, TC_STR("Accept-Encoding")))
				return 0;
		}
	}
	vary->value = tc_join(fields->arena, (struct tc_str[]){vary->value, TC_STR(", Accept-Encoding")}, 2);
	return vary->value.p == NULL ? -1 : 0;
}

static int
gzip_response(struct tc_call *c)
{
	struct tc_fields *fields = &c->res->fields;
	enum coding came = coding_of(fields, true);

	if (!tc_body_wanted(c) || came == CODING_NONE)
		return 0;
	if (vary_by_coding(fields) < 0)
		return 502;
	if (!coding_accepts_gzip(&c->req->fields))
		return 0;
	if (tc_field_set(fields, TC_F_CONTENT_ENCODING, TC_STR("gzip")) < 0)
		return 502;
	tc_want_body(c);
	return 0;
}

static int
pack_begin(struct gzip *st)
{
	if (st->f != NULL)
		return 0;
	st->f = malloc(sizeof(*st->f));
	if (st->f == NULL)
		return -1;
	st->f->z = (z_stream){0};
	coding_wiping(&st->f->z);
	if (deflateInit2(&st->f->z, LEVEL, Z_DEFLATED, GZIP_BITS, MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK)
		return 0;
	free(st->f);
	st->f = NULL;
	return -1;
}

/* Gives zlib n bytes and sends all that it makes of them. */
static int
pack(struct tc_call *c, struct deflater *f, const char *p, unsigned n, int flush)
{
	f->z.next_in = (const Bytef *)p;
	f->z.avail_in = n;
	do {
		size_t made;

		f->z.next_out = f->out;
		f->z.avail_out = PACKED_SIZE;
		if (deflate(&f->z, flush) == Z_STREAM_ERROR)
			return -1;
		made = PACKED_SIZE - f->z.avail_out;
		if (made > 0 && tc_emit(c, (const char *)f->out, made) < 0)
			return -1;
	} while (f->z.avail_out == 0);
	return 0;
}

static int
gzip_body(struct tc_call *c, struct tc_str *in, bool last)
{
	struct gzip *st = c->state;

	if (st->finished || (in->n == 0 && !last))
		return 0;
	if (pack_begin(st) < 0)
		return -1;
	while (in->n > 0 || last) {
		unsigned n = in->n > UINT32_MAX / 2 ? UINT32_MAX / 2 : (unsigned)in->n;
		bool end = last && n == in->n;

		if (pack(c, st->f, in->p, n, end ? Z_FINISH : Z_SYNC_FLUSH) < 0)
			return -1;
		tc_skip(in, n);
		st->finished = end;
		if (end)
			break;
	}
	return 0;
}

static void
gzip_done(struct tc_call *c)
{
	struct gzip *st = c->state;

	if (st->f == NULL)
		return;
	(void)deflateEnd(&st->f->z);
	explicit_bzero(st->f, sizeof(*st->f));
	free(st->f);
	st->f = NULL;
}

const struct tc_filter filter_gzip = {
    .name = "gzip",
    .help = "pack rewritten pages again",
    .phase = TC_ENCODE,
    .state_size = sizeof(struct gzip),
    .response = gzip_response,
    .body = gzip_body,
    .done = gzip_done,
};
