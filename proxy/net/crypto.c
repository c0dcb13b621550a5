/* crypto.c: libcrypto's HMAC and comparison, the kernel's random numbers and pages, and SipHash. */
#include "net/crypto.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
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

void
crypto_sha256(struct tc_str data, uint8_t out[CRYPTO_MAC_SIZE])
{
	unsigned n = CRYPTO_MAC_SIZE;

	if (EVP_Digest(data.p, data.n, out, &n, EVP_sha256(), NULL) != 1)
		abort();
	assert(n == CRYPTO_MAC_SIZE);
}

void
crypto_sha1(struct tc_str data, uint8_t out[CRYPTO_SHA1_SIZE])
{
	unsigned n = CRYPTO_SHA1_SIZE;

	if (EVP_Digest(data.p, data.n, out, &n, EVP_sha1(), NULL) != 1)
		abort();
	assert(n == CRYPTO_SHA1_SIZE);
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

/* ---- SipHash ---- */

/*
 * Ours and not libcrypto's: that one wants a context a call, which allocates, leaves what it made of the key on the
 * heap, outside of the locked page, and takes three times as long (17 bytes: 150 ns against 40).
 */
static inline uint64_t
rotate(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

static inline void
sip_rounds(uint64_t v[4], unsigned n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32) + v[3];
		v[2] += v[1];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

/* Up to eight bytes, the first one lowest. */
static uint64_t
little_endian(const uint8_t *p, size_t n)
{
	uint64_t x = 0;

	for (size_t i = 0; i < n; i++)
		x |= (uint64_t)p[i] << (8 * i);
	return x;
}

uint64_t
crypto_siphash(const uint64_t key[2], const void *bytes, size_t n)
{
	/* "somepseudorandomlygeneratedbytes" */
	uint64_t v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
	    key[1] ^ 0x7465646279746573};
	const uint8_t *p = bytes;

	for (size_t left = n;; left -= 8, p += 8) {
		uint64_t m = left >= 8 ? little_endian(p, 8) : little_endian(p, left) | (uint64_t)n << 56;

		v[3] ^= m;
		sip_rounds(v, 2);
		v[0] ^= m;
		if (left < 8)
			break;
	}
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* ---- pages ---- */

void *
crypto_pages(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* Best effort, each: an old kernel or a low limit is no reason not to run. */
	(void)mlock2(p, n, MLOCK_ONFAULT);
	(void)madvise(p, n, MADV_DONTDUMP);
	(void)madvise(p, n, MADV_WIPEONFORK);
	return p;
}

void
crypto_pages_free(void *p, size_t n)
{
	explicit_bzero(p, n);
	(void)munmap(p, n);
}
