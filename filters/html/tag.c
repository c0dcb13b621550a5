/* tag.c: tags: what the tree says of them, their attributes, and how text is read behind them (run.h). */
#include "attr.h"

#include <assert.h>

/* ---- around a tag ---- */

/* Which namespace the element of a start tag will have. */
static unsigned
where_of(const struct rewrite *rw, enum elem e, bool foreign)
{
	if (foreign)
		return rw->tree.node[rw->tree.n - 1].ns == NS_SVG ? IN_SVG : IN_MATH;
	return e == E_SVG ? IN_SVG : e == E_MATH ? IN_MATH
						 : IN_HTML;
}

static void
disambiguated(struct run *r, struct tc_str what)
{
	judge_did(r->rw, TC_DID_DISAMBIGUATED, TC_UNKNOWN, what);
}

/* Writes what must come before the tag at r->at. False: the tag is to be erased. */
static bool
before_tag(struct run *r, const struct tree_step *step)
{
	struct rewrite *rw = r->rw;

	if (!rw->env->acts) {
		for (unsigned i = 0; i < step->closes; i++)
			(void)tree_close(&rw->tree);
		return true;
	}
	if (step->closes > 0) {
		disambiguated(r, TC_STR("end tags before a tag that leaves foreign content"));
		run_send(r, r->at);
		for (unsigned i = 0; i < step->closes; i++) {
			run_put(r, TC_STR("</"));
			run_put(r, tree_close(&rw->tree));
			run_put(r, TC_STR(">"));
		}
		rw->edits++;
	}
	if (step->close_select) {
		disambiguated(r, TC_STR("</select>"));
		run_replace(r, r->at, r->at, TC_STR("</select>"));
	}
	if (step->erase)
		disambiguated(r, TC_STR("a tag that browsers read differently"));
	return !step->erase;
}

/* What an element says that we put in, or that asks for it. */
static void
note_marker(struct run *r, const struct element *x)
{
	struct rewrite *rw = r->rw;
	struct tc_str value = element_value(x, AT_DATA_TACET);

	if (value.p == NULL || rw->extra == NULL)
		return;
	if (tc_ieq(value, TC_STR("status")))
		rw->status_done = true;
	else if (tc_ieq(value, TC_STR("link")))
		rw->link_done = true;
	else if (tc_ieq(value, TC_STR("choices")) && rw->extra->link.n > 0 && tree_plain(&rw->tree) &&
	    (elem_flags(x->elem) & (EF_VOID | EF_TEXT | EF_TRACK)) == 0)
		rw->link_due = true;
}

/* Its host and port are the page's, its path that of the choices page. */
static bool
leads_to_choices(const struct rewrite *rw, struct tc_str href)
{
	const struct url *doc = &rw->env->doc;
	struct tc_str path = rw->extra->path;
	char buf[URL_MAX + 64];
	struct url u;

	return judge_resolve(rw, href, &u, buf) && u.scheme <= URL_HTTPS && u.scheme != URL_NONE && doc->scheme != URL_NONE &&
	    tc_eq(u.host, doc->host) && tc_eq(u.port, doc->port) && tc_starts(u.path, path) &&
	    (u.path.n == path.n || (u.path.n == path.n + 1 && u.path.p[path.n] == '/'));
}

/* Where nothing is edited, nobody else reads the base that links count from. */
static void
note_base(struct run *r, const struct element *x)
{
	struct tc_str href = element_value(x, AT_HREF);
	struct decoded d;

	if (r->rw->env->acts || r->rw->has_base || href.n == 0 || r->rw->tree.templates > 0 || x->where != IN_HTML)
		return;
	decoded_begin(&d, href);
	judge_base(r->rw, d.s);
	decoded_end(&d);
}

/* Links of the page itself. Most are told by their letters: a path written in codes is not looked for. */
static void
note_link(struct run *r, const struct element *x)
{
	struct rewrite *rw = r->rw;
	struct tc_str name = rw->extra->path, href = element_value(x, AT_HREF);
	size_t at = name.n;
	struct decoded d;

	while (at > 0 && name.p[at - 1] != '/')
		at--;
	name = tc_str_of(name.p + at, name.n - at);
	if (href.n < name.n || tc_find(href, name) == href.n || !tree_plain(&rw->tree))
		return;
	decoded_begin(&d, href);
	rw->link_done = leads_to_choices(rw, d.s);
	decoded_end(&d);
}

/* The start tag before r->at is entered; how text is read from here on. */
static void
entered(struct run *r, const struct element *x)
{
	struct rewrite *rw = r->rw;
	enum tok_mode mode = tree_started(&rw->tree, x->tk, x->base, x->elem);

	rw->tok.cdata = tree_foreign(&rw->tree);
	if (mode != TOK_DATA) {
		tok_text_mode(&rw->tok, mode, elem_name(x->elem));
		rw->text = (uint8_t)text_kind_of(r, x);
		rw->held = 0;
		return;
	}
	if (rw->tree.n > 0 && (x->elem == E_SCRIPT || x->elem == E_STYLE)) {
		rw->foreign_seen = x->tk->self_closing; /* then it is the outer one's text that goes on */
		text_foreign(rw);
	}
	if ((x->elem == E_AMP_ANALYTICS || x->elem == E_AMP_STORY_AUTO_ADS) &&
	    (rw->env->page.denied & TC_CLASS_BIT(rule_amp_class(x->elem))) != 0)
		rw->amp = (uint8_t)x->elem;
}

static void
left(struct run *r, const struct token *tk, enum elem e)
{
	struct rewrite *rw = r->rw;

	tree_ended(&rw->tree, tk, e);
	rw->tok.cdata = tree_foreign(&rw->tree);
	rw->foreign_seen = true; /* what an element has parted is in pieces */
	if (rw->amp != E_NONE && e == (enum elem)rw->amp) {
		rw->amp = E_NONE;
		rw->amp_due = false;
	}
}

/* ---- whole tags ---- */

/*
 * "<style/>" in foreign content is closed, but preload scanners know no such thing, and what follows is text to them: it is
 * written out. to: where the tag ends.
 */
static void
close_raw(struct run *r, const struct element *x, const char *to)
{
	const char *from = to - 2;

	if (!x->tk->self_closing || (elem_flags(x->elem) & EF_TEXT) == 0 || x->where == IN_HTML || !r->rw->env->acts)
		return;
	disambiguated(r, TC_STR("a tag that browsers read differently"));
	while (from[-1] == '/') /* one that is left would close it again */
		from--;
	run_replace(r, from, to, TC_STR("></"));
	run_put(r, elem_name(x->elem));
	run_put(r, TC_STR(">"));
}

static void
edit_attributes(struct run *r, struct element *x, uint8_t *attr)
{
	unsigned found;

	if (x->tk->attr_n == 0)
		return;
	found = attr_name_all(x, attr);
	if (found == 0)
		return;
	if (r->rw->extra != NULL && !r->rw->link_done && r->rw->extra->path.n > 0) {
		if (x->elem == E_A || x->elem == E_AREA)
			note_link(r, x);
		else if (x->elem == E_BASE)
			note_base(r, x);
	}
	if ((found & ~ATTRS_MARK) != 0 && r->rw->env->acts)
		attr_edit_all(r, x, found);
	if ((found & ATTRS_MARK) != 0)
		note_marker(r, x);
}

void
tag_start(struct run *r)
{
	struct rewrite *rw = r->rw;
	uint8_t attr[TOK_ATTR_MAX];
	struct element x = {.base = r->at, .tk = &r->tk, .elem = elem_of(r->tk.name)};
	const char *to = r->at + r->tk.n;
	struct tree_step step;

	if (tree_skips(&rw->tree, elem_flags(x.elem))) {
		x.where = IN_HTML;
		edit_attributes(r, &x, attr);
		r->at = to;
		return;
	}
	tree_start(&rw->tree, &r->tk, x.base, x.elem, true, &step);
	if (!before_tag(r, &step)) {
		run_erase(r, to);
		rw->tok.cdata = tree_foreign(&rw->tree);
		return;
	}
	x.where = where_of(rw, x.elem, step.foreign);
	edit_attributes(r, &x, attr);
	close_raw(r, &x, to);
	r->at = to;
	entered(r, &x);
}

void
tag_end(struct run *r)
{
	struct rewrite *rw = r->rw;
	enum elem e = elem_of(r->tk.name);
	struct tree_step step;

	if (tree_skips(&rw->tree, elem_flags(e))) {
		r->at += r->tk.n;
		return;
	}
	tree_end(&rw->tree, &r->tk, e, &step);
	if (!before_tag(r, &step)) {
		run_erase(r, r->at + r->tk.n);
		return;
	}
	if (e == E_BODY && rw->extra != NULL && tree_plain(&rw->tree))
		run_extra(r, r->at);
	r->at += r->tk.n;
	left(r, &r->tk, e);
}

/* ---- giant tags ---- */

void
giant_begin(struct run *r)
{
	struct rewrite *rw = r->rw;
	struct giant *g = &rw->giant;
	struct token *tk = &r->tk;
	enum elem e = elem_of(tk->name);
	struct tree_step step;

	tk->attr_n = 0;
	tk->self_closing = false;
	if (tk->end_tag)
		tree_end(&rw->tree, tk, e, &step);
	else
		tree_start(&rw->tree, tk, r->at, e, false, &step);
	*g = (struct giant){.on = true, .end_tag = tk->end_tag, .elem = (uint8_t)e};
	g->erase = !before_tag(r, &step);
	g->where = (uint8_t)where_of(rw, e, step.foreign);
	g->name_n = (uint16_t)(tk->name.n < TREE_NAME ? tk->name.n : TREE_NAME);
	memcpy(g->name, tk->name.p, g->name_n);
	if (g->erase)
		run_erase(r, r->at + tk->n);
	else
		r->at += tk->n;
}

/* Takes n bytes of the tag: they stay, or go with the tag. */
static void
giant_take(struct run *r, size_t n)
{
	if (r->rw->giant.erase)
		run_replace(r, r->at, r->at + n, TC_STR(""));
	r->at += n;
}

static void
giant_end(struct run *r, bool self_closing)
{
	struct rewrite *rw = r->rw;
	struct giant *g = &rw->giant;
	struct token *tk = &r->tk;
	struct element x = {.base = r->at, .tk = tk, .elem = (enum elem)g->elem, .where = g->where, .partial = true};

	g->on = false;
	tk->attr_n = 0;
	tk->self_closing = self_closing;
	tk->name = tc_str_of(g->name, g->name_n);
	rw->tok.mode = TOK_DATA;
	rw->tok.cdata = tree_foreign(&rw->tree);
	if (!g->erase && g->end_tag)
		left(r, tk, x.elem);
	else if (!g->erase)
		entered(r, &x);
	if (rw->tree.n > 0) /* what follows, as behind any other tag */
		text_foreign(rw);
}

/* An attribute of more than its limit begins: it is let through, or its value is dropped. */
static void
giant_long(struct run *r, struct element *x, size_t n, size_t there)
{
	struct giant *g = &r->rw->giant;
	const struct tok_attr *a = &x->tk->attr[0];
	enum rule_kind kind = a->name_n > 0 ? attr_rule_kind(x, 0) : RULE_NONE;
	struct tc_str value = {r->at + a->value, there - a->value};

	g->attribute = 1;
	g->wrote = false;
	if (kind == RULE_NONE || kind == RULE_INTEGRITY || g->end_tag || g->erase || !r->rw->env->acts) {
		giant_take(r, n);
		return;
	}
	if (attr_streams(x, 0, value)) {
		giant_take(r, n);
		return;
	}
	judge_did(r->rw, TC_DID_OVERFLOW, TC_UNKNOWN, tc_str_of(r->at + a->name, a->name_n));
	if (kind == RULE_REMOVE)
		run_replace(r, r->at + a->name, r->at + a->name + a->name_n, TC_STR("x"));
	g->attribute = 2;
	r->at += n;
}

/* Goes on in it. */
static bool
giant_in_long(struct run *r)
{
	struct rewrite *rw = r->rw;
	struct giant *g = &rw->giant;
	struct tok_attr a;
	bool done;
	size_t n = tok_long(&rw->tok, tc_str_of(r->at, (size_t)(r->end - r->at)), &a, &done);

	if (g->attribute == 2 && a.value_n > 0) {
		bool bare = a.quote == 'u' && !g->wrote;

		run_replace(r, r->at, r->at + a.value_n, bare ? TC_STR("\"\"") : TC_STR(""));
		g->wrote = true;
		r->at += a.value_n;
		n -= a.value_n;
	}
	giant_take(r, n);
	if (done)
		g->attribute = 0;
	return true;
}

bool
giant_step(struct run *r)
{
	struct rewrite *rw = r->rw;
	struct giant *g = &rw->giant;
	struct token *tk = &r->tk;
	struct tc_str in = {r->at, (size_t)(r->end - r->at)};
	struct element x = {.base = r->at, .tk = tk, .elem = (enum elem)g->elem, .where = g->where, .partial = true};
	bool srcdoc = g->elem == E_IFRAME && tc_istarts(in, TC_STR("srcdoc"));
	size_t max = srcdoc ? REWRITE_NOSCRIPT_MAX + 64 : REWRITE_HELD_MAX, n;
	bool self_closing;

	if (g->attribute != 0)
		return giant_in_long(r);
	tk->attr_n = 1;
	switch (tok_attr(&rw->tok, in, max, &tk->attr[0], &self_closing, &n)) {
	case TOK_PART_MORE:
		if (!r->last)
			return false;
		rw->cut = true;
		giant_take(r, in.n);
		return true;
	case TOK_PART_ATTR:
		if (tk->attr[0].name_n > 0 && !g->end_tag && !g->erase && rw->env->acts)
			attr_edit_one(r, &x);
		giant_take(r, n);
		return true;
	case TOK_PART_END:
		giant_take(r, n);
		giant_end(r, self_closing);
		return true;
	case TOK_PART_LONG:
		giant_long(r, &x, n, max);
		return true;
	}
	return false;
}
