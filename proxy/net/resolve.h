/*
 * resolve.h: names of origins, asked again and again without blocking. The only user of c-ares; one per loop.
 *
 *	resolve_name() -> hosts file, then DNS: A and AAAA -> done(addresses, seconds that they may be kept)
 */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include <sys/socket.h>

#include "net/loop.h"
#include "tacet/site.h"

#define RESOLVE_ADDRESSES_MAX 16

struct resolver;

/* What a look-up came to. n = 0: nothing, or no answer. */
struct addresses {
	struct sockaddr_storage v[RESOLVE_ADDRESSES_MAX];
	size_t n;
	int64_t keep_s; /* the least time to live among them; -1: it has none, as from the hosts file */
};

typedef void (*resolved)(void *ctx, const struct addresses *a);

struct resolver *resolver_new(struct loop *l);
/* Questions under way get their answer, an empty one, before this returns. */
void resolver_destroy(struct resolver **r);

/*
 * Whom to ask from now on: "192.0.2.53", "[2001:db8::53]:5353"; none: those of the system, read anew. Questions under
 * way are asked again.
 */
void resolver_use(struct resolver *r, struct tc_strs servers);

/* host ends with a zero. done() is called exactly once, possibly before this returns; never after the resolver is gone. */
void resolve_name(struct resolver *r, const char *host, uint16_t port, resolved done, void *ctx);

/*
 * What a name is another name for, one step: DNS alone, not the hosts file. alias n = 0: for none, or (answered false) nobody
 * could say; it lives until done() returns. done() is called once, as above.
 */
typedef void (*aliased)(void *ctx, struct tc_str alias, bool answered);
void resolve_alias(struct resolver *r, const char *host, aliased done, void *ctx);

#endif
