/*
 * observe.h: a site with `mode: observe`. The exchange goes on as if there were no filters; the same filters run over a
 * copy of it that nobody gets, as for somebody who said no, and what they do is counted (inventory.h).
 *
 *	request  ------------------------------> origin ------------------------------> visitor
 *	    \ copy of the fields -> filters         \ copy of the fields, its bytes -> filters -> nowhere
 *
 * Who asks makes no difference: the decision of the copy is that of a fixed visitor. The copy has an arena of its own with the
 * limit of a request's; where it cannot go on, it ends and is counted, and the exchange does not notice.
 */
#ifndef CORE_OBSERVE_H
#define CORE_OBSERVE_H

#include "core/exchange.h"

struct observer; /* of one exchange; NULL: none, or it has ended */

/* Before anything, off the request path: what names vendors, if a site of this configuration observes. */
void observe_prepare(const struct config *c);

static inline bool
observe_site(const struct config_site *site)
{
	return site->mode == MODE_OBSERVE;
}

/* The request as it came, before anything of it is changed. */
void observe_request(struct exchange *x);
/* The response's head, as it goes to the visitor. */
void observe_response(struct exchange *x);
/* A piece of its body. */
void observe_body(struct exchange *x, struct tc_str piece);
/* The exchange is over; whole: its body came to its end. */
void observe_end(struct exchange *x, bool whole);

/* Whether it wants to see the body. */
bool observe_wants_body(const struct exchange *x);

#endif
