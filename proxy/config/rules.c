/* rules.c: rule sets with their extends, and the rows of regions that use them. */
#include <assert.h>

#include "config/compile.h"
#include "config/suggest.h"

const struct tc_rule_set *
rule_set_find(const struct config *c, struct tc_str name)
{
	for (size_t i = 0; i < c->rule_set_count; i++)
		if (tc_eq(c->rule_sets[i].name, name))
			return &c->rule_sets[i];
	return NULL;
}

void
unknown_rule_set(struct compile *c, const struct node *at, const struct node *names, struct tc_str way)
{
	struct suggest s = {.word = at->text};
	struct about about = {.at = at, .path = way, .hint = TC_STR("name one of the keys below rule_sets")};

	for (size_t i = 0; names != NULL && i < names->n; i++)
		suggest_offer(&s, names->entries[i].key->text);
	about.suggestion = suggest_result(&s);
	load_fault(c->l, &about, "unknown-rule-set", "unknown rule set \"%.*s\" in %.*s", STR_ARGS(node_shown(at)),
	    STR_ALL(way));
}

/* The built-in default has lines, but no file to look them up in. */
static int
line_of(const struct node *n)
{
	return n->source->built_in ? 0 : n->line;
}

/* ---- extends: a key that is present replaces the parent's key whole ---- */

enum { UNSEEN,
	OPEN,
	DONE };

struct inheritance {
	const struct node *map; /* rule_sets */
	struct node **rules;    /* effective maps */
	unsigned char *state;
};

static size_t
index_of(const struct node *map, struct tc_str key)
{
	size_t i = 0;

	while (i < map->n && !tc_eq(map->entries[i].key->text, key))
		i++;
	return i;
}

static struct node *
inherit(struct compile *c, const struct node *own, const struct node *parent)
{
	struct node *n = node_new_map(c->l, own, own->n + (parent != NULL ? parent->n : 0));

	for (size_t i = 0; i < own->n; i++)
		n->entries[n->n++] = own->entries[i];
	for (size_t i = 0; parent != NULL && i < parent->n; i++) {
		struct tc_str key = parent->entries[i].key->text;

		if (node_entry(own, key) == NULL && !tc_eq(key, TC_STR("extends")) && !tc_eq(key, TC_STR("says")))
			n->entries[n->n++] = parent->entries[i];
	}
	return n;
}

/* Resolves rule set i and those it stands on. Depth is bounded by RULE_SETS_MAX. */
static void
resolve(struct compile *c, struct inheritance *in, size_t i)
{
	const struct node *own = in->map->entries[i].value, *extends = node_get(own, TC_STR("extends"));
	struct tc_str way = load_printf(c->l, "rule_sets.%.*s.extends", STR_ARGS(in->map->entries[i].key->text));
	size_t parent;

	in->state[i] = OPEN;
	in->rules[i] = inherit(c, own, NULL);
	if (extends == NULL)
		goto out;
	parent = index_of(in->map, extends->text);
	if (parent == in->map->n) {
		unknown_rule_set(c, extends, in->map, way);
		goto out;
	}
	if (in->state[parent] == OPEN) {
		load_fault(c->l, ABOUT(extends, way, TC_STR("let one of them stand alone")), "extends-cycle",
		    "%.*s extends itself", STR_ARGS(in->map->entries[i].key->text));
		goto out;
	}
	if (in->state[parent] == UNSEEN)
		resolve(c, in, parent);
	in->rules[i] = inherit(c, own, in->rules[parent]);
out:
	in->state[i] = DONE;
}

/* ---- one rule set ---- */

static void
check_essential(struct compile *c, const struct node *own, tc_classes remove, struct tc_str name)
{
	static const char *const essential[] = {"functional", "security", "consent"};
	const struct node *list = schema_node(own, "scripts.remove");

	if ((remove & TC_ESSENTIAL) == 0 || list == NULL)
		return;
	for (size_t i = 0; i < list->n; i++)
		for (size_t k = 0; k < sizeof(essential) / sizeof(essential[0]); k++)
			if (tc_eq(list->entries[i].value->text, tc_str_from(essential[k])))
				load_fault(c->l,
				    ABOUT(list->entries[i].value,
					load_printf(c->l, "rule_sets.%.*s.scripts.remove", STR_ARGS(name)),
					TC_STR("functional, security and consent items always stay; remove the word")),
				    "essential-class", "the class %s is never removed", essential[k]);
}

static const void **
compile_blocks(struct compile *c, const struct node *rules, struct hash *h)
{
	const void **blocks;
	size_t n = 0;

	while (tc_filters[n] != NULL)
		n++;
	blocks = load_alloc(c->l, n * sizeof(*blocks));
	for (size_t f = 0; f < n; f++) {
		void *block;

		if (tc_filters[f]->options_size == 0)
			continue;
		block = load_alloc(c->l, tc_filters[f]->options_size);
		schema_fill(c->l, "rule_sets.*", (int)f, rules, block, h);
		blocks[f] = block;
	}
	return blocks;
}

/* Words behind the classes in scripts.remove: groups of them (docs/adr/0018). */
enum { SELL_SHARE = 1 << TC_CLASS_COUNT,
	MEASUREMENT = SELL_SHARE << 1 };

static void
set_remove(struct tc_rule_set *r, uint32_t words)
{
	const uint32_t analytics = TC_CLASS_BIT(TC_ANALYTICS);

	r->keep_measurement = (words & SELL_SHARE) != 0 && (words & (MEASUREMENT | analytics)) == 0;
	if ((words & SELL_SHARE) != 0)
		words |= analytics | TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_PERSONALISATION) | TC_CLASS_BIT(TC_SOCIAL);
	if ((words & MEASUREMENT) != 0)
		words |= analytics;
	r->remove = (tc_classes)words;
}

static void
compile_rule_set(struct compile *c, const struct node *rules, struct tc_rule_set *r)
{
	struct raw_rules raw = {0};
	struct hash h;
	char digits[17];

	hash_begin(&h);
	schema_fill(c->l, "rule_sets.*", -1, rules, &raw, &h);
	r->opts = compile_blocks(c, rules, &h);
	set_remove(r, raw.remove);
	hash_text(&h, r->hash, 8);
	hash_text(&h, digits, 16);
	hash_add(&c->hash, r->name);
	hash_add(&c->hash, tc_str_of(digits, 16));
}

void
compile_rules(struct compile *c, const struct node *map)
{
	struct config_trace *trace = load_alloc(c->l, sizeof(*trace));
	struct inheritance in = {.map = map};
	struct tc_rule_set *v;

	if (!within(c, map, "rule sets", RULE_SETS_MAX))
		return;
	v = load_alloc(c->l, (map->n + 1) * sizeof(*v));
	in.rules = load_alloc(c->l, map->n * sizeof(struct node *));
	in.state = load_alloc(c->l, map->n);
	trace->rules = in.rules;
	trace->extends = load_alloc(c->l, map->n * sizeof(*trace->extends));
	trace->keys = load_alloc(c->l, map->n * sizeof(*trace->keys));
	for (size_t i = 0; i < map->n; i++) {
		const struct node *extends = node_get(map->entries[i].value, TC_STR("extends"));

		if (in.state[i] == UNSEEN)
			resolve(c, &in, i);
		trace->extends[i] = extends != NULL ? extends->text : TC_STR("");
		trace->keys[i] = map->entries[i].key;
		v[i].name = map->entries[i].key->text;
		v[i].line = line_of(map->entries[i].key);
		compile_rule_set(c, in.rules[i], &v[i]);
		check_essential(c, map->entries[i].value, v[i].remove, v[i].name);
	}
	v[map->n].name = TC_STR("none");
	compile_rule_set(c, NULL, &v[map->n]);
	c->c->rule_sets = v;
	c->c->rule_set_count = map->n;
	c->c->empty_rule_set = &v[map->n];
	c->c->trace = trace;
}

/* ---- regions ---- */

void
check_place(struct compile *c, const struct node *at, struct tc_str code, const char *way)
{
	struct suggest s = {.word = code};
	struct about about = {.at = at, .path = tc_str_from(way)};
	const char *region = place_region_code("US", code);
	bool alias = tc_ieq(code, TC_STR("UK")) || tc_ieq(code, TC_STR("EL"));

	if (!alias && place_where_known(code))
		return;
	suggest_offer_words(&s, "GB|GR|EU|EEA");
	about.suggestion = region != NULL ? tc_str_from(region) : suggest_result(&s);
	about.hint = TC_STR(
	    "write a country such as DE, a state such as US-CA or CA-QC, EU, EEA, or \"*\"  (tacet help regions.where)");
	load_fault(c->l, &about, "unknown-place", "unknown place \"%.*s\" in %s", STR_ARGS(at != NULL ? node_shown(at) : code),
	    way);
}

static const struct tc_rule_set *
rule_set_of(struct compile *c, const struct node *row, struct tc_str name, const char *key, struct tc_str region)
{
	const struct tc_rule_set *r = rule_set_find(c->c, name);

	if (r == NULL)
		unknown_rule_set(c, at_key(row, key), node_get(c->root, TC_STR("rule_sets")),
		    load_printf(c->l, "regions.%.*s.%s", STR_ARGS(region), key));
	return r;
}

/* Which places earlier rows have taken: at most every code there is, so the walk over them is short. */
struct taken {
	struct string_set seen;
	struct tc_str *codes;
	size_t n, room;
};

static bool
is_taken(const struct taken *t, struct tc_str code)
{
	struct place p;

	if (set_find(&t->seen, code) != NULL || set_find(&t->seen, TC_STR("*")) != NULL)
		return true;
	if (tc_eq(code, TC_STR("EU")))
		return set_find(&t->seen, TC_STR("EEA")) != NULL;
	if (!place_parse(code, &p))
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (place_in(t->codes[i], &p))
			return true;
	return false;
}

static void
compile_where(struct compile *c, const struct node *row, struct config_region *r, struct tc_strs where,
    struct taken *taken)
{
	struct tc_str *v = load_alloc(c->l, where.n * sizeof(*v));
	struct tc_str way = load_printf(c->l, "regions.%.*s.where", STR_ARGS(r->name));
	bool all_taken = where.n > 0;

	for (size_t i = 0; i < where.n; i++) {
		v[i] = upper_copy(c->l, where.v[i]);
		check_place(c, at_item(row, "where", i), v[i], way.p);
		all_taken = all_taken && is_taken(taken, v[i]);
	}
	for (size_t i = 0; i < where.n && taken->n < taken->room; i++)
		if (set_add(&taken->seen, v[i], 1) == NULL)
			taken->codes[taken->n++] = v[i];
	if (all_taken)
		load_warning(c->l, ABOUT(at_key(row, "where"), way, TC_STR("the first row that matches is taken; move this one up")),
		    "never-matches", "region %.*s can never match: rows above take all its places", STR_ARGS(r->name));
	if (where.n == 0)
		load_fault(c->l, ABOUT(at_key(row, "where"), way, TC_STR("write [\"*\"] for everywhere")), "missing-value",
		    "%.*s is empty", STR_ALL(way));
	r->where = (struct tc_strs){v, where.n};
}

/* A row may leave a signal out, but not in silence. */
static void
warn_honour(struct compile *c, const struct node *row, const struct config_region *r)
{
	static const char *const names[] = {"gpc", "dnt", "choice"};
	struct tc_str way = load_printf(c->l, "regions.%.*s.honour", STR_ARGS(r->name));

	for (unsigned i = 0; i < 3; i++)
		if ((r->honour & (1u << i)) == 0)
			load_warning(c->l,
			    ABOUT(at_key(row, "honour"), way, TC_STR("write honour: [gpc, dnt, choice], unless you mean it")),
			    "not-honoured", "visitors in %.*s who say no by %s are not opted out", STR_ARGS(r->name), names[i]);
	c->c->consent_honoured = c->c->consent_honoured || (r->honour & HONOUR_CONSENT) != 0;
	if (r->gpc_override_opt_in)
		load_warning(c->l,
		    ABOUT(at_key(row, "gpc_override"), way, TC_STR("write gpc_override: never, unless you mean it")),
		    "not-honoured", "an earlier yes beats a live GPC in %.*s", STR_ARGS(r->name));
	if (r->opted_out != NULL && (r->opted_out->remove & TC_CLASS_BIT(TC_ADVERTISING)) == 0)
		load_warning(c->l,
		    ABOUT(at_key(row, "opted_out"), way, TC_STR("let its rule set remove at least [advertising]")),
		    "not-honoured", "visitors in %.*s who say no keep their trackers: %.*s does not remove advertising",
		    STR_ARGS(r->name), STR_ARGS(r->opted_out->name));
}

static void
check_region_name(struct compile *c, const struct node *row, struct tc_str name, struct string_set *names)
{
	const struct node *at = at_key(row, "name");
	const size_t *before;

	if (!schema_name_ok(name) || tc_eq(name, TC_STR("unknown"))) {
		load_fault(c->l,
		    ABOUT(at, TC_STR("regions.name"), TC_STR("use lower case letters, digits and -, at most 64, and not unknown")),
		    "bad-name", "\"%.*s\" cannot be the name of a region", STR_ARGS(name));
		return;
	}
	before = set_add(names, name, (size_t)at->line);
	if (before != NULL)
		load_fault(c->l, ABOUT(at, TC_STR("regions.name"), TC_STR("give each row a name of its own")), "duplicate-name",
		    "region %.*s is already there on line %zu", STR_ARGS(name), *before);
}

static void
compile_region(struct compile *c, const struct node *row, struct config_region *r, struct taken *taken)
{
	struct raw_region raw = {0};

	schema_fill(c->l, "regions[]", -1, row, &raw, &c->hash);
	r->name = raw.name;
	r->honour = raw.honour;
	r->link_text = raw.link_text;
	r->gpc_override_opt_in = raw.gpc_override != 0;
	r->line = line_of(row);
	r->says = raw.says;
	r->node = row;
	r->initial = rule_set_of(c, row, raw.initial, "default", raw.name);
	r->opted_out = rule_set_of(c, row, raw.opted_out, "opted_out", raw.name);
	if (raw.opted_in.n > 0)
		r->opted_in = rule_set_of(c, row, raw.opted_in, "opted_in", raw.name);
	r->has_residency = node_get(row, TC_STR("residency")) != NULL;
	r->residency = compile_allow(c, row, "residency", raw.residency,
	    load_printf(c->l, "regions.%.*s.residency", STR_ARGS(raw.name)));
	compile_where(c, row, r, raw.where, taken);
	warn_honour(c, row, r);
}

static const struct config_region *
strictest(const struct config_region *v, size_t n)
{
	const struct config_region *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (v[i].initial != NULL &&
		    (best == NULL ||
			__builtin_popcount(v[i].initial->remove) > __builtin_popcount(best->initial->remove)))
			best = &v[i];
	return best;
}

static bool
is_below(struct tc_str host, struct tc_strs names)
{
	for (size_t i = 0; i < names.n; i++)
		if (tc_ends(host, names.v[i]) &&
		    (host.n == names.v[i].n || host.p[host.n - names.v[i].n - 1] == '.'))
			return true;
	return false;
}

/* For an unknown place: who may be asked by every row that says who may be. */
static void
compile_residency(struct compile *c, const struct config_region *v, size_t n)
{
	struct tc_str *hosts;
	size_t room = 0, kept = 0;

	for (size_t i = 0; i < n; i++) {
		room += v[i].residency.n;
		c->c->has_residency |= v[i].has_residency;
	}
	hosts = load_alloc(c->l, room * sizeof(*hosts));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].residency.n; k++) {
			bool all = true;

			for (size_t j = 0; j < n && all; j++)
				all = !v[j].has_residency || is_below(v[i].residency.v[k], v[j].residency);
			if (all && !is_below(v[i].residency.v[k], (struct tc_strs){hosts, kept}))
				hosts[kept++] = v[i].residency.v[k];
		}
	c->c->residency = (struct tc_strs){hosts, kept};
}

void
compile_regions(struct compile *c, const struct node *list)
{
	struct config_region *v;
	struct string_set names;
	struct taken taken = {.room = 1000};

	if (!within(c, list, "regions", REGIONS_MAX))
		return;
	v = load_alloc(c->l, list->n * sizeof(*v));
	set_init(&names, c->l, list->n);
	set_init(&taken.seen, c->l, taken.room);
	taken.codes = load_alloc(c->l, taken.room * sizeof(*taken.codes));
	for (size_t i = 0; i < list->n; i++) {
		compile_region(c, list->entries[i].value, &v[i], &taken);
		check_region_name(c, list->entries[i].value, v[i].name, &names);
	}
	if (!load_failed(c->l) && set_find(&taken.seen, TC_STR("*")) == NULL)
		load_warning(c->l,
		    ABOUT(list, TC_STR("regions"), TC_STR("end with where: [\"*\"]; until then the strictest row decides there")),
		    "no-rest", "no row of regions covers the rest of the world");
	c->c->regions = v;
	c->c->region_count = list->n;
	c->c->strictest = strictest(v, list->n);
	if (!load_failed(c->l))
		compile_residency(c, v, list->n);
}
