/* test_coding_split.c: what comes of a packed body does not depend on how its bytes arrive, nor on when there is room. */
#include "../../filters/coding/decode.c"
#include "../../filters/coding/encode.c"

#include "../unit/headfilter.h"
#include "../unit/zip.h"

static struct fake_call *
unpacking(const char *coding)
{
	struct fake_call *f = fake_new(&filter_decode);

	f->want_body = true;
	put(&f->res.fields, "Content-Encoding", coding);
	assert_int_equal(fake_response(f), 0);
	return f;
}

static struct fake_call *
packing(const char *coding)
{
	struct fake_call *f = fake_new(&filter_encode);

	f->site.compress = TC_CODING_GZIP | TC_CODING_BR | TC_CODING_ZSTD;
	put(&f->req.fields, "Accept-Encoding", coding);
	assert_int_equal(fake_response(f), 0);
	return f;
}

/* A broken body may have given more or less of its text before it broke; never something else. */
static void
expect_same(const struct fake_call *f, int rc, const struct fake_call *whole, int whole_rc)
{
	size_t n = f->out_n < whole->out_n ? f->out_n : whole->out_n;

	assert_int_equal(rc, whole_rc);
	if (rc == 0)
		assert_int_equal(f->out_n, whole->out_n);
	if (n > 0)
		assert_memory_equal(f->out, whole->out, n);
	if (rc == 0)
		assert_true(f->held <= 1);
}

static void
every_way(const char *coding, struct tc_str in)
{
	struct fake_call *whole = unpacking(coding);
	int rc = fake_feed(whole, in, NULL, 0);

	for (size_t cut = 0; cut <= in.n; cut++)
		for (int late = 0; late < 2; late++) {
			struct fake_call *f = unpacking(coding);

			f->late_end = late;
			expect_same(f, fake_feed(f, in, &cut, 1), whole, rc);
			fake_free(&f);
		}
	for (size_t size = 1; size < 8; size++)
		for (size_t room = 1; room < 5000; room = room * 5 + 2) {
			struct fake_call *f = unpacking(coding);

			f->room = room;
			f->late_end = size % 2 == 0;
			expect_same(f, fake_feed_by(f, in, size), whole, rc);
			fake_free(&f);
		}
	fake_free(&whole);
}

static struct tc_str
text_of_lines(size_t n)
{
	char *p = zip_alloc(n);

	for (size_t i = 0; i < n; i++)
		p[i] = i % 40 == 39 ? '\n' : (char)('a' + i * i % 17);
	return tc_str_of(p, n);
}

static void
test_inflating(void **state)
{
	struct tc_str text = text_of_lines(1000), gz = zip(text, 31), broken, two;

	(void)state;
	every_way("gzip", gz);
	every_way("deflate", zip(text, 15));
	every_way("deflate", zip(text, -15));
	two = zip_join(gz, zip_join(zip(TC_STR(""), 31), zip(TC_STR("end"), 31)));
	every_way("gzip", two);
	every_way("gzip", zip_join(gz, TC_STR("\0\0\0")));
	every_way("gzip", zip_join(gz, TC_STR("\x1f")));
	every_way("gzip", zip_join(gz, TC_STR("\x1f\x8b\x08")));
	every_way("gzip", zip_join(gz, TC_STR("\x1f\x8c")));
	every_way("gzip", tc_str_of(gz.p, gz.n - 1));
	every_way("gzip", tc_str_of(gz.p, 9));
	every_way("gzip", TC_STR("<!doctype html>"));
	every_way("deflate", TC_STR("x"));
	broken = zip_flip(gz, gz.n / 2);
	every_way("gzip", broken);
	every_way("gzip", zip_zeros(60000));
	zip_free();
}

static void
test_br(void **state)
{
	struct tc_str br = zip_br(text_of_lines(1000));

	(void)state;
	every_way("br", br);
	every_way("br", zip_join(br, TC_STR("padding")));
	every_way("br", tc_str_of(br.p, br.n - 1));
	every_way("br", zip_flip(br, br.n / 2));
	every_way("br", zip_br(TC_STR("")));
	every_way("br", zip_br(zip_zeros_plain(60000)));
	zip_free();
}

static void
test_zstd(void **state)
{
	struct tc_str frame = zip_zstd(text_of_lines(1000)), skip = TC_STR("\x50\x2a\x4d\x18\5\0\0\0abcde");

	(void)state;
	every_way("zstd", frame);
	every_way("zstd", zip_join(skip, zip_join(frame, zip_join(zip_zstd(TC_STR("")), zip_zstd(TC_STR("end"))))));
	every_way("zstd", zip_join(frame, skip));
	every_way("zstd", zip_join(frame, TC_STR("\x28\xb5")));
	every_way("zstd", zip_join(frame, TC_STR("\x28\xb5\x2f\xff")));
	every_way("zstd", tc_str_of(frame.p, frame.n - 1));
	every_way("zstd", zip_flip(frame, frame.n / 2));
	every_way("zstd", zip_zstd(zip_zeros_plain(60000)));
	zip_free();
}

static void
test_lists(void **state)
{
	struct tc_str text = text_of_lines(400), in = zip_br(zip(text, 31));

	(void)state;
	every_way("gzip, br", in);
	every_way("gzip, br", tc_str_of(in.p, in.n - 2));
	every_way("gzip, br", zip_br(zip_join(zip(text, 31), zip_zeros(60000))));
	every_way("br, zstd, deflate", zip(zip_zstd(zip_br(text)), 15));
	every_way("zstd, zstd, zstd", zip_zstd(zip_zstd(zip_zstd(zip_zeros_plain(70000)))));
	zip_free();
}

static void
expect_packed(const char *coding, struct fake_call *f, struct tc_str text)
{
	struct fake_call *back = unpacking(coding);

	assert_int_equal(fake_feed(back, fake_out(f), NULL, 0), 0);
	assert_int_equal(back->out_n, text.n);
	if (text.n > 0)
		assert_memory_equal(back->out, text.p, text.n);
	fake_free(&back);
}

/* flushing: nothing more is at hand after each piece, or all comes while more is. */
static void
packs_every_way(const char *coding, struct tc_str text, bool flushing)
{
	for (size_t cut = 0; cut <= text.n; cut++) {
		struct fake_call *f = packing(coding);

		f->flushing = flushing;
		f->late_end = cut % 2 == 0;
		assert_int_equal(fake_feed(f, text, &cut, 1), 0);
		if (flushing)
			assert_int_equal(f->held, 0);
		expect_packed(coding, f, text);
		fake_free(&f);
	}
	for (size_t size = 1; size < 100; size += size < 4 ? 1 : 13) {
		struct fake_call *f = packing(coding);

		f->flushing = flushing;
		assert_int_equal(fake_feed_by(f, text, size), 0);
		expect_packed(coding, f, text);
		fake_free(&f);
	}
}

static void
test_packing(void **state)
{
	static const char *const codings[] = {"gzip", "br", "zstd"};
	struct tc_str text = text_of_lines(150);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		packs_every_way(codings[i], text, false);
		packs_every_way(codings[i], text, true);
	}
	zip_free();
}

/* Around the sizes where it stops waiting for the whole, and where brotli is flushed. */
static void
test_packing_much(void **state)
{
	static const char *const codings[] = {"gzip", "br", "zstd"};
	static const size_t sizes[] = {1000, 16383, 16384, 16385, 65535, 65536, 65537};
	struct tc_str text = text_of_lines(200000);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(*sizes); j++)
			for (int flushing = 0; flushing < 2; flushing++) {
				struct fake_call *f = packing(codings[i]);

				f->flushing = flushing;
				assert_int_equal(fake_feed_by(f, text, sizes[j]), 0);
				assert_true(f->held < PACK_WHOLE_MAX);
				expect_packed(codings[i], f, text);
				fake_free(&f);
				f = packing(codings[i]);
				assert_int_equal(fake_feed(f, tc_str_of(text.p, sizes[j]), NULL, 0), 0);
				expect_packed(codings[i], f, tc_str_of(text.p, sizes[j]));
				fake_free(&f);
			}
	zip_free();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inflating),
		cmocka_unit_test(test_br),
		cmocka_unit_test(test_zstd),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_packing),
		cmocka_unit_test(test_packing_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
