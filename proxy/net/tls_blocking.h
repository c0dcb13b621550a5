/*
 * tls_blocking.h: TLS of the blocking client (core/fetch): a session over a connected socket that does not block, and
 * what to wait for. The certificate is verified: by whom it is issued and for which name, or as one of those that are
 * pinned, or as an origin's is.
 *
 *	tls_blocking_new() -> read, write: each TLS_BLOCKING_READ or _WRITE means: poll for it, call again with the same
 */
#ifndef NET_TLS_BLOCKING_H
#define NET_TLS_BLOCKING_H

#include <sys/types.h>

#include "tacet/site.h"

struct tls_blocking;
struct tls_client; /* tls_client.h */

/* What read and write answer when it is not a number of bytes. */
enum {
	TLS_BLOCKING_READ = -1,  /* wait until the socket can be read */
	TLS_BLOCKING_WRITE = -2, /* until it can be written */
	TLS_BLOCKING_FAILED = -3,
};

struct tls_blocking_with {
	struct tc_str name;    /* to ask for and to verify: a host, or an address without brackets */
	struct tc_str ca_file; /* PEM; n = 0: the system's store */
	struct tc_strs pins;   /* PEM files: who has the key of one of these is right, whatever the name; n = 0: none */
	struct tls_client *as; /* whom to trust, who we are, which name, as for an origin; NULL: see above */
};

/* fd stays the caller's. NULL, and *why: it cannot be had. */
struct tls_blocking *tls_blocking_new(int fd, const struct tls_blocking_with *with, const char **why);
void tls_blocking_destroy(struct tls_blocking **t);

/* Bytes read; 0: the peer has ended the session properly, which a cut connection is not. */
ssize_t tls_blocking_read(struct tls_blocking *t, char *p, size_t n);
ssize_t tls_blocking_write(struct tls_blocking *t, struct tc_str text);

/* Bytes were taken off the socket that have not been read yet. */
bool tls_blocking_pending(const struct tls_blocking *t);

/* After TLS_BLOCKING_FAILED: why, in OpenSSL's words; never the peer's. */
const char *tls_blocking_why(const struct tls_blocking *t);

#endif
