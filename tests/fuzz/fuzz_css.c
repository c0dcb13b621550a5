/*
 * fuzz_css.c: style sheets of any bytes. The first byte says where the input is cut. Properties: the same output
 * however it is cut, a second pass finds nothing, an attribute agrees with a sheet, no rules change nothing.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../filters/html/value.h"
#include "../unit/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* in through the streaming judge, cut every `step` bytes, into out; edits are counted. */
static size_t
run(struct tc_str in, size_t step, size_t cap, void *off, char *out, size_t *edits)
{
	struct css st = {0};
	size_t taken = 0, to = step, n = 0;

	*edits = 0;
	while (taken < in.n) {
		struct value_edit v[4];
		struct value_edits e = {.v = v, .cap = cap};
		size_t took;
		char *exact;

		to = to < in.n ? to : in.n;
		exact = malloc(to - taken + 1); /* a sanitizer sees one byte too far */
		memcpy(exact, in.p + taken, to - taken);
		exact[to - taken] = 'x';
		took = css_judge(&st, tc_str_of(exact, to - taken), to == in.n, judge, off, &e);
		assert(took <= to - taken && (took > 0 || to < in.n));
		assert(e.n == 0 || e.v[e.n - 1].to <= took);
		n += judge_apply(tc_str_of(exact, took), &e, out + n);
		free(exact);
		*edits += e.n;
		taken += took;
		if (took == 0 || taken == to)
			to += step;
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tc_str in;
	char *a, *b;
	size_t n, m, edits;
	bool off;

	if (size < 1 || size > 20000)
		return 0;
	in = tc_str_of((const char *)data + 1, size - 1);
	a = malloc(in.n * 6 + 16);
	b = malloc(in.n * 6 + 16);
	assert(a != NULL && b != NULL);
	n = run(in, in.n + 1, 4, NULL, a, &edits);
	m = run(in, (size_t)data[0] % 61 + 1, data[0] % 4 + 1, NULL, b, &edits);
	assert(n == m && memcmp(a, b, n) == 0);
	m = run(tc_str_of(a, n), n + 1, 4, NULL, b, &edits);
	assert(edits == 0 && n == m);
	m = run(in, 7, 4, &off, b, &edits);
	assert(edits == 0 && m == in.n && memcmp(b, in.p, m) == 0);
	{
		struct value_edit v[256];
		struct value_edits e = {.v = v, .cap = 256};

		if (css_attr(in, judge, NULL, &e)) {
			m = judge_apply(in, &e, b);
			assert(!entity_none(in) || (m == n && memcmp(a, b, n) == 0));
			/* what we wrote must leave nothing to do, decoded or not */
			assert(css_attr(tc_str_of(b, m), judge, NULL, &e) && e.n == 0);
		}
		assert(css_attr(in, judge, &off, &e) && e.n == 0);
	}
	free(a);
	free(b);
	return 0;
}
