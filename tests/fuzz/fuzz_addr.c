/*
 * fuzz_addr.c: addresses and networks as text. Properties: what is taken is written in a form that is taken again
 * as the same address; an address is in the network of itself; unmapping twice is unmapping once or gives IPv4.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/addr.h"

static void
must(bool good)
{
	if (!good)
		abort();
}

static bool
same(const struct tc_addr *a, const struct tc_addr *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

static void
check_addr(const struct tc_addr *a)
{
	struct tc_addr again, inner = addr_unmap(a);
	struct cidr self = {*a, a->family == 4 ? 32 : 128};
	char text[46];
	size_t n = addr_write_forwarded(a, false, text);

	must(a->family == 4 || a->family == 6);
	must(n > 0 && n <= 45);
	must(addr_parse(tc_str_of(text, n), &again) && same(a, &again));
	n = addr_write_forwarded(a, true, text);
	must(addr_parse(tc_str_of(text, n), &again) && again.family == a->family);
	must(cidr_has(&self, a));
	must(inner.family == 4 || same(&inner, a));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tc_str text = {(const char *)data, size};
	struct tc_addr a;
	struct cidr c;

	if (addr_parse(text, &a))
		check_addr(&a);
	if (cidr_parse(text, &c)) {
		check_addr(&c.addr);
		must(cidr_has(&c, &c.addr));
	}
	return 0;
}
