/*
 * fuzz_request.c: bytes of a visitor. Properties: what goes out passes the linter, heads and bodies; the outcome
 * does not depend on how the bytes arrive; what was written is read again as the same, and written the same.
 */
#include <stdint.h>

#include "h1_reader.h"
#include "lint_h1.h"
#include "tests/fuzz/mutate.h"

static const struct mutate_piece pieces[] = {
	PIECE("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"),
	PIECE("POST /x?y HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc"),
	PIECE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
	PIECE("POST /x HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx"),
	PIECE("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
	PIECE("Content-Length: 3\r\n"),
	PIECE("Content-Length: 0\r\n"),
	PIECE("content-length: 03\r\n"),
	PIECE("Transfer-Encoding: chunked\r\n"),
	PIECE("Transfer-Encoding: gzip, chunked\r\n"),
	PIECE("transfer-encoding:\tchunked \r\n"),
	PIECE("Host: a.example\r\n"),
	PIECE("Host: [2001:DB8::1]:65535\r\n"),
	PIECE("host: A.example.:80\r\n"),
	PIECE("Connection: close\r\n"),
	PIECE("Connection: keep-alive, X-Own, Host\r\n"),
	PIECE("X-Own: 1\r\n"),
	PIECE("Expect: 100-continue\r\n"),
	PIECE("Keep-Alive: 5\r\n"),
	PIECE("X_Under: 1\r\n"),
	PIECE("TE: trailers\r\n"),
	PIECE("OPTIONS * HTTP/1.1\r\n"),
	PIECE("GET http://A.example:80/?q HTTP/1.1\r\n"),
	PIECE("\r\n"),
	PIECE("\r"),
	PIECE("\n"),
	PIECE(" HTTP/1.0\r\n"),
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

static bool
same_outcome(const struct reader *a, const struct reader *b)
{
	return a->why == b->why && a->messages == b->messages && a->state == b->state && same(&a->heads, &b->heads) &&
	    same(&a->bodies, &b->bodies);
}

/* Whole messages must be clean; one that was begun only may end early, and in no other way. */
static void
check_wire(const struct reader *r)
{
	struct tc_str wire = buf_str(&r->wire);
	unsigned count;
	const char *bad = lint_requests(wire.p, wire.n, &count);

	must(count == r->messages);
	if (r->why == REFUSAL_NONE && (r->state == READER_BETWEEN || r->state == READER_OVER))
		must(bad == NULL);
	else if (bad != NULL)
		must(strcmp(bad, "unfinished body") == 0 || strcmp(bad, "chunk line") == 0 || strcmp(bad, "chunk") == 0 ||
		    strcmp(bad, "trailers") == 0);
}

/* What we write is read by ourselves as the same messages, and written the same: head, framing and chunks. */
static void
check_again(const struct reader *r)
{
	struct reader again;

	reader_init(&again, false, TC_M_GET);
	reader_feed(&again, buf_str(&r->wire).p, r->wire.n);
	must(again.why == REFUSAL_NONE || again.why == REFUSAL_HOST); /* an empty Host, where 1.0 had none */
	if (again.why == REFUSAL_NONE)
		must(same(&again.bodies, &r->bodies) && same(&again.heads, &r->heads) && same(&again.wire, &r->wire) &&
		    again.messages == r->messages);
	else
		must(tc_find(buf_str(&r->heads), TC_STR("\r\nHost: \r\n")) < r->heads.n);
	reader_end(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct reader whole, cut;
	size_t at;

	if (size > 100000)
		return 0;
	reader_init(&whole, false, TC_M_GET);
	reader_init(&cut, false, TC_M_GET);
	reader_feed(&whole, p, size);
	at = size > 0 ? (size * 7 + data[size / 2]) % (size + 1) : 0;
	reader_feed(&cut, p, at / 2);
	reader_feed(&cut, p + at / 2, at - at / 2);
	reader_feed(&cut, p + at, size - at);
	must(same_outcome(&whole, &cut));
	check_wire(&whole);
	check_wire(&cut);
	check_again(&whole);
	reader_end(&whole);
	reader_end(&cut);
	return 0;
}
