/* tls.c: see tls.h. One connection's TLS, between the socket's bytes and its owner. */
#include "net/tls.h"

#include <assert.h>
#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/err.h>

#include "net/tls_inside.h"

#define RECORD (16 << 10) /* the most that one record holds (RFC 8446 5.1) */
#define PLAIN_SIZE (LOOP_READ_SIZE + RECORD) /* what came, and what was waiting for the end of its record */
#define CIPHER_SIZE (80 << 10) /* what is sent at once */
#define ANSWERS_MAX (256 << 10) /* bytes that wait for a peer that makes us speak and does not listen */

/* The buffers that all connections of a loop share: none of them holds anything between calls. */
struct tls_buffers {
	size_t cipher_n;
	bool last; /* what is written now is the last record of a write */
	char plain[PLAIN_SIZE];
	char gather[RECORD];
	char cipher[CIPHER_SIZE];
};

/* What a loop has for TLS. One BIO does for all connections: OpenSSL works for one at a time. */
struct tls_loop {
	struct tls_buffers buffers; /* first: what is wiped */
	BIO *bio;                   /* its data: the conn that OpenSSL is at work for */
	struct tls_records *records;
};

static BIO *make_bio(void);

static struct tls_loop *
tls_loop(struct loop *l)
{
	struct tls_loop *t = l->tls;

	if (t != NULL)
		return t;
	l->tls = t = calloc(1, sizeof(*t));
	if (t == NULL)
		abort();
	t->bio = make_bio();
	t->records = tls_records_keep();
	return t;
}

static struct tls_buffers *
buffers_of(struct loop *l)
{
	return &tls_loop(l)->buffers;
}

void
tls_tick(struct loop *l)
{
	if (l->tls != NULL)
		explicit_bzero(l->tls, sizeof(struct tls_buffers));
}

void
tls_loop_close(struct loop *l)
{
	struct tls_loop *t = l->tls;

	if (t == NULL)
		return;
	tls_tick(l);
	(void)BIO_free(t->bio); /* connections have references of their own */
	tls_records_let_go(&t->records);
	free(t);
	l->tls = NULL;
}

/* ---- towards the socket ---- */

/* Sends, or queues, what OpenSSL has written. */
static int
flush(struct conn *c)
{
	struct tls_buffers *b = buffers_of(c->loop);
	uv_buf_t v = uv_buf_init(b->cipher, (unsigned)b->cipher_n);

	b->cipher_n = 0;
	return v.len > 0 ? conn_send(c, &v, 1, v.len) : 0;
}

/*
 * A ticket of 1.3 is the last word of a handshake, and nobody waits for it: it goes out with the first answer, which saves
 * both sides a turn. What is in b->cipher is nothing else then.
 */
static void
hold(struct tls *t, struct tls_buffers *b)
{
	if (b->cipher_n == 0)
		return;
	t->held = malloc(b->cipher_n);
	if (t->held == NULL)
		abort();
	memcpy(t->held, b->cipher, b->cipher_n);
	t->held_n = b->cipher_n;
	b->cipher_n = 0;
}

static void
unhold(struct tls *t, struct tls_buffers *b)
{
	if (t->held == NULL)
		return;
	assert(b->cipher_n == 0 && t->held_n <= sizeof(b->cipher));
	memcpy(b->cipher, t->held, t->held_n);
	b->cipher_n = t->held_n;
	free(t->held);
	t->held = NULL;
}

/* The last record goes out with those before it, from where it stands. */
static int
send_last(struct conn *c, struct tls_buffers *b, const char *p, size_t n)
{
	uv_buf_t v[] = {uv_buf_init(b->cipher, (unsigned)b->cipher_n), uv_buf_init((char *)(uintptr_t)p, (unsigned)n)};
	unsigned first = b->cipher_n == 0;

	b->cipher_n = 0;
	return conn_send(c, v + first, 2 - first, v[0].len + n);
}

/* Never says that it has no room: what does not fit goes out first. */
static int
bio_write(BIO *bio, const char *p, size_t n, size_t *done)
{
	struct conn *c = BIO_get_data(bio);
	struct tls_buffers *b = buffers_of(c->loop);

	*done = n;
	unhold(c->tls, b);
	if (b->last)
		return send_last(c, b, p, n) == 0;
	for (size_t left = n; left > 0;) {
		size_t k = sizeof(b->cipher) - b->cipher_n;

		k = left < k ? left : k;
		memcpy(b->cipher + b->cipher_n, p, k);
		b->cipher_n += k;
		p += k;
		left -= k;
		if (left > 0 && flush(c) < 0)
			return 0;
	}
	return 1;
}

static int
bio_read(BIO *bio, char *p, size_t n, size_t *done)
{
	struct conn *c = BIO_get_data(bio);
	struct tc_str *in = &c->tls->in;

	*done = n < in->n ? n : in->n;
	memcpy(p, in->p, *done);
	tc_skip(in, *done);
	BIO_clear_retry_flags(bio);
	if (*done == 0)
		BIO_set_retry_read(bio);
	return *done > 0;
}

static long
bio_control(BIO *bio, int what, long number, void *p)
{
	(void)bio;
	(void)number;
	(void)p;
	return what == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;
static int kind; /* of our BIOs; 0: there are none yet */

static void
make_method(void)
{
	kind = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK;
	method = BIO_meth_new(kind, "tacet");
	if (method == NULL || BIO_meth_set_write_ex(method, bio_write) != 1 || BIO_meth_set_read_ex(method, bio_read) != 1 ||
	    BIO_meth_set_ctrl(method, bio_control) != 1)
		abort();
}

static BIO *
make_bio(void)
{
	static uv_once_t once = UV_ONCE_INIT;
	BIO *bio;

	uv_once(&once, make_method);
	bio = BIO_new(method);
	if (bio == NULL)
		abort();
	BIO_set_init(bio, 1);
	return bio;
}

struct conn *
tls_conn_of(const SSL *ssl)
{
	BIO *bio = SSL_get_rbio(ssl);

	return bio != NULL && BIO_method_type(bio) == kind ? BIO_get_data(bio) : NULL;
}

/*
 * Before OpenSSL is asked for a connection's bytes. What errors it leaves then are the reason; there hardly ever are any
 * before, and to look costs less than to clear.
 */
static void
ask_for(struct conn *c)
{
	BIO_set_data(tls_loop(c->loop)->bio, c);
	if (ERR_peek_error() != 0)
		ERR_clear_error();
}

/* ---- how it begins ---- */

static void
begin(struct conn *c, SSL_CTX *context, bool client)
{
	struct tls *t = calloc(1, sizeof(*t));
	BIO *bio = tls_loop(c->loop)->bio;

	assert(c->tls == NULL);
	if (t == NULL)
		abort();
	t->ssl = SSL_new(context);
	if (t->ssl == NULL || BIO_up_ref(bio) != 1)
		abort(); /* a small allocation failed */
	t->client = client;
	t->outcome.result = TLS_CLOSED;
	t->in = tc_str_of("", 0);
	SSL_set_bio(t->ssl, bio, bio);
	c->tls = t;
	c->direct = false;
}

void
tls_accept(struct conn *c, struct tls_server *s)
{
	struct tls_set *set = tls_server_set(s);

	begin(c, tls_set_default(set), false);
	c->tls->set = set;
	c->tls->server = tls_server_ref(s);
	SSL_set_accept_state(c->tls->ssl);
}

int
tls_connect(struct conn *c, struct tls_client *k, struct tc_str host, struct tls_memory *memory)
{
	SSL_CTX *context = tls_client_context(k);
	struct tls *t;

	begin(c, context, true);
	SSL_CTX_free(context); /* the connection has its own reference */
	t = c->tls;
	t->memory = memory;
	if (!tls_client_expect(k, t->ssl, host))
		return -1;
	t->begun = uv_now(&c->loop->uv);
	if (memory->context != context)
		tls_memory_clear(memory); /* proven with other files; and it holds on to their key */
	if (tls_memory_is_fresh(memory, t->begun)) {
		t->offered = true;
		t->proven = memory->proven;
		(void)SSL_set_session(t->ssl, memory->session);
	}
	SSL_set_connect_state(t->ssl);
	ask_for(c);
	(void)SSL_do_handshake(t->ssl); /* says hello; what comes of it is seen when the other side has answered */
	ERR_clear_error();
	return flush(c);
}

/* A server that cannot take its own session back may take a full handshake. */
void
tls_closing(struct conn *c)
{
	if (c->tls->offered && !c->tls->secured)
		tls_memory_clear(c->tls->memory);
}

void
tls_destroy(struct tls **p)
{
	struct tls *t = *p;

	*p = NULL;
	if (t == NULL)
		return;
	/* A connection that was dropped says nothing about its session. */
	if (t->secured && !t->failed)
		SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(t->ssl);
	tls_set_unref(&t->set);
	tls_server_unref(&t->server);
	free(t->held);
	if (t->sni != NULL)
		explicit_bzero(t->sni, strlen(t->sni));
	free(t->sni);
	free(t);
}

/* ---- the handshake ---- */

static enum tls_version
version_of(const SSL *ssl)
{
	switch (SSL_version(ssl)) {
	case TLS1_3_VERSION: return TLS_VERSION_13;
	case TLS1_2_VERSION: return TLS_VERSION_12;
	default: return TLS_VERSION_NONE;
	}
}

/* What OpenSSL says of its failure, in the words of the counters. */
static enum tls_result
why_failed(void)
{
	unsigned long e = ERR_peek_error();
	int reason = ERR_GET_REASON(e);

	switch (reason) {
	case SSL_R_HTTP_REQUEST:
	case SSL_R_HTTPS_PROXY_REQUEST:
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_BAD_RECORD_TYPE:
		return TLS_CLEAR;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_NO_PROTOCOLS_AVAILABLE:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_UNKNOWN_PROTOCOL:
	case SSL_R_INAPPROPRIATE_FALLBACK:
		return TLS_VERSION;
	case SSL_R_NO_SHARED_CIPHER:
	case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
	case SSL_R_NO_SUITABLE_KEY_SHARE:
	case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
		return TLS_CIPHER;
	case SSL_R_NO_APPLICATION_PROTOCOL:
		return TLS_PROTOCOL;
	default:
		return reason > SSL_AD_REASON_OFFSET && ERR_GET_LIB(e) == ERR_LIB_SSL ? TLS_ALERT : TLS_OTHER;
	}
}

static void
fail(struct conn *c, enum tls_result why)
{
	struct tls *t = c->tls;

	t->failed = true;
	if (!t->secured)
		t->outcome = (struct tls_outcome){version_of(t->ssl), why};
	ERR_clear_error();
	conn_report_end(c, UV_EPROTO);
}

/* true: it is over, and well. */
static bool
shake(struct conn *c)
{
	struct tls *t = c->tls;
	int r, error;

	ask_for(c);
	r = SSL_do_handshake(t->ssl);
	error = SSL_get_error(t->ssl, r);
	if (r == 1 && !t->client && version_of(t->ssl) == TLS_VERSION_13)
		hold(t, buffers_of(c->loop));
	(void)flush(c); /* a failure shows at the next write, or as the end */
	if (r != 1 && error == SSL_ERROR_WANT_READ)
		return false;
	if (r != 1) {
		fail(c, why_failed());
		return false;
	}
	t->secured = true;
	t->outcome = (struct tls_outcome){version_of(t->ssl), SSL_session_reused(t->ssl) ? TLS_RESUMED : TLS_FULL};
	tls_set_unref(&t->set);
	tls_server_unref(&t->server);
	if (t->challenge) { /* who looked has seen it */
		tls_say_end(c);
		conn_report_end(c, 0);
		return false;
	}
	if (c->ops->secured != NULL)
		c->ops->secured(c);
	return !c->closing && !c->ended && !c->lingering;
}

/* ---- bytes ---- */

/* All that came in one read goes up in one piece. */
static void
read_records(struct conn *c)
{
	struct tls *t = c->tls;
	struct tls_buffers *b = buffers_of(c->loop);
	size_t n = 0, k;
	int r = 1, error = SSL_ERROR_WANT_READ;

	ask_for(c);
	while (r == 1 && n < sizeof(b->plain) && (t->in.n > 0 || SSL_has_pending(t->ssl) != 0)) {
		r = SSL_read_ex(t->ssl, b->plain + n, sizeof(b->plain) - n, &k);
		n += r == 1 ? k : 0;
	}
	if (r != 1)
		error = SSL_get_error(t->ssl, r);
	(void)flush(c); /* answers to renewed keys, or an alert */
	if (n > 0)
		c->ops->data(c, tc_str_of(b->plain, n));
	if (c->closing || c->ended || c->lingering)
		return;
	if (error == SSL_ERROR_ZERO_RETURN) {
		t->peer_end = true;
		conn_report_end(c, 0);
	} else if (error != SSL_ERROR_WANT_READ || (n == 0 && conn_pending(c) > ANSWERS_MAX)) {
		fail(c, TLS_OTHER);
	}
}

void
tls_input(struct conn *c, struct tc_str in)
{
	struct tls *t = c->tls;

	t->in = in;
	if (!t->failed && (t->secured || shake(c)))
		read_records(c);
	t->in = tc_str_of("", 0);
}

/* One record. */
static int
put(struct conn *c, const char *p, size_t n, bool last)
{
	struct tls *t = c->tls;
	struct tls_buffers *b = buffers_of(c->loop);
	size_t done;
	int r;

	b->last = last;
	r = SSL_write_ex(t->ssl, p, n, &done);
	b->last = false;
	if (r == 1)
		return 0;
	t->failed = true;
	c->broken = true;
	ERR_clear_error();
	return -1;
}

/* Small pieces are put together; of a large one full records are made where it stands. */
static int
put_all(struct conn *c, const uv_buf_t *v, unsigned n)
{
	struct tls_buffers *b = buffers_of(c->loop);
	size_t gathered = 0;
	int r = 0;

	for (unsigned i = 0; i < n && r == 0; i++) {
		const char *p = v[i].base;
		size_t left = v[i].len;

		while (left > 0 && r == 0) {
			bool as_is = gathered == 0 && (left >= RECORD || i + 1 == n);
			size_t k = left < RECORD - gathered ? left : RECORD - gathered;

			if (as_is) {
				r = put(c, p, k, left == k && i + 1 == n);
			} else {
				memcpy(b->gather + gathered, p, k);
				gathered += k;
			}
			if (gathered == RECORD) {
				r = put(c, b->gather, gathered, left == k && i + 1 == n);
				gathered = 0;
			}
			p += k;
			left -= k;
		}
	}
	return r == 0 && gathered > 0 ? put(c, b->gather, gathered, true) : r;
}

int
tls_write(struct conn *c, const uv_buf_t *v, unsigned n)
{
	struct tls *t = c->tls;
	int r;

	if (!t->secured || t->failed || t->our_end)
		return -1;
	assert(buffers_of(c->loop)->cipher_n == 0);
	ask_for(c);
	r = put_all(c, v, n);
	return flush(c) < 0 ? -1 : r;
}

/* ---- how it ends ---- */

void
tls_say_end(struct conn *c)
{
	struct tls *t = c->tls;

	if (!t->secured || t->failed || t->our_end || c->broken)
		return;
	t->our_end = true;
	ask_for(c);
	(void)SSL_shutdown(t->ssl);
	ERR_clear_error();
	(void)flush(c);
}

/*
 * A server's end without close_notify is what somebody in between can make: what came before may be cut short. Of a
 * visitor's nothing depends on it: its requests say how long they are.
 */
int
tls_end_error(const struct conn *c)
{
	return c->tls->client && !c->tls->peer_end ? UV_ECONNRESET : 0;
}

struct tls_outcome
tls_outcome(const struct conn *c)
{
	return c->tls->outcome;
}

struct tc_str
conn_alpn(const struct conn *c)
{
	const unsigned char *p = NULL;
	unsigned n = 0;

	if (c->tls != NULL)
		SSL_get0_alpn_selected(c->tls->ssl, &p, &n);
	return n > 0 ? tc_str_of((const char *)p, n) : tc_str_of("", 0);
}

struct tc_str
conn_sni(const struct conn *c)
{
	return c->tls != NULL && c->tls->sni != NULL ? tc_str_from(c->tls->sni) : tc_str_of("", 0);
}
