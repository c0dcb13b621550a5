/* client.h: whose address, and which scheme (geo.md 5). What a stranger's field says about it counts for nothing. */
#ifndef CORE_CLIENT_H
#define CORE_CLIENT_H

#include "config/config.h"
#include "tacet/fields.h"

/*
 * peer is the socket's, or whom the PROXY header of a listed peer names: what follows applies to that address, as in
 * HAProxy. So a load balancer that only passes connections on is listed in proxy_protocol, a CDN in front of it in
 * trusted_proxies. The peer of a Unix socket without a header is family 0, and never trusted.
 *
 * The visitor's address: the peer's, unless the peer is a trusted proxy; then what it says by X-Forwarded-For, or
 * by Forwarded where there is none. false, and family 0: it is not known.
 */
bool client_address(const struct config *c, const struct tc_addr *peer, const struct tc_fields *request,
    struct tc_addr *out);

/* Does the visitor see the site by https? here: this connection is TLS. A trusted proxy's X-Forwarded-Proto wins. */
bool client_https(const struct config *c, const struct tc_addr *peer, const struct tc_fields *request, bool here);

/* Is the address that of a trusted proxy? */
bool client_trusted(const struct config *c, const struct tc_addr *a);

#endif
