/* test_coding.c: which codings are asked for, read and written; what is broken or absurd is cut. */
#include "../../filters/coding/coding.c"
#include "../../filters/coding/gunzip.c"
#include "../../filters/coding/gzip.c"

#include "headfilter.h"
#include "zip.h"

/* ---- heads ---- */

static void
test_accept_encoding(void **state)
{
	static const struct {
		const char *value;
		bool takes;
	} cases[] = {
		{"gzip", true},
		{"gzip, deflate, br, zstd", true},
		{"br;q=1, x-GZIP;q=0.2", true},
		{"*", true},
		{"*;q=0", false},
		{"*, gzip;q=0", false},
		{"*;q=0, gzip", true},
		{"gzip;q=0.000", false},
		{"gzip;q=0.001", true},
		{"gzip ; q=0", false},
		{"gzip;Q=0", false},
		{"gzip;q=1.000", true},
		{"gzip;q=nonsense", false},
		{"gzip;q=", false},
		{"gzip;q=-1", false},
		{"gzip;q=0.0000", false},
		{"gzip;a=b;q=0", false},
		{"gzip, gzip;q=0", false},
		{"br", false},
		{"identity", false},
		{"", false},
		{",,", false},
		{"gzipp", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = fake_new(&filter_gunzip);

		put(&f->req.fields, "Accept-Encoding", cases[i].value);
		assert_int_equal(coding_accepts_gzip(&f->req.fields), cases[i].takes);
		assert_int_equal(fake_request(f), 0); /* no page expected: as it was */
		assert_string_equal(got(&f->req.fields, "Accept-Encoding"), cases[i].value);
		f->expect_page = true;
		assert_int_equal(fake_request(f), 0);
		assert_string_equal(got(&f->req.fields, "Accept-Encoding"), cases[i].takes ? "gzip" : "identity");
		assert_int_equal(coding_accepts_gzip(&f->req.fields), cases[i].takes); /* gzip.c still sees it */
		fake_free(&f);
	}
}

static void
test_no_accept_encoding(void **state)
{
	struct fake_call *f = fake_new(&filter_gunzip);

	(void)state;
	f->expect_page = true;
	assert_int_equal(fake_request(f), 0);
	assert_string_equal(got(&f->req.fields, "Accept-Encoding"), "identity");
	fake_free(&f);
}

static void
test_content_encoding(void **state)
{
	static const struct {
		const char *value;
		int status;
		bool dropped;
	} cases[] = {
		{"gzip", 0, true},
		{"x-gzip", 0, true},
		{"GZip", 0, true},
		{"deflate", 0, true},
		{"identity", 0, false},
		{"", 0, false},
		{"gzip, identity", 0, true},
		{"br", 502, false},
		{"zstd", 502, false},
		{"dcb", 502, false},
		{"gzip, gzip", 502, false},
		{"br, gzip", 502, false},
		{"gzip, deflate", 502, false},
		{"gzip;q=1", 502, false},
		{"gzipx", 502, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = fake_new(&filter_gunzip);

		f->want_body = true;
		put(&f->res.fields, "Content-Encoding", cases[i].value);
		assert_int_equal(fake_response(f), cases[i].status);
		assert_string_equal(got(&f->res.fields, "Content-Encoding"), cases[i].dropped ? "-" : cases[i].value);
		assert_int_equal(f->bypassed[TC_BYPASS_CODING], cases[i].status == 502);
		fake_free(&f);
	}
}

static void
test_nobody_wants_the_body(void **state)
{
	struct fake_call *f = fake_new(&filter_gunzip);

	(void)state;
	put(&f->res.fields, "Content-Encoding", "br");
	assert_int_equal(fake_response(f), 0);
	assert_string_equal(got(&f->res.fields, "Content-Encoding"), "br");
	f->want_body = true;
	f->res.status = 304;
	assert_int_equal(fake_response(f), 0);
	assert_string_equal(got(&f->res.fields, "Content-Encoding"), "br");
	fake_free(&f);
}

static void
test_two_rows(void **state)
{
	struct fake_call *f = fake_new(&filter_gunzip);

	(void)state;
	f->want_body = true;
	put(&f->res.fields, "Content-Encoding", "gzip");
	put(&f->res.fields, "Content-Encoding", "gzip");
	assert_int_equal(fake_response(f), 502);
	fake_free(&f);
}

/* gunzip and then gzip over one response head. */
static struct fake_call *
through_heads(const char *accept, const char *coding, const char *vary)
{
	struct fake_call *f = fake_new(&filter_gunzip), *g;

	f->want_body = true;
	put(&f->res.fields, "Content-Encoding", coding);
	assert_int_equal(fake_response(f), 0);
	g = fake_new(&filter_gzip);
	g->want_body = true;
	put(&g->req.fields, "Accept-Encoding", accept);
	put(&g->res.fields, "Content-Encoding", coding);
	g->res.fields.v[0].dropped = f->res.fields.v[0].dropped;
	if (vary != NULL)
		put(&g->res.fields, "Vary", vary);
	assert_int_equal(fake_response(g), 0);
	fake_free(&f);
	return g;
}

static void
test_packed_again(void **state)
{
	static const struct {
		const char *accept, *coding, *vary, *out_coding, *out_vary;
	} cases[] = {
		{"gzip", "gzip", NULL, "gzip", "Accept-Encoding"},
		{"gzip", "deflate", "Cookie", "gzip", "Cookie, Accept-Encoding"},
		{"gzip", "gzip", "Sec-GPC, accept-encoding", "gzip", "Sec-GPC, accept-encoding"},
		{"gzip", "gzip", "*", "gzip", "*"},
		{"br", "gzip", NULL, "-", "Accept-Encoding"},
		{"gzip", "identity", NULL, "identity", "-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = through_heads(cases[i].accept, cases[i].coding, cases[i].vary);

		assert_string_equal(got(&f->res.fields, "Content-Encoding"), cases[i].out_coding);
		assert_string_equal(got(&f->res.fields, "Vary"), cases[i].out_vary);
		fake_free(&f);
	}
}

/* ---- unpacking ---- */

static struct fake_call *
unpacking(enum coding coding)
{
	struct fake_call *f = fake_new(&filter_gunzip);

	f->want_body = true;
	put(&f->res.fields, "Content-Encoding", coding == CODING_GZIP ? "gzip" : "deflate");
	assert_int_equal(fake_response(f), 0);
	return f;
}

static void
expect_text(enum coding coding, struct tc_str in, const char *text)
{
	struct fake_call *f = unpacking(coding);

	assert_int_equal(fake_feed(f, in, NULL, 0), 0);
	assert_string_equal(text_of(fake_out(f)), text);
	fake_free(&f);
}

static void
expect_broken(enum coding coding, struct tc_str in, enum tc_bypass why)
{
	struct fake_call *f = unpacking(coding);

	assert_int_equal(fake_feed(f, in, NULL, 0), -1);
	assert_int_equal(f->bypassed[why], 1);
	fake_free(&f);
}

static void
test_unpacks(void **state)
{
	struct tc_str text = TC_STR("<p>hello, hello, hello</p>"), gz = zip(text, 31), two, padded;

	(void)state;
	expect_text(CODING_GZIP, gz, text.p);
	expect_text(CODING_DEFLATE, zip(text, 15), text.p);
	expect_text(CODING_DEFLATE, zip(text, -15), text.p);
	expect_text(CODING_GZIP, TC_STR(""), "");
	expect_text(CODING_DEFLATE, TC_STR(""), "");
	two = zip_join(zip(TC_STR("one "), 31), zip(TC_STR("two"), 31));
	expect_text(CODING_GZIP, two, "one two");
	padded = zip_join(gz, TC_STR("\0\0\0\0garbage\x1f"));
	expect_text(CODING_GZIP, padded, text.p);
	expect_text(CODING_GZIP, zip_join(gz, TC_STR("\x1f")), text.p);
	expect_text(CODING_GZIP, zip_join(zip(TC_STR(""), 31), gz), text.p);
	zip_free();
}

static void
test_broken(void **state)
{
	struct tc_str gz = zip(TC_STR("<p>hello, hello, hello</p>"), 31), zlib = zip(TC_STR("hello"), 15);

	(void)state;
	for (size_t n = 1; n < gz.n; n++)
		expect_broken(CODING_GZIP, tc_str_of(gz.p, n), TC_BYPASS_CORRUPT);
	expect_broken(CODING_GZIP, TC_STR("<p>not packed at all</p>"), TC_BYPASS_CORRUPT);
	expect_broken(CODING_DEFLATE, TC_STR("\x78"), TC_BYPASS_CORRUPT);
	expect_broken(CODING_DEFLATE, zip_flip(zlib, zlib.n - 1), TC_BYPASS_CORRUPT);
	expect_broken(CODING_GZIP, zip_flip(gz, gz.n - 6), TC_BYPASS_CORRUPT); /* its checksum */
	expect_broken(CODING_GZIP, zip_join(gz, TC_STR("\x1f\x8b\x08")), TC_BYPASS_CORRUPT);
	zip_free();
}

/* A megabyte of zeros comes of a kilobyte: as far as the limit, and no further. */
static void
test_bomb(void **state)
{
	struct fake_call *f = unpacking(CODING_GZIP);
	struct tc_str gz = zip_zeros((size_t)100 << 20);

	(void)state;
	f->discard = true;
	assert_int_equal(fake_feed(f, gz, NULL, 0), -1);
	assert_int_equal(f->bypassed[TC_BYPASS_BOMB], 1);
	assert_true(f->out_n <= BOMB_FREE + OUT_SIZE);
	fake_free(&f);

	f = unpacking(CODING_GZIP);
	f->discard = true;
	assert_int_equal(fake_feed_by(f, gz, 100), -1);
	assert_int_equal(f->bypassed[TC_BYPASS_BOMB], 1);
	fake_free(&f);

	f = unpacking(CODING_GZIP);
	assert_int_equal(fake_feed(f, zip_zeros(BOMB_FREE), NULL, 0), 0); /* so much may come of anything */
	assert_int_equal(f->out_n, BOMB_FREE);
	fake_free(&f);
	zip_free();
}

/* More than 64 MiB is refused even if it was honestly packed. */
static void
test_too_much(void **state)
{
	struct fake_call *f = unpacking(CODING_GZIP);
	struct tc_str gz = zip_noise((size_t)65 << 20);

	(void)state;
	f->discard = true;
	assert_int_equal(fake_feed_by(f, gz, 1 << 20), -1);
	assert_int_equal(f->bypassed[TC_BYPASS_BOMB], 1);
	assert_true(f->out_n <= BOMB_MAX);
	fake_free(&f);
	zip_free();
}

/* The next filter says when it is full: what is left then comes later, and input is kept alive for it. */
static void
test_room(void **state)
{
	struct tc_str gz = zip_zeros(300000);

	(void)state;
	for (size_t room = 1; room < 100000; room = room * 7 + 1) {
		struct fake_call *f = unpacking(CODING_GZIP);

		f->room = room;
		f->late_end = room % 2 == 0;
		assert_int_equal(fake_feed(f, gz, NULL, 0), 0);
		assert_int_equal(f->out_n, 300000);
		fake_free(&f);
	}
	zip_free();
}

static void
test_next_filter_gives_up(void **state)
{
	struct fake_call *f = unpacking(CODING_GZIP);

	(void)state;
	f->emit_max = 100;
	assert_int_equal(fake_feed(f, zip_zeros(1000), NULL, 0), -1);
	fake_free(&f);
	zip_free();
}

/* ---- packing ---- */

static void
test_packs(void **state)
{
	struct tc_str in = zip_noise_plain(200000);
	struct fake_call *f = through_heads("gzip", "gzip", NULL), *back = unpacking(CODING_GZIP);

	(void)state;
	assert_int_equal(fake_feed_by(f, in, 7777), 0);
	assert_int_equal(fake_feed(back, fake_out(f), NULL, 0), 0);
	assert_int_equal(back->out_n, in.n);
	assert_memory_equal(back->out, in.p, in.n);
	fake_free(&back);
	fake_free(&f);
	zip_free();
}

static void
test_packs_nothing(void **state)
{
	struct fake_call *f = through_heads("gzip", "gzip", NULL);

	(void)state;
	assert_int_equal(fake_feed(f, TC_STR(""), NULL, 0), 0);
	expect_text(CODING_GZIP, fake_out(f), "");
	assert_true(f->out_n >= 18);
	fake_free(&f);
}

/* A page that drips must drip: what came so far can be read before the rest is there. */
static void
test_packs_at_once(void **state)
{
	struct fake_call *f = through_heads("gzip", "gzip", NULL), *back = unpacking(CODING_GZIP);
	struct tc_str in = TC_STR("<p>first</p>");

	(void)state;
	f->call.res = &f->res;
	assert_int_equal(filter_gzip.body(&f->call, &in, false), 0);
	assert_int_equal(in.n, 0);
	back->late_end = true;
	(void)fake_feed(back, fake_out(f), NULL, 0); /* incomplete, so it fails in the end */
	assert_string_equal(text_of(fake_out(back)), "<p>first</p>");
	fake_free(&back);
	fake_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accept_encoding),
		cmocka_unit_test(test_no_accept_encoding),
		cmocka_unit_test(test_content_encoding),
		cmocka_unit_test(test_nobody_wants_the_body),
		cmocka_unit_test(test_two_rows),
		cmocka_unit_test(test_packed_again),
		cmocka_unit_test(test_unpacks),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_next_filter_gives_up),
		cmocka_unit_test(test_packs),
		cmocka_unit_test(test_packs_nothing),
		cmocka_unit_test(test_packs_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
