/*
 * tree.h: what the tree builder tells the tokenizer (html.md 2.3, 6.3): text modes, foreign content, CDATA; and
 * where browsers would part, the edit that makes them agree (D2): a tag is erased, or end tags are written before it.
 *
 * Only *islands* are tracked exactly: the elements from an svg or math start tag to its end tag. Outside of them
 * implied ends and misnesting change neither text mode nor namespace, so no stack is needed there; select,
 * template and frameset, where tags are ignored, are kept as a few counts.
 */
#ifndef TACET_HTML_TREE_H
#define TACET_HTML_TREE_H

#include "names.h"
#include "tokenizer.h"

enum {
	TREE_DEPTH = 256,  /* open elements of an island; what is deeper closes it */
	TREE_NAMES = 1536, /* bytes of their names */
	TREE_NAME = 128,   /* a longer name closes it too */
};

enum tree_ns { NS_HTML,
	NS_SVG,
	NS_MATH };

/* One open element of an island. */
struct tree_node {
	uint16_t name;   /* where its name begins in names[]; it ends where the next begins */
	uint8_t ns : 7;  /* enum tree_ns */
	uint8_t raw : 1; /* foreign, of a name that HTML has for raw text */
	uint8_t point;   /* enum in tree.c: integration point */
};

enum tree_select {
	SELECT_OUT,
	SELECT_PLAIN, /* only option, optgroup, hr and text since: "</select>" closes it in every browser */
	SELECT_MIXED, /* other tags since: old and new browsers read differently */
};

/* Zeroed = the start of a document. */
struct tree {
	uint16_t n; /* open elements of the island; 0: HTML content */
	uint16_t names_n;
	uint16_t math;   /* how many of them are MathML's */
	uint16_t points; /* how many are integration points, or annotation-xml */
	uint16_t templates;
	uint16_t template_tables;  /* tables and colgroups begun in the innermost template */
	uint16_t select_templates; /* templates begun in the select */
	uint8_t select;            /* enum tree_select */
	bool select_unsure;        /* a part of a table may have ended the select */
	bool no_frameset;          /* a frameset would be ignored: "frameset-ok" is off */
	bool frameset;             /* in or after a frameset */
	bool no_script;            /* read as with scripting off: noscript is an ordinary element; set by the caller */
	bool document;             /* a tag was seen that only a whole document has */
	bool in_text;              /* in the raw text of an HTML element: the next end tag is its own */
	struct tree_node node[TREE_DEPTH];
	char names[TREE_NAMES];
};

/* What is to be done about a tag. */
struct tree_step {
	bool erase;        /* the tag goes */
	bool close_select; /* "</select>" comes before it */
	uint16_t closes;   /* end tags of that many island elements come before it: tree_close() each */
	bool foreign;      /* it is a foreign element, whatever its name is in HTML */
};

/* In plain HTML content, where a tag of an element with these flags changes nothing and needs no edit. */
static inline bool
tree_skips(const struct tree *t, unsigned flags)
{
	return (t->n | t->templates | t->select | t->frameset) == 0 && t->no_frameset &&
	    (flags & (EF_TRACK | EF_TEXT)) == 0;
}

/*
 * Before a start tag. attrs may be NULL: they are not known (TOK_GIANT). Nothing of the tag itself is entered yet;
 * base is where the attributes' offsets count from.
 */
void tree_start(struct tree *t, const struct token *tk, const char *base, enum elem e, bool attrs,
    struct tree_step *out);

/* Takes the innermost element off and returns its name, valid until the next call. closes times, then go on. */
struct tc_str tree_close(struct tree *t);

/* After that, with a tag that was not erased: it is entered. Returns the text mode that it begins. */
enum tok_mode tree_started(struct tree *t, const struct token *tk, const char *base, enum elem e);

/* The same for an end tag. Elements it closes are taken off by tree_ended(). */
void tree_end(struct tree *t, const struct token *tk, enum elem e, struct tree_step *out);
void tree_ended(struct tree *t, const struct token *tk, enum elem e);

/* Text other than white space was seen in HTML content. */
static inline void
tree_text(struct tree *t)
{
	t->no_frameset = true;
}

/* The adjusted current node is foreign: CDATA is possible. */
bool tree_foreign(const struct tree *t);

/* There a CDATA section is one to some browsers, to others a comment: the current node is an integration point. */
bool tree_at_point(const struct tree *t);

/*
 * The name of the current node if it is foreign and HTML has raw text under that name (style, script, title ...); n = 0: it is
 * not. Preload scanners know no foreign content: to them all is text there up to the first end tag of the name. So no tag and
 * no comment stays in it, and for the tree builder it is text, too.
 */
struct tc_str tree_raw(const struct tree *t);

/* The current node is SVG's, of this name. */
bool tree_in_svg(const struct tree *t, struct tc_str name);

/* HTML content in which what is inserted becomes visible: no island, select, template or frameset. */
static inline bool
tree_plain(const struct tree *t)
{
	return t->n == 0 && t->select == SELECT_OUT && t->templates == 0 && !t->frameset;
}

#endif
