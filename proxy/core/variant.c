/* variant.c: see variant.h. */
#include "core/variant.h"

#include <assert.h>

/* Names a rewritten variant: rules version, rule set, denied classes. 8 hex digits. */
static void
variant_key(const struct exchange *x, char out[VARIANT_KEY_LENGTH])
{
	static const char hex[] = "0123456789abcdef";
	uint64_t h = x->use->snapshot->version ^ ((uint64_t)x->decision.denied << 56);

	for (size_t i = 0; i < sizeof(x->decision.rules->hash); i++)
		h = (h ^ (unsigned char)x->decision.rules->hash[i]) * 0x100000001b3ull;
	h ^= h >> 32;
	for (size_t i = 0; i < VARIANT_KEY_LENGTH; i++)
		out[i] = hex[h >> (4 * i) & 15];
}

/* `;tc12345678"` at the end of an entity tag is ours. */
#define SUFFIX_LENGTH (3 + VARIANT_KEY_LENGTH + 1)

static bool
is_ours(struct tc_str tag)
{
	if (tag.n <= SUFFIX_LENGTH || tag.p[tag.n - 1] != '"')
		return false;
	return tc_eq(tc_str_of(tag.p + tag.n - SUFFIX_LENGTH, 3), TC_STR(";tc"));
}

static bool
has_key(struct tc_str tag, const char key[VARIANT_KEY_LENGTH])
{
	return is_ours(tag) && memcmp(tag.p + tag.n - 1 - VARIANT_KEY_LENGTH, key, VARIANT_KEY_LENGTH) == 0;
}

/* The tag as the origin gave it: without our suffix and, as it was made weak by us, without W/. */
static struct tc_str
origins_tag(struct tc_str tag, struct tc_arena *arena)
{
	struct tc_str parts[2] = {tc_str_of(tag.p, tag.n - SUFFIX_LENGTH), TC_STR("\"")};

	return tc_join(arena, parts, 2);
}

static void
drop_conditions(struct tc_fields *fs)
{
	(void)tc_field_drop(fs, TC_F_IF_NONE_MATCH);
	(void)tc_field_drop(fs, TC_F_IF_MODIFIED_SINCE);
}

int
variant_request(struct exchange *x)
{
	struct tc_fields *fs = &x->req.fields;
	struct tc_str list = tc_field_value(fs, TC_F_IF_NONE_MATCH), kept = {NULL, 0};
	char key[VARIANT_KEY_LENGTH];

	if (list.p == NULL) {
		if (x->chain.page_expected)
			drop_conditions(fs);
		return 0;
	}
	if (!x->chain.page_expected && tc_find(list, TC_STR(";tc")) == list.n)
		return 0; /* not rewritten before, not rewritten now */
	variant_key(x, key);
	while (list.p != NULL && kept.p == NULL) {
		struct tc_str tag = tc_next(&list, ',');

		if (x->chain.page_expected && has_key(tag, key)) {
			x->variant_etag = tag;
			kept = origins_tag(tag, x->arena);
		}
	}
	drop_conditions(fs);
	return kept.p != NULL ? tc_field_set(fs, TC_F_IF_NONE_MATCH, kept) : 0;
}

static int
set_variant_tag(struct exchange *x)
{
	struct tc_fields *fs = &x->res.fields;
	struct tc_str tag = tc_field_value(fs, TC_F_ETAG), whole;
	char key[VARIANT_KEY_LENGTH];

	(void)tc_field_drop(fs, TC_F_ETAG);
	if (tag.n < 2 || tag.p[tag.n - 1] != '"')
		return 0; /* none, or not a tag */
	variant_key(x, key);
	struct tc_str parts[] = {TC_STR("W/"), tc_str_of(tag.p, tag.n - 1), TC_STR(";tc"),
	    tc_str_of(key, VARIANT_KEY_LENGTH), TC_STR("\"")};
	bool weak = tc_starts(tag, TC_STR("W/"));

	whole = tc_join(x->arena, parts + weak, 5 - (size_t)weak);
	return whole.p == NULL ? -1 : tc_field_set(fs, TC_F_ETAG, whole);
}

/* What spoke of the origin's bytes does not speak of ours. */
static int
disown_body(struct exchange *x)
{
	static const enum tc_fid gone[] = {TC_F_LAST_MODIFIED, TC_F_CONTENT_MD5, TC_F_DIGEST, TC_F_CONTENT_DIGEST,
	    TC_F_REPR_DIGEST, TC_F_SIGNATURE, TC_F_SIGNATURE_INPUT, TC_F_CONTENT_LENGTH};
	struct tc_fields *fs = &x->res.fields;

	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		(void)tc_field_drop(fs, gone[i]);
	if (set_variant_tag(x) < 0)
		return -1;
	return tc_field_set(fs, TC_F_ACCEPT_RANGES, TC_STR("none"));
}

/* Is there a member of that name in a list like Vary or Cache-Control (up to '=')? */
static bool
has_member(const struct tc_fields *fs, enum tc_fid id, struct tc_str name)
{
	for (size_t i = 0; i < fs->n; i++) {
		struct tc_str rest = fs->v[i].value;

		if (fs->v[i].dropped || fs->v[i].id != id)
			continue;
		while (rest.p != NULL) {
			struct tc_str item = tc_next(&rest, ',');

			item.n = tc_find_byte(item, '=');
			if (tc_ieq(tc_trim(item), name))
				return true;
		}
	}
	return false;
}

static int
add_vary(struct exchange *x)
{
	const struct config_region *region = region_of(x->use->snapshot->config, &x->facts.place);
	struct tc_fields *fs = &x->res.fields;
	int r = 0;

	if (has_member(fs, TC_F_VARY, TC_STR("*")))
		return 0;
	if (!has_member(fs, TC_F_VARY, TC_STR("Sec-GPC")))
		r |= tc_field_add(fs, TC_F_VARY, TC_STR("Sec-GPC"));
	if ((region->honour & HONOUR_DNT) != 0 && !has_member(fs, TC_F_VARY, TC_STR("DNT")))
		r |= tc_field_add(fs, TC_F_VARY, TC_STR("DNT"));
	return r;
}

/* "public" and "s-maxage" leave, "private" comes, the rest stays as it is. */
static int
make_private(struct exchange *x)
{
	struct tc_fields *fs = &x->res.fields;
	struct tc_str parts[64], whole;
	size_t n = 0;

	if (has_member(fs, TC_F_CACHE_CONTROL, TC_STR("private")) || has_member(fs, TC_F_CACHE_CONTROL, TC_STR("no-store")))
		return 0;
	parts[n++] = TC_STR("private");
	for (size_t i = 0; i < fs->n; i++) {
		struct tc_str rest = fs->v[i].value;

		if (fs->v[i].dropped || fs->v[i].id != TC_F_CACHE_CONTROL)
			continue;
		while (rest.p != NULL && n + 2 <= sizeof(parts) / sizeof(parts[0])) {
			struct tc_str item = tc_next(&rest, ','), name = tc_str_of(item.p, tc_find_byte(item, '='));

			if (item.n == 0 || tc_ieq(name, TC_STR("public")) || tc_ieq(name, TC_STR("s-maxage")))
				continue;
			parts[n++] = TC_STR(", ");
			parts[n++] = item;
		}
	}
	whole = tc_join(x->arena, parts, n);
	return whole.p == NULL ? -1 : tc_field_set(fs, TC_F_CACHE_CONTROL, whole);
}

static bool
is_page(const struct exchange *x)
{
	return tc_eq(x->res.type, TC_STR("text/html")) || (x->res.status == 304 && x->chain.page_expected);
}

int
variant_response(struct exchange *x)
{
	if (x->chain.wanted && disown_body(x) < 0)
		return -1;
	if (x->res.status == 304 && x->variant_etag.p != NULL &&
	    tc_field_set(&x->res.fields, TC_F_ETAG, x->variant_etag) < 0)
		return -1;
	if (!is_page(x) || x->route->filter == TC_ROUTE_NONE)
		return 0;
	if (add_vary(x) < 0)
		return -1;
	return x->site->downstream_cache == CACHE_PRIVATE ? make_private(x) : 0;
}
