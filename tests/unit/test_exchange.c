/* test_exchange.c: the end of an exchange comes once, and nobody touches it afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../proxy/core/exchange.c"

static struct worker worker;
static unsigned cuts, patiences;

/* A visitor's side that does nothing of itself. */
static void
on_cut(struct exchange *x)
{
	assert_int_equal(x->state, EXCHANGE_FINISH);
	cuts++;
}

static void
nothing(struct exchange *x)
{
	(void)x;
}

static void
leave(struct exchange *x)
{
	exchange_visitor_gone(x);
}

static void
on_patience(struct exchange *x, uint64_t ms)
{
	(void)x;
	(void)ms;
	patiences++;
}

static size_t
none(const struct exchange *x)
{
	(void)x;
	return 0;
}

static struct exchange *
begin(const struct codec *codec, enum exchange_state state)
{
	struct tc_arena *arena = arena_new(NULL, 1 << 20);
	struct exchange *x = tc_alloc(arena, sizeof(*x));

	assert_non_null(x);
	x->arena = arena;
	x->worker = &worker;
	x->codec = codec;
	x->state = state;
	x->up.framing.kind = BODY_LENGTH;
	x->up.left = 10;
	return x;
}

/* The origin has taken what waited, so the visitor is read again: and what it sent meanwhile ends the exchange. */
static void
ended_by_what_the_visitor_sent(void **state)
{
	static const struct codec codec = {.resume = leave, .cut = on_cut, .patience = on_patience, .pending = none};
	static const enum exchange_state states_of_it[] = {EXCHANGE_FORWARD, EXCHANGE_RELAY, EXCHANGE_TUNNEL};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		cuts = patiences = 0;
		exchange_origin_ops.conn.drained(begin(&codec, states_of_it[i]));
		assert_int_equal(cuts, 1);
		assert_int_equal(patiences, 0);
	}
}

static void
gone_twice_ends_once(void **state)
{
	static const struct codec codec = {.resume = nothing, .cut = on_cut, .patience = on_patience, .pending = none};
	struct exchange *x = begin(&codec, EXCHANGE_DISCARD);

	(void)state;
	cuts = 0;
	x->running = true; /* inside a step */
	exchange_visitor_gone(x);
	exchange_visitor_gone(x);
	assert_int_equal(cuts, 0);
	x->running = false;
	exchange_run(x);
	assert_int_equal(cuts, 1);
}

static int
setup(void **state)
{
	(void)state;
	worker.lane = calloc(1, sizeof(*worker.lane));
	return worker.lane != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	free(worker.lane);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ended_by_what_the_visitor_sent),
		cmocka_unit_test(gone_twice_ends_once),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
