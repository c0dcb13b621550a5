/* tls_inside.h: what the files of proxy/net/tls*.c have together. For nobody else. */
#ifndef NET_TLS_INSIDE_H
#define NET_TLS_INSIDE_H

#include <stdatomic.h>

#include <openssl/ssl.h>

#include "net/tls.h"
#include "net/tls_client.h"
#include "net/tls_server.h"

/* One connection's. */
struct tls {
	SSL *ssl;
	struct tc_str in;          /* came, not taken yet; only during tls_input() */
	struct tls_server *server; /* these two: of a server, until the handshake is over */
	struct tls_set *set;
	struct tls_memory *memory; /* of a client: where sessions go; NULL: nowhere */
	uint64_t begun;            /* ms; these two: of a client */
	uint64_t proven;           /* of the session that it offered */
	char *held;                /* of a server: a ticket, encrypted, that goes out with what is written next; NULL: none */
	size_t held_n;
	char *sni; /* in lower case, with a zero; NULL: none */
	struct tls_outcome outcome;
	bool client;
	bool offered;  /* a session, to make it short */
	bool secured;  /* the handshake is over */
	bool failed;   /* nothing more can be said or heard */
	bool peer_end; /* its close_notify has come */
	bool our_end;
	bool challenge; /* the handshake is all there is: tls_challenge.h */
};

/* What both sides have in common: versions, ciphers, groups, modes. NULL: no memory. */
SSL_CTX *tls_context_new(const SSL_METHOD *method, bool only_13);

/* ---- tls_memory.c ---- */

/* From here on this thread, a loop's, keeps some buffers for records. It may have ended when they are let go of. */
struct tls_records *tls_records_keep(void);
void tls_records_let_go(struct tls_records **r);

/* ---- tls_server.c ---- */

/* The contexts of a server as they are at one time. */
struct tls_set *tls_server_set(struct tls_server *s); /* a reference */
void tls_set_unref(struct tls_set **set);
SSL_CTX *tls_set_default(const struct tls_set *set);
struct tls_tickets *tls_server_tickets(const struct tls_server *s);

/* ---- tls_client.c ---- */

SSL_CTX *tls_client_context(struct tls_client *c); /* a reference */
/* The name that the other side has to prove. false: it is none. */
bool tls_client_expect(const struct tls_client *c, SSL *ssl, struct tc_str host);

/* ---- tls_challenge.c ---- */

/* In a server's hello: whether it asks for the challenge of a name, whose certificate it then gets. */
bool tls_challenge_take(SSL *ssl, struct tc_str host);

/* The connection that an SSL belongs to, while OpenSSL is at work for it; NULL: none of a loop's (tls_blocking.h). */
struct conn *tls_conn_of(const SSL *ssl);

#endif
