/*
 * h1_reader.h: a connection without a socket. Takes bytes as they come, reads message after message with
 * proxy/http as the proxy does, and keeps what would be sent on, so that tests can cut the input anywhere.
 */
#ifndef TESTS_H1_READER_H
#define TESTS_H1_READER_H

#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "http/h1.h"

#define READER_LINE_MAX 8192
#define READER_HEAD_MAX 32768
#define READER_FIELDS_MAX 100

enum reader_state {
	READER_BETWEEN,
	READER_HEAD,
	READER_LENGTH,
	READER_CHUNKED,
	READER_REST,
	READER_OVER,
};

struct reader {
	enum reader_state state;
	bool responses;
	enum tc_method asked; /* responses: the method they answer */
	struct h1_scan scan;
	struct framing framing;
	struct chunked chunked;
	uint64_t left;
	bool last;                    /* the connection ends after this message */
	struct buf in, heads, bodies; /* unread; heads written anew; bodies decoded */
	struct buf wire;              /* what goes out: heads and bodies framed anew */
	enum refusal why;
	unsigned messages; /* whole ones */
};

static const struct h1_limits reader_limits = {READER_LINE_MAX, READER_HEAD_MAX, READER_FIELDS_MAX};

static inline void
reader_init(struct reader *r, bool responses, enum tc_method asked)
{
	*r = (struct reader){.responses = responses, .asked = asked};
	buf_init(&r->in, 1 << 20);
	buf_init(&r->heads, 4 << 20);
	buf_init(&r->bodies, 4 << 20);
	buf_init(&r->wire, 16 << 20);
}

static inline void
reader_end(struct reader *r)
{
	buf_reset(&r->in);
	buf_reset(&r->heads);
	buf_reset(&r->bodies);
	buf_reset(&r->wire);
}

static inline void
reader_must(bool good)
{
	if (!good)
		abort();
}

static inline bool
reader_refuse(struct reader *r, enum refusal why)
{
	r->why = why;
	r->state = READER_OVER;
	return false;
}

static inline void
reader_message_ends(struct reader *r)
{
	r->messages++;
	r->scan = (struct h1_scan){0};
	r->chunked = (struct chunked){0};
	r->state = r->last ? READER_OVER : READER_BETWEEN;
}

/* Parses the whole head and writes it anew. */
static inline enum refusal
reader_head(struct reader *r, struct tc_str text, struct tc_arena *arena)
{
	struct tc_request req = {.scheme = TC_STR_INIT("http")};
	struct tc_response res = {0};
	struct h1_out o = {0};
	struct tc_str out;
	struct head h;
	enum refusal why = r->responses ? h1_parse_response(text, &reader_limits, arena, &h)
					: h1_parse_request(text, &reader_limits, arena, &h);

	if (why == REFUSAL_NONE)
		why = r->responses ? framing_response(&h, r->asked, &r->framing) : framing_request(&h, &r->framing);
	if (why == REFUSAL_NONE && !r->responses)
		why = h1_request_of(&h, arena, &req);
	if (why != REFUSAL_NONE)
		return why;
	r->last = r->responses ? h.status >= 200 : h.close || req.websocket;
	o.framing = r->framing;
	if (r->responses) {
		res.status = h.status;
		res.head_only = r->asked == TC_M_HEAD || h.status == 204 || h.status == 304;
		res.fields = h.fields;
		o.websocket = h.status == 101;
		fields_strip_hop_by_hop(&res.fields);
		response_type(&res, arena);
		out = h1_write_response(&res, 1, &o, arena);
	} else {
		o.expect_continue = h.expect_continue;
		o.websocket = req.websocket;
		fields_strip_hop_by_hop(&req.fields);
		out = h1_write_request(&req, &o, arena);
	}
	reader_must(out.p != NULL); /* what was parsed can be written */
	reader_must(buf_add_str(&r->heads, out) == 0 && buf_add_str(&r->wire, out) == 0);
	return REFUSAL_NONE;
}

static inline bool
reader_step_head(struct reader *r)
{
	struct tc_str in = buf_str(&r->in);
	long n = h1_scan(&r->scan, in, &reader_limits);

	if (n < 0)
		return reader_refuse(r, (enum refusal)(-n));
	if (n == 0)
		return false;

	struct tc_arena *arena = arena_new(NULL, 1 << 20);
	enum refusal why = reader_head(r, tc_str_of(in.p, (size_t)n), arena);

	arena_destroy(&arena);
	buf_drop(&r->in, (size_t)n);
	if (why != REFUSAL_NONE)
		return reader_refuse(r, why);
	r->left = r->framing.length;
	switch (r->framing.kind) {
	case BODY_NONE: reader_message_ends(r); break;
	case BODY_LENGTH: r->state = READER_LENGTH; break;
	case BODY_CHUNKED: r->state = READER_CHUNKED; break;
	case BODY_TO_CLOSE: r->state = READER_REST; break;
	}
	return true;
}

static inline void
reader_body(struct reader *r, struct tc_str data)
{
	char line[CHUNK_LINE_MAX];

	reader_must(buf_add_str(&r->bodies, data) == 0);
	if (r->framing.kind == BODY_CHUNKED)
		reader_must(buf_add(&r->wire, line, chunk_line(line, data.n)) == 0);
	reader_must(buf_add_str(&r->wire, data) == 0);
	if (r->framing.kind == BODY_CHUNKED)
		reader_must(buf_add(&r->wire, "\r\n", 2) == 0);
}

static inline bool
reader_step_length(struct reader *r)
{
	struct tc_str in = buf_str(&r->in);
	size_t n = r->left < in.n ? (size_t)r->left : in.n;

	reader_body(r, tc_str_of(in.p, n));
	buf_drop(&r->in, n);
	r->left -= n;
	if (r->left > 0)
		return false;
	reader_message_ends(r);
	return true;
}

static inline bool
reader_step_chunked(struct reader *r)
{
	struct tc_str in = buf_str(&r->in), data;
	size_t before = in.n;
	enum refusal why = REFUSAL_NONE;
	enum chunked_result k = chunked_read(&r->chunked, &in, &data, &why);

	if (k == CHUNKED_DATA)
		reader_body(r, data);
	buf_drop(&r->in, before - in.n);
	switch (k) {
	case CHUNKED_DATA: return true;
	case CHUNKED_MORE: return false;
	case CHUNKED_BAD: return reader_refuse(r, why);
	case CHUNKED_END: break;
	}
	reader_must(buf_add(&r->wire, "0\r\n\r\n", 5) == 0);
	reader_message_ends(r);
	return true;
}

/* One step; false: it needs more bytes, or is over. */
static inline bool
reader_step(struct reader *r)
{
	int skip;

	switch (r->state) {
	case READER_BETWEEN:
		skip = r->responses ? 0 : h1_skip_empty_line(buf_str(&r->in));
		if (skip < 0 || r->in.n == 0)
			return false;
		buf_drop(&r->in, (size_t)skip);
		r->state = READER_HEAD;
		return true;
	case READER_HEAD: return reader_step_head(r);
	case READER_LENGTH: return reader_step_length(r);
	case READER_CHUNKED: return reader_step_chunked(r);
	case READER_REST:
		reader_body(r, buf_str(&r->in));
		buf_drop(&r->in, r->in.n);
		return false;
	case READER_OVER: break;
	}
	return false;
}

static inline void
reader_feed(struct reader *r, const char *p, size_t n)
{
	if (r->state == READER_OVER)
		return;
	reader_must(buf_add(&r->in, p, n) == 0);
	while (reader_step(r))
		;
}

#endif
