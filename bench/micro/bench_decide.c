/*
 * bench_decide.c: what does the decision cost one request? The facts of ordinary visitors under the built-in configuration.
 * Goal, together with the head filters (bench_heads.c): 1.5 us. Prints the best of several rounds, in nanoseconds of the
 * processor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/decide.h"

#define ROUNDS 15
#define LOOPS 50000

static double
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
measure(const struct config *c, const char *name, const struct facts *f)
{
	double best = 1e9;
	unsigned denied = 0;

	for (int i = 0; i < ROUNDS; i++) {
		double begin = now_ns(), spent;

		for (int k = 0; k < LOOPS; k++) {
			struct tc_decision d;

			decide(c, f, &d);
			denied += d.denied;
		}
		spent = (now_ns() - begin) / LOOPS;
		best = spent < best ? spent : best;
	}
	printf("decide %-24s %4.0f ns (%u)\n", name, best, denied / (ROUNDS * LOOPS));
}

int
main(void)
{
	struct config_overrides over = {.origin = TC_STR("http://127.0.0.1:3000")};
	struct messages *m = messages_new();
	struct config *c;
	struct facts f;

	if (config_load(NULL, &over, &c, m) < 0)
		return 1;
	f = (struct facts){.site = &c->sites[0], .route = &c->sites[0].pub.routes[0], .day = 20410};
	(void)place_parse(TC_STR("US-TX"), &f.place);
	measure(c, "nobody said anything", &f);
	f.gpc = true;
	measure(c, "GPC from Texas", &f);
	(void)place_parse(TC_STR("DE"), &f.place);
	measure(c, "GPC from Germany", &f);
	f.gpc = false;
	f.choice = CHOICE_IN;
	f.choice_denied = TC_CLASS_BIT(TC_ANALYTICS);
	measure(c, "a choice from Germany", &f);
	f.place = (struct place){0};
	measure(c, "a choice from nowhere", &f);
	config_destroy(&c);
	messages_destroy(&m);
	return 0;
}
