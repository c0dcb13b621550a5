/* embed.c: reads and writes the URLs of embeds: tacet/embed.h. The table is made from conf/lists/embeds.tsv. */
#include "tacet/embed.h"

/* ---- the table ---- */

static bool
host_is(struct tc_str host, struct tc_str name)
{
	if (!tc_starts(name, TC_STR("*.")))
		return tc_eq(host, name);
	tc_skip(&name, 1);
	return host.n > name.n && tc_ends(host, name);
}

static bool
host_among(struct tc_str host, struct tc_str names)
{
	while (names.p != NULL)
		if (host_is(host, tc_next(&names, ' ')))
			return true;
	return false;
}

/* Whole segments: "/p" is no beginning of "/playlist". "/" is one of all. */
static bool
path_below(struct tc_str path, struct tc_str front)
{
	if (!tc_starts(path, front))
		return false;
	return path.n == front.n || front.n == 1 || path.p[front.n] == '/';
}

const struct tc_embed *
tc_embed_find(struct tc_str host, struct tc_str path)
{
	for (size_t i = 0; i < tc_embed_count; i++)
		if (path_below(path, tc_embeds[i].path) && host_among(host, tc_embeds[i].hosts))
			return &tc_embeds[i];
	return NULL;
}

/* ---- reading ---- */

static bool
is_host_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* What browsers take as it stands, up to the end of a URL. */
static bool
is_plain(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f || memchr("\"<>\\", s.p[i], 4) != NULL)
			return false;
	return true;
}

/* A dot segment, or what may be read as one. */
static bool
has_dots(struct tc_str path)
{
	for (size_t i = 0; i + 1 < path.n; i++)
		if (path.p[i] == '/' && (path.p[i + 1] == '.' || tc_istarts(tc_str_of(path.p + i + 1, path.n - i - 1), TC_STR("%2e"))))
			return true;
	return false;
}

const struct tc_embed *
tc_embed_read(struct tc_str text, struct tc_embed_url *url)
{
	struct tc_str rest = text, none = {NULL, 0};
	size_t n = 0;

	if (text.n > TC_EMBED_URL_MAX || !tc_starts(text, TC_STR("https://")) || !is_plain(text))
		return NULL;
	*url = (struct tc_embed_url){.text = text, .query = none, .fragment = none};
	tc_skip(&rest, 8);
	while (n < rest.n && is_host_byte(rest.p[n]))
		n++;
	if (n == rest.n || rest.p[n] != '/')
		return NULL;
	url->host = tc_str_of(rest.p, n);
	tc_skip(&rest, n);
	n = tc_find_byte(rest, '#');
	if (n < rest.n)
		url->fragment = tc_str_of(rest.p + n + 1, rest.n - n - 1);
	rest.n = n;
	n = tc_find_byte(rest, '?');
	if (n < rest.n)
		url->query = tc_str_of(rest.p + n + 1, rest.n - n - 1);
	url->path = tc_str_of(rest.p, n);
	return has_dots(url->path) ? NULL : tc_embed_find(url->host, url->path);
}

/* ---- writing ---- */

struct out {
	char *p;
	size_t n;
	bool full;
};

static void
put(struct out *o, struct tc_str s)
{
	if (s.n > TC_EMBED_URL_MAX - o->n) {
		o->full = true;
		return;
	}
	if (s.n > 0)
		memcpy(o->p + o->n, s.p, s.n);
	o->n += s.n;
}

static struct tc_str
name_of(struct tc_str pair)
{
	return tc_str_of(pair.p, tc_find_byte(pair, '='));
}

/* The query with the parameter, in the place of the one of that name, else behind the others. */
static void
put_query(struct out *o, struct tc_str query, struct tc_str param)
{
	bool done = param.n == 0, first = true, bare = query.p != NULL && query.n == 0;

	while (query.p != NULL) {
		size_t n = tc_find_byte(query, '&');
		struct tc_str pair = tc_str_of(query.p, n);

		put(o, first ? TC_STR("?") : TC_STR("&"));
		if (param.n > 0 && tc_eq(name_of(pair), name_of(param))) {
			pair = param;
			done = true;
		}
		put(o, pair);
		first = false;
		query = n < query.n ? tc_str_of(query.p + n + 1, query.n - n - 1) : tc_str_of(NULL, 0);
	}
	if (done)
		return;
	put(o, first ? TC_STR("?") : bare ? TC_STR("")
					  : TC_STR("&"));
	put(o, param);
}

size_t
tc_embed_soften(const struct tc_embed *e, const struct tc_embed_url *url, char *out)
{
	struct out o = {.p = out};

	put(&o, TC_STR("https://"));
	put(&o, e->host.n > 0 ? e->host : url->host);
	put(&o, url->path);
	put_query(&o, url->query, e->param);
	if (url->fragment.p != NULL) {
		put(&o, TC_STR("#"));
		put(&o, url->fragment);
	}
	return o.full ? 0 : o.n;
}

/* ---- the page ---- */

static struct tc_str
param_of(struct tc_str query, struct tc_str name)
{
	while (query.p != NULL) {
		struct tc_str pair = tc_next(&query, '&'), is = name_of(pair);

		if (tc_eq(is, name) && pair.n > is.n)
			return tc_str_of(pair.p + is.n + 1, pair.n - is.n - 1);
	}
	return tc_str_of(NULL, 0);
}

/* What a name in braces stands for; n = 0: nothing. */
static struct tc_str
part_of(const struct tc_embed *e, const struct tc_embed_url *url, struct tc_str name)
{
	struct tc_str rest = url->path;

	if (tc_starts(name, TC_STR("?")))
		return param_of(url->query, tc_str_of(name.p + 1, name.n - 1));
	tc_skip(&rest, e->path.n > 1 ? e->path.n : 0);
	if (tc_eq(name, TC_STR("*")) || rest.n == 0)
		return rest;
	tc_skip(&rest, 1);
	return tc_str_of(rest.p, tc_find_byte(rest, '/'));
}

size_t
tc_embed_page(const struct tc_embed *e, const struct tc_embed_url *url, char *out)
{
	struct out o = {.p = out};
	struct tc_str rest = e->page;

	while (rest.n > 0 && !o.full) {
		size_t open = tc_find_byte(rest, '{'), close = tc_find_byte(rest, '}');

		put(&o, tc_str_of(rest.p, open));
		if (open < close && close < rest.n) {
			struct tc_str part = part_of(e, url, tc_str_of(rest.p + open + 1, close - open - 1));

			o.full |= part.n == 0;
			put(&o, part);
			open = close + 1;
		}
		tc_skip(&rest, open);
	}
	if (o.n == 0 || o.full) {
		o = (struct out){.p = out};
		put(&o, url->text);
	}
	return o.n;
}

/* ---- in a query ---- */

static bool
is_unreserved(char c)
{
	return (tc_lower(c) >= 'a' && tc_lower(c) <= 'z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c) != NULL);
}

size_t
tc_embed_encode(struct tc_str s, char *out)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (is_unreserved(s.p[i])) {
			out[n++] = s.p[i];
			continue;
		}
		out[n++] = '%';
		out[n++] = hex[(uint8_t)s.p[i] >> 4];
		out[n++] = hex[(uint8_t)s.p[i] & 15];
	}
	return n;
}

static int
digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10
	    : c >= 'a' && c <= 'f'                                   ? c - 'a' + 10
								     : -1;
}

size_t
tc_embed_decode(struct tc_str s, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (is_unreserved(s.p[i])) {
			out[n++] = s.p[i];
			continue;
		}
		if (s.p[i] != '%' || s.n - i < 3 || digit(s.p[i + 1]) < 0 || digit(s.p[i + 2]) < 0)
			return 0;
		out[n++] = (char)(digit(s.p[i + 1]) << 4 | digit(s.p[i + 2]));
		i += 2;
	}
	return n;
}
