/* acme_jws.h: how ACME requests are signed (RFC 7515, flattened JSON, ES256) and what account keys are called. */
#ifndef CORE_ACME_JWS_H
#define CORE_ACME_JWS_H

#include "base/buf.h"
#include "net/pki.h"
#include "tacet/arena.h"

/* Base64url without padding (RFC 7515 2); p = NULL: no memory. */
struct tc_str jws_base64url(struct tc_str bytes, struct tc_arena *arena);

/* The thumbprint of the account's key (RFC 7638), base64url. */
struct tc_str jws_thumbprint(const struct pki_key *k, struct tc_arena *arena);

struct jws {
	const struct pki_key *key;
	struct tc_str kid; /* the account's URL; n = 0: the key itself is named */
	struct tc_str nonce, url;
	struct tc_str payload; /* n = 0: POST-as-GET */
};

/*
 * The body of a request. kid, nonce and url have no character that JSON would escape: jws_plain(). p = NULL: no memory.
 */
struct tc_str jws_write(const struct jws *j, struct tc_arena *arena);

/* Visible ASCII without quote and backslash. */
bool jws_plain(struct tc_str s);

#endif
