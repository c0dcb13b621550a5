/* page.h: the page a request is for, as the matcher wants it; and which responses are pages (html.md 2.6). */
#ifndef TACET_PAGE_H
#define TACET_PAGE_H

#include "match/match.h"
#include "match/url.h"

/* The site, what is denied, and what is let through. */
void page_of(const struct tc_call *c, struct match_page *page);

/* The same for judging URLs of the very host: who is first party needs no look into the Public Suffix List. */
void page_self(const struct tc_call *c, struct match_page *page);

/* Of the page's own site alone: what is let through is not. */
void page_alone(struct match_page *page);

/* The URL of the request; false if it cannot be read. buf holds URL_MAX + 64 bytes. */
bool page_url(const struct tc_call *c, struct url *url, char *buf);

/* What a request with this Sec-Fetch-Dest asks for; MATCH_OTHER without one. A script's own request is MATCH_XHR. */
enum match_type page_dest_type(enum tc_dest dest);

/* Whether a URL is of the page's own site, or let through. What cannot be read is not. */
bool page_owns(const struct match_page *page, const struct url *url);

/* What a browser makes of a response that it shows as a document. */
enum page_kind {
	PAGE_OTHER,   /* nothing that could ask for more */
	PAGE_HTML,    /* we read it as browsers do */
	PAGE_MARKUP,  /* a document that could, and that we do not read: XML, SVG, parts of several types */
	PAGE_UNKNOWN, /* no type: browsers look at the first bytes */
	PAGE_DOUBT,   /* by the first bytes, HTML to one browser and text to another */
};

/* By its type. */
enum page_kind page_kind(const struct tc_response *res);

/* PAGE_UNKNOWN by the first bytes, no more than PAGE_SNIFF of them; PAGE_UNKNOWN again: more are needed. */
enum { PAGE_SNIFF = 1445 };
enum page_kind page_sniff(struct tc_str in, bool last);

#endif
