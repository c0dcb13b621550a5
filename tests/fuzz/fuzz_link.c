/*
 * fuzz_link.c: any bytes as Link, Refresh and the other fields that are parsed: never longer, never changed by a second
 * pass, and no member that we would read as leading to a tracker is left in Link.
 */
#include "../../filters/fields.c"
#include "../../filters/fields_link.c"
#include "../../filters/fields_policy.c"
#include "../../filters/fields_report.c"

#include "../unit/call.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct match_db *db;

static void
build(void)
{
	db = match_new();
	if (db == NULL ||
	    match_add(db, TC_STR("||tracker.example^\n||typed.example^$script\n"), TC_PACK_OPERATOR, TC_ADVERTISING) < 0 ||
	    match_build(db) < 0)
		abort();
}

/* The live value after one run; p = NULL: dropped. NEL becomes a constant. */
static struct tc_str
run(struct fake_call *f, enum tc_fid id, struct tc_str value)
{
	const struct tc_field *field;

	f->res.fields.n = 0;
	if (tc_field_add(&f->res.fields, id, value) < 0)
		abort();
	assert(fake_response(f) == 0);
	field = &f->res.fields.v[0];
	assert(field->dropped || field->value.n <= value.n || id == TC_F_NEL);
	return field->dropped ? (struct tc_str){NULL, 0} : field->value;
}

static void
check(enum tc_fid id, struct tc_str in)
{
	static const struct fields_opts opts = {REFERRER_KEEP};
	struct fake_call *f = fake_new(&filter_fields);
	struct tc_str out;

	f->call.opts = &opts;
	f->conf = db;
	f->res.type = TC_STR("text/plain");
	out = run(f, id, in);
	if (out.p != NULL && out.n > 0) {
		size_t edits = f->did_n;

		assert(tc_eq(run(f, id, out), out));
		assert(f->did_n == edits);
	}
	fake_free(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum tc_fid ids[] = {TC_F_LINK, TC_F_REFRESH, TC_F_REPORT_TO, TC_F_REPORTING_ENDPOINTS, TC_F_NEL,
	    TC_F_CONTENT_SECURITY_POLICY, TC_F_EXPECT_CT, TC_F_ACCEPT_CH};
	struct tc_str in = tc_trim(tc_str_of((const char *)data, size));

	if (db == NULL)
		build();
	if (in.n > 16384)
		return 0;
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		check(ids[i], in);
	(void)dictionary_valid(in);
	return 0;
}
