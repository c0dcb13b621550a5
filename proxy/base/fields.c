/*
 * fields.c: the field table, and names to ids.
 *
 * Ids are found with one hash and one comparison: the hash takes the length and the first and last eight bytes
 * in lower case; a seed under which no two names collide is looked for once, before main() and so before any
 * thread. The table is 1 KiB and is read only from then on.
 */
#include "tacet/fields.h"

#include <assert.h>
#include <stdint.h>

#define SLOT_BITS 10
#define NAME_MAX_LENGTH 48
#define SEED_TRIES 100000

static const struct tc_str names[TC_F_COUNT] = {
#define X(e, name) [TC_F_##e] = TC_STR_INIT(name),
    TC_FIELD_NAMES(X)
#undef X
};

static struct {
	uint64_t seed;
	uint8_t slot[1 << SLOT_BITS]; /* an id, 0 where there is none */
	uint8_t length[TC_F_COUNT];
	char lower[TC_F_COUNT][NAME_MAX_LENGTH];
} index_of;

_Static_assert(TC_F_COUNT <= 256, "slots are bytes");

/* Eight bytes in ASCII lower case at once; bytes from 0x80 stay as they are. */
static inline uint64_t
lower8(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t low7 = x & (0x7f * ones);
	uint64_t above_z = low7 + (0x7f - 'Z') * ones, from_a = low7 + (0x80 - 'A') * ones;
	uint64_t upper = (above_z ^ from_a) & ~x & (0x80 * ones);

	return x | upper >> 2;
}

static inline uint64_t
load8(const char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

static inline uint64_t
load4(const char *p)
{
	uint32_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

/* Names shorter than eight bytes, whole: two loads that overlap, or three bytes. */
static inline uint64_t
load_short(const char *p, size_t n)
{
	if (n >= 4)
		return load4(p) | load4(p + n - 4) << 32;
	return (uint64_t)(uint8_t)p[0] | (uint64_t)(uint8_t)p[n / 2] << 8 | (uint64_t)(uint8_t)p[n - 1] << 16;
}

/* n > 0 */
static inline size_t
hash(const char *p, size_t n, uint64_t seed)
{
	uint64_t x;

	if (n >= 8)
		x = lower8(load8(p)) * 0x9e3779b97f4a7c15u + lower8(load8(p + n - 8));
	else
		x = lower8(load_short(p, n));
	x = (x ^ n) * seed;
	return (size_t)((x ^ x >> 29) * 0xbf58476d1ce4e5b9u >> (64 - SLOT_BITS));
}

/* Whether p is lower, which is in lower case; both are n > 0 bytes long. */
static inline bool
same(const char *p, const char *lower, size_t n)
{
	if (n < 8)
		return lower8(load_short(p, n)) == load_short(lower, n);
	for (size_t i = 0; i + 8 < n; i += 8)
		if (lower8(load8(p + i)) != load8(lower + i))
			return false;
	return lower8(load8(p + n - 8)) == load8(lower + n - 8);
}

static bool
fill(uint64_t seed)
{
	memset(index_of.slot, 0, sizeof(index_of.slot));
	for (unsigned id = 1; id < TC_F_COUNT; id++) {
		uint8_t *slot = &index_of.slot[hash(names[id].p, names[id].n, seed)];

		if (*slot != 0)
			return false;
		*slot = (uint8_t)id;
	}
	index_of.seed = seed;
	return true;
}

__attribute__((constructor)) static void
fields_setup(void)
{
	uint64_t seed = 0x2545f4914f6cdd1du;

	for (unsigned id = 1; id < TC_F_COUNT; id++) {
		assert(names[id].n > 0 && names[id].n < NAME_MAX_LENGTH);
		index_of.length[id] = (uint8_t)names[id].n;
		for (size_t i = 0; i < names[id].n; i++)
			index_of.lower[id][i] = tc_lower(names[id].p[i]);
	}
	for (unsigned tries = 0; !fill(seed); tries++) {
		assert(tries < SEED_TRIES); /* else hash() cannot tell two names apart */
		seed = (seed * 6364136223846793005u + 1442695040888963407u) | 1;
	}
}

enum tc_fid
tc_field_id(struct tc_str name)
{
	unsigned id;

	if (name.n == 0 || name.n >= NAME_MAX_LENGTH)
		return TC_F_OTHER;
	id = index_of.slot[hash(name.p, name.n, index_of.seed)];
	if (index_of.length[id] != name.n || !same(name.p, index_of.lower[id], name.n))
		return TC_F_OTHER;
	return (enum tc_fid)id;
}

struct tc_str
tc_field_name(enum tc_fid id)
{
	assert(id > TC_F_OTHER && id < TC_F_COUNT);
	return names[id];
}

static inline void
note(struct tc_fields *fs, unsigned id, size_t row)
{
	if (fs->first[id] == 0)
		fs->first[id] = (uint8_t)(row < UINT8_MAX ? row + 1 : UINT8_MAX);
	else
		fs->repeated[id / 64] |= UINT64_C(1) << (id % 64);
}

void
tc_fields_note(struct tc_fields *fs)
{
	memset(fs->first, 0, sizeof(fs->first));
	memset(fs->repeated, 0, sizeof(fs->repeated));
	for (size_t i = 0; i < fs->n; i++)
		note(fs, fs->v[i].id, i);
	fs->noted = fs->n;
}

/* Where to begin looking for the row behind this one: n where there is none. */
static inline size_t
search_from(const struct tc_fields *fs, const struct tc_field *row, enum tc_fid id)
{
	size_t next = row != NULL ? (size_t)(row - fs->v) + 1 : 0;

	if (fs->noted != fs->n)
		return next;
	if (row == NULL)
		return fs->first[id] > 0 ? fs->first[id] - 1u : fs->n;
	return (fs->repeated[id / 64] >> (id % 64) & 1) != 0 ? next : fs->n;
}

struct tc_field *
tc_field_next(const struct tc_fields *fs, const struct tc_field *row, enum tc_fid id)
{
	for (size_t i = search_from(fs, row, id); i < fs->n; i++)
		if (fs->v[i].id == id)
			return &fs->v[i];
	return NULL;
}

struct tc_field *
tc_field_first(const struct tc_fields *fs, enum tc_fid id)
{
	struct tc_field *f = tc_field_next(fs, NULL, id);

	while (f != NULL && f->dropped)
		f = tc_field_next(fs, f, id);
	return f;
}

struct tc_str
tc_field_value(const struct tc_fields *fs, enum tc_fid id)
{
	const struct tc_field *f = tc_field_first(fs, id);

	return f != NULL ? f->value : tc_str_of(NULL, 0);
}

size_t
tc_field_drop(struct tc_fields *fs, enum tc_fid id)
{
	size_t count = 0;

	for (struct tc_field *f = tc_field_next(fs, NULL, id); f != NULL; f = tc_field_next(fs, f, id)) {
		count += !f->dropped;
		f->dropped = true;
	}
	return count;
}

static int
add(struct tc_fields *fs, enum tc_fid id, struct tc_str name, struct tc_str value)
{
	struct tc_field *f;

	if (fs->n == fs->cap) {
		size_t cap = fs->cap > 0 ? fs->cap * 2 : 16;
		struct tc_field *v = tc_alloc(fs->arena, cap * sizeof(*v));

		if (v == NULL)
			return -1;
		if (fs->n > 0)
			memcpy(v, fs->v, fs->n * sizeof(*v));
		fs->v = v;
		fs->cap = cap;
	}
	fs->noted += fs->noted == fs->n; /* not behind rows that nobody has noted */
	note(fs, id, fs->n);
	f = &fs->v[fs->n++];
	f->name = name;
	f->value = value;
	f->id = (uint16_t)id;
	f->dropped = false;
	return 0;
}

int
tc_field_add(struct tc_fields *fs, enum tc_fid id, struct tc_str value)
{
	return add(fs, id, tc_field_name(id), value);
}

int
tc_field_add_named(struct tc_fields *fs, struct tc_str name, struct tc_str value)
{
	return add(fs, tc_field_id(name), name, value);
}

int
tc_field_set(struct tc_fields *fs, enum tc_fid id, struct tc_str value)
{
	struct tc_field *first = tc_field_first(fs, id);

	if (first == NULL)
		return tc_field_add(fs, id, value);
	for (struct tc_field *f = first; f != NULL; f = tc_field_next(fs, f, id))
		f->dropped = f != first;
	first->name = tc_field_name(id);
	first->value = value;
	return 0;
}
