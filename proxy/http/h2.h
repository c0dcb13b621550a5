/*
 * h2.h: a visitor's HTTP/2 connection (RFC 9113) without its socket: bytes to requests, responses to bytes. The only user
 * of nghttp2, which knows frames, HPACK and windows; what a request may be, and how much nonsense is too much, is said here.
 *
 *	bytes -> h2_receive() -> frames -> begin(), request(), data(), end(), closed()
 *	h2_respond(), h2_resume() -> h2_send() -> ready() -> put(), take() -> bytes
 *
 * None of the functions below may be called from put(), take() or ready(); h2_receive() and h2_send() from no op at all.
 */
#ifndef HTTP_H2_H
#define HTTP_H2_H

#include "http/h1.h"

struct h2;
struct h2_head;

/* One request and its response, embedded in what its owner keeps of it. */
struct h2_stream {
	int32_t id;
	struct tc_arena *arena; /* the owner's, for the head */
	struct h2_head *head;   /* while it comes; in the arena */
	uint32_t trailers;      /* bytes of them, and 32 each: counted and dropped */
	bool over;              /* the request ends with its head */
};

struct h2_ops {
	/* A request begins. The stream that it gets has an arena; NULL: there is no room, it is refused. */
	struct h2_stream *(*begin)(void *ctx);
	/*
	 * Its head has come: h as h1_parse_request() would leave it, or why it is none and has to be refused with a status.
	 * What is malformed (RFC 9113 8.1.1) does not get here: its stream is reset.
	 */
	void (*request)(struct h2_stream *s, struct head *h, const struct framing *f, enum refusal why);
	void (*data)(struct h2_stream *s, struct tc_str bytes);
	void (*end)(struct h2_stream *s); /* of the request */
	/* Both sides have ended, or it was reset. The library forgets it; h2_* must not be called for it any more. */
	void (*closed)(struct h2_stream *s);
	/* The widest h2_window() of all streams that there are; 0: there are none. */
	int32_t (*widest)(void *ctx);
	/* A stream, or the connection, is refused without an answer. */
	void (*refused)(void *ctx, enum refusal why);

	/* Output, in this order. put(): copy it, it is gone after the call. take(): the next n bytes of what ready() said. */
	void (*put)(void *ctx, struct tc_str bytes);
	size_t (*ready)(struct h2_stream *s, bool *end);
	void (*take)(struct h2_stream *s, size_t n);
	bool (*blocked)(void *ctx); /* enough waits for the socket: no more data just now */
	/* The end of the response is on its way. */
	void (*ended)(struct h2_stream *s);
};

struct h2_settings {
	uint32_t streams;           /* at a time */
	uint32_t stream_window;     /* bytes of a request's body that may wait here */
	uint32_t connection_window; /* the same of all together */
	struct h1_limits head;
};

enum h2_end {
	H2_GOES_ON,
	H2_BROKEN, /* no HTTP/2, or against its rules: what the library had to say about it is in h2_send() */
	H2_ABUSED, /* too much of what costs us and serves nobody */
	H2_OVER    /* nothing more will come or go */
};

/* Aborts without memory. Queues our SETTINGS. The thread that calls is the one that the others are called by. */
struct h2 *h2_new(const struct h2_ops *ops, void *ctx, const struct h2_settings *settings);
/* Streams that are left are not told. */
void h2_free(struct h2 **h);

/* now: milliseconds of any clock. After anything but H2_GOES_ON: h2_send(), then close. */
enum h2_end h2_receive(struct h2 *h, struct tc_str in, uint64_t now);
/* Whatever may be sent. */
enum h2_end h2_send(struct h2 *h);
/* Nothing has been under way for a while: memory that is not needed before the next stream is given back. */
void h2_rest(struct h2 *h);

/* 1xx. -1: it cannot be written. */
int h2_interim(struct h2 *h, struct h2_stream *s, const struct tc_response *res);
/*
 * The head of the response, as h1_write_response() would have it: no hop-by-hop fields, Date, Content-Length by f. body:
 * one follows, even if it turns out empty. 0, or -1: it cannot be written, or the stream is gone.
 */
int h2_respond(struct h2 *h, struct h2_stream *s, const struct tc_response *res, const struct framing *f, bool body);
/* ready() has something new to say. */
void h2_resume(struct h2 *h, struct h2_stream *s);
/* n bytes of the request's body have been used: that many more may come. */
void h2_consumed(struct h2 *h, struct h2_stream *s, size_t n);

/* So many bytes of the response's body the visitor would take; -1: the stream has ended. */
int32_t h2_window(struct h2 *h, const struct h2_stream *s);

enum h2_reset {
	H2_RESET_DONE,    /* the response is whole, the rest of the request is of no use (RFC 9113 8.1) */
	H2_RESET_BROKEN,  /* the response is not whole */
	H2_RESET_REFUSED, /* nothing was done with it: it may be sent again */
	H2_RESET_SLOW     /* the visitor takes nothing of it */
};
void h2_reset(struct h2 *h, struct h2_stream *s, enum h2_reset why);

/* No new streams after those that are on their way (GOAWAY, twice with a pause between, RFC 9113 6.8). */
void h2_drain_notice(struct h2 *h);
void h2_drain(struct h2 *h);

/* A head that has begun and is not all there. */
bool h2_head_due(const struct h2 *h);

/* ---- between h2.c, h2_head.c and h2_respond.c ---- */

/* What has come of a head (h2_head.c). */
struct h2_head {
	struct tc_fields fields;
	struct tc_str method, scheme, authority, path, protocol;
	struct tc_str cookie; /* crumbs, joined (RFC 9113 8.2.3) */
	size_t cookie_room;   /* bytes that its place has */
	size_t size, count;   /* as RFC 9113 6.5.2 counts */
	bool too_large, too_many;
};

/* A field of the head. false: no room at all. */
bool h2_head_add(
    struct h2_head *h, struct tc_arena *arena, const struct h1_limits *limits, struct tc_str name, struct tc_str value);
/*
 * All have come. REFUSAL_NONE, or why not; over: the stream ends with it. *malformed: no answer, but a reset.
 */
enum refusal h2_head_finish(struct h2_head *in, struct tc_arena *arena, const struct h1_limits *limits, bool over,
    struct head *out, struct framing *f, bool *malformed);

#endif
