/*
 * acme_client.h: a conversation with an ACME server (RFC 8555 6, 7.1 to 7.3): signed requests with fresh nonces, over https
 * alone, within its own host. It blocks: for one thread off the loops.
 */
#ifndef CORE_ACME_CLIENT_H
#define CORE_ACME_CLIENT_H

#include <stdatomic.h>

#include "core/acme_answer.h"
#include "core/fetch.h"
#include "net/pki.h"

/* X(ENUM, "label"): what an order came to; labels of tacet_acme_orders_total */
#define ACME_RESULTS(X)                                                                              \
	X(ISSUED, "issued")                                                                          \
	X(UNREACHABLE, "unreachable")  /* no connection, no TLS, no whole answer */                  \
	X(GARBLED, "garbled")          /* an answer that is no ACME */                               \
	X(REFUSED, "refused")          /* the server says no */                                      \
	X(RATE_LIMITED, "rate_limited")                                                              \
	X(NOT_PROVEN, "not_proven")    /* a challenge failed, or none is offered that we can take */ \
	X(TOO_SLOW, "too_slow")                                                                      \
	X(STATE, "state")              /* the state directory cannot be used */

enum acme_result {
#define X(e, label) ACME_RESULT_##e,
	ACME_RESULTS(X)
#undef X
	ACME_RESULT_COUNT
};

/* Why it did not work: text is ours, or a problem's name and its words, printable and cut. */
struct acme_fault {
	enum acme_result result;
	int64_t retry_after; /* seconds; -1: nobody said */
	char text[ACME_DETAIL_MAX + 200];
};

struct acme_client {
	/* given */
	struct tc_str directory_url, ca_file;
	struct tc_strs contact;
	const struct pki_key *key;
	struct tc_arena *arena;
	const _Atomic bool *stop;
	/* found */
	struct tc_str origin, nonce, kid;
	struct acme_directory directory;
	struct acme_fault fault;
};

/* Directory and account. false: fault says why. Here and below. */
bool acme_client_begin(struct acme_client *c);

struct acme_reply {
	struct tc_str body, location; /* location n = 0: none, or not of this server */
	int64_t retry_after;          /* seconds; -1: none */
};

/* payload n = 0: POST-as-GET. type: what the answer has to be. */
bool acme_client_post(struct acme_client *c, struct tc_str url, struct tc_str payload, struct tc_str type,
    struct acme_reply *out);

bool acme_client_failed(struct acme_client *c, enum acme_result r, const char *format, ...)
    __attribute__((format(printf, 3, 4))); /* false */
/* A problem that the server named, about what. false. */
bool acme_client_problem(struct acme_client *c, enum acme_result r, const char *about, const struct acme_problem *p);

/* false: it is time to end. */
bool acme_client_sleep(const struct acme_client *c, int64_t ms);

#define ACME_JSON TC_STR("application/json")
#define ACME_CHAIN TC_STR("application/pem-certificate-chain")

#endif
