/* host.h: the host of a URL in the one form that can be compared (URL Standard, section 3). */
#ifndef TACET_MATCH_HOST_H
#define TACET_MATCH_HOST_H

#include "tacet/str.h"

#define HOST_MAX 256

/*
 * Writes the host s (of an http or ws URL, without port) to buf: lower case, percent-decoded, punycode, IPv4 in four decimal
 * numbers, [v6] with brackets, without trailing dots. n = 0: no host, or one we cannot read.
 */
struct tc_str host_read(struct tc_str s, char buf[HOST_MAX]);

/*
 * The two halves of it for the common case: copies what is plain at the front of s (letters, digits, '-', '_', '.') to
 * buf, in lower case, and says how many bytes; and, once the host is known to end there, finishes it.
 */
size_t host_plain(struct tc_str s, char buf[HOST_MAX]);
struct tc_str host_finish(struct tc_str host, char buf[HOST_MAX]);

/* Whether a letter is written in ASCII there, or is left out. */
bool host_is_ascii(uint32_t letter);

#endif
