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

/* How it is asked for. What a page names is asked for with GET. */
enum match_method {
	MATCH_GET,
	MATCH_HEAD,
	MATCH_POST,
	MATCH_PUT,
	MATCH_DELETE,
	MATCH_PATCH,
	MATCH_OPTIONS,
	MATCH_CONNECT,
	MATCH_METHOD_COUNT
};

/* The page that asks, once per request. */
struct match_page {
	struct tc_str host;   /* of the site, lower case */
	struct tc_str domain; /* its registrable domain (psl_domain()); the host itself if it has none */
	tc_classes denied;    /* rules of other classes do not count */
	enum match_method method;
	struct tc_strs allow[3];    /* pass every list, with what is below: of the site, of the route, who acts for it */
	const struct tc_strs *only; /* the only third parties that may be asked; NULL: any */

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
 * Judges one absolute http(s) or ws(s) URL. Bounded time, never fails; no allocation but for regular expressions. One of
 * these that takes too many steps counts as matching if it blocks, and not if it frees.
 * url must come from url_resolve(). type: one bit, or several where the markup could mean either; a rule counts that
 * covers one of them.
 */
enum match_verdict match_url(const struct match_db *db, const struct match_page *page, const struct url *url,
    enum match_type type, struct match_result *out);

/* Residency: a third party that is not among the only ones that may be asked. match_url() blocks it, whatever lists say. */
bool match_abroad(const struct match_page *page, const struct url *url);

/*
 * The value of an option of a rule, as "redirect=noop.js" has it: p NULL if the rule has no such option, n 0 if that has
 * no value.
 */
struct tc_str match_option(struct tc_str rule, struct tc_str name);

/* Rules that block nothing but take something off: filters ask about them (listed.h). X(ENUM, "name") */
#define MATCH_CHANGES(X)                                                                             \
	X(REMOVEPARAM, "removeparam")                                                                    \
	X(COOKIE, "cookie")                                                                              \
	X(REMOVEHEADER, "removeheader")                                                                  \
	X(CSP, "csp")                                                                                    \
	X(REDIRECT_RULE, "redirect-rule")                                                                \
	X(SCRIPT_TEXT, "script:has-text")

enum match_change {
#define X(e, name) MATCH_##e,
	MATCH_CHANGES(X)
#undef X
	MATCH_CHANGE_COUNT
};

extern const char *const match_change_names[MATCH_CHANGE_COUNT];

/*
 * Whether a rule of this kind takes this name off: a parameter of the URL's query (with its value, as both are written), a
 * cookie of a request for the URL, a field of its response ("request:NAME": of the request). MATCH_ALLOW: an exception
 * keeps it. Costs a look-up of the URL for each name, and nothing where no list has such a rule.
 */
enum match_verdict match_removes(const struct match_db *db, const struct match_page *page, const struct url *url,
    enum match_type type, enum match_change kind, struct tc_str name, struct tc_str value, struct match_result *out);

/* What becomes of a cookie that stays ("$cookie=NAME;maxAge=3600;sameSite=lax"). */
struct match_softer {
	int64_t max_age;         /* seconds; -1: as it is */
	struct tc_str same_site; /* "lax", "strict"; n = 0: as it is */
};

/* The value of $cookie: false if it says nothing of the kind, or something that cannot be read. */
bool match_softer_read(struct tc_str value, struct match_softer *to);

/* As match_removes(), of rules that leave the cookie but shorten its life, or say where it is not sent. */
enum match_verdict match_softens(const struct match_db *db, const struct match_page *page, const struct url *url,
    enum match_type type, struct tc_str name, struct match_softer *to, struct match_result *out);

/*
 * The values of rules of this kind that hold for the URL: policies to add (MATCH_CSP), what to put in the place of a
 * URL if it is blocked (MATCH_REDIRECT_RULE). Exceptions have been heeded. How many: at most max, no value twice.
 */
size_t match_values(const struct match_db *db, const struct match_page *page, const struct url *url,
    enum match_type type, enum match_change kind, struct match_result *out, struct tc_str *values, size_t max);

/*
 * Rules about what inline scripts say, of a page at url: found once for a page, then each script is asked about, as much of
 * its text as is known. *class: of the rule. An expression that takes too many steps counts as found.
 */
enum { MATCH_SCRIPTS_MAX = 16 };
struct match_scripts {
	size_t n;
	uint32_t rules[MATCH_SCRIPTS_MAX];
};
void match_scripts(const struct match_db *db, const struct match_page *page, const struct url *url,
    struct match_scripts *out);
bool match_script(const struct match_db *db, const struct match_scripts *rules, struct tc_str text, enum tc_class *class);

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

/* What a rule in force is, for `tacet lists`; behind these are the changes. X(ENUM, "name") */
#define MATCH_KINDS(X)                                                                               \
	X(HOST, "host")                                                                              \
	X(PATTERN, "pattern")                                                                        \
	X(REGEX, "regex")                                                                            \
	X(EXCEPTION, "exception")

enum match_kind {
#define X(e, name) MATCH_KIND_##e,
	MATCH_KINDS(X)
#undef X
	MATCH_KIND_CHANGE,
	MATCH_KIND_COUNT = MATCH_KIND_CHANGE + MATCH_CHANGE_COUNT
};

extern const char *const match_kind_names[MATCH_KIND_COUNT];

struct match_stats {
	size_t rules[TC_PACK_COUNT]; /* in force; the next are not counted */
	size_t changes[MATCH_CHANGE_COUNT];
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

/*
 * The same for a list that has a name, and may say "!#include NAME": read() gives the text of NAME, in memory that is freed
 * here, or false if there is none. match_add() leaves such lines out and counts them. digest: SHA-256, if it is wanted.
 */
enum { MATCH_DIGEST_SIZE = 32 };
struct match_source {
	struct tc_str name, date; /* date: its version, if it does not name one */
	bool (*read)(void *arg, struct tc_str name, struct tc_str *text);
	void *arg;
	void (*digest)(struct tc_str text, uint8_t out[MATCH_DIGEST_SIZE]);
};
int match_add_with(struct match_db *db, struct tc_str text, enum tc_pack pack, enum tc_class class,
    const struct match_source *source);
int match_build(struct match_db *db); /* after the last match_add(); then read-only */
void match_destroy(struct match_db **db);

/* Adds the built-in pack. digest: as in a source, or NULL. 0, or -1 when memory ends. */
int match_add_built_in(struct match_db *db);
int match_add_pack(struct match_db *db, void (*digest)(struct tc_str text, uint8_t out[MATCH_DIGEST_SIZE]));

/* Why a file is no filter list: before its text is added, and, by the number of its list, afterwards. false: it may be one. */
struct match_fault {
	size_t line; /* 0: none */
	const char *what, *hint;
};
bool match_fault(struct tc_str text, struct match_fault *out);
bool match_doubt(const struct match_db *db, size_t list, struct match_fault *out);

/* The list inside a ruleset of npm's @adguard/dnr-rulesets, read where it is in the JSON; false: it is something else. */
bool match_from_json(struct tc_str *text);

/* A list that was added, in the order of adding; one that another includes comes behind that. Texts live with db. */
struct match_list {
	struct tc_str name, title, version, licence; /* n = 0: it does not say */
	size_t within;                               /* the number of the list that includes it; its own */
	enum tc_pack pack;
	tc_classes classes;     /* of its rules in force, but for exceptions */
	size_t lines, bad_line; /* the first that cannot be read; 0: none */
	size_t kinds[MATCH_KIND_COUNT], skipped[MATCH_SKIP_COUNT];
	const uint8_t *sha256; /* NULL: nobody asked for it */
};
size_t match_list_count(const struct match_db *db);
bool match_list(const struct match_db *db, size_t i, struct match_list *out);

/* Where a rule in a result stands, and how it is found. false: it is no rule, but a host that is allowed. */
struct match_place {
	size_t list, line; /* line 0: not known */
	bool exception, important;
	const char *index; /* "host", "text", "site", "always" */
};
bool match_place(const struct match_db *db, struct tc_str rule, struct match_place *out);

/* match_url() without exceptions: what blocks a URL that is allowed. */
enum match_verdict match_blocked(const struct match_db *db, const struct match_page *page, const struct url *url,
    enum match_type type, struct match_result *out);

/* ---- artefact.c: a block as bytes, for a file (docs/adr/0016) ---- */

#define MATCH_MAGIC "tacetls\x1a"

/* Memory that holds an artefact, and how it is given back. */
struct match_block {
	const void *p; /* at least 8-byte aligned; nobody changes it */
	size_t n;
	void (*release)(const void *p, size_t n); /* NULL: nothing to do */
};

/* Zeroed memory for one, in pages of its own, NULL if there is none; from then on only read; and back to the system. */
void *block_pages(size_t n);
void block_pages_fixed(void *p, size_t n);
void block_pages_free(const void *p, size_t n);

/* A built block as bytes, to be freed. 0, or -1 when memory ends. */
int match_image(const struct match_db *db, struct tc_str *out);

/*
 * A block of such bytes, used where they are; match_destroy() gives them back. Every offset is checked. NULL: they are
 * not what match_image() of this version made, *why says so, and the bytes stay the caller's.
 */
struct match_db *match_open(const struct match_block *bytes, const char **why);

/* Adds all rules of another block, as if its lists were added. 0, or -1 when memory ends. */
int match_merge(struct match_db *db, const struct match_db *from);

/* Whether the pack compiled in is one of the lists; *other: a built-in pack of another version is. */
bool match_has_built_in(const struct match_db *db, bool *other);

/* One line of text for each pack and each reason to skip, for people: line(arg, text). */
void lists_describe(const struct match_db *db, void (*line)(void *arg, struct tc_str text), void *arg);

/* The registrable domain of a lower-case host (Public Suffix List), or n = 0 for an IP address or a suffix. */
struct tc_str psl_domain(struct tc_str host);

#endif
