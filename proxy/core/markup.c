/* markup.c: see markup.h. */
#include "core/markup.h"

void
markup_raw(struct markup *m, struct tc_str s)
{
	if (m->cap - m->n < s.n) {
		m->full = true;
		return;
	}
	if (s.n > 0)
		memcpy(m->p + m->n, s.p, s.n);
	m->n += s.n;
}

void
markup_text(struct markup *m, struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&':
			MARKUP(m, "&amp;");
			break;
		case '<':
			MARKUP(m, "&lt;");
			break;
		case '>':
			MARKUP(m, "&gt;");
			break;
		case '"':
			MARKUP(m, "&quot;");
			break;
		case '\'':
			MARKUP(m, "&#39;");
			break;
		default:
			markup_raw(m, tc_str_of(s.p + i, 1));
		}
	}
}

void
markup_word(struct markup *m, const struct language *l, enum word w)
{
	markup_text(m, word_in(l, w));
}

static void
tag(struct markup *m, const char *open, const char *element)
{
	markup_raw(m, tc_str_from(open));
	markup_raw(m, tc_str_from(element));
	MARKUP(m, ">");
}

void
markup_named(struct markup *m, const struct language *l, enum word w, struct tc_str name, const char *element)
{
	struct tc_str s = word_in(l, w);
	size_t at = tc_find(s, TC_STR("{}"));

	markup_text(m, tc_str_of(s.p, at));
	if (element != NULL)
		tag(m, "<", element);
	markup_text(m, name);
	if (element != NULL)
		tag(m, "</", element);
	tc_skip(&s, at);
	if (s.n > 2)
		markup_text(m, tc_str_of(s.p + 2, s.n - 2));
}

int
markup_lines(struct tc_response *res, const struct markup_line *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (tc_field_add(&res->fields, v[i].id, v[i].value) < 0)
			return -1;
	return 0;
}
