/*
 * tls_challenge.h: certificates for tls-alpn-01 (RFC 8737), in memory while an order is pending. Who asks by ALPN for
 * acme-tls/1 and for one of these names gets it, on every TLS listener, and nothing else: the connection ends there.
 */
#ifndef NET_TLS_CHALLENGE_H
#define NET_TLS_CHALLENGE_H

#include "tacet/str.h"

enum { TLS_CHALLENGE_DIGEST_SIZE = 32 };

/* digest: SHA-256 of the key authorization. false: there are too many. */
bool tls_challenge_set(struct tc_str domain, const uint8_t digest[TLS_CHALLENGE_DIGEST_SIZE]);
void tls_challenge_clear(struct tc_str domain);

#endif
