/*
 * script_text.c: rules about what an inline script says, the one kind of rules about elements that a stream can heed:
 *
 *	site.example,other.*##^script:has-text(words)       as uBlock Origin writes them; #@# frees from the same
 *	site.example##^script:has-text(/expression/i)
 *	site.example$$script[tag-content="words"]           as AdGuard does; $@$ frees
 *
 * They are kept as changes (MATCH_SCRIPT_TEXT) of the pages of these sites. Which hold for a page is found once, and
 * each of its scripts is then looked at for a few texts.
 */
#include "db.h"
#include "url.h"

/* ---- reading ---- */

/* Conditions beside the one: not read, so not half heeded. */
static bool
has_more(struct tc_str value)
{
	return tc_find(value, TC_STR("):has-text(")) < value.n || tc_find(value, TC_STR(":not(")) < value.n ||
	    tc_find(value, TC_STR("\"][")) < value.n;
}

/* "/expression/" or "/expression/i"; l->value becomes the expression. False: with what is not known here. */
static bool
read_expression(struct line *l)
{
	struct tc_str v = l->value;
	size_t end = v.n;

	while (end > 1 && v.p[end - 1] != '/')
		end--;
	if (end < 3 || v.n - end > 1 || (v.n > end && v.p[end] != 'i'))
		return false;
	l->change_flags = CHANGE_REGEX | (v.n > end ? CHANGE_NO_CASE : 0);
	l->value = tc_str_of(v.p + 1, end - 2);
	return true;
}

/* What uBlock Origin has between the brackets: words, maybe in quotes, or an expression. */
static bool
read_words(struct line *l)
{
	char first = l->value.p[0];

	if (first == '/' && l->value.n > 1)
		return read_expression(l);
	if (first == '"' || first == '\'') {
		tc_skip(&l->value, 1);
		if (l->value.n < 2 || l->value.p[--l->value.n] != first)
			return false;
	}
	return tc_find_byte(l->value, '\\') == l->value.n; /* an escape */
}

/* AdGuard's: words in which two quotes would be one. */
static bool
read_quoted(struct line *l)
{
	return tc_find(l->value, TC_STR("\"\"")) == l->value.n;
}

static const struct form {
	struct tc_str open, close;
	uint16_t flags;
	bool (*read)(struct line *l);
} forms[] = {
	{TC_STR_INIT("##^script:has-text("), TC_STR_INIT(")"), 0, read_words},
	{TC_STR_INIT("#@#^script:has-text("), TC_STR_INIT(")"), RULE_EXCEPTION, read_words},
	{TC_STR_INIT("$$script[tag-content=\""), TC_STR_INIT("\"]"), 0, read_quoted},
	{TC_STR_INIT("$@$script[tag-content=\""), TC_STR_INIT("\"]"), RULE_EXCEPTION, read_quoted},
};

bool
script_text_read(struct line *l, struct tc_str text)
{
	const struct form *f = forms, *end = forms + sizeof(forms) / sizeof(*forms);
	size_t at = text.n, behind;

	while (f < end && (at = tc_find(text, f->open)) == text.n)
		f++;
	if (f == end || !tc_ends(text, f->close) || text.n <= at + f->open.n + f->close.n)
		return false;
	behind = at + f->open.n;
	*l = (struct line){
		.kind = LINE_RULE,
		.flags = RULE_FIRST | RULE_THIRD | RULE_CHANGE | f->flags,
		.types = MATCH_DOCUMENT,
		.change = MATCH_SCRIPT_TEXT,
		.pattern = tc_str_of(text.p, 0),
		.value = tc_str_of(text.p + behind, text.n - behind - f->close.n),
		.sites = tc_str_of(at > 0 ? text.p : NULL, at),
	};
	return !has_more(l->value) && f->read(l);
}

/* ---- asking ---- */

void
match_scripts(const struct match_db *db, const struct match_page *page, const struct url *url, struct match_scripts *out)
{
	struct match_result results[MATCH_SCRIPTS_MAX];

	*out = (struct match_scripts){.n = 0};
	if (url->scheme == URL_HTTP || url->scheme == URL_HTTPS)
		out->n = change_all(db, page, url, MATCH_DOCUMENT, MATCH_SCRIPT_TEXT, results, out->rules, MATCH_SCRIPTS_MAX);
}

static bool
says(const struct match_db *db, const struct change *c, struct tc_str text)
{
	struct tc_str value = tc_str_of(db->pool + c->value, c->value_n);

	if ((c->flags & CHANGE_REGEX) != 0)
		return regex_matches(db, regex_key(c->rule, true), text, true);
	return tc_find(text, value) < text.n;
}

bool
match_script(const struct match_db *db, const struct match_scripts *rules, struct tc_str text, enum tc_class *class)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *r = &db->rules[rules->rules[i]];

		if (says(db, change_of(db, r), text)) {
			*class = (enum tc_class)r->class;
			return true;
		}
	}
	return false;
}
