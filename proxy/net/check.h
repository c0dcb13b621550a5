/*
 * check.h: active checks: a GET of a path that says how a server is. One loop of the process does them; what they find
 * is in struct health, for all.
 *
 *	every interval: connect -> GET path -> status 2xx or 3xx in time: good; anything else: bad
 *	`unhealthy` bad ones in a row: down; `healthy` good ones: up again. Up until the first checks say otherwise.
 */
#ifndef NET_CHECK_H
#define NET_CHECK_H

#include "net/origin.h"

struct checks;

struct check_settings {
	struct tc_str path, authority; /* of the request; copied */
	int64_t interval_ms, timeout_ms, healthy, unhealthy;
};

struct checks *checks_new(struct origins *t);
void checks_add(struct checks *c, const struct server_key *server, const struct check_settings *s);
/* Servers that nobody checks any more are up. To change settings make the new ones first. */
void checks_destroy(struct checks **c);

#endif
