/* origins.c: the origins of sites and routes, from checked nodes to struct config_origin. */
#include <assert.h>

#include "config/compile.h"
#include "config/scalar.h"

/* What --origin and each of `urls` have to be. */
static const struct tc_option url_row = {
	.path = "sites[].origin.url", .type = TC_OPT_URL, .bounds = "http|https|unix"};

/* ---- servers ---- */

static void
check_url(struct compile *c, struct about *about, const struct url_parts *url)
{
	if (url->path.n > 0 && !tc_eq(url->path, TC_STR("/"))) {
		about->hint = TC_STR("end it after host and port: the visitor's path goes to the origin as it is");
		load_fault(c->l, about, "bad-url", "an origin has no path");
	}
}

/* url is of the form that scalar.c accepts. */
static void
compile_server(struct compile *c, struct about *about, struct tc_str url, struct config_server *out)
{
	struct url_parts parts;
	struct tc_str host;
	bool https;

	out->url = url;
	if (tc_starts(url, TC_STR("unix:"))) {
		about->hint = TC_STR("write unix:/run/app.sock");
		out->path = unix_path(c, about, url, about->at != NULL ? about->at->source->directory : TC_STR(""));
		out->authority = TC_STR("localhost");
		return;
	}
	if (!url_split(url, &parts))
		return; /* it was taken before */
	https = out->https = tc_eq(parts.scheme, TC_STR("https"));
	host = lower_copy(c->l, parts.host);
	out->authority = host;
	out->host = host.p[0] == '[' ? tc_str_of(host.p + 1, host.n - 2) : host;
	out->port = (uint16_t)(parts.port != 0 ? parts.port : https ? 443
								    : 80);
	if (parts.port != 0 && parts.port != (https ? 443 : 80))
		out->authority = load_printf(c->l, "%.*s:%d", STR_ALL(host), parts.port);
	check_url(c, about, &parts);
}

static bool
same_server(const struct config_server *a, const struct config_server *b)
{
	return a->port == b->port && tc_eq(a->host, b->host) && tc_eq(a->path, b->path);
}

static void
refuse_twice(struct compile *c, const struct about *about, const struct config_server *v, size_t i)
{
	struct about twice = *about;

	twice.hint = TC_STR("name each server once: all of them get the same share");
	for (size_t k = 0; k < i; k++)
		if (same_server(&v[k], &v[i])) {
			load_fault(c->l, &twice, "duplicate-server", "this server is in the list already");
			return;
		}
}

/* What `tacet help` calls an origin. */
static const char *
help_of(struct tc_str way)
{
	return tc_find(way, TC_STR(".routes[")) < way.n ? "sites.routes.origin" : "sites.origin";
}

/* Exactly one of url and urls, and not too many. Says so if not. */
static bool
servers_named(struct compile *c, const struct node *map, const struct raw_origin *raw, struct tc_str way)
{
	const struct node *url = node_get(map, TC_STR("url")), *urls = node_get(map, TC_STR("urls"));
	struct about about = {.at = urls != NULL ? urls : map, .path = way};
	size_t before = c->l->messages->errors;

	if (url == NULL && urls == NULL) {
		about.hint = load_printf(c->l, "add url: \"http://host:port\", or urls: with several  (tacet help %s.url)",
		    help_of(way));
		load_fault(c->l, &about, "missing-key", "%.*s has no url", STR_ALL(way));
	} else if (url != NULL && urls != NULL) {
		about.hint = TC_STR("keep url for one server, or urls for several");
		load_fault(c->l, &about, "conflicting-keys", "%.*s has both url and urls", STR_ALL(way));
	} else if (urls != NULL && raw->urls.n == 0) {
		about.hint = TC_STR("name at least one server, or write url: \"http://host:port\"");
		load_fault(c->l, &about, "missing-value", "%.*s.urls is empty", STR_ALL(way));
	} else if (raw->urls.n > SERVERS_MAX) {
		about.hint = TC_STR("put a load balancer in between, or split the site by routes");
		load_fault(c->l, &about, "too-large", "%.*s has more than %d servers", STR_ALL(way), SERVERS_MAX);
	}
	return c->l->messages->errors == before;
}

/* One server, once its text is of the right form. */
static bool
read_server(struct compile *c, struct about *about, struct tc_str text, struct config_server *out)
{
	struct tc_str shown = about->at != NULL ? node_shown(about->at) : text, url;
	struct scalar_fault fault;

	if (scalar_read(&url_row, text, shown, "value", &url, &fault)) {
		compile_server(c, about, url, out);
		return true;
	}
	about->hint = tc_str_from(fault.hint);
	load_fault(c->l, about, fault.code, "%s", fault.text);
	return false;
}

/* --origin takes the place of every origin's servers. */
static void
compile_given(struct compile *c, struct config_origin *o)
{
	struct about about = {.file = TC_STR("--origin")};

	if (c->server == NULL) { /* faults in it are said once */
		struct config_server *v = load_alloc(c->l, sizeof(*v));

		(void)read_server(c, &about, c->over->origin, v);
		c->server = v;
	}
	o->servers = c->server;
	o->server_count = 1;
}

static void
compile_servers(struct compile *c, const struct node *map, const struct raw_origin *raw, struct tc_str way,
    struct config_origin *o)
{
	size_t n = raw->url.n > 0 ? 1 : raw->urls.n;
	struct config_server *v;

	if (c->over->origin.n > 0) {
		compile_given(c, o);
		return;
	}
	if (!servers_named(c, map, raw, way))
		return;
	v = load_alloc(c->l, n * sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		bool one = raw->url.n > 0;
		struct about about = {.at = one ? at_key(map, "url") : at_item(map, "urls", i)};

		about.path = load_printf(c->l, one ? "%.*s.url" : "%.*s.urls", STR_ALL(way));
		if (read_server(c, &about, one ? raw->url : raw->urls.v[i], &v[i]))
			refuse_twice(c, &about, v, i);
	}
	o->servers = v;
	o->server_count = n;
}

/* ---- the rest ---- */

static void
compile_host(struct compile *c, const struct node *map, const struct raw_origin *raw, struct tc_str way,
    struct config_origin *o)
{
	if (tc_eq(raw->host, TC_STR("origin")) || (o->https && schema_node(map, "host") == NULL)) {
		o->host_mode = ORIGIN_HOST_ORIGIN;
	} else if (!tc_eq(raw->host, TC_STR("keep"))) {
		o->host_mode = ORIGIN_HOST_NAME;
		o->host_name = lower_copy(c->l, raw->host);
		if (!host_ok(raw->host))
			load_fault(c->l,
			    ABOUT(at_key(map, "host"), load_printf(c->l, "%.*s.host", STR_ALL(way)),
				TC_STR("write keep, origin, or a host name")),
			    "bad-host", "\"%.*s\" is not a host name", STR_ARGS(node_shown(at_key(map, "host"))));
	}
}

static struct tc_str
file_of(struct compile *c, const struct node *map, const char *way, struct tc_str path)
{
	const struct node *at = schema_node(map, way);

	return at != NULL && path.n > 0 ? load_path(c->l, at->source->directory, path) : path;
}

static void
compile_origin_tls(struct compile *c, const struct node *map, const struct raw_origin *raw, struct tc_str way,
    struct config_origin *o)
{
	const struct node *at = schema_node(map, "tls");
	struct about about = {.at = at, .path = load_printf(c->l, "%.*s.tls", STR_ALL(way))};

	o->tls = (struct config_origin_tls){
		.ca = file_of(c, map, "tls.ca", raw->tls_ca),
		.cert = file_of(c, map, "tls.cert", raw->tls_cert),
		.key = file_of(c, map, "tls.key", raw->tls_key),
		.name = lower_copy(c->l, raw->tls_name),
		.verify = raw->tls_verify,
		.at = at,
	};
	if (at == NULL)
		return;
	if ((raw->tls_cert.n > 0) != (raw->tls_key.n > 0)) {
		about.hint = TC_STR("a certificate that we show needs both: tls: {cert: client.crt, key: client.key}");
		load_fault(c->l, &about, "missing-key", "%.*s.tls has %s", STR_ALL(way),
		    raw->tls_cert.n > 0 ? "a cert without its key" : "a key without its cert");
	}
	if (raw->tls_name.n > 0 && !host_ok(raw->tls_name)) {
		about.at = at_key(map, "tls.name");
		about.hint = TC_STR("write the name that its certificate has: app.internal.example");
		load_fault(c->l, &about, "bad-host", "%.*s.tls.name is not a host name", STR_ALL(way));
	}
	about.at = at;
	if (!o->https) {
		about.hint = TC_STR("write https:// in url, or take it away");
		load_warning(c->l, &about, "never-matches", "%.*s is not asked by https", STR_ALL(way));
	} else if (!raw->tls_verify) {
		about.at = at_key(map, "tls.verify");
		about.hint = TC_STR("remove it, and name who vouches for the origin: tls: {ca: FILE}");
		load_warning(c->l, &about, "unverified-origin",
		    "%.*s is not verified: whoever is in between can read and change all that passes", STR_ALL(way));
	}
}

/* Its path becomes part of a request line. Without one there is nothing to ask for, whatever else is said. */
static void
check_probe(struct compile *c, const struct node *map, struct tc_str path, struct tc_str way)
{
	const struct node *check = schema_node(map, "check");
	const struct node *at = at_key(map, "check.path");
	bool plain = path.n == 0 || (path.p[0] == '/' && path.n <= 1024);

	for (size_t k = 0; k < path.n; k++)
		if ((unsigned char)path.p[k] <= ' ' || (unsigned char)path.p[k] >= 0x7F || path.p[k] == '#')
			plain = false;
	if (check != NULL && schema_node(map, "check.path") == NULL)
		load_fault(c->l,
		    ABOUT(check, load_printf(c->l, "%.*s.check", STR_ALL(way)),
			load_printf(c->l,
			    "add path: /health, a page that answers 2xx or 3xx while a server is well  (tacet help %s.check.path)",
			    help_of(way))),
		    "missing-key", "%.*s.check has no path: the servers would not be checked", STR_ALL(way));
	if (!plain)
		load_fault(c->l,
		    ABOUT(at, load_printf(c->l, "%.*s.check.path", STR_ALL(way)),
			TC_STR("a path begins with /, such as /health; write other characters as %XX")),
		    "bad-path", "\"%.*s\" is no path that can be asked for", STR_ARGS(node_shown(at)));
}

static void
copy_numbers(const struct raw_origin *raw, struct config_origin *o)
{
	o->balance = (enum balance)raw->balance;
	o->connect_timeout_ms = raw->connect_timeout_ms;
	o->timeout_ms = raw->timeout_ms;
	o->first_byte_timeout_ms = raw->first_byte_timeout_ms > 0 ? raw->first_byte_timeout_ms : raw->timeout_ms;
	o->total_timeout_ms = raw->total_timeout_ms;
	o->idle_timeout_ms = raw->idle_timeout_ms;
	o->hold_ms = raw->hold_ms;
	o->connections = raw->connections;
	o->requests = raw->requests;
	o->queue = raw->queue;
	o->queue_timeout_ms = raw->queue_timeout_ms;
	o->retry_percent = raw->retry_percent;
	o->eject_failures = raw->eject_failures;
	o->eject_ms = raw->eject_ms;
	o->adaptive = raw->overload == 0;
	o->check.path = raw->check_path;
	o->check.interval_ms = raw->check_interval_ms;
	o->check.timeout_ms = raw->check_timeout_ms;
	o->check.healthy = raw->check_healthy;
	o->check.unhealthy = raw->check_unhealthy;
}

void
compile_origin(struct compile *c, const struct node *map, const struct raw_origin *raw, struct tc_str way,
    struct config_origin *o)
{
	assert(map != NULL || c->over->origin.n > 0);
	o->id = c->origin_count++;
	o->line = map != NULL && !map->source->built_in ? map->line : 0;
	copy_numbers(raw, o);
	o->way = c->over->origin.n > 0 ? TC_STR("--origin") : way;
	compile_servers(c, map, raw, way, o);
	for (size_t i = 0; i < o->server_count; i++)
		o->https = o->https || tc_starts(o->servers[i].url, TC_STR("https:"));
	compile_host(c, map, raw, way, o);
	compile_origin_tls(c, map, raw, way, o);
	check_probe(c, map, raw->check_path, way);
}
