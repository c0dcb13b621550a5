/*
 * pressure.h: how many requests one server should have to think about at once, learnt from how long it takes to begin
 * its answers. Works unconfigured; no I/O, the clock is an argument.
 *
 * A server that has more work than it can do at once lets every request wait, the quickest too. So the sign of overload
 * is that the tenth part of its answers which came first took much longer than such answers did lately, and not that
 * some took long: those may be slow pages; and that this is a good part of what all of them took. Then, by Little's law
 * (requests at once = answers per second x time of an answer),
 *
 *	limit = requests at once x (time an answer takes without standing in line + a little slack) / time it takes
 *
 * If the server is merely slow, fewer requests at once make it no quicker and only cost answers: that is seen after
 * half a second, taken for normal, and the limit goes back to what it was.
 *
 *	window      OPEN  grows while there is no sign; who comes on top waits
 *	(100 ms) -> TIGHT the sign: the limit counts, and only a short line is allowed: the rest is told at once
 */
#ifndef NET_PRESSURE_H
#define NET_PRESSURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRESSURE_SAMPLES 64
#define PRESSURE_LEAST 16 /* a limit is never below this */
#define PRESSURE_START 64 /* until there was reason to allow more */
#define PRESSURE_LINE 8192 /* who may wait in line while there is no sign of overload */

struct pressure {
	bool tight;
	bool settled;  /* quick_ms is of the present limit */
	bool strained; /* the last window: slower than normal, but no sign yet */
	unsigned limit, line;
	uint64_t began;    /* ms; of the present window, 0: none yet */
	uint32_t answers;  /* in it */
	uint64_t changed;  /* ms; when the limit was */
	uint32_t seen;     /* of the answers: to requests that were sent since then; what they took says something */
	uint64_t total_ms; /* they took */
	unsigned most;     /* at once, in it */
	unsigned sample_n;
	uint32_t samples[PRESSURE_SAMPLES]; /* ms; evenly from those seen */
	double quick_ms;                    /* the quick tenth, over a few windows of one limit */
	double normal_ms;                   /* what it is without overload; below 0: not known yet */
	double entry_rate, entry_quick;     /* when it became tight */
	uint64_t tight_ms;                  /* since then */
	unsigned entry_limit, calm_windows;
};

void pressure_init(struct pressure *p);

/* One more request is about to be sent; `thinking`: how many the server then has to answer. */
void pressure_asked(struct pressure *p, unsigned thinking, uint64_t now_ms);
/* An answer has begun after took_ms. */
void pressure_answered(struct pressure *p, uint32_t took_ms, uint64_t now_ms);

/* How many the server may have to answer at once, and how many may wait for that. Ends the window if it is time. */
unsigned pressure_limit(struct pressure *p, uint64_t now_ms);
unsigned pressure_line(const struct pressure *p);

#endif
