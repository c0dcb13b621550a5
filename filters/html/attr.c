/*
 * attr.c: the attributes of a tag (html.md 3.1). A value is emptied or replaced, its name, quotes and place stay; every
 * duplicate is treated alike. What is written is a constant that fits every way of quoting.
 */
#include "attr.h"
#include "embed.h"

#include <assert.h>

/* ---- what an element is ---- */

/*
 * Types of scripts that a lazy loader turns into live ones without asking anyone, as opposed to those that a consent
 * manager holds back (H40).
 */
static bool
type_wakes_up(struct tc_str type)
{
	static const struct tc_str types[] = {TC_STR_INIT("rocketlazyloadscript"), TC_STR_INIT("litespeed/javascript"),
	    TC_STR_INIT("pmdelayedscript"), TC_STR_INIT("text/partytown"), TC_STR_INIT("text/lazyload"),
	    TC_STR_INIT("text/delayscript"), TC_STR_INIT("wpmeteor/javascript"),
	    TC_STR_INIT("text/psajs"), TC_STR_INIT("text/rocketscript")};

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
	struct tc_str t = decoded_keyword(&type, element_value(x, AT_TYPE));
	struct tc_str l = decoded_keyword(&language, element_value(x, AT_LANGUAGE));
	enum script_kind kind;

	if (x->partial)
		return SCRIPT_JS;
	kind = script_kind_of(t, l);
	if (kind == SCRIPT_INERT && t.p != NULL && (type_wakes_up(tc_trim(t)) || attr_repeats(x, AT_TYPE)))
		kind = SCRIPT_JS;
	decoded_end(&type);
	decoded_end(&language);
	return kind;
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
	if (attr_raw(x, i).n == 0 || !tracking_denied(r))
		return;
	judge_did(r->rw, TC_DID_ATTRIBUTE, TC_ANALYTICS, attr_name_of(x, i));
	attr_write(r, x, i, TC_STR(""));
}

static void
edit_remove(struct run *r, const struct element *x, size_t i)
{
	if (!tracking_denied(r))
		return;
	judge_did(r->rw, TC_DID_ATTRIBUTE, TC_ADVERTISING, attr_name_of(x, i));
	attr_remove(r, x, i);
}

static void
edit_amp(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	enum tc_class class = rule_amp_class(x->elem);

	if (attr_raw(x, i).n == 0 || (r->rw->env->page.denied & TC_CLASS_BIT(class)) == 0)
		return;
	judge_did(r->rw, (enum tc_action)rule->action, class, elem_name(x->elem));
	attr_write(r, x, i, TC_STR(""));
}

/* What its iframe was allowed: see embed_allow(). */
static void
edit_allow(struct run *r, const struct element *x, size_t i)
{
	struct tc_str src = element_value(x, AT_SRC);
	struct value_edit v[ATTR_EDITS_MAX];
	struct value_edits edits = {.v = v, .cap = ATTR_EDITS_MAX};
	char out[EMBED_HREF_MAX];
	struct decoded url, d;

	if (r->rw->env->embeds != EMBEDS_CLICK_TO_LOAD || x->partial)
		return;
	decoded_begin(&url, src.n > 0 ? src : element_value(x, AT_LAZY_URL));
	decoded_begin(&d, attr_raw(x, i));
	embed_allow(r->rw, url.s, d.s, out, &edits);
	if (edits.n > 0 && x->tk->attr[i].quote == 'u') /* there will be a space in it */
		attr_write_decoded(r, x, i, d.s, &edits);
	else
		attr_write_edits(r, x, i, d.s, &edits);
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
		attr_edit_url(r, x, i, rule);
		break;
	case RULE_LAZY:
		attr_edit_lazy(r, x, i, rule);
		break;
	case RULE_NAVIGATE:
		attr_edit_navigate(r, x, i, rule);
		break;
	case RULE_SRCSET:
		attr_edit_srcset(r, x, i, rule);
		break;
	case RULE_CSS:
		attr_edit_css(r, x, i, rule);
		break;
	case RULE_SRCDOC:
		attr_edit_srcdoc(r, x, i);
		break;
	case RULE_LINK:
		attr_edit_link(r, x, i);
		break;
	case RULE_META:
		attr_edit_meta(r, x, i, rule);
		break;
	case RULE_BASE:
		attr_edit_base(r, x, i, rule);
		break;
	case RULE_PARAM:
		attr_edit_param(r, x, i, rule);
		break;
	case RULE_LIST:
		attr_edit_list(r, x, i, rule);
		break;
	case RULE_HANDLER:
		attr_edit_handler(r, x, i);
		break;
	case RULE_PING:
		edit_ping(r, x, i);
		break;
	case RULE_REMOVE:
		edit_remove(r, x, i);
		break;
	case RULE_INTEGRITY:
		if (x->url_hit)
			attr_remove(r, x, i);
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

		if (rule != NULL && (rule->kind == RULE_URL || rule->kind == RULE_LINK))
			yes = attr_url_denied(r, x, i, rule);
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
		enum attr a = attr_of(attr_name_of(x, i));

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
	attr = (uint8_t)attr_of(attr_name_of(x, 0));
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
	const struct attr_rule *rule = rule_of(attr_of(attr_name_of(x, i)), x->elem, x->where);

	return rule != NULL ? (enum rule_kind)rule->kind : RULE_NONE;
}
