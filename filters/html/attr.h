/* attr.h: what the files about attributes share: reading one value, and writing it (attr.c, attr_*.c). */
#ifndef TACET_HTML_ATTR_H
#define TACET_HTML_ATTR_H

#include "run.h"

enum { ATTR_EDITS_MAX = 64 }; /* more edits in one value: it is emptied */

/* ---- attr_value.c ---- */

struct tc_str attr_name_of(const struct element *x, size_t i);

/*
 * Whether there are several of this kind. Of these the first counts, but a browser's preload scanner goes by the last:
 * what they decide is then undecided.
 */
bool attr_repeats(const struct element *x, enum attr attr);

/* As written. */
struct tc_str attr_raw(const struct element *x, size_t i);

/*
 * A decoded value. What holds no reference is not copied; what does lies in `small`, or on the heap: a request's
 * arena should not grow with each of them.
 */
struct decoded {
	struct tc_str s;
	char *heap;
	size_t heap_n;
	char small[1024];
};

void decoded_begin(struct decoded *d, struct tc_str raw);
void decoded_end(struct decoded *d);

/* A keyword: type, rel, as ... Longer than any that matters: nothing. */
struct tc_str decoded_keyword(struct decoded *d, struct tc_str raw);

/* The value becomes `with`; "empty" without quotes needs some, or the next attribute would be its value. */
void attr_write(struct run *r, const struct element *x, size_t i, struct tc_str with);

/*
 * The attribute goes, name and all. Nothing must grow together where it stood: with an '=' behind it, or a '/' before
 * it (which could come to mean "self-closing"), something stays in its place.
 */
void attr_remove(struct run *r, const struct element *x, size_t i);

/* Edits over s, the decoded value. */
void attr_write_edits(struct run *r, const struct element *x, size_t i, struct tc_str s, const struct value_edits *edits);

/* The whole value is written anew. */
void attr_write_decoded(struct run *r, const struct element *x, size_t i, struct tc_str s, const struct value_edits *edits);

/* ---- attr_url.c: URLs, alone and among others ---- */

void attr_edit_url(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule);
void attr_edit_lazy(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule);
void attr_edit_navigate(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule);
void attr_edit_query(struct run *r, const struct element *x, size_t i); /* attr_query.c */
void attr_edit_link(struct run *r, const struct element *x, size_t i);
void attr_edit_meta(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule);
void attr_edit_base(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule);
void attr_edit_srcset(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule);
void attr_edit_list(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule);
void attr_edit_param(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule);

/* Whether it is a URL that attr_edit_url() or attr_edit_link() would replace. */
bool attr_url_denied(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule);

/* ---- attr_code.c: style, handlers, srcdoc ---- */

void attr_edit_css(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule);
void attr_edit_handler(struct run *r, const struct element *x, size_t i);
void attr_edit_srcdoc(struct run *r, const struct element *x, size_t i);

/* Whether a decoded value names a tracker as CSS does: url(), image-set() ... */
bool attr_css_denied(struct run *r, struct tc_str raw, enum tc_action action);

#endif
