/* media_type.c: Content-Type taken apart (RFC 9110 8.3), as a browser would (MIME Sniffing, "extract a MIME type"). */
#include "base/str.h"
#include "http/bytes.h"
#include "http/h1.h"

/* Cuts up to sep, or to the end, off the front of *rest; a sep inside quotes does not count. */
static struct tc_str
next_unquoted(struct tc_str *rest, char sep)
{
	size_t i = 0;
	bool quoted = false;

	for (; i < rest->n && (quoted || rest->p[i] != sep); i++) {
		if (rest->p[i] == '"')
			quoted = !quoted;
		else if (quoted && rest->p[i] == '\\' && i + 1 < rest->n)
			i++;
	}

	struct tc_str item = tc_str_of(rest->p, i < rest->n ? i : rest->n);

	if (item.n < rest->n)
		tc_skip(rest, item.n + 1);
	else
		*rest = tc_str_of(NULL, 0);
	return tc_trim(item);
}

static bool
is_media_type(struct tc_str text)
{
	size_t slash = tc_find_byte(text, '/');

	return slash < text.n && is_token(tc_str_of(text.p, slash)) &&
	    is_token(tc_str_of(text.p + slash + 1, text.n - slash - 1));
}

/* Cuts what stands in quotes off the front of *rest, which begins behind the first of them: without its '\\'. */
static struct tc_str
take_quoted(struct tc_str *rest, struct tc_arena *arena)
{
	size_t i = 0, n = 0;
	char *p;

	while (i < rest->n && rest->p[i] != '"')
		i += rest->p[i] == '\\' && i + 1 < rest->n ? 2 : 1;
	p = tc_alloc_bytes(arena, i + 1);
	if (p == NULL)
		return (struct tc_str){NULL, 0};
	for (size_t k = 0; k < i; k++) {
		if (rest->p[k] == '\\' && k + 1 < i)
			k++;
		p[n++] = tc_lower(rest->p[k]);
	}
	tc_skip(rest, i);
	return tc_str_of(p, n);
}

/* The first charset parameter that has a value counts. A space before its '=' makes it another one. */
static struct tc_str
charset_of(struct tc_str rest, struct tc_arena *arena)
{
	while (rest.n > 0) {
		struct tc_str name, value;
		size_t n = 0;

		rest = tc_trim(rest);
		while (n < rest.n && rest.p[n] != ';' && rest.p[n] != '=')
			n++;
		name = tc_str_of(rest.p, n);
		tc_skip(&rest, n);
		if (tc_starts(rest, TC_STR("=\""))) {
			tc_skip(&rest, 2);
			value = take_quoted(&rest, arena);
		} else {
			tc_skip(&rest, rest.n > 0 && rest.p[0] == '=');
			value = str_lower(tc_trim(tc_str_of(rest.p, tc_find_byte(rest, ';'))), arena);
		}
		if (value.n > 0 && tc_ieq(name, TC_STR("charset")))
			return tc_trim(value);
		tc_skip(&rest, tc_find_byte(rest, ';'));
		tc_skip(&rest, rest.n > 0);
	}
	return TC_STR("");
}

/*
 * One element of the list that Content-Type is in practice; one that is no media type leaves *res as it is. "text/html
 * charset=x" is no media type, but browsers take it for text/html.
 */
static void
read_element(struct tc_str element, struct tc_response *res, struct tc_arena *arena)
{
	struct tc_str type = tc_trim(tc_str_of(element.p, tc_find_byte(element, ';'))), charset;

	tc_skip(&element, tc_find_byte(element, ';'));
	tc_skip(&element, element.n > 0);
	for (size_t i = 0; i < type.n; i++)
		if (type.p[i] == ' ' || type.p[i] == '\t' || type.p[i] == '(')
			type.n = i;
	if (!is_media_type(type) || tc_eq(type, TC_STR("*/*")))
		return;
	type = str_lower(type, arena);
	charset = charset_of(element, arena);
	if (charset.n > 0 || !tc_eq(type, res->type))
		res->charset = charset;
	res->type = type;
}

/* These say that the sender knows none: browsers look at the bytes (MIME Sniffing 7). */
static bool
is_unknown(struct tc_str type)
{
	return tc_eq(type, TC_STR("unknown/unknown")) || tc_eq(type, TC_STR("application/unknown"));
}

/*
 * Where an origin sends several, browsers take the last they can read, with the charset of one before it of the same
 * type; so must we, or a page passes unseen.
 */
void
response_type(struct tc_response *res, struct tc_arena *arena)
{
	res->type = TC_STR("");
	res->charset = TC_STR("");
	for (size_t i = 0; i < res->fields.n; i++) {
		const struct tc_field *f = &res->fields.v[i];

		if (f->id != TC_F_CONTENT_TYPE || f->dropped)
			continue;
		for (struct tc_str rest = f->value; rest.p != NULL;)
			read_element(next_unquoted(&rest, ','), res, arena);
	}
	if (is_unknown(res->type))
		res->type = res->charset = TC_STR("");
}
