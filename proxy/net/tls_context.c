/* tls_context.c: what we speak, on both sides: TLS 1.2 and 1.3, ECDHE and AEAD only. */
#include "net/tls_inside.h"

/* AES-128 costs least (perf.md 3.8); who has no AES in hardware says so by asking for ChaCha20 first, and gets it. */
#define SUITES_13 "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"
#define CIPHERS_12 \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:" \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
#define GROUPS "X25519:P-256:P-384"

SSL_CTX *
tls_context_new(const SSL_METHOD *method, bool only_13)
{
	SSL_CTX *x = SSL_CTX_new(method);

	if (x == NULL)
		return NULL;
	(void)SSL_CTX_set_options(x,
	    SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
		SSL_OP_SINGLE_ECDH_USE);
	(void)SSL_CTX_set_mode(x, SSL_MODE_RELEASE_BUFFERS); /* what it gives back is wiped: tls_memory.c */
	SSL_CTX_set_security_level(x, 2);
	if (SSL_CTX_set_min_proto_version(x, only_13 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set_max_proto_version(x, TLS1_3_VERSION) == 1 && SSL_CTX_set_ciphersuites(x, SUITES_13) == 1 &&
	    SSL_CTX_set_cipher_list(x, CIPHERS_12) == 1 && SSL_CTX_set1_groups_list(x, GROUPS) == 1)
		return x;
	SSL_CTX_free(x);
	return NULL;
}
