/*
 * test_pack.c: look-ups in the built-in pack: every row of conf/lists is found by what it names, the order of evaluation
 * holds, and the generator refuses bad tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../filters/match/pack_find.c"

#include "edge.h"

static const struct pack_cookie *
cookie(const char *name)
{
	char *edge = edge_copy(name, strlen(name));
	const struct pack_cookie *found = pack_cookie(tc_str_of(edge, strlen(name)));

	edge_free(edge, strlen(name));
	return found;
}

static const struct pack_param *
param(const char *name)
{
	char *edge = edge_copy(name, strlen(name));
	const struct pack_param *found = pack_param(tc_str_of(edge, strlen(name)));

	edge_free(edge, strlen(name));
	return found;
}

/* name is decided by the row `pattern` ("" for none). */
static void
check_cookie(const char *name, const char *pattern)
{
	const struct pack_cookie *found = cookie(name);

	if (!tc_eq(found != NULL ? found->pattern : TC_STR(""), tc_str_from(pattern)))
		fail_msg("%s: %.*s, not %s", name, found != NULL ? (int)found->pattern.n : 4,
		    found != NULL ? found->pattern.p : "none", pattern);
}

static void
test_order(void **state)
{
	(void)state;
	check_cookie("_ga", "_ga"); /* exact before prefix */
	check_cookie("_ga_", "_ga_");
	check_cookie("_ga_ABC123", "_ga_");
	check_cookie("_gat_gtag_UA_1", "_gat_");
	check_cookie("_gac_gb_x", "_gac_gb_"); /* the longest prefix */
	check_cookie("_gac_x", "_gac_");
	check_cookie("visitor_id123", "^visitor_id[0-9]+(-hash)?$");
	check_cookie("visitor_id123-hash", "^visitor_id[0-9]+(-hash)?$");
	check_cookie("kndctr_ABC_AdobeOrg_consent", "^kndctr_.*_consent$"); /* regex before prefix */
	check_cookie("SESS0123456789abcdef0123456789abcdef", "^SESS[0-9a-f]{32}$");
	check_cookie("_pxff_tm", "^_px(2|3|hd|vid|de|ff_.*)?$");
	check_cookie("amp_0123456789", "^amp_[0-9a-f]{6,}");
	check_cookie("myapp_session_id", "_session_id");
	check_cookie("x_mixpanel_y", "mixpanel");
	check_cookie("mp_0a_mixpanel", "^mp_.*_mixpanel$"); /* regex before contains */
}

/* Names that are nearly one. */
static void
test_near_misses(void **state)
{
	static const char *const names[] = {"", "_", "_g", "_GA", "_gax", "x_ga", "visitor_id", "visitor_id1x",
	    "visitor_id1-hashx", "SESS0123", "SESS0123456789abcdef0123456789abcdef0", "_pxx", "TS01234", "__Host-",
	    "__Secure-", "__Host-nobody"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (cookie(names[i]) != NULL)
			fail_msg("%s: %.*s", names[i], (int)cookie(names[i])->pattern.n, cookie(names[i])->pattern.p);
	assert_null(param(""));
	assert_null(param("GCLID"));
	assert_null(param("gclid2"));
	assert_null(param("pk_other"));
	assert_null(param("q"));
}

static void
test_prefixes(void **state)
{
	(void)state;
	check_cookie("__Host-_ga", "_ga");
	check_cookie("__Secure-_ga_X", "_ga_");
	check_cookie("__secure-_ga_X", "_ga_");
}

static void
test_verdicts(void **state)
{
	(void)state;
	assert_int_equal(cookie("_ga")->strip, PACK_STRIP);
	assert_int_equal(cookie("_ga")->class, TC_ANALYTICS);
	assert_int_equal(cookie("_ga")->set_by, PACK_JS);
	assert_int_equal(cookie("_hjOptOut")->strip, PACK_KEEP);
	assert_int_equal(cookie("mc")->strip, PACK_POLICY);
	assert_int_equal(param("gclid")->class, PACK_CLICK_ID);
	assert_int_equal(param("gclid")->strip, PACK_STRIP);
	assert_int_equal(param("utm_source")->strip, PACK_POLICY);
	assert_int_equal(param("utm_zzz")->class, PACK_CAMPAIGN);
	assert_int_equal(param("mc_eid")->class, PACK_USER_ID);
	assert_int_equal(param("hsa_kw")->class, PACK_AD_DETAIL);
	assert_int_equal(param("pk_campaign")->class, PACK_CAMPAIGN);
	for (size_t i = 0; i < pack_cookie_count; i++)
		if (pack_cookies[i].strip == PACK_STRIP)
			assert_int_equal(TC_CLASS_BIT(pack_cookies[i].class) & (TC_CLASS_BIT(TC_SECURITY) | TC_CLASS_BIT(TC_CONSENT)), 0);
}

/* Each exact row decides about its own name, and each prefix about itself and more unless a closer row does. */
static void
test_every_row(void **state)
{
	const struct pack_names *tables[] = {&pack_cookie_names, &pack_param_names};

	(void)state;
	assert_true(pack_cookie_count > 400 && pack_param_count > 200);
	for (int t = 0; t < 2; t++) {
		for (uint32_t i = 0; i <= tables[t]->mask; i++) {
			const struct pack_key *k = &tables[t]->keys[i];
			uint16_t row;

			if (k->n == 0)
				continue;
			row = names_find(tables[t], tc_str_of(k->text, k->n));
			if (!k->prefix)
				assert_int_equal(row, k->row);
			assert_int_not_equal(row, PACK_NO_ROW);
		}
	}
}

static void
test_signatures(void **state)
{
	size_t regexes = 0;

	(void)state;
	assert_true(pack_vendor_count >= 126 && pack_signature_count > 200);
	for (size_t i = 0; i < pack_signature_count; i++) {
		assert_true(pack_signatures[i].text.n >= 3);
		assert_true(pack_signatures[i].vendor < pack_vendor_count);
		assert_int_equal(pack_signatures[i].class, pack_vendors[pack_signatures[i].vendor].class);
		regexes += pack_signatures[i].regex;
	}
	assert_int_equal(regexes, 3);
}

/* ---- endpoints ---- */

static const char *
tool(const char *path, const char *query, const char *body)
{
	static char text[100];
	struct tc_str p = tc_str_from(path), q = tc_str_from(query), b = {body, body != NULL ? strlen(body) : 0};
	char *edge = edge_copy(p.p, p.n), *edge_q = edge_copy(q.p, q.n);
	const struct pack_endpoint *e = pack_endpoint(tc_str_of(edge, p.n), tc_str_of(edge_q, q.n), b);

	edge_free(edge, p.n);
	edge_free(edge_q, q.n);
	(void)snprintf(text, sizeof(text), "%.*s", e != NULL ? (int)e->tool.n : 4, e != NULL ? e->tool.p : "none");
	return text;
}

static void
test_endpoints(void **state)
{
	static const struct {
		const char *path, *query, *body, *tool;
	} cases[] = {
		{"/metrics/g/collect", "v=2&tid=G-ABC&cid=1", NULL, "GA4 hit"},
		{"/any", "en=x&v=2&gtm=1&tid=G-ABC", NULL, "GA4 hit"},
		{"/any", "v=2", NULL, "none"},
		{"/any", "xv=2&xtid=G-1", NULL, "none"},
		{"/any", "", NULL, "none"},
		{"/collect", "v=1&tid=UA-1-1", NULL, "Universal Analytics hit"},
		{"/x/gtag/js", "id=G-1", NULL, "Google tag gateway script"},
		{"/x/gtag/js", "", NULL, "none"},
		{"/load.js", "id=GTM-ABC", NULL, "sGTM container script"},
		{"/load.js", "id=1", NULL, "none"},
		{"/tr/", "id=123456789&ev=PageView", NULL, "Meta Pixel hit"},
		{"/tr/", "id=abc&ev=PageView", NULL, "none"},
		{"/signals/config/123456", "", NULL, "Meta Pixel script"},
		{"/signals/config/", "", NULL, "none"},
		{"/signals/config/12x", "", NULL, "none"},
		{"/capi/1234/events", "", NULL, "Meta Conversions API Gateway"},
		{"/stats/matomo.php", "", NULL, "Matomo hit"},
		{"/matomo.phpx", "", NULL, "none"},
		{"/m", "idsite=7&rec=1", NULL, "Matomo hit"},
		{"/b/ss/rsid/1/JS-2.22.0/s123", "AQB=1", NULL, "Adobe Analytics hit"},
		{"/ee/v1/interact", "configId=1", NULL, "Adobe Web SDK edge"},
		{"/ee/or2/v1/interact", "configId=1", NULL, "Adobe Web SDK edge"},
		{"/com.snowplowanalytics.snowplow/tp2", "", NULL, "Snowplow hit"},
		{"/ph/e/", "ip=1&_=2&ver=1.100.0", NULL, "PostHog hit"},
		{"/ph/e/", "", NULL, "none"},
		{"/ingest/array/phc_abc/config.js", "", NULL, "PostHog script"},
		{"/v1/p", "", "{\"anonymousId\":\"x\",\"writeKey\":\"y\"}", "Segment proxy hit"},
		{"/v1/p", "", "{\"anonymousId\":\"x\"}", "none"},
		{"/v1/p", "", NULL, "none"},
		{"/api/event", "", "{\"n\":\"pageview\",\"u\":\"https://x/\",\"d\":\"x\"}", "Plausible hit"},
		{"/api/event", "", "{\"n\":\"other\"}", "none"},
		{"/cdn-cgi/zaraz/t", "", NULL, "Cloudflare Zaraz"},
		{"/cdn-cgi/image/x.png", "", NULL, "none"},
		{"/_vercel/insights/view", "", NULL, "Vercel Insights"},
		/* ids */
		{"/gw/", "id=G-AB1C", NULL, "Google tag gateway script"},
		{"/gw/", "x=1&id=AW-123", NULL, "Google tag gateway script"},
		{"/gw/", "id=G-ABC", NULL, "none"},
		{"/gw/", "id=G-1234", NULL, "none"},
		{"/gw/", "id=G-abcd1", NULL, "none"},
		{"/gw/", "id=AW-A", NULL, "none"},
		{"/gw/x", "id=G-AB1C", NULL, "none"},
		/* values under any name */
		{"/x.js", "any=aWQ9R1RNLVRF", NULL, "sGTM container script (Stape)"},
		{"/x.js", "aWQ9R1RNLVRF", NULL, "sGTM container script (Stape)"},
		{"/x.js", "a=1&any=aWQ9R1RNLVRF&b", NULL, "sGTM container script (Stape)"},
		{"/x.js", "any=xaWQ9R1RNLVRF", NULL, "none"},
		{"/x.js", "any=x=aWQ9R1RNLVRF", NULL, "none"},
		/* forms */
		{"/tr/", "", "id=12&ev=x", "Meta Pixel hit"},
		{"/tr/", "", "a=b&ev=x&id=12", "Meta Pixel hit"},
		{"/tr/", "", "id=a1&ev=x", "none"},
		{"/tr/", "", "id=&id=1&ev=", "Meta Pixel hit"},
		{"/tr/", "", "xid=12&ev=x", "none"},
		{"/tr/", "", "id=12&xev=x", "none"},
		{"/tr/", "", "&id=", "none"},
		{"/x/events/y", "", "{\"event_name\":\"x\",\"z\":\"fb.1.1.2\"}", "Meta Conversions API Gateway"},
		{"/x/events/y", "", "{\"event_name\":\"x\",\"z\":\"fb.1.\",\"fb.1.x\":1}", "none"},
		{"/", "utm_source=x", NULL, "none"},
		{"/app.js", "v=2", NULL, "none"},
		{"", "", NULL, "none"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (strcmp(tool(cases[i].path, cases[i].query, cases[i].body), cases[i].tool) != 0)
			fail_msg("%s?%s: %s, not %s", cases[i].path, cases[i].query,
			    tool(cases[i].path, cases[i].query, cases[i].body), cases[i].tool);
}

/* Each path is in one list. */
static size_t
path_count(void)
{
	size_t n = 0;

	for (size_t i = 0; i < 65; i++)
		n += pack_path_by_segment[i].n;
	return n;
}

/* The first row that holds, without what shows at a glance. */
static const struct pack_endpoint *
first_row(struct tc_str path, struct tc_str query, struct tc_str body)
{
	size_t paths = path_count();

	for (size_t i = 0; i < pack_endpoint_count; i++) {
		const struct pack_endpoint *e = &pack_endpoints[i];
		bool like = false;

		for (size_t k = 0; k < paths && !like; k++)
			like = pack_paths[k].row == i && path_like(pack_paths[k].glob, path);
		if (like && (e->query.n == 0 || (query.n > 0 && marks_hold(e->query, query, mark_in_query))) &&
		    (e->body.n == 0 || (body.n > 0 && marks_hold(e->body, body, mark_in_body))))
			return e;
	}
	return NULL;
}

/* One form of a mark, with something in the place of what stands for others. */
static size_t
put_mark(char *out, struct tc_str marks)
{
	size_t count = 1, n = 0;
	struct tc_str form = {NULL, 0};

	for (size_t i = 0; i < marks.n; i++)
		count += marks.p[i] == '|' || marks.p[i] == ';';
	for (size_t skip = (size_t)rand() % count + 1; skip > 0 && marks.n > 0; skip--) {
		size_t at = 0;

		while (at < marks.n && marks.p[at] != '|' && marks.p[at] != ';')
			at++;
		form = tc_trim(tc_str_of(marks.p, at));
		tc_skip(&marks, at < marks.n ? at + 1 : at);
	}
	for (size_t i = 0; i < form.n; i++) {
		if (i == 0 && form.p[0] == '=')
			out[n++] = 'x';
		if (form.p[i] == '#')
			out[n++] = '7';
		else if (form.p[i] == '^')
			n += (size_t)snprintf(out + n, 5, "AB1C");
		else
			out[n++] = form.p[i];
	}
	return n;
}

/* What shows at a glance rules nothing out that would hold. */
static void
test_glance(void **state)
{
	static const char *const paths[] = {"/", "/x/", "/collect", "/g/collect", "/app.js", "/tr/", "/events/x", "/i/v0/e/", "/count"};
	size_t hits = 0;

	(void)state;
	srand(1);
	for (int round = 0; round < 4000; round++) {
		char query[512], body[512];
		struct tc_str path = tc_str_from(paths[(size_t)rand() % (sizeof(paths) / sizeof(*paths))]);
		size_t n = 0, m = 0;

		for (int k = rand() % 4; k > 0; k--) {
			n += put_mark(query + n, pack_endpoints[(size_t)rand() % pack_endpoint_count].query);
			if (rand() % 4 > 0)
				query[n++] = '&';
		}
		for (int k = rand() % 3; k > 0; k--)
			m += put_mark(body + m, pack_endpoints[(size_t)rand() % pack_endpoint_count].body);
		char *edge_q = edge_copy(query, n), *edge_b = edge_copy(body, m);
		struct tc_str q = tc_str_of(edge_q, n), b = tc_str_of(edge_b, m);
		const struct pack_endpoint *e = first_row(path, q, b);

		assert_ptr_equal(pack_endpoint(path, q, b), e);
		hits += e != NULL;
		edge_free(edge_q, n);
		edge_free(edge_b, m);
	}
	assert_true(hits > 200 && hits < 3800);
}

/* ---- the generator ---- */

static int
run_mkpack(const char *directory, char *said, size_t room)
{
	char command[512], line[256];
	FILE *out;

	(void)snprintf(command, sizeof(command), "build/mkpack %s %s/out.c 2>&1", directory, directory);
	said[0] = '\0';
	out = popen(command, "r");
	assert_non_null(out);
	while (fgets(line, sizeof(line), out) != NULL)
		(void)snprintf(said + strlen(said), room - strlen(said), "%s", line);
	return WEXITSTATUS(pclose(out));
}

static void
write_table(const char *directory, const char *name, const char *text)
{
	char path[256];
	FILE *out;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
	assert_int_equal(fclose(out), 0);
}

#define COOKIE "_a\texact\tV\tanalytics\tjs\tstrip\t\n"
#define PARAM "a\texact\tV\tclick-id\tstrip\t\n"
#define TRACKER "V\tanalytics\t||v.example^\t\tvsig(\t\t\tnoop\t\t1\thttps://v.example/\tscript\tno\tno\n"
#define ENDPOINT "V\tanalytics\t/v\t\t\tempty\t\n"
#define EMBED "v.example *.v.example\t/v\tvideo\tV\tV\tdnt=1\thttps://v.example/{1}\t\n"

static void
test_generator(void **state)
{
	static const struct {
		const char *cookies, *params, *trackers, *endpoints, *embeds, *said;
	} cases[] = {
		{COOKIE, PARAM, TRACKER, ENDPOINT, EMBED, NULL},
		{"# c\n" COOKIE "_b\texakt\tV\tanalytics\tjs\tstrip\t\n", PARAM, TRACKER, ENDPOINT, EMBED, "cookies.tsv:3: "},
		{COOKIE COOKIE, PARAM, TRACKER, ENDPOINT, EMBED, "cookies.tsv:2: "},
		{"_a\texact\tV\tanalytics\tjs\tstrip\n", PARAM, TRACKER, ENDPOINT, EMBED, "cookies.tsv:1: "},
		{"_a\texact\tV\tanalytics\tjs\tstrip\t\t\n", PARAM, TRACKER, ENDPOINT, EMBED, "cookies.tsv:1: "},
		{"_a\texact\tV\tsecurity\tjs\tstrip\t\n", PARAM, TRACKER, ENDPOINT, EMBED, "cookies.tsv:1: "},
		{"_a(\tregex\tV\tanalytics\tjs\tstrip\t\n", PARAM, TRACKER, ENDPOINT, EMBED, "cookies.tsv:1: "},
		{"_a[x\tregex\tV\tanalytics\tjs\tstrip\t\n", PARAM, TRACKER, ENDPOINT, EMBED, "cookies.tsv:1: "},
		{"_a{2\tregex\tV\tanalytics\tjs\tstrip\t\n", PARAM, TRACKER, ENDPOINT, EMBED, "cookies.tsv:1: "},
		{"abc\tcontains\tV\tanalytics\tjs\tstrip\t\n", PARAM, TRACKER, ENDPOINT, EMBED, "cookies.tsv:1: "},
		{"_a\texact\tV\tanalytics\tjs\tstrip\t", PARAM, TRACKER, ENDPOINT, EMBED, "cookies.tsv:1: "},
		{"", PARAM, TRACKER, ENDPOINT, EMBED, "cookies.tsv:0: "},
		{COOKIE, "a\tsuffix\tV\tclick-id\tstrip\t\n", TRACKER, ENDPOINT, EMBED, "params.tsv:1: "},
		{COOKIE, "a\texact\tV\tad\tstrip\t\n", TRACKER, ENDPOINT, EMBED, "params.tsv:1: "},
		{COOKIE, PARAM, "V\tnew\t||v.example^\t\t\t\t\tnoop\t\t1\thttps://v/\tscript\tno\tno\n", ENDPOINT, EMBED, "trackers.tsv:1: "},
		{COOKIE, PARAM, "V\trum\t||v.example^$x\t\t\t\t\tnoop\t\t1\thttps://v/\tscript\tno\tno\n", ENDPOINT, EMBED, "trackers.tsv:1: "},
		{COOKIE, PARAM, "V\trum\t||v.example^\t\t\t\t\tnop\t\t1\thttps://v/\tscript\tno\tno\n", ENDPOINT, EMBED, "trackers.tsv:1: "},
		{COOKIE, PARAM, TRACKER, "V\tanalytics\tv\t\t\tempty\t\n", EMBED, "endpoints.tsv:1: "},
		{COOKIE, PARAM, TRACKER, "V\tanalytics\t\t\t\tempty\t\n", EMBED, "endpoints.tsv:1: "},
		{COOKIE, PARAM, TRACKER, "V\tanalytics\t\ta=|#; b\t=c^; d\tempty\t\n", EMBED, "endpoints.tsv:1: "},
		{COOKIE, PARAM, TRACKER, "V\tanalytics\t\t\taa; ^x\tempty\t\n", EMBED, "endpoints.tsv:1: "},
		{COOKIE, PARAM, TRACKER, "V\tanalytics\t\taa;bb\t\tempty\t\n", EMBED, "endpoints.tsv:1: "},
		{COOKIE, PARAM, TRACKER, "V\tanalytics\t\taa||bb\t\tempty\t\n", EMBED, "endpoints.tsv:1: "},
		{COOKIE, PARAM, TRACKER, "V\tanalytics\t\ta; bc\t\tempty\t\n", EMBED, "endpoints.tsv:1: "},
		{COOKIE, PARAM, TRACKER, "V\tanalytics\t\taa|\t\tempty\t\n", EMBED, "endpoints.tsv:1: "},
		{COOKIE, PARAM, TRACKER, "V\tanalytics\t\ta=#^|b=; =c\t&d=#\tempty\t\n", EMBED, NULL},
		{COOKIE, PARAM, TRACKER, ENDPOINT, EMBED EMBED, "embeds.tsv:2: "},
		{COOKIE, PARAM, TRACKER, ENDPOINT, "v.example\t/v\tfilm\tV\tV\t\t\t\n", "embeds.tsv:1: "},
		{COOKIE, PARAM, TRACKER, ENDPOINT, "V.example\t/v\tvideo\tV\tV\t\t\t\n", "embeds.tsv:1: "},
		{COOKIE, PARAM, TRACKER, ENDPOINT, "v.example\tv\tvideo\tV\tV\t\t\t\n", "embeds.tsv:1: "},
		{COOKIE, PARAM, TRACKER, ENDPOINT, "v.example\t/v\tvideo\tV\t\t\t\t\n", "embeds.tsv:1: "},
		{COOKIE, PARAM, TRACKER, ENDPOINT, "v.example\t/v\tvideo\tV\tV\tdnt\t\t\n", "embeds.tsv:1: "},
		{COOKIE, PARAM, TRACKER, ENDPOINT, "v.example\t/v\tvideo\tV\tV\t\thttp://v.example/\t\n", "embeds.tsv:1: "},
	};
	char directory[] = "/tmp/test_packXXXXXX", said[4096], path[64];
	struct stat st;

	(void)state;
	if (access("build/mkpack", X_OK) == -1) {
		print_message("skipped: no build/mkpack here\n");
		skip();
	}
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/out.c", directory);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int status;

		(void)unlink(path);
		write_table(directory, "cookies.tsv", cases[i].cookies);
		write_table(directory, "params.tsv", cases[i].params);
		write_table(directory, "embeds.tsv", cases[i].embeds);
		write_table(directory, "trackers.tsv", cases[i].trackers);
		write_table(directory, "endpoints.tsv", cases[i].endpoints);
		status = run_mkpack(directory, said, sizeof(said));
		if (cases[i].said == NULL ? status != 0 : status != 1 || strstr(said, cases[i].said) == NULL)
			fail_msg("case %zu: %d, %s", i, status, said);
		assert_int_equal(stat(path, &st), cases[i].said == NULL ? 0 : -1);
	}
	(void)snprintf(said, sizeof(said), "rm -r %s", directory);
	assert_int_equal(system(said), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_near_misses),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_glance),
		cmocka_unit_test(test_generator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
