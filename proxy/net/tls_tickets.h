/*
 * tls_tickets.h: the keys that session tickets are encrypted with. Our own are random, live in memory only and for the
 * life of the process, so that sessions outlive reloads; those of a file are shared by a fleet.
 *
 *	[0] encrypts and decrypts    [1] [2] ... decrypt what was given before
 */
#ifndef NET_TLS_TICKETS_H
#define NET_TLS_TICKETS_H

#include "net/tls_inside.h"

#define TLS_KEYS_MAX 16 /* of a file */

struct tls_tickets;

/* Ours: the same for the life of the process. */
struct tls_tickets *tls_tickets_own(void);
/* A file's. NULL: fault says why. */
struct tls_tickets *tls_tickets_of(struct tc_str path, struct tls_fault *fault);
void tls_tickets_unref(struct tls_tickets **t);

/* Time for a new key, or for another file? now: seconds that only go forward. -1: the file is no good; what was there stays. */
int tls_tickets_look(struct tls_tickets *t, int64_t now, struct tls_fault *fault);

bool tls_tickets_are_current(const struct tls_tickets *t);

/* For SSL_CTX_set_tlsext_ticket_key_evp_cb(). */
int tls_tickets_ask(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt);

#endif
