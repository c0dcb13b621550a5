/* text.c: the text of scripts, styles, noscript, and what else must be seen whole before it goes out (run.h). */
#include "run.h"

#include <assert.h>

enum {
	TEXT_EDITS_MAX = 128,
	MARKER_MAX = 64, /* a longer comment is no marker */
};

/* How much of a text is held before it is too long. */
static size_t
held_max(enum rewrite_text text)
{
	switch (text) {
	case TEXT_SCRIPT:
		return SCRIPT_HELD_MAX;
	case TEXT_NOSCRIPT:
		return REWRITE_NOSCRIPT_MAX;
	case TEXT_COMMENT:
		return MARKER_MAX;
	case TEXT_RULES:
	case TEXT_IMPORTMAP:
	case TEXT_FOREIGN:
	case TEXT_PI:
		return REWRITE_HELD_MAX;
	default:
		return SIZE_MAX; /* streams */
	}
}

/* What becomes of a text that is too long. */
static enum rewrite_text
overflown(enum rewrite_text text)
{
	switch (text) {
	case TEXT_SCRIPT:
		return TEXT_SCRIPT_LONG;
	case TEXT_COMMENT:
		return TEXT_PASS;
	case TEXT_PI:
		return TEXT_PI_DROP;
	default:
		return TEXT_DROP;
	}
}

enum rewrite_text
text_kind_of(struct run *r, const struct element *x)
{
	struct rewrite *rw = r->rw;

	if (!rw->env->acts)
		return TEXT_PASS;
	if (x->elem == E_NOSCRIPT)
		return TEXT_NOSCRIPT;
	if (x->elem == E_STYLE) {
		rw->css = (struct css){.mode = 0};
		return TEXT_STYLE;
	}
	if (x->elem != E_SCRIPT)
		return TEXT_PASS;
	if (rw->amp != E_NONE) {
		rw->amp_due = true;
		return TEXT_DROP;
	}
	if (!x->partial && element_value(x, AT_SRC).p != NULL)
		return TEXT_PASS; /* no browser reads it */
	switch (element_script_kind(x)) {
	case SCRIPT_JS:
		return TEXT_SCRIPT;
	case SCRIPT_JSON_RULES:
		return TEXT_RULES;
	case SCRIPT_IMPORTMAP:
		return TEXT_IMPORTMAP;
	case SCRIPT_INERT:
		break;
	}
	return TEXT_PASS;
}

void
text_foreign(struct rewrite *rw)
{
	bool script = tree_in_svg(&rw->tree, TC_STR("script")), style = tree_in_svg(&rw->tree, TC_STR("style"));
	bool cdata = rw->tok.mode == TOK_CDATA;

	if (rw->text != TEXT_PASS || rw->giant.on || !rw->env->acts || (!script && !style && !cdata))
		return;
	rw->text = TEXT_FOREIGN;
	rw->held = 0;
	rw->foreign_script = script;
	rw->foreign_style = style;
	rw->foreign_cdata = cdata;
}

bool
text_no_comment(struct run *r)
{
	struct rewrite *rw = r->rw;

	if (!rw->env->acts || tree_raw(&rw->tree).n == 0)
		return false;
	judge_did(rw, TC_DID_DISAMBIGUATED, TC_UNKNOWN, TC_STR("a comment that preload scanners read as text"));
	run_erase(r, r->at + r->tk.n);
	if (!r->tk.ends) {
		rw->text = TEXT_PI_DROP;
		rw->held = 0;
	} else {
		text_foreign(rw);
	}
	return true;
}

/* ---- judges of a whole text: r->at, rw->held bytes ---- */

static struct tc_str
held_of(const struct run *r)
{
	return tc_str_of(r->at, r->rw->held);
}

static void
drop_held(struct run *r)
{
	run_replace(r, r->at, r->at + r->rw->held, TC_STR(""));
}

/* Whether a list has a rule against a script that says what is held of this one; reported if so. */
static bool
is_listed(struct run *r)
{
	const struct rewrite_env *env = r->rw->env;
	struct tc_str s = held_of(r);
	enum tc_class class;

	if (s.n > SCRIPT_HELD_MAX) /* how much more is there depends on how it came */
		s.n = SCRIPT_HELD_MAX;
	if (env->scripts.n == 0 || s.n == 0 || !match_script(env->db, &env->scripts, s, &class))
		return false;
	judge_did(r->rw, TC_DID_INLINE_SCRIPT, class, TC_STR("a script that a list names"));
	return true;
}

static void
judge_script(struct run *r)
{
	struct value_edit v[TEXT_EDITS_MAX];
	struct value_edits edits = {.v = v, .cap = TEXT_EDITS_MAX};
	struct judge judge;
	bool foreign = r->rw->text == TEXT_FOREIGN && !r->rw->foreign_cdata;
	struct script_ctx ctx = {.judge = judge_value, .ctx = &judge, .foreign = foreign};

	if (is_listed(r)) {
		drop_held(r);
		return;
	}
	judge_begin(&judge, r->rw, TC_DID_INLINE_SCRIPT, true);
	script_judge(&ctx, held_of(r), &edits);
	judge_script_done(&judge, edits.n > 0);
	run_apply(r, r->at, &edits);
}

static void
judge_importmap(struct run *r)
{
	struct value_edit v[TEXT_EDITS_MAX];
	struct value_edits edits = {.v = v, .cap = TEXT_EDITS_MAX};
	struct judge judge;

	judge_begin(&judge, r->rw, TC_DID_INLINE_SCRIPT, true);
	importmap_judge(held_of(r), judge_value, &judge, &edits);
	judge_script_done(&judge, edits.n > 0);
	run_apply(r, r->at, &edits);
}

static void
judge_rules(struct run *r)
{
	struct judge judge;

	judge_begin(&judge, r->rw, TC_DID_INLINE_SCRIPT, true);
	if (rules_name_tracker(held_of(r), judge_value, &judge)) {
		judge_script_done(&judge, true);
		drop_held(r);
	}
}

/* The text of a noscript, as browsers without scripting read it. It must not swallow what follows. */
static void
judge_noscript(struct run *r)
{
	struct rewrite *rw = r->rw, *doc = rewrite_nested(rw, NULL, NULL);
	struct tc_str in = held_of(r);
	bool well = false;
	size_t edits = 0;

	if (in.n == 0 || doc == NULL)
		goto out;
	doc->tree.no_script = doc->noscript = true;
	doc->quiet++;
	well = rewrite_run(doc, &in, true) == 0 && rewrite_ends_well(doc);
	edits = doc->edits;
out:
	rewrite_nested_end(&doc);
	if (!well && rw->held > 0) {
		judge_did(rw, TC_DID_NOSCRIPT, TC_UNKNOWN, TC_STR("noscript that does not end where it seems to"));
		drop_held(r);
	} else if (edits > 0) {
		/* the same once more, and this time it counts */
		run_send(r, r->at);
		doc = rewrite_nested(rw, rw->emit, rw->to);
		if (doc == NULL) {
			drop_held(r);
			return;
		}
		doc->tree.no_script = doc->noscript = true;
		in = held_of(r);
		r->failed |= rewrite_run(doc, &in, true) != 0;
		rewrite_nested_end(&doc);
		r->from = r->at + rw->held;
		rw->edits += edits;
	}
}

/* "<?...>" ends at the first '>' or, for newer browsers, at one that is not quoted: if these are not the same, it goes. */
static void
judge_pi(struct run *r)
{
	struct tc_str s = held_of(r);
	size_t doubles = 0, singles = 0;

	for (size_t i = 0; i < s.n; i++) {
		doubles += s.p[i] == '"';
		singles += s.p[i] == '\'';
	}
	if (doubles % 2 == 0 && singles % 2 == 0)
		return;
	judge_did(r->rw, TC_DID_DISAMBIGUATED, TC_UNKNOWN, TC_STR("processing instruction"));
	run_erase(r, r->at + s.n);
	r->rw->held = 0;
	r->rw->tok.inside = 0; /* at the end of the page it is open, but gone */
}

/* A marker becomes the link to the choices page. */
static void
judge_comment(struct run *r)
{
	struct rewrite *rw = r->rw;
	struct tc_str s = held_of(r);

	if (s.n < 7 || !tc_ends(s, TC_STR("-->")) || !tree_plain(&rw->tree))
		return;
	s = tc_trim(tc_str_of(s.p + 4, s.n - 7));
	if (!tc_eq(s, TC_STR("tacet:choices")))
		return;
	run_first(r, r->at);
	run_replace(r, r->at, r->at + rw->held, rw->extra->link);
	rw->link_done = rw->tree.no_frameset = true;
}

/* CSS in [r->at, held), as far as it is decided; with last all of it. */
static void
stream_css(struct run *r, bool last)
{
	struct rewrite *rw = r->rw;
	struct value_edit v[TEXT_EDITS_MAX];
	struct value_edits edits = {.v = v, .cap = TEXT_EDITS_MAX};
	struct judge judge;
	size_t taken;

	judge_begin(&judge, rw, TC_DID_STYLE, false);
	do {
		edits.n = 0;
		taken = css_judge(&rw->css, held_of(r), last, judge_value, &judge, &edits);
		assert(taken <= rw->held);
		run_apply(r, r->at, &edits);
		r->at += taken;
		rw->held -= taken;
	} while (taken > 0 && rw->held > 0);
}

static void
stream_script(struct run *r, bool last)
{
	struct rewrite *rw = r->rw;
	struct value_edit v[TEXT_EDITS_MAX];
	struct value_edits edits = {.v = v, .cap = TEXT_EDITS_MAX};
	struct judge judge;
	struct script_ctx ctx = {.judge = judge_value, .ctx = &judge};
	size_t taken;

	judge_begin(&judge, rw, TC_DID_INLINE_SCRIPT, true);
	do {
		edits.n = 0;
		judge.hit = false;
		taken = script_sub(&rw->sub, &ctx, held_of(r), last, &edits);
		assert(taken <= rw->held);
		judge_script_done(&judge, edits.n > 0);
		run_apply(r, r->at, &edits);
		r->at += taken;
		rw->held -= taken;
	} while (taken > 0 && rw->held > 0);
}

/* Style text that holds references: judged decoded; as no edit would fit, a hit empties it. */
static void
judge_encoded_css(struct run *r)
{
	struct tc_str raw = held_of(r);
	size_t room = ENTITY_ROOM(raw.n);
	char *text = malloc(room);
	struct value_edit v[1];
	struct value_edits edits = {.v = v, .cap = 1};
	struct judge judge;
	struct css css = {.mode = 0};
	struct tc_str in;

	judge_begin(&judge, r->rw, TC_DID_STYLE, false);
	if (text == NULL)
		abort();
	in = tc_str_of(text, entity_decode(raw, false, text));
	for (size_t taken = 1; in.n > 0 && taken > 0 && edits.n == 0; tc_skip(&in, taken))
		taken = css_judge(&css, in, true, judge_value, &judge, &edits);
	if (edits.n > 0)
		drop_held(r);
	explicit_bzero(text, room);
	free(text);
}

/*
 * From where on a CDATA section is not to preload scanners what it is to others; s.n: nowhere. They know none: in an element of
 * raw text it is text up to an end tag of that, anywhere else a comment up to the first '>'.
 */
static size_t
cdata_parts(const struct run *r, struct tc_str s)
{
	struct tc_str raw = tree_raw(&r->rw->tree);
	size_t at;

	if (raw.n > 0) {
		struct tc_str rest = s;

		while ((at = tc_find(rest, TC_STR("</"))) < rest.n) {
			tc_skip(&rest, at + 2);
			if (tc_istarts(rest, raw))
				return 0;
		}
		return tc_ieq(raw, TC_STR("script")) && tc_find(s, TC_STR("<!--")) < s.n ? 0 : s.n; /* escaped from there on */
	}
	at = tc_find_byte(s, '>');
	return at + tc_find_byte(tc_str_of(s.p + at, s.n - at), '<');
}

/*
 * Text of SVG's script or style, or in a CDATA section. A second piece (behind a CDATA section, say) would have to be read
 * with the first.
 */
static void
judge_foreign(struct run *r)
{
	struct rewrite *rw = r->rw;
	struct tc_str s = held_of(r);
	size_t n = 0, parts = rw->foreign_cdata ? cdata_parts(r, s) : s.n;

	if (parts < s.n) {
		judge_did(rw, TC_DID_DISAMBIGUATED, TC_UNKNOWN, TC_STR("CDATA that preload scanners read as markup"));
		run_replace(r, r->at + parts, r->at + s.n, TC_STR(""));
		rw->foreign_seen = true;
		return;
	}
	while (n < s.n && memchr(" \t\n\f\r", s.p[n], 5) != NULL)
		n++;
	if (n == s.n || (!rw->foreign_script && !rw->foreign_style))
		return;
	if (rw->foreign_seen) {
		judge_did(rw, TC_DID_DISAMBIGUATED, TC_UNKNOWN, TC_STR("script or style in pieces"));
		drop_held(r);
	} else if (rw->foreign_script) {
		judge_script(r);
	} else if (!rw->foreign_cdata && !entity_none(s)) {
		judge_encoded_css(r);
	} else {
		rw->css = (struct css){.mode = 0};
		stream_css(r, true);
	}
	rw->foreign_seen = true;
}

/* The whole of a held text is there. */
static void
judge_held(struct run *r)
{
	switch ((enum rewrite_text)r->rw->text) {
	case TEXT_SCRIPT:
		judge_script(r);
		break;
	case TEXT_RULES:
		judge_rules(r);
		break;
	case TEXT_IMPORTMAP:
		judge_importmap(r);
		break;
	case TEXT_NOSCRIPT:
		judge_noscript(r);
		break;
	case TEXT_FOREIGN:
		judge_foreign(r);
		break;
	case TEXT_PI:
		judge_pi(r);
		break;
	case TEXT_COMMENT:
		judge_comment(r);
		break;
	case TEXT_PI_DROP:
		r->rw->tok.inside = 0;
		break;
	case TEXT_STYLE:
	case TEXT_SCRIPT_LONG:
	case TEXT_DROP:
	case TEXT_PASS:
		break;
	}
	r->at += r->rw->held;
	r->rw->held = 0;
}

/* As much of a streamed text as there is. */
static void
stream_held(struct run *r, bool last)
{
	struct rewrite *rw = r->rw;

	if (rw->text == TEXT_STYLE) {
		stream_css(r, last);
	} else if (rw->text == TEXT_SCRIPT_LONG) {
		stream_script(r, last);
	} else {
		if (rw->amp_due && rw->text == TEXT_DROP && rw->held > 0) {
			judge_did(rw, TC_DID_INLINE_SCRIPT, rule_amp_class((enum elem)rw->amp), elem_name((enum elem)rw->amp));
			rw->amp_due = false;
		}
		if (rw->text == TEXT_DROP || rw->text == TEXT_PI_DROP)
			drop_held(r);
		r->at += rw->held;
		rw->held = 0;
	}
}

/* ---- the steps ---- */

/* What is held is too long. */
static void
overflow(struct run *r)
{
	struct rewrite *rw = r->rw;

	if (rw->text != TEXT_SCRIPT && rw->text != TEXT_COMMENT)
		judge_did(rw, TC_DID_OVERFLOW, TC_UNKNOWN, TC_STR("a construct too long to be held"));
	if (rw->text == TEXT_PI) {
		run_erase(r, r->at + rw->held);
		rw->held = 0;
	}
	rw->text = (uint8_t)(rw->text == TEXT_SCRIPT && is_listed(r) ? TEXT_DROP : overflown((enum rewrite_text)rw->text));
	rw->sub = (struct script_sub){.n = 0};
}

void
text_hold(struct run *r, enum rewrite_text text)
{
	struct rewrite *rw = r->rw;

	rw->text = (uint8_t)text;
	rw->held = r->tk.n;
	if (!r->tk.ends)
		return;
	if (rw->held > held_max(text))
		overflow(r);
	judge_held(r);
	rw->text = TEXT_PASS;
	if (rw->tree.n > 0)
		text_foreign(rw);
}

/* Pieces of a comment or "<?" that was begun. *ended: it is whole. */
static void
grow_comment(struct run *r, bool *ended)
{
	struct rewrite *rw = r->rw;
	const char *p = r->at + rw->held;

	if (p == r->end)
		return;
	(void)tok_next(&rw->tok, tc_str_of(p, (size_t)(r->end - p)), r->last, &r->tk);
	rw->held += r->tk.n;
	*ended = r->tk.ends;
}

/* Text that was begun, up to the token that ends it: that, or TOK_MORE. */
static enum tok_kind
grow_text(struct run *r)
{
	struct rewrite *rw = r->rw;

	for (;;) {
		const char *p = r->at + rw->held;
		enum tok_kind kind;

		if (p == r->end)
			return TOK_MORE;
		kind = tok_next(&rw->tok, tc_str_of(p, (size_t)(r->end - p)), r->last, &r->tk);
		if (kind != TOK_TEXT)
			return kind;
		rw->held += r->tk.n;
	}
}

bool
text_step(struct run *r)
{
	struct rewrite *rw = r->rw;
	bool comment = rw->text == TEXT_PI || rw->text == TEXT_PI_DROP || rw->text == TEXT_COMMENT, ended = false;
	enum tok_kind kind = TOK_MORE;

	if (comment)
		grow_comment(r, &ended);
	else
		kind = grow_text(r);
	if (kind != TOK_MORE || (r->last && r->at + rw->held == r->end))
		ended = true;
	if (rw->held > held_max((enum rewrite_text)rw->text))
		overflow(r);
	if (held_max((enum rewrite_text)rw->text) == SIZE_MAX)
		stream_held(r, ended);
	if (!ended)
		return false;
	judge_held(r);
	rw->text = TEXT_PASS;
	if (kind != TOK_MORE)
		run_take(r, kind);
	else if (rw->tree.n > 0)
		text_foreign(rw);
	return true;
}
