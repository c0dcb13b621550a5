/*
 * decision.h: the answer to "may this be done with this visitor?", made once per request by the pure
 * function decide() (proxy/core/decide.h). Everything that acts, acts on it.
 */
#ifndef TACET_DECISION_H
#define TACET_DECISION_H

#include "tacet/class.h"
#include "tacet/site.h"
#include "tacet/str.h"

/* Who said so. X(ENUM, "token in Privacy-Decision"), in order of precedence (signals.md 0). */
#define TC_SOURCES(X)                                                                                \
	X(NONE, "")                                                                                  \
	X(GPC, "gpc")                                                                                \
	X(DNT, "dnt")                                                                                \
	X(ACCOUNT, "account")                                                                        \
	X(CHOICE, "choice")                                                                          \
	X(CONSENT, "consent")                                                                        \
	X(REGION, "region")                                                                          \
	X(ROUTE, "route")

enum tc_source {
#define X(e, name) TC_SRC_##e,
	TC_SOURCES(X)
#undef X
	TC_SRC_COUNT
};

/* One rule set, compiled. Immutable; lives as long as the snapshot. */
struct tc_rule_set {
	struct tc_str name;
	tc_classes remove;     /* scripts.remove: classes whose items go */
	bool keep_measurement; /* scripts.remove says sell_share: hosts of acts_for_us stay */
	char hash[9];          /* first 8 hex digits over everything below the name; NUL-terminated */
	const void **opts;     /* one option block per row of the filter table, in its order */
	int line;              /* where it was written, 0 for the built-in default */
};

struct tc_decision {
	const struct tc_rule_set *rules; /* the rule set in force; never NULL */
	tc_classes denied;               /* classes to remove; disjoint from TC_ESSENTIAL */
	bool out;                        /* "out" in Privacy-Decision: advertising is denied */
	bool person;                     /* a person said no: insert Sec-GPC, show the status */
	bool pass_bodies;                /* the route says filter: none */
	bool location_off;               /* the visitor keeps his place to himself: no more than the country is told */
	bool measurement;                /* hosts that act for the site alone (acts_for_us) are let through */
	const struct tc_strs *residency; /* the only third parties that may be asked; NULL: any */
	enum tc_source src;              /* TC_SRC_NONE when nobody and nothing decided */
	struct tc_str region;            /* name of the region row, or "unknown" */
	const struct tc_str *link_text;  /* of that row, for the link to the choices page; may be empty */
};

#endif
