/*
 * worker.h: one thread: a loop, its visitors and its origins. It is handed its listening sockets and its
 * snapshots; it shares nothing else with the other threads but counters.
 *
 *	worker -> use (a snapshot in use here) -> origins -> servers, which stay over reloads
 *	       -> visitors -> exchange -> use
 */
#ifndef CORE_WORKER_H
#define CORE_WORKER_H

#include "core/snapshot.h"
#include "net/listener.h"
#include "net/check.h"

#define DEADLINE_VISITOR 2 /* DEADLINE_SERVER is 1, DEADLINE_TICKET 3 */
#define GATHER_MAX 64      /* buffers of one write */
#define SHED_MAX 16        /* connections beyond visitor_max that are told so */

/* A snapshot in use on this loop: counted without atomics. */
struct use {
	struct worker *worker;
	struct snapshot *snapshot;
	size_t users;            /* exchanges, and 1 while it is the current one */
	struct origin **origins; /* one for each of config.origins */
};

/* What goes out in one write: pointers into the loop's buffers, and small pieces made here. */
struct gather {
	uv_buf_t v[GATHER_MAX];
	unsigned n;
	size_t small_n;
	char small[GATHER_MAX * 20]; /* chunk lines */
};

struct visitor;

struct worker {
	struct loop loop;
	struct lane *lane;
	struct use *use;
	struct origins *origins;
	struct checks *checks; /* the first worker's; NULL: others', or none */
	size_t index, count; /* which of how many workers */
	struct chain_scratch *scratch;
	struct gather gather;
	struct visitor *visitors; /* all of them, for drain and stop */
	size_t visitor_count, visitor_max;
	struct listener **listeners;
	size_t listener_count;
	bool draining;
	/* From the control thread. */
	uv_async_t wake;
	_Atomic(struct snapshot *) next; /* a reference that we take over */
	_Atomic bool stop, stop_now;
	uv_thread_t thread;
};

/* Takes over a reference to the snapshot and the descriptors. Starts the thread. 0 or a negative error. */
int worker_start(struct worker *w, struct lane *lane, struct snapshot *s, const int *fds, size_t fd_count,
    size_t visitor_max);
/* From another thread: */
void worker_swap(struct worker *w, struct snapshot *s); /* takes over a reference */
void worker_drain(struct worker *w, bool now);
void worker_join(struct worker *w);

/* On the loop's own thread (use.c): */
struct use *use_new(struct worker *w, struct snapshot *s); /* takes over a reference */
void use_check(struct use *u); /* the active checks that this snapshot wants, in place of those before */
struct use *worker_use(struct worker *w);
void use_release(struct use *u);
void worker_visitor_gone(struct worker *w);

static inline struct worker *
worker_of(struct loop *l)
{
	return l->owner;
}

#endif
