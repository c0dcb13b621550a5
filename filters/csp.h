/* csp.h: content security policies of a response, and what they lack for one inline script of ours (html.md 4.4). */
#ifndef TACET_CSP_H
#define TACET_CSP_H

#include "tacet/fields.h"

/* How the script may stand in the page. */
struct csp_inline {
	bool never;          /* the page runs no scripts at all: it is in a sandbox */
	struct tc_str nonce; /* the script's nonce attribute, letters, digits and "+/=-_"; n = 0: none is needed */
};

/*
 * Lets a script with this hash ("'sha256-...'") run under each policy in the fields, report-only ones too, and no other
 * script that could not before. 0, or -1 at the arena's limit. Where nothing is lacking nothing is changed.
 */
int csp_admit(struct tc_fields *fields, struct tc_str hash, struct csp_inline *out);

#endif
