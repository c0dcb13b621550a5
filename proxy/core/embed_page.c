/*
 * embed_page.c: see embed_page.h. The request's query is what the rewriter wrote (filters/html/embed.c), or what anyone
 * else made up: it is read as strictly as if it were the latter, and goes nowhere but into the page.
 *
 *	GET /.well-known/tacet/embed?url=https%3A%2F%2Fwww.youtube-nocookie.com%2Fembed%2FID
 */
#include "core/embed_page.h"

#include "core/markup.h"
#include "tacet/embed.h"

/* Both URLs, each byte as a reference, and some text. */
#define PAGE_MAX ((size_t)4096 + 12 * TC_EMBED_URL_MAX)

static const enum word KIND_WORDS[TC_EMBED_KIND_COUNT] = {
	[TC_EMBED_VIDEO] = W_EMBED_VIDEO,
	[TC_EMBED_AUDIO] = W_EMBED_AUDIO,
	[TC_EMBED_MAP] = W_EMBED_MAP,
	[TC_EMBED_POST] = W_EMBED_POST,
	[TC_EMBED_FORM] = W_EMBED_FORM,
	[TC_EMBED_CALENDAR] = W_EMBED_CALENDAR,
	[TC_EMBED_CONTENT] = W_EMBED_CONTENT,
};

/* What is asked about. */
struct question {
	const struct tc_embed *embed;
	struct tc_embed_url url;
	char text[3 * TC_EMBED_URL_MAX], page[TC_EMBED_URL_MAX];
	size_t page_n;
};

/* False: nothing that is in the table. */
static bool
question_read(struct question *q, struct tc_str query)
{
	static const struct tc_str name = TC_STR_INIT(TC_EMBED_QUERY);

	if (query.p == NULL || !tc_starts(query, name))
		return false;
	tc_skip(&query, name.n);
	if (query.n > sizeof(q->text))
		return false;
	q->embed = tc_embed_read(tc_str_of(q->text, tc_embed_decode(query, q->text)), &q->url);
	if (q->embed == NULL)
		return false;
	q->page_n = tc_embed_page(q->embed, &q->url, q->page);
	return true;
}

/* Residency: the visitor may not be sent there, not even when asking for it here; that is said on the choices page. */
static bool
is_abroad(const struct tc_strs *only, struct tc_str host)
{
	for (size_t i = 0; only != NULL && i < only->n; i++) {
		struct tc_str name = only->v[i];

		if (tc_ends(host, name) && (host.n == name.n || host.p[host.n - name.n - 1] == '.'))
			return false;
	}
	return only != NULL;
}

static void
head(struct markup *m, const struct language *l, const struct tc_embed *e)
{
	MARKUP(m, "<!doctype html>\n<html lang=\"");
	markup_raw(m, l->tag);
	MARKUP(m, "\" dir=\"");
	markup_raw(m, l->right_to_left ? TC_STR("rtl") : TC_STR("ltr"));
	MARKUP(m, "\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"robots\" content=\"noindex\">\n<title>");
	markup_named(m, l, KIND_WORDS[e->kind], e->vendor, NULL);
	MARKUP(m, "</title>\n<link rel=\"stylesheet\" href=\"" EMBED_PAGE_STYLE "\">\n</head>\n");
}

/* "Load" alone says little in a list of links: its name goes on with the heading. */
static void
links(struct markup *m, const struct language *l, const struct question *q)
{
	MARKUP(m, "<p class=\"links\"><a id=\"load\" aria-labelledby=\"load what\" href=\"");
	markup_text(m, q->url.text);
	MARKUP(m, "\">");
	markup_word(m, l, W_EMBED_LOAD);
	MARKUP(m, "</a> <a href=\"");
	markup_text(m, tc_str_of(q->page, q->page_n));
	MARKUP(m, "\" target=\"_blank\" rel=\"noreferrer noopener\">");
	markup_word(m, l, W_EMBED_OPEN);
	MARKUP(m, "</a></p>\n");
}

static void
write_page(struct markup *m, const struct language *l, const struct question *q)
{
	head(m, l, q->embed);
	MARKUP(m, "<body>\n<main>\n<h1 id=\"what\">");
	markup_named(m, l, KIND_WORDS[q->embed->kind], q->embed->vendor, "bdi");
	MARKUP(m, "</h1>\n<p>");
	markup_named(m, l, W_EMBED_SHARES, q->embed->receiver, "bdi");
	MARKUP(m, "</p>\n");
	links(m, l, q);
	MARKUP(m, "</main>\n</body>\n</html>\n");
}

/*
 * The embed learns which site it is on, as it would have done from the page itself: some refuse to be shown by nobody.
 * The link that opens a page of its own tells nothing.
 */
static const struct markup_line LINES[] = {
	{TC_F_CONTENT_TYPE, TC_STR_INIT("text/html; charset=utf-8")},
	{TC_F_CACHE_CONTROL, TC_STR_INIT("no-store")},
	{TC_F_CONTENT_SECURITY_POLICY,
	    TC_STR_INIT("default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'")},
	{TC_F_REFERRER_POLICY, TC_STR_INIT("strict-origin")},
	{TC_F_X_CONTENT_TYPE_OPTIONS, TC_STR_INIT("nosniff")},
};

int
embed_page(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	const struct language *l = language_for(ctx->site->pub.languages, &ctx->req->fields);
	struct question *q = tc_alloc(ctx->arena, sizeof(*q));
	struct markup m = {.p = tc_alloc_bytes(ctx->arena, PAGE_MAX), .cap = PAGE_MAX};

	if (q == NULL || m.p == NULL)
		return -1;
	if (!question_read(q, ctx->req->query))
		return 404;
	if (is_abroad(ctx->decision->residency, q->url.host))
		return 403;
	write_page(&m, l, q);
	if (m.full)
		return -1;
	*body = tc_str_of(m.p, m.n);
	res->status = 200;
	res->type = TC_STR("text/html");
	res->charset = TC_STR("utf-8");
	if (MARKUP_LINES(res, LINES) < 0)
		return -1;
	return tc_field_add_named(&res->fields, TC_STR("Content-Language"), l->tag);
}

/* Fits what pages give a frame: 320 pixels, or a player of 80 pixels in height. */
static const char STYLE[] =
    ":root{color-scheme:light dark}\n"
    "html{height:100%}\n"
    "body{box-sizing:border-box;min-height:100%;margin:0;padding:.75rem;display:flex;align-items:center;"
    "justify-content:center;text-align:center;font:1rem/1.4 system-ui,sans-serif;background:#f3f3f3;color:#1a1a1a}\n"
    "main{max-width:36rem;overflow-wrap:anywhere}\n"
    "h1{margin:0;font-size:1.15rem}\np{margin:.4rem 0}\n"
    ".links{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;justify-content:center}\n"
    "a{display:inline-block;min-height:1.5rem;min-width:1.5rem;padding:.25rem .5rem;color:#00458f}\n"
    "#load{padding:.4rem 1.25rem;border:2px solid;border-radius:.25rem;background:#00458f;color:#fff;font-weight:600}\n"
    "a:focus-visible{outline:3px solid;outline-offset:2px}\n"
    "#load:focus-visible{outline-color:#1a1a1a}\n"
    "@media (prefers-color-scheme:dark){body{background:#1c1c1c;color:#eee}a{color:#9cc9ff}"
    "#load{background:#9cc9ff;color:#0b0b0b}#load:focus-visible{outline-color:#fff}}\n"
    "@media (max-height:10rem){body{padding:.25rem .5rem;font-size:.875rem}h1{font-size:1rem}p{margin:.15rem 0}"
    ".links{gap:.25rem}#load{padding:.15rem .75rem}}\n"
    "@media (max-height:6rem){body{padding:.15rem .5rem}h1,h1+p{display:inline}}\n"
    "@media (forced-colors:active){#load{border-color:LinkText}}\n";

static const struct markup_line STYLE_LINES[] = {
	{TC_F_CONTENT_TYPE, TC_STR_INIT("text/css; charset=utf-8")},
	{TC_F_X_CONTENT_TYPE_OPTIONS, TC_STR_INIT("nosniff")},
	{TC_F_CACHE_CONTROL, TC_STR_INIT("public, max-age=86400")},
};

int
embed_page_style(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	(void)ctx;
	res->status = 200;
	res->type = TC_STR("text/css");
	*body = TC_STR(STYLE);
	return MARKUP_LINES(res, STYLE_LINES);
}
