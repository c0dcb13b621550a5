/*
 * snapshot.h: everything a request is judged by, built off the request path, immutable, reference counted: the
 * configuration, what the filters loaded, the geo database, the key of the choice cookie. A request keeps the
 * snapshot it began with.
 */
#ifndef CORE_SNAPSHOT_H
#define CORE_SNAPSHOT_H

#include <stdatomic.h>

#include "base/buf.h"
#include "config/config.h"
#include "core/chain.h"
#include "core/choice.h"
#include "geo/geo.h"
#include "net/tls_client.h"
#include "net/tls_server.h"

struct shared_geo;

struct snapshot {
	_Atomic size_t refs;
	struct config *config;
	struct shared_geo *shared_geo;       /* NULL: no database */
	const struct geo *geo;               /* inside it */
	const struct choice_key *choice_key; /* lives as long as the process */
	struct tls_server **tls;             /* of each listener; NULL: it speaks in clear */
	struct tls_client **tls_origins;     /* of each origin; NULL: none of its servers is asked by https, or not loaded */
	void *confs[CHAIN_FILTERS_MAX];      /* what the filters' load() made */
	struct tc_arena *arena;              /* of the loaders */
	uint16_t *route_ids;                 /* counters' number of each route, site after site */
	uint32_t *first_route;               /* where a site's routes begin there */
	const struct tc_str *dnt_policies;   /* of each site; n = 0: none */
	uint64_t version;                    /* of rules: part of the variant key */
};

/*
 * Builds from a checked configuration, which it takes over. old: the snapshot in use, whose geo databases are shared
 * if the files are the same; may be NULL. warnings: lines for the operator. NULL: refused, the reason is in warnings.
 */
struct snapshot *snapshot_build(struct config *c, const struct choice_key *key, const struct snapshot *old,
    struct buf *warnings);
/*
 * Only the configuration's and the filters' half, and nothing is kept: for check. 0, after look() has seen it; or -1:
 * snapshot_build() would refuse.
 */
int snapshot_try(struct config *c, struct buf *warnings, void (*look)(void *ctx, const struct snapshot *s), void *ctx);

struct snapshot *snapshot_ref(struct snapshot *s);
void snapshot_unref(struct snapshot **s);

/* The site for a host (exact, then wildcard, then "*"), or NULL. */
const struct config_site *snapshot_site(const struct snapshot *s, struct tc_str host);
const struct tc_route *snapshot_route(const struct config_site *site, struct tc_str match);
/* The counters' number of a route. */
size_t snapshot_route_id(const struct snapshot *s, const struct config_site *site, const struct tc_route *r);

#endif
