/*
 * places.c: the row of regions that a place has, and where the rows of law begin that it may have. Both are asked for each
 * request, so they are found beforehand for each place that rows can name; what else address data says is looked for.
 */
#include "config/compile.h"

const struct config_found *
found_of(const struct config *c, const struct place *p)
{
	unsigned number = c->found != NULL ? place_number(p) : PLACE_NUMBERS;

	return number < PLACE_NUMBERS ? &c->found[number] : NULL;
}

static bool
any_covers(struct tc_strs where, const struct place *p)
{
	for (size_t i = 0; i < where.n; i++)
		if (place_in(where.v[i], p))
			return true;
	return false;
}

static size_t
find_region(const struct config *c, const struct place *p)
{
	size_t i = 0;

	while (i < c->region_count && !any_covers(c->regions[i].where, p))
		i++;
	return i;
}

size_t
config_region_at(const struct config *c, const struct place *p)
{
	const struct config_found *found = found_of(c, p);

	return found != NULL && found->region > 0 ? found->region - 1 : find_region(c, p);
}

static struct config_found
find(const struct config *c, const struct place *p)
{
	return (struct config_found){.region = (uint32_t)find_region(c, p) + 1, .law_key = (uint32_t)law_key_at(c, p)};
}

void
compile_found(struct compile *c)
{
	struct config_found *v = load_alloc(c->l, PLACE_NUMBERS * sizeof(*v));
	struct place p;

	for (size_t i = 0; place_country(i, &p); i++)
		v[place_number(&p)] = find(c->c, &p);
	for (size_t i = 0; place_state(i, &p); i++)
		v[place_number(&p)] = find(c->c, &p);
	c->c->found = v;
}
