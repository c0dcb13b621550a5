/* test_buf.c: bytes go in at the end and out at the front, up to the limit. */
#include "../../proxy/base/buf.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
assert_holds(const struct buf *b, const char *want)
{
	struct tc_str s = buf_str(b);

	assert_int_equal(s.n, strlen(want));
	assert_memory_equal(s.p, want, s.n);
}

static void
test_add_and_drop(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_holds(&b, "");
	assert_int_equal(buf_add(&b, NULL, 0), 0);
	assert_int_equal(buf_add(&b, "hello ", 6), 0);
	assert_int_equal(buf_add_str(&b, TC_STR("world")), 0);
	assert_int_equal(buf_printf(&b, "%s%d", "!", 7), 0);
	assert_holds(&b, "hello world!7");
	buf_drop(&b, 6);
	assert_holds(&b, "world!7");
	buf_drop(&b, 7);
	assert_holds(&b, "");
	assert_int_equal(b.off, 0);
	buf_reset(&b);
	assert_null(b.mem);
	assert_int_equal(buf_add(&b, "again", 5), 0);
	assert_holds(&b, "again");
	buf_reset(&b);
}

static void
test_limit(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_int_equal(buf_add(&b, "0123456789a", 11), BUF_FULL);
	assert_int_equal(b.n, 0);
	assert_int_equal(buf_add(&b, "0123456789", 10), 0);
	assert_int_equal(buf_add(&b, "a", 1), BUF_FULL);
	assert_int_equal(buf_printf(&b, "%d", 1), BUF_FULL);
	assert_holds(&b, "0123456789");
	buf_drop(&b, 3);
	assert_int_equal(buf_add(&b, "abcd", 4), BUF_FULL);
	assert_int_equal(buf_add(&b, "abc", 3), 0);
	assert_holds(&b, "3456789abc");
	assert_true(b.cap <= 10);
	assert_int_equal(buf_add(&b, "x", SIZE_MAX), BUF_FULL);
	buf_reset(&b);
}

static void
test_printf_longer_than_its_first_try(void **state)
{
	char text[1000];
	struct buf b;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	buf_init(&b, 2000);
	assert_int_equal(buf_printf(&b, "<%s>", text), 0);
	assert_int_equal(b.n, sizeof(text) + 1);
	assert_int_equal(buf_str(&b).p[0], '<');
	assert_int_equal(buf_str(&b).p[b.n - 1], '>');
	assert_int_equal(buf_printf(&b, "%s", text), 0);
	assert_int_equal(buf_printf(&b, "%s", text), BUF_FULL);
	buf_reset(&b);
}

/* A queue in steady use: order is kept, and memory does not grow with what has passed through. */
static void
test_queue(void **state)
{
	unsigned char next_in = 0, next_out = 0;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	for (size_t round = 0; round < 3000; round++) {
		for (size_t i = 0; i < round % 37; i++) {
			char c = (char)next_in++;

			assert_int_equal(buf_add(&b, &c, 1), 0);
		}
		for (size_t i = 0; i < round % 41 && b.n > 0; i++) {
			assert_int_equal((unsigned char)buf_str(&b).p[0], next_out++);
			buf_drop(&b, 1);
		}
	}
	assert_true(b.cap <= 1024);
	buf_reset(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_and_drop),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_printf_longer_than_its_first_try),
		cmocka_unit_test(test_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
