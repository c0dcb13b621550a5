/*
 * mail.c: the pixels and links of the site's e-mails, on routes of type open and click (signals.md E8). Answered here,
 * whoever asks and whatever he said: who opened what is nobody's, so that nothing of it reaches the origin. An open is
 * a picture and a number in a counter. A click is led to where the link says, which must be the site or a host that
 * the operator names: what else the link says, and what names the recipient there, is gone.
 */
#include "page.h"
#include "params.h"
#include "surrogate.h"

extern const struct tc_filter filter_mail;

enum { MAIL_URL_MAX = 4096 }; /* of a link's target */

/* ---- where a link leads ---- */

/* The value of the parameter, as it stands; p = NULL: there is none. Of several the first. */
static struct tc_str
parameter(struct tc_str query, struct tc_str name)
{
	while (query.p != NULL) {
		struct tc_str pair = tc_next(&query, '&');
		size_t at = tc_find_byte(pair, '=');

		if (at < pair.n && tc_eq(tc_str_of(pair.p, at), name))
			return tc_str_of(pair.p + at + 1, pair.n - at - 1);
	}
	return tc_str_of(NULL, 0);
}

/* A name that the site goes by; "*" names nobody. */
static bool
is_site(const struct tc_site *site, struct tc_str host)
{
	for (size_t i = 0; i < site->hosts.n; i++) {
		struct tc_str name = site->hosts.v[i];

		if (tc_eq(name, host) ||
		    (tc_starts(name, TC_STR("*.")) && tc_ends(host, tc_str_of(name.p + 1, name.n - 1))))
			return true;
	}
	return false;
}

/* Whether a link of ours may lead there: not to mail, script or another's site. */
static bool
may_lead(const struct tc_call *c, const struct url *to)
{
	struct match_page page;

	if (to->scheme != URL_HTTP && to->scheme != URL_HTTPS)
		return false;
	page_of(c, &page);
	page.allow[0] = c->route->click_targets;
	page.allow[1].n = page.allow[2].n = 0;
	return page_owns(&page, to) || is_site(c->site, to->host);
}

/* "#chapter-2", if it is a place and no parameter; n = 0: none, or it says more. */
static struct tc_str
fragment_of(struct tc_str url)
{
	struct tc_str fragment;

	tc_skip(&url, tc_find_byte(url, '#'));
	fragment = url;
	for (size_t i = 1; i < url.n; i++)
		if (!(tc_lower(url.p[i]) >= 'a' && tc_lower(url.p[i]) <= 'z') && !(url.p[i] >= '0' && url.p[i] <= '9') &&
		    url.p[i] != '-' && url.p[i] != '_')
			fragment.n = 0;
	return fragment;
}

/* What a field can hold: bytes of a URL, all others as percent triplets. p = NULL at the arena's limit. */
static struct tc_str
field_safe(struct tc_arena *arena, struct tc_str url)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = tc_alloc_bytes(arena, url.n * 3 + 1);
	size_t n = 0;

	for (size_t i = 0; out != NULL && i < url.n; i++) {
		unsigned char b = (unsigned char)url.p[i];

		if (b > ' ' && b < 0x7f && b != '"' && b != '<' && b != '>' && b != '\\') {
			out[n++] = url.p[i];
			continue;
		}
		out[n++] = '%';
		out[n++] = digits[b >> 4];
		out[n++] = digits[b & 15];
	}
	return tc_str_of(out, out != NULL ? n : 0);
}

/* The URL without what names a recipient, or carries a click. p = NULL at the arena's limit. */
static struct tc_str
without_ids(struct tc_call *c, const struct url *to, struct tc_str fragment)
{
	struct tc_str query = to->query, front = to->text;

	if (query.p != NULL) {
		front.n = (size_t)(query.p - front.p) - 1;
		if (params_strip_ids(c, to->path, &query) < 0)
			return tc_str_of(NULL, 0);
	}
	return tc_join(c->arena, (struct tc_str[]){front, query.p != NULL ? TC_STR("?") : TC_STR(""), query, fragment}, 4);
}

/* 0, or the status: nowhere that this link may lead. */
static int
target(struct tc_call *c, struct tc_str *to)
{
	struct tc_str raw = parameter(c->req->query, c->route->click_parameter), text;
	char *decoded = tc_alloc_bytes(c->arena, MAIL_URL_MAX), *buf = tc_alloc_bytes(c->arena, 2 * (URL_MAX + 64));
	struct url self, url;

	if (decoded == NULL || buf == NULL)
		return 431;
	text = param_decode(raw, decoded, MAIL_URL_MAX);
	if (raw.n == 0 || text.n == MAIL_URL_MAX || !page_url(c, &self, buf) ||
	    !url_resolve(&url, text, &self, buf + URL_MAX + 64) || !may_lead(c, &url))
		return 404;
	*to = without_ids(c, &url, fragment_of(text));
	if (to->p != NULL)
		*to = field_safe(c->arena, *to);
	return to->p != NULL ? 0 : 431;
}

/* ---- the hook ---- */

static int
mail_request(struct tc_call *c)
{
	struct tc_str to = {NULL, 0};
	int status;

	if (c->route->type == TC_ROUTE_PAGES)
		return 0;
	if (c->req->method != TC_M_GET && c->req->method != TC_M_HEAD)
		return 405;
	tc_did(c, TC_DID_ENDPOINT, TC_ADVERTISING, TC_PACK_BUILT_IN, c->route->name);
	if (c->route->type == TC_ROUTE_OPEN) {
		tc_answer(c, "image/gif", surrogate_gif, "no-store");
		tc_answer_shared(c); /* mail is read on pages of others */
		return 200;
	}
	status = target(c, &to);
	if (status != 0)
		return status;
	tc_answer(c, NULL, tc_str_of(NULL, 0), "no-store");
	tc_answer_to(c, to);
	return 302;
}

const struct tc_filter filter_mail = {
	.name = "mail",
	.help = "pixels and links of e-mails, answered without saying who",
	.phase = TC_GATE,
	.request = mail_request,
};
