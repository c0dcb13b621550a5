/*
 * h1_write.c: writes heads from the structure, never from bytes that came in, so that they read in one way only.
 *
 * One function says what a head consists of; it runs twice, first to measure and judge, then to write into a
 * piece of exactly that size. Exactly one of Content-Length and Transfer-Encoding goes out, and it is ours.
 */
#include "http/bytes.h"
#include "http/date.h"
#include "http/h1.h"
#include "http/hop.h"

#include <assert.h>

struct writer {
	char *p; /* NULL: only measure */
	size_t n;
	bool bad; /* something could be read in two ways */
};

/* Heads are made of short pieces: copies of up to 32 bytes need no call. */
static inline void
copy(char *to, const char *from, size_t n)
{
	if (n > 32) {
		memcpy(to, from, n);
	} else if (n >= 16) {
		memcpy(to, from, 16);
		memcpy(to + n - 16, from + n - 16, 16);
	} else if (n >= 8) {
		memcpy(to, from, 8);
		memcpy(to + n - 8, from + n - 8, 8);
	} else if (n >= 4) {
		memcpy(to, from, 4);
		memcpy(to + n - 4, from + n - 4, 4);
	} else {
		for (size_t i = 0; i < n; i++)
			to[i] = from[i];
	}
}

static inline void
put(struct writer *w, struct tc_str s)
{
	if (w->p != NULL)
		copy(w->p + w->n, s.p, s.n);
	w->n += s.n;
}

static inline void
put_line(struct writer *w, struct tc_str name, struct tc_str value)
{
	if (w->p != NULL) {
		char *p = w->p + w->n;

		copy(p, name.p, name.n);
		p += name.n;
		*p++ = ':';
		*p++ = ' ';
		copy(p, value.p, value.n);
		p += value.n;
		*p++ = '\r';
		*p = '\n';
	}
	w->n += name.n + value.n + 4;
}

static void
put_number(struct writer *w, uint64_t n)
{
	size_t length = 1;

	for (uint64_t rest = n; rest >= 10; rest /= 10)
		length++;
	if (w->p != NULL)
		for (size_t i = length; i-- > 0; n /= 10)
			w->p[w->n + i] = (char)('0' + n % 10);
	w->n += length;
}

static void
put_length(struct writer *w, uint64_t n)
{
	put(w, TC_STR("Content-Length: "));
	put_number(w, n);
	put(w, TC_STR("\r\n"));
}

/* Names with an id came from the list; others are checked here. */
static inline bool
field_is_clean(const struct tc_field *f)
{
	return !has_control(f->value.p, f->value.n) && (f->id != TC_F_OTHER || is_token(f->name));
}

/* All rows but those that end here, and for requests Host, which was written already. */
static void
put_fields(struct writer *w, const struct tc_fields *fs, bool skip_host)
{
	for (size_t i = 0; i < fs->n; i++) {
		const struct tc_field *f = &fs->v[i];

		if (f->dropped || hop_by_hop[f->id] || (skip_host && f->id == TC_F_HOST))
			continue;
		if (w->p == NULL && !field_is_clean(f))
			w->bad = true;
		put_line(w, f->name, f->value);
	}
}

/* ---- requests ---- */

/* A name or [v6], then perhaps a port; or nothing. What they name was judged where they came from. */
static bool
host_is_clean(struct tc_str host)
{
	bool v6 = host.n > 0 && host.p[0] == '[';
	size_t end = tc_find_byte(host, v6 ? ']' : ':');

	for (size_t i = v6 ? 1 : 0; i < end; i++) {
		char c = tc_lower(host.p[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~' ||
			(v6 && c == ':')))
			return false;
	}
	if (v6 && (end <= 1 || end++ == host.n))
		return false;
	if (end < host.n && (host.p[end] != ':' || host.n - end > 6))
		return false;
	for (size_t i = end + 1; i < host.n; i++)
		if (host.p[i] < '0' || host.p[i] > '9')
			return false;
	return true;
}

static bool
request_is_clean(const struct tc_request *req)
{
	return is_token(req->method_text) &&
	    host_is_clean(tc_field_value(&req->fields, TC_F_HOST)) && req->path.n > 0 &&
	    (req->path.p[0] == '/' || tc_eq(req->path, TC_STR("*"))) && all_visible(req->path) &&
	    all_visible(req->query) && tc_find_byte(req->path, '#') == req->path.n &&
	    tc_find_byte(req->path, '?') == req->path.n && tc_find_byte(req->query, '#') == req->query.n;
}

/* Methods whose content an origin waits for (RFC 9110 8.6: then say that there is none). */
static bool
expects_content(const struct tc_request *req)
{
	return req->method == TC_M_POST || tc_eq(req->method_text, TC_STR("PUT")) ||
	    tc_eq(req->method_text, TC_STR("PATCH"));
}

static void
put_request_framing(struct writer *w, const struct tc_request *req, const struct framing *f)
{
	if (f->kind == BODY_CHUNKED)
		put(w, TC_STR("Transfer-Encoding: chunked\r\n"));
	else if (f->kind == BODY_LENGTH || expects_content(req))
		put_length(w, f->kind == BODY_LENGTH ? f->length : 0);
}

static void
put_request(struct writer *w, const struct tc_request *req, const struct h1_out *o)
{
	put(w, req->method_text);
	put(w, TC_STR(" "));
	put(w, req->path);
	if (req->query.p != NULL) {
		put(w, TC_STR("?"));
		put(w, req->query);
	}
	put(w, TC_STR(" HTTP/1.1\r\nHost: "));
	put(w, tc_field_value(&req->fields, TC_F_HOST)); /* empty: HTTP/1.0 may have none */
	put(w, TC_STR("\r\n"));
	put_fields(w, &req->fields, true);
	if (o->expect_continue)
		put(w, TC_STR("Expect: 100-continue\r\n"));
	if (o->websocket)
		put(w, TC_STR("Connection: Upgrade\r\nUpgrade: websocket\r\n"));
	else if (o->close)
		put(w, TC_STR("Connection: close\r\n"));
	put_request_framing(w, req, &o->framing);
	put(w, TC_STR("\r\n"));
}

struct tc_str
h1_write_request(const struct tc_request *req, const struct h1_out *o, struct tc_arena *arena)
{
	struct writer w = {0};
	size_t n;

	assert(o->framing.kind != BODY_TO_CLOSE);
	assert(!o->websocket || o->framing.kind == BODY_NONE);
	if (!request_is_clean(req))
		return tc_str_of(NULL, 0);
	put_request(&w, req, o);
	if (w.bad)
		return tc_str_of(NULL, 0);
	n = w.n;
	w = (struct writer){.p = tc_alloc_bytes(arena, n)};
	if (w.p == NULL)
		return tc_str_of(NULL, 0);
	put_request(&w, req, o);
	assert(w.n == n);
	return tc_str_of(w.p, n);
}

/* ---- responses ---- */

static void
put_response_framing(struct writer *w, const struct tc_response *res, const struct framing *f)
{
	if (res->status < 200 || res->status == 204)
		return;
	if (res->status == 304 || res->head_only) {
		if (f->kind == BODY_LENGTH || f->declared)
			put_length(w, f->length);
		return;
	}
	switch (f->kind) {
	case BODY_NONE: put_length(w, 0); break;
	case BODY_LENGTH: put_length(w, f->length); break;
	case BODY_CHUNKED: put(w, TC_STR("Transfer-Encoding: chunked\r\n")); break;
	case BODY_TO_CLOSE: break;
	}
}

static void
put_response_connection(struct writer *w, const struct tc_response *res, const struct h1_out *o)
{
	if (o->websocket)
		put(w, TC_STR("Connection: Upgrade\r\nUpgrade: websocket\r\n"));
	else if (res->status < 200)
		return;
	else if (o->close || (o->framing.kind == BODY_TO_CLOSE && !res->head_only))
		put(w, TC_STR("Connection: close\r\n"));
	else if (o->keep_alive)
		put(w, TC_STR("Connection: keep-alive\r\n"));
}

static void
put_response(struct writer *w, const struct tc_response *res, const struct h1_out *o, struct tc_str date)
{
	put(w, TC_STR("HTTP/1.1 "));
	put_number(w, (uint64_t)res->status);
	put(w, TC_STR(" "));
	put(w, tc_str_from(status_reason(res->status)));
	put(w, TC_STR("\r\n"));
	if (date.n > 0)
		put_line(w, TC_STR("Date"), date);
	put_fields(w, &res->fields, false);
	put_response_connection(w, res, o);
	put_response_framing(w, res, &o->framing);
	put(w, TC_STR("\r\n"));
}

/* The version is ours, whatever the visitor's (RFC 9110 6.2); minor is what he can read: no chunks in HTTP/1.0. */
struct tc_str
h1_write_response(const struct tc_response *res, int minor, const struct h1_out *o, struct tc_arena *arena)
{
	struct writer w = {0};
	char now[HTTP_DATE_LENGTH];
	struct tc_str date = {now, 0};
	size_t n;

	if (res->status < 100 || res->status > 599 || (minor == 0 && o->framing.kind == BODY_CHUNKED))
		return tc_str_of(NULL, 0);
	if (o->date && res->status >= 200 && tc_field_first(&res->fields, TC_F_DATE) == NULL) {
		http_date(time(NULL), now);
		date.n = sizeof(now);
	}
	put_response(&w, res, o, date);
	if (w.bad)
		return tc_str_of(NULL, 0);
	n = w.n;
	w = (struct writer){.p = tc_alloc_bytes(arena, n)};
	if (w.p == NULL)
		return tc_str_of(NULL, 0);
	put_response(&w, res, o, date);
	assert(w.n == n);
	return tc_str_of(w.p, n);
}
