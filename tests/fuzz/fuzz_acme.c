/*
 * fuzz_acme.c: what an ACME server says. Properties: what is taken of it has the shape that requests, files and terminals
 * can be given: URLs of the server's own, tokens of base64url, printable words, everything bounded.
 */
#include <stdint.h>

#include "base/arena.h"
#include "core/acme_answer.h"
#include "core/acme_jws.h"
#include "tests/fuzz/mutate.h"

static const struct mutate_piece pieces[] = {
	PIECE("{\"status\":\"pending\",\"finalize\":\"https://ca.example/f\",\"authorizations\":[\"https://ca.example/z\"]}"),
	PIECE("\"status\":\"valid\","),
	PIECE("\"status\":\"invalid\","),
	PIECE("\"identifier\":{\"type\":\"dns\",\"value\":\"a.example\"},"),
	PIECE("\"challenges\":[{\"type\":\"http-01\",\"url\":\"https://ca.example/c\",\"token\":\"abc\"}],"),
	PIECE("\"error\":{\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":\"words\"},"),
	PIECE("\"newNonce\":\"https://ca.example/n\","),
	PIECE("\"newAccount\":\"https://ca.example/a\","),
	PIECE("\"newOrder\":\"https://ca.example/o\""),
	PIECE("\"certificate\":\"https://ca.example/\\u000d\\u000a\","),
	PIECE("\"tls-alpn-01\""),
	PIECE("\\u001b"),
	PIECE("https://ca.example"),
	PIECE("{"),
	PIECE("}"),
	PIECE("["),
	PIECE("]"),
	PIECE(","),
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate(data, size, max, seed, pieces, sizeof(pieces) / sizeof(pieces[0]));
}

static const struct tc_str origin = TC_STR_INIT("https://ca.example");

static void
must(bool good)
{
	if (!good)
		abort();
}

static void
url_is_safe(struct tc_str url)
{
	if (url.n == 0)
		return;
	must(url.n <= 1024 && tc_starts(url, TC_STR("https://ca.example/")));
	for (size_t i = 0; i < url.n; i++)
		must(url.p[i] > ' ' && url.p[i] < 127 && url.p[i] != '"' && url.p[i] != '\\' && url.p[i] != '#');
}

static void
problem_is_safe(const struct acme_problem *p)
{
	size_t n = strnlen(p->detail, sizeof(p->detail));

	must(n < sizeof(p->detail) && acme_problem_name(p->type)[0] != '\0');
	for (size_t i = 0; i < n; i++)
		must(p->detail[i] >= ' ' && p->detail[i] < 127);
}

static void
authorization_is_safe(const struct acme_authorization *z)
{
	must(z->name.n <= 253);
	problem_is_safe(&z->problem);
	for (size_t i = 0; i < ACME_CHALLENGE_COUNT; i++) {
		const struct acme_challenge *c = &z->challenges[i];

		url_is_safe(c->url);
		must((c->url.n > 0) == (c->token.n > 0));
		must(c->token.n == 0 || acme_base64url_ok(c->token, 256));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tc_arena *arena = arena_new(NULL, 4 << 20);
	struct tc_str text = tc_str_of((const char *)data, size);
	struct acme_authorization z;
	struct acme_directory d;
	struct acme_problem p;
	struct acme_order o;

	if (acme_read_directory(text, origin, arena, &d))
		must(d.new_nonce.n > 0 && d.new_account.n > 0 && d.new_order.n > 0);
	url_is_safe(d.new_nonce);
	url_is_safe(d.new_account);
	url_is_safe(d.new_order);
	if (acme_read_order(text, origin, arena, &o))
		must(o.finalize.n > 0 && o.n <= ACME_NAMES_MAX);
	url_is_safe(o.finalize);
	url_is_safe(o.certificate);
	for (size_t i = 0; i < o.n; i++)
		url_is_safe(o.authorizations[i]);
	problem_is_safe(&o.problem);
	if (acme_read_authorization(text, origin, arena, &z))
		must(z.name.n > 0);
	authorization_is_safe(&z);
	(void)acme_read_problem(text, arena, &p);
	problem_is_safe(&p);
	must(acme_retry_after(text, 1795348800, 1000) >= -1 && acme_retry_after(text, 1795348800, 1000) <= 1000);
	arena_destroy(&arena);
	return 0;
}
