/* redirect.h: listen[].redirect: https. The listener sends everybody to the same address over https. */
#ifndef CORE_REDIRECT_H
#define CORE_REDIRECT_H

#include "core/exchange.h"

/*
 * Whether the request is answered with a redirect: all on such a listener, but ACME's challenges, which certificates
 * hang on, and requests that came by https to a proxy in front that is believed: those would go round in a circle.
 */
bool redirect_due(const struct exchange *x);

/* Fills res and answer_body. -1 at the arena's limit. */
int redirect_answer(struct exchange *x);

#endif
