/* test_messages.c: the one form of messages, their order, their limits, and that they cannot lie to a terminal. */
#include "../../proxy/config/messages.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct message
example(void)
{
	return (struct message){.severity = SEVERITY_ERROR, .code = "unknown-value", .file = TC_STR("site.yaml"), .line = 34, .column = 14, .end_column = 17, .path = TC_STR("regions.us-ca.honour"), .text = TC_STR("unknown signal \"gcp\" in regions.us-ca.honour"), .hint = TC_STR("known signals are gpc, dnt, choice, consent  (tacet help regions.honour)"), .source = TC_STR("    honour: [gcp, dnt]"), .suggestion = TC_STR("gpc")};
}

/* What one of the printers writes; freed by the caller. Not inlined: gcc 12 takes the stream's pointer for ours. */
static __attribute__((noinline)) char *
printed(const struct messages *m, void (*print)(const struct messages *, FILE *))
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(f);
	print(m, f);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void
prints(const struct message *msg, const char *expected)
{
	struct messages *m = messages_new();
	char *text;

	messages_add(m, msg);
	text = printed(m, messages_print);
	assert_string_equal(text, expected);
	free(text);
	messages_destroy(&m);
	assert_null(m);
}

static void
test_form(void **state)
{
	struct message msg = example();

	(void)state;
	prints(&msg, "site.yaml:34:14: error: unknown signal \"gcp\" in regions.us-ca.honour\n"
	    "   34 |     honour: [gcp, dnt]\n"
	    "      |              ^^^ did you mean \"gpc\"?\n"
	    "   hint: known signals are gpc, dnt, choice, consent  (tacet help regions.honour)\n");
	msg.suggestion.n = 0;
	msg.hint.n = 0;
	msg.severity = SEVERITY_WARNING;
	msg.included_from = TC_STR("main.yaml:3");
	prints(&msg, "site.yaml:34:14: warning: unknown signal \"gcp\" in regions.us-ca.honour\n"
	    "   34 |     honour: [gcp, dnt]\n"
	    "      |              ^^^\n"
	    "   included from main.yaml:3\n");
}

static void
test_without_place(void **state)
{
	struct message msg = {.severity = SEVERITY_ERROR, .code = "bad-url", .file = TC_STR("--origin"), .text = TC_STR("no"), .hint = TC_STR("write http://host:port"), .suggestion = TC_STR("this")};

	(void)state;
	prints(&msg, "--origin: error: no\n   did you mean \"this\"?\n   hint: write http://host:port\n");
}

/* The caret stands under what is meant: tabs are kept, wide characters take two columns, marks none. */
static void
test_caret(void **state)
{
	struct message msg = example();

	(void)state;
	msg.hint.n = msg.suggestion.n = 0;
	msg.text = TC_STR("x");
	msg.column = 4;
	msg.end_column = 5;
	msg.source = TC_STR("\ta\t\xE6\xBC\xA2");
	prints(&msg, "site.yaml:34:4: error: x\n   34 | \ta\t\xE6\xBC\xA2\n      | \t \t^^\n");
	msg.column = 2;
	msg.end_column = 3;
	msg.source = TC_STR("\xE6\xBC\xA2y");
	prints(&msg, "site.yaml:34:2: error: x\n   34 | \xE6\xBC\xA2y\n      |   ^\n");
	msg.column = 9; /* past the end */
	prints(&msg, "site.yaml:34:9: error: x\n   34 | \xE6\xBC\xA2y\n      |    ^\n");
}

static void
test_nothing_that_acts_on_a_terminal(void **state)
{
	struct message msg = example();

	(void)state;
	msg.hint.n = msg.suggestion.n = 0;
	msg.file = TC_STR("a\nb");
	msg.text = TC_STR("\x1b[2J \xE2\x80\xAE \xC2\x9B \xFF");
	msg.column = msg.end_column = 1;
	msg.source = TC_STR("\x07 \x7F");
	prints(&msg, "a?b:34:1: error: ?[2J ? ? ?\n   34 | ? ?\n      | ^\n");
}

/* Of a line of a megabyte only the part around the caret is kept. */
static void
test_long_line(void **state)
{
	struct messages *m = messages_new();
	size_t n = 1 << 20;
	char *line = malloc(n), *text;
	struct message msg = example();

	(void)state;
	memset(line, 'a', n);
	memcpy(line + 500000, "XYZ", 3);
	msg.source = tc_str_of(line, n);
	msg.column = 500001;
	msg.end_column = 500004;
	msg.suggestion.n = 0;
	messages_add(m, &msg);
	assert_in_range(m->v[0].source.n, 1, 200);
	text = printed(m, messages_print);
	assert_non_null(strstr(text, "aXYZa"));
	assert_int_equal(strstr(text, "XYZ") - strstr(text, "   34 | "), strstr(text, "^^^") - strstr(text, "      | "));
	free(text);
	free(line);
	messages_destroy(&m);
}

static void
test_order_and_limits(void **state)
{
	struct messages *m = messages_new();
	struct message msg = example();
	char *text;

	(void)state;
	for (int i = 100; i > 0; i--) { /* from the end to the front */
		msg.line = i;
		messages_add(m, &msg);
	}
	msg.severity = SEVERITY_WARNING;
	msg.file = TC_STR("other.yaml");
	messages_add(m, &msg);
	msg.file = TC_STR("site.yaml");
	msg.line = 90;
	msg.column = 1;
	messages_add(m, &msg);
	assert_int_equal(m->errors, 100);
	assert_int_equal(m->warnings, 2);
	assert_int_equal(m->n, MESSAGES_MAX + 2);
	for (size_t i = 1; i < m->n - 1; i++)
		assert_true(m->v[i - 1].line < m->v[i].line ||
		    (m->v[i - 1].line == m->v[i].line && m->v[i - 1].column <= m->v[i].column));
	assert_true(tc_eq(m->v[m->n - 1].file, TC_STR("other.yaml")));
	text = printed(m, messages_print);
	assert_non_null(strstr(text, "and 80 more errors\n"));
	free(text);
	messages_destroy(&m);
}

/* However much a hostile file has to be told, memory stays where it is. */
static void
test_memory_is_bounded(void **state)
{
	struct messages *m = messages_new();
	static char big[1 << 20];
	struct message msg = example();

	(void)state;
	memset(big, 'x', sizeof(big));
	msg.text = msg.hint = msg.path = msg.source = msg.file = msg.suggestion = tc_str_of(big, sizeof(big));
	for (int i = 0; i < 1000; i++)
		messages_add(m, &msg);
	assert_in_range(arena_used(m->arena), 1, 200000);
	messages_destroy(&m);
}

static void
test_json(void **state)
{
	struct messages *m = messages_new();
	struct message msg = example();
	char *text = printed(m, messages_print_json);

	(void)state;
	assert_string_equal(text, "{\"ok\": true, \"messages\": []}\n");
	free(text);
	msg.text = TC_STR("a \"b\" \\ \n \xC3\xA9 \xFF");
	messages_add(m, &msg);
	text = printed(m, messages_print_json);
	assert_string_equal(text,
	    "{\"ok\": false, \"messages\": [\n"
	    "  {\"file\": \"site.yaml\", \"line\": 34, \"column\": 14, \"end_column\": 17, \"severity\": \"error\", "
	    "\"code\": \"unknown-value\", \"path\": \"regions.us-ca.honour\", \"message\": \"a \\\"b\\\" \\\\ \\u000a \xC3\xA9 \\ufffd\", "
	    "\"hint\": \"known signals are gpc, dnt, choice, consent  (tacet help regions.honour)\", \"suggestion\": \"gpc\"}\n"
	    "]}\n");
	free(text);
	messages_destroy(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_without_place),
		cmocka_unit_test(test_caret),
		cmocka_unit_test(test_nothing_that_acts_on_a_terminal),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_order_and_limits),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
