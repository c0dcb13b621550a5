/* snapshot.c: see snapshot.h. */
#include "core/snapshot.h"

#include <assert.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "core/dnt.h"
#include "core/observe.h"
#include "http/url.h"

#define LOADER_ARENA_MAX ((size_t)256 << 20)

/* Databases shared by the snapshots that were built while their files did not change. */
struct shared_geo {
	_Atomic size_t refs;
	struct geo *geo;
	uint64_t files; /* hash of paths, sizes and times of change */
};

static uint64_t
hash_bytes(uint64_t h, const void *p, size_t n)
{
	const unsigned char *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3ull;
	return h;
}

/* What tells two sets of database files apart: FNV-1a over names and inodes. */
static uint64_t
files_hash(const struct config *c)
{
	uint64_t h = hash_bytes(0xcbf29ce484222325ull, &c->geo_min_addresses, sizeof(c->geo_min_addresses));

	for (size_t i = 0; i < c->geo_databases.n; i++) {
		struct tc_str path = c->geo_databases.v[i];
		char name[4096];
		struct stat st;

		(void)snprintf(name, sizeof(name), "%.*s", (int)path.n, path.p);
		h = hash_bytes(h, path.p, path.n);
		if (stat(name, &st) == 0) {
			h = hash_bytes(h, &st.st_size, sizeof(st.st_size));
			h = hash_bytes(h, &st.st_mtim, sizeof(st.st_mtim));
			h = hash_bytes(h, &st.st_ino, sizeof(st.st_ino));
		}
	}
	return h;
}

static struct shared_geo *
shared_geo_of(const struct config *c, const struct snapshot *old, struct buf *warnings)
{
	uint64_t files = files_hash(c);
	struct shared_geo *g = old != NULL ? old->shared_geo : NULL;

	if (g != NULL && g->files == files) {
		atomic_fetch_add(&g->refs, 1);
		return g;
	}
	g = calloc(1, sizeof(*g));
	if (g == NULL)
		abort();
	g->refs = 1;
	g->files = files;
	g->geo = geo_load(c->geo_databases, c->geo_min_addresses, warnings);
	return g;
}

static void
shared_geo_unref(struct shared_geo **g)
{
	if (*g != NULL && atomic_fetch_sub(&(*g)->refs, 1) == 1) {
		geo_destroy(&(*g)->geo);
		free(*g);
	}
	*g = NULL;
}

/* ---- filters' load() ---- */

struct loading {
	struct tc_loader loader; /* first */
	struct snapshot *snapshot;
	struct buf *warnings;
	bool refused;
};

static void
say(struct tc_loader *l, bool fatal, const char *code, const char *text)
{
	struct loading *g = (struct loading *)l;

	g->refused |= fatal;
	(void)code; /* for programs; lines are for people, and text names its subject */
	(void)buf_printf(g->warnings, "%s: %s\n", fatal ? "error" : "warning", text);
}

static void
mix(struct tc_loader *l, struct tc_str bytes)
{
	struct snapshot *s = ((struct loading *)l)->snapshot;

	s->version = hash_bytes(s->version, bytes.p, bytes.n);
}

static void *
conf_of(struct tc_loader *l, const struct tc_filter *f)
{
	const struct loading *g = (struct loading *)l;

	for (size_t i = 0; tc_filters[i] != NULL; i++)
		if (tc_filters[i] == f)
			return g->snapshot->confs[i];
	return NULL;
}

static int
load_filters(struct snapshot *s, struct buf *warnings)
{
	struct loading g = {.snapshot = s, .warnings = warnings};

	g.loader = (struct tc_loader){
		.lists = s->config->lists,
		.list_directory = s->config->list_directory,
		.config_directory = s->config->directory,
		.arena = s->arena,
		.say = say,
		.mix = mix,
		.conf_of = conf_of,
	};
	for (size_t i = 0; tc_filters[i] != NULL; i++)
		if (tc_filters[i]->load != NULL &&
		    (tc_filters[i]->load(&g.loader, &s->confs[i]) < 0 || g.refused))
			return -1;
	return 0;
}

static void
number_routes(struct snapshot *s)
{
	const struct config *c = s->config;
	size_t n = 0;

	for (size_t i = 0; i < c->site_count; i++)
		n += c->sites[i].pub.route_count;
	s->first_route = tc_alloc(s->arena, (c->site_count + 1) * sizeof(*s->first_route));
	s->route_ids = tc_alloc(s->arena, (n + 1) * sizeof(*s->route_ids));
	if (s->first_route == NULL || s->route_ids == NULL)
		abort();
	n = 0;
	for (size_t i = 0; i < c->site_count; i++) {
		s->first_route[i] = (uint32_t)n;
		for (size_t k = 0; k < c->sites[i].pub.route_count; k++)
			s->route_ids[n++] = (uint16_t)stats_route(c->sites[i].pub.routes[k].name);
	}
}

static void
unload_filters(struct snapshot *s)
{
	for (size_t i = 0; tc_filters[i] != NULL; i++)
		if (tc_filters[i]->unload != NULL && s->confs[i] != NULL)
			tc_filters[i]->unload(s->confs[i]);
	arena_destroy(&s->arena);
}

int
snapshot_try(struct config *c, struct buf *warnings, void (*look)(void *ctx, const struct snapshot *s), void *ctx)
{
	struct snapshot s = {.config = c, .arena = arena_new(NULL, LOADER_ARENA_MAX)};
	int r = load_filters(&s, warnings);

	if (dnt_load(c, s.arena, &s.dnt_policies, warnings) < 0)
		r = -1;
	if (r == 0)
		look(ctx, &s);
	unload_filters(&s);
	return r;
}

struct snapshot *
snapshot_build(struct config *c, const struct choice_key *key, const struct snapshot *old, struct buf *warnings)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	s->refs = 1;
	s->config = c;
	s->choice_key = key;
	s->arena = arena_new(NULL, LOADER_ARENA_MAX);
	s->version = hash_bytes(0xcbf29ce484222325ull, c->hash, sizeof(c->hash));
	if (load_filters(s, warnings) < 0 || dnt_load(c, s->arena, &s->dnt_policies, warnings) < 0) {
		snapshot_unref(&s);
		return NULL;
	}
	s->shared_geo = shared_geo_of(c, old, warnings);
	s->geo = s->shared_geo->geo;
	observe_prepare(c);
	number_routes(s);
	s->tls = tc_alloc(s->arena, (c->listen_count + 1) * sizeof(struct tls_server *));
	s->tls_origins = tc_alloc(s->arena, (c->origin_count + 1) * sizeof(struct tls_client *));
	if (s->tls == NULL || s->tls_origins == NULL)
		abort();
	memset(s->tls, 0, c->listen_count * sizeof(struct tls_server *));
	memset(s->tls_origins, 0, c->origin_count * sizeof(struct tls_client *));
	return s;
}

struct snapshot *
snapshot_ref(struct snapshot *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

void
snapshot_unref(struct snapshot **p)
{
	struct snapshot *s = *p;

	*p = NULL;
	if (s == NULL || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	for (size_t i = 0; s->tls != NULL && i < s->config->listen_count; i++)
		tls_server_unref(&s->tls[i]);
	for (size_t i = 0; s->tls_origins != NULL && i < s->config->origin_count; i++)
		tls_client_unref(&s->tls_origins[i]);
	unload_filters(s);
	shared_geo_unref(&s->shared_geo);
	config_destroy(&s->config);
	free(s);
}

/* ---- look-ups ---- */

/* How well a host pattern fits: 3 exact, 2 wildcard, 1 any, 0 not. */
static int
host_rank(struct tc_str pattern, struct tc_str host)
{
	if (!host_match(pattern, host))
		return 0;
	if (pattern.p[0] != '*')
		return 3;
	return pattern.n > 1 ? 2 : 1;
}

const struct config_site *
snapshot_site(const struct snapshot *s, struct tc_str host)
{
	const struct config_site *best = NULL;
	int best_rank = 0;
	size_t best_n = 0;

	for (size_t i = 0; i < s->config->site_count; i++) {
		const struct config_site *site = &s->config->sites[i];

		for (size_t k = 0; k < site->pub.hosts.n; k++) {
			struct tc_str pattern = site->pub.hosts.v[k];
			int rank = host_rank(pattern, host);

			if (rank > best_rank || (rank == best_rank && rank == 2 && pattern.n > best_n)) {
				best = site;
				best_rank = rank;
				best_n = pattern.n;
			}
		}
	}
	return best;
}

const struct tc_route *
snapshot_route(const struct config_site *site, struct tc_str match)
{
	for (size_t i = 0; i < site->pub.route_count; i++)
		if (glob_match(site->pub.routes[i].match, match))
			return &site->pub.routes[i];
	assert(!"the last route matches everything"); /* config_load() makes it so */
	return NULL;
}

size_t
snapshot_route_id(const struct snapshot *s, const struct config_site *site, const struct tc_route *r)
{
	size_t i = (size_t)(site - s->config->sites);

	return s->route_ids[s->first_route[i] + (size_t)(r - site->pub.routes)];
}
