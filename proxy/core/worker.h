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
#include "net/check.h"
#include "net/listener.h"

#define DEADLINE_VISITOR 2 /* DEADLINE_SERVER is 1, DEADLINE_TICKET 3 */
#define DEADLINE_STREAM 4
#define GATHER_MAX 64 /* buffers of one write */
#define WORKER_FRAMES (32 << 10)
#define SHED_MAX 16 /* connections beyond the limit, for each worker, that are told so */

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

/* Bytes of visitors that are written over again and again, and wiped between. */
struct worker_scratch {
	struct chain_scratch chain;
	char frames[WORKER_FRAMES]; /* heads of HTTP/2 frames, and whole ones, on their way into one write */
};

/* Visitors of all workers together: one worker may have many of them, as long as there is room. */
struct crowd {
	_Atomic size_t here;
	_Atomic size_t max;  /* who comes above it is told that there is no room */
	_Atomic size_t told; /* who comes above this is not even told */
};

/*
 * What a worker is handed at its start and at each reload: a snapshot, and for each of its config's listeners which
 * one that is. Made for one worker, by the control thread.
 */
struct orders {
	struct snapshot *snapshot; /* a reference */
	size_t n;
	struct order {
		uint32_t id; /* of the listener: the same over reloads */
		int fd;      /* -1: the worker has it */
	} v[];
};

/* A listening socket of this worker. */
struct worker_listener {
	struct worker_listener *next;
	struct worker *worker;
	struct listener *listener;
	uint32_t id;
	size_t settings; /* its place in the listen[] of the present use's configuration */
};

struct visitor;
struct exchange;
struct session;

struct worker {
	struct loop loop;
	struct lane *lane;
	struct use *use;
	struct origins *origins;
	struct checks *checks; /* the first worker's; NULL: others', or none */
	size_t index, count;   /* which of how many workers */
	struct worker_scratch *room;
	struct chain_scratch *scratch; /* in room */
	struct gather gather;
	struct exchange *again;   /* exchanges that go on in the next turn */
	uv_idle_t again_idle;     /* runs while there are any */
	struct session *due;      /* visitor_h2.c: sessions that have something to send when the turn is over */
	struct visitor *visitors; /* all of them, for drain and stop */
	size_t visitor_count;
	struct crowd *crowd; /* shared */
	struct worker_listener *listeners;
	bool draining;
	/* From the control thread. */
	uv_async_t wake;
	_Atomic(struct orders *) next; /* the worker takes them over */
	_Atomic bool stop, stop_now;
	uv_thread_t thread;
};

/* Takes over a reference to the snapshot. Every listener is one that the worker has, until ids and fds are filled in. */
struct orders *orders_new(struct snapshot *s);

/* Takes over the orders. Starts the thread. 0 or a negative error. */
int worker_start(struct worker *w, struct lane *lane, struct crowd *crowd, struct orders *o);
/* From another thread: */
void worker_swap(struct worker *w, struct orders *o); /* takes over; of several only the last are carried out */
void worker_drain(struct worker *w, bool now);
void worker_join(struct worker *w);

/* On the loop's own thread (use.c): */
struct use *use_new(struct worker *w, struct snapshot *s); /* takes over a reference */
/* The active checks that this snapshot wants, in place of those before. */
void use_check(struct use *u);
struct use *worker_use(struct worker *w);
void use_release(struct use *u);
void worker_visitor_gone(struct worker *w);

static inline struct worker *
worker_of(struct loop *l)
{
	return l->owner;
}

#endif
