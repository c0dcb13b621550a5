/*
 * visitor.h: a visitor's HTTP/1.1 connection. It finds request heads, hands them to exchanges one after another, and
 * is the h1 side of the codec seam (codec.h).
 */
#ifndef CORE_VISITOR_H
#define CORE_VISITOR_H

#include "base/addr.h"
#include "core/worker.h"

struct exchange;

struct visitor {
	struct conn conn; /* first */
	struct visitor *prev, *next;
	struct deadline deadline;
	struct exchange *exchange; /* NULL: between requests */
	struct buf held;           /* bytes that came before their time: part of a head, pipelined requests */
	struct h1_scan scan;       /* of the head that begins at held */
	struct tc_addr peer;       /* who it is: the socket's peer, or whom its PROXY header names */
	size_t unsent;             /* bytes that waited for it when we last looked */
	uint32_t requests;
	uint16_t skipped;   /* empty line in front of the head */
	bool header_due;    /* a PROXY header has to come first */
	bool tls;           /* the visitor came to the sender of that header by TLS */
	bool redirect;      /* the listener's redirect: https, as it was when the connection came */
	bool pumping;       /* visitor_pump() is on the stack */
	bool close_after;   /* no further request on this connection */
	bool told_to_close; /* conn_close() was called: the deadline ends the lingering */
};

/* listener's accepted(); the context is its struct worker_listener. */
void visitor_accept(void *listener, uv_stream_t *server);
void visitor_expired(struct deadline *d);
/* Closes idle connections; busy ones close after their answer, and who has not asked yet may do so once, soon. */
void visitor_drain(struct visitor *v);

#endif
