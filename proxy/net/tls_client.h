/*
 * tls_client.h: how we speak TLS to origins: whom to trust, who we are. There is one for all origins and snapshots that
 * say the same and found the same files, so that a server's connections outlive a reload.
 */
#ifndef NET_TLS_CLIENT_H
#define NET_TLS_CLIENT_H

#include "tacet/str.h"

struct tls_client;

struct tls_client_settings {
	struct tc_str ca_file;   /* PEM; n = 0: whom the system trusts */
	struct tc_str cert, key; /* who we are; n = 0: nobody */
	struct tc_str name;      /* asked for and verified; n = 0: the server's host */
	bool verify;
};

enum tls_client_file { TLS_CLIENT_CA,
	TLS_CLIENT_CERT,
	TLS_CLIENT_KEY };

struct tls_client_fault {
	enum tls_client_file where;
	char text[256]; /* without the file's name */
};

/* What a server gave us so that the next handshake is short. Zero it to begin. */
struct tls_memory {
	void *session;
	void *context;   /* that it was proven with: another one may trust others; a reference */
	uint64_t proven; /* ms: when the full handshake began that the session descends from */
};
void tls_memory_clear(struct tls_memory *m);

/*
 * A resumed connection shows no certificate, and brings a new ticket: without an end to it a certificate would be verified
 * once and never again. An hour costs nothing, and what has expired, or is trusted no more, is found out within it.
 */
#define TLS_PROVEN_MS (UINT64_C(60) * 60 * 1000)

/* There is a session, and it may be offered. */
bool tls_memory_is_fresh(const struct tls_memory *m, uint64_t now_ms);

/* A reference; NULL: fault says why. Takes a lock and may read files: off the request path only. */
struct tls_client *tls_client_get(const struct tls_client_settings *s, struct tls_client_fault *fault);
struct tls_client *tls_client_ref(struct tls_client *c);
void tls_client_unref(struct tls_client **c);

/*
 * Whether its files are others by now, and if they are, takes them: new connections begin with them, and those made
 * before carry no more requests (tls_is_current()). Called again and again, by one thread; now: ms; a second look at the
 * same time is none. false: they cannot be used, fault says why, and those before stay in force. Said once for each change.
 */
bool tls_client_look(struct tls_client *c, uint64_t now, struct tls_client_fault *fault, bool *taken);
struct tls_certificate; /* tls_server.h */

/*
 * From when to when our certificate is good, or those of the file of whom to trust are: from the first one's beginning to
 * the last one's end. false: no such file was named.
 */
bool tls_client_times(struct tls_client *c, enum tls_client_file of, struct tls_certificate *out);
/* What is in the files now is in force. Of the thread that looks. */
bool tls_client_is_current(const struct tls_client *c);

#endif
