/*
 * fuzz_chunked.c: a chunked body. Properties: cuts change nothing; what was taken whole and is written by
 * chunk_line() passes the linter and is read back as the same bytes.
 */
#include <stdint.h>

#include "base/buf.h"
#include "http/h1.h"
#include "lint_h1.h"

struct outcome {
	enum chunked_result end;
	enum refusal why;
	size_t taken;
	struct buf body;
};

static void
must(bool good)
{
	if (!good)
		abort();
}

static struct outcome
read_pieces(const char *p, size_t n, size_t piece)
{
	struct outcome o = {.end = CHUNKED_MORE, .why = REFUSAL_NONE};
	struct chunked c = {0};
	struct tc_str data;

	buf_init(&o.body, n + 1);
	while (o.taken < n && (o.end == CHUNKED_MORE || o.end == CHUNKED_DATA)) {
		struct tc_str in = {p + o.taken, piece < n - o.taken ? piece : n - o.taken};
		size_t before = in.n;

		o.end = chunked_read(&c, &in, &data, &o.why);
		if (o.end == CHUNKED_DATA) {
			must(data.n > 0 && data.p >= p && data.p + data.n <= p + n);
			must(buf_add_str(&o.body, data) == 0);
		}
		must(in.n <= before && (in.n < before || o.end == CHUNKED_END || o.end == CHUNKED_BAD));
		o.taken += before - in.n;
	}
	if (o.end == CHUNKED_DATA)
		o.end = CHUNKED_MORE; /* the input ended with data */
	return o;
}

static void
check_written(const struct outcome *o)
{
	char line[CHUNK_LINE_MAX];
	struct buf wire;
	struct outcome again;
	size_t at = 0;

	buf_init(&wire, o->body.n + 100);
	if (o->body.n > 0) {
		must(buf_add(&wire, line, chunk_line(line, o->body.n)) == 0);
		must(buf_add_str(&wire, buf_str(&o->body)) == 0);
		must(buf_add(&wire, "\r\n", 2) == 0);
	}
	must(buf_add(&wire, "0\r\n\r\n", 5) == 0);
	must(lint_chunks(buf_str(&wire).p, wire.n, &at) == NULL && at == wire.n);
	again = read_pieces(buf_str(&wire).p, wire.n, wire.n);
	must(again.end == CHUNKED_END && tc_eq(buf_str(&again.body), buf_str(&o->body)));
	buf_reset(&again.body);
	buf_reset(&wire);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = {1, 2, 3, 7, 64};
	const char *p = (const char *)data;
	struct outcome whole;

	if (size > 100000)
		return 0;
	whole = read_pieces(p, size, size > 0 ? size : 1);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct outcome o = read_pieces(p, size, pieces[i]);

		must(o.end == whole.end && o.why == whole.why && o.taken == whole.taken);
		must(tc_eq(buf_str(&o.body), buf_str(&whole.body)));
		buf_reset(&o.body);
	}
	if (whole.end == CHUNKED_END)
		check_written(&whole);
	buf_reset(&whole.body);
	return 0;
}
