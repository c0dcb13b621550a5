/* pages.h: the pages and small files that tacet itself serves on a site (ux.md 1.3), as pure functions. */
#ifndef CORE_PAGES_H
#define CORE_PAGES_H

#include "core/choice.h"

#define PAGES_FORM_MAX 4096 /* bytes of a POST that are read; more is 413 */

struct pages_ctx {
	const struct config *config;
	const struct config_site *site;
	const struct facts *facts;
	const struct tc_decision *decision; /* of this request */
	const struct choice_key *key;
	const struct choice_cookie *cookie; /* what choice_read() found; NULL: nothing that counts */
	const struct tc_request *req;
	struct tc_str form;       /* the body of a POST, complete */
	struct tc_str dnt_policy; /* the site's dnt-policy.txt; n = 0: none */
	int year, month;          /* now, UTC */
	struct tc_arena *arena;
};

/* Is this normalised path answered here and never by the origin? */
bool pages_owns(const struct config_site *site, struct tc_str path);

/*
 * The whole answer to a request for a path of ours: status, type and fields into *res, which comes zeroed but
 * for fields.arena, and the body, which is in the arena or constant. For HEAD the body is given too, for its
 * length; res->head_only says that it is not sent. The caller adds what every response of ours carries (Date,
 * framing). 0, or -1 at the arena's limit.
 */
int pages_answer(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body);

/* A small page for a status that we answer ourselves. It says nothing about the visitor or the origin. */
struct tc_str error_page(int status, struct tc_arena *arena);

#endif
