/*
 * origin.h: connections to origins, one pool per loop and origin. Idle ones wait on a list, the last used first.
 *
 *	origin_get() -> an idle connection, or a new one -> got() -> user's bytes -> origin_put() or origin_drop()
 */
#ifndef NET_ORIGIN_H
#define NET_ORIGIN_H

#include "net/conn.h"

#define ORIGIN_IDLE_MAX 256       /* idle connections kept in a pool */
#define ORIGIN_IDLE_MS 20000      /* below what origins commonly allow, so that we close first */
#define ORIGIN_RESOLVE_MS 30000   /* a name is looked up again after this long */

struct origin;
struct origin_wait;

/* One connection to an origin. user is whoever holds it; NULL while idle. */
struct origin_conn {
	struct conn conn; /* first: conn_ops get it */
	struct origin *origin;
	struct deadline deadline;
	struct origin_conn *prev, *next; /* idle list */
	void *user;
	bool used_before; /* answered at least one request: the keep-alive race is possible */
	bool connected;
	union {
		uv_connect_t connect; /* until connected */
		struct buf held;      /* after: the piece of a response head that has come */
	} u;
};

/* What the user of connections gets told. All loops share one constant. */
struct origin_ops {
	void (*got)(void *user, struct origin_conn *oc);
	void (*failed)(void *user, int error); /* resolve or connect failed: no connection */
	void (*data)(void *user, struct tc_str in);
	void (*ended)(void *user, int error);
	void (*drained)(void *user);
};

struct origin *origin_new(struct loop *l, struct tc_str host, uint16_t port, const struct origin_ops *ops);
/* Closes the idle connections; frees itself when the last one in use has gone. */
void origin_destroy(struct origin **o);

/* fresh: not one from the pool. got() or failed() is called, possibly before this returns. Gives a ticket that
 * origin_cancel() takes while neither has been called; NULL when one of them has. */
struct origin_wait *origin_get(struct origin *o, void *user, bool fresh);
void origin_cancel(struct origin_wait *w);
/* The same because it took too long: the next request begins with another address. */
void origin_give_up(struct origin_wait *w);

/* Back into the pool: the last message on it is over, nothing unread is left. */
void origin_put(struct origin_conn *oc);
/* Closes it. */
void origin_drop(struct origin_conn *oc);

/* For the loop's expired(): a deadline of kind DEADLINE_ORIGIN belongs to this connection. If it is idle it is
 * closed here and NULL returned; otherwise its user has to act. */
#define DEADLINE_ORIGIN 1
struct origin_conn *origin_expired(struct deadline *d);

#endif
