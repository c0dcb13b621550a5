/*
 * consent.c: finds the consent cookies of a request and joins what they say: a refusal and an opt-out flag count from
 * every reader, a grant from those that the site lists, and only where nobody refuses.
 */
#include "consent/consent.h"

#include <assert.h>

#include "consent/reader.h"

/* ---- names ---- */

static bool
is_prefix(struct tc_str name)
{
	return name.n > 0 && name.p[name.n - 1] == '*';
}

static unsigned
length_bit(size_t n)
{
	return n < 63 ? (unsigned)n : 63;
}

static uint64_t
second_bit(char c)
{
	return UINT64_C(1) << ((unsigned char)c % 64);
}

void
consent_index(struct consent_readers *r, struct consent_name *room)
{
	size_t n = 0;

	memset(r->seconds, 0, sizeof(r->seconds));
	memset(r->lengths, 0, sizeof(r->lengths));
	for (unsigned first = 0; first < 128; first++) {
		r->start[first] = (uint16_t)n;
		for (size_t i = 0; i < r->n; i++)
			for (size_t k = 0; k < r->v[i].cookies.n; k++) {
				struct tc_str name = r->v[i].cookies.v[k];
				bool prefix = is_prefix(name);

				assert(name.n > prefix);
				if ((unsigned char)name.p[0] != first)
					continue;
				name.n -= prefix;
				r->seconds[first] |= name.n > 1 ? second_bit(name.p[1]) : UINT64_MAX;
				r->lengths[first] |= (prefix ? UINT64_MAX : UINT64_C(1)) << length_bit(name.n);
				room[n++] = (struct consent_name){name, prefix, (uint16_t)i};
			}
	}
	assert(n <= UINT16_MAX);
	r->start[128] = (uint16_t)n;
	r->names = room;
}

/* ---- the cookies of a request ---- */

/* All pairs of all Cookie fields, one after another. */
struct pairs {
	const struct tc_fields *fields;
	const struct tc_field *field; /* NULL: none yet */
	struct tc_str rest;           /* of the field */
};

/* Without blanks in front, and not empty. */
static inline bool
next_pair(struct pairs *p, struct tc_str *pair)
{
	for (;;) {
		while (p->rest.n == 0) {
			p->field = tc_field_next(p->fields, p->field, TC_F_COOKIE);
			if (p->field == NULL)
				return false;
			if (!p->field->dropped)
				p->rest = p->field->value;
		}
		*pair = p->rest;
		while (pair->n > 0 && (pair->p[0] == ' ' || pair->p[0] == '\t'))
			tc_skip(pair, 1);
		pair->n = tc_find_byte(*pair, ';');
		tc_skip(&p->rest, (size_t)(pair->p + pair->n - p->rest.p));
		if (p->rest.n > 0)
			tc_skip(&p->rest, 1);
		if (pair->n > 0)
			return true;
	}
}

/* false: it has no name. */
static bool
split(struct tc_str pair, struct tc_str *name, struct tc_str *value)
{
	size_t at = tc_find_byte(pair, '=');

	if (at == 0 || at == pair.n)
		return false;
	*name = tc_trim(tc_str_of(pair.p, at));
	*value = tc_trim(tc_str_of(pair.p + at + 1, pair.n - at - 1));
	return true;
}

/* ---- split cookies ---- */

/* Which part a cookie is: 2 for NAME2; 0: none. */
static unsigned
part_of(struct tc_str base, struct tc_str name)
{
	if (name.n != base.n + 1 || !tc_starts(name, base))
		return 0;
	return name.p[base.n] >= '2' && name.p[base.n] <= '0' + CONSENT_PARTS_MAX ? (unsigned)(name.p[base.n] - '0') : 0;
}

/* Puts the parts behind the first one. false: one is missing or there twice, or all are too long. */
static bool
join_parts(const struct tc_fields *request, struct tc_str base, struct tc_str first, char room[CONSENT_COOKIE_MAX],
    struct tc_str *whole)
{
	struct tc_str part[CONSENT_PARTS_MAX + 1] = {[1] = first}, pair, name, value;
	struct pairs p = {.fields = request};
	unsigned last = 1;
	size_t n = 0;

	while (next_pair(&p, &pair)) {
		unsigned i = split(pair, &name, &value) ? part_of(base, name) : 0;

		if (i == 0)
			continue;
		if (part[i].p != NULL)
			return false;
		part[i] = value;
		last = i > last ? i : last;
	}
	for (unsigned i = 1; i <= last; i++) {
		if (part[i].p == NULL || part[i].n > CONSENT_COOKIE_MAX - n)
			return false;
		if (part[i].n > 0)
			memcpy(room + n, part[i].p, part[i].n);
		n += part[i].n;
	}
	*whole = tc_str_of(room, n);
	return true;
}

/* ---- reading ---- */

struct reading {
	const struct consent_readers *readers;
	const bool *listed;
	const struct tc_fields *request;
	const struct consent_watch *watch;
	struct consent *out;
	int32_t day;
	int count;
};

static void
read_one(struct reading *g, const struct consent_reader *r, struct tc_str name, struct tc_str value)
{
	char room[CONSENT_COOKIE_MAX];
	struct consent said;

	if (!r->parts) {
		consent_apply(r, name, value, g->day, &said);
	} else if (join_parts(g->request, name, value, room, &value)) {
		consent_apply(r, name, value, g->day, &said);
		explicit_bzero(room, value.n);
	} else {
		said = (struct consent){.bad = true};
	}
	if (g->watch != NULL)
		g->watch->saw(g->watch->ctx, r, name, &said);
	if (!g->listed[r - g->readers->v])
		said.granted = 0;
	consent_add(g->out, &said);
}

/* Whether a pair may have a name that somebody reads. Few have, so this comes before it is taken apart. */
static bool
may_be_read(const struct consent_readers *r, struct tc_str pair)
{
	unsigned first = (unsigned char)pair.p[0];

	return first < 128 && pair.n > 1 && (r->seconds[first] & second_bit(pair.p[1])) != 0;
}

static void
read_cookie(struct reading *g, struct tc_str name, struct tc_str value)
{
	const struct consent_readers *r = g->readers;
	unsigned first = (unsigned char)name.p[0];

	if ((r->lengths[first] >> length_bit(name.n) & 1) == 0)
		return;
	for (size_t i = r->start[first]; i < r->start[first + 1]; i++) {
		const struct consent_name *c = &r->names[i];

		if (!(c->prefix ? tc_starts(name, c->name) : tc_eq(name, c->name)))
			continue;
		if (g->count == CONSENT_COOKIES_MAX) {
			g->out->bad = true;
			return;
		}
		g->count++;
		read_one(g, &r->v[c->reader], name, value);
	}
}

int
consent_read(const struct consent_readers *readers, const bool *listed, const struct tc_fields *request, int32_t day,
    const struct consent_watch *watch, struct consent *out)
{
	struct reading g = {readers, listed, request, watch, out, day, 0};
	struct pairs p = {.fields = request};
	struct tc_str pair, name, value;

	*out = (struct consent){0};
	while (next_pair(&p, &pair))
		if (may_be_read(readers, pair) && split(pair, &name, &value))
			read_cookie(&g, name, value);
	out->granted &= (tc_classes)~out->denied;
	if (g.count == CONSENT_COOKIES_MAX)
		out->granted = 0; /* there may be a refusal among the rest */
	if ((out->granted & CONSENT_CLASSES) == CONSENT_CLASSES)
		out->granted |= TC_CLASS_BIT(TC_UNKNOWN); /* all that was asked: what no list names is among it */
	return g.count;
}
