/* tls_pair.h: a certificate with its chain and its key, as they were read from two files. */
#ifndef NET_TLS_PAIR_H
#define NET_TLS_PAIR_H

#include <openssl/ssl.h>

#include "net/tls_server.h"

struct tls_pair {
	X509 *leaf;
	STACK_OF(X509) * chain; /* the issuers that the file has behind it */
	EVP_PKEY *key;
	char **names; /* whom it is for, in lower case, sorted: "www.example.com", "*.example.com" */
	size_t name_count;
	int64_t not_before, not_after; /* seconds since 1970 */
};

/* 0, or -1: fault says why; fault->pair is left as it is. */
int tls_pair_read(const struct tls_pair_files *files, struct tls_pair *out, struct tls_fault *fault);
/* A new key, and a certificate by nobody, in memory alone. It has no time. */
void tls_pair_hold_place(struct tc_strs names, struct tls_pair *out);
void tls_pair_clear(struct tls_pair *p);

/* For the same names, so that both may serve them: which one depends on what the visitor can verify. */
bool tls_pair_same_names(const struct tls_pair *a, const struct tls_pair *b);
/* Whether they differ in kind, RSA and ECDSA say: one context holds one of each. */
bool tls_pair_same_kind(const struct tls_pair *a, const struct tls_pair *b);

#endif
