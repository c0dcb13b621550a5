/*
 * domain.h: the registrable domain of the site's own host, which nearly every request has in common with the last ones:
 * what psl_domain() said of it is remembered.
 */
#ifndef TACET_DOMAIN_H
#define TACET_DOMAIN_H

#include "tacet/str.h"

/*
 * What psl_domain() says of this host, in the bytes given. To ask for others than the request's own host makes it forget
 * those.
 */
struct tc_str domain_of(struct tc_str host);

#endif
