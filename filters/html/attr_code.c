/* attr_code.c: values that are declarations, a script or a document (attr.h). */
#include "attr.h"

enum { SRCDOC_MAX = 1 << 19 }; /* bytes that a srcdoc may become */

/* Nothing in it could name a URL by url(), image-set() and the like. */
static bool
css_plain(struct tc_str raw)
{
	return tc_find_byte(raw, '(') == raw.n && entity_none(raw);
}

bool
attr_css_denied(struct run *r, struct tc_str raw, enum tc_action action)
{
	struct value_edit v[1];
	struct value_edits edits = {.v = v, .cap = 1};
	struct judge judge;

	if (css_plain(raw))
		return false;
	judge_begin(&judge, r->rw, action, false);
	return !css_attr(raw, judge_value, &judge, &edits) || edits.n > 0;
}

void
attr_edit_css(struct run *r, const struct element *x, size_t i, const struct attr_rule *rule)
{
	struct value_edit v[ATTR_EDITS_MAX];
	struct value_edits edits = {.v = v, .cap = ATTR_EDITS_MAX};
	struct judge judge;
	struct tc_str raw = attr_raw(x, i);

	if (css_plain(raw))
		return;
	judge_begin(&judge, r->rw, (enum tc_action)rule->action, false);
	if (!css_attr(raw, judge_value, &judge, &edits))
		attr_write(r, x, i, TC_STR(""));
	else
		attr_write_edits(r, x, i, raw, &edits);
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

void
attr_edit_handler(struct run *r, const struct element *x, size_t i)
{
	struct judge judge;
	struct script_ctx ctx = {.judge = judge_value, .ctx = &judge};
	struct decoded d;

	if (script_plain(attr_raw(x, i)))
		return;
	judge_begin(&judge, r->rw, TC_DID_INLINE_SCRIPT, true);
	decoded_begin(&d, attr_raw(x, i));
	if (script_names_tracker(&ctx, d.s)) {
		judge_script_done(&judge, true);
		attr_write(r, x, i, TC_STR(""));
	}
	decoded_end(&d);
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

void
attr_edit_srcdoc(struct run *r, const struct element *x, size_t i)
{
	struct memory m = {.p = NULL};
	struct rewrite *doc = rewrite_nested(r->rw, memory_emit, &m);
	struct tc_str in;
	struct decoded d;

	decoded_begin(&d, attr_raw(x, i));
	in = d.s;
	if (in.n > REWRITE_NOSCRIPT_MAX || doc == NULL || rewrite_run(doc, &in, true) != 0) {
		judge_did(r->rw, TC_DID_OVERFLOW, TC_UNKNOWN, TC_STR("srcdoc"));
		attr_write(r, x, i, TC_STR(""));
	} else if (doc->edits > 0) {
		attr_write_decoded(r, x, i, tc_str_of(m.n > 0 ? m.p : "", m.n), &(struct value_edits){.n = 0});
	}
	rewrite_nested_end(&doc);
	memory_end(&m);
	decoded_end(&d);
}
