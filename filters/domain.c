/*
 * domain.c: see domain.h. Each thread has a table of its own, so that nobody waits. A host has one place in it, and who
 * comes last stays: no table grows, and a site of any host ("*") is at worst as slow as without. The list of suffixes is
 * the same as long as the program runs, so nothing that is remembered gets old. A host is the site's name: of visitors
 * there is nothing here.
 *
 *	[15 www.example.com | domain: 11 bytes from 4] [0: empty] [9 localhost | domain: 0 bytes] ...
 */
#include "domain.h"

#include "match/match.h"

enum { PLACES = 64, /* a power of two */
	HOST_ROOM = 61 };

struct place {
	uint8_t host_n, domain_at, domain_n; /* domain_n = 0: it has none */
	char host[HOST_ROOM];
};

_Static_assert(sizeof(struct place) == 64, "a place is a line of the cache");

/* FNV-1a, folded. */
static size_t
place_of(struct tc_str host)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < host.n; i++)
		h = (h ^ (uint8_t)host.p[i]) * 16777619u;
	return (h ^ h >> 16) % PLACES;
}

struct tc_str
domain_of(struct tc_str host)
{
	static _Thread_local _Alignas(sizeof(struct place)) struct place places[PLACES];
	struct tc_str domain;
	struct place *p;

	if (host.n == 0 || host.n > HOST_ROOM)
		return psl_domain(host);
	p = &places[place_of(host)];
	if (!tc_eq(tc_str_of(p->host, p->host_n), host)) {
		domain = psl_domain(host);
		p->host_n = (uint8_t)host.n;
		p->domain_n = (uint8_t)domain.n;
		p->domain_at = domain.n > 0 ? (uint8_t)(domain.p - host.p) : 0;
		memcpy(p->host, host.p, host.n);
	}
	return p->domain_n > 0 ? tc_str_of(host.p + p->domain_at, p->domain_n) : (struct tc_str){NULL, 0};
}
