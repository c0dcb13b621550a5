/*
 * test_pressure.c: the limit that is learnt, against simulated servers: so many slots, each busy with one request for
 * a time. Requests arrive evenly, and do not mind what came of others. Steps of one millisecond; no clock, no chance
 * but a fixed one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <unistd.h>

#include "../../proxy/net/pressure.c"

#define MOST 20000 /* requests that stand anywhere */
#define QUEUE_TIMEOUT_MS 1000

struct request {
	uint64_t came, asked, done;
	uint32_t takes;
};

struct queue {
	struct request v[MOST];
	size_t first, n;
};

static struct sim {
	struct pressure p;
	uint64_t now;
	uint32_t seed;
	double due;         /* parts of requests that have arrived */
	struct queue line;  /* before the server: of the proxy */
	struct queue inner; /* of the server itself: it has no free slot for them */
	struct request slot[4096];
	size_t slots, busy, thinking;
	uint32_t (*takes)(struct sim *s);
	/* of the phase */
	uint64_t answered, refused, late, asked, refused_late_ms;
	uint32_t times[200000]; /* from coming to answered */
	size_t times_n;
	uint64_t last_refused;
	size_t line_most;
} sim;

static uint32_t
chance(struct sim *s, uint32_t below)
{
	s->seed = s->seed * 1664525u + 1013904223u;
	return (s->seed >> 8) % below;
}

static void
push(struct queue *q, struct request r)
{
	assert_true(q->n < MOST);
	q->v[(q->first + q->n++) % MOST] = r;
}

static struct request
pop(struct queue *q)
{
	struct request r = q->v[q->first];

	q->first = (q->first + 1) % MOST;
	q->n--;
	return r;
}

static void
begin(size_t slots, uint32_t (*takes)(struct sim *))
{
	memset(&sim, 0, sizeof(sim));
	pressure_init(&sim.p);
	sim.now = 1000000;
	sim.seed = 1;
	sim.slots = slots;
	sim.takes = takes;
}

static void
phase(void)
{
	sim.answered = sim.refused = sim.late = sim.asked = sim.last_refused = 0;
	sim.times_n = sim.line_most = 0;
}

static void
send(struct request r)
{
	r.asked = sim.now;
	sim.thinking++;
	pressure_asked(&sim.p, (unsigned)sim.thinking, sim.now);
	push(&sim.inner, r);
}

static void
refuse(void)
{
	sim.refused++;
	sim.last_refused = sim.now;
}

/* As origin.c does it: who may go on goes, who stood too long or is one too many does not. */
static void
pump(void)
{
	while (sim.line.n > 0) {
		if (sim.now - sim.line.v[sim.line.first].came >= QUEUE_TIMEOUT_MS) {
			(void)pop(&sim.line);
			sim.late++;
			refuse();
		} else if (sim.thinking < pressure_limit(&sim.p, sim.now)) {
			send(pop(&sim.line));
		} else {
			break;
		}
	}
	while (sim.line.n > pressure_line(&sim.p)) {
		sim.line.n--; /* the last one */
		refuse();
	}
}

static void
arrive(void)
{
	struct request r = {.came = sim.now, .takes = sim.takes(&sim)};

	sim.asked++;
	if (sim.line.n == 0 && sim.thinking < pressure_limit(&sim.p, sim.now))
		send(r);
	else if (sim.line.n < pressure_line(&sim.p))
		push(&sim.line, r);
	else
		refuse();
	if (sim.line.n > sim.line_most)
		sim.line_most = sim.line.n;
}

static void
serve(void)
{
	for (size_t i = 0; i < sim.busy; i++) {
		struct request *r = &sim.slot[i];

		if (r->done > sim.now)
			continue;
		sim.thinking--;
		sim.answered++;
		pressure_answered(&sim.p, (uint32_t)(sim.now - r->asked), sim.now);
		if (sim.times_n < sizeof(sim.times) / sizeof(sim.times[0]))
			sim.times[sim.times_n++] = (uint32_t)(sim.now - r->came);
		sim.slot[i--] = sim.slot[--sim.busy];
	}
	while (sim.busy < sim.slots && sim.inner.n > 0) {
		struct request r = pop(&sim.inner);

		r.done = sim.now + r.takes;
		sim.slot[sim.busy++] = r;
	}
}

/* Runs for so long at so many requests a second. */
static void
run(uint64_t ms, double rate)
{
	for (uint64_t end = sim.now + ms; sim.now < end; sim.now++) {
		serve();
		pump();
		for (sim.due += rate / 1000; sim.due >= 1; sim.due--)
			arrive();
		serve();
	}
}

static uint32_t
percentile(double part)
{
	assert_true(sim.times_n > 0);
	qsort(sim.times, sim.times_n, sizeof(sim.times[0]), by_size);
	return sim.times[(size_t)(part * (double)(sim.times_n - 1))];
}

static uint32_t
takes_50(struct sim *s)
{
	return 45 + chance(s, 11);
}

static uint32_t
takes_5(struct sim *s)
{
	return 3 + chance(s, 5);
}

/* One page in ten takes half a second, the others 10 ms. */
static uint32_t
takes_mixed(struct sim *s)
{
	return chance(s, 10) == 0 ? 400 + chance(s, 200) : 5 + chance(s, 10);
}

/* Long polls: up to half a minute each, some page between them. */
static uint32_t
takes_long(struct sim *s)
{
	return 1000 + chance(s, 29000);
}

static uint32_t
takes_for_ever(struct sim *s)
{
	(void)s;
	return 3600000;
}

/* The tenth part comes out of a cache. */
static uint32_t
takes_cached(struct sim *s)
{
	return chance(s, 10) == 0 ? 1 : 45 + chance(s, 11);
}

static uint32_t
takes_200(struct sim *s)
{
	return 180 + chance(s, 40);
}

/* ---- tests ---- */

/* R13: half the load, four times the capacity, half of it again. */
static void
overload(void **state)
{
	static const struct {
		size_t slots;
		uint32_t (*takes)(struct sim *);
		double capacity;
		uint32_t p99;
	} kinds[] = {{64, takes_50, 1280, 250}, {8, takes_50, 160, 400}, {64, takes_5, 12800, 100}, {512, takes_50, 10240, 250}};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		double capacity = kinds[i].capacity;

		begin(kinds[i].slots, kinds[i].takes);
		run(5000, capacity / 2);
		assert_int_equal(sim.refused, 0);
		phase();
		run(2000, capacity * 4); /* until it has found out */
		assert_true((double)sim.answered >= 0.9 * capacity * 2);
		phase();
		run(10000, capacity * 4);
		print_message("%4zu slots: %.0f of %.0f/s, p99 %u ms, limit %u, line %u\n", kinds[i].slots,
		    (double)sim.answered / 10, capacity, percentile(0.99), sim.p.limit, sim.p.line);
		assert_true((double)sim.answered >= 0.9 * capacity * 10);
		assert_true(percentile(0.99) <= kinds[i].p99);
		phase();
		run(1000, capacity / 2);
		phase();
		run(5000, capacity / 2);
		assert_int_equal(sim.refused, 0);
		assert_true(percentile(0.99) <= kinds[i].p99);
	}
}

/* Nine tenths of what it can do, whatever it is: nobody is refused. */
static void
busy_but_not_too_busy(void **state)
{
	static const struct {
		size_t slots;
		uint32_t (*takes)(struct sim *);
		double capacity;
	} kinds[] = {{4, takes_50, 80}, {64, takes_50, 1280}, {64, takes_5, 12800}, {64, takes_mixed, 1085}, {256, takes_200, 1280},
	    {64, takes_cached, 1407}};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		begin(kinds[i].slots, kinds[i].takes);
		run(30000, 0.9 * kinds[i].capacity);
		assert_int_equal(sim.refused, 0);
	}
}

/* A cold start under four times the capacity: there is no normal yet to compare with. */
static void
overloaded_from_the_start(void **state)
{
	(void)state;
	begin(64, takes_50);
	run(2000, 5120);
	phase();
	run(10000, 5120);
	print_message("cold: %.0f/s, p99 %u ms, limit %u\n", (double)sim.answered / 10, percentile(0.99), sim.p.limit);
	assert_true(sim.answered >= 11520);
	assert_true(percentile(0.99) <= 400);
}

/* A little more than it can do, for long. */
static void
slightly_too_much(void **state)
{
	(void)state;
	begin(64, takes_50);
	run(3000, 640);
	run(3000, 1400);
	phase();
	run(20000, 1400);
	print_message("1.1x: %.0f/s, p99 %u ms, limit %u\n", (double)sim.answered / 20, percentile(0.99), sim.p.limit);
	assert_true(sim.answered >= 20 * 1152);
	assert_true(percentile(0.99) <= 300);
}

/* Nearly all it can do: nothing is refused. */
static void
nearly_full(void **state)
{
	(void)state;
	begin(64, takes_50);
	run(30000, 1150);
	assert_int_equal(sim.refused, 0);
	assert_true(percentile(0.99) <= 150);
}

/* The server becomes four times as slow, though it could do far more at once: nobody is refused for longer than a second. */
static void
merely_slow(void **state)
{
	(void)state;
	begin(1000, takes_50);
	run(5000, 1000);
	assert_int_equal(sim.refused, 0);
	sim.takes = takes_200;
	phase();
	run(1500, 1000);
	print_message("slow: %llu of %llu refused at first\n", (unsigned long long)sim.refused, (unsigned long long)sim.asked);
	assert_true(sim.refused == 0 || sim.last_refused - (sim.now - 1500) <= 1200);
	phase();
	run(10000, 1000);
	assert_int_equal(sim.refused, 0);
}

/* Requests that wait on purpose: none is answered, and none limits another. */
static void
long_polls(void **state)
{
	(void)state;
	begin(4000, takes_for_ever);
	run(20000, 100);
	assert_int_equal(sim.refused, 0);
	assert_int_equal(sim.line_most < 200, 1);
	begin(4000, takes_long);
	run(120000, 60);
	print_message("long polls: %llu of %llu refused, limit %u\n", (unsigned long long)sim.refused,
	    (unsigned long long)sim.asked, sim.p.limit);
	assert_true(sim.refused * 100 <= sim.asked); /* their times are pure chance, and may look like a line for a moment */
}

/* Few answers, but all slots of the limit taken: they say nothing, so they must not hold anything up. */
static void
long_polls_that_end_seldom(void **state)
{
	(void)state;
	begin(4000, takes_long);
	run(60000, 4); /* about 60 at a time, 4 a second */
	run(60000, 8);
	assert_int_equal(sim.refused, 0);
}

static void
fast_and_slow_pages(void **state)
{
	(void)state;
	begin(1000, takes_mixed);
	run(20000, 2000);
	print_message("mixed: %llu refused, limit %u\n", (unsigned long long)sim.refused, sim.p.limit);
	assert_int_equal(sim.refused, 0);
}

static void
some_from_a_cache(void **state)
{
	(void)state;
	begin(1000, takes_cached);
	run(30000, 5000);
	print_message("cached: %llu refused, limit %u\n", (unsigned long long)sim.refused, sim.p.limit);
	assert_int_equal(sim.refused, 0);
}

/* Mixed pages, and more than it can do. */
static void
fast_and_slow_overloaded(void **state)
{
	double capacity = 64 / 0.0590; /* slots / mean time */

	(void)state;
	begin(64, takes_mixed);
	run(5000, capacity / 2);
	run(2000, capacity * 4);
	phase();
	run(10000, capacity * 4);
	print_message("mixed 4x: %.0f of %.0f/s, p99 %u ms, limit %u\n", (double)sim.answered / 10, capacity, percentile(0.99),
	    sim.p.limit);
	assert_true((double)sim.answered >= 0.9 * capacity * 10);
	assert_true(percentile(0.99) <= 900);
}

/* A burst after a quiet time, or at the very beginning, waits and is served. */
static void
cold_burst(void **state)
{
	(void)state;
	for (size_t quiet = 0; quiet < 2; quiet++) {
		begin(1000, takes_5);
		if (quiet)
			run(3000, 10);
		phase();
		for (size_t i = 0; i < 5000; i++)
			arrive();
		run(2000, 0);
		print_message("burst: %llu served, last after %u ms\n", (unsigned long long)sim.answered, percentile(1));
		assert_int_equal(sim.refused, 0);
		assert_true(sim.answered >= 5000);
	}
}

/* After a time without traffic the last window says nothing: it is not taken for a rate. */
static void
a_pause_is_no_window(void **state)
{
	(void)state;
	begin(1000, takes_50);
	for (size_t i = 0; i < 100; i++)
		arrive();
	run(60, 0);
	sim.takes = takes_200; /* as an origin that has to wake up */
	sim.now += 3600000;
	serve();
	phase();
	for (size_t i = 0; i < 100; i++)
		arrive();
	run(3000, 100);
	assert_int_equal(sim.refused, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overload),
		cmocka_unit_test(busy_but_not_too_busy),
		cmocka_unit_test(overloaded_from_the_start),
		cmocka_unit_test(slightly_too_much),
		cmocka_unit_test(nearly_full),
		cmocka_unit_test(merely_slow),
		cmocka_unit_test(long_polls),
		cmocka_unit_test(long_polls_that_end_seldom),
		cmocka_unit_test(fast_and_slow_pages),
		cmocka_unit_test(some_from_a_cache),
		cmocka_unit_test(fast_and_slow_overloaded),
		cmocka_unit_test(cold_burst),
		cmocka_unit_test(a_pause_is_no_window),
	};

	(void)alarm(100);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
