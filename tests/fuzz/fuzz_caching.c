/*
 * fuzz_caching.c: any bytes as Cache-Control of a page, and as If-None-Match of one who asks for it. What comes out lets
 * no shared cache store, is the same after a second pass, and asks the origin about nothing that is not its own.
 */
#include "../../proxy/core/variant.c"

#include "../unit/call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tc_str anywhere[1] = {TC_STR_INIT("*")};
static struct config_region region = {.where = {anywhere, 1}, .honour = HONOUR_GPC};
static struct config config = {.regions = &region, .region_count = 1, .strictest = &region};
static struct snapshot snapshot = {.config = &config, .version = 7};
static struct use use = {.snapshot = &snapshot};
static struct tc_rule_set rules = {.hash = "1a2b3c4d"};
static struct config_site site;
static struct tc_route route;

static void
begin(struct exchange *x, struct tc_arena *arena, uint32_t compress)
{
	site.pub.compress = compress;
	*x = (struct exchange){.arena = arena, .use = &use, .site = &site, .route = &route, .decision.rules = &rules};
	x->req.method = TC_M_GET;
	x->req.dest = TC_DEST_DOCUMENT;
	x->res.status = 200;
	x->res.type = TC_STR("text/html");
	x->req.fields.arena = x->res.fields.arena = arena;
}

/* Cache-Control as it leaves. */
static struct tc_str
cached(struct tc_arena *arena, struct tc_str value)
{
	struct exchange x;

	begin(&x, arena, 0);
	if (tc_field_add(&x.res.fields, TC_F_CACHE_CONTROL, value) < 0 || variant_response(&x) < 0)
		abort();
	return tc_field_value(&x.res.fields, TC_F_CACHE_CONTROL);
}

static void
check_caching(struct tc_arena *arena, struct tc_str value)
{
	struct tc_str out = cached(arena, value), rest = out;
	bool kept_out = false;

	while (rest.p != NULL) {
		struct tc_str item = next_directive(&rest);

		assert(item.n == 0 || !is_shared(item));
		kept_out |= tc_ieq(item, TC_STR("private")) || tc_ieq(item, TC_STR("no-store"));
	}
	assert(kept_out);
	assert(tc_eq(cached(arena, out), out));
}

/* A page is asked about by this variant's tags alone, anything else by none of an edited page. */
static void
check_conditions(struct tc_arena *arena, struct tc_str list, bool page, uint32_t compress)
{
	struct exchange x;
	struct tc_str asked;

	begin(&x, arena, compress);
	x.chain.page_expected = page;
	if (tc_field_add(&x.req.fields, TC_F_IF_NONE_MATCH, list) < 0 || variant_request(&x) < 0)
		abort();
	asked = tc_field_value(&x.req.fields, TC_F_IF_NONE_MATCH);
	assert(asked.n <= list.n + 2 * TAGS_MAX); /* a blank behind each comma */
	if (asked.p == NULL || !page)
		return;
	for (struct tc_str rest = asked, tag; (tag = next_tag(&rest)).n > 0;)
		assert(tag.p[0] == '"');
	x.res.status = 304;
	assert(variant_response(&x) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tc_str in = tc_trim(tc_str_of((const char *)data, size));
	struct tc_arena *arena;

	if (in.n > 8192)
		return 0;
	arena = arena_new(NULL, 1 << 20);
	check_caching(arena, in);
	for (unsigned i = 0; i < 4; i++)
		check_conditions(arena, in, (i & 1) != 0, (i & 2) != 0 ? TC_CODING_GZIP : 0);
	arena_destroy(&arena);
	return 0;
}
