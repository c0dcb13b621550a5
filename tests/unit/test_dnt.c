/* test_dnt.c: which dnt-policy.txt is taken, what Tk says in each case, what the status resources are. */
#include "../../proxy/core/dnt.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/json.h"

static struct tc_arena *arena;
static char path[64];

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(NULL, 16 << 20);
	return arena != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	return 0;
}

/* ---- the policy file ---- */

/* "abc": the SHA-1 of FIPS 180-4's example. */
#define ABC "a9993e364706816aba3e25717850c26c9cd0d89d"
#define ALL "[analytics, advertising, personalisation, social]"

static void
put_text(const char *text, size_t n)
{
	int fd;

	(void)snprintf(path, sizeof(path), "/tmp/tacet-test-dnt.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	assert_int_equal(close(fd), 0);
}

/* What dnt_load() says of a site with these keys; NULL: it takes the file. */
static const char *
said(const char *hash, const char *site, const char *remove, const char *honour)
{
	static char text[2048], line[1024];
	struct messages *m = messages_new();
	const struct tc_str *policies;
	struct config *c = NULL;
	struct buf warnings;
	int r;

	(void)snprintf(text, sizeof(text),
	    "version: 1\n"
	    "sites: [{hosts: [a.example], origin: {url: \"http://127.0.0.1:1\"}}, {hosts: [b.example], "
	    "origin: {url: \"http://127.0.0.1:1\"}, dnt: {policy_file: \"%s\", policy_hashes: [%s]}%s}]\n"
	    "rule_sets: {no: {scripts: {remove: %s}}, light: {}}\n"
	    "regions: [{name: rest, where: [\"*\"], honour: %s, default: light, opted_out: no}]\n",
	    path, hash, site, remove, honour);
	if (config_load_text(TC_STR("t.yaml"), tc_str_from(text), NULL, &c, m) < 0)
		messages_print(m, stdout);
	assert_non_null(c);
	buf_init(&warnings, 4096);
	r = dnt_load(c, arena, &policies, &warnings);
	assert_int_equal(policies[0].n, 0);
	if (r == 0)
		assert_true(tc_eq(policies[1], TC_STR("abc")) && warnings.n == 0);
	(void)snprintf(line, sizeof(line), "%.*s", (int)warnings.n, buf_str(&warnings).p);
	buf_reset(&warnings);
	config_destroy(&c);
	messages_destroy(&m);
	return r == 0 ? NULL : line;
}

static void
refused(const char *why, const char *hash, const char *site, const char *remove, const char *honour)
{
	const char *line = said(hash, site, remove, honour);

	assert_non_null(line);
	if (strncmp(line, "error: sites[1].dnt.policy_file ", 32) != 0 || strstr(line, why) == NULL)
		fail_msg("%s", line);
}

static void
policy_file(void **state)
{
	static char large[POLICY_MAX];

	(void)state;
	put_text("abc", 3);
	assert_null(said(ABC, "", ALL, "[gpc, dnt, choice]"));
	assert_null(said("0000000000000000000000000000000000000000, A9993E364706816ABA3E25717850C26C9CD0D89D", "", ALL, "[dnt]"));
	refused("no known text", "", "", ALL, "[dnt]");
	refused("no known text", "a9993e364706816aba3e25717850c26c9cd0d89e", "", ALL, "[dnt]");
	refused("does not honour dnt", ABC, "", ALL, "[gpc, choice]");
	refused("leaves trackers in", ABC, "", "[advertising]", "[dnt]");
	refused("the site lets third parties", ABC, ", allow: [cdn.example]", ALL, "[dnt]");
	refused("a route lets", ABC, ", routes: [{name: x, match: /x, allow: [cdn.example]}]", ALL, "[dnt]");
	refused("a route lets", ABC, ", routes: [{name: x, match: /x, filter: none}]", ALL, "[dnt]");
	refused("only observes", ABC, ", mode: observe", ALL, "[dnt]");
	assert_int_equal(unlink(path), 0);
	refused("No such file", ABC, "", ALL, "[dnt]");
	put_text(large, sizeof(large));
	refused("too long", ABC, "", ALL, "[dnt]");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	refused("it is no file", ABC, "", ALL, "[dnt]");
	assert_int_equal(rmdir(path), 0);
}

static void
known_text(void **state)
{
	(void)state;
	assert_int_equal(KNOWN.n, 2 * CRYPTO_SHA1_SIZE);
	assert_false(is_known((struct tc_strs){NULL, 0}, TC_STR("")));
}

/* ---- Tk ---- */

static struct tc_str
told(const struct config_site *site, const struct tc_decision *d, int status, const char *cookie)
{
	struct tc_response res = {.status = status, .fields = {.arena = arena}};
	struct tc_str value = {NULL, 0};

	assert_int_equal(tc_field_add_named(&res.fields, TC_STR("tk"), TC_STR("N;origin")), 0);
	if (cookie != NULL)
		assert_int_equal(tc_field_add(&res.fields, TC_F_SET_COOKIE, tc_str_from(cookie)), 0);
	assert_int_equal(dnt_tell(site, d, &res), 0);
	for (size_t i = 0; i < res.fields.n; i++)
		if (is_tk(&res.fields.v[i]) && !res.fields.v[i].dropped) {
			assert_null(value.p);
			value = res.fields.v[i].value;
		}
	return value;
}

static void
tk(void **state)
{
	static const struct tc_rule_set rules = {.name = TC_STR_INIT("x")};
	const struct config_site on = {.dnt_status = true}, off = {.dnt_status = false},
				 observe = {.dnt_status = true, .mode = MODE_OBSERVE};
	const struct tc_decision out = {.rules = &rules, .out = true}, in = {.rules = &rules}, none = {0},
				 unread = {.rules = &rules, .out = true, .pass_bodies = true};

	(void)state;
	assert_true(tc_eq(told(&on, &out, 200, NULL), TC_STR("N;o")));
	assert_true(tc_eq(told(&on, &in, 200, NULL), TC_STR("T;d")));
	assert_true(tc_eq(told(&on, &out, 200, "tacet_choice=v1.out.x"), TC_STR("N;o"))); /* a sticky record */
	assert_true(tc_eq(told(&on, &none, 421, NULL), TC_STR("N;o")));
	assert_true(tc_eq(told(&on, &unread, 200, NULL), TC_STR("T;d")));
	assert_true(tc_eq(told(&observe, &out, 200, NULL), TC_STR("T;d")));
	assert_true(tc_eq(told(&on, &in, 303, "tacet_choice=v1.out-0001.x"), TC_STR("U;o")));
	assert_true(tc_eq(told(&on, &out, 303, "tacet_choice=v1.in.x"), TC_STR("U;d")));
	assert_true(tc_eq(told(&on, &out, 303, "sid=1"), TC_STR("N;o")));
	assert_true(tc_eq(told(&off, &out, 200, NULL), TC_STR("N;origin"))); /* nobody's business */
	assert_true(tc_eq(told(&on, &out, 101, NULL), TC_STR("N;origin")));
}

/* ---- resources ---- */

static void
resources(void **state)
{
	struct config_site site = {
		.pub = {.choices_path = TC_STR("/privacy-choices/"), .policy = TC_STR("https://a.example/p?a=\"b\\\n")},
		.dnt_status = true,
	};
	struct pages_ctx ctx = {.site = &site, .arena = arena, .dnt_policy = TC_STR("abc")};
	struct tc_response res = {.fields = {.arena = arena}};
	struct tc_str body;
	struct json j;

	(void)state;
	assert_int_equal(dnt_dynamic(&ctx, &res, &body), 0);
	assert_true(tc_eq(body,
	    TC_STR("{\"tracking\":\"?\",\"policy\":\"https://a.example/p?a=\\\"b\\\\\",\"config\":\"/privacy-choices\"}\n")));
	assert_true(tc_eq(tc_field_value(&res.fields, TC_F_CONTENT_TYPE), TC_STR("application/tracking-status+json")));
	j = json_of(body);
	assert_true(json_skip(&j, &body) && json_end(&j));
	site.pub.policy = (struct tc_str){NULL, 0};
	assert_int_equal(dnt_out(&ctx, &res, &body), 0);
	assert_true(tc_eq(body, TC_STR("{\"tracking\":\"N\",\"config\":\"/privacy-choices\"}\n")));
	assert_int_equal(dnt_default(&ctx, &res, &body), 0);
	assert_true(tc_starts(body, TC_STR("{\"tracking\":\"T\",")));
	assert_int_equal(dnt_policy(&ctx, &res, &body), 0);
	assert_true(tc_eq(body, TC_STR("abc")));
}

static void
whose(void **state)
{
	static const char *const names[] = {DNT_STATUS, DNT_STATUS "o", DNT_STATUS "d", DNT_STATUS "x", DNT_STATUS "o/"};
	struct config_site site = {.dnt_status = true};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		site.dnt_status = true;
		assert_non_null(page_file_at(&site, tc_str_from(names[i])));
		site.dnt_status = false;
		assert_null(page_file_at(&site, tc_str_from(names[i])));
	}
	site.dnt_status = true;
	assert_int_equal(page_file_at(&site, TC_STR(DNT_STATUS "x"))->answer(NULL, NULL, NULL), 404);
	assert_null(page_file_at(&site, TC_STR("/.well-known/dnt")));
	assert_null(page_file_at(&site, TC_STR(DNT_POLICY)));
	site.dnt_policy_file = TC_STR("x");
	assert_non_null(page_file_at(&site, TC_STR(DNT_POLICY)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy_file),
		cmocka_unit_test(known_text),
		cmocka_unit_test(tk),
		cmocka_unit_test(resources),
		cmocka_unit_test(whose),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
