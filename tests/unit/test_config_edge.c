/* test_config_edge.c: origins, limits, responses and listeners, from a file to struct config. */
#include "../../proxy/config/origins.c"
#include "../../proxy/config/response.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <sys/un.h>

#include "little_table.h"

#define EDGE_FILE "tests/fixtures/config/good/edge.yaml"
#define SITE "version: 1\nsites:\n  - hosts: [\"*\"]\n"
#define ORIGIN "    origin: {url: \"http://127.0.0.1:3000\"}\n"

static const struct config_overrides none;

static struct config *
from_text(const char *text, const struct config_overrides *over)
{
	struct messages *m = messages_new();
	struct config *c = NULL;

	if (config_load_text(TC_STR("t.yaml"), tc_str_from(text), over, &c, m) < 0 || m->n > 0)
		messages_print(m, stdout);
	assert_non_null(c);
	assert_int_equal(m->n, 0);
	messages_destroy(&m);
	return c;
}

static struct config *
edge(void)
{
	struct messages *m = messages_new();
	struct config *c = NULL;

	if (config_load(EDGE_FILE, &none, &c, m) < 0)
		messages_print(m, stdout);
	assert_non_null(c);
	assert_int_equal(m->n, 0);
	messages_destroy(&m);
	return c;
}

static bool
is(struct tc_str s, const char *z)
{
	return tc_eq(s, tc_str_from(z));
}

/* ---- origins ---- */

static void
test_defaults_of_an_origin(void **state)
{
	struct config *c = from_text(SITE ORIGIN, &none);
	const struct config_origin *o = &c->sites[0].origin;

	(void)state;
	assert_int_equal(o->server_count, 1);
	assert_int_equal(o->balance, BALANCE_ROUND_ROBIN);
	assert_int_equal(o->connect_timeout_ms, 5000);
	assert_int_equal(o->first_byte_timeout_ms, 30000);
	assert_int_equal(o->timeout_ms, 30000);
	assert_int_equal(o->total_timeout_ms, 0);
	assert_int_equal(o->idle_timeout_ms, 20000);
	assert_int_equal(o->hold_ms, 0);
	assert_int_equal(o->connections, 0);
	assert_int_equal(o->requests, 0);
	assert_int_equal(o->queue, 100);
	assert_int_equal(o->queue_timeout_ms, 1000);
	assert_int_equal(o->retry_percent, 20);
	assert_int_equal(o->eject_failures, 3);
	assert_int_equal(o->eject_ms, 1000);
	assert_true(o->adaptive);
	assert_int_equal(o->check.path.n, 0);
	assert_int_equal(o->check.interval_ms, 2000);
	assert_int_equal(o->check.timeout_ms, 1000);
	assert_int_equal(o->check.healthy, 2);
	assert_int_equal(o->check.unhealthy, 2);
	assert_int_equal(o->line, 4);
	config_destroy(&c);
}

static void
test_every_key_of_an_origin(void **state)
{
	struct config *c = edge();
	const struct config_origin *o = &c->sites[0].origin;

	(void)state;
	assert_int_equal(o->balance, BALANCE_LEAST_CONNECTIONS);
	assert_int_equal(o->host_mode, ORIGIN_HOST_ORIGIN);
	assert_int_equal(o->connect_timeout_ms, 1000);
	assert_int_equal(o->first_byte_timeout_ms, 10000);
	assert_int_equal(o->timeout_ms, 20000);
	assert_int_equal(o->total_timeout_ms, 86400000);
	assert_int_equal(o->idle_timeout_ms, 4000);
	assert_int_equal(o->hold_ms, 3000);
	assert_int_equal(o->connections, 64);
	assert_int_equal(o->requests, 200);
	assert_int_equal(o->queue, 0);
	assert_int_equal(o->queue_timeout_ms, 500);
	assert_int_equal(o->retry_percent, 0);
	assert_int_equal(o->eject_failures, 5);
	assert_int_equal(o->eject_ms, 10000);
	assert_false(o->adaptive);
	assert_true(is(o->check.path, "/health?deep=1"));
	assert_int_equal(o->check.interval_ms, 5000);
	assert_int_equal(o->check.timeout_ms, 2000);
	assert_int_equal(o->check.healthy, 1);
	assert_int_equal(o->check.unhealthy, 3);
	config_destroy(&c);
}

static void
test_servers(void **state)
{
	struct config *c = edge();
	const struct config_server *s = c->sites[0].origin.servers;

	(void)state;
	assert_int_equal(c->sites[0].origin.server_count, 4);
	assert_true(is(s[0].url, "http://10.0.0.5:8080") && is(s[0].host, "10.0.0.5") && is(s[0].authority, "10.0.0.5:8080"));
	assert_int_equal(s[0].port, 8080);
	assert_int_equal(s[0].path.n, 0);
	assert_true(is(s[1].host, "2001:db8::5") && is(s[1].authority, "[2001:db8::5]:8080"));
	assert_true(is(s[2].path, "/run/app.sock") && is(s[2].authority, "localhost"));
	assert_int_equal(s[2].host.n, 0);
	assert_int_equal(s[2].port, 0);
	assert_true(is(s[3].host, "app.internal") && is(s[3].authority, "app.internal"));
	assert_int_equal(s[3].port, 80);
	config_destroy(&c);
}

static void
test_first_byte_follows_timeout(void **state)
{
	struct config *c = from_text(SITE "    origin: {url: \"http://a\", timeout: 7s}\n", &none);

	(void)state;
	assert_int_equal(c->sites[0].origin.first_byte_timeout_ms, 7000);
	config_destroy(&c);
}

/* A route's origin stands alone: what it leaves out is the default, not the site's. */
static void
test_origins_of_routes(void **state)
{
	struct config *c = edge();
	const struct config_site *s = &c->sites[0];
	const struct config_origin *o = s->routes[0].origin;

	(void)state;
	assert_int_equal(s->pub.route_count, 3);
	assert_int_equal(c->origin_count, 2);
	assert_ptr_not_equal(o, &s->origin);
	assert_true(is(o->servers[0].host, "10.0.0.7"));
	assert_int_equal(o->hold_ms, 1000);
	assert_int_equal(o->timeout_ms, 30000);
	assert_int_equal(o->host_mode, ORIGIN_HOST_KEEP);
	assert_true(o->adaptive);
	assert_ptr_equal(s->routes[1].origin, &s->origin);
	assert_ptr_equal(s->routes[2].origin, &s->origin);
	for (size_t i = 0; i < c->origin_count; i++) {
		assert_non_null(c->origins[i]);
		assert_int_equal(c->origins[i]->id, i);
	}
	assert_ptr_equal(config_route_of(s, &s->pub.routes[0])->origin, o);
	config_destroy(&c);
}

static void
test_the_flag_replaces_all_servers(void **state)
{
	struct config_overrides over = {.origin = TC_STR("unix:dev.sock")};
	struct messages *m = messages_new();
	struct config *c;

	(void)state;
	assert_int_equal(config_load(EDGE_FILE, &over, &c, m), 0);
	for (size_t i = 0; i < c->origin_count; i++) {
		assert_int_equal(c->origins[i]->server_count, 1);
		assert_true(is(c->origins[i]->servers[0].path, "dev.sock"));
	}
	assert_int_equal(c->sites[0].origin.connections, 64); /* the rest of what the file says stays */
	config_destroy(&c);
	over.origin = TC_STR("https://a.example/app");
	assert_int_equal(config_load(EDGE_FILE, &over, &c, m), -1);
	assert_int_equal(m->errors, 1); /* once, not for each origin */
	assert_string_equal(m->v[0].code, "bad-url");
	messages_destroy(&m);
}

static void
test_flags_that_are_wrong(void **state)
{
	static const struct {
		struct config_overrides over;
		const char *flag, *code;
	} cases[] = {
		{{.origin = TC_STR_INIT("unix:")}, "--origin", "bad-url"},
		{{.origin = TC_STR_INIT("http://a"), .listen = TC_STR_INIT("unix:")}, "--listen", "bad-address"},
		{{.origin = TC_STR_INIT("http://a"), .admin = TC_STR_INIT("unix:/a")}, "--admin", "bad-address"},
	};
	char path[140] = "unix:/";
	struct config_overrides over = {.origin = TC_STR("http://a")};

	(void)state;
	for (size_t i = 0; i <= sizeof(cases) / sizeof(cases[0]); i++) {
		bool last = i == sizeof(cases) / sizeof(cases[0]);
		struct messages *m = messages_new();
		struct config *c;

		memset(path + 6, 'a', 107);
		over.listen = tc_str_of(path, 5 + 108);
		assert_int_equal(config_load(NULL, last ? &over : &cases[i].over, &c, m), -1);
		assert_string_equal(m->v[0].code, last ? "bad-path" : cases[i].code);
		assert_true(is(m->v[0].file, last ? "--listen" : cases[i].flag));
		assert_true(m->v[0].hint.n > 0);
		messages_destroy(&m);
	}
	over.listen.n--; /* 107 bytes fit */
	{
		struct messages *m = messages_new();
		struct config *c;

		assert_int_equal(config_load(NULL, &over, &c, m), 0);
		config_destroy(&c);
		messages_destroy(&m);
	}
}

/* What came from the environment may be a secret: no message shows it. */
static void
test_the_environment_is_not_shown(void **state)
{
	static const char text[] = SITE "    origin: {urls: [\"${TACET_TEST_SECRET}\"], check: {path: \"${TACET_TEST_SECRET}\"}, "
	    "host: \"${TACET_TEST_SECRET}\"}\n"
	    "    response: {set: {X-A: \"${TACET_TEST_SECRET}\\n\"}, remove: [\"${TACET_TEST_SECRET}\"]}\n"
	    "listen: [{address: \"127.0.0.1:0\", proxy_protocol: [\"${TACET_TEST_SECRET}\"]}]\n"
	    "resolver: {servers: [\"${TACET_TEST_SECRET}\"]}\n";
	struct messages *m = messages_new();
	struct config *c;

	(void)state;
	(void)setenv("TACET_TEST_SECRET", "hunter2 is no name", 1);
	assert_int_equal(config_load_text(TC_STR("t.yaml"), tc_str_from(text), &none, &c, m), -1);
	assert_int_equal(m->errors, 7);
	for (size_t i = 0; i < m->n; i++)
		assert_int_equal(tc_find(m->v[i].text, TC_STR("hunter2")), m->v[i].text.n);
	messages_destroy(&m);
	(void)unsetenv("TACET_TEST_SECRET");
}

/* A route may say what a site may say, with the same types, bounds and defaults. */
static void
test_routes_have_the_rows_of_sites(void **state)
{
	static const char *const shared[] = {"origin.", "rate_limit.", "response."};
	size_t found = 0, pairs = 0;

	(void)state;
	for (size_t i = 0; i < config_option_count(); i++) {
		const char *prefix;
		const struct tc_option *site = config_option(i, &prefix);
		char path[120];

		for (size_t k = 0; k < 3; k++) {
			if (strncmp(site->path, "sites[].", 8) != 0 || strncmp(site->path + 8, shared[k], strlen(shared[k])) != 0)
				continue;
			found++;
			(void)snprintf(path, sizeof(path), "sites[].routes[].%s", site->path + 8);
			for (size_t j = 0; j < config_option_count(); j++) {
				const struct tc_option *route = config_option(j, &prefix);

				if (strcmp(route->path, path) != 0)
					continue;
				pairs++;
				assert_int_equal(route->type, site->type);
				assert_string_equal(route->value != NULL ? route->value : "", site->value != NULL ? site->value : "");
				assert_string_equal(route->bounds != NULL ? route->bounds : "", site->bounds != NULL ? site->bounds : "");
				assert_false(route->later);
			}
		}
	}
	assert_int_equal(found, 33);
	assert_int_equal(pairs, found);
}

/* ---- what the edge does ---- */

static void
test_rate_limits(void **state)
{
	struct config *c = edge();
	const struct config_route *r = c->sites[0].routes;

	(void)state;
	assert_int_equal(r[0].rate.requests, 5);
	assert_int_equal(r[0].rate.per_ms, 1000);
	assert_int_equal(r[0].rate.burst, 5); /* as many as requests */
	assert_ptr_equal(r[0].rate_key, &r[0].rate);
	assert_int_equal(r[1].rate.requests, 20);
	assert_int_equal(r[1].rate.per_ms, 60000);
	assert_int_equal(r[1].rate.burst, 5);
	assert_ptr_equal(r[1].rate_key, r[2].rate_key); /* one bucket for the rest of the site */
	assert_ptr_not_equal(r[1].rate_key, r[0].rate_key);
	assert_int_equal(r[1].rate_key->requests, 20);
	config_destroy(&c);
	c = from_text(SITE ORIGIN, &none);
	assert_int_equal(c->sites[0].routes[0].rate.requests, 0);
	assert_non_null(c->sites[0].routes[0].rate_key);
	config_destroy(&c);
}

static void
test_response_fields(void **state)
{
	struct config *c = edge();
	const struct config_route *api = &c->sites[0].routes[0], *rest = &c->sites[0].routes[2];

	(void)state;
	assert_int_equal(rest->set_count, 3);
	assert_true(is(rest->set[0].name, "X-Frame-Options") && is(rest->set[0].value, "DENY"));
	assert_true(is(rest->set[1].value, "max-age=31536000; includeSubDomains"));
	assert_true(is(rest->set[2].value, "0"));
	assert_int_equal(rest->remove.n, 2); /* Server twice is once */
	assert_true(is(rest->remove.v[0], "server") && is(rest->remove.v[1], "x-powered-by"));
	assert_ptr_equal(c->sites[0].routes[1].origin, rest->origin);
	assert_int_equal(c->sites[0].routes[1].set_count, 3); /* response: {} changes nothing */

	/* What the route says of a field replaces what the site says of it; the rest stays, in front. */
	assert_int_equal(api->set_count, 3);
	assert_true(is(api->set[0].name, "Strict-Transport-Security"));
	assert_true(is(api->set[1].name, "x-frame-options") && is(api->set[1].value, "SAMEORIGIN"));
	assert_true(is(api->set[2].name, "X-Powered-By") && is(api->set[2].value, "tea"));
	assert_int_equal(api->remove.n, 2);
	assert_true(is(api->remove.v[0], "server") && is(api->remove.v[1], "x-number"));
	config_destroy(&c);
}

static void
test_space_around_values(void **state)
{
	struct config *c = from_text(SITE ORIGIN "    response: {set: {X-A: \"  a b \"}}\n", &none);

	(void)state;
	assert_true(is(c->sites[0].routes[0].set[0].value, "a b"));
	config_destroy(&c);
}

static void
test_sizes(void **state)
{
	struct config *c = edge();

	(void)state;
	assert_int_equal(c->limits.body_size, INT64_C(1) << 40);
	assert_int_equal(c->limits.memory, 512 << 20);
	assert_int_equal(c->sites[0].routes[0].body_max, 10 << 20);
	assert_int_equal(c->sites[0].routes[1].body_max, INT64_C(1) << 40);
	config_destroy(&c);
	c = from_text(SITE ORIGIN, &none);
	assert_int_equal(c->limits.body_size, 0);
	assert_int_equal(c->limits.memory, 0);
	assert_int_equal(c->sites[0].routes[0].body_max, 0);
	config_destroy(&c);
}

static void
test_codings(void **state)
{
	static const struct {
		const char *text;
		uint32_t bits;
	} cases[] = {
		{"[]", 0},
		{"[gzip]", TC_CODING_GZIP},
		{"[br]", TC_CODING_BR},
		{"[zstd]", TC_CODING_ZSTD},
		{"[zstd, gzip]", TC_CODING_GZIP | TC_CODING_ZSTD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[300];
		struct config *c;

		(void)snprintf(text, sizeof(text), SITE ORIGIN "    compress: %s\n", cases[i].text);
		c = from_text(text, &none);
		assert_int_equal(c->sites[0].pub.compress, cases[i].bits);
		config_destroy(&c);
	}
}

/* ---- listeners and resolvers ---- */

static void
test_listeners(void **state)
{
	struct config *c = edge();
	struct sockaddr_un un;
	struct tc_addr a;

	(void)state;
	memcpy(&un, &c->listen[0].addr, sizeof(un));
	assert_int_equal(un.sun_family, AF_UNIX);
	assert_string_equal(un.sun_path, "tests/fixtures/config/good/http.sock"); /* from the file's directory */
	assert_true(c->listen[0].proxy_unix);
	assert_int_equal(c->listen[0].proxy_peer_count, 0);
	assert_false(c->listen[1].proxy_unix);
	assert_int_equal(c->listen[1].proxy_peer_count, 2);
	assert_true(addr_parse(TC_STR("10.255.0.1"), &a) && cidr_has(&c->listen[1].proxy_peers[0], &a));
	assert_true(addr_parse(TC_STR("2001:db8::1"), &a) && cidr_has(&c->listen[1].proxy_peers[1], &a));
	assert_true(addr_parse(TC_STR("2001:db8::2"), &a) && !cidr_has(&c->listen[1].proxy_peers[1], &a));
	assert_false(c->listen[1].redirect_https);
	assert_true(c->listen[2].redirect_https);
	assert_int_equal(c->listen[2].proxy_peer_count, 0);
	assert_int_equal(c->resolvers.n, 4);
	assert_true(is(c->resolvers.v[1], "192.0.2.54:5353"));
	config_destroy(&c);
	c = from_text(SITE ORIGIN, &none);
	assert_int_equal(c->resolvers.n, 0);
	assert_int_equal(c->listen[0].proxy_peer_count, 0);
	config_destroy(&c);
}

/* ---- the hash ---- */

static void
hash_with(const char *in_site, const char *after, char out[17])
{
	char text[600];
	struct config *c;

	(void)snprintf(text, sizeof(text), SITE "%s%s", in_site, after);
	c = from_text(text, &none);
	memcpy(out, c->hash, 17);
	config_destroy(&c);
}

/* Everything that changes what is done changes the hash, and each in its own way. */
static void
test_the_hash_covers_everything(void **state)
{
#define WITH(key) "    origin: {url: \"http://127.0.0.1:3000\", " key "}\n"
#define ROUTE(key) ORIGIN "    routes: [{name: a, match: /a/*, " key "}]\n"
	static const struct {
		const char *site, *after;
	} cases[] = {
		{ORIGIN, ""},
		{"    origin: {url: \"unix:/a\"}\n", ""},
		{"    origin: {urls: [\"http://127.0.0.1:3000\", \"http://127.0.0.1:3001\"]}\n", ""},
		{"    origin: {urls: [\"http://127.0.0.1:3001\", \"http://127.0.0.1:3000\"]}\n", ""},
		{WITH("balance: least-connections"), ""},
		{WITH("connect_timeout: 6s"), ""},
		{WITH("first_byte_timeout: 6s"), ""},
		{WITH("timeout: 6s"), ""},
		{WITH("total_timeout: 6s"), ""},
		{WITH("idle_timeout: 6s"), ""},
		{WITH("hold: 6s"), ""},
		{WITH("connections: 7"), ""},
		{WITH("requests: 7"), ""},
		{WITH("queue: 7"), ""},
		{WITH("queue_timeout: 6s"), ""},
		{WITH("retry_budget: 7"), ""},
		{WITH("eject: {failures: 7}"), ""},
		{WITH("eject: {time: 6s}"), ""},
		{WITH("overload: none"), ""},
		{WITH("check: {path: /a}"), ""},
		{WITH("check: {path: /a, interval: 6s}"), ""},
		{WITH("check: {path: /a, timeout: 6s}"), ""},
		{WITH("check: {path: /a, healthy: 7}"), ""},
		{WITH("check: {path: /a, unhealthy: 7}"), ""},
		{ORIGIN "    rate_limit: {requests: 7}\n", ""},
		{ORIGIN "    rate_limit: {requests: 7, per: 2s}\n", ""},
		{ORIGIN "    rate_limit: {requests: 7, burst: 8}\n", ""},
		{ORIGIN "    response: {set: {X-A: a}}\n", ""},
		{ORIGIN "    response: {set: {X-A: b}}\n", ""},
		{ORIGIN "    response: {set: {X-B: a}}\n", ""},
		{ORIGIN "    response: {set: {X-A: a, X-B: a}}\n", ""},
		{ORIGIN "    response: {remove: [X-A]}\n", ""},
		{ORIGIN "    compress: [br]\n", ""},
		{ROUTE("filter: auto"), ""},
		{ROUTE("origin: {url: \"http://127.0.0.1:3000\"}"), ""},
		{ROUTE("origin: {url: \"http://127.0.0.1:3000\", timeout: 6s}"), ""},
		{ROUTE("rate_limit: {requests: 7}"), ""},
		{ROUTE("response: {set: {X-A: a}}"), ""},
		{ROUTE("response: {set: {X-A: b}}"), ""},
		{ROUTE("response: {remove: [X-A]}"), ""},
		{ROUTE("body_size: 7KiB"), ""},
		{ORIGIN, "limits: {body_size: 7KiB}\n"},
		{ORIGIN, "limits: {memory: 77MiB}\n"},
		{ORIGIN, "resolver: {servers: [192.0.2.1]}\n"},
		{ORIGIN, "listen: [{address: \"unix:/a\"}]\n"},
		{ORIGIN, "listen: [{address: \"unix:/a\", proxy_protocol: [unix]}]\n"},
		{ORIGIN, "listen: [{address: \"0.0.0.0:8080\", redirect: https}]\n"},
		{ORIGIN, "listen: [{address: \"0.0.0.0:8080\", proxy_protocol: [10.0.0.0/8]}]\n"},
		{ORIGIN, "listen: [{address: \"0.0.0.0:8080\", proxy_protocol: [10.0.0.0/9]}]\n"},
	};
	enum { CASES = sizeof(cases) / sizeof(cases[0]) };
	char hashes[CASES][17], again[17];

	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		hash_with(cases[i].site, cases[i].after, hashes[i]);
		for (size_t k = 0; k < i; k++)
			if (strcmp(hashes[i], hashes[k]) == 0)
				fail_msg("the same hash: %s%s and %s%s", cases[i].site, cases[i].after, cases[k].site, cases[k].after);
	}
	hash_with(WITH("queue: 100, overload: adaptive") "    compress: []\n",
	    "listen: [{address: \"0.0.0.0:8080\", redirect: none, proxy_protocol: []}]\nresolver: {servers: []}\n", again);
	assert_string_equal(hashes[0], again); /* a default that is written down is still the default */
}

/* ---- cost ---- */

static struct config *
from_stream(FILE *f, char **text)
{
	struct config *c;

	(void)fclose(f);
	c = from_text(*text, &none);
	free(*text);
	return c;
}

/* As many routes as a file may have, and each repeats what the site sets: bounded. */
static void
test_hostile_responses(void **state)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	struct config *c;

	(void)state;
	assert_non_null(f);
	(void)fputs("version: 1\nsites:\n", f);
	for (int i = 0; i < 6; i++) {
		(void)fprintf(f, "  - hosts: [h%d]\n" ORIGIN "    response: {set: {", i);
		for (int k = 0; k < FIELDS_MAX; k++)
			(void)fprintf(f, "S%d: a, ", k);
		(void)fputs("}, remove: [", f);
		for (int k = 0; k < FIELDS_MAX; k++)
			(void)fprintf(f, "R%d, ", k);
		(void)fputs("]}\n    routes:\n", f);
		for (int k = 0; k < ROUTES_MAX; k++)
			(void)fprintf(f, "      - {name: a, match: /%d, response: {set: {A: b}, remove: [c]}}\n", k);
	}
	c = from_stream(f, &text);
	assert_int_equal(c->sites[5].routes[7].set_count, FIELDS_MAX + 1);
	assert_in_range(arena_used(c->arena), 1, LOAD_ARENA_MAX / 2);
	config_destroy(&c);
}

/* And as many origins: each has its defaults. */
static void
test_many_origins(void **state)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	struct config *c;

	(void)state;
	assert_non_null(f);
	(void)fputs("version: 1\nsites:\n", f);
	for (int i = 0; i < 9; i++) {
		(void)fprintf(f, "  - hosts: [h%d]\n" ORIGIN "    routes:\n", i);
		for (int k = 0; k < ROUTES_MAX; k++)
			(void)fprintf(f, "      - {name: a, match: /%d, origin: {url: \"http://h%d\"}}\n", k, k);
	}
	c = from_stream(f, &text);
	assert_int_equal(c->origin_count, 9 * (ROUTES_MAX + 1));
	for (size_t i = 0; i < c->origin_count; i++)
		assert_int_equal(c->origins[i]->id, i);
	assert_in_range(arena_used(c->arena), 1, LOAD_ARENA_MAX / 2);
	config_destroy(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_of_an_origin),
		cmocka_unit_test(test_every_key_of_an_origin),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_first_byte_follows_timeout),
		cmocka_unit_test(test_origins_of_routes),
		cmocka_unit_test(test_the_flag_replaces_all_servers),
		cmocka_unit_test(test_flags_that_are_wrong),
		cmocka_unit_test(test_the_environment_is_not_shown),
		cmocka_unit_test(test_routes_have_the_rows_of_sites),
		cmocka_unit_test(test_rate_limits),
		cmocka_unit_test(test_response_fields),
		cmocka_unit_test(test_space_around_values),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_codings),
		cmocka_unit_test(test_listeners),
		cmocka_unit_test(test_the_hash_covers_everything),
		cmocka_unit_test(test_hostile_responses),
		cmocka_unit_test(test_many_origins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
