/* test_surrogate.c: our own paths are answered here, all of them, and nothing else is. */
#include "../../filters/surrogate.c"

#include "headfilter.h"

static int
ask(struct fake_call *f, enum tc_method method, const char *path)
{
	f->req.method = method;
	f->req.match = f->req.path = z(path);
	f->answered = false;
	return fake_request(f);
}

static void
test_assets(void **state)
{
	struct fake_call *f = fake_new(&filter_surrogate);

	(void)state;
	allow_all(f); /* they are for everyone */
	assert_int_equal(ask(f, TC_M_GET, "/.well-known/tacet/s/noop.js"), 200);
	assert_string_equal(f->answer_type, "application/javascript; charset=utf-8");
	assert_string_equal(f->answer_cache, "public, max-age=31536000, immutable");
	assert_true(f->answer.n > 200 && f->answer.n < 2048);
	assert_true(tc_starts(f->answer, TC_STR("(function")));
	assert_int_equal(ask(f, TC_M_HEAD, "/.well-known/tacet/s/not-written-yet.js"), 200);
	assert_true(tc_eq(f->answer, surrogate_script(TC_STR("noop.js"))));
	assert_int_equal(ask(f, TC_M_GET, "/.well-known/tacet/1x1.gif"), 200);
	assert_string_equal(f->answer_type, "image/gif");
	assert_int_equal(f->answer.n, 43);
	assert_memory_equal(f->answer.p, "GIF89a\x01\x00\x01\x00", 10);
	fake_free(&f);
}

static void
test_other_names(void **state)
{
	static const struct {
		const char *path;
		int status;
	} cases[] = {
		{"/.well-known/tacet/", 404},
		{"/.well-known/tacet", 404},
		{"/.well-known/tacet/s/", 404},
		{"/.well-known/tacet/s/.js", 404},
		{"/.well-known/tacet/s/a/b.js", 404},
		{"/.well-known/tacet/s/x.css", 404},
		{"/.well-known/tacet/1x1.gifx", 404},
		{"/.well-known/tacet/style.css", 0},
		{"/.well-known/tacets", 0},
		{"/.well-known/acme-challenge/x", 0},
		{"/.well-known/", 0},
		{"/", 0},
		{"*", 0},
	};
	struct fake_call *f = fake_new(&filter_surrogate);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(ask(f, TC_M_GET, cases[i].path), cases[i].status);
		assert_false(f->answered);
	}
	assert_int_equal(ask(f, TC_M_POST, "/.well-known/tacet/s/noop.js"), 405);
	fake_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_assets),
		cmocka_unit_test(test_other_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
