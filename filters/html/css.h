/* css.h: what the files about CSS share: its characters, escapes and names (CSS Syntax 3, section 4). */
#ifndef TACET_HTML_CSS_H
#define TACET_HTML_CSS_H

#include "value.h"

#define CSS_NAME_RAW_MAX 256 /* no name of interest is longer, each byte escaped */

static inline bool
css_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static inline bool
css_is_newline(char c)
{
	return c == '\n' || c == '\f' || c == '\r';
}

static inline bool
css_is_name(char c)
{
	return (c >= '0' && c <= '9') || (tc_lower(c) >= 'a' && tc_lower(c) <= 'z') || c == '-' || c == '_' ||
	    (unsigned char)c >= 0x80 || c == 0;
}

static inline int
css_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tc_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Length of the escape at s ('\' first): 2, or more for hex digits with the white space that ends them.
 * 0: not all of it is here yet. In a string a '\' before a newline is a continuation, with length too. */
size_t css_escape_length(struct tc_str s, bool last);

/* Decodes up to room bytes of raw (whole escapes only, room > 4) into out. */
size_t css_decode(struct tc_str raw, char *out, size_t room);

/* End of the name that begins at `at` (or `at` itself). open: the end of the input may be in it. */
size_t css_name_end(struct tc_str in, size_t at, bool last, bool *open);

/* Whether a raw name is this word, in any case and with any escapes. */
bool css_name_is(struct tc_str raw, struct tc_str word);

/* Whether it is "url", or a function whose strings are URLs. */
bool css_names_url(struct tc_str raw);
bool css_names_set(struct tc_str raw);

#endif
