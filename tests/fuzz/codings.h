/*
 * codings.h: what the fuzz targets of the codings share. Any bytes as a packed body: the outcome does not depend on
 * cuts and room, and never grows beyond the limits. Any bytes packed come back as they were.
 */
#ifndef TESTS_FUZZ_CODINGS_H
#define TESTS_FUZZ_CODINGS_H

#include "../../filters/coding/decode.c"
#include "../../filters/coding/encode.c"

#include "../unit/call.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fake_call *
started(const struct tc_filter *filter, struct tc_str coding)
{
	struct fake_call *f = fake_new(filter);
	bool unpacks = filter == &filter_decode;

	f->want_body = unpacks;
	f->site.compress = TC_CODING_GZIP | TC_CODING_BR | TC_CODING_ZSTD;
	if (tc_field_add(unpacks ? &f->res.fields : &f->req.fields, unpacks ? TC_F_CONTENT_ENCODING : TC_F_ACCEPT_ENCODING,
		coding) < 0)
		abort();
	assert(fake_response(f) == 0 && f->want_body);
	return f;
}

static void
unpacks_the_same(struct tc_str coding, struct tc_str in, size_t piece, size_t room)
{
	struct fake_call *whole = started(&filter_decode, coding), *f = started(&filter_decode, coding);
	int rc = fake_feed(whole, in, NULL, 0);
	size_t n;

	f->room = room;
	f->late_end = piece % 2 == 0;
	assert(fake_feed_by(f, in, piece) == rc);
	if (rc == 0)
		assert(f->out_n == whole->out_n);
	n = f->out_n < whole->out_n ? f->out_n : whole->out_n;
	assert(n == 0 || memcmp(f->out, whole->out, n) == 0);
	assert(whole->out_n <= BOMB_FREE + OUT_SIZE + BOMB_RATIO * in.n);
	fake_free(&f);
	fake_free(&whole);
}

static void
packs_and_unpacks(struct tc_str coding, struct tc_str in, size_t piece)
{
	struct fake_call *f = started(&filter_encode, coding), *back = started(&filter_decode, coding);

	f->flushing = piece % 4 < 2;
	assert(fake_feed_by(f, in, piece) == 0);
	assert(fake_feed_by(back, fake_out(f), piece + 3) == 0);
	assert(tc_eq(fake_out(back), in));
	fake_free(&back);
	fake_free(&f);
}

/* The first two bytes choose: the lowest bit of the first among two unpackings, the rest cuts; the second room. */
static void
try_codings(const uint8_t *data, size_t size, const struct tc_str unpack[2], struct tc_str pack)
{
	struct tc_str in;
	size_t piece, room;

	if (size < 2)
		return;
	in = tc_str_of((const char *)data + 2, size - 2);
	piece = 1 + (data[0] >> 1);
	room = data[1] == 0 ? SIZE_MAX : (size_t)data[1] * 97;
	unpacks_the_same(unpack[data[0] & 1], in, piece, room);
	packs_and_unpacks(pack, in, piece);
}

#endif
