/* promises.c: promises.keep as structs for the proof (core/prove.h), and where things were written. */
#include "config/compile.h"

static const struct tc_str NAMES[PROMISE_COUNT] = {
#define X(e, name) [PROMISE_##e] = TC_STR_INIT(name),
    CONFIG_PROMISES(X)
#undef X
};

/* ---- lists that may also be one word ---- */

/* A word, or the words of a list; others are a fault. */
static struct tc_strs
words_of(struct compile *c, const struct node *n, const char *way)
{
	struct tc_strs out = {0};
	struct tc_str *v;

	if (n->kind == NODE_MAP) {
		load_fault(c->l, ABOUT(n, tc_str_from(way), TC_STR("write all, or a list such as [EU, GB]")), "wrong-type",
		    "%s must be a list of places", way);
		return out;
	}
	v = load_alloc(c->l, (n->n + 1) * sizeof(*v));
	if (n->kind == NODE_SCALAR)
		v[out.n++] = n->text;
	for (size_t i = 0; n->kind == NODE_LIST && i < n->n; i++)
		v[out.n++] = n->entries[i].value->text;
	out.v = v;
	return out;
}

/* regions: all, a place, or a list of them; NULL: all. */
static void
read_places(struct compile *c, const struct node *n, const char *way, struct config_promise *p)
{
	struct tc_strs words;
	struct tc_str *v;

	p->everywhere = n == NULL || (n->kind == NODE_SCALAR && tc_eq(n->text, TC_STR("all")));
	if (p->everywhere)
		return;
	words = words_of(c, n, way);
	v = load_alloc(c->l, words.n * sizeof(*v));
	for (size_t i = 0; i < words.n; i++) {
		v[i] = upper_copy(c->l, words.v[i]);
		check_place(c, n->kind == NODE_LIST ? n->entries[i].value : n, v[i], way);
	}
	p->places = (struct tc_strs){v, words.n};
}

/* keep: of hosts, each alone or {host: reason}. */
static struct tc_strs
read_reasoned(struct compile *c, const struct node *n)
{
	struct tc_strs out = {0};
	struct tc_str *v;

	if (n == NULL)
		return out;
	v = load_alloc(c->l, (n->n + 1) * sizeof(*v));
	for (size_t i = 0; i < n->n; i++) {
		const struct entry *e = &n->entries[i];

		if (n->kind == NODE_MAP)
			v[out.n++] = lower_copy(c->l, e->key->text);
		else if (e->value->kind == NODE_MAP && e->value->n == 1)
			v[out.n++] = lower_copy(c->l, e->value->entries[0].key->text);
		else if (e->value->kind == NODE_SCALAR)
			v[out.n++] = lower_copy(c->l, e->value->text);
		else
			load_fault(c->l,
			    ABOUT(e->value, TC_STR("promises.keep.no_third_party_before_consent.keep"),
				TC_STR("write - cdn.example.net: why it stays")),
			    "wrong-type", "each item of keep is a host with its reason");
	}
	out.v = v;
	return out;
}

/* ---- one promise ---- */

static void
compile_promise(struct compile *c, const struct node *item, struct config_promise *p)
{
	const struct node *params = item->entries[0].value;
	char prefix[80];
	size_t kind = 0;

	while (kind < PROMISE_COUNT && !tc_eq(NAMES[kind], item->entries[0].key->text))
		kind++;
	if (kind == PROMISE_COUNT) /* the schema has said so */
		return;
	(void)snprintf(prefix, sizeof(prefix), "promises.keep[].%.*s", STR_ARGS(NAMES[kind]));
	schema_fill(c->l, prefix, -1, params, p, &c->hash);
	p->kind = (enum config_promise_kind)kind;
	c->c->cookies_listed |= kind == PROMISE_COOKIES_INVENTORIED;
	c->c->https_only |= kind == PROMISE_HTTPS_ONLY;
	p->at = item->entries[0].key;
	read_places(c, node_get(params, kind == PROMISE_RESIDENCY ? TC_STR("region") : TC_STR("regions")),
	    kind == PROMISE_RESIDENCY ? "promises.keep.region" : "promises.keep.regions", p);
	if (kind == PROMISE_NO_THIRD_PARTY)
		p->hosts = read_reasoned(c, node_get(params, TC_STR("keep")));
	if (kind == PROMISE_MINORS_OFF && p->routes.n + p->hosts.n == 0)
		load_fault(c->l, ABOUT(item, TC_STR("promises.keep.minors_off"), TC_STR("add routes: [/kids/*] or hosts: [...]")),
		    "missing-key", "minors_off names no routes and no hosts");
}

/* ---- what is no promise ---- */

/* The scalar at a key of map; n = 0: there is none, or it came from the environment, which nobody prints. */
static struct tc_str
text_at(const struct node *map, const char *way)
{
	const struct node *n = map != NULL && map->kind == NODE_MAP ? schema_node(map, way) : NULL;

	return n != NULL && n->kind == NODE_SCALAR && !n->from_environment ? n->text : TC_STR("");
}

static void
compile_uncovered(struct compile *c)
{
	const struct node *list = schema_node(c->root, "promises.not_covered");
	size_t n = list != NULL && list->kind == NODE_LIST ? list->n : 0;
	struct config_uncovered *v = load_alloc(c->l, n * sizeof(*v) + 1);

	for (size_t i = 0; i < n; i++)
		v[i] = (struct config_uncovered){text_at(list->entries[i].value, "says"), text_at(list->entries[i].value, "why")};
	c->c->uncovered = v;
	c->c->uncovered_count = n;
	c->c->policy_name = text_at(c->root, "promises.policy.name");
	c->c->policy_page = text_at(c->root, "promises.policy.page");
}

void
compile_promises(struct compile *c)
{
	const struct node *keep = schema_node(c->root, "promises.keep");
	struct config_promise *v = load_alloc(c->l, (keep != NULL ? keep->n : 0) * sizeof(*v) + 1);
	size_t n = 0;

	for (size_t i = 0; keep != NULL && i < keep->n; i++) {
		const struct node *p = keep->entries[i].value;

		if (p->n != 1)
			load_fault(c->l, ABOUT(p, TC_STR("promises.keep"), TC_STR("write - no_sale: {} and the next on a line of its own")),
			    "promise-form", "each item of promises.keep is one promise");
		else
			compile_promise(c, p, &v[n++]);
	}
	c->c->promises = v;
	c->c->promise_count = n;
	c->c->verify_every_ms = c->raw.verify_every_ms;
	c->c->verify_pages = c->raw.verify_pages;
	c->c->stats_keep_ms = c->raw.stats_keep_ms;
	c->c->stats_k = c->raw.stats_k;
	c->c->stats_preset = (enum stats_preset)c->raw.stats_preset;
	c->c->stats_weekly = c->raw.stats_window == 1;
	c->c->stats_delta = c->raw.stats_delta;
	compile_uncovered(c);
}

/* ---- where things were written ---- */

void
config_point(const struct node *at, struct message *m)
{
	m->file = at->source->file;
	m->included_from = at->source->included_from;
	m->line = at->line;
	m->column = at->column;
	m->end_column = at->end_column;
	m->source = source_line(at->source->text, at->line);
}

const struct node *
config_entry(const struct node *map, const char *way, struct tc_str item)
{
	const struct node *n = map != NULL ? schema_node(map, way) : NULL;

	if (n == NULL || n->kind != NODE_LIST)
		return n;
	for (size_t i = 0; i < n->n; i++)
		if (tc_ieq(n->entries[i].value->text, item))
			return n->entries[i].value;
	return n;
}

const struct node *
config_rules_node(const struct config *c, const struct tc_rule_set *r)
{
	size_t i = (size_t)(r - c->rule_sets);

	return c->trace != NULL && i < c->rule_set_count ? c->trace->rules[i] : NULL;
}
