/*
 * audit_har.c: a recorded visit (HTTP Archive 1.2) as entries for audit. What a browser wrote into it was said by the
 * site and by all others on the page: every field may be anything.
 */
#include "base/arena.h"
#include "base/json.h"
#include "cli/audit.h"

#define ENTRY_MAX ((size_t)256 << 20)
enum { LINES_MAX = 512,
	ENTRIES_MAX = 100000 }; /* the others are counted, not read */

/* One entry as it is written: parts are read when they are needed. */
struct har_entry {
	struct tc_str method, url, kind; /* kind: what Chromium says it was for; n = 0: nothing */
	struct tc_str request_headers, response_headers, post;
	struct tc_str type, text, encoding; /* of the content */
	int64_t status;
};

/* ---- reading the entry ---- */

static int64_t
number(struct json *j)
{
	struct tc_str raw;
	int64_t v = 0;

	if (!json_skip(j, &raw))
		return 0;
	for (size_t i = 0; i < raw.n && raw.p[i] >= '0' && raw.p[i] <= '9' && v < 1000000; i++)
		v = v * 10 + (raw.p[i] - '0');
	return v;
}

static void
content_read(struct json *j, struct tc_arena *arena, struct har_entry *e)
{
	struct tc_str key;

	if (!json_enter(j, '{'))
		return;
	while (json_member(j, &key)) {
		if (tc_eq(key, TC_STR("mimeType")))
			e->type = json_string(j, arena);
		else if (tc_eq(key, TC_STR("text")))
			e->text = json_string(j, arena);
		else if (tc_eq(key, TC_STR("encoding")))
			e->encoding = json_string(j, arena);
		else
			(void)json_skip(j, NULL);
	}
}

static void
post_read(struct json *j, struct tc_arena *arena, struct har_entry *e)
{
	struct tc_str key;

	if (!json_enter(j, '{'))
		return;
	while (json_member(j, &key))
		if (tc_eq(key, TC_STR("text")))
			e->post = json_string(j, arena);
		else
			(void)json_skip(j, NULL);
}

static void
request_read(struct json *j, struct tc_arena *arena, struct har_entry *e)
{
	struct tc_str key;

	if (!json_enter(j, '{'))
		return;
	while (json_member(j, &key)) {
		if (tc_eq(key, TC_STR("method")))
			e->method = json_string(j, arena);
		else if (tc_eq(key, TC_STR("url")))
			e->url = json_string(j, arena);
		else if (tc_eq(key, TC_STR("headers")))
			(void)json_skip(j, &e->request_headers);
		else if (tc_eq(key, TC_STR("postData")))
			post_read(j, arena, e);
		else
			(void)json_skip(j, NULL);
	}
}

static void
response_read(struct json *j, struct tc_arena *arena, struct har_entry *e)
{
	struct tc_str key;

	if (!json_enter(j, '{'))
		return;
	while (json_member(j, &key)) {
		if (tc_eq(key, TC_STR("status")))
			e->status = number(j);
		else if (tc_eq(key, TC_STR("headers")))
			(void)json_skip(j, &e->response_headers);
		else if (tc_eq(key, TC_STR("content")))
			content_read(j, arena, e);
		else
			(void)json_skip(j, NULL);
	}
}

static bool
entry_read(struct json *j, struct tc_arena *arena, struct har_entry *e)
{
	struct tc_str key;

	*e = (struct har_entry){.status = 0};
	if (!json_enter(j, '{'))
		return false;
	while (json_member(j, &key)) {
		if (tc_eq(key, TC_STR("request")))
			request_read(j, arena, e);
		else if (tc_eq(key, TC_STR("response")))
			response_read(j, arena, e);
		else if (tc_eq(key, TC_STR("_resourceType")))
			e->kind = json_string(j, arena);
		else
			(void)json_skip(j, NULL);
	}
	return e->url.n > 0;
}

/* ---- its fields ---- */

/* What is said of framing and coding is no longer so; signals are ours to give; the host stands in the URL. */
static bool
is_left_out(struct tc_str name, bool typed)
{
	static const struct tc_str names[] = {TC_STR_INIT("host"), TC_STR_INIT("content-length"), TC_STR_INIT("transfer-encoding"),
	    TC_STR_INIT("content-encoding"), TC_STR_INIT("connection"), TC_STR_INIT("expect"), TC_STR_INIT("upgrade"),
	    TC_STR_INIT("sec-gpc"), TC_STR_INIT("dnt")};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (tc_ieq(name, names[i]))
			return true;
	return name.n == 0 || name.p[0] == ':' || (typed && tc_ieq(name, TC_STR("content-type")));
}

/* What a field may hold; Chromium writes several values of Set-Cookie with line breaks between them. */
static bool
is_field_text(struct tc_str s, bool name)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (name ? c <= ' ' || c >= 0x7f || memchr("\"(),/:;<=>?@[\\]{}", c, 17) != NULL : (c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static void
line_add(struct tc_strs *lines, struct tc_str *v, struct tc_arena *arena, struct tc_str name, struct tc_str values)
{
	while (values.p != NULL && lines->n < LINES_MAX) {
		struct tc_str value = tc_next(&values, '\n'), line;

		if (!is_field_text(value, false))
			continue;
		line = tc_join(arena, (const struct tc_str[]){name, TC_STR(": "), value}, 3);
		if (line.p != NULL)
			v[lines->n++] = line;
	}
}

/* [{"name": ..., "value": ...}, ...] behind what is there already. */
static void
lines_read(struct tc_str raw, bool typed, struct tc_arena *arena, struct tc_strs *lines, struct tc_str *v)
{
	struct json j = json_of(raw);

	if (raw.n == 0 || !json_enter(&j, '['))
		return;
	while (json_item(&j)) {
		struct tc_str key, name = {NULL, 0}, value = {NULL, 0};

		if (!json_enter(&j, '{'))
			continue;
		while (json_member(&j, &key))
			if (tc_eq(key, TC_STR("name")))
				name = json_string(&j, arena);
			else if (tc_eq(key, TC_STR("value")))
				value = json_string(&j, arena);
			else
				(void)json_skip(&j, NULL);
		if (!is_left_out(name, typed) && is_field_text(name, true))
			line_add(lines, v, arena, name, value);
	}
}

/* ---- what it was for ---- */

static const struct {
	struct tc_str kind, dest;
	enum tc_dest as;
} KINDS[] = {
	{TC_STR_INIT("document"), TC_STR_INIT("document"), TC_DEST_DOCUMENT},
	{TC_STR_INIT("iframe"), TC_STR_INIT("iframe"), TC_DEST_FRAME},
	{TC_STR_INIT("frame"), TC_STR_INIT("frame"), TC_DEST_FRAME},
	{TC_STR_INIT("script"), TC_STR_INIT("script"), TC_DEST_SCRIPT},
	{TC_STR_INIT("stylesheet"), TC_STR_INIT("style"), TC_DEST_STYLE},
	{TC_STR_INIT("style"), TC_STR_INIT("style"), TC_DEST_STYLE},
	{TC_STR_INIT("image"), TC_STR_INIT("image"), TC_DEST_IMAGE},
	{TC_STR_INIT("font"), TC_STR_INIT("font"), TC_DEST_FONT},
	{TC_STR_INIT("media"), TC_STR_INIT("video"), TC_DEST_MEDIA},
	{TC_STR_INIT("xhr"), TC_STR_INIT("empty"), TC_DEST_EMPTY},
	{TC_STR_INIT("fetch"), TC_STR_INIT("empty"), TC_DEST_EMPTY},
	{TC_STR_INIT("ping"), TC_STR_INIT("empty"), TC_DEST_EMPTY},
	{TC_STR_INIT("beacon"), TC_STR_INIT("empty"), TC_DEST_EMPTY},
	{TC_STR_INIT("empty"), TC_STR_INIT("empty"), TC_DEST_EMPTY},
};

/* The type of what came, for recordings that say nothing else. */
static enum tc_dest
dest_of_type(struct tc_str type)
{
	if (tc_istarts(type, TC_STR("text/html")))
		return TC_DEST_FRAME;
	if (tc_istarts(type, TC_STR("image/")))
		return TC_DEST_IMAGE;
	if (tc_istarts(type, TC_STR("text/css")))
		return TC_DEST_STYLE;
	if (tc_istarts(type, TC_STR("font/")))
		return TC_DEST_FONT;
	type.n = tc_find_byte(type, ';');
	return tc_ends(type, TC_STR("javascript")) ? TC_DEST_SCRIPT : TC_DEST_EMPTY;
}

/* By the field Sec-Fetch-Dest, by what Chromium noted (then the field is added), by the type of the answer. */
static enum tc_dest
find_dest(const struct har_entry *e, struct tc_strs *lines, struct tc_str *v, struct tc_arena *arena)
{
	struct tc_str said = {NULL, 0};

	for (size_t i = 0; i < lines->n; i++)
		if (tc_istarts(v[i], TC_STR("sec-fetch-dest:")))
			said = tc_trim(tc_str_of(v[i].p + 15, v[i].n - 15));
	for (size_t i = 0; i < sizeof(KINDS) / sizeof(*KINDS); i++) {
		if (said.n > 0 && tc_eq(said, KINDS[i].dest))
			return KINDS[i].as;
		if (said.n == 0 && tc_eq(e->kind, KINDS[i].kind)) {
			line_add(lines, v, arena, TC_STR("Sec-Fetch-Dest"), KINDS[i].dest);
			return KINDS[i].as;
		}
	}
	return said.n > 0 ? TC_DEST_OTHER : dest_of_type(e->type);
}

/* ---- bodies ---- */

static int
base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* As far as it is base64. p = NULL: no memory. */
static struct tc_str
base64(struct tc_str in, struct tc_arena *arena)
{
	char *out = tc_alloc_bytes(arena, in.n / 4 * 3 + 3);
	unsigned held = 0, bits = 0;
	size_t n = 0;

	for (size_t i = 0; out != NULL && i < in.n; i++) {
		int v = base64_value(in.p[i]);

		if (memchr("\r\n\t ", in.p[i], 4) != NULL)
			continue;
		if (v < 0)
			break;
		held = held << 6 | (unsigned)v;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[n++] = (char)(held >> bits & 0xff);
		}
	}
	return tc_str_of(out, n);
}

/* ---- entries ---- */

static bool
is_method(struct tc_str m)
{
	for (size_t i = 0; i < m.n; i++)
		if ((m.p[i] < 'A' || m.p[i] > 'Z') && m.p[i] != '-')
			return false;
	return m.n > 0 && m.n < 32 && !tc_eq(m, TC_STR("CONNECT"));
}

static bool
has_type(const struct tc_strs *lines, const struct tc_str *v)
{
	for (size_t i = 0; i < lines->n; i++)
		if (tc_istarts(v[i], TC_STR("content-type:")))
			return true;
	return false;
}

/* Text in a recording is UTF-8, whatever it was: so is its type. */
static void
entry_judge(struct audit *a, const struct har_entry *e, struct tc_arena *arena)
{
	struct tc_str *request = tc_alloc(arena, (LINES_MAX + 2) * sizeof(*request));
	struct tc_str *response = tc_alloc(arena, (LINES_MAX + 2) * sizeof(*response));
	struct audit_entry out = {.in = {.method = e->method, .url = e->url, .request_body = e->post}};
	bool coded = tc_eq(e->encoding, TC_STR("base64")), page = tc_istarts(e->type, TC_STR("text/html"));

	if (request == NULL || response == NULL || !is_method(e->method)) {
		a->unread++;
		return;
	}
	line_add(&out.in.fields, request, arena, TC_STR("Sec-GPC"), TC_STR("1"));
	lines_read(e->request_headers, false, arena, &out.in.fields, request);
	out.as = find_dest(e, &out.in.fields, request, arena);
	lines_read(e->response_headers, page && !coded, arena, &out.in.response_fields, response);
	if (page && !coded)
		line_add(&out.in.response_fields, response, arena, TC_STR("Content-Type"), TC_STR("text/html; charset=utf-8"));
	else if (page && !has_type(&out.in.response_fields, response))
		line_add(&out.in.response_fields, response, arena, TC_STR("Content-Type"), e->type);
	out.in.fields.v = request;
	out.in.response_fields.v = response;
	out.in.has_response = e->status >= 200 && e->status <= 599;
	out.in.status = (int)e->status;
	if (page)
		out.in.body = coded ? base64(e->text, arena) : e->text;
	audit_entry(a, &out, arena);
}

/* The site is that of the first page, or of the first request at all. */
static void
host_find(struct audit *a, const struct har_entry *e, bool *found)
{
	char buf[TC_ADDRESS_ROOM];
	struct tc_address at;

	if (*found || !tc_address_read(&at, e->url, buf))
		return;
	*found = tc_istarts(e->type, TC_STR("text/html")) && e->status >= 200 && e->status < 300;
	if (*found || !a->host_known)
		a->host_known |= audit_set_host(a, at.host);
}

/* log.entries, as it is written; n = 0: there is none. false: not JSON, or not all of it. */
static bool
entries_find(struct tc_str text, struct tc_str *entries)
{
	struct json j = json_of(text);
	struct tc_str key, log = {NULL, 0};

	if (json_enter(&j, '{'))
		while (json_member(&j, &key))
			(void)json_skip(&j, tc_eq(key, TC_STR("log")) ? &log : NULL);
	if (!json_end(&j))
		return false;
	*entries = (struct tc_str){NULL, 0};
	j = json_of(log);
	if (json_enter(&j, '{'))
		while (json_member(&j, &key))
			(void)json_skip(&j, tc_eq(key, TC_STR("entries")) ? entries : NULL);
	return true;
}

/* Goes through all entries: to find the site, or to judge them. */
static void
entries_walk(struct audit *a, struct tc_str entries, bool judge)
{
	struct json j = json_of(entries);
	bool found = false;
	size_t n = 0;

	if (!json_enter(&j, '['))
		return;
	while (json_item(&j)) {
		struct tc_arena *arena;
		struct har_entry e;

		if (++n > ENTRIES_MAX) {
			a->unread += judge;
			(void)json_skip(&j, NULL);
			continue;
		}
		arena = arena_new(NULL, ENTRY_MAX);
		if (!entry_read(&j, arena, &e))
			a->unread += judge;
		else if (judge)
			entry_judge(a, &e, arena);
		else
			host_find(a, &e, &found);
		arena_destroy(&arena);
	}
}

int
audit_har(struct audit *a, struct tc_str text)
{
	struct tc_str entries;

	if (!entries_find(text, &entries))
		return audit_failed("the recording", "it is no JSON, or not all of it is there");
	if (entries.n == 0 || entries.p[0] != '[')
		return audit_failed("the recording", "it has no log.entries: is it a HAR file?");
	if (!a->host_known)
		entries_walk(a, entries, false);
	entries_walk(a, entries, true);
	return -1;
}
