/*
 * rules_json.c: the two JSON dialects in script elements that make a browser fetch: speculation rules and
 * import maps (html.md H41, H42). Read token by token, without a tree: strings, and whether they are keys.
 */
#include "../match/match.h"
#include "value.h"

#define TEXT_MAX 2048 /* bytes of a string that are looked at */

static const struct tc_str noop_url = TC_STR_INIT("/.well-known/tacet/s/noop.js");

/* A string token: raw [from, to) between its quotes, decoded into text. */
struct string {
	size_t from, to, n;
	bool key;
	char text[TEXT_MAX + 4];
};

struct reader {
	struct tc_str s;
	size_t at;
	bool broken;
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int
hex4(struct tc_str s)
{
	int v = 0;

	for (size_t i = 0; i < 4; i++) {
		char c = i < s.n ? tc_lower(s.p[i]) : 0;

		if (c >= '0' && c <= '9')
			v = v * 16 + c - '0';
		else if (c >= 'a' && c <= 'f')
			v = v * 16 + c - 'a' + 10;
		else
			return -1;
	}
	return v;
}

/* One character of a string at rest ('\' first: an escape) into out; its length, 0 when it is broken. Halves of a
 * surrogate pair come out as three bytes each: no host holds them. */
static size_t
read_char(struct tc_str rest, char *out, size_t *n)
{
	static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *name;
	int code;

	*n = 1;
	*out = rest.p[0];
	if (rest.p[0] != '\\')
		return (unsigned char)rest.p[0] >= ' ';
	if (rest.n < 2)
		return 0;
	if (rest.p[1] == 'u') {
		code = hex4(tc_str_of(rest.p + 2, rest.n - 2));
		*n = code < 0 ? 0 : utf8_put(out, (uint32_t)code);
		return code < 0 ? 0 : 6;
	}
	name = memchr(names, rest.p[1], sizeof(names) - 1);
	if (name == NULL)
		return 0;
	*out = meant[name - names];
	return 2;
}

/* The string whose quote is at r->at. */
static void
read_string(struct reader *r, struct string *str)
{
	size_t at = r->at + 1;

	str->from = at;
	str->n = 0;
	str->key = false;
	while (at < r->s.n && r->s.p[at] != '"') {
		char c[4];
		size_t n, len = read_char(tc_str_of(r->s.p + at, r->s.n - at), c, &n);

		if (len == 0) {
			r->broken = true;
			return;
		}
		if (str->n + n <= TEXT_MAX) {
			memcpy(str->text + str->n, c, n);
			str->n += n;
		}
		at += len;
	}
	str->to = at;
	r->broken |= at == r->s.n;
	r->at = at < r->s.n ? at + 1 : at;
	while (r->at < r->s.n && is_space(r->s.p[r->at]))
		r->at++;
	str->key = r->at < r->s.n && r->s.p[r->at] == ':';
}

/* The next token: '"' with *str filled, one of "{}[]", or 0 at the end. Numbers, words, ',' and ':' are passed over. */
static char
next_token(struct reader *r, struct string *str)
{
	while (r->at < r->s.n && !r->broken) {
		char c = r->s.p[r->at];

		if (c == '"') {
			read_string(r, str);
			return r->broken ? 0 : c;
		}
		r->at++;
		if (c == '{' || c == '}' || c == '[' || c == ']')
			return c;
		r->broken = !is_space(c) && c != ',' && c != ':' && c != '-' && c != '+' && c != '.' &&
		    !(c >= '0' && c <= '9') && !(tc_lower(c) >= 'a' && tc_lower(c) <= 'z');
	}
	return 0;
}

static bool
names_tracker(struct tc_str text, value_judge judge, void *ctx)
{
	const struct script_ctx script = {judge, ctx, false};

	return script_names_tracker(&script, text);
}

/* --- Speculation rules ------------------------------------------------------------------------- */

struct rules {
	value_judge judge;
	void *ctx;
	struct tc_str key; /* the last one; kept in key_text */
	char key_text[24];
	size_t depth, negated; /* negated: depth at which a "not" began, plus 1; 0: none */
	bool document;         /* links of the page are candidates */
	bool own;              /* ... but must match a path of the page's own host */
	bool other_ways;       /* "or" */
	bool selector;         /* a CSS selector chooses links */
	bool hit;
};

/* Where the host of an absolute URL (pattern) begins, or n. */
static size_t
host_at(struct tc_str url)
{
	size_t at = tc_find(url, TC_STR("//"));

	return at < url.n ? at + 2 : url.n;
}

static bool
is_tracker(const struct rules *r, struct tc_str url)
{
	return r->judge(r->ctx, url, MATCH_OTHER | MATCH_SUBDOCUMENT);
}

/* What stands where a host should is a pattern for more than one (URL Pattern Standard 1.3). */
static bool
host_is_open(struct tc_str s)
{
	for (size_t i = 0; i < s.n && s.p[i] != '/'; i++) {
		if (memchr("*{}()+?\\", s.p[i], 8) != NULL)
			return true;
		if (s.p[i] == ':' && i + 1 < s.n && !(s.p[i + 1] >= '0' && s.p[i + 1] <= '9'))
			return true;
	}
	return false;
}

/* A URL or URL pattern with a host: a tracker's, or any host. */
static bool
leads_out(const struct rules *r, struct tc_str url)
{
	char buf[TEXT_MAX + 4] = "//";
	struct tc_str host = tc_str_of(url.p + host_at(url), url.n - host_at(url));

	if (tc_starts(host, TC_STR("*.")))
		tc_skip(&host, 2);
	if (host.n == 0 || host_is_open(host))
		return true;
	memcpy(buf + 2, host.p, host.n);
	return is_tracker(r, url) || is_tracker(r, tc_str_of(buf, host.n + 2));
}

static void
rules_key(struct rules *r, const struct string *str)
{
	r->key = tc_str_of(r->key_text, str->n < sizeof(r->key_text) ? str->n : 0);
	memcpy(r->key_text, str->text, r->key.n);
	r->document |= tc_eq(r->key, TC_STR("where"));
	r->other_ways |= tc_eq(r->key, TC_STR("or"));
	if (tc_eq(r->key, TC_STR("not")) && r->negated == 0)
		r->negated = r->depth + 1;
	if (tc_eq(r->key, TC_STR("selector_matches")) && r->negated == 0)
		r->selector = true;
}

static void
rules_value(struct rules *r, struct tc_str text)
{
	bool pattern = tc_eq(r->key, TC_STR("href_matches"));

	if (r->negated != 0)
		return;
	if (tc_eq(r->key, TC_STR("source")))
		r->document |= tc_eq(text, TC_STR("document"));
	else if (tc_eq(r->key, TC_STR("hostname")))
		r->hit |= tc_find_byte(text, '*') < text.n || is_tracker(r, text);
	else if (tc_eq(r->key, TC_STR("urls")))
		r->hit |= is_tracker(r, text);
	else if (host_at(text) < text.n)
		r->hit |= leads_out(r, text);
	else if (pattern && text.n > 0 && text.p[0] != '*')
		r->own = true;
}

bool
rules_name_tracker(struct tc_str text, value_judge judge, void *ctx)
{
	struct rules r = {.judge = judge, .ctx = ctx};
	struct reader in = {.s = text};
	struct string str;
	char token;

	while ((token = next_token(&in, &str)) != 0 && !r.hit) {
		if (token == '"' && str.key)
			rules_key(&r, &str);
		else if (token == '"')
			rules_value(&r, tc_str_of(str.text, str.n));
		else if (token == '{' || token == '[')
			r.depth++;
		else if (r.depth > 0)
			r.depth--;
		if ((token == '}' || token == ']') && r.negated == r.depth + 1)
			r.negated = 0;
	}
	if (in.broken)
		return names_tracker(text, judge, ctx);
	return r.hit || (r.document && (!r.own || (r.selector && r.other_ways)));
}

/* --- Import maps ------------------------------------------------------------------------------- */

void
importmap_judge(struct tc_str text, value_judge judge, void *ctx, struct value_edits *out)
{
	struct reader in = {.s = text};
	struct string str;
	char token;

	out->n = 0;
	out->overflow = false;
	while ((token = next_token(&in, &str)) != 0 && !out->overflow) {
		if (token != '"' || str.key || !judge(ctx, tc_str_of(str.text, str.n), MATCH_SCRIPT))
			continue;
		if (out->n < out->cap)
			out->v[out->n++] = (struct value_edit){str.from, str.to, noop_url};
		else
			out->overflow = true;
	}
	if (!out->overflow && !in.broken)
		return;
	out->n = 0;
	if (out->overflow || names_tracker(text, judge, ctx)) {
		out->v[0] = (struct value_edit){0, text.n, TC_STR("{}")};
		out->n = 1;
	}
}
