/* use.c: a snapshot in use on one loop, and the origins that it names. See worker.h. */
#include <assert.h>

#include "core/exchange.h"

#define HELD_LEAST 1024 /* requests of one origin that may be held: these, or as many as may stand in its line */

/* This loop's part of a number that is meant for the whole process: 0 stays 0, anything else is at least 1. */
static size_t
share_of(const struct worker *w, int64_t n)
{
	return ((size_t)n + w->count - 1) / w->count;
}

/* check: room for what the key points to. */
static struct server_key
key_of(const struct snapshot *snapshot, const struct config_origin *o, size_t i, struct check_settings *check)
{
	const struct config_server *s = &o->servers[i];
	bool checked = o->check.path.n > 0;

	*check = (struct check_settings){
		.path = o->check.path,
		.authority = o->host_mode == ORIGIN_HOST_NAME ? o->host_name : s->authority,
		.interval_ms = o->check.interval_ms,
		.timeout_ms = o->check.timeout_ms,
		.healthy = o->check.healthy,
		.unhealthy = o->check.unhealthy,
	};
	return (struct server_key){
		.name = s->url,
		.host = s->host,
		.port = s->port,
		.path = s->path,
		.tls = s->https ? snapshot->tls_origins[o->id] : NULL,
		.check = checked ? check : NULL,
	};
}

static struct origin *
origin_of(struct worker *w, const struct snapshot *snapshot, const struct config_origin *c)
{
	struct origin_settings s = {
		.least_connections = c->balance == BALANCE_LEAST_CONNECTIONS,
		.adaptive = c->adaptive,
		.connections = share_of(w, c->connections),
		.requests = share_of(w, c->requests),
		.queue = share_of(w, c->queue),
		.held = share_of(w, c->queue > HELD_LEAST ? c->queue : HELD_LEAST),
		.queue_timeout_ms = c->queue_timeout_ms,
		.connect_timeout_ms = c->connect_timeout_ms,
		.idle_timeout_ms = c->idle_timeout_ms,
		.hold_ms = c->hold_ms,
		.eject_failures = c->eject_failures,
		.eject_ms = c->eject_ms,
		.retry_percent = c->retry_percent,
	};
	struct server_key keys[ORIGIN_SERVERS_MAX];
	struct check_settings checks[ORIGIN_SERVERS_MAX];

	assert(c->server_count <= ORIGIN_SERVERS_MAX);
	for (size_t i = 0; i < c->server_count; i++)
		keys[i] = key_of(snapshot, c, i, &checks[i]);
	return origin_new(w->origins, &s, keys, c->server_count);
}

struct use *
use_new(struct worker *w, struct snapshot *s)
{
	struct use *u = calloc(1, sizeof(*u));
	size_t n = s->config->origin_count;

	if (u == NULL || (u->origins = calloc(n, sizeof(struct origin *))) == NULL)
		abort();
	u->worker = w;
	u->snapshot = s;
	u->users = 1;
	origins_resolve_by(w->origins, s->config->resolvers);
	for (size_t i = 0; i < n; i++)
		u->origins[i] = origin_of(w, s, s->config->origins[i]);
	return u;
}

static void
check_origin(struct checks *checks, const struct snapshot *s, const struct config_origin *o)
{
	for (size_t i = 0; i < o->server_count; i++) {
		struct check_settings settings;
		struct server_key key = key_of(s, o, i, &settings);

		checks_add(checks, &key);
	}
}

void
use_check(struct use *u)
{
	const struct config *c = u->snapshot->config;
	struct checks *checks;

	if (u->worker->index != 0)
		return;
	checks = checks_new(u->worker->origins);
	for (size_t i = 0; i < c->origin_count; i++)
		if (c->origins[i]->check.path.n > 0)
			check_origin(checks, u->snapshot, c->origins[i]);
	checks_destroy(&u->worker->checks);
	u->worker->checks = checks;
}

struct use *
worker_use(struct worker *w)
{
	w->use->users++;
	return w->use;
}

void
use_release(struct use *u)
{
	size_t n = u->snapshot->config->origin_count;

	assert(u->users > 0);
	if (--u->users > 0)
		return;
	for (size_t i = 0; i < n; i++)
		origin_destroy(&u->origins[i]);
	snapshot_unref(&u->snapshot);
	free(u->origins);
	free(u);
}
