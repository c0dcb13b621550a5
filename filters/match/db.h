/*
 * db.h: how the matcher keeps its rules. Built once (rule.c, build.c), then only read (match.c).
 *
 *	URL host  --suffix hashes-->  hosts  --+
 *	URL text  --4-grams-------->  grams  --+--> rule, or a list of rules in refs --> applies? matches?
 *	page host --suffix hashes-->  sites  --+
 *	                              loose  --+   (at most 16 rules that have no key at all)
 *
 * Everything refers to everything by number or offset, never by pointer, so that the arrays could be written to a
 * file and mapped. All text is in one pool; patterns point into the rules' own text where they can.
 */
#ifndef TACET_MATCH_DB_H
#define TACET_MATCH_DB_H

#include <stdatomic.h>

#include "match.h"

/* What a rule asks of a URL, beside its pattern. */
enum rule_flag {
	RULE_START = 1 << 0,      /* '|' at the start */
	RULE_END = 1 << 1,        /* '|' at the end */
	RULE_HOST = 1 << 2,       /* '||' */
	RULE_WHOLE = 1 << 3,      /* '||host' ends at the end of a host: host_n bytes, found by hash */
	RULE_CASE = 1 << 4,       /* $match-case */
	RULE_IMPORTANT = 1 << 5,  /* $important */
	RULE_EXCEPTION = 1 << 6,  /* '@@' */
	RULE_FIRST = 1 << 7,      /* applies to first-party URLs */
	RULE_THIRD = 1 << 8,      /* applies to third-party URLs */
	RULE_SAME = 1 << 9,       /* $strict1p: the page's own host only */
	RULE_OTHER = 1 << 10,     /* $strict3p: other hosts than the page's only */
	RULE_WILD = 1 << 11,      /* the pattern holds '*' */
	RULE_SEPARATOR = 1 << 12, /* the pattern holds '^' */
	RULE_REGEX = 1 << 13,     /* a regular expression; the pattern is a text that it requires, maybe none */
	RULE_CHANGE = 1 << 14     /* blocks nothing: see struct change */
};

struct rule {
	uint32_t text, pattern; /* into pool; pattern in lower case but with RULE_CASE */
	uint32_t domains;       /* into domains; 0: none */
	uint16_t text_n, pattern_n;
	uint16_t types; /* enum match_type */
	uint16_t flags;
	uint8_t class, pack;
	uint8_t host_n;  /* RULE_WHOLE */
	uint8_t gram_at; /* where in the pattern its 4-gram is */
};

/* One item of domain=, to=, denyallow= or method=. A rule's items follow each other. */
enum domain_flag {
	DOMAIN_NOT = 1 << 0,    /* '~' */
	DOMAIN_ENTITY = 1 << 1, /* "google.*": text is "google" */
	DOMAIN_TO = 1 << 2,     /* about the URL's host, not the page's */
	DOMAIN_DENY = 1 << 3,   /* denyallow: about the URL's host, and excludes */
	DOMAIN_LAST = 1 << 4,
	DOMAIN_METHOD = 1 << 5, /* with DOMAIN_DENY: n has a bit for each method that it is about */
};

struct domain {
	uint32_t text;
	uint16_t n, flags;
};

/* What a RULE_CHANGE takes off. In the order of rules. */
enum change_flag {
	CHANGE_NOT = 1 << 0,     /* '~': everything but the value */
	CHANGE_REGEX = 1 << 1,   /* the value is a regular expression: see regex_key() */
	CHANGE_NO_CASE = 1 << 2, /* its case does not matter */
	CHANGE_SOFTENS = 1 << 3  /* a cookie gets other attributes, but stays */
};

struct change {
	uint32_t rule, value; /* value: into pool */
	uint16_t value_n;
	uint8_t kind, flags; /* enum match_change, enum change_flag */
};

/* A regular expression, in the order of keys. What regex.c makes of it is in codes, NULL until it is first asked. */
struct regex {
	uint32_t key, source; /* source: into pool */
	uint16_t n, cased;
};

/* A list that was added, as struct match_list says. Texts are in pool. */
struct list_text {
	uint32_t at, n;
};

struct list_info {
	uint64_t sum; /* of its bytes: see block_sum() */
	struct list_text name, title, version, licence;
	uint32_t within;          /* the list that includes it; its own number */
	uint32_t lines, bad_line; /* the first line that cannot be read; 0: none */
	uint32_t kinds[MATCH_KIND_COUNT], skipped[MATCH_SKIP_COUNT];
	uint8_t sha256[MATCH_DIGEST_SIZE];
	uint8_t class, pack, digested;
	tc_classes classes; /* of its rules in force */
};

/* Where a rule was read: the number of its list above its line, which is 0 where there are too many. */
enum { PLACE_LINE_BITS = 22,
	LISTS_MAX = 1 << 10 };
#define PLACE_LINE ((UINT32_C(1) << PLACE_LINE_BITS) - 1)

/*
 * A hash table with open addressing. ref: 0 empty; with REF_ONE a rule's number; else where its list begins in refs,
 * whose last item has REF_LAST. Two keys with the same hash share a slot: who asks compares what the rule says.
 */
#define REF_ONE (UINT32_C(1) << 31)
#define REF_LAST (UINT32_C(1) << 31)
#define REF_NUMBER (REF_ONE - 1)

struct slot {
	uint32_t key, ref;
};

struct table {
	struct slot *slots;
	uint32_t mask; /* slots - 1; 0 and slots NULL: no rule */
};

enum { LOOSE_MAX = 16,
	GRAM_BITS = 1 << 16,
	NOTED_BITS = 1 << 17 }; /* 16 KiB: in half as many bits one of 20 would be set by chance */

struct index {
	struct table hosts, grams, sites;
	uint32_t loose[LOOSE_MAX], loose_count;
	bool important;                  /* one of the rules is */
	bool to, to_entity;              /* sites has rules by hosts that URLs have: TO_KEY; some like "google.*" */
	uint32_t noted[NOTED_BITS / 32]; /* a 4-gram whose bit is 0 is in no slot */
};

struct match_db {
	struct rule *rules;
	struct domain *domains;
	char *pool;
	uint32_t *refs;
	uint32_t rule_count, domain_count, pool_n, ref_count;
	uint32_t rule_room, domain_room, pool_room, ref_room;
	struct index block, allow, change; /* change: exceptions too */
	struct match_stats stats;
	struct change *changes;
	struct regex *regexes;
	_Atomic(void *) *codes; /* of regexes, when built */
	struct list_info *lists;
	uint32_t *places; /* of rules */
	uint32_t change_count, change_room, regex_count, regex_room, list_count, list_room, place_room;

	/* An artefact that all these arrays are part of (artefact.c); NULL: each is memory of its own. */
	struct match_block block_of;

	/* Keys of $badfilter rules. */
	uint64_t *bad;
	uint32_t bad_count, bad_room;

	uint32_t place;   /* while it is built: of what is added now */
	bool built, full; /* full: a rule had no room */
};

static inline struct tc_str
rule_pattern(const struct match_db *db, const struct rule *r)
{
	return tc_str_of(db->pool + r->pattern, r->pattern_n);
}

static inline struct tc_str
text_of(const struct match_db *db, struct list_text t)
{
	return t.n > 0 ? tc_str_of(db->pool + t.at, t.n) : tc_str_of("", 0);
}

/* Hashes of hosts go from right to left, so that each suffix of a host has one on the way. */
#define HOST_HASH 0x811c9dc5u
static inline uint32_t
host_hash_step(uint32_t h, char c)
{
	return (h ^ (uint8_t)c) * 0x01000193u;
}

/* Keys of sites: "google.*" differs from "google", and both from a URL's host and from the name that a change is about. */
#define ENTITY_KEY 0x9747b28cu
#define TO_KEY 0x51ed270bu
#define NAME_KEY 0xb5297a4du

/* The key of changes to this name; of all that have no name if n = 0. */
static inline uint32_t
change_key(unsigned kind, struct tc_str name)
{
	uint32_t h = NAME_KEY + kind;

	for (size_t i = 0; i < name.n; i++)
		h = host_hash_step(h, tc_lower(name.p[i]));
	return h;
}

/* Place in the table: FNV's upper bits are the better mixed ones. */
static inline uint32_t
slot_place(uint32_t key, uint32_t mask)
{
	return (key * 0x9e3779b1u >> 8) & mask;
}

static inline uint32_t
table_find(const struct table *t, uint32_t key)
{
	if (t->slots == NULL)
		return 0;
	for (uint32_t i = slot_place(key, t->mask); t->slots[i].ref != 0; i = (i + 1) & t->mask)
		if (t->slots[i].key == key)
			return t->slots[i].ref;
	return 0;
}

static inline uint32_t
gram_read(const char *p)
{
	uint32_t gram;

	memcpy(&gram, p, sizeof(gram));
	return gram;
}

/* The gram that begins at the i-th of eight bytes that were read at once; i < 5. */
static inline uint32_t
gram_of(uint64_t bytes, size_t i)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (uint32_t)(bytes >> 8 * i);
#else
	return (uint32_t)(bytes >> (32 - 8 * i));
#endif
}

/* Its bit among NOTED_BITS, and, more coarsely, among GRAM_BITS. */
static inline uint32_t
noted_bit(uint32_t gram)
{
	return gram * 0x9e3779b1u >> 15;
}

static inline uint32_t
gram_bit(uint32_t gram)
{
	return gram * 0x9e3779b1u >> 16;
}

/* Separators of '^': everything but letters, digits, "_-.%" and bytes beyond ASCII. */
static inline bool
is_separator(char c)
{
	return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	    c == '-' || c == '.' || c == '%' || (uint8_t)c >= 0x80);
}

/* A part of a host name: letters (lower case), digits, '-', '_', '.'. */
static inline bool
is_host_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* ---- rule.c: one line of a list ---- */

enum line_kind { LINE_RULE, LINE_BAD, LINE_SKIP };

/* A rule as read; slices point into the line. */
struct line {
	enum line_kind kind;
	enum match_skip why; /* LINE_SKIP */
	struct tc_str pattern;
	struct tc_str from, to, deny; /* values of domain=, to=, denyallow= */
	struct tc_str sites;          /* as from, but parted by commas */
	uint16_t types, flags;
	uint16_t methods;    /* a bit of each; 0: any */
	uint64_t key;        /* of pattern and options without badfilter; LINE_BAD: of the rule to remove */
	struct tc_str value; /* RULE_CHANGE: what it is about */
	enum match_change change;
	uint8_t change_flags;
};

void line_read(struct line *l, struct tc_str text);
bool script_text_read(struct line *l, struct tc_str text); /* script_text.c: false if it is another kind of rule */

/* ---- add.c: rules go into the block ---- */

/* Adds the rule of one trimmed line, at db->place, or counts why not. 0, or -1 when memory ends. */
int rule_add(struct match_db *db, struct tc_str text, enum tc_pack pack, enum tc_class class);

/* Counts a rule of the list at db->place that is not in force. */
void rule_skip(struct match_db *db, enum match_skip why);

/* Begins a list: what is added then is of it. Its number, that of the last where there are too many, or -1 when memory ends. */
int list_begin(struct match_db *db, struct tc_str name, enum tc_pack pack, enum tc_class class);

/* Tells damaged bytes from whole ones, at the speed of memory; not from forged ones. */
uint64_t block_sum(const void *p, size_t n);

/* Moves what has been built into one piece of memory, where that pays. 0, or -1 when memory ends: nothing has changed. */
int block_settle(struct match_db *db);
void arrays_free(struct match_db *db); /* build.c: those of a block that has not settled */

/* Puts text into the pool. 0, or -1 when memory ends. */
int text_add(struct match_db *db, struct tc_str text, struct list_text *to);

/* A $badfilter rule. 0, or -1 when memory ends. */
int bad_add(struct match_db *db, uint64_t key);

/*
 * pages.c: memory that an array grows in. n: its bytes, which array_resize() and array_free() are told again. NULL: there is
 * none, and nothing has changed.
 */
void *array_resize(void *p, size_t was, size_t n);
void *array_zeroed(size_t n);
void array_free(void *p, size_t n);

/* The array with room for `more` items beyond n, maybe moved; NULL when memory ends: then nothing has changed. */
void *grown(void *array, size_t size, uint32_t n, uint32_t more, uint32_t *room);

/* ---- change.c: what is asked of changes ---- */

/* A question: all that have no value (name.p NULL), or those about a name. seen: values that do not count again. */
struct change_ask {
	enum match_change kind;
	bool exceptions;
	struct tc_str name, value;
	uint32_t keys[2]; /* of sites: rules that have no better key */
	const struct tc_str *seen;
	size_t seen_n;
	bool all;     /* values are asked for, no name */
	bool softens; /* rules with CHANGE_SOFTENS, else those without */
};

/* Behind the '/' that ends "/regex/", its 'i' included: at a ';' or the end. 0: none does. */
size_t change_regex_end(struct tc_str value);

/* As match_values(), but numbers of rules. */
size_t change_all(const struct match_db *db, const struct match_page *page, const struct url *url, enum match_type type,
    enum match_change kind, struct match_result *out, uint32_t *rules, size_t max);

bool change_wanted(const struct match_db *db, const struct change_ask *q, const struct rule *r);
const struct change *change_of(const struct match_db *db, const struct rule *r);

/* match.c: the first rule of db->change that holds for the URL and is wanted, or NULL. */
const struct rule *match_change(const struct match_db *db, const struct match_page *page, const struct url *url,
    enum match_type type, const struct change_ask *q, bool important);

/* ---- regex.c ---- */

/* Of a rule's pattern, or of its change's value. */
static inline uint32_t
regex_key(uint32_t rule, bool value)
{
	return rule * 2 + value;
}

enum { REGEX_LITERAL_MAX = 250 };

size_t regex_literal(struct tc_str source, char to[REGEX_LITERAL_MAX]);

/* Adds n bytes at `source` in the pool; keys must rise, and there must be room. 0, or -1: it cannot be compiled. */
int regex_add(struct match_db *db, uint32_t key, uint32_t source, size_t n, bool cased);
int regex_ready(struct match_db *db); /* when all are there. 0, or -1 when memory ends */
void regex_free(struct match_db *db);

/* Whether it is one that browsers know too, and in our bounds; it may not compile all the same. */
bool regex_is_known(struct tc_str source);

/* undecided: the answer where a limit is met. */
bool regex_matches(const struct match_db *db, uint32_t key, struct tc_str subject, bool undecided);

#endif
