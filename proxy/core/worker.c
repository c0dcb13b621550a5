/* worker.c: see worker.h. */
#include "core/worker.h"

#include <assert.h>
#include <signal.h>

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
	case DEADLINE_TICKET:
		origin_expired(d);
		break;
	default:
		server_expired(d);
	}
}

static void
stop_listening(struct worker *w)
{
	for (size_t i = 0; i < w->listener_count; i++)
		listener_stop(&w->listeners[i]);
}

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
	struct snapshot *s = atomic_exchange(&w->next, NULL);
	struct use *old = w->use;

	if (s != NULL) {
		w->use = use_new(w, s);
		use_check(w->use);
		use_release(old);
	}
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
		if (v->exchange != NULL)
			exchange_visitor_gone(v->exchange);
		conn_drop(&v->conn);
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
	free(w->scratch);
	free(w->listeners);
}

static int
start_listeners(struct worker *w, const int *fds)
{
	for (size_t i = 0; i < w->listener_count; i++) {
		w->listeners[i] = listener_start(&w->loop, fds[i], visitor_accept, w);
		if (w->listeners[i] == NULL)
			return UV_EADDRINUSE;
	}
	return 0;
}

int
worker_start(struct worker *w, struct lane *lane, struct snapshot *s, const int *fds, size_t fd_count,
    size_t visitor_max)
{
	int r = loop_init(&w->loop, on_expired, w);

	if (r < 0) {
		snapshot_unref(&s);
		return r;
	}
	w->lane = lane;
	w->visitor_max = visitor_max;
	w->scratch = calloc(1, sizeof(*w->scratch));
	w->listeners = calloc(fd_count, sizeof(struct listener *));
	if (w->scratch == NULL || w->listeners == NULL)
		abort();
	w->loop.scratch = w->scratch;
	w->loop.scratch_n = sizeof(*w->scratch);
	w->origins = origins_new(&w->loop, &exchange_origin_ops);
	w->use = use_new(w, s);
	use_check(w->use);
	w->listener_count = fd_count;
	(void)uv_async_init(&w->loop.uv, &w->wake, on_wake);
	w->wake.data = w;
	r = start_listeners(w, fds);
	if (r == 0)
		r = uv_thread_create(&w->thread, run, w);
	if (r < 0) {
		stop_listening(w);
		let_go(w);
	}
	return r;
}

void
worker_swap(struct worker *w, struct snapshot *s)
{
	struct snapshot *late = atomic_exchange(&w->next, s);

	if (late != NULL)
		snapshot_unref(&late); /* it was never looked at */
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
	struct snapshot *late;

	(void)uv_thread_join(&w->thread);
	late = atomic_exchange(&w->next, NULL);
	if (late != NULL)
		snapshot_unref(&late);
	let_go(w);
}
