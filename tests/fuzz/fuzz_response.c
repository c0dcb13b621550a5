/*
 * fuzz_response.c: bytes of an origin; the first chooses the method that was asked. Properties: what goes to the
 * visitor passes the linter and is framed as was decided; cuts change nothing; what was written is read again as
 * the same, and written the same.
 */
#include <stdint.h>

#include "h1_reader.h"
#include "lint_h1.h"
#include "tests/fuzz/mutate.h"

static const struct mutate_piece pieces[] = {
	PIECE("GHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"),
	PIECE("GHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
	PIECE("HHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"),
	PIECE("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
	PIECE("HTTP/1.1 100 Continue\r\n\r\n"),
	PIECE("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
	PIECE("HTTP/1.1 204 No Content\r\n"),
	PIECE("HTTP/1.1 304 Not Modified\r\n"),
	PIECE("HTTP/1.0 200 OK\r\n"),
	PIECE("Content-Length: 3\r\n"),
	PIECE("Content-Length: 0\r\n"),
	PIECE("content-length: 03\r\n"),
	PIECE("Transfer-Encoding: chunked\r\n"),
	PIECE("Transfer-Encoding: gzip, chunked\r\n"),
	PIECE("Content-Type: Text/HTML; charset=\"utf-8\"\r\n"),
	PIECE("Connection: X-Own\r\n"),
	PIECE("Connection: close\r\n"),
	PIECE("X-Own: 1\r\n"),
	PIECE("Trailer: X\r\n"),
	PIECE("Upgrade: h2c\r\n"),
	PIECE("\r\n"),
	PIECE("\r"),
	PIECE("\n"),
	PIECE("3\r\nabc\r\n"),
	PIECE("0\r\n\r\n"),
	PIECE("0;a=\"b\"\r\nX: y\r\n\r\n"),
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate(data, size, max, seed, pieces, sizeof(pieces) / sizeof(pieces[0]));
}

static void
must(bool good)
{
	if (!good)
		abort();
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return tc_eq(buf_str(a), buf_str(b));
}

/* The body behind a head as the linter read it. whole: all of it was there, else it may end early. */
static void
check_body(const struct lint_head *h, struct tc_str *rest, bool whole)
{
	size_t at = 0;

	if (h->codings > 0) {
		const char *bad = lint_chunks(rest->p, rest->n, &at);

		must(!whole || bad == NULL);
		must(bad == NULL || at <= rest->n);
		tc_skip(rest, bad == NULL ? at : rest->n);
	} else if (h->lengths > 0) {
		must(rest->n >= h->size || !whole);
		tc_skip(rest, h->size < rest->n ? h->size : rest->n);
	} else {
		tc_skip(rest, rest->n); /* until it closes */
	}
}

static void
check_wire(const struct reader *r)
{
	struct tc_str rest = buf_str(&r->wire);
	struct lint_head h;

	while (rest.n > 0) {
		must(lint_head(rest.p, rest.n, false, &h) == NULL);

		int status = (rest.p[9] - '0') * 100 + (rest.p[10] - '0') * 10 + rest.p[11] - '0';

		tc_skip(&rest, h.length);
		if (status < 200 || status == 204) {
			must(h.lengths == 0 && h.codings == 0);
			continue;
		}
		if (r->asked == TC_M_HEAD || status == 304) {
			must(h.codings == 0);
			continue;
		}
		check_body(&h, &rest, r->why == REFUSAL_NONE && r->state == READER_OVER);
	}
}

static void
check_again(const struct reader *r)
{
	struct reader again;

	reader_init(&again, true, r->asked);
	reader_feed(&again, buf_str(&r->wire).p, r->wire.n);
	must(again.why == REFUSAL_NONE && again.messages == r->messages);
	must(same(&again.bodies, &r->bodies) && same(&again.heads, &r->heads) && same(&again.wire, &r->wire));
	reader_end(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data + 1;
	struct reader whole, cut;
	enum tc_method asked;

	if (size == 0 || size > 100000)
		return 0;
	asked = data[0] == 'H' ? TC_M_HEAD : TC_M_GET;
	size--;
	reader_init(&whole, true, asked);
	reader_init(&cut, true, asked);
	reader_feed(&whole, p, size);
	for (size_t at = 0; at < size;) {
		size_t step = 1 + data[at] % 23;

		step = step < size - at ? step : size - at;
		reader_feed(&cut, p + at, step);
		at += step;
	}
	must(whole.why == cut.why && whole.messages == cut.messages && whole.state == cut.state);
	must(same(&whole.heads, &cut.heads) && same(&whole.bodies, &cut.bodies));
	check_wire(&whole);
	check_wire(&cut);
	check_again(&whole);
	reader_end(&whole);
	reader_end(&cut);
	return 0;
}
