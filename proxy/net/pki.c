/*
 * pki.c: see pki.h. What can only fail for want of memory ends the process, as small allocations do; whatever others
 * wrote is an answer.
 */
#include "net/pki.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/crypto.h"
#include "net/pki_inside.h"

#define PLACEHOLDER_DAYS 7
#define NAME_LENGTH_MAX 253
#define KEY_PEM_MAX 4096
#define CHAIN_MAX 10

/* id-pe-acmeIdentifier, RFC 8737 6.1 */
#define ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31"

struct pki_key {
	EVP_PKEY *p;
};

static void
must(bool fine)
{
	if (!fine)
		abort(); /* a small allocation failed */
}

/* ---- keys ---- */

static struct pki_key *
key_of(EVP_PKEY *p)
{
	struct pki_key *k = calloc(1, sizeof(*k));

	must(k != NULL);
	k->p = p;
	return k;
}

struct pki_key *
pki_key_new(void)
{
	EVP_PKEY *p = EVP_EC_gen("P-256");

	must(p != NULL);
	return key_of(p);
}

static bool
is_p256(const EVP_PKEY *p)
{
	char group[32];
	size_t n;

	return EVP_PKEY_is_a(p, "EC") && EVP_PKEY_get_group_name((EVP_PKEY *)(uintptr_t)p, group, sizeof(group), &n) == 1 &&
	    strcmp(group, "prime256v1") == 0;
}

/* Nobody is there to ask for a passphrase. */
static int
no_passphrase(char *buf, int size, int writing, void *ctx)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

struct pki_key *
pki_key_read(struct tc_str pem)
{
	BIO *in = pem.n > 0 && pem.n <= KEY_PEM_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	EVP_PKEY *p = in != NULL ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;

	(void)BIO_free(in);
	ERR_clear_error();
	if (p != NULL && is_p256(p))
		return key_of(p);
	EVP_PKEY_free(p);
	return NULL;
}

void
pki_key_write(const struct pki_key *k, struct buf *pem)
{
	BIO *out = BIO_new(BIO_s_secmem());
	char *p;
	long n;

	must(out != NULL && PEM_write_bio_PrivateKey(out, k->p, NULL, NULL, 0, NULL, NULL) == 1);
	n = BIO_get_mem_data(out, &p);
	must(n > 0 && buf_add(pem, p, (size_t)n) == 0);
	OPENSSL_cleanse(p, (size_t)n);
	(void)BIO_free(out);
}

void
pki_key_destroy(struct pki_key **pk)
{
	struct pki_key *k = *pk;

	*pk = NULL;
	if (k == NULL)
		return;
	EVP_PKEY_free(k->p);
	free(k);
}

EVP_PKEY *
pki_key_inside(const struct pki_key *k)
{
	return k->p;
}

static void
coordinate(const struct pki_key *k, const char *which, uint8_t out[PKI_POINT_SIZE])
{
	BIGNUM *n = NULL;

	must(EVP_PKEY_get_bn_param(k->p, which, &n) == 1 && BN_bn2binpad(n, out, PKI_POINT_SIZE) == PKI_POINT_SIZE);
	BN_free(n);
}

void
pki_key_point(const struct pki_key *k, uint8_t x[PKI_POINT_SIZE], uint8_t y[PKI_POINT_SIZE])
{
	coordinate(k, OSSL_PKEY_PARAM_EC_PUB_X, x);
	coordinate(k, OSSL_PKEY_PARAM_EC_PUB_Y, y);
}

void
pki_sign(const struct pki_key *k, struct tc_str text, uint8_t out[PKI_SIGNATURE_SIZE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const unsigned char *at;
	unsigned char der[80];
	size_t n = sizeof(der);
	ECDSA_SIG *sig;

	must(context != NULL && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, k->p) == 1);
	must(EVP_DigestSign(context, der, &n, (const unsigned char *)text.p, text.n) == 1);
	EVP_MD_CTX_free(context);
	at = der;
	sig = d2i_ECDSA_SIG(NULL, &at, (long)n);
	must(sig != NULL);
	must(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, PKI_POINT_SIZE) == PKI_POINT_SIZE);
	must(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + PKI_POINT_SIZE, PKI_POINT_SIZE) == PKI_POINT_SIZE);
	ECDSA_SIG_free(sig);
}

/* ---- requests ---- */

/* subjectAltName with these names. */
static X509_EXTENSION *
names_extension(struct tc_strs names)
{
	GENERAL_NAMES *all = GENERAL_NAMES_new();
	X509_EXTENSION *e;

	must(all != NULL);
	for (size_t i = 0; i < names.n; i++) {
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_IA5STRING *text = ASN1_IA5STRING_new();

		must(name != NULL && text != NULL && ASN1_STRING_set(text, names.v[i].p, (int)names.v[i].n) == 1);
		GENERAL_NAME_set0_value(name, GEN_DNS, text);
		must(sk_GENERAL_NAME_push(all, name) > 0);
	}
	e = X509V3_EXT_i2d(NID_subject_alt_name, 0, all);
	must(e != NULL);
	GENERAL_NAMES_free(all);
	return e;
}

void
pki_request(const struct pki_key *k, struct tc_strs names, struct buf *der)
{
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	X509_REQ *req = X509_REQ_new();
	unsigned char *p = NULL;
	int n;

	assert(names.n > 0);
	must(req != NULL && extensions != NULL && sk_X509_EXTENSION_push(extensions, names_extension(names)) > 0);
	must(X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1 && X509_REQ_set_pubkey(req, k->p) == 1);
	must(X509_REQ_add_extensions(req, extensions) == 1 && X509_REQ_sign(req, k->p, EVP_sha256()) > 0);
	n = i2d_X509_REQ(req, &p);
	must(n > 0 && buf_add(der, (const char *)p, (size_t)n) == 0);
	OPENSSL_free(p);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_REQ_free(req);
}

/* ---- certificates of our own making ---- */

static void
add_extension(X509 *cert, X509_EXTENSION *e)
{
	must(e != NULL && X509_add_ext(cert, e, -1) == 1);
	X509_EXTENSION_free(e);
}

/* The digest as an OCTET STRING, within that of every extension: critical. */
static X509_EXTENSION *
acme_extension(const uint8_t digest[PKI_DIGEST_SIZE])
{
	unsigned char der[2 + PKI_DIGEST_SIZE] = {V_ASN1_OCTET_STRING, PKI_DIGEST_SIZE};
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *id = OBJ_txt2obj(ACME_IDENTIFIER, 1);
	X509_EXTENSION *e;

	memcpy(der + 2, digest, PKI_DIGEST_SIZE);
	must(value != NULL && id != NULL && ASN1_OCTET_STRING_set(value, der, sizeof(der)) == 1);
	e = X509_EXTENSION_create_by_OBJ(NULL, id, 1, value);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(id);
	return e;
}

static void
set_serial(X509 *cert)
{
	uint8_t serial[16];
	BIGNUM *n;

	must(crypto_random(serial, sizeof(serial)));
	serial[0] &= 0x7f;
	n = BN_bin2bn(serial, sizeof(serial), NULL);
	must(n != NULL && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL);
	BN_free(n);
}

X509 *
pki_self_signed(const struct pki_key *k, struct tc_strs names, const uint8_t *digest)
{
	static const unsigned char subject[] = "tacet, no certificate yet";
	X509 *cert = X509_new();
	X509_NAME *name;

	assert(names.n > 0);
	must(cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1 && X509_set_pubkey(cert, k->p) == 1);
	set_serial(cert);
	/* From yesterday on: clocks differ. */
	must(X509_gmtime_adj(X509_getm_notBefore(cert), -86400) != NULL);
	must(X509_gmtime_adj(X509_getm_notAfter(cert), PLACEHOLDER_DAYS * 86400L) != NULL);
	name = X509_get_subject_name(cert);
	must(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC, subject, -1, -1, 0) == 1);
	must(X509_set_issuer_name(cert, name) == 1);
	add_extension(cert, names_extension(names));
	if (digest != NULL)
		add_extension(cert, acme_extension(digest));
	must(X509_sign(cert, k->p, EVP_sha256()) > 0);
	return cert;
}

/* ---- certificates of others ---- */

/* false: no room in the buffer. */
static bool
add_pem(struct buf *pem, X509 *cert)
{
	BIO *out = BIO_new(BIO_s_mem());
	bool fine;
	char *p;
	long n;

	must(out != NULL && PEM_write_bio_X509(out, cert) == 1);
	n = BIO_get_mem_data(out, &p);
	fine = buf_add(pem, p, (size_t)n) == 0;
	(void)BIO_free(out);
	return fine;
}

int64_t
pki_seconds_of(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static bool
is_for(X509 *cert, struct tc_strs names)
{
	for (size_t i = 0; i < names.n; i++)
		if (names.v[i].n > NAME_LENGTH_MAX ||
		    X509_check_host(cert, names.v[i].p, names.v[i].n, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) != 1)
			return false;
	return true;
}

static const char *
leaf_check(X509 *cert, const struct pki_key *k, struct tc_strs names)
{
	if (X509_check_private_key(cert, k->p) != 1)
		return "the certificate is for another key";
	return is_for(cert, names) ? NULL : "the certificate is for other names";
}

/* What stands behind the first: certificates too, to the end. */
static const char *
rest_check(BIO *in, struct buf *clean)
{
	const char *why = NULL;
	X509 *cert;

	for (int n = 1; why == NULL && (cert = PEM_read_bio_X509(in, NULL, no_passphrase, NULL)) != NULL; n++) {
		if (n == CHAIN_MAX || (clean != NULL && !add_pem(clean, cert)))
			why = "the chain is too long";
		X509_free(cert);
	}
	if (why == NULL && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		why = "the chain cannot be read";
	return why;
}

const char *
pki_chain_check(struct tc_str pem, const struct pki_key *k, struct tc_strs names, struct pki_times *out, struct buf *clean)
{
	BIO *in = pem.n > 0 && pem.n <= INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	X509 *cert = in != NULL ? PEM_read_bio_X509(in, NULL, no_passphrase, NULL) : NULL;
	const char *why = "this is no certificate";

	if (cert != NULL) {
		out->not_before = pki_seconds_of(X509_get0_notBefore(cert));
		out->not_after = pki_seconds_of(X509_get0_notAfter(cert));
		why = leaf_check(cert, k, names);
	}
	if (why == NULL && out->not_after <= out->not_before)
		why = "the certificate has no time";
	if (why == NULL && clean != NULL && !add_pem(clean, cert))
		why = "the chain is too long";
	if (why == NULL)
		why = rest_check(in, clean);
	X509_free(cert);
	(void)BIO_free(in);
	ERR_clear_error();
	return why;
}
