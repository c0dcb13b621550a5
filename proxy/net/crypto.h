/* crypto.h: the few primitives that the proxy itself needs. */
#ifndef NET_CRYPTO_H
#define NET_CRYPTO_H

#include "tacet/str.h"

#define CRYPTO_MAC_SIZE 32
#define CRYPTO_SHA1_SIZE 20

/* HMAC-SHA-256 (RFC 2104, FIPS 180-4). */
void crypto_hmac_sha256(const uint8_t *key, size_t key_n, struct tc_str data, uint8_t out[CRYPTO_MAC_SIZE]);

/* SHA-256 (FIPS 180-4). */
void crypto_sha256(struct tc_str data, uint8_t out[CRYPTO_MAC_SIZE]);

/* SHA-1 (FIPS 180-4): only to recognise a text that others name by it. */
void crypto_sha1(struct tc_str data, uint8_t out[CRYPTO_SHA1_SIZE]);

/* n bytes from the system's generator. false: there is none; do not go on without it. */
bool crypto_random(void *p, size_t n);

/* Compares in a time that does not depend on the bytes. */
bool crypto_equal(const void *a, const void *b, size_t n);

/* SipHash-2-4 (Aumasson and Bernstein, 2012): who does not know the key cannot choose what falls together. */
uint64_t crypto_siphash(const uint64_t key[2], const void *p, size_t n);

/*
 * n zeroed bytes at the beginning of a page, for what must not outlive the process: kept out of core dumps, out of
 * children and, as pages are used and as far as RLIMIT_MEMLOCK goes, out of swap. NULL: no memory.
 */
void *crypto_pages(size_t n);
void crypto_pages_free(void *p, size_t n); /* wipes first */

#endif
