/* page_files.c: what is served at fixed names below /.well-known/: gpc.json, style sheets, the page before an embed. */
#include "core/page_files.h"

#include "core/embed_page.h"
#include "core/markup.h"
#include "tacet/embed.h"

#define GPC_LAST_UPDATE "2026-11-21"

static const char STYLE[] =
    ":root{color-scheme:light dark}\n"
    "body{margin:0 auto;max-width:40rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.5rem}\nh2{font-size:1.2rem}\n"
    "[role=status]{border-inline-start:.3rem solid;padding:.5rem 1rem;font-weight:600}\n"
    "fieldset,details{margin:1rem 0;padding:.5rem 1rem;border:1px solid;border-radius:.25rem}\n"
    "label,summary{display:inline-block;min-height:1.75rem;cursor:pointer}\n"
    "input{width:1.5rem;height:1.5rem;vertical-align:middle}\n"
    "button{font:inherit;min-height:2.75rem;min-width:8rem;padding:.25rem 1rem;cursor:pointer}\n"
    ":focus-visible{outline:3px solid;outline-offset:2px}\n"
    "dt{font-weight:600}\ndd{margin:0 0 .75rem;overflow-wrap:anywhere}\n"
    "footer ul{list-style:none;padding:0}\nfooter li{min-height:1.75rem}\n";

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

/* May /.well-known/gpc.json say true? */
static bool
honours_gpc(const struct config *c, const struct config_site *site)
{
	if (site->mode == MODE_OBSERVE)
		return false;
	for (size_t i = 0; i < c->region_count; i++) {
		const struct config_region *row = &c->regions[i];

		if ((row->honour & HONOUR_GPC) == 0 || row->gpc_override_opt_in ||
		    (row->opted_out->remove & TC_CLASS_BIT(TC_ADVERTISING)) == 0)
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
	struct tc_str date = ctx->gpc_last_update.n > 0 ? ctx->gpc_last_update : TC_STR(GPC_LAST_UPDATE);

	*body = tc_join(ctx->arena,
	    (const struct tc_str[]){
		    TC_STR("{ \"gpc\": "),
		    honours_gpc(ctx->config, ctx->site) ? TC_STR("true") : TC_STR("false"),
		    TC_STR(", \"lastUpdate\": \""),
		    date,
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
	{TC_STR_INIT("/.well-known/gpc.json"), answer_gpc},
	{TC_STR_INIT(PAGE_STYLE), answer_style},
	{TC_STR_INIT(EMBED_PAGE_STYLE), embed_page_style},
	{TC_STR_INIT(TC_EMBED_PATH), embed_page},
};

const struct page_file *
page_file_at(struct tc_str path)
{
	for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++)
		if (tc_eq(FILES[i].path, path))
			return &FILES[i];
	return NULL;
}
