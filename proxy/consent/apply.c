/* apply.c: what one cookie says to one reader: decoding, entries against rules, and the sum of them. */
#include "consent/iab.h"
#include "consent/reader.h"

/* ---- rules ---- */

/* Has text the form of pattern, in which * stands for any bytes? */
static bool
glob(struct tc_str pattern, struct tc_str text)
{
	size_t i = 0, k = 0, star = pattern.n, mark = 0;

	while (k < text.n) {
		if (i < pattern.n && pattern.p[i] == '*') {
			star = i++;
			mark = k;
		} else if (i < pattern.n && pattern.p[i] == text.p[k]) {
			i++;
			k++;
		} else if (star < pattern.n) {
			i = star + 1;
			k = ++mark;
		} else {
			return false;
		}
	}
	while (i < pattern.n && pattern.p[i] == '*')
		i++;
	return i == pattern.n;
}

/* Does key begin with the way, joined by dots? It is as long, or longer. */
static bool
begins(struct tc_str key, const struct consent_way *way)
{
	const char *p = key.p;

	for (unsigned i = 0; i < way->n; i++) {
		struct tc_str part = way->part[i];

		if (i > 0 && *p++ != '.')
			return false;
		if (part.n > 0 && memcmp(p, part.p, part.n) != 0)
			return false;
		p += part.n;
	}
	return true;
}

/* A way joined by dots, as far as it tells one from others at a glance. */
struct outline {
	size_t length;
	unsigned char first, last; /* bytes; 0: there is none */
};

static inline struct outline
outline_of_key(struct tc_str key)
{
	if (key.n == 0)
		return (struct outline){0, 0, 0};
	return (struct outline){key.n, (unsigned char)key.p[0], (unsigned char)key.p[key.n - 1]};
}

static inline struct outline
outline_of(const struct consent_way *way)
{
	struct outline o = outline_of_key(way->part[0]);

	for (unsigned i = 1; i < way->n; i++) {
		struct tc_str part = way->part[i];

		o.first = o.length > 0 ? o.first : '.';
		o.last = part.n > 0 ? (unsigned char)part.p[part.n - 1] : '.';
		o.length += 1 + part.n;
	}
	return o;
}

static unsigned
slot_of(struct outline o)
{
	return ((unsigned)o.length * 7 + o.first * 5u + o.last) % CONSENT_SLOTS;
}

/* The ways that lead to a key, and the key (consent_marked()). */
static void
mark_ways(struct consent_reader *r, struct tc_str key)
{
	for (size_t n = 0; n <= key.n; n++) {
		struct outline o = outline_of_key(tc_str_of(key.p, n));
		size_t mark = consent_mark(o.length, o.first);

		if (n == key.n || key.p[n] == '.')
			r->ways[mark / 64] |= UINT64_C(1) << (mark % 64);
	}
}

/* By slots, and in a slot by keys. */
static bool
comes_before(struct tc_str a, struct tc_str b)
{
	unsigned left = slot_of(outline_of_key(a)), right = slot_of(outline_of_key(b));

	if (left != right)
		return left < right;
	return a.n != b.n ? a.n < b.n : memcmp(a.p, b.p, a.n) < 0;
}

void
consent_order(struct consent_reader *r, struct consent_rule *rules)
{
	size_t n = 0;

	for (size_t i = 1; i < r->rule_count; i++) { /* there are few, and this is done once */
		struct consent_rule rule = rules[i];
		size_t at = i;

		for (; at > 0 && comes_before(rule.key, rules[at - 1].key); at--)
			rules[at] = rules[at - 1];
		if (at > 0 && tc_eq(rules[at - 1].key, rule.key))
			rule.key = rules[at - 1].key;
		rules[at] = rule;
	}
	memset(r->ways, 0, sizeof(r->ways));
	mark_ways(r, r->list);
	for (unsigned slot = 0; slot < CONSENT_SLOTS; slot++) {
		r->start[slot] = (uint16_t)n;
		for (; n < r->rule_count && slot_of(outline_of_key(rules[n].key)) == slot; n++)
			mark_ways(r, rules[n].key);
	}
	r->start[CONSENT_SLOTS] = (uint16_t)n;
	r->rules = rules;
}

/* Is it the key of one of these rules, or on the way to it? */
static bool
leads_to(const struct consent_rule *rules, size_t n, const struct consent_way *way, size_t length)
{
	for (size_t i = 0; i < n; i++) {
		struct tc_str key = rules[i].key;
		bool ends = key.n == length || (key.n > length && key.p[length] == '.');

		if (ends && begins(key, way))
			return true;
	}
	return false;
}

/* Most are keys themselves, so those of its slot come first. */
static __attribute__((noinline)) bool
leads_to_some(const struct consent_reader *r, const struct consent_way *way, struct outline o)
{
	size_t from = r->start[slot_of(o)], to = r->start[slot_of(o) + 1];

	return leads_to(r->rules + from, to - from, way, o.length) || leads_to(r->rules, r->rule_count, way, o.length);
}

bool
consent_leads(const struct consent_reader *r, const struct consent_way *way)
{
	struct outline o = outline_of(way);

	return consent_marked(r, o.length, o.first) && leads_to_some(r, way, o);
}

void
consent_entry(struct consent_walk *w, const struct consent_way *way, struct tc_str value, bool item)
{
	struct outline o = outline_of(way);
	const struct consent_reader *r = w->reader;
	const uint16_t *slot = &r->start[slot_of(o)];
	const struct consent_rule *end = r->rules + slot[1];
	const char *key = NULL; /* of the rules whose key it is */
	tc_classes keyed = 0;
	bool known = false;

	if (w->entries++ == CONSENT_ENTRIES_MAX) {
		w->bad = true;
		return;
	}
	for (const struct consent_rule *rule = r->rules + slot[0]; rule < end; rule++) {
		bool match;

		if (rule->key.p != key && (rule->key.n != o.length || !begins(rule->key, way)))
			continue;
		key = rule->key.p;
		match = glob(rule->value, value);
		known = known || match;
		if (rule->says == CONSENT_OUT)
			w->out = w->out || match;
		else if (rule->says == CONSENT_UNDECIDED)
			w->undecided = w->undecided || match;
		else if (!match)
			keyed |= TC_CLASS_BIT(rule->class);
		else if (rule->says == CONSENT_GRANT)
			w->granted |= TC_CLASS_BIT(rule->class);
		else
			w->denied |= TC_CLASS_BIT(rule->class);
	}
	if (!item && !known)
		w->unclear |= keyed; /* about these classes, and neither yes nor no */
}

static tc_classes
could_grant(const struct consent_reader *r)
{
	tc_classes c = 0;

	for (size_t i = 0; i < r->rule_count; i++)
		if (r->rules[i].says == CONSENT_GRANT)
			c |= TC_CLASS_BIT(r->rules[i].class);
	return c;
}

static struct consent
sum(const struct consent_walk *w)
{
	struct consent said = {.out = w->out, .denied = w->denied, .granted = w->granted & (tc_classes)~w->unclear};

	if (w->bad)
		return (struct consent){.bad = true};
	if (w->undecided)
		return (struct consent){.out = w->out};
	if (w->reader->missing_refuses)
		said.denied |= could_grant(w->reader) & (tc_classes)~said.granted;
	said.granted &= (tc_classes)~said.denied;
	return said;
}

/* ---- decoding ---- */

/*
 * Is the text encoded once more? Structure that can be seen is not. Where a member holds pairs itself, the others hold
 * what scripts put there: then pairs are divided before values are decoded (kv_walk.c).
 */
static bool
is_encoded(const struct consent_reader *r, struct tc_str text)
{
	if (r->syntax == CONSENT_JSON)
		return text.n > 0 && text.p[0] != '{' && text.p[0] != '[';
	if (r->syntax == CONSENT_KV && r->list.n > 0)
		return tc_find_byte(text, r->pairs.equals) == text.n;
	return tc_find_byte(text, '%') < text.n;
}

/* *levels: what is left of the encodings that may be taken off. *written: something was put into the rooms. */
static bool
decode(const struct consent_reader *r, char room[2][CONSENT_COOKIE_MAX], struct tc_str *text, unsigned *levels, bool *written)
{
	*levels = 0;
	*written = r->decode == CONSENT_BASE64;
	if (r->decode == CONSENT_BASE64) /* its padding may be percent-encoded */
		return (tc_find_byte(*text, '%') == text->n || consent_unescape(*text, room[0], text)) &&
		    consent_unbase64(*text, room[1], text);
	*levels = (unsigned)r->decode;
	if (r->decode != CONSENT_PLAIN && !consent_escaped(*text)) /* in a member that nobody asks about, too: it was cut */
		return false;
	for (unsigned i = 0; *levels > 0 && is_encoded(r, *text); i++, (*levels)--) {
		*written = true;
		if (!consent_unescape(*text, room[i & 1], text))
			return false;
	}
	return true;
}

/* ---- the IAB's strings ---- */

/*
 * A TC string, or JSON in which some may stand: Google keeps one in an array of strings and more arrays. What looks
 * like one and cannot be read spoils the rest.
 */
static bool
read_tcf(struct tc_str text, int32_t day, struct consent *out)
{
	enum { SHORTEST = 40 };
	struct consent one;

	if (text.n == 0 || text.p[0] != '[')
		return tcf_read(text, day, out);
	while (text.p != NULL) {
		struct tc_str item = tc_next(&text, '"');

		if (item.n < SHORTEST || item.p[0] != 'C')
			continue;
		if (!tcf_read(item, day, &one))
			return false;
		consent_add(out, &one);
	}
	out->granted &= (tc_classes)~out->denied;
	return true;
}

static bool
read_iab(enum consent_syntax syntax, struct tc_str text, int32_t day, struct consent *out)
{
	if (syntax == CONSENT_TCF)
		return read_tcf(text, day, out);
	return syntax == CONSENT_GPP ? gpp_read(text, day, out) : usp_read(text, out);
}

/* ---- all of it ---- */

static void
apply(const struct consent_reader *r, struct tc_str cookie, struct tc_str text, int32_t day, unsigned levels,
    struct consent *out)
{
	struct consent_walk w = {.reader = r};
	struct consent_way way = {.part = {cookie}, .n = 1};

	switch (r->syntax) {
	case CONSENT_JSON: consent_walk_json(&w, text); break;
	case CONSENT_KV: consent_walk_kv(&w, text, levels); break;
	case CONSENT_VALUE: consent_entry(&w, &way, text, false); break;
	default:
		if (!read_iab(r->syntax, text, day, out))
			*out = (struct consent){.bad = true};
		return;
	}
	*out = sum(&w);
}

void
consent_apply(const struct consent_reader *r, struct tc_str cookie, struct tc_str value, int32_t day, struct consent *out)
{
	char room[2][CONSENT_COOKIE_MAX];
	size_t n; /* at most: decoding makes nothing longer */
	unsigned levels;
	bool written;

	*out = (struct consent){0};
	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		value = tc_str_of(value.p + 1, value.n - 2);
	if (value.n == 0) /* taken back, or not written yet */
		return;
	if (value.n > CONSENT_COOKIE_MAX) {
		*out = (struct consent){.bad = true};
		return;
	}
	n = value.n;
	if (decode(r, room, &value, &levels, &written))
		apply(r, cookie, value, day, levels, out);
	else
		*out = (struct consent){.bad = true};
	for (size_t i = 0; i < 2 && written; i++)
		explicit_bzero(room[i], n);
}
