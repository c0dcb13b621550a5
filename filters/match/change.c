/*
 * change.c: rules that block nothing but take something off: parameters, cookies, fields; or add a policy. Which of them
 * hold for a URL is found as blocking rules are (match.c); here is what they say about a name.
 */
#include <assert.h>

#include "db.h"
#include "url.h"

const struct change *
change_of(const struct match_db *db, const struct rule *r)
{
	uint32_t rule = (uint32_t)(r - db->rules), from = 0, to = db->change_count;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (db->changes[middle].rule < rule)
			from = middle + 1;
		else
			to = middle;
	}
	assert(from < db->change_count && db->changes[from].rule == rule);
	return &db->changes[from];
}

/* Parameters are tried as "name=value", cookies and fields by their name. */
static bool
regex_names(const struct match_db *db, const struct change_ask *q, const struct rule *r)
{
	char text[4096];
	size_t n = q->name.n < sizeof(text) ? q->name.n : sizeof(text), more = sizeof(text) - n;
	bool with_value = q->kind == MATCH_REMOVEPARAM && q->value.p != NULL && more > 0;

	memcpy(text, q->name.p, n);
	if (with_value) {
		text[n++] = '=';
		more = q->value.n < more - 1 ? q->value.n : more - 1;
		memcpy(text + n, q->value.p, more);
		n += more;
	}
	return regex_matches(db, regex_key((uint32_t)(r - db->rules), true), tc_str_of(text, n),
	    (r->flags & RULE_EXCEPTION) == 0);
}

/* Whether the change is about this name. Fields have no case. */
static bool
names(const struct match_db *db, const struct change_ask *q, const struct rule *r, const struct change *c)
{
	struct tc_str value = tc_str_of(db->pool + c->value, c->value_n);
	bool same;

	if (value.n == 0)
		return true;
	if ((c->flags & CHANGE_REGEX) != 0)
		same = regex_names(db, q, r);
	else
		same = c->kind == MATCH_REMOVEHEADER ? tc_ieq(value, q->name) : tc_eq(value, q->name);
	return same != ((c->flags & CHANGE_NOT) != 0);
}

/*
 * An exception without a value is one from all; with a value from that. A block counts once a value; if one is asked for,
 * it alone.
 */
static bool
values(const struct match_db *db, const struct change_ask *q, const struct change *c)
{
	struct tc_str value = tc_str_of(db->pool + c->value, c->value_n);

	if (q->exceptions)
		return value.n == 0 || tc_eq(value, q->value);
	if (q->value.p != NULL)
		return tc_eq(value, q->value);
	for (size_t i = 0; i < q->seen_n; i++)
		if (tc_eq(q->seen[i], value))
			return false;
	return true;
}

bool
change_wanted(const struct match_db *db, const struct change_ask *q, const struct rule *r)
{
	const struct change *c = change_of(db, r);

	assert(q != NULL);
	if (c->kind != q->kind || ((r->flags & RULE_EXCEPTION) != 0) != q->exceptions || (c->flags & CHANGE_SOFTENS) != 0)
		return false;
	return q->all ? values(db, q, c) : names(db, q, r, c);
}

static bool
may_ask(const struct match_db *db, const struct match_page *page, const struct url *url, enum match_change kind)
{
	assert(db->built);
	return db->stats.changes[kind] > 0 && page->denied != 0 && url->scheme >= URL_HTTP && url->scheme <= URL_WSS;
}

static struct tc_str
rule_text(const struct match_db *db, const struct rule *r)
{
	return tc_str_of(db->pool + r->text, r->text_n);
}

/* The exception that the block gives way to, or NULL: *block may become one that is important. */
static const struct rule *
exception_from(const struct match_db *db, const struct match_page *page, const struct url *url, enum match_type type,
    const struct change_ask *q, const struct rule **block)
{
	struct change_ask x = *q;
	const struct rule *important, *allow;

	x.exceptions = true;
	allow = match_change(db, page, url, type, &x, ((*block)->flags & RULE_IMPORTANT) != 0);
	if (allow == NULL || ((allow->flags | (*block)->flags) & RULE_IMPORTANT) != 0)
		return allow;
	important = match_change(db, page, url, type, q, true);
	if (important == NULL)
		return allow;
	*block = important;
	return match_change(db, page, url, type, &x, true);
}

enum match_verdict
match_removes(const struct match_db *db, const struct match_page *page, const struct url *url, enum match_type type,
    enum match_change kind, struct tc_str name, struct tc_str value, struct match_result *out)
{
	struct change_ask q = {.kind = kind, .name = name, .value = value};
	const struct rule *block, *allow;

	*out = (struct match_result){.verdict = MATCH_NONE};
	if (!may_ask(db, page, url, kind))
		return MATCH_NONE;
	q.keys[0] = change_key(kind, name);
	q.keys[1] = change_key(kind, tc_str_of(NULL, 0));
	block = match_change(db, page, url, type, &q, false);
	if (block == NULL)
		return MATCH_NONE;
	allow = exception_from(db, page, url, type, &q, &block);
	*out = (struct match_result){
		.verdict = allow != NULL ? MATCH_ALLOW : MATCH_BLOCK,
		.class = block->class,
		.pack = block->pack,
		.rule = rule_text(db, allow != NULL ? allow : block),
	};
	return out->verdict;
}

enum { SEEN_MAX = 32 }; /* different values that are looked at */

size_t
match_values(const struct match_db *db, const struct match_page *page, const struct url *url, enum match_type type,
    enum match_change kind, struct match_result *out, struct tc_str *all, size_t max)
{
	struct tc_str seen[SEEN_MAX];
	struct change_ask q = {.kind = kind, .all = true, .seen = seen};
	size_t n = 0;

	q.keys[0] = q.keys[1] = change_key(kind, tc_str_of(NULL, 0));
	while (n < max && q.seen_n < SEEN_MAX && may_ask(db, page, url, kind)) {
		const struct rule *block = match_change(db, page, url, type, &q, false);
		const struct change *c;

		if (block == NULL)
			break;
		c = change_of(db, block);
		q.value = seen[q.seen_n] = tc_str_of(db->pool + c->value, c->value_n);
		if (exception_from(db, page, url, type, &q, &block) == NULL) {
			out[n] = (struct match_result){.verdict = MATCH_BLOCK, .class = block->class, .pack = block->pack};
			out[n].rule = rule_text(db, block);
			all[n++] = q.value;
		}
		q.value = tc_str_of(NULL, 0);
		q.seen_n++;
	}
	return n;
}
