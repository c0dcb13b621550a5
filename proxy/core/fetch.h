/*
 * fetch.h: one request by http or https that blocks until the answer is there or FETCH_PATIENCE_MS have passed: not for
 * loops. For tools that look at pages (audit, verify and its canary), and for ACME.
 */
#ifndef CORE_FETCH_H
#define CORE_FETCH_H

#include <stdatomic.h>

#include "http/h1.h"
#include "tacet/site.h"

enum { FETCH_PATIENCE_MS = 20000 };

struct fetch_ask {
	struct tc_str host; /* to connect to: a name, or an address without brackets */
	uint16_t port;
	bool post;
	struct tc_str authority;  /* Host */
	struct tc_str target;     /* "/path?query" */
	struct tc_strs fields;    /* more lines, "Name: value" each */
	struct tc_str body;       /* of a POST */
	bool tls;                 /* the certificate is verified, for name */
	struct tc_str name;       /* n = 0: host */
	struct tc_strs pins;      /* or held against these: tls_blocking.h */
	struct tc_str ca_file;    /* PEM: whom to trust; n = 0: whom the system trusts */
	struct tls_client *as;    /* or verified and asked as an origin is (tls_client.h); NULL: see above */
	size_t max;               /* bytes of an answer; 0: 32 MiB */
	int64_t patience_ms;      /* for all of it; 0: FETCH_PATIENCE_MS */
	const _Atomic bool *stop; /* NULL, or: give up soon after it is true */
};

struct fetch_answer {
	struct head head;   /* the final one */
	struct tc_str body; /* without its framing */
};

/* All of the answer lives in the arena. NULL, or why there is none. */
const char *fetch(const struct fetch_ask *ask, struct tc_arena *arena, struct fetch_answer *answer);

/* The answer's fields as lines, without those of the connection. false: no memory. */
bool fetch_lines(const struct fetch_answer *answer, struct tc_arena *arena, struct tc_strs *out);

#endif
