/* test_status.c: the status text is there if and only if a person's no was acted on. */
#include "../../filters/status.c"

#include "headfilter.h"

static const struct tc_filter other = {.name = "other"};
const struct tc_filter *const tc_filters[] = {&other, &filter_status, NULL};

static void
test_text(void **state)
{
	static const struct status_opts opts = {TC_STR_INIT("Opt-Out Request Honored")};
	const void *blocks[] = {NULL, &opts};
	struct fake_call *f = fake_new(&other);

	(void)state;
	f->rules.opts = blocks;
	assert_string_equal(text_of(status_text(&f->call)), "(none)"); /* nobody filters the body */
	f->want_body = true;
	assert_string_equal(text_of(status_text(&f->call)), "Opt-Out Request Honored");
	f->decision.person = false; /* a region's default is nobody's wish */
	assert_string_equal(text_of(status_text(&f->call)), "(none)");
	fake_free(&f);
}

static void
test_none(void **state)
{
	static const struct status_opts opts = {{NULL, 0}};
	const void *blocks[] = {NULL, &opts};
	struct fake_call *f = fake_new(&other);

	(void)state;
	f->rules.opts = blocks;
	f->want_body = true;
	assert_int_equal(status_text(&f->call).n, 0);
	f->rules.opts = NULL;
	assert_int_equal(status_text(&f->call).n, 0);
	fake_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
