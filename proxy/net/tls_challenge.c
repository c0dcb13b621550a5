/* tls_challenge.c: see tls_challenge.h. A context for each name, made by the thread that orders, used by all loops. */
#include "net/tls_challenge.h"

#include <pthread.h>
#include <stdlib.h>

#include "net/pki_inside.h"
#include "net/tls_inside.h"

enum { CHALLENGES_MAX = 100 };

/* The extension of a hello that offers this one protocol (RFC 7301 3.1), and the protocol with its length. */
static const unsigned char offer[] = "\0\x0b\x0a" "acme-tls/1";
#define PROTOCOL (offer + 2)
#define PROTOCOL_N (sizeof(offer) - 3)

static struct {
	pthread_mutex_t lock;
	_Atomic size_t n;
	struct slot {
		SSL_CTX *context; /* NULL: free */
		char domain[TLS_SNI_MAX + 1];
	} v[CHALLENGES_MAX];
} challenges = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in, unsigned in_n, void *arg)
{
	(void)ssl;
	(void)arg;
	if (in_n != PROTOCOL_N || memcmp(in, PROTOCOL, PROTOCOL_N) != 0)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = PROTOCOL + 1;
	*out_n = (unsigned char)(PROTOCOL_N - 1);
	return SSL_TLSEXT_ERR_OK;
}

static int
on_name(SSL *ssl, int *alert, void *arg)
{
	(void)ssl;
	(void)alert;
	(void)arg;
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *
context_new(struct tc_str domain, const uint8_t digest[TLS_CHALLENGE_DIGEST_SIZE])
{
	SSL_CTX *x = tls_context_new(TLS_server_method(), false);
	struct pki_key *key = pki_key_new();
	X509 *cert = pki_self_signed(key, (struct tc_strs){&domain, 1}, digest);

	if (x == NULL || SSL_CTX_use_cert_and_key(x, cert, pki_key_inside(key), NULL, 1) != 1)
		abort();
	X509_free(cert);
	pki_key_destroy(&key);
	(void)SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_options(x, SSL_OP_NO_TICKET);
	(void)SSL_CTX_set_tlsext_servername_callback(x, on_name);
	SSL_CTX_set_alpn_select_cb(x, on_alpn, NULL);
	return x;
}

/* Under the lock. NULL: there is none. */
static struct slot *
find(struct tc_str domain)
{
	for (size_t i = 0; i < CHALLENGES_MAX; i++)
		if (challenges.v[i].context != NULL && tc_ieq(tc_str_from(challenges.v[i].domain), domain))
			return &challenges.v[i];
	return NULL;
}

static struct slot *
find_free(void)
{
	for (size_t i = 0; i < CHALLENGES_MAX; i++)
		if (challenges.v[i].context == NULL)
			return &challenges.v[i];
	return NULL;
}

bool
tls_challenge_set(struct tc_str domain, const uint8_t digest[TLS_CHALLENGE_DIGEST_SIZE])
{
	struct slot *s;
	SSL_CTX *x;

	if (domain.n == 0 || domain.n > TLS_SNI_MAX)
		return false;
	x = context_new(domain, digest);
	(void)pthread_mutex_lock(&challenges.lock);
	s = find(domain);
	if (s == NULL) {
		s = find_free();
		if (s != NULL) {
			(void)snprintf(s->domain, sizeof(s->domain), "%.*s", (int)domain.n, domain.p);
			atomic_fetch_add(&challenges.n, 1);
		}
	}
	if (s != NULL) {
		SSL_CTX_free(s->context);
		s->context = x;
	}
	(void)pthread_mutex_unlock(&challenges.lock);
	if (s == NULL)
		SSL_CTX_free(x);
	return s != NULL;
}

void
tls_challenge_clear(struct tc_str domain)
{
	struct slot *s;

	(void)pthread_mutex_lock(&challenges.lock);
	s = find(domain);
	if (s != NULL) {
		SSL_CTX_free(s->context); /* handshakes under way have their own reference */
		*s = (struct slot){0};
		atomic_fetch_sub(&challenges.n, 1);
	}
	(void)pthread_mutex_unlock(&challenges.lock);
}

bool
tls_challenge_take(SSL *ssl, struct tc_str host)
{
	const unsigned char *p;
	const struct slot *s;
	size_t n;

	if (atomic_load_explicit(&challenges.n, memory_order_relaxed) == 0 ||
	    SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &p, &n) != 1 ||
	    n != sizeof(offer) - 1 || memcmp(p, offer, n) != 0)
		return false;
	(void)pthread_mutex_lock(&challenges.lock);
	s = find(host);
	if (s != NULL)
		(void)SSL_set_SSL_CTX(ssl, s->context);
	(void)pthread_mutex_unlock(&challenges.lock);
	return s != NULL;
}
