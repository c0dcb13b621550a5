/*
 * acme_order.h: one certificate, from the question to the files (RFC 8555 7.4): order, proofs, request, chain. It blocks, for
 * minutes: for one thread off the loops.
 *
 *	lock -> is it still due? -> account -> order -> each name: challenge -> finalize -> chain -> files -> unlock
 */
#ifndef CORE_ACME_ORDER_H
#define CORE_ACME_ORDER_H

#include "core/acme_client.h"

struct acme_order_ask {
	struct tc_str state, name; /* where it is kept */
	struct tc_strs domains;
	struct tc_str directory, ca_file; /* ca_file n = 0: whom the system trusts */
	struct tc_strs contact;
	enum acme_challenge_kind kinds[ACME_CHALLENGE_COUNT]; /* the first one that the server offers is taken */
	size_t kind_count;                                    /* at least one */
	uint32_t spread;                                      /* see acme_renew_at() */
	const _Atomic bool *stop;
};

enum acme_outcome {
	ACME_OUTCOME_ISSUED,
	ACME_OUTCOME_NOT_DUE, /* somebody else was faster: nothing was asked */
	ACME_OUTCOME_BUSY,    /* another process asks */
	ACME_OUTCOME_FAILED,  /* fault says why */
	ACME_OUTCOME_STOPPED
};

/* times: of the certificate there is now, if ISSUED or NOT_DUE. */
enum acme_outcome acme_order_run(const struct acme_order_ask *a, struct acme_fault *fault, struct pki_times *times);

#endif
