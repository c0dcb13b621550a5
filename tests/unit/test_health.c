/* test_health.c: what is known of a server, by name, and by the checks that look at it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../proxy/net/health.c"

#define T(f) cmocka_unit_test(f)

static const struct check_settings ping = {TC_STR_INIT("/ping"), TC_STR_INIT("a.test"), 2000, 1000, 2, 2};

static void
one_for_a_name(void **state)
{
	struct health *a = health_get(TC_STR("http://a")), *b = health_get(TC_STR("http://a")),
		      *c = health_get(TC_STR("http://b"));

	(void)state;
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	health_release(&a);
	assert_null(a);
	assert_string_equal(b->name, "http://a");
	health_release(&b);
	health_release(&c);
	assert_null(all);
	health_release(&c); /* NULL is fine */
}

/* Each difference makes another check of it, and the texts are its own. */
static void
a_verdict_for_each_check(void **state)
{
	struct health *h = health_get(TC_STR("http://a"));
	char path[] = "/ping";
	struct check_settings mine = ping, other[6] = {ping, ping, ping, ping, ping, ping};
	struct verdict *first, *v;

	(void)state;
	mine.path = tc_str_of(path, 5);
	first = verdict_get(h, &mine);
	memset(path, 'x', 5);
	v = verdict_get(h, &ping);
	assert_ptr_equal(v, first);
	verdict_release(h, &v);
	assert_null(v);
	other[0].path = TC_STR("/pong");
	other[1].authority = TC_STR("b.test");
	other[2].interval_ms++;
	other[3].timeout_ms++;
	other[4].healthy++;
	other[5].unhealthy++;
	for (size_t i = 0; i < 6; i++) {
		v = verdict_get(h, &other[i]);
		assert_ptr_not_equal(v, first);
		assert_false(v->down);
		verdict_release(h, &v);
	}
	assert_ptr_equal(h->verdicts, first);
	assert_null(first->next);
	verdict_release(h, &first);
	assert_null(h->verdicts);
	health_release(&h);
}

/* Two that disagree do not write over each other; whoever looks at the server as a whole sees the bad one. */
static void
each_has_its_own(void **state)
{
	struct health *h = health_get(TC_STR("http://a"));
	struct check_settings pong = ping;
	struct verdict *a = verdict_get(h, &ping), *b;

	(void)state;
	pong.path = TC_STR("/pong");
	b = verdict_get(h, &pong);
	assert_false(health_is_down(h));
	verdict_check(a, true);
	verdict_check(b, true);
	atomic_store(&b->down, true);
	assert_false(a->down);
	assert_true(health_is_down(h));
	verdict_check(b, false); /* nobody looks any more */
	assert_false(b->down);
	assert_false(health_is_down(h));
	verdict_release(h, &b);
	verdict_release(h, &a);
	health_release(&h);
}

/* A reload changes the check of a server that is down: so it stays until the new check has looked. */
static void
what_was_known_is_kept(void **state)
{
	struct health *h = health_get(TC_STR("http://a"));
	struct check_settings next = ping, third = ping;
	struct verdict *a = verdict_get(h, &ping), *b, *c;

	(void)state;
	verdict_check(a, true);
	atomic_store(&a->down, true);
	next.interval_ms = 5000;
	b = verdict_get(h, &next);
	assert_true(b->down);
	verdict_check(b, true);
	verdict_check(a, false);
	assert_true(b->down);
	assert_false(a->down);
	third.interval_ms = 7000;
	c = verdict_get(h, &third); /* they do not agree: it starts as every server does */
	assert_false(c->down);
	verdict_check(a, true); /* two workers' worth of the same one: the last counts */
	verdict_check(a, true);
	atomic_store(&a->down, true);
	verdict_check(a, false);
	assert_true(a->down);
	verdict_check(a, false);
	assert_false(a->down);
	verdict_release(h, &a);
	verdict_release(h, &b);
	verdict_release(h, &c);
	health_release(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_for_a_name),
		T(a_verdict_for_each_check),
		T(each_has_its_own),
		T(what_was_known_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
