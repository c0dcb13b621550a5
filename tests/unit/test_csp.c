/* test_csp.c: what each kind of policy lacks for one script of ours, and that no other script gains by it. */
#include "../../filters/csp.c"

#include "headfilter.h"

#define HASH "'sha256-AAAA'"

/* The policy after it, or with the nonce in front; "never" where no script runs. */
static const char *
admitted(const char *policy)
{
	static char text[4096];
	struct fake_call *f = fake_new(NULL);
	struct csp_inline how;

	put(&f->res.fields, "Content-Security-Policy", policy);
	assert_int_equal(csp_admit(&f->res.fields, TC_STR(HASH), &how), 0);
	(void)snprintf(text, sizeof(text), "%s%.*s%s%s", how.never ? "never: " : "", (int)how.nonce.n, how.nonce.p,
	    how.nonce.n > 0 ? ": " : "", got(&f->res.fields, "Content-Security-Policy"));
	fake_free(&f);
	return text;
}

static void
test_rules(void **state)
{
	static const struct {
		const char *policy, *want; /* NULL: as it is */
	} rows[] = {
		{"img-src 'self'; frame-ancestors 'none'", NULL},
		{"", NULL},
		{"script-src 'self' 'unsafe-inline'", NULL},
		{"default-src 'self'; script-src * 'UNSAFE-INLINE'", NULL},
		{"script-src 'self'", "script-src 'self' " HASH},
		{"SCRIPT-SRC\thttps:", "SCRIPT-SRC https: " HASH},
		{"default-src 'self'; img-src *", "default-src 'self' " HASH "; img-src *"},
		{"default-src 'unsafe-inline'; script-src a.example", "default-src 'unsafe-inline'; script-src a.example " HASH},
		{"script-src 'unsafe-inline'; script-src-elem a.example", "script-src 'unsafe-inline'; script-src-elem a.example " HASH},
		{"script-src 'none'; style-src 'unsafe-inline'", "script-src " HASH "; style-src 'unsafe-inline'"},
		{"script-src", "script-src " HASH},
		{"script-src ; img-src *", "script-src " HASH " ; img-src *"},
		{"script-src 'nonce-abc123' 'strict-dynamic'", "abc123: script-src 'nonce-abc123' 'strict-dynamic'"},
		{"script-src 'nonce-a+/=-_' 'unsafe-inline'", "a+/=-_: script-src 'nonce-a+/=-_' 'unsafe-inline'"},
		{"script-src 'nonce-a\"b'", "script-src 'nonce-a\"b' " HASH}, /* it would leave its attribute */
		{"script-src 'sha256-BBBB' 'unsafe-inline'", "script-src 'sha256-BBBB' 'unsafe-inline' " HASH},
		{"script-src 'strict-dynamic' 'unsafe-inline'", "script-src 'strict-dynamic' 'unsafe-inline' " HASH},
		{"script-src 'sha384-BBBB'", "script-src 'sha384-BBBB' " HASH},
		{"script-src x " HASH, NULL},
		{"script-src a.example; script-src 'unsafe-inline'", "script-src a.example " HASH "; script-src 'unsafe-inline'"},
		{"script-src 'nonce-a', script-src 'nonce-a' 'self'", "a: script-src 'nonce-a', script-src 'nonce-a' 'self'"},
		{"script-src 'nonce-a', script-src 'nonce-b'", "a: script-src 'nonce-a', script-src 'nonce-b' " HASH},
		{"script-src 'unsafe-inline', default-src 'self'", "script-src 'unsafe-inline', default-src 'self' " HASH},
		{", default-src 'self'", ", default-src 'self' " HASH}, /* an empty one is none, and stays */
		{"sandbox; script-src 'self'", "never: sandbox; script-src 'self'"},
		{"sandbox allow-forms", "never: sandbox allow-forms"},
		{"sandbox allow-forms Allow-Scripts; script-src 'self'", "sandbox allow-forms Allow-Scripts; script-src 'self' " HASH},
		{"script-src-attr 'none'", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(admitted(rows[i].policy), rows[i].want != NULL ? rows[i].want : rows[i].policy);
}

/* Once more changes nothing. */
static void
test_twice(void **state)
{
	char once[4096];

	(void)state;
	(void)snprintf(once, sizeof(once), "%s", admitted("default-src 'none', script-src 'self'"));
	assert_string_equal(once, "default-src " HASH ", script-src 'self' " HASH);
	assert_string_equal(admitted(once), once);
}

/* Policies of several fields are one with those of one; report-only ones would send reports about us. */
static void
test_several_fields(void **state)
{
	struct fake_call *f = fake_new(NULL);
	struct csp_inline how;

	(void)state;
	put(&f->res.fields, "Content-Security-Policy", "default-src 'self'");
	put(&f->res.fields, "Content-Security-Policy", "script-src 'nonce-n1'");
	put(&f->res.fields, "Content-Security-Policy-Report-Only", "sandbox; script-src 'self'");
	assert_int_equal(csp_admit(&f->res.fields, TC_STR(HASH), &how), 0);
	assert_false(how.never);
	assert_string_equal(text_of(how.nonce), "n1");
	assert_string_equal(got(&f->res.fields, "Content-Security-Policy"), "default-src 'self' " HASH " | script-src 'nonce-n1'");
	assert_string_equal(got(&f->res.fields, "Content-Security-Policy-Report-Only"), "sandbox; script-src 'self' " HASH);
	fake_free(&f);
}

static void
test_arena_at_its_limit(void **state)
{
	char policy[3000] = "script-src";

	(void)state;
	for (size_t n = strlen(policy); n + 3 < sizeof(policy); n += 2)
		memcpy(policy + n, " a", 3);
	for (size_t max = 4096; max < 65536; max += 4096) {
		struct fake_call *f = fake_new(NULL);
		struct tc_arena *small = arena_new(NULL, max), *own = f->arena;
		struct csp_inline how;

		f->res.fields.arena = small;
		if (tc_field_add(&f->res.fields, TC_F_CONTENT_SECURITY_POLICY, z(policy)) == 0)
			(void)csp_admit(&f->res.fields, TC_STR(HASH), &how);
		f->res.fields.arena = own;
		arena_destroy(&small);
		fake_free(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_several_fields),
		cmocka_unit_test(test_arena_at_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
