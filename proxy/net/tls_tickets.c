/* tls_tickets.c: see tls_tickets.h. */
#include "net/tls_tickets.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/core_names.h>

#include "net/crypto.h"
#include "net/tls_files.h"

#define KEY_LIFE_S (12 * 3600) /* a key of ours encrypts for so long, and then decrypts for twice as long */
#define OWN_KEYS 3

/* As nginx has them in its files. */
struct key {
	uint8_t name[16], hmac[32], aes[32];
};

_Static_assert(sizeof(struct key) == 80, "a key is what a file has of it");

struct tls_tickets {
	_Atomic size_t refs;
	pthread_mutex_t lock; /* of keys and n */
	struct key *keys;     /* TLS_KEYS_MAX of them, in pages that are kept out of swap and dumps */
	size_t n;
	int64_t next; /* when a new one of ours is due */
	struct tc_str path;
	struct tls_watched watched;
	bool kept_out; /* what is in the file now cannot be used */
};

#define KEYS_SIZE (TLS_KEYS_MAX * sizeof(struct key))

static struct tls_tickets *
tickets_new(void)
{
	struct tls_tickets *t = calloc(1, sizeof(*t));

	if (t == NULL || pthread_mutex_init(&t->lock, NULL) != 0)
		abort();
	t->refs = 1;
	t->keys = crypto_pages(KEYS_SIZE);
	if (t->keys == NULL)
		abort();
	return t;
}

void
tls_tickets_unref(struct tls_tickets **p)
{
	struct tls_tickets *t = *p;

	*p = NULL;
	if (t == NULL || atomic_fetch_sub(&t->refs, 1) != 1)
		return;
	crypto_pages_free(t->keys, KEYS_SIZE);
	(void)pthread_mutex_destroy(&t->lock);
	free((char *)(uintptr_t)t->path.p);
	free(t);
}

/* ---- our own ---- */

/* A new key in front; the oldest goes. false: no random numbers. */
static bool
rotate(struct tls_tickets *t)
{
	struct key fresh;

	if (!crypto_random(&fresh, sizeof(fresh)))
		return false;
	(void)pthread_mutex_lock(&t->lock);
	memmove(&t->keys[1], &t->keys[0], (OWN_KEYS - 1) * sizeof(t->keys[0]));
	t->keys[0] = fresh;
	t->n += t->n < OWN_KEYS;
	(void)pthread_mutex_unlock(&t->lock);
	explicit_bzero(&fresh, sizeof(fresh));
	return true;
}

struct tls_tickets *
tls_tickets_own(void)
{
	static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
	static struct tls_tickets *own;

	(void)pthread_mutex_lock(&once);
	if (own == NULL) {
		own = tickets_new();
		if (!rotate(own))
			abort(); /* the system has no random numbers */
	}
	atomic_fetch_add(&own->refs, 1);
	(void)pthread_mutex_unlock(&once);
	return own;
}

/* ---- a file's ---- */

static int
say(struct tls_fault *f, const char *text)
{
	f->where = TLS_FAULT_KEYS_FILE;
	(void)snprintf(f->text, sizeof(f->text), "%s", text);
	return -1;
}

/* How many bytes it has, up to one more than there is room for; -1: it cannot be read. */
static ssize_t
read_file(struct tc_str path, char *out, size_t room)
{
	char name[TLS_PATH_MAX];
	struct stat st;
	size_t n = 0;
	ssize_t k;
	int fd;

	if (snprintf(name, sizeof(name), "%.*s", (int)path.n, path.p) >= (int)sizeof(name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a pipe would wait for its writer */
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		errno = EINVAL;
		return -1;
	}
	while ((k = read(fd, out + n, room - n)) > 0)
		n += (size_t)k;
	(void)close(fd);
	return k == -1 ? -1 : (ssize_t)n;
}

static int
read_keys(struct tls_tickets *t, struct tls_fault *fault)
{
	char text[KEYS_SIZE + 1];
	ssize_t n;
	int r = 0;

	tls_watched_take(&t->watched, t->path);
	n = read_file(t->path, text, sizeof(text));
	if (n == -1) {
		(void)snprintf(fault->text, sizeof(fault->text), "it cannot be read: %s", strerror(errno));
		fault->where = TLS_FAULT_KEYS_FILE;
		r = -1;
	} else if (n == 0 || n % (ssize_t)sizeof(struct key) != 0) {
		r = say(fault, "it does not have 80 bytes for each key");
	} else if ((size_t)n > KEYS_SIZE) {
		r = say(fault, "it has more than 16 keys");
	} else {
		(void)pthread_mutex_lock(&t->lock);
		explicit_bzero(t->keys, KEYS_SIZE);
		memcpy(t->keys, text, (size_t)n);
		t->n = (size_t)n / sizeof(struct key);
		(void)pthread_mutex_unlock(&t->lock);
	}
	explicit_bzero(text, sizeof(text));
	return r;
}

struct tls_tickets *
tls_tickets_of(struct tc_str path, struct tls_fault *fault)
{
	struct tls_tickets *t = tickets_new();
	char *p = strndup(path.p, path.n);

	if (p == NULL)
		abort();
	t->path = tc_str_of(p, path.n);
	if (read_keys(t, fault) < 0)
		tls_tickets_unref(&t);
	return t;
}

int
tls_tickets_look(struct tls_tickets *t, int64_t now, struct tls_fault *fault)
{
	if (t->path.n > 0 && tls_watched_look(&t->watched, t->path)) {
		t->kept_out = read_keys(t, fault) < 0;
		return t->kept_out ? -1 : 0;
	}
	if (t->path.n > 0)
		return 0;
	if (t->next == 0)
		t->next = now + KEY_LIFE_S;
	if (now >= t->next && rotate(t))
		t->next = now + KEY_LIFE_S;
	return 0;
}

bool
tls_tickets_are_current(const struct tls_tickets *t)
{
	return !t->kept_out;
}

/* ---- for OpenSSL ---- */

/* The key with this name, or the first one. Its place, or -1. */
static int
find(struct tls_tickets *t, const unsigned char *name, struct key *out)
{
	int found = -1;

	(void)pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->n && found < 0; i++)
		if (name == NULL || memcmp(t->keys[i].name, name, sizeof(out->name)) == 0) {
			*out = t->keys[i];
			found = (int)i;
		}
	(void)pthread_mutex_unlock(&t->lock);
	return found;
}

static bool
set_up(const struct key *k, const unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, bool encrypt)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)k->hmac, sizeof(k->hmac)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1 &&
	    EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, k->aes, iv, encrypt) == 1;
}

int
tls_tickets_ask(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
	struct tls_tickets *t = tls_server_tickets(tls_conn_of(ssl)->tls->server);
	struct key k;
	int at = find(t, encrypt ? NULL : name, &k), r = -1;

	if (at < 0)
		return encrypt ? -1 : 0;
	if (encrypt)
		memcpy(name, k.name, sizeof(k.name));
	/* 2: it is taken, and a new one given: one of 1.3 is used once (RFC 8446 C.4), and who resumes wants to again. */
	if ((!encrypt || crypto_random(iv, 16)) && set_up(&k, iv, cipher, mac, encrypt))
		r = at == 0 && (encrypt || SSL_version(ssl) != TLS1_3_VERSION) ? 1 : 2;
	explicit_bzero(&k, sizeof(k));
	return r;
}
