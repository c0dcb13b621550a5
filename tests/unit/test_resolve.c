/* test_resolve.c: names asked of a DNS server on loopback that answers, or does not, as each test wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../proxy/net/resolve.c"
#include "peers.h"

enum { TYPE_A = 1,
	TYPE_AAAA = 28 };

/* What the server says to a question of one type. */
struct script {
	unsigned char address[16];
	unsigned n; /* answers with it; 0: none */
	uint32_t ttl;
	int code; /* of the answer: 3 is NXDOMAIN */
	bool silent, garbage, cut;
};

static struct loop loop;
static struct resolver *resolver;
static uv_udp_t dns;
static char dns_at[32];
static struct script a, aaaa;
static unsigned asked;

struct user {
	struct addresses found;
	unsigned told;
};

static void
on_found(void *ctx, const struct addresses *found)
{
	struct user *u = ctx;

	u->found = *found;
	u->told++;
}

static void
never(struct loop *l, struct deadline *d)
{
	(void)l;
	(void)d;
}

/* ---- the server ---- */

static size_t
put16(unsigned char *p, unsigned v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
	return 2;
}

static void
reply(const unsigned char *question, size_t n, const struct script *s, unsigned type, const struct sockaddr *to)
{
	unsigned char out[512];
	size_t at = n, size = type == TYPE_A ? 4 : 16;
	uv_buf_t b;

	memcpy(out, question, n);
	(void)put16(out + 2, 0x8180u | (s->cut ? 0x0200u : 0) | (unsigned)s->code);
	(void)put16(out + 6, s->cut ? 0 : s->n);
	for (unsigned i = 0; i < s->n && !s->cut; i++) {
		at += put16(out + at, 0xC00C); /* the name asked for */
		at += put16(out + at, type);
		at += put16(out + at, 1);
		at += put16(out + at, s->ttl >> 16);
		at += put16(out + at, s->ttl & 0xFFFF);
		at += put16(out + at, (unsigned)size);
		memcpy(out + at, s->address, size);
		out[at + size - 1] = (unsigned char)(out[at + size - 1] + i);
		at += size;
	}
	b = uv_buf_init((char *)out, (unsigned)at);
	assert_true(uv_udp_try_send(&dns, &b, 1, to) > 0);
}

static void
on_question(uv_udp_t *u, ssize_t n, const uv_buf_t *in, const struct sockaddr *from, unsigned flags)
{
	const unsigned char *q = (const unsigned char *)in->base;
	size_t at = 12, length = (size_t)n;
	const struct script *s;
	unsigned type;

	(void)u;
	(void)flags;
	if (n <= 12 || from == NULL)
		return;
	while (q[at] != 0)
		at += 1u + q[at];
	type = (unsigned)(q[at + 1] << 8 | q[at + 2]);
	length = at + 5; /* without what may follow the question */
	s = type == TYPE_A ? &a : &aaaa;
	asked++;
	if (s->garbage) { /* beside the answer, and before it */
		char garbage[] = "\x12\x34\xFF\xFF\xFF\xFFgarbage";
		uv_buf_t b = uv_buf_init(garbage, sizeof(garbage));

		(void)uv_udp_try_send(&dns, &b, 1, from);
		b = uv_buf_init(garbage, 0);
		(void)uv_udp_try_send(&dns, &b, 1, from);
	}
	if (!s->silent) {
		unsigned char plain[512];

		memcpy(plain, q, length);
		(void)put16(plain + 10, 0);
		reply(plain, length, s, type, from);
	}
}

static void
on_memory(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
	static char memory[65536];

	(void)h;
	(void)suggested;
	*out = uv_buf_init(memory, sizeof(memory));
}

static struct tc_strs
our_server(void)
{
	static struct tc_str one;

	one = tc_str_from(dns_at);
	return (struct tc_strs){&one, 1};
}

static int
setup(void **state)
{
	struct sockaddr_in at = {0};
	int n = sizeof(at);

	(void)state;
	a = aaaa = (struct script){0};
	asked = 0;
	assert_int_equal(loop_init(&loop, never, NULL), 0);
	assert_int_equal(uv_udp_init(&loop.uv, &dns), 0);
	assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &at), 0);
	assert_int_equal(uv_udp_bind(&dns, (struct sockaddr *)&at, 0), 0);
	assert_int_equal(uv_udp_getsockname(&dns, (struct sockaddr *)&at, &n), 0);
	assert_int_equal(uv_udp_recv_start(&dns, on_memory, on_question), 0);
	(void)snprintf(dns_at, sizeof(dns_at), "127.0.0.1:%d", ntohs(at.sin_port));
	resolver = resolver_new(&loop);
	resolver_use(resolver, our_server());
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	resolver_destroy(&resolver);
	assert_null(resolver);
	loop_close(&loop);
	return 0;
}

static void
ask(struct user *u, const char *host)
{
	*u = (struct user){.told = 0};
	resolve_name(resolver, host, 8080, on_found, u);
}

static void
answered(struct user *u, const char *host)
{
	ask(u, host);
	UNTIL(&loop, u->told > 0);
	turns(&loop, 3);
	assert_int_equal(u->told, 1);
}

static const struct script v4 = {.address = {192, 0, 2, 1}, .n = 1, .ttl = 60};
static const struct script v6 = {.address = {0x20, 1, 0xd, 0xb8, [15] = 1}, .n = 1, .ttl = 7};
static const struct script none = {.n = 0};

/* ---- tests ---- */

static void
both_families(void **state)
{
	struct user u;
	size_t four = 0, six = 0;

	(void)state;
	a = v4;
	aaaa = v6;
	answered(&u, "a.test");
	assert_int_equal(u.found.n, 2);
	assert_int_equal(u.found.keep_s, 7); /* the least of both */
	for (size_t i = 0; i < 2; i++) {
		const struct sockaddr_in *in = (const void *)&u.found.v[i];
		const struct sockaddr_in6 *in6 = (const void *)&u.found.v[i];

		if (in->sin_family == AF_INET) {
			four++;
			assert_memory_equal(&in->sin_addr, v4.address, 4);
			assert_int_equal(in->sin_port, htons(8080));
		} else {
			six++;
			assert_memory_equal(&in6->sin6_addr, v6.address, 16);
			assert_int_equal(in6->sin6_port, htons(8080));
		}
	}
	assert_int_equal(four, 1);
	assert_int_equal(six, 1);
}

static void
one_family(void **state)
{
	struct user u;

	(void)state;
	a = v4;
	aaaa = none;
	answered(&u, "a.test");
	assert_int_equal(u.found.n, 1);
	assert_int_equal(u.found.keep_s, 60);
	a = none;
	aaaa = v6;
	answered(&u, "b.test");
	assert_int_equal(u.found.n, 1);
	assert_int_equal(u.found.v[0].ss_family, AF_INET6);
	/* A server that knows no AAAA and says so wrongly. */
	a = v4;
	aaaa = (struct script){.code = 3};
	answered(&u, "c.test");
	assert_int_equal(u.found.n, 1);
	aaaa = (struct script){.code = 4};
	answered(&u, "d.test");
	assert_int_equal(u.found.n, 1);
}

static void
no_such_name(void **state)
{
	struct user u;

	(void)state;
	a = aaaa = (struct script){.code = 3};
	answered(&u, "nowhere.test");
	assert_int_equal(u.found.n, 0);
	a = aaaa = none;
	answered(&u, "empty.test");
	assert_int_equal(u.found.n, 0);
	a = aaaa = (struct script){.code = 2};
	answered(&u, "broken.test");
	assert_int_equal(u.found.n, 0);
}

static void
more_than_we_keep(void **state)
{
	struct user u;

	(void)state;
	a = v4;
	a.n = RESOLVE_ADDRESSES_MAX + 4;
	answered(&u, "a.test");
	assert_int_equal(u.found.n, RESOLVE_ADDRESSES_MAX);
}

static void
not_to_be_kept(void **state)
{
	struct user u;

	(void)state;
	a = v4;
	a.ttl = 0;
	answered(&u, "a.test");
	assert_int_equal(u.found.n, 1);
	assert_int_equal(u.found.keep_s, -1);
}

/* Other bytes than an answer on the same port: as if they had not come. */
static void
garbage_before_the_answer(void **state)
{
	struct user u;

	(void)state;
	a = v4;
	a.garbage = aaaa.garbage = true;
	answered(&u, "a.test");
	assert_int_equal(u.found.n, 1);
}

/* An answer that says it was cut is asked for again over TCP, where nobody listens. */
static void
cut_short(void **state)
{
	struct user u;

	(void)state;
	a = aaaa = (struct script){.cut = true};
	answered(&u, "a.test");
	assert_int_equal(u.found.n, 0);
}

static void
many_at_once(void **state)
{
	static struct user u[200];
	char host[200][16];

	(void)state;
	a = v4;
	for (size_t i = 0; i < 200; i++) {
		(void)snprintf(host[i], sizeof(host[i]), "n%zu.test", i);
		ask(&u[i], host[i]);
	}
	for (size_t i = 0; i < 200; i++) {
		UNTIL(&loop, u[i].told > 0);
		assert_int_equal(u[i].found.n, 1);
	}
}

/* The end comes while a server is silent: whoever asked is told before it is gone. */
static void
the_end_while_it_is_silent(void **state)
{
	struct user u[3];

	(void)state;
	a.silent = aaaa.silent = true;
	for (size_t i = 0; i < 3; i++)
		ask(&u[i], "a.test");
	UNTIL(&loop, asked > 0);
	resolver_destroy(&resolver);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(u[i].told, 1);
		assert_int_equal(u[i].found.n, 0);
	}
}

/* A reload in the middle of a question: it is asked anew, and whoever waits for it notices nothing. */
static void
other_servers_meanwhile(void **state)
{
	struct user u;
	char host[] = "a.test";

	(void)state;
	a.silent = aaaa.silent = true;
	ask(&u, host);
	memset(host, 'x', sizeof(host) - 1);
	UNTIL(&loop, asked > 0);
	a = v4;
	aaaa = none;
	resolver_use(resolver, our_server());
	assert_int_equal(u.told, 0);
	UNTIL(&loop, u.told > 0);
	assert_int_equal(u.found.n, 1);
}

static void
nobody_to_ask(void **state)
{
	struct tc_str wrong = TC_STR("not an address");
	struct user u;

	(void)state;
	a.silent = aaaa.silent = true;
	ask(&u, "a.test");
	resolver_use(resolver, (struct tc_strs){&wrong, 1});
	assert_int_equal(u.told, 1);
	assert_int_equal(u.found.n, 0);
	ask(&u, "a.test");
	assert_int_equal(u.told, 1);
	assert_int_equal(u.found.n, 0);
	resolver_use(resolver, our_server());
	a = v4;
	aaaa = none;
	answered(&u, "a.test");
	assert_int_equal(u.found.n, 1);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(both_families),
		T(one_family),
		T(no_such_name),
		T(more_than_we_keep),
		T(not_to_be_kept),
		T(garbage_before_the_answer),
		T(cut_short),
		T(many_at_once),
		T(the_end_while_it_is_silent),
		T(other_servers_meanwhile),
		T(nobody_to_ask),
	};
#undef T

	(void)alarm(100);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
