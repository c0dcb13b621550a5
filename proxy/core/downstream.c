/* downstream.c: see downstream.h. */
#include "core/downstream.h"

/* ---- names of the origin ---- */

struct authority {
	struct tc_str host, port; /* port n = 0: none is said */
};

/* host [ ":" digits ]. false: anything else, such as user@host. */
static bool
split_authority(struct tc_str text, struct authority *out)
{
	size_t end = text.n > 0 && text.p[0] == '[' ? tc_find_byte(text, ']') + 1 : tc_find_byte(text, ':');

	if (end == 0 || end > text.n)
		return false;
	out->host = tc_str_of(text.p, end);
	out->port = tc_str_of(text.p + end, text.n - end);
	if (out->port.n > 0) {
		if (out->port.p[0] != ':')
			return false;
		tc_skip(&out->port, 1);
	}
	for (size_t i = 0; i < out->port.n; i++)
		if (out->port.p[i] < '0' || out->port.p[i] > '9')
			return false;
	if (out->host.p[out->host.n - 1] == '.') /* the root's */
		out->host.n--;
	return out->host.n > 0 && tc_find_byte(out->host, '@') == out->host.n;
}

static bool
is_number(struct tc_str digits, unsigned n)
{
	unsigned v = 0;

	for (size_t i = 0; i < digits.n && v <= 65535; i++)
		v = v * 10 + (unsigned)(digits.p[i] - '0');
	return digits.n > 0 && v == n;
}

/* Is this port the one of the scheme, said or not? */
static bool
is_default(struct tc_str port, bool tls)
{
	return port.n == 0 || is_number(port, tls ? 443 : 80);
}

/* One server by the name it has in the configuration. */
static bool
is_server(const struct config_server *s, const struct authority *a, bool tls)
{
	struct authority own;

	if (!split_authority(s->authority, &own) || !tc_ieq(own.host, a->host))
		return false;
	return own.port.n > 0 ? tc_eq(own.port, a->port) : is_default(a->port, tls);
}

/* Does the origin call itself so? By the Host that we send it, or by where it listens. */
static bool
is_origin(const struct config_origin *o, const struct authority *a, bool tls)
{
	bool told = o->host_mode == ORIGIN_HOST_NAME && tc_ieq(o->host_name, a->host);

	if (told && is_default(a->port, tls))
		return true;
	for (size_t i = 0; i < o->server_count; i++)
		if (is_server(&o->servers[i], a, tls) || (told && is_number(a->port, o->servers[i].port)))
			return true;
	return false;
}

/* ---- addresses: Location, Content-Location, Refresh ---- */

/* What an absolute address begins with; n = 0: it is not one of http. tls: of https. */
static size_t
scheme_length(struct tc_str url, bool *tls)
{
	*tls = tc_istarts(url, TC_STR("https://"));
	if (*tls)
		return 8;
	if (tc_istarts(url, TC_STR("http://")))
		return 7;
	return tc_starts(url, TC_STR("//")) ? 2 : 0;
}

/*
 * The address with the visitor's scheme and authority, if it names the origin: *url is changed. A redirect to https
 * stays one for a visitor who came by http: it would lead to itself without end.
 */
static int
rewrite_url(const struct config_origin *o, const struct tc_request *req, struct tc_arena *arena, struct tc_str *url)
{
	bool tls, came_by_tls = tc_eq(req->scheme, TC_STR("https"));
	size_t begin = scheme_length(*url, &tls), end = begin;
	struct tc_str scheme = TC_STR(""), port = req->port, whole;
	struct authority a;

	if (begin == 0 || req->host.n == 0)
		return 0;
	while (end < url->n && memchr("/?#\\", url->p[end], 4) == NULL)
		end++;
	if (!split_authority(tc_str_of(url->p + begin, end - begin), &a) || !is_origin(o, &a, tls))
		return 0;
	if (begin > 2)
		scheme = tls || came_by_tls ? TC_STR("https:") : TC_STR("http:");
	if (tls && !came_by_tls)
		port.n = 0;
	whole = tc_join(arena,
	    (const struct tc_str[]){scheme, TC_STR("//"), req->host, port.n > 0 ? TC_STR(":") : TC_STR(""), port,
		tc_str_of(url->p + end, url->n - end)},
	    6);
	if (whole.p == NULL)
		return -1;
	*url = whole;
	return 0;
}

static size_t
skip_space(struct tc_str s, size_t at)
{
	while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\t'))
		at++;
	return at;
}

/* The address in `5; url="http://..."`, as browsers read it (HTML 4.2.5.3, shared declarative refresh steps). */
static struct tc_str
refresh_url(struct tc_str value)
{
	size_t at = skip_space(value, 0), end = value.n, equals;

	while (at < value.n && ((value.p[at] >= '0' && value.p[at] <= '9') || value.p[at] == '.'))
		at++;
	at = skip_space(value, at);
	if (at < value.n && (value.p[at] == ';' || value.p[at] == ','))
		at = skip_space(value, at + 1);
	if (tc_istarts(tc_str_of(value.p + at, value.n - at), TC_STR("url"))) {
		equals = skip_space(value, at + 3);
		if (equals < value.n && value.p[equals] == '=')
			at = skip_space(value, equals + 1);
	}
	if (at < value.n && (value.p[at] == '"' || value.p[at] == '\'')) {
		end = at + 1 + tc_find_byte(tc_str_of(value.p + at + 1, value.n - at - 1), value.p[at]);
		at++;
	}
	return tc_str_of(value.p + at, end - at);
}

static int
rewrite_refresh(const struct config_origin *o, const struct tc_request *req, struct tc_arena *arena, struct tc_str *value)
{
	struct tc_str old = refresh_url(*value), url = old;
	size_t before = (size_t)(old.p - value->p), after = before + old.n;

	if (rewrite_url(o, req, arena, &url) < 0)
		return -1;
	if (url.p == old.p)
		return 0;
	*value = tc_join(arena,
	    (const struct tc_str[]){
		    tc_str_of(value->p, before), url, tc_str_of(value->p + after, value->n - after)},
	    3);
	return value->p == NULL ? -1 : 0;
}

/* ---- cookies ---- */

/* RFC 6265 5.1.3, for names: a suffix with a dot before it. A suffix of one label stands for itself alone. */
static bool
domain_match(struct tc_str host, struct tc_str domain)
{
	size_t before = host.n - domain.n;

	if (tc_ieq(host, domain))
		return true;
	return host.n > domain.n && tc_find_byte(domain, '.') < domain.n && host.p[before - 1] == '.' &&
	    tc_ieq(tc_str_of(host.p + before, domain.n), domain);
}

/* Names the origin or a parent of it, and the visitor's host is neither it nor below: no browser would take it. */
static bool
is_foreign(const struct config_origin *o, const struct tc_request *req, struct tc_str domain)
{
	struct authority own;

	if (domain.n == 0 || domain_match(req->host, domain))
		return false;
	if (o->host_mode == ORIGIN_HOST_NAME && domain_match(o->host_name, domain))
		return true;
	for (size_t i = 0; i < o->server_count; i++)
		if (split_authority(o->servers[i].authority, &own) && domain_match(own.host, domain))
			return true;
	return false;
}

/* Takes the next attribute of a cookie off the front of *rest; true: it is Domain, and *value its value. */
static bool
next_is_domain(struct tc_str *rest, struct tc_str *attribute, struct tc_str *value)
{
	size_t n = tc_find_byte(*rest, ';'), equals;
	bool more = n < rest->n;

	*attribute = tc_str_of(rest->p, n);
	tc_skip(rest, n + more);
	if (!more)
		rest->p = NULL;
	equals = tc_find_byte(*attribute, '=');
	*value = tc_str_of(attribute->p + equals, n - equals);
	if (value->n > 0)
		tc_skip(value, 1);
	*value = tc_trim(*value);
	if (value->n > 0 && value->p[0] == '.')
		tc_skip(value, 1);
	return tc_ieq(tc_trim(tc_str_of(attribute->p, equals)), TC_STR("domain"));
}

/* A cookie for the origin's domain becomes one for the visitor's host alone: never for more than the origin meant. */
static int
rewrite_cookie(const struct config_origin *o, const struct tc_request *req, struct tc_arena *arena, struct tc_str *value)
{
	struct tc_str rest = *value, attribute, domain, last = {NULL, 0};
	bool first = true;
	char *out;
	size_t n = 0;

	if (tc_find_byte(rest, ';') == rest.n)
		return 0;
	for (bool pair = true; rest.p != NULL; pair = false)
		if (next_is_domain(&rest, &attribute, &domain) && !pair)
			last = domain; /* the last one counts (RFC 6265 5.3) */
	if (!is_foreign(o, req, last))
		return 0;
	out = tc_alloc_bytes(arena, value->n);
	if (out == NULL)
		return -1;
	for (rest = *value; rest.p != NULL; first = false) {
		if (next_is_domain(&rest, &attribute, &domain) && !first)
			continue;
		if (!first)
			out[n++] = ';';
		memcpy(out + n, attribute.p, attribute.n);
		n += attribute.n;
	}
	*value = tc_str_of(out, n);
	return 0;
}

static int
rewrite_fields(const struct config_origin *o, const struct tc_request *req, struct tc_fields *fs)
{
	int r = 0;

	for (size_t i = 0; i < fs->n && r == 0; i++) {
		struct tc_field *f = &fs->v[i];

		if (f->dropped)
			continue;
		if (f->id == TC_F_LOCATION || (f->id == TC_F_OTHER && tc_ieq(f->name, TC_STR("Content-Location"))))
			r = rewrite_url(o, req, fs->arena, &f->value);
		else if (f->id == TC_F_REFRESH)
			r = rewrite_refresh(o, req, fs->arena, &f->value);
		else if (f->id == TC_F_SET_COOKIE)
			r = rewrite_cookie(o, req, fs->arena, &f->value);
	}
	return r;
}

/* ---- response.set, response.remove ---- */

/* The first live row of that name from number i on; fs->n: none. */
static size_t
find_name(const struct tc_fields *fs, size_t i, enum tc_fid id, struct tc_str name)
{
	for (; i < fs->n; i++)
		if (!fs->v[i].dropped && fs->v[i].id == id && (id != TC_F_OTHER || tc_ieq(fs->v[i].name, name)))
			break;
	return i;
}

static void
remove_name(struct tc_fields *fs, struct tc_str name)
{
	enum tc_fid id = tc_field_id(name);

	for (size_t i = 0; (i = find_name(fs, i, id, name)) < fs->n; i++)
		fs->v[i].dropped = true;
}

int
downstream_fields(const struct config_route *r, const struct tc_request *req, struct tc_response *res)
{
	struct tc_fields *fs = &res->fields;

	if (rewrite_fields(r->origin, req, fs) < 0)
		return -1;
	if (res->status == 101)
		return 0; /* a handshake between two programs, not an answer */
	for (size_t i = 0; i < r->remove.n; i++)
		remove_name(fs, r->remove.v[i]);
	for (size_t i = 0; i < r->set_count; i++) {
		remove_name(fs, r->set[i].name);
		if (tc_field_add_named(fs, r->set[i].name, r->set[i].value) < 0)
			return -1;
	}
	return 0;
}

int
downstream_own(const struct config_route *r, struct tc_response *res)
{
	struct tc_fields *fs = &res->fields;

	for (size_t i = 0; i < r->set_count; i++) {
		struct tc_str name = r->set[i].name;

		if (find_name(fs, 0, tc_field_id(name), name) == fs->n && tc_field_add_named(fs, name, r->set[i].value) < 0)
			return -1;
	}
	return 0;
}
