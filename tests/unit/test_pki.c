/* test_pki.c: keys, signatures, requests and certificates, held against OpenSSL's own readers and RFC 7515's example. */
#include "../../proxy/net/pki.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "pem.h"

static const struct tc_str both[] = {TC_STR_INIT("a.example"), TC_STR_INIT("b.example")};
static const struct tc_strs names = {both, 2};

static void
fill(struct buf *b, struct tc_str text)
{
	buf_init(b, 1 << 20);
	assert_int_equal(buf_add_str(b, text), 0);
}

static void
keys_are_written_and_read(void **state)
{
	struct pki_key *k = pki_key_new(), *again;
	uint8_t x[2][PKI_POINT_SIZE], y[2][PKI_POINT_SIZE];
	struct buf pem;

	(void)state;
	fill(&pem, TC_STR(""));
	pki_key_write(k, &pem);
	assert_true(tc_starts(buf_str(&pem), TC_STR("-----BEGIN PRIVATE KEY-----\n")));
	again = pki_key_read(buf_str(&pem));
	assert_non_null(again);
	pki_key_point(k, x[0], y[0]);
	pki_key_point(again, x[1], y[1]);
	assert_memory_equal(x[0], x[1], sizeof(x[0]));
	assert_memory_equal(y[0], y[1], sizeof(y[0]));
	for (size_t cut = 0; cut + 2 < pem.n; cut++)
		assert_null(pki_key_read(tc_str_of(buf_str(&pem).p, cut)));
	pki_key_destroy(&k);
	pki_key_destroy(&again);
	assert_null(k);
	buf_reset(&pem);
}

static void
other_keys_are_refused(void **state)
{
	static const char *const kinds[] = {"P-384", "secp256k1", "ED25519"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		EVP_PKEY *p = i < 2 ? EVP_EC_gen(kinds[i]) : EVP_PKEY_Q_keygen(NULL, NULL, kinds[i]);
		struct pki_key k = {p};
		struct buf pem;

		assert_non_null(p);
		fill(&pem, TC_STR(""));
		pki_key_write(&k, &pem);
		assert_null(pki_key_read(buf_str(&pem)));
		EVP_PKEY_free(p);
		buf_reset(&pem);
	}
	assert_null(pki_key_read(TC_STR("")));
	assert_null(pki_key_read(TC_STR("nonsense")));
}

/* r and s as they stand in a JWS. */
static bool
verifies(const struct pki_key *k, struct tc_str text, const uint8_t rs[PKI_SIGNATURE_SIZE])
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char *der = NULL;
	bool fine;
	int n;

	assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(rs, 32, NULL), BN_bin2bn(rs + 32, 32, NULL)), 1);
	n = i2d_ECDSA_SIG(sig, &der);
	assert_int_equal(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, k->p), 1);
	fine = EVP_DigestVerify(context, der, (size_t)n, (const unsigned char *)text.p, text.n) == 1;
	EVP_MD_CTX_free(context);
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	return fine;
}

static void
signatures_are_verified(void **state)
{
	struct pki_key *k = pki_key_new();
	uint8_t rs[PKI_SIGNATURE_SIZE];

	(void)state;
	for (int i = 0; i < 300; i++) { /* one in 256 has a short r or s */
		pki_sign(k, TC_STR("header.payload"), rs);
		assert_true(verifies(k, TC_STR("header.payload"), rs));
		assert_false(verifies(k, TC_STR("header.payloae"), rs));
	}
	pki_key_destroy(&k);
}

/* The names in a request or certificate, as OpenSSL prints them. */
static void
says_names(const X509_EXTENSION *e, const char *expected)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *p;
	long n;

	assert_int_equal(X509V3_EXT_print(out, (X509_EXTENSION *)(uintptr_t)e, 0, 0), 1);
	n = BIO_get_mem_data(out, &p);
	assert_int_equal(n, strlen(expected));
	assert_memory_equal(p, expected, (size_t)n);
	(void)BIO_free(out);
}

static void
requests_name_all(void **state)
{
	struct pki_key *k = pki_key_new();
	STACK_OF(X509_EXTENSION) * all;
	const unsigned char *at;
	X509_REQ *req;
	struct buf der;

	(void)state;
	fill(&der, TC_STR(""));
	pki_request(k, names, &der);
	at = (const unsigned char *)buf_str(&der).p;
	req = d2i_X509_REQ(NULL, &at, (long)der.n);
	assert_non_null(req);
	assert_int_equal(X509_REQ_verify(req, k->p), 1);
	assert_int_equal(X509_NAME_entry_count(X509_REQ_get_subject_name(req)), 0);
	all = X509_REQ_get_extensions(req);
	assert_int_equal(sk_X509_EXTENSION_num(all), 1);
	says_names(sk_X509_EXTENSION_value(all, 0), "DNS:a.example, DNS:b.example");
	sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
	X509_REQ_free(req);
	pki_key_destroy(&k);
	buf_reset(&der);
}

static X509 *
read_one(const struct buf *pem)
{
	BIO *in = BIO_new_mem_buf(buf_str(pem).p, (int)pem->n);
	X509 *cert = PEM_read_bio_X509(in, NULL, NULL, NULL);

	(void)BIO_free(in);
	assert_non_null(cert);
	return cert;
}

/* RFC 8737 3: one name, and the digest in a critical extension. */
static void
challenges_are_as_the_rfc_says(void **state)
{
	static const uint8_t digest[PKI_DIGEST_SIZE] = {1, 2, 3, [31] = 0xff};
	const struct tc_strs one = {both, 1};
	struct pki_key *k = pki_key_new();
	ASN1_OBJECT *id = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
	const ASN1_OCTET_STRING *value;
	X509_EXTENSION *e;
	struct buf pem;
	X509 *cert;

	(void)state;
	fill(&pem, TC_STR(""));
	pem_self_signed(k, one, digest, &pem);
	cert = read_one(&pem);
	assert_int_equal(X509_verify(cert, k->p), 1);
	e = X509_get_ext(cert, X509_get_ext_by_OBJ(cert, id, -1));
	assert_non_null(e);
	assert_int_equal(X509_EXTENSION_get_critical(e), 1);
	value = X509_EXTENSION_get_data(e);
	assert_int_equal(ASN1_STRING_length(value), 34);
	assert_memory_equal(ASN1_STRING_get0_data(value), "\x04\x20", 2);
	assert_memory_equal(ASN1_STRING_get0_data(value) + 2, digest, 32);
	says_names(X509_get_ext(cert, X509_get_ext_by_NID(cert, NID_subject_alt_name, -1)), "DNS:a.example");
	ASN1_OBJECT_free(id);
	X509_free(cert);
	pki_key_destroy(&k);
	buf_reset(&pem);
}

static void
chains_are_checked(void **state)
{
	const struct tc_str other = TC_STR("c.example");
	struct pki_key *k = pki_key_new(), *foreign = pki_key_new();
	struct pki_times times = {0};
	struct buf pem, clean;
	int64_t now = time(NULL);
	size_t one;

	(void)state;
	fill(&pem, TC_STR("some words of the server\n"));
	fill(&clean, TC_STR(""));
	pem_self_signed(k, names, NULL, &pem);
	one = pem.n;
	assert_null(pki_chain_check(buf_str(&pem), k, names, &times, &clean));
	assert_true(times.not_before < now && times.not_after > now + 6 * 86400 && times.not_after <= now + 8 * 86400);
	assert_true(tc_starts(buf_str(&clean), TC_STR("-----BEGIN CERTIFICATE-----\n")));
	assert_string_equal(pki_chain_check(buf_str(&pem), foreign, names, &times, NULL), "the certificate is for another key");
	assert_string_equal(pki_chain_check(buf_str(&pem), k, (struct tc_strs){&other, 1}, &times, NULL),
	    "the certificate is for other names");
	pem_self_signed(foreign, names, NULL, &pem);
	pki_key_write(foreign, &pem); /* no such thing is kept */
	buf_reset(&clean);
	assert_null(pki_chain_check(buf_str(&pem), k, names, &times, &clean));
	assert_int_equal(tc_find(buf_str(&clean), TC_STR("PRIVATE")), clean.n);
	for (size_t cut = 0; cut + 30 < one; cut += 7)
		assert_non_null(pki_chain_check(tc_str_of(buf_str(&pem).p, cut), k, names, &times, NULL));
	assert_string_equal(pki_chain_check(tc_str_of(buf_str(&pem).p, one + 200), k, names, &times, NULL), "the chain cannot be read");
	for (int i = 0; i < CHAIN_MAX; i++)
		pem_self_signed(foreign, names, NULL, &pem);
	assert_string_equal(pki_chain_check(buf_str(&pem), k, names, &times, NULL), "the chain is too long");
	pki_key_destroy(&k);
	pki_key_destroy(&foreign);
	buf_reset(&pem);
	buf_reset(&clean);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_written_and_read),
		cmocka_unit_test(other_keys_are_refused),
		cmocka_unit_test(signatures_are_verified),
		cmocka_unit_test(requests_name_all),
		cmocka_unit_test(challenges_are_as_the_rfc_says),
		cmocka_unit_test(chains_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
