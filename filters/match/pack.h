/*
 * pack.h: the built-in rule pack: the fact tables of conf/lists, compiled in as constant tables.
 *
 * filters/match/mkpack.c checks the tables and writes build/gen/pack.c; pack_find.c looks things up. All of
 * it is constant: no set-up, no lock, no memory. Strings live as long as the program.
 */
#ifndef TACET_MATCH_PACK_H
#define TACET_MATCH_PACK_H

#include "tacet/class.h"
#include "tacet/str.h"

/* What to do with a name once its class is denied. POLICY: the operator decides. */
enum pack_strip { PACK_STRIP, PACK_KEEP, PACK_POLICY };

/* Who sets a cookie: a script on the page, a Set-Cookie of the site, or the vendor on its own domain only. */
enum pack_set_by { PACK_JS, PACK_HTTP, PACK_3P };

/* What a query parameter carries. X(ENUM, "name") */
#define PACK_PARAM_CLASSES(X)                                                                        \
	X(CLICK_ID, "click-id")                                                                      \
	X(USER_ID, "user-id")                                                                        \
	X(LINKER, "linker")                                                                          \
	X(AD_DETAIL, "ad-detail")                                                                    \
	X(CAMPAIGN, "campaign")                                                                      \
	X(AFFILIATE, "affiliate")                                                                    \
	X(PARAM_FUNCTIONAL, "functional")

enum pack_param_class {
#define X(e, name) PACK_##e,
	PACK_PARAM_CLASSES(X)
#undef X
	PACK_PARAM_CLASS_COUNT
};

struct pack_cookie {
	struct tc_str pattern, vendor;
	enum tc_class class;
	enum pack_strip strip;
	enum pack_set_by set_by;
};

struct pack_param {
	struct tc_str pattern, vendor;
	enum pack_param_class class;
	enum pack_strip strip;
};

struct pack_vendor {
	struct tc_str name;
	enum tc_class class;
	struct tc_str stub; /* surrogate, or a kind of one (header of conf/lists/trackers.tsv); "keep": never blocked */
};

/* Text that gives a vendor's inline script away. The byte before it must not be a letter, digit, '_' or '$'. */
struct pack_signature {
	struct tc_str text;
	bool regex;          /* text is a POSIX extended regular expression without anchors */
	enum tc_class class; /* the vendor's */
	uint16_t vendor;     /* index into pack_vendors */
};

/* A URL pattern of a vendor's, in adblock syntax without options. */
struct pack_pattern {
	struct tc_str text;
	uint16_t vendor; /* index into pack_vendors */
};

/* How to answer what arrives at a first-party tracking endpoint. */
enum pack_answer { PACK_EMPTY, PACK_GIF, PACK_SCRIPT, PACK_JSON };

struct pack_endpoint {
	struct tc_str tool;
	enum tc_class class;
	enum pack_answer answer;
	struct tc_str query, body; /* marks, as written in conf/lists/endpoints.tsv */
};

extern const struct pack_vendor pack_vendors[];
extern const size_t pack_vendor_count;
extern const struct pack_signature pack_signatures[];
extern const size_t pack_signature_count;

/* All of the vendors' URL patterns, those of vendors that are never blocked too. For reports (tacet/vendor.h). */
extern const struct pack_pattern pack_patterns[];
extern const size_t pack_pattern_count;

/* The vendors' URL patterns as one list in adblock syntax, for match_add(). */
extern const struct tc_str pack_rules;

/*
 * The row that decides about a name, or NULL: exact, regex, longest prefix, suffix, contains; the first that
 * matches. "__Host-" and "__Secure-" say nothing and are not looked at.
 */
const struct pack_cookie *pack_cookie(struct tc_str name);
const struct pack_param *pack_param(struct tc_str name);

/*
 * The first endpoint that a request to the site's own path looks like, or NULL. query without '?'. body: its first
 * bytes; p = NULL if it was not looked at: then endpoints that need a mark in it do not match.
 */
const struct pack_endpoint *pack_endpoint(struct tc_str path, struct tc_str query, struct tc_str body);

/*
 * What stands in for a script that goes: a number for pack_surrogate_url(); 0, noop.js, if nothing better is known.
 * host: lower case, n = 0 if it is not known. rest: path and query. Costs some 70 comparisons: only for what goes.
 */
#define PACK_SURROGATES "/.well-known/tacet/s/"
size_t pack_surrogate(struct tc_str host, struct tc_str rest);

/* Its path on the site, the same for ever: letters, digits and "/.-_", with query a '?' at its end. */
struct tc_str pack_surrogate_url(size_t number, bool query);
extern const size_t pack_surrogate_count;

/* ---- the generated tables, for pack_find.c ---- */

/* A script's address: this host or one below (n = 0: any), and the front of path and query ('*', '^'; lower case). */
struct pack_stub {
	struct tc_str host, rest;
	uint8_t surrogate;
};

extern const struct tc_str pack_surrogates[]; /* URLs with '?' */
extern const struct pack_stub pack_stubs[];   /* the first that fits decides */
extern const size_t pack_stub_count;

/*
 * A name or a prefix in a hash table with open addressing; n = 0: empty. The hash of a prefix of a name is an
 * intermediate value of the name's own.
 */
struct pack_key {
	const char *text;
	uint32_t hash;
	uint8_t n;
	bool prefix;
	uint16_t row;
};

/*
 * One deterministic automaton for all regular expressions of a table: a look-up takes one step a byte.
 *	state = next[state * classes + class_of[byte]]
 * State 0 is the end: nothing can match any more. accept[state] is the first row that matches if the name ends
 * here, or PACK_NO_ROW.
 */
#define PACK_NO_ROW UINT16_MAX
struct pack_dfa {
	const uint8_t *class_of;
	const uint16_t *next, *accept;
	uint16_t classes, start;
};

/* Text at the end of a name (suffix) or anywhere in it. */
struct pack_tail {
	struct tc_str text;
	bool suffix;
	uint16_t row;
};

/* With which two bytes a prefix begins, by the last five bits of each: one bit of 1024. A prefix of one byte has 32 of them. */
#define PACK_BEGIN(first, second) ((size_t)((unsigned char)(first)&31) << 5 | ((unsigned char)(second)&31))
#define PACK_BEGINS 1024

struct pack_names {
	const struct pack_key *keys;
	uint32_t mask;           /* slots - 1 */
	uint64_t prefix_lengths; /* bit n: there is a prefix of n bytes */
	uint64_t prefix_begins[PACK_BEGINS / 64];
	struct pack_dfa regexes;
	const struct pack_tail *tails; /* suffixes first */
	size_t tail_count;
};

/* With which two bytes a segment begins ('/': it ends there): one bit of 64. A path has the bits of all its segments. */
#define PACK_SEGMENT(first, second) \
	(UINT64_C(1) << (((unsigned char)(first) * 37u + (unsigned char)(second)*11u) & 63))

/*
 * A glob over the whole path ('*' any bytes, '#' one or more digits) and its row of pack_endpoints, with what shows at a
 * glance that a request is none of it. The parameters of a query, and their values, begin with two bytes as segments do.
 */
struct pack_path {
	struct tc_str glob;
	uint64_t segments;  /* PACK_SEGMENTs that the path must have; 0: none */
	uint64_t params[2]; /* of each the query must have one; all ones: anything will do */
	uint16_t row;
	bool query, body; /* there are marks */
};

struct pack_range {
	uint16_t at, n;
};

extern const struct pack_names pack_cookie_names, pack_param_names;
extern const struct pack_cookie pack_cookies[];
extern const struct pack_param pack_params[];
extern const size_t pack_cookie_count, pack_param_count;
extern const struct pack_endpoint pack_endpoints[];
extern const size_t pack_endpoint_count;
extern const struct pack_path pack_paths[];
extern const uint16_t pack_path_lists[];                 /* numbers of pack_paths, ascending within a range */
extern const struct pack_range pack_path_by_segment[65]; /* which range, by a bit of a path's segments; 64: any path */

/* The hash of names, byte by byte from PACK_HASH (FNV-1a). */
#define PACK_HASH 2166136261u
static inline uint32_t
pack_hash_step(uint32_t h, char c)
{
	return (h ^ (uint8_t)c) * 16777619u;
}

#endif
