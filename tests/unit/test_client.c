/* test_client.c: whose address and which scheme: chains of proxies, forgeries, garbage. */
#include "../../proxy/core/client.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"
#include "edge.h"

static struct tc_arena *arena;
static struct cidr trusted[2];
static struct config config = {.trusted_proxies = trusted};

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(NULL, 4 << 20);
	return cidr_parse(TC_STR("10.0.0.0/8"), &trusted[0]) && cidr_parse(TC_STR("2001:db8:f::/48"), &trusted[1])
	    ? 0
	    : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	return 0;
}

static struct tc_addr
addr(const char *z)
{
	struct tc_addr a;

	assert_true(addr_parse(tc_str_from(z), &a));
	return a;
}

/* Fields as "Name: value" lines, up to NULL. */
static struct tc_fields
lines(const char *const *v)
{
	struct tc_fields fs = {.arena = arena};

	for (; *v != NULL; v++) {
		struct tc_str rest = tc_str_from(*v), name = tc_next(&rest, ':');

		assert_int_equal(tc_field_add_named(&fs, name, tc_trim(rest)), 0);
	}
	return fs;
}

struct chain {
	const char *peer, *lines[4], *client; /* client NULL: not known */
};

static void
run(const struct chain *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct tc_addr peer = addr(v[i].peer), out, want = {0};
		struct tc_fields fs = lines(v[i].lines);
		bool known = client_address(&config, &peer, &fs, &out);

		if (v[i].client != NULL)
			want = addr(v[i].client);
		if (known != (v[i].client != NULL) || memcmp(&out, &want, sizeof(want)) != 0)
			fail_msg("chain %zu: %s", i, v[i].lines[0] != NULL ? v[i].lines[0] : v[i].peer);
	}
}

static void
strangers_say_nothing(void **state)
{
	static const struct chain v[] = {
		{"203.0.113.1", {NULL}, "203.0.113.1"},
		{"203.0.113.1", {"X-Forwarded-For: 198.51.100.1"}, "203.0.113.1"},
		{"203.0.113.1", {"Forwarded: for=198.51.100.1"}, "203.0.113.1"},
		{"203.0.113.1", {"X-Real-IP: 198.51.100.1"}, "203.0.113.1"},
		{"127.0.0.1", {"X-Forwarded-For: 198.51.100.1"}, "127.0.0.1"}, /* loopback is not trusted by itself */
		{"::1", {"X-Forwarded-For: 198.51.100.1"}, "::1"},
		{"2002:a00:1::1", {"X-Forwarded-For: 198.51.100.1"}, "2002:a00:1::1"}, /* 6to4 of 10.0.0.1 */
		{"64:ff9b::a00:1", {"X-Forwarded-For: 198.51.100.1"}, "64:ff9b::a00:1"},
	};

	(void)state;
	config.trusted_proxy_count = 2;
	run(v, sizeof(v) / sizeof(v[0]));
	config.trusted_proxy_count = 0;
	run(v, sizeof(v) / sizeof(v[0]));
}

static void
forwarded_for(void **state)
{
	static const struct chain v[] = {
		{"10.0.0.1", {"X-Forwarded-For: 198.51.100.1"}, "198.51.100.1"},
		{"::ffff:10.0.0.1", {"X-Forwarded-For: 198.51.100.1"}, "198.51.100.1"},
		{"2001:db8:f::1", {"X-Forwarded-For: 2001:db8::7"}, "2001:db8::7"},
		{"10.0.0.1", {"X-Forwarded-For: 1.2.3.4, 198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1", {"X-Forwarded-For: 1.2.3.4, 198.51.100.1, 10.1.1.1,10.2.2.2"}, "198.51.100.1"},
		{"10.0.0.1", {"X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: 198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1", {"X-Forwarded-For: 198.51.100.1", "X-Forwarded-For: 10.3.3.3"}, "198.51.100.1"},
		{"10.0.0.1", {"X-Forwarded-For: 198.51.100.1:4711"}, "198.51.100.1"},
		{"10.0.0.1", {"X-Forwarded-For: [2001:db8::1]:443"}, "2001:db8::1"},
		{"10.0.0.1", {"X-Forwarded-For: ::ffff:198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1", {"X-Forwarded-For: , 198.51.100.1 ,"}, "198.51.100.1"},
		{"10.0.0.1", {"X-Forwarded-For: garbage, 198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1", {NULL}, NULL},
		{"10.0.0.1", {"X-Forwarded-For:"}, NULL},
		{"10.0.0.1", {"X-Forwarded-For: 10.1.1.1, 10.2.2.2"}, NULL},
		{"10.0.0.1", {"X-Forwarded-For: 198.51.100.1, garbage"}, NULL},
		{"10.0.0.1", {"X-Forwarded-For: 198.51.100.1, unknown, 10.1.1.1"}, NULL},
		{"10.0.0.1", {"X-Forwarded-For: 198.51.100.1", "X-Forwarded-For: 999.1.1.1"}, NULL},
		{"10.0.0.1", {"X-Forwarded-For: 198.51.100.1;1"}, NULL},
	};

	(void)state;
	config.trusted_proxy_count = 2;
	run(v, sizeof(v) / sizeof(v[0]));
}

static void
forwarded(void **state)
{
	static const struct chain v[] = {
		{"10.0.0.1", {"Forwarded: for=198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1", {"Forwarded: For=\"198.51.100.1:80\";proto=https"}, "198.51.100.1"},
		{"10.0.0.1", {"Forwarded: by=10.0.0.9; for=\"[2001:db8::1]:4711\""}, "2001:db8::1"},
		{"10.0.0.1", {"Forwarded: for=1.2.3.4, for=198.51.100.1, for=10.2.2.2"}, "198.51.100.1"},
		{"10.0.0.1", {"Forwarded: for=1.2.3.4", "Forwarded: for=198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1", {"Forwarded: for=1.2.3.4;ext=\"a,b;for=9.9.9.9\\\"\", for=198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1", {"Forwarded: for=198.51.100.1", "X-Forwarded-For: 192.0.2.9"}, "192.0.2.9"},
		{"10.0.0.1", {"Forwarded: for=198.51.100.1", "X-Forwarded-For: 10.1.1.1"}, NULL},
		{"10.0.0.1", {"Forwarded: for=_hidden"}, NULL},
		{"10.0.0.1", {"Forwarded: for=unknown"}, NULL},
		{"10.0.0.1", {"Forwarded: for=198.51.100.1, proto=https"}, NULL},
		{"10.0.0.1", {"Forwarded: for=198.51.100.1;for=192.0.2.1"}, NULL},
		{"10.0.0.1", {"Forwarded: for=\"1.2.3.4, for=198.51.100.1"}, NULL},
		{"10.0.0.1", {"Forwarded: for=\""}, NULL},
		{"10.0.0.1", {"Forwarded: \"\\"}, NULL},
	};

	(void)state;
	config.trusted_proxy_count = 2;
	run(v, sizeof(v) / sizeof(v[0]));
}

/* Every beginning of a field, ending at an unreadable page. */
static void
every_beginning(void **state)
{
	static const char text[] = "for=\"[2001:db8::1]:1\";a=\"\\\"\", for=198.51.100.1 , 1.2.3.4:5, [::1]:6";
	struct tc_addr peer = addr("10.0.0.1"), out;

	(void)state;
	config.trusted_proxy_count = 2;
	for (int id = 0; id < 2; id++)
		for (size_t n = 0; n < sizeof(text); n++) {
			char *p = edge_copy(text, n);
			struct tc_fields fs = {.arena = arena};

			assert_int_equal(tc_field_add(&fs, id == 0 ? TC_F_FORWARDED : TC_F_X_FORWARDED_FOR,
					     tc_str_of(p, n)),
			    0);
			bool known = client_address(&config, &peer, &fs, &out);

			assert_int_equal(known, out.family != 0);
			edge_free(p, n);
		}
}

static void
scheme(void **state)
{
	static const struct {
		const char *peer, *lines[3];
		bool here, https;
	} v[] = {
		{"203.0.113.1", {"X-Forwarded-Proto: https"}, false, false},
		{"203.0.113.1", {"X-Forwarded-Proto: http"}, true, true},
		{"10.0.0.1", {"X-Forwarded-Proto: https"}, false, true},
		{"10.0.0.1", {"X-Forwarded-Proto: HTTPS"}, false, true},
		{"10.0.0.1", {"X-Forwarded-Proto: http"}, true, false},
		{"10.0.0.1", {"X-Forwarded-Proto: http, https"}, false, true},
		{"10.0.0.1", {"X-Forwarded-Proto: https", "X-Forwarded-Proto: http"}, false, false},
		{"10.0.0.1", {"X-Forwarded-Proto: gopher"}, false, false},
		{"10.0.0.1", {"X-Forwarded-Proto:"}, true, true},
		{"10.0.0.1", {NULL}, true, true},
	};

	(void)state;
	config.trusted_proxy_count = 2;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct tc_addr peer = addr(v[i].peer);
		struct tc_fields fs = lines(v[i].lines);

		assert_int_equal(client_https(&config, &peer, &fs, v[i].here), v[i].https);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strangers_say_nothing),
		cmocka_unit_test(forwarded_for),
		cmocka_unit_test(forwarded),
		cmocka_unit_test(every_beginning),
		cmocka_unit_test(scheme),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
