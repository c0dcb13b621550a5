/* acme_order.c: see acme_order.h. */
#include "core/acme_order.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "core/acme_jws.h"
#include "core/acme_plan.h"
#include "core/acme_store.h"
#include "core/acme_tokens.h"
#include "net/crypto.h"
#include "net/tls_challenge.h"

#define ARENA_MAX ((size_t)32 << 20)
#define CHAIN_MAX ((size_t)128 << 10)
enum { FIRST_WAIT_MS = 250,
	WAIT_MAX_MS = 10000,
	WAIT_ALL_MS = 180000 }; /* for one thing */

struct run {
	const struct acme_order_ask *ask;
	struct acme_client c;
	struct tc_str thumbprint;
};

/* ---- challenges ---- */

static bool
set_tls_alpn(struct tc_str domain, const struct acme_challenge *ch, struct tc_str authorization)
{
	uint8_t digest[CRYPTO_MAC_SIZE];

	(void)ch;
	crypto_sha256(authorization, digest);
	return tls_challenge_set(domain, digest);
}

static void
clear_tls_alpn(struct tc_str domain, const struct acme_challenge *ch)
{
	(void)ch;
	tls_challenge_clear(domain);
}

static bool
set_http(struct tc_str domain, const struct acme_challenge *ch, struct tc_str authorization)
{
	(void)domain;
	return acme_token_set(ch->token, authorization);
}

static void
clear_http(struct tc_str domain, const struct acme_challenge *ch)
{
	(void)domain;
	acme_token_clear(ch->token);
}

static const struct {
	bool (*set)(struct tc_str domain, const struct acme_challenge *ch, struct tc_str authorization);
	void (*clear)(struct tc_str domain, const struct acme_challenge *ch);
} challenges[ACME_CHALLENGE_COUNT] = {
	[ACME_TLS_ALPN_01] = {set_tls_alpn, clear_tls_alpn},
	[ACME_HTTP_01] = {set_http, clear_http},
};

/* ---- waiting ---- */

/* How long one thing has been waited for. */
struct patience {
	int64_t spent_ms, wait_ms;
};

/* Until it is worth asking again. false: too long, or the end. */
static bool
wait_again(struct run *r, struct patience *p, int64_t retry_after, const char *for_what)
{
	int64_t ms;

	p->wait_ms = p->wait_ms == 0 ? FIRST_WAIT_MS : 2 * p->wait_ms;
	if (p->wait_ms > WAIT_MAX_MS)
		p->wait_ms = WAIT_MAX_MS;
	ms = retry_after > 0 && retry_after * 1000 > p->wait_ms ? retry_after * 1000 : p->wait_ms;
	p->spent_ms += ms;
	if (p->spent_ms > WAIT_ALL_MS)
		return acme_client_failed(&r->c, ACME_RESULT_TOO_SLOW, "the server takes too long over %s", for_what);
	return acme_client_sleep(&r->c, ms);
}

/* ---- proofs ---- */

static bool
is_ours(const struct run *r, struct tc_str name)
{
	for (size_t i = 0; i < r->ask->domains.n; i++)
		if (tc_ieq(r->ask->domains.v[i], name))
			return true;
	return false;
}

static bool
read_authorization(struct run *r, struct tc_str url, struct acme_authorization *z, int64_t *retry_after)
{
	struct acme_reply reply;

	if (!acme_client_post(&r->c, url, TC_STR(""), ACME_JSON, &reply))
		return false;
	if (!acme_read_authorization(reply.body, r->c.origin, r->c.arena, z) || z->wildcard || !is_ours(r, z->name))
		return acme_client_failed(&r->c, ACME_RESULT_GARBLED, "an authorization cannot be read, or is for another name");
	*retry_after = reply.retry_after;
	return true;
}

static bool
not_proven(struct run *r, const struct acme_authorization *z)
{
	char about[300];

	(void)snprintf(about, sizeof(about), "%.*s", (int)z->name.n, z->name.p);
	if (z->problem.there)
		return acme_client_problem(&r->c, ACME_RESULT_NOT_PROVEN, about, &z->problem);
	return acme_client_failed(&r->c, ACME_RESULT_NOT_PROVEN, "%s: the proof was not accepted", about);
}

/* The server is told to look, and asked what it saw. */
static bool
prove(struct run *r, struct tc_str url, struct acme_authorization *z, const struct acme_challenge *ch)
{
	struct patience p = {0};
	struct acme_reply reply;
	int64_t retry_after;

	if (!acme_client_post(&r->c, ch->url, TC_STR("{}"), TC_STR(""), &reply))
		return false;
	retry_after = reply.retry_after;
	do {
		if (!wait_again(r, &p, retry_after, "a challenge") || !read_authorization(r, url, z, &retry_after))
			return false;
	} while (z->status == ACME_PENDING || z->status == ACME_PROCESSING);
	return z->status == ACME_VALID || not_proven(r, z);
}

static bool
authorize(struct run *r, struct tc_str url)
{
	struct acme_authorization z;
	struct tc_str text, domain;
	int64_t retry_after;
	bool proven;

	if (!read_authorization(r, url, &z, &retry_after))
		return false;
	if (z.status == ACME_VALID)
		return true;
	if (z.status != ACME_PENDING)
		return not_proven(r, &z);
	domain = z.name;
	for (size_t i = 0; i < r->ask->kind_count; i++) {
		enum acme_challenge_kind kind = r->ask->kinds[i];
		struct acme_challenge ch = z.challenges[kind];

		if (ch.url.n == 0)
			continue;
		text = tc_join(r->c.arena, (const struct tc_str[]){ch.token, TC_STR("."), r->thumbprint}, 3);
		if (text.p == NULL || !challenges[kind].set(domain, &ch, text))
			return acme_client_failed(&r->c, ACME_RESULT_NOT_PROVEN, "too many challenges at once");
		proven = prove(r, url, &z, &ch);
		challenges[kind].clear(domain, &ch);
		return proven;
	}
	return acme_client_failed(
	    &r->c, ACME_RESULT_NOT_PROVEN, "%.*s: no challenge is offered that we may take", (int)domain.n, domain.p);
}

/* ---- the order ---- */

static struct tc_str
order_payload(const struct run *r)
{
	struct tc_str text = TC_STR("{\"identifiers\":[");

	for (size_t i = 0; i < r->ask->domains.n && text.p != NULL; i++)
		text = tc_join(r->c.arena,
		    (const struct tc_str[]){text, i > 0 ? TC_STR(",") : TC_STR(""), TC_STR("{\"type\":\"dns\",\"value\":\""),
			r->ask->domains.v[i], TC_STR("\"}")},
		    5);
	if (text.p == NULL)
		return text;
	return tc_join(r->c.arena, (const struct tc_str[]){text, TC_STR("]}")}, 2);
}

static bool
take_order(struct run *r, const struct acme_reply *reply, struct acme_order *o)
{
	if (!acme_read_order(reply->body, r->c.origin, r->c.arena, o))
		return acme_client_failed(&r->c, ACME_RESULT_GARBLED, "the order cannot be read");
	if (o->status != ACME_INVALID)
		return true;
	if (o->problem.there)
		return acme_client_problem(&r->c, ACME_RESULT_REFUSED, "order", &o->problem);
	return acme_client_failed(&r->c, ACME_RESULT_REFUSED, "the order was refused");
}

static bool
begin_order(struct run *r, struct tc_str *url, struct acme_order *o)
{
	struct tc_str payload = order_payload(r);
	struct acme_reply reply;

	if (payload.p == NULL)
		return acme_client_failed(&r->c, ACME_RESULT_GARBLED, "the server says too much");
	if (!acme_client_post(&r->c, r->c.directory.new_order, payload, ACME_JSON, &reply) || !take_order(r, &reply, o))
		return false;
	*url = reply.location;
	return url->n > 0 || acme_client_failed(&r->c, ACME_RESULT_GARBLED, "the order has no address");
}

/* Asks for the order until it leaves the states before `until`. */
static bool
await_order(struct run *r, struct tc_str url, enum acme_status until, struct acme_order *o)
{
	struct patience p = {0};
	struct acme_reply reply = {.retry_after = -1};

	while (o->status != until && o->status != ACME_VALID)
		if (!wait_again(r, &p, reply.retry_after, "the order") ||
		    !acme_client_post(&r->c, url, TC_STR(""), ACME_JSON, &reply) || !take_order(r, &reply, o))
			return false;
	return true;
}

static bool
finalize(struct run *r, const struct pki_key *key, struct acme_order *o)
{
	struct acme_reply reply;
	struct tc_str payload;
	struct buf der;

	buf_init(&der, CHAIN_MAX);
	pki_request(key, r->ask->domains, &der);
	payload = jws_base64url(buf_str(&der), r->c.arena);
	buf_reset(&der);
	if (payload.p != NULL)
		payload = tc_join(r->c.arena, (const struct tc_str[]){TC_STR("{\"csr\":\""), payload, TC_STR("\"}")}, 3);
	if (payload.p == NULL)
		return acme_client_failed(&r->c, ACME_RESULT_GARBLED, "the server says too much");
	return acme_client_post(&r->c, o->finalize, payload, ACME_JSON, &reply) && take_order(r, &reply, o);
}

/* What came is for us, good now, and goes to the files. */
static bool
keep(struct run *r, struct tc_str chain, const struct pki_key *key, struct pki_times *times)
{
	int64_t now = (int64_t)time(NULL);
	const char *why;
	struct buf clean;
	bool fine;

	buf_init(&clean, CHAIN_MAX);
	why = pki_chain_check(chain, key, r->ask->domains, times, &clean);
	if (why == NULL && times->not_after <= now)
		why = "the certificate is over already, or our clock is wrong";
	fine = why == NULL || acme_client_failed(&r->c, ACME_RESULT_GARBLED, "%s", why);
	if (fine) {
		why = acme_store_write(r->ask->state, r->ask->name, buf_str(&clean), key);
		fine = why == NULL || acme_client_failed(&r->c, ACME_RESULT_STATE, "the certificate cannot be kept: %s", why);
	}
	buf_reset(&clean);
	return fine;
}

static bool
certify(struct run *r, const struct pki_key *key, struct pki_times *times)
{
	struct acme_reply reply;
	struct acme_order o;
	struct tc_str url;

	if (!acme_client_begin(&r->c) || !begin_order(r, &url, &o))
		return false;
	for (size_t i = 0; i < o.n && o.status == ACME_PENDING; i++)
		if (!authorize(r, o.authorizations[i]))
			return false;
	if (!await_order(r, url, ACME_READY, &o))
		return false;
	if (o.status == ACME_READY && (!finalize(r, key, &o) || !await_order(r, url, ACME_VALID, &o)))
		return false;
	if (o.certificate.n == 0)
		return acme_client_failed(&r->c, ACME_RESULT_GARBLED, "the order has no certificate");
	return acme_client_post(&r->c, o.certificate, TC_STR(""), ACME_CHAIN, &reply) && keep(r, reply.body, key, times);
}

/* ---- the whole ---- */

/* The state directory's part failed. */
static enum acme_outcome
state_failed(struct acme_fault *fault, const char *why)
{
	*fault = (struct acme_fault){.result = ACME_RESULT_STATE, .retry_after = -1};
	(void)snprintf(fault->text, sizeof(fault->text), "the state directory: %s", why);
	return ACME_OUTCOME_FAILED;
}

/* With the account's key. */
static enum acme_outcome
ask_server(const struct acme_order_ask *a, const struct pki_key *account, struct acme_fault *fault, struct pki_times *times)
{
	struct run r = {.ask = a,
	    .c = {.directory_url = a->directory,
		.ca_file = a->ca_file,
		.contact = a->contact,
		.key = account,
		.stop = a->stop,
		.arena = arena_new(NULL, ARENA_MAX)}};
	struct pki_key *key = pki_key_new();
	bool fine;

	r.thumbprint = jws_thumbprint(account, r.c.arena);
	fine = r.thumbprint.p != NULL && certify(&r, key, times);
	*fault = r.c.fault;
	pki_key_destroy(&key);
	arena_destroy(&r.c.arena);
	if (fine)
		return ACME_OUTCOME_ISSUED;
	return atomic_load(a->stop) ? ACME_OUTCOME_STOPPED : ACME_OUTCOME_FAILED;
}

/* With the lock held. */
static enum acme_outcome
locked(const struct acme_order_ask *a, struct acme_fault *fault, struct pki_times *times)
{
	struct pki_key *account = NULL;
	enum acme_outcome outcome;
	const char *why;
	bool there;

	why = acme_store_read(a->state, a->name, a->domains, true, &there, times);
	if (why != NULL)
		return state_failed(fault, why);
	if (there && acme_renew_at(times, a->spread) > (int64_t)time(NULL))
		return ACME_OUTCOME_NOT_DUE;
	why = acme_store_account(a->state, a->directory, &account);
	if (why != NULL)
		return state_failed(fault, why);
	outcome = ask_server(a, account, fault, times);
	pki_key_destroy(&account);
	return outcome;
}

enum acme_outcome
acme_order_run(const struct acme_order_ask *a, struct acme_fault *fault, struct pki_times *times)
{
	enum acme_outcome outcome;
	const char *why;
	bool busy;
	int lock;

	assert(a->domains.n > 0 && a->domains.n <= ACME_NAMES_MAX && a->kind_count > 0 && acme_store_name_ok(a->name));
	*fault = (struct acme_fault){.retry_after = -1};
	*times = (struct pki_times){0};
	why = acme_store_lock(a->state, &lock, &busy);
	if (why != NULL)
		return state_failed(fault, why);
	if (busy)
		return ACME_OUTCOME_BUSY;
	outcome = locked(a, fault, times);
	(void)close(lock);
	return outcome;
}
