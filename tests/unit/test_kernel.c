/* test_kernel.c: the kernels against what kernel.h says, read byte by byte; and against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../filters/html/kernel.c"

/* One byte at a time: is the byte at `at` an anchor, or could it be one if more followed? */
static bool
is_anchor(const char *p, size_t at)
{
	size_t next = at + 1;

	switch (p[at]) {
	case '"':
	case '\'':
	case '`':
		while (next < 64 && (unsigned char)p[next] > ',' && strchr("./\\`", p[next]) == NULL)
			next++;
		return next == 64 || strchr("./\\%", p[next]) != NULL;
	case '/':
		return next == 64 || strchr("/\\.", p[next]) != NULL;
	case '\\':
		return next == 64 || strchr("\"'`", p[next]) == NULL;
	case '}':
		return next == 64 || strchr("./", p[next]) != NULL;
	default:
		return false;
	}
}

static uint64_t
expected(const char *p)
{
	uint64_t bits = 0;

	for (size_t at = 0; at < 64; at++)
		bits |= (uint64_t)is_anchor(p, at) << at;
	return bits;
}

static void
check(const char *p)
{
	uint64_t want = expected(p);

	assert_int_equal(kernel_script_anchors(p), want);
#if defined(__x86_64__)
	assert_int_equal(anchors_sse2(p), want);
	if (__builtin_cpu_supports("avx2"))
		assert_int_equal(anchors_avx2(p), want);
#endif
}

static void
test_random(void **state)
{
	static const char some[] = "\"'`/\\.%}ab-,; \n\xe2\x80,$";
	char p[64];

	(void)state;
	srand(1);
	for (size_t round = 0; round < 200000; round++) {
		/* from dense with marks to almost none */
		int marks = 1 + rand() % 100;

		for (size_t i = 0; i < sizeof(p); i++)
			p[i] = rand() % 100 < marks ? some[(size_t)rand() % (sizeof(some) - 1)] : (char)('a' + rand() % 26);
		if (memchr(p, 0, sizeof(p)) == NULL)
			check(p);
	}
}

/* One mark at each place, and a quote at each other. */
static void
test_pairs(void **state)
{
	static const char marks[] = "\"'`/\\.%}, a\x7f\xff";
	char p[64];

	(void)state;
	for (size_t from = 0; from < 64; from++)
		for (size_t to = 0; to < 64; to++)
			for (const char *a = marks; *a != '\0'; a++)
				for (const char *b = marks; *b != '\0'; b++) {
					memset(p, 'x', sizeof(p));
					p[from] = *a;
					p[to] = *b;
					check(p);
				}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
