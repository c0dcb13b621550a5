/*
 * h2_head.c: the fields of an HTTP/2 request made into the head that an HTTP/1.1 request would have (RFC 9113 8.3). The rest,
 * from the target to the last field, is judged by the same functions as there.
 *
 * nghttp2 has seen to it that names are lower-case tokens, values have no control bytes, pseudo-header fields come first
 * and once, and no connection-specific field is there.
 */
#include "base/str.h"
#include "http/bytes.h"
#include "http/h2.h"

#define FIELD_OVERHEAD 32 /* RFC 9113 6.5.2 */
#define CRUMBS_LEAST 256  /* bytes for cookies, at once */

static const struct {
	struct tc_str name;
	size_t at;
} pseudo[] = {
	{TC_STR_INIT(":method"), offsetof(struct h2_head, method)},
	{TC_STR_INIT(":scheme"), offsetof(struct h2_head, scheme)},
	{TC_STR_INIT(":authority"), offsetof(struct h2_head, authority)},
	{TC_STR_INIT(":path"), offsetof(struct h2_head, path)},
	{TC_STR_INIT(":protocol"), offsetof(struct h2_head, protocol)},
};

static struct tc_str *
pseudo_of(struct h2_head *h, struct tc_str name)
{
	for (size_t i = 0; i < sizeof(pseudo) / sizeof(pseudo[0]); i++)
		if (tc_eq(name, pseudo[i].name))
			return (struct tc_str *)(void *)((char *)h + pseudo[i].at);
	return NULL;
}

/* Browsers send a crumb for each cookie: its place doubles, so that all of them together take no more than twice their size. */
static bool
add_crumb(struct h2_head *h, struct tc_arena *arena, struct tc_str value)
{
	struct tc_str glue = h->cookie.p != NULL ? TC_STR("; ") : TC_STR("");
	size_t n = h->cookie.n + glue.n + value.n;
	char *p = (char *)(uintptr_t)h->cookie.p;

	if (n > h->cookie_room || p == NULL) {
		h->cookie_room = n > CRUMBS_LEAST / 2 ? 2 * n : CRUMBS_LEAST;
		p = tc_alloc_bytes(arena, h->cookie_room);
		if (p == NULL)
			return false;
		if (h->cookie.n > 0)
			memcpy(p, h->cookie.p, h->cookie.n);
	}
	memcpy(p + h->cookie.n, glue.p, glue.n);
	if (value.n > 0)
		memcpy(p + h->cookie.n + glue.n, value.p, value.n);
	h->cookie = tc_str_of(p, n);
	return true;
}

static bool
add_field(struct h2_head *h, struct tc_arena *arena, struct tc_str name, struct tc_str value)
{
	enum tc_fid id = tc_field_id(name);

	if (id == TC_F_COOKIE)
		return add_crumb(h, arena, value);
	value = tc_copy(arena, value);
	if (id != TC_F_OTHER)
		return value.p != NULL && tc_field_add(&h->fields, id, value) == 0;
	name = tc_copy(arena, name);
	return name.p != NULL && value.p != NULL && tc_field_add_named(&h->fields, name, value) == 0;
}

bool
h2_head_add(
    struct h2_head *h, struct tc_arena *arena, const struct h1_limits *limits, struct tc_str name, struct tc_str value)
{
	struct tc_str *place = name.n > 0 && name.p[0] == ':' ? pseudo_of(h, name) : NULL;

	h->size += name.n + value.n + FIELD_OVERHEAD;
	h->count += place == NULL;
	h->too_many |= h->count > limits->fields_max;
	h->too_large |= h->size > limits->head_max;
	if (h->too_many || h->too_large)
		return true; /* it goes on, as HPACK wants to see all of it, but nothing is kept */
	if (place == NULL)
		return add_field(h, arena, name, value);
	*place = tc_copy(arena, value);
	return place->p != NULL;
}

/* ---- all have come ---- */

/* :authority speaks for Host; a Host beside it has to say the same (RFC 9113 8.3.1). */
static bool
settle_host(struct h2_head *h)
{
	size_t hosts = 0;

	for (size_t i = 0; i < h->fields.n; i++) {
		if (h->fields.v[i].id != TC_F_HOST)
			continue;
		if (h->authority.p != NULL && !tc_ieq(h->fields.v[i].value, h->authority))
			return false;
		hosts++;
	}
	if (hosts > 1)
		return false;
	return h->authority.p == NULL || tc_field_set(&h->fields, TC_F_HOST, h->authority) == 0;
}

/*
 * A WebSocket over HTTP/2 (RFC 8441 4) becomes the handshake that its origin knows. The key is part of the old handshake
 * and proves nothing here: any will do, and what the origin makes of it goes no further.
 */
static bool
settle_websocket(struct h2_head *h, struct head *out)
{
	if (h->protocol.p == NULL)
		return !tc_eq(h->method, TC_STR("CONNECT"));
	if (!tc_eq(h->protocol, TC_STR("websocket")) || !tc_eq(h->method, TC_STR("CONNECT")))
		return false;
	out->method_text = TC_STR("GET");
	out->upgrade = true;
	return tc_field_set(&out->fields, TC_F_UPGRADE, TC_STR("websocket")) == 0 &&
	    tc_field_set(&out->fields, TC_F_SEC_WEBSOCKET_KEY, TC_STR("dGFjZXQgc3BlYWtzIGgyIQ==")) == 0;
}

/* What the visitor calls the scheme counts for nothing, but it has to be one that requests for sites have. */
static bool
is_scheme(struct tc_str scheme)
{
	return tc_ieq(scheme, TC_STR("https")) || tc_ieq(scheme, TC_STR("http"));
}

/* Malformed by itself, whatever the site. A target begins with '/', or is the '*' of OPTIONS. */
static bool
is_well_formed(const struct h2_head *h)
{
	bool star = tc_eq(h->path, TC_STR("*")) && tc_eq(h->method, TC_STR("OPTIONS"));

	return is_token(h->method) && is_scheme(h->scheme) && h->path.n > 0 && (h->path.p[0] == '/' || star) &&
	    all_visible(h->path) && tc_find_byte(h->path, '#') == h->path.n;
}

static enum refusal
read_framing(const struct head *h, bool websocket, bool over, struct framing *f, bool *malformed)
{
	enum refusal r = framing_request(h, f);

	*malformed = r != REFUSAL_NONE || (over && f->length > 0);
	if (websocket) { /* bytes of the tunnel are no body */
		*malformed |= f->declared;
		*f = (struct framing){.kind = BODY_NONE};
	} else if (f->kind == BODY_NONE && !over) {
		f->kind = BODY_CHUNKED; /* towards the origin: here the stream's end is the body's */
	} else if (over) {
		f->kind = f->declared ? BODY_LENGTH : BODY_NONE;
	}
	return *malformed ? REFUSAL_LENGTH : REFUSAL_NONE;
}

enum refusal
h2_head_finish(struct h2_head *in, struct tc_arena *arena, const struct h1_limits *limits, bool over, struct head *out,
    struct framing *f, bool *malformed)
{
	enum refusal r;

	*malformed = false;
	*f = (struct framing){.kind = BODY_NONE};
	*out = (struct head){.minor = 1, .method_text = in->method, .target = in->path, .fields.arena = arena};
	if (in->too_many || in->too_large)
		return in->too_many ? REFUSAL_TOO_MANY_FIELDS : REFUSAL_HEAD_TOO_LARGE;
	if (in->path.n > limits->line_max)
		return REFUSAL_LINE_TOO_LONG;
	*malformed = true;
	if (!is_well_formed(in))
		return REFUSAL_TARGET;
	if (!settle_host(in))
		return REFUSAL_HOST;
	if (in->cookie.p != NULL && tc_field_add(&in->fields, TC_F_COOKIE, in->cookie) < 0)
		return REFUSAL_HEAD_TOO_LARGE;
	out->fields = in->fields;
	if (!settle_websocket(in, out))
		return REFUSAL_CONNECT;
	r = head_finish_request(out);
	if (r != REFUSAL_NONE) {
		*malformed = r == REFUSAL_SYNTAX;
		return r;
	}
	return read_framing(out, in->protocol.p != NULL, over, f, malformed);
}
