/*
 * query.c: takes click ids and the like out of the query before the origin sees it.
 *
 * What the rule set names goes for every visitor under it: nobody's wish is needed. What a parameter is for is said by
 * its name (conf/lists/params.tsv); values are never looked at, and all other bytes stay. For visitors to whom something
 * is denied the $removeparam rules of the lists hold besides, but for what our table keeps.
 */
#include "listed.h"
#include "params.h"

extern const struct tc_filter filter_query;

struct query_opts {
	struct tc_strs strip;
	bool redirect;
};

static const struct tc_option query_options[] = {
	{"query.strip", TC_OPT_WORDS, NULL, "click-ids|campaign|affiliate",
	    "parameters that never reach the origin: groups, names, prefix*", offsetof(struct query_opts, strip),
	    false},
	{"query.redirect", TC_OPT_BOOL, "false", NULL, "send browsers to the address without them, so that scripts do not see them",
	    offsetof(struct query_opts, redirect), false},
};

/* What the option asks for, read once per request, and on which path. */
struct wanted {
	struct tc_call *c;
	bool click_ids, campaign, affiliate;
	struct tc_strs names; /* all words: those that are no group are names */
	bool keep_users;      /* the path is one where user ids are needed */
	struct listed listed;
};

static struct wanted
wanted_of(struct tc_call *c)
{
	const struct query_opts *o = c->opts;
	struct wanted w = {.c = c, .names = o->strip, .listed = {.c = c}};

	for (size_t i = 0; i < o->strip.n; i++) {
		w.click_ids |= tc_eq(o->strip.v[i], TC_STR("click-ids"));
		w.campaign |= tc_eq(o->strip.v[i], TC_STR("campaign"));
		w.affiliate |= tc_eq(o->strip.v[i], TC_STR("affiliate"));
	}
	return w;
}

static bool
wanted_by_name(const struct wanted *w, struct tc_str name)
{
	for (size_t i = 0; i < w->names.n; i++) {
		struct tc_str word = w->names.v[i];

		if (tc_eq(word, name))
			return true;
		if (word.n > 1 && word.p[word.n - 1] == '*' && tc_starts(name, tc_str_of(word.p, word.n - 1)))
			return true;
	}
	return false;
}

/* A group takes all rows marked strip (click-ids) or those of its class, marked policy too. */
static bool
wanted_by_group(const struct wanted *w, const struct pack_param *row)
{
	if (row->strip == PACK_KEEP)
		return false;
	return (w->click_ids && row->strip == PACK_STRIP) || (w->campaign && row->class == PACK_CAMPAIGN) ||
	    (w->affiliate && row->class == PACK_AFFILIATE);
}

/*
 * A list does not take what our table keeps and, where ids of people are needed, nothing that our table does not know
 * either: it could be one, and the link to unsubscribe has to work.
 */
static bool
wanted_by_list(struct wanted *w, const struct pack_param *row, struct tc_str name, struct tc_str value,
    struct match_result *why)
{
	if (row != NULL ? row->strip == PACK_KEEP : w->keep_users)
		return false;
	return listed_goes(&w->listed, MATCH_REMOVEPARAM, name, value, why);
}

static bool
name_goes(void *arg, struct tc_str name, struct tc_str value)
{
	struct wanted *w = arg;
	const struct pack_param *row = pack_param(name);
	struct match_result why = {.class = row != NULL ? param_class[row->class] : TC_UNKNOWN, .pack = TC_PACK_BUILT_IN};

	if (row != NULL && row->class == PACK_USER_ID && w->keep_users)
		return false;
	if (!(row != NULL && wanted_by_group(w, row)) && !wanted_by_name(w, name) &&
	    !wanted_by_list(w, row, name, value, &why))
		return false;
	tc_did(w->c, TC_DID_PARAMETER, why.class, why.pack, name);
	return true;
}

/* "https://host/path": "/path". */
static struct tc_str
path_of(struct tc_str url)
{
	size_t at = tc_find(url, TC_STR("://"));

	if (at == url.n)
		return url;
	tc_skip(&url, at + 3);
	tc_skip(&url, tc_find_byte(url, '/'));
	return url;
}

/* The page the visitor comes from had the same query. */
static int
strip_referer(struct tc_call *c, struct tc_field *f)
{
	size_t at = tc_find_byte(f->value, '?');
	struct tc_str front = tc_str_of(f->value.p, at), query;
	struct wanted w = wanted_of(c);
	int r;

	if (f->value.n - at <= 1)
		return 0;
	query = tc_str_of(f->value.p + at + 1, f->value.n - at - 1);
	w.keep_users = path_keeps_users(path_of(front));
	if (listed_any(c, MATCH_REMOVEPARAM))
		listed_about(&w.listed, f->value);
	r = params_strip(c->arena, &query, name_goes, &w);
	if (r <= 0)
		return r;
	f->value = query.p == NULL ? front
				   : tc_join(c->arena, (struct tc_str[]){front, TC_STR("?"), query}, 3);
	return f->value.p == NULL ? -1 : 1;
}

/* A browser that goes somewhere; what a script asks for needs its answer. */
static bool
is_visit(const struct tc_request *req)
{
	struct tc_str accept = tc_field_value(&req->fields, TC_F_ACCEPT);

	if (req->method != TC_M_GET && req->method != TC_M_HEAD)
		return false;
	return req->dest == TC_DEST_DOCUMENT ||
	    (req->dest == TC_DEST_ABSENT && tc_find(accept, TC_STR("text/html")) < accept.n);
}

/* With the host, since a path may begin with "//". There it has nothing to strip: this cannot go round. */
static int
redirect(struct tc_call *c)
{
	const struct tc_request *req = c->req;
	struct tc_str none = {NULL, 0};
	struct tc_str url = tc_join(c->arena,
	    (struct tc_str[]){req->scheme, TC_STR("://"), req->host, req->port.n > 0 ? TC_STR(":") : none, req->port, req->path,
		req->query.p != NULL ? TC_STR("?") : none, req->query},
	    8);

	if (url.p == NULL)
		return 431;
	tc_answer(c, NULL, none, "no-store");
	tc_answer_to(c, url);
	return 302;
}

static int
query_request(struct tc_call *c)
{
	const struct query_opts *o = c->opts;
	struct tc_request *req = c->req;
	struct tc_field *referer = tc_field_first(&req->fields, TC_F_REFERER);
	struct wanted w;
	int stripped = 0;

	if (o->strip.n == 0 && !listed_any(c, MATCH_REMOVEPARAM))
		return 0;
	if (req->query.n > 0) {
		w = wanted_of(c);
		w.keep_users = path_keeps_users(req->match);
		stripped = params_strip(c->arena, &req->query, name_goes, &w);
	}
	if (stripped < 0 || (referer != NULL && strip_referer(c, referer) < 0))
		return 431;
	return stripped > 0 && o->redirect && is_visit(req) ? redirect(c) : 0;
}

const struct tc_filter filter_query = {
	.name = "query",
	.help = "strip click ids from the query",
	.phase = TC_HEAD,
	.options = query_options,
	.option_count = sizeof(query_options) / sizeof(*query_options),
	.options_size = sizeof(struct query_opts),
	.load = listed_load,
	.request = query_request,
};
