/* test_bytes.c: bytes of a head, looked for sixteen at a time, are the same as one at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "edge.h"
#include "http/bytes.h"

static bool
slowly(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_control(p[i]))
			return true;
	return false;
}

/* Every byte value at every place of every length, the text ending at a page that cannot be read. */
static void
control_bytes_are_found_wherever_they_are(void **state)
{
	char text[40];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t n = 1; n <= sizeof(text); n++) {
		char *p = edge_copy(text, n);

		for (size_t at = 0; at < n; at++) {
			for (unsigned c = 0; c < 256; c++) {
				p[at] = (char)c;
				assert_int_equal(has_control(p, n), slowly(p, n));
				assert_int_equal(find_control(p, 0, n) < n, slowly(p, n));
			}
			p[at] = 'x';
		}
		edge_free(p, n);
	}
	assert_false(has_control("", 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(control_bytes_are_found_wherever_they_are)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
