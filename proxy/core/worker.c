/* worker.c: see worker.h. */
#include "core/worker.h"

#include <assert.h>
#include <signal.h>
#include <unistd.h>

#include "core/exchange.h"

/* ---- the loop ---- */

static void
on_expired(struct loop *l, struct deadline *d)
{
	(void)l;
	switch (d->kind) {
	case DEADLINE_VISITOR:
		visitor_expired(d);
		break;
	case DEADLINE_STREAM:
		visitor_h2_expired(d);
		break;
	case DEADLINE_TICKET:
		origin_expired(d);
		break;
	default:
		server_expired(d);
	}
}

static void
on_turned(struct loop *l)
{
	visitor_h2_turned(worker_of(l));
}

/* ---- listeners ---- */

static void
on_resting(void *ctx)
{
	const struct worker_listener *l = ctx;

	stats_add(&l->worker->lane->turned_away[STATS_AWAY_DESCRIPTORS], 1);
}

/* patient: without descriptors it listens later; else it is an error. */
static int
listen_to(struct worker *w, const struct order *o, size_t settings, bool patient)
{
	struct worker_listener *l = calloc(1, sizeof(*l));

	if (l == NULL)
		abort();
	*l = (struct worker_listener){.worker = w, .id = o->id, .settings = settings, .next = w->listeners};
	l->listener = patient ? listener_start_late(&w->loop, o->fd, visitor_accept, l)
			      : listener_start(&w->loop, o->fd, visitor_accept, l);
	if (l->listener == NULL) {
		free(l);
		return UV_EMFILE;
	}
	listener_watch(l->listener, on_resting);
	w->listeners = l;
	return 0;
}

static void
stop_listener(struct worker_listener **at)
{
	struct worker_listener *l = *at;

	*at = l->next;
	listener_stop(&l->listener);
	free(l);
}

static void
stop_listening(struct worker *w)
{
	while (w->listeners != NULL)
		stop_listener(&w->listeners);
}

/* Where the listener stands in the orders, or o->n. */
static size_t
ordered(const struct orders *o, uint32_t id)
{
	size_t i = 0;

	while (i < o->n && o->v[i].id != id)
		i++;
	return i;
}

/* The sockets that are there get the settings of the new snapshot, or are closed; new ones are served. */
static int
follow(struct worker *w, struct orders *o, bool patient)
{
	struct worker_listener **at = &w->listeners;
	int r = 0;

	while (*at != NULL) {
		size_t i = ordered(o, (*at)->id);

		if (i == o->n) {
			stop_listener(at);
			continue;
		}
		(*at)->settings = i;
		at = &(*at)->next;
	}
	for (size_t i = 0; i < o->n && r == 0; i++) {
		if (o->v[i].fd < 0)
			continue;
		r = listen_to(w, &o->v[i], i, patient);
		o->v[i].fd = -1; /* taken, or closed */
	}
	return r;
}

/* ---- orders ---- */

struct orders *
orders_new(struct snapshot *s)
{
	size_t n = s->config->listen_count;
	struct orders *o = calloc(1, sizeof(*o) + n * sizeof(o->v[0]));

	if (o == NULL)
		abort();
	o->snapshot = s;
	o->n = n;
	for (size_t i = 0; i < n; i++)
		o->v[i].fd = -1;
	return o;
}

/* Closes what was not taken. */
static void
orders_destroy(struct orders **p)
{
	struct orders *o = *p;

	*p = NULL;
	if (o == NULL)
		return;
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i].fd >= 0)
			(void)close(o->v[i].fd);
	if (o->snapshot != NULL)
		snapshot_unref(&o->snapshot);
	free(o);
}

/* Orders that were never looked at leave their descriptors to the next ones that name the same listeners. */
static void
inherit(struct orders *o, struct orders *late)
{
	for (size_t i = 0; i < late->n; i++) {
		size_t k = ordered(o, late->v[i].id);

		if (late->v[i].fd < 0 || k == o->n)
			continue;
		o->v[k].fd = late->v[i].fd;
		late->v[i].fd = -1;
	}
}

/* ---- coming and going ---- */

static void
drain(struct worker *w)
{
	struct visitor *next;

	if (w->draining)
		return;
	w->draining = true;
	stop_listening(w);
	for (struct visitor *v = w->visitors; v != NULL; v = next) {
		next = v->next;
		visitor_drain(v);
	}
	worker_visitor_gone(w);
}

void
worker_visitor_gone(struct worker *w)
{
	if (w->draining && w->visitor_count == 0)
		uv_stop(&w->loop.uv);
}

static void
on_wake(uv_async_t *a)
{
	struct worker *w = a->data;
	struct orders *o = atomic_exchange(&w->next, NULL);
	struct use *old = w->use;

	if (o != NULL && !w->draining) {
		w->use = use_new(w, o->snapshot);
		o->snapshot = NULL; /* taken over */
		use_check(w->use);
		use_release(old);
		(void)follow(w, o, true);
	}
	orders_destroy(&o);
	if (atomic_load(&w->stop))
		drain(w);
	if (atomic_load(&w->stop_now))
		uv_stop(&w->loop.uv);
}

static void
run(void *arg)
{
	struct worker *w = arg;
	struct visitor *next;

	(void)uv_run(&w->loop.uv, UV_RUN_DEFAULT);
	stop_listening(w);
	for (struct visitor *v = w->visitors; v != NULL; v = next) {
		next = v->next;
		visitor_stop(v);
	}
}

/* Its thread does not run: not yet, or not any more. */
static void
let_go(struct worker *w)
{
	checks_destroy(&w->checks);
	use_release(w->use);
	origins_destroy(&w->origins);
	loop_close(&w->loop); /* not before now: worker_drain() may wake it until its thread is joined */
	free(w->room);
}

int
worker_start(struct worker *w, struct lane *lane, struct crowd *crowd, struct orders *o)
{
	int r = loop_init(&w->loop, on_expired, w);

	if (r < 0) {
		orders_destroy(&o);
		return r;
	}
	w->lane = lane;
	w->crowd = crowd;
	w->room = calloc(1, sizeof(*w->room));
	if (w->room == NULL)
		abort();
	w->scratch = &w->room->chain;
	w->loop.scratch = w->room;
	w->loop.scratch_n = sizeof(*w->room);
	w->loop.turned = on_turned;
	w->origins = origins_new(&w->loop, &exchange_origin_ops);
	w->use = use_new(w, o->snapshot);
	o->snapshot = NULL; /* taken over */
	use_check(w->use);
	(void)uv_idle_init(&w->loop.uv, &w->again_idle);
	w->again_idle.data = w;
	(void)uv_async_init(&w->loop.uv, &w->wake, on_wake);
	w->wake.data = w;
	r = follow(w, o, false);
	orders_destroy(&o);
	if (r == 0)
		r = uv_thread_create(&w->thread, run, w);
	if (r < 0) {
		stop_listening(w);
		let_go(w);
	}
	return r;
}

void
worker_swap(struct worker *w, struct orders *o)
{
	struct orders *late = atomic_exchange(&w->next, NULL);

	if (late != NULL)
		inherit(o, late);
	orders_destroy(&late);
	atomic_store(&w->next, o);
	(void)uv_async_send(&w->wake);
}

void
worker_drain(struct worker *w, bool now)
{
	atomic_store(&w->stop, true);
	if (now)
		atomic_store(&w->stop_now, true);
	(void)uv_async_send(&w->wake);
}

void
worker_join(struct worker *w)
{
	struct orders *late;

	(void)uv_thread_join(&w->thread);
	late = atomic_exchange(&w->next, NULL);
	orders_destroy(&late);
	let_go(w);
}
