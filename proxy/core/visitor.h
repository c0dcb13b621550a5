/*
 * visitor.h: one visitor's connection: how it comes and goes, who it is, and which protocol it speaks.
 *
 *	accept -> PROXY header, where one is due -> TLS, where the listener speaks it -> HTTP/1.1 (visitor_h1.c)
 *	                                                                                or HTTP/2 (visitor_h2.c)
 *
 * Each of these is a protocol: a table of what the connection tells it. The last one is there until the end.
 */
#ifndef CORE_VISITOR_H
#define CORE_VISITOR_H

#include "base/addr.h"
#include "core/worker.h"

struct exchange;
struct session;
struct visitor;

struct protocol {
	void (*data)(struct visitor *v, struct tc_str in);
	/* The peer will send no more (error 0), or the connection is broken. */
	void (*ended)(struct visitor *v, int error);
	void (*drained)(struct visitor *v);
	/* The visitor's deadline has passed, and it was not because it takes slowly what it is sent. */
	void (*late)(struct visitor *v);
	/* Who has a request under way gets its answer; who has not is let go, soon. */
	void (*drain)(struct visitor *v);
	/* The loop ends: nothing is under way after this. */
	void (*stop)(struct visitor *v);
	/* The descriptor is closed: free what is the protocol's. May be NULL. */
	void (*closed)(struct visitor *v);
};

struct visitor {
	struct conn conn; /* first */
	struct visitor *prev, *next;
	const struct protocol *protocol;
	struct deadline deadline;
	struct tls_server *tls_due; /* a reference, while a PROXY header is waited for */
	union {
		struct exchange *exchange; /* HTTP/1.1: NULL between requests */
		struct session *session;   /* HTTP/2 */
	};
	struct buf held;     /* bytes that came before their time: part of a head, pipelined requests */
	struct h1_scan scan; /* of the head that begins at held */
	struct tc_addr peer; /* who it is: the socket's peer, or whom its PROXY header names */
	size_t unsent;       /* bytes that waited for it when we last looked */
	uint32_t requests;
	uint16_t skipped;   /* empty line in front of the head */
	bool tls;           /* the visitor came by TLS: to us, or to the sender of its PROXY header */
	bool h2c;           /* the listener takes HTTP/2 in clear */
	bool h2_only;       /* by TLS it takes nothing else */
	bool redirect;      /* the listener's redirect: https, as it was when the connection came */
	bool pumping;       /* visitor_h1.c: pump() is on the stack */
	bool close_after;   /* no further request on this connection */
	bool told_to_close; /* conn_close() was called: the deadline ends the lingering */
};

/* listener's accepted(); the context is its struct worker_listener. */
void visitor_accept(void *listener, uv_stream_t *server);
void visitor_expired(struct deadline *d);
/* Closes idle connections; busy ones close after their answer, and who has not asked yet may do so once, soon. */
void visitor_drain(struct visitor *v);
/* At once, whatever is under way. */
void visitor_stop(struct visitor *v);

/* ---- between the visitor*.c ---- */

#define VISITOR_LAST_CALL_MS 1000 /* when draining: for the first request of a connection */

extern const struct protocol visitor_h1;
/* HTTP/2 from here on: the first bytes have yet to come. */
void visitor_h2_begin(struct visitor *v);
void visitor_h2_expired(struct deadline *d); /* of a stream */
void visitor_h2_turned(struct worker *w);    /* the events of a turn are over: what was left for then is sent */

const struct config_limits *visitor_limits(const struct visitor *v);
/* After what waits has been written; what still comes is thrown away, for a while. */
void visitor_close(struct visitor *v);
/* Keeps what came before its time. -1: it is more than we hold. */
int visitor_hold(struct visitor *v, struct tc_str in);
/* A head, or what should have come before it, that cannot even be told apart: a refusal in HTTP/1.1, and the end. */
void visitor_refuse(struct visitor *v, enum refusal why);

#endif
