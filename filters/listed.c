/* listed.c: see listed.h. */
#include "listed.h"

#include "page.h"

enum { TYPES_ALL = MATCH_OTHER * 2 - 1 };

int
listed_load(struct tc_loader *l, void **conf)
{
	*conf = l->conf_of(l, &filter_lists);
	return 0;
}

bool
listed_any(const struct tc_call *c, enum match_change kind)
{
	return c->conf != NULL && c->decision->denied != 0 && match_stats(c->conf)->changes[kind] > 0;
}

/* Without Sec-Fetch-Dest it is what Accept says, or could be any of them: a rule counts that is about one. */
static enum match_type
type_guessed(const struct tc_request *req)
{
	struct tc_str accept = tc_field_value(&req->fields, TC_F_ACCEPT);

	if (tc_find(accept, TC_STR("text/html")) < accept.n)
		return MATCH_DOCUMENT | MATCH_SUBDOCUMENT;
	if (tc_starts(accept, TC_STR("image/")))
		return MATCH_IMAGE;
	return tc_starts(accept, TC_STR("text/css")) ? MATCH_STYLESHEET : (enum match_type)TYPES_ALL;
}

static enum match_type
type_of(const struct tc_request *req)
{
	if (req->websocket)
		return MATCH_WEBSOCKET;
	if (req->dest == TC_DEST_ABSENT)
		return type_guessed(req);
	return req->dest == TC_DEST_EMPTY ? MATCH_XHR | MATCH_PING : page_dest_type(req->dest);
}

void
listed_about(struct listed *l, struct tc_str url)
{
	char *buf = tc_alloc_bytes(l->c->arena, URL_MAX + 64);

	page_of(l->c, &l->page);
	l->type = MATCH_DOCUMENT;
	l->ready = buf != NULL && url_resolve(&l->url, url, NULL, buf);
	l->failed = !l->ready;
}

bool
listed_ready(struct listed *l)
{
	char *buf;

	if (l->ready || l->failed)
		return l->ready;
	buf = tc_alloc_bytes(l->c->arena, URL_MAX + 64);
	page_self(l->c, &l->page);
	l->type = type_of(l->c->req);
	l->ready = buf != NULL && page_url(l->c, &l->url, buf);
	l->failed = !l->ready;
	return l->ready;
}

bool
listed_goes(struct listed *l, enum match_change kind, struct tc_str name, struct tc_str value, struct match_result *why)
{
	*why = (struct match_result){.class = TC_UNKNOWN, .pack = TC_PACK_OPERATOR};
	if (!listed_any(l->c, kind))
		return false;
	if (!listed_ready(l) || ++l->asked > LISTED_ASK_MAX)
		return true;
	return match_removes(l->c->conf, &l->page, &l->url, l->type, kind, name, value, why) == MATCH_BLOCK;
}
