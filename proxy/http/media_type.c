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

/* The first charset parameter counts. */
static struct tc_str
charset_of(struct tc_str parameters, struct tc_arena *arena)
{
	while (parameters.p != NULL) {
		struct tc_str value = next_unquoted(&parameters, ';');
		struct tc_str name = tc_next(&value, '=');

		if (value.p == NULL || !tc_ieq(name, TC_STR("charset")))
			continue;
		value = tc_trim(value);
		if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
			value = tc_trim(tc_str_of(value.p + 1, value.n - 2));
		return str_lower(value, arena);
	}
	return TC_STR("");
}

/* One element of the list that Content-Type is in practice; one that is no media type leaves *res as it is. */
static void
read_element(struct tc_str element, struct tc_response *res, struct tc_arena *arena)
{
	struct tc_str type = next_unquoted(&element, ';');

	if (!is_media_type(type) || tc_eq(type, TC_STR("*/*")))
		return;
	res->type = str_lower(type, arena);
	res->charset = charset_of(element, arena);
}

/* Where an origin sends several, browsers take the last they can read; so must we, or a page passes unseen. */
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
}
