/* page_parts.c: the head and the foot of the visitor's pages, and the sentences that several of them have. */
#include "core/page_parts.h"

#include "core/page_files.h"

#define HONORED "Opt-Out Request Honored"
#define CALIFORNIA "Your Privacy Choices"
#define ICON \
	" <img src=\"" PAGE_ICON "\" width=\"34\" height=\"16\" " \
	"alt=\"California Consumer Privacy Act (CCPA) Opt-Out Icon\">"

struct tc_str
page_choices_path(const struct config_site *site)
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
		MARKUP(&p->h, "<span lang=\"en\">" CALIFORNIA ICON "</span>");
	else
		markup_word(&p->h, p->l, W_TITLE);
}

void
page_link(struct page *p, struct tc_str address, struct tc_str suffix, enum word w)
{
	MARKUP(&p->h, "<a href=\"");
	markup_text(&p->h, address);
	markup_raw(&p->h, suffix);
	MARKUP(&p->h, "\">");
	markup_word(&p->h, p->l, w);
	MARKUP(&p->h, "</a>");
}

void
page_head(struct page *p)
{
	MARKUP(&p->h, "<!doctype html>\n<html lang=\"");
	markup_raw(&p->h, p->l->tag);
	MARKUP(&p->h, "\" dir=\"");
	markup_raw(&p->h, p->l->right_to_left ? TC_STR("rtl") : TC_STR("ltr"));
	MARKUP(&p->h, "\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"robots\" content=\"noindex\">\n<title>");
	if (is_california(p))
		MARKUP(&p->h, CALIFORNIA);
	else
		markup_word(&p->h, p->l, W_TITLE);
	MARKUP(&p->h, "</title>\n<link rel=\"stylesheet\" href=\"" PAGE_STYLE "\">\n</head>\n<body>\n<main>\n<h1>");
	title(p);
	MARKUP(&p->h, "</h1>\n");
}

void
page_foot(struct page *p)
{
	const struct tc_site *site = &p->ctx->site->pub;

	MARKUP(&p->h, "</main>\n<footer>\n<ul>\n<li>");
	page_link(p, TC_STR("/"), TC_STR(""), W_HOME);
	MARKUP(&p->h, "</li>\n");
	if (site->policy.n > 0) {
		MARKUP(&p->h, "<li>");
		page_link(p, site->policy, TC_STR(""), W_POLICY);
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

/* ---- the state ---- */

/* The legal phrase stays exact in English; its translation follows. */
static void
honored(struct page *p)
{
	struct tc_str translation = word_in(p->l, W_HONORED);

	if (translation.n == 0) {
		MARKUP(&p->h, " " HONORED ".");
		return;
	}
	MARKUP(&p->h, " <bdi lang=\"en\">" HONORED "</bdi> (");
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
	[TC_SRC_CONSENT] = W_CONSENT_OUT,
	[TC_SRC_REGION] = W_REGION_OUT,
	[TC_SRC_ROUTE] = W_ROUTE_OUT,
};

void
page_status(struct page *p)
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

bool
page_gpc_wins(const struct page *p)
{
	if (p->ctx->site->mode == MODE_OBSERVE)
		return false;
	return p->ctx->facts->gpc && (p->row->honour & HONOUR_GPC) != 0 && !p->row->gpc_override_opt_in;
}

void
page_gpc_note(struct page *p)
{
	if (!page_gpc_wins(p))
		return;
	MARKUP(&p->h, "<p>");
	markup_word(&p->h, p->l, W_GPC_WINS);
	MARKUP(&p->h, "</p>\n");
}

struct tc_str
page_place(const struct page *p)
{
	const struct place *place = &p->ctx->facts->place;
	struct tc_str country = tc_str_from(place->country), region = tc_str_from(place->region);

	if (place->region_name.n == 0)
		return region.n > 0 ? region : country;
	return tc_join(p->ctx->arena, (const struct tc_str[]){place->region_name, TC_STR(", "), country}, 3);
}
