/*
 * verify.h: synthetic visitors (promises.md 4). They walk the pages of promises.verify.pages through the running proxy,
 * from each place that makes a difference, with each signal; what comes back is held against what decide() says that such
 * a visitor gets. `tacet verify` prints it, the canary counts it.
 *
 *	site x page x place x signal -> GET over a socket -> the answer
 *	                             -> decide()          -> what it may hold    -> a row: ok, failed, not seen
 *
 * Every page has a control: what the origin itself answers must hold something that those who said no do not get. What
 * only the origin could tell, as the fields that it receives, is not seen, and never counts as passed.
 *
 *	verify.c         visitors, their cookies, the walk
 *	verify_judge.c   what is wrong with one answer
 *	verify_own.c     the site's pages of ours: choices, gpc.json
 */
#ifndef CORE_VERIFY_H
#define CORE_VERIFY_H

#include "core/fetch.h"
#include "core/prove_world.h"

enum verify_verdict { VERIFY_OK, VERIFY_FAILED, VERIFY_NOT_SEEN, VERIFY_VERDICTS };

/* Texts live in verify.arena. */
struct verify_row {
	struct tc_str site, page;
	struct tc_str place, signal; /* n = 0: of no visitor in particular */
	const char *check;           /* what it is about */
	enum verify_verdict verdict;
	struct tc_str found; /* what is wrong, or why it was not seen */
};

struct verify {
	const struct snapshot *s;
	struct tc_arena *arena; /* of rows */
	struct tc_str host;     /* where the proxy listens */
	uint16_t port;
	bool tls;                 /* there; visitors ask for the site's name */
	struct tc_strs pins;      /* files of the certificates that it may show */
	struct tls_client *as;    /* or, of the control: how the origin is asked by https; NULL: it is not */
	struct tc_str token;      /* token.h; n = 0: visitors from nowhere alone */
	const _Atomic bool *stop; /* ends it before its time; NULL: nothing does */
	bool strict;              /* cookies that nobody knows are faults */
	int32_t day;
	void (*told)(void *ctx, const struct verify_row *row);
	void *ctx;
	size_t count[VERIFY_VERDICTS];
};

/* Visitors come to a listener of ours as it has it: by TLS, with its certificates, or in clear (NULL). -1: no memory. */
int verify_by_tls(struct verify *v, const struct config_tls *t);

/* Blocks until all have come back. 0, or -1: no memory. */
int verify_run(struct verify *v);

/* ---- for verify*.c ---- */

/* One visitor on one page. */
struct verify_visit {
	struct verify *v;
	struct tc_arena *arena; /* of this visit */
	const struct config_site *site;
	const struct tc_route *route;
	struct tc_str authority, page;
	const struct proof_place *place;   /* NULL: nowhere */
	const struct proof_signal *signal; /* NULL: none */
	struct tc_str cookie;              /* n = 0: none */
	struct facts facts;
	struct tc_decision decision;
};

void verify_tell(const struct verify_visit *at, const char *check, enum verify_verdict verdict, struct tc_str found);
struct tc_str verify_text(struct tc_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The request's lines, with the extra ones. NULL, or why there is no answer. post: a form's body, n = 0: GET. */
const char *verify_ask(const struct verify_visit *at, struct tc_strs more, struct tc_str post, struct fetch_answer *answer);

/* Sends the form of the choices page: as its page does, or as a page of another site would. */
const char *verify_form(const struct verify_visit *at, struct tc_str body, bool ours, struct fetch_answer *answer);

static inline const char *
verify_scheme(const struct verify_visit *at)
{
	return at->v->tls ? "https" : "http";
}

/* "tacet_choice=..." of an answer; n = 0: it sets none. */
struct tc_str verify_choice_of(const struct fetch_answer *answer);

/* Why an answer says nothing of what a page would hold: it is none; else NULL. */
const char *verify_unseen(const struct fetch_answer *answer);

/* Says in found what is wrong with the answer, separated by "; ". */
void verify_judge(const struct verify_visit *at, const struct fetch_answer *answer, struct buf *found);

/* How much of an answer a visitor who says no to everything would lose. */
size_t verify_loss(const struct verify_visit *at, const struct fetch_answer *answer);

/* The checks of the site's pages of ours. */
void verify_own(const struct verify_visit *at);

#endif
