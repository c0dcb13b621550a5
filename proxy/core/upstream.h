/* upstream.h: what the origin is told about the visitor (README, "Fields to the origin"). */
#ifndef CORE_UPSTREAM_H
#define CORE_UPSTREAM_H

#include "config/config.h"

/*
 * Removes every field by which a client could forge what only we may say, or by which another proxy said more than
 * we would, and writes ours: Privacy-Decision, Tacet-Geo, X-Forwarded-Host, -Proto, and, where the operator asked for
 * it, -For; inserts Sec-GPC: 1 when a person said no. Call it before Host is set for the origin. client: family 0
 * if unknown. Returns 0, or -1 at the arena's limit.
 */
int upstream_fields(const struct config_site *site, const struct tc_decision *d, const struct place *place,
    const struct tc_addr *client, struct tc_request *req);

#endif
