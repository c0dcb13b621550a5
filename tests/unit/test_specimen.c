/* test_specimen.c: every specimen is what it says it is: the built-in lists block it, with its class. */
#include "../../filters/specimen.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../filters/match/match.h"
#include "../../filters/match/url.h"

static void
every_url_is_blocked(void **state)
{
	struct match_page page = {.host = TC_STR("page.example"), .domain = TC_STR("page.example"), .denied = 0xff};
	struct match_db *db = match_new();
	char buf[TC_SPECIMEN_ROOM], room[URL_MAX + 64];
	size_t n[3] = {0}, bad = 0, unknown = 0;
	struct match_result why;
	struct tc_specimen s;
	struct url u;

	(void)state;
	assert_int_equal(match_add(db, pack_rules, TC_PACK_BUILT_IN, TC_ADVERTISING), 0);
	assert_int_equal(match_build(db), 0);
	for (size_t i = 0; tc_specimen(i, &s, buf); i++) {
		n[s.kind]++;
		unknown += s.kind == TC_SPECIMEN_URL && s.class == TC_UNKNOWN;
		if (s.kind != TC_SPECIMEN_URL || s.class == TC_UNKNOWN)
			continue;
		assert_true(url_resolve(&u, s.text, NULL, room));
		for (int as = 0; as < 3; as++) {
			static const enum match_type types[] = {MATCH_SCRIPT, MATCH_IMAGE, MATCH_SUBDOCUMENT};

			if (match_url(db, &page, &u, types[as], &why) == MATCH_BLOCK && why.class == s.class)
				continue;
			print_message("%.*s of %.*s\n", (int)s.text.n, s.text.p, (int)s.vendor.n, s.vendor.p);
			bad++;
		}
	}
	print_message("%zu URLs, %zu embeds, %zu cookies\n", n[0], n[1], n[2]);
	assert_int_equal(bad, 0);
	assert_int_equal(unknown, 2); /* the Meta SDK */
	assert_true(n[0] > 250 && n[1] == 3 && n[2] > 150);
	match_destroy(&db);
}

static void
every_cookie_is_a_row(void **state)
{
	char buf[TC_SPECIMEN_ROOM];
	struct tc_specimen s;

	(void)state;
	for (size_t i = 0; tc_specimen(i, &s, buf); i++)
		if (s.kind == TC_SPECIMEN_COOKIE) {
			assert_non_null(pack_cookie(s.text));
			assert_int_equal(pack_cookie(s.text)->class, s.class);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_url_is_blocked),
		cmocka_unit_test(every_cookie_is_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
