/* service.c: see service.h. */
#include "core/service.h"

#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/day.h"
#include "core/certificates.h"
#include "core/debug.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/prove.h"
#include "core/rate.h"

/* ---- start ---- */

#define DESCRIPTORS_KEPT 32 /* for files, the admin listener and its clients */
#define LOOP_DESCRIPTORS 8  /* of one libuv loop */
#define TRIM_AFTER_MS 1000  /* from a reload to when the system gets back what it has freed */

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

/* How many visitors there is room for: each may need a second descriptor, for the origin. Who has none left for
 * origins can serve nobody; it is better to shed some. */
static void
make_room(struct service *s, const struct config *c)
{
	size_t own = DESCRIPTORS_KEPT + s->worker_count * (2 * c->listen_count + LOOP_DESCRIPTORS + SHED_MAX);
	size_t all = (size_t)c->limits.connections;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur != RLIM_INFINITY && r.rlim_cur < own + 2 * all)
		all = r.rlim_cur > own ? (r.rlim_cur - own) / 2 : 0;
	all = all > 0 ? all : 1;
	atomic_store(&s->crowd.max, all);
	atomic_store(&s->crowd.told, all + s->worker_count * SHED_MAX);
}

static size_t
worker_count_of(const struct config *c)
{
	if (c->limits.threads > 0)
		return (size_t)c->limits.threads;
	return uv_available_parallelism() < WORKERS_MAX ? uv_available_parallelism() : WORKERS_MAX;
}

/* ---- listeners ---- */

/* The listeners of a configuration before they are served: those that are open already, and new ones. */
struct plan {
	struct listening *v; /* one for each of config.listen */
	int *fds;            /* of the new ones: fds[listener * workers + worker]; -1: the worker has it */
	bool *kept;          /* of service.listening: goes on */
	size_t n, workers;
	uint32_t before; /* ids above it are of new ones */
};

/* The same address, as written: port 0 asks for a port of its own, and keeps it. */
static bool
same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	struct sockaddr_in in[2];
	struct sockaddr_in6 in6[2];

	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_UNIX)
		return memcmp(a, b, sizeof(struct sockaddr_un)) == 0;
	if (a->ss_family == AF_INET) {
		memcpy(&in[0], a, sizeof(in[0]));
		memcpy(&in[1], b, sizeof(in[1]));
		return in[0].sin_port == in[1].sin_port && in[0].sin_addr.s_addr == in[1].sin_addr.s_addr;
	}
	memcpy(&in6[0], a, sizeof(in6[0]));
	memcpy(&in6[1], b, sizeof(in6[1]));
	return in6[0].sin6_port == in6[1].sin6_port &&
	    memcmp(&in6[0].sin6_addr, &in6[1].sin6_addr, sizeof(in6[0].sin6_addr)) == 0;
}

/* In network byte order; 0: none, or not chosen yet. */
static in_port_t
port_of(const struct sockaddr_storage *a)
{
	struct sockaddr_in in;

	if (a->ss_family == AF_UNIX)
		return 0;
	memcpy(&in, a, sizeof(in)); /* the port stands at the same place in both families */
	return in.sin_port;
}

/* 0.0.0.0:80 takes the place of 127.0.0.1:80: both are open for a moment. */
static bool
takes_over(const struct service *s, const struct plan *p, const struct sockaddr_storage *addr)
{
	for (size_t i = 0; i < s->listening_count; i++)
		if (!p->kept[i] && port_of(addr) != 0 && port_of(&s->listening[i].addr) == port_of(addr))
			return true;
	return false;
}

static void
plan_free(struct plan *p)
{
	free(p->v);
	free(p->fds);
	free(p->kept);
}

/* Closes what was opened for it. */
static void
plan_drop(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].id > p->before)
			listener_file_remove(&p->v[i].addr, &p->v[i].file);
	for (size_t i = 0; i < p->n * p->workers; i++)
		if (p->fds[i] >= 0)
			(void)close(p->fds[i]);
	plan_free(p);
}

static int
open_listener(struct service *s, const struct plan *p, struct listening *l, int *fds, struct buf *why)
{
	bool over = takes_over(s, p, &l->addr);
	int opened[WORKERS_MAX], r; /* fds says -1 until all are there */
	char text[LISTENER_TEXT_MAX];

	r = over ? listener_open_beside(&l->addr, opened, p->workers) : listener_open(&l->addr, opened, p->workers);
	if (r < 0) {
		listener_print(&l->addr, text);
		(void)buf_printf(why, "cannot listen on %s: %s\n", text, strerror(-r));
		return -1;
	}
	memcpy(fds, opened, p->workers * sizeof(*fds));
	listener_file_of(&l->addr, &l->file);
	l->id = ++s->last_listener;
	return 0;
}

/* Finds the listener that is open already for this address; each serves once. */
static const struct listening *
find_open(const struct service *s, struct plan *p, const struct sockaddr_storage *asked)
{
	for (size_t i = 0; i < s->listening_count; i++) {
		if (p->kept[i] || !same_address(&s->listening[i].asked, asked))
			continue;
		p->kept[i] = true;
		return &s->listening[i];
	}
	return NULL;
}

/* Opens what is new, closes nothing. 0, or -1 and nothing has changed. */
static int
plan_make(struct service *s, const struct config *c, struct plan *p, struct buf *why)
{
	*p = (struct plan){
		.v = calloc(c->listen_count + 1, sizeof(*p->v)),
		.fds = malloc((c->listen_count + 1) * s->worker_count * sizeof(*p->fds)),
		.kept = calloc(s->listening_count + 1, sizeof(*p->kept)),
		.n = c->listen_count,
		.workers = s->worker_count,
		.before = s->last_listener,
	};
	if (p->v == NULL || p->fds == NULL || p->kept == NULL)
		abort();
	for (size_t i = 0; i < p->n * p->workers; i++)
		p->fds[i] = -1;
	for (size_t i = 0; i < p->n; i++) {
		const struct listening *open = find_open(s, p, &c->listen[i].addr);

		if (open != NULL)
			p->v[i] = *open;
		else
			p->v[i].asked = p->v[i].addr = c->listen[i].addr;
		p->v[i].tls = c->listen[i].tls != NULL;
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].id == 0 && open_listener(s, p, &p->v[i], &p->fds[i * p->workers], why) < 0) {
			plan_drop(p);
			return -1;
		}
	return 0;
}

static void
say_listener(enum log_event e, const struct listening *l)
{
	char text[LISTENER_TEXT_MAX], line[LISTENER_TEXT_MAX + 9];
	int n;

	listener_print(&l->addr, text);
	n = snprintf(line, sizeof(line), "%s %s", l->tls ? "https" : "http", text);
	log_event(e, tc_str_of(line, (size_t)n));
}

/* What a worker is to do; the descriptors are its own from now on. */
static struct orders *
orders_of(const struct plan *p, struct snapshot *snapshot, size_t worker)
{
	struct orders *o = orders_new(snapshot_ref(snapshot));

	for (size_t i = 0; i < p->n; i++) {
		o->v[i].id = p->v[i].id;
		o->v[i].fd = p->fds[i * p->workers + worker];
		p->fds[i * p->workers + worker] = -1;
	}
	return o;
}

/* The workers have their orders: what was planned is so. */
static void
plan_commit(struct service *s, struct plan *p)
{
	for (size_t i = 0; i < s->listening_count; i++) {
		if (p->kept[i])
			continue;
		listener_file_remove(&s->listening[i].addr, &s->listening[i].file);
		say_listener(LOG_CLOSED, &s->listening[i]);
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].id > p->before)
			say_listener(LOG_LISTENING, &p->v[i]);
	free(s->listening);
	s->listening = p->v;
	s->listening_count = p->n;
	p->v = NULL;
	plan_free(p);
}

/* Nobody connects to a file whose listeners are gone. */
static void
remove_files(struct service *s)
{
	for (size_t i = 0; i < s->listening_count; i++)
		listener_file_remove(&s->listening[i].addr, &s->listening[i].file);
}

/* ---- start ---- */

static int
start_workers(struct service *s, const struct plan *p, struct buf *warnings)
{
	for (size_t i = 0; i < s->worker_count; i++) {
		struct orders *o = orders_of(p, s->snapshot, i);
		int r;

		s->workers[i] = calloc(1, sizeof(struct worker));
		if (s->workers[i] == NULL)
			abort();
		s->workers[i]->index = i;
		s->workers[i]->count = s->worker_count;
		r = worker_start(s->workers[i], stats_lane(i), &s->crowd, o);
		if (r < 0) {
			(void)buf_printf(warnings, "cannot start a worker: %s\n", uv_strerror(r));
			free(s->workers[i]);
			s->workers[i] = NULL;
			return -1;
		}
	}
	return 0;
}

static int
start_serving(struct service *s, struct buf *warnings)
{
	struct plan p;

	if (plan_make(s, s->snapshot->config, &p, warnings) < 0)
		return -1;
	make_room(s, s->snapshot->config);
	if (start_workers(s, &p, warnings) < 0) {
		plan_drop(&p);
		return -1;
	}
	plan_commit(s, &p);
	return 0;
}

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

/* What the configuration promises, it keeps; else the counter-examples are in out (promises.md 3). */
static bool
promises_kept(const struct snapshot *snapshot, struct buf *out)
{
	struct messages *m = messages_new();
	bool kept = prove(snapshot, date_of(time(NULL)), m) == 0;

	print_messages(m, out);
	messages_destroy(&m);
	return kept;
}

/* The files that its listeners name are there and can be used; else out says what is wrong. */
static bool
certificates_fit(struct snapshot *snapshot, struct buf *out)
{
	struct messages *m = messages_new();
	bool fit = certificates_load(snapshot, m) == 0;

	print_messages(m, out);
	messages_destroy(&m);
	return fit;
}

int
service_start(struct service *s, struct loop *control, struct config *c, struct buf *warnings)
{
	size_t n = worker_count_of(c);
	s->control = control;
	s->worker_count = n;
	s->workers = calloc(n, sizeof(struct worker *));
	if (s->workers == NULL)
		abort();
	raise_descriptor_limit();
	stats_init(n + 1);
	s->started = s->reloaded = time(NULL);
	s->reload_ok = true;
	(void)uv_timer_init(&control->uv, &s->trim_timer);
	s->key = choice_key_load(c->state, warnings);
	if (s->key == NULL) {
		config_destroy(&c);
		return 1;
	}
	if (!debug_start()) {
		config_destroy(&c);
		return 1;
	}
	acme_mend(c);
	s->snapshot = snapshot_build(c, s->key, NULL, warnings);
	if (s->snapshot == NULL || !certificates_fit(s->snapshot, warnings))
		return 78;
	if (!promises_kept(s->snapshot, warnings))
		return 1;
	memory_start(control, s->snapshot->config->limits.memory);
	if (rate_start(control) < 0) {
		(void)buf_add_str(warnings, TC_STR("no memory or no random numbers for rate limits\n"));
		return 1;
	}
	if (start_serving(s, warnings) < 0)
		return 1;
	certificates_watch(control, &s->snapshot);
	canary_set(s);
	acme_set(s);
	return 0;
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
	if (r->built != NULL && !certificates_fit(r->built, &r->text))
		snapshot_unref(&r->built);
	if (r->built == NULL) {
		r->code = 78;
	} else if (!promises_kept(r->built, &r->text)) {
		snapshot_unref(&r->built);
		r->code = 1;
	}
}

static void
warn_of_restarts(const struct service *s, const struct config *c, struct buf *text)
{
	if (worker_count_of(c) != s->worker_count)
		(void)buf_printf(text, "limits.threads: %zu threads serve until a restart\n", s->worker_count);
}

/* What was built comes into force, or, for want of a listener, does not. 0 or an exit code. */
static int
take(struct service *s, struct snapshot *next, struct buf *text)
{
	struct plan p;

	if (s->draining) {
		(void)buf_printf(text, "the proxy is draining\n");
		return 1;
	}
	if (plan_make(s, next->config, &p, text) < 0)
		return 1;
	if (s->edge.prepare != NULL && s->edge.prepare(s->edge.ctx, next->config, text) < 0) {
		plan_drop(&p);
		return 1;
	}
	warn_of_restarts(s, next->config, text);
	make_room(s, next->config);
	for (size_t i = 0; i < s->worker_count; i++)
		worker_swap(s->workers[i], orders_of(&p, next, i));
	plan_commit(s, &p);
	if (s->edge.commit != NULL)
		s->edge.commit(s->edge.ctx);
	snapshot_unref(&s->snapshot);
	s->snapshot = next;
	memory_limit(next->config->limits.memory);
	canary_set(s);
	acme_set(s);
	s->reloaded = time(NULL);
	return 0;
}

/* The loops have let go of what was replaced, but malloc keeps it, in an arena for each thread that ever built one. */
static void
on_trim(uv_timer_t *t)
{
	(void)t;
	(void)malloc_trim(0);
}

static void
built(uv_work_t *w, int status)
{
	struct reload *r = w->data;
	struct service *s = r->service;

	(void)status;
	s->reload = NULL;
	if (r->built != NULL) {
		r->code = take(s, r->built, &r->text);
		if (r->code != 0)
			snapshot_unref(&r->built);
	}
	s->reload_ok = r->code == 0;
	if (s->reload_ok) {
		log_lines(LOG_WARNING, buf_str(&r->text));
		log_event(LOG_RELOADED, tc_str_from(s->snapshot->config->hash));
	} else {
		log_lines(LOG_RELOAD_REFUSED, buf_str(&r->text));
	}
	if (r->done != NULL)
		r->done(r->ctx, r->code, buf_str(&r->text));
	buf_reset(&r->text);
	free(r);
	(void)uv_timer_start(&s->trim_timer, on_trim, TRIM_AFTER_MS, 0);
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

static void
close_doors(uv_timer_t *t)
{
	struct service *s = t->data;

	s->drain_by = loop_now(s->control) + (uint64_t)s->snapshot->config->limits.drain_timeout_ms;
	for (size_t i = 0; i < s->worker_count; i++)
		worker_drain(s->workers[i], false);
	remove_files(s);
	(void)uv_timer_start(t, look_if_idle, 10, 50);
}

void
service_drain(struct service *s)
{
	if (s->draining) {
		uv_stop(&s->control->uv);
		return;
	}
	s->draining = true;
	atomic_store(&s->canary.stop, true);
	atomic_store(&s->acme.stop, true);
	log_event(LOG_DRAINING, tc_str_of("", 0));
	(void)uv_timer_init(&s->control->uv, &s->drain_timer);
	s->drain_timer.data = s;
	(void)uv_timer_start(&s->drain_timer, close_doors, (uint64_t)s->snapshot->config->limits.drain_delay_ms, 0);
}

void
service_stop(struct service *s)
{
	s->draining = true;
	while (s->reload != NULL) /* it looks at the snapshot that we are about to let go */
		(void)uv_run(&s->control->uv, UV_RUN_ONCE);
	canary_end(s);
	acme_end(s);
	for (size_t i = 0; i < s->worker_count; i++) {
		if (s->workers[i] == NULL)
			continue;
		worker_drain(s->workers[i], true);
		worker_join(s->workers[i]);
		free(s->workers[i]);
	}
	remove_files(s);
	free(s->workers);
	free(s->listening);
	if (s->snapshot != NULL)
		log_event(LOG_STOPPED, tc_str_of("", 0));
	snapshot_unref(&s->snapshot);
	choice_key_destroy(&s->key);
	debug_stop();
}
