/*
 * fuzz_script.c: inline scripts of any bytes. The first byte says where the input is cut. Properties: no edit
 * without rules, a second pass finds nothing, the stream gives the same however it is cut and carries little.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../filters/html/value.h"
#include "../unit/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EDITS 64
/* A URL longer than what is looked at may show another one behind it only when the first has changed. */
#define TWICE_MAX 470

static size_t
whole(const struct script_ctx *ctx, struct tc_str in, char *out, size_t *edits)
{
	struct value_edit v[EDITS];
	struct value_edits e = {.v = v, .cap = EDITS};

	script_judge(ctx, in, &e);
	*edits = e.n;
	return judge_apply(in, &e, out);
}

static size_t
stream(const struct script_ctx *ctx, struct tc_str in, size_t step, size_t cap, char *out, size_t *edits)
{
	struct script_sub st = {.n = 0};
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
		took = script_sub(&st, ctx, tc_str_of(exact, to - taken), to == in.n, &e);
		assert(took <= to - taken && (took > 0 || to < in.n));
		assert(e.n == cap || to - taken - took <= SCRIPT_CARRY_MAX);
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
	bool off;
	const struct script_ctx ctx = {judge, NULL, false}, none = {judge, &off, false}, svg = {judge, NULL, true};
	struct tc_str in;
	char *a, *b;
	size_t n, m, edits;

	if (size < 1 || size > 20000)
		return 0;
	in = tc_str_of((const char *)data + 1, size - 1);
	a = malloc(in.n * 10 + 64);
	b = malloc(in.n * 20 + 64);
	assert(a != NULL && b != NULL);

	n = whole(&none, in, a, &edits);
	assert(edits == 0 && n == in.n);
	n = whole(&ctx, in, a, &edits);
	assert((edits > 0) == script_names_tracker(&ctx, in) || tc_find_byte(in, '%') < in.n);
	(void)whole(&ctx, tc_str_of(a, n), b, &edits);
	assert(edits == 0 || in.n > TWICE_MAX);
	n = whole(&svg, in, a, &edits);
	(void)whole(&svg, tc_str_of(a, n), b, &edits);
	assert(edits == 0 || in.n > TWICE_MAX);

	n = stream(&ctx, in, in.n + 1, 4, a, &edits);
	m = stream(&ctx, in, (size_t)data[0] % 61 + 1, data[0] % 4 + 1, b, &edits);
	assert(n == m && memcmp(a, b, n) == 0);
	(void)stream(&ctx, tc_str_of(a, n), n + 1, 4, b, &edits);
	assert(edits == 0 || in.n > TWICE_MAX);

	(void)rules_name_tracker(in, judge, NULL);
	{
		struct value_edit v[EDITS];
		struct value_edits e = {.v = v, .cap = EDITS};

		importmap_judge(in, judge, NULL, &e);
		n = judge_apply(in, &e, a);
		importmap_judge(tc_str_of(a, n), judge, NULL, &e);
		assert(e.n == 0 || in.n > TWICE_MAX);
	}
	free(a);
	free(b);
	return 0;
}
