/*
 * variant.h: one URL has a variant for each decision. Validators and caching fields keep them apart
 * (html.md 2.6, signals.md 2.3).
 */
#ifndef CORE_VARIANT_H
#define CORE_VARIANT_H

#include "core/exchange.h"

#define VARIANT_KEY_LENGTH 8

/*
 * A conditional request for a page that would be rewritten: validators of this variant are handed on as the
 * origin knows them, all others leave.
 */
int variant_request(struct exchange *x);

/* ETag, Last-Modified, digests and ranges of a rewritten body; Vary and Cache-Control of every page. */
int variant_response(struct exchange *x);

#endif
