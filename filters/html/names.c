/* names.c: names.h. Two small hash tables, filled once before main(), read-only from then on. */
#include "names.h"

#include <assert.h>

enum { SLOTS = 512,
	NAME_MAX_N = 24 };

struct name {
	struct tc_str text;
	unsigned flags;
};

static const struct name elems[] = {
	[E_NONE] = {TC_STR_INIT(""), 0},
#define X(e, text, flags) [E_##e] = {TC_STR_INIT(text), flags},
	ELEMS(X)
#undef X
};

/* Attribute names; what several share one number for comes behind. */
static const struct {
	struct tc_str text;
	uint8_t attr;
} attrs[] = {
#define X(e, text) {TC_STR_INIT(text), AT_##e},
    ATTRS(X)
#undef X
	{TC_STR_INIT("data-bg"), AT_LAZY_URL},
    {TC_STR_INIT("data-background"), AT_LAZY_URL},
    {TC_STR_INIT("data-background-image"), AT_LAZY_URL},
    {TC_STR_INIT("data-bg-image"), AT_LAZY_URL},
    {TC_STR_INIT("data-original"), AT_LAZY_URL},
    {TC_STR_INIT("data-lazy"), AT_LAZY_URL},
    {TC_STR_INIT("data-lazyload"), AT_LAZY_URL},
    {TC_STR_INIT("data-poster"), AT_LAZY_URL},
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

/* A slot holds 1 + the row of a name, 0 if it is free; rows that fell together lie in the next slots. */
static uint8_t elem_slot[SLOTS], attr_slot[SLOTS];

static inline uint32_t
load4(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v | 0x20202020u;
}

/* Equal for names that differ in case only. n >= 1. */
static inline unsigned
hash(struct tc_str s)
{
	uint64_t v;

	if (s.n >= 4)
		v = (uint64_t)load4(s.p) << 32 | load4(s.p + s.n - 4);
	else
		v = (uint64_t)(s.p[0] | 0x20) << 16 | (uint64_t)(s.p[s.n / 2] | 0x20) << 8 |
		    (uint64_t)(s.p[s.n - 1] | 0x20);
	v = (v ^ s.n) * 0x9E3779B97F4A7C15u;
	return (unsigned)(v >> 55);
}

static void
insert(uint8_t *slots, struct tc_str name, size_t row)
{
	unsigned h = hash(name);

	while (slots[h] != 0)
		h = (h + 1) % SLOTS;
	slots[h] = (uint8_t)(row + 1);
}

__attribute__((constructor)) static void
names_init(void)
{
	static_assert(sizeof(elems) / sizeof(*elems) < 255 && sizeof(attrs) / sizeof(*attrs) < 255, "rows fit uint8_t");
	for (size_t i = 1; i < sizeof(elems) / sizeof(*elems); i++)
		insert(elem_slot, elems[i].text, i);
	for (size_t i = 0; i < sizeof(attrs) / sizeof(*attrs); i++)
		insert(attr_slot, attrs[i].text, i);
}

/* name without case equals text, which is lower case. */
static inline bool
same(struct tc_str name, struct tc_str text)
{
	if (name.n != text.n)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (tc_lower(name.p[i]) != text.p[i])
			return false;
	return true;
}

enum elem
elem_of(struct tc_str name)
{
	if (name.n == 0 || name.n > NAME_MAX_N)
		return E_NONE;
	for (unsigned h = hash(name); elem_slot[h] != 0; h = (h + 1) % SLOTS)
		if (same(name, elems[elem_slot[h] - 1].text))
			return (enum elem)(elem_slot[h] - 1);
	return E_NONE;
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
	if (name.n < 3)
		return AT_NONE;
	if ((name.p[0] | 0x20) == 'o' && (name.p[1] | 0x20) == 'n')
		return AT_HANDLER;
	if (!tc_istarts(name, TC_STR("data-")))
		return AT_NONE;
	if (ends_without_case(name, TC_STR("src")))
		return AT_LAZY_URL;
	return ends_without_case(name, TC_STR("srcset")) ? AT_LAZY_SRCSET : AT_NONE;
}

enum attr
attr_of(struct tc_str name)
{
	if (name.n == 0)
		return AT_NONE;
	if (name.n <= NAME_MAX_N)
		for (unsigned h = hash(name); attr_slot[h] != 0; h = (h + 1) % SLOTS)
			if (same(name, attrs[attr_slot[h] - 1].text))
				return (enum attr)attrs[attr_slot[h] - 1].attr;
	return attr_open(name);
}

unsigned
elem_flags(enum elem e)
{
	return elems[e].flags;
}

struct tc_str
elem_name(enum elem e)
{
	return elems[e].text;
}
