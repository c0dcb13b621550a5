/* use.c: a snapshot in use on one loop, and the origins that it names. See worker.h. */
#include <assert.h>

#include "core/exchange.h"

/* This loop's part of a number that is meant for the whole process: 0 stays 0, anything else is at least 1. */
static size_t
share_of(const struct worker *w, int64_t n)
{
	return ((size_t)n + w->count - 1) / w->count;
}

static struct origin *
origin_of(struct worker *w, const struct config_origin *c)
{
	struct origin_settings s = {
		.least_connections = c->balance == BALANCE_LEAST_CONNECTIONS,
		.adaptive = c->adaptive,
		.connections = share_of(w, c->connections),
		.requests = share_of(w, c->requests),
		.queue = share_of(w, c->queue),
		.queue_timeout_ms = c->queue_timeout_ms,
		.connect_timeout_ms = c->connect_timeout_ms,
		.idle_timeout_ms = c->idle_timeout_ms,
		.hold_ms = c->hold_ms,
		.eject_failures = c->eject_failures,
		.eject_ms = c->eject_ms,
		.retry_percent = c->retry_percent,
	};
	struct server_key keys[ORIGIN_SERVERS_MAX];

	assert(c->server_count <= ORIGIN_SERVERS_MAX);
	for (size_t i = 0; i < c->server_count; i++)
		keys[i] = (struct server_key){
			.name = c->servers[i].url,
			.host = c->servers[i].host,
			.port = c->servers[i].port,
			.path = c->servers[i].path,
		};
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
		u->origins[i] = origin_of(w, s->config->origins[i]);
	return u;
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
