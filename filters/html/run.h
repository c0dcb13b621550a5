/* run.h: what the parts of the rewriter share: one call of rewrite_run(), and edits to its bytes. */
#ifndef TACET_HTML_RUN_H
#define TACET_HTML_RUN_H

#include "rewrite.h"
#include "rules.h"

/*
 *	in:  sent already | from ... | at ... | end
 *	                    decided    undecided
 */
struct run {
	struct rewrite *rw;
	const char *begin;
	const char *from; /* not sent yet */
	const char *at;   /* not decided yet; never before from */
	const char *end;
	bool last;
	bool failed; /* the sink said no */
	struct token tk;
};

/* ---- rewrite.c ---- */

/* Sends all up to p. */
void run_send(struct run *r, const char *p);

/* Sends constant bytes. */
void run_put(struct run *r, struct tc_str s);

/* What lies in [from, to) is replaced; all before it is sent. Edits come in ascending order. */
void run_replace(struct run *r, const char *from, const char *to, struct tc_str with);

/* The edits of a judge over the text at p. */
void run_apply(struct run *r, const char *p, const struct value_edits *edits);

/* Takes [r->at, to) out and goes on there. What stands before and behind must not grow together. */
void run_erase(struct run *r, const char *to);

/* Deals with one token other than TOK_MORE, whose bytes begin at r->at. */
void run_take(struct run *r, enum tok_kind kind);

/* What goes first into the head, at p, if it is not there yet, and nothing of the body is. */
void run_first(struct run *r, const char *p);

/* What belongs at the end of the page, at p, as far as it is not in the page yet. */
void run_extra(struct run *r, const char *p);

/* A document inside this one, on the heap; NULL: too deep, or no memory. */
struct rewrite *rewrite_nested(const struct rewrite *rw, rewrite_emit emit, void *to);
void rewrite_nested_end(struct rewrite **rw);

/* ---- attr.c ---- */

/* A tag whose attributes are judged. */
struct element {
	const char *base;       /* where offsets count from */
	const struct token *tk; /* its attributes */
	const uint8_t *attr;    /* enum attr of each */
	enum elem elem;
	unsigned where; /* IN_HTML ... */
	bool partial;   /* not all of its attributes are known */
	bool url_hit;   /* its URL is replaced: an integrity would not fit */
};

/* The value of the first attribute of this kind; p = NULL: none. As written. */
struct tc_str element_value(const struct element *x, enum attr attr);

/* What kind of script its attributes make of it. */
enum script_kind element_script_kind(const struct element *x);

/* Finds out which attributes these are, into attr[] (TOK_ATTR_MAX long). */
enum { ATTRS_SOME = 1, ATTRS_MARK = 2, ATTRS_INTEGRITY = 4 };
unsigned attr_name_all(struct element *x, uint8_t *attr);

/* Then edits what must be edited. found: what attr_name_all() said. */
void attr_edit_all(struct run *r, struct element *x, unsigned found);

/* Edits the one attribute of a partial element. */
void attr_edit_one(struct run *r, struct element *x);

/* The kind of rule that holds for an attribute; RULE_NONE: leave it. */
enum rule_kind attr_rule_kind(const struct element *x, size_t i);

/* Whether its value, which begins with raw, asks no one for anything, however long it is: data: of a picture. */
bool attr_streams(const struct element *x, size_t i, struct tc_str raw);

/* ---- inner.c: URLs that are a script, a document or a sheet themselves ---- */

/* Whether this URL (decoded) is one, as these types would read it, and names a tracker. */
bool inner_denied(struct rewrite *rw, struct tc_str url, unsigned types, enum tc_action action);

/* The same for a style sheet. */
bool inner_sheet_denied(struct rewrite *rw, struct tc_str url, enum tc_action action);

/* ---- tag.c: tags, whole and giant ---- */

/* TOK_START and TOK_END at r->at. */
void tag_start(struct run *r);
void tag_end(struct run *r);

/* TOK_GIANT at r->at: a tag over the limits begins. */
void giant_begin(struct run *r);

/* Its next part. False: more bytes are needed. */
bool giant_step(struct run *r);

/* ---- text.c ---- */

/* What becomes of the text of a text-mode element. */
enum rewrite_text text_kind_of(struct run *r, const struct element *x);

/* Text of SVG's script and style, and of CDATA sections, is held. Called wherever a text may begin. */
void text_foreign(struct rewrite *rw);

/* Takes the comment at r->at out where preload scanners would read it as text (tree_raw()). False: it is not there. */
bool text_no_comment(struct run *r);

/* A piece of what is held until it ends (TEXT_PI, TEXT_COMMENT) lies at r->at, r->tk.n bytes of it. */
void text_hold(struct run *r, enum rewrite_text text);

/* One step while text is held or judged. False: more bytes are needed. */
bool text_step(struct run *r);

/* ---- judge.c ---- */

/* Whether a URL (decoded) leads to a tracker when asked for as one of these types. */
bool judge_url(struct rewrite *rw, struct tc_str url, unsigned types, enum tc_action action);

/* The same for the mere host of a URL: a hint to connect. */
bool judge_hint(struct rewrite *rw, struct tc_str url, enum tc_action action);

/* An absolute URL out of one of this document (decoded). False: it cannot be read. buf holds URL_MAX + 64 bytes. */
bool judge_resolve(const struct rewrite *rw, struct tc_str url, struct url *u, char *buf);

/* As a value_judge. */
enum { JUDGE_WHAT_MAX = 256 };
struct judge {
	struct rewrite *rw;
	enum tc_action action;
	/*
	 * For scripts: by the lists alone, so that what no list names passes even where unknown hosts are denied; and
	 * not every hit is an edit, so the first is kept until judge_script_done() says that there was one.
	 */
	bool script;
	bool hit;
	struct match_result first;
	char what[JUDGE_WHAT_MAX];
	size_t what_n;
};
bool judge_value(void *judge, struct tc_str url, unsigned match_type);

static inline void
judge_begin(struct judge *j, struct rewrite *rw, enum tc_action action, bool script)
{
	j->rw = rw;
	j->action = action;
	j->script = script;
	j->hit = false;
}

/* A script was judged: reports it, if it was edited. */
void judge_script_done(const struct judge *j, bool edited);

/* Reports something that was not a URL. */
void judge_did(struct rewrite *rw, enum tc_action action, enum tc_class class, struct tc_str what);

/* The base element's URL: relative ones count from it, if it is a base at all. */
void judge_base(struct rewrite *rw, struct tc_str url);

/* Whether as a base it would move relative URLs to another host than now. */
bool judge_base_moves(const struct rewrite *rw, struct tc_str url);

/* ---- stub.c ---- */

/* What takes the place of a script that was asked for by this URL (not decoded): fits every way of quoting. */
struct tc_str surrogate_for(struct rewrite *rw, struct tc_str raw);

#endif
