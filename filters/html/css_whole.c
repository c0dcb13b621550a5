/*
 * css_whole.c: CSS that is there as a whole: style attributes, and style elements of foreign content. There references
 * are decoded before anything else, so what css_judge() finds in the decoded text is traced back to the raw bytes.
 */
#include "css.h"

#define WINDOW 4096

/* Decoded text and where each byte of it came from. */
struct window {
	char text[WINDOW + 8];
	uint16_t from[WINDOW + 8];
	size_t n;
};

/* Decodes raw from *at on, as far as the window has room. */
static void
window_fill(struct window *w, struct tc_str raw, size_t *at, bool attribute)
{
	while (*at < raw.n && w->n < WINDOW) {
		size_t n = 1, took = 1, i;

		if (raw.p[*at] == '&')
			took = entity_one(tc_str_of(raw.p + *at, raw.n - *at), attribute, w->text + w->n, &n);
		else
			w->text[w->n] = raw.p[*at];
		for (i = 0; i < n; i++)
			w->from[w->n + i] = (uint16_t)*at;
		w->n += n;
		*at += took;
	}
	w->from[w->n] = (uint16_t)*at;
}

/* Any tracker in the decoded text, looked at window by window. */
static bool
any_tracker(struct tc_str raw, bool attribute, value_judge judge, void *ctx)
{
	struct window w = {.n = 0};
	struct value_edit one[1];
	struct css st = {0};
	size_t at = 0, took;

	do {
		struct value_edits out = {.v = one, .cap = 1};

		window_fill(&w, raw, &at, attribute);
		took = css_judge(&st, tc_str_of(w.text, w.n), at == raw.n, judge, ctx, &out);
		if (took == 0 && w.n >= WINDOW) /* one long URL: its beginning decides */
			took = css_judge(&st, tc_str_of(w.text, w.n), true, judge, ctx, &out);
		if (out.n > 0)
			return true;
		w.n -= took;
		memmove(w.text, w.text + took, w.n);
	} while (at < raw.n || (w.n > 0 && took > 0));
	return false;
}

/* True when the edits of the whole text, decoded in one window, are in out as edits of raw. */
static bool
edits_of_raw(struct tc_str raw, bool attribute, value_judge judge, void *ctx, struct value_edits *out)
{
	struct window w = {.n = 0};
	struct css st = {0};
	size_t at = 0, i;

	if (raw.n > UINT16_MAX)
		return false;
	window_fill(&w, raw, &at, attribute);
	if (at < raw.n)
		return false;
	if (css_judge(&st, tc_str_of(w.text, w.n), true, judge, ctx, out) < w.n)
		return false;
	for (i = 0; i < out->n; i++) {
		size_t k = out->v[i].from;

		/* "&quot" without ';' would go on into what we write */
		if (k > 0 && w.from[k] - w.from[k - 1] > 1 && raw.p[w.from[k] - 1] != ';')
			return false;
		out->v[i].from = w.from[k];
		out->v[i].to = w.from[out->v[i].to];
	}
	return true;
}

static bool
judge_whole(struct tc_str raw, bool attribute, value_judge judge, void *ctx, struct value_edits *out)
{
	struct css st = {0};
	bool done;

	out->n = 0;
	out->overflow = false;
	if (entity_none(raw))
		done = css_judge(&st, raw, true, judge, ctx, out) == raw.n;
	else
		done = edits_of_raw(raw, attribute, judge, ctx, out);
	if (done)
		return true;
	out->n = 0;
	return !any_tracker(raw, attribute, judge, ctx);
}

bool
css_attr(struct tc_str raw, value_judge judge, void *ctx, struct value_edits *out)
{
	return judge_whole(raw, true, judge, ctx, out);
}

bool
css_foreign(struct tc_str raw, value_judge judge, void *ctx, struct value_edits *out)
{
	return judge_whole(raw, false, judge, ctx, out);
}
