/*
 * html.c: the filter around the rewriter: which responses are pages, and what is put into them. Their bytes come by
 * incoming.c, in an encoding that can be tokenized, and go through rewrite_run().
 */
#include "html.h"

#include <assert.h>

#include "../bridge.h"
#include "../coding/coding.h"
#include "../page.h"
#include "../status.h"
#include "embed.h"
#include "incoming.h"
#include "judge.h"
#include "rewrite.h"
#include "strict.h"

struct html {
	struct rewrite rw;
	struct rewrite_env env;
	struct rewrite_known known;
	struct rewrite_extra extra;
	struct incoming in;
	struct tc_str first; /* what goes first into the head */
	bool ready;          /* the rewriter is set up */
};

static_assert(sizeof(struct html) <= 8192, "the state of an idle stream fits 8 KiB");

static const struct tc_option html_options[] = {
	{"embeds", TC_OPT_ENUM, "keep", "keep|privacy-mode|click-to-load|remove", "videos, maps and posts of others in frames",
	    offsetof(struct html_opts, embeds), false},
	{"query.links", TC_OPT_BOOL, "false", NULL, "take click ids and the like out of the links of pages, too",
	    offsetof(struct html_opts, links), false},
};

/* ---- head hooks ---- */

static enum embeds
embeds_of(const struct tc_call *c)
{
	const struct html_opts *o = c->opts;

	return o != NULL ? (enum embeds)o->embeds : EMBEDS_KEEP;
}

/* Whether something in a page may have to change for this visitor. */
static bool
acts(const struct tc_call *c)
{
	return c->decision->denied != 0 || embeds_of(c) != EMBEDS_KEEP;
}

static bool
wants_pages(const struct tc_call *c)
{
	return !c->decision->pass_bodies && (acts(c) || c->site->choices_link == TC_LINK_AUTO);
}

static bool
accepts_html(const struct tc_request *req)
{
	struct tc_str accept = tc_field_value(&req->fields, TC_F_ACCEPT);

	return accept.p != NULL && tc_find(accept, TC_STR("text/html")) < accept.n;
}

static int
html_request(struct tc_call *c)
{
	struct tc_request *req = c->req;
	bool accepts = accepts_html(req), page;

	if (!wants_pages(c) || req->websocket)
		return 0;
	page = req->dest == TC_DEST_DOCUMENT || req->dest == TC_DEST_FRAME || (req->dest == TC_DEST_ABSENT && accepts);
	if (page || req->dest == TC_DEST_ABSENT ||
	    ((req->dest == TC_DEST_EMPTY || req->dest == TC_DEST_OBJECT || req->dest == TC_DEST_OTHER) && accepts))
		tc_expect_page(c);
	if (page && (req->method == TC_M_GET || req->method == TC_M_HEAD)) {
		(void)tc_field_drop(&req->fields, TC_F_RANGE);
		(void)tc_field_drop(&req->fields, TC_F_IF_RANGE);
	}
	return 0;
}

/* A part of what may be a page: nobody asked for one, and it cannot be read. */
static bool
is_stray_part(const struct tc_call *c, enum page_kind kind)
{
	return c->res->status == 206 && (kind == PAGE_HTML || tc_field_first(&c->req->fields, TC_F_RANGE) == NULL);
}

/*
 * Firefox shows parts of several types as documents of their own, each with a head of its own, which may set cookies. A
 * picture made of them, or what a script reads, is no document.
 */
static bool
is_shown_in_parts(const struct tc_call *c)
{
	const struct tc_request *req = c->req;
	enum tc_dest dest = req->dest;

	if (!tc_eq(c->res->type, TC_STR("multipart/x-mixed-replace")))
		return false;
	return dest == TC_DEST_DOCUMENT || dest == TC_DEST_FRAME || dest == TC_DEST_OBJECT || dest == TC_DEST_OTHER ||
	    (dest == TC_DEST_ABSENT && accepts_html(req));
}

/* A page in a coding that nobody here can undo, and to which nothing has to be done: what would be put in is not. */
static bool
is_better_left(const struct tc_call *c)
{
	enum coding codings[CODINGS_MAX];

	return c->decision->denied == 0 && coding_list(&c->res->fields, false, codings) < 0;
}

static int
refused(struct tc_call *c, enum tc_bypass why)
{
	tc_bypassed(c, why);
	return 502;
}

static int
html_response(struct tc_call *c)
{
	enum page_kind kind = page_kind(c->res);
	struct html *st;

	if (!wants_pages(c) || c->res->status < 200)
		return 0;
	if (kind == PAGE_MARKUP && c->decision->denied != 0) {
		if (is_shown_in_parts(c))
			return refused(c, TC_BYPASS_PARTS);
		return strict_policy(c) < 0 ? 502 : 0;
	}
	if (kind != PAGE_HTML && !(kind == PAGE_UNKNOWN && tc_page_expected(c)))
		return 0;
	if (c->res->status == 206)
		return acts(c) && is_stray_part(c, kind) ? refused(c, TC_BYPASS_PARTIAL) : 0;
	if (incoming_unreadable(c->res))
		return c->decision->denied != 0 ? refused(c, TC_BYPASS_CHARSET) : 0;
	if (is_better_left(c))
		return 0;
	if (embed_policies(c, embeds_of(c)) < 0)
		return 502;
	tc_want_body(c);
	st = c->state;
	if (bridge_element(c, &st->first) < 0)
		return 502;
	return incoming_head(c, &st->in, kind, c->decision->denied != 0) < 0 ? 502 : 0;
}

/* ---- what is put into the page ---- */

/* s as text or as a value in double quotes; all but ASCII as references, so that it fits every encoding. */
static struct tc_str
escaped(struct tc_call *c, struct tc_str s)
{
	char *p = tc_alloc_bytes(c->arena, s.n * 10 + 1);
	size_t n = 0;

	if (p == NULL)
		return tc_str_of("", 0);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char b = (unsigned char)s.p[i];
		size_t more = b >= 0xF0 ? 3 : b >= 0xE0 ? 2
		    : b >= 0xC0                         ? 1
							: 0;
		unsigned code = more == 0 ? b : b & (0x3Fu >> more);

		if (b < 0x80 && memchr("<>&\"'", b, 5) == NULL) {
			p[n++] = (char)b;
			continue;
		}
		for (; more > 0 && i + 1 < s.n; more--)
			code = code << 6 | ((unsigned char)s.p[++i] & 0x3Fu);
		n += (size_t)snprintf(p + n, 11, "&#%u;", code);
	}
	return tc_str_of(p, n);
}

/* "Privacy choices" in the languages of the choices page. */
static struct tc_str
usual_label(const struct tc_site *site)
{
	static const struct {
		struct tc_str language, label;
	} rows[] = {
		{TC_STR_INIT("es"), TC_STR_INIT("Opciones de privacidad")},
		{TC_STR_INIT("fr"), TC_STR_INIT("Choix de confidentialité")},
		{TC_STR_INIT("de"), TC_STR_INIT("Datenschutz-Auswahl")},
		{TC_STR_INIT("nl"), TC_STR_INIT("Privacykeuzes")},
		{TC_STR_INIT("it"), TC_STR_INIT("Scelte sulla privacy")},
		{TC_STR_INIT("pt"), TC_STR_INIT("Opções de privacidade")},
		{TC_STR_INIT("zh"), TC_STR_INIT("隐私选项")},
		{TC_STR_INIT("ja"), TC_STR_INIT("プライバシーの選択")},
		{TC_STR_INIT("ar"), TC_STR_INIT("خيارات الخصوصية")},
	};

	for (size_t i = 0; site->languages.n > 0 && i < sizeof(rows) / sizeof(*rows); i++)
		if (tc_istarts(site->languages.v[0], rows[i].language))
			return rows[i].label;
	return TC_STR("Privacy choices");
}

/*
 * What the link to the choices page says: what the region's row wants, or what is usual. California's Alternative
 * Opt-Out Link has its title and its icon by law (11 CCR 7015 (b)).
 */
static struct tc_str
link_label(struct tc_call *c)
{
	const struct tc_str *text = c->decision->link_text;

	if (text == NULL || text->n == 0)
		return escaped(c, usual_label(c->site));
	if (!tc_eq(*text, TC_STR("california")))
		return escaped(c, *text);
	return TC_STR("<span lang=\"en\">Your Privacy Choices <img src=\"/.well-known/tacet/choices.svg\" width=\"34\" height=\"16\" "
	    "alt=\"California Consumer Privacy Act (CCPA) Opt-Out Icon\"></span>");
}

/* Only what a person looks at as a page gets text: no fragment, no frame. */
static bool
shown_as_page(const struct tc_request *req)
{
	return req->dest == TC_DEST_DOCUMENT || req->dest == TC_DEST_ABSENT;
}

/* It leads to the choices page, whatever is set, unless the page does. */
static void
make_status(struct tc_call *c, struct tc_str text, struct tc_str link, struct rewrite_extra *extra)
{
	struct tc_str begin = TC_STR("<div role=\"status\" data-tacet=\"status\">"), end = TC_STR("</div>");

	extra->status = tc_join(c->arena, (struct tc_str[]){begin, text, end}, 3);
	extra->status_linked = tc_join(c->arena, (struct tc_str[]){begin, text, TC_STR(" "), link, end}, 5);
	if (extra->status.p == NULL || extra->status_linked.p == NULL)
		extra->status = extra->status_linked = tc_str_of("", 0);
}

static void
make_extra(struct tc_call *c, struct rewrite_extra *extra)
{
	struct tc_str status = status_text(c), path = escaped(c, c->site->choices_path);
	struct tc_str label = link_label(c);
	struct tc_str link = tc_join(c->arena,
	    (struct tc_str[]){TC_STR("<a data-tacet=\"link\" href=\""), path, TC_STR("\">"), label, TC_STR("</a>")}, 5);

	*extra = (struct rewrite_extra){.page = c->req->dest == TC_DEST_DOCUMENT};
	if (!shown_as_page(c->req) || link.p == NULL || c->site->choices_path.n == 0)
		return;
	if (status.n > 0)
		make_status(c, escaped(c, status), link, extra);
	extra->path = c->site->choices_path;
	if (c->site->choices_link != TC_LINK_NONE)
		extra->link = link;
	if (c->site->choices_link == TC_LINK_AUTO)
		extra->at_end = link;
}

static int
emit(void *to, const char *p, size_t n)
{
	return tc_emit(to, p, n);
}

/* ---- the body ---- */

static void
set_up(struct tc_call *c, struct html *st)
{
	struct rewrite_env *env = &st->env;
	bool policy = tc_field_first(&c->res->fields, TC_F_CONTENT_SECURITY_POLICY) != NULL;
	char buf[URL_MAX + 64];

	env->call = c;
	env->db = c->conf;
	env->known = &st->known;
	env->acts = acts(c);
	env->embeds = (uint8_t)embeds_of(c);
	env->links = c->opts != NULL && ((const struct html_opts *)c->opts)->links;
	env->charset = st->in.charset;
	page_of(c, &env->page);
	match_page_ready(&env->page, env->db);
	if (!page_url(c, &env->doc, buf) || !judge_keep_url(&env->doc, c->arena))
		env->doc = (struct url){.scheme = URL_NONE};
	match_scripts(env->db, &env->page, &env->doc, &env->scripts);
	/* a policy may refuse data: */
	env->image = policy ? TC_STR("/.well-known/tacet/1x1.gif") : REWRITE_IMAGE;
	rewrite_init(&st->rw, env, emit, c);
	make_extra(c, &st->extra);
	st->extra.first = st->first;
	st->extra.first_any = c->req->dest != TC_DEST_ABSENT;
	st->rw.extra = &st->extra;
}

static int
take(void *to, struct tc_str *in, bool last)
{
	struct tc_call *c = to;
	struct html *st = c->state;

	if (!st->ready)
		set_up(c, st);
	st->ready = true;
	return rewrite_run(&st->rw, in, last);
}

static int
html_body(struct tc_call *c, struct tc_str *in, bool last)
{
	struct html *st = c->state;

	return incoming_body(c, &st->in, in, last, take);
}

static void
html_done(struct tc_call *c)
{
	struct html *st = c->state;

	incoming_end(&st->in);
}

/* The matcher's block of the same snapshot is all that requests share. */
static int
html_load(struct tc_loader *l, void **conf)
{
	*conf = l->conf_of(l, &filter_lists);
	if (!transcode_can(CHARSET_ISO_2022_JP)) /* once, before a sandbox closes */
		l->say(l, false, "html-iso-2022-jp", "iconv knows no Shift_JIS: pages in ISO-2022-JP are refused for those who said no");
	if (*conf != NULL)
		return 0;
	l->say(l, true, "html-lists", "the rewriter needs the lists, which were not loaded");
	return -1;
}

const struct tc_filter filter_html = {
	.name = "html",
	.help = "take trackers out of pages",
	.phase = TC_REWRITE,
	.state_size = sizeof(struct html),
	.options = html_options,
	.option_count = sizeof(html_options) / sizeof(*html_options),
	.options_size = sizeof(struct html_opts),
	.load = html_load,
	.request = html_request,
	.response = html_response,
	.body = html_body,
	.done = html_done,
};
