/*
 * refresh.c: where the URL is in "5; url='/next'" (HTML Standard 4.2.5.3, shared declarative refresh steps).
 * A time without URL reloads the page itself, which is none of our business.
 */
#include "value.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static size_t
skip_space(struct tc_str s, size_t at)
{
	while (at < s.n && is_space(s.p[at]))
		at++;
	return at;
}

static size_t
skip_digits_and_dots(struct tc_str s, size_t at)
{
	while (at < s.n && ((s.p[at] >= '0' && s.p[at] <= '9') || s.p[at] == '.'))
		at++;
	return at;
}

/* Behind "url =", which may be left out; `at` when it is. */
static size_t
skip_url_word(struct tc_str s, size_t at)
{
	size_t eq;

	if (!tc_istarts(tc_str_of(s.p + at, s.n - at), TC_STR("url")))
		return at;
	eq = skip_space(s, at + 3);
	return eq < s.n && s.p[eq] == '=' ? skip_space(s, eq + 1) : at;
}

bool
refresh_url(struct tc_str content, size_t *from, size_t *to)
{
	size_t at = skip_space(content, 0), time = at;

	at = skip_digits_and_dots(content, at);
	if (at == time || at == content.n)
		return false; /* no time: not a refresh; nothing behind it: a reload */
	if (content.p[at] != ';' && content.p[at] != ',' && !is_space(content.p[at]))
		return false;
	at = skip_space(content, at);
	if (at < content.n && (content.p[at] == ';' || content.p[at] == ','))
		at = skip_space(content, at + 1);
	if (at == content.n)
		return false;
	at = skip_url_word(content, at);
	*to = content.n;
	if (at < content.n && (content.p[at] == '"' || content.p[at] == '\'')) {
		size_t close = tc_find_byte(tc_str_of(content.p + at + 1, content.n - at - 1), content.p[at]);

		at++;
		*to = at + close;
	}
	*from = at;
	return *to > at;
}
