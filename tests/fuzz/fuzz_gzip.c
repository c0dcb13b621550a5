/*
 * fuzz_gzip.c: any bytes as a packed body: the outcome does not depend on cuts and room, and never grows beyond the
 * limits. Any bytes packed come back as they were. The first two bytes choose coding, cuts and room.
 */
#include "../../filters/coding/coding.c"
#include "../../filters/coding/gunzip.c"
#include "../../filters/coding/gzip.c"

#include "../unit/call.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fake_call *
started(const struct tc_filter *filter, struct tc_str coding)
{
	struct fake_call *f = fake_new(filter);

	f->want_body = true;
	if (tc_field_add(&f->req.fields, TC_F_ACCEPT_ENCODING, TC_STR("gzip")) < 0 ||
	    tc_field_add(&f->res.fields, TC_F_CONTENT_ENCODING, coding) < 0)
		abort();
	f->res.fields.v[0].dropped = filter == &filter_gzip;
	assert(fake_response(f) == 0);
	return f;
}

static void
unpacks_the_same(struct tc_str coding, struct tc_str in, size_t piece, size_t room)
{
	struct fake_call *whole = started(&filter_gunzip, coding), *f = started(&filter_gunzip, coding);
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
packs_and_unpacks(struct tc_str in, size_t piece)
{
	struct fake_call *f = started(&filter_gzip, TC_STR("gzip")), *back = started(&filter_gunzip, TC_STR("gzip"));

	assert(fake_feed_by(f, in, piece) == 0);
	assert(fake_feed_by(back, fake_out(f), piece + 3) == 0);
	assert(tc_eq(fake_out(back), in));
	fake_free(&back);
	fake_free(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tc_str in;
	size_t piece, room;

	if (size < 2)
		return 0;
	in = tc_str_of((const char *)data + 2, size - 2);
	piece = 1 + (data[0] >> 1);
	room = data[1] == 0 ? SIZE_MAX : (size_t)data[1] * 97;
	unpacks_the_same(data[0] & 1 ? TC_STR("deflate") : TC_STR("gzip"), in, piece, room);
	packs_and_unpacks(in, piece);
	return 0;
}
