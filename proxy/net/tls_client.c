/* tls_client.c: see tls_client.h. */
#include "net/tls_client.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "net/pki_inside.h"
#include "net/tls_files.h"
#include "net/tls_inside.h"
#include "net/tls_pair.h"

#define FILES 4
#define NAME_SIZE 256

struct tls_client {
	struct tls_client *next;
	struct tls_client_settings settings; /* copies of its texts */
	pthread_mutex_t lock;                /* of taking a reference to the context */
	_Atomic(SSL_CTX *) context;
	/* under the list's lock */
	size_t users;
	struct tls_watched files[FILES];
	uint64_t looked; /* ms: when last */
	bool kept_out;   /* what is in the files now cannot be used */
};

static struct {
	pthread_mutex_t lock;
	struct tls_client *list;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- sessions ---- */

void
tls_memory_clear(struct tls_memory *m)
{
	SSL_SESSION_free(m->session);
	SSL_CTX_free(m->context);
	m->session = m->context = NULL;
}

bool
tls_memory_is_fresh(const struct tls_memory *m, uint64_t now_ms)
{
	return m->session != NULL && now_ms - m->proven < TLS_PROVEN_MS;
}

/* Of several tickets the last one. */
static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	const struct conn *c = tls_conn_of(ssl);
	const struct tls *t = c != NULL ? c->tls : NULL;
	struct tls_memory *m = t != NULL ? t->memory : NULL;

	if (m == NULL || SSL_SESSION_is_resumable(session) != 1)
		return 0;
	tls_memory_clear(m);
	m->session = session;
	m->context = SSL_get_SSL_CTX(ssl);
	(void)SSL_CTX_up_ref(m->context);
	m->proven = SSL_session_reused(ssl) ? t->proven : t->begun;
	return 1; /* ours from now on */
}

/* ---- making ---- */

static int
say(struct tls_client_fault *f, enum tls_client_file where, const char *text)
{
	f->where = where;
	(void)snprintf(f->text, sizeof(f->text), "%s", text);
	ERR_clear_error();
	return -1;
}

/* Whom to trust. A file that cannot be read trusts nobody: said, rather than found out at the first request. */
static int
trust(SSL_CTX *x, const struct tls_client_settings *s, struct tls_client_fault *fault)
{
	char path[TLS_PATH_MAX];
	struct stat st;

	SSL_CTX_set_verify(x, s->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	if (s->ca_file.n == 0 && SSL_CTX_set_default_verify_paths(x) == 1)
		return 0;
	if (s->ca_file.n == 0)
		return say(fault, TLS_CLIENT_CA, "the system's certificates cannot be read");
	(void)snprintf(path, sizeof(path), "%.*s", (int)s->ca_file.n, s->ca_file.p);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return say(fault, TLS_CLIENT_CA, "it cannot be read: not a regular file"); /* to open a pipe is to wait */
	if (access(path, R_OK) == -1) {
		(void)say(fault, TLS_CLIENT_CA, "");
		(void)snprintf(fault->text, sizeof(fault->text), "it cannot be read: %s", strerror(errno));
		return -1;
	}
	if (SSL_CTX_load_verify_file(x, path) != 1)
		return say(fault, TLS_CLIENT_CA, "there is no certificate in it (PEM: -----BEGIN CERTIFICATE-----)");
	return 0;
}

static int
identify(SSL_CTX *x, const struct tls_client_settings *s, struct tls_client_fault *fault)
{
	const struct tls_pair_files files = {.cert = s->cert, .key = s->key};
	struct tls_fault found = {0};
	struct tls_pair pair;
	int r;

	if (s->cert.n == 0)
		return 0;
	if (tls_pair_read(&files, &pair, &found) < 0)
		return say(fault, found.where == TLS_FAULT_KEY ? TLS_CLIENT_KEY : TLS_CLIENT_CERT, found.text);
	r = SSL_CTX_use_cert_and_key(x, pair.leaf, pair.key, pair.chain, 1);
	tls_pair_clear(&pair);
	return r == 1 ? 0 : say(fault, TLS_CLIENT_CERT, "it cannot be used: its kind is unknown or too weak");
}

static SSL_CTX *
client_context(const struct tls_client_settings *s, struct tls_client_fault *fault)
{
	static const unsigned char http1[] = "\x08http/1.1";
	SSL_CTX *x = tls_context_new(TLS_client_method(), false);

	if (x == NULL || SSL_CTX_set_alpn_protos(x, http1, sizeof(http1) - 1) != 0)
		abort();
	(void)SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(x, on_session);
	if (trust(x, s, fault) == 0 && identify(x, s, fault) == 0)
		return x;
	SSL_CTX_free(x);
	return NULL;
}

static struct tc_str
copy(struct tc_str s)
{
	char *p = strndup(s.n > 0 ? s.p : "", s.n);

	if (p == NULL)
		abort();
	return tc_str_of(p, s.n);
}

static void
free_texts(struct tls_client *c)
{
	const struct tc_str texts[] = {c->settings.ca_file, c->settings.cert, c->settings.key, c->settings.name};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free((char *)(uintptr_t)texts[i].p);
}

/* Where OpenSSL looks for whom the system trusts. */
static struct tc_str
system_path(const char *variable, const char *otherwise)
{
	const char *p = secure_getenv(variable);

	return tc_str_from(p != NULL ? p : otherwise);
}

static void
list_paths(const struct tls_client_settings *s, struct tc_str paths[FILES])
{
	bool system = s->ca_file.n == 0;

	paths[0] = system ? system_path(X509_get_default_cert_file_env(), X509_get_default_cert_file()) : s->ca_file;
	paths[1] = s->cert;
	paths[2] = s->key;
	paths[3] = system ? system_path(X509_get_default_cert_dir_env(), X509_get_default_cert_dir()) : s->ca_file;
}

static void
take_files(const struct tls_client_settings *s, struct tls_watched files[FILES])
{
	struct tc_str paths[FILES];

	list_paths(s, paths);
	for (size_t i = 0; i < FILES; i++)
		tls_watched_take(&files[i], paths[i]);
}

static struct tls_client *
client_new(const struct tls_client_settings *s, struct tls_client_fault *fault)
{
	struct tls_client *c = calloc(1, sizeof(*c));

	if (c == NULL || pthread_mutex_init(&c->lock, NULL) != 0)
		abort();
	take_files(s, c->files);
	c->context = client_context(s, fault);
	if (c->context == NULL) {
		(void)pthread_mutex_destroy(&c->lock);
		free(c);
		return NULL;
	}
	c->settings = (struct tls_client_settings){copy(s->ca_file), copy(s->cert), copy(s->key), copy(s->name), s->verify};
	return c;
}

/* The same words, and the files are those that are in force. */
static bool
is_same(const struct tls_client *c, const struct tls_client_settings *s)
{
	const struct tls_client_settings *o = &c->settings;
	struct tls_watched now[FILES];

	if (c->kept_out || !tc_eq(o->ca_file, s->ca_file) || !tc_eq(o->cert, s->cert) || !tc_eq(o->key, s->key) ||
	    !tc_eq(o->name, s->name) || o->verify != s->verify)
		return false;
	take_files(s, now);
	for (size_t i = 0; i < FILES; i++)
		if (!tls_watched_same(&c->files[i], &now[i]))
			return false;
	return true;
}

struct tls_client *
tls_client_get(const struct tls_client_settings *s, struct tls_client_fault *fault)
{
	struct tls_client *c;

	(void)pthread_mutex_lock(&all.lock);
	c = all.list;
	while (c != NULL && !is_same(c, s))
		c = c->next;
	if (c == NULL && (c = client_new(s, fault)) != NULL) {
		c->next = all.list;
		all.list = c;
	}
	if (c != NULL)
		c->users++;
	(void)pthread_mutex_unlock(&all.lock);
	return c;
}

struct tls_client *
tls_client_ref(struct tls_client *c)
{
	(void)pthread_mutex_lock(&all.lock);
	c->users++;
	(void)pthread_mutex_unlock(&all.lock);
	return c;
}

void
tls_client_unref(struct tls_client **p)
{
	struct tls_client *c = *p, **at = &all.list;
	bool last;

	*p = NULL;
	if (c == NULL)
		return;
	(void)pthread_mutex_lock(&all.lock);
	assert(c->users > 0);
	last = --c->users == 0;
	if (last) {
		while (*at != c)
			at = &(*at)->next;
		*at = c->next;
	}
	(void)pthread_mutex_unlock(&all.lock);
	if (!last)
		return;
	SSL_CTX_free(c->context);
	(void)pthread_mutex_destroy(&c->lock);
	free_texts(c);
	free(c);
}

/* ---- files that change ---- */

static bool
has_changed(struct tls_client *c)
{
	struct tc_str paths[FILES];
	bool changed = false;

	list_paths(&c->settings, paths);
	for (size_t i = 0; i < FILES; i++)
		changed |= tls_watched_look(&c->files[i], paths[i]);
	return changed;
}

/* 0, or -1: the context before stays. Connections have references to it. */
static int
exchange_context(struct tls_client *c, struct tls_client_fault *fault)
{
	SSL_CTX *old, *x;

	take_files(&c->settings, c->files);
	x = client_context(&c->settings, fault);
	c->kept_out = x == NULL;
	if (x == NULL)
		return -1;
	(void)pthread_mutex_lock(&c->lock);
	old = atomic_exchange(&c->context, x);
	(void)pthread_mutex_unlock(&c->lock);
	SSL_CTX_free(old);
	return 0;
}

bool
tls_client_look(struct tls_client *c, uint64_t now, struct tls_client_fault *fault, bool *taken)
{
	bool fine = true;

	*taken = false;
	(void)pthread_mutex_lock(&all.lock);
	if (c->looked != now && has_changed(c)) {
		fine = exchange_context(c, fault) == 0;
		*taken = fine;
	}
	c->looked = now;
	(void)pthread_mutex_unlock(&all.lock);
	return fine;
}

bool
tls_client_is_current(const struct tls_client *c)
{
	return !c->kept_out;
}

/* ---- until when ---- */

static void
widen(struct tls_certificate *times, const X509 *x)
{
	int64_t from = pki_seconds_of(X509_get0_notBefore(x)), until = pki_seconds_of(X509_get0_notAfter(x));

	times->not_before = from < times->not_before ? from : times->not_before;
	times->not_after = until > times->not_after ? until : times->not_after;
}

bool
tls_client_times(struct tls_client *c, enum tls_client_file of, struct tls_certificate *out)
{
	SSL_CTX *x = tls_client_context(c);
	const STACK_OF(X509_OBJECT) *trusted = X509_STORE_get0_objects(SSL_CTX_get_cert_store(x));
	const X509 *ours = SSL_CTX_get0_certificate(x);

	*out = (struct tls_certificate){.not_before = INT64_MAX, .not_after = INT64_MIN};
	if (of != TLS_CLIENT_CA && ours != NULL)
		widen(out, ours);
	for (int i = 0; of == TLS_CLIENT_CA && c->settings.ca_file.n > 0 && i < sk_X509_OBJECT_num(trusted); i++)
		if (X509_OBJECT_get0_X509(sk_X509_OBJECT_value(trusted, i)) != NULL)
			widen(out, X509_OBJECT_get0_X509(sk_X509_OBJECT_value(trusted, i)));
	SSL_CTX_free(x);
	return out->not_before != INT64_MAX;
}

/* ---- one connection ---- */

SSL_CTX *
tls_client_context(struct tls_client *c)
{
	SSL_CTX *x;

	(void)pthread_mutex_lock(&c->lock);
	x = c->context;
	(void)SSL_CTX_up_ref(x);
	(void)pthread_mutex_unlock(&c->lock);
	return x;
}

bool
tls_is_current(const struct conn *c, const struct tls_client *k)
{
	return SSL_get_SSL_CTX(c->tls->ssl) == atomic_load_explicit(&k->context, memory_order_relaxed);
}

static bool
is_number(const char *name)
{
	unsigned char room[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, room) == 1 || inet_pton(AF_INET6, name, room) == 1;
}

/* Addresses are verified, and not asked for (RFC 6066 3). */
bool
tls_client_expect(const struct tls_client *c, SSL *ssl, struct tc_str host)
{
	struct tc_str name = c->settings.name.n > 0 ? c->settings.name : host;
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	char z[NAME_SIZE];

	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n == 0 || name.n >= sizeof(z) || memchr(name.p, '\0', name.n) != NULL)
		return false;
	memcpy(z, name.p, name.n);
	z[name.n] = '\0';
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (is_number(z))
		return X509_VERIFY_PARAM_set1_ip_asc(param, z) == 1;
	return X509_VERIFY_PARAM_set1_host(param, z, name.n) == 1 && SSL_set_tlsext_host_name(ssl, z) == 1;
}
