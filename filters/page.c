/* page.c: page.h */
#include "page.h"

#include "domain.h"

void
page_self(const struct tc_call *c, struct match_page *page)
{
	*page = (struct match_page){
		.host = c->req->host,
		.domain = c->req->host,
		.denied = c->decision->denied,
		.allow = {c->site->allow, c->route->allow},
		.only = c->decision->residency,
	};
	if (c->decision->measurement)
		page->allow[2] = c->site->acts_for_us;
	if (page->only != NULL) /* what cannot be read may be anybody's */
		page->denied |= TC_CLASS_BIT(TC_UNKNOWN);
}

void
page_of(const struct tc_call *c, struct match_page *page)
{
	struct tc_str domain = domain_of(c->req->host);

	page_self(c, page);
	if (domain.n > 0)
		page->domain = domain;
}

void
page_alone(struct match_page *page)
{
	page->allow[0].n = page->allow[1].n = page->allow[2].n = 0;
	page->only = NULL;
}

bool
page_url(const struct tc_call *c, struct url *url, char *buf)
{
	const struct tc_request *req = c->req;
	struct tc_str none = {NULL, 0};
	struct tc_str text = tc_join(c->arena,
	    (struct tc_str[]){req->scheme, TC_STR("://"), req->host, req->port.n > 0 ? TC_STR(":") : none,
		req->port, req->path, req->query.p != NULL ? TC_STR("?") : none, req->query},
	    8);

	return text.p != NULL && url_resolve(url, text, NULL, buf);
}

static bool
host_below(struct tc_str host, struct tc_str name)
{
	if (!tc_ends(host, name) || name.n == 0)
		return false;
	return host.n == name.n || host.p[host.n - name.n - 1] == '.';
}

/* Whether the operator lets this host through: named by the site or the route, or below a name there. */
static bool
page_allows(const struct match_page *page, struct tc_str host)
{
	for (size_t k = 0; k < 3; k++)
		for (size_t i = 0; i < page->allow[k].n; i++)
			if (host_below(host, page->allow[k].v[i]))
				return true;
	return false;
}

enum match_type
page_dest_type(enum tc_dest dest)
{
	static const enum match_type types[] = {
		[TC_DEST_ABSENT] = MATCH_OTHER,
		[TC_DEST_DOCUMENT] = MATCH_DOCUMENT,
		[TC_DEST_FRAME] = MATCH_SUBDOCUMENT,
		[TC_DEST_EMPTY] = MATCH_XHR,
		[TC_DEST_SCRIPT] = MATCH_SCRIPT,
		[TC_DEST_STYLE] = MATCH_STYLESHEET,
		[TC_DEST_IMAGE] = MATCH_IMAGE,
		[TC_DEST_FONT] = MATCH_FONT,
		[TC_DEST_MEDIA] = MATCH_MEDIA,
		[TC_DEST_OBJECT] = MATCH_OBJECT,
		[TC_DEST_WORKER] = MATCH_SCRIPT,
		[TC_DEST_REPORT] = MATCH_OTHER,
		[TC_DEST_OTHER] = MATCH_OTHER,
	};

	return types[dest];
}

bool
page_owns(const struct match_page *page, const struct url *url)
{
	if (url->scheme == URL_NONE || url->scheme == URL_UNKNOWN)
		return false;
	if (url->scheme == URL_DATA || url->scheme == URL_OPAQUE)
		return true;
	if (url->relative || host_below(url->host, page->domain))
		return true;
	if (page->only != NULL) /* who is listed for its residency is named, too */
		return !match_abroad(page, url);
	return page_allows(page, url->host);
}

/* ---- which responses ---- */

/*
 * text/xsl is XML to one browser and HTML to another. Parts of multipart/x-mixed-replace have types of their own, and
 * the others of that kind are archives of pages to some.
 */
static bool
is_markup(struct tc_str type)
{
	return tc_ends(type, TC_STR("+xml")) || tc_ends(type, TC_STR("/xml")) || tc_eq(type, TC_STR("text/xsl")) ||
	    tc_starts(type, TC_STR("multipart/")) || tc_eq(type, TC_STR("message/rfc822"));
}

enum page_kind
page_kind(const struct tc_response *res)
{
	struct tc_str type = res->type;

	if (tc_eq(type, TC_STR("text/html")))
		return PAGE_HTML;
	if (type.n == 0 || tc_eq(type, TC_STR("unknown/unknown")) || tc_eq(type, TC_STR("application/unknown"))) {
		struct tc_str sniff = tc_field_value(&res->fields, TC_F_X_CONTENT_TYPE_OPTIONS);

		return tc_ieq(sniff, TC_STR("nosniff")) ? PAGE_OTHER : PAGE_UNKNOWN;
	}
	return is_markup(type) ? PAGE_MARKUP : PAGE_OTHER;
}

/*
 * The MIME Sniffing Standard (7.1) wants a space or '>' after each of these. Chromium does not, and takes <article> for
 * HTML: so it is, or a page would pass unread.
 */
enum page_kind
page_sniff(struct tc_str in, bool last)
{
	static const struct tc_str marks[] = {TC_STR_INIT("<!doctype html"), TC_STR_INIT("<html"), TC_STR_INIT("<head"),
	    TC_STR_INIT("<script"), TC_STR_INIT("<iframe"), TC_STR_INIT("<h1"), TC_STR_INIT("<div"), TC_STR_INIT("<font"),
	    TC_STR_INIT("<table"), TC_STR_INIT("<a"), TC_STR_INIT("<style"), TC_STR_INIT("<title"), TC_STR_INIT("<b"),
	    TC_STR_INIT("<p"), TC_STR_INIT("<!--"), TC_STR_INIT("<?xml")};
	bool more = false, xml;

	if (in.n >= PAGE_SNIFF) {
		in.n = PAGE_SNIFF;
		last = true;
	}
	while (in.n > 0 && memchr(" \t\n\f\r", in.p[0], 5) != NULL)
		tc_skip(&in, 1);
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		xml = i + 1 == sizeof(marks) / sizeof(*marks);
		if (xml ? tc_starts(in, marks[i]) : tc_istarts(in, marks[i]))
			return xml ? PAGE_MARKUP : PAGE_HTML;
		more |= in.n < marks[i].n && tc_istarts(marks[i], in);
	}
	if (more && !last)
		return PAGE_UNKNOWN;
	return in.n > 0 && in.p[0] == '<' ? PAGE_DOUBT : PAGE_OTHER;
}
