/* rewrite.c: rewrite.h: the loop over the tokens, and the one place where bytes go out (run.h). */
#include "../bridge.h"
#include "run.h"

#include <assert.h>

/* ---- what goes out ---- */

void
run_put(struct run *r, struct tc_str s)
{
	struct rewrite *rw = r->rw;

	if (s.n > 0 && !r->failed && rw->emit != NULL && rw->emit(rw->to, s.p, s.n) != 0)
		r->failed = true;
}

void
run_send(struct run *r, const char *p)
{
	assert(p >= r->from && p <= r->end);
	run_put(r, tc_str_of(r->from, (size_t)(p - r->from)));
	r->from = p;
}

void
run_replace(struct run *r, const char *from, const char *to, struct tc_str with)
{
	assert(to >= from);
	if (tc_eq(tc_str_of(from, (size_t)(to - from)), with))
		return;
	run_send(r, from);
	run_put(r, with);
	r->from = to;
	r->rw->edits++;
}

void
run_apply(struct run *r, const char *p, const struct value_edits *edits)
{
	for (size_t i = 0; i < edits->n; i++)
		run_replace(r, p + edits->v[i].from, p + edits->v[i].to, edits->v[i].with);
}

/*
 * A '<' that was text because a tag followed it must not begin one with what follows now, and what follows must not
 * become a byte order mark: "</>" parts them, and is nothing to browsers.
 */
void
run_erase(struct run *r, const char *to)
{
	char before = r->at > r->begin ? r->at[-1] : r->rw->before;

	run_replace(r, r->at, to, before == '<' || before == 0 ? TC_STR("</>") : TC_STR(""));
	r->at = to;
}

/* ---- tokens ---- */

static void
take_text(struct run *r)
{
	struct rewrite *rw = r->rw;
	const char *p = r->at, *end = r->at + r->tk.n;

	if (!rw->tree.no_frameset) {
		while (p < end && memchr(" \t\n\f\r", *p, 5) != NULL)
			p++;
		if (p < end)
			tree_text(&rw->tree);
	}
	r->at = end;
	/* "</" and nothing more is text, but would begin a bogus comment with anything behind it */
	if (r->last && end == r->end && end - r->begin >= 2 && end[-1] == '/' && end[-2] == '<')
		rw->cut = true;
}

/*
 * "<![CDATA[" in an integration point begins a section by the standard, and a comment that ends at '>' where it is
 * read as before. Without it what follows is markup to all.
 */
static void
erase_cdata(struct run *r)
{
	judge_did(r->rw, TC_DID_DISAMBIGUATED, TC_UNKNOWN, TC_STR("CDATA in HTML content"));
	run_erase(r, r->at + r->tk.n);
	r->rw->tok.mode = TOK_DATA;
}

/* Parsers drop a tag in which the page ends. Preload scanners, where they read text, find what stands in it. */
static void
take_cut(struct run *r)
{
	if (r->rw->env->acts && tree_raw(&r->rw->tree).n > 0) {
		judge_did(r->rw, TC_DID_DISAMBIGUATED, TC_UNKNOWN, TC_STR("a tag that does not end"));
		run_erase(r, r->at + r->tk.n);
	} else {
		r->at += r->tk.n;
	}
}

void
run_take(struct run *r, enum tok_kind kind)
{
	struct rewrite *rw = r->rw;

	switch (kind) {
	case TOK_TEXT:
		take_text(r);
		return;
	case TOK_START:
		tag_start(r);
		break;
	case TOK_END:
		tag_end(r);
		break;
	case TOK_GIANT:
		giant_begin(r);
		return;
	case TOK_BOGUS:
		if (rw->tree.n > 0 && text_no_comment(r))
			return;
		if (r->tk.begins && r->at[1] == '?' && rw->env->acts) {
			text_hold(r, TEXT_PI);
			return;
		}
		r->at += r->tk.n;
		break;
	case TOK_COMMENT:
		if (rw->tree.n > 0 && text_no_comment(r))
			return;
		if (r->tk.begins && rw->extra != NULL && rw->extra->link.n > 0) {
			text_hold(r, TEXT_COMMENT);
			return;
		}
		r->at += r->tk.n;
		break;
	case TOK_DOCTYPE:
		rw->tree.document = true;
		r->at += r->tk.n;
		break;
	case TOK_NOTHING:
		if (rw->tok.mode == TOK_CDATA && tree_at_point(&rw->tree) && rw->env->acts)
			erase_cdata(r);
		else
			r->at += r->tk.n;
		break;
	case TOK_CUT:
		rw->cut = true;
		take_cut(r);
		break;
	case TOK_MORE:
		assert(false);
	}
	if (rw->tree.n > 0)
		text_foreign(rw);
}

/* A link that is due inside an element that asked for it, unless it has it already. */
static void
link_due(struct run *r, enum tok_kind kind)
{
	struct rewrite *rw = r->rw;

	rw->link_due = false;
	if (kind == TOK_START && elem_name(E_A).n == r->tk.name.n && tc_ieq(r->tk.name, elem_name(E_A)))
		for (size_t i = 0; i < r->tk.attr_n; i++)
			if (attr_of(tc_str_of(r->at + r->tk.attr[i].name, r->tk.attr[i].name_n)) == AT_DATA_TACET)
				return;
	run_replace(r, r->at, r->at, rw->extra->link);
	rw->link_done = rw->tree.no_frameset = true;
}

/* An element of ours that was put in before. */
static bool
is_first(const struct run *r)
{
	for (size_t i = 0; i < r->tk.attr_n; i++) {
		const struct tok_attr *a = &r->tk.attr[i];

		if (attr_of(tc_str_of(r->at + a->name, a->name_n)) == AT_DATA_TACET)
			return tc_eq(tc_str_of(r->at + a->value, a->value_n), TC_STR(BRIDGE_MARK));
	}
	return false;
}

void
run_first(struct run *r, const char *p)
{
	struct rewrite *rw = r->rw;

	if (rw->extra->first.n == 0 || rw->first_done || rw->tree.no_frameset)
		return;
	rw->first_done = true;
	if (rw->extra->first_any || rw->tree.document)
		run_replace(r, p, p, rw->extra->first);
}

/* What goes first into the head, before the token at r->at or in its text, if this is the place (html.md 4.4). */
static void
first_due(struct run *r, enum tok_kind kind)
{
	struct rewrite *rw = r->rw;
	bool start = kind == TOK_START || (kind == TOK_GIANT && !r->tk.end_tag);
	enum elem e = start ? elem_of(r->tk.name) : E_NONE;
	const char *p = r->at, *end = r->at + r->tk.n;

	if (kind == TOK_CUT || e == E_HTML)
		return;
	if (!rw->in_head && (e == E_HEAD || kind == TOK_COMMENT || kind == TOK_BOGUS || kind == TOK_DOCTYPE || kind == TOK_NOTHING)) {
		rw->in_head = e == E_HEAD;
		return;
	}
	if (!rw->in_head && kind == TOK_TEXT) {
		while (p < end && memchr(" \t\n\f\r", *p, 5) != NULL)
			p++;
		if (p == end)
			return;
	}
	if (kind == TOK_START && e == E_SCRIPT && is_first(r))
		rw->first_done = true;
	else
		run_first(r, p);
}

static inline bool
is_letter(char c)
{
	return (unsigned char)((c | 0x20) - 'a') < 26;
}

/*
 * "</name>" in plain HTML content, which most end tags are: takes it if it changes nothing. The tokenizer would say
 * the same, in more steps.
 */
static bool
plain_end_tag(struct run *r)
{
	const char *name = r->at + 2, *p = name, *end = r->end;
	struct tc_str s;

	if (end - r->at < 4 || r->at[1] != '/')
		return false;
	while (p < end && (is_letter(*p) || (*p >= '0' && *p <= '9' && p > name)))
		p++;
	if (p == end || *p != '>' || p == name)
		return false;
	s = tc_str_of(name, (size_t)(p - name));
	if (!tree_skips(&r->rw->tree, elem_flags(elem_of(s))))
		return false;
	r->at = p + 1;
	return true;
}

/* Between tokens of plain HTML content, with nothing to be put in. */
static inline bool
is_plain(const struct rewrite *rw)
{
	return rw->text == TEXT_PASS && !rw->giant.on && rw->tree.no_frameset && !rw->link_due && tok_in_data(&rw->tok);
}

/* A start tag at r->at: false if it is not all there. */
static inline bool
start_tag(struct run *r)
{
	enum tok_kind kind = tok_tag(&r->rw->tok, tc_str_of(r->at, (size_t)(r->end - r->at)), r->last, &r->tk);

	if (kind != TOK_MORE)
		run_take(r, kind);
	return kind != TOK_MORE;
}

enum plain { PLAIN_TAKEN, /* something; a closer look at what follows */
	PLAIN_NOT,        /* what is there needs a closer look */
	PLAIN_MORE };     /* undecided */

/* Text and tags in plain HTML content, as far as it goes. */
static enum plain
plain_run(struct run *r)
{
	while (r->at < r->end && !r->failed) {
		const char *less;

		if (*r->at == '<') {
			if (plain_end_tag(r))
				continue;
			if (r->end - r->at < 2 || !is_letter(r->at[1]))
				return PLAIN_NOT;
			if (!start_tag(r))
				return PLAIN_MORE;
			if (!is_plain(r->rw))
				return PLAIN_TAKEN;
			continue;
		}
		less = memchr(r->at, '<', (size_t)(r->end - r->at));
		if (less == NULL) {
			r->tk.n = (size_t)(r->end - r->at);
			take_text(r);
			break;
		}
		r->at = less;
	}
	return PLAIN_TAKEN;
}

/* One step. False: what is left is undecided. */
static bool
step(struct run *r)
{
	struct rewrite *rw = r->rw;
	enum plain plain = is_plain(rw) ? plain_run(r) : PLAIN_NOT;
	enum tok_kind kind;

	if (plain != PLAIN_NOT)
		return plain == PLAIN_TAKEN;
	if (rw->giant.on)
		return giant_step(r);
	if (rw->text != TEXT_PASS)
		return text_step(r);
	kind = tok_next(&rw->tok, tc_str_of(r->at, (size_t)(r->end - r->at)), r->last, &r->tk);
	if (kind == TOK_MORE)
		return false;
	if (rw->extra != NULL && rw->extra->first.n > 0 && !rw->first_done)
		first_due(r, kind);
	if (rw->link_due && kind != TOK_CUT)
		link_due(r, kind);
	run_take(r, kind);
	return true;
}

/* ---- documents ---- */

void
rewrite_init(struct rewrite *rw, const struct rewrite_env *env, rewrite_emit emit, void *to)
{
	rw->env = env;
	rw->emit = emit;
	rw->to = to;
	rw->base = env->doc;
	rw->script = TC_STR("/.well-known/tacet/s/noop.js");
}

struct rewrite *
rewrite_nested(const struct rewrite *rw, rewrite_emit emit, void *to)
{
	struct rewrite *doc = rw->depth < REWRITE_DEPTH ? calloc(1, sizeof(*doc)) : NULL;

	if (doc == NULL)
		return NULL;
	rewrite_init(doc, rw->env, emit, to);
	doc->base = rw->base;
	doc->script = rw->script;
	doc->depth = (uint8_t)(rw->depth + 1);
	doc->quiet = rw->quiet;
	doc->noscript = rw->noscript;
	return doc;
}

void
rewrite_nested_end(struct rewrite **rw)
{
	if (*rw == NULL)
		return;
	explicit_bzero(*rw, sizeof(**rw));
	free(*rw);
	*rw = NULL;
}

bool
rewrite_ends_well(const struct rewrite *rw)
{
	return !rw->cut && !rw->giant.on && rw->text == TEXT_PASS && tok_in_data(&rw->tok) && tree_plain(&rw->tree);
}

void
run_extra(struct run *r, const char *p)
{
	const struct rewrite_extra *extra = r->rw->extra;
	struct tc_str s = tc_str_of("", 0);

	if (!r->rw->status_done && extra->status.n > 0)
		s = r->rw->link_done ? extra->status : extra->status_linked;
	else if (!r->rw->link_done)
		s = extra->at_end;
	run_replace(r, p, p, s);
	r->rw->status_done = r->rw->link_done = true;
	r->rw->tree.no_frameset |= s.n > 0; /* text in the body: see tree.h */
}

/* There was no "</body>" to put it before. */
static void
finish(struct run *r)
{
	const struct rewrite_extra *extra = r->rw->extra;

	if (extra == NULL || !rewrite_ends_well(r->rw) || !(r->rw->tree.document || extra->page))
		return;
	run_extra(r, r->end);
}

int
rewrite_run(struct rewrite *rw, struct tc_str *in, bool last)
{
	const char *begin = in->p != NULL ? in->p : "";
	struct run r;

	r.rw = rw;
	r.begin = r.from = r.at = begin;
	r.end = begin + in->n;
	r.last = last;
	r.failed = false;
	while (r.at < r.end && !r.failed && step(&r))
		;
	if (last && !r.failed) {
		assert(r.at == r.end);
		finish(&r);
	}
	run_send(&r, r.at);
	if (r.at > begin)
		rw->before = r.at[-1];
	tc_skip(in, (size_t)(r.at - begin));
	return r.failed ? -1 : 0;
}
