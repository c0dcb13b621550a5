/* h2_internal.h: what h2.c, h2_memory.c, h2_respond.c and h2_watch.c share. The only headers that show nghttp2 are read here. */
#ifndef HTTP_H2_INTERNAL_H
#define HTTP_H2_INTERNAL_H

#include <nghttp2/nghttp2.h>

#include "http/h2.h"

/* The response's fields, in the arena; values are borrowed from res. -1: they cannot be written. */
int h2_fields(const struct tc_response *res, const struct framing *f, struct tc_arena *arena, nghttp2_nv **v, size_t *n);

/* ---- h2_memory.c ---- */

struct h2_memory {
	void *frame; /* in which nghttp2 packs what it sends: its thread's; NULL: it has its own */
	void *kept;  /* what the frame held, if not all of that was sent */
	void *table; /* a page of nghttp2's, which a session without streams leaves empty */
	bool begins; /* the session is being made */
};

/* As nghttp2_session_server_new3(), for the thread that calls. m stays where it is until h2_memory_free(). */
int h2_memory_session(struct h2_memory *m, nghttp2_session **session, const nghttp2_session_callbacks *callbacks, void *user,
    const nghttp2_option *options);
/* When nghttp2_session_del() has been called. */
void h2_memory_free(struct h2_memory *m);
/*
 * Around each nghttp2_session_send(). begun: it did not send all it wanted to. In between h2_memory_sent() is told of every
 * byte that nghttp2 shows, so that it is wiped.
 */
void h2_memory_lend(struct h2_memory *m);
void h2_memory_sent(const uint8_t *p, size_t n);
void h2_memory_return(struct h2_memory *m, bool begun);
/* What holds nothing goes back to the system. */
void h2_memory_rest(struct h2_memory *m);

/* ---- h2_watch.c ---- */

#define WATCH_RESETS 32
#define WATCH_HEAD 13

struct watch {
	int32_t last;                /* the highest stream that has come */
	int32_t gap_from, gap_to;    /* left out, the last time that some were */
	int32_t reset[WATCH_RESETS]; /* by us, the latest of them, in a ring */
	unsigned resets;
	int32_t forgotten; /* the highest that was pushed out of it */
	uint32_t skip;     /* bytes until the next frame */
	uint8_t head[WATCH_HEAD], n;
	bool last_call; /* GOAWAY was sent: what comes above its stream is let pass */
};

void watch_init(struct watch *w);
void watch_reset(struct watch *w, int32_t id);
/* A frame begins, nghttp2 says. NGHTTP2_NO_ERROR, or with what the connection has to end. */
uint32_t watch_frame(struct watch *w, nghttp2_session *session, const nghttp2_frame_hd *hd);
/*
 * Walks on from *at, behind the head of a frame of which nghttp2 might not say anything; it began at *start, or before
 * in. watch_judge() judges it, once the session has all up to *start. false: none is whole.
 */
bool watch_walk(struct watch *w, struct tc_str in, size_t *at, size_t *start);
uint32_t watch_judge(const struct watch *w, nghttp2_session *session);
/* Of a type that nobody here knows. */
bool watch_is_unknown(const struct watch *w);

#endif
