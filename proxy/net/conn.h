/*
 * conn.h: one connection, plain or TLS (tls.h), which nobody above has to ask: bytes come up through ops->data and go down
 * through conn_write() (docs/adr/0002).
 *
 *	conn_write() -> socket, at once, as far as it takes it
 *	                 rest -> queue -> flight -> socket, when it is writable again
 *
 * With TLS everything below conn_write() is encrypted. Nothing bounds the queue here; who writes asks conn_pending() and
 * stops its source (CONN_HIGH).
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include "base/buf.h"
#include "net/loop.h"

#define CONN_UNSENT_MAX (128 << 10) /* what the system takes from us for a visitor beyond what is on its way */
#define CONN_HIGH (64 << 10) /* above this many waiting bytes the source is stopped */

struct conn;
struct conn_flight;
struct tls;

struct conn_ops {
	/* The handshake is over: once, before the first data(). Plain connections have none. May be NULL. */
	void (*secured)(struct conn *c);
	/* Bytes have come; they are valid during the call. */
	void (*data)(struct conn *c, struct tc_str in);
	/* How many bytes may be read at once, at least 1; NULL: as many as there are. */
	size_t (*most)(struct conn *c);
	/* Only while conn.direct is set: there are bytes to read, which are still in the socket: conn_move() takes them. */
	void (*ready)(struct conn *c);
	/* The peer has finished sending (error 0) or the connection broke (negative). Nothing comes after. NULL: it is dropped. */
	void (*ended)(struct conn *c, int error);
	/* All that waited has been written. May be NULL. */
	void (*drained)(struct conn *c);
	/* The descriptor is closed: free the memory, and nowhere else. */
	void (*closed)(struct conn *c);
};

struct conn {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} u;
	struct loop *loop;
	const struct conn_ops *ops;
	struct conn_flight *flight; /* NULL: nothing waits */
	struct tls *tls;            /* NULL: plain */
	bool reading, ended, broken, closing;
	bool direct;    /* bytes are not read here: see ready() */
	bool lingering; /* conn_close(): what still comes is thrown away */
	bool finished;  /* conn_finish(): nothing more is written */
};

void conn_init_tcp(struct conn *c, struct loop *l, const struct conn_ops *ops);
void conn_init_pipe(struct conn *c, struct loop *l, const struct conn_ops *ops);

void conn_read(struct conn *c); /* idempotent */
void conn_pause(struct conn *c);
/* Bytes that have been read already, as if they came now: what came behind a PROXY header. */
void conn_feed(struct conn *c, struct tc_str in);

/* Writes, or queues what the socket does not take. -1: the connection is broken; close it. */
int conn_write(struct conn *c, const uv_buf_t *v, unsigned n);

/*
 * Moves bytes that have come on one TCP connection to another without copying them here: at most max, and no more than
 * the second takes. When it takes next to nothing, a little is read and waits as with conn_write(): so that drained() tells
 * when to go on. Returns how many; 0: none there; negative: the first one's end (UV_EOF) or error,
 * which is not reported in another way; or to->broken is set. Neither of them is TLS.
 */
ssize_t conn_move(struct conn *from, struct conn *to, size_t max);

/* Bytes that wait to be written: those of a write under way count until all of them are. */
size_t conn_pending(const struct conn *c);
/* The same to the byte, to see whether the peer takes any. */
size_t conn_unsent(const struct conn *c);

/* Nothing more will be written: when what waits has been, the peer sees the end. What it sends still comes. Idempotent. */
void conn_finish(struct conn *c);

/*
 * Three ways to end. conn_close(): after what waits has been written, half first; then what still comes is thrown
 * away until the peer closes, so that it can read the end of an answer while it is sending (RFC 9112 9.6). The owner
 * sets a deadline and calls conn_drop() then. conn_drop(): at once. conn_abort(): at once and with a reset, so
 * that the peer sees a broken message.
 */
void conn_close(struct conn *c);
void conn_drop(struct conn *c);
void conn_abort(struct conn *c);

/* Drops every connection of the loop that has these ops: for the end of a loop. */
void conn_drop_all(struct loop *l, const struct conn_ops *ops);

static inline bool
conn_is_tls(const struct conn *c)
{
	return c->tls != NULL;
}

/* What the handshake agreed on ("h2", "http/1.1"), and the server name that the peer asked for, in lower case; n = 0: nothing. */
struct tc_str conn_alpn(const struct conn *c);
struct tc_str conn_sni(const struct conn *c);

static inline bool
conn_is_closing(const struct conn *c)
{
	return c->closing;
}

#endif
