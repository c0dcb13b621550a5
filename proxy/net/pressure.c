/* pressure.c: see pressure.h. */
#include "net/pressure.h"

#include <stdlib.h>

#define WINDOW_MS 100
#define ANSWERS_LEAST 8   /* fewer say nothing: the window goes on */
#define WINDOW_MAX_MS 2000
#define SLACK_MS 20.0
#define LINE_MS 50.0      /* how long a line may be while it is tight */
#define LINE_LEAST 4
#define DRIFT (1.0 / 64)  /* how fast a slower server becomes normal, a window; while tight a trial tells */
#define TRIAL_WINDOWS 5   /* after these it shows whether fewer at once helped */
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
grow(struct pressure *p, unsigned by)
{
	p->limit = p->limit + by < LIMIT_MAX ? p->limit + by : LIMIT_MAX;
}

static void
open_up(struct pressure *p)
{
	p->tight = p->strained = false;
	p->line = PRESSURE_LINE;
	p->tight_windows = p->calm_windows = 0;
}

static unsigned
at_least(double n, unsigned least)
{
	return n > least ? (n < LIMIT_MAX ? (unsigned)n : LIMIT_MAX) : least;
}

/* As many as it answers while a request takes as long as it does without standing in line. */
static void
tighten(struct pressure *p, double rate, double mean_ms, double quick_ms)
{
	double standing = quick_ms - p->normal_ms, alone = mean_ms - standing;
	double slack = p->normal_ms > SLACK_MS ? p->normal_ms : SLACK_MS;
	unsigned limit;

	if (alone < p->normal_ms)
		alone = p->normal_ms;
	limit = at_least(rate * (alone + slack) / 1000, PRESSURE_LEAST);
	if (!p->tight) {
		p->tight = true;
		p->tight_windows = 0;
		p->entry_rate = rate;
		p->entry_quick = quick_ms;
	}
	if (limit < p->limit)
		p->limit = limit;
}

/* Fewer at once, and no quicker, but fewer answers: it was not overload. */
static bool
is_merely_slow(const struct pressure *p, double rate, double quick_ms)
{
	return p->tight_windows >= TRIAL_WINDOWS && rate < 0.7 * p->entry_rate && quick_ms > 0.7 * p->entry_quick;
}

/* A window with evidence is over. */
static void
judge(struct pressure *p, double seconds)
{
	double rate = p->answers / seconds, mean = (double)p->total_ms / p->answers, q = quick(p);
	bool reached = p->most >= p->limit, sign, calm;

	if (p->normal_ms < 0 || q < p->normal_ms)
		p->normal_ms = q;
	sign = q > 2 * p->normal_ms + SLACK_MS;
	calm = q <= 1.5 * p->normal_ms + SLACK_MS / 2;
	if (p->tight && ++p->tight_windows >= TRIAL_WINDOWS && sign && is_merely_slow(p, rate, q)) {
		p->normal_ms = q;
		p->limit *= 4;
		open_up(p);
		return;
	}
	if (sign && reached)
		tighten(p, rate, mean, q);
	else if (calm && reached)
		grow(p, p->tight ? p->limit / 8 : p->limit);
	p->calm_windows = reached ? 0 : p->calm_windows + 1;
	if (p->calm_windows >= CALM_WINDOWS)
		open_up(p);
	p->strained = !calm && reached;
	p->line = p->tight || p->strained ? at_least(rate * LINE_MS / 1000, LINE_LEAST) : PRESSURE_LINE;
	p->normal_ms += (q - p->normal_ms) * (p->tight ? DRIFT / 32 : DRIFT);
}

static void
begin_window(struct pressure *p, uint64_t now)
{
	p->began = now;
	p->answers = p->most = p->sample_n = 0;
	p->total_ms = 0;
}

static void
end_window(struct pressure *p, uint64_t now)
{
	uint64_t ms = now - p->began;

	if (p->began == 0 || ms < WINDOW_MS)
		return;
	if (p->answers >= ANSWERS_LEAST) {
		judge(p, (double)ms / 1000);
	} else if (!p->tight && p->answers == 0 && p->most >= p->limit) {
		grow(p, p->limit); /* nothing came that could speak for a limit: requests that wait long on purpose */
	} else if (ms < WINDOW_MAX_MS) {
		return;
	} else if (p->most < p->limit || p->answers == 0) {
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
	(void)now;
	p->total_ms += took_ms;
	/* The first ones, then ever sparser ones in turn: enough for a tenth, and no generator is needed. */
	if (p->sample_n < PRESSURE_SAMPLES)
		p->samples[p->sample_n++] = took_ms;
	else if (p->answers % 7 == 0)
		p->samples[p->answers / 7 % PRESSURE_SAMPLES] = took_ms;
	p->answers++;
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
