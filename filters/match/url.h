/* url.h: from the bytes of an attribute or field to a host and a comparable URL (URL Standard; html.md 2.4). */
#ifndef TACET_MATCH_URL_H
#define TACET_MATCH_URL_H

#include "tacet/str.h"

enum url_scheme {
	URL_NONE, /* nothing to fetch from: fragment only, or empty */
	URL_HTTP,
	URL_HTTPS,
	URL_WS,
	URL_WSS,
	URL_DATA,
	URL_OPAQUE,  /* about: blob: javascript: mailto: tel: and whatever has no host */
	URL_UNKNOWN, /* could not be read: treat as an unknown third party */
};

/* A resolved URL. All slices point into `text`, which the caller's buffer holds. */
struct url {
	enum url_scheme scheme;
	struct tc_str text;  /* "https://host[:port]/path?query", host lower case, no fragment */
	struct tc_str host;  /* lower case, punycode kept, no trailing dot; [v6] without brackets */
	struct tc_str port;  /* n = 0: none or the scheme's default */
	struct tc_str path;  /* begins with '/' */
	struct tc_str query; /* without '?'; p = NULL: none */
	bool relative;       /* it took its host from the base */
	bool beyond;         /* its authority, or what cannot be read, has bytes beyond ASCII: here they are UTF-8 */
};

#define URL_MAX 8192 /* longer ones are cut for matching: the host and the first 8 KiB decide */

/*
 * Resolves raw (entities already decoded) against base into buf. Returns false only for URL_UNKNOWN.
 * base may be NULL for absolute URLs. buf holds URL_MAX + 64 bytes.
 */
bool url_resolve(struct url *u, struct tc_str raw, const struct url *base, char *buf);

#endif
