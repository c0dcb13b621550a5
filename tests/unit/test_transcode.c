/* test_transcode.c: UTF-16 and ISO-2022-JP as browsers decode them, cut at every place; what waits, and its memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../filters/html/transcode.c"

/* Takes all but the last `leaves` bytes, until the end. */
struct sink {
	char bytes[65536];
	size_t n, leaves;
	bool last;
};

static int
take(void *to, struct tc_str *in, bool last)
{
	struct sink *s = to;
	size_t n = last ? in->n : in->n > s->leaves ? in->n - s->leaves
						    : 0;

	assert_false(s->last);
	assert_true(s->n + n <= sizeof(s->bytes));
	if (n > 0)
		memcpy(s->bytes + s->n, in->p, n);
	s->n += n;
	s->last = last;
	tc_skip(in, n);
	return 0;
}

static int
refuse(void *to, struct tc_str *in, bool last)
{
	(void)to, (void)in, (void)last;
	return -1;
}

static int
leave(void *to, struct tc_str *in, bool last)
{
	(void)to, (void)in, (void)last;
	return 0;
}

/* In two pieces, each in memory of its own size, so that a sanitizer sees a byte too far. */
static void
feed(struct transcode *t, struct tc_str in, size_t at, struct sink *s)
{
	struct tc_str parts[] = {tc_str_of(in.p, at), tc_str_of(in.p + at, in.n - at)};

	for (size_t i = 0; i < 2; i++) {
		char *copy = malloc(parts[i].n + 1);
		struct tc_str part = tc_str_of(copy + 1, parts[i].n);

		assert_non_null(copy);
		memcpy(copy + 1, parts[i].p, parts[i].n);
		assert_int_equal(transcode_feed(t, &part, i == 1, take, s), 0);
		assert_int_equal(part.n, 0);
		free(copy);
	}
	assert_true(s->last);
}

static void
check(enum charset c, struct tc_str in, const char *want)
{
	static const size_t leaves[] = {0, 1, 5, 1000};

	for (size_t at = 0; at <= in.n; at++)
		for (size_t k = 0; k < sizeof(leaves) / sizeof(*leaves); k++) {
			struct sink s = {.leaves = leaves[k]};
			struct transcode t = {.charset = CHARSET_NONE};

			transcode_begin(&t, c);
			feed(&t, in, at, &s);
			if (!tc_eq(tc_str_of(s.bytes, s.n), tc_str_from(want)))
				fail_msg("cut at %zu: %.*s, not %s", at, (int)s.n, s.bytes, want);
			assert_int_equal(t.left_n, 0);
			assert_null(t.left);
			transcode_end(&t);
		}
}

#define BAD3 "\xEF\xBF\xBD"

static void
test_utf16(void **state)
{
	(void)state;
	check(CHARSET_UTF_16LE, TC_STR("<\0\xE4\0\x42\x30\x3D\xD8\0\xDE"), "<\xC3\xA4\xE3\x81\x82\xF0\x9F\x98\x80");
	check(CHARSET_UTF_16BE, TC_STR("\0<\0\xE4\x30\x42\xD8\x3D\xDE\0"), "<\xC3\xA4\xE3\x81\x82\xF0\x9F\x98\x80");
	check(CHARSET_UTF_16BE, TC_STR(""), "");
	/* surrogates alone; one does not swallow what follows */
	check(CHARSET_UTF_16BE, TC_STR("\xD8\x3D\0<"), BAD3 "<");
	check(CHARSET_UTF_16BE, TC_STR("\xDE\0\0<"), BAD3 "<");
	check(CHARSET_UTF_16BE, TC_STR("\xD8\x3D\xD8\x3D\xDE\0"), BAD3 "\xF0\x9F\x98\x80");
	/* unfinished */
	check(CHARSET_UTF_16BE, TC_STR("\0<\0"), "<" BAD3);
	check(CHARSET_UTF_16BE, TC_STR("\0<\xD8\x3D"), "<" BAD3);
	check(CHARSET_UTF_16BE, TC_STR("\0<\xD8\x3D\xDE"), "<" BAD3);
	/* a mark inside is a character */
	check(CHARSET_UTF_16BE, TC_STR("\xFE\xFF\xFF\xFE"), "\xEF\xBB\xBF\xEF\xBF\xBE");
}

static void
test_iso_2022_jp(void **state)
{
	(void)state;
	assert_true(transcode_can(CHARSET_ISO_2022_JP));
	check(CHARSET_ISO_2022_JP, TC_STR("<a>\33$B$\"0!\33(B</a>"), "<a>\xE3\x81\x82\xE4\xBA\x9C</a>");
	check(CHARSET_ISO_2022_JP, TC_STR("\33$@$\"\33(J\\~a\33(B\\~"), "\xE3\x81\x82\xC2\xA5\xE2\x80\xBE" "a\\~");
	check(CHARSET_ISO_2022_JP, TC_STR("\33(I1\33(B1"), "\xEF\xBD\xB1" "1");
	/* markup between the switches is none */
	check(CHARSET_ISO_2022_JP, TC_STR("\33$B<img\33(B<img"), "\xE5\xAE\x88\xE8\xBE\xAF<img");
	/* Microsoft's rows, which every browser has: circled one, a kanji of IBM's */
	check(CHARSET_ISO_2022_JP, TC_STR("\33$B-!y!!A\33(B"), "\xE2\x91\xA0\xE7\xBA\x8A\xEF\xBD\x9E");
	/* what is no character */
	check(CHARSET_ISO_2022_JP, TC_STR("a\x80\xFF\x0E\x0F" "b"), "a" BAD3 BAD3 BAD3 BAD3 "b");
	check(CHARSET_ISO_2022_JP, TC_STR("\33$B~~$\n<a\33(B<"), BAD3 BAD3 "\xE9\x87\x88<");
	check(CHARSET_ISO_2022_JP, TC_STR("\33$B$"), BAD3);
	check(CHARSET_ISO_2022_JP, TC_STR("\33$B$\33(B<"), BAD3 "<");
	/* what is no escape sequence is read again without its first byte */
	check(CHARSET_ISO_2022_JP, TC_STR("\33<a\33$<b\33(<c\33\33(B"), BAD3 "<a" BAD3 "$<b" BAD3 "(<c" BAD3);
	check(CHARSET_ISO_2022_JP, TC_STR("\33"), BAD3);
	check(CHARSET_ISO_2022_JP, TC_STR("\33$"), BAD3 "$");
	check(CHARSET_ISO_2022_JP, TC_STR("\33$B\33("), BAD3 BAD3);
	/* two switches with nothing between */
	check(CHARSET_ISO_2022_JP, TC_STR("\33$B\33(B<"), BAD3 "<");
}

static void
test_nothing_else(void **state)
{
	(void)state;
	assert_true(transcode_can(CHARSET_UTF_16LE) && transcode_can(CHARSET_UTF_16BE));
	assert_false(transcode_can(CHARSET_REPLACEMENT));
	assert_false(transcode_can(CHARSET_UTF_8));
	assert_false(transcode_can(CHARSET_NONE));
}

/* What one byte can make, over and over, at the edges of the steps. */
static void
test_steps(void **state)
{
	static char in[3 * STEP];
	static struct sink s, byte_by_byte;
	static const struct tc_str pieces[] = {TC_STR_INIT("\33(\33("), TC_STR_INIT("\33("), TC_STR_INIT("\33$B$\"")};

	(void)state;
	for (size_t k = 0; k < sizeof(pieces) / sizeof(*pieces); k++) {
		struct transcode t = {.charset = CHARSET_NONE};
		size_t n = 0;

		while (n + pieces[k].n <= sizeof(in)) {
			memcpy(in + n, pieces[k].p, pieces[k].n);
			n += pieces[k].n;
		}
		s = byte_by_byte = (struct sink){.leaves = 3};
		transcode_begin(&t, CHARSET_ISO_2022_JP);
		feed(&t, tc_str_of(in, n), 0, &s);
		transcode_end(&t);
		transcode_begin(&t, CHARSET_ISO_2022_JP);
		for (size_t i = 0; i < n; i++) {
			struct tc_str one = tc_str_of(in + i, 1);

			assert_int_equal(transcode_feed(&t, &one, i + 1 == n, take, &byte_by_byte), 0);
		}
		transcode_end(&t);
		assert_int_equal(s.n, byte_by_byte.n);
		assert_memory_equal(s.bytes, byte_by_byte.bytes, s.n);
	}
}

static void
test_memory(void **state)
{
	static char in[1 << 16];
	struct sink s = {.leaves = 3000};
	struct transcode t = {.charset = CHARSET_NONE};
	struct tc_str part;

	(void)state;
	memset(in, 'A', sizeof(in));
	transcode_begin(&t, CHARSET_UTF_16LE);
	part = tc_str_of(in, 20000);
	assert_int_equal(transcode_feed(&t, &part, false, take, &s), 0);
	assert_int_equal(t.left_n, 3000);
	assert_true(t.left_cap <= 4 * t.left_n);
	s.leaves = 10; /* what was needed once is not kept */
	s.n = 0;
	part = tc_str_of(in, 2);
	assert_int_equal(transcode_feed(&t, &part, false, take, &s), 0);
	assert_int_equal(t.left_n, 10);
	assert_true(t.left_cap <= 512);
	s.leaves = 0;
	part = tc_str_of(in, 2);
	assert_int_equal(transcode_feed(&t, &part, false, take, &s), 0);
	assert_null(t.left);
	transcode_end(&t);
	/* a taker that fails, and one that never takes */
	transcode_begin(&t, CHARSET_UTF_16LE);
	part = tc_str_of(in, 100);
	assert_int_equal(transcode_feed(&t, &part, false, refuse, NULL), -1);
	transcode_end(&t);
	transcode_begin(&t, CHARSET_UTF_16LE);
	for (int i = 0;; i++) {
		part = tc_str_of(in, sizeof(in));
		if (transcode_feed(&t, &part, false, leave, NULL) < 0)
			break;
		assert_true(i < 10);
	}
	assert_true(t.left_n <= TRANSCODE_LEFT_MAX && t.left_n > 262144);
	transcode_end(&t);
	assert_null(t.left);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf16),
		cmocka_unit_test(test_iso_2022_jp),
		cmocka_unit_test(test_nothing_else),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
