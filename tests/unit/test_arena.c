/* test_arena.c: zeroed, aligned, bounded, wiped. */
#include "../../proxy/base/arena.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool
is_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* Pieces of all sizes are zero, apart from one another, and keep what is written into them. */
static void
fill_and_check(struct arena_cache *cache)
{
	enum { PIECES = 600 };
	struct tc_arena *a = arena_new(cache, (size_t)4 << 20);
	unsigned char *pieces[PIECES];
	size_t sizes[PIECES], handed_out = 0;

	for (size_t i = 0; i < PIECES; i++) {
		sizes[i] = i % 50 == 49 ? 5000 * (i % 9 + 1) : i * 31 % 257;
		pieces[i] = i % 3 == 0 ? (unsigned char *)tc_alloc_bytes(a, sizes[i]) : tc_alloc(a, sizes[i]);
		assert_non_null(pieces[i]);
		if (i % 3 != 0)
			assert_int_equal((uintptr_t)pieces[i] % 16, 0);
		assert_true(is_zero((char *)pieces[i], sizes[i]));
		memset(pieces[i], (int)(i % 255) + 1, sizes[i]);
		handed_out += sizes[i];
	}
	for (size_t i = 0; i < PIECES; i++)
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(pieces[i][k], i % 255 + 1);
	assert_true(arena_used(a) >= handed_out);
	assert_true(arena_used(a) <= handed_out + PIECES * (size_t)(ALIGN + GAP));
	arena_destroy(&a);
	assert_null(a);
	arena_destroy(&a);
}

static void
test_plain(void **state)
{
	(void)state;
	fill_and_check(NULL);
}

/* The second and third time everything comes from the cache, and must be zero again. */
static void
test_cached(void **state)
{
	struct arena_cache *cache = arena_cache_new(4);

	(void)state;
	for (int i = 0; i < 3; i++)
		fill_and_check(cache);
	arena_cache_destroy(&cache);
	assert_null(cache);
}

static void
test_blocks_go_back_wiped(void **state)
{
	struct arena_cache *cache = arena_cache_new(1000);
	struct tc_arena *a = arena_new(cache, 1 << 20);
	struct block *b = a->block;

	(void)state;
	memset(tc_alloc_bytes(a, 3000), 'x', 3000);
	assert_int_equal(cache->lent, 1);
	arena_destroy(&a);
	assert_int_equal(cache->lent, 0);
	assert_ptr_equal(cache->free, b);
	assert_true(is_zero(b->data, BLOCK_SIZE - sizeof(*b)));
	a = arena_new(cache, 1 << 20); /* the warmest block comes first */
	assert_ptr_equal(a->block, b);
	arena_destroy(&a);
	arena_cache_destroy(&cache);
}

/* Many at once: the cache grows, and shrinks what it keeps resident; lists stay consistent. */
static void
test_cache_grows(void **state)
{
	enum { MANY = 3 * SLAB_BLOCKS };
	struct arena_cache *cache = arena_cache_new(2);
	struct tc_arena *a[MANY];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < MANY; i++) {
			a[i] = arena_new(cache, 1 << 20);
			memset(tc_alloc_bytes(a[i], 15000), (int)i + 1, 15000);
		}
		assert_int_equal(cache->lent, MANY);
		for (size_t i = 0; i < MANY; i++)
			arena_destroy(&a[i]);
		assert_int_equal(cache->free_count, MANY);
	}
	arena_cache_destroy(&cache);
}

static void
limit_holds(struct arena_cache *cache, size_t limit, size_t piece)
{
	struct tc_arena *a = arena_new(cache, limit);
	size_t got = 0;

	while (tc_alloc_bytes(a, piece) != NULL)
		got += piece;
	assert_true(got <= limit);
	assert_true(got + piece + (got / piece + 1) * (size_t)(GAP + BYTES_ALIGN) > limit);
	assert_true(arena_used(a) <= limit);
	assert_null(tc_alloc(a, limit + 1));
	assert_null(tc_alloc(a, SIZE_MAX));
	assert_null(tc_alloc(a, SIZE_MAX - 8));
	assert_null(tc_alloc_bytes(a, SIZE_MAX - limit));
	assert_non_null(tc_alloc(a, 0));
	arena_destroy(&a);
}

static void
test_limit(void **state)
{
	static const size_t limits[] = {1, 15, 16, 17, 100, 4095, 4096, 20000, 100000};
	static const size_t pieces[] = {1, 7, 16, 100, 4000, 30000};
	struct arena_cache *cache = arena_cache_new(4);

	(void)state;
	for (size_t l = 0; l < sizeof(limits) / sizeof(limits[0]); l++) {
		for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
			limit_holds(NULL, limits[l], pieces[p]);
			limit_holds(cache, limits[l], pieces[p]);
		}
	}
	arena_cache_destroy(&cache);
}

static void
test_strings(void **state)
{
	struct tc_arena *a = arena_new(NULL, 200);
	struct tc_str parts[] = {TC_STR_INIT("a"), {NULL, 0}, TC_STR_INIT("bc"), TC_STR_INIT("")};
	struct tc_str s = tc_join(a, parts, 4);
	char big[300] = {0};

	(void)state;
	assert_true(tc_eq(s, TC_STR("abc")));
	s = tc_copy(a, TC_STR("text"));
	assert_true(tc_eq(s, TC_STR("text")));
	assert_non_null(tc_copy(a, tc_str_of(NULL, 0)).p);
	assert_null(tc_copy(a, tc_str_of(big, sizeof(big))).p);
	parts[0].n = SIZE_MAX; /* sums that overflow are refused before anything is read */
	assert_null(tc_join(a, parts, 4).p);
	arena_destroy(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_cached),
		cmocka_unit_test(test_blocks_go_back_wiped),
		cmocka_unit_test(test_cache_grows),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
