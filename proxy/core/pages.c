/*
 * pages.c: the choices page and its two companions.
 *
 *	GET  /privacy-choices        the state, then the form
 *	POST /privacy-choices        303 to saved, with the cookie
 *	GET  /privacy-choices/saved  sees whether the cookie came back
 *	GET  /privacy-choices/why    the decision of this request in words
 *
 * Plain HTML without scripts or inline style, so that no tag can break it. Whatever is not a constant is escaped.
 */
#include "core/page_files.h"
#include "core/page_parts.h"

#define PAGE_MAX ((size_t)48 << 10)

#define HTML_TYPE "text/html"
#define PAGE_CSP \
	"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; " \
	"frame-ancestors 'none'"

/* ---- the pages ---- */

/* Did the policy change since the visitor chose? He is told once: the cookie then says that he knows. */
static bool
policy_changed(const struct page *p)
{
	const struct choice_cookie *c = p->ctx->cookie;

	return p->ctx->site->notice_on_change && c != NULL && c->policy < p->ctx->config->policy_version;
}

static void
notice(struct page *p)
{
	const struct tc_str policy = p->ctx->site->pub.policy;

	if (!policy_changed(p))
		return;
	MARKUP(&p->h, "<p class=\"notice\">");
	markup_word(&p->h, p->l, W_CHANGED);
	if (policy.n > 0) {
		MARKUP(&p->h, " ");
		page_link(p, policy, TC_STR(""), W_POLICY);
	}
	MARKUP(&p->h, "</p>\n");
}

/* Where we think the visitor is, and what is the same everywhere. */
static void
guess(struct page *p)
{
	struct tc_str place = page_place(p);

	if (place.n == 0 || (p->row->honour & HONOUR_CHOICE) == 0)
		return;
	MARKUP(&p->h, "<p>");
	markup_named(&p->h, p->l, W_GUESS, place, "bdi");
	MARKUP(&p->h, "</p>\n");
}

static bool
path_is(const struct page *p, struct tc_str suffix)
{
	struct tc_str base = page_choices_path(p->ctx->site), path = p->ctx->req->match;

	if (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path.n == base.n + suffix.n && tc_starts(path, base) && tc_ends(path, suffix);
}

static void
choices_page(struct page *p)
{
	page_head(p);
	page_status(p);
	notice(p);
	page_gpc_note(p);
	page_form(p);
	if (p->ctx->config->cookies_listed)
		page_cookies(p);
	MARKUP(&p->h, "<p>");
	page_link(p, page_choices_path(p->ctx->site), TC_STR("/why"), W_WHY);
	MARKUP(&p->h, "</p>\n");
	guess(p);
	page_foot(p);
}

static void
saved_page(struct page *p)
{
	const struct choice_cookie *c = p->ctx->cookie;
	bool kept = c != NULL && c->state != CHOICE_NONE;

	page_head(p);
	if (kept || !page_gpc_wins(p)) {
		MARKUP(&p->h, "<p>");
		markup_word(&p->h, p->l, kept ? W_SAVED : W_NOT_KEPT);
		MARKUP(&p->h, "</p>\n");
	}
	page_status(p);
	page_gpc_note(p);
	MARKUP(&p->h, "<p>");
	page_link(p, page_choices_path(p->ctx->site), TC_STR(""), W_BACK);
	MARKUP(&p->h, "</p>\n");
	page_foot(p);
}

/* ---- which page ---- */

/* Below the choices path. */
static const struct view {
	struct tc_str suffix;
	void (*write)(struct page *);
	bool form; /* takes the POST */
} VIEWS[] = {
	{TC_STR_INIT(""), choices_page, true},
	{TC_STR_INIT("/why"), page_why, false},
	{TC_STR_INIT("/saved"), saved_page, false},
};

/* ---- answers ---- */

/* Every page of ours. Not no-referrer: a browser would then say "Origin: null" with our own form. */
static const struct markup_line PAGE_LINES[] = {
	{TC_F_CONTENT_TYPE, TC_STR_INIT("text/html; charset=utf-8")},
	{TC_F_CACHE_CONTROL, TC_STR_INIT("no-store")},
	{TC_F_CONTENT_SECURITY_POLICY, TC_STR_INIT(PAGE_CSP)},
	{TC_F_REFERRER_POLICY, TC_STR_INIT("same-origin")},
	{TC_F_X_CONTENT_TYPE_OPTIONS, TC_STR_INIT("nosniff")},
};

static int
page_fields(struct tc_response *res, struct tc_str language)
{
	res->type = TC_STR(HTML_TYPE);
	res->charset = TC_STR("utf-8");
	if (MARKUP_LINES(res, PAGE_LINES) < 0)
		return -1;
	return tc_field_add_named(&res->fields, TC_STR("Content-Language"), language);
}

static int
answer_error(const struct pages_ctx *ctx, int code, struct tc_response *res, struct tc_str *body)
{
	res->status = code;
	*body = error_page(code, ctx->arena);
	return body->p != NULL ? page_fields(res, TC_STR("en")) : -1;
}

/* What an answer came to: a positive status asks for an error in its place. */
static int
or_error(const struct pages_ctx *ctx, int status, struct tc_response *res, struct tc_str *body)
{
	return status > 0 ? answer_error(ctx, status, res, body) : status;
}

static int
answer_method(const struct pages_ctx *ctx, struct tc_str allow, struct tc_response *res, struct tc_str *body)
{
	if (tc_field_add_named(&res->fields, TC_STR("Allow"), allow) < 0)
		return -1;
	return answer_error(ctx, 405, res, body);
}

static int
answer_page(struct page *p, void (*write)(struct page *), struct tc_response *res, struct tc_str *body)
{
	p->h = (struct markup){.p = tc_alloc_bytes(p->ctx->arena, PAGE_MAX), .cap = PAGE_MAX};
	if (p->h.p == NULL)
		return -1;
	write(p);
	if (p->h.full)
		return -1;
	*body = tc_str_of(p->h.p, p->h.n);
	res->status = 200;
	return page_fields(res, p->l->tag);
}

/* The choice as it was, with the policy that its notice was about. */
static int
tell_policy_known(const struct page *p, struct tc_response *res)
{
	struct choice_cookie c;

	if (!policy_changed(p) || p->ctx->req->method != TC_M_GET)
		return 0;
	c = *p->ctx->cookie;
	c.policy = p->ctx->config->policy_version;
	return page_set_cookie(p, &c, res);
}

static int
answer_view(struct page *p, const struct view *view, struct tc_response *res, struct tc_str *body)
{
	if (answer_page(p, view->write, res, body) < 0)
		return -1;
	return view->form ? tell_policy_known(p, res) : 0;
}

static const struct view *
view_at(const struct page *p)
{
	for (size_t i = 0; i < sizeof(VIEWS) / sizeof(VIEWS[0]); i++)
		if (path_is(p, VIEWS[i].suffix))
			return &VIEWS[i];
	return NULL;
}

bool
pages_owns(const struct config_site *site, struct tc_str path)
{
	struct tc_request req = {.match = path};
	struct pages_ctx ctx = {.site = site, .req = &req};
	struct page p = {.ctx = &ctx};

	return page_file_at(site, path) != NULL || (page_choices_path(site).n > 1 && view_at(&p) != NULL);
}

int
pages_answer(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	struct page p = {
		.ctx = ctx,
		.row = region_of(ctx->config, &ctx->facts->place),
		.l = language_for(ctx->site->pub.languages, &ctx->req->fields),
	};
	const struct page_file *file = page_file_at(ctx->site, ctx->req->match);
	const struct view *view = file == NULL ? view_at(&p) : NULL;
	enum tc_method method = ctx->req->method;

	*body = TC_STR("");
	res->head_only = method == TC_M_HEAD;
	if (file == NULL && view == NULL)
		return answer_error(ctx, 404, res, body);
	if (view != NULL && view->form && method == TC_M_POST)
		return or_error(ctx, page_post(&p, res, body), res, body);
	if (method != TC_M_GET && method != TC_M_HEAD)
		return answer_method(ctx,
		    view != NULL && view->form ? TC_STR("GET, HEAD, POST") : TC_STR("GET, HEAD"), res, body);
	if (file == NULL)
		return answer_view(&p, view, res, body);
	return or_error(ctx, file->answer(ctx, res, body), res, body);
}
