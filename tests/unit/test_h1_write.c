/* test_h1_write.c: heads out, hop-by-hop fields, and media types. */
#include "../../proxy/http/h1_write.c"
#include "../../proxy/http/hop.c"
#include "../../proxy/http/media_type.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "lint_h1.h"

static struct tc_arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(NULL, 1 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	return 0;
}

static void
add(struct tc_fields *fs, const char *name, const char *value)
{
	assert_int_equal(tc_field_add_named(fs, tc_str_from(name), tc_str_from(value)), 0);
}

static struct tc_request
get(const char *path)
{
	struct tc_request req = {.method = TC_M_GET,
	    .method_text = TC_STR_INIT("GET"),
	    .host = TC_STR_INIT("visitor.example"), /* what the visitor asked for: not for the writer */
	    .path = tc_str_from(path),
	    .fields = {.arena = arena}};

	add(&req.fields, "host", "a.example");
	return req;
}

static void
assert_text(struct tc_str s, const char *want)
{
	if (s.p == NULL || s.n != strlen(want) || memcmp(s.p, want, s.n) != 0)
		fail_msg("%.*s", (int)s.n, s.p != NULL ? s.p : "");
}

static void
assert_request(const struct tc_request *req, const struct h1_out *o, const char *want)
{
	struct lint_head h;
	struct tc_str s = h1_write_request(req, o, arena);

	assert_text(s, want);
	assert_null(lint_head(s.p, s.n, true, &h));
}

static void
assert_response(const struct tc_response *res, int minor, const struct h1_out *o, const char *want)
{
	struct lint_head h;
	struct tc_str s = h1_write_response(res, minor, o, arena);

	assert_text(s, want);
	assert_null(lint_head(s.p, s.n, false, &h));
}

static void
test_request(void **state)
{
	struct tc_request req = get("/x");
	struct h1_out o = {0};

	(void)state;
	req.query = TC_STR("a=b");
	req.fields.v[0].value = TC_STR("a.example:8080");
	add(&req.fields, "accept", "*/*");
	add(&req.fields, "X-Own", "");
	add(&req.fields, "Cookie", "dropped");
	req.fields.v[3].dropped = true;
	/* what slipped through is not written */
	add(&req.fields, "Content-Length", "5");
	add(&req.fields, "Transfer-Encoding", "gzip");
	add(&req.fields, "Connection", "close");
	add(&req.fields, "Keep-Alive", "1");
	add(&req.fields, "Proxy-Connection", "1");
	add(&req.fields, "Upgrade", "h2c");
	add(&req.fields, "HTTP2-Settings", "x");
	add(&req.fields, "TE", "trailers");
	add(&req.fields, "Trailer", "x");
	add(&req.fields, "Expect", "100-continue");
	add(&req.fields, "Proxy", "http://evil.example");
	assert_request(&req, &o,
	    "GET /x?a=b HTTP/1.1\r\nHost: a.example:8080\r\naccept: */*\r\nX-Own: \r\n\r\n");
}

static void
test_request_framing(void **state)
{
	struct tc_request req = get("/");
	struct h1_out length = {.framing = {.kind = BODY_LENGTH, .length = 1234567890123}};
	struct h1_out chunked = {.framing = {.kind = BODY_CHUNKED}, .expect_continue = true, .close = true};
	struct h1_out none = {0}, socket = {.websocket = true, .close = true};

	(void)state;
	req.query = TC_STR("");
	assert_request(&req, &none, "GET /? HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_request(&req, &length, "GET /? HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1234567890123\r\n\r\n");
	assert_request(&req, &socket,
	    "GET /? HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	req.method = TC_M_POST;
	req.method_text = TC_STR("POST");
	assert_request(&req, &none, "POST /? HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n");
	assert_request(&req, &chunked,
	    "POST /? HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nConnection: close\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n");
	req.method = TC_M_OTHER;
	req.method_text = TC_STR("PATCH");
	req.path = TC_STR("*");
	req.query = tc_str_of(NULL, 0);
	req.fields.v[0].dropped = true;
	assert_request(&req, &none, "PATCH * HTTP/1.1\r\nHost: \r\nContent-Length: 0\r\n\r\n");
}

/* Whatever a filter does to it, a head that could be read in two ways is not written. */
static void
test_ambiguous_requests_are_not_written(void **state)
{
	static const char *const paths[] = {"", "x", "/a b", "/a\r\nX: y", "/a\tb", "/\x7f", "/caf\xe9", "/a#b", "/a?b", "**"};
	static const char *const hosts[] = {"a b", "a\r\nX: y", "a,b", "a@b", "a/b", "a:8x", "a:123456", "a:1:2", "[", "[]",
	    "[::1", "[::1]x", "[::1]:x", "[a,b]", "a]", "a%00"};
	static const char *const good_hosts[] = {"", "A.example", "a:", "a:65535", "[2001:db8::1]", "[::1]:80", "a_b-c~d"};
	static const char *const values[] = {"a\r\nX: y", "a\rb", "a\nb", "\x01", "0123456789abcdef0123456789abcdef\n"};
	static const char *const names[] = {"", "X Y", "X:", "X\r\nY", "Caf\xe9", "X\t"};
	struct h1_out o = {0};
	struct tc_request req;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		req = get(paths[i]);
		assert_null(h1_write_request(&req, &o, arena).p);
	}
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		req = get("/");
		req.fields.v[0].value = tc_str_from(hosts[i]);
		assert_null(h1_write_request(&req, &o, arena).p);
	}
	for (size_t i = 0; i < sizeof(good_hosts) / sizeof(good_hosts[0]); i++) {
		struct lint_head h;
		struct tc_str s;

		req = get("/");
		req.fields.v[0].value = tc_str_from(good_hosts[i]);
		s = h1_write_request(&req, &o, arena);
		assert_true(s.p != NULL && tc_find(s, tc_str_from(good_hosts[i])) < s.n);
		assert_null(lint_head(s.p, s.n, true, &h));
	}
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		req = get("/");
		add(&req.fields, "Accept", values[i]);
		assert_null(h1_write_request(&req, &o, arena).p);
		req.fields.v[1].dropped = true;
		assert_non_null(h1_write_request(&req, &o, arena).p);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		req = get("/");
		add(&req.fields, names[i], "v");
		assert_null(h1_write_request(&req, &o, arena).p);
	}
	req = get("/");
	add(&req.fields, "X", "a");
	req.fields.v[1].value = TC_STR("a\0b");
	assert_null(h1_write_request(&req, &o, arena).p);
	req = get("/");
	req.query = TC_STR("a#b");
	assert_null(h1_write_request(&req, &o, arena).p);
	req = get("/");
	req.method_text = TC_STR("G T");
	assert_null(h1_write_request(&req, &o, arena).p);
}

static void
test_limit(void **state)
{
	struct tc_arena *tiny = arena_new(NULL, 20);
	struct tc_request req = get("/");
	struct tc_response res = {.status = 200};
	struct h1_out o = {0};

	(void)state;
	assert_null(h1_write_request(&req, &o, tiny).p);
	assert_null(h1_write_response(&res, 1, &o, tiny).p);
	arena_destroy(&tiny);
}

static void
test_responses(void **state)
{
	static const struct {
		int status, minor;
		bool head_only;
		struct h1_out o;
		const char *text;
	} cases[] = {
		{200, 1, false, {.framing = {BODY_LENGTH, 5, true}}, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
		{200, 1, false, {.framing = {BODY_CHUNKED, 0, false}}, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{200, 1, false, {.framing = {BODY_NONE, 0, false}}, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{200, 0, false, {.framing = {BODY_TO_CLOSE, 0, false}}, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"},
		{200, 0, false, {.framing = {BODY_LENGTH, 5, true}, .keep_alive = true},
		    "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n"},
		{404, 1, false, {.framing = {BODY_LENGTH, 0, true}, .close = true},
		    "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
		{200, 1, true, {.framing = {BODY_NONE, 700, true}}, "HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n"},
		{200, 1, true, {.framing = {BODY_NONE, 0, false}}, "HTTP/1.1 200 OK\r\n\r\n"},
		{200, 1, true, {.framing = {BODY_LENGTH, 7, true}}, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"},
		{200, 0, true, {.framing = {BODY_TO_CLOSE, 0, false}}, "HTTP/1.1 200 OK\r\n\r\n"},
		{304, 1, true, {.framing = {BODY_NONE, 0, false}}, "HTTP/1.1 304 Not Modified\r\n\r\n"},
		{204, 1, true, {.framing = {BODY_LENGTH, 7, true}}, "HTTP/1.1 204 No Content\r\n\r\n"},
		{100, 1, false, {.framing = {BODY_LENGTH, 7, true}, .close = true, .date = true},
		    "HTTP/1.1 100 Continue\r\n\r\n"},
		{101, 1, false, {.websocket = true},
		    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"},
		{299, 1, false, {.framing = {BODY_NONE, 0, false}}, "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tc_response res = {.status = cases[i].status, .head_only = cases[i].head_only};

		assert_response(&res, cases[i].minor, &cases[i].o, cases[i].text);
	}
}

static void
test_bad_responses_are_not_written(void **state)
{
	struct tc_response res = {.status = 200, .fields = {.arena = arena}};
	struct h1_out chunked = {.framing = {.kind = BODY_CHUNKED}}, o = {0};

	(void)state;
	assert_null(h1_write_response(&res, 0, &chunked, arena).p);
	res.status = 99;
	assert_null(h1_write_response(&res, 1, &o, arena).p);
	res.status = 600;
	assert_null(h1_write_response(&res, 1, &o, arena).p);
	res.status = 200;
	add(&res.fields, "Location", "/x\r\nSet-Cookie: a=b");
	assert_null(h1_write_response(&res, 1, &o, arena).p);
}

static void
test_date(void **state)
{
	struct tc_response res = {.status = 200, .fields = {.arena = arena}};
	struct h1_out o = {.date = true};
	struct tc_str s = h1_write_response(&res, 1, &o, arena);

	(void)state;
	assert_int_equal(s.n, strlen("HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\nContent-Length: 0\r\n\r\n"));
	assert_memory_equal(s.p + 17, "Date: ", 6);
	add(&res.fields, "Date", "as the origin said");
	assert_response(&res, 1, &o, "HTTP/1.1 200 OK\r\nDate: as the origin said\r\nContent-Length: 0\r\n\r\n");
}

/* ---- hop-by-hop ---- */

static bool
live(const struct tc_fields *fs, const char *name)
{
	for (size_t i = 0; i < fs->n; i++)
		if (tc_ieq(fs->v[i].name, tc_str_from(name)) && !fs->v[i].dropped)
			return true;
	return false;
}

static void
test_strip(void **state)
{
	static const char *const gone[] = {"Connection", "X-Named", "Accept", "Keep-Alive", "TE", "Trailer", "Upgrade",
	    "Transfer-Encoding", "Content-Length", "Proxy", "Proxy-Connection", "Proxy-Authorization",
	    "Proxy-Authenticate", "HTTP2-Settings", "Expect"};
	static const char *const kept[] = {"Sec-GPC", "DNT", "Host", "Cookie", "Authorization", "X-Forwarded-For",
	    "X-Forwarded-Prefix", "Privacy-Decision", "Tacet-Geo", "Content-Type", "X-Named-Too"};
	struct tc_fields fs = {.arena = arena};

	(void)state;
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		add(&fs, gone[i], "v");
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		add(&fs, kept[i], "v");
	add(&fs, "Connection", "close, x-named,,ACCEPT , Sec-GPC, dnt, Host, Cookie, Authorization");
	add(&fs, "connection", "X-Forwarded-For, X-Forwarded-Prefix, Privacy-Decision, Tacet-Geo, Content-Length");
	fields_strip_hop_by_hop(&fs);
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		if (live(&fs, gone[i]))
			fail_msg("still there: %s", gone[i]);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (!live(&fs, kept[i]))
			fail_msg("lost: %s", kept[i]);
}

/* ---- media types ---- */

static void
test_media_types(void **state)
{
	static const struct {
		const char *value, *second, *type, *charset;
	} cases[] = {
		{"text/html", NULL, "text/html", ""},
		{"Text/HTML;Charset=UTF-8", NULL, "text/html", "utf-8"},
		{"text/html ; a=b; charset=\"Windows-1252\" ;charset=x", NULL, "text/html", "windows-1252"},
		{"text/html;charset=", NULL, "text/html", ""},
		{"text/html;charset", NULL, "text/html", ""},
		{"text/html;x=\"a;charset=b\";charset=c", NULL, "text/html", "c"},
		{"text/html;x=\"a\\\";charset=b\";charset=c", NULL, "text/html", "c"},
		{"text/html;", NULL, "text/html", ""},
		{"", NULL, "", ""},
		{"html", NULL, "", ""},
		{"text/", NULL, "", ""},
		{"text/ht ml", NULL, "text/ht", ""},
		{"text/plain, text/html;charset=x", NULL, "text/html", "x"},
		{"text/plain", "text/html", "text/html", ""},
		{"text/html", "*/*", "text/html", ""},
		{"text/html;a=\"b,c/d\"", NULL, "text/html", ""},
		{"text/html;a=\"", NULL, "text/html", ""},
		{"text/html;a=\"\\", NULL, "text/html", ""},
		/* as Chromium reads them */
		{"text/html charset=utf-16", NULL, "text/html", ""},
		{"text/html (a page)", NULL, "text/html", ""},
		{"TEXT/HTML;;CHARSET= UTF-16 ", NULL, "text/html", "utf-16"},
		{"text/html;charset = utf-16", NULL, "text/html", ""},
		{"text/html;charset='utf-16'", NULL, "text/html", "'utf-16'"},
		{"text/html;charset=\"utf-16", NULL, "text/html", "utf-16"},
		{"text/html;charset=\"utf-16\"x", NULL, "text/html", "utf-16"},
		{"text/html;charset=\"\\utf-16 \"", NULL, "text/html", "utf-16"},
		{"text/html;charset=\"utf-16\\", NULL, "text/html", "utf-16\\"},
		{"text/html;charset=utf-16\"", NULL, "text/html", "utf-16\""},
		{"text/html;charset=;charset=utf-16", NULL, "text/html", "utf-16"},
		{"text/html;charset=utf-16;charset=utf-8", NULL, "text/html", "utf-16"},
		{"text/html;charset=utf-16 foo", NULL, "text/html", "utf-16 foo"},
		{"text/html;x=\"a;charset=utf-16\"", NULL, "text/html", ""},
		{"text/html;x=a\"b;charset=utf-16", NULL, "text/html", "utf-16"},
		{"text/html;charset=utf-16, text/html", NULL, "text/html", "utf-16"},
		{"text/html;charset=utf-16", "text/html", "text/html", "utf-16"},
		{"text/html;charset=utf-16", "text/html;charset=utf-8", "text/html", "utf-8"},
		{"text/html;charset=utf-16, text/plain", NULL, "text/plain", ""},
		{"text/html, charset=utf-16", NULL, "text/html", ""},
		{"Unknown/Unknown; charset=utf-8", NULL, "", ""},
		{"text/plain", "application/unknown", "", ""},
		{"unknown/unknown", "text/plain", "text/plain", ""},
		{"unknown/html", NULL, "unknown/html", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tc_response res = {.status = 200, .fields = {.arena = arena}};

		add(&res.fields, "Content-Type", cases[i].value);
		if (cases[i].second != NULL)
			add(&res.fields, "content-type", cases[i].second);
		response_type(&res, arena);
		assert_text(res.type, cases[i].type);
		assert_text(res.charset, cases[i].charset);
		tc_field_drop(&res.fields, TC_F_CONTENT_TYPE);
		response_type(&res, arena);
		assert_int_equal(res.type.n, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_request_framing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ambiguous_requests_are_not_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_responses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_responses_are_not_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_date, setup, teardown),
		cmocka_unit_test_setup_teardown(test_strip, setup, teardown),
		cmocka_unit_test_setup_teardown(test_media_types, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
