/* test_acme.c: what ACME servers say, when it is time, what is kept, and tokens in memory. */
#include "../../proxy/core/acme_answer.c"
#include "../../proxy/core/acme_plan.c"
#include "../../proxy/core/acme_tokens.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"

static struct tc_arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(NULL, 8 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	return 0;
}

static void
is(struct tc_str s, const char *expected)
{
	assert_int_equal(s.n, strlen(expected));
	if (s.n > 0)
		assert_memory_equal(s.p, expected, s.n);
}

#define ORIGIN TC_STR("https://ca.example")

/* ---- answers ---- */

static void
directories(void **state)
{
	static const char *const bad[] = {"", "{}", "[]", "null", "{", "<html>",
	    "{\"newNonce\":\"https://ca.example/n\",\"newAccount\":\"https://ca.example/a\"}",
	    "{\"newNonce\":\"https://ca.example/n\",\"newAccount\":\"https://ca.example/a\",\"newOrder\":3}",
	    "{\"newNonce\":\"https://ca.example/n\",\"newAccount\":\"https://ca.example/a\",\"newOrder\":\"https://other.example/o\"}",
	    "{\"newNonce\":\"https://ca.example/n\",\"newAccount\":\"https://ca.example/a\",\"newOrder\":\"http://ca.example/o\"}",
	    "{\"newNonce\":\"https://ca.example/n\",\"newAccount\":\"https://ca.example/a\",\"newOrder\":\"https://ca.example/o\"",
	    "{\"newNonce\":\"https://ca.example/n\",\"newAccount\":\"https://ca.example/a\",\"newOrder\":\"https://ca.example/o\"}x"};
	struct acme_directory d;

	(void)state;
	assert_true(acme_read_directory(
	    TC_STR("{\"meta\":{\"termsOfService\":\"https://x/\"},\"newNonce\":\"https://ca.example/n\",\"x\":[{}],"
		"\"newAccount\":\"https:\\/\\/ca.example\\/a\",\"newOrder\":\"https://ca.example/o\",\"keyChange\":null}"),
	    ORIGIN, arena, &d));
	is(d.new_nonce, "https://ca.example/n");
	is(d.new_account, "https://ca.example/a");
	is(d.new_order, "https://ca.example/o");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(acme_read_directory(tc_str_from(bad[i]), ORIGIN, arena, &d));
}

static void
urls(void **state)
{
	static const char *const bad[] = {"https://ca.example", "https://ca.example.evil/", "https://ca.example:444/", "https://ca.example@evil/",
	    "https://ca.example/\r\nX: y", "https://ca.example/ x", "https://ca.example/\"", "https://ca.example/\\", "https://ca.example/\xc3\xa4",
	    "https://ca.example/#x", "http://ca.example/", "//ca.example/", "/x", "", "https://CA.example/x"};
	char *large = tc_alloc_bytes(arena, 3000);

	(void)state;
	assert_true(acme_url_ok(TC_STR("https://ca.example/x?y=z"), ORIGIN));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(acme_url_ok(tc_str_from(bad[i]), ORIGIN));
	memset(large, 'x', 3000);
	memcpy(large, "https://ca.example/", 19);
	assert_false(acme_url_ok(tc_str_of(large, 3000), ORIGIN));
	is(acme_origin(TC_STR("https://[::1]:14000/dir")), "https://[::1]:14000");
	is(acme_origin(TC_STR("http://ca.example/dir")), "");
}

static void
orders(void **state)
{
	struct acme_order o;
	struct buf many;

	(void)state;
	assert_true(acme_read_order(TC_STR("{\"status\":\"pending\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"a\"}],\"authorizations\":"
	    "[\"https://ca.example/z1\",\"https://ca.example/z2\"],\"finalize\":\"https://ca.example/f\"}"),
	    ORIGIN, arena, &o));
	assert_int_equal(o.status, ACME_PENDING);
	assert_int_equal(o.n, 2);
	is(o.authorizations[1], "https://ca.example/z2");
	assert_int_equal(o.certificate.n, 0);
	assert_true(acme_read_order(TC_STR("{\"status\":\"invalid\",\"finalize\":\"https://ca.example/f\",\"error\":{\"type\":"
	    "\"urn:ietf:params:acme:error:caa\",\"detail\":\"no\"}}"),
	    ORIGIN, arena, &o));
	assert_true(o.problem.there && o.problem.type == ACME_CAA);
	assert_false(acme_read_order(TC_STR("{\"status\":\"new\",\"finalize\":\"https://ca.example/f\"}"), ORIGIN, arena, &o));
	assert_false(acme_read_order(TC_STR("{\"status\":\"ready\",\"finalize\":\"https://evil.example/f\"}"), ORIGIN, arena, &o));
	assert_false(acme_read_order(
	    TC_STR("{\"status\":\"ready\",\"finalize\":\"https://ca.example/f\",\"authorizations\":[\"https://evil.example/z\"]}"), ORIGIN,
	    arena, &o));
	buf_init(&many, 1 << 20);
	(void)buf_printf(&many, "{\"status\":\"pending\",\"finalize\":\"https://ca.example/f\",\"authorizations\":[\"https://ca.example/0\"");
	for (int i = 1; i <= ACME_NAMES_MAX; i++)
		(void)buf_printf(&many, ",\"https://ca.example/%d\"", i);
	(void)buf_printf(&many, "]}");
	assert_false(acme_read_order(buf_str(&many), ORIGIN, arena, &o));
	buf_reset(&many);
}

static void
authorizations(void **state)
{
	struct acme_authorization z;

	(void)state;
	assert_true(acme_read_authorization(
	    TC_STR("{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.example\"},\"challenges\":["
		"{\"type\":\"http-01\",\"url\":\"https://ca.example/h\",\"token\":\"abc_-9\"},"
		"{\"type\":\"dns-01\",\"url\":\"https://ca.example/d\",\"token\":\"xyz\"},"
		"{\"type\":\"tls-alpn-01\",\"url\":\"https://ca.example/t\",\"token\":\"../x\"},3,{}]}"),
	    ORIGIN, arena, &z));
	is(z.name, "a.example");
	assert_int_equal(z.status, ACME_PENDING);
	is(z.challenges[ACME_HTTP_01].token, "abc_-9");
	assert_int_equal(z.challenges[ACME_TLS_ALPN_01].url.n, 0);
	assert_false(z.wildcard);
	assert_true(acme_read_authorization(
	    TC_STR("{\"wildcard\":true,\"status\":\"expired\",\"identifier\":{\"value\":\"a\",\"type\":\"dns\"},\"challenges\":[{\"type\":\"http-01\","
		"\"error\":{\"type\":\"urn:ietf:params:acme:error:connection\",\"detail\":\"\\u001b[31mred\\nline\"}}]}"),
	    ORIGIN, arena, &z));
	assert_true(z.wildcard && z.status == ACME_INVALID && z.problem.type == ACME_CONNECTION);
	assert_string_equal(z.problem.detail, "?[31mred?line");
	assert_false(acme_read_authorization(
	    TC_STR("{\"status\":\"valid\",\"identifier\":{\"type\":\"ip\",\"value\":\"10.0.0.1\"}}"), ORIGIN, arena, &z));
	assert_false(acme_read_authorization(TC_STR("{\"status\":\"valid\"}"), ORIGIN, arena, &z));
}

static void
problems(void **state)
{
	struct acme_problem p;
	struct buf b;

	(void)state;
	for (int i = 1; i < ACME_PROBLEM_COUNT; i++) {
		buf_init(&b, 1 << 16);
		(void)buf_printf(&b, "{\"type\":\"urn:ietf:params:acme:error:%s\",\"detail\":\"", problem_names[i]);
		for (int k = 0; k < 500; k++)
			(void)buf_printf(&b, "x");
		(void)buf_printf(&b, "\",\"subproblems\":[{}]}");
		assert_true(acme_read_problem(buf_str(&b), arena, &p));
		assert_int_equal(p.type, i);
		assert_int_equal(strlen(p.detail), ACME_DETAIL_MAX);
		buf_reset(&b);
	}
	assert_true(acme_read_problem(TC_STR("{\"type\":\"urn:ietf:params:acme:error:new\"}"), arena, &p));
	assert_int_equal(p.type, ACME_OTHER);
	assert_true(acme_read_problem(TC_STR("{\"type\":[],\"detail\":7}"), arena, &p));
	assert_string_equal(p.detail, "");
	assert_false(acme_read_problem(TC_STR("\"x\""), arena, &p));
	assert_false(acme_read_problem(TC_STR("{\"type\":\"a\"} {}"), arena, &p));
}

static void
retry_after_is_read(void **state)
{
	(void)state;
	assert_int_equal(acme_retry_after(TC_STR("120"), 0, 1000), 120);
	assert_int_equal(acme_retry_after(TC_STR("0"), 0, 1000), 0);
	assert_int_equal(acme_retry_after(TC_STR("99999999999999999999999999"), 0, 1000), 1000);
	assert_int_equal(acme_retry_after(TC_STR("Sun, 22 Nov 2026 12:00:00 GMT"), 1795348800 - 60, 1000), 60);
	assert_int_equal(acme_retry_after(TC_STR("Sun, 22 Nov 2026 12:00:00 GMT"), 1795348800 + 60, 1000), 0);
	assert_int_equal(acme_retry_after(TC_STR("Sun, 22 Nov 2026 12:00:00 GMT"), 0, 1000), 1000);
	assert_int_equal(acme_retry_after(TC_STR(""), 0, 1000), -1);
	assert_int_equal(acme_retry_after(tc_str_of(NULL, 0), 0, 1000), -1);
	assert_int_equal(acme_retry_after(TC_STR("-5"), 0, 1000), -1);
	assert_int_equal(acme_retry_after(TC_STR("5s"), 0, 1000), -1);
	assert_int_equal(acme_retry_after(TC_STR("soon"), 0, 1000), -1);
}

/* ---- times ---- */

static void
a_third_of_the_life_is_left(void **state)
{
	const int64_t day = 86400;
	const int64_t lives[] = {90 * day, 6 * day, day, 3600, 60, 1};

	(void)state;
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		const struct pki_times t = {1000000, 1000000 + lives[i]};
		int64_t last = t.not_after - lives[i] / 3;

		assert_int_equal(acme_renew_at(&t, 0), last);
		for (uint64_t spread = 0; spread <= UINT32_MAX; spread += UINT32_MAX / 7) {
			int64_t at = acme_renew_at(&t, (uint32_t)spread);

			assert_true(at <= last && at >= last - lives[i] / 48 && at > t.not_before);
		}
	}
	/* Those who got theirs together come back apart. */
	const struct pki_times t = {0, 90 * day};
	assert_true(acme_renew_at(&t, 0) - acme_renew_at(&t, UINT32_MAX) > day);
}

static void
delays_double(void **state)
{
	int64_t before = 0;

	(void)state;
	for (unsigned n = 1; n < 40; n++) {
		int64_t delay = acme_delay(n, -1);

		assert_int_equal(delay, n == 1 ? 60 : 2 * before < 86400 ? 2 * before
									 : 86400);
		before = delay;
	}
	assert_int_equal(acme_delay(1, 30), 60);
	assert_int_equal(acme_delay(1, 3600), 3600);
	assert_int_equal(acme_delay(4000000000u, 0), 86400);
	assert_int_equal(acme_delay(1, INT64_MAX), 7 * 86400);
}

/* ---- tokens ---- */

#define AT "/.well-known/acme-challenge/"

static void
tokens_are_answered_while_they_are_set(void **state)
{
	(void)state;
	assert_null(acme_token_answer(TC_STR(AT "abc"), arena).p);
	assert_true(acme_token_set(TC_STR("abc"), TC_STR("abc.print")));
	assert_true(acme_token_set(TC_STR("abd"), TC_STR("abd.print")));
	is(acme_token_answer(TC_STR(AT "abc"), arena), "abc.print");
	assert_null(acme_token_answer(TC_STR(AT "ab"), arena).p);
	assert_null(acme_token_answer(TC_STR(AT), arena).p);
	assert_null(acme_token_answer(TC_STR("/abc"), arena).p);
	acme_token_clear(TC_STR("abc"));
	acme_token_clear(TC_STR("abc"));
	acme_token_clear(TC_STR("never"));
	acme_token_clear(TC_STR(""));
	assert_null(acme_token_answer(TC_STR(AT "abc"), arena).p);
	is(acme_token_answer(TC_STR(AT "abd"), arena), "abd.print");
	assert_true(acme_token_set(TC_STR("abd"), TC_STR("new")));
	is(acme_token_answer(TC_STR(AT "abd"), arena), "new");
	acme_token_clear(TC_STR("abd"));
	assert_int_equal(tokens.n, 0);
}

static void
tokens_have_a_limit(void **state)
{
	char name[8], large[400];

	(void)state;
	memset(large, 'x', sizeof(large));
	assert_false(acme_token_set(tc_str_of(large, 257), TC_STR("y")));
	assert_false(acme_token_set(TC_STR("y"), tc_str_of(large, 321)));
	assert_false(acme_token_set(TC_STR(""), TC_STR("y")));
	for (int i = 0; i <= TOKENS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		assert_true(acme_token_set(tc_str_from(name), TC_STR("y")) == (i < TOKENS_MAX));
	}
	for (int i = 0; i <= TOKENS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		acme_token_clear(tc_str_from(name));
	}
	assert_int_equal(tokens.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(directories, setup, teardown),
		cmocka_unit_test_setup_teardown(urls, setup, teardown),
		cmocka_unit_test_setup_teardown(orders, setup, teardown),
		cmocka_unit_test_setup_teardown(authorizations, setup, teardown),
		cmocka_unit_test_setup_teardown(problems, setup, teardown),
		cmocka_unit_test_setup_teardown(retry_after_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(a_third_of_the_life_is_left, setup, teardown),
		cmocka_unit_test_setup_teardown(delays_double, setup, teardown),
		cmocka_unit_test_setup_teardown(tokens_are_answered_while_they_are_set, setup, teardown),
		cmocka_unit_test_setup_teardown(tokens_have_a_limit, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
