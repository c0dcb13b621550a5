/*
 * fuzz_entity.c: character references, srcset and refresh over any bytes. Properties: the bound on the output
 * holds, step by step equals at once, text without '&' stays, edits are in order, a second pass finds nothing.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../filters/html/value.h"
#include "../unit/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
references(struct tc_str in, bool attribute)
{
	char *out = malloc(ENTITY_ROOM(in.n)); /* a sanitizer watches the bound */
	size_t n, at = 0, k;
	struct tc_str rest = in;

	assert(out != NULL);
	n = entity_decode(in, attribute, out);
	assert(n <= in.n + in.n / 5);
	assert(!entity_none(in) || (n == in.n && (n == 0 || memcmp(out, in.p, n) == 0)));
	while (rest.n > 0) {
		char one[8] = {rest.p[0]};
		size_t took = 1;

		k = 1;
		if (rest.p[0] == '&')
			took = entity_one(rest, attribute, one, &k);
		assert(took <= rest.n && k <= 6 && at + k <= n && memcmp(out + at, one, k) == 0);
		at += k;
		tc_skip(&rest, took);
	}
	assert(at == n);
	free(out);
}

static void
srcset(struct tc_str in)
{
	struct value_edit v[8];
	struct value_edits e = {.v = v, .cap = 8};
	char *out = malloc(in.n + 1);
	size_t n;

	assert(out != NULL);
	srcset_judge(in, judge, NULL, 1, &e);
	n = judge_apply(in, &e, out);
	srcset_judge(tc_str_of(out, n), judge, NULL, 1, &e);
	assert(e.n == 0);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tc_str in = tc_str_of((const char *)data, size);
	size_t from = 0, to = 0;

	references(in, false);
	references(in, true);
	srcset(in);
	if (refresh_url(in, &from, &to))
		assert(from < to && to <= in.n);
	return 0;
}
