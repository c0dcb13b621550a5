/*
 * pages.c: the choices page and its two companions.
 *
 *	GET  /privacy-choices        the state, then the form
 *	POST /privacy-choices        303 to saved, with the cookie
 *	GET  /privacy-choices/saved  sees whether the cookie came back
 *	GET  /privacy-choices/why    the decision of this request in words
 *
 * Plain HTML without scripts or inline style, so that no tag can break it. Whatever is not a constant is escaped.
 */
#include "core/pages.h"

#include <assert.h>

#include "core/markup.h"
#include "core/page_files.h"

#define PAGE_MAX ((size_t)24 << 10)
#define HONORED "Opt-Out Request Honored"

#define HTML_TYPE "text/html"
#define PAGE_CSP \
	"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; " \
	"frame-ancestors 'none'"

/* ---- what the pages have in common ---- */

struct page {
	const struct pages_ctx *ctx;
	const struct config_region *row;
	const struct language *l;
	struct markup h;
};

/* The configured path without a '/' at its end. */
static struct tc_str
choices_path(const struct config_site *site)
{
	struct tc_str path = site->pub.choices_path;

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

static bool
is_california(const struct page *p)
{
	return tc_eq(p->row->link_text, TC_STR("california"));
}

static void
title(struct page *p)
{
	if (is_california(p))
		MARKUP(&p->h, "<span lang=\"en\">Your Privacy Choices</span>");
	else
		markup_word(&p->h, p->l, W_TITLE);
}

static void
link_to(struct page *p, struct tc_str address, struct tc_str suffix, enum word w)
{
	MARKUP(&p->h, "<a href=\"");
	markup_text(&p->h, address);
	markup_raw(&p->h, suffix);
	MARKUP(&p->h, "\">");
	markup_word(&p->h, p->l, w);
	MARKUP(&p->h, "</a>");
}

static void
head(struct page *p)
{
	MARKUP(&p->h, "<!doctype html>\n<html lang=\"");
	markup_raw(&p->h, p->l->tag);
	MARKUP(&p->h, "\" dir=\"");
	markup_raw(&p->h, p->l->right_to_left ? TC_STR("rtl") : TC_STR("ltr"));
	MARKUP(&p->h, "\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"robots\" content=\"noindex\">\n<title>");
	if (is_california(p))
		MARKUP(&p->h, "Your Privacy Choices");
	else
		markup_word(&p->h, p->l, W_TITLE);
	MARKUP(&p->h, "</title>\n<link rel=\"stylesheet\" href=\"" PAGE_STYLE "\">\n</head>\n<body>\n<main>\n<h1>");
	title(p);
	MARKUP(&p->h, "</h1>\n");
}

static void
foot(struct page *p)
{
	const struct tc_site *site = &p->ctx->site->pub;

	MARKUP(&p->h, "</main>\n<footer>\n<ul>\n<li>");
	link_to(p, TC_STR("/"), TC_STR(""), W_HOME);
	MARKUP(&p->h, "</li>\n");
	if (site->policy.n > 0) {
		MARKUP(&p->h, "<li>");
		link_to(p, site->policy, TC_STR(""), W_POLICY);
		MARKUP(&p->h, "</li>\n");
	}
	if (p->ctx->site->choices_limit_url.n > 0) {
		MARKUP(&p->h, "<li><a lang=\"en\" href=\"");
		markup_text(&p->h, p->ctx->site->choices_limit_url);
		MARKUP(&p->h, "\">Limit the Use of My Sensitive Personal Information</a></li>\n");
	}
	MARKUP(&p->h, "<li lang=\"en\"><a href=\"https://db-ip.com\" rel=\"noreferrer\">IP Geolocation by DB-IP</a></li>\n"
	    "</ul>\n</footer>\n</body>\n</html>\n");
}

/* The legal phrase stays exact in English; its translation follows. */
static void
honored(struct page *p)
{
	struct tc_str translation = word_in(p->l, W_HONORED);

	if (translation.n == 0) {
		MARKUP(&p->h, " " HONORED ".");
		return;
	}
	MARKUP(&p->h, " <span lang=\"en\">" HONORED "</span> (");
	markup_text(&p->h, translation);
	MARKUP(&p->h, ").");
}

/* What is so now, by who decided it. */
static const enum word STATE_WORDS[TC_SRC_COUNT] = {
	[TC_SRC_NONE] = W_NOT_OUT,
	[TC_SRC_GPC] = W_GPC,
	[TC_SRC_DNT] = W_DNT,
	[TC_SRC_ACCOUNT] = W_ACCOUNT_OUT,
	[TC_SRC_CHOICE] = W_OUT,
	[TC_SRC_CONSENT] = W_OUT,
	[TC_SRC_REGION] = W_REGION_OUT,
	[TC_SRC_ROUTE] = W_ROUTE_OUT,
};

static void
status(struct page *p)
{
	const struct tc_decision *d = p->ctx->decision;

	MARKUP(&p->h, "<p role=\"status\">");
	if (!d->out && d->src != TC_SRC_NONE) {
		markup_word(&p->h, p->l, W_NOT_OUT);
		MARKUP(&p->h, " ");
		markup_word(&p->h, p->l, W_ALLOWED);
	} else {
		markup_word(&p->h, p->l, STATE_WORDS[d->src]);
	}
	if (d->person)
		honored(p);
	MARKUP(&p->h, "</p>\n");
}

/* Does a live GPC keep an opt-in from working? */
static bool
gpc_wins(const struct page *p)
{
	return p->ctx->facts->gpc && (p->row->honour & HONOUR_GPC) != 0 && !p->row->gpc_override_opt_in;
}

static void
gpc_note(struct page *p)
{
	if (!gpc_wins(p))
		return;
	MARKUP(&p->h, "<p>");
	markup_word(&p->h, p->l, W_GPC_WINS);
	MARKUP(&p->h, "</p>\n");
}

static bool
path_is(const struct page *p, struct tc_str suffix)
{
	struct tc_str base = choices_path(p->ctx->site), path = p->ctx->req->match;

	if (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path.n == base.n + suffix.n && tc_starts(path, base) && tc_ends(path, suffix);
}

/* ---- the form ---- */

static const struct tc_str CLASS_NAMES[TC_CLASS_COUNT] = {
#define X(e, name) [TC_##e] = TC_STR_INIT(name),
    TC_CLASSES(X)
#undef X
};

/* What a visitor may switch off while allowing the rest; advertising is what the two options are about. */
static const enum tc_class SWITCHES[] = {TC_ANALYTICS, TC_PERSONALISATION, TC_SOCIAL};

#define SWITCH_COUNT (sizeof(SWITCHES) / sizeof(SWITCHES[0]))

static void
option(struct page *p, struct tc_str value, bool checked, enum word w)
{
	MARKUP(&p->h, "<p><label><input type=\"radio\" name=\"choice\" value=\"");
	markup_raw(&p->h, value);
	markup_raw(&p->h, checked ? TC_STR("\" checked> ") : TC_STR("\"> "));
	markup_word(&p->h, p->l, w);
	MARKUP(&p->h, "</label></p>\n");
}

static void
class_switch(struct page *p, enum tc_class c, bool checked)
{
	MARKUP(&p->h, "<p><label><input type=\"checkbox\" name=\"deny\" value=\"");
	markup_raw(&p->h, CLASS_NAMES[c]);
	markup_raw(&p->h, checked ? TC_STR("\" checked> ") : TC_STR("\"> "));
	markup_word(&p->h, p->l, (enum word)(W_ANALYTICS + (int)c));
	MARKUP(&p->h, "</label></p>\n");
}

static void
form(struct page *p)
{
	tc_classes denied = p->ctx->cookie != NULL ? p->ctx->cookie->denied : 0;
	bool out = p->ctx->decision->out;

	MARKUP(&p->h, "<form method=\"post\" action=\"");
	markup_text(&p->h, choices_path(p->ctx->site));
	MARKUP(&p->h, "\">\n<fieldset>\n<legend>");
	markup_word(&p->h, p->l, W_QUESTION);
	MARKUP(&p->h, "</legend>\n");
	option(p, TC_STR("in"), !out, W_OPTION_IN);
	option(p, TC_STR("out"), out, W_OPTION_OUT);
	MARKUP(&p->h, "</fieldset>\n<details>\n<summary>");
	markup_word(&p->h, p->l, W_CLASSES);
	MARKUP(&p->h, "</summary>\n");
	for (size_t i = 0; i < SWITCH_COUNT; i++)
		class_switch(p, SWITCHES[i], (denied & TC_CLASS_BIT(SWITCHES[i])) != 0);
	MARKUP(&p->h, "</details>\n<p><button type=\"submit\">");
	markup_word(&p->h, p->l, W_SAVE);
	MARKUP(&p->h, "</button></p>\n</form>\n");
}

static void
choices_page(struct page *p)
{
	head(p);
	status(p);
	gpc_note(p);
	form(p);
	MARKUP(&p->h, "<p>");
	link_to(p, choices_path(p->ctx->site), TC_STR("/why"), W_WHY);
	MARKUP(&p->h, "</p>\n");
	foot(p);
}

static void
saved_page(struct page *p)
{
	const struct choice_cookie *c = p->ctx->cookie;
	bool kept = c != NULL && c->state != CHOICE_NONE;

	head(p);
	if (kept || !gpc_wins(p)) {
		MARKUP(&p->h, "<p>");
		markup_word(&p->h, p->l, kept ? W_SAVED : W_NOT_KEPT);
		MARKUP(&p->h, "</p>\n");
	}
	status(p);
	gpc_note(p);
	MARKUP(&p->h, "<p>");
	link_to(p, choices_path(p->ctx->site), TC_STR(""), W_BACK);
	MARKUP(&p->h, "</p>\n");
	foot(p);
}

/* ---- why ---- */

static void
term(struct page *p, enum word w)
{
	MARKUP(&p->h, "<dt>");
	markup_word(&p->h, p->l, w);
	MARKUP(&p->h, "</dt>\n<dd>");
}

static void
list_item(struct page *p, bool *first, struct tc_str item)
{
	if (!*first)
		MARKUP(&p->h, ", ");
	markup_text(&p->h, item);
	*first = false;
}

static void
signals_seen(struct page *p)
{
	const struct facts *f = p->ctx->facts;
	bool first = true;

	if (f->gpc)
		list_item(p, &first, TC_STR("Global Privacy Control"));
	if (f->dnt)
		list_item(p, &first, TC_STR("Do Not Track"));
	if (f->choice != CHOICE_NONE)
		list_item(p, &first, word_in(p->l, W_COOKIE));
	if (first)
		markup_word(&p->h, p->l, W_NONE);
}

static void
place_assumed(struct page *p)
{
	const struct place *place = &p->ctx->facts->place;

	if (place->country[0] == '\0') {
		markup_word(&p->h, p->l, W_PLACE_UNKNOWN);
		return;
	}
	if (place->region_name.n > 0) {
		MARKUP(&p->h, "<bdi>");
		markup_text(&p->h, place->region_name);
		MARKUP(&p->h, "</bdi>, ");
	}
	markup_text(&p->h, tc_str_from(place->country));
}

static void
classes_removed(struct page *p)
{
	tc_classes denied = p->ctx->decision->denied;
	bool first = true;

	for (int c = TC_ANALYTICS; c <= TC_SOCIAL; c++)
		if ((denied & TC_CLASS_BIT(c)) != 0)
			list_item(p, &first, word_in(p->l, (enum word)(W_ANALYTICS + c)));
	if ((denied & TC_CLASS_BIT(TC_UNKNOWN)) != 0)
		list_item(p, &first, word_in(p->l, W_OTHERS));
	if (first)
		markup_word(&p->h, p->l, W_NONE);
}

static void
why_page(struct page *p)
{
	const struct tc_decision *d = p->ctx->decision;

	head(p);
	status(p);
	gpc_note(p);
	MARKUP(&p->h, "<h2>");
	markup_word(&p->h, p->l, W_WHY);
	MARKUP(&p->h, "</h2>\n<dl>\n");
	term(p, W_SIGNALS);
	signals_seen(p);
	MARKUP(&p->h, "</dd>\n");
	term(p, W_PLACE);
	place_assumed(p);
	MARKUP(&p->h, "</dd>\n");
	term(p, W_RULES);
	MARKUP(&p->h, "<bdi>");
	markup_text(&p->h, d->region);
	MARKUP(&p->h, "</bdi>: <bdi>");
	markup_text(&p->h, d->rules->name);
	MARKUP(&p->h, "</bdi></dd>\n");
	term(p, W_REMOVED);
	classes_removed(p);
	MARKUP(&p->h, "</dd>\n</dl>\n<p>");
	markup_word(&p->h, p->l, W_NOT_STORED);
	MARKUP(&p->h, "</p>\n<p>");
	link_to(p, choices_path(p->ctx->site), TC_STR(""), W_BACK);
	MARKUP(&p->h, "</p>\n");
	foot(p);
}

/* ---- answers ---- */

static int
add(struct tc_response *res, enum tc_fid id, struct tc_str value)
{
	return tc_field_add(&res->fields, id, value);
}

/* Every page of ours. Not no-referrer: a browser would then say "Origin: null" with our own form. */
static const struct markup_line PAGE_LINES[] = {
	{TC_F_CONTENT_TYPE, TC_STR_INIT("text/html; charset=utf-8")},
	{TC_F_CACHE_CONTROL, TC_STR_INIT("no-store")},
	{TC_F_CONTENT_SECURITY_POLICY, TC_STR_INIT(PAGE_CSP)},
	{TC_F_REFERRER_POLICY, TC_STR_INIT("same-origin")},
	{TC_F_X_CONTENT_TYPE_OPTIONS, TC_STR_INIT("nosniff")},
};

static int
page_fields(struct tc_response *res, struct tc_str language)
{
	res->type = TC_STR(HTML_TYPE);
	res->charset = TC_STR("utf-8");
	if (MARKUP_LINES(res, PAGE_LINES) < 0)
		return -1;
	return tc_field_add_named(&res->fields, TC_STR("Content-Language"), language);
}

static int
answer_error(const struct pages_ctx *ctx, int code, struct tc_response *res, struct tc_str *body)
{
	res->status = code;
	*body = error_page(code, ctx->arena);
	return body->p != NULL ? page_fields(res, TC_STR("en")) : -1;
}

static int
answer_method(const struct pages_ctx *ctx, struct tc_str allow, struct tc_response *res, struct tc_str *body)
{
	if (tc_field_add_named(&res->fields, TC_STR("Allow"), allow) < 0)
		return -1;
	return answer_error(ctx, 405, res, body);
}

static int
answer_page(struct page *p, void (*write)(struct page *), struct tc_response *res, struct tc_str *body)
{
	p->h = (struct markup){.p = tc_alloc_bytes(p->ctx->arena, PAGE_MAX), .cap = PAGE_MAX};
	if (p->h.p == NULL)
		return -1;
	write(p);
	if (p->h.full)
		return -1;
	*body = tc_str_of(p->h.p, p->h.n);
	res->status = 200;
	return page_fields(res, p->l->tag);
}

/* ---- POST ---- */

/* "https://www.example.com:443" of Origin and the Host field name the same place, whatever the scheme: TLS may end
 * before us. */
static bool
origin_is_ours(struct tc_str origin, const struct tc_request *req)
{
	struct tc_str host = tc_field_value(&req->fields, TC_F_HOST), port = TC_STR(":443");

	if (tc_istarts(origin, TC_STR("https://"))) {
		tc_skip(&origin, 8);
	} else if (tc_istarts(origin, TC_STR("http://"))) {
		tc_skip(&origin, 7);
		port = TC_STR(":80");
	} else {
		return false;
	}
	if (tc_ends(origin, port))
		origin.n -= port.n;
	if (tc_ends(host, port))
		host.n -= port.n;
	return host.n > 0 && tc_ieq(origin, host);
}

enum sender { SENDER_OURS,
	SENDER_SILENT,
	SENDER_FOREIGN };

/*
 * Who made the visitor's browser send the form (signals.md S2). "none" and "null" say nothing: the first is a
 * visitor's own act, the second what a browser sends where a referrer policy hides the page.
 */
static enum sender
form_sender(const struct tc_request *req)
{
	struct tc_str origin = tc_field_value(&req->fields, TC_F_ORIGIN);
	struct tc_str site = tc_field_value(&req->fields, TC_F_SEC_FETCH_SITE);
	bool hidden = tc_eq(origin, TC_STR("null")), ours = false;

	if (site.n > 0 && !tc_eq(site, TC_STR("none"))) {
		if (!tc_eq(site, TC_STR("same-origin")))
			return SENDER_FOREIGN;
		ours = true;
	}
	if (origin.n > 0 && !hidden) {
		if (!origin_is_ours(origin, req))
			return SENDER_FOREIGN;
		ours = true;
	}
	if (hidden && !ours)
		return SENDER_FOREIGN;
	return ours ? SENDER_OURS : SENDER_SILENT;
}

struct answer {
	enum choice choice;
	tc_classes denied;
	bool bad;
};

static void
form_pair(struct answer *a, struct tc_str name, struct tc_str value)
{
	if (tc_eq(name, TC_STR("choice"))) {
		enum choice c = tc_eq(value, TC_STR("out")) ? CHOICE_OUT
		    : tc_eq(value, TC_STR("in"))            ? CHOICE_IN
							    : CHOICE_NONE;

		a->bad |= c == CHOICE_NONE || (a->choice != CHOICE_NONE && a->choice != c);
		a->choice = c;
	} else if (tc_eq(name, TC_STR("deny"))) {
		for (int c = 0; c < TC_CLASS_COUNT; c++)
			if (tc_eq(value, CLASS_NAMES[c]))
				a->denied |= TC_CLASS_BIT(c);
	}
}

/* Our own values hold nothing that a browser would percent-encode. */
static struct answer
form_read(struct tc_str body)
{
	struct answer a = {0};

	while (body.p != NULL && body.n > 0) {
		struct tc_str pair = tc_next(&body, '&');
		size_t at = tc_find_byte(pair, '=');

		if (at < pair.n)
			form_pair(&a, tc_str_of(pair.p, at), tc_str_of(pair.p + at + 1, pair.n - at - 1));
	}
	a.denied &= (tc_classes)~TC_ESSENTIAL;
	a.bad |= a.choice == CHOICE_NONE;
	return a;
}

static const struct markup_line SAVED_LINES[] = {
	{TC_F_CACHE_CONTROL, TC_STR_INIT("no-store")},
	{TC_F_REFERRER_POLICY, TC_STR_INIT("same-origin")},
};

/* 303 to the page that sees whether the cookie came back. */
static int
answer_saved(const struct page *p, const struct answer *a, struct tc_response *res, struct tc_str *body)
{
	const struct pages_ctx *ctx = p->ctx;
	struct choice_cookie cookie = {
		.state = a->choice,
		.denied = a->denied,
		.year = ctx->year,
		.month = ctx->month,
		.policy = ctx->config->policy_version,
	};
	struct tc_str to = tc_join(ctx->arena,
	    (const struct tc_str[]){choices_path(ctx->site), TC_STR("/saved")}, 2);
	struct tc_str set;

	if (to.p == NULL)
		return -1;
	res->status = 303;
	*body = TC_STR("");
	if (MARKUP_LINES(res, SAVED_LINES) < 0 || add(res, TC_F_LOCATION, to) < 0)
		return -1;
	if (a->choice == CHOICE_IN && gpc_wins(p))
		return 0; /* nothing changes; the page says so */
	set = choice_write(ctx->key, ctx->site->pub.hosts.v[0], &cookie, ctx->arena);
	if (set.p == NULL || add(res, TC_F_SET_COOKIE, set) < 0)
		return -1;
	return add(res, TC_F_CLEAR_SITE_DATA, TC_STR("\"cache\""));
}

static int
answer_post(const struct page *p, struct tc_response *res, struct tc_str *body)
{
	enum sender sender = form_sender(p->ctx->req);
	struct answer a;

	if (p->ctx->form.n > PAGES_FORM_MAX)
		return answer_error(p->ctx, 413, res, body);
	a = form_read(p->ctx->form);
	if (sender == SENDER_FOREIGN)
		return answer_error(p->ctx, 403, res, body);
	if (a.bad)
		return answer_error(p->ctx, 400, res, body);
	if (sender == SENDER_SILENT && a.choice != CHOICE_OUT)
		return answer_error(p->ctx, 403, res, body);
	return answer_saved(p, &a, res, body);
}

/* ---- which page ---- */

/* Below the choices path. */
static const struct view {
	struct tc_str suffix;
	void (*write)(struct page *);
	bool form; /* takes the POST */
} VIEWS[] = {
	{TC_STR_INIT(""), choices_page, true},
	{TC_STR_INIT("/why"), why_page, false},
	{TC_STR_INIT("/saved"), saved_page, false},
};

static const struct view *
view_at(const struct page *p)
{
	for (size_t i = 0; i < sizeof(VIEWS) / sizeof(VIEWS[0]); i++)
		if (path_is(p, VIEWS[i].suffix))
			return &VIEWS[i];
	return NULL;
}

bool
pages_owns(const struct config_site *site, struct tc_str path)
{
	struct tc_request req = {.match = path};
	struct pages_ctx ctx = {.site = site, .req = &req};
	struct page p = {.ctx = &ctx};

	return page_file_at(path) != NULL || (choices_path(site).n > 1 && view_at(&p) != NULL);
}

int
pages_answer(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	struct page p = {
		.ctx = ctx,
		.row = region_of(ctx->config, &ctx->facts->place),
		.l = language_for(ctx->site->pub.languages, &ctx->req->fields),
	};
	const struct page_file *file = page_file_at(ctx->req->match);
	const struct view *view = file == NULL ? view_at(&p) : NULL;
	enum tc_method method = ctx->req->method;
	int status;

	*body = TC_STR("");
	res->head_only = method == TC_M_HEAD;
	if (file == NULL && view == NULL)
		return answer_error(ctx, 404, res, body);
	if (view != NULL && view->form && method == TC_M_POST)
		return answer_post(&p, res, body);
	if (method != TC_M_GET && method != TC_M_HEAD)
		return answer_method(ctx,
		    view != NULL && view->form ? TC_STR("GET, HEAD, POST") : TC_STR("GET, HEAD"), res, body);
	if (file == NULL)
		return answer_page(&p, view->write, res, body);
	status = file->answer(ctx, res, body);
	return status > 0 ? answer_error(ctx, status, res, body) : status;
}
