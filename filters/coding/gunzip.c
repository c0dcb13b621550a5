/*
 * gunzip.c: makes plain bytes of a gzip or deflate body, so that the rewriter can read it.
 *
 * Asks the origin only for what can be read here. What comes in another coding is refused (502), never
 * passed unread. A body that is broken, incomplete or unpacks to absurd sizes is cut, so that the visitor
 * can tell.
 */
#include <assert.h>

#include "coding.h"

enum {
	OUT_SIZE = 16 * 1024,
	BOMB_FREE = 1024 * 1024,     /* as much may come of anything */
	BOMB_RATIO = 100,            /* beyond that, no more than so many bytes for one */
	BOMB_MAX = 64 * 1024 * 1024, /* and no more than this from one body */
};

/*
 * One body being unpacked. What comes out waits in out until the next filter has room; as long as
 * something waits, one byte of the input that zlib has already seen is left untaken, so that the core
 * comes back:
 *
 *	in:   [seen by zlib ... 1 byte untaken | not seen yet]
 *	out:  [sent | at .... at + have | free]
 */
struct inflater {
	z_stream z;
	size_t at, have;
	bool full;     /* out was filled to its end: zlib may hold more */
	bool between;  /* a gzip member has ended; another may follow */
	bool finished; /* nothing more is read */
	unsigned long long in, sent;
	unsigned char out[OUT_SIZE];
};

struct gunzip {
	struct inflater *f; /* made by the first bytes */
	enum coding coding;
	bool seen; /* the first byte of in is with zlib already */
};

static int
gunzip_request(struct tc_call *c)
{
	bool gzip;

	if (!tc_page_expected(c))
		return 0;
	gzip = coding_accepts_gzip(&c->req->fields);
	return tc_field_set(&c->req->fields, TC_F_ACCEPT_ENCODING,
		   gzip ? TC_STR("gzip") : TC_STR("identity")) < 0
	    ? 431
	    : 0;
}

static int
gunzip_response(struct tc_call *c)
{
	struct gunzip *st = c->state;

	if (!tc_body_wanted(c) || c->res->status == 204 || c->res->status == 304)
		return 0;
	st->coding = coding_of(&c->res->fields, false);
	if (st->coding == CODING_NONE)
		return 0;
	if (st->coding == CODING_OTHER) {
		tc_bypassed(c, TC_BYPASS_CODING);
		return 502;
	}
	(void)tc_field_drop(&c->res->fields, TC_F_CONTENT_ENCODING);
	tc_want_body(c);
	return 0;
}

/*
 * windowBits for inflateInit2(): 31 reads gzip, 15 zlib, -15 raw deflate. "deflate" means zlib, but some
 * servers send it raw: a zlib head is told by its first two bytes (RFC 1950 2.2). 0: two bytes are needed.
 */
static int
window_bits(enum coding coding, struct tc_str in, bool last)
{
	unsigned head;

	if (coding == CODING_GZIP)
		return 31;
	if (in.n < 2)
		return last ? 15 : 0;
	head = (unsigned)(unsigned char)in.p[0] << 8 | (unsigned char)in.p[1];
	return (head & 0x0f00) == 0x0800 && head % 31 == 0 ? 15 : -15;
}

/* 0 when st->f is there or more bytes are needed first, -1 without memory. */
static int
begin(struct gunzip *st, struct tc_str in, bool last)
{
	int bits = st->f == NULL && in.n > 0 ? window_bits(st->coding, in, last) : 0;

	if (bits == 0)
		return 0;
	st->f = calloc(1, sizeof(*st->f));
	if (st->f == NULL)
		return -1;
	coding_wiping(&st->f->z);
	if (inflateInit2(&st->f->z, bits) != Z_OK) {
		free(st->f);
		st->f = NULL;
		return -1;
	}
	return 0;
}

/* Sends what waits, as far as there is room. */
static int
send_out(struct tc_call *c, struct inflater *f)
{
	while (f->have > 0) {
		size_t room = tc_room(c), n = f->have < room ? f->have : room;

		if (n == 0)
			return 0;
		if (tc_emit(c, (const char *)f->out + f->at, n) < 0)
			return -1;
		f->at += n;
		f->have -= n;
	}
	return 0;
}

static int
broken(struct tc_call *c, enum tc_bypass why)
{
	tc_bypassed(c, why);
	return -1;
}

/* One step of zlib over *in. */
static int
unpack(struct tc_call *c, struct inflater *f, struct tc_str *in)
{
	unsigned n = in->n > UINT32_MAX / 2 ? UINT32_MAX / 2 : (unsigned)in->n;
	int r;

	assert(f->have == 0);
	f->z.next_in = (const Bytef *)in->p;
	f->z.avail_in = n;
	f->z.next_out = f->out;
	f->z.avail_out = OUT_SIZE;
	r = inflate(&f->z, Z_NO_FLUSH);
	f->at = 0;
	f->have = OUT_SIZE - f->z.avail_out;
	f->full = f->z.avail_out == 0;
	f->in += n - f->z.avail_in;
	f->sent += f->have;
	tc_skip(in, n - f->z.avail_in);
	if (r == Z_STREAM_END) {
		f->full = false;
		f->between = true;
	} else if (r != Z_OK && r != Z_BUF_ERROR) {
		return broken(c, TC_BYPASS_CORRUPT);
	}
	if (f->sent > BOMB_MAX || (f->sent > BOMB_FREE && f->sent / BOMB_RATIO > f->in))
		return broken(c, TC_BYPASS_BOMB);
	return 0;
}

/*
 * After a member: another one begins with 1f 8b (RFC 1952 2.2); what is anything else is padding, and
 * ignored as gzip does. Returns false when one byte more is needed to tell.
 */
static bool
next_member(struct inflater *f, enum coding coding, struct tc_str in, bool last)
{
	if (coding == CODING_GZIP && in.n == 1 && in.p[0] == '\x1f' && !last)
		return false;
	if (coding == CODING_GZIP && in.n >= 2 && in.p[0] == '\x1f' && in.p[1] == '\x8b') {
		f->between = false;
		(void)inflateReset(&f->z);
	} else {
		f->finished = true;
	}
	return true;
}

/* Everything that can be done now. *in is what zlib has not seen yet. */
static int
unpack_all(struct tc_call *c, struct gunzip *st, struct tc_str *in, bool last)
{
	struct inflater *f = st->f;

	for (;;) {
		if (send_out(c, f) < 0)
			return -1;
		if (f->have > 0 || f->finished || (in->n == 0 && !f->full))
			return 0;
		if (f->between && !next_member(f, st->coding, *in, last))
			return 0;
		if (!f->between && unpack(c, f, in) < 0)
			return -1;
	}
}

static int
gunzip_body(struct tc_call *c, struct tc_str *in, bool last)
{
	struct gunzip *st = c->state;
	struct tc_str fresh = *in;

	if (begin(st, *in, last) < 0)
		return -1;
	if (st->f == NULL) /* no byte at all is an empty body, as browsers have it */
		return 0;
	if (st->seen && fresh.n > 0)
		tc_skip(&fresh, 1);
	st->seen = false;
	if (unpack_all(c, st, &fresh, last) < 0)
		return -1;
	if (st->f->finished)
		fresh = tc_str_of(in->p + in->n, 0);
	if (st->f->have > 0 && fresh.p > in->p) {
		st->seen = true;
		fresh = tc_str_of(fresh.p - 1, fresh.n + 1);
	}
	*in = fresh;
	if (last && in->n == 0 && !st->f->between)
		return broken(c, TC_BYPASS_CORRUPT);
	return 0;
}

static void
gunzip_done(struct tc_call *c)
{
	struct gunzip *st = c->state;

	if (st->f == NULL)
		return;
	(void)inflateEnd(&st->f->z);
	explicit_bzero(st->f, sizeof(*st->f));
	free(st->f);
	st->f = NULL;
}

const struct tc_filter filter_gunzip = {
	.name = "gunzip",
	.help = "unpack pages that are to be rewritten",
	.phase = TC_DECODE,
	.state_size = sizeof(struct gunzip),
	.request = gunzip_request,
	.response = gunzip_response,
	.body = gunzip_body,
	.done = gunzip_done,
};
