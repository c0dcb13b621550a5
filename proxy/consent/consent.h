/*
 * consent.h: what the consent cookies of a site say: those of consent tools (CMP) and of the IAB's formats
 * (signals.md 4). Pure: no I/O, no clock, no allocation.
 */
#ifndef CONSENT_CONSENT_H
#define CONSENT_CONSENT_H

#include "tacet/class.h"
#include "tacet/fields.h"

/* Of all cookies of one request together. Classes never hold essential ones. */
struct consent {
	tc_classes denied;  /* what any reader's cookie refuses */
	tc_classes granted; /* what a cookie of a reader that the site lists grants, and none refuses */
	bool out;           /* an opt-out flag (US Privacy, GPP, isGpcEnabled=1): a person's no */
	bool bad;           /* one is malformed, oversized or of an unknown version: nothing it says counts */
};

#endif
