/* attempt.h: what server.c and attempt.c, which makes its new connections, have together. For nobody else. */
#ifndef NET_ATTEMPT_H
#define NET_ATTEMPT_H

#include "net/server.h"

struct servers {
	struct loop *loop;
	const struct server_ops *ops;
	void (*changed)(void *ctx);
	void *ctx;
	struct resolver *resolver;
	struct server *list;
};

/* ---- server.c ---- */

extern const struct conn_ops server_conn_ops;

void server_unref(struct server *s);
void server_drop_kept(struct server *s, bool all); /* all, or those to addresses that it has no more */
void server_probe(struct server *s);               /* if there is reason to */

static inline uint64_t
server_now(const struct server *s)
{
	return loop_now(s->all->loop);
}

/* ---- attempt.c ---- */

/* Asks for the addresses of its name, if their time is up. */
void server_look_up(struct server *s);
/* Its address is still one of the server's. */
bool server_conn_is_current(const struct server_conn *sc);
/* Nobody waits longer for a look-up than for a connection. */
void attempt_end_late(struct server *s);
/* Its connection can be used. */
void attempt_connected(struct server_conn *sc);
/* This address did not work: another one, or none. */
void attempt_address_failed(struct attempt *a, struct server_conn *sc, int error);

#endif
