/* test_sizes.c: what a connection and a request cost in memory. Raise a limit only with a reason in the commit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/exchange.h"

static void
an_idle_visitor_is_small(void **state)
{
	(void)state;
	assert_in_range(sizeof(struct visitor), 1, 496); /* libuv's handle is 248 of it */
}

static void
an_idle_server_connection_is_small(void **state)
{
	(void)state;
	assert_in_range(sizeof(struct server_conn), 1, 520); /* 96 of it only matter until it is connected */
}

/* An exchange, its links and the small states begin in one block of an arena, beside the heads of a browser. */
static void
an_exchange_fits_a_block(void **state)
{
	(void)state;
	assert_in_range(sizeof(struct exchange), 1, 1384); /* 288 of it say where fields are */
	assert_in_range(sizeof(struct link), 1, 160);
	assert_in_range(sizeof(struct tc_field), 1, 40);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_visitor_is_small),
		cmocka_unit_test(an_idle_server_connection_is_small),
		cmocka_unit_test(an_exchange_fits_a_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
