/* vendor.c: see tacet/vendor.h. */
#include "tacet/vendor.h"

#include <stdlib.h>

#include "match/match.h"
#include "match/pack.h"
#include "match/url.h"
#include "page.h"

#define ALL_CLASSES ((tc_classes)~0u)
#define ALL_TYPES ((enum match_type)(MATCH_OTHER * 2 - 1 - MATCH_DOCUMENT))

_Static_assert(TC_ADDRESS_ROOM >= URL_MAX + 64, "an address fits");

struct tc_vendors {
	struct match_db *db;
};

/* Adds all patterns as one list, one rule a line. Between two '/' a pattern would be read as a regular expression. */
static int
patterns_add(struct match_db *db)
{
	size_t n = 0, at = 0;
	char *text;
	int rc;

	for (size_t i = 0; i < pack_pattern_count; i++)
		n += pack_patterns[i].text.n + 2;
	text = malloc(n);
	if (text == NULL)
		return -1;
	for (size_t i = 0; i < pack_pattern_count; i++) {
		struct tc_str p = pack_patterns[i].text;

		memcpy(text + at, p.p, p.n);
		at += p.n;
		if (p.p[0] == '/' && p.p[p.n - 1] == '/')
			text[at++] = '*';
		text[at++] = '\n';
	}
	rc = match_add(db, tc_str_of(text, at), TC_PACK_BUILT_IN, TC_UNKNOWN);
	free(text);
	return rc;
}

struct tc_vendors *
tc_vendors_new(void)
{
	struct tc_vendors *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->db = match_new();
	if (v->db == NULL || patterns_add(v->db) < 0 || match_build(v->db) < 0)
		tc_vendors_destroy(&v);
	return v;
}

void
tc_vendors_destroy(struct tc_vendors **v)
{
	if (*v != NULL)
		match_destroy(&(*v)->db);
	free(*v);
	*v = NULL;
}

/* The row whose pattern this rule is. */
static const struct pack_vendor *
vendor_of_rule(struct tc_str rule)
{
	for (size_t i = 0; i < pack_pattern_count; i++) {
		struct tc_str p = pack_patterns[i].text;

		if (tc_starts(rule, p) && rule.n <= p.n + 1 && (rule.n == p.n || rule.p[p.n] == '*'))
			return &pack_vendors[pack_patterns[i].vendor];
	}
	return NULL;
}

/* The host of "||host/path"; n = 0: the pattern names none, or not a whole one. */
static struct tc_str
host_of_pattern(struct tc_str p)
{
	size_t n = 0;

	if (!tc_starts(p, TC_STR("||")))
		return tc_str_of(p.p, 0);
	tc_skip(&p, 2);
	while (n < p.n && memchr("/^*", p.p[n], 3) == NULL)
		n++;
	return tc_str_of(p.p, n < p.n && p.p[n] != '*' ? n : 0);
}

/* A connection alone, without a path: of the first vendor that has something on this host. */
static const struct pack_vendor *
vendor_of_host(struct tc_str host)
{
	for (size_t i = 0; i < pack_pattern_count; i++) {
		struct tc_str h = host_of_pattern(pack_patterns[i].text);

		if (h.n > 0 && tc_ends(host, h) && (host.n == h.n || host.p[host.n - h.n - 1] == '.'))
			return &pack_vendors[pack_patterns[i].vendor];
	}
	return NULL;
}

bool
tc_vendor_of_url(const struct tc_vendors *v, struct tc_str url, struct tc_vendor *out)
{
	const struct match_page page = {.host = TC_STR("page.invalid"), .domain = TC_STR("page.invalid"), .denied = ALL_CLASSES};
	const struct pack_vendor *row = NULL;
	char buf[URL_MAX + 64];
	struct match_result why;
	struct url u;

	if (!url_resolve(&u, url, NULL, buf) || u.scheme < URL_HTTP || u.scheme > URL_WSS)
		return false;
	if (match_url(v->db, &page, &u, ALL_TYPES, &why) == MATCH_BLOCK)
		row = vendor_of_rule(why.rule);
	else if (u.path.n <= 1 && u.query.n == 0)
		row = vendor_of_host(u.host);
	if (row == NULL)
		return false;
	*out = (struct tc_vendor){.name = row->name, .class = row->class};
	return true;
}

bool
tc_vendor_of_endpoint(struct tc_str url, struct tc_vendor *out)
{
	const struct pack_endpoint *e = NULL;
	char buf[URL_MAX + 64];
	struct url u;

	if (url_resolve(&u, url, NULL, buf) && u.scheme >= URL_HTTP && u.scheme <= URL_WSS)
		e = pack_endpoint(u.path, u.query, tc_str_of(NULL, 0));
	if (e != NULL)
		*out = (struct tc_vendor){.name = e->tool, .class = e->class};
	return e != NULL;
}

bool
tc_vendor_of_cookie(struct tc_str name, struct tc_vendor *out)
{
	const struct pack_cookie *row = pack_cookie(name);

	return row != NULL && row->strip == PACK_STRIP && tc_cookie_known(name, out);
}

bool
tc_cookie_known(struct tc_str name, struct tc_vendor *out)
{
	const struct pack_cookie *row = pack_cookie(name);

	if (row != NULL)
		*out = (struct tc_vendor){row->vendor, row->class, row->pattern};
	return row != NULL;
}

bool
tc_vendor_of_parameter(struct tc_str name, struct tc_vendor *out)
{
	const struct pack_param *row = pack_param(name);

	if (row == NULL)
		return false;
	*out = (struct tc_vendor){row->vendor, TC_ADVERTISING, row->pattern};
	return true;
}

bool
tc_address_read(struct tc_address *a, struct tc_str text, char buf[TC_ADDRESS_ROOM])
{
	struct url u;

	if (!url_resolve(&u, text, NULL, buf) || u.scheme < URL_HTTP || u.scheme > URL_WSS || u.host.n == 0)
		return false;
	*a = (struct tc_address){u.text, u.host, u.path};
	return true;
}

struct tc_str
tc_domain(struct tc_str host)
{
	struct tc_str domain = psl_domain(host);

	return domain.n > 0 ? domain : host;
}

enum tc_list_verdict
tc_lists_ask(const void *lists, struct tc_str page_host, const struct tc_address *a, enum tc_dest as,
    struct tc_listed *out)
{
	const struct match_page page = {.host = page_host, .domain = tc_domain(page_host), .denied = ALL_CLASSES};
	char buf[URL_MAX + 64];
	struct match_result why;
	enum match_verdict verdict;
	struct url u;

	if (lists == NULL || !url_resolve(&u, a->text, NULL, buf))
		return TC_NOT_LISTED;
	verdict = match_url(lists, &page, &u, page_dest_type(as), &why);
	if (verdict == MATCH_BLOCK)
		*out = (struct tc_listed){why.class, why.pack, why.rule};
	return verdict == MATCH_BLOCK ? TC_BLOCKED : verdict == MATCH_ALLOW ? TC_EXCEPTED
									    : TC_NOT_LISTED;
}
