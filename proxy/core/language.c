/* language.c: which language a visitor is written to in: the one of ours that Accept-Language likes best. */
#include "core/words.h"

#define RANGES_MAX 32 /* of Accept-Language that are looked at */

static const struct language *
by_tag(struct tc_str tag)
{
	for (size_t i = 0; i < LANGUAGE_COUNT; i++)
		if (tc_ieq(languages[i].tag, tag))
			return &languages[i];
	return NULL;
}

/* "de-AT" -> "de" -> "" */
static struct tc_str
shorter(struct tc_str tag)
{
	while (tag.n > 0 && tag.p[tag.n - 1] != '-')
		tag.n--;
	if (tag.n > 0)
		tag.n--;
	return tag;
}

/* Chinese without a script or region of the traditional one is taken for simplified. */
static bool
is_simplified_chinese(struct tc_str range)
{
	static const struct tc_str NAMES[] = {
		TC_STR_INIT("zh"),
		TC_STR_INIT("zh-CN"),
		TC_STR_INIT("zh-SG"),
	};

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
		if (tc_ieq(range, NAMES[i]))
			return true;
	return false;
}

/* Lookup of RFC 4647 3.4: the range is cut from its end until a language of ours is left. */
static const struct language *
by_range(struct tc_str range)
{
	if (is_simplified_chinese(range))
		return by_tag(TC_STR("zh-Hans"));
	for (; range.n > 0; range = shorter(range)) {
		const struct language *l = by_tag(range);

		if (l != NULL)
			return l;
	}
	return NULL;
}

static bool
is_allowed(struct tc_strs allowed, const struct language *l)
{
	for (size_t i = 0; i < allowed.n; i++)
		if (tc_ieq(allowed.v[i], l->tag))
			return true;
	return allowed.n == 0;
}

/* ";q=0.8" -> 800; 1000 without one, 0 for what is not a weight. */
static int
weight_parse(struct tc_str params)
{
	int weight = 0, unit = 1000;

	if (params.p == NULL)
		return 1000;
	params = tc_trim(params);
	if (!tc_istarts(params, TC_STR("q=")))
		return 0;
	tc_skip(&params, 2);
	for (size_t i = 0; i < params.n && i < 5; i++) {
		if (i == 1 && params.p[i] == '.')
			continue;
		if (params.p[i] < '0' || params.p[i] > '9')
			return 0;
		weight += (params.p[i] - '0') * unit;
		unit /= 10;
	}
	return weight <= 1000 ? weight : 0;
}

const struct language *
language_for(struct tc_strs allowed, const struct tc_fields *request)
{
	const struct language *best = NULL;
	int best_weight = 0, left = RANGES_MAX;

	for (size_t i = 0; i < request->n; i++) {
		struct tc_str rest = request->v[i].value;

		if (request->v[i].id != TC_F_ACCEPT_LANGUAGE || request->v[i].dropped || rest.n == 0)
			continue;
		while (rest.p != NULL && left-- > 0) {
			struct tc_str params = tc_next(&rest, ','), range = tc_next(&params, ';');
			const struct language *l = by_range(range);
			int weight = weight_parse(params);

			if (l != NULL && weight > best_weight && is_allowed(allowed, l)) {
				best = l;
				best_weight = weight;
			}
		}
	}
	if (best == NULL && allowed.n > 0)
		best = by_tag(allowed.v[0]);
	return best != NULL ? best : &languages[0];
}
