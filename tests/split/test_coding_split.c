/* test_coding_split.c: what comes of a packed body does not depend on how its bytes arrive, nor on when there is room. */
#include "../../filters/coding/coding.c"
#include "../../filters/coding/gunzip.c"
#include "../../filters/coding/gzip.c"

#include "../unit/headfilter.h"
#include "../unit/zip.h"

static struct fake_call *
unpacking(const char *coding)
{
	struct fake_call *f = fake_new(&filter_gunzip);

	f->want_body = true;
	put(&f->res.fields, "Content-Encoding", coding);
	assert_int_equal(fake_response(f), 0);
	return f;
}

static struct fake_call *
packing(void)
{
	struct fake_call *f = fake_new(&filter_gzip);

	f->want_body = true;
	put(&f->req.fields, "Accept-Encoding", "gzip");
	put(&f->res.fields, "Content-Encoding", "gzip");
	f->res.fields.v[0].dropped = true;
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
test_unpacking(void **state)
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
expect_packed(struct fake_call *f, struct tc_str text)
{
	struct fake_call *back = unpacking("gzip");

	assert_int_equal(fake_feed(back, fake_out(f), NULL, 0), 0);
	assert_int_equal(back->out_n, text.n);
	if (text.n > 0)
		assert_memory_equal(back->out, text.p, text.n);
	fake_free(&back);
}

static void
test_packing(void **state)
{
	struct tc_str text = text_of_lines(400);

	(void)state;
	for (size_t cut = 0; cut <= text.n; cut++) {
		struct fake_call *f = packing();

		f->late_end = cut % 2 == 0;
		assert_int_equal(fake_feed(f, text, &cut, 1), 0);
		assert_int_equal(f->held, 0);
		expect_packed(f, text);
		fake_free(&f);
	}
	for (size_t size = 1; size < 100; size++) {
		struct fake_call *f = packing();

		assert_int_equal(fake_feed_by(f, text, size), 0);
		expect_packed(f, text);
		fake_free(&f);
	}
	zip_free();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unpacking),
		cmocka_unit_test(test_packing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
