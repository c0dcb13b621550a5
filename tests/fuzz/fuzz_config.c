/*
 * fuzz_config.c: the loader of configurations. Properties: a text gives a configuration or an error with a place, a
 * code and a hint; what is given is whole; the same text gives the same; no message holds a control character.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/un.h>

#include "config/config.h"
#include "little_table.h"
#include "tacet/fields.h"

static void
must(bool good)
{
	if (!good)
		abort();
}

static void
check_rules(const struct tc_rule_set *r)
{
	must(r != NULL && r->opts != NULL && strlen(r->hash) == 8);
	must((r->remove & TC_ESSENTIAL) == 0);
	for (size_t f = 0; tc_filters[f] != NULL; f++)
		must((r->opts[f] != NULL) == (tc_filters[f]->options_size > 0));
}

static void
within(int64_t n, int64_t least, int64_t most)
{
	must(n >= least && n <= most);
}

/* The same, or 0 for none. */
static void
none_or(int64_t n, int64_t least, int64_t most)
{
	must(n == 0 || (n >= least && n <= most));
}

static void
check_server(const struct config_server *s)
{
	must(s->url.n > 0 && s->authority.n > 0);
	if (s->path.n > 0)
		must(s->host.n == 0 && s->port == 0 && s->path.n < sizeof(((struct sockaddr_un *)NULL)->sun_path) &&
		    tc_eq(s->authority, TC_STR("localhost")));
	else
		must(s->host.n > 0 && s->host.n <= 253 && s->port > 0);
}

static bool
plain_path(struct tc_str path)
{
	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] <= ' ' || path.p[i] >= 0x7F || path.p[i] == '#')
			return false;
	return path.n == 0 || path.p[0] == '/';
}

static void
check_origin(const struct config_origin *o)
{
	must(o->server_count > 0 && o->server_count <= 64 && !o->https);
	for (size_t i = 0; i < o->server_count; i++) {
		const struct config_server *s = &o->servers[i];

		check_server(s);
		for (size_t k = 0; k < i; k++)
			must(s->port != o->servers[k].port || !tc_eq(s->host, o->servers[k].host) || !tc_eq(s->path, o->servers[k].path));
	}
	must((o->host_mode == ORIGIN_HOST_NAME) == (o->host_name.n > 0));
	within(o->balance, BALANCE_ROUND_ROBIN, BALANCE_LEAST_CONNECTIONS);
	within(o->connect_timeout_ms, 10, 300000);
	within(o->first_byte_timeout_ms, 10, 3600000);
	within(o->timeout_ms, 10, 3600000);
	none_or(o->total_timeout_ms, 1000, 86400000);
	within(o->idle_timeout_ms, 1000, 3600000);
	none_or(o->hold_ms, 100, 300000);
	none_or(o->connections, 1, 100000);
	none_or(o->requests, 1, 1000000);
	within(o->queue, 0, 100000);
	within(o->queue_timeout_ms, 10, 300000);
	within(o->retry_percent, 0, 100);
	within(o->eject_failures, 1, 1000);
	within(o->eject_ms, 100, 3600000);
	must(plain_path(o->check.path));
	within(o->check.interval_ms, 100, 3600000);
	within(o->check.timeout_ms, 10, 300000);
	within(o->check.healthy, 1, 100);
	within(o->check.unhealthy, 1, 100);
}

static bool
is_token(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7F || strchr("\"(),/:;<=>?@[\\]{}", s.p[i]) != NULL)
			return false;
	return s.n > 0;
}

/* No field that frames a message gets past, no name is there twice, and no value can end a line. */
static void
check_response(const struct config_route *r)
{
	must(r->set_count <= 128 && r->remove.n <= 128);
	for (size_t i = 0; i < r->set_count; i++) {
		enum tc_fid id = tc_field_id(r->set[i].name);

		must(is_token(r->set[i].name) && r->set[i].value.n > 0);
		must(id != TC_F_CONTENT_LENGTH && id != TC_F_TRANSFER_ENCODING && id != TC_F_CONNECTION && id != TC_F_SET_COOKIE);
		for (size_t k = 0; k < r->set[i].value.n; k++)
			must((unsigned char)r->set[i].value.p[k] >= 0x20 && r->set[i].value.p[k] != 0x7F);
		for (size_t k = 0; k < i; k++)
			must(!tc_ieq(r->set[i].name, r->set[k].name));
		for (size_t k = 0; k < r->remove.n; k++)
			must(!tc_ieq(r->set[i].name, r->remove.v[k]));
	}
	for (size_t i = 0; i < r->remove.n; i++) {
		enum tc_fid id = tc_field_id(r->remove.v[i]);

		must(is_token(r->remove.v[i]) && id != TC_F_CONTENT_LENGTH && id != TC_F_TRANSFER_ENCODING && id != TC_F_CONNECTION);
		for (size_t k = 0; k < r->remove.v[i].n; k++)
			must(r->remove.v[i].p[k] == tc_lower(r->remove.v[i].p[k]));
	}
}

static void
check_route(const struct config *c, const struct config_route *r)
{
	must(r->origin != NULL && r->origin->id < c->origin_count && c->origins[r->origin->id] == r->origin);
	must(r->rate_key != NULL && r->rate_key->requests == r->rate.requests && r->rate_key->burst == r->rate.burst);
	none_or(r->rate.requests, 1, 1000000);
	within(r->rate.per_ms, 1000, 86400000);
	must((r->rate.requests > 0) == (r->rate.burst > 0));
	none_or(r->body_max, 1024, INT64_C(1) << 40);
	check_response(r);
}

static void
check_listener(const struct config_listen *l)
{
	struct sockaddr_un un;

	must(l->addr.ss_family == AF_INET || l->addr.ss_family == AF_INET6 || l->addr.ss_family == AF_UNIX);
	if (l->addr.ss_family == AF_UNIX) {
		memcpy(&un, &l->addr, sizeof(un));
		must(un.sun_path[0] != '\0' && memchr(un.sun_path, '\0', sizeof(un.sun_path)) != NULL);
	}
	for (size_t i = 0; i < l->proxy_peer_count; i++)
		must(l->proxy_peers[i].addr.family == 4 ? l->proxy_peers[i].bits <= 32
							: l->proxy_peers[i].addr.family == 6 && l->proxy_peers[i].bits <= 128);
}

static void
check_edge(const struct config *c)
{
	struct tc_addr a;

	must(c->admin.addr.ss_family != AF_UNIX && c->origin_count >= c->site_count);
	for (size_t i = 0; i < c->listen_count; i++)
		check_listener(&c->listen[i]);
	for (size_t i = 0; i < c->origin_count; i++) {
		must(c->origins[i] != NULL && c->origins[i]->id == i);
		check_origin(c->origins[i]);
	}
	for (size_t i = 0; i < c->site_count; i++) {
		must((c->sites[i].pub.compress & ~7u) == 0 && c->origins[c->sites[i].origin.id] == &c->sites[i].origin);
		for (size_t k = 0; k < c->sites[i].pub.route_count; k++)
			check_route(c, &c->sites[i].routes[k]);
	}
	for (size_t i = 0; i < c->resolvers.n; i++)
		must(addr_parse(c->resolvers.v[i], &a));
	none_or(c->limits.body_size, 1024, INT64_C(1) << 40);
	none_or(c->limits.memory, 16 << 20, INT64_C(1) << 40);
}

static void
check_config(const struct config *c)
{
	must(c->site_count > 0 && c->region_count > 0 && c->listen_count > 0 && c->strictest != NULL);
	must(strlen(c->hash) == 16);
	for (size_t i = 0; i <= c->rule_set_count; i++)
		check_rules(&c->rule_sets[i]);
	for (size_t i = 0; i < c->region_count; i++) {
		check_rules(c->regions[i].initial);
		check_rules(c->regions[i].opted_out);
		must(c->regions[i].where.n > 0);
	}
	for (size_t i = 0; i < c->site_count; i++) {
		const struct tc_site *s = &c->sites[i].pub;

		must(s->hosts.n > 0 && s->languages.n > 0 && s->route_count > 0);
		must(tc_eq(s->routes[s->route_count - 1].match, TC_STR("*")));
		must(s->choices_path.n > 1 && s->choices_path.p[0] == '/');
	}
	check_edge(c);
}

static void
check_messages(const struct messages *m)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	must(f != NULL);
	for (size_t i = 0; i < m->n; i++)
		must(m->v[i].line > 0 && m->v[i].column > 0 && m->v[i].code != NULL && m->v[i].text.n > 0 && m->v[i].hint.n > 0);
	messages_print(m, f);
	messages_print_json(m, f);
	must(fclose(f) == 0);
	for (size_t i = 0; i < n; i++)
		must((unsigned char)text[i] >= 0x20 || text[i] == '\n' || text[i] == '\t');
	free(text);
}

/* Returns whether it was taken; its hash in out. */
static bool
load(struct tc_str text, char out[17])
{
	static const struct config_overrides judge = {.judge = true};
	struct messages *m = messages_new();
	struct config *c;
	int r = config_load_text(TC_STR("f.yaml"), text, &judge, &c, m);

	must((r == 0) == (c != NULL) && (r == 0) == (m->errors == 0));
	check_messages(m);
	if (c != NULL) {
		check_config(c);
		memcpy(out, c->hash, 17);
	}
	config_destroy(&c);
	messages_destroy(&m);
	return r == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tc_str text = tc_str_of((const char *)data, size);
	char first[17], second[17];

	if (load(text, first))
		must(load(text, second) && memcmp(first, second, 17) == 0);
	return 0;
}
