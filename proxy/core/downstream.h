/*
 * downstream.h: what the visitor is told by the origin, put as if the origin knew by which name it is visited, and as
 * the operator wants it (response.set, response.remove).
 */
#ifndef CORE_DOWNSTREAM_H
#define CORE_DOWNSTREAM_H

#include "config/config.h"

/*
 * On the origin's response, before filters and caching fields: what those say of privacy stands, whatever is set or
 * removed here. First Location, Content-Location, Refresh and the Domain of cookies that name the origin by a name which
 * is ours to know, then what is removed, then what is set. 0, or -1 at the arena's limit.
 *
 * Access-Control-Allow-Origin and Link stay as they are. The first names the sites that may read, and the visitor's
 * browser said those itself; a wrong guess there opens a site to another one. The second goes with the links in the page,
 * which are not touched either.
 */
int downstream_fields(const struct config_route *r, const struct tc_request *req, struct tc_response *res);

/*
 * On an answer of our own, error pages too, when it is complete: what is set is added (as by nginx's add_header with
 * `always`), but replaces nothing that we say ourselves.
 */
int downstream_own(const struct config_route *r, struct tc_response *res);

#endif
