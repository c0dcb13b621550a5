/* use.c: a snapshot in use on one loop, and the origin pools that it needs. See worker.h. */
#include <assert.h>

#include "core/exchange.h"

static struct pool *
pool_of(struct worker *w, const struct config_server *o)
{
	struct pool *p;

	for (p = w->pools; p != NULL; p = p->next)
		if (p->port == o->port && tc_eq(p->host, o->host))
			break;
	if (p == NULL) {
		char *host = malloc(o->host.n);

		p = calloc(1, sizeof(*p));
		if (p == NULL || host == NULL)
			abort();
		memcpy(host, o->host.p, o->host.n);
		p->host = tc_str_of(host, o->host.n);
		p->port = o->port;
		p->origin = origin_new(&w->loop, p->host, p->port, &exchange_origin_ops);
		p->next = w->pools;
		w->pools = p;
	}
	p->users++;
	return p;
}

static void
pool_release(struct worker *w, struct pool *p)
{
	struct pool **at = &w->pools;

	if (--p->users > 0)
		return;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	origin_destroy(&p->origin);
	free((void *)(uintptr_t)p->host.p);
	free(p);
}

struct use *
use_new(struct worker *w, struct snapshot *s)
{
	struct use *u = calloc(1, sizeof(*u));
	size_t n = s->config->origin_count;

	if (u == NULL || (u->pools = calloc(n, sizeof(struct pool *))) == NULL)
		abort();
	u->worker = w;
	u->snapshot = s;
	u->users = 1;
	for (size_t i = 0; i < n; i++)
		u->pools[i] = pool_of(w, &s->config->origins[i]->servers[0]);
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
		pool_release(u->worker, u->pools[i]);
	snapshot_unref(&u->snapshot);
	free(u->pools);
	free(u);
}
