/*
 * match.h: the list matcher. Asked about a URL, it says whether a rule of a denied class blocks it.
 * Built from adblock syntax (lists.md 3, 6, 7); one immutable block per snapshot, shared by all loops.
 */
#ifndef TACET_MATCH_H
#define TACET_MATCH_H

#include "tacet/filter.h"

struct url;

/* What asks for the URL: one bit each, as adblock type options name them. */
enum match_type {
	MATCH_DOCUMENT = 1 << 0,
	MATCH_SUBDOCUMENT = 1 << 1,
	MATCH_SCRIPT = 1 << 2,
	MATCH_STYLESHEET = 1 << 3,
	MATCH_IMAGE = 1 << 4,
	MATCH_FONT = 1 << 5,
	MATCH_MEDIA = 1 << 6,
	MATCH_OBJECT = 1 << 7,
	MATCH_XHR = 1 << 8,
	MATCH_PING = 1 << 9,
	MATCH_WEBSOCKET = 1 << 10,
	MATCH_OTHER = 1 << 11,
};

enum { MATCH_PAGE_GRAMS = 8 };

/* The page that asks, once per request. */
struct match_page {
	struct tc_str host;      /* of the site, lower case */
	struct tc_str domain;    /* its registrable domain (psl_domain()); the host itself if it has none */
	tc_classes denied;       /* rules of other classes do not count */
	struct tc_strs allow[2]; /* hosts of site and route that pass every list: the host and its subdomains */

	/* What match_page_ready() found out once for all URLs of the page; zeroed: nothing. */
	const struct match_db *ready;             /* in this block ... */
	bool plain_host;                          /* ... no rule is found by the host, in a URL of its own */
	bool plain_site;                          /* ... no rule is for this page alone */
	uint8_t grams, gram_at[MATCH_PAGE_GRAMS]; /* ... and only these 4-grams of "://host" are of use */
};

enum match_verdict { MATCH_NONE, MATCH_BLOCK, MATCH_ALLOW };

struct match_result {
	enum match_verdict verdict; /* MATCH_ALLOW: an exception rule beat a blocking one */
	enum tc_class class;        /* of the blocking rule */
	enum tc_pack pack;
	struct tc_str rule; /* text of the deciding rule; lives as long as the block */
};

/* The block of this snapshot; what filter_lists' load() made. */
struct match_db;
extern const struct tc_filter filter_lists;

/* Looks up what is the same for all URLs of a page. Optional: it makes match_url() faster and no different. */
void match_page_ready(struct match_page *page, const struct match_db *db);

/*
 * Judges one absolute http(s) or ws(s) URL. No allocation, bounded time, never fails.
 * url must come from url_resolve(). type: one bit, or several where the markup could mean either; a rule counts that
 * covers one of them.
 */
enum match_verdict match_url(const struct match_db *db, const struct match_page *page, const struct url *url,
    enum match_type type, struct match_result *out);

/* Why a rule of a list does nothing here. X(ENUM, "name") */
#define MATCH_SKIPS(X)                                                                               \
	X(COSMETIC, "cosmetic rule or scriptlet")                                                    \
	X(MODIFIER, "changes what a proxy does not see")                                             \
	X(REGEX, "regular expression")                                                               \
	X(OPTION, "unknown option")                                                                  \
	X(NO_LITERAL, "no text to find it by")                                                       \
	X(MALFORMED, "cannot be read")                                                               \
	X(INCLUDE, "another file")                                                                   \
	X(LIMIT, "too long or too many")                                                             \
	X(REMOVED, "removed by badfilter")

enum match_skip {
#define X(e, name) MATCH_SKIP_##e,
	MATCH_SKIPS(X)
#undef X
	MATCH_SKIP_COUNT
};

struct match_stats {
	size_t rules[TC_PACK_COUNT]; /* in force */
	size_t skipped[MATCH_SKIP_COUNT];
	size_t bytes; /* of memory; set by match_build() */
};

extern const char *const match_skip_names[MATCH_SKIP_COUNT];
const struct match_stats *match_stats(const struct match_db *db);

/*
 * Adds every rule of a list text: adblock syntax, or hosts-file lines. The rules are of this class, after a line
 * "! Class: NAME" of that one. Counters of skipped rules stay in the db. 0, or -1 when memory ends.
 */
#define MATCH_LIST_MAX ((size_t)64 << 20) /* bytes of one list; the rest is not read */
struct match_db *match_new(void);
int match_add(struct match_db *db, struct tc_str text, enum tc_pack pack, enum tc_class class);
int match_build(struct match_db *db); /* after the last match_add(); then read-only */
void match_destroy(struct match_db **db);

/* Adds the built-in pack. 0, or -1 when memory ends. */
int match_add_built_in(struct match_db *db);

/* One line of text for each pack and each reason to skip, for people: line(arg, text). */
void lists_describe(const struct match_db *db, void (*line)(void *arg, struct tc_str text), void *arg);

/* The registrable domain of a lower-case host (Public Suffix List), or n = 0 for an IP address or a suffix. */
struct tc_str psl_domain(struct tc_str host);

#endif
