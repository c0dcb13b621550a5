/* h1_request.c: method, target and Host judged together (RFC 9112 3.2, RFC 9110 7.2). */
#include "base/addr.h"
#include "base/str.h"
#include "http/bytes.h"
#include "http/h1.h"
#include "http/url.h"

#define HOST_MAX 253 /* a DNS name without its last dot */

/* ---- authority = host [ ":" port ] ---- */

struct authority {
	struct tc_str host; /* lower case; [v6] with its brackets; without the root's dot */
	struct tc_str port; /* n = 0: none */
};

/* Port 1 to 65535; an empty one is as good as none (RFC 3986 3.2.3). */
static bool
parse_port(struct tc_str text, struct tc_str *out)
{
	unsigned port = 0;

	*out = text;
	if (text.n == 0)
		return true;
	if (text.n > 5 || text.p[0] == '0')
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		port = port * 10 + (unsigned)(text.p[i] - '0');
	}
	return port <= 65535;
}

/*
 * What names of hosts are made of in DNS and in practice. RFC 3986's reg-name allows sub-delims and triplets
 * too, the comma among them, on which others disagree where the name ends; no browser gets to such a host.
 */
static bool
is_host_name(struct tc_str name)
{
	if (name.n == 0 || name.n > HOST_MAX || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = tc_lower(name.p[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~'))
			return false;
		if (c == '.' && (i + 1 == name.n || name.p[i + 1] == '.'))
			return false;
	}
	return true;
}

static bool
parse_authority(struct tc_str text, struct tc_arena *arena, struct authority *out)
{
	struct tc_addr v6;
	size_t end = text.n > 0 && text.p[0] == '[' ? tc_find_byte(text, ']') + 1 : tc_find_byte(text, ':');

	if (end > text.n || (end < text.n && text.p[end] != ':'))
		return false;

	struct tc_str host = tc_str_of(text.p, end), port = tc_str_of(text.p + end, text.n - end);

	if (port.n > 0)
		tc_skip(&port, 1);
	if (!parse_port(port, &out->port))
		return false;
	if (host.n > 0 && host.p[0] == '[') {
		if (!addr_parse(host, &v6))
			return false;
	} else {
		if (host.n > 1 && host.p[host.n - 1] == '.')
			host.n--;
		if (!is_host_name(host))
			return false;
	}
	out->host = str_lower(host, arena);
	return out->host.p != NULL;
}

/* Whether both name the same place under this scheme, whose default port need not be said. */
static bool
same_authority(const struct authority *a, const struct authority *b, struct tc_str default_port)
{
	struct tc_str pa = a->port.n > 0 ? a->port : default_port, pb = b->port.n > 0 ? b->port : default_port;

	return tc_eq(a->host, b->host) && tc_eq(pa, pb);
}

/* ---- Host ---- */

/* Exactly one in HTTP/1.1, at most one in 1.0. */
static enum refusal
read_host(const struct head *h, struct tc_arena *arena, struct authority *out)
{
	const struct tc_field *host = NULL;

	*out = (struct authority){TC_STR_INIT(""), TC_STR_INIT("")};
	for (size_t i = 0; i < h->fields.n; i++) {
		if (h->fields.v[i].id != TC_F_HOST)
			continue;
		if (host != NULL)
			return REFUSAL_HOST;
		host = &h->fields.v[i];
	}
	if (host == NULL)
		return h->minor == 0 ? REFUSAL_NONE : REFUSAL_HOST;
	return parse_authority(host->value, arena, out) ? REFUSAL_NONE : REFUSAL_HOST;
}

/* The row becomes what goes on: one spelling of the authority, that of the target if Host was missing (HTTP/1.0). */
static int
set_host(struct tc_fields *fs, struct tc_arena *arena, const struct authority *a)
{
	struct tc_str was = tc_field_value(fs, TC_F_HOST), text = a->host;
	char *p;

	if (a->host.n == 0)
		return 0; /* none was given */
	if (a->port.n > 0) {
		p = tc_alloc_bytes(arena, a->host.n + 1 + a->port.n);
		if (p == NULL)
			return -1;
		memcpy(p, a->host.p, a->host.n);
		p[a->host.n] = ':';
		memcpy(p + a->host.n + 1, a->port.p, a->port.n);
		text = tc_str_of(p, a->host.n + 1 + a->port.n);
	}
	return tc_eq(was, text) ? 0 : tc_field_set(fs, TC_F_HOST, text);
}

/* ---- the target ---- */

/* Takes "http://authority" off the front of *target and holds it against Host. */
static enum refusal
take_absolute(struct tc_str *target, struct tc_arena *arena, struct authority *host)
{
	bool tls = tc_istarts(*target, TC_STR("https://"));
	struct authority named;
	size_t end = 0;

	if (!tls && !tc_istarts(*target, TC_STR("http://")))
		return REFUSAL_TARGET;
	tc_skip(target, tls ? 8 : 7);
	while (end < target->n && target->p[end] != '/' && target->p[end] != '?')
		end++;
	if (!parse_authority(tc_str_of(target->p, end), arena, &named))
		return REFUSAL_TARGET;
	tc_skip(target, end);
	if (host->host.n == 0) /* HTTP/1.0 without Host */
		*host = named;
	return same_authority(host, &named, tls ? TC_STR("443") : TC_STR("80")) ? REFUSAL_NONE : REFUSAL_HOST;
}

static enum refusal
read_target(const struct head *h, struct tc_arena *arena, struct authority *host, struct tc_request *req)
{
	struct tc_str target = h->target;
	enum refusal r;
	size_t mark;

	if (!all_visible(target) || tc_find_byte(target, '#') < target.n)
		return REFUSAL_TARGET;
	if (h->method == TC_M_OPTIONS && tc_eq(target, TC_STR("*"))) {
		req->path = target;
		return REFUSAL_NONE;
	}
	if (target.p[0] != '/') {
		r = take_absolute(&target, arena, host);
		if (r != REFUSAL_NONE)
			return r;
	}
	mark = tc_find_byte(target, '?');
	req->path = mark > 0 ? tc_str_of(target.p, mark) : TC_STR("/");
	if (target.n == 0 && h->method == TC_M_OPTIONS) /* RFC 9112 3.2.4 */
		req->path = TC_STR("*");
	if (mark < target.n)
		req->query = tc_str_of(target.p + mark + 1, target.n - mark - 1);
	return REFUSAL_NONE;
}

/* ---- what else the fields say of the request ---- */

static const struct {
	struct tc_str text;
	enum tc_dest dest;
} dests[] = {
	{TC_STR_INIT("document"), TC_DEST_DOCUMENT},
	{TC_STR_INIT("empty"), TC_DEST_EMPTY},
	{TC_STR_INIT("image"), TC_DEST_IMAGE},
	{TC_STR_INIT("script"), TC_DEST_SCRIPT},
	{TC_STR_INIT("style"), TC_DEST_STYLE},
	{TC_STR_INIT("font"), TC_DEST_FONT},
	{TC_STR_INIT("iframe"), TC_DEST_FRAME},
	{TC_STR_INIT("frame"), TC_DEST_FRAME},
	{TC_STR_INIT("fencedframe"), TC_DEST_FRAME},
	{TC_STR_INIT("audio"), TC_DEST_MEDIA},
	{TC_STR_INIT("video"), TC_DEST_MEDIA},
	{TC_STR_INIT("track"), TC_DEST_MEDIA},
	{TC_STR_INIT("object"), TC_DEST_OBJECT},
	{TC_STR_INIT("embed"), TC_DEST_OBJECT},
	{TC_STR_INIT("worker"), TC_DEST_WORKER},
	{TC_STR_INIT("sharedworker"), TC_DEST_WORKER},
	{TC_STR_INIT("serviceworker"), TC_DEST_WORKER},
	{TC_STR_INIT("report"), TC_DEST_REPORT},
};

static enum tc_dest
dest_of(struct tc_str value)
{
	if (value.p == NULL)
		return TC_DEST_ABSENT;
	for (size_t i = 0; i < sizeof(dests) / sizeof(dests[0]); i++)
		if (tc_eq(value, dests[i].text))
			return dests[i].dest;
	return TC_DEST_OTHER;
}

/* Whether there is exactly one row with this id, and its value. */
static bool
only_value(const struct tc_fields *fs, enum tc_fid id, struct tc_str *value)
{
	size_t count = 0;

	for (size_t i = 0; i < fs->n; i++) {
		if (fs->v[i].id != id)
			continue;
		*value = fs->v[i].value;
		count++;
	}
	return count == 1;
}

/* A handshake of RFC 6455 4.1. Anything short of it is an ordinary request, whose Upgrade goes no further. */
static bool
asks_websocket(const struct head *h)
{
	struct tc_str protocol, key, version;

	return h->upgrade && h->minor == 1 && h->method == TC_M_GET &&
	    only_value(&h->fields, TC_F_UPGRADE, &protocol) && tc_ieq(protocol, TC_STR("websocket")) &&
	    only_value(&h->fields, TC_F_SEC_WEBSOCKET_VERSION, &version) && tc_eq(version, TC_STR("13")) &&
	    only_value(&h->fields, TC_F_SEC_WEBSOCKET_KEY, &key) && key.n == 24 && tc_ends(key, TC_STR("=="));
}

enum refusal
h1_request_of(struct head *h, struct tc_arena *arena, struct tc_request *req)
{
	struct framing framing;
	struct authority host;
	enum refusal r = h->method == TC_M_CONNECT ? REFUSAL_CONNECT : read_host(h, arena, &host);

	if (r == REFUSAL_NONE && tc_eq(h->method_text, TC_STR("TRACE")))
		r = REFUSAL_TRACE;
	if (r != REFUSAL_NONE)
		return r;
	req->query = tc_str_of(NULL, 0);
	r = read_target(h, arena, &host, req);
	if (r != REFUSAL_NONE)
		return r;
	req->websocket = asks_websocket(h);
	if (req->websocket && (framing_request(h, &framing) != REFUSAL_NONE || framing.kind != BODY_NONE))
		return REFUSAL_UPGRADE; /* where would the body end and the tunnel begin? */
	req->match = path_normalise(req->path, arena);
	if (req->match.p == NULL || set_host(&h->fields, arena, &host) < 0)
		return REFUSAL_HEAD_TOO_LARGE;
	req->method = h->method;
	req->method_text = h->method_text;
	req->host = host.host;
	req->port = host.port;
	req->dest = dest_of(tc_field_value(&h->fields, TC_F_SEC_FETCH_DEST));
	req->fields = h->fields;
	h->fields = (struct tc_fields){.arena = h->fields.arena};
	return REFUSAL_NONE;
}
