/* test_tls_challenge.c: who gets the certificate of a tls-alpn-01 challenge, and who does not (RFC 8737 3). */
#include "../../proxy/net/tls_challenge.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint8_t digest[TLS_CHALLENGE_DIGEST_SIZE] = {1, 2, 3};
static bool taken;

static int
on_hello(SSL *ssl, int *alert, void *name)
{
	(void)alert;
	taken = tls_challenge_take(ssl, tc_str_from(name));
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* A server with a certificate of its own. */
static SSL_CTX *
server_new(char *name)
{
	SSL_CTX *x = tls_context_new(TLS_server_method(), false);
	struct pki_key *key = pki_key_new();
	struct tc_str own = TC_STR("own.example");
	X509 *cert = pki_self_signed(key, (struct tc_strs){&own, 1}, NULL);

	assert_int_equal(SSL_CTX_use_cert_and_key(x, cert, pki_key_inside(key), NULL, 1), 1);
	SSL_CTX_set_client_hello_cb(x, on_hello, name);
	X509_free(cert);
	pki_key_destroy(&key);
	return x;
}

/* What the client sees: 0 no handshake, 1 the server's own, 2 a challenge's. */
static int
seen(const SSL *client)
{
	X509 *cert = SSL_get1_peer_certificate(client);
	ASN1_OBJECT *id = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
	const unsigned char *alpn;
	unsigned n;
	int which = 0;

	SSL_get0_alpn_selected(client, &alpn, &n);
	if (cert != NULL)
		which = X509_get_ext_by_OBJ(cert, id, -1) >= 0 ? 2 : 1;
	assert_true(which != 2 || (n == 10 && memcmp(alpn, "acme-tls/1", 10) == 0));
	ASN1_OBJECT_free(id);
	X509_free(cert);
	return which;
}

/* offered: protocols as ALPN has them; asked: the name that the server reads. */
static int
shake(char *asked, const char *offered, int version)
{
	SSL_CTX *server_context = server_new(asked), *client_context = SSL_CTX_new(TLS_client_method());
	SSL *server, *client;
	BIO *a, *b;
	int which, done = 0;

	assert_int_equal(SSL_CTX_set_max_proto_version(client_context, version), 1);
	if (offered[0] != '\0')
		assert_int_equal(SSL_CTX_set_alpn_protos(client_context, (const unsigned char *)offered, (unsigned)strlen(offered)), 0);
	server = SSL_new(server_context);
	client = SSL_new(client_context);
	assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
	SSL_set_bio(server, a, a);
	SSL_set_bio(client, b, b);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	for (int i = 0; i < 20 && done < 2; i++) {
		done = SSL_do_handshake(client) == 1;
		done += SSL_do_handshake(server) == 1;
	}
	which = done == 2 ? seen(client) : 0;
	SSL_free(server);
	SSL_free(client);
	SSL_CTX_free(server_context);
	SSL_CTX_free(client_context);
	return which;
}

#define ACME "\x0a"                                                                                  \
	     "acme-tls/1"

static void
who_asks_for_it_gets_it(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	char a[] = "a.example", b[] = "b.example";

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(shake(a, ACME, versions[i]), 1); /* nothing is pending */
		assert_true(tls_challenge_set(TC_STR("A.example"), digest));
		assert_int_equal(shake(a, ACME, versions[i]), 2);
		assert_int_equal(shake(b, ACME, versions[i]), 1);
		assert_false(taken);
		assert_int_equal(shake(a, "", versions[i]), 1);
		assert_int_equal(shake(a, "\x02h2", versions[i]), 1);
		assert_int_equal(shake(a, "\x02h2" ACME, versions[i]), 1); /* a visitor */
		assert_int_equal(shake(a, "\x09" "acme-tls/", versions[i]), 1);
		tls_challenge_clear(TC_STR("a.example"));
		assert_int_equal(shake(a, ACME, versions[i]), 1);
	}
}

static void
there_is_a_limit(void **state)
{
	char name[16], large[300];

	(void)state;
	memset(large, 'x', sizeof(large));
	assert_false(tls_challenge_set(tc_str_of(large, 256), digest));
	assert_false(tls_challenge_set(TC_STR(""), digest));
	for (int i = 0; i <= CHALLENGES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "%d.example", i);
		assert_true(tls_challenge_set(tc_str_from(name), digest) == (i < CHALLENGES_MAX));
	}
	assert_true(tls_challenge_set(TC_STR("7.example"), digest)); /* in place of the one before */
	for (int i = 0; i <= CHALLENGES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "%d.example", i);
		tls_challenge_clear(tc_str_from(name));
	}
	assert_int_equal(challenges.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_for_it_gets_it),
		cmocka_unit_test(there_is_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
