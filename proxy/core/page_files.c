/* page_files.c: what is served at fixed names below /.well-known/: gpc.json, style sheets, an icon, the page before an embed. */
#include "core/page_files.h"

#include "core/dnt.h"
#include "core/embed_page.h"
#include "core/markup.h"
#include "tacet/embed.h"

static const char STYLE[] =
    ":root{color-scheme:light dark;background:Canvas;color:CanvasText}\n"
    "body{margin:0 auto;max-width:40rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.5rem}\nh2{font-size:1.2rem}\nh1 img{height:.8em;width:auto}\n"
    ".notice{border:1px solid;border-radius:.25rem;padding:.5rem 1rem}\n"
    "[role=status]{border-inline-start:.3rem solid;padding:.5rem 1rem;font-weight:600}\n"
    "fieldset,details{margin:1rem 0;padding:.5rem 1rem;border:1px solid;border-radius:.25rem}\n"
    "label,summary{min-height:1.75rem;cursor:pointer}\nlabel{display:inline-block}\n"
    "input{width:1.5rem;height:1.5rem;vertical-align:middle}\n"
    "button{font:inherit;min-height:2.75rem;min-width:8rem;padding:.25rem 1rem;cursor:pointer}\n"
    ":focus-visible{outline:3px solid;outline-offset:2px}\n"
    "dt{font-weight:600}\ndd{margin:0 0 .75rem;overflow-wrap:anywhere}\n"
    "footer ul{list-style:none;padding:0}\nfooter li{min-height:1.75rem}\na{display:inline-block;min-height:1.5rem}\n";

/* The opt-out icon beside the legal title of California: a switch, half of it a check mark and half of it a cross. */
static const char ICON[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 34 16\" width=\"34\" height=\"16\">\n"
    "<rect x=\"0.75\" y=\"0.75\" width=\"32.5\" height=\"14.5\" rx=\"7.25\" fill=\"#fff\" stroke=\"#0059c8\" "
    "stroke-width=\"1.5\"/>\n"
    "<path d=\"M19.5 0.75H26a7.25 7.25 0 0 1 0 14.5H15.5z\" fill=\"#0059c8\"/>\n"
    "<g fill=\"none\" stroke-width=\"1.8\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\n"
    "<path d=\"M6.5 8.4l2.7 2.6 4.6-5.6\" stroke=\"#0059c8\"/>\n"
    "<path d=\"M21.6 5.2l5.6 5.6m0-5.6l-5.6 5.6\" stroke=\"#fff\"/>\n"
    "</g>\n</svg>\n";

static const struct markup_line STYLE_LINES[] = {
	{TC_F_CONTENT_TYPE, TC_STR_INIT("text/css; charset=utf-8")},
	{TC_F_X_CONTENT_TYPE_OPTIONS, TC_STR_INIT("nosniff")},
	{TC_F_CACHE_CONTROL, TC_STR_INIT("public, max-age=86400")},
};

static int
answer_style(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	(void)ctx;
	res->status = 200;
	res->type = TC_STR("text/css");
	*body = TC_STR(STYLE);
	return MARKUP_LINES(res, STYLE_LINES);
}

static const struct markup_line ICON_LINES[] = {
	{TC_F_CONTENT_TYPE, TC_STR_INIT("image/svg+xml")},
	{TC_F_X_CONTENT_TYPE_OPTIONS, TC_STR_INIT("nosniff")},
	{TC_F_CACHE_CONTROL, TC_STR_INIT("public, max-age=86400")},
	{TC_F_CONTENT_SECURITY_POLICY, TC_STR_INIT("default-src 'none'")},
};

static int
answer_icon(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	(void)ctx;
	res->status = 200;
	res->type = TC_STR("image/svg+xml");
	*body = TC_STR(ICON);
	return MARKUP_LINES(res, ICON_LINES);
}

/* Sold or shared is what leaves by these; a rule set may keep measurements that are made for the site alone. */
#define SOLD (TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_PERSONALISATION) | TC_CLASS_BIT(TC_SOCIAL))

/* May /.well-known/gpc.json say true? A configuration that breaks a promise is never in force: run refuses it. */
static bool
honours_gpc(const struct config *c, const struct config_site *site)
{
	if (site->mode == MODE_OBSERVE)
		return false;
	for (size_t i = 0; i < c->region_count; i++) {
		const struct config_region *row = &c->regions[i];

		if ((row->honour & HONOUR_GPC) == 0 || row->gpc_override_opt_in ||
		    (row->opted_out->remove & SOLD) != SOLD)
			return false;
	}
	return true;
}

static const struct markup_line GPC_LINES[] = {
	{TC_F_CONTENT_TYPE, TC_STR_INIT("application/json")},
	{TC_F_CACHE_CONTROL, TC_STR_INIT("public, max-age=86400")},
};

static int
answer_gpc(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	*body = tc_join(ctx->arena,
	    (const struct tc_str[]){
		    TC_STR("{ \"gpc\": "),
		    honours_gpc(ctx->config, ctx->site) ? TC_STR("true") : TC_STR("false"),
		    TC_STR(", \"lastUpdate\": \""),
		    ctx->site->gpc_statement,
		    TC_STR("\" }\n"),
	    },
	    5);
	res->status = 200;
	res->type = TC_STR("application/json");
	if (body->p == NULL || MARKUP_LINES(res, GPC_LINES) < 0)
		return -1;
	return tc_field_add_named(&res->fields, TC_STR("Access-Control-Allow-Origin"), TC_STR("*"));
}

static const struct page_file FILES[] = {
	{TC_STR_INIT("/.well-known/gpc.json"), answer_gpc, NULL},
	{TC_STR_INIT(PAGE_STYLE), answer_style, NULL},
	{TC_STR_INIT(PAGE_ICON), answer_icon, NULL},
	{TC_STR_INIT(EMBED_PAGE_STYLE), embed_page_style, NULL},
	{TC_STR_INIT(TC_EMBED_PATH), embed_page, NULL},
	{TC_STR_INIT(DNT_STATUS), dnt_dynamic, dnt_has_status},
	{TC_STR_INIT(DNT_STATUS "o"), dnt_out, dnt_has_status},
	{TC_STR_INIT(DNT_STATUS "d"), dnt_default, dnt_has_status},
	{TC_STR_INIT(DNT_POLICY), dnt_policy, dnt_has_policy},
};

/* Other names beside the status resources are nobody's. */
static const struct page_file NOTHING = {TC_STR_INIT(DNT_STATUS), dnt_nothing, dnt_has_status};

static const struct page_file CHALLENGES = {TC_STR_INIT(PAGE_CHALLENGES), page_challenge, NULL};

const struct page_file *
page_file_at(const struct config_site *site, struct tc_str path)
{
	for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++)
		if (tc_eq(FILES[i].path, path))
			return FILES[i].served == NULL || FILES[i].served(site) ? &FILES[i] : NULL;
	if (site->acme_challenges.n > 0 && tc_starts(path, CHALLENGES.path))
		return &CHALLENGES;
	return site->dnt_status && tc_starts(path, NOTHING.path) ? &NOTHING : NULL;
}
