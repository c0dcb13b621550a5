/*
 * fuzz_forwarded.c: X-Forwarded-For and Forwarded with any bytes. A stranger's fields count for nothing; a trusted
 * peer's never name a trusted proxy as the visitor. A newline begins another field; the first byte chooses name and
 * peer.
 */
#include "core/client.h"

#include <assert.h>

#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cidr trusted[] = {{{4, {[12] = 10}}, 8}, {{6, {0xfd}}, 8}};
	static const struct config config = {.trusted_proxies = trusted, .trusted_proxy_count = 2};
	static const struct tc_addr stranger = {4, {[12] = 203, [13] = 0, [14] = 113, [15] = 5}};
	static const struct tc_addr proxy = {4, {[12] = 10, [15] = 1}};
	static const enum tc_fid ids[] = {TC_F_X_FORWARDED_FOR, TC_F_FORWARDED, TC_F_X_FORWARDED_PROTO};
	struct tc_arena *arena = arena_new(NULL, 1 << 24);
	struct tc_fields fs = {.arena = arena};
	struct tc_addr a, b;
	struct tc_str rest;
	bool known;

	if (size < 1 || size > 4096)
		goto out;
	rest = tc_str_of((const char *)data + 1, size - 1);
	while (rest.p != NULL)
		assert(tc_field_add(&fs, ids[data[0] % 3], tc_next(&rest, '\n')) == 0);
	known = client_address(&config, &proxy, &fs, &a);
	assert(known == (a.family != 0));
	assert(!known || !client_trusted(&config, &a));
	assert(client_address(&config, &stranger, &fs, &b) && memcmp(&b, &stranger, sizeof(b)) == 0);
	assert(!client_https(&config, &stranger, &fs, false) && client_https(&config, &stranger, &fs, true));
	(void)client_https(&config, &proxy, &fs, false);
	/* What a trusted proxy appends decides, whatever stood before it. */
	if (data[0] % 3 == 0) {
		assert(tc_field_add(&fs, TC_F_X_FORWARDED_FOR, TC_STR("198.51.100.9, 10.2.3.4")) == 0);
		assert(client_address(&config, &proxy, &fs, &a) && a.family == 4 && a.ip[12] == 198 && a.ip[15] == 9);
	}
out:
	arena_destroy(&arena);
	return 0;
}
