/*
 * fuzz_query.c: any query, with a list loaded: what is left is parameters of the origin's, in order and byte for byte,
 * without one that goes; doing it again changes nothing, so that a redirect leads to an end. The same bytes as a Referer,
 * as a path and as the target of a link in a mail harm nobody.
 */
#include "../../filters/query.c"

#include "../unit/call.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct tc_filter filter_mail;

static const struct tc_str words[] = {TC_STR_INIT("click-ids"), TC_STR_INIT("x*")};
static const struct query_opts opts = {{words, 2}, false};

static struct match_db *
list(void)
{
	static struct match_db *db;

	if (db != NULL)
		return db;
	db = match_new();
	if (db == NULL ||
	    match_add(db, TC_STR("$removeparam=listed\n$removeparam=/^l[0-9]=v/\n$removeparam=ref\n$removeparam=awc\n"
		"$removeparam=free\n@@||example.com^$removeparam=free"),
		TC_PACK_OPERATOR, TC_ADVERTISING) < 0 ||
	    match_build(db) < 0)
		abort();
	return db;
}

static bool
is_listed(struct tc_str name, struct tc_str value)
{
	return tc_eq(name, TC_STR("listed")) || tc_eq(name, TC_STR("awc")) ||
	    (name.n == 2 && name.p[0] == 'l' && name.p[1] >= '0' && name.p[1] <= '9' && tc_starts(value, TC_STR("v")));
}

/* What goes, said once more and without the matcher. asked: as often as the list was. */
struct oracle {
	bool keep_users;
	unsigned asked;
};

static bool
oracle_goes(void *arg, struct tc_str name, struct tc_str value)
{
	struct oracle *o = arg;
	const struct pack_param *row = pack_param(name);

	if (row != NULL && row->class == PACK_USER_ID && o->keep_users)
		return false;
	if ((row != NULL && row->strip == PACK_STRIP) || (name.n > 0 && name.p[0] == 'x') || tc_eq(name, words[0]))
		return true;
	if (row != NULL ? row->strip == PACK_KEEP : o->keep_users)
		return false;
	return ++o->asked > LISTED_ASK_MAX || is_listed(name, value);
}

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

		while (at < rest->n && !params_part_at(rest->p[at]))
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
	struct oracle o = {path_keeps_users(f->req.match), 0};
	struct tc_str out = run(f, in), left = in, param;

	while ((param = next_param(&left)).n > 0)
		if (!param_goes(oracle_goes, &o, param))
			assert(tc_eq(next_param(&out), param));
	assert(next_param(&out).n == 0);
	out = run(f, in);
	if (out.n > 0)
		assert(tc_eq(run(f, out), out));
}

/* A link leads to the site or nowhere, without an id that our table knows, in bytes that a field can hold. */
static void
check_link(struct tc_str in)
{
	struct fake_call *f = fake_new(&filter_mail);
	struct tc_str to, query, param;
	struct oracle o = {false, 0};
	int status;

	f->route.type = TC_ROUTE_CLICK;
	f->route.click_parameter = TC_STR("u");
	f->req.query = tc_join(f->arena, (struct tc_str[]){TC_STR("u="), in}, 2);
	status = fake_request(f);
	to = f->answer_to;
	assert(status == (to.p != NULL ? 302 : 404));
	for (size_t i = 0; i < to.n; i++)
		assert(to.p[i] > ' ' && to.p[i] < 0x7f);
	if (status == 302) {
		size_t at = tc_find(to, TC_STR("://")) + 3, end = at;

		while (end < to.n && strchr("/?#:", to.p[end]) == NULL)
			end++;
		assert(tc_starts(to, TC_STR("http")) && tc_ends(tc_str_of(to.p, end), TC_STR("example.com")));
		query = to;
		tc_skip(&query, tc_find_byte(to, '?'));
		o.keep_users = path_keeps_users(tc_str_of(to.p + end, query.p > to.p + end ? (size_t)(query.p - to.p) - end : 0));
		query.n = tc_find_byte(query, '#');
		while ((param = next_param(&query)).n > 0) {
			const struct pack_param *row = pack_param(tc_str_of(param.p, tc_find_byte(param, '=')));

			assert(row == NULL || row->strip != PACK_STRIP || (o.keep_users && row->class == PACK_USER_ID));
		}
	}
	fake_free(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake_call *f = fake_new(&filter_query);
	struct tc_str in = tc_str_of((const char *)data, size);

	f->conf = list();
	f->call.opts = &opts;
	if (size > 0)
		check(f, in);
	f->req.match = in;
	if (tc_field_add(&f->req.fields, TC_F_REFERER, in) < 0)
		abort();
	(void)run(f, TC_STR("gclid=1&mkt_tok=2&a=3&listed=4"));
	fake_free(&f);
	check_link(in);
	return 0;
}
