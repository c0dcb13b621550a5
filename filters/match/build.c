/*
 * build.c: from rules to the tables of db.h. Runs off the request path, once per snapshot. Each rule gets one place where it
 * will be looked for:
 *
 *	||host^...                     hosts, by the host
 *	a literal of 4 bytes           grams, by the rarest of its 4-grams
 *	neither, but $domain=          sites, by each domain of the page
 *	neither, but $to=              sites, by each domain of the URL
 *	none, but removes a name       sites, by the name
 *	nothing of these               loose, 16 of them at most
 *
 * Regular expressions, and patterns that have only common text, prefer the page; the former have no place among the loose.
 */
#include <assert.h>

#include "db.h"
#include "grams.h"

enum { ANY_NAME_MAX = 64, SITE_REGEXES_MAX = 32 };

const char *const match_skip_names[MATCH_SKIP_COUNT] = {
#define X(e, name) name,
    MATCH_SKIPS(X)
#undef X
};

const char *const match_kind_names[MATCH_KIND_COUNT] = {
#define X(e, name) name,
    MATCH_KINDS(X) MATCH_CHANGES(X)
#undef X
};

const char *const match_change_names[MATCH_CHANGE_COUNT] = {
#define X(e, name) name,
    MATCH_CHANGES(X)
#undef X
};

/* ---- the block ---- */

static int
refs_room(struct match_db *db, uint32_t more)
{
	uint32_t *p = grown(db->refs, sizeof(*p), db->ref_count, more, &db->ref_room);

	db->refs = p != NULL ? p : db->refs;
	return p != NULL ? 0 : -1;
}

/* The array without what was only in reserve. */
static void *
shrunk(void *array, size_t size, uint32_t n, uint32_t *room)
{
	void *p = n > 0 && n < *room ? array_resize(array, *room * size, n * size) : NULL;

	if (p == NULL)
		return array;
	*room = n;
	return p;
}

struct match_db *
match_new(void)
{
	struct match_db *db = calloc(1, sizeof(*db));
	static const struct domain none = {0};

	if (db == NULL)
		return NULL;
	/* Number 0 means "none" in domains and refs. */
	db->domains = grown(NULL, sizeof(none), 0, 1, &db->domain_room);
	if (db->domains == NULL || refs_room(db, 1) == -1) {
		match_destroy(&db);
		return NULL;
	}
	db->domains[db->domain_count++] = none;
	db->refs[db->ref_count++] = 0;
	return db;
}

static void
table_free(struct table *t)
{
	array_free(t->slots, t->slots != NULL ? ((size_t)t->mask + 1) * sizeof(*t->slots) : 0);
}

static void
index_free(struct index *x)
{
	table_free(&x->hosts);
	table_free(&x->grams);
	table_free(&x->sites);
}

void
arrays_free(struct match_db *db)
{
	index_free(&db->block);
	index_free(&db->allow);
	index_free(&db->change);
	array_free(db->regexes, db->regex_room * sizeof(*db->regexes));
	array_free(db->changes, db->change_room * sizeof(*db->changes));
	array_free(db->rules, db->rule_room * sizeof(*db->rules));
	array_free(db->domains, db->domain_room * sizeof(*db->domains));
	array_free(db->pool, db->pool_room * sizeof(*db->pool));
	array_free(db->refs, db->ref_room * sizeof(*db->refs));
	array_free(db->lists, db->list_room * sizeof(*db->lists));
	array_free(db->places, db->place_room * sizeof(*db->places));
	array_free(db->bad, db->bad_room * sizeof(*db->bad));
}

void
match_destroy(struct match_db **db)
{
	struct match_db *d = *db;

	*db = NULL;
	if (d == NULL)
		return;
	regex_free(d);
	if (d->block_of.p == NULL)
		arrays_free(d);
	else if (d->block_of.release != NULL)
		d->block_of.release(d->block_of.p, d->block_of.n);
	free(d);
}

const struct match_stats *
match_stats(const struct match_db *db)
{
	return &db->stats;
}

/* ---- tables ---- */

/* A table under construction: chains of rules, later written to refs. */
struct link {
	uint32_t rule, next; /* next: number of a link, or 0 */
};

struct chains {
	struct slot *slots; /* ref: number of the first link */
	struct link *links; /* number 0 is not used */
	uint32_t count, room, keys, mask;
};

/* Doubles the slots when they are half full. On failure nothing has changed. */
static int
chains_room(struct chains *c)
{
	uint32_t mask = c->mask * 2 + 1;
	struct slot *slots;

	if (c->slots != NULL && c->keys * 2 < c->mask)
		return 0;
	mask = c->slots == NULL ? 63 : mask;
	slots = array_zeroed(((size_t)mask + 1) * sizeof(*slots));
	if (slots == NULL)
		return -1;
	for (uint32_t i = 0; c->slots != NULL && i <= c->mask; i++) {
		uint32_t at = slot_place(c->slots[i].key, mask);

		if (c->slots[i].ref == 0)
			continue;
		while (slots[at].ref != 0)
			at = (at + 1) & mask;
		slots[at] = c->slots[i];
	}
	array_free(c->slots, c->slots != NULL ? ((size_t)c->mask + 1) * sizeof(*c->slots) : 0);
	c->slots = slots;
	c->mask = mask;
	return 0;
}

static struct slot *
chains_slot(const struct chains *c, uint32_t key)
{
	uint32_t i = slot_place(key, c->mask);

	while (c->slots[i].ref != 0 && c->slots[i].key != key)
		i = (i + 1) & c->mask;
	return &c->slots[i];
}

static int
chains_add(struct chains *c, uint32_t key, uint32_t rule)
{
	struct link *links;
	struct slot *s;

	c->count += c->count == 0; /* number 0 is nothing */
	links = grown(c->links, sizeof(*links), c->count, 1, &c->room);
	if (links == NULL)
		return -1;
	c->links = links;
	if (chains_room(c) == -1)
		return -1;
	s = chains_slot(c, key);
	c->keys += s->ref == 0;
	c->links[c->count] = (struct link){rule, s->ref};
	*s = (struct slot){key, c->count++};
	return 0;
}

static uint32_t
chain_length(const struct chains *c, uint32_t link)
{
	uint32_t n = 0;

	for (; link != 0; link = c->links[link].next)
		n++;
	return n;
}

/* Writes a chain to refs, first come first; returns the slot's ref. There must be room. */
static uint32_t
write_chain(struct match_db *db, const struct chains *c, uint32_t link)
{
	uint32_t n = chain_length(c, link), at = db->ref_count;

	if (n == 1)
		return c->links[link].rule | REF_ONE;
	db->ref_count += n;
	for (uint32_t i = n; i-- > 0; link = c->links[link].next)
		db->refs[at + i] = c->links[link].rule | (i + 1 == n ? REF_LAST : 0);
	return at;
}

/* Turns chains into a table that is only read; the chains are gone. */
static int
write_table(struct match_db *db, struct chains *c, struct table *t)
{
	int result = 0;

	if (c->slots != NULL && refs_room(db, c->count) == -1)
		result = -1;
	for (uint32_t i = 0; c->slots != NULL && result == 0 && i <= c->mask; i++)
		if (c->slots[i].ref != 0)
			c->slots[i].ref = write_chain(db, c, c->slots[i].ref);
	t->slots = c->slots;
	t->mask = c->mask;
	array_free(c->links, c->room * sizeof(*c->links));
	*c = (struct chains){0};
	return result;
}

/* ---- the key of each rule ---- */

/* How common each 4-gram is, by its bit; and how many rules use it already. */
struct weights {
	uint16_t common[GRAM_BITS], used[GRAM_BITS];
};

static struct weights *
weights_new(void)
{
	struct weights *w = array_zeroed(sizeof(*w));
	uint16_t n = sizeof(common_grams) / 4;

	for (uint16_t i = 0; w != NULL && i < n; i++)
		w->common[gram_bit(gram_read(common_grams + 4 * (size_t)i))] = (uint16_t)(1000 + n - i);
	return w;
}

enum { GRAM_COMMON = 8000 }; /* and above: it is in common_grams */

/*
 * Chooses the place in the pattern whose four bytes are the rarest; -1 if there are none. Only the scheme's own
 * bytes are never looked at in a URL. *common: many URLs have even these.
 */
static int
rarest_gram(const struct match_db *db, const struct rule *r, const struct weights *w, bool *common)
{
	static const char *const schemes[] = {"http", "ttps", "tps:", "ps:/", "ttp:", "tp:/", "wss:", "ss:/", "ws:/",
	    "s://", "p://"};
	char text[256];
	size_t n = r->pattern_n < sizeof(text) ? r->pattern_n : sizeof(text);
	unsigned best = UINT32_MAX;
	int at = -1;

	for (size_t i = 0; i < n; i++)
		text[i] = tc_lower(db->pool[r->pattern + i]);
	for (size_t i = 0; i + 4 <= n; i++) {
		uint32_t bit = gram_bit(gram_read(text + i));
		unsigned weight = w->common[bit] * 8u + w->used[bit];
		bool usable = memchr(text + i, '*', 4) == NULL && memchr(text + i, '^', 4) == NULL;

		for (size_t k = 0; k < sizeof(schemes) / sizeof(*schemes); k++)
			usable = usable && memcmp(schemes[k], text + i, 4) != 0;
		if (usable && weight < best) {
			best = weight;
			at = (int)i;
		}
	}
	*common = best >= GRAM_COMMON;
	return at;
}

static uint32_t
host_hash(struct tc_str host)
{
	uint32_t h = HOST_HASH;

	for (size_t i = host.n; i-- > 0;)
		h = host_hash_step(h, tc_lower(host.p[i]));
	return h;
}

/* The tables of one index while they are built. */
struct building {
	struct index *index;
	struct chains hosts, grams, sites;
	unsigned any_name; /* changes for all URLs and all names */
};

static int
place_gram(struct match_db *db, struct building *b, uint32_t number, int at, struct weights *w)
{
	struct rule *r = &db->rules[number];
	char text[4];
	uint32_t bit;

	for (int i = 0; i < 4; i++)
		text[i] = tc_lower(db->pool[r->pattern + (uint32_t)(at + i)]);
	bit = gram_bit(gram_read(text));
	r->gram_at = (uint8_t)at;
	if (w->used[bit] < UINT16_MAX)
		w->used[bit]++;
	bit = noted_bit(gram_read(text));
	b->index->noted[bit / 32] |= UINT32_C(1) << bit % 32;
	return chains_add(&b->grams, gram_read(text), number);
}

/* Whether enough regular expressions are tried for this key already: all of them are, with each URL. */
static bool
has_enough(const struct match_db *db, const struct building *b, uint32_t key, uint32_t number)
{
	unsigned n = 0;

	if ((db->rules[number].flags & RULE_REGEX) == 0 || b->sites.slots == NULL)
		return false;
	for (uint32_t at = chains_slot(&b->sites, key)->ref; at != 0; at = b->sites.links[at].next)
		n += (db->rules[b->sites.links[at].rule].flags & RULE_REGEX) != 0;
	return n >= SITE_REGEXES_MAX;
}

/* By each domain that the page (about: 0) or the URL (DOMAIN_TO) may have; 1: it names none. */
static int
place_sites(struct match_db *db, struct building *b, uint32_t number, unsigned about)
{
	uint32_t i = db->rules[number].domains, to = about != 0 ? TO_KEY : 0;
	int result = 1;

	if (i == 0)
		return result;
	for (bool last = false; !last; i++) {
		const struct domain *d = &db->domains[i];
		uint32_t key;

		last = (d->flags & DOMAIN_LAST) != 0;
		if ((d->flags & (DOMAIN_NOT | DOMAIN_TO | DOMAIN_DENY)) != about)
			continue;
		key = host_hash(tc_str_of(db->pool + d->text, d->n)) ^ to;
		key ^= (d->flags & DOMAIN_ENTITY) != 0 ? ENTITY_KEY : 0;
		if (has_enough(db, b, key, number))
			continue;
		result = 0;
		b->index->to_entity = b->index->to_entity || (to != 0 && (d->flags & DOMAIN_ENTITY) != 0);
		if (chains_add(&b->sites, key, number) == -1)
			return -1;
	}
	b->index->to = b->index->to || (result == 0 && to != 0);
	return result;
}

/* A rule for all URLs that takes something off: by the name of that. */
static int
place_name(struct match_db *db, struct building *b, uint32_t number)
{
	const struct rule *r = &db->rules[number];
	const struct change *c = change_of(db, r);
	struct tc_str name = tc_str_of(db->pool + c->value, c->value_n);

	if (r->pattern_n > 0 || (r->flags & (RULE_REGEX | RULE_HOST)) != 0)
		return 1;
	if ((c->flags & (CHANGE_REGEX | CHANGE_NOT)) != 0 || c->kind == MATCH_CSP || c->kind == MATCH_REDIRECT_RULE ||
	    c->kind == MATCH_SCRIPT_TEXT)
		name.n = 0;
	if (name.n == 0 && b->any_name++ >= ANY_NAME_MAX)
		return 1;
	return chains_add(&b->sites, change_key(c->kind, name), number);
}

/* Where no text leads to the rule. 0, 1 if there is no place for it, or -1 when memory ends. */
static int
place_without_text(struct match_db *db, struct building *b, uint32_t number)
{
	uint16_t flags = db->rules[number].flags;
	int result = place_sites(db, b, number, 0);

	if (result == 1)
		result = place_sites(db, b, number, DOMAIN_TO);
	if (result == 1 && (flags & RULE_CHANGE) != 0)
		result = place_name(db, b, number);
	if (result != 1 || b->index->loose_count == LOOSE_MAX || (flags & RULE_REGEX) != 0)
		return result;
	b->index->loose[b->index->loose_count++] = number;
	return 0;
}

/* Gives one rule its place. 0, 1 if there is none for it, or -1 when memory ends. */
static int
place_rule(struct match_db *db, struct building *b, uint32_t number, struct weights *w)
{
	const struct rule *r = &db->rules[number];
	int at, result = 1;
	bool common;

	if ((r->flags & RULE_WHOLE) != 0)
		return chains_add(&b->hosts, host_hash(tc_str_of(db->pool + r->pattern, r->host_n)), number);
	at = rarest_gram(db, r, w, &common);
	if (common || (r->flags & RULE_REGEX) != 0)
		result = place_sites(db, b, number, 0);
	if (result != 1)
		return result;
	return at >= 0 ? place_gram(db, b, number, at, w) : place_without_text(db, b, number);
}

/* ---- $badfilter ---- */

static int
by_key(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Whether a $badfilter rule takes this one away. */
static bool
is_removed(const struct match_db *db, const struct rule *r)
{
	struct line l;

	if (db->bad_count == 0)
		return false;
	line_read(&l, tc_str_of(db->pool + r->text, r->text_n));
	return bsearch(&l.key, db->bad, db->bad_count, sizeof(*db->bad), by_key) != NULL;
}

/* ---- the whole ---- */

static struct building *
building_of(struct building all[3], uint16_t flags)
{
	if ((flags & RULE_CHANGE) != 0)
		return &all[2];
	return &all[(flags & RULE_EXCEPTION) != 0];
}

static enum match_kind
kind_of(const struct rule *r)
{
	if ((r->flags & RULE_EXCEPTION) != 0)
		return MATCH_KIND_EXCEPTION;
	if ((r->flags & RULE_REGEX) != 0)
		return MATCH_KIND_REGEX;
	return (r->flags & RULE_WHOLE) != 0 && r->pattern_n <= r->host_n + 1u ? MATCH_KIND_HOST : MATCH_KIND_PATTERN;
}

static void
count_rule(struct match_db *db, const struct rule *r)
{
	struct list_info *info = &db->lists[db->place >> PLACE_LINE_BITS];

	if ((r->flags & RULE_EXCEPTION) == 0)
		info->classes |= TC_CLASS_BIT(r->class);
	if ((r->flags & RULE_CHANGE) != 0) {
		unsigned kind = change_of(db, r)->kind;

		db->stats.changes[kind]++;
		info->kinds[MATCH_KIND_CHANGE + kind]++;
	} else {
		db->stats.rules[r->pack]++;
		info->kinds[kind_of(r)]++;
	}
}

static int
place_all(struct match_db *db, struct building all[3], struct weights *w)
{
	for (uint32_t i = 0; i < db->rule_count; i++) {
		const struct rule *r = &db->rules[i];
		struct building *b = building_of(all, r->flags);
		int result;

		db->place = db->places[i];
		if (is_removed(db, r)) {
			rule_skip(db, MATCH_SKIP_REMOVED);
			continue;
		}
		result = place_rule(db, b, i, w);
		if (result == -1)
			return -1;
		if (result == 1) {
			rule_skip(db, MATCH_SKIP_NO_LITERAL);
			continue;
		}
		count_rule(db, r);
		b->index->important = b->index->important || (r->flags & RULE_IMPORTANT) != 0;
	}
	return 0;
}

static int
write_index(struct match_db *db, struct building *b)
{
	int hosts = write_table(db, &b->hosts, &b->index->hosts);
	int grams = write_table(db, &b->grams, &b->index->grams);
	int sites = write_table(db, &b->sites, &b->index->sites);

	return hosts + grams + sites == 0 ? 0 : -1;
}

static size_t
table_bytes(const struct table *t)
{
	return t->slots != NULL ? ((size_t)t->mask + 1) * sizeof(*t->slots) : 0;
}

static size_t
index_bytes(const struct index *x)
{
	return table_bytes(&x->hosts) + table_bytes(&x->grams) + table_bytes(&x->sites);
}

static int
finish(struct match_db *db)
{
	db->rules = shrunk(db->rules, sizeof(*db->rules), db->rule_count, &db->rule_room);
	db->domains = shrunk(db->domains, sizeof(*db->domains), db->domain_count, &db->domain_room);
	db->pool = shrunk(db->pool, 1, db->pool_n, &db->pool_room);
	db->refs = shrunk(db->refs, sizeof(*db->refs), db->ref_count, &db->ref_room);
	db->changes = shrunk(db->changes, sizeof(*db->changes), db->change_count, &db->change_room);
	db->regexes = shrunk(db->regexes, sizeof(*db->regexes), db->regex_count, &db->regex_room);
	db->lists = shrunk(db->lists, sizeof(*db->lists), db->list_count, &db->list_room);
	db->places = shrunk(db->places, sizeof(*db->places), db->rule_count, &db->place_room);
	db->bad = shrunk(db->bad, sizeof(*db->bad), db->bad_count, &db->bad_room);
	db->stats.bytes = sizeof(*db) + db->rule_room * sizeof(*db->rules) + db->domain_room * sizeof(*db->domains) +
	    db->pool_room + db->ref_room * sizeof(*db->refs) + index_bytes(&db->block) +
	    index_bytes(&db->allow) + index_bytes(&db->change) + db->change_room * sizeof(*db->changes) +
	    db->regex_room * sizeof(*db->regexes) + db->list_room * sizeof(*db->lists) +
	    db->place_room * sizeof(*db->places) + db->bad_room * sizeof(*db->bad);
	db->built = true;
	return block_settle(db) + regex_ready(db) == 0 ? 0 : -1;
}

int
match_build(struct match_db *db)
{
	struct building all[3] = {{.index = &db->block}, {.index = &db->allow}, {.index = &db->change}};
	struct weights *w = weights_new();
	int placed = -1, wrote = 0;

	assert(!db->built);
	if (db->bad_count > 0)
		qsort(db->bad, db->bad_count, sizeof(*db->bad), by_key);
	if (w != NULL)
		placed = place_all(db, all, w);
	array_free(w, sizeof(*w));
	/* Also after a failure: the tables take over the memory, and match_destroy() gives it back. */
	for (size_t i = 0; i < 3; i++)
		wrote += write_index(db, &all[i]);
	if (placed != 0 || wrote != 0)
		return -1;
	return finish(db);
}
