/*
 * origin.h: where requests go: one server or several that answer alike. Chooses one for each request, lets requests
 * wait in line while all have enough to do, holds them while none can be reached, and tells at once who must not wait.
 *
 *	origin_get() -> kept connection --------------------------------> got() -> origin_put() or origin_drop()
 *	             -> line (no room) -> connecting, server after server -> got() or failed()
 *	                                -> held (none can be reached) -> connecting ...
 *
 * A request that has a connection, or waits for one to be made, takes one slot of its server and of the origin.
 */
#ifndef NET_ORIGIN_H
#define NET_ORIGIN_H

#include "net/server.h"

#define ORIGIN_SERVERS_MAX 64

struct origins;
struct origin;
struct ticket;

/* Numbers are this loop's share. 0: none, or no limit. */
struct origin_settings {
	bool least_connections, adaptive;
	size_t connections; /* to one server */
	size_t requests;    /* under way at all together */
	size_t queue;       /* that wait for one of both */
	size_t held;        /* that wait for hold_ms until a server can be reached */
	int64_t queue_timeout_ms, connect_timeout_ms, idle_timeout_ms, hold_ms;
	int64_t eject_failures, eject_ms;
	int64_t retry_percent;
};

/* X(ENUM, status): why there is no connection */
#define ORIGIN_FAILURES(X)                                                                           \
	X(CONNECT, 502)    /* refused, unreachable */                                                \
	X(TLS, 502)        /* no handshake: its certificate is not trusted, say */                   \
	X(TIMEOUT, 504)    /* nobody answered */                                                     \
	X(NO_ADDRESS, 503) /* its name does not resolve */                                           \
	X(BUSY, 503)       /* all have enough to do, and the line is long enough */                  \
	X(DOWN, 503)       /* every server is ejected, or failed its checks */

enum origin_failure {
	ORIGIN_OK,
#define X(e, status) ORIGIN_##e,
	ORIGIN_FAILURES(X)
#undef X
	ORIGIN_FAILURE_COUNT
};

struct origin_ops {
	void (*got)(void *user, struct server_conn *sc);
	void (*failed)(void *user, enum origin_failure why);
	struct server_ops conn;
};

/* One per loop. ops: one constant. */
struct origins *origins_new(struct loop *l, const struct origin_ops *ops);
struct servers *origins_servers(struct origins *t);
void origins_resolve_by(struct origins *t, struct tc_strs resolvers);
/* After its last origin and the last user of a connection. */
void origins_destroy(struct origins **t);

struct origin *origin_new(struct origins *t, const struct origin_settings *s, const struct server_key *servers, size_t n);
/* No request is under way at it. */
void origin_destroy(struct origin **o);

struct origin_ask {
	void *user;
	bool careful;         /* it cannot be sent twice: no kept connection that the server has closed already */
	bool fresh;           /* no kept connection at all */
	struct server *avoid; /* it failed just now; NULL: none */
};

/* got() or failed() is called, possibly before this returns. Gives a ticket that origin_cancel() takes while neither has
 * been called; NULL when one of them has. */
struct ticket *origin_get(struct origin *o, const struct origin_ask *ask);
void origin_cancel(struct ticket *t);
/*
 * Who asks would not wait: true if it does, in a line or held, and nothing has been begun for it (then cancel it). From now
 * on it fails where it would have to wait.
 */
bool origin_wait_no_more(struct ticket *t);

/* May a request be sent a second time? A share of all requests may (http.md lesson 3): spends one if so. */
bool origin_may_retry(struct origin *o);

/* Which of the origin's servers has this connection. */
size_t origin_server(const struct server_conn *sc);

/* The head of the request has been sent, but the visitor has yet to send the rest: it is not the server's turn. The
 * whole request has been sent; the head of its response has come. Between both the server is thinking. */
void origin_listens(struct server_conn *sc);
void origin_asked(struct server_conn *sc);
void origin_answered(struct server_conn *sc);
/* It broke off, was silent for too long, or said nonsense. Before put or drop. */
void origin_blame(struct server_conn *sc, enum health_error why);

/* The holder lets go: the last message on it is over and nothing unread is left; or not. */
void origin_put(struct server_conn *sc);
void origin_drop(struct server_conn *sc);

/* For the loop's expired(): a deadline of kind DEADLINE_TICKET. */
#define DEADLINE_TICKET 3
void origin_expired(struct deadline *d);

int origin_status(enum origin_failure why);

#endif
