/* test_crypto.c: SipHash against its paper and against libcrypto; pages for secrets. */
#include "../../proxy/net/crypto.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <openssl/params.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "edge.h"
#include "smaps.h"

static uint64_t
sip(const uint8_t key[16], const void *p, size_t n)
{
	uint64_t words[2] = {little_endian(key, 8), little_endian(key + 8, 8)};

	return crypto_siphash(words, p, n);
}

/* The paper's Appendix A, and the first rows of the reference implementation's table. */
static void
siphash_of_the_paper(void **state)
{
	static const uint64_t rows[] = {0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d};
	uint8_t key[16], text[15];

	(void)state;
	for (uint8_t i = 0; i < sizeof(key); i++)
		key[i] = i;
	memcpy(text, key, sizeof(text));
	assert_true(sip(key, text, sizeof(text)) == 0xa129ca6149be45e5);
	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++)
		assert_true(sip(key, text, n) == rows[n]);
}

static void
siphash_as_libcrypto_has_it(void **state)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	size_t size = 8;
	OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t("size", &size), OSSL_PARAM_END};

	(void)state;
	assert_non_null(ctx);
	for (size_t n = 0; n < 80; n++) {
		uint8_t key[16], text[80], out[8];
		char *edge;
		size_t got = 0;

		assert_true(crypto_random(key, sizeof(key)) && crypto_random(text, sizeof(text)));
		assert_int_equal(EVP_MAC_init(ctx, key, sizeof(key), params), 1);
		assert_int_equal(EVP_MAC_update(ctx, text, n), 1);
		assert_int_equal(EVP_MAC_final(ctx, out, &got, sizeof(out)), 1);
		assert_int_equal(got, sizeof(out));
		edge = edge_copy((char *)text, n); /* reads no byte behind the text */
		assert_true(sip(key, edge, n) == little_endian(out, 8));
		edge_free(edge, n);
	}
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
}

static void
pages_are_kept_in(void **state)
{
	char *p = crypto_pages(4096), flags[256];
	int status = -1;
	pid_t child;

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < 4096; i++)
		assert_int_equal(p[i], 0);
	memset(p, 'x', 4096);
	flags_of(p, flags);
	if (flags[0] != '\0') {
		assert_non_null(strstr(flags, " dd")); /* not dumped */
		assert_non_null(strstr(flags, " wf")); /* wiped in a child */
	}
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(p[0] == 0 && p[4095] == 0 ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(p[0], 'x');
	crypto_pages_free(p, 4096);
}

/* FIPS 180-4's examples. */
static void
sha1(void **state)
{
	static const uint8_t abc[] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c,
	    0x9c, 0xd0, 0xd8, 0x9d};
	static const uint8_t none[] = {0xda, 0x39, 0xa3, 0xee, 0x5e, 0x6b, 0x4b, 0x0d, 0x32, 0x55, 0xbf, 0xef, 0x95, 0x60, 0x18, 0x90,
	    0xaf, 0xd8, 0x07, 0x09};
	uint8_t out[CRYPTO_SHA1_SIZE];

	(void)state;
	crypto_sha1(TC_STR("abc"), out);
	assert_memory_equal(out, abc, sizeof(abc));
	crypto_sha1(TC_STR(""), out);
	assert_memory_equal(out, none, sizeof(none));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_of_the_paper),
		cmocka_unit_test(siphash_as_libcrypto_has_it),
		cmocka_unit_test(pages_are_kept_in),
		cmocka_unit_test(sha1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
