/*
 * h2.c: see h2.h. Callbacks of nghttp2, and the score that tells a visitor from an attack.
 *
 * Each frame that costs us something and need not come often adds to the score, which falls with time. Who keeps below
 * the rate is never noticed; who passes the limit is told ENHANCE_YOUR_CALM and loses the connection.
 */
#include "http/h2_internal.h"

#include <assert.h>
#include <stdlib.h>

#define SCORE_MAX 10000
#define SCORE_FALLS 1 /* each millisecond */
#define RESETS_BURST 250
#define RESETS_RATE 25 /* a second */
#define ACKS_MAX 200
#define SETTINGS_MAX 32
#define CONTINUATIONS_MAX (8 * 9) /* nghttp2 counts each piece of a head that it gets; the score counts frames */
#define TRAILERS_MAX (8 << 10)
#define BOMB_TIMES 8 /* what a head may come to, against what it may be: beyond, the rest is not even decoded */
#define PRIORITY_UPDATE_TYPE NGHTTP2_PRIORITY_UPDATE

struct h2 {
	nghttp2_session *session;
	const struct h2_ops *ops;
	void *ctx;
	struct h1_limits limits;
	int64_t score;
	uint64_t score_at;
	struct watch watch;
	struct h2_memory memory;
	struct h2_stream *heading; /* whose head, or trailers, are coming; NULL: nobody's that is known */
	int32_t widest;            /* window of a stream before the SETTINGS that are coming */
	int64_t before;            /* what streams began with until then */
	uint32_t fault;            /* the code of our GOAWAY for what nghttp2 lets pass */
	bool head_due, settings_due, abused, working, told_to_end;
	bool blocked;   /* a frame has begun that waits for the socket */
	bool drain_due; /* GOAWAY, with the last stream that there is when it goes */
};

/* ---- the score ---- */

/* What a frame of a type costs, beyond what it is part of. */
static const uint16_t costs[] = {
	[NGHTTP2_PRIORITY] = 5,
	[NGHTTP2_RST_STREAM] = 40,
	[NGHTTP2_SETTINGS] = 100,
	[NGHTTP2_PING] = 20,
	[NGHTTP2_GOAWAY] = 20,
	[NGHTTP2_WINDOW_UPDATE] = 2,
	[NGHTTP2_CONTINUATION] = 50,
};
#define COST_UNKNOWN 5     /* of a type that we do not know */
#define COST_EMPTY 20      /* a DATA frame without data or end */
#define COST_PADDED 2      /* one that might hold nothing but padding */
#define COST_TOO_LARGE 500 /* a head that is refused for its size: all of it was decoded */
#define COST_SMALL 2       /* a DATA frame with less than SMALL_DATA; WebSockets have hundreds a second */
#define SMALL_DATA 64
#define COST_PROVOKED 100 /* a reset that we were made to send */
#define WORTH_DATA 4      /* a DATA frame of ours: two updates of windows are its due */

static bool
charge(struct h2 *h, int64_t cost)
{
	h->score += cost;
	if (h->score < 0)
		h->score = 0;
	h->abused |= h->score > SCORE_MAX;
	return !h->abused;
}

static void
let_fall(struct h2 *h, uint64_t now)
{
	int64_t fallen = (int64_t)(now - h->score_at) * SCORE_FALLS;

	h->score = h->score > fallen ? h->score - fallen : 0;
	h->score_at = now;
}

static int64_t
cost_of_data(const nghttp2_frame_hd *hd)
{
	if ((hd->flags & NGHTTP2_FLAG_END_STREAM) != 0 || hd->length > 256)
		return 0;
	if (hd->length == 0)
		return COST_EMPTY;
	if ((hd->flags & NGHTTP2_FLAG_PADDED) != 0)
		return COST_PADDED;
	return hd->length < SMALL_DATA ? COST_SMALL : 0;
}

static int64_t
cost_of(const nghttp2_frame_hd *hd)
{
	if (hd->type == NGHTTP2_DATA)
		return cost_of_data(hd);
	if (hd->type >= sizeof(costs) / sizeof(costs[0]))
		return COST_UNKNOWN;
	return costs[hd->type];
}

/* ---- what comes ---- */

static struct h2_stream *
stream_of(struct h2 *h, int32_t id)
{
	return nghttp2_session_get_stream_user_data(h->session, id);
}

/* What a stream's window is to begin with. */
static int64_t
first_window(nghttp2_session *session)
{
	return nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE);
}

/*
 * New settings move the windows of all streams. None may come to more than 2^31-1 (RFC 9113 6.9.2): nghttp2 would end
 * those streams alone.
 */
static uint32_t
judge_settings(const struct h2 *h)
{
	bool over = h->widest + first_window(h->session) - h->before > INT32_MAX;

	return over ? NGHTTP2_FLOW_CONTROL_ERROR : NGHTTP2_NO_ERROR;
}

static int
on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *ctx)
{
	struct h2 *h = ctx;

	if (hd->type == NGHTTP2_SETTINGS) {
		h->settings_due = true;
		h->widest = h->ops->widest(h->ctx);
		h->before = first_window(session);
	}
	h->fault = watch_frame(&h->watch, session, hd);
	return charge(h, cost_of(hd)) && h->fault == NGHTTP2_NO_ERROR ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

/* Refused, before it was a stream or as one: RST_STREAM is on its way. */
static int
on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error, void *ctx)
{
	struct h2 *h = ctx;

	(void)session;
	(void)error;
	if (frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	h->head_due = false; /* nobody is told of the rest of it */
	watch_reset(&h->watch, frame->hd.stream_id);
	return 0;
}

static int
on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	struct h2 *h = ctx;
	struct h2_stream *s;

	h->head_due = true;
	h->heading = stream_of(h, frame->hd.stream_id);
	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0; /* trailers */
	s = h->ops->begin(h->ctx);
	if (s == NULL) {
		h->head_due = false;
		(void)nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	}
	s->id = frame->hd.stream_id;
	s->head = tc_alloc(s->arena, sizeof(*s->head));
	if (s->head == NULL)
		abort(); /* a fresh arena has room for it */
	s->head->fields.arena = s->arena;
	h->heading = s;
	return nghttp2_session_set_stream_user_data(session, s->id, s) == 0 ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int
malformed(struct h2 *h, int32_t id, enum refusal why)
{
	h->head_due = false;
	h->ops->refused(h->ctx, why);
	(void)nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_PROTOCOL_ERROR);
	return charge(h, COST_PROVOKED) ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_n, const uint8_t *value,
    size_t value_n, uint8_t flags, void *ctx)
{
	struct h2 *h = ctx;
	struct h2_stream *s = h->heading; /* looked for once, not for each field */

	(void)session;
	(void)frame;
	(void)flags;
	if (s == NULL)
		return 0;
	if (s->head == NULL) {
		s->trailers += (uint32_t)(name_n + value_n + 32);
		return s->trailers <= TRAILERS_MAX ? 0 : malformed(h, s->id, REFUSAL_TRAILER);
	}
	if (!h2_head_add(s->head, s->arena, &h->limits, tc_str_of((const char *)name, name_n),
		tc_str_of((const char *)value, value_n)))
		s->head->too_large = true;
	h->abused |= s->head->size > BOMB_TIMES * h->limits.head_max;
	return h->abused ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* A field that HTTP does not allow: nghttp2 would leave it out, as if it had not been there. */
static int
on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
    const uint8_t *value, size_t value_n, uint8_t flags, void *ctx)
{
	(void)session;
	(void)name;
	(void)name_n;
	(void)value;
	(void)value_n;
	(void)flags;
	return malformed(ctx, frame->hd.stream_id, REFUSAL_BAD_BYTE);
}

static int
take_head(struct h2 *h, struct h2_stream *s, bool over)
{
	struct head head;
	struct framing f;
	bool bad;
	enum refusal why = h2_head_finish(s->head, s->arena, &h->limits, over, &head, &f, &bad);

	s->head = NULL;
	s->over = over;
	if (why == REFUSAL_TOO_MANY_FIELDS || why == REFUSAL_HEAD_TOO_LARGE)
		(void)charge(h, COST_TOO_LARGE);
	if (bad) {
		(void)malformed(h, s->id, why);
		return h->abused ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
	}
	h->ops->request(s, &head, &f, why);
	return 0;
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	struct h2 *h = ctx;
	struct h2_stream *s = stream_of(h, frame->hd.stream_id);
	bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
	int r = 0;

	(void)session;
	if (frame->hd.type == NGHTTP2_SETTINGS) {
		h->settings_due = false;
		h->fault = judge_settings(h);
		return h->fault == NGHTTP2_NO_ERROR ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
	}
	if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS) {
		h->head_due = false;
		h->heading = NULL;
		if (s != NULL && s->head != NULL)
			r = take_head(h, s, end);
		s = stream_of(h, frame->hd.stream_id); /* it may have been answered and reset */
	}
	if (r == 0 && end && s != NULL)
		h->ops->end(s);
	return r;
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t n, void *ctx)
{
	struct h2 *h = ctx;
	struct h2_stream *s = stream_of(h, id);

	(void)flags;
	if (s != NULL)
		h->ops->data(s, tc_str_of((const char *)p, n));
	else
		(void)nghttp2_session_consume(session, id, n);
	return 0;
}

static int
on_close(nghttp2_session *session, int32_t id, uint32_t error, void *ctx)
{
	struct h2 *h = ctx;
	struct h2_stream *s = stream_of(h, id);

	(void)error;
	if (s == NULL)
		return 0;
	(void)nghttp2_session_set_stream_user_data(session, id, NULL);
	if (h->heading == s)
		h->heading = NULL;
	h->ops->closed(s);
	return 0;
}

/* ---- what goes ---- */

static ssize_t
on_send(nghttp2_session *session, const uint8_t *p, size_t n, int flags, void *ctx)
{
	struct h2 *h = ctx;

	(void)session;
	(void)flags;
	h2_memory_sent(p, n);
	h->ops->put(h->ctx, tc_str_of((const char *)p, n));
	return (ssize_t)n;
}

static ssize_t
read_data(
    nghttp2_session *session, int32_t id, uint8_t *p, size_t max, uint32_t *flags, nghttp2_data_source *source, void *ctx)
{
	struct h2 *h = ctx;
	bool end = false;
	size_t n = h->ops->ready(source->ptr, &end);

	(void)session;
	(void)id;
	(void)p;
	*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if (n <= max && end)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	else if (n == 0)
		return NGHTTP2_ERR_DEFERRED;
	return (ssize_t)(n < max ? n : max);
}

static int
send_data(
    nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t n, nghttp2_data_source *source, void *ctx)
{
	struct h2 *h = ctx;

	(void)session;
	assert(frame->data.padlen == 0);
	h2_memory_sent(head, 9);
	h->blocked = h->ops->blocked(h->ctx);
	if (h->blocked)
		return NGHTTP2_ERR_WOULDBLOCK;
	h->ops->put(h->ctx, tc_str_of((const char *)head, 9));
	if (n > 0)
		h->ops->take(source->ptr, n);
	(void)charge(h, -WORTH_DATA);
	return 0;
}

static int
on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	struct h2 *h = ctx;
	struct h2_stream *s;

	(void)session;
	if (frame->hd.type == NGHTTP2_RST_STREAM)
		watch_reset(&h->watch, frame->hd.stream_id);
	if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR)
		(void)charge(h, COST_PROVOKED);
	h->watch.last_call |= frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.last_stream_id < INT32_MAX;
	if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR)
		h->ops->refused(h->ctx, h->abused ? REFUSAL_H2_ABUSE : REFUSAL_H2_FRAME);
	if ((frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) ||
	    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
		return 0;
	s = stream_of(h, frame->hd.stream_id);
	if (s != NULL)
		h->ops->ended(s);
	return 0;
}

/* ---- coming and going ---- */

static nghttp2_session_callbacks *callbacks;
static nghttp2_option *options;

/* The same for every connection; made before there are threads. */
static __attribute__((constructor)) void
make_tables(void)
{
	if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&options) != 0)
		abort();
	nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
	nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
	nghttp2_option_set_no_auto_window_update(options, 1);
	nghttp2_option_set_no_closed_streams(options, 1);
	nghttp2_option_set_max_outbound_ack(options, ACKS_MAX);
	nghttp2_option_set_max_settings(options, SETTINGS_MAX);
	nghttp2_option_set_stream_reset_rate_limit(options, RESETS_BURST, RESETS_RATE);
	nghttp2_option_set_max_continuations(options, CONTINUATIONS_MAX);
	nghttp2_option_set_builtin_recv_extension_type(options, PRIORITY_UPDATE_TYPE);
}

struct h2 *
h2_new(const struct h2_ops *ops, void *ctx, const struct h2_settings *settings)
{
	const nghttp2_settings_entry entries[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings->streams},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings->stream_window},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)settings->head.head_max},
		{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
		{NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
	};
	struct h2 *h = calloc(1, sizeof(*h));

	if (h == NULL || h2_memory_session(&h->memory, &h->session, callbacks, h, options) != 0)
		abort();
	h->ops = ops;
	h->ctx = ctx;
	h->limits = settings->head;
	watch_init(&h->watch);
	if (nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, entries, sizeof(entries) / sizeof(entries[0])) != 0 ||
	    nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0, (int32_t)settings->connection_window) !=
		0)
		abort();
	return h;
}

void
h2_free(struct h2 **p)
{
	struct h2 *h = *p;

	*p = NULL;
	if (h == NULL)
		return;
	assert(!h->working);
	nghttp2_session_del(h->session);
	h2_memory_free(&h->memory);
	free(h);
}

static enum h2_end
end_of(const struct h2 *h)
{
	if (h->abused)
		return H2_ABUSED;
	return nghttp2_session_want_read(h->session) || nghttp2_session_want_write(h->session) ? H2_GOES_ON : H2_OVER;
}

static ssize_t
feed(struct h2 *h, struct tc_str in)
{
	size_t fed = 0, at = 0, start = 0;
	ssize_t n = 0;

	while (n >= 0 && watch_walk(&h->watch, in, &at, &start)) {
		n = nghttp2_session_mem_recv(h->session, (const uint8_t *)in.p + fed, start - fed);
		fed = start;
		if (n >= 0)
			h->fault = watch_judge(&h->watch, h->session);
		if (watch_is_unknown(&h->watch))
			(void)charge(h, COST_UNKNOWN);
		if (h->fault != NGHTTP2_NO_ERROR || h->abused)
			return NGHTTP2_ERR_CALLBACK_FAILURE;
	}
	return n < 0 ? n : nghttp2_session_mem_recv(h->session, (const uint8_t *)in.p + fed, in.n - fed);
}

enum h2_end
h2_receive(struct h2 *h, struct tc_str in, uint64_t now)
{
	ssize_t n;

	assert(!h->working);
	if (h->told_to_end)
		return end_of(h);
	let_fall(h, now);
	if (h->settings_due) /* what was sent since they began to come made windows smaller */
		h->widest = h->ops->widest(h->ctx);
	h->working = true;
	n = feed(h, in);
	h->working = false;
	h->abused |= n == NGHTTP2_ERR_FLOODED || n == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS;
	if (n >= 0 && !h->abused)
		return end_of(h);
	h->told_to_end = true;
	if (h->abused || h->fault != NGHTTP2_NO_ERROR)
		(void)nghttp2_session_terminate_session(h->session, h->abused ? NGHTTP2_ENHANCE_YOUR_CALM : h->fault);
	return h->abused ? H2_ABUSED : H2_BROKEN;
}

static int
send_all(struct h2 *h)
{
	int r;

	h->blocked = false;
	h->working = true;
	h2_memory_lend(&h->memory);
	r = nghttp2_session_send(h->session);
	h2_memory_return(&h->memory, r != 0 || h->blocked);
	h->working = false;
	return r;
}

enum h2_end
h2_send(struct h2 *h)
{
	int r;

	assert(!h->working);
	if (h->drain_due)
		(void)nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE,
		    nghttp2_session_get_last_proc_stream_id(h->session), NGHTTP2_NO_ERROR, NULL, 0);
	h->drain_due = false;
	r = send_all(h);
	if (h->abused && !h->told_to_end) {
		h->told_to_end = true;
		(void)nghttp2_session_terminate_session(h->session, NGHTTP2_ENHANCE_YOUR_CALM);
		(void)send_all(h);
	}
	return r == 0 ? end_of(h) : H2_BROKEN;
}

void
h2_rest(struct h2 *h)
{
	h2_memory_rest(&h->memory);
}

/* ---- responses ---- */

int
h2_interim(struct h2 *h, struct h2_stream *s, const struct tc_response *res)
{
	struct framing none = {.kind = BODY_NONE};
	nghttp2_nv *v;
	size_t n;

	if (h2_fields(res, &none, s->arena, &v, &n) < 0)
		return -1;
	return nghttp2_submit_headers(h->session, NGHTTP2_FLAG_NONE, s->id, NULL, v, n, NULL) == 0 ? 0 : -1;
}

int
h2_respond(struct h2 *h, struct h2_stream *s, const struct tc_response *res, const struct framing *f, bool body)
{
	nghttp2_data_provider data = {.source.ptr = s, .read_callback = read_data};
	nghttp2_nv *v;
	size_t n;

	if (h2_fields(res, f, s->arena, &v, &n) < 0)
		return -1;
	return nghttp2_submit_response(h->session, s->id, v, n, body ? &data : NULL) == 0 ? 0 : -1;
}

void
h2_resume(struct h2 *h, struct h2_stream *s)
{
	(void)nghttp2_session_resume_data(h->session, s->id); /* not deferred: it is asked anyway */
}

void
h2_consumed(struct h2 *h, struct h2_stream *s, size_t n)
{
	if (n > 0)
		(void)nghttp2_session_consume(h->session, s->id, n);
}

int32_t
h2_window(struct h2 *h, const struct h2_stream *s)
{
	return nghttp2_session_get_stream_remote_window_size(h->session, s->id);
}

void
h2_reset(struct h2 *h, struct h2_stream *s, enum h2_reset why)
{
	static const uint32_t codes[] = {
		[H2_RESET_DONE] = NGHTTP2_NO_ERROR,
		[H2_RESET_BROKEN] = NGHTTP2_INTERNAL_ERROR,
		[H2_RESET_REFUSED] = NGHTTP2_REFUSED_STREAM,
		[H2_RESET_SLOW] = NGHTTP2_CANCEL,
	};

	(void)nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, s->id, codes[why]);
}

void
h2_drain_notice(struct h2 *h)
{
	(void)nghttp2_submit_shutdown_notice(h->session);
}

void
h2_drain(struct h2 *h)
{
	h->drain_due = !h->watch.last_call;
}

bool
h2_head_due(const struct h2 *h)
{
	return h->head_due;
}
