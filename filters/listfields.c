/*
 * listfields.c: what the loaded lists do to fields, for visitors to whom something is denied: $removeheader takes some
 * out of either head, $csp gives a page one more policy.
 *
 * A list is written by others, and for browsers. It may not touch what carries the message, what guards the site, what
 * says no for the visitor, nor cookies, which have rules of their own; and no policy of a list reports anywhere.
 */
#include "listed.h"
#include "page.h"

extern const struct tc_filter filter_listfields;

enum { POLICIES_MAX = 16,
	NAME_MAX_ASKED = 128 };

/* ---- $removeheader ---- */

/* Of the fields that tacet knows: those that only tell somebody something, or lead there. All others stay. */
static const bool removable[TC_F_COUNT] = {
	[TC_F_ACCEPT_CH] = true,
	[TC_F_ACCEPT_CH_LIFETIME] = true,
	[TC_F_AD_AUCTION_ALLOWED] = true,
	[TC_F_AD_AUCTION_SIGNALS] = true,
	[TC_F_ATTRIBUTION_REPORTING_ELIGIBLE] = true,
	[TC_F_ATTRIBUTION_REPORTING_INFO] = true,
	[TC_F_ATTRIBUTION_REPORTING_REGISTER_OS_SOURCE] = true,
	[TC_F_ATTRIBUTION_REPORTING_REGISTER_OS_TRIGGER] = true,
	[TC_F_ATTRIBUTION_REPORTING_REGISTER_SOURCE] = true,
	[TC_F_ATTRIBUTION_REPORTING_REGISTER_TRIGGER] = true,
	[TC_F_CRITICAL_CH] = true,
	[TC_F_EXPECT_CT] = true,
	[TC_F_LINK] = true,
	[TC_F_NEL] = true,
	[TC_F_OBSERVE_BROWSING_TOPICS] = true,
	[TC_F_REFERER] = true,
	[TC_F_REFRESH] = true,
	[TC_F_REPORT_TO] = true,
	[TC_F_REPORTING_ENDPOINTS] = true,
	[TC_F_SEC_BROWSING_TOPICS] = true,
	[TC_F_SERVER] = true,
	[TC_F_SHARED_STORAGE_WRITE] = true,
	[TC_F_SPECULATION_RULES] = true,
	[TC_F_USER_AGENT] = true,
	[TC_F_X_CLIENT_DATA] = true,
};

/* Of all other fields: names, or with '-' at the end beginnings of names, that guard something or carry the message. */
static const struct tc_str guards[] = {TC_STR_INIT("Access-Control-"), TC_STR_INIT("Age"), TC_STR_INIT("Allow"),
    TC_STR_INIT("Alt-Svc"), TC_STR_INIT("Content-"), TC_STR_INIT("Cross-Origin-"), TC_STR_INIT("Feature-Policy"),
    TC_STR_INIT("Origin-Agent-Cluster"), TC_STR_INIT("P3P"), TC_STR_INIT("Public-Key-"), TC_STR_INIT("Sec-"),
    TC_STR_INIT("Set-Login"), TC_STR_INIT("SourceMap"), TC_STR_INIT("Strict-Transport-Security"),
    TC_STR_INIT("Timing-Allow-Origin"), TC_STR_INIT("Upgrade-"), TC_STR_INIT("WWW-"), TC_STR_INIT("X-CSRF-"),
    TC_STR_INIT("X-Download-Options"), TC_STR_INIT("X-Frame-Options"), TC_STR_INIT("X-Permitted-"),
    TC_STR_INIT("X-Requested-With"), TC_STR_INIT("X-Robots-Tag"), TC_STR_INIT("X-XSRF-"), TC_STR_INIT("X-XSS-Protection")};

static bool
may_go(const struct tc_field *f)
{
	if (f->id != TC_F_OTHER)
		return removable[f->id];
	for (size_t i = 0; i < sizeof(guards) / sizeof(*guards); i++) {
		bool front = guards[i].p[guards[i].n - 1] == '-';

		if (front ? tc_istarts(f->name, guards[i]) : tc_ieq(f->name, guards[i]))
			return false;
	}
	return true;
}

/* "request:NAME", or NAME alone for a response, as rules have it; n = 0: longer than any rule's. */
static struct tc_str
asked_name(const struct tc_field *f, bool request, char buf[NAME_MAX_ASKED])
{
	static const struct tc_str prefix = TC_STR_INIT("request:");
	size_t n = request ? prefix.n : 0;

	if (n + f->name.n > NAME_MAX_ASKED)
		return tc_str_of(NULL, 0);
	memcpy(buf, prefix.p, n);
	memcpy(buf + n, f->name.p, f->name.n);
	return tc_str_of(buf, n + f->name.n);
}

static void
remove_listed(struct listed *l, struct tc_fields *fields, bool request)
{
	struct match_result why;
	char buf[NAME_MAX_ASKED];

	for (size_t i = 0; i < fields->n; i++) {
		struct tc_field *f = &fields->v[i];
		struct tc_str name = asked_name(f, request, buf);

		if (f->dropped || name.n == 0 || !may_go(f) ||
		    !listed_goes(l, MATCH_REMOVEHEADER, name, tc_str_of(NULL, 0), &why))
			continue;
		f->dropped = true;
		tc_did(l->c, request ? TC_DID_REQUEST_FIELD : TC_DID_RESPONSE_FIELD, why.class, why.pack, f->name);
	}
}

static int
listfields_request(struct tc_call *c)
{
	struct listed l = {.c = c};

	if (listed_any(c, MATCH_REMOVEHEADER))
		remove_listed(&l, &c->req->fields, true);
	return 0;
}

/* ---- $csp ---- */

/* Whether a policy of a list only forbids: it reports nothing, and is one policy of bytes that a field can hold. */
static bool
only_forbids(struct tc_str policy)
{
	struct tc_str rest = policy;

	for (size_t i = 0; i < policy.n; i++)
		if (policy.p[i] < ' ' || policy.p[i] > '~' || policy.p[i] == ',')
			return false;
	while (rest.p != NULL) {
		struct tc_str directive = tc_next(&rest, ';'), name = tc_str_of(directive.p, tc_find_byte(directive, ' '));

		if (tc_ieq(name, TC_STR("report-uri")) || tc_ieq(name, TC_STR("report-to")))
			return false;
	}
	return policy.n > 0;
}

/*
 * A document, or what a browser may show as one. A 304 says what the stored page is to have (RFC 9111 3.2): as much as
 * the page itself.
 */
static bool
is_page(const struct tc_call *c, enum match_type type)
{
	enum page_kind kind = page_kind(c->res);

	if (kind == PAGE_OTHER || (type & (MATCH_DOCUMENT | MATCH_SUBDOCUMENT)) == 0)
		return kind == PAGE_HTML;
	return true;
}

static int
add_policies(struct listed *l)
{
	struct tc_str policies[POLICIES_MAX];
	struct match_result why[POLICIES_MAX];
	enum match_type type;
	size_t n;

	if (!listed_ready(l) || !is_page(l->c, l->type))
		return 0;
	type = l->type & (MATCH_DOCUMENT | MATCH_SUBDOCUMENT);
	n = match_values(l->c->conf, &l->page, &l->url, type != 0 ? type : MATCH_DOCUMENT, MATCH_CSP, why, policies, POLICIES_MAX);
	for (size_t i = 0; i < n; i++) {
		if (!only_forbids(policies[i]))
			continue;
		if (tc_field_add(&l->c->res->fields, TC_F_CONTENT_SECURITY_POLICY, policies[i]) < 0)
			return -1;
		tc_did(l->c, TC_DID_RESPONSE_FIELD, why[i].class, why[i].pack, TC_STR("Content-Security-Policy"));
	}
	return 0;
}

static int
listfields_response(struct tc_call *c)
{
	struct listed l = {.c = c};

	if (listed_any(c, MATCH_REMOVEHEADER))
		remove_listed(&l, &c->res->fields, false);
	return listed_any(c, MATCH_CSP) && add_policies(&l) < 0 ? 502 : 0;
}

const struct tc_filter filter_listfields = {
	.name = "listfields",
	.help = "fields that the lists take out, policies that they add",
	.phase = TC_HEAD,
	.load = listed_load,
	.request = listfields_request,
	.response = listfields_response,
};
