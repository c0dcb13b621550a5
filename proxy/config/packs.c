/* packs.c: region packs, rows of law by place and day (signals.md 3): from checked nodes to struct config_law. */
#include <assert.h>

#include "base/day.h"
#include "config/compile.h"

static const struct tc_str MARKS[] = {TC_STR_INIT("primary"), TC_STR_INIT("secondary"), TC_STR_INIT("unverified")};

/* How closely a row speaks of a place; less is closer. */
enum rank { RANK_STATE,
	RANK_COUNTRY,
	RANK_UNION, /* EU, EEA */
	RANK_ANY,
	RANK_COUNT };

/* One place of one row. config.law_keys has those of all rows in the order of their ranks, then of the files. */
struct law_key {
	char code[8]; /* "US-CA", "DE", "EU", "*", with zeros behind */
	enum rank rank;
	const struct config_law *law;
};

static bool
in_force(const struct config_law *law, int32_t day)
{
	return law->from <= day && day < law->until;
}

static bool
covers(const struct law_key *k, const struct place *p)
{
	switch (k->rank) {
	case RANK_STATE:
		return memcmp(k->code, p->region, sizeof("US-CA")) == 0;
	case RANK_COUNTRY:
		return memcmp(k->code, p->country, sizeof("US")) == 0;
	case RANK_UNION:
		return place_in(tc_str_from(k->code), p);
	default:
		return true;
	}
}

size_t
law_key_at(const struct config *c, const struct place *p)
{
	size_t i = 0;

	while (i < c->law_key_count && !covers(&c->law_keys[i], p))
		i++;
	return i;
}

const struct config_law *
config_law_of(const struct config *c, const struct place *p, int32_t day)
{
	const struct config_found *found = found_of(c, p);

	for (size_t i = found != NULL ? found->law_key : 0; i < c->law_key_count; i++) {
		const struct law_key *k = &c->law_keys[i];

		if (covers(k, p) && in_force(k->law, day))
			return k->law;
	}
	return NULL;
}

void
config_law_any(const struct config *c, int32_t day, bool *opt_in_sale, bool *opt_in_measurement)
{
	*opt_in_sale = *opt_in_measurement = false;
	for (size_t i = 0; i < c->law_count; i++)
		if (in_force(&c->laws[i], day)) {
			*opt_in_sale |= c->laws[i].opt_in_sale;
			*opt_in_measurement |= c->laws[i].opt_in_measurement;
		}
}

/* ---- from nodes ---- */

/* Places that rows have taken so far: of each code a chain of rows whose days do not overlap. */
struct taken {
	struct string_set codes; /* to the number of the first link */
	struct link {
		const struct config_law *law;
		size_t next; /* 0: none; numbers begin with 1 */
	} * v;
	size_t n;
};

struct packs {
	struct compile *c;
	struct config_law *laws;
	size_t law_count;
	struct law_key *keys;
	size_t key_count, key_room;
	struct string_set names; /* to the number of the row */
	struct taken taken;
};

/* The day in a value; other where it is not written. Says so if it is no day. */
static int32_t
day_of(struct compile *c, const struct node *map, const char *key, struct tc_str text, struct tc_str way, int32_t other)
{
	const struct node *at = node_get(map, tc_str_from(key));
	int32_t day = other;

	if (at != NULL && !date_parse(text, &day))
		load_fault(c->l, ABOUT(at, way, TC_STR("write a day such as 2027-01-01; it begins at midnight UTC")), "bad-date",
		    "\"%.*s\" is no day of the calendar", STR_ARGS(node_shown(at)));
	return day;
}

/* "uk" and "GB" are one place. */
static enum rank
key_fill(struct law_key *k, struct tc_str code)
{
	struct place p;

	if (place_parse(code, &p)) {
		k->rank = p.region[0] != '\0' ? RANK_STATE : RANK_COUNTRY;
		memcpy(k->code, p.region[0] != '\0' ? p.region : p.country, p.region[0] != '\0' ? sizeof("US-CA") : sizeof("US"));
	} else {
		k->rank = tc_eq(code, TC_STR("*")) ? RANK_ANY : RANK_UNION;
		memcpy(k->code, code.p, code.n < sizeof(k->code) ? code.n : sizeof(k->code) - 1);
	}
	return k->rank;
}

static bool
overlap(const struct config_law *a, const struct config_law *b)
{
	return a->from < b->until && b->from < a->until;
}

static void
say_overlap(struct packs *p, const struct node *at, struct tc_str code, const struct config_law *a,
    const struct config_law *b)
{
	char day[DATE_LENGTH + 1];
	struct tc_str way = load_printf(p->c->l, "rows.%.*s.where", STR_ARGS(a->name));
	int32_t from = a->from > b->from ? a->from : b->from;

	date_text(from, day);
	if (a == b)
		load_fault(p->c->l, ABOUT(at, way, TC_STR("name each place once")), "overlapping-rows",
		    "row %.*s on line %d names %.*s twice", STR_ARGS(a->name), a->line, STR_ARGS(code));
	else
		load_fault(p->c->l,
		    ABOUT(at, way, TC_STR("let one end on the day on which the other begins: until: 2027-01-01, from: 2027-01-01")),
		    "overlapping-rows", "rows %.*s on line %d and %.*s at %.*s:%d are both in force for %.*s%s%s",
		    STR_ARGS(a->name), a->line, STR_ARGS(b->name), STR_ALL(b->file), b->line, STR_ARGS(code),
		    from != INT32_MIN ? " from " : "", from != INT32_MIN ? day : "");
}

/* Takes the place for the days of the row, unless another row has one of them. */
static void
take_place(struct packs *p, const struct node *at, const struct law_key *k)
{
	struct tc_str code = tc_str_from(k->code);
	const size_t *first = set_add(&p->taken.codes, code, p->taken.n + 1);

	for (size_t i = first != NULL ? *first : 0; i != 0; i = p->taken.v[i].next)
		if (overlap(k->law, p->taken.v[i].law)) {
			say_overlap(p, at, code, k->law, p->taken.v[i].law);
			return;
		}
	p->taken.v[++p->taken.n] = (struct link){.law = k->law};
	if (first != NULL) {
		p->taken.v[p->taken.n].next = p->taken.v[*first].next;
		p->taken.v[*first].next = p->taken.n;
	}
}

static void
compile_places(struct packs *p, const struct node *row, struct config_law *law, struct tc_strs where)
{
	struct tc_str *v = load_alloc(p->c->l, where.n * sizeof(*v));
	struct tc_str way = load_printf(p->c->l, "rows.%.*s.where", STR_ARGS(law->name));

	if (where.n == 0)
		load_fault(p->c->l, ABOUT(at_key(row, "where"), way, TC_STR("write [\"*\"] for everywhere")), "missing-value",
		    "%.*s is empty", STR_ALL(way));
	for (size_t i = 0; i < where.n; i++) {
		struct law_key *k = &p->keys[p->key_count++];
		const struct node *at = at_item(row, "where", i);

		assert(p->key_count <= p->key_room);
		v[i] = upper_copy(p->c->l, where.v[i]);
		check_place(p->c, at, v[i], way.p);
		k->law = law;
		(void)key_fill(k, v[i]);
		take_place(p, at, k);
	}
	law->where = (struct tc_strs){v, where.n};
}

static void
compile_duties(struct packs *p, const struct node *row, struct config_law *law)
{
	const struct node *list = node_get(row, TC_STR("duties"));
	struct tc_str way = load_printf(p->c->l, "rows.%.*s.duties.from", STR_ARGS(law->name));
	struct config_duty *v;

	if (list == NULL || !within(p->c, list, "duties", DUTIES_MAX))
		return;
	v = load_alloc(p->c->l, list->n * sizeof(*v));
	for (size_t i = 0; i < list->n; i++) {
		const struct node *map = list->entries[i].value;
		struct raw_duty raw = {0};

		schema_fill(p->c->l, "rows[].duties[]", -1, map, &raw, &p->c->hash);
		v[i] = (struct config_duty){
			.what = raw.what,
			.mark = MARKS[raw.mark],
			.source = raw.source,
			.from = day_of(p->c, map, "from", raw.from, way, INT32_MIN),
		};
	}
	law->duties = v;
	law->duty_count = list->n;
}

static void
compile_days(struct packs *p, const struct node *row, const struct raw_law *raw, struct config_law *law)
{
	struct tc_str way = load_printf(p->c->l, "rows.%.*s.until", STR_ARGS(law->name));

	law->from = day_of(p->c, row, "from", raw->from, load_printf(p->c->l, "rows.%.*s.from", STR_ARGS(law->name)), INT32_MIN);
	law->until = day_of(p->c, row, "until", raw->until, way, INT32_MAX);
	if (law->until <= law->from)
		load_fault(p->c->l,
		    ABOUT(at_key(row, "until"), way, TC_STR("until is the first day on which the row is not in force any more")),
		    "out-of-range", "row %.*s ends before it begins", STR_ARGS(law->name));
}

static void
check_name(struct packs *p, const struct node *row, const struct config_law *law)
{
	const struct node *at = at_key(row, "name");
	const size_t *before;

	if (!schema_name_ok(law->name)) {
		load_fault(p->c->l, ABOUT(at, TC_STR("rows.name"), TC_STR("use lower case letters, digits and -, at most 64")),
		    "bad-name", "\"%.*s\" cannot be the name of a row", STR_ARGS(node_shown(at)));
		return;
	}
	before = set_add(&p->names, law->name, p->law_count);
	if (before != NULL)
		load_fault(p->c->l, ABOUT(at, TC_STR("rows.name"), TC_STR("give each row of all packs a name of its own")),
		    "duplicate-name", "row %.*s is already there at %.*s:%d", STR_ARGS(law->name),
		    STR_ALL(p->laws[*before].file), p->laws[*before].line);
}

static void
compile_row(struct packs *p, const struct node *row, struct tc_str pack)
{
	struct config_law *law = &p->laws[p->law_count];
	struct raw_law raw = {0};

	schema_fill(p->c->l, "rows[]", -1, row, &raw, &p->c->hash);
	*law = (struct config_law){
		.name = raw.name,
		.opt_in_sale = raw.sale != 0,
		.opt_in_measurement = raw.measurement != 0,
		.binding = raw.binding,
		.pack = pack,
		.file = row->source->file,
		.line = row->line,
	};
	check_name(p, row, law);
	compile_days(p, row, &raw, law);
	compile_places(p, row, law, raw.where);
	compile_duties(p, row, law);
	p->law_count++;
}

static void
compile_pack(struct packs *p, const struct node *file, struct config_pack *pack)
{
	const struct node *map = node_get(file, TC_STR("pack")), *rows = node_get(file, TC_STR("rows"));
	struct raw_pack raw = {0};

	if (map == NULL) {
		load_fault(p->c->l, ABOUT(rows, TC_STR("pack"), TC_STR("add pack: {name: ..., version: 2026-11-21}")), "missing-key",
		    "these rows belong to no pack");
		return;
	}
	schema_fill(p->c->l, "pack", -1, map, &raw, &p->c->hash);
	*pack = (struct config_pack){
		.name = raw.name,
		.disclaimer = raw.disclaimer,
		.version = day_of(p->c, map, "version", raw.version, TC_STR("pack.version"), 0),
		.file = map->source->file,
		.line = map->line,
	};
	for (size_t i = 0; rows != NULL && i < rows->n; i++)
		compile_row(p, rows->entries[i].value, raw.name);
}

/* By rank; rows of the same rank stay in the order of the files. */
static void
sort_keys(struct packs *p)
{
	struct law_key *v = load_alloc(p->c->l, p->key_count * sizeof(*v));
	size_t n = 0;

	for (enum rank r = RANK_STATE; r < RANK_COUNT; r++)
		for (size_t i = 0; i < p->key_count; i++)
			if (p->keys[i].rank == r)
				v[n++] = p->keys[i];
	assert(n == p->key_count);
	p->c->c->law_keys = v;
	p->c->c->law_key_count = n;
}

static size_t
count_places(const struct node *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct node *where = node_get(rows->entries[i].value, TC_STR("where"));

		n += where != NULL ? where->n : 0;
	}
	return n;
}

void
compile_packs(struct compile *c)
{
	const struct loader *l = c->l;
	struct packs p = {.c = c};
	struct config_pack *v = load_alloc(c->l, l->pack_count * sizeof(*v));
	size_t rows = 0;

	for (size_t i = 0; i < l->pack_count; i++) {
		const struct node *list = node_get(l->packs[i], TC_STR("rows"));

		if (list == NULL)
			continue;
		if (!within(c, list, "rows", LAWS_MAX - rows))
			return;
		rows += list->n;
		p.key_room += count_places(list);
	}
	p.laws = load_alloc(c->l, rows * sizeof(*p.laws));
	p.keys = load_alloc(c->l, p.key_room * sizeof(*p.keys));
	p.taken.v = load_alloc(c->l, (p.key_room + 1) * sizeof(*p.taken.v));
	set_init(&p.names, c->l, rows);
	set_init(&p.taken.codes, c->l, p.key_room);
	for (size_t i = 0; i < l->pack_count; i++)
		compile_pack(&p, l->packs[i], &v[i]);
	sort_keys(&p);
	c->c->packs = v;
	c->c->pack_count = l->pack_count;
	c->c->laws = p.laws;
	c->c->law_count = p.law_count;
}
