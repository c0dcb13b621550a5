/*
 * test_pages.c: the choices page and its companions: what each says in each state, who may change it, in ten
 * languages.
 */
#include "../../proxy/core/page_form.c"
#include "../../proxy/core/pages.c"
#include "../../proxy/core/words.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"

#define DEFAULT_CLASSES \
	(TC_CLASS_BIT(TC_ANALYTICS) | TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_PERSONALISATION) | \
	    TC_CLASS_BIT(TC_SOCIAL))

#define SOLD_CLASSES (TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_PERSONALISATION) | TC_CLASS_BIT(TC_SOCIAL))

/* ---- a site, and one request to it ---- */

static const struct tc_str star[] = {TC_STR_INIT("*")}, hosts[] = {TC_STR_INIT("www.example.com")};
static const struct tc_rule_set opt_out = {.name = TC_STR_INIT("opt-out"), .remove = DEFAULT_CLASSES, .hash = "1a2b3c4d"};
static const struct tc_rule_set light = {.name = TC_STR_INIT("light"), .hash = "00000000"};
static const struct tc_rule_set half = {.name = TC_STR_INIT("half"), .remove = TC_CLASS_BIT(TC_ADVERTISING), .hash = "00000001"};
static const struct tc_rule_set sold = {.name = TC_STR_INIT("sold"), .remove = SOLD_CLASSES, .hash = "00000002"};
static const struct tc_rule_set empty = {.hash = "ffffffff"};
static const struct tc_route route = {.name = TC_STR_INIT("pages")};

struct world {
	struct config_region row;
	bool other_residency; /* of a row that is not this visitor's */
	struct config config;
	struct config_site site;
	struct facts facts;
	struct choice_cookie cookie;
	bool has_cookie;
	struct tc_request req;
	struct tc_str form;
	struct tc_decision decision;
	struct tc_response res;
	struct tc_str body;
};

static struct tc_arena *arena;
static struct choice_key *key;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(NULL, 64 << 20);
	key = choice_key_load((struct tc_str){NULL, 0}, NULL);
	return arena != NULL && key != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	choice_key_destroy(&key);
	return 0;
}

static struct world
world(const char *path)
{
	return (struct world){
		.row = {.name = TC_STR("us-ca"),
		    .where = {star, 1},
		    .honour = HONOUR_GPC | HONOUR_DNT | HONOUR_CHOICE,
		    .initial = &light,
		    .opted_out = &opt_out},
		.site = {.pub = {.hosts = {hosts, 1}, .choices_path = TC_STR("/privacy-choices"), .policy = TC_STR("/privacy")},
		    .gpc_statement = TC_STR("2026-11-21")},
		.facts = {.place = {.country = "US", .region = "US-CA", .region_name = TC_STR("California")},
		    .route = &route},
		.req = {.method = TC_M_GET, .match = tc_str_from(path), .scheme = TC_STR("https"), .fields = {.arena = arena}},
	};
}

static void
field(struct world *w, enum tc_fid id, const char *value)
{
	assert_int_equal(tc_field_add(&w->req.fields, id, tc_str_from(value)), 0);
}

static void
answer(struct world *w)
{
	w->config = (struct config){
		.regions = &w->row,
		.region_count = 1,
		.strictest = &w->row,
		.empty_rule_set = &empty,
		.policy_version = 7,
		.has_residency = w->other_residency || w->row.has_residency,
	};
	w->facts.site = &w->site;
	if (w->has_cookie) {
		w->facts.choice = w->cookie.state;
		w->facts.choice_denied = w->cookie.denied;
		w->facts.switches = w->cookie.switches;
	}
	decide(&w->config, &w->facts, &w->decision);
	struct pages_ctx ctx = {
		.config = &w->config,
		.site = &w->site,
		.facts = &w->facts,
		.decision = &w->decision,
		.key = key,
		.cookie = w->has_cookie ? &w->cookie : NULL,
		.req = &w->req,
		.form = w->form,
		.year = 2026,
		.month = 11,
		.arena = arena,
	};

	w->res = (struct tc_response){.fields = {.arena = arena}};
	assert_int_equal(pages_answer(&ctx, &w->res, &w->body), 0);
}

static struct world
get(const char *path)
{
	struct world w = world(path);

	answer(&w);
	return w;
}

static bool
has(const struct world *w, const char *text)
{
	return tc_find(w->body, tc_str_from(text)) < w->body.n;
}

static size_t
position(const struct world *w, const char *text)
{
	size_t at = tc_find(w->body, tc_str_from(text));

	if (at == w->body.n)
		fail_msg("not there: %s", text);
	return at;
}

static bool
field_is(const struct world *w, const char *name, const char *value)
{
	for (size_t i = 0; i < w->res.fields.n; i++)
		if (tc_ieq(w->res.fields.v[i].name, tc_str_from(name)))
			return tc_eq(w->res.fields.v[i].value, tc_str_from(value));
	return value[0] == '\0';
}

/* ---- what is ours ---- */

static void
owns(void **state)
{
	static const char *const ours[] = {"/privacy-choices", "/privacy-choices/", "/privacy-choices/why",
	    "/privacy-choices/saved", "/.well-known/gpc.json", "/.well-known/tacet/style.css"};
	static const char *const not [] = {"/", "", "/privacy", "/privacy-choices2", "/privacy-choices/other",
	    "/privacy-choices/why/x", "/x/privacy-choices", "/.well-known/gpc", "/.well-known/gpc.json/", "/why"};
	struct world w = world("/");

	(void)state;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		assert_true(pages_owns(&w.site, tc_str_from(ours[i])));
	for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++)
		assert_false(pages_owns(&w.site, tc_str_from(not [i])));
	w.site.pub.choices_path = TC_STR("/meine/wahl/");
	assert_true(pages_owns(&w.site, TC_STR("/meine/wahl")));
	assert_true(pages_owns(&w.site, TC_STR("/meine/wahl/saved")));
	assert_false(pages_owns(&w.site, TC_STR("/privacy-choices")));
	w.site.pub.choices_path = TC_STR("");
	assert_false(pages_owns(&w.site, TC_STR("/why")));
	assert_false(pages_owns(&w.site, TC_STR("/")));
}

/* ---- the page in each state ---- */

#define CHECKED_OUT "value=\"out\" checked"
#define CHECKED_IN "value=\"in\" checked"

static void
page_in_order(void **state)
{
	struct world w = get("/privacy-choices");

	(void)state;
	assert_int_equal(w.res.status, 200);
	assert_true(tc_eq(w.res.type, TC_STR("text/html")));
	assert_true(field_is(&w, "Content-Type", "text/html; charset=utf-8"));
	assert_true(field_is(&w, "Cache-Control", "no-store"));
	assert_true(field_is(&w, "Content-Language", "en"));
	assert_true(field_is(&w, "Content-Security-Policy", PAGE_CSP));
	assert_true(field_is(&w, "Set-Cookie", ""));
	assert_true(position(&w, "role=\"status\"") < position(&w, "<fieldset>"));
	assert_true(position(&w, "<fieldset>") < position(&w, "<legend>"));
	assert_true(position(&w, "<legend>") < position(&w, "type=\"radio\""));
	assert_true(position(&w, "type=\"radio\"") < position(&w, "type=\"submit\""));
	assert_true(position(&w, "type=\"submit\"") < position(&w, "/privacy-choices/why"));
	assert_true(has(&w, "<form method=\"post\" action=\"/privacy-choices\">"));
	assert_true(has(&w, "<html lang=\"en\" dir=\"ltr\">"));
	assert_true(has(&w, "href=\"/privacy\""));
	assert_true(has(&w, "<a href=\"https://db-ip.com\" rel=\"noreferrer\">IP Geolocation by DB-IP</a>"));
	assert_false(has(&w, "<script") || has(&w, "style=") || has(&w, "onclick") || has(&w, "<style"));
}

static void
state_sentences(void **state)
{
	struct world w = get("/privacy-choices");

	(void)state;
	assert_true(has(&w, "<p role=\"status\">You have not opted out.</p>"));
	assert_true(has(&w, CHECKED_IN) && !has(&w, CHECKED_OUT));
	w = world("/privacy-choices");
	w.facts.gpc = true;
	answer(&w);
	assert_true(has(&w, "Your browser sends Global Privacy Control. Opt-Out Request Honored."));
	assert_true(has(&w, "allowing sharing here changes nothing"));
	assert_true(has(&w, CHECKED_OUT) && !has(&w, CHECKED_IN) && !has(&w, "disabled"));
	w = world("/privacy-choices");
	w.facts.dnt = true;
	answer(&w);
	assert_true(has(&w, "Your browser sends Do Not Track. Opt-Out Request Honored."));
	w = world("/privacy-choices");
	w.cookie = (struct choice_cookie){CHOICE_OUT, 0, 2026, 10, 7, 0};
	w.has_cookie = true;
	answer(&w);
	assert_true(has(&w, "You have opted out. Opt-Out Request Honored."));
	w = world("/privacy-choices");
	w.cookie = (struct choice_cookie){CHOICE_IN, TC_CLASS_BIT(TC_SOCIAL), 2026, 10, 7, 0};
	w.has_cookie = true;
	answer(&w);
	assert_true(has(&w, "You have not opted out. You have allowed sharing."));
	assert_true(has(&w, CHECKED_IN) && has(&w, "value=\"social\" checked") && has(&w, "value=\"analytics\">"));
	assert_false(has(&w, "Honored"));
	w = world("/privacy-choices");
	w.row.initial = &opt_out;
	answer(&w);
	assert_true(has(&w, "Sharing is off by default where you are."));
	assert_true(has(&w, CHECKED_OUT) && !has(&w, "Honored"));
}

static void
legal_titles(void **state)
{
	struct world w = world("/privacy-choices");

	(void)state;
	w.row.link_text = TC_STR("california");
	w.site.choices_limit_url = TC_STR("/limit?a=1&b=2");
	answer(&w);
	assert_true(has(&w, "<title>Your Privacy Choices</title>"));
	assert_true(has(&w, "alt=\"California Consumer Privacy Act (CCPA) Opt-Out Icon\"") && has(&w, "src=\"" PAGE_ICON "\""));
	w = get(PAGE_ICON);
	assert_true(field_is(&w, "Content-Type", "image/svg+xml") && field_is(&w, "Content-Security-Policy", "default-src 'none'"));
	assert_true(tc_starts(w.body, TC_STR("<svg ")) && !has(&w, "<script") && !has(&w, "href"));
	w = world("/privacy-choices");
	w.row.link_text = TC_STR("california");
	w.site.choices_limit_url = TC_STR("/limit?a=1&b=2");
	answer(&w);
	assert_true(has(&w, "href=\"/limit?a=1&amp;b=2\">Limit the Use of My Sensitive Personal Information</a>"));
}

static void
why(void **state)
{
	struct world w = world("/privacy-choices/why");

	(void)state;
	w.facts.gpc = true;
	w.facts.place.region_name = TC_STR("<b>&");
	answer(&w);
	assert_int_equal(w.res.status, 200);
	assert_true(has(&w, "<dd>Global Privacy Control</dd>"));
	assert_true(has(&w, "<bdi>&lt;b&gt;&amp;, US</bdi>"));
	assert_true(has(&w, "<bdi>us-ca</bdi>: <bdi>opt-out</bdi>"));
	assert_true(has(&w, "<dd>Analytics, Advertising, Personalisation, Social media</dd>"));
	assert_false(has(&w, "<b>&"));
	w = world("/privacy-choices/why");
	w.facts.place = (struct place){0};
	answer(&w);
	assert_true(has(&w, "unknown, so the strictest rules apply") && has(&w, "<bdi>unknown</bdi>: "));
}

static void
why_switches_and_consent(void **state)
{
	struct world w = get("/privacy-choices/why");

	(void)state;
	assert_true(has(&w, "consent tool says</dt>\n<dd>none</dd>") && has(&w, "Your other settings</dt>\n<dd>none</dd>"));
	w = world("/privacy-choices/why");
	w.facts.switches = SWITCH_LOCATION_OFF | SWITCH_EXPORT;
	w.facts.consent = (struct consent){.out = true,
	    .denied = TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_SOCIAL),
	    .granted = TC_CLASS_BIT(TC_ANALYTICS)};
	answer(&w);
	assert_true(has(&w, "<dd>opted out, refused: Advertising, Social media, allowed: Analytics</dd>"));
	assert_true(has(&w, "<dd>Do not send my city to this site, Data about my visit may be sent outside my country or region</dd>"));
	w.facts.consent = (struct consent){.bad = true};
	answer(&w);
	assert_true(has(&w, "<dd>cannot be read, so it does not count</dd>"));
}

/* ---- switches, place, notice ---- */

#define LOCATION_BOX "<input type=\"checkbox\" name=\"location\" value=\"off\""
#define EXPORT_BOX "<input type=\"checkbox\" name=\"export\" value=\"on\""

static void
switches_of_the_form(void **state)
{
	struct world w = get("/privacy-choices");

	(void)state;
	assert_true(has(&w, "<details>\n") && has(&w, LOCATION_BOX ">") && !has(&w, EXPORT_BOX));
	assert_true(position(&w, "<details") < position(&w, LOCATION_BOX));
	assert_true(position(&w, LOCATION_BOX) < position(&w, "</details>"));
	w = world("/privacy-choices");
	w.row.has_residency = true;
	w.facts.switches = SWITCH_LOCATION_OFF | SWITCH_EXPORT;
	answer(&w);
	assert_true(has(&w, "<details open>") && has(&w, LOCATION_BOX " checked>") && has(&w, EXPORT_BOX " checked>"));
	w.facts.switches = 0;
	answer(&w);
	assert_true(has(&w, "<details>") && has(&w, LOCATION_BOX ">") && has(&w, EXPORT_BOX ">"));
	w = world("/privacy-choices");
	w.facts.place = (struct place){0}; /* there any row's list counts */
	w.other_residency = true;
	answer(&w);
	assert_true(has(&w, EXPORT_BOX ">"));
	w.facts.place = (struct place){.country = "US"};
	answer(&w);
	assert_false(has(&w, EXPORT_BOX));
}

static void
place_is_said(void **state)
{
	struct world w = get("/privacy-choices");

	(void)state;
	assert_true(position(&w, "/privacy-choices/why") <
	    position(&w, "We think you are in <bdi>California, US</bdi>. If that is wrong: opting out counts wherever you are."));
	w = world("/privacy-choices");
	w.facts.place = (struct place){.country = "US", .region = "US-CA"};
	answer(&w);
	assert_true(has(&w, "<bdi>US-CA</bdi>"));
	w.facts.place = (struct place){0};
	answer(&w);
	assert_false(has(&w, "We think"));
	w = world("/privacy-choices");
	w.row.honour = HONOUR_GPC; /* there it would not be true */
	answer(&w);
	assert_false(has(&w, "We think"));
}

#define NOTICE "The privacy policy has changed since your choice."

static void
policy_notice(void **state)
{
	struct world w = world("/privacy-choices");

	(void)state;
	w.cookie = (struct choice_cookie){CHOICE_OUT, 0x01, 2026, 3, 6, SWITCH_LOCATION_OFF};
	w.has_cookie = true;
	answer(&w);
	assert_true(!has(&w, NOTICE) && field_is(&w, "Set-Cookie", ""));
	w.site.notice_on_change = true;
	answer(&w);
	assert_true(position(&w, "role=\"status\"") < position(&w, NOTICE " <a href=\"/privacy\">"));
	assert_true(tc_starts(tc_field_value(&w.res.fields, TC_F_SET_COOKIE), TC_STR("tacet_choice=v1.out-0101.2026-03.7.")));
	assert_true(field_is(&w, "Clear-Site-Data", ""));
	w.req.method = TC_M_HEAD; /* nobody reads it */
	answer(&w);
	assert_true(field_is(&w, "Set-Cookie", ""));
	w.req.method = TC_M_GET;
	w.cookie.policy = 7; /* and once is enough */
	answer(&w);
	assert_true(!has(&w, NOTICE) && field_is(&w, "Set-Cookie", ""));
	w.has_cookie = false;
	answer(&w);
	assert_true(!has(&w, NOTICE) && field_is(&w, "Set-Cookie", ""));
	w = world("/privacy-choices/why");
	w.site.notice_on_change = w.has_cookie = true;
	w.cookie = (struct choice_cookie){CHOICE_IN, 0, 2026, 3, 6, 0};
	answer(&w);
	assert_true(!has(&w, NOTICE) && field_is(&w, "Set-Cookie", ""));
}

static void
saved(void **state)
{
	struct world w = get("/privacy-choices/saved");

	(void)state;
	assert_true(has(&w, "did not keep the cookie") && has(&w, "Global Privacy Control") && has(&w, "not opted out"));
	w = world("/privacy-choices/saved");
	w.cookie = (struct choice_cookie){CHOICE_OUT, 0, 2026, 11, 7, 0};
	w.has_cookie = true;
	answer(&w);
	assert_true(has(&w, "Your choice is saved.") && has(&w, "You have opted out. Opt-Out Request Honored."));
	w = world("/privacy-choices/saved");
	w.facts.gpc = true; /* after an "in" that GPC overruled */
	answer(&w);
	assert_true(has(&w, "allowing sharing here changes nothing") && !has(&w, "did not keep"));
}

/* ---- POST ---- */

static struct world
post(const char *form, const char *origin, const char *site)
{
	struct world w = world("/privacy-choices");

	w.req.method = TC_M_POST;
	w.form = tc_str_from(form);
	field(&w, TC_F_HOST, "www.example.com");
	if (origin != NULL)
		field(&w, TC_F_ORIGIN, origin);
	if (site != NULL)
		field(&w, TC_F_SEC_FETCH_SITE, site);
	return w;
}

static int
posted(const char *form, const char *origin, const char *site)
{
	struct world w = post(form, origin, site);

	answer(&w);
	assert_int_equal(field_is(&w, "Set-Cookie", ""), w.res.status != 303);
	return w.res.status;
}

#define OWN "https://www.example.com"

static void
post_is_saved(void **state)
{
	struct world w = post("choice=out", OWN, "same-origin");
	struct choice_cookie c;
	struct tc_fields back = {.arena = arena};
	struct tc_str set;

	(void)state;
	answer(&w);
	assert_int_equal(w.res.status, 303);
	assert_int_equal(w.body.n, 0);
	assert_true(field_is(&w, "Location", "/privacy-choices/saved"));
	assert_true(field_is(&w, "Clear-Site-Data", "\"cache\""));
	assert_true(field_is(&w, "Cache-Control", "no-store"));
	set = tc_field_value(&w.res.fields, TC_F_SET_COOKIE);
	assert_true(tc_starts(set, TC_STR("tacet_choice=v1.out.2026-11.7.")));
	assert_int_equal(tc_field_add(&back, TC_F_COOKIE, tc_str_of(set.p, tc_find_byte(set, ';'))), 0);
	assert_true(choice_read(key, hosts[0], &back, &c));
	w = post("choice=in&deny=analytics&deny=social&deny=functional&other=x", OWN, NULL);
	answer(&w);
	set = tc_field_value(&w.res.fields, TC_F_SET_COOKIE);
	assert_true(tc_starts(set, TC_STR("tacet_choice=v1.in-09.2026-11.7.")));
}

/* What the answer to a POST sets the cookie to: "out-0001"; "": nothing. */
static const char *
choice_set(struct world *w)
{
	static char text[16];
	struct tc_str set;

	answer(w);
	assert_int_equal(w->res.status, 303);
	set = tc_field_value(&w->res.fields, TC_F_SET_COOKIE);
	text[0] = '\0';
	if (set.n == 0)
		return text;
	tc_skip(&set, sizeof("tacet_choice=v1.") - 1);
	(void)snprintf(text, sizeof(text), "%.*s", (int)tc_find_byte(set, '.'), set.p);
	return text;
}

static void
post_switches(void **state)
{
	static const struct {
		const char *form;
		bool residency, silent;
		const char *was; /* switches of the cookie; as digits */
		const char *set;
	} v[] = {
		{"choice=out&location=off", false, false, "0", "out-0001"},
		{"choice=in&location=off&deny=analytics", false, false, "0", "in-0101"},
		{"choice=out&location=on&export=off", true, false, "0", "out"},
		{"choice=out", false, false, "1", "out"},
		{"choice=in&export=on", true, false, "0", "in-0002"},
		{"choice=out&export=on&location=off", true, false, "0", "out-0003"},
		{"choice=in", true, false, "2", "in"},
		{"choice=in&export=on", false, false, "0", "in"}, /* not asked here, so not granted */
		{"choice=in", false, false, "2", "in-0002"},      /* nor taken back */
		{"choice=out&export=on", true, true, "0", "out"},
		{"choice=out&export=on", true, true, "2", "out-0002"},
		{"choice=out", true, true, "2", "out"},
		{"choice=out", true, true, "1", "out-0001"},
		{"choice=out&location=off", false, true, "0", "out-0001"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct world w = post(v[i].form, v[i].silent ? NULL : OWN, NULL);

		w.row.has_residency = v[i].residency;
		w.facts.switches = (uint8_t)(v[i].was[0] - '0');
		if (strcmp(choice_set(&w), v[i].set) != 0)
			fail_msg("%zu: %s", i, choice_set(&w));
	}
}

/* Classes that were left out stay so where nobody knows who asks. */
static void
post_silent_classes(void **state)
{
	struct world w = post("choice=out&deny=social", NULL, NULL);

	(void)state;
	w.cookie = (struct choice_cookie){CHOICE_IN, 0x01, 2026, 3, 7, 0};
	w.has_cookie = true;
	assert_string_equal(choice_set(&w), "out-09");
}

static void
post_from_elsewhere(void **state)
{
	(void)state;
	assert_int_equal(posted("choice=in", OWN, NULL), 303);
	assert_int_equal(posted("choice=in", NULL, "same-origin"), 303);
	assert_int_equal(posted("choice=in", "null", "same-origin"), 303);
	assert_int_equal(posted("choice=in", "http://www.example.com", NULL), 303); /* TLS may end before us */
	assert_int_equal(posted("choice=in", "https://WWW.example.com:443", "same-origin"), 303);
	assert_int_equal(posted("choice=out", NULL, NULL), 303);
	assert_int_equal(posted("choice=out", NULL, "none"), 303);
	assert_int_equal(posted("choice=in", NULL, NULL), 403);
	assert_int_equal(posted("choice=in", NULL, "none"), 403);
	assert_int_equal(posted("choice=in", "https://evil.example", NULL), 403);
	assert_int_equal(posted("choice=out", "https://evil.example", NULL), 403);
	assert_int_equal(posted("choice=out", "https://www.example.com.evil.example", "cross-site"), 403);
	assert_int_equal(posted("choice=out", "https://www.example.com:8443", NULL), 403);
	assert_int_equal(posted("choice=out", NULL, "cross-site"), 403);
	assert_int_equal(posted("choice=out", NULL, "same-site"), 403);
	assert_int_equal(posted("choice=in", OWN, "cross-site"), 403);
	assert_int_equal(posted("choice=in", "null", NULL), 403);
	assert_int_equal(posted("choice=out", "null", NULL), 403);
	assert_int_equal(posted("choice=in", "ftp://www.example.com", NULL), 403);
	assert_int_equal(posted("choice=in", "https://", NULL), 403);
}

static void
post_without_choice(void **state)
{
	static const char *const forms[] = {"", "choice", "choice=", "choice=maybe", "choice=OUT", "Choice=out", "x=1",
	    "choice=out&choice=in", "choice=out&choice=", "&&&", "=out", "choice=out;x"};
	struct world w;
	static char large[PAGES_FORM_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (posted(forms[i], OWN, NULL) != 400)
			fail_msg("taken: %s", forms[i]);
	assert_int_equal(posted("a=b&choice=out&&c", OWN, NULL), 303);
	assert_int_equal(posted("choice=out&choice=out", OWN, NULL), 303);
	w = post("", OWN, NULL);
	w.form = tc_str_of(large, sizeof(large));
	answer(&w);
	assert_int_equal(w.res.status, 413);
}

static void
live_gpc_beats_in(void **state)
{
	struct world w = post("choice=in", OWN, "same-origin");

	(void)state;
	w.facts.gpc = true;
	answer(&w);
	assert_int_equal(w.res.status, 303);
	assert_true(field_is(&w, "Set-Cookie", ""));
	w = post("choice=in&location=off", OWN, "same-origin"); /* but what is stricter counts */
	w.facts.gpc = true;
	assert_string_equal(choice_set(&w), "out-0001");
	w = post("choice=out", OWN, "same-origin");
	w.facts.gpc = true;
	answer(&w);
	assert_false(field_is(&w, "Set-Cookie", ""));
	w = post("choice=in", OWN, "same-origin");
	w.facts.gpc = true;
	w.row.gpc_override_opt_in = true;
	answer(&w);
	assert_false(field_is(&w, "Set-Cookie", ""));
}

/* ---- methods ---- */

static void
methods(void **state)
{
	static const struct {
		const char *path;
		enum tc_method method;
		int status;
		const char *allow;
	} v[] = {
		{"/privacy-choices", TC_M_HEAD, 200, ""},
		{"/privacy-choices", TC_M_OPTIONS, 405, "GET, HEAD, POST"},
		{"/privacy-choices", TC_M_OTHER, 405, "GET, HEAD, POST"},
		{"/privacy-choices/why", TC_M_POST, 405, "GET, HEAD"},
		{"/privacy-choices/saved", TC_M_POST, 405, "GET, HEAD"},
		{"/.well-known/gpc.json", TC_M_HEAD, 200, ""},
		{"/.well-known/gpc.json", TC_M_POST, 405, "GET, HEAD"},
		{"/.well-known/tacet/style.css", TC_M_OTHER, 405, "GET, HEAD"},
		{"/elsewhere", TC_M_GET, 404, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct world w = world(v[i].path);

		w.req.method = v[i].method;
		answer(&w);
		assert_int_equal(w.res.status, v[i].status);
		assert_int_equal(w.res.head_only, v[i].method == TC_M_HEAD);
		assert_true(field_is(&w, "Allow", v[i].allow));
		assert_true(w.body.n > 0);
	}
}

/* ---- gpc.json ---- */

static void
gpc_json(void **state)
{
	struct world w = get("/.well-known/gpc.json");

	(void)state;
	assert_int_equal(w.res.status, 200);
	assert_true(tc_eq(w.body, TC_STR("{ \"gpc\": true, \"lastUpdate\": \"2026-11-21\" }\n")));
	assert_true(field_is(&w, "Content-Type", "application/json"));
	assert_true(field_is(&w, "Cache-Control", "public, max-age=86400"));
	assert_true(field_is(&w, "Access-Control-Allow-Origin", "*"));
	assert_true(field_is(&w, "Set-Cookie", "") && field_is(&w, "Vary", ""));
	w.row.honour = HONOUR_DNT | HONOUR_CHOICE;
	answer(&w);
	assert_true(has(&w, "\"gpc\": false"));
	w = world("/.well-known/gpc.json");
	w.row.gpc_override_opt_in = true;
	answer(&w);
	assert_true(has(&w, "\"gpc\": false"));
	w = world("/.well-known/gpc.json");
	w.row.opted_out = &light; /* honours it in name only */
	answer(&w);
	assert_true(has(&w, "\"gpc\": false"));
	w = world("/.well-known/gpc.json");
	w.row.opted_out = &half; /* shares with others all the same */
	answer(&w);
	assert_true(has(&w, "\"gpc\": false"));
	w = world("/.well-known/gpc.json");
	w.row.opted_out = &sold; /* measures for itself */
	w.site.gpc_statement = TC_STR("2027-01-31");
	answer(&w);
	assert_true(tc_eq(w.body, TC_STR("{ \"gpc\": true, \"lastUpdate\": \"2027-01-31\" }\n")));
	w = world("/.well-known/gpc.json");
	w.site.mode = MODE_OBSERVE;
	answer(&w);
	assert_true(has(&w, "\"gpc\": false"));
}

/* ---- languages ---- */

static void
every_language_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
		struct tc_str tags[1] = {languages[i].tag};

		for (int k = 0; k < WORD_COUNT; k++)
			if (languages[i].words[k] == NULL || (i > 0 && languages[i].words[k][0] == '\0'))
				fail_msg("%s lacks word %d", languages[i].tag.p, k);
		for (int view = 0; view < 3; view++) {
			static const char *const paths[] = {"/privacy-choices", "/privacy-choices/why",
			    "/privacy-choices/saved"};
			struct world w = world(paths[view]);

			w.site.pub.languages = (struct tc_strs){tags, 1};
			w.facts.gpc = true;
			answer(&w);
			assert_int_equal(w.res.status, 200);
			assert_true(has(&w, "Opt-Out Request Honored"));
			assert_true(field_is(&w, "Content-Language", tags[0].p));
			assert_int_equal(has(&w, "dir=\"rtl\""), tc_eq(tags[0], TC_STR("ar")));
		}
	}
}

static void
language_choice(void **state)
{
	static const struct {
		const char *accept, *tag;
	} v[] = {
		{NULL, "de"},
		{"", "de"},
		{"en", "en"},
		{"EN-gb", "en"},
		{"de-AT,en;q=0.9", "de"},
		{"fr, en;q=0.5", "en"},
		{"fr", "de"},
		{"*", "de"},
		{"en;q=0.3, zh-CN;q=0.8", "zh-Hans"},
		{"zh", "zh-Hans"},
		{"zh-TW", "de"},
		{"zh-Hans-CN", "zh-Hans"},
		{"en;q=0", "de"},
		{"en;q=x", "de"},
		{"en;q=1.5", "de"},
		{"en;q=0.001", "en"},
		{"en; q=0.5, de ; q=0.4", "en"},
		{";;,,;q", "de"},
		{"-", "de"},
		{"en-", "en"},
	};
	static const struct tc_str tags[] = {TC_STR_INIT("de"), TC_STR_INIT("en"), TC_STR_INIT("zh-Hans")};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct tc_fields fs = {.arena = arena};
		const struct language *l;

		if (v[i].accept != NULL)
			assert_int_equal(tc_field_add(&fs, TC_F_ACCEPT_LANGUAGE, tc_str_from(v[i].accept)), 0);
		l = language_for((struct tc_strs){tags, 3}, &fs);
		if (!tc_eq(l->tag, tc_str_from(v[i].tag)))
			fail_msg("%s -> %s", v[i].accept, l->tag.p);
	}
}

/* ---- errors ---- */

static void
error_pages(void **state)
{
	static const struct {
		int status;
		struct tc_str title;
	} v[] = {
		{413, TC_STR_INIT("<h1>413 Content Too Large</h1>")},
		{429, TC_STR_INIT("<h1>429 Too Many Requests</h1>")},
		{502, TC_STR_INIT("<h1>502 Bad Gateway</h1>")},
		{503, TC_STR_INIT("<h1>503 Service Unavailable</h1>")},
	};

	(void)state;
	for (int status = 399; status < 600; status++) {
		struct tc_str page = error_page(status, arena);

		assert_true(tc_starts(page, TC_STR("<!doctype html>")) && tc_ends(page, TC_STR("</html>\n")));
	}
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct tc_str page = error_page(v[i].status, arena);

		assert_true(tc_find(page, v[i].title) < page.n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owns),
		cmocka_unit_test(page_in_order),
		cmocka_unit_test(state_sentences),
		cmocka_unit_test(legal_titles),
		cmocka_unit_test(why),
		cmocka_unit_test(why_switches_and_consent),
		cmocka_unit_test(switches_of_the_form),
		cmocka_unit_test(place_is_said),
		cmocka_unit_test(policy_notice),
		cmocka_unit_test(saved),
		cmocka_unit_test(post_is_saved),
		cmocka_unit_test(post_switches),
		cmocka_unit_test(post_silent_classes),
		cmocka_unit_test(post_from_elsewhere),
		cmocka_unit_test(post_without_choice),
		cmocka_unit_test(live_gpc_beats_in),
		cmocka_unit_test(methods),
		cmocka_unit_test(gpc_json),
		cmocka_unit_test(every_language_is_complete),
		cmocka_unit_test(language_choice),
		cmocka_unit_test(error_pages),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
