/* tls_server.c: see tls_server.h. */
#include "net/tls_server.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "net/crypto.h"
#include "net/tls_inside.h"
#include "net/tls_pair.h"

#define SESSION_S (12 * 3600) /* how long a ticket is good for */

/* One group of names: its context has one certificate of each kind. */
struct choice {
	SSL_CTX *context;
	char **names;
	size_t name_count;
};

struct tls_set {
	_Atomic size_t refs;
	struct tls_certificate *certificates; /* of each pair */
	size_t n;
	struct choice v[];
};

struct tls_server {
	_Atomic size_t refs;  /* whoever has it, and handshakes under way */
	pthread_mutex_t lock; /* of set */
	struct tls_set *set;
	struct tls_pair_files *files;
	size_t pair_count;
	bool only_13, h1, h2;
	uint8_t id[32];
};

/* ---- sets ---- */

void
tls_set_unref(struct tls_set **p)
{
	struct tls_set *set = *p;

	*p = NULL;
	if (set == NULL || atomic_fetch_sub(&set->refs, 1) != 1)
		return;
	for (size_t i = 0; i < set->n; i++) {
		SSL_CTX_free(set->v[i].context);
		for (size_t k = 0; k < set->v[i].name_count; k++)
			free(set->v[i].names[k]);
		free(set->v[i].names);
	}
	free(set->certificates);
	free(set);
}

struct tls_server *
tls_server_ref(struct tls_server *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

struct tls_set *
tls_server_set(struct tls_server *s)
{
	struct tls_set *set;

	(void)pthread_mutex_lock(&s->lock);
	set = s->set;
	atomic_fetch_add(&set->refs, 1);
	(void)pthread_mutex_unlock(&s->lock);
	return set;
}

SSL_CTX *
tls_set_default(const struct tls_set *set)
{
	return set->v[0].context;
}

/* How well a name of a certificate fits: 2 exact, 1 wildcard, which stands for one label, 0 not. */
static int
rank(const char *name, struct tc_str host)
{
	struct tc_str n = tc_str_from(name);
	size_t dot = tc_find_byte(host, '.');

	if (tc_eq(n, host))
		return 2;
	if (n.n < 3 || n.p[0] != '*' || n.p[1] != '.' || dot == 0 || dot == host.n)
		return 0;
	return tc_eq(tc_str_of(n.p + 1, n.n - 1), tc_str_of(host.p + dot, host.n - dot)) ? 1 : 0;
}

/* Of several that fit alike the first one listed. */
static const struct choice *
choose(const struct tls_set *set, struct tc_str host)
{
	const struct choice *best = &set->v[0];
	int best_rank = 0;

	for (size_t i = 0; i < set->n && best_rank < 2; i++)
		for (size_t k = 0; k < set->v[i].name_count; k++) {
			int r = rank(set->v[i].names[k], host);

			if (r > best_rank) {
				best = &set->v[i];
				best_rank = r;
			}
		}
	return best;
}

/* ---- what OpenSSL asks during a handshake ---- */

/* The name in a server_name extension (RFC 6066 3), in lower case; n = 0: none that is one. */
static struct tc_str
read_sni(const unsigned char *p, size_t n, char out[TLS_SNI_MAX + 1])
{
	size_t list, name;

	if (n < 5)
		return TC_STR("");
	list = (size_t)p[0] << 8 | p[1];
	name = (size_t)p[3] << 8 | p[4];
	if (list != n - 2 || p[2] != TLSEXT_NAMETYPE_host_name || name == 0 || name > list - 3 || name > TLS_SNI_MAX)
		return TC_STR("");
	for (size_t i = 0; i < name; i++) {
		unsigned char c = p[5 + i];

		if (c <= ' ' || c >= 0x7F)
			return TC_STR("");
		out[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	if (out[name - 1] == '.') /* a resolver's way to write it */
		name--;
	out[name] = '\0';
	return tc_str_of(out, name);
}

/*
 * The name decides on the certificate before anything else is looked at: a ticket is then held against what it was
 * given for (CVE-2025-23419).
 */
static int
on_hello(SSL *ssl, int *alert, void *arg)
{
	struct tls *t = tls_conn_of(ssl)->tls;
	const unsigned char *p;
	char name[TLS_SNI_MAX + 1];
	struct tc_str host = TC_STR("");
	size_t n;

	(void)alert;
	(void)arg;
	assert(t->set != NULL);
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &p, &n) == 1)
		host = read_sni(p, n, name);
	free(t->sni); /* a second hello, after a retry, has the same */
	t->sni = host.n > 0 ? strndup(host.p, host.n) : NULL;
	explicit_bzero(name, sizeof(name));
	if (host.n > 0 && t->sni != NULL)
		(void)SSL_set_SSL_CTX(ssl, choose(t->set, tc_str_from(t->sni))->context);
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* So that the extension is acknowledged. */
static int
on_name(SSL *ssl, int *alert, void *arg)
{
	(void)ssl;
	(void)alert;
	(void)arg;
	return SSL_TLSEXT_ERR_OK;
}

/* Who offers protocols and has none of ours is told so, rather than spoken to in one it did not ask for (RFC 7301 3.2). */
static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in, unsigned in_n, void *arg)
{
	static const unsigned char protocols[] = "\x02h2\x08http/1.1";
	const struct tls_server *s = arg;
	size_t from = s->h2 ? 0 : 3, until = s->h1 ? sizeof(protocols) - 1 : 3;
	unsigned char *chosen;

	(void)ssl;
	if (SSL_select_next_proto(&chosen, out_n, protocols + from, (unsigned)(until - from), in, in_n) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* ---- making ---- */

static SSL_CTX *
server_context(struct tls_server *s)
{
	SSL_CTX *x = tls_context_new(TLS_server_method(), s->only_13);

	if (x == NULL)
		abort();
	(void)SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_OFF); /* tickets only: nothing of a visitor stays here */
	(void)SSL_CTX_set_timeout(x, SESSION_S);
	SSL_CTX_set_client_hello_cb(x, on_hello, s);
	(void)SSL_CTX_set_tlsext_servername_callback(x, on_name);
	SSL_CTX_set_alpn_select_cb(x, on_alpn, s);
	return x;
}

/* What a ticket of this context is bound to: the listener, and the files that the certificate comes from. */
static void
bind_tickets(const struct tls_server *s, size_t pair, SSL_CTX *x)
{
	uint8_t mac[CRYPTO_MAC_SIZE];

	crypto_hmac_sha256(s->id, sizeof(s->id), s->files[pair].cert, mac);
	(void)SSL_CTX_set_session_id_context(x, mac, sizeof(mac));
}

static int
add_pair(SSL_CTX *x, const struct tls_pair *p, struct tls_fault *fault)
{
	if (SSL_CTX_use_cert_and_key(x, p->leaf, p->key, p->chain, 1) == 1)
		return 0;
	fault->where = TLS_FAULT_CERT;
	(void)snprintf(fault->text, sizeof(fault->text), "it cannot be used: %s",
	    ERR_GET_REASON(ERR_peek_error()) == SSL_R_EE_KEY_TOO_SMALL ? "its key is too short" : "its kind is unknown or too weak");
	ERR_clear_error();
	return -1;
}

static void
move_names(struct choice *to, struct tls_pair *from)
{
	to->names = from->names;
	to->name_count = from->name_count;
	from->names = NULL;
	from->name_count = 0;
}

/* The first pair with the same names that this one may stand beside, or i itself. */
static size_t
companion(const struct tls_pair *pairs, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!tls_pair_same_kind(&pairs[k], &pairs[i]) && tls_pair_same_names(&pairs[k], &pairs[i]))
			return k;
	return i;
}

/* Takes names of the pairs. NULL: fault says why. */
static struct tls_set *
set_new(struct tls_server *s, struct tls_pair *pairs, struct tls_fault *fault)
{
	struct tls_set *set = calloc(1, sizeof(*set) + s->pair_count * sizeof(set->v[0]));
	size_t *at = calloc(s->pair_count, sizeof(*at)); /* the choice of each pair */

	if (set == NULL || at == NULL)
		abort();
	set->refs = 1;
	set->certificates = calloc(s->pair_count, sizeof(*set->certificates));
	if (set->certificates == NULL)
		abort();
	for (size_t i = 0; i < s->pair_count; i++) {
		size_t k = companion(pairs, i);

		at[i] = k == i ? set->n : at[k];
		set->certificates[i] = (struct tls_certificate){pairs[i].not_before, pairs[i].not_after};
		if (k == i) {
			set->v[set->n++].context = server_context(s);
			bind_tickets(s, i, set->v[at[i]].context);
		}
		fault->pair = i;
		if (add_pair(set->v[at[i]].context, &pairs[i], fault) < 0) {
			tls_set_unref(&set);
			break;
		}
	}
	for (size_t i = 0; i < s->pair_count && set != NULL; i++)
		if (set->v[at[i]].names == NULL)
			move_names(&set->v[at[i]], &pairs[i]);
	free(at);
	return set;
}

static struct tls_set *
read_set(struct tls_server *s, struct tls_fault *fault)
{
	struct tls_pair *pairs = calloc(s->pair_count, sizeof(*pairs));
	struct tls_set *set = NULL;
	size_t n = 0;

	if (pairs == NULL)
		abort();
	while (n < s->pair_count) {
		fault->pair = n;
		if (tls_pair_read(&s->files[n], &pairs[n], fault) < 0)
			break;
		n++;
	}
	if (n == s->pair_count)
		set = set_new(s, pairs, fault);
	for (size_t i = 0; i < n; i++)
		tls_pair_clear(&pairs[i]);
	free(pairs);
	return set;
}

bool
tls_server_certificate(struct tls_server *s, size_t i, struct tls_certificate *out)
{
	struct tls_set *set;

	if (i >= s->pair_count)
		return false;
	set = tls_server_set(s);
	*out = set->certificates[i];
	tls_set_unref(&set);
	return true;
}

static struct tc_str
copy(struct tc_str s)
{
	char *p = strndup(s.p, s.n);

	if (p == NULL)
		abort();
	return tc_str_of(p, s.n);
}

struct tls_server *
tls_server_new(const struct tls_server_settings *settings, struct tls_fault *fault)
{
	struct tls_server *s = calloc(1, sizeof(*s));

	assert(settings->pair_count > 0);
	if (s == NULL)
		abort();
	*s = (struct tls_server){.refs = 1,
	    .pair_count = settings->pair_count,
	    .only_13 = settings->only_13,
	    .h1 = settings->h1,
	    .h2 = settings->h2,
	    .files = calloc(settings->pair_count, sizeof(*s->files))};
	if (s->files == NULL || pthread_mutex_init(&s->lock, NULL) != 0)
		abort();
	crypto_sha256(settings->id, s->id);
	for (size_t i = 0; i < s->pair_count; i++)
		s->files[i] = (struct tls_pair_files){copy(settings->pairs[i].cert), copy(settings->pairs[i].key)};
	s->set = read_set(s, fault);
	if (s->set == NULL)
		tls_server_unref(&s);
	return s;
}

void
tls_server_unref(struct tls_server **p)
{
	struct tls_server *s = *p;

	*p = NULL;
	if (s == NULL || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	tls_set_unref(&s->set);
	for (size_t i = 0; i < s->pair_count; i++) {
		free((char *)(uintptr_t)s->files[i].cert.p);
		free((char *)(uintptr_t)s->files[i].key.p);
	}
	free(s->files);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}
