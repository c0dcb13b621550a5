/*
 * fuzz_setcookie.c: any Set-Cookie goes whole or stays as it is; what we add ourselves is well formed whatever
 * the request carried.
 */
#include "../../filters/cookies.c"

#include "../unit/call.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_added(struct tc_str value)
{
	struct tc_str rest = value, pair = tc_next(&rest, ';');

	for (size_t i = 0; i < value.n; i++)
		assert(value.p[i] >= ' ' && value.p[i] < 0x7f);
	assert(pair.n > 1 && pair.p[pair.n - 1] == '=');
	assert(tc_eq(tc_next(&rest, ';'), TC_STR("Path=/")));
	assert(tc_eq(tc_next(&rest, ';'), TC_STR("Max-Age=0")));
	assert(deletes(value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cookies_opts opts = {COOKIES_DROP_LISTED, COOKIES_DROP_LISTED};
	struct fake_call *f = fake_new(&filter_cookies);
	struct tc_str in = tc_trim(tc_str_of((const char *)data, size)), name;
	const struct pack_cookie *row;
	const struct tc_field *sent;

	f->call.opts = &opts;
	if (tc_field_add(&f->req.fields, TC_F_COOKIE, in) < 0 || tc_field_add(&f->res.fields, TC_F_SET_COOKIE, in) < 0)
		abort();
	assert(fake_respond(f) == 0);

	sent = &f->res.fields.v[0];
	name = cookie_name(tc_str_of(in.p, tc_find_byte(in, ';')));
	row = pack_cookie(name);
	assert(tc_eq(sent->value, in));
	if (!sent->dropped && cookie_goes(COOKIES_DROP_LISTED, row, FAKE_DENIED))
		assert(deletes(in));
	assert(f->res.fields.n <= 1 + EXPIRE_MAX * (2 + EXPIRE_DEPTH));
	for (size_t i = 1; i < f->res.fields.n; i++)
		check_added(f->res.fields.v[i].value);
	fake_free(&f);
	return 0;
}
