/*
 * loop.h: what one thread owns: the libuv loop, the read buffer that all its connections share, its arenas'
 * cache and its deadlines. Nothing in here is touched by another thread.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <uv.h>

#include "base/arena.h"
#include "net/wheel.h"

/* One read buffer for all connections stays in the cache (perf.md 3.3). */
#define LOOP_READ_SIZE (64 << 10)

struct loop {
	uv_loop_t uv;
	uv_timer_t ticker;
	uv_prepare_t prepare;
	uint64_t turn; /* counts waits for events: what is told in one turn was there before anything was done in it */
	struct wheel wheel;
	struct arena_cache *arenas;
	void (*expired)(struct loop *l, struct deadline *d);
	void (*turned)(struct loop *l); /* all events of a turn have been told; NULL: nobody asks */
	void *owner;
	void *scratch; /* the owner's; wiped with read_buffer */
	size_t scratch_n;
	void *tls;   /* tls.c's buffers for all connections, once there is one; wiped with read_buffer */
	int pipe[2]; /* for conn_move(); empty between calls; -1: not there yet */
	char read_buffer[LOOP_READ_SIZE];
};

int loop_init(struct loop *l, void (*expired)(struct loop *, struct deadline *), void *owner);
/* Opens loop.pipe, if it is not open. false: it cannot be had. */
bool loop_pipe(struct loop *l);
/* After uv_run() has returned for good. */
void loop_close(struct loop *l);

/* Milliseconds of the loop's clock: cached by libuv, moves once per turn. */
static inline uint64_t
loop_now(struct loop *l)
{
	return uv_now(&l->uv);
}

static inline void
loop_deadline(struct loop *l, struct deadline *d, uint64_t in_ms)
{
	wheel_set(&l->wheel, d, loop_now(l) + in_ms);
}

#endif
