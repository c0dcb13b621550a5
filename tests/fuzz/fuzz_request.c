/*
 * fuzz_request.c: bytes of a visitor. Properties: what goes out passes the linter; the outcome does not depend on
 * how the bytes arrive; what was written and is read again is written the same.
 */
#include <stdint.h>

#include "h1_reader.h"
#include "lint_h1.h"

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

/* What we write is read by ourselves as the same messages, and written the same. */
static void
check_again(const struct reader *r)
{
	struct reader again;

	reader_init(&again, false, TC_M_GET);
	reader_feed(&again, buf_str(&r->wire).p, r->wire.n);
	must(again.why == REFUSAL_NONE || again.why == REFUSAL_HOST); /* an empty Host, where 1.0 had none */
	if (again.why == REFUSAL_NONE)
		must(same(&again.bodies, &r->bodies) && same(&again.heads, &r->heads));
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
