/* test_yaml.c: YAML text to nodes with places; everything that surprises is refused. */
#include "../../proxy/config/yaml.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "edge.h"

struct parsed {
	struct loader l;
	struct source source;
	struct node *root;
	char *text;
	size_t n;
};

static struct parsed
parsed_bytes(const char *p, size_t n)
{
	struct parsed out = {.n = n};

	out.l.arena = arena_new(NULL, LOAD_ARENA_MAX);
	out.l.messages = messages_new();
	out.text = edge_copy(p, n);
	return out;
}

/* In two steps: the tree points at the source, which must not move. */
static struct parsed *
parse_bytes(const char *p, size_t n)
{
	struct parsed *out = malloc(sizeof(*out));

	assert_non_null(out);
	*out = parsed_bytes(p, n);
	out->source = (struct source){.file = TC_STR("t.yaml"), .directory = TC_STR("."), .text = tc_str_of(out->text, n)};
	out->root = yaml_parse(&out->l, &out->source);
	return out;
}

static struct parsed *
parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void
end(struct parsed *p)
{
	arena_destroy(&p->l.arena);
	messages_destroy(&p->l.messages);
	edge_free(p->text, p->n);
	free(p);
}

static void
refused(const char *text, const char *code, int line, int column)
{
	struct parsed *p = parse(text);

	assert_null(p->root);
	assert_true(p->l.messages->errors > 0);
	assert_string_equal(p->l.messages->v[0].code, code);
	assert_int_equal(p->l.messages->v[0].line, line);
	assert_int_equal(p->l.messages->v[0].column, column);
	assert_true(p->l.messages->v[0].hint.n > 0);
	end(p);
}

static void
is_scalar(const struct node *n, const char *text, int line, int column, int end_column)
{
	assert_non_null(n);
	assert_int_equal(n->kind, NODE_SCALAR);
	assert_true(tc_eq(n->text, tc_str_from(text)));
	assert_int_equal(n->line, line);
	assert_int_equal(n->column, column);
	assert_int_equal(n->end_column, end_column);
}

static void
test_places(void **state)
{
	struct parsed *p = parse("version: 1\nr\xC3\xA9gions:\n  - {name: 'a b', where: [DE, \"*\"]}\nempty:\nquoted: ''\n");
	const struct node *list, *item, *where;

	(void)state;
	assert_non_null(p->root);
	is_scalar(node_get(p->root, TC_STR("version")), "1", 1, 10, 11);
	list = node_get(p->root, TC_STR("r\xC3\xA9gions"));
	assert_int_equal(list->kind, NODE_LIST);
	assert_int_equal(list->n, 1);
	item = list->entries[0].value;
	is_scalar(item->entries[0].key, "name", 3, 6, 10);
	is_scalar(node_get(item, TC_STR("name")), "a b", 3, 12, 17);
	where = node_get(item, TC_STR("where"));
	is_scalar(where->entries[0].value, "DE", 3, 27, 29);
	is_scalar(where->entries[1].value, "*", 3, 31, 34);
	assert_true(where->entries[1].value->quoted);
	assert_true(node_empty(node_get(p->root, TC_STR("empty"))));
	assert_false(node_empty(node_get(p->root, TC_STR("quoted"))));
	assert_int_equal(p->root->weight, p->l.nodes);
	end(p);
}

/* What YAML 1.1 takes for booleans, numbers and nothing stays the text that was written. */
static void
test_no_guessing(void **state)
{
	static const char *const words[] = {"NO", "on", "yes", "1_000", "0x10", "010", "12:30", "~", "null", "1e3", "2026-01-01"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char text[64];
		struct parsed *p;

		(void)snprintf(text, sizeof(text), "a: %s\n", words[i]);
		p = parse(text);
		assert_true(tc_eq(node_get(p->root, TC_STR("a"))->text, tc_str_from(words[i])));
		end(p);
	}
}

static void
test_refusals(void **state)
{
	(void)state;
	refused("", "empty-file", 1, 1);
	refused("# nothing\n", "empty-file", 1, 1);
	refused("a: 1\nb: 2\na: 3\n", "duplicate-key", 3, 1);
	refused("a:\n\tb: 1\n", "tab-indent", 2, 1);
	refused("a:\n  b: 1\n \tc: 2\n", "tab-indent", 3, 2);
	refused("a: !!str b\n", "tag", 1, 4);
	refused("a: !x {b: c}\n", "tag", 1, 4);
	refused("a: 1\n---\nb: 2\n", "documents", 2, 1);
	refused("a: &x {b: 1}\nc: {<<: *x}\n", "merge-key", 2, 5);
	refused("a: *b\n", "unknown-alias", 1, 4);
	refused("a: &b [*b]\n", "unknown-alias", 1, 8);
	refused("a: [*]\n", "unquoted-star", 1, 5);
	refused("a: [::]:443\n", "unquoted-bracket", 1, 4);
	refused("a: {b: [::1]:80}\n", "unquoted-bracket", 1, 8);
	refused("a: 'b\n", "syntax", 2, 1);
	refused("a: @b\n", "syntax", 1, 4);
	refused("[a]: b\n", "key-type", 1, 1);
	refused("- a\n", "wrong-type", 1, 1);
	refused("a: \"\xC3\"\n", "invalid-utf8", 1, 5);
	refused("a: \xED\xA0\x80\n", "invalid-utf8", 1, 4);
	refused("a: \xF4\x90\x80\x80\n", "invalid-utf8", 1, 4);
	refused("a: \x01\n", "control-character", 1, 4);
	refused("a: b\rc: d\n", "control-character", 1, 5);
	refused("a: \xC2\x85\n", "control-character", 1, 4);
}

static void
test_nul(void **state)
{
	struct parsed *p = parse_bytes("a: \0b\n", 6);

	(void)state;
	assert_null(p->root);
	assert_string_equal(p->l.messages->v[0].code, "control-character");
	end(p);
}

/* All of what is only bad style is said in one go. */
static void
test_several_messages(void **state)
{
	struct parsed *p = parse("a: !!str b\na: 2\n<<: 3\n");

	(void)state;
	assert_null(p->root);
	assert_int_equal(p->l.messages->errors, 3);
	end(p);
}

static void
test_aliases_share(void **state)
{
	struct parsed *p = parse("a: &x [1, 2]\nb: *x\nc: *x\n");

	(void)state;
	assert_ptr_equal(node_get(p->root, TC_STR("a")), node_get(p->root, TC_STR("b")));
	assert_int_equal(p->root->weight, 1 + 3 * (1 + 3));
	end(p);
}

static void
test_bomb(void **state)
{
	char text[1000] = "a: &a [1,1,1,1,1,1,1,1,1,1]\n";

	(void)state;
	for (char c = 'b'; c <= 'z'; c++) {
		size_t n = strlen(text);

		if (n + 40 > sizeof(text))
			break;
		(void)snprintf(text + n, sizeof(text) - n, "%c: &%c [*%c,*%c,*%c,*%c]\n", c, c, c - 1, c - 1, c - 1, c - 1);
	}
	{
		struct parsed *p = parse(text);

		assert_null(p->root);
		assert_string_equal(p->l.messages->v[0].code, "alias-bomb");
		assert_in_range(arena_used(p->l.arena), 1, 1 << 20);
		end(p);
	}
}

/* n times open, x, n times close */
static char *
nested(size_t n, char open, char close)
{
	char *text = malloc(2 * n + 16), *at = text;

	assert_non_null(text);
	memcpy(at, "a: ", 3);
	memset(at + 3, open, n);
	at[3 + n] = 'x';
	memset(at + 4 + n, close, n);
	at[4 + 2 * n] = '\n';
	at[5 + 2 * n] = '\0';
	return text;
}

static void
test_depth(void **state)
{
	char *text = nested(LOAD_DEPTH_MAX - 1, '[', ']');
	struct parsed *p = parse(text);

	(void)state;
	assert_non_null(p->root);
	end(p);
	free(text);
	text = nested(LOAD_DEPTH_MAX, '[', ']');
	refused(text, "too-deep", 1, 3 + LOAD_DEPTH_MAX);
	free(text);
	text = nested(400000, '[', ']');
	refused(text, "too-deep", 1, 3 + LOAD_DEPTH_MAX);
	free(text);
}

static void
test_too_many(void **state)
{
	size_t n = LOAD_NODES_MAX + 10;
	char *text = malloc(2 * n + 16);

	(void)state;
	assert_non_null(text);
	memcpy(text, "a: [", 4);
	for (size_t i = 0; i < n; i++)
		memcpy(text + 4 + 2 * i, "1,", 2);
	memcpy(text + 4 + 2 * n, "]\n", 3);
	refused(text, "too-large", 1, 4 + 2 * (LOAD_NODES_MAX - 3) + 1);
	free(text);
}

static void
test_too_many_keys(void **state)
{
	char *text = malloc(20 * (LOAD_KEYS_MAX + 2)), *at = text;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i <= LOAD_KEYS_MAX; i++)
		at += snprintf(at, 20, "k%d: 1\n", i);
	refused(text, "too-large", LOAD_KEYS_MAX + 1, 1);
	free(text);
}

/* Cut anywhere, a file is refused or read; it never reads past its end. */
static void
test_every_cut(void **state)
{
	static const char text[] = "# c\nversion: 1\nsites:\n  - hosts: [\"*\", 'b']\n    x: |\n      text\n    y: &a {b: c}\n    z: *a\n";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		struct parsed *p = parse_bytes(text, n);

		assert_true((p->root != NULL) == (p->l.messages->errors == 0));
		end(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_no_guessing),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_several_messages),
		cmocka_unit_test(test_aliases_share),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_too_many_keys),
		cmocka_unit_test(test_every_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
