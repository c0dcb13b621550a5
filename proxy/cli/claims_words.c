/* claims_words.c: see claims_words.h. */
#include "cli/claims_words.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define MONTH_MS INT64_C(2629800000) /* a twelfth of 365.25 days, as durations are read */

static const struct tc_str NAMES[PROMISE_COUNT] = {
#define X(e, name) [PROMISE_##e] = TC_STR_INIT(name),
    CONFIG_PROMISES(X)
#undef X
};

/* plain: the sentence; other: in its place where the promise says unless, or form: prefix; limit: not in force yet. */
static const struct {
	const char *plain, *other, *limit;
} WORDS[PROMISE_COUNT] = {
	[PROMISE_GPC_EVERYWHERE] = {
		.plain = "A visitor whose browser sends Global Privacy Control gets pages, cookies and answers"
		    " without the trackers of these classes, in every region, and the page says that this"
		    " was honoured.",
	},
	[PROMISE_DNT_HONOURED] = {
		.plain = "A visitor whose browser sends Do Not Track gets pages, cookies and answers without "
		    "the trackers of these classes, and the page says that this was honoured.",
	},
	[PROMISE_NO_SALE] = {
		.plain = "Trackers of these classes are taken out of every page, for every visitor; what no "
		    "list names is taken out, too, or held by a second content security policy.",
		.other = "Trackers of these classes are taken out of every page for every visitor who did not "
		    "agree to them, and for those who did while their browser sends Global Privacy "
		    "Control.",
	},
	[PROMISE_NO_THIRD_PARTY] = {
		.plain = "Before a visitor of these places has agreed, pages ask no third party for anything "
		    "but what a click loads, and only essential cookies travel.",
	},
	[PROMISE_STICKY_OPT_OUT] = {
		.plain = "A no is remembered in a cookie that identifies nobody, and holds without the signal "
		    "until the visitor takes it back.",
	},
	[PROMISE_CHOICES_PAGE] = {
		.plain = "Each site has a page on which visitors opt out in one step, without JavaScript and "
		    "without saying who they are.",
	},
	[PROMISE_MINORS_OFF] = {
		.plain = "On these pages nobody is tracked, whatever was agreed to elsewhere, and no other "
		    "site learns which of them was open.",
	},
	[PROMISE_CITY_ONLY] = {
		.plain = "The origin is told no finer place of a visitor than this, and nobody else is told "
		    "any.",
	},
	[PROMISE_NO_CLIENT_IP] = {
		.plain = "The origin is not told the address of a visitor.",
		.other = "The origin is told at most the first part of a visitor's address (/24 of IPv4, /48 "
		    "of IPv6).",
	},
	[PROMISE_MINIMISED] = {
		.plain = "Pages of visitors who granted nothing reach no third parties but these, and these "
		    "learn of the page at most which site it is on.",
	},
	[PROMISE_COOKIES_INVENTORIED] = {
		.plain = "These cookies always pass; of visitors who said no, cookies that have no class are "
		    "taken out in both directions.",
		.limit = "The list of cookies on the choices page is not in force in this version.",
	},
	[PROMISE_EMAIL_ANONYMOUS] = {
		.plain = "Opened mail and clicked links are answered here: nobody is told who the recipient "
		    "is.",
	},
	[PROMISE_RESIDENCY] = {
		.plain = "Visitors of these places are sent to no third party but these.",
		.other = "Visitors of these places are sent to no third party but these before they have "
		    "agreed to the export of their data.",
	},
	[PROMISE_AGGREGATE_ONLY] = {
		.plain = "Nothing about a single visitor is written down: no log of requests, and counters "
		    "whose labels come from the configuration.",
		.limit = "Released numbers are not in force in this version: none are published. What is "
		    "proved of them is that the configured k is large enough.",
	},
	[PROMISE_RETENTION] = {
		.plain = "Nothing that is kept is kept for longer than this, and nothing is kept of a single "
		    "visitor.",
		.limit = "Released numbers are not in force in this version: none are kept. What is proved of "
		    "them is that the configured time is short enough.",
	},
	[PROMISE_HTTPS_ONLY] = {
		.plain = "What comes by plain http is answered with nothing but a redirect to https, and "
		    "browsers are told to remember that. Every cookie is sent by https alone, what pages name by "
		    "http is fetched by https, and so is what is asked of servers elsewhere.",
		.limit = "The first visit by http, before a browser has been told, is seen by whoever is in "
		    "between.",
	},
};

struct tc_str
claims_name(const struct config_promise *p)
{
	return NAMES[p->kind];
}

struct tc_str
claims_sentence(const struct config_promise *p)
{
	bool other = p->kind == PROMISE_NO_CLIENT_IP ? p->form != 0 : p->unless != 0;

	return tc_str_from(other && WORDS[p->kind].other != NULL ? WORDS[p->kind].other : WORDS[p->kind].plain);
}

struct tc_str
claims_limit(const struct config_promise *p)
{
	return tc_str_from(WORDS[p->kind].limit != NULL ? WORDS[p->kind].limit : "");
}

/* ---- parameters ---- */

static void
say(struct buf *out, const char *what, const char *value)
{
	(void)buf_printf(out, "%s%s: %s.", out->n > 0 ? " " : "", what, value);
}

/* none: what an empty list means; NULL: nothing to say. */
static void
say_list(struct buf *out, const char *what, struct tc_strs v, const char *none)
{
	if (v.n == 0) {
		if (none != NULL)
			say(out, what, none);
		return;
	}
	(void)buf_printf(out, "%s%s:", out->n > 0 ? " " : "", what);
	for (size_t i = 0; i < v.n; i++)
		(void)buf_printf(out, "%s %.*s", i > 0 ? "," : "", (int)v.v[i].n, v.v[i].p);
	(void)buf_printf(out, ".");
}

static void
say_classes(struct buf *out, const char *what, uint32_t groups)
{
	static const char *const names[] = {
#define X(e, name) [TC_##e] = name,
	    TC_CLASSES(X)
#undef X
		"sell_share",
	    "measurement", "essential", "location", "export"};
	const char *between = "";

	if (groups == 0)
		return;
	(void)buf_printf(out, "%s%s: ", out->n > 0 ? " " : "", what);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((groups >> i & 1) != 0) {
			(void)buf_printf(out, "%s%s", between, names[i]);
			between = ", ";
		}
	(void)buf_printf(out, ".");
}

void
claims_time(int64_t ms, struct buf *out)
{
	if (ms % MONTH_MS == 0)
		(void)buf_printf(out, "%lld months", (long long)(ms / MONTH_MS));
	else
		(void)buf_printf(out, "%lld days", (long long)(ms / DAY_MS));
}

static void
say_time(struct buf *out, const char *what, int64_t ms)
{
	(void)buf_printf(out, "%s%s: ", out->n > 0 ? " " : "", what);
	claims_time(ms, out);
	(void)buf_printf(out, ".");
}

static void
say_choices(const struct config_promise *p, struct buf *out)
{
	if (p->link.n > 0)
		(void)buf_printf(out, "Link: %.*s.", (int)p->link.n, p->link.p);
	say_classes(out, "Switches", p->groups);
	say_list(out, "Languages", p->languages, NULL);
	if (p->notice_on_change)
		say(out, "A new policy", "told once to those who chose under the old one");
	if (p->notices)
		say(out, "Regions", "each has its own notice");
}

static void
say_numbers(const struct config_promise *p, struct buf *out)
{
	(void)buf_printf(out, "k: %lld.", (long long)p->k);
	if (p->epsilon.n > 0)
		(void)buf_printf(out, " Epsilon: %.*s a visitor and day.", (int)p->epsilon.n, p->epsilon.p);
}

void
claims_parameters(const struct config_promise *p, struct buf *out)
{
	static const char *const levels[] = {"city", "region", "country"};

	switch (p->kind) {
	case PROMISE_DNT_HONOURED:
		say_list(out, "Places", p->places, "all");
		if (p->tk)
			say(out, "Tk", "every answer says whether it tracks");
		/* fall through */
	case PROMISE_GPC_EVERYWHERE:
	case PROMISE_NO_SALE:
		say_classes(out, "Classes", p->groups);
		break;
	case PROMISE_NO_THIRD_PARTY:
		say_list(out, "Places", p->places, "all");
		say_list(out, "But for", p->hosts, NULL);
		break;
	case PROMISE_STICKY_OPT_OUT:
		(void)buf_printf(out, "Remembered for: %lld days.", (long long)p->days);
		if (p->account_bridge)
			say(out, "Login", "the site's account carries it to other devices");
		break;
	case PROMISE_CHOICES_PAGE:
		say_choices(p, out);
		break;
	case PROMISE_MINORS_OFF:
		say_list(out, "Pages", p->routes, NULL);
		say_list(out, "Hosts", p->hosts, NULL);
		break;
	case PROMISE_CITY_ONLY:
		say(out, "Finest", levels[p->level]);
		break;
	case PROMISE_NO_CLIENT_IP:
		break;
	case PROMISE_MINIMISED:
		say_list(out, "Third parties", p->hosts, "none");
		break;
	case PROMISE_COOKIES_INVENTORIED:
		say_list(out, "Cookies", p->keep, "none");
		break;
	case PROMISE_EMAIL_ANONYMOUS:
		say_list(out, "Opened", p->routes, NULL);
		say_list(out, "Clicked", p->clicks, NULL);
		say_list(out, "Links may lead to", p->hosts, "this site alone");
		break;
	case PROMISE_RESIDENCY:
		say_list(out, "Places", p->places, "all");
		say_list(out, "Third parties", p->hosts, "none");
		break;
	case PROMISE_AGGREGATE_ONLY:
		say_numbers(p, out);
		break;
	case PROMISE_RETENTION:
		say_time(out, "At most", p->max_ms);
		say_list(out, "Stores", p->stores, NULL);
		break;
	case PROMISE_HTTPS_ONLY:
		say_time(out, "Remembered for", p->hsts_ms);
		break;
	case PROMISE_COUNT:
		break;
	}
}
