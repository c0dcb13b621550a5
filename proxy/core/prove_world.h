/*
 * prove_world.h: the sets that promises speak about (promises.md 2), for the proof and for the synthetic visitors.
 *
 *	prove.c          promises in order, messages
 *	prove_rules.c    one predicate for each promise
 *	prove_world.c    places, signals, days; their facts
 *	prove_shape.c    what passes under one decision, seen by running the filters
 */
#ifndef CORE_PROVE_WORLD_H
#define CORE_PROVE_WORLD_H

#include "core/snapshot.h"
#include "tacet/specimen.h"

/* ---- members of the sets ---- */

/* A place that stands for all that the same rows decide. */
struct proof_place {
	struct tc_str name; /* as where writes it, or "unknown" */
	struct place place;
};

enum proof_consent { CMP_NONE, CMP_DENY, CMP_GRANT, CMP_BAD };

/* What a visitor's request says. A class of its own: that one switched off, refused or granted, and no other. */
struct proof_signal {
	const char *name;
	bool gpc, dnt;
	enum choice choice, account;
	enum proof_consent consent;
	tc_classes class; /* 0: all */
	uint8_t switches;
};

extern const struct proof_signal proof_signals[];
extern const size_t proof_signal_count;

/* ---- what passes ---- */

enum proof_kind { PROOF_SCRIPT, PROOF_IMAGE, PROOF_FRAME, PROOF_COOKIE_SET, PROOF_COOKIE_SENT, PROOF_KINDS };

struct proof_item {
	struct tc_specimen specimen; /* its text lives with the proof */
	bool passes[PROOF_KINDS];    /* reused for each shape */
};

/* All that items and fields depend on. */
struct proof_shape {
	const struct config_site *site;
	const struct tc_route *route;
	struct tc_decision decision;
	bool *passes;           /* item_count * PROOF_KINDS */
	bool contained;         /* a second CSP of ours is in force */
	bool status;            /* the text is shown */
	bool click_ids;         /* one reaches the origin */
	bool broken;            /* the page could not be filtered */
	struct tc_str referrer; /* Referrer-Policy */
	struct proof_shape *next;
};

struct proof {
	const struct snapshot *s;
	const struct config *c;
	struct tc_arena *arena; /* of the proof */
	struct proof_item *items;
	size_t item_count;
	struct tc_str page; /* with all specimens */
	struct proof_place *places;
	size_t place_count;
	int32_t *days;
	size_t day_count;
	struct proof_shape *shapes;
};

/* One member of site x route x place x signal x day, and what comes of it. */
struct proof_world {
	const struct config_site *site;
	const struct tc_route *route;
	const struct proof_place *place;
	const struct proof_signal *signal;
	int32_t day;
	const struct config_region *row;
	struct tc_decision decision;
	const struct proof_shape *shape;
};

/* Places, signals and days. 0, or -1: no memory. The arena is to be destroyed in either case. */
int proof_sets(struct proof *p, const struct snapshot *s, int32_t day);

/* The same, and the page of all specimens. */
int proof_begin(struct proof *p, const struct snapshot *s, int32_t day);

/* Fills the rest from the first five. */
int proof_decide(struct proof *p, struct proof_world *w);

/* The shape of a decision, made once. NULL: no memory. */
const struct proof_shape *proof_shape(struct proof *p, const struct config_site *site, const struct tc_route *route,
    const struct tc_decision *d);

static inline bool
proof_passes(const struct proof_shape *s, size_t item, enum proof_kind kind)
{
	return s->passes[item * PROOF_KINDS + kind];
}

/* Makes the page of all specimens and loads them. */
int proof_items(struct proof *p);

/* ---- predicates ---- */

/* A counter-example; texts live in the proof's arena. */
struct proof_fault {
	struct tc_str item;    /* "script https://..., class advertising: passes" */
	struct tc_str because; /* what in words; the place is printed before it */
	struct tc_str says;    /* the sentence of the policy behind that */
	const struct node *at; /* where it was written; NULL: a default */
	const char *hint;
};

/* Over a world, or once for the configuration (w NULL). true: it holds. */
typedef bool proof_rule(struct proof *p, const struct config_promise *promise, const struct proof_world *w,
    struct proof_fault *f);

struct proof_predicate {
	proof_rule *world;  /* for every world; NULL: none */
	proof_rule *config; /* once; NULL: none */
};

extern const struct proof_predicate proof_predicates[PROMISE_COUNT];

struct tc_str proof_text(struct proof *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
