/* names.c: names.h. Two small hash tables, filled once before main(), read-only from then on. */
#include "names.h"

#include <assert.h>

enum { SLOTS = 256, NAME_MAX_N = 24 };

static const struct tc_str elems[] = {
	[E_NONE] = TC_STR_INIT(""),
#define X(e, text, flags) [E_##e] = TC_STR_INIT(text),
	ELEMS(X)
#undef X
};

const uint8_t elem_flag_of[E_COUNT] = {
#define X(e, text, flags) [E_##e] = flags,
    ELEMS(X)
#undef X
};

static const struct tc_str attrs[] = {
	[AT_NONE] = TC_STR_INIT(""),
#define X(e, text) [AT_##e] = TC_STR_INIT(text),
	ATTRS(X)
#undef X
};

/* Attribute names of which several mean the same to us. */
static const struct {
	struct tc_str text;
	uint8_t attr;
} alike[] = {
	{TC_STR_INIT("data-bg"), AT_LAZY_URL},
	{TC_STR_INIT("data-background"), AT_LAZY_URL},
	{TC_STR_INIT("data-background-image"), AT_LAZY_URL},
	{TC_STR_INIT("data-bg-image"), AT_LAZY_URL},
	{TC_STR_INIT("data-original"), AT_LAZY_URL},
	{TC_STR_INIT("data-lazy"), AT_LAZY_URL},
	{TC_STR_INIT("data-lazyload"), AT_LAZY_URL},
	{TC_STR_INIT("data-poster"), AT_LAZY_URL},
	{TC_STR_INIT("data-image"), AT_LAZY_URL},
	{TC_STR_INIT("data-img"), AT_LAZY_URL},
	{TC_STR_INIT("data-lazy-bg"), AT_LAZY_URL},
	{TC_STR_INIT("data-lazy-background"), AT_LAZY_URL},
	{TC_STR_INIT("lazy-src"), AT_LAZY_URL},
	{TC_STR_INIT("lazysrc"), AT_LAZY_URL},
	{TC_STR_INIT("nitro-lazy-src"), AT_LAZY_URL},
	{TC_STR_INIT("orig_src"), AT_LAZY_URL},
	{TC_STR_INIT("data-bgset"), AT_LAZY_SRCSET},
	{TC_STR_INIT("lazy-srcset"), AT_LAZY_SRCSET},
	{TC_STR_INIT("nitro-lazy-srcset"), AT_LAZY_SRCSET},
	{TC_STR_INIT("clip-path"), AT_PRESENTATION},
	{TC_STR_INIT("cursor"), AT_PRESENTATION},
	{TC_STR_INIT("fill"), AT_PRESENTATION},
	{TC_STR_INIT("filter"), AT_PRESENTATION},
	{TC_STR_INIT("marker-end"), AT_PRESENTATION},
	{TC_STR_INIT("marker-mid"), AT_PRESENTATION},
	{TC_STR_INIT("marker-start"), AT_PRESENTATION},
	{TC_STR_INIT("mask"), AT_PRESENTATION},
	{TC_STR_INIT("stroke"), AT_PRESENTATION},
};

/* One name: its first eight bytes in lower case as a number, its length; n = 0: free. Rows that fall together follow. */
struct slot {
	uint64_t key;
	struct tc_str text;
	uint8_t id;
};

static struct slot elem_slots[SLOTS], attr_slots[SLOTS];

/* Bit n: there is an attribute with this first letter and n bytes. */
static uint32_t attr_lengths[32];

static inline uint64_t
bytes_at(const char *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

/*
 * The first eight bytes of a name as a number, letters in lower case. Other bytes may fall together, of which none
 * stands in a name we know but as digits (what is then taken for h1 is no name at all).
 */
static inline uint64_t
key_of(struct tc_str s)
{
	uint64_t v;

	if (s.n >= 8)
		return bytes_at(s.p, 8) | 0x2020202020202020u;
	if (s.n >= 4)
		v = bytes_at(s.p, 4) | bytes_at(s.p + s.n - 4, 4) << (s.n - 4) * 8;
	else
		v = (uint64_t)(uint8_t)s.p[0] | (uint64_t)(uint8_t)s.p[s.n / 2] << s.n / 2 * 8 |
		    (uint64_t)(uint8_t)s.p[s.n - 1] << (s.n - 1) * 8;
	return v | 0x2020202020202020u >> (8 - s.n) * 8;
}

static inline unsigned
place_of(uint64_t key, size_t n)
{
	return (unsigned)((key + n) * 0x9E3779B97F4A7C15u >> 56);
}

static void
insert(struct slot *slots, struct tc_str name, unsigned id)
{
	uint64_t key = key_of(name);
	unsigned at = place_of(key, name.n);

	while (slots[at].text.n != 0)
		at = (at + 1) % SLOTS;
	slots[at] = (struct slot){key, name, (uint8_t)id};
}

static void
insert_attr(struct tc_str name, unsigned id)
{
	insert(attr_slots, name, id);
	attr_lengths[name.p[0] & 31] |= 1u << name.n;
}

__attribute__((constructor)) static void
names_init(void)
{
	static_assert(E_COUNT < SLOTS * 3 / 4 && AT_COUNT + sizeof(alike) / sizeof(*alike) < SLOTS * 3 / 4, "room is left");
	for (unsigned i = 1; i < E_COUNT; i++)
		insert(elem_slots, elems[i], i);
	for (unsigned i = 1; i < sizeof(attrs) / sizeof(*attrs); i++)
		insert_attr(attrs[i], i);
	for (size_t i = 0; i < sizeof(alike) / sizeof(*alike); i++)
		insert_attr(alike[i].text, alike[i].attr);
}

/* What stands behind the eighth byte is the same. */
static inline bool
same_rest(struct tc_str name, struct tc_str text)
{
	for (size_t i = 8; i < name.n; i++)
		if (tc_lower(name.p[i]) != text.p[i])
			return false;
	return true;
}

static inline unsigned
find(const struct slot *slots, struct tc_str name)
{
	uint64_t key = key_of(name);

	for (unsigned at = place_of(key, name.n); slots[at].text.n != 0; at = (at + 1) % SLOTS)
		if (slots[at].key == key && slots[at].text.n == name.n && same_rest(name, slots[at].text))
			return slots[at].id;
	return 0;
}

enum elem
elem_of(struct tc_str name)
{
	return name.n == 0 || name.n > NAME_MAX_N ? E_NONE : (enum elem)find(elem_slots, name);
}

static bool
ends_without_case(struct tc_str s, struct tc_str tail)
{
	return s.n >= tail.n && tc_ieq(tc_str_of(s.p + s.n - tail.n, tail.n), tail);
}

/* Names of which only a part is fixed. */
static enum attr
attr_open(struct tc_str name)
{
	char first = name.p[0] | 0x20;

	if (first == 'o' && name.n > 2 && (name.p[1] | 0x20) == 'n')
		return AT_HANDLER;
	if (first != 'd' || name.n < 8 || !tc_istarts(name, TC_STR("data-")))
		return AT_NONE;
	if (ends_without_case(name, TC_STR("src")))
		return AT_LAZY_URL;
	return ends_without_case(name, TC_STR("srcset")) ? AT_LAZY_SRCSET : AT_NONE;
}

enum attr
attr_of(struct tc_str name)
{
	unsigned id;

	if (name.n == 0)
		return AT_NONE;
	if (name.n <= NAME_MAX_N && (attr_lengths[name.p[0] & 31] >> name.n & 1) != 0) {
		id = find(attr_slots, name);
		if (id != 0)
			return (enum attr)id;
	}
	return attr_open(name);
}

struct tc_str
elem_name(enum elem e)
{
	return elems[e];
}
