/*
 * fuzz_response.c: bytes of an origin; the first chooses the method that was asked. Properties: every head that
 * goes to the visitor passes the linter and says the framing that was decided; cuts change nothing.
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

static void
check_heads(const struct reader *r)
{
	struct tc_str rest = buf_str(&r->heads);
	struct lint_head h;

	while (rest.n > 0) {
		must(lint_head(rest.p, rest.n, false, &h) == NULL);
		tc_skip(&rest, h.length);
	}
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
	check_heads(&whole);
	reader_end(&whole);
	reader_end(&cut);
	return 0;
}
