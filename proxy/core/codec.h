/*
 * codec.h: the seam between an exchange and the protocol its visitor speaks. HTTP/1.1 implements it in visitor_h1.c,
 * HTTP/2 in visitor_h2_codec.c, with a stream in the visitor's place (docs/adr/0002).
 *
 * head(), body() and end() gather; flush() writes all of it at once. The bytes given to body() must stay
 * where they are until flush().
 */
#ifndef CORE_CODEC_H
#define CORE_CODEC_H

#include "http/h1.h"

struct exchange;

struct codec {
	/* An interim response: 100 Continue is the only one we send. */
	void (*proceed)(struct exchange *x);
	/* A 103 with the fields that are left of it. NULL: visitors of this protocol get none. */
	void (*hint)(struct exchange *x, const struct tc_response *res);
	/* 0, or -1: the head cannot be written. */
	int (*head)(struct exchange *x, struct tc_response *res, const struct framing *f);
	int (*body)(struct exchange *x, struct tc_str bytes);
	int (*end)(struct exchange *x); /* of a tunnel: the visitor will get no more bytes */
	/* -1: the visitor is gone. */
	int (*flush)(struct exchange *x);
	/* Bytes that the visitor has not taken yet. */
	size_t (*pending)(const struct exchange *x);
	/* Other streams of the visitor hold so much that only a little of this one should wait, too. NULL: there are none. */
	bool (*crowded)(const struct exchange *x);
	/* Flow of the request's body. */
	void (*pause)(struct exchange *x);
	void (*resume)(struct exchange *x);
	/* The visitor has this long to take or send something (write stall, slow body). 0: no deadline. */
	void (*patience)(struct exchange *x, uint64_t ms);
	/* Raw bytes of a tunnel. */
	int (*raw)(struct exchange *x, struct tc_str bytes);
	/* The connection on which bytes of the body can go as they are; NULL: none, they are wrapped in something. */
	struct conn *(*plain)(struct exchange *x);
	/* The message is cut, so that the visitor can tell. The exchange is over. */
	void (*cut)(struct exchange *x);
	/* All is written. The exchange is over. keep: another may follow. */
	void (*over)(struct exchange *x, bool keep);
};

#endif
