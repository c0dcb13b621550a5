/*
 * attr.c: the attributes of a tag (html.md 3.1). A value is emptied or replaced, its name, quotes and place stay; every
 * duplicate is treated alike. What is written is a constant that fits every way of quoting.
 */
#include "embed.h"
#include "run.h"

#include <assert.h>

enum {
	URL_RAW_MAX = 12288,  /* more of a URL's raw bytes is not looked at: URL_MAX of them decide anyway */
	EDITS_MAX = 64,       /* more edits in one value: it is emptied */
	SRCDOC_MAX = 1 << 19, /* bytes that a srcdoc may become */
};

static const struct tc_str blank_url = TC_STR_INIT("about:blank");

/* ---- values ---- */

static struct tc_str
name_of(const struct element *x, size_t i)
{
	return tc_str_of(x->base + x->tk->attr[i].name, x->tk->attr[i].name_n);
}

static struct tc_str
raw_of(const struct element *x, size_t i)
{
	return tc_str_of(x->base + x->tk->attr[i].value, x->tk->attr[i].value_n);
}

struct tc_str
element_value(const struct element *x, enum attr attr)
{
	for (size_t i = 0; i < x->tk->attr_n; i++)
		if (x->attr[i] == attr)
			return raw_of(x, i);
	return tc_str_of(NULL, 0);
}

/*
 * A decoded value. What holds no reference is not copied; what does lies in `small`, or on the heap: a request's
 * arena should not grow with each of them.
 */
struct decoded {
	struct tc_str s;
	char *heap;
	size_t heap_n;
	char small[1024];
};

static void
decode(struct decoded *d, struct tc_str raw)
{
	size_t room = ENTITY_ROOM(raw.n);
	char *to = d->small;

	d->heap = NULL;
	d->s = raw;
	if (entity_none(raw))
		return;
	if (room > sizeof(d->small)) {
		d->heap = to = malloc(room);
		d->heap_n = room;
		if (to == NULL)
			abort();
	}
	d->s = tc_str_of(to, entity_decode(raw, true, to));
}

static void
decoded_end(struct decoded *d)
{
	if (d->heap == NULL)
		return;
	explicit_bzero(d->heap, d->heap_n);
	free(d->heap);
	d->heap = NULL;
}

/* A keyword: type, rel, as ... Longer than any that matters: nothing. */
static struct tc_str
keyword(struct decoded *d, struct tc_str raw)
{
	d->heap = NULL;
	if (raw.p == NULL)
		return raw;
	decode(d, raw.n <= sizeof(d->small) / 2 ? raw : tc_str_of("", 0));
	return d->s;
}

/* ---- writing ---- */

/* The value becomes `with`; "empty" without quotes needs some, or the next attribute would be its value. */
static void
write_value(struct run *r, const struct element *x, size_t i, struct tc_str with)
{
	const struct tok_attr *a = &x->tk->attr[i];
	const char *value = x->base + a->value;

	if (a->value_n == 0)
		return;
	if (with.n == 0 && a->quote == 'u')
		with = TC_STR("\"\"");
	run_replace(r, value, value + a->value_n, with);
}

/*
 * The attribute goes, name and all. Nothing must grow together where it stood: with an '=' behind it, or a '/' before
 * it (which could come to mean "self-closing"), something stays in its place.
 */
static void
remove_attr(struct run *r, const struct element *x, size_t i)
{
	const struct tok_attr *a = &x->tk->attr[i];
	const char *from = x->base + a->name, *to = x->base + a->value + a->value_n;
	bool quoted = a->quote == '"' || a->quote == '\'';

	to += quoted;
	if (a->quote == 0 && *to == '=')
		run_replace(r, from, to, TC_STR("x"));
	else if (x->partial || from[-1] == '/' || (quoted && *to == '='))
		run_replace(r, from, to, TC_STR("x=\"\""));
	else
		run_replace(r, from, to, TC_STR(""));
}

/* Decoded bytes, as they are written inside a value. */
static void
put_encoded(struct run *r, struct tc_str s, char quote)
{
	while (s.n > 0) {
		size_t n = 0;

		while (n < s.n && s.p[n] != '&' && s.p[n] != quote)
			n++;
		run_put(r, tc_str_of(s.p, n));
		tc_skip(&s, n);
		if (s.n == 0)
			break;
		run_put(r, s.p[0] == '&' ? TC_STR("&amp;") : quote == '"' ? TC_STR("&quot;")
									  : TC_STR("&#39;"));
		tc_skip(&s, 1);
	}
}

/* Edits over the decoded value, where decoding changed it: all of it is written anew. */
static void
write_decoded(struct run *r, const struct element *x, size_t i, struct tc_str s, const struct value_edits *edits)
{
	const struct tok_attr *a = &x->tk->attr[i];
	char quote = a->quote == '\'' ? '\'' : '"';
	size_t at = 0;

	run_replace(r, x->base + a->value, x->base + a->value + a->value_n, a->quote == 'u' ? TC_STR("\"") : TC_STR(""));
	for (size_t k = 0; k < edits->n; k++) {
		put_encoded(r, tc_str_of(s.p + at, edits->v[k].from - at), quote);
		run_put(r, edits->v[k].with);
		at = edits->v[k].to;
	}
	put_encoded(r, tc_str_of(s.p + at, s.n - at), quote);
	if (a->quote == 'u')
		run_put(r, TC_STR("\""));
}

static void
write_edits(struct run *r, const struct element *x, size_t i, struct tc_str s, const struct value_edits *edits)
{
	struct tc_str raw = raw_of(x, i);

	if (edits->n == 0)
		return;
	if (edits->n == 1 && edits->v[0].from == 0 && edits->v[0].to == s.n)
		write_value(r, x, i, edits->v[0].with);
	else if (s.p == raw.p)
		run_apply(r, raw.p, edits);
	else
		write_decoded(r, x, i, s, edits);
}

static struct tc_str
with_of(const struct run *r, enum rule_with with, struct tc_str url)
{
	switch (with) {
	case WITH_EMPTY:
		break;
	case WITH_IMAGE:
		return r->rw->env->image;
	case WITH_BLANK:
		return blank_url;
	case WITH_SCRIPT:
		return surrogate_for(r->rw, url);
	}
	return TC_STR("");
}

/* ---- judges of one value each. True: it was edited. ---- */

/* The URL in a raw value, decoded. *odd: it is long, and what makes it long is nothing: it could hide one. */
static struct tc_str
url_in(struct decoded *d, struct tc_str raw, bool *odd)
{
	bool long_one;

	while (raw.n > 0 && (uint8_t)raw.p[0] <= ' ')
		tc_skip(&raw, 1);
	long_one = raw.n > URL_RAW_MAX;
	if (long_one)
		raw.n = URL_RAW_MAX;
	decode(d, raw);
	*odd = false;
	if (long_one) {
		size_t n = 0;

		for (size_t k = 0; k < d->s.n; k++)
			n += (uint8_t)d->s.p[k] > ' ';
		*odd = n < 1024;
	}
	return d->s;
}

static bool
url_denied(struct run *r, struct tc_str raw, unsigned types, bool hint, enum tc_action action)
{
	struct decoded d;
	bool odd, yes;
	struct tc_str url = url_in(&d, raw, &odd);

	yes = judge_url(r->rw, url, types, action) || (hint && judge_hint(r->rw, url, action));
	if (!yes && odd) {
		judge_did(r->rw, TC_DID_OVERFLOW, TC_UNKNOWN, TC_STR("a URL that is mostly blank"));
		yes = true;
	}
	decoded_end(&d);
	return yes;
}

/*
 * Types of scripts that a lazy loader turns into live ones without asking anyone, as opposed to those that a consent
 * manager holds back (H40).
 */
static bool
type_wakes_up(struct tc_str type)
{
	static const struct tc_str types[] = {TC_STR_INIT("rocketlazyloadscript"), TC_STR_INIT("litespeed/javascript"),
	    TC_STR_INIT("pmdelayedscript"), TC_STR_INIT("text/partytown"), TC_STR_INIT("text/lazyload"),
	    TC_STR_INIT("text/delayscript"), TC_STR_INIT("wpmeteor/javascript")};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (tc_ieq(type, types[i]))
			return true;
	return tc_ends(type, TC_STR("-text/javascript")) || tc_ends(type, TC_STR("-module"));
}

/* What kind of script an element's attributes say it is. */
enum script_kind
element_script_kind(const struct element *x)
{
	struct decoded type, language;
	struct tc_str t = keyword(&type, element_value(x, AT_TYPE));
	struct tc_str l = keyword(&language, element_value(x, AT_LANGUAGE));
	enum script_kind kind;

	if (x->partial)
		return SCRIPT_JS;
	kind = script_kind_of(t, l);
	if (kind == SCRIPT_INERT && t.p != NULL && type_wakes_up(tc_trim(t)))
		kind = SCRIPT_JS;
	decoded_end(&type);
	decoded_end(&language);
	return kind;
}

/* ---- URLs that are a script or a document themselves ---- */

/* The value of a base64 digit; -1: it is none. */
static int
base64_digit(char c)
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

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
										       : -1;
}

/* Undoes percent-encoding into out (s.n bytes). */
static size_t
undo_percent(struct tc_str s, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		bool is = s.p[i] == '%' && s.n - i > 2 && hex_digit(s.p[i + 1]) >= 0 && hex_digit(s.p[i + 2]) >= 0;

		out[n++] = is ? (char)(hex_digit(s.p[i + 1]) * 16 + hex_digit(s.p[i + 2])) : s.p[i];
		i += is ? 2 : 0;
	}
	return n;
}

/* Undoes base64 in place; what is no digit is skipped. */
static size_t
undo_base64(char *p, size_t n)
{
	uint32_t bits = 0;
	size_t have = 0, to = 0;

	for (size_t i = 0; i < n && p[i] != '='; i++) {
		int v = base64_digit(p[i]);

		if (v < 0)
			continue;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			p[to++] = (char)(bits >> have & 0xFF);
		}
	}
	return to;
}

/* A document that browsers would show in a frame: whether anything in it would be edited. */
static bool
document_denied(struct run *r, struct tc_str text)
{
	struct rewrite *doc = rewrite_nested(r->rw, NULL, NULL);
	bool yes = true;

	if (doc != NULL) {
		doc->quiet++;
		yes = rewrite_run(doc, &text, true) != 0 || doc->edits > 0;
	}
	rewrite_nested_end(&doc);
	return yes;
}

/* "data:" and "javascript:" URLs of scripts and frames: their text is judged like any other. url is decoded. */
static bool
inner_denied(struct run *r, struct tc_str url, const struct attr_rule *rule)
{
	bool frame = (rule->types & MATCH_SUBDOCUMENT) != 0, script = (rule->types & MATCH_SCRIPT) != 0, yes;
	struct judge judge;
	struct script_ctx ctx = {.judge = judge_value, .ctx = &judge};
	struct tc_str head;
	size_t comma, n;
	char *text;

	if (!frame && !script)
		return false;
	judge_begin(&judge, r->rw, (enum tc_action)rule->action, true);
	if (frame && tc_istarts(url, TC_STR("javascript:"))) {
		yes = script_names_tracker(&ctx, url);
		judge_script_done(&judge, yes);
		return yes;
	}
	comma = tc_find_byte(url, ',');
	if (!tc_istarts(url, TC_STR("data:")) || comma == url.n)
		return false;
	head = tc_str_of(url.p, comma);
	text = malloc(url.n);
	if (text == NULL)
		abort();
	n = undo_percent(tc_str_of(url.p + comma + 1, url.n - comma - 1), text);
	if (n > 0 && head.n >= 6 && tc_ieq(tc_str_of(head.p + head.n - 6, 6), TC_STR("base64")))
		n = undo_base64(text, n);
	yes = script ? script_names_tracker(&ctx, tc_str_of(text, n)) : document_denied(r, tc_str_of(text, n));
	explicit_bzero(text, url.n);
	free(text);
	if (script)
		judge_script_done(&judge, yes);
	else if (yes)
		judge_did(r->rw, (enum tc_action)rule->action, TC_UNKNOWN, head);
	return yes;
}

/* Whether a raw value is such a URL, and names a tracker. */
static bool
raw_inner_denied(struct run *r, struct tc_str raw, const struct attr_rule *rule)
{
	struct decoded d;
	bool yes;

	while (raw.n > 0 && (uint8_t)raw.p[0] <= ' ')
		tc_skip(&raw, 1);
	if (raw.n < 5 || ((raw.p[0] | 0x20) != 'd' && (raw.p[0] | 0x20) != 'j' && raw.p[0] != '&'))
		return false;
	decode(&d, raw);
	yes = inner_denied(r, d.s, rule);
	decoded_end(&d);
	return yes;
}

/* The URL of a frame that shows something of others. */
static bool
edit_embed(struct run *r, const struct element *x, size_t i)
{
	char out[EMBED_HREF_MAX];
	struct tc_str with;
	struct decoded d;

	decode(&d, raw_of(x, i));
	with = embed_judge(r->rw, d.s, out);
	decoded_end(&d);
	if (with.p != NULL)
		write_value(r, x, i, with);
	return with.p != NULL;
}

static bool
edit_url(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	struct tc_str raw = raw_of(x, i);

	if (r->rw->env->embeds != EMBEDS_KEEP && (rule->types & MATCH_SUBDOCUMENT) != 0 && edit_embed(r, x, i))
		return true;
	if (raw.n == 0 || (x->elem == E_SCRIPT && rule->kind == RULE_URL && element_script_kind(x) == SCRIPT_INERT))
		return false;
	if (!url_denied(r, raw, rule->types, false, (enum tc_action)rule->action) && !raw_inner_denied(r, raw, rule))
		return false;
	write_value(r, x, i, with_of(r, (enum rule_with)rule->with, raw));
	return true;
}

static bool
link_denied(struct run *r, const struct element *x, size_t i)
{
	struct decoded rel, as;
	bool hint = true;
	unsigned types = MATCH_SCRIPT | MATCH_STYLESHEET | MATCH_IMAGE | MATCH_FONT | MATCH_OTHER;

	if (!x->partial) {
		decode(&rel, element_value(x, AT_REL));
		types = rule_link_types(rel.s, keyword(&as, element_value(x, AT_AS)), &hint);
		decoded_end(&rel);
		decoded_end(&as);
	}
	return types != 0 && url_denied(r, raw_of(x, i), types, hint, TC_DID_LINK);
}

static void
edit_link(struct run *r, const struct element *x, size_t i)
{
	if (raw_of(x, i).n > 0 && link_denied(r, x, i))
		write_value(r, x, i, TC_STR(""));
}

static bool
refresh_denied(struct run *r, struct tc_str raw, unsigned types)
{
	struct decoded d;
	size_t from, to;
	bool yes;

	decode(&d, raw);
	yes = refresh_url(d.s, &from, &to) &&
	    judge_url(r->rw, tc_str_of(d.s.p + from, to - from), types | MATCH_DOCUMENT, TC_DID_META);
	decoded_end(&d);
	return yes;
}

/* A policy in the page lets in what takes the place of embeds. */
static void
edit_policy(struct run *r, const struct element *x, size_t i)
{
	struct tc_call *c = r->rw->env->call;
	struct tc_str more, policy;
	struct decoded d;
	size_t at;

	decode(&d, raw_of(x, i));
	if (embed_policy(c, (enum embeds)r->rw->env->embeds, d.s, &at, &more)) {
		policy = tc_join(c->arena, (struct tc_str[]){tc_str_of(d.s.p, at), more, tc_str_of(d.s.p + at, d.s.n - at)}, 3);
		if (policy.p != NULL)
			write_decoded(r, x, i, policy, &(struct value_edits){.n = 0});
	}
	decoded_end(&d);
}

static void
edit_meta(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	struct decoded d;
	struct tc_str equiv = keyword(&d, element_value(x, AT_HTTP_EQUIV));
	bool refresh = x->partial || tc_ieq(equiv, TC_STR("refresh"));
	bool hints = r->rw->env->page.denied != 0 && (tc_ieq(equiv, TC_STR("accept-ch")) || tc_ieq(equiv, TC_STR("delegate-ch")));
	bool policy = tc_ieq(equiv, TC_STR("content-security-policy"));

	if (refresh && refresh_denied(r, raw_of(x, i), rule->types)) {
		write_value(r, x, i, TC_STR(""));
	} else if (hints && raw_of(x, i).n > 0) {
		judge_did(r->rw, TC_DID_META, TC_ADVERTISING, equiv);
		write_value(r, x, i, TC_STR(""));
	} else if (policy && !x->partial) {
		edit_policy(r, x, i);
	}
	decoded_end(&d);
}

static void
edit_base(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	struct rewrite *rw = r->rw;
	bool first = !rw->has_base && rw->tree.templates == 0;
	struct decoded d;

	if (raw_of(x, i).n == 0) { /* the page's own URL, for good */
		rw->has_base |= first;
		return;
	}
	if (url_denied(r, raw_of(x, i), rule->types, true, TC_DID_META)) {
		rw->has_base |= first;
		write_value(r, x, i, TC_STR(""));
	} else if (first) {
		decode(&d, raw_of(x, i));
		judge_base(rw, d.s);
		decoded_end(&d);
	}
}

static void
edit_srcset(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	struct value_edit v[EDITS_MAX];
	struct value_edits edits = {.v = v, .cap = EDITS_MAX};
	struct judge judge;
	struct decoded d;

	judge_begin(&judge, r->rw, (enum tc_action)rule->action, false);
	decode(&d, raw_of(x, i));
	srcset_judge(d.s, judge_value, &judge, rule->types, &edits);
	write_edits(r, x, i, d.s, &edits);
	decoded_end(&d);
}

/* Nothing in it could name a URL by url(), image-set() and the like. */
static bool
css_plain(struct tc_str raw)
{
	return tc_find_byte(raw, '(') == raw.n && entity_none(raw);
}

static void
edit_css(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	struct value_edit v[EDITS_MAX];
	struct value_edits edits = {.v = v, .cap = EDITS_MAX};
	struct judge judge;
	struct tc_str raw = raw_of(x, i);

	if (css_plain(raw))
		return;
	judge_begin(&judge, r->rw, (enum tc_action)rule->action, false);
	if (!css_attr(raw, judge_value, &judge, &edits))
		write_value(r, x, i, TC_STR(""));
	else
		write_edits(r, x, i, raw, &edits);
}

/* A script that names a URL holds one of these bytes. */
static bool
script_plain(struct tc_str raw)
{
	for (size_t i = 0; i < raw.n; i++)
		if (raw.p[i] == '.' || raw.p[i] == '/' || raw.p[i] == '&' || raw.p[i] == '\\' || raw.p[i] == '%')
			return false;
	return true;
}

static void
edit_handler(struct run *r, const struct element *x, size_t i)
{
	struct judge judge;
	struct script_ctx ctx = {.judge = judge_value, .ctx = &judge};
	struct decoded d;

	if (script_plain(raw_of(x, i)))
		return;
	judge_begin(&judge, r->rw, TC_DID_INLINE_SCRIPT, true);
	decode(&d, raw_of(x, i));
	if (script_names_tracker(&ctx, d.s)) {
		judge_script_done(&judge, true);
		write_value(r, x, i, TC_STR(""));
	}
	decoded_end(&d);
}

/* URLs among numbers and colours, between semicolons. */
static void
edit_list(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	struct decoded d;
	bool yes = false;
	struct tc_str rest;

	decode(&d, raw_of(x, i));
	rest = d.s.n > 0 ? d.s : tc_str_of(NULL, 0);
	while (rest.p != NULL && !yes) {
		struct tc_str item = tc_next(&rest, ';');

		if (tc_find_byte(item, '/') < item.n || tc_find_byte(item, '\\') < item.n || tc_find_byte(item, ':') < item.n)
			yes = judge_url(r->rw, item, rule->types, (enum tc_action)rule->action);
	}
	if (yes)
		write_value(r, x, i, TC_STR(""));
	decoded_end(&d);
}

static bool
edit_param(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	struct decoded d;
	bool is_url = x->partial || rule_param_is_url(keyword(&d, element_value(x, AT_NAME)));

	if (!x->partial)
		decoded_end(&d);
	return is_url && edit_url(r, x, i, rule);
}

/* ---- srcdoc ---- */

struct memory {
	char *p;
	size_t n, cap;
};

static int
memory_emit(void *to, const char *p, size_t n)
{
	struct memory *m = to;

	if (n > SRCDOC_MAX - m->n)
		return -1;
	if (m->n + n > m->cap) {
		size_t cap = (m->n + n) * 2;
		char *more = realloc(m->p, cap);

		if (more == NULL)
			return -1;
		m->p = more;
		m->cap = cap;
	}
	if (n > 0)
		memcpy(m->p + m->n, p, n);
	m->n += n;
	return 0;
}

static void
memory_end(struct memory *m)
{
	if (m->p != NULL)
		explicit_bzero(m->p, m->n);
	free(m->p);
}

static void
edit_srcdoc(struct run *r, const struct element *x, size_t i)
{
	struct memory m = {.p = NULL};
	struct rewrite *doc = rewrite_nested(r->rw, memory_emit, &m);
	struct tc_str in;
	struct decoded d;

	decode(&d, raw_of(x, i));
	in = d.s;
	if (in.n > REWRITE_NOSCRIPT_MAX || doc == NULL || rewrite_run(doc, &in, true) != 0) {
		judge_did(r->rw, TC_DID_OVERFLOW, TC_UNKNOWN, TC_STR("srcdoc"));
		write_value(r, x, i, TC_STR(""));
	} else if (doc->edits > 0) {
		write_decoded(r, x, i, tc_str_of(m.n > 0 ? m.p : "", m.n), &(struct value_edits){.n = 0});
	}
	rewrite_nested_end(&doc);
	memory_end(&m);
	decoded_end(&d);
}

/* ---- all of them ---- */

static bool
tracking_denied(const struct run *r)
{
	return (r->rw->env->page.denied & (TC_CLASS_BIT(TC_ANALYTICS) | TC_CLASS_BIT(TC_ADVERTISING))) != 0;
}

static void
edit_ping(struct run *r, const struct element *x, size_t i)
{
	if (raw_of(x, i).n == 0 || !tracking_denied(r))
		return;
	judge_did(r->rw, TC_DID_ATTRIBUTE, TC_ANALYTICS, name_of(x, i));
	write_value(r, x, i, TC_STR(""));
}

static void
edit_remove(struct run *r, const struct element *x, size_t i)
{
	if (!tracking_denied(r))
		return;
	judge_did(r->rw, TC_DID_ATTRIBUTE, TC_ADVERTISING, name_of(x, i));
	remove_attr(r, x, i);
}

static void
edit_amp(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	enum tc_class class = rule_amp_class(x->elem);

	if (raw_of(x, i).n == 0 || (r->rw->env->page.denied & TC_CLASS_BIT(class)) == 0)
		return;
	judge_did(r->rw, (enum tc_action)rule->action, class, elem_name(x->elem));
	write_value(r, x, i, TC_STR(""));
}

/* What its iframe was allowed: see embed_allow(). */
static void
edit_allow(struct run *r, const struct element *x, size_t i)
{
	struct tc_str src = element_value(x, AT_SRC);
	struct value_edit v[EDITS_MAX];
	struct value_edits edits = {.v = v, .cap = EDITS_MAX};
	char out[EMBED_HREF_MAX];
	struct decoded url, d;

	if (r->rw->env->embeds != EMBEDS_CLICK_TO_LOAD || x->partial)
		return;
	decode(&url, src.n > 0 ? src : element_value(x, AT_LAZY_URL));
	decode(&d, raw_of(x, i));
	embed_allow(r->rw, url.s, d.s, out, &edits);
	if (edits.n > 0 && x->tk->attr[i].quote == 'u') /* there will be a space in it */
		write_decoded(r, x, i, d.s, &edits);
	else
		write_edits(r, x, i, d.s, &edits);
	decoded_end(&url);
	decoded_end(&d);
}

static void
edit_one(struct run *r, struct element *x, size_t i, const struct attr_rule *rule)
{
	switch ((enum rule_kind)rule->kind) {
	case RULE_NONE:
		break;
	case RULE_URL:
	case RULE_LAZY:
		(void)edit_url(r, x, i, rule);
		break;
	case RULE_SRCSET:
		edit_srcset(r, x, i, rule);
		break;
	case RULE_CSS:
		edit_css(r, x, i, rule);
		break;
	case RULE_SRCDOC:
		edit_srcdoc(r, x, i);
		break;
	case RULE_LINK:
		edit_link(r, x, i);
		break;
	case RULE_META:
		edit_meta(r, x, i, rule);
		break;
	case RULE_BASE:
		edit_base(r, x, i, rule);
		break;
	case RULE_PARAM:
		(void)edit_param(r, x, i, rule);
		break;
	case RULE_LIST:
		edit_list(r, x, i, rule);
		break;
	case RULE_HANDLER:
		edit_handler(r, x, i);
		break;
	case RULE_PING:
		edit_ping(r, x, i);
		break;
	case RULE_REMOVE:
		edit_remove(r, x, i);
		break;
	case RULE_INTEGRITY:
		if (x->url_hit)
			remove_attr(r, x, i);
		break;
	case RULE_AMP:
		edit_amp(r, x, i, rule);
		break;
	case RULE_ALLOW:
		edit_allow(r, x, i);
		break;
	}
}

/* Whether an element that has an integrity has a URL that will be replaced. */
static bool
url_will_go(struct run *r, const struct element *x)
{
	bool yes = false;

	r->rw->quiet++;
	for (size_t i = 0; i < x->tk->attr_n && !yes; i++) {
		const struct attr_rule *rule = rule_of((enum attr)x->attr[i], x->elem, x->where);

		if (rule == NULL || raw_of(x, i).n == 0)
			continue;
		if (rule->kind == RULE_URL && !(x->elem == E_SCRIPT && element_script_kind(x) == SCRIPT_INERT))
			yes = url_denied(r, raw_of(x, i), rule->types, false, TC_DID_SCRIPT) ||
			    raw_inner_denied(r, raw_of(x, i), rule);
		else if (rule->kind == RULE_LINK)
			yes = link_denied(r, x, i);
	}
	r->rw->quiet--;
	return yes;
}

unsigned
attr_name_all(struct element *x, uint8_t *attr)
{
	unsigned found = 0;

	x->attr = attr;
	for (size_t i = 0; i < x->tk->attr_n; i++) {
		enum attr a = attr_of(name_of(x, i));

		attr[i] = (uint8_t)a;
		if (a != AT_NONE)
			found |= a == AT_DATA_TACET ? ATTRS_MARK : a == AT_INTEGRITY ? ATTRS_SOME | ATTRS_INTEGRITY
										     : ATTRS_SOME;
	}
	return found;
}

void
attr_edit_all(struct run *r, struct element *x, unsigned found)
{
	if ((found & ATTRS_INTEGRITY) != 0)
		x->url_hit = url_will_go(r, x);
	for (size_t i = 0; i < x->tk->attr_n; i++) {
		const struct attr_rule *rule;

		if (x->attr[i] == AT_NONE)
			continue;
		rule = rule_of((enum attr)x->attr[i], x->elem, x->where);
		if (rule != NULL)
			edit_one(r, x, i, rule);
	}
}

void
attr_edit_one(struct run *r, struct element *x)
{
	const struct attr_rule *rule;
	uint8_t attr;

	assert(x->partial && x->tk->attr_n == 1);
	attr = (uint8_t)attr_of(name_of(x, 0));
	x->attr = &attr;
	x->url_hit = x->elem == E_SCRIPT || x->elem == E_LINK;
	rule = rule_of((enum attr)attr, x->elem, x->where);
	if (rule != NULL)
		edit_one(r, x, 0, rule);
	x->attr = NULL;
}

enum rule_kind
attr_rule_kind(const struct element *x, size_t i)
{
	const struct attr_rule *rule = rule_of(attr_of(name_of(x, i)), x->elem, x->where);

	return rule != NULL ? (enum rule_kind)rule->kind : RULE_NONE;
}
