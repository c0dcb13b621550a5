/*
 * fuzz_geo.c: any bytes as a database. Loading ends, and whatever is said about an address is well formed and no
 * finer than a city.
 */
#include "geo/geo.h"

#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tc_addr ADDRESSES[] = {
	{4, {[12] = 198, [13] = 51, [14] = 100, [15] = 1}},
	{4, {[12] = 10, [15] = 1}},
	{4, {[12] = 0}},
	{4, {[12] = 255, [13] = 255, [14] = 255, [15] = 255}},
	{6, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
	{6, {0x20, 0x02, 0xc6, 0x33, 0x64, 0x01}},
	{6, {0}},
	{0, {0}},
};

static void
check_text(struct tc_str s)
{
	assert(s.n <= 128);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		assert(c >= 0x20 && c != 0x7f && c != '(' && c != '[');
	}
}

static void
check(const struct geo *g)
{
	for (size_t i = 0; i < sizeof(ADDRESSES) / sizeof(ADDRESSES[0]); i++) {
		struct place p;
		enum geo_result r = geo_lookup(g, &ADDRESSES[i], &p);

		assert((r == GEO_FOUND) == (p.country[0] != '\0'));
		assert(p.country[2] == '\0' && p.region[7] == '\0');
		assert(r == GEO_FOUND || (p.city.n == 0 && p.region_name.n == 0 && p.region[0] == '\0'));
		assert(p.region[0] == '\0' || memcmp(p.region, p.country, 2) == 0);
		check_text(p.city);
		check_text(p.region_name);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32];
	struct tc_str paths[2];
	struct geo *g;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	assert(fd != -1);
	if (size <= 1 << 20 && write(fd, data, size) == (ssize_t)size) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		paths[0] = paths[1] = tc_str_from(path);
		g = geo_load((struct tc_strs){paths, 2}, size % 3 * 2048, NULL);
		if (g != NULL)
			check(g);
		geo_destroy(&g);
	}
	(void)close(fd);
	return 0;
}
