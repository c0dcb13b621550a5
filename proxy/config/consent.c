/*
 * consent.c: readers of consent cookies: those built in (conf/lists/cmp.yaml), then those of the file, which replace one
 * of the same name; and which of them a site lists.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "config/compile.h"
#include "config/suggest.h"
#include "consent/reader.h"

/* gen/consent_tools.c */
extern const char consent_tools[];
extern const size_t consent_tools_size;

/* One reader under construction. */
struct making {
	struct compile *c;
	const struct node *node;
	struct consent_reader *r;
	struct consent_rule *rules;
	struct tc_str way; /* "consent.readers.onetrust" */
};

static void __attribute__((format(printf, 5, 6)))
fault(const struct making *m, const struct node *at, struct tc_str hint, const char *code, const char *format, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	load_fault(m->c->l, ABOUT(at, m->way, hint), code, "%s", text);
}

/* ---- cookies ---- */

/* A token (RFC 6265 4.1.1), of which the last byte may be a *. */
static bool
cookie_ok(struct tc_str name)
{
	if (name.n > 0 && name.p[name.n - 1] == '*')
		name.n--;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char b = (unsigned char)name.p[i];

		if (b <= ' ' || b >= 0x7F || strchr("()<>@,;:\\\"/[]?={}*", b) != NULL)
			return false;
	}
	return name.n > 0;
}

static void
check_cookies(const struct making *m, struct tc_strs names)
{
	if (names.n == 0)
		fault(m, at_key(m->node, "cookies"), TC_STR("name the cookies that it reads"), "missing-value", "%.*s.cookies is empty",
		    STR_ALL(m->way));
	for (size_t i = 0; i < names.n; i++)
		if (!cookie_ok(names.v[i]))
			fault(m, at_item(m->node, "cookies", i), TC_STR("write its name; * may stand at the end of it"), "bad-name",
			    "\"%.*s\" cannot be the name of a cookie", STR_ARGS(names.v[i]));
}

/* ---- rules ---- */

/* "purposes.enabled": dots in it divide members of JSON, of which more than four cannot be followed. */
static bool
key_ok(const struct making *m, struct tc_str key)
{
	size_t parts = 1;

	for (size_t i = 0; i < key.n; i++)
		parts += key.p[i] == '.';
	return key.n > 0 && (unsigned char)key.p[0] < 128 && (m->r->syntax != CONSENT_JSON || parts <= CONSENT_DEPTH_MAX);
}

static void
add_rules(struct making *m, const char *key, struct tc_strs entries, enum consent_says says, enum tc_class class)
{
	for (size_t i = 0; i < entries.n; i++) {
		size_t at = tc_find_byte(entries.v[i], '=');
		struct tc_str left = tc_str_of(entries.v[i].p, at);

		if (at == entries.v[i].n || !key_ok(m, left))
			fault(m, at_item(m->node, key, i), TC_STR("write KEY=VALUE, such as groups.C0004=1"), "wrong-type",
			    "\"%.*s\" is no entry of a cookie", STR_ARGS(entries.v[i]));
		else if (m->r->rule_count == CONSENT_RULES_MAX)
			fault(m, at_item(m->node, key, i), TC_STR("use * for values that differ"), "too-large",
			    "a reader has more than %d entries", CONSENT_RULES_MAX);
		else {
			struct tc_str right = tc_str_of(entries.v[i].p + at + 1, entries.v[i].n - at - 1);

			m->rules[m->r->rule_count++] = (struct consent_rule){says, class, left, right};
		}
	}
}

/* Returns how many entries were written. */
static size_t
compile_rules_of(struct making *m, const struct raw_reader *raw)
{
	static const struct {
		enum tc_class class;
		const char *grant, *refuse;
	} rows[] = {
		{TC_ANALYTICS, "grant.analytics", "refuse.analytics"},
		{TC_ADVERTISING, "grant.advertising", "refuse.advertising"},
		{TC_PERSONALISATION, "grant.personalisation", "refuse.personalisation"},
		{TC_SOCIAL, "grant.social", "refuse.social"},
	};

	size_t most = raw->out.n + raw->undecided.n;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		most += raw->grant[i].n + raw->refuse[i].n;
	m->rules = load_alloc(m->c->l, (most < CONSENT_RULES_MAX ? most : CONSENT_RULES_MAX) * sizeof(*m->rules));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		add_rules(m, rows[i].grant, raw->grant[i], CONSENT_GRANT, rows[i].class);
		add_rules(m, rows[i].refuse, raw->refuse[i], CONSENT_REFUSE, rows[i].class);
	}
	add_rules(m, "out", raw->out, CONSENT_OUT, TC_UNKNOWN);
	add_rules(m, "undecided", raw->undecided, CONSENT_UNDECIDED, TC_UNKNOWN);
	consent_order(m->r, m->rules);
	return most;
}

/* Formats of the IAB say what they mean; all others have to be told. */
static void
check_rules(const struct making *m, size_t written)
{
	bool iab = m->r->syntax >= CONSENT_TCF;

	if (iab && written > 0)
		fault(m, m->node, TC_STR("leave grant, refuse, out and undecided away"), "unknown-key",
		    "%.*s: this syntax has no entries", STR_ALL(m->way));
	if (!iab && written == 0)
		fault(m, m->node, TC_STR("add refuse: {advertising: [KEY=VALUE]}"), "missing-key",
		    "%.*s says neither yes nor no to anything", STR_ALL(m->way));
}

/* ---- pairs ---- */

static void
compile_pairs(const struct making *m, const char *key, struct tc_str separators, struct tc_str equals,
    struct consent_pairs *out)
{
	if (separators.n == 0 || separators.n > 8 || equals.n != 1 || tc_find_byte(separators, equals.p[0]) < separators.n) {
		fault(m, at_key(m->node, key), TC_STR("write separator: \"&\" and equals: \"=\""), "wrong-type",
		    "%.*s: one character divides a key from its value, others divide pairs", STR_ALL(m->way));
		return;
	}
	*out = (struct consent_pairs){separators, equals.p[0]};
}

/* ---- a reader ---- */

static void
compile_reader(struct compile *c, const struct entry *e, struct consent_reader *r)
{
	struct tc_str way = load_printf(c->l, "consent.readers.%.*s", STR_ARGS(e->key->text));
	struct making m = {.c = c, .node = e->value, .r = r, .way = way};
	struct raw_reader raw = {0};

	schema_fill(c->l, "consent.readers.*", -1, e->value, &raw, &c->hash);
	hash_add(&c->hash, e->key->text);
	*r = (struct consent_reader){
		.name = e->key->text,
		.cookies = raw.cookies,
		.decode = (enum consent_decode)raw.decode,
		.syntax = (enum consent_syntax)raw.syntax,
		.list = raw.list_key,
		.missing_refuses = raw.missing != 0,
		.parts = raw.parts,
		.line = e->key->source->built_in ? 0 : e->key->line,
	};
	check_cookies(&m, raw.cookies);
	compile_pairs(&m, "equals", raw.separator, raw.equals, &r->pairs);
	compile_pairs(&m, "list.equals", raw.list_separator, raw.list_equals, &r->list_pairs);
	check_rules(&m, compile_rules_of(&m, &raw));
}

/* ---- all of them ---- */

/* The reader of this name, or the place for a new one. */
static size_t
place_of(const struct consent_readers *all, struct tc_str name)
{
	size_t i = 0;

	while (i < all->n && !tc_eq(all->v[i].name, name))
		i++;
	return i;
}

static void
add_readers(struct compile *c, const struct node *map, struct consent_readers *all, struct consent_reader *v)
{
	for (size_t i = 0; map != NULL && i < map->n; i++) {
		size_t at = place_of(all, map->entries[i].key->text);

		if (at == CONSENT_READERS_MAX) {
			load_fault(c->l, ABOUT(map->entries[i].key, TC_STR("consent.readers"), TC_STR("one reader can read many cookies")),
			    "too-large", "there are more than %d readers", CONSENT_READERS_MAX);
			return;
		}
		if (at == all->n)
			all->n++;
		compile_reader(c, &map->entries[i], &v[at]);
	}
}

void
compile_readers(struct compile *c)
{
	struct consent_readers *all = load_alloc(c->l, sizeof(*all));
	struct consent_reader *v = load_alloc(c->l, CONSENT_READERS_MAX * sizeof(*v));
	const struct node *tools = include_text(c->l, TC_STR("built-in"), tc_str_of(consent_tools, consent_tools_size), true);
	size_t names = 0;

	all->v = v;
	c->c->readers = all;
	assert(tools != NULL); /* the text is ours; a test checks it like a file */
	add_readers(c, schema_node(tools, "consent.readers"), all, v);
	add_readers(c, schema_node(c->root, "consent.readers"), all, v);
	if (load_failed(c->l))
		return;
	for (size_t i = 0; i < all->n; i++)
		names += v[i].cookies.n;
	if (names > UINT16_MAX)
		load_fault(c->l, ABOUT(at_key(c->root, "consent"), TC_STR("consent.readers"), TC_STR("use * at the end of a name")),
		    "too-large", "readers name too many cookies");
	else
		consent_index(all, load_alloc(c->l, names * sizeof(struct consent_name)));
}

/* ---- sites ---- */

void
compile_site_consent(struct compile *c, const struct node *site, struct tc_strs names, size_t i, struct config_site *s)
{
	const struct consent_readers *all = c->c->readers;
	bool *listed = load_alloc(c->l, CONSENT_READERS_MAX * sizeof(*listed));

	s->consent = listed;
	for (size_t k = 0; k < names.n; k++) {
		size_t at = place_of(all, names.v[k]);
		struct suggest word = {.word = names.v[k]};
		struct about about = {.at = at_item(site, "consent", k),
		    .path = load_printf(c->l, "sites[%zu].consent", i),
		    .hint = TC_STR("name a reader of ours (tacet help consent), or one of consent.readers")};

		if (at < all->n) {
			listed[at] = true;
			continue;
		}
		for (size_t r = 0; r < all->n; r++)
			suggest_offer(&word, all->v[r].name);
		about.suggestion = suggest_result(&word);
		load_fault(c->l, &about, "unknown-reader", "there is no reader \"%.*s\"", STR_ARGS(node_shown(about.at)));
	}
}
