/*
 * reader.h: how the cookie of a consent tool is read, as data: conf/lists/cmp.yaml and `consent.readers` of the
 * configuration.
 *
 *	cookie -> decode -> syntax -> entries "KEY=VALUE" -> rules -> classes refused and granted, opt-out
 *
 * A key in JSON is the way to the value, "purposes.enabled"; each item of an array is an entry of its own.
 */
#ifndef CONSENT_READER_H
#define CONSENT_READER_H

#include "consent/consent.h"
#include "tacet/site.h"

enum { CONSENT_COOKIE_MAX = 4096, /* bytes; of split ones together */
	CONSENT_DEPTH_MAX = 4,
	CONSENT_ENTRIES_MAX = 256, /* looked at in one cookie */
	CONSENT_COOKIES_MAX = 64,  /* of one request; with more of them none is believed to grant anything */
	CONSENT_PARTS_MAX = 9,     /* of a split one */
	CONSENT_READERS_MAX = 200,
	CONSENT_RULES_MAX = 256,
	CONSENT_SLOTS = 32 };

/* In the order of the words in rows.c. */
enum consent_decode { CONSENT_PLAIN,
	CONSENT_URL,
	CONSENT_URL2, /* percent-encoded, perhaps twice */
	CONSENT_BASE64 };
enum consent_syntax { CONSENT_JSON,
	CONSENT_KV,
	CONSENT_VALUE, /* one entry: the cookie itself */
	CONSENT_TCF,
	CONSENT_GPP,
	CONSENT_USP };

enum consent_says { CONSENT_GRANT,
	CONSENT_REFUSE,
	CONSENT_OUT,
	CONSENT_UNDECIDED }; /* nobody was asked yet: of this cookie only opt-out flags count */

/* An entry with this key, whose value is this text, in which * stands for anything. */
struct consent_rule {
	enum consent_says says;
	enum tc_class class; /* of GRANT and REFUSE */
	struct tc_str key, value;
};

/* What divides entries (any of these bytes), and keys from values. */
struct consent_pairs {
	struct tc_str separators;
	char equals;
};

struct consent_reader {
	struct tc_str name;
	struct tc_strs cookies; /* a name may end with *: it begins with the rest */
	enum consent_decode decode;
	enum consent_syntax syntax;
	struct consent_pairs pairs; /* CONSENT_KV */
	struct tc_str list;         /* key of a member that holds pairs itself; n = 0: none */
	struct consent_pairs list_pairs;
	const struct consent_rule *rules;
	size_t rule_count;
	uint16_t start[CONSENT_SLOTS + 1]; /* of the rules of each slot (consent_order()) */
	uint64_t ways[2];                  /* marks of the ways that rules' keys begin with */
	bool missing_refuses;              /* a class that the cookie could grant and does not is refused */
	bool parts;                        /* NAME, NAME2, NAME3 ... are one text */
	int line;                          /* where it was written; 0: built in */
};

/* A name of a cookie, and who reads it. */
struct consent_name {
	struct tc_str name; /* without the * */
	bool prefix;
	uint16_t reader;
};

/*
 * All readers, and the names they read ordered by their first byte, so that a cookie that nobody reads costs one look:
 *
 *	seconds['O'] = bits 'p' & 63 ..	is there a name that begins so and has such a second byte?
 *	lengths['O'] = bits 11, 12 ...	is there one that is as long?
 *	start['O'] .. start['P'] - 1	those that begin so
 */
struct consent_readers {
	const struct consent_reader *v;
	size_t n;
	const struct consent_name *names;
	uint64_t seconds[128]; /* all bits: one may end after its first byte */
	uint64_t lengths[128]; /* bit 63: 63 and more */
	uint16_t start[129];
};

/* Fills what finds readers by names. room holds as many as all readers have names. Names are ASCII and not empty. */
void consent_index(struct consent_readers *r, struct consent_name *room);

/*
 * Orders a reader's rules, which are its own, by the slots of their keys, so that an entry is compared with few of them
 * and a way that leads nowhere with none. Equal keys become one text:
 *
 *	start[5] .. start[6] - 1	rules whose keys have slot 5: "groups.C0004=1", "groups.C0004=0", ...
 *	ways				marks of "groups", "groups.C0002", "groups.C0004", "isGpcEnabled" ...
 */
void consent_order(struct consent_reader *r, struct consent_rule *rules);

/* Whether that may be a way to a rule's key, or the list, by its mark. Most members of a cookie are neither. */
static inline size_t
consent_mark(size_t length, unsigned char first)
{
	return (length * 11 + first) % 128;
}

static inline bool
consent_marked(const struct consent_reader *r, size_t length, unsigned char first)
{
	size_t mark = consent_mark(length, first);

	return (r->ways[mark / 64] >> (mark % 64) & 1) != 0;
}

/* What one cookie says to one reader. */
void consent_apply(const struct consent_reader *r, struct tc_str cookie, struct tc_str value, int32_t day, struct consent *out);

/* ---- decoding (decode.c) ---- */

/* Do two hexadecimal digits follow each % ? */
bool consent_escaped(struct tc_str s);

/* out holds CONSENT_COOKIE_MAX bytes. false: too long, or not so encoded. */
bool consent_unescape(struct tc_str in, char *out, struct tc_str *decoded);
bool consent_unbase64(struct tc_str in, char *out, struct tc_str *decoded);

/* ---- syntaxes that make entries (json_walk.c, kv_walk.c) ---- */

/* What is known of one cookie while it is read. */
struct consent_walk {
	const struct consent_reader *reader;
	tc_classes granted, denied, unclear;
	bool out, undecided, bad;
	unsigned entries;

	/* kv_walk.c */
	unsigned levels;          /* how often values may still be percent-encoded */
	const char *escape, *end; /* the next % of the text, and where that ends */
};

/* The way to a value, joined by dots. */
struct consent_way {
	struct tc_str part[CONSENT_DEPTH_MAX];
	unsigned n;
};

/* item: one of several with this key, which need not mean anything to us. */
void consent_entry(struct consent_walk *w, const struct consent_way *way, struct tc_str value, bool item);

/* Is there a rule for this way, or for one below it? */
bool consent_leads(const struct consent_reader *r, const struct consent_way *way);

void consent_walk_json(struct consent_walk *w, struct tc_str text);

/* levels: how often values may still be percent-encoded. */
void consent_walk_kv(struct consent_walk *w, struct tc_str text, unsigned levels);

#endif
