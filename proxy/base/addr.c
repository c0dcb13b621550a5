/* addr.c: addresses, networks of them, and IPv4 addresses that travel inside IPv6 ones. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static struct tc_addr
addr_v4(const uint8_t ip[4])
{
	struct tc_addr a = {.family = 4};

	memcpy(a.ip + 12, ip, 4);
	return a;
}

static struct tc_addr
addr_v6(const uint8_t ip[16])
{
	struct tc_addr a = {.family = 6};

	memcpy(a.ip, ip, 16);
	return a;
}

/* On a socket for both families an IPv4 peer appears as ::ffff:192.0.2.1; it is an IPv4 peer nevertheless. */
struct tc_addr
addr_of_sockaddr(const struct sockaddr *sa)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		return addr_v4((const uint8_t *)&in.sin_addr);
	}
	if (sa->sa_family != AF_INET6)
		return (struct tc_addr){0};
	memcpy(&in6, sa, sizeof(in6));
	if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
		return addr_v4(in6.sin6_addr.s6_addr + 12);
	return addr_v6(in6.sin6_addr.s6_addr);
}

/* An address alone, without port and brackets. */
static bool
parse_bare(struct tc_str text, int family, struct tc_addr *out)
{
	char z[INET6_ADDRSTRLEN];
	uint8_t ip[16];

	if (text.n == 0 || text.n >= sizeof(z) || tc_find_byte(text, '\0') < text.n)
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	if (inet_pton(family == 4 ? AF_INET : AF_INET6, z, ip) != 1)
		return false;
	*out = family == 4 ? addr_v4(ip) : addr_v6(ip);
	return true;
}

/* "" or ":1" to ":65535" */
static bool
is_port(struct tc_str text)
{
	unsigned port = 0;

	if (text.n == 0)
		return true;
	if (text.p[0] != ':' || text.n < 2 || text.n > 6)
		return false;
	for (size_t i = 1; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		port = port * 10 + (unsigned)(text.p[i] - '0');
	}
	return port > 0 && port <= 65535;
}

bool
addr_parse(struct tc_str text, struct tc_addr *out)
{
	size_t colon = tc_find_byte(text, ':');

	if (text.n > 0 && text.p[0] == '[') {
		size_t end = tc_find_byte(text, ']');

		return end < text.n && is_port(tc_str_of(text.p + end + 1, text.n - end - 1)) &&
		    parse_bare(tc_str_of(text.p + 1, end - 1), 6, out);
	}
	if (tc_find_byte(tc_str_of(text.p, colon), '.') < colon) /* a dot before any colon */
		return is_port(tc_str_of(text.p + colon, text.n - colon)) &&
		    parse_bare(tc_str_of(text.p, colon), 4, out);
	return parse_bare(text, 6, out);
}

bool
cidr_parse(struct tc_str text, struct cidr *out)
{
	size_t slash = tc_find_byte(text, '/');
	struct tc_str host = tc_str_of(text.p, slash), bits = {text.p + slash, text.n - slash};
	int family = tc_find_byte(host, ':') < host.n ? 6 : 4;
	unsigned n = 0, max = family == 4 ? 32 : 128;

	if (!parse_bare(host, family, &out->addr))
		return false;
	out->bits = (uint8_t)max;
	if (bits.n == 0)
		return true;
	tc_skip(&bits, 1);
	if (bits.n == 0 || bits.n > 3 || (bits.n > 1 && bits.p[0] == '0'))
		return false;
	for (size_t i = 0; i < bits.n; i++) {
		if (bits.p[i] < '0' || bits.p[i] > '9')
			return false;
		n = n * 10 + (unsigned)(bits.p[i] - '0');
	}
	if (n > max)
		return false;
	out->bits = (uint8_t)n;
	return true;
}

bool
cidr_has(const struct cidr *c, const struct tc_addr *a)
{
	unsigned at = a->family == 4 ? 12 : 0, whole = c->bits / 8, rest = c->bits % 8;

	if (a->family == 0 || a->family != c->addr.family)
		return false;
	if (memcmp(a->ip + at, c->addr.ip + at, whole) != 0)
		return false;
	return rest == 0 || (a->ip[at + whole] ^ c->addr.ip[at + whole]) >> (8 - rest) == 0;
}

struct tc_addr
addr_unmap(const struct tc_addr *a)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t nat64[12] = {[1] = 0x64, [2] = 0xff, [3] = 0x9b};
	static const uint8_t teredo[4] = {0x20, 0x01, 0, 0};
	static const uint8_t six_to_four[2] = {0x20, 0x02};

	if (a->family != 6)
		return *a;
	if (memcmp(a->ip, mapped, sizeof(mapped)) == 0 || memcmp(a->ip, nat64, sizeof(nat64)) == 0)
		return addr_v4(a->ip + 12);
	if (memcmp(a->ip, six_to_four, sizeof(six_to_four)) == 0)
		return addr_v4(a->ip + 2);
	if (memcmp(a->ip, teredo, sizeof(teredo)) == 0) { /* RFC 4380 4: the client's address, inverted */
		struct tc_addr v4 = addr_v4(a->ip + 12);

		for (size_t i = 12; i < 16; i++)
			v4.ip[i] = (uint8_t)~v4.ip[i];
		return v4;
	}
	return *a;
}

void
addr_wipe(struct tc_addr *a)
{
	explicit_bzero(a, sizeof(*a));
}

size_t
addr_write_forwarded(const struct tc_addr *a, bool prefix, char out[46])
{
	struct tc_addr cut = *a;
	const char *z = NULL;

	if (prefix && cut.family == 4)
		cut.ip[15] = 0;
	if (prefix && cut.family == 6)
		memset(cut.ip + 6, 0, 10);
	if (cut.family == 4)
		z = inet_ntop(AF_INET, cut.ip + 12, out, 46);
	if (cut.family == 6)
		z = inet_ntop(AF_INET6, cut.ip, out, 46);
	addr_wipe(&cut);
	return z != NULL ? strlen(out) : 0;
}
