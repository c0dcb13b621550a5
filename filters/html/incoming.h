/*
 * incoming.h: a page's bytes on their way to the rewriter: what they are, in which encoding, and what the head says of
 * it (html.md 2.2, 2.6). The first of them are held until that is known.
 *
 *	bytes -> sniff -> byte order mark, Content-Type, meta -> [as they are | without ESC | to UTF-8] -> taker
 */
#ifndef TACET_HTML_INCOMING_H
#define TACET_HTML_INCOMING_H

#include "../page.h"
#include "transcode.h"

struct incoming {
	uint8_t state;    /* enum incoming_state */
	uint8_t kind;     /* enum page_kind */
	uint8_t declared; /* enum charset, by Content-Type */
	uint8_t charset;  /* enum charset, of what is handed on; CHARSET_NONE: browsers guess */
	bool held;        /* the head waits for us */
	bool sniffed;     /* by the first bytes it is HTML */
	bool acts;        /* something is denied; else what cannot be read passes */
	struct transcode text;
};

/* Whether Content-Type names an encoding that nobody can read here: html_response() refuses such a page. */
bool incoming_unreadable(const struct tc_response *res);

/* In the response hook, after tc_want_body(); in is zeroed. 0 or -1. */
int incoming_head(struct tc_call *c, struct incoming *in, enum page_kind kind, bool acts);

/*
 * In the body hook. take gets what is HTML, in an encoding that is like ASCII; what is no HTML is emitted as it is. 0,
 * or -1: the taker failed, or it cannot be read.
 */
int incoming_body(struct tc_call *c, struct incoming *in, struct tc_str *bytes, bool last, transcode_take take);

void incoming_end(struct incoming *in);

#endif
