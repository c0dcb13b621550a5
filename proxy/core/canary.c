/*
 * canary.c: see canary.h.
 *
 *	control loop: timer -> run made: snapshot, token, address -> thread pool: verify_run() -> control loop: counted
 *
 * A run that a reload overtook is not counted: its rules are no longer those of the proxy.
 */
#include "core/canary.h"

#include <arpa/inet.h>
#include <time.h>

#include "base/arena.h"
#include "base/day.h"
#include "core/log.h"
#include "core/service.h"
#include "core/token.h"

#define ARENA_MAX ((size_t)64 << 20)

struct canary_run {
	uv_work_t work; /* first */
	struct service *service;
	struct snapshot *snapshot; /* a reference */
	struct verify verify;
	char host[INET6_ADDRSTRLEN], token[TOKEN_ROOM];
	int fault;
};

static void
told(void *ctx, const struct verify_row *row)
{
	(void)ctx;
	(void)row;
}

/* ---- where ---- */

/* Of any address the loopback one. false: not one that requests of visitors come in by as they are. */
static bool
address_of(const struct listening *l, const struct config_listen *c, struct canary_run *r)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (c->redirect_https || c->proxy_peer_count > 0 || c->proxy_unix)
		return false;
	if (l->addr.ss_family == AF_INET) {
		memcpy(&in, &l->addr, sizeof(in));
		if (in.sin_addr.s_addr == INADDR_ANY)
			in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		r->verify.port = ntohs(in.sin_port);
		return inet_ntop(AF_INET, &in.sin_addr, r->host, sizeof(r->host)) != NULL;
	}
	if (l->addr.ss_family != AF_INET6)
		return false;
	memcpy(&in6, &l->addr, sizeof(in6));
	if (memcmp(&in6.sin6_addr, &in6addr_any, sizeof(in6addr_any)) == 0)
		in6.sin6_addr = in6addr_loopback;
	r->verify.port = ntohs(in6.sin6_port);
	return inet_ntop(AF_INET6, &in6.sin6_addr, r->host, sizeof(r->host)) != NULL;
}

static bool
find_address(const struct service *s, struct canary_run *r)
{
	for (size_t i = 0; i < s->listening_count; i++)
		if (address_of(&s->listening[i], &s->snapshot->config->listen[i], r))
			return verify_by_tls(&r->verify, s->snapshot->config->listen[i].tls) == 0;
	return false;
}

/* ---- a run ---- */

static void
run_free(struct canary_run *r)
{
	arena_destroy(&r->verify.arena);
	snapshot_unref(&r->snapshot);
	explicit_bzero(r->token, sizeof(r->token));
	free(r);
}

/* On a thread of the pool. */
static void
go(uv_work_t *w)
{
	struct canary_run *r = w->data;

	r->fault = verify_run(&r->verify);
}

static void
count(struct canary *c, const struct verify *v)
{
	c->failed = v->count[VERIFY_FAILED] > 0 || v->count[VERIFY_OK] == 0;
	c->ended = time(NULL);
	memcpy(c->count, v->count, sizeof(c->count));
	c->runs[c->failed]++;
	if (c->failed)
		log_event(LOG_WARNING, TC_STR("the canary failed: run tacet verify"));
}

static void
ended(uv_work_t *w, int status)
{
	struct canary_run *r = w->data;
	struct service *s = r->service;

	s->canary.run = NULL;
	if (status == 0 && r->fault == 0 && s->snapshot == r->snapshot && !atomic_load(&s->canary.stop))
		count(&s->canary, &r->verify);
	else if (!atomic_load(&s->canary.stop)) /* a reload was faster: once more, soon */
		canary_set(s);
	run_free(r);
}

static void
begin(uv_timer_t *t)
{
	struct service *s = t->data;
	struct canary_run *r;

	if (s->canary.run != NULL || s->draining || s->reload != NULL)
		return;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		abort();
	r->service = s;
	r->work.data = r;
	r->snapshot = snapshot_ref(s->snapshot);
	r->verify = (struct verify){.s = r->snapshot,
	    .arena = arena_new(NULL, ARENA_MAX),
	    .day = date_of(time(NULL)),
	    .told = told,
	    .stop = &s->canary.stop};
	if (r->verify.arena == NULL || !find_address(s, r)) {
		if (!s->canary.complained)
			log_event(LOG_WARNING, TC_STR("promises.verify.every: no listener to visit without a PROXY header"));
		s->canary.complained = true;
		run_free(r);
		return;
	}
	r->verify.host = tc_str_from(r->host);
	r->verify.token = token_write(s->key, TOKEN_VERIFY, time(NULL), TOKEN_TTL_MAX, r->token);
	s->canary.run = r;
	(void)uv_queue_work(&s->control->uv, &r->work, go, ended);
}

/* ---- the timer ---- */

void
canary_set(struct service *s)
{
	uint64_t every = (uint64_t)s->snapshot->config->verify_every_ms;
	struct canary *c = &s->canary;

	if (c->timer.data == NULL) {
		(void)uv_timer_init(&s->control->uv, &c->timer);
		c->timer.data = s;
	}
	(void)uv_timer_stop(&c->timer);
	if (every > 0)
		(void)uv_timer_start(&c->timer, begin, every < 1000 ? every : 1000, every);
}

void
canary_end(struct service *s)
{
	atomic_store(&s->canary.stop, true);
	while (s->canary.run != NULL)
		(void)uv_run(&s->control->uv, UV_RUN_ONCE);
}

/* ---- numbers ---- */

int
canary_write(struct buf *out, const struct canary *c)
{
	static const char *const results[] = {"passed", "failed"}, *const verdicts[] = {"ok", "failed", "not_seen"};
	int r = buf_printf(out,
	    "# HELP tacet_canary_success 1 if the last run of the synthetic visitors found nothing.\n"
	    "# TYPE tacet_canary_success gauge\ntacet_canary_success %d\n"
	    "# HELP tacet_canary_timestamp_seconds When it ended; 0: there was none.\n"
	    "# TYPE tacet_canary_timestamp_seconds gauge\ntacet_canary_timestamp_seconds %lld\n"
	    "# HELP tacet_canary_checks What it came to, by verdict.\n# TYPE tacet_canary_checks gauge\n",
	    c->ended != 0 && !c->failed, (long long)c->ended);

	for (size_t i = 0; i < VERIFY_VERDICTS; i++)
		r |= buf_printf(out, "tacet_canary_checks{verdict=\"%s\"} %zu\n", verdicts[i], c->count[i]);
	r |= buf_printf(out,
	    "# HELP tacet_canary_runs_total Runs of the synthetic visitors, by result.\n"
	    "# TYPE tacet_canary_runs_total counter\n");
	for (size_t i = 0; i < 2; i++)
		r |= buf_printf(
		    out, "tacet_canary_runs_total{result=\"%s\"} %llu\n", results[i], (unsigned long long)c->runs[i]);
	return r < 0 ? -1 : 0;
}
