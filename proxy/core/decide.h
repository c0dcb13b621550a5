/*
 * decide.h: the one pure decision. No I/O, no clock, no globals: run applies it, explain prints it, check
 * enumerates it, tests call it.
 */
#ifndef CORE_DECIDE_H
#define CORE_DECIDE_H

#include "config/config.h"
#include "consent/consent.h"
#include "tacet/decision.h"

enum choice {
	CHOICE_NONE,
	CHOICE_OUT,
	CHOICE_IN,
};

/* What a visitor may switch beside the classes; bits of the choice cookie. */
enum {
	SWITCH_LOCATION_OFF = 1, /* no more than the country goes to the origin */
	SWITCH_EXPORT = 2,       /* a separate consent: hosts outside the residency list may be asked */
};

struct facts {
	bool gpc, dnt;            /* live signals of this request */
	enum choice choice;       /* the sticky cookie: in only with a valid MAC */
	tc_classes choice_denied; /* classes the visitor switched off there; 0: none named */
	uint8_t switches;         /* SWITCH_*: of the same cookie */
	enum choice account;      /* Privacy-Account-Choice of this response */
	struct consent consent;   /* what the site's own consent cookies say */
	int32_t day;              /* since 1970-01-01, UTC: which rows of law are in force */
	struct place place;       /* after geo.unknown and --region were applied; "" = unknown */
	const struct config_site *site;
	const struct tc_route *route;
};

void decide(const struct config *c, const struct facts *f, struct tc_decision *out);

/* The first row whose where matches; the strictest row for an unknown place. Never NULL. */
const struct config_region *region_of(const struct config *c, const struct place *p);

/* ---- signals, read from fields (signals.md 2.1, 2.2) ---- */

bool signal_gpc(const struct tc_fields *request);
bool signal_dnt(const struct tc_fields *request);

/* "opt-out" -> CHOICE_OUT, "opt-in" -> CHOICE_IN, anything else CHOICE_NONE. */
enum choice signal_account(struct tc_str value);

#endif
