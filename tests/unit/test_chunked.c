/* test_chunked.c: chunks, extensions and trailers within their limits. The families of bad ones are in heads.h. */
#include "../../proxy/http/chunked.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "edge.h"

struct outcome {
	enum chunked_result end;
	enum refusal why;
	size_t left;
	struct buf body;
};

static struct outcome
read_all(const char *text, size_t n)
{
	struct outcome o = {.why = REFUSAL_NONE};
	struct chunked c = {0};
	char *p = edge_copy(text, n);
	struct tc_str in = {p, n}, data;

	buf_init(&o.body, 1 << 20);
	while ((o.end = chunked_read(&c, &in, &data, &o.why)) == CHUNKED_DATA)
		assert_int_equal(buf_add_str(&o.body, data), 0);
	o.left = in.n;
	edge_free(p, n);
	return o;
}

static void
expect(const char *text, enum chunked_result end, enum refusal why, const char *body, size_t left)
{
	struct outcome o = read_all(text, strlen(text));

	if (o.end != end || o.why != why)
		fail_msg("%s: %d, %s", text, (int)o.end, refusal_label(o.why));
	assert_int_equal(o.body.n, strlen(body));
	assert_memory_equal(buf_str(&o.body).p, body, o.body.n);
	if (end != CHUNKED_BAD)
		assert_int_equal(o.left, left);
	buf_reset(&o.body);
}

static void
test_messages(void **state)
{
	(void)state;
	expect("5\r\nhello\r\n0\r\n\r\n", CHUNKED_END, REFUSAL_NONE, "hello", 0);
	expect("0\r\n\r\nGET", CHUNKED_END, REFUSAL_NONE, "", 3);
	expect("aB\r\n" "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
	    "12345678901234567890123456789012345678901234567890123456789012345678901234567890\r\n0\r\n\r\n",
	    CHUNKED_END, REFUSAL_NONE,
	    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
	    "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
	    0);
	expect("1\r\na\r\n1\r\nb\r\n000;x\r\nX: y\r\nZ:\r\n\r\n", CHUNKED_END, REFUSAL_NONE, "ab", 0);
	expect("", CHUNKED_MORE, REFUSAL_NONE, "", 0);
	expect("5\r\nhel", CHUNKED_MORE, REFUSAL_NONE, "hel", 0);
	expect("5\r\nhello\r\n0\r\n", CHUNKED_MORE, REFUSAL_NONE, "hello", 0);
	expect("100000005\r\nhello\r\n0\r\n\r\n", CHUNKED_MORE, REFUSAL_NONE, "hello\r\n0\r\n\r\n", 0);
	expect("3fffffffffffffff\r\nx", CHUNKED_MORE, REFUSAL_NONE, "x", 0);
	expect("4000000000000000\r\nx", CHUNKED_BAD, REFUSAL_CHUNK, "", 0);
	expect("5\r\nhelloX", CHUNKED_BAD, REFUSAL_CHUNK, "hello", 0);
}

/* RFC 9112 7.1.1 to the letter: what is no extension is no chunk line. */
static void
test_extension_grammar(void **state)
{
	static const char *const good[] = {";a", ";a;b", " ; a", ";a=b", ";a = b", ";a=\"\"", ";a=\"b c\\\"\t;\"", "\t;\ta\t=\t\"x\" ; b",
	    ";a=b ;c", ";a ;b"};
	static const char *const bad[] = {" ", ";", ";a ", ";a=", ";a= ", ";a=b ", ";a=\"b\" ", ";a b", ";a=b c", ";a==b", ";a=b=c", ";=b",
	    ";\"a\"", ";a=\"b", ";a=\"b\"c", ";a=\"b\\", ";a;", "g", "=a", ";a=\"\x01\"", ";a=\"\x7f\"", ";a,b", ";\xe9"};
	char text[100];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		(void)snprintf(text, sizeof(text), "1%s\r\nx\r\n0%s\r\n\r\n", good[i], good[i]);
		expect(text, CHUNKED_END, REFUSAL_NONE, "x", 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text), "1\r\nx\r\n0%s\r\n\r\n", bad[i]);
		expect(text, CHUNKED_BAD, REFUSAL_CHUNK, "x", 0);
	}
}

static void
test_end_and_bad_are_final(void **state)
{
	struct chunked c = {0};
	struct tc_str in = TC_STR("0\r\n\r\nGET / HTTP/1.1"), data;
	enum refusal why = REFUSAL_NONE;

	(void)state;
	assert_int_equal(chunked_read(&c, &in, &data, &why), CHUNKED_END);
	assert_int_equal(chunked_read(&c, &in, &data, &why), CHUNKED_END);
	assert_int_equal(in.n, 14);
	c = (struct chunked){0};
	in = TC_STR("x0\r\n\r\n");
	assert_int_equal(chunked_read(&c, &in, &data, &why), CHUNKED_BAD);
	assert_int_equal(chunked_read(&c, &in, &data, &why), CHUNKED_BAD);
	assert_int_equal(why, REFUSAL_CHUNK);
}

/* Extensions of all chunks together: 256 bytes, not 257. */
static void
test_extension_limit(void **state)
{
	char text[700];

	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		size_t n = (size_t)snprintf(text, sizeof(text), "1;");

		memset(text + n, 'a', 99);
		n += 99;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\r\nx\r\n0;");
		memset(text + n, 'b', 155 + extra);
		n += 155 + extra;
		memcpy(text + n, "\r\n\r\n", 5);
		expect(text, extra > 0 ? CHUNKED_BAD : CHUNKED_END, extra > 0 ? REFUSAL_CHUNK : REFUSAL_NONE, "x", 0);
	}
}

/* Trailers: 8192 bytes and 100 fields, and no more. */
static void
test_trailer_limits(void **state)
{
	static char text[9000];

	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		size_t n = (size_t)snprintf(text, sizeof(text), "0\r\nX:");

		memset(text + n, 'v', 8188 + extra);
		n += 8188 + extra;
		memcpy(text + n, "\r\n\r\n", 5);
		expect(text, extra > 0 ? CHUNKED_BAD : CHUNKED_END, extra > 0 ? REFUSAL_TRAILER : REFUSAL_NONE, "", 0);
		n = (size_t)snprintf(text, sizeof(text), "0\r\n");
		for (size_t i = 0; i < 100 + extra; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "X: 1\r\n");
		memcpy(text + n, "\r\n", 3);
		expect(text, extra > 0 ? CHUNKED_BAD : CHUNKED_END, extra > 0 ? REFUSAL_TRAILER : REFUSAL_NONE, "", 0);
	}
}

static void
test_chunk_line(void **state)
{
	static const struct {
		uint64_t n;
		const char *line;
	} cases[] = {
		{1, "1\r\n"},
		{9, "9\r\n"},
		{10, "a\r\n"},
		{16, "10\r\n"},
		{0x5f, "5f\r\n"},
		{65536, "10000\r\n"},
		{0x3fffffffffffffff, "3fffffffffffffff\r\n"},
		{UINT64_MAX, "ffffffffffffffff\r\n"},
	};
	char out[CHUNK_LINE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(chunk_line(out, cases[i].n), strlen(cases[i].line));
		assert_memory_equal(out, cases[i].line, strlen(cases[i].line));
	}
}

static void
test_size(void **state)
{
	(void)state;
	assert_true(sizeof(struct chunked) <= 16); /* there is one per connection */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_extension_grammar),
		cmocka_unit_test(test_end_and_bad_are_final),
		cmocka_unit_test(test_extension_limit),
		cmocka_unit_test(test_trailer_limits),
		cmocka_unit_test(test_chunk_line),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
