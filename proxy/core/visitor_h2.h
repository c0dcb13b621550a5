/*
 * visitor_h2.h: what the session of HTTP/2 (visitor_h2.c) and the codec of its streams (visitor_h2_codec.c) share.
 */
#ifndef CORE_VISITOR_H2_H
#define CORE_VISITOR_H2_H

#include "core/exchange.h"
#include "http/h2.h"

#define STREAM_SPANS 16

struct stream {
	struct h2_stream h2; /* first */
	struct session *session;
	struct stream *prev, *next;
	struct exchange *room;     /* its place, until there is a request */
	struct exchange *exchange; /* NULL: not yet, or over */
	struct deadline deadline;
	struct buf in, out;
	struct tc_str spans[STREAM_SPANS];
	unsigned span_n;
	size_t taken;  /* bytes of out that are gathered, but not written */
	size_t ready;  /* bytes of out and spans that are not gathered */
	size_t unsent; /* bytes that waited when we last looked */
	bool paused, feeding;
	bool came;     /* something waits for the end of the read */
	bool in_over;  /* the request has ended */
	bool end;      /* nothing follows what is ready */
	bool sent_end; /* the end is gathered */
	bool no_more;  /* the rest of the request is of no use: reset when the response has been sent */
	bool waits;    /* its exchange was told that something waits */
	bool relieved; /* nothing waits any more */
	bool cut;      /* nothing more is ready, but what a frame has begun to carry */
	bool closed;   /* by nghttp2 */
};

/* What the visitor's deadline is about. */
enum waiting { WAIT_FIRST, WAIT_HEAD, WAIT_IDLE, WAIT_STREAMS, WAIT_WRITE, WAIT_LAST_CALL, WAIT_END };

struct session {
	struct visitor *visitor;
	struct h2 *h2;
	struct stream *streams;
	size_t count;
	size_t ready;    /* bytes of all streams that are not gathered */
	size_t frames_n; /* bytes of worker.room->frames that are gathered */
	enum waiting waiting;
	int64_t rest_ms;                    /* of the time that it may be idle, when it has given back what it can; 0: that was */
	struct session *next_due, **at_due; /* at_due NULL: nothing is left for the end of the loop's turn */
	bool busy, again;                   /* bytes are read, or a turn is under way; it goes on once more */
	bool looking;                       /* session_turn() is looking at whom its turn concerns */
	bool over;                          /* nothing more will be said */
	bool any_taken;                     /* some stream's `taken` is not 0 */
};

extern const struct codec visitor_h2_codec;

static inline struct stream *
stream_of(const struct exchange *x)
{
	return x->stream;
}

/* Sends what may be sent, then looks at whom that concerns, until nothing changes; within a turn, that turn goes on. */
void session_turn(struct session *s);

/* The session has something to say at the end of the loop's turn. */
void session_due(struct session *s);

/* What waited in `in` goes on, once the exchange takes it. */
void stream_feed(struct stream *st);

/* Copies what is ready and was not gathered; -1: no memory for it. */
int stream_keep_spans(struct stream *st);

/* When `ms` have passed and the visitor took too little of what waits, visitor_h2_expired() is called; 0: never. */
void stream_patience(struct stream *st, uint64_t ms);

#endif
