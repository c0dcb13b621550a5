/*
 * jslex.h: where in JavaScript is this byte? In code, a string, a comment, a regular expression. Read from the
 * start of a script up to the place in question; says so when JavaScript alone cannot tell (a '/' behind '}').
 */
#ifndef TACET_HTML_JSLEX_H
#define TACET_HTML_JSLEX_H

#include "tacet/str.h"

/* Kinds of bytes in scripts. */
enum js_kind {
	C_HOST = 1,   /* letters, digits, '-', '_', '%', bytes over 0x7F: what host labels are made of */
	C_URL = 2,    /* may stand in a URL inside a string constant */
	C_WORD = 4,   /* of an identifier: no word boundary */
	C_SIGN = 8,   /* signatures begin with it */
	C_IDENT = 16, /* of a word of code, bytes beyond ASCII included */
};

extern const uint8_t js_kinds[256];

static inline bool
js_is(char c, unsigned kind)
{
	return (js_kinds[(unsigned char)c] & kind) != 0;
}

enum jslex_in {
	JSLEX_CODE,
	JSLEX_STRING,
	JSLEX_TEMPLATE,
	JSLEX_LINE,  /* a comment to the end of the line */
	JSLEX_BLOCK, /* one between slashes and stars */
	JSLEX_REGEX,
	JSLEX_CLASS, /* "[...]" in a regular expression */
};

#define JSLEX_NEST_MAX 128

/* Zeroed = the start. nest: what is open, '(' 'K' (a '(' behind if, for, while, with) '{' '`' (a template's "${"). */
struct jslex {
	size_t at;
	enum jslex_in in;
	char quote;
	bool unsure;  /* a slash or brace could be read in two ways: trust nothing from here */
	char before;  /* last significant byte of code; 'R': behind it a regular expression may follow */
	bool keyword; /* the word that ends there is if, for, while or with */
	size_t depth;
	char nest[JSLEX_NEST_MAX];
};

/* Reads on to `to` (not less than before) and says where that is. Stops for good once unsure. */
enum jslex_in jslex_to(struct jslex *l, struct tc_str s, size_t to);

#endif
