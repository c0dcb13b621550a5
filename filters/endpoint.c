/*
 * endpoint.c: answers requests that reach the site's own host only to be measured, so that the origin (and the
 * collector behind it) never sees them: tag gateways, server-side tag managers, proxied analytics.
 *
 * Known by shape (conf/lists/endpoints.tsv) and by the lists, with the type of the request as a browser would say
 * it. Documents are never blocked.
 */
#include "match/pack.h"
#include "page.h"
#include "surrogate.h"

extern const struct tc_filter filter_endpoint;

/* ---- the type of an incoming request (lists.md 6) ---- */

static const struct {
	struct tc_str end;
	enum match_type type;
} endings[] = {
	{TC_STR_INIT(".js"), MATCH_SCRIPT},
	{TC_STR_INIT(".mjs"), MATCH_SCRIPT},
	{TC_STR_INIT(".css"), MATCH_STYLESHEET},
	{TC_STR_INIT(".gif"), MATCH_IMAGE},
	{TC_STR_INIT(".png"), MATCH_IMAGE},
	{TC_STR_INIT(".jpg"), MATCH_IMAGE},
	{TC_STR_INIT(".jpeg"), MATCH_IMAGE},
	{TC_STR_INIT(".webp"), MATCH_IMAGE},
	{TC_STR_INIT(".avif"), MATCH_IMAGE},
	{TC_STR_INIT(".svg"), MATCH_IMAGE},
	{TC_STR_INIT(".ico"), MATCH_IMAGE},
	{TC_STR_INIT(".woff"), MATCH_FONT},
	{TC_STR_INIT(".woff2"), MATCH_FONT},
	{TC_STR_INIT(".ttf"), MATCH_FONT},
	{TC_STR_INIT(".otf"), MATCH_FONT},
	{TC_STR_INIT(".mp4"), MATCH_MEDIA},
	{TC_STR_INIT(".webm"), MATCH_MEDIA},
	{TC_STR_INIT(".mp3"), MATCH_MEDIA},
	{TC_STR_INIT(".html"), MATCH_DOCUMENT},
	{TC_STR_INIT(".htm"), MATCH_DOCUMENT},
	{TC_STR_INIT(".pdf"), MATCH_DOCUMENT},
};

/* Without Sec-Fetch-Dest: what Accept and the path's ending say. */
static enum match_type
type_guessed(const struct tc_request *req)
{
	struct tc_str accept = tc_field_value(&req->fields, TC_F_ACCEPT);

	if (tc_find(accept, TC_STR("text/html")) < accept.n)
		return MATCH_DOCUMENT;
	if (tc_starts(accept, TC_STR("image/")))
		return MATCH_IMAGE;
	if (tc_starts(accept, TC_STR("text/css")))
		return MATCH_STYLESHEET;
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		if (tc_ends(req->match, endings[i].end))
			return endings[i].type;
	return MATCH_XHR;
}

/* sendBeacon() is a POST without CORS whose answer nobody reads. */
static enum match_type
type_of_fetch(const struct tc_request *req)
{
	struct tc_str mode = tc_field_value(&req->fields, TC_F_SEC_FETCH_MODE);

	return req->method == TC_M_POST && tc_eq(mode, TC_STR("no-cors")) ? MATCH_PING : MATCH_XHR;
}

static enum match_type
type_of(const struct tc_request *req)
{
	if (req->websocket)
		return MATCH_WEBSOCKET;
	if (req->dest == TC_DEST_ABSENT)
		return type_guessed(req);
	return req->dest == TC_DEST_EMPTY ? type_of_fetch(req) : page_dest_type(req->dest);
}

/* ---- the answer ---- */

/* A gateway's script is known by its path, or by the id that it is asked for with. */
static const struct surrogate *
surrogate_of(const struct tc_request *req)
{
	const struct tc_str parts[] = {req->match, TC_STR("?"), req->query};
	char text[512];
	struct tc_str name;
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		size_t k = parts[i].n < sizeof(text) - n ? parts[i].n : sizeof(text) - n;

		if (k > 0)
			memcpy(text + n, parts[i].p, k);
		n += k;
	}
	name = pack_surrogate_url(pack_surrogate((struct tc_str){"", 0}, tc_str_of(text, n)), false);
	tc_skip(&name, sizeof(PACK_SURROGATES) - 1);
	return surrogate_script(name);
}

/* What the one who asks can bear: a picture for an image, a script for a script; else what the endpoint gives. */
static int
answer(struct tc_call *c, enum match_type type, enum pack_answer usual)
{
	bool fetched = type == MATCH_XHR || type == MATCH_PING;
	int status = 200;

	if (type == MATCH_IMAGE)
		tc_answer(c, "image/gif", surrogate_gif, "no-store");
	else if (type == MATCH_SCRIPT || (fetched && usual == PACK_SCRIPT))
		tc_answer(c, SURROGATE_SCRIPT_TYPE, surrogate_of(c->req)->text, "no-store");
	else if (fetched && usual == PACK_JSON)
		tc_answer(c, "application/json", TC_STR("{}"), "no-store");
	else {
		tc_answer(c, NULL, (struct tc_str){NULL, 0}, "no-store");
		status = 204;
	}
	tc_answer_shared(c); /* the page may be on another host of the site */
	return status;
}

static bool
asked_by_site(struct tc_call *c)
{
	struct tc_str origin = tc_field_value(&c->req->fields, TC_F_ORIGIN);
	char *buf = tc_alloc_bytes(c->arena, URL_MAX + 64);
	struct match_page page;
	struct url url;

	page_of(c, &page);
	page_alone(&page); /* they may be asked, which does not mean that they may ask */
	return buf != NULL && url_resolve(&url, origin, NULL, buf) && page_owns(&page, &url);
}

/*
 * The question that a browser asks before a fetch() from another host. It comes without cookies, so the fetch itself
 * may be decided otherwise and reach the origin, which has approved of nothing: a yes from here only where a signal
 * decides, which comes with both, and to nobody but the site's own pages.
 */
static int
answer_preflight(struct tc_call *c)
{
	tc_answer(c, NULL, (struct tc_str){NULL, 0}, "no-store");
	if (c->decision->person && asked_by_site(c))
		tc_answer_shared(c);
	return 204;
}

/* As rules name it. What they have no name for is as good as a GET: most say nothing about it. */
static enum match_method
method_of(const struct tc_request *req)
{
	static const enum match_method known[] = {
		[TC_M_HEAD] = MATCH_HEAD,
		[TC_M_POST] = MATCH_POST,
		[TC_M_OPTIONS] = MATCH_OPTIONS,
		[TC_M_CONNECT] = MATCH_CONNECT,
	};

	if (req->method != TC_M_OTHER)
		return req->method < sizeof(known) / sizeof(*known) ? known[req->method] : MATCH_GET;
	if (tc_eq(req->method_text, TC_STR("PUT")))
		return MATCH_PUT;
	if (tc_eq(req->method_text, TC_STR("DELETE")))
		return MATCH_DELETE;
	return tc_eq(req->method_text, TC_STR("PATCH")) ? MATCH_PATCH : MATCH_GET;
}

/* Whether a rule for one of these classes blocks the request as one of the site's own pages would make it. */
static bool
listed(struct tc_call *c, enum match_type type, tc_classes denied, struct match_result *why)
{
	struct match_page page;
	struct url url;
	char *buf = tc_alloc_bytes(c->arena, URL_MAX + 64);

	if (c->conf == NULL || buf == NULL || !page_url(c, &url, buf))
		return false;
	page_self(c, &page);
	page.denied = denied;
	page.method = method_of(c->req);
	return match_url(c->conf, &page, &url, type, why) == MATCH_BLOCK;
}

/* ---- known by the body ---- */

/* What a page's script can send without asking, or as JSON: not what is packed. */
static bool
can_be_hit(const struct tc_request *req)
{
	static const struct tc_str types[] = {TC_STR_INIT("text/plain"), TC_STR_INIT("application/json"),
	    TC_STR_INIT("application/x-www-form-urlencoded"), TC_STR_INIT("multipart/form-data")};
	struct tc_str type = tc_field_value(&req->fields, TC_F_CONTENT_TYPE);

	type = tc_trim(tc_next(&type, ';'));
	if (req->method != TC_M_POST)
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (tc_ieq(type, types[i]))
			return true;
	return type.n == 0;
}

/*
 * By its path it could be anything: many rows have one mark alone, which stands in the body. The type is taken from the
 * request again, as nothing of what it is read from is edited.
 */
static int
endpoint_peek(struct tc_call *c, struct tc_str begin, bool whole)
{
	const struct pack_endpoint *e = pack_endpoint(c->req->match, c->req->query, begin);

	(void)whole; /* marks stand near the front */
	if (e == NULL || (c->decision->denied & TC_CLASS_BIT(e->class)) == 0)
		return 0;
	tc_did(c, TC_DID_ENDPOINT, e->class, TC_PACK_BUILT_IN, e->tool);
	return answer(c, type_of(c->req), e->answer);
}

static int
endpoint_request(struct tc_call *c)
{
	bool preflight = c->req->method == TC_M_OPTIONS;
	const struct pack_endpoint *e;
	struct match_result why;
	enum match_type type;

	if (c->decision->denied == 0)
		return 0;
	type = preflight ? MATCH_XHR : type_of(c->req);
	if (type == MATCH_DOCUMENT)
		return 0;
	e = pack_endpoint(c->req->match, c->req->query, (struct tc_str){NULL, 0});
	if (e != NULL && (c->decision->denied & TC_CLASS_BIT(e->class)) != 0) {
		tc_did(c, TC_DID_ENDPOINT, e->class, TC_PACK_BUILT_IN, e->tool);
		return preflight ? answer_preflight(c) : answer(c, type, e->answer);
	}
	if (!listed(c, type, c->decision->denied, &why)) {
		if (can_be_hit(c->req))
			tc_peek(c);
		return 0;
	}
	tc_did(c, TC_DID_ENDPOINT, why.class, why.pack, why.rule);
	return preflight ? answer_preflight(c) : answer(c, type, PACK_EMPTY);
}

/* ---- what passed ---- */

/* A tracker that others are refused must not come to them out of a cache. What is only looked at does no harm there. */
static bool
can_do_harm(const struct tc_response *res)
{
	static const struct tc_str harmless[] = {TC_STR_INIT("image/"), TC_STR_INIT("font/"), TC_STR_INIT("text/css"),
	    TC_STR_INIT("video/"), TC_STR_INIT("audio/")};

	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++)
		if (tc_starts(res->type, harmless[i]))
			return false;
	return true;
}

static int
endpoint_response(struct tc_call *c)
{
	const tc_classes all = (tc_classes)~(TC_ESSENTIAL | TC_CLASS_BIT(TC_UNKNOWN));
	const struct tc_request *req = c->req;
	const struct pack_endpoint *e;
	struct match_result why;
	enum match_type type = type_of(req);
	bool fetched = type != MATCH_DOCUMENT && (req->method == TC_M_GET || req->method == TC_M_HEAD);

	if (!fetched || (all & ~c->decision->denied) == 0 || !can_do_harm(c->res))
		return 0;
	e = pack_endpoint(req->match, req->query, (struct tc_str){NULL, 0});
	if ((e != NULL && (all & TC_CLASS_BIT(e->class)) != 0) || listed(c, type, all, &why))
		tc_answer_differs(c);
	return 0;
}

static int
endpoint_load(struct tc_loader *l, void **conf)
{
	*conf = l->conf_of(l, &filter_lists);
	return 0;
}

const struct tc_filter filter_endpoint = {
	.name = "endpoint",
	.help = "answer tracking requests to the site's own host",
	.phase = TC_GATE,
	.load = endpoint_load,
	.request = endpoint_request,
	.response = endpoint_response,
	.peek = endpoint_peek,
};
