/* geo.c: loads the databases and answers for an address. */
#include "geo/geo.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "geo/image.h"
#include "geo/index.h"

enum { FAMILY_4,
	FAMILY_6,
	FAMILY_COUNT };

struct database {
	MMDB_s mmdb;
	struct geo_index index;
};

/*
 *	family -> database -> tree -> data offset -> index -> number -> places
 *
 * A database of both families stands in both slots. The names in places point into the databases' maps.
 */
struct geo {
	struct database *of[FAMILY_COUNT];
	struct places places;
};

static void
complain(struct buf *why, struct tc_str path, const char *text)
{
	if (why != NULL)
		(void)buf_printf(why, "%.*s: %s\n", (int)path.n, path.p, text);
}

/* What the database can serve that no earlier one of the list does. */
static bool
claim_families(struct geo *g, struct database *d)
{
	bool claimed = false;

	if (g->of[FAMILY_4] == NULL && index_has_ipv4(&d->mmdb)) {
		g->of[FAMILY_4] = d;
		claimed = true;
	}
	if (g->of[FAMILY_6] == NULL && d->mmdb.metadata.ip_version == 6) {
		g->of[FAMILY_6] = d;
		claimed = true;
	}
	return claimed;
}

static void
unclaim(struct geo *g, const struct database *d)
{
	for (int f = 0; f < FAMILY_COUNT; f++)
		if (g->of[f] == d)
			g->of[f] = NULL;
}

static void
load_one(struct geo *g, struct tc_str path, struct buf *why)
{
	char *name = strndup(path.p, path.n);
	struct database *d = calloc(1, sizeof(*d));
	const char *fault = "no memory";

	if (name == NULL || d == NULL || !image_open(name, &d->mmdb, &fault))
		goto out;
	if (claim_families(g, d))
		fault = index_build(&d->index, &d->mmdb, g->of[FAMILY_4] == d, &g->places);
	else
		fault = "not used: another database of its address family comes first";
	if (fault == NULL) {
		d = NULL; /* it stays */
	} else {
		unclaim(g, d);
		image_close(&d->mmdb);
	}
out:
	if (fault != NULL)
		complain(why, path, fault);
	free(name);
	free(d);
}

struct geo *
geo_load(struct tc_strs databases, int64_t min_addresses, struct buf *why)
{
	struct geo *g = calloc(1, sizeof(*g));

	if (g == NULL || !places_init(&g->places)) {
		geo_destroy(&g);
		return NULL;
	}
	for (size_t i = 0; i < databases.n; i++)
		load_one(g, databases.v[i], why);
	places_finish(&g->places, min_addresses > 0 ? (uint64_t)min_addresses : 0);
	if (g->of[FAMILY_4] == NULL && g->of[FAMILY_6] == NULL)
		geo_destroy(&g);
	return g;
}

void
geo_destroy(struct geo **pg)
{
	struct geo *g = *pg;

	if (g == NULL)
		return;
	for (int f = 0; f < FAMILY_COUNT; f++) {
		struct database *d = g->of[f];

		if (d == NULL)
			continue;
		unclaim(g, d);
		index_destroy(&d->index);
		image_close(&d->mmdb);
		free(d);
	}
	places_destroy(&g->places);
	free(g);
	*pg = NULL;
}

static MMDB_lookup_result_s
tree_lookup(const MMDB_s *m, const struct tc_addr *a, int *status)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} sa = {0};

	if (a->family == 4) {
		sa.in.sin_family = AF_INET;
		memcpy(&sa.in.sin_addr, a->ip + 12, 4);
	} else {
		sa.in6.sin6_family = AF_INET6;
		memcpy(&sa.in6.sin6_addr, a->ip, 16);
	}
	return MMDB_lookup_sockaddr(m, &sa.any, status);
}

enum geo_result
geo_lookup(const struct geo *g, const struct tc_addr *addr, struct place *out)
{
	struct tc_addr a = addr_unmap(addr);
	const struct database *d = NULL;
	MMDB_lookup_result_s found;
	uint32_t number;
	int status;

	assert(a.family == 0 || a.family == 4 || a.family == 6);
	*out = (struct place){0};
	if (g != NULL && a.family != 0)
		d = g->of[a.family == 4 ? FAMILY_4 : FAMILY_6];
	if (d == NULL)
		return GEO_UNKNOWN;
	found = tree_lookup(&d->mmdb, &a, &status);
	addr_wipe(&a);
	if (status != MMDB_SUCCESS)
		return GEO_ERROR;
	if (!found.found_entry)
		return GEO_UNKNOWN;
	number = index_place(&d->index, found.entry.offset);
	*out = g->places.v[number];
	return number != 0 ? GEO_FOUND : GEO_UNKNOWN;
}

int64_t
geo_build_time(const struct geo *g, int family)
{
	const struct database *d = g != NULL ? g->of[family == 4 ? FAMILY_4 : FAMILY_6] : NULL;

	return d != NULL ? (int64_t)d->mmdb.metadata.build_epoch : 0;
}

static size_t
country_count(const struct geo *g)
{
	static const size_t LETTERS = 26;
	bool seen[26 * 26] = {false};
	size_t n = 0;

	for (size_t i = 1; i < g->places.n; i++) {
		const char *c = g->places.v[i].country;
		size_t at = (size_t)(c[0] - 'A') * LETTERS + (size_t)(c[1] - 'A');

		n += !seen[at];
		seen[at] = true;
	}
	return n;
}

bool
geo_shrunk(const struct geo *before, const struct geo *after)
{
	if (before == NULL)
		return false;
	if (after == NULL || country_count(after) < country_count(before) / 2)
		return true;
	for (int f = 0; f < FAMILY_COUNT; f++) {
		const struct database *old = before->of[f], *new = after->of[f];

		if (old != NULL && (new == NULL || new->index.networks < old->index.networks / 2))
			return true;
	}
	return false;
}
