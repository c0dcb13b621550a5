/*
 * build.c: from the text of filter lists to the tables of db.h. Runs off the request path, once per snapshot.
 *
 * Lists are written by strangers: every count and length has a limit, and what goes beyond is counted as
 * skipped. Each rule gets one place where it will be looked for:
 *
 *	||host^...                     hosts, by the host
 *	a literal of 4 bytes           grams, by the rarest of its 4-grams
 *	neither, but $domain=          sites, by each domain of the page
 *	nothing of these               loose, 16 of them at most
 */
#include <assert.h>

#include "db.h"
#include "grams.h"
#include "pack.h"

enum {
	LINE_MAX_N = 8192,
	RULES_MAX = 4 * 1000 * 1000,
	DOMAINS_MAX = 8 * 1000 * 1000,
	POOL_MAX = 1 << 30,
	IF_DEPTH = 16,
};

const char *const match_skip_names[MATCH_SKIP_COUNT] = {
#define X(e, name) name,
    MATCH_SKIPS(X)
#undef X
};

static const struct tc_str class_names[TC_CLASS_COUNT] = {
#define X(e, name) TC_STR_INIT(name),
    TC_CLASSES(X)
#undef X
};

/* ---- memory ---- */

/* The array with room for `more` items beyond n, maybe moved; NULL when memory ends: then nothing has changed. */
static void *
grown(void *array, size_t size, uint32_t n, uint32_t more, uint32_t *room)
{
	uint64_t want = (uint64_t)n + more;
	void *p;

	if (want <= *room)
		return array;
	want = want < 1024 ? 1024 : want + want / 2;
	if (want > UINT32_MAX)
		return NULL;
	p = realloc(array, (size_t)want * size);
	if (p != NULL)
		*room = (uint32_t)want;
	return p;
}

/* 0, or -1. */
static int
rules_room(struct match_db *db, uint32_t more)
{
	struct rule *p = grown(db->rules, sizeof(*p), db->rule_count, more, &db->rule_room);

	db->rules = p != NULL ? p : db->rules;
	return p != NULL ? 0 : -1;
}

static int
domains_room(struct match_db *db, uint32_t more)
{
	struct domain *p = grown(db->domains, sizeof(*p), db->domain_count, more, &db->domain_room);

	db->domains = p != NULL ? p : db->domains;
	return p != NULL ? 0 : -1;
}

static int
pool_room(struct match_db *db, uint32_t more)
{
	char *p = grown(db->pool, sizeof(*p), db->pool_n, more, &db->pool_room);

	db->pool = p != NULL ? p : db->pool;
	return p != NULL ? 0 : -1;
}

static int
refs_room(struct match_db *db, uint32_t more)
{
	uint32_t *p = grown(db->refs, sizeof(*p), db->ref_count, more, &db->ref_room);

	db->refs = p != NULL ? p : db->refs;
	return p != NULL ? 0 : -1;
}

/* The array without what was only in reserve. */
static void *
shrunk(void *array, size_t size, uint32_t n, uint32_t *room)
{
	void *p = n > 0 && n < *room ? realloc(array, n * size) : NULL;

	if (p == NULL)
		return array;
	*room = n;
	return p;
}

struct match_db *
match_new(void)
{
	struct match_db *db = calloc(1, sizeof(*db));
	static const struct domain none = {0};

	if (db == NULL)
		return NULL;
	/* Number 0 means "none" in domains and refs. */
	if (domains_room(db, 1) == -1 || refs_room(db, 1) == -1) {
		match_destroy(&db);
		return NULL;
	}
	db->domains[db->domain_count++] = none;
	db->refs[db->ref_count++] = 0;
	return db;
}

static void
index_free(struct index *x)
{
	free(x->hosts.slots);
	free(x->grams.slots);
	free(x->sites.slots);
}

void
match_destroy(struct match_db **db)
{
	if (*db == NULL)
		return;
	index_free(&(*db)->block);
	index_free(&(*db)->allow);
	free((*db)->rules);
	free((*db)->domains);
	free((*db)->pool);
	free((*db)->refs);
	free((*db)->bad);
	free(*db);
	*db = NULL;
}

const struct match_stats *
match_stats(const struct match_db *db)
{
	return &db->stats;
}

/* Adds text to the pool, in lower case if asked; its offset in *at. There must be room. */
static uint32_t
pool_add(struct match_db *db, struct tc_str s, bool lower)
{
	uint32_t at = db->pool_n;

	assert(db->pool_room - at >= s.n);
	for (size_t i = 0; i < s.n; i++)
		db->pool[at + i] = lower ? tc_lower(s.p[i]) : s.p[i];
	db->pool_n += (uint32_t)s.n;
	return at;
}

static bool
has_capital(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return true;
	return false;
}

/* ---- domain=, to=, denyallow= ---- */

static int
add_domain(struct match_db *db, struct tc_str item, unsigned flags)
{
	struct domain d = {0};
	char colon = '.'; /* ':' in [v6] */

	if (item.n > 0 && item.p[0] == '~') {
		flags |= DOMAIN_NOT;
		tc_skip(&item, 1);
	}
	if (tc_ends(item, TC_STR(".*"))) {
		flags |= DOMAIN_ENTITY;
		item.n -= 2;
	}
	if (item.n > 2 && item.p[0] == '[' && item.p[item.n - 1] == ']') {
		item = tc_str_of(item.p + 1, item.n - 2);
		colon = ':';
	}
	if (item.n == 0 || item.n > 255 || ((flags & DOMAIN_DENY) != 0 && (flags & DOMAIN_NOT) != 0))
		return MATCH_SKIP_MALFORMED;
	for (size_t i = 0; i < item.n; i++)
		if (!is_host_byte(tc_lower(item.p[i])) && item.p[i] != colon)
			return item.p[0] == '/' ? MATCH_SKIP_REGEX : MATCH_SKIP_MALFORMED;
	d.text = pool_add(db, item, true);
	d.n = (uint16_t)item.n;
	d.flags = (uint16_t)flags;
	db->domains[db->domain_count++] = d;
	return -1;
}

/* Adds the items of one option. -1, or why the rule must be skipped. */
static int
add_domain_list(struct match_db *db, struct tc_str list, unsigned flags)
{
	int why = -1;

	while (list.p != NULL && why == -1)
		why = add_domain(db, tc_next(&list, '|'), flags);
	return why;
}

static int
add_domains(struct match_db *db, const struct line *l, struct rule *r)
{
	uint32_t first = db->domain_count;
	int why = add_domain_list(db, l->from, 0);

	if (why == -1)
		why = add_domain_list(db, l->to, DOMAIN_TO);
	if (why == -1)
		why = add_domain_list(db, l->deny, DOMAIN_DENY);
	if (why != -1 || db->domain_count == first) {
		db->domain_count = first;
		return why;
	}
	db->domains[db->domain_count - 1].flags |= DOMAIN_LAST;
	r->domains = first;
	return -1;
}

/* ---- rules ---- */

/*
 * Bytes of the host at the front of a "||" pattern that ends there; 0: it may go on. "||t.co" alone is the host, not
 * the beginning of "t.company.example"; "||google." and "||ads-" are beginnings.
 */
static size_t
whole_host(struct tc_str pattern)
{
	size_t n = 0;

	if (pattern.n > 0 && pattern.p[0] == '[') /* [v6] */
		n = tc_find_byte(pattern, ']') + 1;
	while (n < pattern.n && is_host_byte(tc_lower(pattern.p[n])))
		n++;
	if (n == 0 || n > 255 || n > pattern.n || (n < pattern.n && strchr("^/:?", pattern.p[n]) == NULL))
		return 0;
	if (n == pattern.n && (memchr(pattern.p, '.', n) == NULL || strchr("-_", pattern.p[n - 1]) != NULL))
		return 0;
	/* "||host.^" and "||.host^" are something else. */
	return pattern.p[n - 1] == '.' || pattern.p[0] == '.' ? 0 : n;
}

/*
 * "@@||host^$document": no rule applies on pages of the host. Pages are known by their host alone, so it becomes an
 * exception for everything with domain=host.
 */
static void
read_page_exception(struct line *l)
{
	size_t n = whole_host(l->pattern);

	if ((l->flags & RULE_EXCEPTION) == 0 || (l->types & MATCH_DOCUMENT) == 0 || n == 0 || n + 1 != l->pattern.n ||
	    l->pattern.p[n] != '^' || l->from.p != NULL || (l->flags & RULE_HOST) == 0)
		return;
	l->from = tc_str_of(l->pattern.p, n);
	l->pattern.n = 0;
	l->flags &= (uint16_t)~(RULE_HOST | RULE_SEPARATOR);
	l->types = MATCH_OTHER * 2 - 1;
}

static int
make_room(struct match_db *db, struct tc_str text)
{
	/* The text, its pattern and its domains in lower case, and no more domains than bytes. */
	if (rules_room(db, 1) == -1 || pool_room(db, (uint32_t)text.n * 3) == -1)
		return -1;
	return domains_room(db, (uint32_t)text.n);
}

/* Adds the rule that line l holds; text is the line. There must be room. -1, or why it is skipped. */
static int
add_rule(struct match_db *db, struct line *l, struct tc_str text, enum tc_pack pack, enum tc_class class)
{
	uint32_t pool_n = db->pool_n;
	struct rule r = {.text_n = (uint16_t)text.n, .class = (uint8_t) class, .pack = (uint8_t)pack};
	int why;

	read_page_exception(l);
	r.types = l->types;
	r.flags = l->flags;
	r.pattern_n = (uint16_t)l->pattern.n;
	r.text = pool_add(db, text, false);
	r.pattern = r.text + (uint32_t)(l->pattern.n > 0 ? l->pattern.p - text.p : 0);
	if ((r.flags & RULE_CASE) == 0 && has_capital(l->pattern))
		r.pattern = pool_add(db, l->pattern, true);
	if ((r.flags & RULE_HOST) != 0 && (r.flags & RULE_CASE) == 0)
		r.host_n = (uint8_t)whole_host(l->pattern);
	if (r.host_n > 0)
		r.flags |= RULE_WHOLE;
	why = add_domains(db, l, &r);
	if (why != -1) {
		db->pool_n = pool_n;
		return why;
	}
	db->rules[db->rule_count++] = r;
	return -1;
}

static int
add_bad(struct match_db *db, uint64_t key)
{
	uint64_t *p = grown(db->bad, sizeof(*p), db->bad_count, 1, &db->bad_room);

	if (p == NULL)
		return -1;
	db->bad = p;
	db->bad[db->bad_count++] = key;
	return 0;
}

/* ---- lists ---- */

/* Where the reader of a list is. */
struct list {
	struct match_db *db;
	enum tc_pack pack;
	enum tc_class class;
	bool hosts;             /* a hosts file: a bare name is a host, not a piece of text */
	unsigned depth, hidden; /* of !#if; lines are left out while hidden > 0: its depth then */
};

static int
add_line(struct list *s, struct tc_str text)
{
	struct match_db *db = s->db;
	struct line l = {.kind = LINE_SKIP, .why = MATCH_SKIP_LIMIT};
	int why = -1;

	if (text.n <= LINE_MAX_N)
		line_read(&l, text);
	if (db->rule_count >= RULES_MAX || db->domain_count >= DOMAINS_MAX ||
	    db->pool_n > POOL_MAX - 3 * LINE_MAX_N)
		why = MATCH_SKIP_LIMIT;
	else if (l.kind == LINE_SKIP)
		why = (int)l.why;
	else if (make_room(db, text) == -1)
		return -1;
	else if (l.kind == LINE_BAD)
		return add_bad(db, l.key);
	else
		why = add_rule(db, &l, text, s->pack, s->class);
	if (why != -1)
		db->stats.skipped[why]++;
	return 0;
}

/* Adds "||host^". */
static int
add_host(struct list *s, struct tc_str host)
{
	char text[260];

	if (host.n > 253 || tc_find_byte(host, '.') == host.n || tc_eq(host, TC_STR("0.0.0.0")))
		return 0; /* localhost, broadcasthost, ip6-loopback */
	memcpy(text, "||", 2);
	memcpy(text + 2, host.p, host.n);
	text[host.n + 2] = '^';
	return add_line(s, tc_str_of(text, host.n + 3));
}

/* Cuts the next word off the front of *rest; n = 0 after the last. */
static struct tc_str
next_word(struct tc_str *rest)
{
	size_t n = 0;
	struct tc_str word;

	*rest = tc_trim(*rest);
	while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
		n++;
	word = tc_str_of(rest->p, n);
	tc_skip(rest, n);
	return word;
}

/* Whether a line of a hosts file begins with this word. */
static bool
is_sink(struct tc_str word)
{
	static const struct tc_str addresses[] = {TC_STR_INIT("0.0.0.0"), TC_STR_INIT("127.0.0.1"), TC_STR_INIT("::"),
	    TC_STR_INIT("::1")};

	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		if (tc_eq(word, addresses[i]))
			return true;
	return false;
}

/* "0.0.0.0 host host # why": 1 if it was one, 0 if not, -1 when memory ends. */
static int
add_hosts_line(struct list *s, struct tc_str line)
{
	struct tc_str rest = line, host;

	if (!is_sink(next_word(&rest)) || rest.n == 0)
		return 0;
	rest.n = tc_find_byte(rest, '#');
	for (host = next_word(&rest); host.n > 0; host = next_word(&rest))
		if (add_host(s, host) == -1)
			return -1;
	return 1;
}

/* What "!#if" may ask. Others are false. We are no extension of a browser. */
static bool
condition_holds(struct tc_str s)
{
	/* "a && b || !c": what has parentheses is false. */
	if (tc_find_byte(s, '(') < s.n)
		return false;
	while (s.n > 0) {
		size_t either = tc_find(s, TC_STR("||"));
		struct tc_str all = tc_str_of(s.p, either);
		bool holds = true;

		while (all.n > 0) {
			size_t both = tc_find(all, TC_STR("&&"));
			struct tc_str word = tc_trim(tc_str_of(all.p, both));

			if (word.n == 0 || word.p[0] != '!' || tc_eq(word, TC_STR("!cap_html_filtering")))
				holds = holds && tc_eq(word, TC_STR("cap_html_filtering"));
			tc_skip(&all, both < all.n ? both + 2 : both);
		}
		if (holds)
			return true;
		tc_skip(&s, either < s.n ? either + 2 : either);
	}
	return false;
}

static void
read_directive(struct list *s, struct tc_str line)
{
	if (tc_starts(line, TC_STR("!#if"))) {
		tc_skip(&line, 4);
		s->depth++;
		if (s->hidden == 0 && !condition_holds(tc_trim(line)))
			s->hidden = s->depth;
	} else if (tc_starts(line, TC_STR("!#else"))) {
		if (s->hidden == s->depth)
			s->hidden = 0;
		else if (s->hidden == 0 && s->depth > 0)
			s->hidden = s->depth;
	} else if (tc_starts(line, TC_STR("!#endif"))) {
		if (s->hidden == s->depth)
			s->hidden = 0;
		s->depth -= s->depth > 0;
	} else if (tc_starts(line, TC_STR("!#include")) && s->hidden == 0) {
		s->db->stats.skipped[MATCH_SKIP_INCLUDE]++;
	}
}

/* "! Class: NAME" */
static void
read_comment(struct list *s, struct tc_str line)
{
	tc_skip(&line, 1);
	line = tc_trim(line);
	if (!tc_istarts(line, TC_STR("class:")))
		return;
	tc_skip(&line, 6);
	line = tc_trim(line);
	for (int class = 0; class < TC_CLASS_COUNT; class++)
		if (tc_ieq(line, class_names[class]))
			s->class = (enum tc_class) class;
}

/* Whether s can only be a host: labels with a dot between them. */
static bool
is_host_name(struct tc_str s)
{
	if (s.n == 0 || tc_find_byte(s, '.') == s.n || strchr(".-_", s.p[0]) != NULL || strchr(".-_", s.p[s.n - 1]) != NULL)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_host_byte(tc_lower(s.p[i])))
			return false;
	return true;
}

/* The host in a line that holds nothing else but a comment; n = 0 if it is another line. */
static struct tc_str
bare_host(struct tc_str line)
{
	struct tc_str word = next_word(&line);

	line = tc_trim(line);
	if (!is_host_name(word) || (line.n > 0 && line.p[0] != '#'))
		word.n = 0;
	return word;
}

/* One line, trimmed, not empty. */
static int
read_line(struct list *s, struct tc_str line)
{
	int hosts;

	if (tc_starts(line, TC_STR("!#"))) {
		read_directive(s, line);
		return 0;
	}
	if (s->hidden > 0)
		return 0;
	if (line.p[0] == '!') {
		read_comment(s, line);
		return 0;
	}
	/* "[Adblock Plus 2.0]", and comments of hosts files. */
	if (line.p[0] == '[' || (line.p[0] == '#' && (line.n == 1 || strchr("#@?$%", line.p[1]) == NULL)))
		return 0;
	hosts = add_hosts_line(s, line);
	if (hosts != 0)
		return hosts < 0 ? -1 : 0;
	return s->hosts ? add_host(s, bare_host(line)) : add_line(s, line);
}

static struct tc_str
next_line(struct tc_str *rest)
{
	struct tc_str line = tc_next(rest, '\n');

	while (line.n > 0 && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		line.n--;
	return line;
}

/* Whether a list holds nothing but hosts, with or without address, and comments with '#'. */
static bool
is_hosts_file(struct tc_str text)
{
	while (text.p != NULL) {
		struct tc_str line = next_line(&text), rest = line;

		if (line.n == 0 || (line.p[0] == '#' && !tc_starts(line, TC_STR("##"))))
			continue;
		if (bare_host(line).n == 0 && !is_sink(next_word(&rest)))
			return false;
	}
	return true;
}

int
match_add(struct match_db *db, struct tc_str text, enum tc_pack pack, enum tc_class class)
{
	struct list s = {.db = db, .pack = pack, .class = class};

	assert(!db->built);
	if (tc_starts(text, TC_STR("\xef\xbb\xbf")))
		tc_skip(&text, 3);
	if (text.n > MATCH_LIST_MAX) {
		text.n = MATCH_LIST_MAX;
		db->stats.skipped[MATCH_SKIP_LIMIT]++;
	}
	s.hosts = is_hosts_file(text);
	if (text.n == 0)
		return 0;
	while (text.p != NULL) {
		struct tc_str line = next_line(&text);

		if (line.n > 0 && read_line(&s, line) == -1)
			return -1;
	}
	return 0;
}

int
match_add_built_in(struct match_db *db)
{
	return match_add(db, pack_rules, TC_PACK_BUILT_IN, TC_ADVERTISING);
}

/* ---- tables ---- */

/* A table under construction: chains of rules, later written to refs. */
struct link {
	uint32_t rule, next; /* next: number of a link, or 0 */
};

struct chains {
	struct slot *slots; /* ref: number of the first link */
	struct link *links; /* number 0 is not used */
	uint32_t count, room, keys, mask;
};

/* Doubles the slots when they are half full. On failure nothing has changed. */
static int
chains_room(struct chains *c)
{
	uint32_t mask = c->mask * 2 + 1;
	struct slot *slots;

	if (c->slots != NULL && c->keys * 2 < c->mask)
		return 0;
	mask = c->slots == NULL ? 63 : mask;
	slots = calloc((size_t)mask + 1, sizeof(*slots));
	if (slots == NULL)
		return -1;
	for (uint32_t i = 0; c->slots != NULL && i <= c->mask; i++) {
		uint32_t at = slot_place(c->slots[i].key, mask);

		if (c->slots[i].ref == 0)
			continue;
		while (slots[at].ref != 0)
			at = (at + 1) & mask;
		slots[at] = c->slots[i];
	}
	free(c->slots);
	c->slots = slots;
	c->mask = mask;
	return 0;
}

static struct slot *
chains_slot(const struct chains *c, uint32_t key)
{
	uint32_t i = slot_place(key, c->mask);

	while (c->slots[i].ref != 0 && c->slots[i].key != key)
		i = (i + 1) & c->mask;
	return &c->slots[i];
}

static int
chains_add(struct chains *c, uint32_t key, uint32_t rule)
{
	struct link *links;
	struct slot *s;

	c->count += c->count == 0; /* number 0 is nothing */
	links = grown(c->links, sizeof(*links), c->count, 1, &c->room);
	if (links == NULL)
		return -1;
	c->links = links;
	if (chains_room(c) == -1)
		return -1;
	s = chains_slot(c, key);
	c->keys += s->ref == 0;
	c->links[c->count] = (struct link){rule, s->ref};
	*s = (struct slot){key, c->count++};
	return 0;
}

static uint32_t
chain_length(const struct chains *c, uint32_t link)
{
	uint32_t n = 0;

	for (; link != 0; link = c->links[link].next)
		n++;
	return n;
}

/* Writes a chain to refs, first come first; returns the slot's ref. There must be room. */
static uint32_t
write_chain(struct match_db *db, const struct chains *c, uint32_t link)
{
	uint32_t n = chain_length(c, link), at = db->ref_count, wild = 0;

	if (n == 1) {
		wild = (db->rules[c->links[link].rule].flags & RULE_WILD) != 0 ? REF_WILD : 0;
		return c->links[link].rule | REF_ONE | wild;
	}
	db->ref_count += n;
	for (uint32_t i = n; i-- > 0; link = c->links[link].next) {
		db->refs[at + i] = c->links[link].rule | (i + 1 == n ? REF_LAST : 0);
		if ((db->rules[c->links[link].rule].flags & RULE_WILD) != 0)
			wild = REF_WILD;
	}
	return at | wild;
}

/* Turns chains into a table that is only read; the chains are gone. */
static int
write_table(struct match_db *db, struct chains *c, struct table *t)
{
	int result = 0;

	if (c->slots != NULL && refs_room(db, c->count) == -1)
		result = -1;
	for (uint32_t i = 0; c->slots != NULL && result == 0 && i <= c->mask; i++)
		if (c->slots[i].ref != 0)
			c->slots[i].ref = write_chain(db, c, c->slots[i].ref);
	t->slots = c->slots;
	t->mask = c->mask;
	free(c->links);
	*c = (struct chains){0};
	return result;
}

/* ---- the key of each rule ---- */

/* How common each 4-gram is, by its bit; and how many rules use it already. */
struct weights {
	uint16_t common[GRAM_BITS], used[GRAM_BITS];
};

static struct weights *
weights_new(void)
{
	struct weights *w = calloc(1, sizeof(*w));
	uint16_t n = sizeof(common_grams) / 4;

	for (uint16_t i = 0; w != NULL && i < n; i++)
		w->common[gram_bit(gram_read(common_grams + 4 * (size_t)i))] = (uint16_t)(1000 + n - i);
	return w;
}

/*
 * Chooses the place in the pattern whose four bytes are the rarest; -1 if there are none. Only the scheme's own
 * bytes are never looked at in a URL.
 */
static int
rarest_gram(const struct match_db *db, const struct rule *r, const struct weights *w)
{
	static const char *const schemes[] = {"http", "ttps", "tps:", "ps:/", "ttp:", "tp:/", "wss:", "ss:/", "ws:/",
	    "s://", "p://"};
	char text[256];
	size_t n = r->pattern_n < sizeof(text) ? r->pattern_n : sizeof(text);
	unsigned best = UINT32_MAX;
	int at = -1;

	for (size_t i = 0; i < n; i++)
		text[i] = tc_lower(db->pool[r->pattern + i]);
	for (size_t i = 0; i + 4 <= n; i++) {
		uint32_t bit = gram_bit(gram_read(text + i));
		unsigned weight = w->common[bit] * 8u + w->used[bit];
		bool usable = memchr(text + i, '*', 4) == NULL && memchr(text + i, '^', 4) == NULL;

		for (size_t k = 0; k < sizeof(schemes) / sizeof(*schemes); k++)
			usable = usable && memcmp(schemes[k], text + i, 4) != 0;
		if (usable && weight < best) {
			best = weight;
			at = (int)i;
		}
	}
	return at;
}

static uint32_t
host_hash(struct tc_str host)
{
	uint32_t h = HOST_HASH;

	for (size_t i = host.n; i-- > 0;)
		h = host_hash_step(h, tc_lower(host.p[i]));
	return h;
}

/* The tables of one index while they are built. */
struct building {
	struct index *index;
	struct chains hosts, grams, sites;
};

static int
place_gram(struct match_db *db, struct building *b, uint32_t number, int at, struct weights *w)
{
	struct rule *r = &db->rules[number];
	char text[4];
	uint32_t bit;

	for (int i = 0; i < 4; i++)
		text[i] = tc_lower(db->pool[r->pattern + (uint32_t)(at + i)]);
	bit = gram_bit(gram_read(text));
	r->gram_at = (uint8_t)at;
	if (w->used[bit] < UINT16_MAX)
		w->used[bit]++;
	b->index->bitmap[bit / 8] |= (uint8_t)(1u << bit % 8);
	return chains_add(&b->grams, gram_read(text), number);
}

/* By each domain the page may have; 1: it names none. */
static int
place_sites(struct match_db *db, struct building *b, uint32_t number)
{
	uint32_t i = db->rules[number].domains;
	int result = 1;

	if (i == 0)
		return result;
	for (bool last = false; !last; i++) {
		const struct domain *d = &db->domains[i];
		uint32_t key = host_hash(tc_str_of(db->pool + d->text, d->n));

		last = (d->flags & DOMAIN_LAST) != 0;
		if ((d->flags & (DOMAIN_NOT | DOMAIN_TO | DOMAIN_DENY)) != 0)
			continue;
		result = 0;
		if (chains_add(&b->sites, (d->flags & DOMAIN_ENTITY) != 0 ? key ^ ENTITY_KEY : key, number) == -1)
			return -1;
	}
	return result;
}

/* Gives one rule its place. 0, 1 if there is none for it, or -1 when memory ends. */
static int
place_rule(struct match_db *db, struct building *b, uint32_t number, struct weights *w)
{
	const struct rule *r = &db->rules[number];
	int at, result;

	if ((r->flags & RULE_WHOLE) != 0)
		return chains_add(&b->hosts, host_hash(tc_str_of(db->pool + r->pattern, r->host_n)), number);
	at = rarest_gram(db, r, w);
	if (at >= 0)
		return place_gram(db, b, number, at, w);
	result = place_sites(db, b, number);
	if (result != 1 || b->index->loose_count == LOOSE_MAX)
		return result;
	b->index->loose[b->index->loose_count++] = number;
	return 0;
}

/* ---- $badfilter ---- */

static int
by_key(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Whether a $badfilter rule takes this one away. */
static bool
is_removed(const struct match_db *db, const struct rule *r)
{
	struct line l;

	if (db->bad_count == 0)
		return false;
	line_read(&l, tc_str_of(db->pool + r->text, r->text_n));
	return bsearch(&l.key, db->bad, db->bad_count, sizeof(*db->bad), by_key) != NULL;
}

/* ---- the whole ---- */

static int
place_all(struct match_db *db, struct building *block, struct building *allow, struct weights *w)
{
	for (uint32_t i = 0; i < db->rule_count; i++) {
		const struct rule *r = &db->rules[i];
		struct building *b = (r->flags & RULE_EXCEPTION) != 0 ? allow : block;
		int result;

		if (is_removed(db, r)) {
			db->stats.skipped[MATCH_SKIP_REMOVED]++;
			continue;
		}
		result = place_rule(db, b, i, w);
		if (result == -1)
			return -1;
		if (result == 1) {
			db->stats.skipped[MATCH_SKIP_NO_LITERAL]++;
			continue;
		}
		db->stats.rules[r->pack]++;
		b->index->important = b->index->important || (r->flags & RULE_IMPORTANT) != 0;
	}
	return 0;
}

static int
write_index(struct match_db *db, struct building *b)
{
	int hosts = write_table(db, &b->hosts, &b->index->hosts);
	int grams = write_table(db, &b->grams, &b->index->grams);
	int sites = write_table(db, &b->sites, &b->index->sites);

	return hosts + grams + sites == 0 ? 0 : -1;
}

static size_t
table_bytes(const struct table *t)
{
	return t->slots != NULL ? ((size_t)t->mask + 1) * sizeof(*t->slots) : 0;
}

static size_t
index_bytes(const struct index *x)
{
	return table_bytes(&x->hosts) + table_bytes(&x->grams) + table_bytes(&x->sites);
}

static void
finish(struct match_db *db)
{
	db->rules = shrunk(db->rules, sizeof(*db->rules), db->rule_count, &db->rule_room);
	db->domains = shrunk(db->domains, sizeof(*db->domains), db->domain_count, &db->domain_room);
	db->pool = shrunk(db->pool, 1, db->pool_n, &db->pool_room);
	db->refs = shrunk(db->refs, sizeof(*db->refs), db->ref_count, &db->ref_room);
	free(db->bad);
	db->bad = NULL;
	db->stats.bytes = sizeof(*db) + db->rule_room * sizeof(*db->rules) + db->domain_room * sizeof(*db->domains) +
	    db->pool_room + db->ref_room * sizeof(*db->refs) + index_bytes(&db->block) +
	    index_bytes(&db->allow);
	db->built = true;
}

int
match_build(struct match_db *db)
{
	struct building block = {.index = &db->block}, allow = {.index = &db->allow};
	struct weights *w = weights_new();
	int placed = -1, wrote;

	assert(!db->built);
	if (db->bad_count > 0)
		qsort(db->bad, db->bad_count, sizeof(*db->bad), by_key);
	if (w != NULL)
		placed = place_all(db, &block, &allow, w);
	free(w);
	/* Also after a failure: the tables take over the memory, and match_destroy() gives it back. */
	wrote = write_index(db, &block) + write_index(db, &allow);
	if (placed != 0 || wrote != 0)
		return -1;
	finish(db);
	return 0;
}
