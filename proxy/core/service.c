/* service.c: see service.h. */
#include "core/service.h"

#include <errno.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "core/log.h"
#include "core/memory.h"
#include "core/rate.h"

/* ---- start ---- */

#define DESCRIPTORS_KEPT 32 /* for files, the admin listener and its clients */
#define LOOP_DESCRIPTORS 8  /* of one libuv loop */

/* As many descriptors as we may have. */
static void
raise_descriptor_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1)
		return;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r);
}

/* How many visitors one worker takes: each may need a second descriptor, for the origin. Who has none left for
 * origins can serve nobody; it is better to shed some. */
static size_t
visitor_share(const struct service *s, const struct config *c)
{
	size_t own = DESCRIPTORS_KEPT + s->worker_count * (2 * c->listen_count + LOOP_DESCRIPTORS + SHED_MAX);
	size_t all = (size_t)c->limits.connections;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur != RLIM_INFINITY && r.rlim_cur < own + 2 * all)
		all = r.rlim_cur > own ? (r.rlim_cur - own) / 2 : 0;
	return all / s->worker_count + 1;
}

static size_t
worker_count_of(const struct config *c)
{
	if (c->limits.threads > 0)
		return (size_t)c->limits.threads;
	return uv_available_parallelism();
}

/* Rows of descriptors, one column per worker: fds[listener * workers + worker]. */
static int
open_listeners(struct service *s, const struct config *c, int *fds, struct buf *warnings)
{
	size_t workers = s->worker_count;

	for (size_t i = 0; i < c->listen_count; i++) {
		struct sockaddr_storage *a = &s->listening[i];
		char text[64];
		int r;

		*a = c->listen[i].addr;
		r = listener_open(a, &fds[i * workers], workers);
		listener_print(a, text);
		if (r < 0) {
			(void)buf_printf(warnings, "cannot listen on %s: %s\n", text, strerror(-r));
			while (i-- > 0)
				for (size_t k = 0; k < workers; k++)
					(void)close(fds[i * workers + k]);
			return -1;
		}
		char line[80];
		int n = snprintf(line, sizeof(line), "http %s", text);

		log_event(LOG_LISTENING, tc_str_of(line, (size_t)n));
	}
	return 0;
}

static int
start_workers(struct service *s, const int *fds, size_t listeners, struct buf *warnings)
{
	const struct config *c = s->snapshot->config;
	size_t share = visitor_share(s, c);

	for (size_t i = 0; i < s->worker_count; i++) {
		int *mine = calloc(listeners + 1, sizeof(*mine)), r;

		s->workers[i] = calloc(1, sizeof(struct worker));
		if (s->workers[i] == NULL || mine == NULL)
			abort();
		s->workers[i]->index = i;
		s->workers[i]->count = s->worker_count;
		for (size_t k = 0; k < listeners; k++)
			mine[k] = fds[k * s->worker_count + i];
		r = worker_start(s->workers[i], stats_lane(i), snapshot_ref(s->snapshot), mine, listeners, share);
		free(mine);
		if (r < 0) {
			(void)buf_printf(warnings, "cannot start a worker: %s\n", uv_strerror(r));
			free(s->workers[i]);
			s->workers[i] = NULL;
			return -1;
		}
	}
	return 0;
}

int
service_start(struct service *s, struct loop *control, struct config *c, struct buf *warnings)
{
	size_t n = worker_count_of(c);
	int *fds = calloc(n * (c->listen_count + 1), sizeof(*fds));
	int r = 1;

	s->control = control;
	s->worker_count = n;
	s->workers = calloc(n, sizeof(struct worker *));
	s->listening = calloc(c->listen_count + 1, sizeof(*s->listening));
	if (fds == NULL || s->workers == NULL || s->listening == NULL)
		abort();
	raise_descriptor_limit();
	stats_init(n + 1);
	s->started = s->reloaded = time(NULL);
	s->reload_ok = true;
	s->key = choice_key_load(c->state, warnings);
	if (s->key == NULL) {
		config_destroy(&c);
		goto out;
	}
	s->snapshot = snapshot_build(c, s->key, NULL, warnings);
	if (s->snapshot == NULL) {
		r = 78;
		goto out;
	}
	memory_start(control, s->snapshot->config->limits.memory);
	if (rate_start(control) < 0) {
		(void)buf_add_str(warnings, TC_STR("no memory or no random numbers for rate limits\n"));
		goto out;
	}
	if (open_listeners(s, s->snapshot->config, fds, warnings) < 0)
		goto out;
	if (start_workers(s, fds, s->snapshot->config->listen_count, warnings) < 0)
		goto out;
	r = 0;
out:
	free(fds);
	return r;
}

/* ---- reload ---- */

struct reload {
	uv_work_t work;
	struct service *service;
	struct snapshot *built;
	struct buf text;
	int code;
	service_reloaded done;
	void *ctx;
};

static void
print_messages(const struct messages *m, struct buf *out)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (f == NULL)
		abort();
	messages_print(m, f);
	(void)fclose(f);
	(void)buf_add(out, text, n);
	free(text);
}

/* On a thread of libuv's pool. */
static void
build(uv_work_t *w)
{
	struct reload *r = w->data;
	struct messages *m = messages_new();
	struct config *c = NULL;

	if (config_load(r->service->file, &r->service->over, &c, m) < 0)
		r->code = 78;
	print_messages(m, &r->text);
	messages_destroy(&m);
	if (c == NULL)
		return;
	r->built = snapshot_build(c, r->service->key, r->service->snapshot, &r->text);
	if (r->built == NULL)
		r->code = 78;
}

static void
built(uv_work_t *w, int status)
{
	struct reload *r = w->data;
	struct service *s = r->service;

	(void)status;
	s->reload = NULL;
	s->reload_ok = r->built != NULL;
	if (r->built != NULL) {
		for (size_t i = 0; i < s->worker_count; i++)
			worker_swap(s->workers[i], snapshot_ref(r->built));
		snapshot_unref(&s->snapshot);
		s->snapshot = r->built;
		memory_limit(s->snapshot->config->limits.memory);
		s->reloaded = time(NULL);
		log_lines(LOG_WARNING, buf_str(&r->text));
		log_event(LOG_RELOADED, tc_str_from(s->snapshot->config->hash));
	} else {
		log_lines(LOG_RELOAD_REFUSED, buf_str(&r->text));
	}
	if (r->done != NULL)
		r->done(r->ctx, r->code, buf_str(&r->text));
	buf_reset(&r->text);
	free(r);
	if (s->reload_again) {
		s->reload_again = false;
		service_reload(s, NULL, NULL);
	}
}

void
service_reload(struct service *s, service_reloaded done, void *ctx)
{
	struct reload *r;

	if (s->reload != NULL || s->draining) {
		if (done != NULL)
			done(ctx, 1, TC_STR("a reload is under way already, or the proxy is draining\n"));
		else
			s->reload_again = s->reload != NULL; /* a signal: the file may have changed since */
		return;
	}
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		abort();
	r->service = s;
	r->done = done;
	r->ctx = ctx;
	buf_init(&r->text, 1 << 20);
	r->work.data = r;
	s->reload = r;
	(void)uv_queue_work(&s->control->uv, &r->work, build, built);
}

/* ---- end ---- */

static void
look_if_idle(uv_timer_t *t)
{
	struct service *s = t->data;
	uint64_t open = 0;

	for (size_t i = 0; i < s->worker_count; i++)
		open += __atomic_load_n(&stats_lane(i)->open, __ATOMIC_RELAXED);
	if (open > 0 && loop_now(s->control) < s->drain_by)
		return;
	uv_stop(&s->control->uv);
}

void
service_drain(struct service *s)
{
	if (s->draining) {
		uv_stop(&s->control->uv);
		return;
	}
	s->draining = true;
	s->drain_by = loop_now(s->control) + DRAIN_MS;
	log_event(LOG_DRAINING, tc_str_of("", 0));
	for (size_t i = 0; i < s->worker_count; i++)
		worker_drain(s->workers[i], false);
	(void)uv_timer_init(&s->control->uv, &s->drain_timer);
	s->drain_timer.data = s;
	(void)uv_timer_start(&s->drain_timer, look_if_idle, 10, 50);
}

void
service_stop(struct service *s)
{
	s->draining = true;
	while (s->reload != NULL) /* it looks at the snapshot that we are about to let go */
		(void)uv_run(&s->control->uv, UV_RUN_ONCE);
	for (size_t i = 0; i < s->worker_count; i++) {
		if (s->workers[i] == NULL)
			continue;
		worker_drain(s->workers[i], true);
		worker_join(s->workers[i]);
		free(s->workers[i]);
	}
	free(s->workers);
	free(s->listening);
	if (s->snapshot != NULL)
		log_event(LOG_STOPPED, tc_str_of("", 0));
	snapshot_unref(&s->snapshot);
	choice_key_destroy(&s->key);
}
