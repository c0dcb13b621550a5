/* sites.c: sites and their routes, from checked nodes to struct config_site. */
#include <assert.h>

#include "config/compile.h"
#include "config/scalar.h"

/* The way of a message: "sites[0].origin.url". */
static struct tc_str
way_of(struct compile *c, size_t site, const char *key)
{
	return load_printf(c->l, "sites[%zu].%s", site, key);
}

/* ---- hosts ---- */

static bool
host_pattern_ok(struct tc_str host)
{
	if (tc_eq(host, TC_STR("*")))
		return true;
	if (tc_starts(host, TC_STR("*.")))
		tc_skip(&host, 2);
	return host_ok(host) && host.p[host.n - 1] != '.';
}

static const char *
host_hint(struct tc_str host)
{
	if (host.n > 1 && host.p[host.n - 1] == '.')
		return "write the name without the dot at its end: a visitor's is taken off too";
	if (tc_find(host, TC_STR("://")) < host.n || tc_find_byte(host, '/') < host.n)
		return "write the name alone, without scheme and path";
	if (tc_find_byte(host, ':') < host.n)
		return "write the name without the port: every port means the same site";
	for (size_t i = 0; i < host.n; i++)
		if ((unsigned char)host.p[i] >= 0x80)
			return "write the name as it stands on the wire: xn--...";
	return "write www.example.com, \"*.example.com\", or \"*\" for any";
}

static void
bad_host(struct compile *c, const struct node *at, struct tc_str host, struct tc_str way)
{
	load_fault(c->l, ABOUT(at, way, tc_str_from(host_hint(host))), "bad-host", "\"%.*s\" is not a host name",
	    STR_ARGS(at->from_environment ? node_shown(at) : host));
}

/* Earlier patterns that cover host: itself, "*.parent" for each parent, "*". Returns the site's number. */
static const size_t *
covered_by(const struct string_set *seen, struct tc_str host)
{
	const size_t *found = set_find(seen, host);
	struct tc_str rest = host;
	char pattern[256] = "*"; /* a host has 253 bytes at most */

	if (tc_starts(rest, TC_STR("*.")))
		tc_skip(&rest, 1);
	while (found == NULL && rest.n > 0) {
		size_t dot = tc_find_byte(tc_str_of(rest.p + 1, rest.n - 1), '.') + 1;

		tc_skip(&rest, dot);
		if (rest.n > 0 && rest.n < sizeof(pattern)) {
			memcpy(pattern + 1, rest.p, rest.n);
			found = set_find(seen, tc_str_of(pattern, rest.n + 1));
		}
	}
	return found != NULL ? found : set_find(seen, TC_STR("*"));
}

static struct tc_strs
compile_hosts(struct compile *c, const struct node *site, struct tc_strs hosts, size_t i, struct string_set *seen)
{
	struct tc_str *v = load_alloc(c->l, hosts.n * sizeof(*v));

	if (hosts.n == 0)
		load_fault(c->l, ABOUT(at_key(site, "hosts"), way_of(c, i, "hosts"), TC_STR("write [\"*\"] for any host")),
		    "missing-value", "sites[%zu].hosts is empty", i);
	for (size_t k = 0; k < hosts.n; k++) {
		const struct node *at = at_item(site, "hosts", k);
		const size_t *before;

		v[k] = lower_copy(c->l, hosts.v[k]);
		if (!host_pattern_ok(v[k])) {
			bad_host(c, at, v[k], way_of(c, i, "hosts"));
			continue;
		}
		before = covered_by(seen, v[k]);
		if (before != NULL && (*before != i || set_find(seen, v[k]) != NULL))
			load_warning(c->l,
			    ABOUT(at, way_of(c, i, "hosts"), TC_STR("the first site that matches answers; give each host to one site")),
			    "overlapping-hosts", "%.*s is already a host of sites[%zu]", STR_ARGS(v[k]), *before);
		(void)set_add(seen, v[k], i);
	}
	return (struct tc_strs){v, hosts.n};
}

struct tc_strs
compile_allow(struct compile *c, const struct node *map, const char *key, struct tc_strs allow, struct tc_str way)
{
	struct tc_str *v = load_alloc(c->l, allow.n * sizeof(*v));

	for (size_t k = 0; k < allow.n; k++) {
		v[k] = lower_copy(c->l, allow.v[k]);
		if (tc_starts(v[k], TC_STR("*")))
			load_fault(c->l,
			    ABOUT(at_item(map, key, k), way,
				TC_STR("write the host alone: names below it are meant with it")),
			    "bad-host", "\"%.*s\" cannot be let through", STR_ARGS(v[k]));
		else if (!host_ok(v[k]))
			bad_host(c, at_item(map, key, k), v[k], way);
	}
	return (struct tc_strs){v, allow.n};
}

/* ---- routes ---- */

/* Does every path that matches b match a? Its '*' can only be taken by a '*' of a: then the answer is sound. */
static bool
glob_covers(struct tc_str a, struct tc_str b, size_t *work)
{
	size_t i = 0, k = 0, star = a.n, mark = 0;

	while (k < b.n) {
		if (*work == 0)
			return false;
		(*work)--;
		if (i < a.n && a.p[i] == '*') {
			star = i++;
			mark = k;
		} else if (i < a.n && a.p[i] == b.p[k]) {
			i++;
			k++;
		} else if (star < a.n) {
			i = star + 1;
			k = ++mark;
		} else {
			return false;
		}
	}
	while (i < a.n && a.p[i] == '*')
		i++;
	return i == a.n;
}

static bool
matches_all(struct tc_str glob)
{
	size_t work = 16;

	return glob_covers(glob, TC_STR("/*"), &work);
}

static void
check_match(struct compile *c, const struct node *at, struct tc_str match, struct tc_str way)
{
	if (match.n > 1024)
		load_fault(c->l, ABOUT(at, way, TC_STR("use * for the part that differs")), "out-of-range",
		    "this glob is longer than 1024 bytes");
	else if (match.p[0] != '/' && match.p[0] != '*')
		load_fault(c->l, ABOUT(at, way, TC_STR("a path begins with /, such as /static/*")), "bad-path",
		    "\"%.*s\" matches no path", STR_ARGS(node_shown(at)));
	else if (tc_find_byte(match, '?') < match.n || tc_find_byte(match, '#') < match.n)
		load_fault(c->l, ABOUT(at, way, TC_STR("a route sees the path alone, without ? and what follows")), "bad-path",
		    "\"%.*s\" matches no path", STR_ARGS(node_shown(at)));
}

static void
warn_unreachable(struct compile *c, const struct node *at, const struct tc_route *v, size_t k, size_t *work,
    struct tc_str way)
{
	struct tc_str match = tc_eq(v[k].match, TC_STR("*")) ? TC_STR("/*") : v[k].match;

	for (size_t j = 0; j < k; j++)
		if (glob_covers(v[j].match, match, work)) {
			load_warning(c->l, ABOUT(at, way, TC_STR("the first route that matches is taken; move this one up")),
			    "never-matches", "route %.*s is never reached: %.*s on line %d takes its paths",
			    STR_ARGS(v[k].name), STR_ARGS(v[j].name), v[j].line);
			return;
		}
}

static struct config_rate
rate_of(const struct raw_rate *r)
{
	return (struct config_rate){r->requests, r->per_ms, r->burst > 0 ? r->burst : r->requests};
}

/* What the core has to know of a route: the site's, which *core holds already, unless the route says otherwise. */
static void
compile_core_route(struct compile *c, const struct node *node, const struct raw_route *raw, struct tc_str way,
    struct config_route *core)
{
	const struct node *origin = node_get(node, TC_STR("origin"));

	if (origin != NULL) {
		struct config_origin *o = load_alloc(c->l, sizeof(*o));

		compile_origin(c, origin, &raw->origin, load_printf(c->l, "%.*s.origin", STR_ALL(way)), o);
		core->origin = o;
	}
	if (raw->rate.requests > 0) {
		core->rate = rate_of(&raw->rate);
		core->rate_key = &core->rate;
	}
	compile_response(c, node, raw->remove, way, core);
	if (raw->body_size > 0)
		core->body_max = raw->body_size;
}

static void
compile_route(struct compile *c, const struct node *node, struct tc_route *out, struct config_route *core,
    struct tc_str way)
{
	struct raw_route raw = {0};

	schema_fill(c->l, "sites[].routes[]", -1, node, &raw, &c->hash);
	*out = (struct tc_route){.name = raw.name, .match = raw.match, .line = node->line};
	core->says = raw.says;
	core->node = node;
	out->filter = (enum tc_route_filter)raw.filter;
	out->force_out = raw.force != 0;
	out->allow = compile_allow(c, node, "allow", raw.allow, way);
	out->type = (enum tc_route_type)raw.type;
	out->click_parameter = raw.click_parameter;
	out->click_targets = compile_allow(c, node, "click.targets", raw.click_targets, way);
	if (!schema_name_ok(raw.name))
		load_fault(c->l,
		    ABOUT(at_key(node, "name"), way, TC_STR("use lower case letters, digits and -, at most 64")), "bad-name",
		    "\"%.*s\" cannot be the name of a route", STR_ARGS(raw.name));
	check_match(c, at_key(node, "match"), raw.match, way);
	compile_core_route(c, node, &raw, way, core);
}

/* base: what every route has that does not say otherwise. */
static void
compile_routes(struct compile *c, const struct node *site, const struct config_route *base, struct config_site *out,
    size_t i)
{
	const struct node *list = node_get(site, TC_STR("routes"));
	size_t n = list != NULL ? list->n : 0, work = 1000000;
	struct tc_route *v = load_alloc(c->l, (n + 1) * sizeof(*v));
	struct config_route *core = load_alloc(c->l, (n + 1) * sizeof(*core));

	if (n > 0 && !within(c, list, "routes", ROUTES_MAX))
		return;
	for (size_t k = 0; k < n; k++) {
		const struct node *node = list->entries[k].value;
		struct tc_str way = load_printf(c->l, "sites[%zu].routes[%zu]", i, k);

		core[k] = *base;
		compile_route(c, node, &v[k], &core[k], way);
		warn_unreachable(c, at_key(node, "match"), v, k, &work, way);
	}
	if (n > 0 && matches_all(v[n - 1].match)) {
		v[n - 1].match = TC_STR("*"); /* the "*" of OPTIONS is no path, and must find a route too */
	} else {
		core[n] = *base;
		v[n++] = (struct tc_route){.name = TC_STR("default"), .match = TC_STR("*")};
	}
	out->routes = core;
	out->pub.routes = v;
	out->pub.route_count = n;
}

/* What a site says for all its routes. */
static struct config_route
compile_base(struct compile *c, const struct node *site, const struct raw_site *raw, const struct config_origin *o,
    size_t i)
{
	struct config_rate *rate = load_alloc(c->l, sizeof(*rate));
	struct config_route base = {.origin = o, .rate_key = rate, .body_max = c->raw.body_size};

	*rate = base.rate = rate_of(&raw->rate);
	compile_response(c, site, raw->remove, load_printf(c->l, "sites[%zu]", i), &base);
	return base;
}

/* ---- the rest of a site ---- */

static void
check_choices_path(struct compile *c, const struct node *site, struct tc_str path, size_t i)
{
	const struct node *at = at_key(site, "choices.path");
	bool plain = path.p[0] == '/' && path.n > 1 && path.n <= 256;

	for (size_t k = 0; k < path.n; k++)
		if ((unsigned char)path.p[k] <= ' ' || (unsigned char)path.p[k] >= 0x7F || strchr("?#*%\"<>\\", path.p[k]) != NULL)
			plain = false;
	if (!plain || path.p[path.n - 1] == '/' || tc_starts(path, TC_STR("/.well-known/")) ||
	    tc_find(path, TC_STR("//")) < path.n || tc_find(path, TC_STR("/.")) < path.n)
		load_fault(c->l, ABOUT(at, way_of(c, i, "choices.path"), TC_STR("write a path of its own, such as /privacy-choices")),
		    "bad-path", "\"%.*s\" cannot be the path of the choices page", STR_ARGS(node_shown(at)));
}

static bool
link_ok(struct tc_str link)
{
	struct url_parts url;

	if (link.p[0] == '/')
		return !tc_starts(link, TC_STR("//"));
	return url_split(link, &url) && (tc_eq(url.scheme, TC_STR("https")) || tc_eq(url.scheme, TC_STR("http")));
}

/* A path or URL that a page of ours links to: nothing that could be script. */
static void
check_link(struct compile *c, const struct node *site, const char *key, struct tc_str link, size_t i)
{
	if (link.n > 0 && !link_ok(link))
		load_fault(c->l,
		    ABOUT(at_key(site, key), way_of(c, i, key), TC_STR("write /privacy or https://host/path")), "bad-url",
		    "\"%.*s\" is neither a path nor a URL", STR_ARGS(node_shown(at_key(site, key))));
}

#define LANGUAGES "en|es|fr|de|nl|it|pt|zh-Hans|ja|ar"

static const struct tc_option language_row = {.path = "sites[].choices.languages", .type = TC_OPT_ENUM, .bounds = LANGUAGES};

static void
check_languages(struct compile *c, const struct node *site, struct tc_strs languages, size_t i)
{
	struct about about = {.at = at_key(site, "choices.languages"), .path = way_of(c, i, "choices.languages")};
	struct scalar_fault fault;
	int index;

	if (languages.n == 0) {
		about.hint = TC_STR("name at least one, such as [en]");
		load_fault(c->l, &about, "missing-value", "choices.languages is empty");
	}
	for (size_t k = 0; k < languages.n; k++)
		if (!scalar_read(&language_row, languages.v[k], languages.v[k], "language", &index, &fault)) {
			about.at = at_item(site, "choices.languages", k);
			about.hint = tc_str_from(fault.hint);
			about.suggestion = fault.suggestion;
			load_fault(c->l, &about, fault.code, "%s in %.*s", fault.text, STR_ALL(about.path));
		}
}

/* A path as seen from the file that has it. */
static struct tc_str
file_of(struct compile *c, const struct node *site, const char *key, struct tc_str path)
{
	const struct node *at = schema_node(site, key);

	return at != NULL && path.n > 0 ? load_path(c->l, at->source->directory, path) : path;
}

static void
check_hashes(struct compile *c, const struct node *site, struct tc_strs hashes, size_t i)
{
	for (size_t k = 0; k < hashes.n; k++) {
		bool ok = hashes.v[k].n == 40;

		for (size_t j = 0; j < hashes.v[k].n && ok; j++)
			ok = strchr("0123456789abcdefABCDEF", hashes.v[k].p[j]) != NULL && hashes.v[k].p[j] != '\0';
		if (!ok)
			load_fault(c->l,
			    ABOUT(at_item(site, "dnt.policy_hashes", k), way_of(c, i, "dnt.policy_hashes"),
				TC_STR("write the 40 hex digits that sha1sum prints")),
			    "bad-hash", "\"%.*s\" is no SHA-1", STR_ARGS(hashes.v[k]));
	}
}

/* 2026-11-21 */
static bool
day_ok(struct tc_str day)
{
	static const int LENGTHS[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int n[3] = {0, 0, 0}, part = 0;

	if (day.n != 10 || day.p[4] != '-' || day.p[7] != '-')
		return false;
	for (size_t i = 0; i < day.n; i++) {
		if (i == 4 || i == 7) {
			part++;
			continue;
		}
		if (day.p[i] < '0' || day.p[i] > '9')
			return false;
		n[part] = n[part] * 10 + (day.p[i] - '0');
	}
	if (n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > LENGTHS[n[1] - 1])
		return false;
	return n[1] != 2 || n[2] < 29 || (n[0] % 4 == 0 && (n[0] % 100 != 0 || n[0] % 400 == 0));
}

static void
check_day(struct compile *c, const struct node *site, const char *key, struct tc_str day, size_t i)
{
	if (!day_ok(day))
		load_fault(c->l, ABOUT(at_key(site, key), way_of(c, i, key), TC_STR("write year, month and day: 2026-11-21")),
		    "bad-date", "\"%.*s\" is not a day", STR_ARGS(node_shown(at_key(site, key))));
}

/* A cookie name is a token (RFC 6265 4.1.1). */
static void
check_cookies(struct compile *c, const struct node *site, struct tc_strs names, size_t i)
{
	for (size_t k = 0; k < names.n; k++) {
		bool ok = true;

		for (size_t j = 0; j < names.v[k].n; j++) {
			unsigned char b = (unsigned char)names.v[k].p[j];

			ok = ok && b > ' ' && b < 0x7F && strchr("()<>@,;:\\\"/[]?={}", b) == NULL;
		}
		if (!ok)
			load_fault(c->l,
			    ABOUT(at_item(site, "keep_cookies", k), way_of(c, i, "keep_cookies"),
				TC_STR("write the name alone, as it stands before = in Set-Cookie")),
			    "bad-name", "\"%.*s\" cannot be the name of a cookie", STR_ARGS(names.v[k]));
	}
}

static void
compile_site(struct compile *c, const struct node *node, struct config_site *s, size_t i, struct string_set *seen)
{
	struct raw_site raw = {0};
	struct config_route base;

	schema_fill(c->l, "sites[]", -1, node, &raw, &c->hash);
	s->pub.line = node->source->built_in ? 0 : node->line;
	s->pub.hosts = compile_hosts(c, node, raw.hosts, i, seen);
	s->pub.keep_cookies = raw.keep_cookies;
	s->pub.allow = compile_allow(c, node, "allow", raw.allow, way_of(c, i, "allow"));
	s->pub.acts_for_us = compile_allow(c, node, "acts_for_us", raw.acts_for_us, way_of(c, i, "acts_for_us"));
	s->pub.choices_path = raw.choices_path;
	s->pub.choices_link = (enum tc_choices_link)raw.choices_link;
	s->pub.languages = raw.languages;
	s->pub.policy = raw.policy;
	s->client_ip = (enum client_ip)raw.client_ip;
	s->geo = raw.geo;
	s->downstream_cache = (enum downstream_cache)raw.downstream_cache;
	s->mode = (enum site_mode)raw.mode;
	s->choices_limit_url = raw.limit_url;
	s->hsts_s = raw.hsts_ms / 1000;
	if (s->hsts_s > 0)
		s->hsts = load_printf(c->l, "max-age=%lld", (long long)s->hsts_s);
	s->acme_challenges = file_of(c, node, "acme_challenges", raw.acme_challenges);
	s->says = raw.says;
	s->node = node;
	s->notice_on_change = raw.notice_on_change;
	s->gpc_statement = raw.gpc_statement;
	s->dnt_status = raw.dnt_status;
	s->dnt_policy_file = file_of(c, node, "dnt.policy_file", raw.dnt_policy_file);
	s->dnt_policy_hashes = raw.dnt_policy_hashes;
	s->pub.compress = raw.compress;
	compile_origin(c, node_get(node, TC_STR("origin")), &raw.origin, way_of(c, i, "origin"), &s->origin);
	base = compile_base(c, node, &raw, &s->origin, i);
	compile_routes(c, node, &base, s, i);
	compile_site_consent(c, node, raw.consent, i, s);
	check_choices_path(c, node, raw.choices_path, i);
	check_link(c, node, "choices.policy", raw.policy, i);
	check_link(c, node, "choices.limit_url", raw.limit_url, i);
	check_languages(c, node, raw.languages, i);
	check_day(c, node, "gpc.statement", raw.gpc_statement, i);
	check_hashes(c, node, raw.dnt_policy_hashes, i);
	check_cookies(c, node, raw.keep_cookies, i);
}

static size_t
count_hosts(const struct node *sites)
{
	size_t n = 0;

	for (size_t i = 0; i < sites->n; i++) {
		const struct node *hosts = node_get(sites->entries[i].value, TC_STR("hosts"));

		n += hosts != NULL ? hosts->n : 0;
	}
	return n;
}

/* Every origin, by the number that compile_origin() gave it. */
static void
collect_origins(struct compile *c, const struct config_site *sites, size_t n)
{
	const struct config_origin **v = load_alloc(c->l, c->origin_count * sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		v[sites[i].origin.id] = &sites[i].origin;
		for (size_t k = 0; k < sites[i].pub.route_count; k++)
			v[sites[i].routes[k].origin->id] = sites[i].routes[k].origin;
	}
	c->c->origins = v;
	c->c->origin_count = c->origin_count;
}

void
compile_sites(struct compile *c, const struct node *sites)
{
	struct config_site *v;
	struct string_set seen;

	if (!within(c, sites, "sites", SITES_MAX))
		return;
	set_init(&seen, c->l, count_hosts(sites));
	v = load_alloc(c->l, sites->n * sizeof(*v));
	for (size_t i = 0; i < sites->n; i++)
		compile_site(c, sites->entries[i].value, &v[i], i, &seen);
	c->c->sites = v;
	c->c->site_count = sites->n;
	collect_origins(c, v, sites->n);
}
