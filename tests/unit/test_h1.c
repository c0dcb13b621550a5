/* test_h1.c: the byte scan, heads into structures, target and Host; whole messages family by family (heads.h). */
#include "../../proxy/http/h1_parse.c"
#include "../../proxy/http/h1_request.c"
#include "../../proxy/http/h1_scan.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "edge.h"
#include "h1_reader.h"
#include "heads.h"
#include "lint_h1.h"

static const struct h1_limits small = {.line_max = 20, .head_max = 64, .fields_max = 2};

/* ---- whole messages ---- */

static void
check_messages(const struct message *v, size_t n, bool are_responses)
{
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++) {
		char *text = edge_copy(v[i].text, v[i].n);
		struct reader r;

		reader_init(&r, are_responses, TC_M_GET);
		reader_feed(&r, text, v[i].n);
		if (r.why != v[i].why || (v[i].why == REFUSAL_NONE && r.messages != v[i].messages)) {
			print_error("%.90s\n-> %s, %u messages\n", v[i].text, refusal_label(r.why), r.messages);
			wrong++;
		}
		reader_end(&r);
		edge_free(text, v[i].n);
	}
	assert_int_equal(wrong, 0);
}

static void
test_requests(void **state)
{
	(void)state;
	check_messages(requests, COUNT(requests), false);
}

static void
test_responses(void **state)
{
	(void)state;
	check_messages(responses, COUNT(responses), true);
}

/* What goes out for every good request passes the linter, and what is hop-by-hop stays here. */
static void
test_written_requests_are_unambiguous(void **state)
{
	unsigned count;

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		struct reader r;
		const char *bad;

		if (requests[i].why != REFUSAL_NONE)
			continue;
		reader_init(&r, false, TC_M_GET);
		reader_feed(&r, requests[i].text, requests[i].n);
		bad = lint_requests(buf_str(&r.wire).p, r.wire.n, &count);
		if (bad != NULL)
			fail_msg("%s: %.*s", bad, (int)r.wire.n, buf_str(&r.wire).p);
		assert_int_equal(count, requests[i].messages);
		reader_end(&r);
	}
}

/* ---- the scan ---- */

static long
scan(const char *text, const struct h1_limits *limits)
{
	struct h1_scan s = {0};
	size_t n = strlen(text);
	char *p = edge_copy(text, n);
	long r = h1_scan(&s, tc_str_of(p, n), limits);

	edge_free(p, n);
	return r;
}

static void
test_scan_limits(void **state)
{
	(void)state;
	/* the line: 20 bytes are allowed, 21 are not, whether its end is seen or not */
	assert_int_equal(scan("01234567890123456789\r\n\r\n", &small), 24);
	assert_int_equal(scan("01234567890123456789", &small), 0);
	assert_int_equal(scan("012345678901234567890\r\n\r\n", &small), -REFUSAL_LINE_TOO_LONG);
	assert_int_equal(scan("012345678901234567890", &small), -REFUSAL_LINE_TOO_LONG);
	/* later lines may be longer */
	assert_int_equal(scan("a\r\n01234567890123456789012\r\n\r\n", &small), 30);
	/* the fields: two, not three */
	assert_int_equal(scan("a\r\nb\r\nc\r\n\r\n", &small), 11);
	assert_int_equal(scan("a\r\nb\r\nc\r\nd\r\n\r\n", &small), -REFUSAL_TOO_MANY_FIELDS);
	/* the head: 64 bytes with its end, not 65; a full buffer is judged without waiting for more */
	assert_int_equal(scan("a\r\n01234567890123456789012345678901234567890123456789012345678\r\n\r\n", &small),
	    -REFUSAL_HEAD_TOO_LARGE);
	assert_int_equal(scan("a\r\n012345678901234567890123456789012345678901234567890123456\r\n\r\n", &small), 64);
	assert_int_equal(scan("a\r\n0123456789012345678901234567890123456789012345678901234567890", &small),
	    -REFUSAL_HEAD_TOO_LARGE);
	assert_int_equal(scan("a\r\n012345678901234567890123456789012345678901234567890123456789\r", &small),
	    -REFUSAL_HEAD_TOO_LARGE);
}

/* Each byte at each place of a line of 40, so that vectors of 16 are covered at all offsets. */
static void
test_scan_every_byte_everywhere(void **state)
{
	static const struct h1_limits wide = {100, 1000, 10};

	(void)state;
	for (int c = 0; c < 256; c++) {
		for (size_t at = 1; at < 40; at++) {
			char text[44];
			struct h1_scan s = {0};
			bool control = (c < 0x20 && c != '\t') || c == 0x7f;
			long r, want = c == '\n' ? -REFUSAL_BARE_LF : c == '\r' ? -REFUSAL_BARE_CR
										: -REFUSAL_BAD_BYTE;

			memset(text, 'a', 40);
			memcpy(text + 40, "\r\n\r\n", 4);
			text[at] = (char)c;
			r = h1_scan(&s, tc_str_of(text, sizeof(text)), &wide);
			if (c == '\r' && at == 39) /* "\r\r\n": the first is bare */
				assert_int_equal(r, -REFUSAL_BARE_CR);
			else
				assert_int_equal(r, control ? want : 44);
		}
	}
}

static void
test_skip_empty_line(void **state)
{
	(void)state;
	assert_int_equal(h1_skip_empty_line(TC_STR("")), -1);
	assert_int_equal(h1_skip_empty_line(TC_STR("\r")), -1);
	assert_int_equal(h1_skip_empty_line(TC_STR("\r\n")), 2);
	assert_int_equal(h1_skip_empty_line(TC_STR("\r\n\r\n")), 2);
	assert_int_equal(h1_skip_empty_line(TC_STR("\rG")), 0);
	assert_int_equal(h1_skip_empty_line(TC_STR("G")), 0);
	assert_int_equal(h1_skip_empty_line(TC_STR("\n")), 0);
}

/* ---- structures ---- */

static struct tc_arena *arena;

static int
arena_setup(void **state)
{
	(void)state;
	arena = arena_new(NULL, 1 << 20);
	return 0;
}

static int
arena_teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	return 0;
}

static enum refusal
request(const char *text, struct head *h, struct tc_request *req)
{
	enum refusal r = h1_parse_request(tc_str_from(text), &reader_limits, arena, h);

	*req = (struct tc_request){.scheme = TC_STR_INIT("http")};
	return r != REFUSAL_NONE ? r : h1_request_of(h, arena, req);
}

static void
assert_str(struct tc_str s, const char *want)
{
	assert_int_equal(s.n, strlen(want));
	assert_memory_equal(s.p, want, s.n);
}

static void
test_request_is_filled(void **state)
{
	struct tc_request req;
	struct head h;

	(void)state;
	assert_int_equal(request("POST /A%2fb/./c?x=1&y HTTP/1.1\r\nHOST: WWW.Example.com.:8080\r\n"
	    "Sec-Fetch-Dest: iframe\r\nsec-gpc:  1\t\r\nX-Own: a\r\n\r\n",
			     &h, &req),
	    REFUSAL_NONE);
	assert_int_equal(req.method, TC_M_POST);
	assert_str(req.method_text, "POST");
	assert_str(req.host, "www.example.com");
	assert_str(req.port, "8080");
	assert_str(req.path, "/A%2fb/./c");
	assert_str(req.query, "x=1&y");
	assert_str(req.match, "/A%2Fb/c");
	assert_int_equal(req.dest, TC_DEST_FRAME);
	assert_false(req.websocket);
	assert_int_equal(req.fields.n, 4);
	assert_int_equal(h.fields.n, 0);
	assert_str(tc_field_value(&req.fields, TC_F_SEC_GPC), "1");
	assert_int_equal(req.fields.v[3].id, TC_F_OTHER);
	assert_str(req.fields.v[3].name, "X-Own");

	assert_int_equal(request("GET /? HTTP/1.1\r\nHost: [2001:DB8::1]\r\n\r\n", &h, &req), REFUSAL_NONE);
	assert_str(req.host, "[2001:db8::1]");
	assert_int_equal(req.port.n, 0);
	assert_non_null(req.query.p);
	assert_int_equal(req.query.n, 0);
	assert_int_equal(req.dest, TC_DEST_ABSENT);

	assert_int_equal(request("PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", &h, &req), REFUSAL_NONE);
	assert_int_equal(req.method, TC_M_OTHER);
	assert_null(req.query.p);
}

static void
test_absolute_form_becomes_origin_form(void **state)
{
	struct tc_request req;
	struct head h;

	(void)state;
	assert_int_equal(request("GET http://A.example:80?q HTTP/1.1\r\nHost: a.example\r\n\r\n", &h, &req),
	    REFUSAL_NONE);
	assert_str(req.path, "/");
	assert_str(req.query, "q");
	assert_str(req.host, "a.example");
	assert_int_equal(request("GET https://a.example:443/x HTTP/1.1\r\nHost: a.example\r\n\r\n", &h, &req),
	    REFUSAL_NONE);
	assert_str(req.path, "/x");
	assert_int_equal(request("OPTIONS http://a.example HTTP/1.1\r\nHost: a.example\r\n\r\n", &h, &req),
	    REFUSAL_NONE);
	assert_str(req.path, "*");
	assert_int_equal(request("GET http://b.example:81/x HTTP/1.0\r\n\r\n", &h, &req), REFUSAL_NONE);
	assert_str(req.host, "b.example");
	assert_str(req.port, "81");
	assert_int_equal(request("GET /x HTTP/1.0\r\n\r\n", &h, &req), REFUSAL_NONE);
	assert_int_equal(req.host.n, 0);
}

/* What the writer will write: one spelling, from the target where Host was missing. */
static void
test_the_host_row(void **state)
{
	static const struct {
		const char *head, *host;
	} cases[] = {
		{"GET / HTTP/1.1\r\nHost: WWW.Example.com.:8080\r\n\r\n", "www.example.com:8080"},
		{"GET / HTTP/1.1\r\nX: y\r\nHost: [2001:DB8::1]\r\n\r\n", "[2001:db8::1]"},
		{"GET / HTTP/1.1\r\nHost: a.example:\r\n\r\n", "a.example"},
		{"GET http://A.example:80/ HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example"},
		{"GET http://b.example:81/x HTTP/1.0\r\n\r\n", "b.example:81"},
		{"GET /x HTTP/1.0\r\n\r\n", NULL},
	};
	struct tc_request req;
	struct head h;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(request(cases[i].head, &h, &req), REFUSAL_NONE);
		if (cases[i].host != NULL)
			assert_str(tc_field_value(&req.fields, TC_F_HOST), cases[i].host);
		else
			assert_null(tc_field_value(&req.fields, TC_F_HOST).p);
	}
}

/* A 204 that announces a body may be followed by one: nothing else on its connection. */
static void
test_what_204_announces(void **state)
{
	static const struct {
		const char *head;
		bool close;
	} cases[] = {
		{"HTTP/1.1 204 No Content\r\n\r\n", false},
		{"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", false},
		{"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", true},
		{"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false},
	};
	struct head h;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(h1_parse_response(tc_str_from(cases[i].head), &reader_limits, arena, &h), REFUSAL_NONE);
		assert_int_equal(h.close, cases[i].close);
	}
}

static void
test_connection_options(void **state)
{
	static const struct {
		const char *fields;
		int minor;
		bool close, upgrade;
	} cases[] = {
		{"", 1, false, false},
		{"", 0, true, false},
		{"Connection: keep-alive\r\n", 0, false, false},
		{"Connection: x ,Close\r\n", 1, true, false},
		{"Connection: keep-alive\r\nConnection: close\r\n", 0, true, false},
		{"Connection: ,,Upgrade\r\n", 1, false, true},
		{"Connection: closed, upgrades\r\n", 1, false, false},
	};
	struct tc_request req;
	struct head h;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[200];

		(void)snprintf(text, sizeof(text), "GET / HTTP/1.%d\r\nHost: a\r\n%s\r\n", cases[i].minor,
		    cases[i].fields);
		assert_int_equal(request(text, &h, &req), REFUSAL_NONE);
		assert_int_equal(h.close, cases[i].close);
		assert_int_equal(h.upgrade, cases[i].upgrade);
	}
}

static void
test_connection_options_are_bounded(void **state)
{
	char text[400] = "GET / HTTP/1.1\r\nHost: a\r\nConnection: ";
	size_t n = strlen(text);
	struct tc_request req;
	struct head h;

	(void)state;
	for (int i = 0; i < CONNECTION_OPTIONS_MAX - 1; i++, n += 2)
		memcpy(text + n, "a,", 3);
	memcpy(text + n, "b\r\n\r\n", 6);
	assert_int_equal(request(text, &h, &req), REFUSAL_NONE);
	memcpy(text + n, "b,c\r\n\r\n", 8);
	assert_int_equal(request(text, &h, &req), REFUSAL_SYNTAX);
}

#define HANDSHAKE "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"

static void
test_websocket_handshakes(void **state)
{
	static const struct {
		const char *text;
		bool websocket;
	} cases[] = {
		{HANDSHAKE KEY VERSION "Upgrade: WebSocket\r\n\r\n", true},
		{HANDSHAKE KEY VERSION "\r\n", false},
		{HANDSHAKE KEY VERSION "Upgrade: h2c\r\n\r\n", false},
		{HANDSHAKE KEY VERSION "Upgrade: websocket, h2c\r\n\r\n", false},
		{HANDSHAKE KEY "Upgrade: websocket\r\n\r\n", false},
		{HANDSHAKE KEY "Sec-WebSocket-Version: 777\r\nUpgrade: websocket\r\n\r\n", false},
		{HANDSHAKE VERSION "Sec-WebSocket-Key: short==\r\nUpgrade: websocket\r\n\r\n", false},
		{HANDSHAKE KEY KEY VERSION "Upgrade: websocket\r\n\r\n", false},
		{"GET / HTTP/1.1\r\nHost: a\r\n" KEY VERSION "Upgrade: websocket\r\n\r\n", false},
		{"POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n" KEY VERSION "Upgrade: websocket\r\n\r\n", false},
		{"GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\n" KEY VERSION "Upgrade: websocket\r\n\r\n", false},
	};
	struct tc_request req;
	struct head h;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(request(cases[i].text, &h, &req), REFUSAL_NONE);
		assert_int_equal(req.websocket, cases[i].websocket);
	}
	assert_int_equal(request(HANDSHAKE KEY VERSION "Upgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n", &h,
			     &req),
	    REFUSAL_UPGRADE);
}

static void
test_underscore_names_are_left_out(void **state)
{
	struct tc_request req;
	struct head h;

	(void)state;
	assert_int_equal(request("GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 1\r\nContent_Length: 5\r\nA: b\r\n\r\n",
			     &h, &req),
	    REFUSAL_NONE);
	assert_int_equal(req.fields.n, 2);
	assert_str(req.fields.v[1].name, "A");
}

static void
test_expectation_of_http_1_0_is_ignored(void **state)
{
	struct tc_request req;
	struct head h;

	(void)state;
	assert_int_equal(request("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", &h, &req),
	    REFUSAL_NONE);
	assert_false(h.expect_continue);
	assert_int_equal(request("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", &h, &req), REFUSAL_NONE);
	assert_true(h.expect_continue);
}

/* Limits and the arena's end are answers, whatever the number of fields. */
static void
test_many_fields(void **state)
{
	char text[8192] = "GET / HTTP/1.1\r\nHost: a\r\n";
	size_t n = strlen(text);
	struct tc_arena *tiny = arena_new(NULL, 600);
	struct tc_request req;
	struct head h;

	(void)state;
	for (int i = 0; i < READER_FIELDS_MAX - 1; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "X-%d: %d\r\n", i, i);
	memcpy(text + n, "\r\n", 3);
	assert_int_equal(request(text, &h, &req), REFUSAL_NONE);
	assert_int_equal(req.fields.n, READER_FIELDS_MAX);
	assert_str(req.fields.v[99].value, "98");
	assert_int_equal(h1_parse_request(tc_str_from(text), &reader_limits, tiny, &h), REFUSAL_HEAD_TOO_LARGE);
	memcpy(text + n, "Y: z\r\n\r\n", 9);
	assert_int_equal(request(text, &h, &req), REFUSAL_TOO_MANY_FIELDS);
	arena_destroy(&tiny);
}

/* ---- llhttp itself: fails if it was built without LLHTTP_STRICT_MODE, whatever our scan would catch ---- */

static void
test_llhttp_is_strict(void **state)
{
	static const char *const only_lenient_takes[] = {
		"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
		"GET / HTTP/1.1\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n",
	};
	struct head h;
	struct parse parse;

	(void)state;
	for (size_t i = 0; i < COUNT(only_lenient_takes); i++) {
		begin(&parse, &reader_limits, arena, &h);
		assert_int_not_equal(run_llhttp(HTTP_REQUEST, tc_str_from(only_lenient_takes[i]), &parse), REFUSAL_NONE);
	}
}

/* Both builds of llhttp stop at the same byte, for the same reason, having seen the same fields. */
static void
test_both_builds_of_llhttp_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(requests) + COUNT(responses); i++) {
		bool response = i >= COUNT(requests);
		const struct message *m = response ? &responses[i - COUNT(requests)] : &requests[i];
		char *text = edge_copy(m->text, m->n);
		struct head h[2];
		struct parse parse[2];
		llhttp_errno_t e[2];
		llhttp_t l[2];

		for (int k = 0; k < 2; k++) {
			begin(&parse[k], &reader_limits, arena, &h[k]);
			llhttp_init(&l[k], response ? HTTP_RESPONSE : HTTP_REQUEST, &callbacks);
			l[k].data = &parse[k];
			e[k] = k == 0 ? llhttp_execute(&l[k], text, m->n) : execute(&l[k], tc_str_of(text, m->n));
		}
		assert_int_equal(e[0], e[1]);
		assert_ptr_equal(l[0].error_pos, l[1].error_pos);
		assert_true(tc_eq(h[0].target, h[1].target));
		assert_int_equal(h[0].fields.n, h[1].fields.n);
		for (size_t f = 0; f < h[0].fields.n; f++) {
			assert_true(tc_eq(h[0].fields.v[f].name, h[1].fields.v[f].name));
			assert_true(tc_eq(h[0].fields.v[f].value, h[1].fields.v[f].value));
		}
		edge_free(text, m->n);
	}
}

static void
test_every_refusal_has_a_label_and_status(void **state)
{
	(void)state;
	for (enum refusal r = REFUSAL_NONE + 1; r < REFUSAL_COUNT; r++) {
		assert_true(strlen(refusal_label(r)) > 0);
		assert_in_range(refusal_status(r), 400, 505);
		for (enum refusal other = REFUSAL_NONE; other < r; other++)
			assert_string_not_equal(refusal_label(r), refusal_label(other));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_written_requests_are_unambiguous),
		cmocka_unit_test(test_scan_limits),
		cmocka_unit_test(test_scan_every_byte_everywhere),
		cmocka_unit_test(test_skip_empty_line),
		cmocka_unit_test_setup_teardown(test_request_is_filled, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_absolute_form_becomes_origin_form, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_the_host_row, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_what_204_announces, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_connection_options, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_connection_options_are_bounded, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_websocket_handshakes, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_underscore_names_are_left_out, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_expectation_of_http_1_0_is_ignored, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_many_fields, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_llhttp_is_strict, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_both_builds_of_llhttp_agree, arena_setup, arena_teardown),
		cmocka_unit_test(test_every_refusal_has_a_label_and_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
