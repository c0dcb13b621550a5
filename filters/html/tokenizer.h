/*
 * tokenizer.h: from bytes to tags, text and comments, as HTML Standard 13.2.5 says; resumable at any byte.
 *
 * A token is a slice of the caller's bytes, nothing is copied or decoded. Text and comments come in pieces as
 * large as they lie there; a tag comes when all of it is there. What a text mode is, the tree feedback says
 * (tree.h): after each tag the tokenizer is in TOK_DATA until tok_text_mode() is called.
 */
#ifndef TACET_HTML_TOKENIZER_H
#define TACET_HTML_TOKENIZER_H

#include "tacet/str.h"

enum {
	TOK_TAG_MAX = 65536, /* a longer tag comes as TOK_GIANT and is then read attribute by attribute */
	TOK_ATTR_MAX = 128,  /* so does one with more attributes */
};

/* How text is read. */
enum tok_mode {
	TOK_DATA,
	TOK_RCDATA,
	TOK_RAWTEXT,
	TOK_SCRIPT,
	TOK_PLAINTEXT,
	TOK_CDATA, /* entered by "<![CDATA[", left by "]]>" */
};

enum tok_kind {
	TOK_MORE,    /* undecided: give the same bytes again, and more behind them */
	TOK_TEXT,    /* a piece of text, to be read in the mode it came in */
	TOK_START,   /* a start tag, whole */
	TOK_END,     /* an end tag, whole */
	TOK_COMMENT, /* a piece of a comment */
	TOK_BOGUS,   /* a piece of a bogus comment: "<!x", "<?x", "</ x" */
	TOK_DOCTYPE, /* a piece of a DOCTYPE */
	TOK_NOTHING, /* "</>", "<![CDATA[" or "]]>": no token, but bytes */
	TOK_GIANT,   /* the "<name" of a tag over the limits; tok_attr() reads on */
	TOK_CUT,     /* the end came inside a tag: parsers drop what is there */
};

/* Offsets are from the '<' of the tag (tok_attr(): from the bytes given). */
struct tok_attr {
	uint32_t name, name_n;
	uint32_t value, value_n; /* without quotes; value = end of the name if there is none */
	char quote;              /* '"', '\'', 'u' for unquoted, 0 without a value */
};

struct token {
	size_t n;          /* bytes of this token, from the front */
	bool begins, ends; /* of comments, bogus ones and DOCTYPEs: first and last piece */
	/* tags only: */
	bool end_tag; /* of TOK_GIANT: which of the two */
	bool self_closing;
	struct tc_str name; /* as written */
	size_t attr_n;
	struct tok_attr attr[TOK_ATTR_MAX + 1]; /* the last one is scratch */
};

/* Zeroed = the start of a document. */
struct tok {
	uint8_t mode;      /* enum tok_mode */
	uint8_t inside;    /* enum in tokenizer.c: 0 text, or which part of a comment or declaration */
	uint8_t escape;    /* of script data: 0, 1 escaped, 2 double escaped */
	uint8_t dashes;    /* there: how many '-' came last, 2 at most */
	uint8_t scan;      /* state of the tag scan ... */
	uint8_t attrs;     /* ... attributes seen by it ... */
	uint32_t seen;     /* ... and how far into the undecided tag it got; 0: none begun */
	bool cdata;        /* CDATA sections are possible: the adjusted current node is foreign; kept by the caller */
	struct tc_str end; /* name of the end tag that ends RCDATA, RAWTEXT, SCRIPT: lower case, static */
};

/*
 * The next token at the front of in, which is never empty. last: nothing follows. Every other result than
 * TOK_MORE takes out->n >= 1 bytes. The pieces depend on the cuts, what they add up to does not.
 */
enum tok_kind tok_next(struct tok *t, struct tc_str in, bool last, struct token *out);

/* The same where a tag begins for certain: "<x" or "</x", x a letter, in text that ends at a tag. */
enum tok_kind tok_tag(struct tok *t, struct tc_str in, bool last, struct token *out);

/* After a start tag: how the text that follows is read. end: the name that ends it. */
void tok_text_mode(struct tok *t, enum tok_mode mode, struct tc_str end);

/* True between tokens in TOK_DATA: nothing is open. */
static inline bool
tok_in_data(const struct tok *t)
{
	return t->mode == TOK_DATA && t->inside == 0 && t->seen == 0;
}

enum tok_part {
	TOK_PART_MORE, /* undecided */
	TOK_PART_ATTR, /* one attribute, with the white space and '/' before it */
	TOK_PART_END,  /* the end of the tag, '>' included */
	TOK_PART_LONG, /* an attribute of more than max bytes: its name (if a is set) and where its value begins */
};

/*
 * After TOK_GIANT: the next part of the tag at the front of in. max: how long an attribute may be. *n bytes are
 * taken; TOK_PART_LONG: the bytes up to the value (or of the name, a->name_n = 0 then), and tok_long() reads on.
 */
enum tok_part tok_attr(struct tok *t, struct tc_str in, size_t max, struct tok_attr *a, bool *self_closing,
    size_t *n);

/*
 * Goes on in a long attribute: how many bytes at the front belong to it, and how many of those to its value
 * (a->value_n; the value's come first, a->quote says how it is quoted). *done: it ends there. It may take nothing
 * once, where its value begins.
 */
size_t tok_long(struct tok *t, struct tc_str in, struct tok_attr *a, bool *done);

#endif
