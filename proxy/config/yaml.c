/*
 * yaml.c: YAML text to a tree of nodes that know their place, and refusal of everything in YAML that surprises
 * (ux.md 3). The only user of libyaml; it is read as events, so scalars stay the text that was written.
 */
#include <assert.h>
#include <yaml.h>

#include "config/load.h"

struct anchor {
	struct tc_str name;
	struct node *node;
	struct anchor *next;
};

struct yaml {
	struct loader *l;
	const struct source *source;
	yaml_parser_t parser;
	struct anchor *anchors;
	/* The line that was last looked at for tabs. */
	const char *line_start;
	int line;
	bool tab_said;
	size_t errors_before; /* in other files */
};

/* A place that is not a node, for a message. */
static struct node
place(const struct yaml *y, int line, int column, int end_column)
{
	return (struct node){.source = y->source, .line = line, .column = column, .end_column = end_column};
}

static struct node
place_of(const struct yaml *y, yaml_mark_t start, yaml_mark_t end)
{
	int column = (int)start.column + 1;
	bool one_line = end.line == start.line && end.column > start.column;

	return place(y, (int)start.line + 1, column, one_line ? (int)end.column + 1 : column + 1);
}

static void
fault(struct yaml *y, struct node at, const char *code, const char *hint, const char *text)
{
	load_fault(y->l, ABOUT(&at, TC_STR(""), tc_str_from(hint)), code, "%s", text);
}

/* ---- bytes, before libyaml sees them ---- */

/* The code point at the front of s and its length; 0: not UTF-8 (RFC 3629). */
static size_t
utf8_read(struct tc_str s, uint32_t *u)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0x80 ? 1 : c < 0xC2 ? 0
	    : c < 0xE0                     ? 2
	    : c < 0xF0                     ? 3
	    : c < 0xF5                     ? 4
					   : 0;

	*u = n == 1 ? c : c & (0x7Fu >> n);
	if (n == 0 || n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s.p[i] & 0xC0) != 0x80)
			return 0;
		*u = (*u << 6) | ((unsigned char)s.p[i] & 0x3F);
	}
	if (*u < least[n] || *u > 0x10FFFF || (*u >= 0xD800 && *u <= 0xDFFF))
		return 0;
	return n;
}

bool
utf8_ok(struct tc_str s)
{
	uint32_t u;

	while (s.n > 0) {
		size_t n = utf8_read(s, &u);

		if (n == 0)
			return false;
		tc_skip(&s, n);
	}
	return true;
}

/* What a text file has no business with. The line ends of YAML 1.1 that no editor shows are among them. */
static bool
forbidden(uint32_t u, char next)
{
	if (u == '\r')
		return next != '\n';
	return (u < 0x20 && u != '\t' && u != '\n') || (u >= 0x7F && u < 0xA0) || u == 0x2028 || u == 0x2029 ||
	    u == 0xFEFF || u == 0xFFFE || u == 0xFFFF;
}

static bool
check_bytes(struct yaml *y)
{
	struct tc_str s = y->source->text;
	int line = 1, column = 1;

	while (s.n > 0) {
		uint32_t u;
		size_t n = utf8_read(s, &u);

		if (n == 0) {
			fault(y, place(y, line, column, column + 1), "invalid-utf8", "save the file as UTF-8",
			    "these bytes are not UTF-8");
			return false;
		}
		if (forbidden(u, s.n > 1 ? s.p[1] : '\0')) {
			struct node at = place(y, line, column, column + 1);

			load_fault(y->l,
			    ABOUT(&at, TC_STR(""), TC_STR("remove it; lines end with LF or CR LF")),
			    "control-character", "the invisible character U+%04X is not allowed", u);
			return false;
		}
		column = u == '\n' ? 1 : column + 1;
		line += u == '\n';
		tc_skip(&s, n);
	}
	return true;
}

/* ---- events ---- */

static const char *
line_at(struct yaml *y, int line)
{
	const char *end = y->source->text.p + y->source->text.n;

	if (line < y->line) {
		y->line = 1;
		y->line_start = y->source->text.p;
	}
	while (y->line < line) {
		const char *at = memchr(y->line_start, '\n', (size_t)(end - y->line_start));

		if (at == NULL)
			return end;
		y->line_start = at + 1;
		y->line++;
	}
	return y->line_start;
}

/* Says so if a tab stands in the indentation of the line; libyaml takes it in some places. */
static bool
check_tabs(struct yaml *y, int line)
{
	const char *end = y->source->text.p + y->source->text.n, *p = line_at(y, line), *start = p;

	while (p < end && *p == ' ')
		p++;
	if (p == end || *p != '\t')
		return true;
	if (!y->tab_said)
		fault(y, place(y, line, (int)(p - start) + 1, (int)(p - start) + 2), "tab-indent",
		    "indent with spaces: two for each level", "a tab is used as indentation");
	y->tab_said = true;
	return false;
}

/* `[::]:443` without quotes is a list to YAML. Finds it in a line. */
static bool
has_bare_address(struct tc_str line, int *column)
{
	for (size_t i = 0; i + 3 < line.n; i++) {
		size_t k = i + 1;

		if (line.p[i] != '[' || (i > 0 && (line.p[i - 1] == '"' || line.p[i - 1] == '\'')))
			continue;
		while (k < line.n && (strchr("0123456789abcdefABCDEF:.", line.p[k]) != NULL) && line.p[k] != '\0')
			k++;
		if (k + 1 < line.n && line.p[k] == ']' && line.p[k + 1] == ':' &&
		    memchr(line.p + i, ':', k - i) != NULL) {
			*column = (int)i + 1;
			return true;
		}
	}
	return false;
}

static void
syntax_fault(struct yaml *y)
{
	const yaml_parser_t *p = &y->parser;
	bool alias = p->context != NULL && strstr(p->context, "an alias") != NULL;
	yaml_mark_t mark = alias ? p->context_mark : p->problem_mark;
	int line = (int)mark.line + 1, column = 1;
	int lines[] = {line, (int)p->context_mark.line + 1};
	struct node at = place(y, line, (int)mark.column + 1, (int)mark.column + 2);

	if (!check_tabs(y, line))
		return;
	if (alias) {
		fault(y, at, "unquoted-star", "put the value in quotes: \"*\"",
		    "a value that begins with * must be quoted");
		return;
	}
	for (size_t i = 0; i < 2; i++)
		if (has_bare_address(source_line(y->source->text, lines[i]), &column)) {
			fault(y, place(y, lines[i], column, column + 1), "unquoted-bracket",
			    "put it in quotes: \"[::]:443\"", "an address in brackets must be quoted");
			return;
		}
	load_fault(y->l,
	    ABOUT(&at, TC_STR(""),
		TC_STR("look here and on the line above for a missing quote, bracket, colon or space")),
	    "syntax", "this is not YAML: %s", p->problem != NULL ? p->problem : "it cannot be read");
}

static bool
next_event(struct yaml *y, yaml_event_t *event)
{
	if (yaml_parser_parse(&y->parser, event) == 0) {
		syntax_fault(y);
		return false;
	}
	if (event->type != YAML_STREAM_END_EVENT && event->type != YAML_DOCUMENT_END_EVENT &&
	    event->type != YAML_STREAM_START_EVENT && !check_tabs(y, (int)event->start_mark.line + 1)) {
		yaml_event_delete(event);
		return false;
	}
	return true;
}

/* ---- nodes ---- */

static struct node *
new_node(struct yaml *y, enum node_kind kind, const yaml_event_t *e)
{
	struct node *n;

	if (++y->l->nodes > LOAD_NODES_MAX) {
		fault(y, place_of(y, e->start_mark, e->end_mark), "too-large",
		    "split the sites over several proxies, or look for a list that was pasted twice",
		    "the configuration has more than 100000 values");
		return NULL;
	}
	n = load_alloc(y->l, sizeof(*n));
	*n = place_of(y, e->start_mark, e->end_mark);
	n->kind = kind;
	n->weight = 1;
	return n;
}

static void
check_tag(struct yaml *y, const yaml_event_t *e, const yaml_char_t *tag)
{
	if (tag != NULL)
		fault(y, place_of(y, e->start_mark, e->end_mark), "tag",
		    "write the value alone: its type comes from the option's name", "tags such as !!str are not used here");
}

static void
keep_anchor(struct yaml *y, const yaml_char_t *name, struct node *n)
{
	struct anchor *a;

	if (name == NULL)
		return;
	a = load_alloc(y->l, sizeof(*a));
	a->name = load_copy(y->l, tc_str_from((const char *)name));
	a->node = n;
	a->next = y->anchors;
	y->anchors = a;
}

static struct node *
follow_alias(struct yaml *y, const yaml_event_t *e, unsigned depth)
{
	struct tc_str name = tc_str_from((const char *)e->data.alias.anchor);
	struct node at = place_of(y, e->start_mark, e->end_mark);
	const struct anchor *a = y->anchors;

	while (a != NULL && !tc_eq(a->name, name))
		a = a->next;
	if (a == NULL) {
		fault(y, at, "unknown-alias", "a value that begins with * must be quoted",
		    "*NAME repeats the value marked &NAME, but there is none above");
		return NULL;
	}
	y->l->alias_nodes += a->node->weight;
	y->l->nodes += a->node->weight;
	if (y->l->alias_nodes > LOAD_ALIAS_MAX || y->l->nodes > LOAD_NODES_MAX) {
		fault(y, at, "alias-bomb", "write the values out, or use extends",
		    "aliases (*NAME) repeat more than 10000 values");
		return NULL;
	}
	if (depth + a->node->height > LOAD_DEPTH_MAX) {
		fault(y, at, "too-deep", "no option needs more than ten levels", "values are nested too deeply");
		return NULL;
	}
	return a->node;
}

static struct node *
scalar(struct yaml *y, const yaml_event_t *e)
{
	struct node *n = new_node(y, NODE_SCALAR, e);

	if (n == NULL)
		return NULL;
	check_tag(y, e, e->data.scalar.tag);
	n->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	n->text = load_copy(y->l, tc_str_of((const char *)e->data.scalar.value, e->data.scalar.length));
	keep_anchor(y, e->data.scalar.anchor, n);
	return n;
}

/* Adds to map or list; the room doubles, so that what is left behind stays below what is used. */
static void
add_entry(struct yaml *y, struct node *n, struct node *key, struct node *value)
{
	if ((n->n & (n->n - 1)) == 0) {
		struct entry *more = load_alloc(y->l, (n->n > 0 ? 2 * n->n : 1) * sizeof(*more));

		if (n->n > 0)
			memcpy(more, n->entries, n->n * sizeof(*more));
		n->entries = more;
	}
	n->entries[n->n++] = (struct entry){.key = key, .value = value};
	n->weight += value->weight + (key != NULL);
	if (value->height + 1 > n->height)
		n->height = value->height + 1;
}

static bool
check_key(struct yaml *y, const struct node *map, const struct node *key)
{
	const struct entry *first = node_entry(map, key->text);

	if (first != NULL) {
		char hint[80];

		(void)snprintf(hint, sizeof(hint), "it is first given on line %d; remove one of the two",
		    first->key->line);
		load_fault(y->l, ABOUT(key, TC_STR(""), tc_str_from(hint)), "duplicate-key",
		    "key \"%.*s\" is given twice", STR_ARGS(key->text));
	} else if (tc_eq(key->text, TC_STR("<<"))) {
		fault(y, *key, "merge-key", "use extends: NAME within rule_sets", "the merge key << is not used here");
	} else if (map->n >= LOAD_KEYS_MAX) {
		fault(y, *key, "too-large", "no map here needs more than 1000 keys", "too many keys in one map");
		return false;
	}
	return true;
}

static struct node *parse_value(struct yaml *y, yaml_event_t *e, unsigned depth);

/* Reads one event and the value that it begins. Ends the event. NULL: said so, or the end of list or map. */
static struct node *
parse_next(struct yaml *y, unsigned depth, yaml_event_type_t end, bool *ended)
{
	struct node *n = NULL;
	yaml_event_t e;

	*ended = false;
	if (!next_event(y, &e))
		return NULL;
	if (e.type == end)
		*ended = true;
	else
		n = parse_value(y, &e, depth);
	yaml_event_delete(&e);
	return n;
}

static bool
parse_pair(struct yaml *y, struct node *map, struct node *key, unsigned depth)
{
	struct node *value;
	bool ended;

	if (key->kind != NODE_SCALAR) {
		fault(y, *key, "key-type", "keys are single words; is a value that begins with { or [ missing its quotes?",
		    "a list or map cannot be a key");
		return false;
	}
	if (!check_key(y, map, key))
		return false;
	value = parse_next(y, depth, YAML_NO_EVENT, &ended);
	if (value == NULL)
		return false;
	add_entry(y, map, key, value);
	return true;
}

static struct node *
collection(struct yaml *y, const yaml_event_t *e, unsigned depth)
{
	bool is_map = e->type == YAML_MAPPING_START_EVENT;
	yaml_event_type_t end = is_map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	struct node *n = new_node(y, is_map ? NODE_MAP : NODE_LIST, e), *item;
	bool ended = false;

	if (n == NULL)
		return NULL;
	check_tag(y, e, is_map ? e->data.mapping_start.tag : e->data.sequence_start.tag);
	if (depth >= LOAD_DEPTH_MAX) {
		fault(y, *n, "too-deep", "no option needs more than ten levels", "values are nested too deeply");
		return NULL;
	}
	while ((item = parse_next(y, depth + 1, end, &ended)) != NULL) {
		if (!is_map)
			add_entry(y, n, NULL, item);
		else if (!parse_pair(y, n, item, depth + 1))
			return NULL;
	}
	if (!ended)
		return NULL;
	keep_anchor(y, is_map ? e->data.mapping_start.anchor : e->data.sequence_start.anchor, n);
	return n;
}

static struct node *
parse_value(struct yaml *y, yaml_event_t *e, unsigned depth)
{
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return follow_alias(y, e, depth);
	case YAML_SCALAR_EVENT:
		return scalar(y, e);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return collection(y, e, depth);
	default:
		fault(y, place_of(y, e->start_mark, e->end_mark), "syntax", "give the key a value",
		    "a value is missing here");
		return NULL;
	}
}

/* ---- the stream: exactly one document ---- */

static struct node *
parse_stream(struct yaml *y)
{
	struct node *root = NULL;
	bool begun = false;

	for (;;) {
		yaml_event_t e;
		yaml_event_type_t type;

		if (!next_event(y, &e))
			return NULL;
		type = e.type;
		if (type == YAML_DOCUMENT_START_EVENT && begun)
			fault(y, place_of(y, e.start_mark, e.end_mark), "documents",
			    "remove the line ---, or move the rest to a file and include it",
			    "a second document begins here");
		else if (type == YAML_DOCUMENT_START_EVENT &&
		    e.data.document_start.tag_directives.start != e.data.document_start.tag_directives.end)
			fault(y, place_of(y, e.start_mark, e.end_mark), "tag", "remove the %TAG line",
			    "tags are not used here");
		else if (type != YAML_STREAM_START_EVENT && type != YAML_STREAM_END_EVENT &&
		    type != YAML_DOCUMENT_START_EVENT && type != YAML_DOCUMENT_END_EVENT)
			root = parse_value(y, &e, 0);
		yaml_event_delete(&e);
		begun = begun || type == YAML_DOCUMENT_START_EVENT;
		if (type == YAML_STREAM_END_EVENT || y->l->messages->errors > y->errors_before)
			return root;
	}
}

struct node *
yaml_parse(struct loader *l, const struct source *source)
{
	struct yaml y = {.l = l, .source = source, .line = 1, .errors_before = l->messages->errors};
	struct tc_str text = source->text;
	struct node *root;

	y.line_start = text.p;
	if (!check_bytes(&y))
		return NULL;
	if (yaml_parser_initialize(&y.parser) == 0)
		abort();
	yaml_parser_set_encoding(&y.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&y.parser, (const unsigned char *)text.p, text.n);
	root = parse_stream(&y);
	yaml_parser_delete(&y.parser);
	if (l->messages->errors > y.errors_before)
		return NULL;
	if (root == NULL || node_empty(root))
		fault(&y, place(&y, 1, 1, 2), "empty-file", "begin with the line: version: 1", "there is nothing in this file");
	else if (root->kind != NODE_MAP)
		fault(&y, *root, "wrong-type", "begin with the line: version: 1",
		    "a configuration is a map of keys and values");
	else
		return root;
	return NULL;
}

/* ---- reading the tree ---- */

struct entry *
node_entry(const struct node *map, struct tc_str key)
{
	if (map == NULL || map->kind != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (tc_eq(map->entries[i].key->text, key))
			return &map->entries[i];
	return NULL;
}

struct node *
node_get(const struct node *map, struct tc_str key)
{
	const struct entry *e = node_entry(map, key);

	return e != NULL ? e->value : NULL;
}

bool
node_empty(const struct node *n)
{
	return n->kind == NODE_SCALAR && !n->quoted && n->text.n == 0;
}

struct node *
node_new_map(struct loader *l, const struct node *like, size_t room)
{
	struct node *n = load_alloc(l, sizeof(*n));

	*n = *like;
	n->kind = NODE_MAP;
	n->entries = load_alloc(l, room * sizeof(*n->entries));
	n->n = 0;
	return n;
}
