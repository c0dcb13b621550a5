/*
 * add.c: puts a rule that rule.c has read into the block: its text, its pattern, the hosts that it names. Runs off the request
 * path, before match_build().
 *
 * Lists are written by strangers: every count and length has a limit, and what goes beyond is counted as skipped.
 */
#include <assert.h>

#include "db.h"

enum {
	LINE_MAX_N = 8192,
	RULES_MAX = 4 * 1000 * 1000,
	DOMAINS_MAX = 8 * 1000 * 1000,
	POOL_MAX = 1 << 30,
};

/* ---- memory ---- */

void *
grown(void *array, size_t size, uint32_t n, uint32_t more, uint32_t *room)
{
	uint64_t want = (uint64_t)n + more;
	void *p;

	if (want <= *room)
		return array;
	want = want < 1024 ? 1024 : want + want / 2;
	if (want > UINT32_MAX)
		return NULL;
	p = array_resize(array, *room * size, (size_t)want * size);
	if (p != NULL)
		*room = (uint32_t)want;
	return p;
}

/* 0, or -1. */
static int
rules_room(struct match_db *db, uint32_t more)
{
	struct rule *p = grown(db->rules, sizeof(*p), db->rule_count, more, &db->rule_room);
	uint32_t *places = grown(db->places, sizeof(*places), db->rule_count, more, &db->place_room);

	db->rules = p != NULL ? p : db->rules;
	db->places = places != NULL ? places : db->places;
	return p != NULL && places != NULL ? 0 : -1;
}

static int
domains_room(struct match_db *db, uint32_t more)
{
	struct domain *p = grown(db->domains, sizeof(*p), db->domain_count, more, &db->domain_room);

	db->domains = p != NULL ? p : db->domains;
	return p != NULL ? 0 : -1;
}

static int
changes_room(struct match_db *db, uint32_t more)
{
	struct change *p = grown(db->changes, sizeof(*p), db->change_count, more, &db->change_room);

	db->changes = p != NULL ? p : db->changes;
	return p != NULL ? 0 : -1;
}

static int
regexes_room(struct match_db *db, uint32_t more)
{
	struct regex *p = grown(db->regexes, sizeof(*p), db->regex_count, more, &db->regex_room);

	db->regexes = p != NULL ? p : db->regexes;
	return p != NULL ? 0 : -1;
}

static int
pool_room(struct match_db *db, uint32_t more)
{
	char *p = grown(db->pool, sizeof(*p), db->pool_n, more, &db->pool_room);

	db->pool = p != NULL ? p : db->pool;
	return p != NULL ? 0 : -1;
}

/* Adds text to the pool, in lower case if asked; its offset in *at. There must be room. */
static uint32_t
pool_add(struct match_db *db, struct tc_str s, bool lower)
{
	uint32_t at = db->pool_n;

	assert(db->pool_room - at >= s.n);
	for (size_t i = 0; i < s.n; i++)
		db->pool[at + i] = lower ? tc_lower(s.p[i]) : s.p[i];
	db->pool_n += (uint32_t)s.n;
	return at;
}

static bool
has_capital(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return true;
	return false;
}

/* ---- domain=, to=, denyallow=, method= ---- */

static int
add_domain(struct match_db *db, struct tc_str item, unsigned flags)
{
	struct domain d = {0};
	char colon = '.'; /* ':' in [v6] */

	if (item.n > 0 && item.p[0] == '~') {
		flags |= DOMAIN_NOT;
		tc_skip(&item, 1);
	}
	if (tc_ends(item, TC_STR(".*"))) {
		flags |= DOMAIN_ENTITY;
		item.n -= 2;
	}
	if (item.n > 2 && item.p[0] == '[' && item.p[item.n - 1] == ']') {
		item = tc_str_of(item.p + 1, item.n - 2);
		colon = ':';
	}
	if (item.n == 0 || item.n > 255 || ((flags & DOMAIN_DENY) != 0 && (flags & DOMAIN_NOT) != 0))
		return MATCH_SKIP_MALFORMED;
	for (size_t i = 0; i < item.n; i++)
		if (!is_host_byte(tc_lower(item.p[i])) && item.p[i] != colon)
			return item.p[0] == '/' ? MATCH_SKIP_REGEX : MATCH_SKIP_MALFORMED;
	d.text = pool_add(db, item, true);
	d.n = (uint16_t)item.n;
	d.flags = (uint16_t)flags;
	db->domains[db->domain_count++] = d;
	return -1;
}

static void
add_methods(struct match_db *db, uint16_t methods)
{
	if (methods != 0)
		db->domains[db->domain_count++] = (struct domain){.n = methods, .flags = DOMAIN_METHOD | DOMAIN_DENY};
}

/* Adds the items of one option. -1, or why the rule must be skipped. */
static int
add_domain_list(struct match_db *db, struct tc_str list, char between, unsigned flags)
{
	int why = -1;

	while (list.p != NULL && why == -1)
		why = add_domain(db, tc_next(&list, between), flags);
	return why;
}

static int
add_domains(struct match_db *db, const struct line *l, struct rule *r)
{
	uint32_t first = db->domain_count;
	int why = add_domain_list(db, l->from, '|', 0);

	if (why == -1)
		why = add_domain_list(db, l->sites, ',', 0);
	if (why == -1)
		why = add_domain_list(db, l->to, '|', DOMAIN_TO);
	if (why == -1)
		why = add_domain_list(db, l->deny, '|', DOMAIN_DENY);
	if (why == -1)
		add_methods(db, l->methods);
	if (why != -1 || db->domain_count == first) {
		db->domain_count = first;
		return why;
	}
	db->domains[db->domain_count - 1].flags |= DOMAIN_LAST;
	r->domains = first;
	return -1;
}

/* ---- rules ---- */

/*
 * Bytes of the host at the front of a "||" pattern that ends there; 0: it may go on. "||t.co" alone is the host, not
 * the beginning of "t.company.example"; "||google." and "||ads-" are beginnings.
 */
static size_t
whole_host(struct tc_str pattern)
{
	size_t n = 0;

	if (pattern.n > 0 && pattern.p[0] == '[') /* [v6] */
		n = tc_find_byte(pattern, ']') + 1;
	while (n < pattern.n && is_host_byte(tc_lower(pattern.p[n])))
		n++;
	if (n == 0 || n > 255 || n > pattern.n || (n < pattern.n && strchr("^/:?", pattern.p[n]) == NULL))
		return 0;
	if (n == pattern.n && (memchr(pattern.p, '.', n) == NULL || strchr("-_", pattern.p[n - 1]) != NULL))
		return 0;
	/* "||host.^" and "||.host^" are something else. */
	return pattern.p[n - 1] == '.' || pattern.p[0] == '.' ? 0 : n;
}

/*
 * "@@||host^$document": no rule applies on pages of the host. Pages are known by their host alone, so it becomes an
 * exception for everything with domain=host.
 */
static void
read_page_exception(struct line *l)
{
	size_t n = whole_host(l->pattern);

	if ((l->flags & RULE_EXCEPTION) == 0 || (l->types & MATCH_DOCUMENT) == 0 || n == 0 || n + 1 != l->pattern.n ||
	    l->pattern.p[n] != '^' || l->from.p != NULL || (l->flags & RULE_HOST) == 0 ||
	    (l->flags & RULE_CHANGE) != 0)
		return;
	l->from = tc_str_of(l->pattern.p, n);
	l->pattern.n = 0;
	l->flags &= (uint16_t)~(RULE_HOST | RULE_SEPARATOR);
	l->types = MATCH_OTHER * 2 - 1;
}

static int
make_room(struct match_db *db, struct tc_str text)
{
	/* The text, its pattern and its domains in lower case; one domain more than bytes, for its methods. */
	if (rules_room(db, 1) == -1 || pool_room(db, (uint32_t)text.n * 3 + REGEX_LITERAL_MAX) == -1)
		return -1;
	if (changes_room(db, 1) == -1 || regexes_room(db, 2) == -1)
		return -1;
	return domains_room(db, (uint32_t)text.n + 1);
}

/* The pattern of a regular expression is the text that it requires. -1, or why the rule is skipped. */
static int
add_regex(struct match_db *db, const struct line *l, struct tc_str text, struct rule *r)
{
	uint32_t source = r->text + (uint32_t)(l->pattern.p - text.p);
	char literal[REGEX_LITERAL_MAX];
	bool cased = (r->flags & RULE_CASE) != 0;

	if (regex_add(db, regex_key(db->rule_count, false), source, l->pattern.n, cased) == -1)
		return MATCH_SKIP_REGEX;
	r->pattern_n = (uint16_t)regex_literal(l->pattern, literal);
	r->pattern = pool_add(db, tc_str_of(literal, r->pattern_n), true);
	return -1;
}

/* A comma in an option has a backslash before it, which the expression does not want. */
static uint16_t
pool_add_regex(struct match_db *db, struct tc_str s)
{
	uint32_t from = db->pool_n;

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\\' || i + 1 == s.n || s.p[i + 1] != ',')
			db->pool[db->pool_n++] = s.p[i];
	return (uint16_t)(db->pool_n - from);
}

static int
add_change(struct match_db *db, const struct line *l, struct tc_str text, const struct rule *r)
{
	struct change c = {.rule = db->rule_count, .kind = (uint8_t)l->change, .flags = l->change_flags};
	uint32_t key = regex_key(db->rule_count, true);

	c.value = l->value.n > 0 ? r->text + (uint32_t)(l->value.p - text.p) : r->text;
	c.value_n = (uint16_t)l->value.n;
	if ((c.flags & CHANGE_REGEX) != 0) {
		c.value = db->pool_n;
		c.value_n = pool_add_regex(db, l->value);
	}
	if ((c.flags & CHANGE_REGEX) != 0 && regex_add(db, key, c.value, c.value_n, (c.flags & CHANGE_NO_CASE) == 0) == -1)
		return MATCH_SKIP_REGEX;
	db->changes[db->change_count++] = c;
	return -1;
}

static void
add_pattern(struct match_db *db, const struct line *l, struct tc_str text, struct rule *r)
{
	r->pattern_n = (uint16_t)l->pattern.n;
	r->pattern = r->text + (uint32_t)(l->pattern.n > 0 ? l->pattern.p - text.p : 0);
	if ((r->flags & RULE_CASE) == 0 && has_capital(l->pattern))
		r->pattern = pool_add(db, l->pattern, true);
	if ((r->flags & RULE_HOST) != 0 && (r->flags & RULE_CASE) == 0)
		r->host_n = (uint8_t)whole_host(l->pattern);
	if (r->host_n > 0)
		r->flags |= RULE_WHOLE;
}

/* Adds the rule that line l holds; text is the line. There must be room. -1, or why it is skipped. */
static int
add_rule(struct match_db *db, struct line *l, struct tc_str text, enum tc_pack pack, enum tc_class class)
{
	uint32_t pool_n = db->pool_n, domain_count = db->domain_count, regex_count = db->regex_count;
	struct rule r = {.text_n = (uint16_t)text.n, .class = (uint8_t) class, .pack = (uint8_t)pack};
	int why = -1;

	read_page_exception(l);
	r.types = l->types;
	r.flags = l->flags;
	r.text = pool_add(db, text, false);
	if ((r.flags & RULE_REGEX) != 0)
		why = add_regex(db, l, text, &r);
	else
		add_pattern(db, l, text, &r);
	if (why == -1)
		why = add_domains(db, l, &r);
	if (why == -1 && (r.flags & RULE_CHANGE) != 0)
		why = add_change(db, l, text, &r);
	if (why != -1) {
		db->pool_n = pool_n;
		db->domain_count = domain_count;
		db->regex_count = regex_count;
		return why;
	}
	db->places[db->rule_count] = db->place;
	db->rules[db->rule_count++] = r;
	return -1;
}

int
bad_add(struct match_db *db, uint64_t key)
{
	uint64_t *p = grown(db->bad, sizeof(*p), db->bad_count, 1, &db->bad_room);

	if (p == NULL)
		return -1;
	db->bad = p;
	db->bad[db->bad_count++] = key;
	return 0;
}

/* ---- lists ---- */

int
text_add(struct match_db *db, struct tc_str text, struct list_text *to)
{
	*to = (struct list_text){0, 0};
	if (text.n == 0)
		return 0;
	if (pool_room(db, (uint32_t)text.n) == -1)
		return -1;
	to->at = pool_add(db, text, false);
	to->n = (uint32_t)text.n;
	return 0;
}

int
list_begin(struct match_db *db, struct tc_str name, enum tc_pack pack, enum tc_class class)
{
	struct list_info *lists, info = {.within = db->list_count, .pack = (uint8_t)pack, .class = (uint8_t) class};

	if (db->list_count < LISTS_MAX) {
		lists = grown(db->lists, sizeof(*lists), db->list_count, 1, &db->list_room);
		if (lists == NULL || text_add(db, name, &info.name) == -1) {
			db->lists = lists != NULL ? lists : db->lists;
			return -1;
		}
		db->lists = lists;
		db->lists[db->list_count++] = info;
	}
	db->place = (db->list_count - 1) << PLACE_LINE_BITS;
	return (int)db->list_count - 1;
}

void
rule_skip(struct match_db *db, enum match_skip why)
{
	struct list_info *info = &db->lists[db->place >> PLACE_LINE_BITS];

	assert(db->list_count > 0);
	db->stats.skipped[why]++;
	info->skipped[why]++;
	if (why == MATCH_SKIP_MALFORMED && info->bad_line == 0)
		info->bad_line = db->place & PLACE_LINE;
}

/* ---- one line ---- */

int
rule_add(struct match_db *db, struct tc_str text, enum tc_pack pack, enum tc_class class)
{
	struct line l = {.kind = LINE_SKIP, .why = MATCH_SKIP_LIMIT};
	int why = -1;

	if (text.n <= LINE_MAX_N)
		line_read(&l, text);
	if (db->rule_count >= RULES_MAX || db->domain_count >= DOMAINS_MAX ||
	    db->pool_n > POOL_MAX - 3 * LINE_MAX_N) {
		why = MATCH_SKIP_LIMIT;
		db->full = true;
	} else if (l.kind == LINE_SKIP)
		why = (int)l.why;
	else if (make_room(db, text) == -1)
		return -1;
	else if (l.kind == LINE_BAD)
		return bad_add(db, l.key);
	else
		why = add_rule(db, &l, text, pack, class);
	if (why != -1)
		rule_skip(db, (enum match_skip)why);
	return 0;
}
