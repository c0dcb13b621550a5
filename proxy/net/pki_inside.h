/* pki_inside.h: pki.h as OpenSSL has it: for proxy/net alone. */
#ifndef NET_PKI_INSIDE_H
#define NET_PKI_INSIDE_H

#include <openssl/x509.h>

#include "net/pki.h"

/* Borrowed. */
EVP_PKEY *pki_key_inside(const struct pki_key *k);

/*
 * A certificate by nobody for these names, for a week: one that holds the place until there is another, or, with a
 * digest, the answer to a tls-alpn-01 challenge (RFC 8737 3).
 */
X509 *pki_self_signed(const struct pki_key *k, struct tc_strs names, const uint8_t *digest);

/* Seconds since 1970; 0: it cannot be read. */
int64_t pki_seconds_of(const ASN1_TIME *t);

#endif
