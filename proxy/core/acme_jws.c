/* acme_jws.c: see acme_jws.h. */
#include "core/acme_jws.h"

#include <assert.h>

#include "net/crypto.h"

struct tc_str
jws_base64url(struct tc_str in, struct tc_arena *arena)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t most = (in.n + 2) / 3 * 4, n = 0;
	char *out = tc_alloc_bytes(arena, most + 1);

	if (out == NULL)
		return tc_str_of(NULL, 0);
	for (size_t i = 0; i < in.n; i += 3) {
		size_t left = in.n - i < 3 ? in.n - i : 3;
		uint32_t three = 0;

		for (size_t k = 0; k < 3; k++)
			three = three << 8 | (k < left ? (uint8_t)in.p[i + k] : 0);
		for (size_t k = 0; k <= left; k++)
			out[n++] = digits[three >> (18 - 6 * k) & 63];
	}
	assert(n <= most);
	return tc_str_of(out, n);
}

/* Members in the order that RFC 7638 3 asks for; p = NULL: no memory. */
static struct tc_str
jwk(const struct pki_key *k, struct tc_arena *arena)
{
	uint8_t x[PKI_POINT_SIZE], y[PKI_POINT_SIZE];
	struct tc_str part[5] = {TC_STR("{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\""), {NULL, 0}, TC_STR("\",\"y\":\""), {NULL, 0},
	    TC_STR("\"}")};

	pki_key_point(k, x, y);
	part[1] = jws_base64url(tc_str_of((const char *)x, sizeof(x)), arena);
	part[3] = jws_base64url(tc_str_of((const char *)y, sizeof(y)), arena);
	if (part[1].p == NULL || part[3].p == NULL)
		return tc_str_of(NULL, 0);
	return tc_join(arena, part, 5);
}

struct tc_str
jws_thumbprint(const struct pki_key *k, struct tc_arena *arena)
{
	uint8_t digest[CRYPTO_MAC_SIZE];
	struct tc_str key = jwk(k, arena);

	if (key.p == NULL)
		return key;
	crypto_sha256(key, digest);
	return jws_base64url(tc_str_of((const char *)digest, sizeof(digest)), arena);
}

bool
jws_plain(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '\\')
			return false;
	return true;
}

static struct tc_str
header(const struct jws *j, struct tc_arena *arena)
{
	struct tc_str who = j->kid.n > 0 ? tc_join(arena, (const struct tc_str[]){TC_STR("\""), j->kid, TC_STR("\"")}, 3)
					 : jwk(j->key, arena);

	if (who.p == NULL)
		return who;
	return tc_join(arena,
	    (const struct tc_str[]){TC_STR("{\"alg\":\"ES256\","), j->kid.n > 0 ? TC_STR("\"kid\":") : TC_STR("\"jwk\":"),
		who, TC_STR(",\"nonce\":\""), j->nonce, TC_STR("\",\"url\":\""), j->url, TC_STR("\"}")},
	    8);
}

struct tc_str
jws_write(const struct jws *j, struct tc_arena *arena)
{
	struct tc_str protected, payload, input, signature;
	uint8_t bytes[PKI_SIGNATURE_SIZE];

	assert(jws_plain(j->kid) && jws_plain(j->nonce) && jws_plain(j->url));
	protected = header(j, arena);
	if (protected.p == NULL)
		return protected;
	protected = jws_base64url(protected, arena);
	payload = jws_base64url(j->payload, arena);
	if (protected.p == NULL || payload.p == NULL)
		return tc_str_of(NULL, 0);
	input = tc_join(arena, (const struct tc_str[]){protected, TC_STR("."), payload}, 3);
	if (input.p == NULL)
		return input;
	pki_sign(j->key, input, bytes);
	signature = jws_base64url(tc_str_of((const char *)bytes, sizeof(bytes)), arena);
	if (signature.p == NULL)
		return signature;
	return tc_join(arena,
	    (const struct tc_str[]){TC_STR("{\"protected\":\""), protected, TC_STR("\",\"payload\":\""), payload,
		TC_STR("\",\"signature\":\""), signature, TC_STR("\"}")},
	    7);
}
