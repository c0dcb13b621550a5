/* explain_consent.h: what the consent cookies of a request say, for `tacet explain`. */
#ifndef CLI_EXPLAIN_CONSENT_H
#define CLI_EXPLAIN_CONSENT_H

#include "core/dry.h"

/* One line for each cookie that a reader of ours reads. */
void explain_consent_text(const struct config *c, const struct dry_request *in, const struct dry_result *out,
    struct tc_arena *arena);

/* The member "consent", an array, and the comma behind it. */
void explain_consent_json(const struct config *c, const struct dry_request *in, const struct dry_result *out,
    struct tc_arena *arena);

#endif
