/* tests.c: tests: as structs for `tacet test` (ux.md 5). Only keys that are named are compared. */
#include <errno.h>

#include "base/day.h"
#include "config/compile.h"
#include "config/scalar.h"

enum { BODY_FILE_MAX = 1 << 20 };

/* ---- what must exist ---- */

static void
check_names(struct compile *c, const struct node *test)
{
	const struct node *region = schema_node(test, "expect.region"), *rules = schema_node(test, "expect.rule_set");
	const struct node *from = schema_node(test, "request.from");
	bool known = region == NULL || tc_eq(region->text, TC_STR("unknown"));

	for (size_t i = 0; i < c->c->region_count && !known; i++)
		known = tc_eq(c->c->regions[i].name, region->text);
	if (!known)
		load_fault(c->l, ABOUT(region, TC_STR("tests.expect.region"), TC_STR("name a row of regions, or unknown")),
		    "unknown-value", "unknown region \"%.*s\" in tests.expect.region", STR_ARGS(node_shown(region)));
	if (rules != NULL && rule_set_find(c->c, rules->text) == NULL && !tc_eq(rules->text, TC_STR("none")))
		unknown_rule_set(c, rules, node_get(c->root, TC_STR("rule_sets")), TC_STR("tests.expect.rule_set"));
	if (from != NULL)
		check_place(c, from, from->text, "tests.request.from");
}

static struct tc_str
text_at(const struct node *map, const char *way)
{
	const struct node *n = schema_node(map, way);

	return n != NULL ? n->text : (struct tc_str){NULL, 0};
}

static void
wrong_shape(struct compile *c, const struct node *at, const char *way, const char *hint)
{
	load_fault(c->l, ABOUT(at, tc_str_from(way), tc_str_from(hint)), "wrong-type", "%s has the wrong shape", way);
}

/* ---- the request, and the answer to it ---- */

/* The words of a list, or one word alone. */
static struct tc_strs
words_of(struct compile *c, const struct node *n)
{
	struct tc_strs out = {0};
	struct tc_str *v;

	if (n == NULL)
		return out;
	v = load_alloc(c->l, (n->n + 1) * sizeof(*v));
	if (n->kind == NODE_SCALAR)
		v[out.n++] = n->text;
	for (size_t i = 0; n->kind == NODE_LIST && i < n->n; i++)
		v[out.n++] = n->entries[i].value->text;
	out.v = v;
	return out;
}

/* "Name: value" for each entry of a map of fields, then one line for each further value. */
static struct tc_strs
field_lines(struct compile *c, const struct node *map, const char *name, struct tc_strs more, const char *way)
{
	struct tc_strs out = {0};
	struct tc_str *v = load_alloc(c->l, ((map != NULL ? map->n : 0) + more.n + 1) * sizeof(*v));

	if (map != NULL && map->kind != NODE_MAP && !node_empty(map))
		wrong_shape(c, map, way, "write {Name: value}");
	for (size_t i = 0; map != NULL && map->kind == NODE_MAP && i < map->n; i++)
		v[out.n++] = load_printf(
		    c->l, "%.*s: %.*s", STR_ALL(map->entries[i].key->text), STR_ALL(map->entries[i].value->text));
	for (size_t i = 0; i < more.n; i++)
		v[out.n++] = load_printf(c->l, "%s: %.*s", name, STR_ALL(more.v[i]));
	out.v = v;
	return out;
}

/* {a: 1, b: 2} -> "a=1; b=2", as one word. */
static struct tc_strs
cookie_line(struct compile *c, const struct node *map)
{
	struct tc_str *v = load_alloc(c->l, sizeof(*v));

	if (map == NULL || map->n == 0)
		return (struct tc_strs){0};
	if (map->kind != NODE_MAP) {
		wrong_shape(c, map, "tests.request.cookies", "write {name: value}");
		return (struct tc_strs){0};
	}
	for (size_t i = 0; i < map->n; i++)
		*v = load_printf(c->l, "%.*s%s%.*s=%.*s", STR_ALL(*v), i > 0 ? "; " : "", STR_ALL(map->entries[i].key->text),
		    STR_ALL(map->entries[i].value->text));
	return (struct tc_strs){v, 1};
}

static void
read_body_file(struct compile *c, const struct node *n, struct tc_str *out)
{
	struct tc_str path = load_copy(c->l, load_path(c->l, n->source->directory, n->text));
	FILE *f = fopen(path.p, "re");
	char *p;

	if (f == NULL) {
		load_fault(c->l, ABOUT(n, TC_STR("tests.response.body_file"), TC_STR("the name is relative to this file")),
		    "unreadable", "%.*s cannot be read: %s", STR_ALL(path), strerror(errno));
		return;
	}
	p = load_alloc(c->l, BODY_FILE_MAX);
	*out = tc_str_of(p, fread(p, 1, BODY_FILE_MAX, f));
	(void)fclose(f);
}

static void
read_response(struct compile *c, const struct node *response, struct config_test *t)
{
	const struct node *status = schema_node(response, "status"), *body = schema_node(response, "body");
	const struct node *file = schema_node(response, "body_file");
	const struct node *headers = schema_node(response, "headers");

	t->has_response = true;
	t->status = 200;
	if (status != NULL)
		t->status = (int)strtol(load_copy(c->l, status->text).p, NULL, 10);
	t->response_fields = field_lines(
	    c, headers, "Set-Cookie", words_of(c, schema_node(response, "set_cookie")), "tests.response.headers");
	if (headers == NULL || config_entry(headers, "Content-Type", TC_STR("")) == NULL) {
		struct tc_str *v = load_alloc(c->l, (t->response_fields.n + 1) * sizeof(*v));

		for (size_t i = 0; i < t->response_fields.n; i++)
			v[i] = t->response_fields.v[i];
		v[t->response_fields.n++] = TC_STR("Content-Type: text/html; charset=utf-8");
		t->response_fields.v = v;
	}
	if (body != NULL)
		t->body = body->text;
	else if (file != NULL)
		read_body_file(c, file, &t->body);
}

/* What a browser says of a page that it will show, unless the test says otherwise. */
static struct tc_strs
with_dest(struct compile *c, struct tc_strs fields)
{
	struct tc_str *v = load_alloc(c->l, (fields.n + 1) * sizeof(*v));

	for (size_t i = 0; i < fields.n; i++) {
		if (tc_istarts(fields.v[i], TC_STR("Sec-Fetch-Dest:")))
			return fields;
		v[i] = fields.v[i];
	}
	v[fields.n] = TC_STR("Sec-Fetch-Dest: document");
	return (struct tc_strs){v, fields.n + 1};
}

static void
read_request(struct compile *c, const struct node *request, struct config_test *t)
{
	const struct node *at = schema_node(request, "at");

	t->url = text_at(request, "url");
	t->method = text_at(request, "method");
	if (t->method.n == 0)
		t->method = TC_STR("GET");
	t->from = text_at(request, "from");
	t->ip = text_at(request, "ip");
	t->fields = field_lines(c, schema_node(request, "headers"), "Cookie",
	    cookie_line(c, schema_node(request, "cookies")), "tests.request.headers");
	t->fields = with_dest(c, t->fields);
	t->day = INT32_MIN;
	if (at != NULL && !date_parse(at->text, &t->day))
		load_fault(c->l, ABOUT(at, TC_STR("tests.request.at"), TC_STR("write 2026-12-01")), "bad-date",
		    "\"%.*s\" is no day of the calendar", STR_ARGS(node_shown(at)));
}

/* ---- what is expected ---- */

static const struct {
	const char *key;
	enum config_expect_kind kind;
} EXPECTS[] = {
	{"region", EXPECT_REGION},
	{"rule_set", EXPECT_RULE_SET},
	{"decision", EXPECT_DECISION},
	{"src", EXPECT_SRC},
	{"query", EXPECT_QUERY},
	{"status", EXPECT_STATUS},
	{"cookies", EXPECT_COOKIES},
	{"sent_headers", EXPECT_SENT_HEADER},
	{"headers", EXPECT_HEADER},
	{"body_has", EXPECT_BODY_HAS},
	{"body_lacks", EXPECT_BODY_LACKS},
	{"body_same", EXPECT_BODY_SAME},
};

static size_t
most_rows(const struct node *expect)
{
	size_t n = 0;

	for (size_t i = 0; i < expect->n; i++)
		n += expect->entries[i].value->n + 1;
	return n;
}

static void
add_expect(struct config_expect **v, enum config_expect_kind kind, struct tc_str key, const struct node *value)
{
	**v = (struct config_expect){
		.kind = kind, .key = key, .text = value->text, .absent = schema_missing(value), .at = value};
	(*v)++;
}

static void
read_expect(struct compile *c, enum config_expect_kind kind, const struct node *value, struct config_expect **v)
{
	bool map = kind == EXPECT_SENT_HEADER || kind == EXPECT_HEADER;

	if (kind == EXPECT_COOKIES) {
		add_expect(v, kind, TC_STR(""), value);
		(*v)[-1].words = words_of(c, value);
	} else if (map && value->kind != NODE_MAP && !node_empty(value)) {
		wrong_shape(c, value, "tests.expect", "write {Name: value}; null: it must not be there");
	} else if (value->kind == NODE_SCALAR && !map) {
		add_expect(v, kind, TC_STR(""), value);
	} else {
		for (size_t i = 0; i < value->n; i++)
			add_expect(v, kind, map ? value->entries[i].key->text : TC_STR(""), value->entries[i].value);
	}
}

static void
compile_test(struct compile *c, const struct node *test, struct config_test *t)
{
	const struct node *expect = schema_node(test, "expect"), *response = schema_node(test, "response");
	struct config_expect *v, *end;

	check_names(c, test);
	t->name = text_at(test, "name");
	t->at = test;
	read_request(c, schema_node(test, "request"), t);
	if (response != NULL)
		read_response(c, response, t);
	if (expect == NULL)
		return;
	v = end = load_alloc(c->l, (most_rows(expect) + 1) * sizeof(*v));
	for (size_t i = 0; i < expect->n; i++)
		for (size_t k = 0; k < sizeof(EXPECTS) / sizeof(EXPECTS[0]); k++)
			if (tc_eq(expect->entries[i].key->text, tc_str_from(EXPECTS[k].key)))
				read_expect(c, EXPECTS[k].kind, expect->entries[i].value, &end);
	t->expect = v;
	t->expect_count = (size_t)(end - v);
}

void
compile_tests(struct compile *c)
{
	const struct node *tests = node_get(c->root, TC_STR("tests"));
	size_t n = tests != NULL ? tests->n : 0;
	struct config_test *v = load_alloc(c->l, (n + 1) * sizeof(*v));

	for (size_t i = 0; i < n; i++)
		compile_test(c, tests->entries[i].value, &v[i]);
	c->c->tests = v;
	c->c->test_count = n;
}
