/* proxy_header.c: see proxy_header.h. */
#include "http/proxy_header.h"

#include <assert.h>

#define BAD (-1)
#define MORE 0

/* The shorter of both decides: 0 more needed, 1 it begins with it, -1 it does not. */
static int
begins(struct tc_str in, struct tc_str with)
{
	size_t n = in.n < with.n ? in.n : with.n;

	if (memcmp(in.p, with.p, n) != 0)
		return -1;
	return n == with.n;
}

/* ---- version 1 ---- */

/* The word up to the next space, which is taken too; a word that ends the line has none after it. */
static bool
take_word(struct tc_str *line, bool last, struct tc_str *out)
{
	size_t at = tc_find_byte(*line, ' ');

	if ((at == line->n) != last)
		return false;
	*out = tc_str_of(line->p, at);
	tc_skip(line, last ? at : at + 1);
	return out->n > 0;
}

/* "0" to "65535", without zeroes in front. */
static bool
is_port(struct tc_str text)
{
	unsigned port = 0;

	if (text.n == 0 || text.n > 5 || (text.p[0] == '0' && text.n > 1))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		port = port * 10 + (unsigned)(text.p[i] - '0');
	}
	return port <= 65535;
}

/* A bare address of the family: addr_parse() would take a port and brackets too. */
static bool
parse_address(struct tc_str text, int family, struct tc_addr *out)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '[' || text.p[i] == ']' || (family == 4 && text.p[i] == ':'))
			return false;
	return addr_parse(text, out) && out->family == family;
}

/* What stands between "PROXY " and the CRLF. */
static bool
parse_line(struct tc_str line, struct proxy_header *out)
{
	struct tc_str word, from, to, from_port, to_port;
	struct tc_addr unused;
	int family;

	if (tc_eq(line, TC_STR("UNKNOWN")) || tc_starts(line, TC_STR("UNKNOWN ")))
		return true; /* whatever follows is to be ignored */
	if (!take_word(&line, false, &word))
		return false;
	family = tc_eq(word, TC_STR("TCP4")) ? 4 : 6;
	if (family == 6 && !tc_eq(word, TC_STR("TCP6")))
		return false;
	if (!take_word(&line, false, &from) || !take_word(&line, false, &to) || !take_word(&line, false, &from_port) ||
	    !take_word(&line, true, &to_port))
		return false;
	return parse_address(from, family, &out->source) && parse_address(to, family, &unused) && is_port(from_port) &&
	    is_port(to_port);
}

static int
read_v1(struct tc_str in, struct proxy_header *out)
{
	size_t n = in.n < PROXY_V1_MAX ? in.n : PROXY_V1_MAX, end = 6;

	while (end < n && in.p[end] != '\r' && in.p[end] != '\n')
		end++;
	if (end + 1 >= n) /* no room any more for CRLF, or not yet */
		return n == PROXY_V1_MAX || (end < n && in.p[end] == '\n') ? BAD : MORE;
	if (in.p[end] != '\r' || in.p[end + 1] != '\n')
		return BAD;
	return parse_line(tc_str_of(in.p + 6, end - 6), out) ? (int)end + 2 : BAD;
}

/* ---- version 2 ---- */

enum { FIXED = 16,
	COMMAND_LOCAL = 0,
	COMMAND_PROXY = 1,
	FAMILY_UNSPEC = 0,
	FAMILY_INET = 1,
	FAMILY_INET6 = 2,
	FAMILY_UNIX = 3,
	PROTOCOL_UNSPEC = 0,
	PROTOCOL_DGRAM = 2,
	TYPE_CRC32C = 0x03,
	TYPE_SSL = 0x20,
	CLIENT_SSL = 0x01 };

static uint8_t
byte_at(struct tc_str s, size_t i)
{
	assert(i < s.n);
	return (uint8_t)s.p[i];
}

static size_t
length_at(struct tc_str s, size_t i)
{
	return (size_t)byte_at(s, i) << 8 | byte_at(s, i + 1);
}

/* CRC-32C (RFC 9260 appendix A) of the header, with the four bytes of the sum itself taken for zero. */
static uint32_t
crc32c(struct tc_str header, size_t sum_at)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < header.n; i++) {
		crc ^= i - sum_at < 4 ? 0 : byte_at(header, i);
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static bool
sum_is_right(struct tc_str header, size_t at)
{
	uint32_t said = (uint32_t)length_at(header, at) << 16 | (uint32_t)length_at(header, at + 2);

	return said == crc32c(header, at);
}

/* The vectors behind the addresses. Types that we do not know are skipped; a vector that is cut off is not. */
static bool
read_vectors(struct tc_str header, size_t at, struct proxy_header *out)
{
	bool summed = false;

	while (at < header.n) {
		size_t n;

		if (header.n - at < 3)
			return false;
		n = length_at(header, at + 1);
		if (header.n - at - 3 < n)
			return false;
		if (byte_at(header, at) == TYPE_CRC32C) {
			if (n != 4 || summed || !sum_is_right(header, at + 3))
				return false;
			summed = true;
		} else if (byte_at(header, at) == TYPE_SSL) {
			if (n < 5)
				return false;
			out->tls = (byte_at(header, at + 3) & CLIENT_SSL) != 0;
		}
		at += 3 + n;
	}
	return true;
}

/* A whole header of the command PROXY. */
static bool
parse_proxied(struct tc_str header, struct proxy_header *out)
{
	static const size_t sizes[] = {[FAMILY_UNSPEC] = 0, [FAMILY_INET] = 12, [FAMILY_INET6] = 36, [FAMILY_UNIX] = 216};
	unsigned family = byte_at(header, 13) >> 4, protocol = byte_at(header, 13) & 15;

	if (family > FAMILY_UNIX || protocol > PROTOCOL_DGRAM)
		return false;
	if (family == FAMILY_UNSPEC)
		return true; /* how long its addresses are nobody says: what follows is skipped */
	if (header.n - FIXED < sizes[family])
		return false;
	if (family == FAMILY_INET && protocol != PROTOCOL_UNSPEC) {
		out->source.family = 4;
		memcpy(out->source.ip + 12, header.p + FIXED, 4);
	} else if (family == FAMILY_INET6 && protocol != PROTOCOL_UNSPEC) {
		out->source.family = 6;
		memcpy(out->source.ip, header.p + FIXED, 16);
	}
	return read_vectors(header, FIXED + sizes[family], out);
}

static int
read_v2(struct tc_str in, struct proxy_header *out)
{
	unsigned command;
	size_t n;

	if (in.n > 12 && byte_at(in, 12) >> 4 != 2)
		return BAD;
	command = in.n > 12 ? byte_at(in, 12) & 15 : COMMAND_LOCAL;
	if (command > COMMAND_PROXY)
		return BAD;
	if (in.n < FIXED)
		return MORE;
	n = FIXED + length_at(in, 14);
	if (n > PROXY_V2_MAX)
		return BAD;
	if (in.n < n)
		return MORE;
	if (command == COMMAND_PROXY && !parse_proxied(tc_str_of(in.p, n), out))
		return BAD;
	return (int)n;
}

/* ---- both ---- */

int
proxy_header_read(struct tc_str in, struct proxy_header *out)
{
	static const struct tc_str signature = TC_STR_INIT("\r\n\r\n\0\r\nQUIT\n");
	int one, two, r;

	*out = (struct proxy_header){0};
	if (in.n == 0)
		return MORE;
	one = begins(in, TC_STR("PROXY "));
	two = begins(in, signature);
	if (one < 0 && two < 0)
		return BAD;
	if (one == 0 || two == 0)
		return MORE;
	r = one > 0 ? read_v1(in, out) : read_v2(in, out);
	if (r <= 0)
		*out = (struct proxy_header){0};
	return r;
}
