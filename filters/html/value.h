/*
 * value.h: what a single value holds. Judges of the values that the tokenizer (html.h) finds: character
 * references, srcset lists, CSS, inline scripts, refresh strings, JSON rules. None of them allocates,
 * keeps a pointer or knows about tags; each reports edits over the raw bytes it was given.
 */
#ifndef TACET_HTML_VALUE_H
#define TACET_HTML_VALUE_H

#include "tacet/str.h"

/* --- Edits ------------------------------------------------------------------------------------- */

/*
 * Bytes [from, to) of the judged text become `with`, which lives for ever (a constant). What is written
 * never holds a quote, backslash, white space, '<', '>' or '&', so it fits every way of quoting.
 */
struct value_edit {
	size_t from, to;
	struct tc_str with;
};

/*
 * Edits in ascending order, never overlapping. The caller provides v and cap >= 1 and sets n = 0.
 * overflow: there were more than cap. Then v holds one edit that empties the whole text (the streaming
 * judges instead stop in time and never set it).
 */
struct value_edits {
	struct value_edit *v;
	size_t n, cap;
	bool overflow;
};

/*
 * True when url (decoded, unresolved) leads to a tracker of a denied class. match_types are bits of enum
 * match_type (match/match.h): any that is blocked decides. Asked about every URL-like text found; must be
 * cheap and must not keep url. What it says may end without an edit: a script's comment names a tracker, too.
 */
typedef bool (*value_judge)(void *ctx, struct tc_str url, unsigned match_types);

/* --- Character references (entity.c) ----------------------------------------------------------- */

/* Room that entity_decode() needs for n bytes: "&nGt;" (5 bytes) becomes 6, nothing grows more. */
#define ENTITY_ROOM(n) ((n) + (n) / 5 + 8)

/* No character reference can be in raw: nothing to decode. */
static inline bool
entity_none(struct tc_str raw)
{
	return tc_find_byte(raw, '&') == raw.n;
}

/*
 * Decodes the character references of raw as the HTML Standard does (13.2.5.72 to 80), into UTF-8. attribute:
 * a named reference without ';' before '=' or a letter or digit stays literal. out has ENTITY_ROOM(raw.n)
 * bytes and may not overlap raw. Everything else (NUL, CR, bytes of any charset) is copied. Bytes written.
 */
size_t entity_decode(struct tc_str raw, bool attribute, char *out);

/*
 * One step of the same: decodes the reference at the front of raw ('&' first) into out (8 bytes), says in
 * *n how many bytes were written. Returns the bytes of raw it took: 1 with "&" for what is no reference.
 */
size_t entity_one(struct tc_str raw, bool attribute, char *out, size_t *n);

/* Writes a code point up to 0x10FFFF as UTF-8; surrogates as three bytes each. Returns the length, at most 4. */
size_t utf8_put(char *out, uint32_t c);

/* --- srcset (srcset.c) ------------------------------------------------------------------------- */

/*
 * The candidates of a srcset (decoded), by the standard's algorithm; edits cut out those whose URL is a
 * tracker, with one separator. The rest stays byte for byte; when all go the value becomes empty.
 */
void srcset_judge(struct tc_str decoded, value_judge judge, void *ctx, unsigned match_types,
    struct value_edits *out);

/* --- CSS (css.c) ------------------------------------------------------------------------------- */

#define CSS_TOKEN_MAX 65536 /* one longer URL is neutralised, unless it is data: (which streams through) */

/* Zeroed = the start of a style sheet. Nothing in it points anywhere. */
struct css {
	uint8_t mode;   /* enum in css.c: between tokens, in a string, comment, URL ... */
	char quote;     /* of the string we are in */
	uint8_t expect; /* a string would be: after @import, @namespace */
	bool name;      /* a name too long to matter goes on */
	uint8_t sets;   /* parentheses open since image-set( and the like */
	uint32_t seen;  /* bytes of the untaken URL already looked through */
};

/*
 * Streaming: scans in, edits tracker URLs of url(), src(), image-set() and @import to "data:,". Returns how many
 * bytes are decided; edits lie inside them. The rest is to come again with more behind it. With last, all
 * is taken. It also stops, having taken at least one token, when out is full: apply, reset out->n, call again.
 * The outcome depends on the bytes only, not on where they are cut.
 */
size_t css_judge(struct css *st, struct tc_str in, bool last, value_judge judge, void *ctx,
    struct value_edits *out);

/*
 * A whole style attribute, raw (references not decoded). False: it names a tracker and the edits cannot be
 * expressed over the raw bytes: the caller empties the value.
 */
bool css_attr(struct tc_str raw, value_judge judge, void *ctx, struct value_edits *out);

/* The same for the text of a style element in SVG or MathML, where references are decoded too. */
bool css_foreign(struct tc_str raw, value_judge judge, void *ctx, struct value_edits *out);

/* --- Scripts (script.c) ------------------------------------------------------------------------ */

#define SCRIPT_HELD_MAX 65536 /* longer ones go through script_sub */
#define SCRIPT_CARRY_MAX 512  /* what script_sub() leaves untaken at most */

enum script_kind {
	SCRIPT_JS,         /* classic or module: script_judge() */
	SCRIPT_JSON_RULES, /* speculationrules: rules_name_tracker() */
	SCRIPT_IMPORTMAP,  /* importmap_judge() */
	SCRIPT_INERT,      /* a data block: leave */
};

/* By the type and language attributes (decoded); p == NULL: not there ("" is there, and empty). */
enum script_kind script_kind_of(struct tc_str type, struct tc_str language);

/*
 * The judge is asked about every text that looks like a URL or host, file names such as "app.min.js" among
 * them: it should go by the lists alone and not refuse a host only because it is unknown.
 */
struct script_ctx {
	value_judge judge;
	void *ctx;
	bool foreign; /* in SVG: the text may hold character references and CDATA */
};

/*
 * Judges a whole inline script. Loader URLs of trackers become /.well-known/tacet/s/noop.js, parts of one get
 * a host under .invalid, nothing else changes; text that cannot be edited safely is emptied. The script's
 * syntax stays as it was. No hit: no edit.
 */
void script_judge(const struct script_ctx *ctx, struct tc_str text, struct value_edits *out);

/* A script in substitute mode (html.md 6.5). Zeroed = its start. */
struct script_sub {
	char before[16]; /* the last bytes taken */
	uint8_t n;
};

/*
 * What is over SCRIPT_HELD_MAX, from its first byte on. Contract as css_judge(). Edits are host names of the same
 * length under .invalid (never an empty text), in comments too. Not for foreign content.
 */
size_t script_sub(struct script_sub *st, const struct script_ctx *ctx, struct tc_str in, bool last,
    struct value_edits *out);

/* True when the script has any hit: event handlers, javascript: URLs (percent-encoding undone for these). */
bool script_names_tracker(const struct script_ctx *ctx, struct tc_str text);

/* --- meta refresh (refresh.c) ------------------------------------------------------------------ */

/* The URL in the content of a meta refresh or Refresh field: [*from, *to). False: none, it reloads the page. */
bool refresh_url(struct tc_str content, size_t *from, size_t *to);

/* --- JSON rules (rules_json.c) ----------------------------------------------------------------- */

/* True: these speculation rules may lead to a tracker (or cannot be read and name one): empty them. */
bool rules_name_tracker(struct tc_str text, value_judge judge, void *ctx);

/* Addresses of an import map that lead to a tracker become the no-op script; unreadable ones that name one: {}. */
void importmap_judge(struct tc_str text, value_judge judge, void *ctx, struct value_edits *out);

#endif
