/* test_h1_split.c: what comes of a message does not depend on how its bytes arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "h1_reader.h"
#include "heads.h"

static bool
same(const struct buf *a, const struct buf *b)
{
	return tc_eq(buf_str(a), buf_str(b));
}

/* Compares everything but the wire, on which the cuts decide how chunks are laid out. */
static void
compare(const struct message *m, const struct reader *whole, const struct reader *cut, size_t at)
{
	if (cut->why == whole->why && cut->messages == whole->messages && cut->state == whole->state &&
	    same(&cut->heads, &whole->heads) && same(&cut->bodies, &whole->bodies))
		return;
	fail_msg("cut at %zu: %s, %u messages; whole: %s, %u messages\n%.200s", at, refusal_label(cut->why),
	    cut->messages, refusal_label(whole->why), whole->messages, m->text);
}

static void
split(const struct message *m, bool are_responses)
{
	struct reader whole, cut;

	reader_init(&whole, are_responses, TC_M_GET);
	reader_feed(&whole, m->text, m->n);
	for (size_t at = 0; at <= m->n; at++) {
		reader_init(&cut, are_responses, TC_M_GET);
		reader_feed(&cut, m->text, at);
		reader_feed(&cut, m->text + at, m->n - at);
		compare(m, &whole, &cut, at);
		reader_end(&cut);
	}
	reader_init(&cut, are_responses, TC_M_GET);
	for (size_t i = 0; i < m->n; i++)
		reader_feed(&cut, m->text + i, 1);
	compare(m, &whole, &cut, SIZE_MAX);
	reader_end(&cut);
	reader_end(&whole);
}

static void
test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++)
		split(&requests[i], false);
}

static void
test_responses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(responses); i++)
		split(&responses[i], true);
}

/* At the limits too: one byte below, at and above each. */
static void
test_limits(void **state)
{
	static const struct h1_limits limits = {.line_max = 24, .head_max = 80, .fields_max = 3};
	char text[200];

	(void)state;
	for (size_t line = 22; line < 28; line++) {
		for (size_t fields = 1; fields < 6; fields++) {
			for (size_t value = 0; value < 50; value += 7) {
				size_t n = 0;
				struct h1_scan s = {0};
				long whole, r = 0;

				memset(text, 'l', line);
				n += line;
				for (size_t f = 0; f < fields; f++) {
					memcpy(text + n, "\r\nf:", 4);
					memset(text + n + 4, 'v', f == 0 ? value : 1);
					n += 4 + (f == 0 ? value : 1);
				}
				memcpy(text + n, "\r\n\r\n", 4);
				n += 4;
				whole = h1_scan(&s, tc_str_of(text, n), &limits);
				assert_int_not_equal(whole, 0);
				s = (struct h1_scan){0};
				for (size_t i = 1; i <= n && r == 0; i++)
					r = h1_scan(&s, tc_str_of(text, i), &limits);
				assert_int_equal(r, whole);
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
