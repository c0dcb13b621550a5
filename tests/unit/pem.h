/* pem.h: a certificate that its own key has signed, as text. */
#ifndef UNIT_PEM_H
#define UNIT_PEM_H

#include <openssl/pem.h>

#include "net/pki_inside.h"

static inline void
pem_self_signed(const struct pki_key *k, struct tc_strs names, const uint8_t *digest, struct buf *pem)
{
	X509 *cert = pki_self_signed(k, names, digest);
	BIO *out = BIO_new(BIO_s_mem());
	char *p;
	long n;

	assert_int_equal(PEM_write_bio_X509(out, cert), 1);
	n = BIO_get_mem_data(out, &p);
	assert_int_equal(buf_add(pem, p, (size_t)n), 0);
	(void)BIO_free(out);
	X509_free(cert);
}

#endif
