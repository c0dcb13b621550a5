/* strings.c: a set of texts, open addressing, filled once while a configuration is compiled. */
#include <assert.h>

#include "config/compile.h"

/*	room slots, at most half of them used; a slot without key.p is free	*/

void
set_init(struct string_set *s, struct loader *l, size_t most)
{
	s->room = 16;
	while (s->room < 2 * (most + 1))
		s->room *= 2;
	s->v = load_alloc(l, s->room * sizeof(*s->v));
}

static struct slot *
slot_of(const struct string_set *s, struct tc_str key)
{
	struct hash h;
	size_t at;

	hash_begin(&h);
	hash_add(&h, key);
	at = (size_t)(h.h ^ (h.h >> 32)) & (s->room - 1);
	for (size_t steps = 0; s->v[at].key.p != NULL && !tc_eq(s->v[at].key, key); steps++) {
		assert(steps < s->room);
		at = (at + 1) & (s->room - 1);
	}
	return &s->v[at];
}

const size_t *
set_add(struct string_set *s, struct tc_str key, size_t value)
{
	struct slot *slot = slot_of(s, key);

	assert(key.p != NULL);
	if (slot->key.p != NULL)
		return &slot->value;
	slot->key = key;
	slot->value = value;
	return NULL;
}

const size_t *
set_find(const struct string_set *s, struct tc_str key)
{
	const struct slot *slot = slot_of(s, key);

	return slot->key.p != NULL ? &slot->value : NULL;
}

static struct tc_str
copy_with(struct loader *l, struct tc_str s, char first, char last, char flip)
{
	char *p = load_alloc(l, s.n);

	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] >= first && s.p[i] <= last ? (char)(s.p[i] ^ flip) : s.p[i];
	return tc_str_of(p, s.n);
}

struct tc_str
lower_copy(struct loader *l, struct tc_str s)
{
	return copy_with(l, s, 'A', 'Z', 0x20);
}

struct tc_str
upper_copy(struct loader *l, struct tc_str s)
{
	return copy_with(l, s, 'a', 'z', 0x20);
}
