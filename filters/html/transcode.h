/*
 * transcode.h: pages in UTF-16 and ISO-2022-JP, which cannot be tokenized as bytes, on their way to UTF-8. They are
 * decoded as browsers do (Encoding Standard 12.2 and 14.4), cut anywhere; what is no character is U+FFFD.
 *
 *	bytes -> [a character's first bytes | decoder] -> what the taker left, what is new -> taker
 */
#ifndef TACET_HTML_TRANSCODE_H
#define TACET_HTML_TRANSCODE_H

#include "charset.h"

enum { TRANSCODE_LEFT_MAX = 5 << 16 }; /* bytes that may wait for the taker: more than the rewriter ever holds */

struct transcode {
	uint8_t charset; /* enum charset; CHARSET_NONE: nothing is converted */
	/* UTF-16 */
	bool half; /* of a code unit */
	uint8_t byte;
	uint16_t high; /* surrogate, 0: none */
	/* ISO-2022-JP */
	uint8_t state, out; /* enum jp */
	uint8_t lead;
	bool fresh; /* an escape sequence came, and no character since */
	/* what the taker left */
	char *left;
	size_t left_n, left_cap;
};

/* Takes what it understands off the front of *in, leaves the rest. 0 or -1. */
typedef int (*transcode_take)(void *to, struct tc_str *in, bool last);

/* Whether there is a way from this encoding. */
bool transcode_can(enum charset c);

/* t is zeroed; transcode_can() said yes. */
void transcode_begin(struct transcode *t, enum charset c);

/* Takes all of *in. 0, or -1: the taker failed, or left too much. */
int transcode_feed(struct transcode *t, struct tc_str *in, bool last, transcode_take take, void *to);

/* Gives back and wipes what waits. t may be zeroed. */
void transcode_end(struct transcode *t);

#endif
