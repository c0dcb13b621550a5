/* test_wheel.c: deadlines fire once, not early, and at most one grain late, however often they are moved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../proxy/net/wheel.c"

/* Runs the clock to `to` in steps; returns when d fired, 0 if it did not. */
static uint64_t
run_to(struct wheel *w, struct deadline *d, uint64_t from, uint64_t to, uint64_t step)
{
	for (uint64_t t = from; t <= to; t += step) {
		struct deadline *e;

		while ((e = wheel_next_expired(w, t)) != NULL)
			if (e == d)
				return t;
	}
	return 0;
}

static void
fires_in_time(void **state)
{
	(void)state;
	for (uint64_t at = 1001; at < 100000; at += 997) {
		struct wheel w;
		struct deadline d = {0};
		uint64_t fired;

		wheel_init(&w, 1000);
		wheel_set(&w, &d, at);
		assert_true(wheel_is_set(&d));
		fired = run_to(&w, &d, 1000, 200000, 100);
		assert_true(fired >= at);
		assert_true(fired <= at + 2 * WHEEL_GRAIN_MS);
		assert_false(wheel_is_set(&d));
	}
}

static void
moving_on_costs_no_early_fire(void **state)
{
	struct wheel w;
	struct deadline d = {0};

	(void)state;
	wheel_init(&w, 0);
	for (uint64_t t = 0; t < 60000; t += 50) {
		wheel_set(&w, &d, t + 5000);
		assert_null(wheel_next_expired(&w, t));
	}
	assert_true(run_to(&w, &d, 60000, 70000, 50) >= 64950);
}

static void
moving_back_fires_earlier(void **state)
{
	struct wheel w;
	struct deadline d = {0};
	uint64_t fired;

	(void)state;
	wheel_init(&w, 0);
	wheel_set(&w, &d, 3600000);
	wheel_set(&w, &d, 1000);
	fired = run_to(&w, &d, 0, 10000, 50);
	assert_in_range(fired, 1000, 1500);
}

static void
cleared_never_fires(void **state)
{
	struct wheel w;
	struct deadline a = {0}, b = {0};

	(void)state;
	wheel_init(&w, 0);
	wheel_set(&w, &a, 700);
	wheel_set(&w, &b, 700);
	wheel_clear(&a);
	wheel_clear(&a);
	assert_true(run_to(&w, &b, 0, 5000, 50) >= 700);
	assert_int_equal(run_to(&w, &a, 5000, 60000, 50), 0);
}

static void
a_clock_that_jumps_fires_all(void **state)
{
	struct wheel w;
	struct deadline d[300] = {0};
	size_t fired = 0;

	(void)state;
	wheel_init(&w, 0);
	for (size_t i = 0; i < 300; i++)
		wheel_set(&w, &d[i], i * 333);
	while (wheel_next_expired(&w, 1000000) != NULL)
		fired++;
	assert_int_equal(fired, 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fires_in_time),
		cmocka_unit_test(moving_on_costs_no_early_fire),
		cmocka_unit_test(moving_back_fires_earlier),
		cmocka_unit_test(cleared_never_fires),
		cmocka_unit_test(a_clock_that_jumps_fires_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
