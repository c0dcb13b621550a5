/* attr_url.c: values that are a URL, or hold some (attr.h). */
#include "attr.h"
#include "embed.h"

enum { URL_RAW_MAX = 12288 }; /* more of a URL's raw bytes is not looked at: URL_MAX of them decide anyway */

static const struct tc_str blank_url = TC_STR_INIT("about:blank");

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
	decoded_begin(d, raw);
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

/* What begins with "data:" or "javascript:" begins with one of these, or is written with references. */
static bool
may_be_inner(struct tc_str *raw)
{
	while (raw->n > 0 && (uint8_t)raw->p[0] <= ' ')
		tc_skip(raw, 1);
	return raw->n >= 5 && ((raw->p[0] | 0x20) == 'd' || (raw->p[0] | 0x20) == 'j' || raw->p[0] == '&');
}

/* Whether a raw value is a script or a document itself, and names a tracker. */
static bool
raw_inner_denied(struct run *r, struct tc_str raw, unsigned types, enum tc_action action)
{
	struct decoded d;
	bool yes;

	if (!may_be_inner(&raw))
		return false;
	decoded_begin(&d, raw);
	yes = inner_denied(r->rw, d.s, types, action);
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

	decoded_begin(&d, attr_raw(x, i));
	with = embed_judge(r->rw, d.s, out);
	decoded_end(&d);
	if (with.p != NULL)
		attr_write(r, x, i, with);
	return with.p != NULL;
}

static bool
raw_sheet_denied(struct run *r, struct tc_str raw)
{
	struct decoded d;
	bool yes;

	if (!may_be_inner(&raw))
		return false;
	decoded_begin(&d, raw);
	yes = inner_sheet_denied(r->rw, d.s, TC_DID_LINK);
	decoded_end(&d);
	return yes;
}

static bool
link_denied(struct run *r, const struct element *x, size_t i)
{
	struct decoded rel, as;
	bool hint = true;
	unsigned types = MATCH_SCRIPT | MATCH_STYLESHEET | MATCH_IMAGE | MATCH_FONT | MATCH_OTHER;
	struct tc_str raw = attr_raw(x, i);

	if (!x->partial && !attr_repeats(x, AT_REL) && !attr_repeats(x, AT_AS)) {
		decoded_begin(&rel, element_value(x, AT_REL));
		types = rule_link_types(rel.s, decoded_keyword(&as, element_value(x, AT_AS)), &hint);
		decoded_end(&rel);
		decoded_end(&as);
	}
	return types != 0 &&
	    (url_denied(r, raw, types, hint, TC_DID_LINK) || ((types & MATCH_STYLESHEET) != 0 && raw_sheet_denied(r, raw)));
}

bool
attr_url_denied(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	struct tc_str raw = attr_raw(x, i);
	enum tc_action action = (enum tc_action)rule->action;

	if (raw.n == 0)
		return false;
	if (rule->kind == RULE_LINK)
		return link_denied(r, x, i);
	if (x->elem == E_SCRIPT && rule->kind == RULE_URL && element_script_kind(x) == SCRIPT_INERT)
		return false;
	return url_denied(r, raw, rule->types, false, action) || raw_inner_denied(r, raw, rule->types, action);
}

void
attr_edit_url(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	if (r->rw->env->embeds != EMBEDS_KEEP && (rule->types & MATCH_SUBDOCUMENT) != 0 && edit_embed(r, x, i))
		return;
	if (attr_url_denied(r, x, i, rule))
		attr_write(r, x, i, with_of(r, (enum rule_with)rule->with, attr_raw(x, i)));
}

/* A URL, or url(...) for a background. */
void
attr_edit_lazy(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	if (attr_css_denied(r, attr_raw(x, i), (enum tc_action)rule->action))
		attr_write(r, x, i, TC_STR(""));
	else
		attr_edit_url(r, x, i, rule);
}

/* Where a click leads is left alone, but for a script. */
void
attr_edit_navigate(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	struct tc_str raw = attr_raw(x, i);

	if (may_be_inner(&raw) && raw.p[0] != 'd' && raw.p[0] != 'D' &&
	    raw_inner_denied(r, raw, rule->types, (enum tc_action)rule->action))
		attr_write(r, x, i, TC_STR(""));
	else if (r->rw->env->links && !x->partial)
		attr_edit_query(r, x, i);
}

void
attr_edit_link(struct run *r, const struct element *x, size_t i)
{
	if (attr_raw(x, i).n > 0 && link_denied(r, x, i))
		attr_write(r, x, i, TC_STR(""));
}

static bool
refresh_denied(struct run *r, struct tc_str raw, unsigned types)
{
	struct decoded d;
	size_t from, to;
	bool yes;

	decoded_begin(&d, raw);
	yes = refresh_url(d.s, &from, &to);
	if (yes) {
		struct tc_str url = tc_str_of(d.s.p + from, to - from);

		yes = judge_url(r->rw, url, types | MATCH_DOCUMENT, TC_DID_META) ||
		    inner_denied(r->rw, url, MATCH_SUBDOCUMENT, TC_DID_META);
	}
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

	decoded_begin(&d, attr_raw(x, i));
	if (embed_policy(c, (enum embeds)r->rw->env->embeds, d.s, &at, &more)) {
		policy = tc_join(c->arena, (struct tc_str[]){tc_str_of(d.s.p, at), more, tc_str_of(d.s.p + at, d.s.n - at)}, 3);
		if (policy.p != NULL)
			attr_write_decoded(r, x, i, policy, &(struct value_edits){.n = 0});
	}
	decoded_end(&d);
}

void
attr_edit_meta(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	struct decoded d;
	struct tc_str equiv = decoded_keyword(&d, element_value(x, AT_HTTP_EQUIV));
	bool unsure = x->partial || attr_repeats(x, AT_HTTP_EQUIV);
	bool refresh = unsure || tc_ieq(equiv, TC_STR("refresh"));
	bool hints = r->rw->env->page.denied != 0 && (tc_ieq(equiv, TC_STR("accept-ch")) || tc_ieq(equiv, TC_STR("delegate-ch")));
	bool policy = tc_ieq(equiv, TC_STR("content-security-policy"));

	if (refresh && refresh_denied(r, attr_raw(x, i), rule->types)) {
		attr_write(r, x, i, TC_STR(""));
	} else if (hints && attr_raw(x, i).n > 0) {
		judge_did(r->rw, TC_DID_META, TC_ADVERTISING, equiv);
		attr_write(r, x, i, TC_STR(""));
	} else if (policy && !x->partial) {
		edit_policy(r, x, i);
	}
	decoded_end(&d);
}

/*
 * A base of another host in a noscript or an island is one for some only: with scripting it is none in the one, and in the
 * other only to a preload scanner. What follows would be read with one base and fetched with another, so it goes.
 */
static bool
base_parts(struct run *r, const struct element *x, struct tc_str raw)
{
	struct decoded d;
	bool yes;

	if (!r->rw->tree.no_script && x->where == IN_HTML)
		return false;
	decoded_begin(&d, raw);
	yes = judge_base_moves(r->rw, d.s);
	decoded_end(&d);
	if (yes)
		judge_did(r->rw, TC_DID_DISAMBIGUATED, TC_UNKNOWN, TC_STR("a base for some browsers only"));
	return yes;
}

void
attr_edit_base(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	struct rewrite *rw = r->rw;
	bool first = !rw->has_base && rw->tree.templates == 0 && x->where == IN_HTML;
	struct tc_str raw = attr_raw(x, i);
	struct decoded d;

	if (raw.n == 0) { /* the page's own URL, for good */
		rw->has_base |= first;
		return;
	}
	if (url_denied(r, raw, rule->types, true, TC_DID_META) || base_parts(r, x, raw)) {
		rw->has_base |= first;
		attr_write(r, x, i, TC_STR(""));
	} else if (first) {
		decoded_begin(&d, raw);
		judge_base(rw, d.s);
		decoded_end(&d);
	}
}

void
attr_edit_srcset(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	struct value_edit v[ATTR_EDITS_MAX];
	struct value_edits edits = {.v = v, .cap = ATTR_EDITS_MAX};
	struct judge judge;
	struct decoded d;

	judge_begin(&judge, r->rw, (enum tc_action)rule->action, false);
	decoded_begin(&d, attr_raw(x, i));
	srcset_judge(d.s, judge_value, &judge, rule->types, &edits);
	attr_write_edits(r, x, i, d.s, &edits);
	decoded_end(&d);
}

/* Whether one of the URLs among numbers and colours is a tracker's. */
static bool
list_denied(struct run *r, struct tc_str s, const struct attr_rule *rule)
{
	enum tc_action action = (enum tc_action)rule->action;
	struct tc_str rest = s.n > 0 ? s : tc_str_of(NULL, 0);
	char between = rule->attr == AT_ARCHIVE ? ' ' : ';';

	while (rest.p != NULL) {
		struct tc_str item = tc_next(&rest, between), part;

		if (tc_find_byte(item, '/') == item.n && tc_find_byte(item, '\\') == item.n && tc_find_byte(item, ':') == item.n)
			continue;
		if (judge_url(r->rw, item, rule->types, action) || inner_denied(r->rw, item, rule->types, action))
			return true;
		if (between == ';')
			continue;
		for (part = item; part.p != NULL;)
			if (judge_url(r->rw, tc_next(&part, ','), rule->types, action))
				return true;
	}
	return false;
}

/* SVG's animations (URLs between semicolons), an applet's archives (between commas, or spaces). */
void
attr_edit_list(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	struct decoded d;

	decoded_begin(&d, attr_raw(x, i));
	if (list_denied(r, d.s, rule) || attr_css_denied(r, attr_raw(x, i), (enum tc_action)rule->action))
		attr_write(r, x, i, TC_STR(""));
	decoded_end(&d);
}

void
attr_edit_param(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	struct decoded d;
	bool is_url = x->partial || rule_param_is_url(decoded_keyword(&d, element_value(x, AT_NAME)));

	if (!x->partial)
		decoded_end(&d);
	if (is_url)
		attr_edit_url(r, x, i, rule);
}

/* A data: URL of any length that a browser shows and nothing else: it need not be held. */
bool
attr_streams(const struct element *x, size_t i, struct tc_str raw)
{
	static const struct tc_str shown[] = {TC_STR_INIT("data:image/"), TC_STR_INIT("data:audio/"), TC_STR_INIT("data:video/"),
	    TC_STR_INIT("data:font/")};
	const struct attr_rule *rule = rule_of(attr_of(attr_name_of(x, i)), x->elem, x->where);
	char text[ENTITY_ROOM(64)];
	struct tc_str s = {text, entity_decode(tc_str_of(raw.p, raw.n < 64 ? raw.n : 64), true, text)};

	if (rule == NULL || (rule->kind != RULE_URL && rule->kind != RULE_LAZY) || x->tk->attr[i].quote == 0)
		return false;
	while (s.n > 0 && (uint8_t)s.p[0] <= ' ')
		tc_skip(&s, 1);
	if ((rule->types & (MATCH_SUBDOCUMENT | MATCH_SCRIPT | (x->where != IN_HTML ? MATCH_OTHER : 0))) == 0)
		return tc_istarts(s, TC_STR("data:"));
	s.n = tc_find_byte(s, ',');
	for (size_t k = 0; k < sizeof(shown) / sizeof(*shown); k++)
		if (tc_istarts(s, shown[k]))
			return tc_find(s, TC_STR("xml")) == s.n;
	return false;
}
