/* page.c: the page a request is for, as the matcher wants it. */
#include "page.h"

void
page_self(const struct tc_call *c, struct match_page *page)
{
	*page = (struct match_page){
		.host = c->req->host,
		.domain = c->req->host,
		.denied = c->decision->denied,
		.allow = {c->site->allow, c->route->allow},
	};
}

void
page_of(const struct tc_call *c, struct match_page *page)
{
	struct tc_str domain = psl_domain(c->req->host);

	page_self(c, page);
	if (domain.n > 0)
		page->domain = domain;
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

bool
page_allows(const struct match_page *page, struct tc_str host)
{
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < page->allow[k].n; i++)
			if (host_below(host, page->allow[k].v[i]))
				return true;
	return false;
}

bool
page_owns(const struct match_page *page, const struct url *url)
{
	if (url->scheme == URL_NONE || url->scheme == URL_UNKNOWN)
		return false;
	if (url->scheme == URL_DATA || url->scheme == URL_OPAQUE)
		return true;
	return url->relative || host_below(url->host, page->domain) || page_allows(page, url->host);
}
