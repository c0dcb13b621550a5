/*
 * match.c: judges a URL by the tables of db.h.
 *
 * A URL costs a few look-ups of host suffixes and one walk over its 4-grams; only what these name is compared. Exceptions
 * are looked at after a block alone. Order (lists.md 6): important block > exception > block; an exception
 * beats an important block only if it is important itself.
 */
#include <assert.h>

#include "db.h"
#include "url.h"

enum { MATCH_HOST_MAX = 253 };

/* What is asked, made ready once. */
struct ask {
	const struct match_db *db;
	const struct match_page *page;
	const struct url *url;
	struct tc_str text;       /* as it is */
	const char *lower;        /* the same in lower case */
	size_t host_at, host_end; /* where the host is in text; [v6] with its brackets */
	uint16_t type;
	uint16_t party; /* RULE_FIRST or RULE_THIRD */
	bool same_host;
	bool plain_host, plain_site;     /* nothing to be found by the host, by the page: see match_page_ready() */
	uint16_t need;                   /* flags that a rule must have */
	const struct change_ask *change; /* in db->change: what is asked of its rules */
};

/* Whether host is domain or below it. */
static bool
is_below(struct tc_str host, struct tc_str domain)
{
	size_t front = host.n - domain.n;

	if (host.n < domain.n || (front > 0 && host.p[front - 1] != '.')) /* nearly always */
		return false;
	return memcmp(host.p + front, domain.p, domain.n) == 0;
}

/* ---- patterns ---- */

static bool
fits(char pattern, char c)
{
	return pattern == c || (pattern == '^' && is_separator(c));
}

/* The first place from `at` on where p may begin: s.n if there is none. */
static size_t
next_begin(struct tc_str p, struct tc_str s, size_t at)
{
	const char *found;

	if (p.n == 0 || p.p[0] == '^' || p.p[0] == '*' || at == s.n)
		return at;
	found = memchr(s.p + at, p.p[0], s.n - at);
	return found != NULL ? (size_t)(found - s.p) : s.n;
}

/*
 * Whether p matches s from `at` on, '*' any bytes, '^' a separator or the end; with `anywhere`, from there or
 * later. Going back to the last '*' alone is enough: p.n * s.n steps at most.
 */
static bool
like(struct tc_str p, struct tc_str s, size_t at, bool anywhere, bool to_end)
{
	size_t k = 0, star = anywhere ? 0 : SIZE_MAX, mark;

	mark = at = anywhere ? next_begin(p, s, at) : at;
	for (;;) {
		if (k < p.n && p.p[k] == '*') {
			star = ++k;
			mark = at = next_begin(tc_str_of(p.p + k, p.n - k), s, at);
		} else if (k < p.n && at < s.n && fits(p.p[k], s.p[at])) {
			k++;
			at++;
		} else if (k < p.n && at == s.n && p.p[k] == '^') {
			k++;
		} else if (k == p.n && (!to_end || at == s.n)) {
			return true;
		} else if (star == SIZE_MAX || mark >= s.n) {
			return false;
		} else {
			k = star;
			mark = at = next_begin(tc_str_of(p.p + k, p.n - k), s, mark + 1);
		}
	}
}

static struct tc_str
subject(const struct ask *a, const struct rule *r)
{
	return (r->flags & RULE_CASE) != 0 ? a->text : tc_str_of(a->lower, a->text.n);
}

static bool
is_label_start(const struct ask *a, size_t at)
{
	return at >= a->host_at && at < a->host_end && (at == a->host_at || a->lower[at - 1] == '.');
}

/* Whether the pattern matches at exactly this place, its anchors included. */
static bool
matches_at(const struct ask *a, const struct rule *r, size_t at)
{
	struct tc_str p = rule_pattern(a->db, r), s = subject(a, r);

	if ((r->flags & RULE_START) != 0 && at != 0)
		return false;
	if ((r->flags & RULE_HOST) != 0 && !is_label_start(a, at))
		return false;
	if ((r->flags & (RULE_SEPARATOR | RULE_WILD | RULE_END)) == 0)
		return s.n - at >= p.n && memcmp(s.p + at, p.p, p.n) == 0;
	return like(p, s, at, false, (r->flags & RULE_END) != 0);
}

/* Whether the pattern matches at any place. */
static bool
matches(const struct ask *a, const struct rule *r)
{
	if ((r->flags & RULE_REGEX) != 0)
		return regex_matches(a->db, regex_key((uint32_t)(r - a->db->rules), false), a->text,
		    (r->flags & RULE_EXCEPTION) == 0);
	if ((r->flags & RULE_START) != 0)
		return matches_at(a, r, 0);
	if ((r->flags & RULE_HOST) == 0)
		return like(rule_pattern(a->db, r), subject(a, r), 0, true, (r->flags & RULE_END) != 0);
	for (size_t at = a->host_at; at < a->host_end; at++)
		if (is_label_start(a, at) && matches_at(a, r, at))
			return true;
	return false;
}

/* The rest of a pattern whose host is the one that begins at `at`. */
static bool
matches_host(const struct ask *a, const struct rule *r, size_t at)
{
	struct tc_str p = rule_pattern(a->db, r);

	if (a->host_end - at != r->host_n || memcmp(a->lower + at, p.p, r->host_n) != 0)
		return false;
	tc_skip(&p, r->host_n);
	if (p.n == 1 && p.p[0] == '^' && (r->flags & RULE_END) == 0)
		return true;
	return like(p, subject(a, r), a->host_end, false, (r->flags & RULE_END) != 0);
}

/* ---- options ---- */

/* Whether the item names the page (or the URL's host): a domain and all below it; "google.*" under any suffix. */
static bool
domain_holds(const struct ask *a, const struct domain *d)
{
	bool about_url = (d->flags & (DOMAIN_TO | DOMAIN_DENY)) != 0;
	struct tc_str host = about_url ? a->url->host : a->page->host, registrable;
	struct tc_str text = tc_str_of(a->db->pool + d->text, d->n);
	size_t suffix;

	if ((d->flags & DOMAIN_METHOD) != 0) /* denied: the other methods */
		return (d->n >> a->page->method & 1) == 0;
	if ((d->flags & DOMAIN_ENTITY) == 0)
		return is_below(host, text);
	registrable = about_url ? psl_domain(host) : a->page->domain;
	suffix = tc_find_byte(registrable, '.');
	if (suffix == registrable.n || registrable.n > host.n)
		return false;
	host.n -= registrable.n - suffix;
	return is_below(host, text);
}

/*
 * Judges domain=, to= and denyallow=. Of the items that hold, the longest decides; if none holds, the rule applies
 * unless it names domains it is for.
 */
static bool
domains_hold(const struct ask *a, const struct rule *r)
{
	struct {
		bool applies, named;
		size_t longest;
	} from = {true, false, 0}, to = {true, false, 0}, *side;

	for (const struct domain *d = a->db->domains + r->domains;; d++) {
		bool holds = domain_holds(a, d);

		if ((d->flags & DOMAIN_DENY) != 0 && holds)
			return false;
		side = (d->flags & DOMAIN_TO) != 0 ? &to : &from;
		if ((d->flags & DOMAIN_DENY) == 0) {
			if (holds && d->n >= side->longest) {
				side->longest = d->n;
				side->applies = (d->flags & DOMAIN_NOT) == 0;
			}
			side->named = side->named || (d->flags & DOMAIN_NOT) == 0;
		}
		if ((d->flags & DOMAIN_LAST) != 0)
			break;
	}
	return from.applies && to.applies && (from.longest > 0 || !from.named) && (to.longest > 0 || !to.named);
}

/* What a look at the rule alone says: most candidates end here. */
static inline bool
may_apply(const struct ask *a, const struct rule *r)
{
	return (r->types & a->type) != 0 && (r->flags & a->party) != 0 && (r->flags & a->need) == a->need;
}

/* All that is neither in may_apply() nor in the pattern: who is asked about, and by whom. A rule's domains may be hundreds. */
static bool
applies(const struct ask *a, const struct rule *r)
{
	if ((r->flags & RULE_EXCEPTION) == 0 && (a->page->denied & TC_CLASS_BIT(r->class)) == 0)
		return false;
	if ((r->flags & RULE_SAME) != 0 && !a->same_host)
		return false;
	if ((r->flags & RULE_OTHER) != 0 && a->same_host)
		return false;
	if ((r->flags & RULE_CHANGE) != 0 && !change_wanted(a->db, a->change, r))
		return false;
	return r->domains == 0 || domains_hold(a, r);
}

/* ---- the tables ---- */

/* The next rule of what a slot refers to. Loop: while (ref != 0) r = next_rule(db, &ref, &at). */
static const struct rule *
next_rule(const struct match_db *db, uint32_t *ref)
{
	uint32_t item;

	if ((*ref & REF_ONE) != 0) {
		item = *ref & REF_NUMBER;
		*ref = 0;
		return &db->rules[item];
	}
	item = db->refs[*ref & REF_NUMBER];
	*ref = (item & REF_LAST) != 0 ? 0 : (*ref & REF_NUMBER) + 1;
	return &db->rules[item & REF_NUMBER];
}

/* Rules that begin with this host or one above it. */
static const struct rule *
find_host(const struct ask *a, const struct index *x)
{
	uint32_t hash = HOST_HASH;

	if (x->hosts.slots == NULL)
		return NULL;
	for (size_t at = a->host_end; at-- > a->host_at;) {
		uint32_t ref;

		hash = host_hash_step(hash, a->lower[at]);
		if (at > a->host_at && a->lower[at - 1] != '.')
			continue;
		ref = table_find(&x->hosts, hash);
		while (ref != 0) {
			const struct rule *r = next_rule(a->db, &ref);

			if (may_apply(a, r) && matches_host(a, r, at) && applies(a, r))
				return r;
		}
	}
	return NULL;
}

/* Of which slots of grams the rules with '*' were tried: they need not be twice. */
enum { SEEN_BITS = 8192 };
struct seen {
	bool used;
	uint64_t bits[SEEN_BITS / 64];
};

static bool
seen_before(struct seen *s, const struct table *t, uint32_t gram)
{
	uint32_t at = slot_place(gram, t->mask);

	while (t->slots[at].key != gram)
		at = (at + 1) & t->mask;
	if (at >= SEEN_BITS)
		return false; /* tried again: slow, but right */
	if (!s->used)
		memset(s->bits, 0, sizeof(s->bits));
	s->used = true;
	if ((s->bits[at / 64] >> at % 64 & 1) != 0)
		return true;
	s->bits[at / 64] |= UINT64_C(1) << at % 64;
	return false;
}

/*
 * Whether the part between two '*' of a pattern, of which the gram is at `at`, stands there. False: if it matches at all,
 * then by another occurrence of its gram.
 */
static bool
part_fits(const struct ask *a, const struct rule *r, size_t at)
{
	struct tc_str p = rule_pattern(a->db, r), s = tc_str_of(a->lower, a->text.n);
	size_t k = r->gram_at, i = at;

	if ((r->flags & (RULE_CASE | RULE_REGEX)) != 0)
		return true;
	for (; k < p.n && p.p[k] != '*'; k++, i += i < s.n)
		if (i < s.n ? !fits(p.p[k], s.p[i]) : p.p[k] != '^') /* the end is a separator, too */
			return false;
	for (k = r->gram_at, i = at; k > 0 && p.p[k - 1] != '*'; k--, i--)
		if (i == 0 || !fits(p.p[k - 1], s.p[i - 1]))
			return false;
	return true;
}

/* A rule with '*' or a regular expression, of those in ref. Each is tried at all places at once. */
static const struct rule *
try_wild(const struct ask *a, uint32_t ref)
{
	while (ref != 0) {
		const struct rule *r = next_rule(a->db, &ref);

		if ((r->flags & RULE_WILD) != 0 && may_apply(a, r) && applies(a, r) && matches(a, r))
			return r;
	}
	return NULL;
}

/* The rules whose 4-gram is at `at`. */
static const struct rule *
try_gram(const struct ask *a, const struct index *x, size_t at, struct seen *seen)
{
	uint32_t gram = gram_read(a->lower + at), all = table_find(&x->grams, gram), ref = all;
	bool wild = false;

	while (ref != 0) {
		const struct rule *r = next_rule(a->db, &ref);

		if (!may_apply(a, r))
			continue;
		if ((r->flags & RULE_WILD) != 0)
			wild = wild || part_fits(a, r, at);
		else if (at >= r->gram_at && matches_at(a, r, at - r->gram_at) && applies(a, r))
			return r;
	}
	return wild && !seen_before(seen, &x->grams, gram) ? try_wild(a, all) : NULL;
}

/* Whether a slot may be of this gram: nearly always not. */
static inline bool
is_noted(const struct index *x, uint32_t gram)
{
	uint32_t bit = noted_bit(gram);

	return (x->noted[bit / 32] >> bit % 32 & 1) != 0;
}

/* The same for four grams in a row; eight bytes are there. */
static inline bool
none_noted(const struct index *x, const char *p)
{
	uint64_t bytes;

	memcpy(&bytes, p, sizeof(bytes));
	return !is_noted(x, gram_of(bytes, 0)) && !is_noted(x, gram_of(bytes, 1)) && !is_noted(x, gram_of(bytes, 2)) &&
	    !is_noted(x, gram_of(bytes, 3));
}

static const struct rule *
find_gram(const struct ask *a, const struct index *x)
{
	/* Grams in the scheme are nobody's key: begin at its ':'. */
	size_t at = a->host_at - 3, end = a->text.n >= 4 ? a->text.n - 3 : 0;
	const struct rule *r = NULL;
	struct seen seen;

	seen.used = false;
	if (x->grams.slots == NULL)
		return NULL;
	if (a->plain_host) {
		for (size_t i = 0; i < a->page->grams && r == NULL; i++)
			r = try_gram(a, x, at + a->page->gram_at[i], &seen);
		at = a->host_end - 3;
	}
	while (at < end && r == NULL) {
		if (at + 4 < end && none_noted(x, a->lower + at)) {
			at += 4;
			continue;
		}
		for (size_t stop = at + 4 < end ? at + 4 : end; at < stop && r == NULL; at++)
			if (is_noted(x, gram_read(a->lower + at)))
				r = try_gram(a, x, at, &seen);
	}
	return r;
}

static const struct rule *
find_key(const struct ask *a, const struct table *sites, uint32_t key)
{
	uint32_t ref = table_find(sites, key);

	while (ref != 0) {
		const struct rule *r = next_rule(a->db, &ref);

		if (may_apply(a, r) && applies(a, r) && matches(a, r))
			return r;
	}
	return NULL;
}

/* Rules that name host, or one above it, and have no better key. */
static const struct rule *
find_named(const struct ask *a, const struct index *x, struct tc_str host, uint32_t kind)
{
	const struct rule *r = NULL;
	uint32_t hash = HOST_HASH;

	for (size_t at = host.n; at-- > 0 && r == NULL;) {
		hash = host_hash_step(hash, host.p[at]);
		if (at == 0 || host.p[at - 1] == '.')
			r = find_key(a, &x->sites, hash ^ kind);
	}
	return r;
}

/* "google.*": by the host without its public suffix. */
static const struct rule *
find_entity(const struct ask *a, const struct index *x, struct tc_str host, struct tc_str domain, uint32_t kind)
{
	size_t name = tc_find_byte(domain, '.');

	if (domain.n == 0 || domain.n > host.n)
		return NULL;
	host.n -= domain.n - name;
	return find_named(a, x, host, kind ^ ENTITY_KEY);
}

/* Rules for this page, then those for this URL's host, then those about the name that is asked about. */
static const struct rule *
find_site(const struct ask *a, const struct index *x)
{
	struct tc_str page = a->page->host, host = a->url->host;
	const struct rule *r;

	if (x->sites.slots == NULL)
		return NULL;
	r = find_named(a, x, page, 0);
	if (r == NULL)
		r = find_entity(a, x, page, a->page->domain, 0);
	if (r == NULL && x->to)
		r = find_named(a, x, host, TO_KEY);
	if (r == NULL && x->to_entity) /* the public suffix of each URL's host: dear, and rare */
		r = find_entity(a, x, host, psl_domain(host), TO_KEY);
	for (size_t i = 0; i < 2 && r == NULL && a->change != NULL; i++)
		r = find_key(a, &x->sites, a->change->keys[i]);
	return r;
}

static const struct rule *
find_loose(const struct ask *a, const struct index *x)
{
	for (uint32_t i = 0; i < x->loose_count; i++) {
		const struct rule *r = &a->db->rules[x->loose[i]];

		if (may_apply(a, r) && applies(a, r) && matches(a, r))
			return r;
	}
	return NULL;
}

/* A rule of the index that matches and has the flags in need, or NULL. */
static const struct rule *
find(struct ask *a, const struct index *x, uint16_t need)
{
	const struct rule *r = NULL;

	if (need != 0 && !x->important)
		return NULL;
	a->need = need;
	if (!a->plain_host)
		r = find_host(a, x);
	if (r == NULL)
		r = find_gram(a, x);
	if (r == NULL && !a->plain_site)
		r = find_site(a, x);
	return r != NULL ? r : find_loose(a, x);
}

/* The first block rules are looked for knowing what match_page_ready() found; all later questions are rare. */
static const struct rule *
find_block(struct ask *a)
{
	const struct rule *r;

	a->plain_host = a->same_host && a->page->ready == a->db && a->page->plain_host;
	a->plain_site = a->page->ready == a->db && a->page->plain_site;
	r = find(a, &a->db->block, 0);
	a->plain_host = a->plain_site = false;
	return r;
}

/* ---- what all URLs of a page have in common ---- */

/* No slot of the table is for host, or one above it. kind: see find_named(). */
static bool
no_slot(const struct table *t, struct tc_str host, uint32_t kind)
{
	uint32_t hash = HOST_HASH;

	for (size_t at = host.n; at-- > 0;) {
		hash = host_hash_step(hash, host.p[at]);
		if ((at == 0 || host.p[at - 1] == '.') && table_find(t, hash ^ kind) != 0)
			return false;
	}
	return true;
}

/* Notes the grams in "://host" that are in a slot; false if there are too many. */
static bool
note_grams(struct match_page *page, const struct index *x)
{
	char text[3 + MATCH_HOST_MAX] = "://";
	struct tc_str host = page->host;

	page->grams = 0;
	if (host.n == 0 || host.n > MATCH_HOST_MAX)
		return false;
	memcpy(text + 3, host.p, host.n);
	for (size_t at = 0; at + 4 <= host.n + 3; at++)
		if (table_find(&x->grams, gram_read(text + at)) != 0) {
			if (page->grams == MATCH_PAGE_GRAMS)
				return false;
			page->gram_at[page->grams++] = (uint8_t)at;
		}
	return true;
}

void
match_page_ready(struct match_page *page, const struct match_db *db)
{
	const struct index *x = &db->block;
	struct tc_str entity = page->host;
	size_t name = tc_find_byte(page->domain, '.');

	/* a host in brackets is not followed by its path */
	page->plain_host = tc_find_byte(page->host, ':') == page->host.n && note_grams(page, x) &&
	    no_slot(&x->hosts, page->host, 0);
	entity.n -= page->domain.n <= page->host.n ? page->domain.n - name : 0;
	page->plain_site = !x->to && no_slot(&x->sites, page->host, 0) && no_slot(&x->sites, entity, ENTITY_KEY);
	page->ready = db;
}

/* ---- the verdict ---- */

static void
copy_lower(char *to, const char *from, size_t n)
{
	typedef uint8_t block __attribute__((vector_size(16)));
	size_t i = 0;

	for (; i + sizeof(block) <= n; i += sizeof(block)) {
		block x;

		memcpy(&x, from + i, sizeof(x));
		x |= (block)((x >= 'A') & (x <= 'Z')) & 0x20;
		memcpy(to + i, &x, sizeof(x));
	}
	for (; i < n; i++)
		to[i] = tc_lower(from[i]);
}

static const struct tc_str *
allowed_by(const struct match_page *page, struct tc_str host)
{
	for (size_t set = 0; set < 3; set++)
		for (size_t i = 0; i < page->allow[set].n; i++)
			if (page->allow[set].v[i].n > 0 && is_below(host, page->allow[set].v[i]))
				return &page->allow[set].v[i];
	return NULL;
}

static enum match_verdict
verdict(struct ask *a, struct match_result *out)
{
	const struct rule *block = find_block(a), *allow, *decides;
	const struct tc_str *host;

	if (block == NULL)
		return MATCH_NONE;
	*out = (struct match_result){.class = block->class, .pack = block->pack};
	host = allowed_by(a->page, a->url->host);
	if (host != NULL) {
		out->rule = *host;
		return MATCH_ALLOW;
	}
	allow = find(a, &a->db->allow, block->flags & RULE_IMPORTANT);
	if (allow != NULL && ((block->flags | allow->flags) & RULE_IMPORTANT) == 0) {
		const struct rule *important = find(a, &a->db->block, RULE_IMPORTANT);

		if (important != NULL) {
			block = important;
			allow = find(a, &a->db->allow, RULE_IMPORTANT);
		}
	}
	decides = allow != NULL ? allow : block;
	out->class = block->class;
	out->pack = block->pack;
	out->rule = tc_str_of(a->db->pool + decides->text, decides->text_n);
	return allow != NULL ? MATCH_ALLOW : MATCH_BLOCK;
}

/* Makes the question about a->url ready: lower is room for its text. */
static void
ready(struct ask *a, char *lower)
{
	const struct url *url = a->url;

	copy_lower(lower, url->text.p, url->text.n);
	a->text = url->text;
	a->lower = lower;
	a->host_at = (size_t)(url->host.p - url->text.p);
	a->host_end = a->host_at + url->host.n;
	if (a->text.p[a->host_at - 1] == '[') {
		a->host_at--;
		a->host_end++;
	}
	a->same_host = tc_eq(url->host, a->page->host);
	a->party = a->same_host || is_below(url->host, a->page->domain) ? RULE_FIRST : RULE_THIRD;
}

/* One reading of a URL. */
static enum match_verdict
ask(struct ask *a, char *lower, struct match_result *out)
{
	ready(a, lower);
	out->verdict = verdict(a, out);
	return out->verdict;
}

/*
 * Rules name no ports, but "http://t.example:443/t.js" is the tracker's too: what has a port is read without it as
 * well. Rare: the scheme's own port was taken off before.
 */
static enum match_verdict
ask_without_port(struct ask *a, char *lower, struct match_result *out)
{
	const struct url *url = a->url;
	char text[URL_MAX];
	size_t front = (size_t)(url->host.p - url->text.p) + url->host.n, back;
	struct url bare = *url;
	enum match_verdict v;

	front += front < url->text.n && url->text.p[front] == ']';
	back = front + 1 + url->port.n;
	assert(back <= url->text.n);
	memcpy(text, url->text.p, front);
	memcpy(text + front, url->text.p + back, url->text.n - back);
	bare.text = tc_str_of(text, front + url->text.n - back);
	bare.host = tc_str_of(text + (url->host.p - url->text.p), url->host.n);
	bare.port = (struct tc_str){NULL, 0};
	a->url = &bare;
	v = ask(a, lower, out);
	a->url = url;
	return v;
}

bool
match_abroad(const struct match_page *page, const struct url *url)
{
	bool abroad = page->only != NULL && !tc_eq(url->host, page->host) && !is_below(url->host, page->domain);

	for (size_t i = 0; abroad && i < page->only->n; i++)
		abroad = !is_below(url->host, page->only->v[i]);
	return abroad;
}

enum match_verdict
match_url(const struct match_db *db, const struct match_page *page, const struct url *url, enum match_type type,
    struct match_result *out)
{
	char lower[URL_MAX];
	struct ask a = {
		.db = db,
		.page = page,
		.url = url,
		.type = (uint16_t)type,
	};

	assert(db->built && url->text.n <= sizeof(lower));
	*out = (struct match_result){.verdict = MATCH_NONE};
	if (url->scheme < URL_HTTP || url->scheme > URL_WSS)
		return out->verdict;
	if (page->denied != 0 && ask(&a, lower, out) == MATCH_NONE && url->port.n > 0)
		(void)ask_without_port(&a, lower, out);
	if (out->verdict != MATCH_BLOCK && match_abroad(page, url)) /* whatever a list says in its favour */
		*out = (struct match_result){.verdict = MATCH_BLOCK, .class = TC_UNKNOWN, .pack = TC_PACK_BUILT_IN};
	return out->verdict;
}

const struct rule *
match_change(const struct match_db *db, const struct match_page *page, const struct url *url, enum match_type type,
    const struct change_ask *q, bool important)
{
	char lower[URL_MAX];
	struct ask a = {.db = db, .page = page, .url = url, .type = (uint16_t)type, .change = q};

	assert(url->text.n <= sizeof(lower));
	ready(&a, lower);
	return find(&a, &db->change, important ? RULE_IMPORTANT : 0);
}
