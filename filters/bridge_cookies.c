/*
 * bridge_cookies.c: bridge_cookies.h. Formats that the site uses already are patched, none is brought in:
 *
 *	usprivacy, us_privacy        1YNN -> 1YYN
 *	OTGPPConsent                 opt-out fields of each section that we know the layout of, and its GPC part; TCF never
 *	OptanonConsent               isGpcEnabled=1, and the groups of what is refused
 *	OneTrustWPCCPAGoogleOptOut   true
 *
 * A Cookie field does not tell for which domain a cookie was set, and a second one of the same name would leave it to chance
 * which is read. So it is ended for the host and each domain below the registrable one, and set for that: where consent tools
 * set theirs. What cannot be read is left alone.
 */
#include "bridge_cookies.h"

#include "bridge.h"
#include "domain.h"

enum { VALUE_MAX = 4096, LEVELS_MAX = 4, SECTIONS_MAX = 32 };

/* A copy that is edited in place. */
struct value {
	char *p;
	size_t n;
};

/* ---- US Privacy ---- */

static bool
is_usp(struct tc_str s)
{
	if (s.n != 4 || s.p[0] != '1')
		return false;
	for (size_t i = 1; i < 4; i++)
		if (s.p[i] != 'Y' && s.p[i] != 'N' && s.p[i] != '-')
			return false;
	return true;
}

/* Notice was given, sale is refused; what the third says stays. */
static void
refuse_usp(char *p)
{
	p[1] = p[1] == '-' ? 'Y' : p[1];
	p[2] = 'Y';
	p[3] = p[3] == '-' ? 'N' : p[3];
}

static bool
patch_usp(struct value *v, tc_classes refused)
{
	(void)refused;
	if (!is_usp(tc_str_of(v->p, v->n)))
		return false;
	refuse_usp(v->p);
	return true;
}

/* ---- GPP ---- */

static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63
								: -1;
}

/* Bit i of a string of digits, 6 in each; -1: there is none. */
static int
bit(struct tc_str s, size_t i)
{
	int d = i / 6 < s.n ? digit(s.p[i / 6]) : -1;

	return d < 0 ? -1 : d >> (5 - i % 6) & 1;
}

static int
number(struct tc_str s, size_t at, size_t bits)
{
	int n = 0;

	for (size_t i = 0; i < bits; i++) {
		int b = bit(s, at + i);

		if (b < 0)
			return -1;
		n = n * 2 + b;
	}
	return n;
}

/* A Fibonacci code: a sum of 1, 2, 3, 5, 8 ..., its end two ones. -1: it is none, or larger than any that is in use. */
static int
fibonacci(struct tc_str s, size_t *at)
{
	int a = 1, b = 2, sum = 0, before = 0;

	for (int i = 0; i < 16; i++) {
		int now = bit(s, (*at)++), next = a + b;

		if (now < 0)
			return -1;
		if (now == 1 && before == 1)
			return sum;
		sum += now * a;
		a = b;
		b = next;
		before = now;
	}
	return -1;
}

/* The numbers of the sections, in their order; how many, -1: the header cannot be read. */
static int
section_ids(struct tc_str header, int ids[SECTIONS_MAX])
{
	int count = number(header, 12, 12), last = 0, n = 0;
	size_t at = 24;

	if (number(header, 0, 6) != 3 || number(header, 6, 6) != 1 || count < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		int group = bit(header, at++), from = fibonacci(header, &at), more = group == 1 ? fibonacci(header, &at) : 0;

		if (group < 0 || from < 0 || more < 0 || more >= SECTIONS_MAX)
			return -1;
		for (last += from; more >= 0; more--, last += more >= 0) {
			if (n == SECTIONS_MAX)
				return -1;
			ids[n++] = last;
		}
	}
	return n;
}

static void
set_bit(char *p, size_t i, int to)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	int d = digit(p[i / 6]), mask = 1 << (5 - i % 6);

	d = to != 0 ? d | mask : d & ~mask;
	p[i / 6] = digits[d];
}

/* Where a section's opt-out fields of two bits begin, and how many they are; 0: we do not know its layout. */
static size_t
opt_outs(int id, size_t *fields)
{
	*fields = id == 7 ? 3 : 2;
	if (id == 7) /* usnat: sale, sharing, targeted advertising */
		return 18;
	if (id == 11 || id == 18) /* usut, usia: a notice more */
		return 14;
	return id >= 8 && id <= 23 ? 12 : 0;
}

static bool
refuse_section(char *p, size_t n, int id)
{
	struct tc_str s = tc_str_of(p, n), core = tc_str_of(p, tc_find_byte(s, '.'));
	size_t fields, at = opt_outs(id, &fields);

	if (id == 6 && is_usp(core)) {
		refuse_usp(p);
		return true;
	}
	if (at == 0 || number(core, 0, at + 2 * fields) < 0)
		return false;
	for (size_t i = 0; i < fields; i++) {
		set_bit(p, at + 2 * i, 0);
		set_bit(p, at + 2 * i + 1, 1);
	}
	for (size_t dot = core.n; dot < n; dot += 1 + tc_find_byte(tc_str_of(p + dot + 1, n - dot - 1), '.'))
		if (number(tc_str_of(p + dot + 1, n - dot - 1), 0, 3) >= 0 &&
		    number(tc_str_of(p + dot + 1, n - dot - 1), 0, 2) == 1)
			set_bit(p + dot + 1, 2, 1);
	return true;
}

static bool
patch_gpp(struct value *v, tc_classes refused)
{
	struct tc_str all = tc_str_of(v->p, v->n);
	size_t at = tc_find_byte(all, '~');
	int ids[SECTIONS_MAX], n = section_ids(tc_str_of(v->p, at), ids);
	bool any = false;

	(void)refused;
	for (int i = 0; i < n && at < v->n; i++) {
		size_t from = at + 1, len = tc_find_byte(tc_str_of(v->p + from, v->n - from), '~');

		any |= refuse_section(v->p + from, len, ids[i]);
		at = from + len;
	}
	return any;
}

/* ---- OneTrust ---- */

/* "C0002:1" -> "C0002:0", in plain or with %3A. */
static void
refuse_group(struct value *v, struct tc_str id)
{
	struct tc_str rest = tc_str_of(v->p, v->n);

	for (size_t at; (at = tc_find(rest, id)) < rest.n;) {
		size_t i;

		tc_skip(&rest, at + id.n);
		i = tc_istarts(rest, TC_STR("%3A")) ? 3 : tc_starts(rest, TC_STR(":")) ? 1
										       : 0;
		if (i > 0 && i < rest.n && rest.p[i] == '1')
			v->p[(size_t)(rest.p - v->p) + i] = '0';
	}
}

/* Where the value of a member of "a=1&b=2" is, one byte of it; v->n: nowhere. */
static size_t
member(const struct value *v, struct tc_str name)
{
	for (size_t at = 0; at < v->n;) {
		struct tc_str rest = tc_str_of(v->p + at, v->n - at);

		if (tc_starts(rest, name) && rest.n > name.n)
			return at + name.n;
		at += tc_find_byte(rest, '&') + 1;
	}
	return v->n;
}

static bool
patch_onetrust(struct value *v, tc_classes refused)
{
	static const struct {
		enum tc_class class;
		struct tc_str id;
	} groups[] = {
		{TC_ANALYTICS, TC_STR_INIT("C0002")}, {TC_ADVERTISING, TC_STR_INIT("C0004")}, {TC_SOCIAL, TC_STR_INIT("C0005")}};
	size_t at = member(v, TC_STR("isGpcEnabled="));

	if (tc_find_byte(tc_str_of(v->p, v->n), '=') == v->n)
		return false; /* coded once more, or something else */
	if (at < v->n && v->p[at] == '0')
		v->p[at] = '1';
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if ((refused & TC_CLASS_BIT(groups[i].class)) != 0)
			refuse_group(v, groups[i].id);
	if (at == v->n) { /* there is room: see patched() */
		static const struct tc_str add = TC_STR_INIT("&isGpcEnabled=1");

		memcpy(v->p + v->n, add.p, add.n);
		v->n += add.n;
	}
	return true;
}

static bool
patch_true(struct value *v, tc_classes refused)
{
	(void)refused;
	memcpy(v->p, "true", 4);
	v->n = 4;
	return true;
}

/* ---- which cookies ---- */

static const struct row {
	struct tc_str name;
	uint32_t format;
	bool (*patch)(
	    struct value *v, tc_classes refused); /* in place; there is room for 16 bytes more. False: it cannot be read */
} rows[] = {
	{TC_STR_INIT("usprivacy"), BRIDGE_USPRIVACY, patch_usp},
	{TC_STR_INIT("us_privacy"), BRIDGE_USPRIVACY, patch_usp},
	{TC_STR_INIT("OTGPPConsent"), BRIDGE_GPP, patch_gpp},
	{TC_STR_INIT("OptanonConsent"), BRIDGE_CMP, patch_onetrust},
	{TC_STR_INIT("OneTrustWPCCPAGoogleOptOut"), BRIDGE_CMP, patch_true},
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static bool
is_kept(const struct tc_site *site, struct tc_str name)
{
	for (size_t i = 0; i < site->keep_cookies.n; i++)
		if (tc_eq(site->keep_cookies.v[i], name))
			return true;
	return false;
}

/* *out is what the cookie should say; the same bytes if it does, or cannot be read. -1 at the arena's limit. */
static int
patched(struct tc_arena *arena, const struct row *row, struct tc_str value, tc_classes refused, struct tc_str *out)
{
	struct value v = {tc_alloc_bytes(arena, value.n + 16), value.n};

	*out = value;
	if (v.p == NULL)
		return -1;
	memcpy(v.p, value.p, value.n);
	if (row->patch(&v, refused) && !tc_eq(value, tc_str_of(v.p, v.n)))
		*out = tc_str_of(v.p, v.n);
	return 0;
}

/* ---- what is sent ---- */

static int
add(struct tc_call *c, const struct tc_str *parts, size_t n)
{
	struct tc_str value = tc_join(c->arena, parts, n);

	return value.p == NULL ? -1 : tc_field_add(&c->res->fields, TC_F_SET_COOKIE, value);
}

/* Ends it for the host alone, and for each domain from the host to below the registrable one. */
static int
end_below(struct tc_call *c, struct tc_str name, struct tc_str registrable)
{
	static const struct tc_str end = TC_STR_INIT("=; Path=/; Max-Age=0");
	struct tc_str domain = c->req->host;

	if (add(c, (struct tc_str[]){name, end}, 2) < 0)
		return -1;
	for (int i = 0; i < LEVELS_MAX && domain.n > registrable.n; i++) {
		if (add(c, (struct tc_str[]){name, end, TC_STR("; Domain="), domain}, 4) < 0)
			return -1;
		tc_skip(&domain, tc_find_byte(domain, '.'));
		if (domain.n > 0)
			tc_skip(&domain, 1);
	}
	return 0;
}

static int
send(struct tc_call *c, struct tc_str name, struct tc_str value)
{
	struct tc_str registrable = domain_of(c->req->host), none = {"", 0};
	bool secure = tc_eq(c->req->scheme, TC_STR("https")), domain = registrable.n > 0;

	if (domain && end_below(c, name, registrable) < 0)
		return -1;
	tc_did(c, TC_DID_BRIDGE, TC_CONSENT, TC_PACK_BUILT_IN, name);
	return add(c,
	    (struct tc_str[]){name, TC_STR("="), value, TC_STR("; Path=/; Max-Age=31536000; SameSite=Lax"),
		secure ? TC_STR("; Secure") : none, domain ? TC_STR("; Domain=") : none, domain ? registrable : none},
	    7);
}

/* One "name=value" of a Cookie field. seen: rows that were. */
static int
pair(struct tc_call *c, const struct bridge_cookies *refused, struct tc_str text, unsigned *seen)
{
	size_t equals = tc_find_byte(text, '=');
	struct tc_str name = tc_str_of(text.p, equals), value, now;

	for (size_t i = 0; i < ROWS; i++) {
		if (!tc_eq(rows[i].name, name))
			continue;
		if ((refused->formats & rows[i].format) == 0 || (*seen & 1u << i) != 0 || equals == text.n ||
		    is_kept(c->site, name))
			return 0;
		value = tc_str_of(text.p + equals + 1, text.n - equals - 1);
		if (value.n == 0 || value.n > VALUE_MAX)
			return 0;
		if (patched(c->arena, &rows[i], value, refused->classes, &now) < 0)
			return -1;
		if (now.p == value.p)
			return 0;
		*seen |= 1u << i;
		return send(c, name, now);
	}
	return 0;
}

int
bridge_cookies(struct tc_call *c, const struct bridge_cookies *refused)
{
	const struct tc_fields *fs = &c->req->fields;
	unsigned seen = 0;

	for (size_t i = 0; i < fs->n; i++) {
		struct tc_str rest = fs->v[i].value;

		if (fs->v[i].dropped || fs->v[i].id != TC_F_COOKIE)
			continue;
		while (rest.p != NULL)
			if (pair(c, refused, tc_next(&rest, ';'), &seen) < 0)
				return -1;
	}
	return 0;
}
