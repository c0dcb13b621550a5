/* tls_server.c: see tls_server.h. */
#include "net/tls_server.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "net/crypto.h"
#include "net/tls_files.h"
#include "net/tls_inside.h"
#include "net/tls_pair.h"
#include "net/tls_tickets.h"

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

/* Where a pair comes from, and what was read last. Of the thread that looks. */
struct source {
	struct tls_pair_files files;
	struct tls_watched cert, key;
	struct tls_pair pair;
	bool kept_out; /* what is in the files now cannot be used */
};

struct tls_server {
	_Atomic size_t refs;  /* whoever has it, and handshakes under way */
	pthread_mutex_t lock; /* of set */
	struct tls_set *set;
	struct tls_tickets *tickets;
	struct source *sources;
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
	t->challenge = host.n > 0 && t->sni != NULL && tls_challenge_take(ssl, tc_str_from(t->sni));
	if (host.n > 0 && t->sni != NULL && !t->challenge)
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
	(void)SSL_CTX_set_num_tickets(x, 1); /* each connection uses one at most, and brings one: tls_tickets_ask() */
	SSL_CTX_set_client_hello_cb(x, on_hello, s);
	(void)SSL_CTX_set_tlsext_servername_callback(x, on_name);
	SSL_CTX_set_alpn_select_cb(x, on_alpn, s);
	(void)SSL_CTX_set_tlsext_ticket_key_evp_cb(x, tls_tickets_ask);
	return x;
}

/* What a ticket of this context is bound to: the listener, and the files that the certificate comes from. */
static void
bind_tickets(const struct tls_server *s, size_t pair, SSL_CTX *x)
{
	uint8_t mac[CRYPTO_MAC_SIZE];

	crypto_hmac_sha256(s->id, sizeof(s->id), s->sources[pair].files.cert, mac);
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
copy_names(struct choice *to, const struct tls_pair *from)
{
	to->names = calloc(from->name_count + 1, sizeof(*to->names));
	if (to->names == NULL)
		abort();
	for (; to->name_count < from->name_count; to->name_count++) {
		to->names[to->name_count] = strdup(from->names[to->name_count]);
		if (to->names[to->name_count] == NULL)
			abort();
	}
}

/* The first pair with the same names that this one may stand beside, or i itself. */
static size_t
companion(const struct source *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!tls_pair_same_kind(&v[k].pair, &v[i].pair) && tls_pair_same_names(&v[k].pair, &v[i].pair))
			return k;
	return i;
}

/* Adds pair i; at: the choice of each one before. */
static int
set_add(struct tls_server *s, struct tls_set *set, size_t *at, size_t i, struct tls_fault *fault)
{
	const struct tls_pair *pair = &s->sources[i].pair;
	size_t k = companion(s->sources, i);

	at[i] = k == i ? set->n : at[k];
	set->certificates[i] = (struct tls_certificate){pair->not_before, pair->not_after};
	if (k == i) {
		set->v[set->n++].context = server_context(s);
		bind_tickets(s, i, set->v[at[i]].context);
		copy_names(&set->v[at[i]], pair);
	}
	fault->pair = i;
	return add_pair(set->v[at[i]].context, pair, fault);
}

/* Of all pairs as they were read. NULL: fault says why. */
static struct tls_set *
set_new(struct tls_server *s, struct tls_fault *fault)
{
	struct tls_set *set = calloc(1, sizeof(*set) + s->pair_count * sizeof(set->v[0]));
	size_t *at = calloc(s->pair_count, sizeof(*at));

	if (set == NULL || at == NULL)
		abort();
	set->refs = 1;
	set->certificates = calloc(s->pair_count, sizeof(*set->certificates));
	if (set->certificates == NULL)
		abort();
	for (size_t i = 0; i < s->pair_count && set != NULL; i++)
		if (set_add(s, set, at, i, fault) < 0)
			tls_set_unref(&set);
	free(at);
	return set;
}

static int
source_read(struct source *f, struct tls_pair *out, struct tls_fault *fault)
{
	tls_watched_take(&f->cert, f->files.cert);
	tls_watched_take(&f->key, f->files.key);
	return tls_pair_read(&f->files, out, fault);
}

static struct tls_set *
read_set(struct tls_server *s, struct tls_fault *fault)
{
	for (size_t i = 0; i < s->pair_count; i++) {
		struct source *f = &s->sources[i];

		fault->pair = i;
		if (source_read(f, &f->pair, fault) == 0)
			continue;
		if (f->files.place_held.n == 0)
			return NULL;
		tls_pair_hold_place(f->files.place_held, &f->pair);
	}
	return set_new(s, fault);
}

/* ---- files that change ---- */

static void
use_set(struct tls_server *s, struct tls_set *set)
{
	struct tls_set *old;

	(void)pthread_mutex_lock(&s->lock);
	old = s->set;
	s->set = set;
	(void)pthread_mutex_unlock(&s->lock);
	tls_set_unref(&old); /* handshakes under way have their own reference */
}

/* The pair that is in the files now takes the place of the one before, if it can be used. */
static int
exchange_pair(struct tls_server *s, size_t i, struct tls_fault *fault)
{
	struct tls_pair old = s->sources[i].pair, read;
	struct tls_set *set;

	fault->pair = i;
	if (source_read(&s->sources[i], &read, fault) < 0)
		return -1;
	s->sources[i].pair = read;
	set = set_new(s, fault);
	if (set != NULL)
		use_set(s, set);
	else
		s->sources[i].pair = old;
	tls_pair_clear(set != NULL ? &old : &read);
	return set != NULL ? 0 : -1;
}

bool
tls_server_look(struct tls_server *s, int64_t now, struct tls_fault *fault, bool *taken)
{
	bool fine = true;

	*taken = false;
	for (size_t i = 0; i < s->pair_count && fine; i++) {
		struct source *f = &s->sources[i];
		bool cert = tls_watched_look(&f->cert, f->files.cert), key = tls_watched_look(&f->key, f->files.key);

		if (!cert && !key)
			continue;
		fine = exchange_pair(s, i, fault) == 0;
		f->kept_out = !fine;
		*taken = *taken || fine;
	}
	return fine && tls_tickets_look(s->tickets, now, fault) == 0;
}

bool
tls_server_is_current(const struct tls_server *s)
{
	for (size_t i = 0; i < s->pair_count; i++)
		if (s->sources[i].kept_out)
			return false;
	return tls_tickets_are_current(s->tickets);
}

struct tls_tickets *
tls_server_tickets(const struct tls_server *s)
{
	return s->tickets;
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

static struct tls_pair_files
copy_files(const struct tls_pair_files *f)
{
	struct tc_str *names = calloc(f->place_held.n + 1, sizeof(*names));

	if (names == NULL)
		abort();
	for (size_t i = 0; i < f->place_held.n; i++)
		names[i] = copy(f->place_held.v[i]);
	return (struct tls_pair_files){copy(f->cert), copy(f->key), {names, f->place_held.n}};
}

static void
free_files(struct tls_pair_files *f)
{
	free((char *)(uintptr_t)f->cert.p);
	free((char *)(uintptr_t)f->key.p);
	for (size_t i = 0; i < f->place_held.n; i++)
		free((char *)(uintptr_t)f->place_held.v[i].p);
	free((struct tc_str *)(uintptr_t)f->place_held.v);
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
	    .sources = calloc(settings->pair_count, sizeof(*s->sources))};
	if (s->sources == NULL || pthread_mutex_init(&s->lock, NULL) != 0)
		abort();
	crypto_sha256(settings->id, s->id);
	for (size_t i = 0; i < s->pair_count; i++)
		s->sources[i].files = copy_files(&settings->pairs[i]);
	s->tickets = settings->keys_file.n > 0 ? tls_tickets_of(settings->keys_file, fault) : tls_tickets_own();
	s->set = s->tickets != NULL ? read_set(s, fault) : NULL;
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
		free_files(&s->sources[i].files);
		tls_pair_clear(&s->sources[i].pair);
	}
	free(s->sources);
	tls_tickets_unref(&s->tickets);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}
