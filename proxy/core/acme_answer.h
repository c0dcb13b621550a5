/*
 * acme_answer.h: what an ACME server says, read from JSON (RFC 8555 7.1, 6.7) into structs. All of it is a peer's input: texts
 * are kept only where they have the shape that they must have, and everything has a limit.
 */
#ifndef CORE_ACME_ANSWER_H
#define CORE_ACME_ANSWER_H

#include "tacet/arena.h"

enum { ACME_NAMES_MAX = 100, /* identifiers of one order */
	ACME_DETAIL_MAX = 200 };

/* X(ENUM, "name"): error types, RFC 8555 6.7 */
#define ACME_PROBLEMS(X)                                                                             \
	X(OTHER, "other")                                                                            \
	X(ACCOUNT, "accountDoesNotExist")                                                            \
	X(ALREADY_REVOKED, "alreadyRevoked")                                                         \
	X(BAD_CSR, "badCSR")                                                                         \
	X(BAD_NONCE, "badNonce")                                                                     \
	X(BAD_PUBLIC_KEY, "badPublicKey")                                                            \
	X(BAD_REVOCATION_REASON, "badRevocationReason")                                              \
	X(BAD_SIGNATURE_ALGORITHM, "badSignatureAlgorithm")                                          \
	X(CAA, "caa")                                                                                \
	X(COMPOUND, "compound")                                                                      \
	X(CONNECTION, "connection")                                                                  \
	X(DNS, "dns")                                                                                \
	X(EXTERNAL_ACCOUNT, "externalAccountRequired")                                               \
	X(INCORRECT, "incorrectResponse")                                                            \
	X(INVALID_CONTACT, "invalidContact")                                                         \
	X(MALFORMED, "malformed")                                                                    \
	X(ORDER_NOT_READY, "orderNotReady")                                                          \
	X(RATE_LIMITED, "rateLimited")                                                               \
	X(REJECTED, "rejectedIdentifier")                                                            \
	X(SERVER, "serverInternal")                                                                  \
	X(TLS, "tls")                                                                                \
	X(UNAUTHORIZED, "unauthorized")                                                              \
	X(UNSUPPORTED_CONTACT, "unsupportedContact")                                                 \
	X(UNSUPPORTED_IDENTIFIER, "unsupportedIdentifier")                                           \
	X(USER_ACTION, "userActionRequired")

enum acme_problem_type {
#define X(e, name) ACME_##e,
	ACME_PROBLEMS(X)
#undef X
	ACME_PROBLEM_COUNT
};

const char *acme_problem_name(enum acme_problem_type t);

struct acme_problem {
	bool there;
	enum acme_problem_type type;
	char detail[ACME_DETAIL_MAX + 1]; /* printable ASCII, cut */
};

enum acme_status {
	ACME_STATUS_OTHER,
	ACME_PENDING,
	ACME_READY,
	ACME_PROCESSING,
	ACME_VALID,
	ACME_INVALID, /* and all that will never become valid: expired, revoked, deactivated */
};

struct acme_directory {
	struct tc_str new_nonce, new_account, new_order;
};

struct acme_order {
	enum acme_status status;
	struct tc_str finalize, certificate; /* n = 0: not there */
	struct tc_str authorizations[ACME_NAMES_MAX];
	size_t n;
	struct acme_problem problem;
};

enum acme_challenge_kind {
	ACME_TLS_ALPN_01,
	ACME_HTTP_01,
	ACME_CHALLENGE_COUNT
};

struct acme_challenge {
	struct tc_str url, token; /* url.n = 0: it is not offered */
};

struct acme_authorization {
	enum acme_status status;
	struct tc_str name; /* the identifier, of type dns */
	bool wildcard;
	struct acme_challenge challenges[ACME_CHALLENGE_COUNT];
	struct acme_problem problem; /* of a challenge that failed */
};

/*
 * false: it is not what it should be. URLs are those of `origin` ("https://ca.example:14000"), without anything that JSON
 * would have to escape; tokens are base64url.
 */
bool acme_read_directory(struct tc_str text, struct tc_str origin, struct tc_arena *arena, struct acme_directory *out);
bool acme_read_order(struct tc_str text, struct tc_str origin, struct tc_arena *arena, struct acme_order *out);
bool acme_read_authorization(struct tc_str text, struct tc_str origin, struct tc_arena *arena, struct acme_authorization *out);
bool acme_read_problem(struct tc_str text, struct tc_arena *arena, struct acme_problem *out);

/* "https://host[:port]" of an https URL; n = 0: it is none. */
struct tc_str acme_origin(struct tc_str url);
/* Whether an URL belongs to it, and can be asked for as it is. */
bool acme_url_ok(struct tc_str url, struct tc_str origin);

/* At most this long, characters of base64url, at least one. */
bool acme_base64url_ok(struct tc_str s, size_t max);

/* Seconds that Retry-After says (RFC 9110 10.2.3), within 0..max; -1: it says nothing that can be read. */
int64_t acme_retry_after(struct tc_str value, int64_t now, int64_t max);

#endif
