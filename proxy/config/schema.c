/* schema.c: checks a tree of nodes against the rows, and fills structs from it. */
#include "config/schema.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>

#include "config/rows.h"
#include "config/scalar.h"
#include "config/suggest.h"
#include "tacet/filter.h"

/* ---- the table ---- */

const struct rows *
schema_rows(struct loader *l)
{
	struct rows *rows = load_alloc(l, sizeof(*rows));
	size_t n = row_table_count;
	struct row *v;

	for (size_t f = 0; tc_filters[f] != NULL; f++)
		n += tc_filters[f]->option_count;
	v = load_alloc(l, n * sizeof(*v));
	for (size_t i = 0; i < row_table_count; i++)
		v[rows->n++] = (struct row){&row_table[i], row_table[i].path, -1};
	for (size_t f = 0; tc_filters[f] != NULL; f++)
		for (size_t i = 0; i < tc_filters[f]->option_count; i++) {
			const struct tc_option *o = &tc_filters[f]->options[i];

			v[rows->n++] = (struct row){o, load_printf(l, "rule_sets.*.%s", o->path).p, (int)f};
		}
	rows->v = v;
	return rows;
}

const char *
schema_topic(const char *path, char *out, size_t room)
{
	size_t n = 0;

	assert(room > 0);
	for (const char *p = path; *p != '\0' && n + 1 < room; p++) {
		if (p[0] == '[' && p[1] == ']')
			p++;
		else if (p[0] == '.' && p[1] == '*')
			p++;
		else
			out[n++] = *p;
	}
	out[n] = '\0';
	return out;
}

/* ---- the way to a node: as the rows write it, and as people read it ---- */

struct way {
	char schema[120];
	char shown[240];
};

/* Adds to a text that ends with a zero; what does not fit is left out. */
static void append(char *out, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void
append(char *out, size_t room, const char *format, ...)
{
	size_t n = strlen(out);
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(out + n, room - n, format, ap);
	va_end(ap);
}

static void
way_key(struct way *w, const struct way *up, struct tc_str key, bool any)
{
	const char *dot = up->schema[0] != '\0' ? "." : "";

	*w = *up;
	append(w->schema, sizeof(w->schema), "%s%.*s", dot, any ? 1 : (int)key.n, any ? "*" : key.p);
	append(w->shown, sizeof(w->shown), "%s%.*s", dot, STR_ARGS(key));
}

/* "sites[0]", but "regions.us-ca" where the item has a name. */
static void
way_item(struct way *w, const struct way *up, const struct node *item, size_t i)
{
	const struct node *name = node_get(item, TC_STR("name"));

	*w = *up;
	append(w->schema, sizeof(w->schema), "[]");
	if (name != NULL && schema_name_ok(name->text))
		append(w->shown, sizeof(w->shown), ".%.*s", STR_ARGS(name->text));
	else
		append(w->shown, sizeof(w->shown), "[%zu]", i);
}

bool
schema_name_ok(struct tc_str name)
{
	if (name.n == 0 || name.n > 64 || name.p[0] == '-')
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!(name.p[i] >= 'a' && name.p[i] <= 'z') && !(name.p[i] >= '0' && name.p[i] <= '9') &&
		    name.p[i] != '-')
			return false;
	return true;
}

static const struct row *
find_row(const struct loader *l, const char *path)
{
	for (size_t i = 0; i < l->rows->n; i++)
		if (strcmp(l->rows->v[i].path, path) == 0)
			return &l->rows->v[i];
	return NULL;
}

/* What follows prefix in path, if path goes on below it: ".url", "[].name". NULL otherwise. */
static const char *
below(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(path, prefix, n) != 0)
		return NULL;
	path += n;
	return n == 0 || *path == '.' || *path == '[' ? path : NULL;
}

/* The key that follows: "url" of ".url.x". */
static struct tc_str
first_key(const char *rest)
{
	if (*rest == '.')
		rest++;
	return tc_str_of(rest, strcspn(rest, ".["));
}

static bool
has_below(const struct loader *l, const char *prefix, const char *next)
{
	for (size_t i = 0; i < l->rows->n; i++) {
		const char *rest = below(l->rows->v[i].path, prefix);

		if (rest != NULL && strncmp(rest, next, strlen(next)) == 0)
			return true;
	}
	return false;
}

/* ---- one value ---- */

static const struct {
	const char *path, *one;
} nouns[] = {
	{"regions[].honour", "signal"},
	{"promises.keep[].choices_page.languages", "language"},
	{"rule_sets.*.bridge", "format"},
	{"sites[].forward.geo", "level"},
	{"sites[].compress", "coding"},
	{"listen[].tls.protocols", "protocol"},
	{"listen[].tls.acme.challenge", "challenge"},
};

static const char *
noun_of(const char *path)
{
	for (size_t i = 0; i < sizeof(nouns) / sizeof(nouns[0]); i++)
		if (strcmp(nouns[i].path, path) == 0)
			return nouns[i].one;
	return strstr(path, ".classes") != NULL || strstr(path, ".remove") != NULL ? "class" : "value";
}

static void
value_fault(struct loader *l, const struct row *row, const struct node *at, const struct way *w,
    const struct scalar_fault *f)
{
	char topic[120], hint[600];
	struct about about = {.at = at, .path = tc_str_from(w->shown), .suggestion = f->suggestion};

	(void)snprintf(hint, sizeof(hint), "%s  (tacet help %s)", f->hint,
	    schema_topic(row->path, topic, sizeof(topic)));
	about.hint = tc_str_from(hint);
	load_fault(l, &about, f->code, "%s in %s", f->text, w->shown);
}

/* Room for any scalar, for values that are only checked. */
union scratch {
	int64_t n;
	uint32_t flags;
	bool b;
	int index;
	struct tc_str s;
};

/* `no` where a list may hold words of its own: probably a slip. */
static void
warn_similar(struct loader *l, const struct row *row, const struct node *item, const struct way *w)
{
	struct suggest s = {.word = item->text};
	struct about about = {.at = item, .path = tc_str_from(w->shown), .hint = TC_STR("it is taken as a name of your own")};

	if (row->option->type != TC_OPT_WORDS || word_index(row->option->bounds, item->text) >= 0)
		return;
	suggest_offer_words(&s, row->option->bounds);
	about.suggestion = suggest_result(&s);
	if (about.suggestion.n > 0)
		load_warning(l, &about, "similar-word", "\"%.*s\" in %s looks like a slip", STR_ARGS(node_shown(item)),
		    w->shown);
}

bool
schema_missing(const struct node *n)
{
	return node_empty(n) ||
	    (n->kind == NODE_SCALAR && !n->quoted && (tc_eq(n->text, TC_STR("~")) || tc_eq(n->text, TC_STR("null"))));
}

static bool
read_scalar(struct loader *l, const struct row *row, const struct node *n, const struct way *w, void *out)
{
	struct scalar_fault fault;

	if (schema_missing(n)) {
		load_fault(l, ABOUT(n, tc_str_from(w->shown), TC_STR("give it a value, or remove the line")),
		    "missing-value", "%s has no value", w->shown);
		return false;
	}
	if (n->kind != NODE_SCALAR) {
		bool address = row->option->type == TC_OPT_ADDRESS && n->kind == NODE_LIST;

		load_fault(l,
		    ABOUT(n, tc_str_from(w->shown),
			address ? TC_STR("put an address in brackets in quotes: \"[::]:443\"")
				: TC_STR("write one value, without [ ] { } or lines of its own below")),
		    address ? "unquoted-bracket" : "wrong-type", "%s must be one %s", w->shown,
		    scalar_is_list(row->option->type) ? "word in each place" : scalar_type_name(row->option->type));
		return false;
	}
	if (!scalar_read(row->option, n->text, node_shown(n), noun_of(row->path), out, &fault)) {
		value_fault(l, row, n, w, &fault);
		return false;
	}
	return true;
}

/* A list option; out NULL: only checked. */
static bool
read_list(struct loader *l, const struct row *row, const struct node *n, const struct way *w, void *out)
{
	bool flags = row->option->type == TC_OPT_FLAGS, ok = true;
	struct tc_strs strs = {0};
	struct tc_str *v = NULL;
	uint32_t bits = 0;

	if (n->kind != NODE_LIST) {
		load_fault(l, ABOUT(n, tc_str_from(w->shown), TC_STR("put it in brackets: [a, b]; an empty list is []")),
		    "wrong-type", "%s must be a list", w->shown);
		return false;
	}
	if (row->path[0] == 'r' && n->n > LOAD_ITEMS_MAX) {
		load_fault(l, ABOUT(n, tc_str_from(w->shown), TC_STR("put long lists into a file named by lists.use")),
		    "too-large", "%s has more than %d items", w->shown, LOAD_ITEMS_MAX);
		return false;
	}
	if (out != NULL && !flags)
		v = load_alloc(l, n->n * sizeof(*v));
	for (size_t i = 0; i < n->n; i++) {
		union scratch s = {0};

		if (!read_scalar(l, row, n->entries[i].value, w, flags ? (void *)&bits : &s))
			ok = false;
		else if (v != NULL)
			v[i] = s.s;
		if (out == NULL && ok)
			warn_similar(l, row, n->entries[i].value, w);
	}
	strs.v = v;
	strs.n = n->n;
	if (out != NULL)
		memcpy(out, flags ? (void *)&bits : (void *)&strs, scalar_size(row->option->type));
	return ok;
}

/* ---- defaults, written as a user would write them ---- */

static bool
default_scalar(const struct row *row, struct tc_str text, void *out)
{
	struct scalar_fault fault;

	return scalar_read(row->option, text, text, "value", out, &fault);
}

static void
default_list(struct loader *l, const struct row *row, void *out)
{
	struct tc_str all = tc_str_from(row->option->value), rest = all;
	bool flags = row->option->type == TC_OPT_FLAGS, ok = all.n >= 2 && all.p[0] == '[';
	struct tc_strs strs = {0};
	struct tc_str *v = load_alloc(l, all.n * sizeof(*v));
	uint32_t bits = 0;

	assert(ok);
	rest = tc_str_of(all.p + 1, all.n - 2);
	while (rest.n > 0 && ok) {
		struct tc_str item = tc_next(&rest, ',');

		ok = default_scalar(row, item, flags ? (void *)&bits : &v[strs.n++]);
	}
	assert(ok);
	strs.v = v;
	memcpy(out, flags ? (void *)&bits : (void *)&strs, scalar_size(row->option->type));
}

static void
read_default(struct loader *l, const struct row *row, void *out)
{
	bool ok = true;

	if (row->option->value == NULL)
		memset(out, 0, scalar_size(row->option->type));
	else if (scalar_is_list(row->option->type))
		default_list(l, row, out);
	else
		ok = default_scalar(row, tc_str_from(row->option->value), out);
	assert(ok);
}

/* ---- checked, but not in force ---- */

/* What is named as a whole. */
static const char *const sections[] = {"stats", "fleet"};

/* Names what is checked but not in force, once. */
static void
name_later(struct loader *l, const struct node *at, struct tc_str what)
{
	if (l->later == NULL) {
		l->later = load_alloc(l, LOAD_LATER_MAX * sizeof(*l->later));
		l->later_at = load_alloc(l, LOAD_LATER_MAX * sizeof(*l->later_at));
	}
	for (size_t i = 0; i < l->later_count; i++)
		if (tc_eq(l->later[i], what))
			return;
	if (l->later_count == LOAD_LATER_MAX)
		return;
	l->later[l->later_count] = load_copy(l, what);
	l->later_at[l->later_count++] = at;
}

/* The default of an option that is not there yet is what happens anyway: nothing to say then. */
static bool
is_default(const struct row *row, const struct node *n)
{
	struct tc_str value = row->option->value != NULL ? tc_str_from(row->option->value) : TC_STR("");

	if (n->kind == NODE_LIST)
		return n->n == 0 && tc_eq(value, TC_STR("[]"));
	return n->kind == NODE_SCALAR && row->option->value != NULL && tc_eq(n->text, value);
}

static void
note_later(struct loader *l, const struct row *row, const struct node *n)
{
	const char *path = row->path;
	bool whole = false;
	char topic[120];

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]) && !whole; i++) {
		whole = below(row->path, sections[i]) != NULL;
		if (whole)
			path = sections[i];
	}
	if (row->option->later && (whole || !is_default(row, n)))
		name_later(l, n, tc_str_from(schema_topic(path, topic, sizeof(topic))));
}

/* ---- the walk ---- */

static void check_node(struct loader *l, const struct node *n, const struct way *w);

static void
check_value(struct loader *l, const struct row *row, const struct node *n, const struct way *w)
{
	union scratch s = {0};
	bool ok;

	if (row->option->type == TC_OPT_ANY)
		ok = true;
	else if (scalar_is_list(row->option->type))
		ok = read_list(l, row, n, w, NULL);
	else
		ok = read_scalar(l, row, n, w, &s);
	if (ok)
		note_later(l, row, n);
}

/* Keys that must be there whenever their map is. */
static const char *const required[] = {
	"version",
	"listen[].address",
	"sites[].hosts",
	"sites[].origin",
	"sites[].rate_limit.requests",
	"sites[].routes[].name",
	"sites[].routes[].match",
	"sites[].routes[].rate_limit.requests",
	"regions[].name",
	"regions[].where",
	"regions[].default",
	"regions[].opted_out",
	"consent.readers.*.cookies",
	"consent.readers.*.syntax",
	"promises.keep[].retention.max",
	"tests[].name",
	"tests[].request",
	"tests[].request.url",
	"listen[].tls.certificates[].cert",
	"listen[].tls.certificates[].key",
	"listen[].tls.acme.domains",
	"pack.name",
	"pack.version",
	"rows[].name",
	"rows[].where",
	"rows[].duties[].what",
	"rows[].duties[].mark",
	"rows[].duties[].source",
};

static void
check_required(struct loader *l, const struct node *map, const struct way *w)
{
	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		const char *rest = below(required[i], w->schema);
		struct tc_str key;
		char hint[200], topic[120];

		if (rest == NULL || *rest == '[')
			continue;
		key = first_key(rest);
		if (key.p[key.n] != '\0' || node_get(map, key) != NULL ||
		    (l->origin_given && tc_starts(tc_str_from(required[i]), TC_STR("sites[].origin"))))
			continue;
		(void)snprintf(hint, sizeof(hint), "add %.*s: ...  (tacet help %s)", STR_ARGS(key),
		    schema_topic(required[i], topic, sizeof(topic)));
		load_fault(l, ABOUT(map, tc_str_from(w->shown), tc_str_from(hint)), "missing-key", "%s%s has no %.*s",
		    w->shown, w->shown[0] != '\0' ? "" : "the configuration", STR_ARGS(key));
	}
}

/* The key that row i gives a map with this prefix; n = 0: none, or an earlier row gave it. */
static struct tc_str
key_below(const struct loader *l, size_t i, const char *prefix)
{
	const char *rest = below(l->rows->v[i].path, prefix);
	struct tc_str key = rest != NULL && *rest != '[' ? first_key(rest) : TC_STR("");

	for (size_t k = 0; k < i && key.n > 0; k++) {
		const char *earlier = below(l->rows->v[k].path, prefix);

		if (earlier != NULL && *earlier != '[' && tc_eq(first_key(earlier), key))
			key.n = 0;
	}
	return key;
}

/* The keys that a map may have, offered to s and listed in out. */
static void
known_keys(const struct loader *l, const char *prefix, struct suggest *s, char *out, size_t room)
{
	out[0] = '\0';
	for (size_t i = 0; i < l->rows->n; i++) {
		struct tc_str key = key_below(l, i, prefix);

		if (key.n == 0)
			continue;
		suggest_offer(s, key);
		append(out, room, "%s%.*s", out[0] != '\0' ? ", " : "", STR_ARGS(key));
	}
}

/* A key that would be right elsewhere: the option it probably means. */
static const char *
elsewhere(const struct loader *l, struct tc_str key)
{
	for (size_t i = 0; i < l->rows->n; i++) {
		struct tc_str path = tc_str_from(l->rows->v[i].path);

		if (path.n > key.n && path.p[path.n - key.n - 1] == '.' && tc_ends(path, key))
			return l->rows->v[i].path;
	}
	return NULL;
}

static void
unknown_key(struct loader *l, const struct node *key, const struct way *w)
{
	struct suggest s = {.word = key->text};
	struct about about = {.at = key, .path = tc_str_from(w->shown)};
	char known[300], hint[500], topic[120];
	const char *other = elsewhere(l, key->text);

	known_keys(l, w->schema, &s, known, sizeof(known));
	about.suggestion = suggest_result(&s);
	if (other != NULL && about.suggestion.n == 0)
		(void)snprintf(hint, sizeof(hint), "the option is %s; is the line indented as it should be?",
		    schema_topic(other, topic, sizeof(topic)));
	else
		(void)snprintf(hint, sizeof(hint), "known keys here are %s  (tacet help%s%s)", known,
		    w->schema[0] != '\0' ? " " : "", schema_topic(w->schema, topic, sizeof(topic)));
	about.hint = tc_str_from(hint);
	load_fault(l, &about, "unknown-key", "unknown key \"%.*s\"%s%s", STR_ARGS(key->text),
	    w->shown[0] != '\0' ? " in " : "", w->shown);
}

static bool
known_key(const struct loader *l, const struct way *w, struct tc_str key)
{
	struct way down;

	if (key.n == 0 || key.n > 60 || memchr(key.p, '\0', key.n) != NULL)
		return false;
	for (size_t i = 0; i < key.n; i++)
		if (strchr(".[]*", key.p[i]) != NULL)
			return false;
	way_key(&down, w, key, false);
	return find_row(l, down.schema) != NULL || has_below(l, down.schema, "");
}

static void
check_entry(struct loader *l, const struct entry *e, const struct way *w, bool any)
{
	struct way down;

	if (any && !schema_name_ok(e->key->text)) {
		load_fault(l,
		    ABOUT(e->key, tc_str_from(w->shown), TC_STR("use lower case letters, digits and -, at most 64")),
		    "bad-name", "\"%.*s\" in %s cannot be a name", STR_ARGS(e->key->text), w->shown);
		return;
	}
	if (!any && !known_key(l, w, e->key->text)) {
		unknown_key(l, e->key, w);
		return;
	}
	way_key(&down, w, e->key->text, any);
	check_node(l, e->value, &down);
}

static void
check_map(struct loader *l, const struct node *n, const struct way *w)
{
	bool any = has_below(l, w->schema, ".*");

	if (schema_missing(n)) { /* `light:` with nothing behind it is an empty map */
		check_required(l, n, w);
		return;
	}
	if (n->kind != NODE_MAP) {
		load_fault(l, ABOUT(n, tc_str_from(w->shown), TC_STR("write its keys on lines of their own below it, indented")),
		    "wrong-type", "%s must be a map of keys and values", w->shown);
		return;
	}
	for (size_t i = 0; i < n->n; i++)
		check_entry(l, &n->entries[i], w, any);
	check_required(l, n, w);
}

static void
check_items(struct loader *l, const struct node *n, const struct way *w)
{
	if (n->kind != NODE_LIST) {
		load_fault(l, ABOUT(n, tc_str_from(w->shown), TC_STR("begin each item with \"- \" on a line of its own")),
		    "wrong-type", "%s must be a list", w->shown);
		return;
	}
	for (size_t i = 0; i < n->n; i++) {
		struct way down;

		way_item(&down, w, n->entries[i].value, i);
		check_node(l, n->entries[i].value, &down);
	}
}

static void
check_node(struct loader *l, const struct node *n, const struct way *w)
{
	const struct row *row = find_row(l, w->schema);

	if (l->messages->errors - l->errors_before > MESSAGES_MAX) /* nobody sees more */
		return;
	if (row != NULL)
		check_value(l, row, n, w);
	else if (has_below(l, w->schema, "["))
		check_items(l, n, w);
	else
		check_map(l, n, w);
}

void
schema_check(struct loader *l, const struct node *root)
{
	static const char *const pack_keys[] = {"pack", "rows"};
	struct way w = {0};

	check_node(l, root, &w);
	for (size_t i = 0; i < 2; i++) {
		const struct entry *e = node_entry(root, tc_str_from(pack_keys[i]));

		if (e != NULL)
			load_fault(l, ABOUT(e->key, TC_STR(""), TC_STR("name the pack under include: in your configuration")),
			    "unknown-key",
			    "%s stands in included packs only", pack_keys[i]);
	}
	for (size_t i = 0; i < l->pack_count; i++)
		for (size_t k = 0; k < l->packs[i]->n; k++)
			check_entry(l, &l->packs[i]->entries[k], &w, false);
}

/* ---- filling ---- */

void
hash_begin(struct hash *h)
{
	h->h = UINT64_C(0xcbf29ce484222325);
}

static void
hash_bytes(struct hash *h, const void *p, size_t n)
{
	const unsigned char *c = p;

	for (size_t i = 0; i < n; i++)
		h->h = (h->h ^ c[i]) * UINT64_C(0x100000001b3);
}

static void
hash_number(struct hash *h, uint64_t n)
{
	unsigned char c[8];

	for (size_t i = 0; i < sizeof(c); i++)
		c[i] = (unsigned char)(n >> (8 * i));
	hash_bytes(h, c, sizeof(c));
}

void
hash_add(struct hash *h, struct tc_str s)
{
	hash_number(h, s.n);
	hash_bytes(h, s.p, s.n);
}

void
hash_text(const struct hash *h, char *out, size_t digits)
{
	uint64_t x = h->h;
	char all[17];

	x = (x ^ (x >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	x = (x ^ (x >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
	x ^= x >> 33;
	assert(digits <= 16);
	(void)snprintf(all, sizeof(all), "%016" PRIx64, x);
	memcpy(out, all, digits);
	out[digits] = '\0';
}

static void
hash_value(struct hash *h, const struct row *row, const void *value)
{
	union scratch s = {0};
	struct tc_strs strs;

	hash_add(h, tc_str_from(row->path));
	switch (row->option->type) {
	case TC_OPT_WORDS:
	case TC_OPT_STRS:
		memcpy(&strs, value, sizeof(strs));
		hash_number(h, strs.n);
		for (size_t i = 0; i < strs.n; i++)
			hash_add(h, strs.v[i]);
		return;
	case TC_OPT_STR:
	case TC_OPT_DECIMAL:
	case TC_OPT_URL:
	case TC_OPT_ADDRESS:
		memcpy(&s.s, value, sizeof(s.s));
		hash_add(h, s.s);
		return;
	case TC_OPT_BOOL:
		memcpy(&s.b, value, sizeof(s.b));
		hash_number(h, s.b);
		return;
	case TC_OPT_ENUM:
		memcpy(&s.index, value, sizeof(s.index));
		hash_number(h, (uint64_t)s.index);
		return;
	case TC_OPT_FLAGS:
		memcpy(&s.flags, value, sizeof(s.flags));
		hash_number(h, s.flags);
		return;
	case TC_OPT_INT:
	case TC_OPT_DURATION:
	case TC_OPT_SIZE:
		memcpy(&s.n, value, sizeof(s.n));
		hash_number(h, (uint64_t)s.n);
		return;
	case TC_OPT_ANY:
		return;
	}
}

struct node *
schema_node(const struct node *map, const char *way)
{
	struct node *n = NULL;

	while (map != NULL) {
		struct tc_str key = first_key(way);

		n = node_get(map, key);
		if (key.p[key.n] == '\0')
			return n;
		map = n;
		way = key.p + key.n + 1;
	}
	return NULL;
}

/* Reads a checked value: it cannot fail a second time. */
static void
fill_row(struct loader *l, const struct row *row, const struct node *n, void *block, struct hash *h)
{
	union {
		union scratch s;
		struct tc_strs strs;
	} nowhere = {0};
	void *out = row->option->offset == ROW_NOWHERE ? (void *)&nowhere : (char *)block + row->option->offset;
	struct way w = {0};
	bool ok = true;

	if (row->option->type == TC_OPT_ANY)
		return;
	if (n == NULL)
		read_default(l, row, out);
	else if (scalar_is_list(row->option->type))
		ok = read_list(l, row, n, &w, out);
	else
		ok = read_scalar(l, row, n, &w, out);
	assert(ok);
	hash_value(h, row, out);
}

void
schema_fill(struct loader *l, const char *prefix, int owner, const struct node *map, void *block, struct hash *h)
{
	for (size_t i = 0; i < l->rows->n; i++) {
		const struct row *row = &l->rows->v[i];
		const char *rest = below(row->path, prefix);

		if (rest == NULL || row->owner != owner || strpbrk(rest, "[*") != NULL)
			continue;
		if (prefix[0] == '\0' && below(row->path, "pack") != NULL) /* speaks of another file */
			continue;
		if (*rest == '.')
			rest++;
		if (strcmp(rest, "extends") != 0)
			fill_row(l, row, schema_node(map, rest), block, h);
	}
}
