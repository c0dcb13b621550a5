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

/* The page that asks, once per request. */
struct match_page {
	struct tc_str host;   /* of the site, lower case */
	struct tc_str domain; /* its registrable domain (psl_domain()); the host itself if it has none */
	tc_classes denied;    /* rules of other classes do not count */
	struct tc_strs allow[2]; /* hosts of site and route that pass every list: the host and its subdomains */
};

enum match_verdict { MATCH_NONE, MATCH_BLOCK, MATCH_ALLOW };

struct match_result {
	enum match_verdict verdict; /* MATCH_ALLOW: an exception rule beat a blocking one */
	enum tc_class class;        /* of the blocking rule */
	enum tc_pack pack;
	struct tc_str rule;         /* text of the deciding rule; lives as long as the block */
};

/* The block of this snapshot; what filter_lists' load() made. */
struct match_db;
extern const struct tc_filter filter_lists;

/*
 * Judges one absolute http(s) or ws(s) URL. No allocation, bounded time, never fails.
 * url must come from url_resolve().
 */
enum match_verdict match_url(const struct match_db *db, const struct match_page *page, const struct url *url,
    enum match_type type, struct match_result *out);

/* Adds every rule of a list text. Counters of skipped rules stay in the db. 0, or -1 when memory ends. */
struct match_db *match_new(void);
int match_add(struct match_db *db, struct tc_str text, enum tc_pack pack, enum tc_class class);
int match_build(struct match_db *db); /* after the last match_add(); then read-only */
void match_destroy(struct match_db **db);

/* The registrable domain of a lower-case host (Public Suffix List), or n = 0 for an IP address or a suffix. */
struct tc_str psl_domain(struct tc_str host);

#endif
