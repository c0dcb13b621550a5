/* promises.c: what promises and tests name must exist; the rest of them waits for its engines. */
#include "config/compile.h"

static void
check_places(struct compile *c, const struct node *n, const char *way)
{
	if (n == NULL || (n->kind == NODE_SCALAR && tc_eq(n->text, TC_STR("all"))))
		return;
	if (n->kind == NODE_SCALAR)
		check_place(c, n, n->text, way);
	else if (n->kind == NODE_MAP)
		load_fault(c->l, ABOUT(n, tc_str_from(way), TC_STR("write all, or a list such as [EU, GB]")), "wrong-type",
		    "%s must be a list of places", way);
	else
		for (size_t i = 0; i < n->n; i++)
			check_place(c, n->entries[i].value, n->entries[i].value->text, way);
}

void
compile_promises(struct compile *c)
{
	const struct node *keep = schema_node(c->root, "promises.keep");

	for (size_t i = 0; keep != NULL && i < keep->n; i++) {
		const struct node *p = keep->entries[i].value, *params;
		struct tc_str name;

		if (p->n != 1) {
			load_fault(c->l, ABOUT(p, TC_STR("promises.keep"), TC_STR("write - no_sale: {} and the next on a line of its own")),
			    "promise-form", "each item of promises.keep is one promise");
			continue;
		}
		name = p->entries[0].key->text;
		params = p->entries[0].value;
		check_places(c, node_get(params, TC_STR("regions")), "promises.keep.regions");
		check_places(c, node_get(params, TC_STR("region")), "promises.keep.region");
		if (tc_eq(name, TC_STR("minors_off")) && node_get(params, TC_STR("routes")) == NULL &&
		    node_get(params, TC_STR("hosts")) == NULL)
			load_fault(c->l, ABOUT(p, TC_STR("promises.keep.minors_off"), TC_STR("add routes: [/kids/*] or hosts: [...]")),
			    "missing-key", "minors_off names no routes and no hosts");
	}
}

static void
check_test(struct compile *c, const struct node *test)
{
	const struct node *region = schema_node(test, "expect.region"), *rules = schema_node(test, "expect.rule_set");
	const struct node *from = schema_node(test, "request.from");
	bool known = region == NULL || tc_eq(region->text, TC_STR("unknown"));

	for (size_t i = 0; i < c->c->region_count && !known; i++)
		known = tc_eq(c->c->regions[i].name, region->text);
	if (!known)
		load_fault(c->l, ABOUT(region, TC_STR("tests.expect.region"), TC_STR("name a row of regions, or unknown")),
		    "unknown-value", "unknown region \"%.*s\" in tests.expect.region", STR_ARGS(node_shown(region)));
	if (rules != NULL && rule_set_find(c->c, rules->text) == NULL)
		unknown_rule_set(c, rules, node_get(c->root, TC_STR("rule_sets")), TC_STR("tests.expect.rule_set"));
	if (from != NULL)
		check_place(c, from, from->text, "tests.request.from");
}

void
compile_tests(struct compile *c)
{
	const struct node *tests = node_get(c->root, TC_STR("tests"));

	for (size_t i = 0; tests != NULL && i < tests->n; i++)
		check_test(c, tests->entries[i].value);
}
