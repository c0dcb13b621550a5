/* test_proxy_header.c: the PROXY header, both versions: what it says, what is refused, and every place to cut it. */
#include "../../proxy/http/proxy_header.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "edge.h"

#define EDGE_BYTES 8192

struct want {
	int n; /* what proxy_header_read() returns */
	const char *source;
	bool tls;
};

static void
same(const struct proxy_header *h, const struct want *w)
{
	struct tc_addr a = {0};

	if (w->source != NULL)
		assert_true(addr_parse(tc_str_from(w->source), &a));
	assert_memory_equal(&h->source, &a, sizeof(a));
	assert_int_equal(h->tls, w->tls);
}

/*
 * Reads every beginning of the bytes, each before an unreadable page, and the whole with HTTP behind it. Once a beginning
 * is refused or complete, so are all longer ones, in the same way: then it does not matter how bytes arrive.
 */
static void
read_all_ways(const char *p, size_t n, const struct want *w)
{
	static const char rest[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	static char all[EDGE_BYTES], *edge;
	struct proxy_header h;
	int before = 0;

	if (edge == NULL)
		edge = edge_copy(all, EDGE_BYTES); /* one for all: the page behind it is what counts */
	assert_true(n + sizeof(rest) <= EDGE_BYTES);
	memcpy(all, p, n);
	memcpy(all + n, rest, sizeof(rest));
	for (size_t k = 0; k <= n + sizeof(rest); k++) {
		char *at = edge + EDGE_BYTES - k;
		int r;

		memcpy(at, all, k);
		r = proxy_header_read(tc_str_of(at, k), &h);
		if (before != 0)
			assert_int_equal(r, before);
		if (r > 0) {
			assert_true(k >= (size_t)r);
			same(&h, w);
		} else {
			assert_true(h.source.family == 0 && !h.tls);
		}
		if (w->n > 0 && k < (size_t)w->n)
			assert_int_equal(r, 0);
		before = r;
	}
	assert_int_equal(before, w->n);
}

/* ---- version 1 ---- */

static void
lines(void **state)
{
	static const struct {
		const char *line;
		bool good;
		const char *source;
	} v[] = {
		{"PROXY TCP4 192.0.2.1 198.51.100.7 4711 443\r\n", true, "192.0.2.1"},
		{"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", true, "255.255.255.255"},
		{"PROXY TCP4 192.0.2.1 198.51.100.7 0 0\r\n", true, "192.0.2.1"},
		{"PROXY TCP6 2001:db8::1 ::1 4711 443\r\n", true, "2001:db8::1"},
		{"PROXY TCP6 2001:DB8:0:0:0:0:0:1 ::1 4711 443\r\n", true, "2001:db8::1"},
		{"PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.7 4711 443\r\n", true, "::ffff:192.0.2.1"}, /* as inet_ntop() writes */
		{"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", true,
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"PROXY UNKNOWN\r\n", true, NULL},
		{"PROXY UNKNOWN \r\n", true, NULL},
		{"PROXY UNKNOWN anything at all, \x01\xff 192.0.2.1\r\n", true, NULL},
		{"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
		    true, NULL}, /* 107 bytes */
		{"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 655356\r\n",
		    false, NULL}, /* 108 */
		{"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535xx\r\n",
		    false, NULL},
		{"PROXY UNKNOWNS\r\n", false, NULL},
		{"PROXY unknown\r\n", false, NULL},
		{"PROXY UNKNOWN\n", false, NULL},
		{"PROXY UNKNOWN a\rb\r\n", false, NULL},
		{"PROXY UNKNOWN a\nb\r\n", false, NULL},
		{"PROXY \r\n", false, NULL},
		{"PROXY\r\n", false, NULL},
		{"PROXY  TCP4 192.0.2.1 198.51.100.7 4711 443\r\n", false, NULL},
		{"PROXY TCP4  192.0.2.1 198.51.100.7 4711 443\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1  198.51.100.7 4711 443\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1 198.51.100.7 4711  443\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1 198.51.100.7 4711 443 \r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1 198.51.100.7 4711 443 1\r\n", false, NULL},
		{"PROXY TCP4\t192.0.2.1 198.51.100.7 4711 443\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1 198.51.100.7 4711\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1 4711 443\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1\r\n", false, NULL},
		{"PROXY TCP4\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1 198.51.100.7 4711 \r\n", false, NULL},
		{"PROXY TCP4 192.0.2.01 198.51.100.7 4711 443\r\n", false, NULL},
		{"PROXY TCP4 192.0.2 198.51.100.7 4711 443\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.256 198.51.100.7 4711 443\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1:80 198.51.100.7 4711 443\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1 198.51.100 4711 443\r\n", false, NULL},
		{"PROXY TCP4 2001:db8::1 ::1 4711 443\r\n", false, NULL},
		{"PROXY TCP6 192.0.2.1 198.51.100.7 4711 443\r\n", false, NULL},
		{"PROXY TCP6 192.0.2.1:80 ::1 4711 443\r\n", false, NULL},
		{"PROXY TCP6 [2001:db8::1] ::1 4711 443\r\n", false, NULL},
		{"PROXY TCP6 [2001:db8::1]:80 ::1 4711 443\r\n", false, NULL},
		{"PROXY TCP6 2001:db8::1%1 ::1 4711 443\r\n", false, NULL},
		{"PROXY TCP6 2001:db8:::1 ::1 4711 443\r\n", false, NULL},
		{"PROXY TCP5 192.0.2.1 198.51.100.7 4711 443\r\n", false, NULL},
		{"PROXY UDP4 192.0.2.1 198.51.100.7 4711 443\r\n", false, NULL},
		{"PROXY tcp4 192.0.2.1 198.51.100.7 4711 443\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1 198.51.100.7 04711 443\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1 198.51.100.7 00 443\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1 198.51.100.7 65536 443\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1 198.51.100.7 4711 99999\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1 198.51.100.7 4711 -1\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1 198.51.100.7 4711 +443\r\n", false, NULL},
		{"PROXY TCP4 192.0.2.1 198.51.100.7 4711 443\n", false, NULL},
		{"PROXY TCP4 192.0.2.1 198.51.100.7 4711 443\r", false, NULL},
		{"PROXY TCP4 192.0.2.1 198.51.100.7 4711 443", false, NULL},
		{"proxy TCP4 192.0.2.1 198.51.100.7 4711 443\r\n", false, NULL},
		{"PROXYTCP4 192.0.2.1 198.51.100.7 4711 443\r\n", false, NULL},
		{" PROXY TCP4 192.0.2.1 198.51.100.7 4711 443\r\n", false, NULL},
		{"\r\nPROXY TCP4 192.0.2.1 198.51.100.7 4711 443\r\n", false, NULL},
		{"GET / HTTP/1.1\r\n", false, NULL},
		{"P", false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		size_t n = strlen(v[i].line);
		struct want w = {.n = v[i].good ? (int)n : -1, .source = v[i].source};

		read_all_ways(v[i].line, n, &w);
	}
}

/* ---- version 2 ---- */

struct made {
	char p[PROXY_V2_MAX + 64];
	size_t n;
};

static void
add(struct made *m, const void *p, size_t n)
{
	assert_true(n <= sizeof(m->p) - m->n);
	memcpy(m->p + m->n, p, n);
	m->n += n;
}

static void
finish(struct made *m)
{
	m->p[14] = (char)((m->n - 16) >> 8);
	m->p[15] = (char)((m->n - 16) & 255);
}

/* The fixed part and the addresses; finish() afterwards. */
static void
begin(struct made *m, uint8_t command, uint8_t family)
{
	static const uint8_t v4[12] = {192, 0, 2, 1, 198, 51, 100, 7, 0x12, 0x67, 1, 0xbb};
	static const uint8_t v6[36] = {0x20, 1, 0xd, 0xb8, [15] = 1, [31] = 1, 0x12, 0x67, 1, 0xbb};
	static const uint8_t local[216] = "/run/a.sock";

	m->n = 0;
	add(m, "\r\n\r\n\0\r\nQUIT\n", 12);
	add(m, &command, 1);
	add(m, &family, 1);
	add(m, "\0", 2);
	if (family >> 4 == 1)
		add(m, v4, sizeof(v4));
	else if (family >> 4 == 2)
		add(m, v6, sizeof(v6));
	else if (family >> 4 == 3)
		add(m, local, sizeof(local));
}

static void
vector(struct made *m, uint8_t type, const void *p, size_t n)
{
	uint8_t head[3] = {type, (uint8_t)(n >> 8), (uint8_t)(n & 255)};

	add(m, head, 3);
	add(m, p, n);
}

static void
expect(struct made *m, bool good, const char *source, bool tls)
{
	struct want w = {.n = good ? (int)m->n : -1, .source = source, .tls = tls};

	read_all_ways(m->p, m->n, &w);
}

static void
commands_and_families(void **state)
{
	struct made m;

	(void)state;
	for (int command = 0; command < 256; command++)
		for (int family = 0; family < 256; family += command >> 4 == 2 ? 1 : 17) {
			bool proxied = command == 0x21, good = command == 0x20;
			const char *source = NULL;

			if (proxied && family >> 4 <= 3 && (family & 15) <= 2)
				good = true;
			if (proxied && (family == 0x11 || family == 0x12))
				source = "192.0.2.1";
			if (proxied && (family == 0x21 || family == 0x22))
				source = "2001:db8::1";
			begin(&m, (uint8_t)command, (uint8_t)family);
			finish(&m);
			expect(&m, good, source, false);
		}
}

/* Fewer bytes than the family's addresses have. */
static void
short_addresses(void **state)
{
	static const uint8_t families[] = {0x11, 0x12, 0x10, 0x21, 0x31};
	struct made m;

	(void)state;
	for (size_t i = 0; i < sizeof(families); i++) {
		begin(&m, 0x21, families[i]);
		m.n--;
		finish(&m);
		expect(&m, false, NULL, false);
		m.n = 16;
		finish(&m);
		expect(&m, false, NULL, false);
		m.p[12] = 0x20; /* LOCAL: nobody looks at it */
		expect(&m, true, NULL, false);
	}
}

static void
vectors(void **state)
{
	static char much[PROXY_V2_MAX];
	struct made m;

	(void)state;
	begin(&m, 0x21, 0x11);
	vector(&m, 0x01, "http/1.1", 8);
	vector(&m, 0x04, "", 0);
	vector(&m, 0xea, "\x01vpce-0123456789abcdef0", 23);
	finish(&m);
	expect(&m, true, "192.0.2.1", false);
	for (size_t left = 1; left < 3; left++) { /* a vector of one or two bytes */
		begin(&m, 0x21, 0x21);
		add(&m, "\x04\0", left);
		finish(&m);
		expect(&m, false, NULL, false);
	}
	begin(&m, 0x21, 0x21);
	vector(&m, 0x05, "0123456789", 10);
	m.n--; /* cut off */
	finish(&m);
	expect(&m, false, NULL, false);
	begin(&m, 0x21, 0x00); /* of UNSPEC nothing is looked at */
	add(&m, "\x03\xff", 2);
	finish(&m);
	expect(&m, true, NULL, false);
	begin(&m, 0x21, 0x31);
	vector(&m, 0x30, "ns", 2);
	finish(&m);
	expect(&m, true, NULL, false);
	begin(&m, 0x21, 0x11);
	vector(&m, 0x04, much, PROXY_V2_MAX - 28 - 3); /* as long as it may be */
	finish(&m);
	assert_int_equal(m.n, PROXY_V2_MAX);
	expect(&m, true, "192.0.2.1", false);
	begin(&m, 0x21, 0x11);
	vector(&m, 0x04, much, PROXY_V2_MAX - 28 - 2);
	finish(&m);
	expect(&m, false, NULL, false);
	begin(&m, 0x20, 0x00);
	m.p[14] = m.p[15] = (char)0xff;
	expect(&m, false, NULL, false);
}

static void
tls(void **state)
{
	static const struct {
		const char *p;
		size_t n;
		bool good, tls;
	} v[] = {
		{"\x01\0\0\0\0", 5, true, true},
		{"\x07\0\0\0\0\x21\0\x07TLSv1.3", 15, true, true},
		{"\x00\0\0\0\0", 5, true, false},
		{"\x06\0\0\0\0", 5, true, false},
		{"\x01\0\0\0", 4, false, false},
		{"", 0, false, false},
	};
	struct made m;

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		begin(&m, 0x21, 0x21);
		vector(&m, 0x20, v[i].p, v[i].n);
		finish(&m);
		expect(&m, v[i].good, v[i].good ? "2001:db8::1" : NULL, v[i].tls);
	}
}

static void
checksum(void **state)
{
	/* Worked out with another program, bit for bit: 28 bytes of header and the vector, with the sum. */
	static const char known[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\xc0\0\2\1\xc6\x33\x64\7\x12\x67\1\xbb\3\0\4" "\xea\x19\xcf\x5a";
	struct want right = {.n = 35, .source = "192.0.2.1"}, wrong = {.n = -1};
	char p[35];
	struct made m;

	(void)state;
	assert_int_equal(crc32c(TC_STR("123456789"), 100), 0xe3069283); /* the check value of CRC-32C */
	assert_int_equal(sizeof(known) - 1, 35);
	read_all_ways(known, 35, &right);
	for (size_t i = 16; i < 28; i++) /* any byte of the addresses */
		for (int bit = 0; bit < 8; bit++) {
			memcpy(p, known, 35);
			p[i] = (char)(p[i] ^ 1 << bit);
			read_all_ways(p, 35, &wrong);
		}
	memcpy(p, known, 35);
	memset(p + 31, 0, 4);
	read_all_ways(p, 35, &wrong);
	begin(&m, 0x21, 0x11);
	vector(&m, 0x03, "\0\0\0", 3);
	finish(&m);
	expect(&m, false, NULL, false);
	begin(&m, 0x21, 0x11); /* a second sum cannot be right: the first was made with it */
	vector(&m, 0x03, "\0\0\0\0", 4);
	vector(&m, 0x03, "\0\0\0\0", 4);
	finish(&m);
	expect(&m, false, NULL, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(commands_and_families),
		cmocka_unit_test(short_addresses),
		cmocka_unit_test(vectors),
		cmocka_unit_test(tls),
		cmocka_unit_test(checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
