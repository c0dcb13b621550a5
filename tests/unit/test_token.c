/* test_token.c: tokens of operators (token.h). */
#include "../../proxy/core/token.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"

#define NOW 1795363200

static struct choice_key *key, *other;

static int
begin(void **state)
{
	(void)state;
	key = choice_key_load((struct tc_str){NULL, 0}, NULL);
	other = choice_key_load((struct tc_str){NULL, 0}, NULL);
	return key != NULL && other != NULL ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	choice_key_destroy(&key);
	choice_key_destroy(&other);
	return 0;
}

static void
test_times(void **state)
{
	static const struct {
		int64_t ttl, later;
		bool valid;
	} rows[] = {{600, 0, true}, {600, 600, true}, {600, 601, false}, {86400, 3600, true}, {86400, 3601, false},
	    {600, -3001, false}}; /* a clock that was set back */
	char buf[TOKEN_ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tc_str t = token_write(key, TOKEN_VERIFY, NOW, rows[i].ttl, buf);

		assert_int_equal(token_valid(key, TOKEN_VERIFY, t, NOW + rows[i].later), rows[i].valid);
		assert_false(token_valid(other, TOKEN_VERIFY, t, NOW + rows[i].later));
	}
}

/* No other byte anywhere, no piece of it, nothing more. */
static void
test_forged(void **state)
{
	char buf[TOKEN_ROOM + 1];
	struct tc_str t = token_write(key, TOKEN_VERIFY, NOW, 600, buf);

	(void)state;
	for (size_t i = 0; i < t.n; i++) {
		char was = buf[i];

		for (int c = 1; c < 256; c++) {
			buf[i] = (char)c;
			assert_int_equal(token_valid(key, TOKEN_VERIFY, t, NOW), buf[i] == was);
		}
		buf[i] = was;
		assert_false(token_valid(key, TOKEN_VERIFY, tc_str_of(buf, i), NOW));
	}
	buf[t.n] = 'A';
	assert_false(token_valid(key, TOKEN_VERIFY, tc_str_of(buf, t.n + 1), NOW));
}

/* A value that a browser would send as its choice is no token, though the key is the same. */
static void
test_cookie_is_no_token(void **state)
{
	struct tc_arena *arena = arena_new(NULL, 1 << 16);
	const struct choice_cookie c = {.state = CHOICE_OUT, .year = 2026, .month = 11, .policy = 1};
	struct tc_str value = choice_write(key, TC_STR("www.example.com"), &c, arena);

	(void)state;
	tc_skip(&value, tc_find_byte(value, '=') + 1);
	value.n = tc_find_byte(value, ';');
	assert_false(token_valid(key, TOKEN_VERIFY, value, NOW));
	arena_destroy(&arena);
}

static void
test_places(void **state)
{
	static const struct {
		const char *code, *country;
	} rows[] = {{" US-CA", "US"}, {" FR", "FR"}, {" unknown", ""}, {"", NULL}, {" ", NULL}, {" US-CA FR", NULL}, {" usa", NULL}};
	char buf[TOKEN_ROOM], field[100];
	struct tc_str t = token_write(key, TOKEN_VERIFY, NOW, 600, buf);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct place p = {.country = "XX"};
		int n = snprintf(field, sizeof(field), "%.*s%s", (int)t.n, t.p, rows[i].code);

		assert_int_equal(token_place(key, tc_str_of(field, (size_t)n), NOW, &p), rows[i].country != NULL);
		assert_string_equal(p.country, rows[i].country != NULL ? rows[i].country : "XX");
		assert_false(token_place(other, tc_str_of(field, (size_t)n), NOW, &p));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_cookie_is_no_token),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
