/*
 * fuzz_cookie.c: any Cookie field: what goes on is the pairs that may, byte for byte and in order; doing it again
 * changes nothing.
 */
#include "../../filters/cookies.c"

#include "../unit/call.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The live value after one run; p = NULL: dropped. */
static struct tc_str
run(struct fake_call *f, int mode, struct tc_str value)
{
	struct cookies_opts opts = {mode, COOKIES_PASS};
	struct tc_field *field;

	f->call.opts = &opts;
	f->req.fields.n = 0;
	if (tc_field_add(&f->req.fields, TC_F_COOKIE, value) < 0 || fake_request(f) != 0)
		abort();
	field = &f->req.fields.v[0];
	return field->dropped ? (struct tc_str){NULL, 0} : field->value;
}

/* The next pair that is not blank; n = 0 at the end. */
static struct tc_str
next_pair(struct tc_str *rest)
{
	struct tc_str pair = {NULL, 0};

	while (rest->p != NULL && pair.n == 0)
		pair = tc_next(rest, ';');
	return pair;
}

static bool
may_go_on(int mode, struct tc_str pair)
{
	struct tc_str name = cookie_name(pair);

	return tc_eq(name, TC_STR("tacet_choice")) || !cookie_goes(mode, pack_cookie(name), FAKE_DENIED);
}

static void
check(struct fake_call *f, int mode, struct tc_str in)
{
	struct tc_str out = run(f, mode, in), left = in, pair;

	if (in.n == 0)
		return;
	while ((pair = next_pair(&left)).n > 0) {
		struct tc_str same;

		if (!may_go_on(mode, pair))
			continue;
		same = next_pair(&out);
		assert(tc_eq(pair, same));
	}
	assert(out.p == NULL || next_pair(&out).n == 0);
	out = run(f, mode, in);
	if (out.p != NULL && out.n > 0)
		assert(tc_eq(run(f, mode, out), out));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake_call *f = fake_new(&filter_cookies);
	struct tc_str in = tc_trim(tc_str_of((const char *)data, size));

	check(f, COOKIES_DROP_LISTED, in);
	check(f, COOKIES_KEEP_LISTED, in);
	fake_free(&f);
	return 0;
}
