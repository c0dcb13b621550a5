/*
 * embed.h: videos, maps, posts and the like that a page shows in a frame and that others serve (ux.md 1.4). What the
 * rewriter writes in their place and what the page behind it reads again is in one place, here.
 */
#ifndef TACET_EMBED_H
#define TACET_EMBED_H

#include "tacet/str.h"

/* What is shown. X(ENUM, "word in conf/lists/embeds.tsv") */
#define TC_EMBED_KINDS(X)                                                                            \
	X(VIDEO, "video")                                                                            \
	X(AUDIO, "audio")                                                                            \
	X(MAP, "map")                                                                                \
	X(POST, "post")                                                                              \
	X(FORM, "form")                                                                              \
	X(CALENDAR, "calendar")                                                                      \
	X(CONTENT, "content")

enum tc_embed_kind {
#define X(e, name) TC_EMBED_##e,
	TC_EMBED_KINDS(X)
#undef X
	TC_EMBED_KIND_COUNT
};

/* One row of the table. */
struct tc_embed {
	struct tc_str hosts; /* names with a space between them; "*.example.com": any below */
	struct tc_str path;  /* the first segments of the path */
	enum tc_embed_kind kind;
	struct tc_str vendor;   /* "YouTube" */
	struct tc_str receiver; /* who learns the visitor's address: "Google" */
	struct tc_str host;     /* privacy mode: the host that takes its place; n = 0: none */
	struct tc_str param;    /* privacy mode: "name=value" of the query; n = 0: none */
	struct tc_str page;     /* where people read it; n = 0: the embed's own URL. See tc_embed_page(). */
};

/* From conf/lists/embeds.tsv: the special before the general. */
extern const struct tc_embed tc_embeds[];
extern const size_t tc_embed_count;

/* "https://host/path?query#fragment", strictly read: no port, no user, nothing that a browser would read otherwise. */
struct tc_embed_url {
	struct tc_str text;
	struct tc_str host, path;
	struct tc_str query;    /* p = NULL: none */
	struct tc_str fragment; /* p = NULL: none */
};

#define TC_EMBED_URL_MAX 2048 /* longer ones are not carried */

/* Where the page that stands in for an embed is, and how its query begins. */
#define TC_EMBED_PATH "/.well-known/tacet/embed"
#define TC_EMBED_QUERY "url="

/* The row for a host (lower case) and a path without dot segments; NULL: it is none. */
const struct tc_embed *tc_embed_find(struct tc_str host, struct tc_str path);

/* Reads the URL of an embed; NULL: it is none, or odd. */
const struct tc_embed *tc_embed_read(struct tc_str text, struct tc_embed_url *url);

/* The same in privacy mode, into out (TC_EMBED_URL_MAX bytes); its length, 0: no room. */
size_t tc_embed_soften(const struct tc_embed *e, const struct tc_embed_url *url, char *out);

/* The address where people read it, into out (TC_EMBED_URL_MAX bytes); its length, at most that. */
size_t tc_embed_page(const struct tc_embed *e, const struct tc_embed_url *url, char *out);

/* Bytes of a query's value: all but letters, digits, '-', '.', '_' and '~' as %XX. out holds 3 * s.n bytes. */
size_t tc_embed_encode(struct tc_str s, char *out);

/* Undoes it; out holds s.n bytes. Its length, 0: it was not made so. */
size_t tc_embed_decode(struct tc_str s, char *out);

#endif
