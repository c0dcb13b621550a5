/*
 * claims_doc.h: a document of headings, paragraphs and lists, written as plain text, Markdown or HTML. Everything that comes
 * from a configuration is escaped here and nowhere else.
 */
#ifndef CLI_CLAIMS_DOC_H
#define CLI_CLAIMS_DOC_H

#include <stdio.h>

#include "core/markup.h"

enum doc_format { DOC_TEXT, DOC_MARKDOWN, DOC_HTML };

struct doc {
	enum doc_format format;
	struct markup m;
	bool listing; /* inside a list */
};

/* One item of a list; what has n = 0 is left out. */
struct doc_item {
	struct tc_str name;    /* in front, bold */
	struct tc_str mark;    /* a word about it: "proved" */
	bool bad;              /* the mark is no good news */
	struct tc_str quote;   /* in quotation marks */
	struct tc_str text[4]; /* sentences, each on a line of its own */
};

void doc_begin(struct doc *d, enum doc_format format, const char *title);
void doc_heading(struct doc *d, const char *text);
/* mark: a word or two in front of it, bold; NULL: none. */
void doc_paragraph(struct doc *d, const char *mark, struct tc_str text);
void doc_item(struct doc *d, const struct doc_item *item);
/* Writes it, and frees it. 0, or -1: it did not fit, and nothing was written. */
int doc_end(struct doc *d, FILE *out);

#endif
