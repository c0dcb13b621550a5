/*
 * socket.h: the control socket, a Unix socket that only its owner may use. One line in; "ok" or "error N" out, then text:
 *
 *	reload	the configuration is read anew; text: what check would say
 *	verify	text: a token for the synthetic visitors of `tacet verify` (core/token.h)
 *	debug SECONDS	text: a token that lives so long, by which a request gets its trace (core/debug.h)
 *	inventory HOST	text: what that site, which observes, carries, as JSON (core/inventory.h)
 */
#ifndef ADMIN_SOCKET_H
#define ADMIN_SOCKET_H

#include "core/service.h"

struct admin_socket;

struct admin_socket *admin_socket_start(struct service *s, struct tc_str path, struct buf *why);
void admin_socket_stop(struct admin_socket **p); /* removes the path */

#endif
