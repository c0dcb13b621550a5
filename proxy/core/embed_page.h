/* embed_page.h: the page in a frame that asks before a video, map or post of others is loaded (ux.md 1.4, ADR 0014). */
#ifndef CORE_EMBED_PAGE_H
#define CORE_EMBED_PAGE_H

#include "core/pages.h"

#define EMBED_PAGE_STYLE "/.well-known/tacet/embed.css"

/*
 * Says what it is and who will learn the visitor's address; one link loads it in the same frame, another opens the page
 * where it is at home. Both lead to hosts of the table alone: it is no redirect for others. As page_file.answer.
 */
int embed_page(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body);

/* Its style sheet. */
int embed_page_style(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body);

#endif
