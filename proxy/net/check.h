/*
 * check.h: active checks: a GET of a path that says how a server is. One loop of the process does them; what they find
 * is in a struct verdict (health.h), for all loops.
 *
 *	every interval: connect -> GET path -> status 2xx or 3xx in time: good; anything else: bad
 *	`unhealthy` bad ones in a row: down; `healthy` good ones: up again. Up until the first checks say otherwise.
 */
#ifndef NET_CHECK_H
#define NET_CHECK_H

#include "net/origin.h"

struct checks;

struct checks *checks_new(struct origins *t);
/* server->check says how. Added before, by another origin: nothing happens, the verdict is the same. */
void checks_add(struct checks *c, const struct server_key *server);
/* Servers that nobody checks any more are up. To change settings make the new ones first. */
void checks_destroy(struct checks **c);

#endif
