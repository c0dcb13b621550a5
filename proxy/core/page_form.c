/*
 * page_form.c: the form of the choices page, and what becomes of its POST.
 *
 * What a page of nobody knows whom sends may only make things stricter: it can opt out, it can switch off, and it
 * grants and takes back nothing.
 */
#include "core/page_parts.h"

/* ---- the form ---- */

static const struct tc_str CLASS_NAMES[TC_CLASS_COUNT] = {
#define X(e, name) [TC_##e] = TC_STR_INIT(name),
    TC_CLASSES(X)
#undef X
};

/* What a visitor may leave out while allowing the rest; advertising is what the two options are about. */
static const enum tc_class LEFT_OUT[] = {TC_ANALYTICS, TC_PERSONALISATION, TC_SOCIAL};

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
box(struct page *p, struct tc_str name, struct tc_str value, bool checked, enum word w)
{
	MARKUP(&p->h, "<p><label><input type=\"checkbox\" name=\"");
	markup_raw(&p->h, name);
	MARKUP(&p->h, "\" value=\"");
	markup_raw(&p->h, value);
	markup_raw(&p->h, checked ? TC_STR("\" checked> ") : TC_STR("\"> "));
	markup_word(&p->h, p->l, w);
	MARKUP(&p->h, "</label></p>\n");
}

static tc_classes
left_out(const struct page *p)
{
	return p->ctx->cookie != NULL ? p->ctx->cookie->denied : 0;
}

static bool
is_set(const struct page *p, unsigned which)
{
	return (p->ctx->facts->switches & which) != 0;
}

/* Is the consent to send data elsewhere asked for: is there a list of where it may go without? */
static bool
asks_export(const struct page *p)
{
	bool unknown = p->ctx->facts->place.country[0] == '\0';

	return unknown ? p->ctx->config->has_residency : p->row->has_residency;
}

/* Classes and switches; open where one is set, so that the present state is seen. */
static void
more_choices(struct page *p)
{
	tc_classes denied = left_out(p);

	markup_raw(&p->h,
	    denied != 0 || p->ctx->facts->switches != 0 ? TC_STR("<details open>\n<summary>")
							: TC_STR("<details>\n<summary>"));
	markup_word(&p->h, p->l, W_MORE);
	MARKUP(&p->h, "</summary>\n<fieldset>\n<legend>");
	markup_word(&p->h, p->l, W_CLASSES);
	MARKUP(&p->h, "</legend>\n");
	for (size_t i = 0; i < sizeof(LEFT_OUT) / sizeof(LEFT_OUT[0]); i++)
		box(p, TC_STR("deny"), CLASS_NAMES[LEFT_OUT[i]], (denied & TC_CLASS_BIT(LEFT_OUT[i])) != 0,
		    (enum word)(W_ANALYTICS + (int)LEFT_OUT[i]));
	MARKUP(&p->h, "</fieldset>\n");
	box(p, TC_STR("location"), TC_STR("off"), is_set(p, SWITCH_LOCATION_OFF), W_LOCATION);
	if (asks_export(p))
		box(p, TC_STR("export"), TC_STR("on"), is_set(p, SWITCH_EXPORT), W_EXPORT);
	MARKUP(&p->h, "</details>\n");
}

void
page_form(struct page *p)
{
	bool out = p->ctx->decision->out;

	MARKUP(&p->h, "<form method=\"post\" action=\"");
	markup_text(&p->h, page_choices_path(p->ctx->site));
	MARKUP(&p->h, "\">\n<fieldset>\n<legend>");
	markup_word(&p->h, p->l, W_QUESTION);
	MARKUP(&p->h, "</legend>\n");
	option(p, TC_STR("in"), !out, W_OPTION_IN);
	option(p, TC_STR("out"), out, W_OPTION_OUT);
	MARKUP(&p->h, "</fieldset>\n");
	more_choices(p);
	MARKUP(&p->h, "<p><button type=\"submit\">");
	markup_word(&p->h, p->l, W_SAVE);
	MARKUP(&p->h, "</button></p>\n</form>\n");
}

/* ---- who sent it ---- */

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

enum sender { SENDER_OURS, SENDER_SILENT, SENDER_FOREIGN };

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

/* ---- what it says ---- */

struct answer {
	enum choice choice;
	tc_classes denied;
	uint8_t switches;
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
	} else if (tc_eq(name, TC_STR("location")) && tc_eq(value, TC_STR("off"))) {
		a->switches |= SWITCH_LOCATION_OFF;
	} else if (tc_eq(name, TC_STR("export")) && tc_eq(value, TC_STR("on"))) {
		a->switches |= SWITCH_EXPORT;
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

/* ---- what becomes of it ---- */

/* What was not asked stays as it was; and so does what a sender of whom we know nothing would relax. */
static void
hold_on(const struct page *p, bool silent, struct answer *a)
{
	uint8_t had = p->ctx->facts->switches;

	if (!asks_export(p))
		a->switches = (uint8_t)((a->switches & ~SWITCH_EXPORT) | (had & SWITCH_EXPORT));
	if (!silent)
		return;
	a->denied |= left_out(p);
	a->switches |= had & SWITCH_LOCATION_OFF;
	if ((had & SWITCH_EXPORT) == 0)
		a->switches &= (uint8_t)~SWITCH_EXPORT;
}

int
page_set_cookie(const struct page *p, const struct choice_cookie *c, struct tc_response *res)
{
	struct tc_str set = choice_write(p->ctx->key, p->ctx->site->pub.hosts.v[0], c, p->ctx->arena);

	return set.p == NULL ? -1 : tc_field_add(&res->fields, TC_F_SET_COOKIE, set);
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
		.switches = a->switches,
		.year = ctx->year,
		.month = ctx->month,
		.policy = ctx->config->policy_version,
	};
	struct tc_str to = tc_join(ctx->arena, (const struct tc_str[]){page_choices_path(ctx->site), TC_STR("/saved")}, 2);

	if (to.p == NULL)
		return -1;
	res->status = 303;
	*body = TC_STR("");
	if (MARKUP_LINES(res, SAVED_LINES) < 0 || tc_field_add(&res->fields, TC_F_LOCATION, to) < 0)
		return -1;
	if (a->choice == CHOICE_IN && page_gpc_wins(p)) {
		if (a->denied == left_out(p) && a->switches == ctx->facts->switches)
			return 0;          /* nothing changes; the page says so */
		cookie.state = CHOICE_OUT; /* what the signal made of it anyway */
	}
	if (page_set_cookie(p, &cookie, res) < 0)
		return -1;
	return tc_field_add(&res->fields, TC_F_CLEAR_SITE_DATA, TC_STR("\"cache\""));
}

int
page_post(const struct page *p, struct tc_response *res, struct tc_str *body)
{
	enum sender sender = form_sender(p->ctx->req);
	struct answer a;

	if (p->ctx->form.n > PAGES_FORM_MAX)
		return 413;
	a = form_read(p->ctx->form);
	if (sender == SENDER_FOREIGN)
		return 403;
	if (a.bad)
		return 400;
	if (sender == SENDER_SILENT && a.choice != CHOICE_OUT)
		return 403;
	hold_on(p, sender == SENDER_SILENT, &a);
	return answer_saved(p, &a, res, body);
}
