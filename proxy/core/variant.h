/*
 * variant.h: one URL has a variant for each decision, and one for each coding. Validators and caching fields keep them
 * apart (html.md 2.6, signals.md 2.3): an edited page has W/"x;tcKEY" where the origin has "x", a body that was only
 * packed W/"x".
 */
#ifndef CORE_VARIANT_H
#define CORE_VARIANT_H

#include "core/exchange.h"

#define VARIANT_KEY_LENGTH 8

/*
 * A conditional request: tags are handed on as the origin knows them. For a page that would be edited only those of
 * this variant; for anything else never those of an edited page.
 */
int variant_request(struct exchange *x);

/*
 * ETag, Last-Modified, digests and ranges of a body that was changed; Vary and Cache-Control of every page, and of what
 * others would have been refused.
 */
int variant_response(struct exchange *x);

/* Speaks to some shared caches alone, which then do not look at Cache-Control (RFC 9213, and what came before it). */
bool variant_targeted(const struct tc_field *f);

#endif
