/* test_rate.c: buckets under a clock of our own, the table when it is full, its daily end, and many threads. */
#include "../../proxy/core/rate.c"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct table fresh;
static const struct config_rate ten_a_second = {.requests = 10, .per_ms = 1000, .burst = 10};

static int
setup(void **state)
{
	(void)state;
	memset(&fresh, 0, sizeof(fresh));
	table = &fresh;
	assert_int_equal(change_salt(table), 0);
	return 0;
}

static struct tc_addr
v4(uint32_t n)
{
	struct tc_addr a = {.family = 4};

	for (size_t i = 0; i < 4; i++)
		a.ip[12 + i] = (uint8_t)(n >> (24 - 8 * i));
	return a;
}

static struct tc_addr
v6(uint64_t network, uint8_t host)
{
	struct tc_addr a = {.family = 6};

	for (size_t i = 0; i < 8; i++)
		a.ip[i] = (uint8_t)(network >> (56 - 8 * i));
	a.ip[15] = host;
	return a;
}

/* How many requests go on at one moment; at most max are made. */
static unsigned
gone_on(const struct config_rate *limit, uint64_t name, struct tc_addr a, uint64_t now, unsigned max)
{
	unsigned n = 0;

	while (n < max && rate_take(limit, name, &a, now) == 0)
		n++;
	return n;
}

static void
a_burst_and_no_more(void **state)
{
	struct tc_addr a = v4(1);

	(void)state;
	assert_int_equal(gone_on(&ten_a_second, 7, a, 5000, 100), 10);
	assert_int_equal(rate_take(&ten_a_second, 7, &a, 5000), 1); /* 0.1 s, rounded up */
	assert_int_equal(gone_on(&ten_a_second, 7, a, 5099, 100), 0);
	assert_int_equal(gone_on(&ten_a_second, 7, a, 5100, 100), 1);
	assert_int_equal(gone_on(&ten_a_second, 7, a, 5500, 100), 4);
	assert_int_equal(gone_on(&ten_a_second, 7, a, 900000, 100), 10); /* full again, and not fuller */
}

static void
a_steady_rate_goes_on_for_ever(void **state)
{
	struct tc_addr a = v4(1);
	unsigned refused = 0;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) /* one in 100 ms: just what is allowed */
		refused += rate_take(&ten_a_second, 7, &a, 1000 + 100 * (uint64_t)i) != 0;
	assert_int_equal(refused, 0);
	refused = 0;
	for (unsigned i = 0; i < 20000; i++) /* twice as fast: half of it */
		refused += rate_take(&ten_a_second, 7, &a, 3000000 + 50 * (uint64_t)i) != 0;
	assert_in_range(refused, 9985, 10000);
}

static void
how_long_to_wait(void **state)
{
	static const struct {
		struct config_rate limit;
		unsigned seconds; /* after the burst */
	} v[] = {
		{{.requests = 1, .per_ms = 1000, .burst = 1}, 1},
		{{.requests = 1, .per_ms = 60000, .burst = 1}, 60},
		{{.requests = 100, .per_ms = 60000, .burst = 5}, 1},
		{{.requests = 1, .per_ms = 1500, .burst = 2}, 2},
		{{.requests = 1000000, .per_ms = 1000, .burst = 1}, 1},
		{{.requests = 1, .per_ms = 86400000, .burst = 1}, 86400},
		{{.requests = 10, .per_ms = 1000, .burst = 0}, 1}, /* at least one */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct tc_addr a = v4((uint32_t)i);
		unsigned burst = v[i].limit.burst > 0 ? (unsigned)v[i].limit.burst : 1;

		assert_int_equal(gone_on(&v[i].limit, 1, a, 777, 100), burst);
		assert_int_equal(rate_take(&v[i].limit, 1, &a, 777), v[i].seconds);
		assert_int_equal(rate_take(&v[i].limit, 1, &a, 777 + 1000 * (uint64_t)v[i].seconds), 0);
	}
}

/* A bucket that would need weeks to fill holds three days' worth, and times do not run into each other. */
static void
windows_are_bounded(void **state)
{
	const struct config_rate slow = {.requests = 1, .per_ms = 86400000, .burst = 1000000};
	struct tc_addr a = v4(1);

	(void)state;
	assert_int_equal(gone_on(&slow, 1, a, 1000, 100), 3);
	assert_int_equal(rate_take(&slow, 1, &a, 1000), 86400);
	assert_int_equal(gone_on(&slow, 1, a, 1000 + 86400000, 100), 1);
}

static void
no_limit_no_address_no_table(void **state)
{
	const struct config_rate none = {0};
	struct tc_addr a = v4(1), unknown = {0};

	(void)state;
	assert_int_equal(gone_on(&none, 7, a, 1, 1000), 1000);
	assert_int_equal(gone_on(&ten_a_second, 7, unknown, 1, 1000), 1000);
	table = NULL;
	assert_int_equal(gone_on(&ten_a_second, 7, a, 1, 1000), 1000);
}

static void
who_shares_a_bucket(void **state)
{
	(void)state;
	assert_int_equal(gone_on(&ten_a_second, 7, v4(1), 5000, 100), 10);
	assert_int_equal(gone_on(&ten_a_second, 7, v4(2), 5000, 100), 10); /* another visitor */
	assert_int_equal(gone_on(&ten_a_second, 8, v4(1), 5000, 100), 10); /* another limit */
	assert_int_equal(gone_on(&ten_a_second, 7, v6(1, 1), 5000, 100), 10);
	assert_int_equal(gone_on(&ten_a_second, 7, v6(1, 2), 5000, 100), 0); /* the same /64 */
	assert_int_equal(gone_on(&ten_a_second, 7, v6(2, 1), 5000, 100), 10);
	assert_int_equal(gone_on(&ten_a_second, 7, v6((uint64_t)1, 0), 5000, 100), 0);
	assert_int_equal(gone_on(&ten_a_second, 7, v4(1), 5000, 100), 0);
}

/* ::1:0:0:0 begins with eight zeroes, as 0.0.0.0 does within its sixteen bytes. */
static void
families_are_apart(void **state)
{
	(void)state;
	assert_int_equal(gone_on(&ten_a_second, 7, v4(0), 5000, 100), 10);
	assert_int_equal(gone_on(&ten_a_second, 7, v6(0, 0), 5000, 100), 10);
}

/* Forty bits of microseconds come round after 12 days; a bucket that is in use then does not notice. */
static void
the_clock_wraps(void **state)
{
	uint64_t wrap = ((uint64_t)1 << TIME_BITS) / 1000;
	struct tc_addr a = v4(1);

	(void)state;
	assert_int_equal(gone_on(&ten_a_second, 7, a, wrap - 100, 100), 10);
	assert_int_equal(gone_on(&ten_a_second, 7, a, wrap - 1, 100), 0);
	assert_int_equal(gone_on(&ten_a_second, 7, a, wrap + 400, 100), 5);
	assert_int_equal(gone_on(&ten_a_second, 7, a, wrap + 400, 100), 0);
	assert_int_equal(gone_on(&ten_a_second, 7, a, wrap + 86400000, 100), 10);
	for (uint64_t now = wrap - 5000; now < wrap + 5000; now += 100)
		assert_int_equal(rate_take(&ten_a_second, 9, &a, now), 0);
}

static void
a_reload_keeps_the_bucket(void **state)
{
	const struct config_rate strict = {.requests = 1, .per_ms = 3600000, .burst = 10};
	struct tc_addr a = v4(1);

	(void)state;
	assert_int_equal(gone_on(&strict, 7, a, 5000, 100), 10);
	assert_int_equal(rate_take(&strict, 7, &a, 5000), 3600);
	/* the milder limit of a new configuration: at most its own time, not ten hours */
	assert_int_equal(rate_take(&ten_a_second, 7, &a, 5000), 1);
	assert_int_equal(gone_on(&ten_a_second, 7, a, 5100, 100), 1);
	/* and the stricter one counts from what is left */
	assert_int_equal(gone_on(&strict, 7, a, 5100, 100), 9);
}

static void
a_new_salt_forgets(void **state)
{
	struct tc_addr a = v4(1);
	uint64_t before[2] = {fresh.salt[0], fresh.salt[1]}, h = hash_visitor(table, 7, &a);

	(void)state;
	assert_int_equal(gone_on(&ten_a_second, 7, a, 5000, 100), 10);
	assert_int_equal(change_salt(table), 0);
	assert_true(fresh.salt[0] != before[0] && fresh.salt[1] != before[1]);
	assert_true(hash_visitor(table, 7, &a) != h);
	for (size_t i = 0; i < SETS; i++)
		for (size_t k = 0; k < WAYS; k++)
			assert_int_equal(fresh.sets[i][k], 0);
	assert_int_equal(gone_on(&ten_a_second, 7, a, 5000, 100), 10);
	fresh.changing = true;
	assert_int_equal(gone_on(&ten_a_second, 7, a, 5000, 100), 100);
}

/* ---- the table when it is full ---- */

static void
a_full_set_loses_the_stalest(void **state)
{
	static _Atomic uint64_t set[WAYS];
	uint64_t now = 5000000, seen;

	(void)state;
	for (size_t i = 0; i < WAYS; i++)
		set[i] = cell_of(100 + i, now + 100 + i);
	set[3] = cell_of(103, now - 9);
	set[5] = cell_of(105, now - 7);
	assert_ptr_equal(find_cell(set, 104, now, &seen), &set[4]);
	assert_ptr_equal(find_cell(set, 1, now, &seen), &set[3]); /* the longest full */
	set[3] = cell_of(103, now + 900);
	assert_ptr_equal(find_cell(set, 1, now, &seen), &set[5]);
	set[5] = cell_of(105, now + 900);
	assert_ptr_equal(find_cell(set, 1, now, &seen), &set[0]); /* the next to be full */
	assert_true(seen == cell_of(100, now + 100));
	set[7] = 0;
	assert_ptr_equal(find_cell(set, 1, now, &seen), &set[7]); /* free */
	now += (uint64_t)1 << TIME_BITS;                          /* comes round: nothing changes */
	assert_ptr_equal(find_cell(set, 105, now, &seen), &set[5]);
}

/*
 * A crowd ten times the table's size, every address of it beyond its limit: who behaves is not refused once, before,
 * during or after; and who does not is at worst forgiven.
 */
static void
a_crowd_blocks_nobody(void **state)
{
	uint64_t now = 10000;
	unsigned refused = 0;

	(void)state;
	for (uint32_t round = 0; round < 50; round++) {
		for (uint32_t i = 0; i < SETS * WAYS / 5; i++)
			(void)gone_on(&ten_a_second, 7, v4(0x0a000000 + round * 20000 + i), now, 11);
		for (uint32_t i = 0; i < 20; i++) {
			struct tc_addr a = v4(0xc0000200 + i);

			refused += rate_take(&ten_a_second, 7, &a, now) != 0;
		}
		now += 100;
	}
	assert_in_range(refused, 0, 2); /* of 1000: the one in two million may come */
	assert_in_range(gone_on(&ten_a_second, 7, v4(0x0a000000), now, 100), 0, 10);
}

/* ---- threads ---- */

#define THREADS 4

static _Atomic unsigned passed;
static const struct config_rate thousand = {.requests = 1000, .per_ms = 1000, .burst = 1000};

static void *
hammer(void *unused)
{
	struct tc_addr a = v4(1);

	(void)unused;
	for (unsigned i = 0; i < 20000; i++)
		if (rate_take(&thousand, 7, &a, 5000) == 0)
			atomic_fetch_add(&passed, 1);
	return NULL;
}

static void *
disturb(void *unused)
{
	(void)unused;
	for (uint32_t i = 0; i < 200000; i++) {
		struct tc_addr a = v4(i % 3000 + 100);

		(void)rate_take(&ten_a_second, 9, &a, 5000 + i / 100);
	}
	return NULL;
}

/* However many threads ask at once: the burst, exactly. */
static void
no_request_is_counted_twice_or_lost(void **state)
{
	pthread_t t[THREADS], other;

	(void)state;
	for (int round = 0; round < 20; round++) {
		passed = 0;
		assert_int_equal(change_salt(table), 0);
		assert_int_equal(pthread_create(&other, NULL, disturb, NULL), 0);
		for (size_t i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&t[i], NULL, hammer, NULL), 0);
		for (size_t i = 0; i < THREADS; i++)
			assert_int_equal(pthread_join(t[i], NULL), 0);
		assert_int_equal(pthread_join(other, NULL), 0);
		assert_int_equal(passed, 1000);
	}
}

static void *
turn(void *unused)
{
	(void)unused;
	for (int i = 0; i < 50; i++)
		assert_int_equal(change_salt(table), 0);
	return NULL;
}

/* Nobody waits for a new salt, and nothing of it is left that refuses later. */
static void
the_salt_changes_under_load(void **state)
{
	pthread_t t[THREADS], turner;

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, hammer, NULL), 0);
	assert_int_equal(pthread_create(&turner, NULL, turn, NULL), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	assert_int_equal(pthread_join(turner, NULL), 0);
	assert_int_equal(gone_on(&thousand, 7, v4(2), 5000, 5000), 1000);
}

/* ---- names and start ---- */

static void
names_of_limits(void **state)
{
	struct tc_str a[] = {TC_STR("www.example.com"), TC_STR("example.com")}, b[] = {TC_STR("other.example")};
	struct tc_route routes[] = {{.name = TC_STR_INIT("api")}, {.name = TC_STR_INIT("pages")}, {.name = TC_STR_INIT("login")}};
	struct config_rate of_site = {0};
	struct config_route core[] = {{.rate_key = &of_site}, {.rate_key = &of_site}, {0}}, copy[3];
	struct config_site one = {.pub = {.hosts = {a, 2}, .routes = routes, .route_count = 3}, .routes = core}, two = one, again = one;

	(void)state;
	core[2].rate_key = &core[2].rate;
	two.pub.hosts = (struct tc_strs){b, 1};
	assert_true(rate_name(&one, &routes[0]) == rate_name(&one, &routes[1])); /* the site's, shared */
	assert_true(rate_name(&one, &routes[0]) != rate_name(&one, &routes[2]));
	assert_true(rate_name(&one, &routes[0]) != rate_name(&two, &routes[0]));
	assert_true(rate_name(&one, &routes[2]) != rate_name(&two, &routes[2]));
	memcpy(copy, core, sizeof(copy)); /* another configuration, with the same words */
	copy[2].rate_key = &copy[2].rate;
	again.routes = copy;
	assert_true(rate_name(&again, &routes[2]) == rate_name(&one, &routes[2]));
}

static void
starts_once_a_day(void **state)
{
	static struct loop control;
	uint64_t old;

	(void)state;
	table = NULL;
	assert_int_equal(loop_init(&control, NULL, NULL), 0);
	assert_int_equal(rate_start(&control), 0);
	assert_true(table->salt[0] != 0);
	assert_int_equal(uv_timer_get_repeat(&timer), 86400000);
	assert_false(uv_has_ref((uv_handle_t *)&timer)); /* keeps no process alive */
	old = table->salt[0];
	timer.timer_cb(&timer);
	assert_true(table->salt[0] != old);
	crypto_pages_free(table, sizeof(*table));
	table = NULL;
	loop_close(&control);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_burst_and_no_more, setup),
		cmocka_unit_test_setup(a_steady_rate_goes_on_for_ever, setup),
		cmocka_unit_test_setup(how_long_to_wait, setup),
		cmocka_unit_test_setup(windows_are_bounded, setup),
		cmocka_unit_test_setup(no_limit_no_address_no_table, setup),
		cmocka_unit_test_setup(who_shares_a_bucket, setup),
		cmocka_unit_test_setup(families_are_apart, setup),
		cmocka_unit_test_setup(the_clock_wraps, setup),
		cmocka_unit_test_setup(a_reload_keeps_the_bucket, setup),
		cmocka_unit_test_setup(a_new_salt_forgets, setup),
		cmocka_unit_test_setup(a_full_set_loses_the_stalest, setup),
		cmocka_unit_test_setup(a_crowd_blocks_nobody, setup),
		cmocka_unit_test_setup(no_request_is_counted_twice_or_lost, setup),
		cmocka_unit_test_setup(the_salt_changes_under_load, setup),
		cmocka_unit_test_setup(names_of_limits, setup),
		cmocka_unit_test_setup(starts_once_a_day, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
