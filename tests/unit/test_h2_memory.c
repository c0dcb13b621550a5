/* test_h2_memory.c: sessions of a thread pack their frames in one place, none sees another's, and what is empty is given back. */
#include "../../proxy/http/h2.c"
#include "../../proxy/http/h2_memory.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"

#define BODY 1000

/* A session, the only stream it may have, and the bytes it sends. */
struct side {
	struct h2 *h2;
	struct h2_stream stream;
	struct buf out;
	const char *secret; /* a field of the response; NULL: there is none yet */
	size_t ready;
	bool blocked, closed;
};

static struct h2_stream *
on_begin(void *ctx)
{
	struct side *s = ctx;

	s->stream = (struct h2_stream){.arena = arena_new(NULL, 1 << 20)};
	return &s->stream;
}

static struct side *
side_of(struct h2_stream *h)
{
	return (struct side *)(void *)((char *)h - offsetof(struct side, stream));
}

static void
on_request(struct h2_stream *h, struct head *head, const struct framing *f, enum refusal why)
{
	(void)h;
	(void)head;
	(void)f;
	assert_int_equal(why, REFUSAL_NONE);
}

static void
on_stream(struct h2_stream *h)
{
	(void)h;
}

static void
on_closed(struct h2_stream *h)
{
	side_of(h)->closed = true;
	arena_destroy(&h->arena);
}

static void
on_refused(void *ctx, enum refusal why)
{
	(void)ctx;
	fail_msg("refused: %d", (int)why);
}

static void
on_put(void *ctx, struct tc_str bytes)
{
	assert_int_equal(buf_add_str(&((struct side *)ctx)->out, bytes), 0);
}

static size_t
on_ready(struct h2_stream *h, bool *end)
{
	*end = true;
	return side_of(h)->ready;
}

static void
on_take(struct h2_stream *h, size_t n)
{
	char body[BODY];

	memset(body, '.', sizeof(body));
	assert_int_equal(buf_add_str(&side_of(h)->out, tc_str_of(body, n)), 0);
}

static bool
on_blocked(void *ctx)
{
	return ((struct side *)ctx)->blocked;
}

static int32_t
on_widest(void *ctx)
{
	(void)ctx;
	return 0;
}

static const struct h2_ops ops = {
	.begin = on_begin,
	.request = on_request,
	.end = on_stream,
	.closed = on_closed,
	.widest = on_widest,
	.refused = on_refused,
	.put = on_put,
	.ready = on_ready,
	.take = on_take,
	.blocked = on_blocked,
	.ended = on_stream,
};

static const struct h2_settings settings = {
	.streams = 100,
	.stream_window = 1 << 16,
	.connection_window = 1 << 20,
	.head = {.line_max = 1024, .head_max = 8192, .fields_max = 100},
};

static void
begin(struct side *s, const char *secret)
{
	*s = (struct side){.secret = secret};
	buf_init(&s->out, 1 << 20);
	s->h2 = h2_new(&ops, s, &settings);
}

static void
end(struct side *s)
{
	h2_free(&s->h2);
	arena_destroy(&s->stream.arena);
	buf_reset(&s->out);
}

/* Preface, SETTINGS, and HEADERS of GET https://a/ that end stream 1. */
static void
ask(struct side *s)
{
	static const char bytes[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0\0\0\6\1\5\0\0\0\1\x82\x87\x84\x41\x01"
	    "a";

	assert_int_equal(h2_receive(s->h2, tc_str_of(bytes, sizeof(bytes) - 1), 1), H2_GOES_ON);
}

static void
answer(struct side *s)
{
	struct tc_response res = {.status = 200, .fields.arena = s->stream.arena};
	struct framing f = {.kind = BODY_CHUNKED};

	assert_int_equal(tc_field_add_named(&res.fields, TC_STR("X-Secret"), tc_str_of(s->secret, strlen(s->secret))), 0);
	s->ready = BODY;
	assert_int_equal(h2_respond(s->h2, &s->stream, &res, &f, true), 0);
}

static bool
is_empty(const uint8_t *p, size_t n)
{
	return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

/* The payload of the first frame of a type in what was sent. */
static struct tc_str
find(const struct side *s, uint8_t type)
{
	struct tc_str left = buf_str(&s->out);

	while (left.n >= 9) {
		const uint8_t *p = (const uint8_t *)left.p;
		size_t n = (size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2];

		assert_true(left.n >= 9 + n);
		if (p[3] == type)
			return tc_str_of(left.p + 9, n);
		tc_skip(&left, 9 + n);
	}
	return (struct tc_str){0};
}

/* ---- the frame ---- */

static void
all_pack_in_one_place(void **state)
{
	struct side a, b;

	(void)state;
	assert_true(shares);
	begin(&a, "one");
	begin(&b, "two");
	assert_ptr_equal(a.h2->memory.frame, frame.bytes);
	assert_ptr_equal(b.h2->memory.frame, frame.bytes);
	end(&a);
	ask(&b); /* it is still there for the other */
	answer(&b);
	assert_int_equal(h2_send(b.h2), H2_GOES_ON);
	assert_int_equal(find(&b, NGHTTP2_DATA).n, BODY);
	assert_true(b.closed);
	end(&b);
}

static void
nothing_stays_in_it(void **state)
{
	struct side a;

	(void)state;
	begin(&a, "a value that is longer than the other frames are");
	ask(&a);
	answer(&a);
	assert_int_equal(h2_send(a.h2), H2_GOES_ON);
	assert_true(find(&a, NGHTTP2_HEADERS).n > 20);
	assert_null(a.h2->memory.kept);
	assert_true(is_empty(frame.bytes, sizeof(frame.bytes)));
	end(&a);
}

/* A frame has begun and waits for the socket; another session packs its own in between, then the first goes on. */
static void
what_waits_is_kept_aside(void **state)
{
	struct side a, b;

	(void)state;
	begin(&a, "one");
	begin(&b, "two");
	ask(&a);
	ask(&b);
	answer(&a);
	a.blocked = true;
	assert_int_equal(h2_send(a.h2), H2_GOES_ON);
	assert_null(find(&a, NGHTTP2_DATA).p);
	assert_non_null(a.h2->memory.kept);
	assert_true(is_empty(frame.bytes, sizeof(frame.bytes)));
	answer(&b);
	assert_int_equal(h2_send(b.h2), H2_GOES_ON);
	assert_int_equal(h2_send(a.h2), H2_GOES_ON); /* still waits */
	assert_non_null(a.h2->memory.kept);
	a.blocked = false;
	assert_int_equal(h2_send(a.h2), H2_GOES_ON);
	assert_null(a.h2->memory.kept);
	assert_int_equal(find(&a, NGHTTP2_DATA).n, BODY);
	assert_true(a.closed && b.closed);
	assert_true(is_empty(frame.bytes, sizeof(frame.bytes)));
	end(&a);
	end(&b);
}

static void
ends_while_it_waits(void **state)
{
	struct side a;

	(void)state;
	begin(&a, "one");
	ask(&a);
	answer(&a);
	a.blocked = true;
	assert_int_equal(h2_send(a.h2), H2_GOES_ON);
	assert_non_null(a.h2->memory.kept);
	end(&a); /* a sanitizer sees what is left */
	assert_true(is_empty(frame.bytes, sizeof(frame.bytes)));
}

/* A response's head of more than one frame: what does not fit is nghttp2's own. */
static void
larger_heads_go_too(void **state)
{
	static char big[40 << 10];
	struct side a;

	(void)state;
	memset(big, '~', sizeof(big) - 1);
	begin(&a, big);
	ask(&a);
	answer(&a);
	assert_int_equal(h2_send(a.h2), H2_GOES_ON);
	assert_int_equal(find(&a, NGHTTP2_HEADERS).n, 16 << 10);
	assert_true(find(&a, NGHTTP2_CONTINUATION).n > 0);
	assert_int_equal(find(&a, NGHTTP2_DATA).n, BODY);
	assert_true(is_empty(frame.bytes, sizeof(frame.bytes)));
	end(&a);
}

static void
only_what_is_asked_for_at_first_is_shared(void **state)
{
	struct h2_memory m = {.begins = true};
	void *p = mem_malloc(FRAME_LEAST, &m), *q = mem_malloc(FRAME_LEAST, &m);

	(void)state;
	assert_ptr_equal(p, frame.bytes);
	assert_ptr_not_equal(q, frame.bytes);
	assert_null(mem_realloc(p, 2 * FRAME_LEAST, &m));
	mem_free(p, &m);
	mem_free(q, &m);
	mem_free(NULL, &m);
	m = (struct h2_memory){.begins = true};
	p = mem_malloc(sizeof(frame.bytes) + 1, &m);
	assert_null(m.frame);
	mem_free(p, &m);
	m.begins = false;
	p = mem_malloc(FRAME_LEAST, &m);
	assert_null(m.frame);
	mem_free(p, &m);
}

/* ---- the page ---- */

static bool
is_resident(void *p)
{
	unsigned char flags;

	assert_int_equal(mincore(p, page, &flags), 0);
	return (flags & 1) != 0;
}

static void
what_is_empty_goes_back(void **state)
{
	struct side a;
	void *table;

	(void)state;
	begin(&a, "one");
	table = a.h2->memory.table;
	if (table == NULL) { /* a library that makes its table as streams come */
		end(&a);
		skip();
	}
	ask(&a);
	assert_false(is_empty(table, page));
	h2_rest(a.h2);
	assert_true(is_resident(table)); /* a stream is in it */
	answer(&a);
	assert_int_equal(h2_send(a.h2), H2_GOES_ON);
	assert_true(a.closed && is_resident(table));
	h2_rest(a.h2);
	assert_false(is_resident(table));
	assert_true(is_empty(table, page));
	end(&a);
}

static void
a_table_may_move(void **state)
{
	struct h2_memory m = {.begins = true};
	char *p = mem_calloc(page, 1, &m);

	(void)state;
	assert_ptr_equal(p, m.table);
	assert_int_equal((uintptr_t)p % page, 0);
	p[0] = 1;
	p = mem_realloc(p, 2 * page, &m);
	assert_null(m.table);
	assert_int_equal(p[0], 1);
	h2_memory_rest(&m); /* nothing to look at */
	mem_free(p, &m);
	h2_memory_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pack_in_one_place),
		cmocka_unit_test(nothing_stays_in_it),
		cmocka_unit_test(what_waits_is_kept_aside),
		cmocka_unit_test(ends_while_it_waits),
		cmocka_unit_test(larger_heads_go_too),
		cmocka_unit_test(only_what_is_asked_for_at_first_is_shared),
		cmocka_unit_test(what_is_empty_goes_back),
		cmocka_unit_test(a_table_may_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
