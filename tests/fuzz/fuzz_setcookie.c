/*
 * fuzz_setcookie.c: any Set-Cookie goes whole, or stays and has at most two attributes more, that a list asked for;
 * what we add ourselves is well formed whatever the request carried, and ends no cookie that is kept.
 */
#include "../../filters/cookies.c"

#include "../unit/call.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct match_db *
list(void)
{
	static struct match_db *db;

	if (db != NULL)
		return db;
	db = match_new();
	if (db == NULL ||
	    match_add(db, TC_STR("$cookie=listed\n$cookie=PHPSESSID\n$cookie=soft;maxAge=3600;sameSite=lax"), TC_PACK_OPERATOR,
		TC_ADVERTISING) < 0 ||
	    match_build(db) < 0)
		abort();
	return db;
}

/* More pairs than the lists are asked about: the rest is taken for listed (listed.h). */
static bool
asks_too_much(struct tc_str in)
{
	size_t n = 1;

	for (size_t i = 0; i < in.n; i++)
		n += in.p[i] == ';';
	return n > LISTED_ASK_MAX;
}

static void
check_added(struct tc_str value, bool any_name)
{
	struct tc_str rest = value, pair = tc_next(&rest, ';'), name = tc_str_of(pair.p, pair.n - 1);
	const struct pack_cookie *row = pack_cookie(name);
	bool secure = false;

	for (size_t i = 0; i < value.n; i++)
		assert(value.p[i] >= ' ' && value.p[i] < 0x7f);
	assert(pair.n > 1 && pair.p[pair.n - 1] == '=');
	assert(row == NULL ? any_name || tc_eq(name, TC_STR("listed")) || tc_ieq(name, TC_STR("__Host-listed")) ||
		    tc_ieq(name, TC_STR("__Secure-listed"))
			   : row->strip != PACK_KEEP);
	assert(tc_eq(tc_next(&rest, ';'), TC_STR("Path=/")));
	assert(tc_eq(tc_next(&rest, ';'), TC_STR("Max-Age=0")));
	while (rest.p != NULL) {
		struct tc_str attribute = tc_next(&rest, ';');

		secure |= tc_eq(attribute, TC_STR("Secure"));
		assert(secure || tc_starts(attribute, TC_STR("Domain=")));
		assert(!tc_starts(attribute, TC_STR("Domain=")) || !tc_istarts(name, TC_STR("__Host-")));
	}
	assert(set_cookie_deletes(value));
}

/* What the origin set is gone, or as it was, or has a list's attributes behind it. */
static void
check_sent(const struct tc_field *sent, struct tc_str in)
{
	struct tc_str name = cookie_name(tc_str_of(in.p, tc_find_byte(in, ';'))), more = sent->value;
	const struct pack_cookie *row = pack_cookie(name);
	bool goes = cookie_goes(COOKIES_DROP_LISTED, row, FAKE_DENIED) || tc_eq(name, TC_STR("listed"));

	assert(sent->dropped == (goes && !set_cookie_deletes(in)));
	assert(tc_starts(sent->value, in));
	tc_skip(&more, in.n);
	if (more.n == 0)
		return;
	assert(!sent->dropped && tc_eq(name, TC_STR("soft")));
	assert(tc_eq(more, TC_STR("; Max-Age=3600")) || tc_eq(more, TC_STR("; SameSite=Lax")) ||
	    tc_eq(more, TC_STR("; Max-Age=3600; SameSite=Lax")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cookies_opts opts = {COOKIES_DROP_LISTED, COOKIES_DROP_LISTED};
	struct fake_call *f = fake_new(&filter_cookies);
	struct tc_str in = tc_trim(tc_str_of((const char *)data, size));

	f->conf = list();
	f->call.opts = &opts;
	if (tc_field_add(&f->req.fields, TC_F_COOKIE, in) < 0 || tc_field_add(&f->res.fields, TC_F_SET_COOKIE, in) < 0)
		abort();
	assert(fake_respond(f) == 0);
	check_sent(&f->res.fields.v[0], in);
	assert(f->res.fields.n <= 1 + 2 * EXPIRE_MAX * (1 + EXPIRE_DEPTH));
	for (size_t i = 1; i < f->res.fields.n; i++)
		check_added(f->res.fields.v[i].value, asks_too_much(in));
	fake_free(&f);
	return 0;
}
