/*
 * pages.c: the choices page and its two companions, gpc.json and the style sheet.
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

#include "core/words.h"

#define PAGE_MAX ((size_t)24 << 10)
#define GPC_LAST_UPDATE "2026-11-21"
#define STYLE_PATH "/.well-known/tacet/style.css"
#define HONORED "Opt-Out Request Honored"

#define HTML_TYPE "text/html"
#define PAGE_CSP \
	"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; " \
	"frame-ancestors 'none'"

/* ---- writing HTML ---- */

struct html {
	char *p;
	size_t n, cap;
	bool full;
};

static void
raw(struct html *h, struct tc_str s)
{
	if (h->cap - h->n < s.n) {
		h->full = true;
		return;
	}
	if (s.n > 0)
		memcpy(h->p + h->n, s.p, s.n);
	h->n += s.n;
}

#define RAW(h, lit) raw(h, TC_STR(lit))

static void
text(struct html *h, struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&':
			RAW(h, "&amp;");
			break;
		case '<':
			RAW(h, "&lt;");
			break;
		case '>':
			RAW(h, "&gt;");
			break;
		case '"':
			RAW(h, "&quot;");
			break;
		case '\'':
			RAW(h, "&#39;");
			break;
		default:
			raw(h, tc_str_of(s.p + i, 1));
		}
	}
}

static void
word(struct html *h, const struct language *l, enum word w)
{
	text(h, word_in(l, w));
}

/* ---- what the pages have in common ---- */

struct page {
	const struct pages_ctx *ctx;
	const struct config_region *row;
	const struct language *l;
	struct html h;
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
		RAW(&p->h, "<span lang=\"en\">Your Privacy Choices</span>");
	else
		word(&p->h, p->l, W_TITLE);
}

static void
link_to(struct page *p, struct tc_str address, struct tc_str suffix, enum word w)
{
	RAW(&p->h, "<a href=\"");
	text(&p->h, address);
	raw(&p->h, suffix);
	RAW(&p->h, "\">");
	word(&p->h, p->l, w);
	RAW(&p->h, "</a>");
}

static void
head(struct page *p)
{
	RAW(&p->h, "<!doctype html>\n<html lang=\"");
	raw(&p->h, p->l->tag);
	RAW(&p->h, "\" dir=\"");
	raw(&p->h, p->l->right_to_left ? TC_STR("rtl") : TC_STR("ltr"));
	RAW(&p->h, "\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"robots\" content=\"noindex\">\n<title>");
	if (is_california(p))
		RAW(&p->h, "Your Privacy Choices");
	else
		word(&p->h, p->l, W_TITLE);
	RAW(&p->h, "</title>\n<link rel=\"stylesheet\" href=\"" STYLE_PATH "\">\n</head>\n<body>\n<main>\n<h1>");
	title(p);
	RAW(&p->h, "</h1>\n");
}

static void
foot(struct page *p)
{
	const struct tc_site *site = &p->ctx->site->pub;

	RAW(&p->h, "</main>\n<footer>\n<ul>\n<li>");
	link_to(p, TC_STR("/"), TC_STR(""), W_HOME);
	RAW(&p->h, "</li>\n");
	if (site->policy.n > 0) {
		RAW(&p->h, "<li>");
		link_to(p, site->policy, TC_STR(""), W_POLICY);
		RAW(&p->h, "</li>\n");
	}
	if (p->ctx->site->choices_limit_url.n > 0) {
		RAW(&p->h, "<li><a lang=\"en\" href=\"");
		text(&p->h, p->ctx->site->choices_limit_url);
		RAW(&p->h, "\">Limit the Use of My Sensitive Personal Information</a></li>\n");
	}
	RAW(&p->h, "<li lang=\"en\"><a href=\"https://db-ip.com\" rel=\"noreferrer\">IP Geolocation by DB-IP</a></li>\n"
	    "</ul>\n</footer>\n</body>\n</html>\n");
}

/* The legal phrase stays exact in English; its translation follows. */
static void
honored(struct page *p)
{
	struct tc_str translation = word_in(p->l, W_HONORED);

	if (translation.n == 0) {
		RAW(&p->h, " " HONORED ".");
		return;
	}
	RAW(&p->h, " <span lang=\"en\">" HONORED "</span> (");
	text(&p->h, translation);
	RAW(&p->h, ").");
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

	RAW(&p->h, "<p role=\"status\">");
	if (!d->out && d->src != TC_SRC_NONE) {
		word(&p->h, p->l, W_NOT_OUT);
		RAW(&p->h, " ");
		word(&p->h, p->l, W_ALLOWED);
	} else {
		word(&p->h, p->l, STATE_WORDS[d->src]);
	}
	if (d->person)
		honored(p);
	RAW(&p->h, "</p>\n");
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
	RAW(&p->h, "<p>");
	word(&p->h, p->l, W_GPC_WINS);
	RAW(&p->h, "</p>\n");
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
	RAW(&p->h, "<p><label><input type=\"radio\" name=\"choice\" value=\"");
	raw(&p->h, value);
	raw(&p->h, checked ? TC_STR("\" checked> ") : TC_STR("\"> "));
	word(&p->h, p->l, w);
	RAW(&p->h, "</label></p>\n");
}

static void
class_switch(struct page *p, enum tc_class c, bool checked)
{
	RAW(&p->h, "<p><label><input type=\"checkbox\" name=\"deny\" value=\"");
	raw(&p->h, CLASS_NAMES[c]);
	raw(&p->h, checked ? TC_STR("\" checked> ") : TC_STR("\"> "));
	word(&p->h, p->l, (enum word)(W_ANALYTICS + (int)c));
	RAW(&p->h, "</label></p>\n");
}

static void
form(struct page *p)
{
	tc_classes denied = p->ctx->cookie != NULL ? p->ctx->cookie->denied : 0;
	bool out = p->ctx->decision->out;

	RAW(&p->h, "<form method=\"post\" action=\"");
	text(&p->h, choices_path(p->ctx->site));
	RAW(&p->h, "\">\n<fieldset>\n<legend>");
	word(&p->h, p->l, W_QUESTION);
	RAW(&p->h, "</legend>\n");
	option(p, TC_STR("in"), !out, W_OPTION_IN);
	option(p, TC_STR("out"), out, W_OPTION_OUT);
	RAW(&p->h, "</fieldset>\n<details>\n<summary>");
	word(&p->h, p->l, W_CLASSES);
	RAW(&p->h, "</summary>\n");
	for (size_t i = 0; i < SWITCH_COUNT; i++)
		class_switch(p, SWITCHES[i], (denied & TC_CLASS_BIT(SWITCHES[i])) != 0);
	RAW(&p->h, "</details>\n<p><button type=\"submit\">");
	word(&p->h, p->l, W_SAVE);
	RAW(&p->h, "</button></p>\n</form>\n");
}

static void
choices_page(struct page *p)
{
	head(p);
	status(p);
	gpc_note(p);
	form(p);
	RAW(&p->h, "<p>");
	link_to(p, choices_path(p->ctx->site), TC_STR("/why"), W_WHY);
	RAW(&p->h, "</p>\n");
	foot(p);
}

static void
saved_page(struct page *p)
{
	const struct choice_cookie *c = p->ctx->cookie;
	bool kept = c != NULL && c->state != CHOICE_NONE;

	head(p);
	if (kept || !gpc_wins(p)) {
		RAW(&p->h, "<p>");
		word(&p->h, p->l, kept ? W_SAVED : W_NOT_KEPT);
		RAW(&p->h, "</p>\n");
	}
	status(p);
	gpc_note(p);
	RAW(&p->h, "<p>");
	link_to(p, choices_path(p->ctx->site), TC_STR(""), W_BACK);
	RAW(&p->h, "</p>\n");
	foot(p);
}

/* ---- why ---- */

static void
term(struct page *p, enum word w)
{
	RAW(&p->h, "<dt>");
	word(&p->h, p->l, w);
	RAW(&p->h, "</dt>\n<dd>");
}

static void
list_item(struct page *p, bool *first, struct tc_str item)
{
	if (!*first)
		RAW(&p->h, ", ");
	text(&p->h, item);
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
		word(&p->h, p->l, W_NONE);
}

static void
place_assumed(struct page *p)
{
	const struct place *place = &p->ctx->facts->place;

	if (place->country[0] == '\0') {
		word(&p->h, p->l, W_PLACE_UNKNOWN);
		return;
	}
	if (place->region_name.n > 0) {
		RAW(&p->h, "<bdi>");
		text(&p->h, place->region_name);
		RAW(&p->h, "</bdi>, ");
	}
	text(&p->h, tc_str_from(place->country));
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
		word(&p->h, p->l, W_NONE);
}

static void
why_page(struct page *p)
{
	const struct tc_decision *d = p->ctx->decision;

	head(p);
	status(p);
	gpc_note(p);
	RAW(&p->h, "<h2>");
	word(&p->h, p->l, W_WHY);
	RAW(&p->h, "</h2>\n<dl>\n");
	term(p, W_SIGNALS);
	signals_seen(p);
	RAW(&p->h, "</dd>\n");
	term(p, W_PLACE);
	place_assumed(p);
	RAW(&p->h, "</dd>\n");
	term(p, W_RULES);
	RAW(&p->h, "<bdi>");
	text(&p->h, d->region);
	RAW(&p->h, "</bdi>: <bdi>");
	text(&p->h, d->rules->name);
	RAW(&p->h, "</bdi></dd>\n");
	term(p, W_REMOVED);
	classes_removed(p);
	RAW(&p->h, "</dd>\n</dl>\n<p>");
	word(&p->h, p->l, W_NOT_STORED);
	RAW(&p->h, "</p>\n<p>");
	link_to(p, choices_path(p->ctx->site), TC_STR(""), W_BACK);
	RAW(&p->h, "</p>\n");
	foot(p);
}

/* ---- answers ---- */

struct line {
	enum tc_fid id;
	struct tc_str value;
};

static int
add(struct tc_response *res, enum tc_fid id, struct tc_str value)
{
	return tc_field_add(&res->fields, id, value);
}

static int
add_all(struct tc_response *res, const struct line *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (add(res, v[i].id, v[i].value) < 0)
			return -1;
	return 0;
}

#define ADD_ALL(res, lines) add_all((res), (lines), sizeof(lines) / sizeof((lines)[0]))

/* Every page of ours. Not no-referrer: a browser would then say "Origin: null" with our own form. */
static const struct line PAGE_LINES[] = {
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
	if (ADD_ALL(res, PAGE_LINES) < 0)
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
	p->h = (struct html){.p = tc_alloc_bytes(p->ctx->arena, PAGE_MAX), .cap = PAGE_MAX};
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

static const struct line SAVED_LINES[] = {
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
	if (ADD_ALL(res, SAVED_LINES) < 0 || add(res, TC_F_LOCATION, to) < 0)
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

/* ---- small files ---- */

static const char STYLE[] =
    ":root{color-scheme:light dark}\n"
    "body{margin:0 auto;max-width:40rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.5rem}\nh2{font-size:1.2rem}\n"
    "[role=status]{border-inline-start:.3rem solid;padding:.5rem 1rem;font-weight:600}\n"
    "fieldset,details{margin:1rem 0;padding:.5rem 1rem;border:1px solid;border-radius:.25rem}\n"
    "label,summary{display:inline-block;min-height:1.75rem;cursor:pointer}\n"
    "input{width:1.5rem;height:1.5rem;vertical-align:middle}\n"
    "button{font:inherit;min-height:2.75rem;min-width:8rem;padding:.25rem 1rem;cursor:pointer}\n"
    ":focus-visible{outline:3px solid;outline-offset:2px}\n"
    "dt{font-weight:600}\ndd{margin:0 0 .75rem;overflow-wrap:anywhere}\n"
    "footer ul{list-style:none;padding:0}\nfooter li{min-height:1.75rem}\n";

static const struct line STYLE_LINES[] = {
	{TC_F_CONTENT_TYPE, TC_STR_INIT("text/css; charset=utf-8")},
	{TC_F_X_CONTENT_TYPE_OPTIONS, TC_STR_INIT("nosniff")},
	{TC_F_CACHE_CONTROL, TC_STR_INIT("public, max-age=86400")},
};

static int
answer_style(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	(void)ctx;
	res->status = 200;
	res->type = TC_STR("text/css");
	*body = TC_STR(STYLE);
	return ADD_ALL(res, STYLE_LINES);
}

bool
pages_gpc(const struct config *c, const struct config_site *site)
{
	if (site->mode == MODE_OBSERVE)
		return false;
	for (size_t i = 0; i < c->region_count; i++) {
		const struct config_region *row = &c->regions[i];

		if ((row->honour & HONOUR_GPC) == 0 || row->gpc_override_opt_in ||
		    (row->opted_out->remove & TC_CLASS_BIT(TC_ADVERTISING)) == 0)
			return false;
	}
	return true;
}

static const struct line GPC_LINES[] = {
	{TC_F_CONTENT_TYPE, TC_STR_INIT("application/json")},
	{TC_F_CACHE_CONTROL, TC_STR_INIT("public, max-age=86400")},
};

static int
answer_gpc(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	struct tc_str date = ctx->gpc_last_update.n > 0 ? ctx->gpc_last_update : TC_STR(GPC_LAST_UPDATE);

	*body = tc_join(ctx->arena,
	    (const struct tc_str[]){
		    TC_STR("{ \"gpc\": "),
		    pages_gpc(ctx->config, ctx->site) ? TC_STR("true") : TC_STR("false"),
		    TC_STR(", \"lastUpdate\": \""),
		    date,
		    TC_STR("\" }\n"),
	    },
	    5);
	res->status = 200;
	res->type = TC_STR("application/json");
	if (body->p == NULL || ADD_ALL(res, GPC_LINES) < 0)
		return -1;
	return tc_field_add_named(&res->fields, TC_STR("Access-Control-Allow-Origin"), TC_STR("*"));
}

/* ---- which page ---- */

/* Files at fixed names, below /.well-known/. */
static const struct file {
	struct tc_str path;
	int (*answer)(const struct pages_ctx *, struct tc_response *, struct tc_str *);
} FILES[] = {
	{TC_STR_INIT("/.well-known/gpc.json"), answer_gpc},
	{TC_STR_INIT(STYLE_PATH), answer_style},
};

static const struct file *
file_at(struct tc_str path)
{
	for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++)
		if (tc_eq(FILES[i].path, path))
			return &FILES[i];
	return NULL;
}

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

	return file_at(path) != NULL || (choices_path(site).n > 1 && view_at(&p) != NULL);
}

int
pages_answer(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	struct page p = {
		.ctx = ctx,
		.row = region_of(ctx->config, &ctx->facts->place),
		.l = language_for(ctx->site->pub.languages, &ctx->req->fields),
	};
	const struct file *file = file_at(ctx->req->match);
	const struct view *view = file == NULL ? view_at(&p) : NULL;
	enum tc_method method = ctx->req->method;

	*body = TC_STR("");
	res->head_only = method == TC_M_HEAD;
	if (file == NULL && view == NULL)
		return answer_error(ctx, 404, res, body);
	if (view != NULL && view->form && method == TC_M_POST)
		return answer_post(&p, res, body);
	if (method != TC_M_GET && method != TC_M_HEAD)
		return answer_method(ctx,
		    view != NULL && view->form ? TC_STR("GET, HEAD, POST") : TC_STR("GET, HEAD"), res, body);
	return file != NULL ? file->answer(ctx, res, body) : answer_page(&p, view->write, res, body);
}

/* ---- errors ---- */

static const struct {
	int status;
	struct tc_str title, text;
} ERRORS[] = {
	{400, TC_STR_INIT("400 Bad Request"), TC_STR_INIT("The request could not be understood.")},
	{403, TC_STR_INIT("403 Forbidden"), TC_STR_INIT("This request was not sent from this site, so nothing was changed.")},
	{404, TC_STR_INIT("404 Not Found"), TC_STR_INIT("There is nothing here.")},
	{405, TC_STR_INIT("405 Method Not Allowed"), TC_STR_INIT("This address does not take that kind of request.")},
	{408, TC_STR_INIT("408 Request Timeout"), TC_STR_INIT("The request took too long to arrive.")},
	{413, TC_STR_INIT("413 Content Too Large"), TC_STR_INIT("The request is too large.")},
	{414, TC_STR_INIT("414 URI Too Long"), TC_STR_INIT("The address is too long.")},
	{417, TC_STR_INIT("417 Expectation Failed"), TC_STR_INIT("The request expects what cannot be given.")},
	{421, TC_STR_INIT("421 Misdirected Request"), TC_STR_INIT("No such site is served here.")},
	{429, TC_STR_INIT("429 Too Many Requests"), TC_STR_INIT("You sent very many requests. Please try again in a moment.")},
	{431, TC_STR_INIT("431 Request Header Fields Too Large"), TC_STR_INIT("The request's header is too large.")},
	{451, TC_STR_INIT("451 Unavailable For Legal Reasons"), TC_STR_INIT("This was not loaded because you opted out.")},
	{500, TC_STR_INIT("500 Internal Server Error"), TC_STR_INIT("Something went wrong.")},
	{502, TC_STR_INIT("502 Bad Gateway"), TC_STR_INIT("The site did not answer as it should. Please try again later.")},
	{503, TC_STR_INIT("503 Service Unavailable"), TC_STR_INIT("The site is busy. Please try again in a moment.")},
	{504, TC_STR_INIT("504 Gateway Timeout"), TC_STR_INIT("The site took too long to answer. Please try again later.")},
	{505, TC_STR_INIT("505 HTTP Version Not Supported"), TC_STR_INIT("This version of HTTP is not spoken here.")},
	{0, TC_STR_INIT("Error"), TC_STR_INIT("The request could not be answered.")},
};

struct tc_str
error_page(int code, struct tc_arena *arena)
{
	size_t i = 0;

	while (ERRORS[i].status != 0 && ERRORS[i].status != code)
		i++;
	return tc_join(arena,
	    (const struct tc_str[]){
		    TC_STR("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>"),
		    ERRORS[i].title,
		    TC_STR("</title>\n</head>\n<body>\n<h1>"),
		    ERRORS[i].title,
		    TC_STR("</h1>\n<p>"),
		    ERRORS[i].text,
		    TC_STR("</p>\n</body>\n</html>\n"),
	    },
	    7);
}
