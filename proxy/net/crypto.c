/* crypto.c: libcrypto's HMAC and comparison, and the kernel's random numbers. */
#include "net/crypto.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

void
crypto_hmac_sha256(const uint8_t *key, size_t key_n, struct tc_str data, uint8_t out[CRYPTO_MAC_SIZE])
{
	unsigned int n = CRYPTO_MAC_SIZE;

	assert(key_n > 0 && key_n <= INT32_MAX);
	if (HMAC(EVP_sha256(), key, (int)key_n, (const unsigned char *)data.p, data.n, out, &n) == NULL)
		abort(); /* a small allocation failed */
	assert(n == CRYPTO_MAC_SIZE);
}

bool
crypto_random(void *p, size_t n)
{
	char *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return false;
		at += got;
		n -= (size_t)got;
	}
	return true;
}

bool
crypto_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}
