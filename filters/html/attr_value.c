/* attr_value.c: one value of a tag, read and written (attr.h). What is written fits every way of quoting. */
#include "attr.h"

/* ---- values ---- */

struct tc_str
attr_name_of(const struct element *x, size_t i)
{
	return tc_str_of(x->base + x->tk->attr[i].name, x->tk->attr[i].name_n);
}

struct tc_str
attr_raw(const struct element *x, size_t i)
{
	return tc_str_of(x->base + x->tk->attr[i].value, x->tk->attr[i].value_n);
}

struct tc_str
element_value(const struct element *x, enum attr attr)
{
	for (size_t i = 0; i < x->tk->attr_n; i++)
		if (x->attr[i] == attr)
			return attr_raw(x, i);
	return tc_str_of(NULL, 0);
}

bool
attr_repeats(const struct element *x, enum attr attr)
{
	size_t n = 0;

	for (size_t i = 0; i < x->tk->attr_n; i++)
		n += x->attr[i] == attr;
	return n > 1;
}

void
decoded_begin(struct decoded *d, struct tc_str raw)
{
	size_t room = ENTITY_ROOM(raw.n), n;

	d->heap = NULL;
	d->s = raw;
	if (entity_none(raw))
		return;
	if (room > sizeof(d->small)) {
		d->heap = malloc(room);
		d->heap_n = room;
		if (d->heap == NULL)
			abort();
	}
	n = entity_decode(raw, true, d->heap != NULL ? d->heap : d->small);
	d->s = tc_str_of(d->heap != NULL ? d->heap : d->small, n);
}

void
decoded_end(struct decoded *d)
{
	if (d->heap == NULL)
		return;
	explicit_bzero(d->heap, d->heap_n);
	free(d->heap);
	d->heap = NULL;
}

struct tc_str
decoded_keyword(struct decoded *d, struct tc_str raw)
{
	d->heap = NULL;
	if (raw.p == NULL)
		return raw;
	decoded_begin(d, raw.n <= sizeof(d->small) / 2 ? raw : tc_str_of("", 0));
	return d->s;
}

/* ---- writing ---- */

void
attr_write(struct run *r, const struct element *x, size_t i, struct tc_str with)
{
	const struct tok_attr *a = &x->tk->attr[i];
	const char *value = x->base + a->value;

	if (a->value_n == 0)
		return;
	if (with.n == 0 && a->quote == 'u')
		with = TC_STR("\"\"");
	run_replace(r, value, value + a->value_n, with);
}

void
attr_remove(struct run *r, const struct element *x, size_t i)
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

void
attr_write_decoded(struct run *r, const struct element *x, size_t i, struct tc_str s, const struct value_edits *edits)
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

void
attr_write_edits(struct run *r, const struct element *x, size_t i, struct tc_str s, const struct value_edits *edits)
{
	struct tc_str raw = attr_raw(x, i);

	if (edits->n == 0)
		return;
	if (edits->n == 1 && edits->v[0].from == 0 && edits->v[0].to == s.n)
		attr_write(r, x, i, edits->v[0].with);
	else if (s.p == raw.p)
		run_apply(r, raw.p, edits);
	else
		attr_write_decoded(r, x, i, s, edits);
}
