/* test_acme_jws.c: signed requests: the texts of RFC 7515 and 8555, and what a server would check. */
#include "../../proxy/core/acme_jws.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/arena.h"
#include "base/json.h"

static struct tc_arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(NULL, 1 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	return 0;
}

static void
is(struct tc_str s, const char *expected)
{
	assert_int_equal(s.n, strlen(expected));
	assert_memory_equal(s.p, expected, s.n);
}

/* The bytes of base64url, by OpenSSL. */
static struct tc_str
decoded(struct tc_str s)
{
	size_t n = (s.n + 3) / 4 * 4;
	char *text = tc_alloc_bytes(arena, n + 1), *out = tc_alloc_bytes(arena, n + 1);
	int got;

	memset(text, '=', n);
	for (size_t i = 0; i < s.n; i++)
		text[i] = s.p[i] == '-' ? '+' : s.p[i] == '_' ? '/'
							      : s.p[i];
	got = EVP_DecodeBlock((unsigned char *)out, (unsigned char *)text, (int)n);
	assert_true(got >= 0);
	return tc_str_of(out, (size_t)got - (n - s.n));
}

/* RFC 7515 appendix C, and appendix A.3's header and payload. */
static void
base64url_is_as_in_the_rfc(void **state)
{
	static const char bytes[] = {3, (char)236, (char)255, (char)224, (char)193};
	struct tc_str in = TC_STR("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}");

	(void)state;
	is(jws_base64url(tc_str_of(bytes, 5), arena), "A-z_4ME");
	is(jws_base64url(TC_STR("{\"alg\":\"ES256\"}"), arena), "eyJhbGciOiJFUzI1NiJ9");
	is(jws_base64url(in, arena),
	    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ");
	is(jws_base64url(TC_STR(""), arena), "");
	is(jws_base64url(TC_STR("f"), arena), "Zg");
	is(jws_base64url(TC_STR("fo"), arena), "Zm8");
	is(jws_base64url(TC_STR("foo"), arena), "Zm9v");
	for (size_t n = 0; n < 50; n++) {
		struct tc_str some = tc_str_of("01234567890123456789012345678901234567890123456789", n);

		assert_true(tc_eq(decoded(jws_base64url(some, arena)), some));
	}
}

/* The key of RFC 7515 A.3.1, from its private number. */
static struct pki_key *
rfc_key(void)
{
	static const char head[] = "\x30\x31\x02\x01\x01\x04\x20", group[] = "\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
	struct tc_str d = decoded(TC_STR("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"));
	char der[7 + 32 + 12], pem[200], text[100];
	int n;

	assert_int_equal(d.n, 32);
	memcpy(der, head, 7);
	memcpy(der + 7, d.p, 32);
	memcpy(der + 39, group, 12);
	(void)EVP_EncodeBlock((unsigned char *)text, (unsigned char *)der, sizeof(der));
	n = snprintf(pem, sizeof(pem), "-----BEGIN EC PRIVATE KEY-----\n%.64s\n%s\n-----END EC PRIVATE KEY-----\n", text, text + 64);
	return pki_key_read(tc_str_of(pem, (size_t)n));
}

static void
the_key_is_as_in_the_rfc(void **state)
{
	struct pki_key *k = rfc_key();

	(void)state;
	assert_non_null(k);
	is(jwk(k, arena),
	    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}");
	is(jws_thumbprint(k, arena), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
	pki_key_destroy(&k);
}

/* Members of a flat object. */
static struct tc_str
member(struct tc_str text, const char *name)
{
	struct json j = json_of(text);
	struct tc_str key, raw, out = {NULL, 0};

	assert_true(json_enter(&j, '{'));
	while (json_member(&j, &key)) {
		assert_true(json_skip(&j, &raw));
		if (tc_eq(key, tc_str_from(name)))
			out = raw.p[0] == '"' ? tc_str_of(raw.p + 1, raw.n - 2) : raw;
	}
	assert_true(json_end(&j));
	return out;
}

static bool
verifies(struct tc_str x, struct tc_str y, struct tc_str input, struct tc_str rs)
{
	/* SubjectPublicKeyInfo of a point on P-256. */
	static const unsigned char head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
	    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
	unsigned char spki[sizeof(head) + 64], *der = NULL;
	const unsigned char *at = spki;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY *key;
	bool fine;
	int n;

	assert_true(x.n == 32 && y.n == 32 && rs.n == 64);
	memcpy(spki, head, sizeof(head));
	memcpy(spki + sizeof(head), x.p, 32);
	memcpy(spki + sizeof(head) + 32, y.p, 32);
	key = d2i_PUBKEY(NULL, &at, sizeof(spki));
	assert_non_null(key);
	assert_int_equal(
	    ECDSA_SIG_set0(sig, BN_bin2bn((const unsigned char *)rs.p, 32, NULL), BN_bin2bn((const unsigned char *)rs.p + 32, 32, NULL)), 1);
	n = i2d_ECDSA_SIG(sig, &der);
	assert_int_equal(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key), 1);
	fine = EVP_DigestVerify(context, der, (size_t)n, (const unsigned char *)input.p, input.n) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	return fine;
}

/* The signature that RFC 7515 A.3 prints: what verifies() says can be believed. */
static void
the_rfcs_own_signature(void **state)
{
	(void)state;
	assert_true(verifies(decoded(TC_STR("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")),
	    decoded(TC_STR("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")),
	    TC_STR("eyJhbGciOiJFUzI1NiJ9."
		"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"),
	    decoded(TC_STR("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"))));
}

static void
a_request_by_key_and_by_account(void **state)
{
	struct pki_key *k = pki_key_new();

	(void)state;
	for (int known = 0; known < 2; known++) {
		struct jws j = {.key = k,
		    .kid = known ? TC_STR("https://ca.example/acct/1") : TC_STR(""),
		    .nonce = TC_STR("oFvnlFP1wIhRlYS2jTaXbA"),
		    .url = TC_STR("https://ca.example/new"),
		    .payload = known ? TC_STR("") : TC_STR("{\"termsOfServiceAgreed\":true}")};
		struct tc_str text = jws_write(&j, arena), protected = member(text, "protected"), head = decoded(protected), key, input;
		uint8_t x[32], y[32];

		is(member(head, "alg"), "ES256");
		is(member(head, "nonce"), "oFvnlFP1wIhRlYS2jTaXbA");
		is(member(head, "url"), "https://ca.example/new");
		is(member(head, "kid"), known ? "https://ca.example/acct/1" : "");
		key = member(head, "jwk");
		assert_true(known ? key.p == NULL : tc_eq(key, jwk(k, arena)));
		is(decoded(member(text, "payload")), known ? "" : "{\"termsOfServiceAgreed\":true}");
		pki_key_point(k, x, y);
		input = tc_join(arena, (const struct tc_str[]){protected, TC_STR("."), member(text, "payload")}, 3);
		assert_true(verifies(tc_str_of((char *)x, 32), tc_str_of((char *)y, 32), input, decoded(member(text, "signature"))));
	}
	pki_key_destroy(&k);
}

static void
no_memory_is_an_answer(void **state)
{
	struct pki_key *k = pki_key_new();
	struct jws j = {.key = k, .nonce = TC_STR("n"), .url = TC_STR("https://ca.example/"), .payload = TC_STR("{}")};
	bool fine = false;

	(void)state;
	for (size_t limit = 1; !fine; limit += 40) {
		struct tc_arena *small = arena_new(NULL, limit);
		struct tc_str text = jws_write(&j, small);

		fine = text.p != NULL;
		assert_true(!fine || member(text, "signature").n == 86);
		arena_destroy(&small);
	}
	pki_key_destroy(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(base64url_is_as_in_the_rfc, setup, teardown),
		cmocka_unit_test_setup_teardown(the_key_is_as_in_the_rfc, setup, teardown),
		cmocka_unit_test_setup_teardown(the_rfcs_own_signature, setup, teardown),
		cmocka_unit_test_setup_teardown(a_request_by_key_and_by_account, setup, teardown),
		cmocka_unit_test_setup_teardown(no_memory_is_an_answer, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
