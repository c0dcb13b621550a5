/*
 * tls_server.h: how a listener speaks TLS: its certificates, chosen by the name that the visitor asks for, and what it
 * offers. Handshakes on all loops use it; its certificates are exchanged under way (tls_server_look()).
 *
 *	tls_server -> set -> context for each group of names -> certificates: RSA, ECDSA
 *	                     the first one is the default
 *
 * A handshake keeps the set that it began with, a connection the context.
 */
#ifndef NET_TLS_SERVER_H
#define NET_TLS_SERVER_H

#include "tacet/site.h"

struct tls_server;

/* Files, PEM: a certificate with its chain, and the key. */
struct tls_pair_files {
	struct tc_str cert, key;
	struct tc_strs place_held; /* n > 0: until the files are there, a certificate of our own making is served for these names */
};

struct tls_server_settings {
	const struct tls_pair_files *pairs; /* at least one; the first is the default */
	size_t pair_count;
	bool only_13;
	bool h1, h2;             /* what ALPN offers, h2 first */
	struct tc_str id;        /* of the listener: tickets of another do not resume here */
	struct tc_str keys_file; /* ticket keys that a fleet shares; n = 0: our own */
};

/* What is wrong with a file, or was found. */
struct tls_fault {
	size_t pair;
	enum { TLS_FAULT_CERT,
		TLS_FAULT_KEY,
		TLS_FAULT_KEYS_FILE } where;
	char text[256]; /* without the file's name */
};

/* What is known of a certificate in use: seconds since 1970. */
struct tls_certificate {
	int64_t not_before, not_after;
};

/* NULL: fault says why. Texts are copied. */
struct tls_server *tls_server_new(const struct tls_server_settings *s, struct tls_fault *fault);
struct tls_server *tls_server_ref(struct tls_server *s);
void tls_server_unref(struct tls_server **s);

/*
 * Whether its files are others by now, and if they are, takes them. Called again and again, by one thread; now: seconds
 * that only go forward. false, with fault: there are others that cannot be used; those before stay.
 */
bool tls_server_look(struct tls_server *s, int64_t now, struct tls_fault *fault, bool *taken);
/* false: some file that is there now is kept out. */
bool tls_server_is_current(const struct tls_server *s);

/* Pair i, as it is served now. false: there is no such pair. */
bool tls_server_certificate(struct tls_server *s, size_t i, struct tls_certificate *out);

#endif
