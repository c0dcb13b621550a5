/* h2_watch.c: heads are found however bytes come, and streams that were reset by us are told from those that ended. */
#include "../../proxy/http/h2_watch.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static size_t
frame(uint8_t *p, uint32_t length, uint8_t type, int32_t id, const char *payload)
{
	const uint8_t head[] = {(uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length, type, 0, (uint8_t)(id >> 24),
	    (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};

	memcpy(p, head, sizeof(head));
	memcpy(p + sizeof(head), payload, length);
	return sizeof(head) + length;
}

/* The types and streams that are found in bytes that come k at a time. */
static void
walk(const uint8_t *p, size_t n, size_t k, char *out, size_t out_n)
{
	struct watch w;
	size_t used = 0;

	watch_init(&w);
	out[0] = 0;
	for (size_t i = 0; i < n; i += k) {
		struct tc_str in = tc_str_of((const char *)p + i, n - i < k ? n - i : k);
		size_t at = 0, start = 0;

		while (watch_walk(&w, in, &at, &start)) {
			assert_true(start <= at && at <= in.n);
			used += (size_t)snprintf(out + used, out_n - used, "%d:%d ", w.head[3], id_at(w.head + 5));
		}
	}
}

static void
finds_heads_however_bytes_come(void **state)
{
	uint8_t bytes[256] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	size_t n = PREFACE;
	char got[128];

	(void)state;
	n += frame(bytes + n, 0, NGHTTP2_SETTINGS, 0, "");
	n += frame(bytes + n, 5, NGHTTP2_DATA, 1, "\0\0\0\0\0");
	n += frame(bytes + n, 5, NGHTTP2_PRIORITY, 3, "\0\0\0\3\1");
	n += frame(bytes + n, 3, NGHTTP2_PRIORITY, 5, "abc");
	n += frame(bytes + n, 8, NGHTTP2_PING, 0, "\0\0\0\0\0\0\0\0");
	n += frame(bytes + n, 0, NGHTTP2_DATA, 0x7fffffff, "");
	for (size_t k = 1; k <= n; k++) {
		walk(bytes, n, k, got, sizeof(got));
		assert_string_equal(got, "0:1 2:3 2:5 0:2147483647 ");
	}
}

static void
remembers_whom_we_reset(void **state)
{
	struct watch w;

	(void)state;
	watch_init(&w);
	for (int32_t id = 1; id <= 2 * (WATCH_RESETS + 3); id += 2)
		watch_reset(&w, id);
	assert_int_equal(w.forgotten, 5);
	for (int32_t id = 1; id <= 2 * (WATCH_RESETS + 3); id += 2)
		assert_true(was_reset(&w, id)); /* those that are forgotten are let pass */
	assert_false(was_reset(&w, 2 * (WATCH_RESETS + 3) + 1));
}

static void
remembers_what_was_left_out(void **state)
{
	struct watch w;

	(void)state;
	watch_init(&w);
	note_stream(&w, 1);
	assert_int_equal(w.gap_to, 0);
	note_stream(&w, 3);
	assert_int_equal(w.gap_to, 0);
	note_stream(&w, 9);
	assert_int_equal(w.gap_from, 5);
	assert_int_equal(w.gap_to, 7);
	watch_init(&w);
	note_stream(&w, 3);
	assert_int_equal(w.gap_from, 1);
	assert_int_equal(w.gap_to, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_heads_however_bytes_come),
		cmocka_unit_test(remembers_whom_we_reset),
		cmocka_unit_test(remembers_what_was_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
