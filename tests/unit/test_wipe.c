/* test_wipe.c: memory of libraries: nothing of what it held is there when it goes back. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static size_t freed, left_behind;

/* What the allocator gets back, seen before it does. */
static void
look_and_free(void *p)
{
	const char *bytes = p;
	size_t n = malloc_usable_size(p);

	for (size_t i = 0; i < n; i++)
		left_behind += bytes[i] != 0;
	freed++;
	free(p);
}

#define free look_and_free
#include "base/wipe.c"
#undef free

static void
what_goes_back_is_zero(void **state)
{
	char *p = malloc(1000);

	(void)state;
	freed = left_behind = 0;
	memset(p, 'x', 1000);
	wipe_free(p);
	wipe_free(NULL);
	assert_int_equal(freed, 1);
	assert_int_equal(left_behind, 0);
}

static void
what_is_resized_keeps_its_bytes_and_leaves_none(void **state)
{
	char *p = wipe_realloc(NULL, 5);

	(void)state;
	freed = left_behind = 0;
	memcpy(p, "token", 5);
	p = wipe_realloc(p, 100000);
	assert_memory_equal(p, "token", 5);
	p = wipe_realloc(p, 3);
	assert_memory_equal(p, "tok", 3);
	assert_null(wipe_realloc(p, 0));
	assert_null(wipe_realloc(NULL, 0));
	assert_int_equal(freed, 3);
	assert_int_equal(left_behind, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_back_is_zero),
		cmocka_unit_test(what_is_resized_keeps_its_bytes_and_leaves_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
