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

size_t
change_regex_end(struct tc_str value)
{
	for (size_t i = value.n; i-- > 1;) {
		size_t end = i + 1;

		if (value.p[i] != '/')
			continue;
		end += end < value.n && value.p[end] == 'i';
		if (end == value.n || value.p[end] == ';')
			return end;
	}
	return 0;
}

static struct tc_str
value_of(const struct match_db *db, const struct change *c)
{
	return tc_str_of(db->pool + c->value, c->value_n);
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
	struct tc_str value = value_of(db, c);
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
	struct tc_str value = value_of(db, c);

	if (q->exceptions)
		return value.n == 0 || tc_eq(value, q->value);
	if (q->value.p != NULL)
		return tc_eq(value, q->value);
	for (size_t i = 0; i < q->seen_n; i++)
		if (tc_eq(q->seen[i], value))
			return false;
	return true;
}

/* An exception that says nothing of attributes keeps the cookie as it is, too. */
static bool
same_effect(const struct change_ask *q, const struct change *c)
{
	bool softens = (c->flags & CHANGE_SOFTENS) != 0;

	return softens == q->softens || (q->exceptions && !softens);
}

bool
change_wanted(const struct match_db *db, const struct change_ask *q, const struct rule *r)
{
	const struct change *c;

	if (q == NULL) /* nobody asked for changes: an artefact may have one in any place */
		return false;
	c = change_of(db, r);
	if (c->kind != q->kind || ((r->flags & RULE_EXCEPTION) != 0) != q->exceptions || !same_effect(q, c))
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

/* NULL also where the tables of an artefact lead to a rule of another kind. */
static const struct rule *
change_found(const struct match_db *db, const struct match_page *page, const struct url *url, enum match_type type,
    const struct change_ask *q)
{
	const struct rule *r = match_change(db, page, url, type, q, false);

	return r != NULL && (r->flags & RULE_CHANGE) != 0 ? r : NULL;
}

static enum match_verdict
ask_name(const struct match_db *db, const struct match_page *page, const struct url *url, enum match_type type,
    struct change_ask *q, struct match_result *out)
{
	const struct rule *block, *allow;

	*out = (struct match_result){.verdict = MATCH_NONE};
	if (!may_ask(db, page, url, q->kind))
		return MATCH_NONE;
	q->keys[0] = change_key(q->kind, q->name);
	q->keys[1] = change_key(q->kind, tc_str_of(NULL, 0));
	block = change_found(db, page, url, type, q);
	if (block == NULL)
		return MATCH_NONE;
	allow = exception_from(db, page, url, type, q, &block);
	*out = (struct match_result){
		.verdict = allow != NULL ? MATCH_ALLOW : MATCH_BLOCK,
		.class = block->class,
		.pack = block->pack,
		.rule = rule_text(db, allow != NULL ? allow : block),
	};
	return out->verdict;
}

enum match_verdict
match_removes(const struct match_db *db, const struct match_page *page, const struct url *url, enum match_type type,
    enum match_change kind, struct tc_str name, struct tc_str value, struct match_result *out)
{
	return ask_name(db, page, url, type, &(struct change_ask){.kind = kind, .name = name, .value = value}, out);
}

/* "NAME;maxAge=3600;sameSite=lax", the name maybe a regular expression with ';' in it. */
bool
match_softer_read(struct tc_str value, struct match_softer *to)
{
	struct tc_str rest = value;
	size_t n = 0;

	*to = (struct match_softer){.max_age = -1};
	tc_skip(&rest, value.n > 0 && value.p[0] == '/' ? change_regex_end(value) : 0);
	(void)tc_next(&rest, ';');
	for (; rest.p != NULL; n++) {
		struct tc_str item = tc_next(&rest, ';'), name = tc_trim(tc_str_of(item.p, tc_find_byte(item, '=')));

		tc_skip(&item, tc_find_byte(item, '='));
		tc_skip(&item, item.n > 0);
		item = tc_trim(item);
		if (tc_ieq(name, TC_STR("sameSite")) && (tc_ieq(item, TC_STR("lax")) || tc_ieq(item, TC_STR("strict")))) {
			to->same_site = item;
			continue;
		}
		if (!tc_ieq(name, TC_STR("maxAge")) || item.n == 0 || item.n > 9)
			return false;
		to->max_age = 0;
		for (size_t i = 0; i < item.n; i++) {
			if (item.p[i] < '0' || item.p[i] > '9')
				return false;
			to->max_age = to->max_age * 10 + (item.p[i] - '0');
		}
	}
	return n > 0;
}

enum match_verdict
match_softens(const struct match_db *db, const struct match_page *page, const struct url *url, enum match_type type,
    struct tc_str name, struct match_softer *to, struct match_result *out)
{
	struct change_ask q = {.kind = MATCH_COOKIE, .name = name, .softens = true};

	if (ask_name(db, page, url, type, &q, out) == MATCH_BLOCK &&
	    !match_softer_read(match_option(out->rule, TC_STR("cookie")), to))
		out->verdict = MATCH_NONE; /* cannot be: line_read() has read it */
	return out->verdict;
}

enum { SEEN_MAX = 32 }; /* different values that are looked at */

size_t
change_all(const struct match_db *db, const struct match_page *page, const struct url *url, enum match_type type,
    enum match_change kind, struct match_result *out, uint32_t *rules, size_t max)
{
	struct tc_str seen[SEEN_MAX];
	struct change_ask q = {.kind = kind, .all = true, .seen = seen};
	size_t n = 0;

	q.keys[0] = q.keys[1] = change_key(kind, tc_str_of(NULL, 0));
	while (n < max && q.seen_n < SEEN_MAX && may_ask(db, page, url, kind)) {
		const struct rule *block = change_found(db, page, url, type, &q);

		if (block == NULL)
			break;
		q.value = seen[q.seen_n] = value_of(db, change_of(db, block));
		if (exception_from(db, page, url, type, &q, &block) == NULL) {
			out[n] = (struct match_result){.verdict = MATCH_BLOCK, .class = block->class, .pack = block->pack};
			out[n].rule = rule_text(db, block);
			rules[n++] = (uint32_t)(block - db->rules);
		}
		q.value = tc_str_of(NULL, 0);
		q.seen_n++;
	}
	return n;
}

size_t
match_values(const struct match_db *db, const struct match_page *page, const struct url *url, enum match_type type,
    enum match_change kind, struct match_result *out, struct tc_str *all, size_t max)
{
	uint32_t rules[SEEN_MAX];
	size_t n = change_all(db, page, url, type, kind, out, rules, max < SEEN_MAX ? max : SEEN_MAX);

	for (size_t i = 0; i < n; i++)
		all[i] = value_of(db, change_of(db, &db->rules[rules[i]]));
	return n;
}
