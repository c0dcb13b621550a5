/* redirect.c: see redirect.h. */
#include "core/redirect.h"

#include "core/client.h"
#include "core/page_files.h"

bool
redirect_due(const struct exchange *x)
{
	const struct visitor *v = x->visitor;

	return v->redirect && !tc_starts(x->req.match, TC_STR(PAGE_CHALLENGES)) &&
	    !client_https(x->use->snapshot->config, &v->peer, &x->req.fields, v->tls);
}

/* "https://HOST/PATH?QUERY". Without the port: that one belongs to http. Host is one that a site names. */
static struct tc_str
https_address(const struct exchange *x)
{
	const struct tc_request *r = &x->req;
	bool whole_server = r->path.p[0] != '/'; /* OPTIONS * */

	return tc_join(x->arena,
	    (const struct tc_str[]){
		    TC_STR("https://"),
		    r->host,
		    whole_server ? TC_STR("/") : r->path,
		    r->query.p != NULL ? TC_STR("?") : TC_STR(""),
		    r->query.p != NULL ? r->query : TC_STR(""),
	    },
	    5);
}

/*
 * 308 keeps method and body. Nobody may store it: who once turns https off again would have sent visitors into a wall
 * for good. To make browsers remember is what Strict-Transport-Security is for.
 */
int
redirect_answer(struct exchange *x)
{
	struct tc_fields *fs = &x->res.fields;
	struct tc_str to = https_address(x);

	x->answer_body = TC_STR("This site is served by https.\n");
	if (to.p == NULL || tc_field_set(fs, TC_F_LOCATION, to) < 0 ||
	    tc_field_set(fs, TC_F_CONTENT_TYPE, TC_STR("text/plain; charset=utf-8")) < 0)
		return -1;
	return tc_field_set(fs, TC_F_CACHE_CONTROL, TC_STR("no-store"));
}
