/* tls_blocking.c: see tls_blocking.h. The handshake is part of the first write. */
#include "net/tls_blocking.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "net/tls_inside.h"

enum { NAME_MAX_LENGTH = 255, PATH_MAX_LENGTH = 4095 };

struct tls_blocking {
	BIO_METHOD *method;
	int fd;
	SSL_CTX *context;
	SSL *ssl;
	const char *why;
};

/* ---- the socket: OpenSSL's own would raise SIGPIPE where the peer has gone ---- */

static int
socket_outcome(BIO *b, ssize_t n, int retry)
{
	BIO_clear_retry_flags(b);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		BIO_set_flags(b, retry | BIO_FLAGS_SHOULD_RETRY);
	return (int)n;
}

static int
socket_write(BIO *b, const char *p, int n)
{
	const struct tls_blocking *t = BIO_get_data(b);

	return socket_outcome(b, send(t->fd, p, (size_t)n, MSG_NOSIGNAL), BIO_FLAGS_WRITE);
}

static int
socket_read(BIO *b, char *p, int n)
{
	const struct tls_blocking *t = BIO_get_data(b);

	return socket_outcome(b, recv(t->fd, p, (size_t)n, 0), BIO_FLAGS_READ);
}

static long
socket_ctrl(BIO *b, int what, long n, void *p)
{
	(void)b;
	(void)n;
	(void)p;
	return what == BIO_CTRL_FLUSH;
}

static bool
attach(struct tls_blocking *t)
{
	BIO *b;

	t->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket");
	if (t->method == NULL || BIO_meth_set_write(t->method, socket_write) != 1 ||
	    BIO_meth_set_read(t->method, socket_read) != 1 || BIO_meth_set_ctrl(t->method, socket_ctrl) != 1)
		return false;
	b = BIO_new(t->method);
	if (b == NULL)
		return false;
	BIO_set_data(b, t);
	BIO_set_init(b, 1);
	SSL_set_bio(t->ssl, b, b);
	return true;
}

/* ---- the context ---- */

static bool
copy_zero(char *out, size_t room, struct tc_str s)
{
	if (s.n >= room || (s.n > 0 && memchr(s.p, '\0', s.n) != NULL))
		return false;
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return true;
}

/* One that is not there yet, as before ACME has got it, is nobody's. */
static bool
trust_pins(SSL_CTX *context, struct tc_strs pins)
{
	char path[PATH_MAX_LENGTH + 1];
	bool any = false;

	for (size_t i = 0; i < pins.n; i++)
		any |= copy_zero(path, sizeof(path), pins.v[i]) && SSL_CTX_load_verify_file(context, path) == 1;
	ERR_clear_error();
	return any && X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

/* Whom to trust: a file of certificates, or the system's. */
static bool
trust(SSL_CTX *context, struct tc_str ca_file)
{
	char path[PATH_MAX_LENGTH + 1];

	if (ca_file.n == 0)
		return SSL_CTX_set_default_verify_paths(context) == 1;
	return copy_zero(path, sizeof(path), ca_file) && SSL_CTX_load_verify_file(context, path) == 1;
}

static SSL_CTX *
context_new(const struct tls_blocking_with *with, const char **why)
{
	static const unsigned char http1[] = "\x08http/1.1";
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context == NULL)
		abort();
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CLEANSE_PLAINTEXT);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set_alpn_protos(context, http1, sizeof(http1) - 1) == 0 &&
	    (with->pins.n > 0 ? trust_pins(context, with->pins) : trust(context, with->ca_file)))
		return context;
	*why = with->ca_file.n > 0 || with->pins.n > 0 ? "the file of trusted certificates cannot be read"
						       : "the system's certificates cannot be read";
	SSL_CTX_free(context);
	return NULL;
}

static bool
is_address(const char *name)
{
	unsigned char room[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, room) == 1 || inet_pton(AF_INET6, name, room) == 1;
}

/* Addresses are verified, and not asked for: RFC 6066 3. */
static bool
expect(SSL *ssl, struct tc_str name, bool verify)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	char z[NAME_MAX_LENGTH + 1];

	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n == 0 || !copy_zero(z, sizeof(z), name))
		return false;
	if (!verify)
		return is_address(z) || SSL_set_tlsext_host_name(ssl, z) == 1;
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (is_address(z))
		return X509_VERIFY_PARAM_set1_ip_asc(param, z) == 1;
	return X509_VERIFY_PARAM_set1_host(param, z, name.n) == 1 && SSL_set_tlsext_host_name(ssl, z) == 1;
}

struct tls_blocking *
tls_blocking_new(int fd, const struct tls_blocking_with *with, const char **why)
{
	struct tls_blocking *t = calloc(1, sizeof(*t));

	if (t == NULL)
		abort();
	*why = "this name cannot be verified";
	t->fd = fd;
	ERR_clear_error();
	t->context = with->as != NULL ? tls_client_context(with->as) : context_new(with, why);
	t->ssl = t->context != NULL ? SSL_new(t->context) : NULL;
	if (t->ssl != NULL && attach(t) &&
	    (with->as != NULL ? tls_client_expect(with->as, t->ssl, with->name) : expect(t->ssl, with->name, with->pins.n == 0))) {
		(void)SSL_set_mode(t->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		SSL_set_connect_state(t->ssl);
		*why = NULL;
		return t;
	}
	tls_blocking_destroy(&t);
	return NULL;
}

void
tls_blocking_destroy(struct tls_blocking **pt)
{
	struct tls_blocking *t = *pt;

	*pt = NULL;
	if (t == NULL)
		return;
	SSL_free(t->ssl);
	SSL_CTX_free(t->context);
	BIO_meth_free(t->method);
	free(t);
}

/* ---- bytes ---- */

/* What OpenSSL says in words of its own: none of them are the peer's. */
static const char *
reason_of(const struct tls_blocking *t, int result)
{
	unsigned long error = ERR_peek_error();
	long verified = SSL_get_verify_result(t->ssl);
	const char *text;

	if (verified != X509_V_OK)
		return X509_verify_cert_error_string(verified);
	if (result == SSL_ERROR_SYSCALL && error == 0)
		return errno != 0 ? strerror(errno) : "the connection was cut";
	text = error != 0 ? ERR_reason_error_string(error) : NULL;
	return text != NULL ? text : "TLS failed";
}

/* Of a call that came to r <= 0. */
static ssize_t
outcome(struct tls_blocking *t, int r)
{
	int result = SSL_get_error(t->ssl, r);

	if (result == SSL_ERROR_WANT_READ)
		return TLS_BLOCKING_READ;
	if (result == SSL_ERROR_WANT_WRITE)
		return TLS_BLOCKING_WRITE;
	if (result == SSL_ERROR_ZERO_RETURN)
		return 0;
	t->why = reason_of(t, result);
	return TLS_BLOCKING_FAILED;
}

static int
at_most(size_t n)
{
	return n < (1 << 30) ? (int)n : 1 << 30;
}

ssize_t
tls_blocking_read(struct tls_blocking *t, char *p, size_t n)
{
	int r;

	assert(n > 0 && t->why == NULL);
	ERR_clear_error();
	errno = 0;
	r = SSL_read(t->ssl, p, at_most(n));
	return r > 0 ? r : outcome(t, r);
}

ssize_t
tls_blocking_write(struct tls_blocking *t, struct tc_str text)
{
	ssize_t r;

	assert(text.n > 0 && t->why == NULL);
	ERR_clear_error();
	errno = 0;
	r = SSL_write(t->ssl, text.p, at_most(text.n));
	if (r <= 0)
		r = outcome(t, (int)r);
	if (r == 0) {
		t->why = "the peer has ended the session";
		r = TLS_BLOCKING_FAILED;
	}
	return r;
}

bool
tls_blocking_pending(const struct tls_blocking *t)
{
	return SSL_has_pending(t->ssl) == 1;
}

const char *
tls_blocking_why(const struct tls_blocking *t)
{
	return t->why != NULL ? t->why : "TLS failed";
}
