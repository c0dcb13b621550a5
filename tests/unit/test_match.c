/*
 * test_match.c: the list matcher. Every form of pattern and every option, with a URL that fits and one that nearly
 * does; classes, parties, exceptions and their order; what is skipped; hostile lists; the built-in pack against the
 * example of each vendor; EasyPrivacy where it is installed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../filters/match/match.c"
#include "../../filters/match/pack.h"

#include "edge.h"

#define DENIED                                                                                       \
	(TC_CLASS_BIT(TC_ANALYTICS) | TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_PERSONALISATION) |  \
	    TC_CLASS_BIT(TC_SOCIAL))

static struct match_page page = {
	.host = {"www.site.example", 16},
	.domain = {"site.example", 12},
	.denied = DENIED,
};
static struct match_result result;

static struct match_db *
build(const char *list)
{
	struct match_db *db = match_new();
	char *edge = edge_copy(list, strlen(list));

	assert_non_null(db);
	assert_int_equal(match_add(db, tc_str_of(edge, strlen(list)), TC_PACK_OPERATOR, TC_ADVERTISING), 0);
	edge_free(edge, strlen(list));
	assert_int_equal(match_build(db), 0);
	return db;
}

/* The verdict about url, whose text ends at an unreadable page. */
static enum match_verdict
judge(const struct match_db *db, const char *url, enum match_type type)
{
	static char buf[URL_MAX + 64];
	struct match_page ready;
	struct match_result again;
	struct url u, moved;
	char *edge;
	enum match_verdict v;

	assert_true(url_resolve(&u, tc_str_from(url), NULL, buf));
	edge = edge_copy(u.text.p, u.text.n);
	moved = u;
	moved.text.p = edge;
	moved.host.p = edge + (u.host.p - u.text.p);
	v = match_url(db, &page, &moved, type, &result);
	assert_int_equal(v, result.verdict);
	ready = page;
	match_page_ready(&ready, db);
	assert_int_equal(match_url(db, &ready, &moved, type, &again), v);
	assert_int_equal(again.class, result.class);
	assert_true(again.rule.p == result.rule.p);
	edge_free(edge, u.text.n);
	return v;
}

/* Of a list of one rule: it blocks the URL, or not. */
static void
one(const char *rule, const char *url, enum match_type type, bool blocks)
{
	struct match_db *db = build(rule);

	if ((judge(db, url, type) == MATCH_BLOCK) != blocks)
		fail_msg("%s %s %s", rule, blocks ? "lets through" : "blocks", url);
	if (blocks && !tc_eq(result.rule, tc_str_from(rule)))
		fail_msg("%s: the rule is %.*s", rule, (int)result.rule.n, result.rule.p);
	match_destroy(&db);
	assert_null(db);
}

/* What is the same for all URLs of a page: the rules that could hang on its host, and those for it alone. */
static void
pages_that_are_plain(void **state)
{
	static const struct {
		const char *rule;
		bool host, site;
	} rows[] = {
		{"||other.example^", true, true},
		{"||www.site.example^", false, true},
		{"||site.example/path", false, true},
		{"//www.site.e", true, true}, /* by a gram of its own */
		{"e/path-of-it", true, true},
		{"/path$domain=site.example", true, true},
		{"*$image,domain=site.example", true, false},
		{"*$image,domain=site.*", true, false},
		{"*$image,domain=other.example", true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct match_db *db = build(rows[i].rule);
		struct match_page ready = page;

		match_page_ready(&ready, db);
		if (ready.plain_host != rows[i].host || ready.plain_site != rows[i].site)
			fail_msg("%s: host %d, site %d", rows[i].rule, ready.plain_host, ready.plain_site);
		match_destroy(&db);
	}
	one("//www.site.e", "https://www.site.example/", MATCH_IMAGE, true);
	one("e/path-of-it", "https://www.site.example/path-of-it", MATCH_IMAGE, true);
	one("||www.site.example^", "https://www.site.example/", MATCH_IMAGE, true);
	one("*$image,domain=site.*", "https://a.example/", MATCH_IMAGE, true);
}

/* More grams of a host are somebody's than are noted: then it is no plain one. */
static void
a_host_full_of_grams(void **state)
{
	struct match_db *db;
	struct match_page ready = page;
	char list[512] = "";

	(void)state;
	for (int i = 0; i <= MATCH_PAGE_GRAMS; i++)
		(void)snprintf(list + strlen(list), sizeof(list) - strlen(list), "*%.4s*$script\n", "www.site.example" + i);
	db = build(list);
	match_page_ready(&ready, db);
	assert_int_equal(ready.plain_host, false);
	assert_int_equal(judge(db, "https://www.site.example/", MATCH_SCRIPT), MATCH_BLOCK);
	match_destroy(&db);
}

/* A page made ready for one block is asked about by another: what was found out does not count. */
static void
a_page_ready_for_another_block(void **state)
{
	struct match_db *empty = build("! nothing"), *db = build("||www.site.example/t.js");
	struct match_page ready = page;
	struct match_result m;
	char buf[URL_MAX + 64];
	struct url u;

	(void)state;
	match_page_ready(&ready, empty);
	assert_true(ready.plain_host);
	assert_true(url_resolve(&u, TC_STR("https://www.site.example/t.js"), NULL, buf));
	assert_int_equal(match_url(empty, &ready, &u, MATCH_SCRIPT, &m), MATCH_NONE);
	assert_int_equal(match_url(db, &ready, &u, MATCH_SCRIPT, &m), MATCH_BLOCK);
	match_destroy(&empty);
	match_destroy(&db);
}

struct pair {
	const char *rule, *hit, *miss;
};

static void
check_pairs(const struct pair *pairs, size_t n, enum match_type type)
{
	for (size_t i = 0; i < n; i++) {
		if (pairs[i].hit != NULL)
			one(pairs[i].rule, pairs[i].hit, type, true);
		if (pairs[i].miss != NULL)
			one(pairs[i].rule, pairs[i].miss, type, false);
	}
}

#define CHECK(pairs, type) check_pairs(pairs, sizeof(pairs) / sizeof(*(pairs)), type)

static void
test_host_anchor(void **state)
{
	static const struct pair pairs[] = {
		{"||t.example^", "https://t.example/", "https://xt.example/"},
		{"||t.example^", "https://a.b.t.example/x", "https://a-t.example/"},
		{"||t.example^", "http://t.example:8080/", "https://t.example.com/"},
		{"||t.example^", "wss://t.example/", "https://o.example/?u=t.example/"},
		{"||t.example^", "https://t.example?x", "https://o.example/t.example/"},
		{"||T.Example^", "https://t.example/", "https://t.example.org/"},
		{"||t.example", "https://a.t.example/x", "https://xt.example/x"},
		{"||t.example", "https://t.example:8080/", "https://t.examples/x"},
		{"||t.co", "https://t.co/x", "https://t.company.example/"},
		{"||t.co*", "https://t.company.example/x", "https://xt.co/"},
		{"||t.co|", NULL, "https://t.co/"},
		{"||t.example/", "https://t.example:8080/", "https://t.example.com/"},
		{"||t.example:8080^", "https://t.example:8080/", "https://t.example/"},
		{"||t.example/px", "https://a.t.example/px.gif", "https://t.example/apx"},
		{"||t.example/px^", "https://t.example/px?x", "https://t.example/px2"},
		{"||t.example/px^", "https://t.example/px", "https://t.example/p"},
		{"||t.example/PX", "https://t.example/px", "https://t.example/p/x"},
		{"||t.example^*/px", "https://t.example/a/px", "https://t.example.org/px/px"},
		{"||t.example^*/px.gif|", "https://t.example/a/px.gif", "https://t.example/a/px.gif?x"},
		{"||t.example/px.gif|", "https://t.example/px.gif", "https://t.example/px.gifs"},
		{"||google.", "https://www.google.example/", "https://xgoogle.example/"},
		{"||ads-", "https://ads-1.example/", "https://x.example/ads-1"},
		{"||goo*/pagead/", "https://www.google.co/x/pagead/", "https://xgoo.gle/pagead/"},
		{"||google.*/pagead/1p-", "https://www.google.no/pagead/1p-user", "https://o.example/google.x/pagead/1p-"},
		{"||*.t.example^", "https://a.t.example/", "https://t.example/"},
		{"||1.2.3.4^", "https://1.2.3.4/", "https://1.2.3.45/"},
		{"||[::1]^", "https://[::1]/", "https://[::11]/"},
		{"||[::1]^", "https://[::1]:8080/x", "https://o.example/[::1]/"},
		{"||[::1]/px", "http://[::1]/px.gif", "http://[::1]/p"},
		{"||[::1", NULL, "https://[::2]/"},
		{"||co.uk^", "https://x.co.uk/", "https://xco.uk/"},
	};

	(void)state;
	CHECK(pairs, MATCH_SCRIPT);
	/* Neither user information nor a trailing dot hides a host. */
	one("||t.example^", "https://o.example@t.example/", MATCH_SCRIPT, true);
	one("||t.example^", "https://t.example@o.example/", MATCH_SCRIPT, false);
	one("||t.example^", "https://t.example./", MATCH_SCRIPT, true);
}

/* Rules name no ports; a tracker is one at any. */
static void
test_ports(void **state)
{
	(void)state;
	one("||t.example/t.js", "http://t.example:443/t.js", MATCH_SCRIPT, true);
	one("||t.example/t.js", "https://a.t.example:8443/t.js?x", MATCH_SCRIPT, true);
	one("||t.example/t.js", "https://t.example:8443/u.js", MATCH_SCRIPT, false);
	one("||t.example:8443/t.js", "https://t.example:8443/t.js", MATCH_SCRIPT, true);
	one("||t.example/t.js", "https://[::1]:8443/t.js", MATCH_SCRIPT, false);
}

static void
test_substrings(void **state)
{
	static const struct pair pairs[] = {
		{"/track/px.gif", "https://o.example/a/track/px.gif?x", "https://o.example/track/px.jpg"},
		{"/track/px.gif", "https://o.example/TRACK/Px.gif", "https://o.example/track/apx.gif"},
		{"-banner-", "https://o.example/x-banner-y", "https://o.example/x-banner.y"},
		{"&tid=", "https://o.example/?a&tid=1", "https://o.example/?tid=1"},
		{"analytics.js?", "https://o.example/myanalytics.js?x", "https://o.example/analytics.js"},
		{"/px^", "https://o.example/px", "https://o.example/pxx"},
		{"/px^", "https://o.example/px/", "https://o.example/px-1"},
		{"^px^", "https://o.example/?px=1", "https://o.example/?apx=1"},
		{"/ads/*/px.", "https://o.example/ads/1/px.js", "https://o.example/ads/px.js"},
		/* a part at which its gram is not enough; a later one at which it is; the end that is a separator */
		{"/qzx-*/wvk^", "https://o.example/qz/qzx-/qzx-1/wvk", "https://o.example/qzx-1/wvkx"},
		{"/a^qzx-*/px.", "https://o.example/qzx-/a?qzx-1/px.js", "https://o.example/aqzx-1/px.js"},
		{"/ads/*.gif|", "https://o.example/ads/x.gif", "https://o.example/ads/x.gif?"},
		{"*/collector/*", "https://o.example/collector/x", "https://o.example/collector"},
		{"|https://t.", "https://t.example/", "http://t.example/"},
		{"|https://t.", "https://t.o.example/", "https://o.example/?https://t."},
		{"|http://t.example^", "http://t.example/", "http://t.example.org/"},
		{"://t.ex", "https://t.example/", "https://at.example/"},
		{"://data.*/v1/px?", "https://data.o.example/v1/px?", "https://o.example/data./v1/px?"},
		{".php|", "https://o.example/x.php", "https://o.example/x.php?"},
		{"omni.t.example/", "https://o.example/omni.t.example/", "https://omni.t.examples/x?omni.t_example"},
		{"a^b", "https://o.example/a/b", "https://o.example/ab"},
		{"?aq=", "https://o.example/?aq=", "https://o.example/?a=q"},
		{"/px$", "https://o.example/px$", "https://o.example/px"},
	};
	struct match_db *db;

	(void)state;
	CHECK(pairs, MATCH_SCRIPT);
	/* A bare host in a list of rules is a piece of text; in a list of hosts it is a host. */
	db = build("! rules\nomni.t.example");
	assert_int_equal(judge(db, "https://o.example/omni.t.example", MATCH_SCRIPT), MATCH_BLOCK);
	match_destroy(&db);
	one("omni.t.example$image", "https://o.example/omni.t.example", MATCH_IMAGE, true);
}

static const struct {
	const char *name;
	enum match_type type;
} types[] = {
	{"document", MATCH_DOCUMENT},
	{"doc", MATCH_DOCUMENT},
	{"subdocument", MATCH_SUBDOCUMENT},
	{"frame", MATCH_SUBDOCUMENT},
	{"script", MATCH_SCRIPT},
	{"stylesheet", MATCH_STYLESHEET},
	{"css", MATCH_STYLESHEET},
	{"image", MATCH_IMAGE},
	{"img", MATCH_IMAGE},
	{"font", MATCH_FONT},
	{"media", MATCH_MEDIA},
	{"object", MATCH_OBJECT},
	{"xmlhttprequest", MATCH_XHR},
	{"xhr", MATCH_XHR},
	{"ping", MATCH_PING},
	{"beacon", MATCH_PING},
	{"websocket", MATCH_WEBSOCKET},
	{"other", MATCH_OTHER},
};

static void
test_types(void **state)
{
	char rule[64];

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		for (enum match_type t = MATCH_DOCUMENT; t <= MATCH_OTHER; t = (enum match_type)(t << 1)) {
			(void)snprintf(rule, sizeof(rule), "||t.example^$%s", types[i].name);
			one(rule, "https://t.example/", t, t == types[i].type);
			(void)snprintf(rule, sizeof(rule), "||t.example^$~%s", types[i].name);
			one(rule, "https://t.example/", t, t != types[i].type && t != MATCH_DOCUMENT);
		}
	}
	for (enum match_type t = MATCH_DOCUMENT; t <= MATCH_OTHER; t = (enum match_type)(t << 1)) {
		one("||t.example^", "https://t.example/", t, t != MATCH_DOCUMENT);
		one("||t.example^$all", "https://t.example/", t, true);
		one("||t.example^$script,image", "https://t.example/", t, t == MATCH_SCRIPT || t == MATCH_IMAGE);
		one("||t.example^$popup,script", "https://t.example/", t, t == MATCH_SCRIPT);
		one("||t.example^$redirect=noop.js,script", "https://t.example/", t, t == MATCH_SCRIPT);
	}
}

static void
test_party(void **state)
{
	static const struct {
		const char *option;
		bool first, third, same;
	} options[] = {
		{"third-party", false, true, false},
		{"3p", false, true, false},
		{"~third-party", true, false, true},
		{"first-party", true, false, true},
		{"1p", true, false, true},
		{"~first-party", false, true, false},
		{"~3p", true, false, true},
		{"~1p", false, true, false},
		{"strict1p", false, false, true},
		{"strict3p", true, true, false},
		{"_", true, true, true},
		{"___", true, true, true},
	};
	char rule[64];

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		(void)snprintf(rule, sizeof(rule), "/track/px$%s", options[i].option);
		one(rule, "https://cdn.site.example/track/px", MATCH_IMAGE, options[i].first);
		one(rule, "https://site.example/track/px", MATCH_IMAGE, options[i].first);
		one(rule, "https://o.example/track/px", MATCH_IMAGE, options[i].third);
		one(rule, "https://notsite.example/track/px", MATCH_IMAGE, options[i].third);
		one(rule, "https://www.site.example/track/px", MATCH_IMAGE, options[i].same);
	}
}

static void
test_domains(void **state)
{
	static const struct {
		const char *value;
		bool applies;
	} values[] = {
		{"domain=site.example", true},
		{"domain=www.site.example", true},
		{"domain=a.www.site.example", false},
		{"domain=ite.example", false},
		{"domain=other.example", false},
		{"domain=other.example|site.example", true},
		{"domain=SITE.example", true},
		{"from=site.example", true},
		{"domain=~site.example", false},
		{"domain=~other.example", true},
		{"domain=site.example|~www.site.example", false},
		{"domain=~site.example|www.site.example", true},
		{"domain=~www.other.example|site.example", true},
		{"domain=site.*", true},
		{"domain=www.site.*", true},
		{"domain=ite.*", false},
		{"domain=~site.*", false},
		{"domain=example.*", false},
		{"domain=~[::1]|~0.0.0.0", true},
		{"domain=[::1]", false},
		{"to=o.example", true},
		{"to=other.example", false},
		{"to=~o.example", false},
		{"to=o.*", true},
		{"to=other.*", false},
		{"to=~other.example", true},
		{"denyallow=o.example", false},
		{"denyallow=cdn.o.example", true},
		{"denyallow=x.example|o.example", false},
		{"domain=site.example,denyallow=x.example", true},
		{"domain=site.example,to=x.example", false},
		{"method=get", true},
		{"method=post", false},
		{"method=post|get", true},
		{"method=~get", false},
		{"method=~post", true},
		{"method=get,domain=~other.example", true},
		{"domain=site.example,method=post|~head", false},
	};
	static const char *const patterns[] = {"||o.example^", "/track/px", "*", "/p", ".com*/px", "http"};
	char rule[128];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		for (size_t k = 0; k < sizeof(patterns) / sizeof(*patterns); k++) {
			(void)snprintf(rule, sizeof(rule), "%s$%s", patterns[k], values[i].value);
			one(rule, "https://o.example/track/px?x.com/px", MATCH_IMAGE, values[i].applies);
		}
	}
}

static void
test_case(void **state)
{
	static const struct pair pairs[] = {
		{"/Track/Px$match-case", "https://o.example/Track/Px", "https://o.example/track/px"},
		{"||o.example/Px$match-case", "https://o.example/Px", "https://o.example/px"},
		{"/Track/Px", "https://o.example/tRACK/pX", NULL},
	};

	(void)state;
	CHECK(pairs, MATCH_IMAGE);
}

/* Important block > exception > block; only an important exception beats an important block. */
static void
test_order(void **state)
{
	static const struct {
		const char *list;
		enum match_verdict verdict;
		const char *rule;
	} cases[] = {
		{"||t.example^", MATCH_BLOCK, "||t.example^"},
		{"||t.example^\n@@||t.example/px", MATCH_ALLOW, "@@||t.example/px"},
		{"||t.example^\n@@||t.example/other", MATCH_BLOCK, "||t.example^"},
		{"||t.example^\n@@||t.example^$image", MATCH_BLOCK, "||t.example^"},
		{"@@||t.example^", MATCH_NONE, ""},
		{"||t.example^$important\n@@||t.example^", MATCH_BLOCK, "||t.example^$important"},
		{"||t.example^$important\n@@||t.example^$important", MATCH_ALLOW, "@@||t.example^$important"},
		{"||t.example^\n/px.js$important\n@@||t.example^", MATCH_BLOCK, "/px.js$important"},
		{"||t.example^\n/px.js$important\n@@||t.example^\n@@/px.js$important", MATCH_ALLOW, "@@/px.js$important"},
		{"||t.example^\n/other$important\n@@||t.example^", MATCH_ALLOW, "@@||t.example^"},
		{"||t.example^\n@@||t.example^$important", MATCH_ALLOW, "@@||t.example^$important"},
		{"||t.example^\n||t.example^$badfilter", MATCH_NONE, ""},
		{"||t.example^$script,3p\n||t.example^$3p,script,badfilter", MATCH_NONE, ""},
		{"||t.example^$script\n||t.example^$badfilter", MATCH_BLOCK, "||t.example^$script"},
		{"||t.example^\n@@||t.example^\n@@||t.example^$badfilter", MATCH_BLOCK, "||t.example^"},
		{"||t.example^\n@@||site.example^$document", MATCH_ALLOW, "@@||site.example^$document"},
		{"||t.example^\n@@||other.example^$document", MATCH_BLOCK, "||t.example^"},
		{"||t.example^\n@@||t.example^$redirect=noop.js", MATCH_BLOCK, "||t.example^"},
		{"||t.example^\n@@||site.example^$elemhide", MATCH_BLOCK, "||t.example^"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct match_db *db = build(cases[i].list);

		if (judge(db, "https://t.example/px.js", MATCH_SCRIPT) != cases[i].verdict ||
		    !tc_eq(result.rule, tc_str_from(cases[i].rule)))
			fail_msg("%s: %d by %.*s", cases[i].list, result.verdict, (int)result.rule.n, result.rule.p);
		match_destroy(&db);
	}
}

static struct match_db *
from_fixture(const char *name)
{
	struct match_db *db = match_new();
	static char text[1 << 16];
	char path[256];
	FILE *in;
	size_t n;

	(void)snprintf(path, sizeof(path), "tests/fixtures/lists/%s", name);
	in = fopen(path, "r");
	assert_non_null(in);
	n = fread(text, 1, sizeof(text), in);
	(void)fclose(in);
	assert_int_equal(match_add(db, tc_str_of(text, n), TC_PACK_OPERATOR, TC_ADVERTISING), 0);
	assert_int_equal(match_build(db), 0);
	return db;
}

static bool
blocks(const struct match_db *db, const char *host)
{
	char url[256];

	(void)snprintf(url, sizeof(url), "https://%s/x.js", host);
	return judge(db, url, MATCH_SCRIPT) == MATCH_BLOCK;
}

static void
test_list_file(void **state)
{
	struct match_db *db = from_fixture("rules.txt");
	const struct match_stats *s = match_stats(db);

	(void)state;
	assert_true(blocks(db, "analytics.example"));
	assert_int_equal(result.class, TC_ANALYTICS);
	assert_int_equal(result.pack, TC_PACK_OPERATOR);
	assert_true(blocks(db, "ads.example"));
	assert_int_equal(result.class, TC_ADVERTISING);
	assert_int_equal(judge(db, "https://ads.example/allowed/x", MATCH_SCRIPT), MATCH_ALLOW);
	assert_true(blocks(db, "still-advertising.example"));
	assert_false(blocks(db, "functional.example"));
	assert_false(blocks(db, "hidden.example"));
	assert_false(blocks(db, "x.example"));
	assert_int_equal(s->skipped[MATCH_SKIP_COSMETIC], 4);
	assert_int_equal(s->skipped[MATCH_SKIP_REGEX], 1);
	assert_int_equal(s->skipped[MATCH_SKIP_MODIFIER], 1);
	assert_int_equal(s->changes[MATCH_REMOVEPARAM], 1);
	assert_int_equal(s->changes[MATCH_CSP], 1);
	assert_int_equal(s->skipped[MATCH_SKIP_OPTION], 2);
	assert_int_equal(s->skipped[MATCH_SKIP_MALFORMED], 2);
	assert_int_equal(s->skipped[MATCH_SKIP_INCLUDE], 1);
	assert_int_equal(s->rules[TC_PACK_OPERATOR], 8);
	page.denied = TC_CLASS_BIT(TC_FUNCTIONAL);
	assert_true(blocks(db, "functional.example"));
	assert_true(blocks(db, "shown.example"));
	assert_true(blocks(db, "shown-too.example"));
	assert_false(blocks(db, "hidden-inside.example"));
	assert_true(blocks(db, "shown-parentheses.example"));
	assert_false(blocks(db, "hidden-parenthesis.example"));
	page.denied = DENIED;
	match_destroy(&db);
}

static void
test_hosts_files(void **state)
{
	struct match_db *db = from_fixture("hosts.txt");

	(void)state;
	assert_true(blocks(db, "tracker.example"));
	assert_true(blocks(db, "a.tracker.example"));
	assert_false(blocks(db, "xtracker.example"));
	assert_true(blocks(db, "tab.example"));
	assert_true(blocks(db, "another.example"));
	assert_true(blocks(db, "loud.example"));
	assert_true(blocks(db, "six.example"));
	assert_int_equal(match_stats(db)->rules[TC_PACK_OPERATOR], 6);
	match_destroy(&db);
	db = from_fixture("plain.txt");
	assert_true(blocks(db, "plain.example"));
	assert_true(blocks(db, "sub.deep.example"));
	assert_false(blocks(db, "xplain.example"));
	assert_int_equal(match_stats(db)->rules[TC_PACK_OPERATOR], 2);
	match_destroy(&db);
}

/* A rule counts only if its class is denied; the search goes on behind one that does not. */
static void
test_classes(void **state)
{
	struct match_db *db = build("! Class: analytics\n||t.example^\n! Class: social\n/px.js\n@@||free.example^");

	(void)state;
	assert_int_equal(judge(db, "https://t.example/px.js", MATCH_SCRIPT), MATCH_BLOCK);
	assert_int_equal(result.class, TC_ANALYTICS);
	page.denied = TC_CLASS_BIT(TC_SOCIAL);
	assert_int_equal(judge(db, "https://t.example/px.js", MATCH_SCRIPT), MATCH_BLOCK);
	assert_int_equal(result.class, TC_SOCIAL);
	assert_int_equal(judge(db, "https://free.example/px.js", MATCH_SCRIPT), MATCH_ALLOW);
	page.denied = TC_CLASS_BIT(TC_ADVERTISING);
	assert_int_equal(judge(db, "https://t.example/px.js", MATCH_SCRIPT), MATCH_NONE);
	page.denied = 0;
	assert_int_equal(judge(db, "https://t.example/px.js", MATCH_SCRIPT), MATCH_NONE);
	page.denied = DENIED;
	match_destroy(&db);
}

static void
test_allow(void **state)
{
	static const struct tc_str site[] = {TC_STR_INIT("t.example")}, route[] = {TC_STR_INIT(""), TC_STR_INIT("a.u.example")},
				   acts[] = {TC_STR_INIT("b.u.example")};
	struct match_db *db = build("||t.example^$important\n||u.example^\n/px.js");

	(void)state;
	page.allow[0] = (struct tc_strs){site, 1};
	page.allow[1] = (struct tc_strs){route, 2};
	page.allow[2] = (struct tc_strs){acts, 1};
	assert_int_equal(judge(db, "https://t.example/px.js", MATCH_SCRIPT), MATCH_ALLOW);
	assert_true(tc_eq(result.rule, TC_STR("t.example")));
	assert_int_equal(judge(db, "https://b.t.example/px.js", MATCH_SCRIPT), MATCH_ALLOW);
	assert_int_equal(judge(db, "https://xt.example/px.js", MATCH_SCRIPT), MATCH_BLOCK);
	assert_int_equal(judge(db, "https://u.example/", MATCH_SCRIPT), MATCH_BLOCK);
	assert_int_equal(judge(db, "https://a.u.example/", MATCH_SCRIPT), MATCH_ALLOW);
	assert_int_equal(judge(db, "https://b.u.example/", MATCH_SCRIPT), MATCH_ALLOW);
	memset(page.allow, 0, sizeof(page.allow));
	match_destroy(&db);
}

/* Residency: the only third parties that may be asked. What is allowed and what no list names makes no difference. */
static void
test_residency(void **state)
{
	static const struct tc_str listed[] = {TC_STR_INIT("cn.example"), TC_STR_INIT("t.example")}, site[] = {TC_STR_INIT("u.example")};
	static const struct tc_strs only = {listed, 2}, none = {NULL, 0};
	struct match_db *db = build("||t.example^$script");

	(void)state;
	page.allow[0] = (struct tc_strs){site, 1};
	page.only = &only;
	assert_int_equal(judge(db, "https://u.example/", MATCH_IMAGE), MATCH_BLOCK);
	assert_int_equal(result.class, TC_UNKNOWN);
	assert_int_equal(judge(db, "https://new.example/", MATCH_IMAGE), MATCH_BLOCK);
	assert_int_equal(judge(db, "wss://new.example:81/", MATCH_IMAGE), MATCH_BLOCK);
	assert_int_equal(judge(db, "https://xcn.example/", MATCH_IMAGE), MATCH_BLOCK);
	assert_int_equal(judge(db, "https://cn.example/", MATCH_IMAGE), MATCH_NONE);
	assert_int_equal(judge(db, "https://a.CN.example/", MATCH_IMAGE), MATCH_NONE);
	assert_int_equal(judge(db, "https://t.example/", MATCH_IMAGE), MATCH_NONE);
	assert_int_equal(judge(db, "https://t.example/", MATCH_SCRIPT), MATCH_BLOCK); /* listed is not let through */
	assert_int_equal(result.class, TC_ADVERTISING);
	assert_int_equal(judge(db, "https://www.site.example/a", MATCH_SCRIPT), MATCH_NONE);
	assert_int_equal(judge(db, "data:,x", MATCH_IMAGE), MATCH_NONE);
	page.denied = 0;
	assert_int_equal(judge(db, "https://u.example/", MATCH_IMAGE), MATCH_BLOCK);
	page.only = &none;
	assert_int_equal(judge(db, "https://cn.example/", MATCH_IMAGE), MATCH_BLOCK);
	assert_int_equal(judge(db, "https://www.site.example/a", MATCH_SCRIPT), MATCH_NONE);
	page.only = NULL;
	page.denied = DENIED;
	memset(page.allow, 0, sizeof(page.allow));
	match_destroy(&db);
}

/* What has no host is nobody's business here. */
static void
test_no_url(void **state)
{
	static const char *const urls[] = {"data:,t.example", "about:blank", "", "#x"};
	struct match_db *db = build("t.example\n*$domain=site.example\n/px.js$all");

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		static char buf[URL_MAX + 64];
		struct url u;

		(void)url_resolve(&u, tc_str_from(urls[i]), NULL, buf);
		assert_int_equal(match_url(db, &page, &u, MATCH_SCRIPT, &result), MATCH_NONE);
	}
	match_destroy(&db);
	db = build("");
	assert_int_equal(judge(db, "https://t.example/", MATCH_SCRIPT), MATCH_NONE);
	match_destroy(&db);
}

/* A rule that would stop everything, and rules with nothing to find them by. */
static void
test_hostile_lists(void **state)
{
	static const char *const nothing[] = {"*", "||", "|", "@@", "a", "$", "^", "*^*", "$$", "###", "||\xff.example^", "a b",
	    "\x01", "[", "||t.example^$domain=\xc3\xbc.example", "/x/$domain=/y/"};
	char *text = malloc(3 << 20);
	struct match_db *db;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(nothing) / sizeof(*nothing); i++) {
		db = build(nothing[i]);
		assert_int_equal(judge(db, "https://t.example/abc", MATCH_SCRIPT), MATCH_NONE);
		match_destroy(&db);
	}
	/* More than 16 rules without a key: the rest is refused, not tried one by one. */
	for (int i = 0; i < 40; i++)
		n += (size_t)snprintf(text + n, 32, "/%02d$image\n", i);
	db = build(text);
	assert_int_equal(match_stats(db)->skipped[MATCH_SKIP_NO_LITERAL], 24);
	match_destroy(&db);
	/* A line as long as a list. */
	memset(text, 'a', 3 << 20);
	text[(3 << 20) - 1] = '\0';
	db = build(text);
	assert_int_equal(match_stats(db)->skipped[MATCH_SKIP_LIMIT], 1);
	match_destroy(&db);
	free(text);
}

/* A pattern with many stars, and a URL that nearly fits at every place, end in time. */
static void
test_slow_patterns(void **state)
{
	static char list[1 << 16], url[URL_MAX];
	struct match_db *db;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 200; i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "aaaa*a*a*a*a*a*a*a*a*a*a*b%d\n||a*a*a*a*a*c%d\n", i, i);
	db = build(list);
	memset(url, 'a', sizeof(url));
	memcpy(url, "https://a.a.a.a.a.a.a.a.example/", 32);
	url[URL_MAX - 1] = '\0';
	assert_int_equal(judge(db, url, MATCH_SCRIPT), MATCH_NONE);
	match_destroy(&db);
}

static void
test_lower(void **state)
{
	char all[256 + 7], lower[256 + 7];

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)(i * 37);
	for (size_t from = 0; from < 8; from++) {
		copy_lower(lower, all + from, sizeof(all) - 7);
		for (size_t i = 0; i < sizeof(all) - 7; i++)
			assert_int_equal(lower[i], tc_lower(all[from + i]));
	}
}

/* ---- the lists in use ---- */

static enum match_type
type_of(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	fail_msg("no type %s", name);
	return MATCH_OTHER;
}

/* Splits a line of a table at its tabs, in place. */
static void
split(char *line, char *columns[], int n)
{
	for (int i = 0; i < n; i++) {
		columns[i] = line;
		line += strcspn(line, "\t\n");
		*line++ = '\0';
	}
}

/* A vendor's example, by the built-in pack alone: blocked if the vendor's class is denied, and only then; or kept. */
static void
check_vendor(const struct match_db *db, char *columns[], const struct pack_vendor *v)
{
	bool keep = tc_eq(v->stub, TC_STR("keep")) || strncmp(columns[8], "policy, off by default", 22) == 0;
	enum match_type type = type_of(columns[11]);

	page.denied = TC_CLASS_BIT(v->class);
	if ((judge(db, columns[10], type) == MATCH_BLOCK) == keep)
		fail_msg("%s: %d for %s", columns[0], result.verdict, columns[10]);
	assert_true(keep || result.class == v->class);
	page.denied = DENIED;
	if ((judge(db, columns[10], type) == MATCH_BLOCK) == keep)
		fail_msg("%s: %d for %s", columns[0], result.verdict, columns[10]);
	page.denied = TC_CLASS_BIT(TC_UNKNOWN);
	assert_int_equal(judge(db, columns[10], type), MATCH_NONE);
	page.denied = DENIED;
}

/* db holds the built-in pack and maybe more. */
static void
check_vendors(const struct match_db *db)
{
	FILE *in = fopen("conf/lists/trackers.tsv", "r");
	char line[8192], *columns[14];
	size_t row = 0;

	assert_non_null(in);
	while (fgets(line, sizeof(line), in) != NULL) {
		if (line[0] == '#')
			continue;
		split(line, columns, 14);
		assert_true(tc_eq(pack_vendors[row].name, tc_str_from(columns[0])));
		check_vendor(db, columns, &pack_vendors[row++]);
	}
	(void)fclose(in);
	assert_int_equal(row, pack_vendor_count);
}

static void
test_built_in(void **state)
{
	struct match_db *db = match_new();

	(void)state;
	assert_int_equal(match_add_built_in(db), 0);
	assert_int_equal(match_build(db), 0);
	for (int why = 0; why < MATCH_SKIP_COUNT; why++)
		assert_int_equal(match_stats(db)->skipped[why], 0);
	check_vendors(db);
	/* What a page may need is left alone. */
	assert_int_equal(judge(db, "https://js.hsforms.net/forms/v2.js", MATCH_SCRIPT), MATCH_NONE);
	assert_int_equal(judge(db, "https://js.hs-banner.com/1.js", MATCH_SCRIPT), MATCH_NONE);
	assert_int_equal(judge(db, "https://fonts.googleapis.com/css", MATCH_STYLESHEET), MATCH_NONE);
	assert_int_equal(judge(db, "https://www.site.example/assets/app.js", MATCH_SCRIPT), MATCH_NONE);
	match_destroy(&db);
}

/* An exception of a browser's list does not free what the built-in pack blocks; nor does a block take what it keeps. */
static void
test_built_in_wins(void **state)
{
	struct match_db *db = match_new();
	static const char list[] = "@@||assets.adobedtm.com^*/launch-\n||cdn.cookielaw.org^\n||connect.facebook.net/*/sdk.js\n";

	(void)state;
	assert_int_equal(match_add_built_in(db), 0);
	assert_int_equal(match_add(db, TC_STR(list), TC_PACK_OPERATOR, TC_ADVERTISING), 0);
	assert_int_equal(match_build(db), 0);
	assert_int_equal(judge(db, "https://assets.adobedtm.com/a/b/launch-c.min.js", MATCH_SCRIPT), MATCH_BLOCK);
	assert_int_equal(judge(db, "https://cdn.cookielaw.org/otSDKStub.js", MATCH_SCRIPT), MATCH_ALLOW);
	/* The operator's list decides about Meta's SDK. */
	assert_int_equal(judge(db, "https://connect.facebook.net/en_US/sdk.js", MATCH_SCRIPT), MATCH_BLOCK);
	match_destroy(&db);
}

/* ---- filter_lists ---- */

static char said[4096];
static bool was_fatal;

static void
say(struct tc_loader *l, bool fatal, const char *code, const char *text)
{
	(void)l;
	(void)code;
	(void)snprintf(said, sizeof(said), "%s", text);
	was_fatal = fatal;
}

static void *
load(const char *name, const char *directory, const char *config)
{
	struct tc_str use[] = {TC_STR("built-in"), tc_str_from(name)};
	struct tc_loader l = {
		.lists = {use, 2},
		.list_directory = tc_str_from(directory),
		.config_directory = tc_str_from(config),
		.say = say,
	};
	void *conf = NULL;
	int result;

	said[0] = '\0';
	was_fatal = false;
	result = filter_lists.load(&l, &conf);
	assert_int_equal(result, conf != NULL ? 0 : -1);
	return conf;
}

static void
test_load(void **state)
{
	static const struct {
		const char *name, *directory, *config;
		size_t rules;
	} good[] = {
		{"rules.txt", "tests/fixtures/lists", "", 8},
		{"rules.txt", "", "tests/fixtures/lists", 8},
		{"rules.txt", "tests/unit", "tests/fixtures/lists", 8},
		{"lists/rules.txt", "tests/unit", "tests/fixtures", 8},
		{"./", "", "tests/fixtures/lists", 16},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		void *conf = load(good[i].name, good[i].directory, good[i].config);

		if (conf == NULL)
			fail_msg("%s: %s", good[i].name, said);
		assert_int_equal(match_stats(conf)->rules[TC_PACK_OPERATOR], good[i].rules);
		assert_true(match_stats(conf)->rules[TC_PACK_BUILT_IN] > 250);
		filter_lists.unload(conf);
	}
	assert_null(load("missing.txt", "tests/fixtures/lists", "tests/fixtures"));
	assert_true(was_fatal && strstr(said, "missing.txt") != NULL);
	assert_null(load("unit", "tests", ""));
	assert_true(was_fatal);
	assert_null(load("", "", ""));
	assert_true(was_fatal);
	filter_lists.unload(NULL);
}

/* "!#include": a name below the list's folder, and nothing else; inner ones too are named from there. */
static void
test_load_includes(void **state)
{
	struct match_db *db = load("outer.txt", "tests/fixtures/include", "");

	(void)state;
	assert_non_null(db);
	assert_true(blocks(db, "outer.example"));
	assert_true(blocks(db, "inner.example"));
	assert_true(blocks(db, "more.example"));
	assert_false(blocks(db, "analytics.example"));
	assert_int_equal(match_stats(db)->skipped[MATCH_SKIP_INCLUDE], 4);
	filter_lists.unload(db);
}

static void
count_line(void *arg, struct tc_str text)
{
	*(size_t *)arg += text.n > 0;
}

/* A list of a package that is not there is a warning; one that is there does its work. */
static void
test_easyprivacy(void **state)
{
	struct match_db *db = load("easyprivacy", "", "");
	size_t lines = 0;

	(void)state;
	assert_non_null(db);
	assert_false(was_fatal);
	if (match_stats(db)->rules[TC_PACK_EASYPRIVACY] == 0) {
		assert_true(said[0] != '\0');
		filter_lists.unload(db);
		print_message("skipped: %s\n", said);
		skip();
	}
	assert_int_equal(said[0], '\0');
	assert_true(match_stats(db)->rules[TC_PACK_EASYPRIVACY] > 40000);
	assert_true(match_stats(db)->bytes < 8 << 20);
	check_vendors(db);
	assert_int_equal(judge(db, "https://www.site.example/matomo.php?idsite=1", MATCH_IMAGE), MATCH_BLOCK);
	assert_int_equal(judge(db, "https://www.site.example/", MATCH_DOCUMENT), MATCH_NONE);
	assert_int_equal(judge(db, "https://www.site.example/app.js", MATCH_SCRIPT), MATCH_NONE);
	lists_describe(db, count_line, &lines);
	assert_true(lines >= 3);
	filter_lists.unload(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_that_are_plain),
		cmocka_unit_test(a_page_ready_for_another_block),
		cmocka_unit_test(a_host_full_of_grams),
		cmocka_unit_test(test_host_anchor),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_substrings),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_party),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_case),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_list_file),
		cmocka_unit_test(test_hosts_files),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_allow),
		cmocka_unit_test(test_residency),
		cmocka_unit_test(test_no_url),
		cmocka_unit_test(test_hostile_lists),
		cmocka_unit_test(test_slow_patterns),
		cmocka_unit_test(test_lower),
		cmocka_unit_test(test_built_in),
		cmocka_unit_test(test_built_in_wins),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_load_includes),
		cmocka_unit_test(test_easyprivacy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
