/*
 * server.h: one server of an origin, as one loop sees it: its addresses, the connections kept for it, and whether it
 * can be reached. Servers live as long as a configuration in use names them, so a reload changes nothing for one that
 * stays.
 *
 *	servers (one per loop) -> server -> addresses, asked for again when their time is up
 *	                                 -> kept connections, the last used first
 *	                                 -> probe, while it is out or somebody waits for it
 *
 * A connection has one holder at a time (user); between holders it is kept.
 */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include "net/conn.h"
#include "net/health.h"
#include "net/pressure.h"
#include "net/resolve.h"
#include "net/tls_client.h"

#define SERVER_KEPT_MAX 256 /* idle connections */

struct servers;
struct server;
struct origin;

struct server_key {
	struct tc_str name; /* as configured: for metrics */
	struct tc_str host; /* n = 0: a Unix socket */
	uint16_t port;
	struct tc_str path;
	struct tls_client *tls;             /* NULL: in clear */
	const struct check_settings *check; /* NULL: none */
};

/* What the holder of a connection gets told. */
struct server_ops {
	void (*data)(void *user, struct tc_str in);
	size_t (*most)(void *user); /* see conn.h; may be NULL */
	void (*ready)(void *user);  /* see conn.h; only while conn.direct is set */
	void (*ended)(void *user, int error);
	void (*drained)(void *user); /* may be NULL */
	void (*late)(void *user);    /* the deadline has passed */
};

/* One connection to a server. */
struct server_conn {
	struct conn conn; /* first: conn_ops get it */
	struct server *server;
	struct deadline deadline;        /* the holder's; ours while it connects or is kept */
	struct server_conn *prev, *next; /* kept */
	struct attempt *attempt;         /* who waits for it to be connected */
	const struct server_ops *ops;    /* of the holder */
	void *user;                      /* whoever holds it; NULL: nobody */
	struct origin *origin;           /* whose request it carries, for origin.c */
	uint32_t taken;                  /* turn of the loop in which it got its holder: its lower half; 0: looked at */
	uint32_t taken_at;               /* ms, too; libuv waits twice in a turn for more events than it takes at once */
	uint64_t asked_at;               /* ms; 0: nothing that is measured is under way */
	uint32_t address;                /* tag of the one it was made to */
	bool used_before;                /* answered at least one request: the keep-alive race is possible */
	bool connected;
	bool thinking; /* counted in server.thinking */
	bool answered; /* the head of its response has come */
	union {
		uv_connect_t connect; /* until connected */
		struct buf held;      /* after: the piece of a response head that has come */
	} u;
};

/* One try to get a new connection: embedded in what waits for it. */
struct attempt {
	struct server *server;
	struct server_conn *conn;              /* connecting; NULL: waits for an address */
	struct attempt *prev, *next;           /* those who wait for an address */
	uint32_t tried[RESOLVE_ADDRESSES_MAX]; /* tags of addresses: which ones there are may change meanwhile */
	size_t tried_n;
	int64_t patience_ms; /* for all addresses together */
	uint64_t since;
	bool waited; /* for a look-up already */
	int error;   /* of the last address */
	/* conn NULL: error says why not. */
	void (*done)(struct attempt *a, struct server_conn *sc, int error);
};

struct server {
	struct servers *all;
	struct server *next;
	struct health *health;
	char *host, *path; /* one is NULL */
	uint16_t port;
	struct tls_client *tls;   /* NULL: in clear */
	struct tls_memory memory; /* its last session */
	size_t users;             /* origins */
	size_t refs;              /* connections, handles, a look-up under way, and 1 for all users together */
	/* addresses */
	struct addresses addresses;
	uint64_t bad_until[RESOLVE_ADDRESSES_MAX];
	unsigned turn;                      /* where the next attempt begins */
	uint64_t fresh_until, next_look_up; /* ms */
	unsigned look_ups_failed;
	bool fixed, resolving;
	struct attempt *waiting; /* for addresses */
	/* connections */
	struct server_conn *kept;
	size_t kept_count, in_use, thinking;
	struct pressure pressure;
	/* health, on this loop */
	unsigned strikes, outs; /* failures in a row; times put out without a success since */
	bool out;
	uint64_t out_until;
	unsigned watchers; /* origins that hold requests for it */
	uv_timer_t probe_timer;
	bool probing;
	struct attempt probe;
};

/* ops: of whoever takes a connection and does not set its own. changed(): a server may be usable again, or have
 * room: whoever waits should look. */
struct servers *servers_new(struct loop *l, const struct server_ops *ops, void (*changed)(void *ctx), void *ctx);
void servers_resolve_by(struct servers *t, struct tc_strs resolvers);
void servers_destroy(struct servers **t);
struct loop *servers_loop(struct servers *t);

/* The server of that key, made if there is none; one more user of it. Starts to look its name up. */
struct server *server_use(struct servers *t, const struct server_key *key);
/* The last user closes the kept connections; the memory goes when the last connection has. */
void server_unuse(struct server **s);

/* Not ejected here. What a check found is a matter of whose check it is. */
bool server_is_up(const struct server *s);

/* A kept connection, or NULL. careful: one that the server has closed meanwhile is not taken; costs a system call. */
struct server_conn *server_take(struct server *s, bool careful);

/* a->done() is called once, possibly before this returns. patience_ms: for all addresses together. */
void attempt_begin(struct attempt *a, struct server *s, int64_t patience_ms);
/* It will not be called; the attempt's memory may go. */
void attempt_cancel(struct attempt *a);

/* The holder lets go: kept for the next one at most keep_ms, if nothing speaks against it; or closed. */
void server_put(struct server_conn *sc, int64_t keep_ms);
void server_drop(struct server_conn *sc);

/* Something went wrong with it: after `failures` in a row it is out for at least out_ms. failures 0: never. */
void server_strike(struct server *s, enum health_error why, int64_t failures, int64_t out_ms);
/* It answered. */
void server_praise(struct server *s);

/* Somebody waits until it can be reached: it is probed until they have stopped. */
void server_watch(struct server *s);
void server_unwatch(struct server *s);

/* For the loop's expired(): a deadline of kind DEADLINE_SERVER. */
#define DEADLINE_SERVER 1
void server_expired(struct deadline *d);

#endif
