/*
 * pki.h: the keys, requests and certificates that ACME is made of: ECDSA on P-256 and X.509, in libcrypto. Nothing here
 * reads or writes files.
 */
#ifndef NET_PKI_H
#define NET_PKI_H

#include "base/buf.h"
#include "tacet/site.h"

enum { PKI_POINT_SIZE = 32,
	PKI_SIGNATURE_SIZE = 64,
	PKI_DIGEST_SIZE = 32 };

struct pki_key;

struct pki_key *pki_key_new(void);
/* PEM. NULL: it is no private key on P-256. */
struct pki_key *pki_key_read(struct tc_str pem);
void pki_key_write(const struct pki_key *k, struct buf *pem); /* PKCS #8; the caller wipes it */
void pki_key_destroy(struct pki_key **k);

/* The public point. */
void pki_key_point(const struct pki_key *k, uint8_t x[PKI_POINT_SIZE], uint8_t y[PKI_POINT_SIZE]);

/* ES256 (RFC 7518 3.4): r, then s. */
void pki_sign(const struct pki_key *k, struct tc_str text, uint8_t out[PKI_SIGNATURE_SIZE]);

/* A certification request (PKCS #10, DER) for these names. */
void pki_request(const struct pki_key *k, struct tc_strs names, struct buf *der);

struct pki_times {
	int64_t not_before, not_after; /* seconds since 1970 */
};

/*
 * Whether the first certificate of a PEM file is this key's and for all of these names. clean, unless NULL: the chain
 * written anew, without whatever else stood there. NULL: it is; else why not.
 */
const char *pki_chain_check(struct tc_str pem, const struct pki_key *k, struct tc_strs names, struct pki_times *out,
    struct buf *clean);

#endif
