/* index.c: builds the table from data records to places. */
#include "geo/index.h"

#include <assert.h>
#include <stdlib.h>

#define WORD_BITS 64
#define IPV4_DEPTH 96     /* where IPv4 begins in a tree of IPv6 */
#define PROBE_RECORDS 512 /* so many may lack a country before we say that the schema is unknown */

/* ---- places ---- */

#define PLACES_FIRST 1024

static uint64_t
hash_bytes(uint64_t h, const void *p, size_t n)
{
	const unsigned char *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3u;
	return (h ^ n) * 0x100000001b3u;
}

static uint64_t
place_hash(const struct place *p)
{
	uint64_t h = hash_bytes(0xcbf29ce484222325u, p->country, sizeof(p->country));

	h = hash_bytes(h, p->region, sizeof(p->region));
	h = hash_bytes(h, p->region_name.p, p->region_name.n);
	h = hash_bytes(h, p->city.p, p->city.n);
	return h ^ h >> 32;
}

static bool
place_same(const struct place *a, const struct place *b)
{
	return memcmp(a->country, b->country, sizeof(a->country)) == 0 &&
	    memcmp(a->region, b->region, sizeof(a->region)) == 0 &&
	    tc_eq(a->region_name, b->region_name) && tc_eq(a->city, b->city);
}

bool
places_init(struct places *ps)
{
	*ps = (struct places){.n = 1, .cap = PLACES_FIRST, .slot_count = 2 * PLACES_FIRST};
	ps->v = calloc(ps->cap, sizeof(*ps->v));
	ps->addresses = calloc(ps->cap, sizeof(*ps->addresses));
	ps->slots = calloc(ps->slot_count, sizeof(*ps->slots));
	return ps->v != NULL && ps->addresses != NULL && ps->slots != NULL;
}

/* The slot that holds an equal place's number, or a free one. */
static uint32_t *
places_slot(struct places *ps, const struct place *p)
{
	size_t mask = ps->slot_count - 1, i = (size_t)place_hash(p) & mask;

	while (ps->slots[i] != 0 && !place_same(&ps->v[ps->slots[i]], p))
		i = (i + 1) & mask;
	return &ps->slots[i];
}

static bool
places_grow(struct places *ps)
{
	size_t cap = 2 * ps->cap;
	uint32_t *slots = calloc(2 * cap, sizeof(*slots));
	struct place *v = slots != NULL ? realloc(ps->v, cap * sizeof(*v)) : NULL;
	uint64_t *addresses = NULL;

	if (v != NULL) {
		ps->v = v;
		addresses = realloc(ps->addresses, cap * sizeof(*addresses));
	}
	if (addresses == NULL) {
		free(slots);
		return false;
	}
	memset(addresses + ps->cap, 0, ps->cap * sizeof(*addresses));
	ps->addresses = addresses;
	free(ps->slots);
	ps->slots = slots;
	ps->slot_count = 2 * cap;
	ps->cap = cap;
	for (size_t i = 1; i < ps->n; i++)
		*places_slot(ps, &ps->v[i]) = (uint32_t)i;
	return true;
}

/* The number of an equal place, added if it is new; 0 when memory ends or for the unknown place. */
static uint32_t
places_number(struct places *ps, const struct place *p)
{
	uint32_t *slot;

	if (p->country[0] == '\0')
		return 0;
	slot = places_slot(ps, p);
	if (*slot != 0)
		return *slot;
	if (ps->n == ps->cap) {
		if (!places_grow(ps))
			return 0;
		slot = places_slot(ps, p);
	}
	ps->v[ps->n] = *p;
	*slot = (uint32_t)ps->n++;
	return *slot;
}

void
places_finish(struct places *ps, uint64_t min_addresses)
{
	for (size_t i = 1; i < ps->n; i++)
		if (ps->addresses[i] < min_addresses)
			ps->v[i].city = (struct tc_str){NULL, 0};
	free(ps->addresses);
	free(ps->slots);
	ps->addresses = NULL;
	ps->slots = NULL;
}

void
places_destroy(struct places *ps)
{
	free(ps->v);
	free(ps->addresses);
	free(ps->slots);
	*ps = (struct places){0};
}

/* ---- the tree ---- */

/*
 * A node is two records of 24, 28 or 32 bits. Read here and not by MMDB_read_node(): two records of each of
 * 15 million nodes are most of the time that loading takes.
 */
static void
node_records(const MMDB_s *m, uint32_t node, uint32_t out[2])
{
	const uint8_t *p = m->file_content + (size_t)node * m->full_record_byte_size;

	switch (m->metadata.record_size) {
	case 24:
		out[0] = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		out[1] = (uint32_t)p[3] << 16 | (uint32_t)p[4] << 8 | p[5];
		break;
	case 28:
		out[0] = (uint32_t)(p[3] & 0xf0) << 20 | (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		out[1] = (uint32_t)(p[3] & 0x0f) << 24 | (uint32_t)p[4] << 16 | (uint32_t)p[5] << 8 | p[6];
		break;
	default:
		out[0] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
		out[1] = (uint32_t)p[4] << 24 | (uint32_t)p[5] << 16 | (uint32_t)p[6] << 8 | p[7];
		break;
	}
}

enum target { TARGET_NODE,
	TARGET_NONE,
	TARGET_DATA,
	TARGET_BAD };

/* What a record points to: a node, nothing, or data at *offset of the data section. */
static enum target
target_of(const MMDB_s *m, uint32_t record, uint32_t *offset)
{
	uint32_t nodes = m->metadata.node_count;

	if (record < nodes)
		return TARGET_NODE;
	if (record == nodes)
		return TARGET_NONE;
	if (record - nodes < 16 || record - nodes - 16 >= m->data_section_size)
		return TARGET_BAD;
	*offset = record - nodes - 16;
	return TARGET_DATA;
}

/* The record under which all IPv4 networks hang. */
static uint32_t
ipv4_root(const MMDB_s *m)
{
	uint32_t at = 0, records[2];

	if (m->metadata.ip_version == 4)
		return 0;
	for (int depth = 0; depth < IPV4_DEPTH && at < m->metadata.node_count; depth++) {
		node_records(m, at, records);
		at = records[0];
	}
	return at;
}

bool
index_has_ipv4(const MMDB_s *m)
{
	return m->metadata.ip_version == 4 || ipv4_root(m) < m->metadata.node_count;
}

static bool
bit_test_set(uint64_t *bits, size_t i)
{
	uint64_t bit = (uint64_t)1 << (i % WORD_BITS);
	bool was = (bits[i / WORD_BITS] & bit) != 0;

	bits[i / WORD_BITS] |= bit;
	return was;
}

/* Sets the bit of each record that any node points to: one pass over the nodes in file order. */
static const char *
mark_records(struct geo_index *x, const MMDB_s *m)
{
	uint32_t records[2], offset = 0;

	for (uint32_t node = 0; node < m->metadata.node_count; node++) {
		node_records(m, node, records);
		for (int side = 0; side < 2; side++) {
			enum target t = target_of(m, records[side], &offset);

			if (t == TARGET_BAD)
				return "the search tree is corrupt";
			if (t == TARGET_DATA) {
				(void)bit_test_set(x->bits, offset);
				x->networks++;
			}
		}
	}
	return NULL;
}

static void
rank_records(struct geo_index *x)
{
	for (size_t i = 0; i < x->words; i++) {
		x->before[i] = (uint32_t)x->records;
		x->records += (size_t)__builtin_popcountll(x->bits[i]);
	}
}

/* Number of the record that begins at offset. */
static uint32_t
record_number(const struct geo_index *x, uint32_t offset)
{
	uint64_t below = x->bits[offset / WORD_BITS] & (((uint64_t)1 << (offset % WORD_BITS)) - 1);

	return x->before[offset / WORD_BITS] + (uint32_t)__builtin_popcountll(below);
}

struct step {
	uint32_t record;
	int depth; /* bits of the IPv4 address that led here */
};

/*
 * Walks all IPv4 networks and sums their addresses by record. A node is entered once, so that a tree with loops
 * or aliases costs no more than its nodes.
 */
static const char *
count_addresses(const struct geo_index *x, const MMDB_s *m, uint64_t *seen, uint64_t *sums)
{
	struct step stack[34] = {{ipv4_root(m), 0}};
	size_t n = 1;
	uint32_t records[2], offset = 0;

	while (n > 0) {
		struct step at = stack[--n];
		enum target t = target_of(m, at.record, &offset);

		if (t == TARGET_BAD)
			return "the search tree is corrupt";
		if (t == TARGET_DATA)
			sums[record_number(x, offset)] += (uint64_t)1 << (32 - at.depth);
		if (t != TARGET_NODE || bit_test_set(seen, at.record))
			continue;
		if (at.depth == 32)
			return "the search tree is deeper than an address";
		node_records(m, at.record, records);
		assert(n + 2 <= sizeof(stack) / sizeof(stack[0]));
		stack[n++] = (struct step){records[1], at.depth + 1};
		stack[n++] = (struct step){records[0], at.depth + 1};
	}
	return NULL;
}

/* ---- the records ---- */

static enum schema
probe_schema(const struct geo_index *x, const MMDB_s *m)
{
	size_t left = PROBE_RECORDS;

	for (size_t i = 0; i < x->words && left > 0; i++)
		for (uint64_t word = x->bits[i]; word != 0 && left > 0; word &= word - 1, left--) {
			MMDB_entry_s e = {m, (uint32_t)(i * WORD_BITS + (size_t)__builtin_ctzll(word))};
			enum schema s = record_schema(&e);

			if (s != SCHEMA_NONE)
				return s;
		}
	return SCHEMA_NONE;
}

static void
decode_records(struct geo_index *x, const MMDB_s *m, enum schema schema, const uint64_t *sums,
    struct places *ps)
{
	size_t k = 0;

	for (size_t i = 0; i < x->words; i++)
		for (uint64_t word = x->bits[i]; word != 0; word &= word - 1) {
			MMDB_entry_s e = {m, (uint32_t)(i * WORD_BITS + (size_t)__builtin_ctzll(word))};
			struct place p;

			record_place(&e, schema, &p);
			x->place[k] = places_number(ps, &p);
			ps->addresses[x->place[k]] += sums[k];
			k++;
		}
	assert(k == x->records);
}

const char *
index_build(struct geo_index *x, const MMDB_s *m, bool count, struct places *ps)
{
	const char *why = "no memory for the index";
	uint64_t *seen = NULL, *sums = NULL;
	enum schema schema;

	*x = (struct geo_index){.words = m->data_section_size / WORD_BITS + 1};
	x->bits = calloc(x->words, sizeof(*x->bits));
	x->before = calloc(x->words, sizeof(*x->before));
	seen = calloc(m->metadata.node_count / WORD_BITS + 1, sizeof(*seen));
	if (x->bits == NULL || x->before == NULL || seen == NULL)
		goto out;
	why = mark_records(x, m);
	if (why != NULL)
		goto out;
	rank_records(x);
	schema = probe_schema(x, m);
	if (schema == SCHEMA_NONE) {
		why = "no record names a country";
		goto out;
	}
	why = "no memory for the index";
	x->place = calloc(x->records, sizeof(*x->place));
	sums = calloc(x->records, sizeof(*sums));
	if (x->place == NULL || sums == NULL)
		goto out;
	why = count ? count_addresses(x, m, seen, sums) : NULL;
	if (why == NULL)
		decode_records(x, m, schema, sums, ps);
out:
	free(seen);
	free(sums);
	if (why != NULL)
		index_destroy(x);
	return why;
}

void
index_destroy(struct geo_index *x)
{
	free(x->bits);
	free(x->before);
	free(x->place);
	*x = (struct geo_index){0};
}

uint32_t
index_place(const struct geo_index *x, uint32_t offset)
{
	if (offset / WORD_BITS >= x->words || (x->bits[offset / WORD_BITS] >> (offset % WORD_BITS) & 1) == 0)
		return 0;
	return x->place[record_number(x, offset)];
}
