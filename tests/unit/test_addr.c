/* test_addr.c: addresses in all their spellings. */
#include "../../proxy/base/addr.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "edge.h"

static bool
parse(const char *text, struct tc_addr *out)
{
	size_t n = strlen(text);
	char *p = edge_copy(text, n);
	bool good = addr_parse(tc_str_of(p, n), out);

	edge_free(p, n);
	return good;
}

static void
assert_written(const struct tc_addr *a, bool prefix, const char *want)
{
	char out[46];
	size_t n = addr_write_forwarded(a, prefix, out);

	assert_int_equal(n, strlen(want));
	assert_memory_equal(out, want, n);
}

static void
test_parse(void **state)
{
	static const struct {
		const char *text, *same;
	} good[] = {
		{"192.0.2.1", "192.0.2.1"},
		{"192.0.2.1:80", "192.0.2.1"},
		{"0.0.0.0", "0.0.0.0"},
		{"2001:db8::1", "2001:db8::1"},
		{"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
		{"[2001:db8::1]", "2001:db8::1"},
		{"[2001:db8::1]:65535", "2001:db8::1"},
		{"::", "::"},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};
	static const char *const bad[] = {
		"", " ", "a",
		"1",
		"1.2.3",
		"1.2.3.4.5",
		"256.1.1.1",
		"1.2.3.4 ",
		" 1.2.3.4",
		"01.2.3.4",
		"1.2.3.4:",
		"1.2.3.4:0",
		"1.2.3.4:65536",
		"1.2.3.4:x",
		"1.2.3.4:123456",
		"[1.2.3.4]",
		"[::1",
		"::1]",
		"[::1]x",
		"[]",
		"[::1]:",
		"[::1]:0",
		"::1%eth0",
		":::",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"unknown",
		"_hidden",
		"fffff::",
		"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555",
	};
	struct tc_addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(parse(good[i].text, &a));
		assert_written(&a, false, good[i].same);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(bad[i], &a))
			fail_msg("taken: %s", bad[i]);
	assert_false(addr_parse(TC_STR("1.2.3.4\0"), &a));
	assert_false(addr_parse(TC_STR("::1\0x"), &a));
}

static void
test_layout(void **state)
{
	struct tc_addr a;

	(void)state;
	assert_true(parse("192.0.2.1", &a));
	assert_int_equal(a.family, 4);
	assert_memory_equal(a.ip, "\0\0\0\0\0\0\0\0\0\0\0\0\xc0\0\x02\x01", 16);
	assert_true(parse("2001:db8::1", &a));
	assert_int_equal(a.family, 6);
	assert_memory_equal(a.ip, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	addr_wipe(&a);
	assert_int_equal(a.family, 0);
	assert_int_equal(a.ip[0], 0);
	assert_written(&a, false, "");
}

static void
test_of_sockaddr(void **state)
{
	struct sockaddr_storage s = {0};
	struct sockaddr_in *in = (struct sockaddr_in *)&s;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&s;
	struct tc_addr a;

	(void)state;
	in->sin_family = AF_INET;
	assert_int_equal(inet_pton(AF_INET, "192.0.2.7", &in->sin_addr), 1);
	a = addr_of_sockaddr((struct sockaddr *)&s);
	assert_written(&a, false, "192.0.2.7");
	memset(&s, 0, sizeof(s));
	in6->sin6_family = AF_INET6;
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::7", &in6->sin6_addr), 1);
	a = addr_of_sockaddr((struct sockaddr *)&s);
	assert_written(&a, false, "2001:db8::7");
	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.7", &in6->sin6_addr), 1);
	a = addr_of_sockaddr((struct sockaddr *)&s);
	assert_int_equal(a.family, 4);
	s.ss_family = AF_UNIX;
	assert_int_equal(addr_of_sockaddr((struct sockaddr *)&s).family, 0);
}

static void
test_cidr(void **state)
{
	static const struct {
		const char *cidr, *addr;
		bool in;
	} cases[] = {
		{"10.0.0.0/8", "10.255.1.2", true},
		{"10.0.0.0/8", "11.0.0.0", false},
		{"10.1.2.3/8", "10.9.9.9", true},
		{"192.0.2.128/25", "192.0.2.127", false},
		{"192.0.2.128/25", "192.0.2.128", true},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1/32", "192.0.2.0", false},
		{"0.0.0.0/0", "255.255.255.255", true},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "2001:db8::1", true},
		{"::/0", "1.2.3.4", false},
		{"2001:db8::/33", "2001:db8:7fff::", true},
		{"2001:db8::/33", "2001:db8:8000::", false},
		{"::1/128", "::1", true},
		{"::1/127", "::2", false},
	};
	static const char *const bad[] = {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1",
	    "10.0.0.0/8 ", "10.0.0.0/8/8", "::/129", "10.0.0/8", "10.0.0.0:80/8", "[::1]/128", "10.0.0.0/1000"};
	struct cidr c;
	struct tc_addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(cidr_parse(tc_str_from(cases[i].cidr), &c));
		assert_true(parse(cases[i].addr, &a));
		if (cidr_has(&c, &a) != cases[i].in)
			fail_msg("%s in %s", cases[i].addr, cases[i].cidr);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (cidr_parse(tc_str_from(bad[i]), &c))
			fail_msg("taken: %s", bad[i]);
	a = (struct tc_addr){0};
	assert_true(cidr_parse(TC_STR("::/0"), &c));
	assert_false(cidr_has(&c, &a));
}

static void
test_unmap(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"192.0.2.1", "192.0.2.1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"2002:c000:0201::1", "192.0.2.1"},
		{"64:ff9b::192.0.2.1", "192.0.2.1"},
		{"2001:0:1:2:3:4:3fff:fdfe", "192.0.2.1"},
		{"2001:db8::1", "2001:db8::1"},
		{"64:ff9b:1::192.0.2.1", "64:ff9b:1::c000:201"},
		{"::192.0.2.1", "::192.0.2.1"},
	};
	struct tc_addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(parse(cases[i].in, &a));
		a = addr_unmap(&a);
		assert_written(&a, false, cases[i].out);
	}
}

static void
test_prefix(void **state)
{
	struct tc_addr a;

	(void)state;
	assert_true(parse("192.0.2.77", &a));
	assert_written(&a, true, "192.0.2.0");
	assert_true(parse("2001:db8:1:2:3:4:5:6", &a));
	assert_written(&a, true, "2001:db8:1::");
	assert_written(&a, false, "2001:db8:1:2:3:4:5:6");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_of_sockaddr),
		cmocka_unit_test(test_cidr),
		cmocka_unit_test(test_unmap),
		cmocka_unit_test(test_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
