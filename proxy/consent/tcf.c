/*
 * tcf.c: TC strings of version 2: segments joined by '.', the first one is read, the others are known by their type.
 *
 *	version 6 | created 36 | updated 36 | cmp 12, 12 | screen 6 | language 12 | list 12 | policy 6 | specific 1 |
 *	non-standard 1 | features 12 | purposes 24 | legitimate interest 24 | one treatment 1 | country 12 |
 *	vendors | vendors' legitimate interest | restrictions of the publisher
 *
 * What stands behind the purposes is walked, so that a string that was cut grants nothing. How much there is of it is
 * bounded by the cookie.
 */
#include "consent/bits.h"
#include "consent/iab.h"

enum { AGE_MAX = 395, /* days: 13 months */
	DAY = 864000 };

/* What the first segment of a TC string says. */
struct tcf {
	unsigned version, cmp, list, policy;
	int64_t created, updated; /* tenths of a second since 1970 */
	char language[2], country[2];
	bool service_specific, range;
	uint32_t consent, legitimate; /* bit 0 = purpose 1 */
	unsigned vendor_max;
	unsigned segments; /* bit t: there is one of type t */
};

static void
letters(struct bits *b, char out[2])
{
	for (size_t i = 0; i < 2; i++)
		out[i] = (char)('A' + (char)bits_take(b, 6));
}

/* A bit field of 24, bit 0 of the result is its first. */
static uint32_t
purposes(struct bits *b)
{
	uint64_t bits = bits_take(b, 24);
	uint32_t v = 0;

	for (unsigned i = 0; i < 24; i++)
		v |= (uint32_t)(bits >> (23 - i) & 1) << i;
	return v;
}

/* Int12 count; for each whether it is a range, its first id, and its last. */
static void
skip_ranges(struct bits *b)
{
	unsigned n = (unsigned)bits_take(b, 12);

	for (unsigned i = 0; i < n && !b->beyond; i++)
		bits_skip(b, bits_take(b, 1) != 0 ? 32 : 16);
}

/* Returns the highest id; *range: whether ranges follow in place of a bit for each. */
static unsigned
skip_vendors(struct bits *b, bool *range)
{
	unsigned max = (unsigned)bits_take(b, 16);

	*range = bits_take(b, 1) != 0;
	if (*range)
		skip_ranges(b);
	else
		bits_skip(b, max);
	return max;
}

static void
skip_restrictions(struct bits *b)
{
	unsigned n = (unsigned)bits_take(b, 12);

	for (unsigned i = 0; i < n && !b->beyond; i++) {
		bits_skip(b, 6 + 2);
		skip_ranges(b);
	}
}

static bool
core_parse(struct tc_str text, struct tcf *out)
{
	struct bits b;
	bool range;

	if (!bits_of(text, &b))
		return false;
	out->version = (unsigned)bits_take(&b, 6);
	out->created = (int64_t)bits_take(&b, 36);
	out->updated = (int64_t)bits_take(&b, 36);
	out->cmp = (unsigned)bits_take(&b, 12);
	bits_skip(&b, 12 + 6);
	letters(&b, out->language);
	out->list = (unsigned)bits_take(&b, 12);
	out->policy = (unsigned)bits_take(&b, 6);
	out->service_specific = bits_take(&b, 1) != 0;
	bits_skip(&b, 1 + 12);
	out->consent = purposes(&b);
	out->legitimate = purposes(&b);
	bits_skip(&b, 1);
	letters(&b, out->country);
	out->vendor_max = skip_vendors(&b, &out->range);
	(void)skip_vendors(&b, &range);
	skip_restrictions(&b);
	return !b.beyond && out->version == 2 && out->service_specific;
}

static bool
tcf_parse(struct tc_str text, struct tcf *out)
{
	struct bits b;

	*out = (struct tcf){0};
	if (!core_parse(tc_next(&text, '.'), out))
		return false;
	while (text.p != NULL) {
		if (!bits_of(tc_next(&text, '.'), &b))
			return false;
		out->segments |= 1u << bits_take(&b, 3);
	}
	return true;
}

tc_classes
tcf_classes(uint32_t p)
{
	const uint32_t ads = 1u << 1 | 1u << 2 | 1u << 3, content = 1u << 4 | 1u << 5, measures = 1u << 6 | 1u << 7 | 1u << 8;
	tc_classes c = 0;

	if ((p & 1) == 0) /* nothing may be stored */
		return 0;
	if ((p & measures) != 0)
		c |= TC_CLASS_BIT(TC_ANALYTICS);
	if ((p & ads) == ads)
		c |= TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_SOCIAL);
	if ((p & content) == content)
		c |= TC_CLASS_BIT(TC_PERSONALISATION);
	return c;
}

bool
tcf_stale(int64_t updated, int32_t day)
{
	int64_t days = updated / DAY;

	return days > (int64_t)day + 1 || days < (int64_t)day - AGE_MAX; /* + 1: a clock that runs ahead */
}

bool
tcf_read(struct tc_str text, int32_t day, struct consent *out)
{
	struct tcf t;

	*out = (struct consent){0};
	if (!tcf_parse(text, &t))
		return false;
	if (tcf_stale(t.updated, day))
		return true;
	out->granted = tcf_classes(t.consent);
	out->denied = CONSENT_CLASSES & (tc_classes)~out->granted;
	return true;
}
