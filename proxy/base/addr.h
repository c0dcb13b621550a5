/* addr.h: a visitor's or peer's address. Nothing prints one: it can be looked up, matched and keyed. */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <sys/socket.h>

#include "tacet/str.h"

/* An IPv4 address lives in the last four bytes of ip, with the rest zero. */
struct tc_addr {
	uint8_t family; /* 0: unknown, 4 or 6 */
	uint8_t ip[16];
};

struct cidr {
	struct tc_addr addr;
	uint8_t bits;
};

struct tc_addr addr_of_sockaddr(const struct sockaddr *sa);

/* "192.0.2.1", "2001:db8::1", "192.0.2.1:80", "[2001:db8::1]:80", "[::1]". false: not an address. */
bool addr_parse(struct tc_str text, struct tc_addr *out);

/* "10.0.0.0/8", or an address alone. */
bool cidr_parse(struct tc_str text, struct cidr *out);
bool cidr_has(const struct cidr *c, const struct tc_addr *a);

/* The IPv4 address inside ::ffff:0:0/96, 2002::/16, 2001::/32 (Teredo) and 64:ff9b::/96; others unchanged. */
struct tc_addr addr_unmap(const struct tc_addr *a);

void addr_wipe(struct tc_addr *a);

/* Writes the address for a client_ip field that the operator asked for; the only place that spells one out.
 * prefix: cut to /24 and /48. Returns the length, at most 45. */
size_t addr_write_forwarded(const struct tc_addr *a, bool prefix, char out[46]);

#endif
