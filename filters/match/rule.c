/*
 * rule.c: reads one line of a filter list (adblock syntax; lists.md 6 and 7).
 *
 * A rule is never half applied: what we do not know, or cannot do, skips the rule, and the skip is counted.
 */
#include <assert.h>

#include "db.h"

enum {
	TYPES_ALL = MATCH_OTHER * 2 - 1,
	TYPES_DEFAULT = TYPES_ALL & ~MATCH_DOCUMENT,
	TYPE_INERT = MATCH_OTHER * 2, /* popups and the like: never asked for */
};

/* ---- options ---- */

enum option_kind {
	OPT_TYPE,  /* value: types */
	OPT_FLAG,  /* value: flags */
	OPT_PARTY, /* value: the party flag that stays */
	OPT_FROM,
	OPT_TO,
	OPT_DENY,
	OPT_METHOD,
	OPT_ALL,
	OPT_BAD,
	OPT_IGNORE,   /* changes nothing about whether the URL is blocked */
	OPT_PAGE,     /* of exceptions: nothing is blocked on pages of the host */
	OPT_CHANGE,   /* value: enum match_change */
	OPT_MODIFIER, /* a rule of another kind */
};

static const struct option {
	struct tc_str name;
	enum option_kind kind;
	uint16_t value;
	bool negatable, needs_value;
} options[] = {
	{TC_STR_INIT("third-party"), OPT_PARTY, RULE_THIRD, true, false},
	{TC_STR_INIT("3p"), OPT_PARTY, RULE_THIRD, true, false},
	{TC_STR_INIT("first-party"), OPT_PARTY, RULE_FIRST, true, false},
	{TC_STR_INIT("1p"), OPT_PARTY, RULE_FIRST, true, false},
	{TC_STR_INIT("domain"), OPT_FROM, 0, false, true},
	{TC_STR_INIT("from"), OPT_FROM, 0, false, true},
	{TC_STR_INIT("script"), OPT_TYPE, MATCH_SCRIPT, true, false},
	{TC_STR_INIT("image"), OPT_TYPE, MATCH_IMAGE, true, false},
	{TC_STR_INIT("img"), OPT_TYPE, MATCH_IMAGE, true, false},
	{TC_STR_INIT("xmlhttprequest"), OPT_TYPE, MATCH_XHR, true, false},
	{TC_STR_INIT("xhr"), OPT_TYPE, MATCH_XHR, true, false},
	{TC_STR_INIT("ping"), OPT_TYPE, MATCH_PING, true, false},
	{TC_STR_INIT("beacon"), OPT_TYPE, MATCH_PING, true, false},
	{TC_STR_INIT("subdocument"), OPT_TYPE, MATCH_SUBDOCUMENT, true, false},
	{TC_STR_INIT("frame"), OPT_TYPE, MATCH_SUBDOCUMENT, true, false},
	{TC_STR_INIT("stylesheet"), OPT_TYPE, MATCH_STYLESHEET, true, false},
	{TC_STR_INIT("css"), OPT_TYPE, MATCH_STYLESHEET, true, false},
	{TC_STR_INIT("object"), OPT_TYPE, MATCH_OBJECT, true, false},
	{TC_STR_INIT("object-subrequest"), OPT_TYPE, MATCH_OBJECT, true, false},
	{TC_STR_INIT("media"), OPT_TYPE, MATCH_MEDIA, true, false},
	{TC_STR_INIT("font"), OPT_TYPE, MATCH_FONT, true, false},
	{TC_STR_INIT("websocket"), OPT_TYPE, MATCH_WEBSOCKET, true, false},
	{TC_STR_INIT("other"), OPT_TYPE, MATCH_OTHER, true, false},
	{TC_STR_INIT("document"), OPT_TYPE, MATCH_DOCUMENT, true, false},
	{TC_STR_INIT("doc"), OPT_TYPE, MATCH_DOCUMENT, true, false},
	{TC_STR_INIT("popup"), OPT_TYPE, TYPE_INERT, true, false},
	{TC_STR_INIT("popunder"), OPT_TYPE, TYPE_INERT, true, false},
	{TC_STR_INIT("webrtc"), OPT_TYPE, TYPE_INERT, true, false},
	{TC_STR_INIT("elemhide"), OPT_TYPE, TYPE_INERT, true, false},
	{TC_STR_INIT("ehide"), OPT_TYPE, TYPE_INERT, true, false},
	{TC_STR_INIT("generichide"), OPT_TYPE, TYPE_INERT, true, false},
	{TC_STR_INIT("ghide"), OPT_TYPE, TYPE_INERT, true, false},
	{TC_STR_INIT("specifichide"), OPT_TYPE, TYPE_INERT, true, false},
	{TC_STR_INIT("shide"), OPT_TYPE, TYPE_INERT, true, false},
	{TC_STR_INIT("genericblock"), OPT_TYPE, TYPE_INERT, true, false},
	{TC_STR_INIT("all"), OPT_ALL, 0, false, false},
	{TC_STR_INIT("important"), OPT_FLAG, RULE_IMPORTANT, false, false},
	{TC_STR_INIT("match-case"), OPT_FLAG, RULE_CASE, false, false},
	{TC_STR_INIT("strict1p"), OPT_FLAG, RULE_SAME, false, false},
	{TC_STR_INIT("strict-first-party"), OPT_FLAG, RULE_SAME, false, false},
	{TC_STR_INIT("strict3p"), OPT_FLAG, RULE_OTHER, false, false},
	{TC_STR_INIT("strict-third-party"), OPT_FLAG, RULE_OTHER, false, false},
	{TC_STR_INIT("to"), OPT_TO, 0, false, true},
	{TC_STR_INIT("denyallow"), OPT_DENY, 0, false, true},
	{TC_STR_INIT("method"), OPT_METHOD, 0, false, true},
	{TC_STR_INIT("badfilter"), OPT_BAD, 0, false, false},
	/* What stands in for a blocked URL is ours to choose; the URL is blocked all the same. */
	{TC_STR_INIT("redirect"), OPT_IGNORE, 0, false, true},
	{TC_STR_INIT("rewrite"), OPT_IGNORE, 0, false, true},
	{TC_STR_INIT("empty"), OPT_IGNORE, 0, false, false},
	{TC_STR_INIT("mp4"), OPT_IGNORE, 0, false, false},
	{TC_STR_INIT("urlblock"), OPT_PAGE, 0, false, false},
	{TC_STR_INIT("redirect-rule"), OPT_CHANGE, MATCH_REDIRECT_RULE, false, false},
	{TC_STR_INIT("removeparam"), OPT_CHANGE, MATCH_REMOVEPARAM, false, false},
	{TC_STR_INIT("queryprune"), OPT_CHANGE, MATCH_REMOVEPARAM, false, false},
	{TC_STR_INIT("cookie"), OPT_CHANGE, MATCH_COOKIE, false, false},
	{TC_STR_INIT("csp"), OPT_CHANGE, MATCH_CSP, false, false},
	{TC_STR_INIT("removeheader"), OPT_CHANGE, MATCH_REMOVEHEADER, false, false},
	{TC_STR_INIT("permissions"), OPT_MODIFIER, 0, false, false},
	{TC_STR_INIT("header"), OPT_MODIFIER, 0, false, false},
	{TC_STR_INIT("replace"), OPT_MODIFIER, 0, false, false},
	{TC_STR_INIT("uritransform"), OPT_MODIFIER, 0, false, false},
	{TC_STR_INIT("urltransform"), OPT_MODIFIER, 0, false, false},
	{TC_STR_INIT("urlskip"), OPT_MODIFIER, 0, false, false},
	{TC_STR_INIT("inline-script"), OPT_MODIFIER, 0, false, false},
	{TC_STR_INIT("inline-font"), OPT_MODIFIER, 0, false, false},
	{TC_STR_INIT("cname"), OPT_MODIFIER, 0, false, false},
	{TC_STR_INIT("ipaddress"), OPT_MODIFIER, 0, false, false},
};

static const struct option *
option_find(struct tc_str name)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (tc_ieq(options[i].name, name))
			return &options[i];
	return NULL;
}

/* What has been read of a rule's options so far. */
struct reading {
	uint16_t with, without; /* types */
	bool all, bad;
};

static void
skip(struct line *l, enum match_skip why)
{
	l->kind = LINE_SKIP;
	l->why = why;
}

static const struct tc_str method_names[MATCH_METHOD_COUNT] = {TC_STR_INIT("get"), TC_STR_INIT("head"), TC_STR_INIT("post"),
    TC_STR_INIT("put"), TC_STR_INIT("delete"), TC_STR_INIT("patch"), TC_STR_INIT("options"), TC_STR_INIT("connect")};

/* method=get|head, method=~post: bits of those that it names or, if it names none, leaves. 0: it cannot be read. */
static uint16_t
read_methods(struct tc_str value)
{
	const uint16_t all = (1u << MATCH_METHOD_COUNT) - 1;
	uint16_t with = 0, without = 0;

	while (value.p != NULL) {
		struct tc_str item = tc_next(&value, '|');
		bool negated = item.n > 0 && item.p[0] == '~';
		uint16_t bit = 0;

		tc_skip(&item, negated);
		for (int i = 0; i < MATCH_METHOD_COUNT; i++)
			if (tc_ieq(item, method_names[i]))
				bit = (uint16_t)(1u << i);
		if (bit == 0)
			return 0;
		with |= negated ? 0 : bit;
		without |= negated ? bit : 0;
	}
	return (uint16_t)((with != 0 ? with : all) & ~without);
}

/* "/regex/" or "/regex/i": what is between the slashes, and whether there is an 'i'. */
static bool
read_regex(struct tc_str *s, bool *no_case)
{
	struct tc_str text = *s;

	*no_case = text.n > 3 && text.p[text.n - 1] == 'i' && text.p[text.n - 2] == '/';
	text.n -= *no_case;
	if (text.n < 3 || text.p[0] != '/' || text.p[text.n - 1] != '/')
		return false;
	*s = tc_str_of(text.p + 1, text.n - 2);
	return true;
}

/* Takes what a cookie is to have off the end of the value: "NAME;maxAge=3600". */
static void
read_softer(struct line *l, struct tc_str *value)
{
	size_t regex = value->n > 0 && value->p[0] == '/' ? change_regex_end(*value) : 0;
	struct tc_str whole = *value;
	struct match_softer to;

	value->n = regex > 0 ? regex : tc_find_byte(whole, ';');
	if (value->n == whole.n)
		return;
	if (!match_softer_read(whole, &to))
		skip(l, MATCH_SKIP_OPTION);
	l->change_flags |= CHANGE_SOFTENS;
}

/* The value of removeparam=, cookie= and their like. */
static void
read_change(struct line *l, enum match_change kind, struct tc_str value)
{
	size_t n = value.n;
	bool no_case = false;

	if ((l->flags & RULE_CHANGE) != 0 || n > 1024) {
		skip(l, MATCH_SKIP_MALFORMED);
		return;
	}
	l->flags |= RULE_CHANGE;
	l->change = kind;
	/* Without a value: all of them; but what would be added has to be there. */
	if (n == 0 && (kind == MATCH_CSP || kind == MATCH_REDIRECT_RULE || kind == MATCH_REMOVEHEADER) &&
	    (l->flags & RULE_EXCEPTION) == 0)
		skip(l, MATCH_SKIP_MALFORMED);
	if (kind == MATCH_REMOVEPARAM && n > 0 && value.p[0] == '~') {
		l->change_flags |= CHANGE_NOT;
		tc_skip(&value, 1);
	}
	if (kind == MATCH_COOKIE)
		read_softer(l, &value);
	if ((kind == MATCH_REMOVEPARAM || kind == MATCH_COOKIE) && read_regex(&value, &no_case))
		l->change_flags |= no_case ? CHANGE_REGEX | CHANGE_NO_CASE : CHANGE_REGEX;
	l->value = value;
}

static void
apply_option(struct line *l, struct reading *r, const struct option *o, bool negated, struct tc_str value)
{
	switch (o->kind) {
	case OPT_TYPE:
		if (negated)
			r->without |= o->value;
		else
			r->with |= o->value;
		break;
	case OPT_PARTY:
		l->flags &= (uint16_t)~(negated ? o->value : o->value ^ (RULE_FIRST | RULE_THIRD));
		break;
	case OPT_FLAG:
		l->flags |= o->value;
		break;
	case OPT_FROM:
		l->from = value;
		break;
	case OPT_TO:
		l->to = value;
		break;
	case OPT_DENY:
		l->deny = value;
		break;
	case OPT_METHOD:
		l->methods = read_methods(value);
		if (l->methods == 0)
			skip(l, MATCH_SKIP_OPTION);
		break;
	case OPT_ALL:
		r->all = true;
		break;
	case OPT_BAD:
		r->bad = true;
		break;
	case OPT_IGNORE:
		/* An exception from a redirect lets nothing through. */
		if ((l->flags & RULE_EXCEPTION) != 0)
			skip(l, MATCH_SKIP_MODIFIER);
		break;
	case OPT_PAGE:
		if ((l->flags & RULE_EXCEPTION) == 0)
			skip(l, MATCH_SKIP_OPTION);
		r->with |= MATCH_DOCUMENT;
		break;
	case OPT_CHANGE:
		read_change(l, (enum match_change)o->value, value);
		break;
	case OPT_MODIFIER:
		skip(l, MATCH_SKIP_MODIFIER);
		break;
	}
}

/* Order does not matter: the sum of the options' hashes is the same. */
static uint64_t
text_hash(struct tc_str s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)s.p[i]) * UINT64_C(0x100000001b3);
	return h ^ h >> 29;
}

static void
read_option(struct line *l, struct reading *r, struct tc_str text)
{
	bool negated = text.n > 0 && text.p[0] == '~';
	size_t eq = tc_find_byte(text, '=');
	struct tc_str name = tc_str_of(text.p + negated, eq - negated), value = {NULL, 0};
	const struct option *o;

	if (name.n > 0 && name.p[0] == '_') /* "_" and "___" say nothing */
		return;
	if (eq < text.n)
		value = tc_str_of(text.p + eq + 1, text.n - eq - 1);
	o = option_find(name);
	if (o == NULL || (negated && !o->negatable) ||
	    (o->kind != OPT_MODIFIER && o->kind != OPT_CHANGE && o->needs_value != (value.n > 0))) {
		skip(l, MATCH_SKIP_OPTION);
		return;
	}
	if (o->kind != OPT_BAD)
		l->key += text_hash(text);
	apply_option(l, r, o, negated, value);
}

/* The next option: up to a comma without a backslash. */
static struct tc_str
next_option(struct tc_str *rest)
{
	struct tc_str text = *rest;

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == ',' && (i == 0 || text.p[i - 1] != '\\')) {
			text.n = i;
			tc_skip(rest, i + 1);
			return tc_trim(text);
		}
	*rest = tc_str_of(NULL, 0);
	return tc_trim(text);
}

static void
read_options(struct line *l, struct tc_str text)
{
	struct reading r = {0};
	uint16_t usual;

	while (text.p != NULL && l->kind == LINE_RULE)
		read_option(l, &r, next_option(&text));
	if (l->kind != LINE_RULE)
		return;
	if (r.all)
		r.with = TYPES_ALL;
	usual = (l->flags & RULE_CHANGE) != 0 ? TYPES_ALL : TYPES_DEFAULT;
	if ((l->flags & (RULE_CHANGE | RULE_EXCEPTION)) == RULE_CHANGE && l->change == MATCH_REMOVEPARAM)
		usual = MATCH_DOCUMENT | MATCH_SUBDOCUMENT; /* the query of anything else is a program's */
	l->types = (uint16_t)((r.with != 0 ? r.with : usual) & ~r.without & TYPES_ALL);
	if (r.bad)
		l->kind = LINE_BAD;
	else if (l->types == 0 || (l->flags & (RULE_FIRST | RULE_THIRD)) == 0)
		skip(l, MATCH_SKIP_MODIFIER);
}

static struct tc_str
option_name(struct tc_str text)
{
	size_t n = 0;

	tc_skip(&text, text.n > 0 && text.p[0] == '~');
	while (n < text.n && text.p[n] != '=' && text.p[n] != ',')
		n++;
	return tc_str_of(text.p, n);
}

/* Whether the '$' at i is part of a regular expression that is the whole rule. */
static bool
is_in_regex(struct tc_str text, size_t i)
{
	if (i > 1 && tc_starts(text, TC_STR("@@"))) {
		tc_skip(&text, 2);
		i -= 2;
	}
	return i > 0 && text.p[0] == '/' && text.p[text.n - 1] == '/' && text.p[i - 1] != '/' &&
	    option_find(option_name(tc_str_of(text.p + i + 1, text.n - i - 1))) == NULL;
}

/* Where the '$' of the options is: the last one that an option may follow; text.n if there is none. */
static size_t
options_at(struct tc_str text)
{
	for (size_t i = text.n; i-- > 0;) {
		char next = i + 1 < text.n ? tc_lower(text.p[i + 1]) : '\0';

		if (text.p[i] != '$')
			continue;
		if ((next >= 'a' && next <= 'z') || next == '~' || next == '_' || next == '1' || next == '3')
			return is_in_regex(text, i) ? text.n : i;
	}
	return text.n;
}

/* ---- the line ---- */

/* Marks that make a line a rule about elements or scripts: "##", "#@#", "#?#", "#$#", "#%#", "$$", "$@$". */
static bool
is_cosmetic(struct tc_str text)
{
	for (size_t i = 0; i + 1 < text.n; i++) {
		size_t k = i + 1;

		if (text.p[i] == '$' && (text.p[k] == '$' || (i + 2 < text.n && text.p[k] == '@' && text.p[i + 2] == '$')))
			return true;
		if (text.p[i] != '#')
			continue;
		while (k < text.n && k < i + 3 && strchr("@?$%", text.p[k]) != NULL && text.p[k] != '\0')
			k++;
		if (k < text.n && text.p[k] == '#')
			return true;
	}
	return false;
}

/* Whether all of s may be the beginning of a host. */
static bool
is_host_text(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_host_byte(tc_lower(s.p[i])))
			return false;
	return s.n > 0;
}

/* Takes anchors and stars at both ends away; the flags remember them. Only "||host*" keeps its star: see whole_host(). */
static void
read_pattern(struct line *l)
{
	struct tc_str *p = &l->pattern;

	if (tc_starts(*p, TC_STR("||"))) {
		l->flags |= RULE_HOST;
		tc_skip(p, 2);
	} else if (tc_starts(*p, TC_STR("|"))) {
		l->flags |= RULE_START;
		tc_skip(p, 1);
	}
	if (p->n > 0 && p->p[p->n - 1] == '|') {
		l->flags |= RULE_END;
		p->n--;
	}
	if (p->n > 0 && p->p[0] == '*' && (l->flags & RULE_HOST) == 0) {
		l->flags &= (uint16_t)~RULE_START;
		while (p->n > 0 && p->p[0] == '*')
			tc_skip(p, 1);
	}
	if (p->n > 0 && p->p[p->n - 1] == '*') {
		l->flags &= (uint16_t)~RULE_END;
		while (p->n > 0 && p->p[p->n - 1] == '*')
			p->n--;
		p->n += (l->flags & RULE_HOST) != 0 && is_host_text(*p);
	}
	for (size_t i = 0; i < p->n; i++) {
		if (p->p[i] == '*')
			l->flags |= RULE_WILD;
		if (p->p[i] == '^')
			l->flags |= RULE_SEPARATOR;
		if ((uint8_t)p->p[i] <= ' ' || (uint8_t)p->p[i] >= 0x7f)
			skip(l, MATCH_SKIP_MALFORMED);
	}
}

/* Reads text, one trimmed line that is no comment and not empty, into *l. */
void
line_read(struct line *l, struct tc_str text)
{
	size_t at;

	assert(text.n > 0);
	*l = (struct line){.kind = LINE_RULE, .types = TYPES_DEFAULT, .flags = RULE_FIRST | RULE_THIRD};
	if (is_cosmetic(text)) {
		if (!script_text_read(l, text))
			skip(l, MATCH_SKIP_COSMETIC);
		return;
	}
	l->pattern = text;
	at = options_at(text);
	l->pattern.n = at;
	l->key = text_hash(l->pattern);
	if (tc_starts(l->pattern, TC_STR("@@"))) {
		l->flags |= RULE_EXCEPTION;
		tc_skip(&l->pattern, 2);
	}
	if (at < text.n)
		read_options(l, tc_str_of(text.p + at + 1, text.n - at - 1));
	if (l->pattern.n > 2 && l->pattern.p[0] == '/' && l->pattern.p[l->pattern.n - 1] == '/') {
		/* Found by a text in it, but judged as a whole, as a pattern with stars is. */
		l->flags |= RULE_REGEX | RULE_WILD;
		l->pattern = tc_str_of(l->pattern.p + 1, l->pattern.n - 2);
	} else if (l->kind == LINE_RULE) {
		read_pattern(l);
	}
	/* "*", "||" or "a" alone would stop nearly everything: a damaged list. */
	if (l->kind == LINE_RULE && at == text.n && l->pattern.n < 3)
		skip(l, MATCH_SKIP_MALFORMED);
}

struct tc_str
match_option(struct tc_str rule, struct tc_str name)
{
	size_t at = options_at(rule);

	tc_skip(&rule, at < rule.n ? at + 1 : at);
	while (rule.n > 0) {
		struct tc_str option = next_option(&rule), found = option_name(option);

		if (!tc_ieq(found, name))
			continue;
		tc_skip(&option, (size_t)(found.p - option.p) + found.n);
		tc_skip(&option, option.n > 0);
		return option;
	}
	return tc_str_of(NULL, 0);
}
