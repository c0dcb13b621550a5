/* charset.h: in which character encoding a page is, as far as the tokenizer must know (html.md 2.2; Encoding Standard). */
#ifndef TACET_HTML_CHARSET_H
#define TACET_HTML_CHARSET_H

#include "tacet/str.h"

enum charset {
	CHARSET_NONE,  /* not declared, or by a label that browsers do not know */
	CHARSET_ASCII, /* every byte below 0x80 is that character: read as it is */
	CHARSET_UTF16LE,
	CHARSET_UTF16BE,
	CHARSET_ISO_2022_JP,
	CHARSET_REPLACEMENT, /* browsers show nothing of it */
};

enum { CHARSET_PRESCAN = 1024 }; /* bytes that browsers look at for a meta element */

/* By its label. */
enum charset charset_of(struct tc_str label);

/* By a byte order mark; CHARSET_NONE: there is none. *n: its length. */
enum charset charset_bom(struct tc_str in, size_t *n);

/* By a meta element in the first CHARSET_PRESCAN bytes (HTML Standard 13.2.3.2). */
enum charset charset_prescan(struct tc_str in);

/*
 * Whether a body without Content-Type begins like HTML (MIME Sniffing Standard 7.1): 1 yes, 0 no, -1 not enough
 * bytes to say.
 */
int charset_sniff_html(struct tc_str in, bool last);

#endif
