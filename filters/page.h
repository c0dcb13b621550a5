/* page.h: the page a request is for, as the matcher wants it. */
#ifndef TACET_PAGE_H
#define TACET_PAGE_H

#include "match/match.h"
#include "match/url.h"

/* The site, what is denied, and what is let through. */
void page_of(const struct tc_call *c, struct match_page *page);

/* The same for judging URLs of the very host: who is first party needs no look into the Public Suffix List. */
void page_self(const struct tc_call *c, struct match_page *page);

/* The URL of the request; false if it cannot be read. buf holds URL_MAX + 64 bytes. */
bool page_url(const struct tc_call *c, struct url *url, char *buf);

/* Whether the operator lets this host through: named by the site or the route, or below a name there. */
bool page_allows(const struct match_page *page, struct tc_str host);

/* Whether a URL is of the page's own site, or let through. What cannot be read is not. */
bool page_owns(const struct match_page *page, const struct url *url);

#endif
