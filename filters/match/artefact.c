/*
 * artefact.c: a built block as bytes for a file, and such bytes as a block (docs/adr/0016).
 *
 *	[head: magic, order, version, shape, size, sum, counts, sections][rules][domains] ... [slots of nine tables][pool]
 *
 * Sections are the arrays of db.h as they are in memory; what they refer to they name by number or offset. So a file is
 * used where it is mapped. Before that every number in it is checked against what it counts into, in one pass over each
 * array: whoever wrote the file, and whatever became of it since, matching stays within the block and ends.
 */
#include <assert.h>
#include <stdlib.h>

#include "db.h"
#include "pack.h"

enum { ORDER = 0x01020304, VERSION = 1, TABLES = 9, ALIGN = 64, TEXT_MAX_N = 8192, SETTLE_FROM = 1 << 18 };

/* X(enum, type, array, count); what a table holds comes behind these. */
#define SECTIONS(X)                                                                                  \
	X(RULES, struct rule, rules, rule_count)                                                     \
	X(DOMAINS, struct domain, domains, domain_count)                                             \
	X(REFS, uint32_t, refs, ref_count)                                                           \
	X(CHANGES, struct change, changes, change_count)                                             \
	X(REGEXES, struct regex, regexes, regex_count)                                               \
	X(LISTS, struct list_info, lists, list_count)                                                \
	X(PLACES, uint32_t, places, rule_count)                                                      \
	X(BAD, uint64_t, bad, bad_count)                                                             \
	X(POOL, char, pool, pool_n)

enum section_name {
#define X(e, type, array, count) SECTION_##e,
	SECTIONS(X)
#undef X
	SECTION_INDEXES,
	SECTION_TABLES,
	SECTION_COUNT = SECTION_TABLES + TABLES
};

struct section {
	uint64_t at, count;
};

struct index_image {
	uint32_t loose[LOOSE_MAX], loose_count;
	uint32_t important, to, to_entity;
	uint32_t noted[NOTED_BITS / 32];
};

struct head {
	char magic[8];
	uint32_t order, version;
	uint64_t shape, size, sum; /* sum: of all that is behind it */
	uint64_t rules[TC_PACK_COUNT], changes[MATCH_CHANGE_COUNT], skipped[MATCH_SKIP_COUNT];
	struct section sections[SECTION_COUNT];
};

_Static_assert(sizeof(MATCH_MAGIC) == 9, "the magic has eight bytes");

#define SUM_FROM (offsetof(struct head, sum) + sizeof(uint64_t))

/* Eight sums side by side: each waits for its own multiplication alone. */
#define LANES(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

uint64_t
block_sum(const void *p, size_t n)
{
	const uint64_t k = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t sum = n, word[8];
	const char *at = p;
#define X(i) uint64_t lane##i = i + 1;
	LANES(X)
#undef X

	    for (; n >= sizeof(word); n -= sizeof(word), at += sizeof(word))
	{
		memcpy(word, at, sizeof(word));
#define X(i)                              \
	lane##i = (lane##i ^ word[i]) * k;    \
	lane##i = lane##i << 29 | lane##i >> 35;
		LANES(X)
#undef X
	}
	for (; n > 0; n--)
		lane0 = (lane0 ^ (uint8_t)*at++) * k;
#define X(i) sum = (sum ^ lane##i ^ lane##i >> 32) * k;
	LANES(X)
#undef X
	    return sum;
}

/* What the sections' items look like: another number where a version of this program has others. */
static uint64_t
shape(void)
{
	const uint32_t sizes[] = {
#define X(e, type, array, count) sizeof(type),
	    SECTIONS(X)
#undef X
		sizeof(struct index_image),
	    sizeof(struct slot), TC_PACK_COUNT, TC_CLASS_COUNT, MATCH_CHANGE_COUNT, MATCH_SKIP_COUNT, MATCH_KIND_COUNT,
	    MATCH_OTHER};

	return block_sum(sizes, sizeof(sizes));
}

/* The tables of a block, in the order of their sections. */
static void
tables_of(struct match_db *db, struct table *tables[TABLES])
{
	struct index *all[] = {&db->block, &db->allow, &db->change};

	for (size_t i = 0; i < 3; i++) {
		tables[3 * i] = &all[i]->hosts;
		tables[3 * i + 1] = &all[i]->grams;
		tables[3 * i + 2] = &all[i]->sites;
	}
}

/* ---- writing ---- */

static void
put(char *bytes, struct section *s, uint64_t *at, const void *from, size_t size, size_t count)
{
	*s = (struct section){*at, count};
	if (bytes != NULL && count > 0)
		memcpy(bytes + *at, from, size * count);
	*at = (*at + size * count + ALIGN - 1) / ALIGN * ALIGN;
}

static struct index_image
image_of(const struct index *x)
{
	struct index_image image = {
		.loose_count = x->loose_count, .important = x->important, .to = x->to, .to_entity = x->to_entity};

	memcpy(image.loose, x->loose, x->loose_count * sizeof(*image.loose));
	memcpy(image.noted, x->noted, sizeof(image.noted));
	return image;
}

/* Fills the head's sections and, if bytes is not NULL, those; how many bytes it all is. */
static uint64_t
put_sections(const struct match_db *db, struct head *h, char *bytes)
{
	struct index_image images[] = {image_of(&db->block), image_of(&db->allow), image_of(&db->change)};
	struct match_db copy = *db; /* tables_of() gives pointers to write through */
	uint64_t at = (sizeof(*h) + ALIGN - 1) / ALIGN * ALIGN;
	struct table *tables[TABLES];

#define X(e, type, array, count) put(bytes, &h->sections[SECTION_##e], &at, db->array, sizeof(type), db->count);
	SECTIONS(X)
#undef X
	    put(bytes, &h->sections[SECTION_INDEXES], &at, images, sizeof(*images), 3);
	tables_of(&copy, tables);
	for (size_t i = 0; i < TABLES; i++)
		put(bytes, &h->sections[SECTION_TABLES + i], &at, tables[i]->slots, sizeof(struct slot),
		    tables[i]->slots != NULL ? (size_t)tables[i]->mask + 1 : 0);
	return at;
}

int
match_image(const struct match_db *db, struct tc_str *out)
{
	struct head h = {.magic = MATCH_MAGIC, .order = ORDER, .version = VERSION, .shape = shape()};
	char *bytes;

	assert(db->built);
	for (size_t i = 0; i < TC_PACK_COUNT; i++)
		h.rules[i] = db->stats.rules[i];
	for (size_t i = 0; i < MATCH_CHANGE_COUNT; i++)
		h.changes[i] = db->stats.changes[i];
	for (size_t i = 0; i < MATCH_SKIP_COUNT; i++)
		h.skipped[i] = db->stats.skipped[i];
	h.size = put_sections(db, &h, NULL);
	bytes = calloc(1, h.size);
	if (bytes == NULL)
		return -1;
	(void)put_sections(db, &h, bytes);
	memcpy(bytes, &h, sizeof(h));
	h.sum = block_sum(bytes + SUM_FROM, h.size - SUM_FROM);
	memcpy(bytes, &h, sizeof(h));
	*out = tc_str_of(bytes, h.size);
	return 0;
}

/* ---- checking: all of these are true if the array is sound; loops have no way out, so that they go fast ---- */

static bool
is_text(const struct match_db *db, uint32_t at, uint32_t n)
{
	return (uint64_t)at + n <= db->pool_n;
}

static bool
rules_are_sound(const struct match_db *db)
{
	uint32_t changes = 0, regexes = 0;
	bool sound = true;

	for (uint32_t i = 0; i < db->rule_count; i++) {
		const struct rule *r = &db->rules[i];

		sound &= is_text(db, r->text, r->text_n) & is_text(db, r->pattern, r->pattern_n);
		sound &= (r->text_n <= TEXT_MAX_N) & (r->pattern_n <= TEXT_MAX_N) & (r->domains < db->domain_count);
		sound &= (r->class < TC_CLASS_COUNT) & (r->pack < TC_PACK_COUNT) & (r->host_n <= r->pattern_n) &
		    (r->gram_at <= r->pattern_n);
		changes += (r->flags & RULE_CHANGE) != 0;
		regexes += (r->flags & RULE_REGEX) != 0;
	}
	for (uint32_t i = 0; i < db->regex_count; i++)
		regexes -= db->regexes[i].key % 2 == 0;
	return sound && changes == db->change_count && regexes == 0;
}

static bool
domains_are_sound(const struct match_db *db)
{
	bool sound = db->domain_count > 0 && (db->domain_count == 1 || (db->domains[db->domain_count - 1].flags & DOMAIN_LAST) != 0);

	for (uint32_t i = 0; i < db->domain_count; i++) {
		const struct domain *d = &db->domains[i];

		sound &= is_text(db, d->text, (d->flags & DOMAIN_METHOD) != 0 ? 0 : d->n);
		sound &= (d->flags & (DOMAIN_METHOD | DOMAIN_DENY)) != DOMAIN_METHOD;
	}
	return sound;
}

/* One for each rule that is a change (rules_are_sound() has counted), in their order. */
static bool
changes_are_sound(const struct match_db *db)
{
	uint32_t regexes = 0;
	bool sound = true;

	for (uint32_t i = 0; i < db->change_count && sound; i++) {
		const struct change *c = &db->changes[i];

		sound = c->rule < db->rule_count && (i == 0 || c[-1].rule < c->rule) && is_text(db, c->value, c->value_n) &&
		    (db->rules[c->rule].flags & RULE_CHANGE) != 0 && c->kind < MATCH_CHANGE_COUNT;
		regexes += (c->flags & CHANGE_REGEX) != 0;
	}
	for (uint32_t i = 0; i < db->regex_count; i++)
		regexes -= db->regexes[i].key % 2;
	return sound && regexes == 0;
}

/* One for each rule and each change that has one, in the order of keys. Counted as above; changes are known to be sound. */
static bool
regexes_are_sound(const struct match_db *db)
{
	for (uint32_t i = 0; i < db->regex_count; i++) {
		const struct regex *r = &db->regexes[i];
		uint32_t rule = r->key / 2;

		if (rule >= db->rule_count || (i > 0 && r[-1].key >= r->key) || !is_text(db, r->source, r->n))
			return false;
		if (!regex_is_known(tc_str_of(db->pool + r->source, r->n)))
			return false;
		if ((db->rules[rule].flags & (r->key % 2 == 0 ? RULE_REGEX : RULE_CHANGE)) == 0)
			return false;
		if (r->key % 2 != 0 && (change_of(db, &db->rules[rule])->flags & CHANGE_REGEX) == 0)
			return false;
	}
	return true;
}

/* Lists in refs end before refs do; number 0 is in none. */
static bool
refs_are_sound(const struct match_db *db)
{
	bool sound = db->ref_count > 0 && (db->ref_count == 1 || (db->refs[db->ref_count - 1] & REF_LAST) != 0);

	for (uint32_t i = 1; i < db->ref_count; i++)
		sound &= (db->refs[i] & REF_NUMBER) < db->rule_count;
	return sound;
}

/* At least half of the slots are empty, so a look-up ends, and soon. */
static bool
table_is_sound(const struct match_db *db, const struct table *t)
{
	uint32_t used = 0, wrong = 0;

	if (t->slots == NULL)
		return true;
	for (uint32_t i = 0; i <= t->mask; i++) {
		uint32_t ref = t->slots[i].ref, number = ref & REF_NUMBER, is_one = ref >> 31, is_none = ref == 0;

		/* Branches would be guessed wrong half of the time. */
		used += 1 - is_none;
		wrong |= is_one & (number >= db->rule_count);
		wrong |= (1 - is_one) & (1 - is_none) & ((number == 0) | (number >= db->ref_count));
	}
	return wrong == 0 && used <= t->mask / 2 + 1;
}

static bool
lists_are_sound(const struct match_db *db)
{
	bool sound = db->list_count <= LISTS_MAX && (db->rule_count == 0 || db->list_count > 0);

	for (uint32_t i = 0; i < db->list_count; i++) {
		const struct list_info *l = &db->lists[i];

		sound &= is_text(db, l->name.at, l->name.n) & is_text(db, l->title.at, l->title.n) &
		    is_text(db, l->version.at, l->version.n) & is_text(db, l->licence.at, l->licence.n);
		sound &= (l->class < TC_CLASS_COUNT) & (l->pack < TC_PACK_COUNT) & (l->within < db->list_count);
	}
	for (uint32_t i = 0; i < db->rule_count; i++)
		sound &= db->places[i] >> PLACE_LINE_BITS < db->list_count;
	return sound;
}

static bool
is_sound(struct match_db *db)
{
	struct table *tables[TABLES];
	bool sound = rules_are_sound(db) && domains_are_sound(db) && changes_are_sound(db) && regexes_are_sound(db) &&
	    refs_are_sound(db) && lists_are_sound(db);

	tables_of(db, tables);
	for (size_t i = 0; i < TABLES; i++)
		sound = sound && table_is_sound(db, tables[i]);
	return sound;
}

/* ---- opening ---- */

/* Where a section begins. *sound becomes false if it is not within the bytes. */
static const void *
section_of(const struct match_block *bytes, const struct section *s, size_t size, bool *sound)
{
	if (s->count > UINT32_MAX / 2 || s->at % 8 != 0 || s->at > bytes->n || s->count * size > bytes->n - s->at) {
		*sound = false;
		return NULL;
	}
	return (const char *)bytes->p + s->at;
}

static bool
take_index(const struct match_db *db, struct index *x, const struct index_image *image)
{
	bool sound = image->loose_count <= LOOSE_MAX;

	for (uint32_t i = 0; i < LOOSE_MAX; i++)
		sound &= i >= image->loose_count || image->loose[i] < db->rule_count;
	if (!sound)
		return false;
	memcpy(x->loose, image->loose, sizeof(x->loose));
	memcpy(x->noted, image->noted, sizeof(x->noted));
	x->loose_count = image->loose_count;
	x->important = image->important != 0;
	x->to = image->to != 0;
	x->to_entity = image->to_entity != 0;
	return true;
}

static bool
take_indexes(struct match_db *db, const struct head *h)
{
	struct index *all[] = {&db->block, &db->allow, &db->change};
	const struct section *s = &h->sections[SECTION_INDEXES];
	struct table *tables[TABLES];
	bool sound = s->count == 3;
	const struct index_image *images = section_of(&db->block_of, s, sizeof(*images), &sound);

	for (size_t i = 0; i < 3 && sound; i++)
		sound = take_index(db, all[i], &images[i]);
	tables_of(db, tables);
	for (size_t i = 0; i < TABLES && sound; i++) {
		s = &h->sections[SECTION_TABLES + i];
		if (s->count == 0)
			continue;
		tables[i]->slots = (struct slot *)(uintptr_t)section_of(&db->block_of, s, sizeof(struct slot), &sound);
		tables[i]->mask = (uint32_t)s->count - 1;
		sound = sound && (s->count & (s->count - 1)) == 0;
	}
	return sound;
}

/* The arrays are only read, but for the codes of regular expressions, which are elsewhere. */
static bool
take_sections(struct match_db *db, const struct head *h)
{
	bool sound = h->sections[SECTION_RULES].count == h->sections[SECTION_PLACES].count;

#define X(e, type, array, number)                                                                                          \
	db->array = (type *)(uintptr_t)section_of(&db->block_of, &h->sections[SECTION_##e], sizeof(type), &sound);         \
	db->number = (uint32_t)h->sections[SECTION_##e].count;
	SECTIONS(X)
#undef X
	    return sound && take_indexes(db, h);
}

static void
take_stats(struct match_db *db, const struct head *h)
{
	for (size_t i = 0; i < TC_PACK_COUNT; i++)
		db->stats.rules[i] = (size_t)h->rules[i];
	for (size_t i = 0; i < MATCH_CHANGE_COUNT; i++)
		db->stats.changes[i] = (size_t)h->changes[i];
	for (size_t i = 0; i < MATCH_SKIP_COUNT; i++)
		db->stats.skipped[i] = (size_t)h->skipped[i];
	db->stats.bytes = db->block_of.n + sizeof(*db) + db->regex_count * sizeof(*db->codes);
}

/* NULL, or what is wrong with the bytes as a whole. */
static const char *
wrong_with(const struct match_block *bytes, struct head *h)
{
	if (bytes->n < sizeof(*h))
		return "it is cut short";
	memcpy(h, bytes->p, sizeof(*h));
	if (memcmp(h->magic, MATCH_MAGIC, sizeof(h->magic)) != 0)
		return "it is no compiled list";
	if (h->order != ORDER)
		return "it was compiled on a machine with another byte order";
	if (h->version != VERSION || h->shape != shape())
		return "it was compiled by another version of tacet";
	if (h->size != bytes->n)
		return h->size > bytes->n ? "it is cut short" : "something stands behind its end";
	if (h->sum != block_sum((const char *)bytes->p + SUM_FROM, bytes->n - SUM_FROM))
		return "it is damaged: its checksum is wrong";
	return NULL;
}

struct match_db *
match_open(const struct match_block *bytes, const char **why)
{
	struct match_db *db = calloc(1, sizeof(*db));
	struct head h;

	assert((uintptr_t)bytes->p % 8 == 0);
	*why = db == NULL ? "out of memory" : wrong_with(bytes, &h);
	if (*why == NULL) {
		db->block_of = *bytes;
		if (!take_sections(db, &h) || !is_sound(db))
			*why = "it is damaged: a number in it leads nowhere";
		else if (regex_ready(db) == -1)
			*why = "out of memory";
	}
	if (*why != NULL) {
		free(db);
		return NULL;
	}
	take_stats(db, &h);
	db->built = true;
	return db;
}

int
block_settle(struct match_db *db)
{
	struct head h = {.magic = MATCH_MAGIC};
	uint64_t size = put_sections(db, &h, NULL);
	void *bytes;
	bool sound;

	if (size < SETTLE_FROM)
		return 0;
	bytes = block_pages(size);
	if (bytes == NULL)
		return -1;
	(void)put_sections(db, &h, bytes);
	block_pages_fixed(bytes, size);
	arrays_free(db);
	db->block_of = (struct match_block){bytes, size, block_pages_free};
	sound = take_sections(db, &h);
	assert(sound);
	db->stats.bytes = size + sizeof(*db) + db->regex_count * sizeof(*db->codes);
	return 0;
}

/* ---- two blocks into one ---- */

/* The lists of `from`, behind those of db; what will be counted anew is not taken over. *first: number of the first. */
static int
merge_lists(struct match_db *db, const struct match_db *from, uint32_t *first)
{
	*first = db->list_count;
	if (db->list_count + from->list_count > LISTS_MAX)
		return -1;
	for (uint32_t i = 0; i < from->list_count; i++) {
		const struct list_info *l = &from->lists[i];
		int number = list_begin(db, text_of(from, l->name), l->pack, l->class);
		struct list_info now = *l;

		if (number == -1)
			return -1;
		now.name = db->lists[number].name;
		now.within += *first;
		now.classes = 0;
		memset(now.kinds, 0, sizeof(now.kinds));
		now.skipped[MATCH_SKIP_REMOVED] = now.skipped[MATCH_SKIP_NO_LITERAL] = 0;
		if (text_add(db, text_of(from, l->title), &now.title) == -1 ||
		    text_add(db, text_of(from, l->version), &now.version) == -1 ||
		    text_add(db, text_of(from, l->licence), &now.licence) == -1)
			return -1;
		db->lists[number] = now;
		for (size_t why = 0; why < MATCH_SKIP_COUNT; why++)
			db->stats.skipped[why] += now.skipped[why];
	}
	return 0;
}

int
match_merge(struct match_db *db, const struct match_db *from)
{
	uint32_t first;

	assert(!db->built && from->built);
	if (merge_lists(db, from, &first) == -1)
		return -1;
	for (uint32_t i = 0; i < from->rule_count; i++) {
		const struct rule *r = &from->rules[i];
		struct tc_str text = tc_str_of(from->pool + r->text, r->text_n);

		db->place = from->places[i] + (first << PLACE_LINE_BITS);
		if (text.n > 0 && rule_add(db, text, r->pack, r->class) == -1)
			return -1;
	}
	for (uint32_t i = 0; i < from->bad_count; i++)
		if (bad_add(db, from->bad[i]) == -1)
			return -1;
	return 0;
}

bool
match_has_built_in(const struct match_db *db, bool *other)
{
	uint64_t ours = block_sum(pack_rules.p, pack_rules.n);
	bool has = false;

	*other = false;
	for (uint32_t i = 0; i < db->list_count; i++) {
		bool same = db->lists[i].pack == TC_PACK_BUILT_IN && db->lists[i].sum == ours;

		has = has || same;
		*other = *other || (db->lists[i].pack == TC_PACK_BUILT_IN && !same);
	}
	return has;
}
