/* markup.h: what the visitor's pages are made of: HTML in memory of a fixed size, words, and the fields of the answer. */
#ifndef CORE_MARKUP_H
#define CORE_MARKUP_H

#include "core/words.h"
#include "tacet/filter.h"

/* Begins with p, cap and zeros. */
struct markup {
	char *p;
	size_t n, cap;
	bool full; /* something did not fit: the page is not to be used */
};

/* As it is. */
void markup_raw(struct markup *m, struct tc_str s);
#define MARKUP(m, literal) markup_raw(m, TC_STR(literal))

/* As text, or as a value in quotes. */
void markup_text(struct markup *m, struct tc_str s);
void markup_word(struct markup *m, const struct language *l, enum word w);

/* A word with a name in the place of its "{}". element: what the name stands in, "bdi"; NULL: nothing. */
void markup_named(struct markup *m, const struct language *l, enum word w, struct tc_str name, const char *element);

struct markup_line {
	enum tc_fid id;
	struct tc_str value;
};

/* Adds fields to an answer. 0, or -1 at the arena's limit. */
int markup_lines(struct tc_response *res, const struct markup_line *v, size_t n);
#define MARKUP_LINES(res, lines) markup_lines((res), (lines), sizeof(lines) / sizeof((lines)[0]))

#endif
