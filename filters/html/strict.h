/* strict.h: a policy for documents that we do not read. */
#ifndef TACET_HTML_STRICT_H
#define TACET_HTML_STRICT_H

#include "tacet/filter.h"

/*
 * Adds a Content-Security-Policy under which a document asks nobody but its own site and the hosts let through, whatever
 * stands in it. Next to the site's own it only tightens. 0, or -1 at the arena's limit.
 */
int strict_policy(struct tc_call *c);

#endif
