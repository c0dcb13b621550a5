/* about.c: what a block holds, for those who ask about lists and rules: not on the request path. */
#include <assert.h>

#include "db.h"

size_t
match_list_count(const struct match_db *db)
{
	return db->list_count;
}

bool
match_list(const struct match_db *db, size_t i, struct match_list *out)
{
	const struct list_info *l;

	if (i >= db->list_count)
		return false;
	l = &db->lists[i];
	*out = (struct match_list){
		.name = text_of(db, l->name),
		.title = text_of(db, l->title),
		.version = text_of(db, l->version),
		.licence = text_of(db, l->licence),
		.within = l->within,
		.pack = l->pack,
		.classes = l->classes,
		.lines = l->lines,
		.bad_line = l->bad_line,
		.sha256 = l->digested ? l->sha256 : NULL,
	};
	for (size_t kind = 0; kind < MATCH_KIND_COUNT; kind++)
		out->kinds[kind] = l->kinds[kind];
	for (size_t why = 0; why < MATCH_SKIP_COUNT; why++)
		out->skipped[why] = l->skipped[why];
	return true;
}

/* ---- one rule ---- */

static bool
table_has(const struct match_db *db, const struct table *t, uint32_t rule)
{
	for (uint32_t i = 0; t->slots != NULL && i <= t->mask; i++) {
		uint32_t ref = t->slots[i].ref, at = ref & REF_NUMBER;

		if (ref == 0)
			continue;
		if ((ref & REF_ONE) != 0) {
			if (at == rule)
				return true;
			continue;
		}
		do
			if ((db->refs[at] & REF_NUMBER) == rule)
				return true;
		while ((db->refs[at++] & REF_LAST) == 0);
	}
	return false;
}

static const char *
index_of(const struct match_db *db, uint32_t rule)
{
	uint16_t flags = db->rules[rule].flags;
	const struct index *x = (flags & RULE_CHANGE) != 0 ? &db->change : (flags & RULE_EXCEPTION) != 0 ? &db->allow
													 : &db->block;

	if (table_has(db, &x->hosts, rule))
		return "host";
	if (table_has(db, &x->grams, rule))
		return "text";
	return table_has(db, &x->sites, rule) ? "site" : "always";
}

bool
match_place(const struct match_db *db, struct tc_str rule, struct match_place *out)
{
	uint32_t i = 0;

	assert(db->built);
	while (i < db->rule_count && (db->pool + db->rules[i].text != rule.p || db->rules[i].text_n != rule.n))
		i++;
	if (i == db->rule_count)
		return false;
	*out = (struct match_place){
		.list = db->places[i] >> PLACE_LINE_BITS,
		.line = db->places[i] & PLACE_LINE,
		.exception = (db->rules[i].flags & RULE_EXCEPTION) != 0,
		.important = (db->rules[i].flags & RULE_IMPORTANT) != 0,
		.index = index_of(db, i),
	};
	return true;
}

enum match_verdict
match_blocked(const struct match_db *db, const struct match_page *page, const struct url *url, enum match_type type,
    struct match_result *out)
{
	struct match_page all = *page;
	struct match_db *copy = malloc(sizeof(*copy));
	enum match_verdict v;

	if (copy == NULL)
		abort();
	*copy = *db;
	copy->allow = (struct index){0};
	all.allow[0] = all.allow[1] = all.allow[2] = (struct tc_strs){NULL, 0};
	v = match_url(copy, &all, url, type, out);
	free(copy);
	return v;
}
