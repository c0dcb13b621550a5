/*
 * canary.h: the synthetic visitors of verify.h at work in the running proxy, every promises.verify.every: an alarm for what
 * broke since the proof, such as a site that changed, a cache in front, or a filter that fails. Numbers only.
 */
#ifndef CORE_CANARY_H
#define CORE_CANARY_H

#include <stdatomic.h>

#include "core/verify.h"
#include "net/loop.h"

struct service;

struct canary {
	uv_timer_t timer;
	struct canary_run *run; /* under way; NULL: none */
	_Atomic bool stop;      /* the run under way ends soon, and does not count */
	bool complained;        /* that there is no way in */
	/* of the last run that ended under the rules it began with: */
	int64_t ended; /* seconds since 1970; 0: none has */
	bool failed;
	size_t count[VERIFY_VERDICTS];
	uint64_t runs[2]; /* all of them: passed, failed */
};

/* What the snapshot in force asks for: at the start, and after each reload. */
void canary_set(struct service *s);

/* Waits for a run under way. */
void canary_end(struct service *s);

/* The metrics. */
int canary_write(struct buf *out, const struct canary *c);

#endif
