/* test_domain.c: what is remembered of a host is what the list of suffixes says of it, whoever came between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "filters/domain.c"

/* Hosts of every kind: domains at every depth, suffixes, the private section, addresses, dots, none. */
static const char *const hosts[] = {"www.example.com", "example.com", "com", "a.b.c.example.co.uk", "co.uk", "localhost",
    "127.0.0.1", "::1", "[::1]", "site.github.io", "github.io", "www.site.github.io", "example.com.", "www.example.com.",
    ".example.com", "example..com", "xn--bcher-kva.example", "www.ck", "any.ck", "a", ".", ""};

enum { HOSTS = sizeof(hosts) / sizeof(*hosts) };

/* The same domain, and in the bytes of this very host. */
static void
check(struct tc_str host)
{
	struct tc_str want = psl_domain(host), is = domain_of(host);

	assert_int_equal(is.n, want.n);
	assert_ptr_equal(is.p, want.p);
}

static void
test_says_what_the_list_says(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < HOSTS; i++) {
			char copy[64];

			(void)snprintf(copy, sizeof(copy), "%s", hosts[i]); /* not where it was the last time */
			check(tc_str_from(round == 1 ? copy : hosts[i]));
		}
	assert_true(tc_eq(domain_of(TC_STR("a.b.c.example.co.uk")), TC_STR("example.co.uk")));
}

/* One host drives another out of its place, and comes back. */
static void
test_forgets_and_asks_again(void **state)
{
	char name[64], host[64];
	size_t driven = 0;

	(void)state;
	for (unsigned i = 0; i < 50 * PLACES; i++) {
		(void)snprintf(name, sizeof(name), "h%u.example.%s", i, i % 2 == 0 ? "com" : "co.uk");
		check(tc_str_from(name));
		(void)snprintf(host, sizeof(host), "h%u.example.net", i % 7);
		check(tc_str_from(host));
		driven += place_of(tc_str_from(host)) == place_of(tc_str_from(name));
	}
	assert_true(driven > 0);
}

/* Every length around what a place has room for, and the longest there is. */
static void
test_long_hosts(void **state)
{
	char host[260];

	(void)state;
	for (size_t n = HOST_ROOM - 3; n < sizeof(host); n++) {
		memset(host, 'a', n);
		for (size_t i = 40; i + 12 < n; i += 40)
			host[i] = '.';
		memcpy(host + n - 12, ".example.com", 12);
		check(tc_str_of(host, n));
		check(tc_str_of(host, n));
		host[0] = 'b';
		check(tc_str_of(host, n));
	}
}

/* Equal hashes are not equal hosts: all places are asked for with bytes of their own. */
static void
test_bytes_of_any_kind(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char host[] = "?.example.com";

		host[0] = (char)c;
		check(tc_str_of(host, sizeof(host) - 1));
		check(tc_str_of(host, 1));
	}
}

static void *
many_hosts(void *arg)
{
	char name[64];

	for (unsigned i = 0; i < 2000; i++) {
		struct tc_str want, is;

		(void)snprintf(name, sizeof(name), "t%u.%s", i % 90, *(const char *const *)arg);
		want = psl_domain(tc_str_from(name));
		is = domain_of(tc_str_from(name));
		if (want.p != is.p || want.n != is.n)
			return arg;
	}
	return NULL;
}

static void
test_threads_have_their_own(void **state)
{
	static const char *const below[] = {"example.com", "example.co.uk", "example.org", "site.github.io"};
	pthread_t t[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, many_hosts, (void *)(uintptr_t)&below[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		void *failed;

		assert_int_equal(pthread_join(t[i], &failed), 0);
		assert_null(failed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_what_the_list_says),
		cmocka_unit_test(test_forgets_and_asks_again),
		cmocka_unit_test(test_long_hosts),
		cmocka_unit_test(test_bytes_of_any_kind),
		cmocka_unit_test(test_threads_have_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
