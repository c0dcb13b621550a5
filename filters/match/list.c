/*
 * list.c: the lines of a filter list: adblock syntax or a hosts file, comments, "!#if" and "!#include". What is a rule goes
 * to rule_add().
 */
#include <assert.h>

#include "db.h"
#include "pack.h"

enum { IF_DEPTH = 16, INCLUDE_DEPTH = 4, INCLUDE_MAX = 64, FACT_MAX = 200 };

static const struct tc_str class_names[TC_CLASS_COUNT] = {
#define X(e, name) TC_STR_INIT(name),
    TC_CLASSES(X)
#undef X
};

/* Where the reader of a list is. */
struct list {
	struct match_db *db;
	enum tc_pack pack;
	enum tc_class class;
	const struct match_source *source; /* of "!#include"; NULL: none */
	unsigned inside, *included;        /* how deep this text is in others; how many there were */
	uint32_t number, line;             /* in db->lists; of lines so far */
	bool hosts;                        /* a hosts file: a bare name is a host, not a piece of text */
	unsigned depth, hidden;            /* of !#if; lines are left out while hidden > 0: its depth then */
};

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
	return rule_add(s->db, tc_str_of(text, host.n + 3), s->pack, s->class);
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

/* ---- "!#if" ---- */

/*
 * either := both { "||" both }        both := not { "&&" not }        not := { "!" } ( "(" either ")" | name )
 *
 * Names that we are not are false: no browser, no extension of one. What cannot be read is false.
 */
struct condition {
	struct tc_str rest;
	unsigned depth;
	bool bad;
};

static bool read_either(struct condition *c);

static bool
next_is(struct condition *c, struct tc_str mark)
{
	c->rest = tc_trim(c->rest);
	if (!tc_starts(c->rest, mark))
		return false;
	tc_skip(&c->rest, mark.n);
	return true;
}

static bool
is_name_byte(char c)
{
	return is_host_byte(tc_lower(c));
}

static bool
read_name(struct condition *c)
{
	size_t n = 0;
	struct tc_str name;

	while (n < c->rest.n && is_name_byte(c->rest.p[n]))
		n++;
	name = tc_str_of(c->rest.p, n);
	tc_skip(&c->rest, n);
	c->bad = c->bad || n == 0;
	return tc_eq(name, TC_STR("cap_html_filtering")) || tc_eq(name, TC_STR("true"));
}

static bool
read_not(struct condition *c)
{
	bool negated = false, holds;

	while (next_is(c, TC_STR("!")))
		negated = !negated;
	if (!next_is(c, TC_STR("(")))
		return read_name(c) != negated;
	c->bad = c->bad || ++c->depth > IF_DEPTH;
	holds = !c->bad && read_either(c) != negated;
	c->bad = c->bad || !next_is(c, TC_STR(")"));
	return holds;
}

static bool
read_both(struct condition *c)
{
	bool holds = read_not(c);

	while (!c->bad && next_is(c, TC_STR("&&")))
		holds = read_not(c) && holds;
	return holds;
}

static bool
read_either(struct condition *c)
{
	bool holds = read_both(c);

	while (!c->bad && next_is(c, TC_STR("||")))
		holds = read_both(c) || holds;
	return holds;
}

static bool
condition_holds(struct tc_str s)
{
	struct condition c = {.rest = s};
	bool holds = read_either(&c);

	return holds && !c.bad && tc_trim(c.rest).n == 0;
}

/* ---- directives ---- */

static int add_list(struct list *s, struct tc_str name, struct tc_str text);

/* "!#include NAME": the rules of another list stand here. */
static int
include(struct list *s, struct tc_str name)
{
	struct list inner = *s;
	struct tc_str text;
	int result;

	if (s->source == NULL || s->source->read == NULL || s->inside >= INCLUDE_DEPTH || *s->included >= INCLUDE_MAX ||
	    !s->source->read(s->source->arg, name, &text)) {
		rule_skip(s->db, MATCH_SKIP_INCLUDE);
		return 0;
	}
	++*s->included;
	inner.inside++;
	inner.depth = inner.hidden = 0;
	result = add_list(&inner, name, text);
	free((void *)(uintptr_t)text.p);
	return result;
}

static int
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
		tc_skip(&line, 9);
		return include(s, tc_trim(line));
	}
	return 0;
}

static void
read_class(struct list *s, struct tc_str name)
{
	for (int class = 0; class < TC_CLASS_COUNT; class++)
		if (tc_ieq(name, class_names[class]))
			s->class = (enum tc_class) class;
}

/* The value of "Key: value"; n = 0: it is another line. */
static struct tc_str
value_of(struct tc_str line, struct tc_str key)
{
	if (!tc_istarts(line, key) || line.n == key.n || line.p[key.n] != ':')
		return tc_str_of(NULL, 0);
	tc_skip(&line, key.n + 1);
	return tc_trim(line);
}

/* What a list says about itself, the first time. A date stands in for a version; "%timestamp%" is a template's. */
static int
read_facts(struct list *s, struct tc_str line)
{
	static const struct {
		struct tc_str key;
		size_t at;
	} facts[] = {
		{TC_STR_INIT("title"), offsetof(struct list_info, title)},
		{TC_STR_INIT("version"), offsetof(struct list_info, version)},
		{TC_STR_INIT("last modified"), offsetof(struct list_info, version)},
		{TC_STR_INIT("timeupdated"), offsetof(struct list_info, version)},
		{TC_STR_INIT("date"), offsetof(struct list_info, version)},
		{TC_STR_INIT("licence"), offsetof(struct list_info, licence)},
		{TC_STR_INIT("license"), offsetof(struct list_info, licence)},
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		struct list_text *to = (struct list_text *)((char *)&s->db->lists[s->number] + facts[i].at);
		struct tc_str value = value_of(line, facts[i].key);

		if (value.n > 0 && value.n <= FACT_MAX && value.p[0] != '%' && to->n == 0)
			return text_add(s->db, value, to);
	}
	return 0;
}

/* "! Class: NAME", "# Title: NAME" */
static int
read_comment(struct list *s, struct tc_str line)
{
	struct tc_str class;

	tc_skip(&line, 1);
	line = tc_trim(line);
	class = value_of(line, TC_STR("class"));
	if (class.n > 0)
		read_class(s, class);
	return read_facts(s, line);
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

	if (tc_starts(line, TC_STR("!#")))
		return read_directive(s, line);
	if (s->hidden > 0)
		return 0;
	if (line.p[0] == '!')
		return read_comment(s, line);
	/* "[Adblock Plus 2.0]", and comments of hosts files. */
	if (line.p[0] == '[')
		return 0;
	if (line.p[0] == '#' && (line.n == 1 || strchr("#@?$%", line.p[1]) == NULL))
		return read_facts(s, tc_trim(tc_str_of(line.p + 1, line.n - 1)));
	hosts = add_hosts_line(s, line);
	if (hosts != 0)
		return hosts < 0 ? -1 : 0;
	return s->hosts ? add_host(s, bare_host(line)) : rule_add(s->db, line, s->pack, s->class);
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

static int
add_text(struct list *s, struct tc_str text)
{
	if (tc_starts(text, TC_STR("\xef\xbb\xbf")))
		tc_skip(&text, 3);
	if (text.n > MATCH_LIST_MAX) {
		text.n = MATCH_LIST_MAX;
		rule_skip(s->db, MATCH_SKIP_LIMIT);
	}
	s->hosts = is_hosts_file(text);
	if (text.n == 0)
		return 0;
	while (text.p != NULL) {
		struct tc_str line = next_line(&text);

		s->line += s->line < PLACE_LINE;
		s->db->place = s->number << PLACE_LINE_BITS | (s->line < PLACE_LINE ? s->line : 0);
		if (line.n > 0 && read_line(s, line) == -1)
			return -1;
	}
	return 0;
}

/* A list of its own, in s->db->lists too; one that another includes knows which. */
static int
add_list(struct list *s, struct tc_str name, struct tc_str text)
{
	uint32_t outer = s->number;
	int number = list_begin(s->db, name, s->pack, s->class);
	struct list_info *info;

	if (number == -1)
		return -1;
	s->number = (uint32_t)number;
	s->line = 0;
	info = &s->db->lists[number];
	info->sum = block_sum(text.p, text.n);
	if (s->inside > 0)
		info->within = outer;
	if (s->source != NULL && s->source->digest != NULL) {
		s->source->digest(text, info->sha256);
		info->digested = 1;
	}
	if (add_text(s, text) == -1)
		return -1;
	info = &s->db->lists[number];
	info->lines = s->line;
	if (info->version.n == 0 && s->inside == 0 && s->source != NULL)
		return text_add(s->db, s->source->date, &info->version);
	return 0;
}

int
match_add_with(struct match_db *db, struct tc_str text, enum tc_pack pack, enum tc_class class,
    const struct match_source *source)
{
	unsigned included = 0;
	struct list s = {.db = db, .pack = pack, .class = class, .source = source, .included = &included};

	assert(!db->built);
	return add_list(&s, source != NULL ? source->name : tc_str_of(NULL, 0), text);
}

int
match_add(struct match_db *db, struct tc_str text, enum tc_pack pack, enum tc_class class)
{
	return match_add_with(db, text, pack, class, NULL);
}

int
match_add_built_in(struct match_db *db)
{
	return match_add_pack(db, NULL);
}

int
match_add_pack(struct match_db *db, void (*digest)(struct tc_str text, uint8_t out[MATCH_DIGEST_SIZE]))
{
	const struct match_source source = {.name = TC_STR("built-in"), .digest = digest};

	return match_add_with(db, pack_rules, TC_PACK_BUILT_IN, TC_ADVERTISING, &source);
}
