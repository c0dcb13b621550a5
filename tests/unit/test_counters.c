/* test_counters.c: what is written about refusals: a number for each reason, and the minute of the last one. */
#include "../../proxy/stats/counters.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static bool
written(const char *line)
{
	struct stats_extra extra = {.version = "0"};
	struct tc_str text;
	struct buf b;
	bool found = false;

	buf_init(&b, 1 << 20);
	assert_int_equal(stats_write(&b, &extra), 0);
	text = buf_str(&b);
	while (!found && text.p != NULL)
		found = tc_eq(tc_next(&text, '\n'), tc_str_from(line));
	buf_reset(&b);
	return found;
}

static void
the_latest_minute(void **state)
{
	char line[200];
	uint64_t now;

	(void)state;
	stats_init(3);
	assert_true(written("tacet_http_refusals_total{reason=\"fold\"} 0"));
	assert_false(written("tacet_http_refusals_last_seen_timestamp_seconds{reason=\"fold\"} 0"));
	stats_refuse(stats_lane(1), REFUSAL_FOLD);
	stats_refuse(stats_lane(1), REFUSAL_FOLD);
	stats_refuse(stats_lane(2), REFUSAL_FOLD);
	now = (uint64_t)time(NULL);
	assert_true(written("tacet_http_refusals_total{reason=\"fold\"} 3"));
	assert_int_equal(stats_lane(2)->refused_at[REFUSAL_FOLD] % 60, 0);
	assert_in_range(stats_lane(2)->refused_at[REFUSAL_FOLD], now - 120, now);
	stats_lane(0)->refused_at[REFUSAL_FOLD] = 1700000040;
	stats_lane(1)->refused_at[REFUSAL_FOLD] = 1700000100;
	stats_lane(2)->refused_at[REFUSAL_FOLD] = 0;
	(void)snprintf(line, sizeof(line), "tacet_http_refusals_last_seen_timestamp_seconds{reason=\"fold\"} 1700000100");
	assert_true(written(line));
	assert_false(written("tacet_http_refusals_last_seen_timestamp_seconds{reason=\"syntax\"} 0"));
	free(lanes);
}

static void
every_reason_has_its_numbers(void **state)
{
	char line[200];

	(void)state;
	stats_init(1);
	for (int i = REFUSAL_NONE + 1; i < REFUSAL_COUNT; i++) {
		stats_refuse(stats_lane(0), (enum refusal)i);
		stats_lane(0)->refused_at[i] = (uint64_t)i * 60;
		(void)snprintf(line, sizeof(line), "tacet_http_refusals_last_seen_timestamp_seconds{reason=\"%s\"} %d",
		    refusal_label((enum refusal)i), i * 60);
		assert_true(written(line));
	}
	stats_add(&stats_lane(0)->turned_away[STATS_AWAY_DESCRIPTORS], 7);
	assert_true(written("tacet_connections_refused_total{reason=\"descriptors\"} 7"));
	assert_true(written("tacet_connections_refused_total{reason=\"limit\"} 0"));
	free(lanes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_latest_minute),
		cmocka_unit_test(every_reason_has_its_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
