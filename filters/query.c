/*
 * query.c: takes click ids and the like out of the query before the origin sees it.
 *
 * For every visitor under a rule set that lists it: nobody's wish is needed. What a parameter is for is said by its
 * name (conf/lists/params.tsv); values are never looked at, and all other bytes stay.
 */
#include "match/pack.h"
#include "tacet/filter.h"

extern const struct tc_filter filter_query;

struct query_opts {
	struct tc_strs strip;
};

static const struct tc_option query_options[] = {
	{"query.strip", TC_OPT_WORDS, NULL, "click-ids|campaign|affiliate",
	    "parameters that never reach the origin: groups, names, prefix*", offsetof(struct query_opts, strip),
	    false},
};

enum { NAME_MAX_DECODED = 256 };

/* What the option asks for, read once per request. */
struct wanted {
	bool click_ids, campaign, affiliate;
	struct tc_strs names; /* all words: those that are no group are names */
	bool keep_users;      /* the path is one where user ids are needed */
};

/* What the classes of parameters count as. */
static const enum tc_class param_class[PACK_PARAM_CLASS_COUNT] = {
	[PACK_CLICK_ID] = TC_ADVERTISING,
	[PACK_USER_ID] = TC_ADVERTISING,
	[PACK_LINKER] = TC_ANALYTICS,
	[PACK_AD_DETAIL] = TC_ADVERTISING,
	[PACK_CAMPAIGN] = TC_ANALYTICS,
	[PACK_AFFILIATE] = TC_ADVERTISING,
	[PACK_PARAM_FUNCTIONAL] = TC_FUNCTIONAL,
};

/*
 * Paths on which a recipient's id does its proper work (lists.md 6): a segment that begins with one of these. whole:
 * what follows must be no letter.
 */
static bool
path_keeps_users(struct tc_str path)
{
	static const struct {
		struct tc_str word;
		bool whole;
	} words[] = {
		{TC_STR_INIT("unsubscribe"), false},
		{TC_STR_INIT("preferences"), false},
		{TC_STR_INIT("confirm"), false},
		{TC_STR_INIT("oauth"), false},
		{TC_STR_INIT("sso"), true},
	};

	while (path.p != NULL) {
		struct tc_str segment = tc_next(&path, '/');

		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
			size_t n = words[i].word.n;

			if (!tc_istarts(segment, words[i].word))
				continue;
			if (!words[i].whole || segment.n == n || tc_lower(segment.p[n]) < 'a' ||
			    tc_lower(segment.p[n]) > 'z')
				return true;
		}
	}
	return false;
}

static struct wanted
wanted_of(const struct query_opts *o)
{
	struct wanted w = {.names = o->strip};

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

static bool
name_goes(const struct wanted *w, struct tc_str name, enum tc_class *class)
{
	const struct pack_param *row = pack_param(name);

	*class = row != NULL ? param_class[row->class] : TC_UNKNOWN;
	if (row != NULL && row->class == PACK_USER_ID && w->keep_users)
		return false;
	return (row != NULL && wanted_by_group(w, row)) || wanted_by_name(w, name);
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tc_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The first n bytes of a name, percent triplets decoded, as the origin will read it. */
static struct tc_str
decode(struct tc_str name, char *buf, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < name.n && at < n; i++) {
		int high = i + 2 < name.n ? hex(name.p[i + 1]) : -1;
		int low = i + 2 < name.n ? hex(name.p[i + 2]) : -1;

		if (name.p[i] != '%' || high < 0 || low < 0) {
			buf[at++] = name.p[i];
			continue;
		}
		buf[at++] = (char)(high << 4 | low);
		i += 2;
	}
	return tc_str_of(buf, at);
}

static bool
param_goes(const struct wanted *w, struct tc_str name, enum tc_class *class)
{
	char buf[NAME_MAX_DECODED];

	while (name.n > 0 && name.p[0] == '+')
		tc_skip(&name, 1);
	while (tc_starts(name, TC_STR("%20")))
		tc_skip(&name, 3);
	if (name.n == 0)
		return false;
	if (name_goes(w, name, class))
		return true;
	return tc_find_byte(name, '%') < name.n && name_goes(w, decode(name, buf, sizeof(buf)), class);
}

/* Links are glued together with more than '&': "a=1;gclid=x", "a=1&amp;gclid=x", "a=1?gclid=x". */
static bool
parts_here(char c)
{
	return c == '&' || c == ';' || c == '?';
}

/* Query so far, without what goes; p = NULL: nothing has gone yet. */
struct kept {
	char *p;
	size_t n;
	bool some; /* more than separators */
};

/* The pair that begins at `at` in the query stays, with the separator before it. */
static void
keep(struct kept *k, struct tc_str query, size_t at, size_t n)
{
	k->some |= n > 0;
	if (k->p == NULL)
		return;
	if (k->n > 0)
		k->p[k->n++] = query.p[at - 1];
	memcpy(k->p + k->n, query.p + at, n);
	k->n += n;
}

/* Strips *query, which is not empty: 0 nothing to do, 1 done (p = NULL: nothing is left), -1 no memory. */
static int
strip(struct tc_call *c, const struct wanted *w, struct tc_str *query)
{
	struct kept left = {NULL, 0, false};

	for (size_t at = 0, end = 0; at <= query->n; at = ++end) {
		struct tc_str name;
		enum tc_class class;

		while (end < query->n && !parts_here(query->p[end]))
			end++;
		name = tc_str_of(query->p + at, end - at);
		name.n = tc_find_byte(name, '=');
		if (!param_goes(w, name, &class)) {
			keep(&left, *query, at, end - at);
			continue;
		}
		tc_did(c, TC_DID_PARAMETER, class, TC_PACK_BUILT_IN, name);
		if (left.p != NULL)
			continue;
		left.p = tc_alloc_bytes(c->arena, query->n + 1);
		if (left.p == NULL)
			return -1;
		left.n = at > 0 ? at - 1 : 0; /* without the separator */
		memcpy(left.p, query->p, left.n);
	}
	if (left.p == NULL)
		return 0;
	*query = left.some ? tc_str_of(left.p, left.n) : (struct tc_str){NULL, 0};
	return 1;
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
strip_referer(struct tc_call *c, struct wanted *w, struct tc_field *f)
{
	size_t at = tc_find_byte(f->value, '?');
	struct tc_str front = tc_str_of(f->value.p, at), query;
	int r;

	if (f->value.n - at <= 1)
		return 0;
	query = tc_str_of(f->value.p + at + 1, f->value.n - at - 1);
	w->keep_users = path_keeps_users(path_of(front));
	r = strip(c, w, &query);
	if (r <= 0)
		return r;
	f->value = query.p == NULL ? front
				   : tc_join(c->arena, (struct tc_str[]){front, TC_STR("?"), query}, 3);
	return f->value.p == NULL ? -1 : 1;
}

static int
query_request(struct tc_call *c)
{
	const struct query_opts *o = c->opts;
	struct tc_request *req = c->req;
	struct tc_field *referer;
	struct wanted w;

	if (o->strip.n == 0)
		return 0;
	w = wanted_of(o);
	if (req->query.n > 0) {
		w.keep_users = path_keeps_users(req->match);
		if (strip(c, &w, &req->query) < 0)
			return 431;
	}
	referer = tc_field_first(&req->fields, TC_F_REFERER);
	if (referer != NULL && strip_referer(c, &w, referer) < 0)
		return 431;
	return 0;
}

const struct tc_filter filter_query = {
	.name = "query",
	.help = "strip click ids from the query",
	.phase = TC_HEAD,
	.options = query_options,
	.option_count = sizeof(query_options) / sizeof(*query_options),
	.options_size = sizeof(struct query_opts),
	.request = query_request,
};
