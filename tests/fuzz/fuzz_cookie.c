/*
 * fuzz_cookie.c: any Cookie field, with a list loaded: what goes on is the pairs that may, byte for byte and in order;
 * no name that goes is left; doing it again changes nothing.
 */
#include "../../filters/cookies.c"

#include "../unit/call.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tc_str kept[] = {TC_STR_INIT("_gid"), TC_STR_INIT("listed2")};

static struct match_db *
list(void)
{
	static struct match_db *db;

	if (db != NULL)
		return db;
	db = match_new();
	if (db == NULL || match_add(db, TC_STR("$cookie=listed\n$cookie=listed2\n$cookie=/^l[0-9]/\n$cookie=PHPSESSID\n$cookie=_gaexp\n"
	    "$cookie=free\n@@||example.com^$cookie=free\n$cookie=soft;maxAge=60"),
			      TC_PACK_OPERATOR, TC_ADVERTISING) < 0 ||
	    match_build(db) < 0)
		abort();
	return db;
}

/* What the list above says, read without the matcher. */
static bool
is_listed(struct tc_str name)
{
	return tc_eq(name, TC_STR("listed")) || tc_eq(name, TC_STR("_gaexp")) ||
	    (name.n > 1 && name.p[0] == 'l' && name.p[1] >= '0' && name.p[1] <= '9');
}

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

/* asked: names that a list was asked about so far; more than it answers go. */
static bool
may_go_on(int mode, struct tc_str pair, unsigned *asked)
{
	struct tc_str name = cookie_name(pair);
	const struct pack_cookie *row = pack_cookie(name);

	if (tc_eq(name, TC_STR("tacet_choice")) || tc_eq(name, kept[0]) || tc_eq(name, kept[1]))
		return true;
	if (cookie_goes(mode, row, FAKE_DENIED))
		return false;
	if (mode != COOKIES_DROP_LISTED || name.n == 0 || (row != NULL && row->strip != PACK_POLICY))
		return true;
	return ++*asked <= LISTED_ASK_MAX && !is_listed(name);
}

static void
check(struct fake_call *f, int mode, struct tc_str in)
{
	struct tc_str out = run(f, mode, in), left = in, pair;
	unsigned asked = 0;

	if (in.n == 0)
		return;
	while ((pair = next_pair(&left)).n > 0) {
		struct tc_str same;

		if (!may_go_on(mode, pair, &asked))
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

	f->conf = list();
	f->site.keep_cookies = (struct tc_strs){kept, 2};
	check(f, COOKIES_DROP_LISTED, in);
	check(f, COOKIES_KEEP_LISTED, in);
	fake_free(&f);
	return 0;
}
