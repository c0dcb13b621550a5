/* page_parts.h: what the choices page and its companions are made of (pages.h). */
#ifndef CORE_PAGE_PARTS_H
#define CORE_PAGE_PARTS_H

#include "core/markup.h"
#include "core/pages.h"

/* One page that is being written. */
struct page {
	const struct pages_ctx *ctx;
	const struct config_region *row;
	const struct language *l;
	struct markup h;
};

/* The configured path without a '/' at its end. */
struct tc_str page_choices_path(const struct config_site *site);

/* From the doctype to the heading, and from the end of what a page says to its last byte. */
void page_head(struct page *p);
void page_foot(struct page *p);

/* A link with a word in it, to address and suffix. */
void page_link(struct page *p, struct tc_str address, struct tc_str suffix, enum word w);

/* A paragraph with the state in a sentence, and what a live GPC has to say to the options, if it has. */
void page_status(struct page *p);
void page_gpc_note(struct page *p);

/* Does a live GPC keep an opt-in from working? */
bool page_gpc_wins(const struct page *p);

/* "California, US": where the visitor is taken to be, not escaped; n = 0: that is not known. */
struct tc_str page_place(const struct page *p);

/* ---- page_form.c ---- */

/* The form, set to what is so now. */
void page_form(struct page *p);

/* The answer to a POST of it: 0, -1 at the arena's limit, or the status of an error to answer instead. */
int page_post(const struct page *p, struct tc_response *res, struct tc_str *body);

/* Adds the choice cookie to an answer. 0, or -1 at the arena's limit. */
int page_set_cookie(const struct page *p, const struct choice_cookie *c, struct tc_response *res);

/* ---- page_cookies.c ---- */

/* The cookies of the site, for whoever unfolds them. */
void page_cookies(struct page *p);

/* ---- page_why.c ---- */

void page_why(struct page *p);

#endif
