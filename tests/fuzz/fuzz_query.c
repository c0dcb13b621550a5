/*
 * fuzz_query.c: any query: what is left is parameters of the origin's, in order and byte for byte, without one that
 * goes; doing it again changes nothing. The same bytes as a Referer and as a path harm nobody.
 */
#include "../../filters/query.c"

#include "../unit/call.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tc_str words[] = {TC_STR_INIT("click-ids"), TC_STR_INIT("x*")};
static const struct query_opts opts = {{words, 2}};

static struct tc_str
run(struct fake_call *f, struct tc_str query)
{
	f->req.query = query;
	assert(fake_request(f) == 0);
	return f->req.query;
}

/* The next parameter that is not empty; n = 0 at the end. */
static struct tc_str
next_param(struct tc_str *rest)
{
	while (rest->p != NULL) {
		size_t at = 0;
		struct tc_str one;

		while (at < rest->n && !parts_here(rest->p[at]))
			at++;
		one = tc_str_of(rest->p, at);
		*rest = at < rest->n ? tc_str_of(rest->p + at + 1, rest->n - at - 1) : (struct tc_str){NULL, 0};
		if (one.n > 0)
			return one;
	}
	return (struct tc_str){NULL, 0};
}

static void
check(struct fake_call *f, struct tc_str in)
{
	struct wanted w = wanted_of(&opts);
	struct tc_str out = run(f, in), left = in, param;
	enum tc_class class;

	w.keep_users = path_keeps_users(f->req.match);
	while ((param = next_param(&left)).n > 0) {
		struct tc_str name = tc_str_of(param.p, tc_find_byte(param, '='));

		if (!param_goes(&w, name, &class))
			assert(tc_eq(next_param(&out), param));
	}
	assert(next_param(&out).n == 0);
	out = run(f, in);
	if (out.n > 0)
		assert(tc_eq(run(f, out), out));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake_call *f = fake_new(&filter_query);
	struct tc_str in = tc_str_of((const char *)data, size);

	f->call.opts = &opts;
	if (size > 0)
		check(f, in);
	f->req.match = in;
	if (tc_field_add(&f->req.fields, TC_F_REFERER, in) < 0)
		abort();
	(void)run(f, TC_STR("gclid=1&mkt_tok=2&a=3"));
	fake_free(&f);
	return 0;
}
