/* pressure.c: see pressure.h. */
#include "net/pressure.h"

#include <stdlib.h>

#define WINDOW_MS 100
#define ANSWERS_LEAST 8   /* fewer say nothing: the window goes on */
#define WINDOW_MAX_MS 2000
#define SLACK_MS 20.0
#define LINE_MS 50.0      /* how long a line may be while it is tight; or as an answer takes */
#define LINE_LEAST 4
#define DRIFT (1.0 / 64)  /* how fast a slower server becomes normal, a window; while tight a trial tells */
#define TRIAL_MS 500      /* after that it shows whether fewer at once helped */
#define CALM_WINDOWS 10   /* without the limit being reached: it goes */
#define LIMIT_MAX 1000000

void
pressure_init(struct pressure *p)
{
	*p = (struct pressure){.limit = PRESSURE_START, .line = PRESSURE_LINE, .normal_ms = -1};
}

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* What the quickest tenth took at most. */
static double
quick(struct pressure *p)
{
	qsort(p->samples, p->sample_n, sizeof(p->samples[0]), by_size);
	return p->samples[p->sample_n / 10];
}

static void
set_limit(struct pressure *p, unsigned limit, uint64_t now)
{
	p->limit = limit < LIMIT_MAX ? limit : LIMIT_MAX;
	p->changed = now;
	p->settled = false;
}

static void
open_up(struct pressure *p)
{
	p->tight = p->strained = false;
	p->line = PRESSURE_LINE;
	p->calm_windows = 0;
}

static unsigned
at_least(double n, unsigned least)
{
	return n > least ? (n < LIMIT_MAX ? (unsigned)n : LIMIT_MAX) : least;
}

static double
larger(double a, double b)
{
	return a > b ? a : b;
}

/* As many as make no answer stand in line for longer than the slack. */
static void
tighten(struct pressure *p, double rate, double mean_ms, uint64_t now)
{
	double alone = larger(mean_ms - (p->quick_ms - p->normal_ms), p->normal_ms);
	unsigned limit = at_least(p->most * (alone + larger(p->normal_ms, SLACK_MS)) / mean_ms, PRESSURE_LEAST);

	if (!p->tight) {
		p->tight = true;
		p->tight_ms = 0;
		p->entry_rate = rate;
		p->entry_quick = p->quick_ms;
		p->entry_limit = p->limit;
	}
	if (limit < p->limit)
		set_limit(p, limit, now);
}

/* Fewer at once, and no quicker, but fewer answers: it was not overload. */
static bool
is_merely_slow(const struct pressure *p, double rate)
{
	return p->tight && p->tight_ms >= TRIAL_MS && (double)p->tight_ms >= 1.5 * p->quick_ms &&
	    rate < 0.8 * p->entry_rate && p->quick_ms > 0.8 * p->entry_quick;
}

/* A window with evidence is over. */
static void
judge(struct pressure *p, uint64_t ms, uint64_t now)
{
	double rate = p->answers * 1000.0 / (double)ms, mean = (double)p->total_ms / p->seen, q = quick(p), standing;
	bool reached = p->most >= p->limit, sign, calm;

	p->quick_ms = p->settled ? (p->quick_ms + q) / 2 : q;
	p->settled = true;
	if (p->normal_ms < 0 || p->quick_ms < p->normal_ms)
		p->normal_ms = p->quick_ms;
	standing = p->quick_ms - p->normal_ms;
	sign = standing > p->normal_ms + SLACK_MS && standing > mean / 3;
	calm = standing <= (p->normal_ms + SLACK_MS) / 2 || standing <= mean / 6;
	p->tight_ms += ms;
	if (sign && is_merely_slow(p, rate)) {
		p->normal_ms = p->quick_ms;
		set_limit(p, 2 * p->entry_limit, now);
		open_up(p);
		return;
	}
	if (sign && reached)
		tighten(p, rate, mean, now);
	else if (calm && reached)
		set_limit(p, p->limit + (p->tight ? p->limit / 8 : p->limit), now);
	p->calm_windows = reached ? 0 : p->calm_windows + 1;
	if (p->calm_windows >= CALM_WINDOWS)
		open_up(p);
	p->strained = !calm && reached;
	p->line = PRESSURE_LINE;
	if (p->tight || p->strained)
		p->line = at_least(rate * larger(p->normal_ms, LINE_MS) / 1000, LINE_LEAST);
	p->normal_ms += standing * (p->tight ? DRIFT / 32 : DRIFT);
}

static void
begin_window(struct pressure *p, uint64_t now)
{
	p->began = now;
	p->answers = p->seen = p->most = p->sample_n = 0;
	p->total_ms = 0;
}

static void
end_window(struct pressure *p, uint64_t now)
{
	uint64_t ms = now - p->began;

	if (p->began == 0 || ms < WINDOW_MS)
		return;
	if (p->seen >= ANSWERS_LEAST && ms < 2 * WINDOW_MAX_MS) {
		judge(p, ms, now);
	} else if (!p->tight && p->answers == 0 && p->most >= p->limit) {
		set_limit(p, 2 * p->limit, now); /* nothing came that could speak for a limit: requests that wait long on purpose */
	} else if (ms < WINDOW_MAX_MS) {
		return;
	} else {
		if (p->most >= p->limit) /* so few answers say nothing against more requests */
			set_limit(p, 2 * p->limit, now);
		open_up(p);
	}
	begin_window(p, now);
}

void
pressure_asked(struct pressure *p, unsigned thinking, uint64_t now)
{
	if (p->began == 0)
		begin_window(p, now);
	if (thinking > p->most)
		p->most = thinking;
}

void
pressure_answered(struct pressure *p, uint32_t took_ms, uint64_t now)
{
	p->answers++;
	if (now - took_ms < p->changed)
		return; /* it was sent under another limit */
	p->total_ms += took_ms;
	/* The first ones, then ever sparser ones in turn: enough for a tenth, and no generator is needed. */
	if (p->sample_n < PRESSURE_SAMPLES)
		p->samples[p->sample_n++] = took_ms;
	else if (p->seen % 7 == 0)
		p->samples[p->seen / 7 % PRESSURE_SAMPLES] = took_ms;
	p->seen++;
}

unsigned
pressure_limit(struct pressure *p, uint64_t now)
{
	end_window(p, now);
	return p->limit;
}

unsigned
pressure_line(const struct pressure *p)
{
	return p->line;
}
