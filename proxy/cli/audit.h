/*
 * audit.h: what the files of `tacet audit` have together.
 *
 *	page, HAR entry or URL -> struct audit_entry -> audit_entry(): the real filters, as for a visitor who said no
 *	                                                    -> findings -> audit_print_*()
 */
#ifndef CLI_AUDIT_H
#define CLI_AUDIT_H

#include <stdio.h>

#include "core/dry.h"
#include "tacet/vendor.h"

/* What was found, by how it is built. X(ENUM, "name", "what becomes of it for who said no") */
#define AUDIT_CONSTRUCTS(X)                                                                          \
	X(SCRIPT, "script", "replaced by a stand-in")                                                    \
	X(INLINE_SCRIPT, "inline script", "its loader is replaced")                                      \
	X(PIXEL, "pixel", "blanked")                                                                     \
	X(FRAME, "frame", "emptied")                                                                     \
	X(EMBED, "embed", "kept, or asked about: embeds")                                                \
	X(NOSCRIPT, "noscript", "emptied")                                                               \
	X(PRECONNECT, "preconnect", "blanked")                                                           \
	X(LINK, "link", "blanked")                                                                       \
	X(STYLE, "style", "blanked")                                                                     \
	X(MEDIA, "media", "blanked")                                                                     \
	X(OBJECT, "object", "blanked")                                                                   \
	X(ATTRIBUTE, "attribute", "emptied")                                                             \
	X(META, "meta", "emptied")                                                                       \
	X(FIELD, "response field", "removed")                                                            \
	X(COOKIE, "cookie", "not sent on, and expired")                                                  \
	X(SET_COOKIE, "set-cookie", "removed")                                                           \
	X(PARAMETER, "parameter", "stripped")                                                            \
	X(ENDPOINT, "endpoint", "answered here")                                                         \
	X(REQUEST, "request", "not made: what makes it is gone")

enum audit_construct {
#define X(e, name, done) AUDIT_##e,
	AUDIT_CONSTRUCTS(X)
#undef X
	AUDIT_CONSTRUCT_COUNT
};

struct finding {
	struct tc_str vendor; /* n = 0: nobody's in particular */
	enum tc_class class;  /* TC_UNKNOWN: no list names it */
	enum audit_construct construct;
	bool third_party;
	enum tc_pack pack;
	size_t count;
	struct tc_str example; /* of an address without its query: that may be about a person */
};

enum { AUDIT_FINDINGS_MAX = 4096 };
#define AUDIT_FILE_MAX ((size_t)64 << 20)

struct audit {
	struct tc_arena *arena; /* findings and texts; not entries */
	struct snapshot *snapshot;
	const void *lists; /* of the snapshot */
	struct tc_vendors *vendors;
	struct tc_str source;  /* as it was named */
	struct tc_str ca_file; /* whom to trust for https; n = 0: whom the system trusts */
	struct tc_str host;    /* of the site, lower case */
	struct tc_str domain;  /* its registrable domain */
	bool host_known;       /* someone said it */
	struct tc_str origin;  /* "http://host:port" where the page was fetched; n = 0: unknown */
	struct finding *findings;
	size_t n, unkept;
	size_t read, unread; /* pages and requests */

	/* the entry under way */
	const struct dry_request *in;
	bool others; /* only what no list names is of interest */
};

/* One request, and its response where in.has_response. */
struct audit_entry {
	struct dry_request in;
	enum tc_dest as;
};

/* ---- audit.c ---- */

/* Judges one entry and adds what it finds. Addresses of other sites are looked up, those of the site go through the filters. */
void audit_entry(struct audit *a, const struct audit_entry *e, struct tc_arena *arena);
/* false: it cannot be a site's. */
bool audit_set_host(struct audit *a, struct tc_str host);
int audit_failed(const char *what, const char *why); /* says so; 1 */
/* The whole file, "-": standard input; p = NULL: said why. */
struct tc_str audit_file_read(const char *path, struct tc_arena *arena);

/* ---- where it comes from: -1: go on, else the exit code ---- */

int audit_har(struct audit *a, struct tc_str text);                                               /* audit_har.c */
int audit_fetch(struct audit *a, struct tc_str url, struct audit_entry *e, struct tc_str *final); /* audit_fetch.c */

/* ---- audit_report.c ---- */

void audit_print_text(struct audit *a);
void audit_print_json(struct audit *a);
void audit_print_config(const struct audit *a, FILE *out);
/* Text that others wrote: as a column of this width and two blanks, and as a JSON string of valid UTF-8. */
void audit_put_column(struct tc_str s, int width);
void audit_put_json(struct tc_str s);
enum tc_class audit_class(struct tc_str name); /* TC_UNKNOWN: none is called so */

/* ---- audit_site.c ---- */

/* Asks the running proxy about the site a->host: what it carries. Of file and socket, which say where it is, one is NULL. */
struct audit_ask {
	const char *file, *socket;
	const char *baseline, *save; /* NULL: none */
	const char *format;
};
int audit_ask(struct audit *a, const struct audit_ask *q); /* the exit code */

#endif
