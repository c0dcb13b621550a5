/* test_inventory.c: which names are kept, masked, shown from when on, and how many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/inventory.c"

enum { K = 5,
	DAY = 20778 }; /* 2026-11-21 */

static struct config_site
site_named(struct tc_str *host)
{
	return (struct config_site){.pub = {.hosts = {host, 1}}, .mode = MODE_OBSERVE};
}

static void
masked(const char *name, const char *want)
{
	char out[INVENTORY_NAME_MAX];
	size_t n = inventory_mask(tc_str_from(name), out);

	if (n != strlen(want) || memcmp(out, want, n) != 0)
		fail_msg("%s became %.*s", name, (int)n, out);
}

static void
digits_and_ids_are_masked(void **state)
{
	char longest[3 * INVENTORY_NAME_MAX], out[INVENTORY_NAME_MAX];

	(void)state;
	masked("session", "session");
	masked("v2", "v#");
	masked("a1b2", "a#b#");
	masked("visit_12345_x", "visit_#_x");
	masked("_ga_ABC123DEF4", "_ga_#");
	masked("0123456789abcdef", "#");
	masked("longnamewithoutdigits", "longnamewithoutdigits");
	masked("", "");
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(inventory_mask(tc_str_of(longest, sizeof(longest)), out), INVENTORY_NAME_MAX);
}

static const struct inventory_note COOKIE = {.what = INVENTORY_COOKIE, .action = TC_DID_RESPONSE_COOKIE, .class = TC_UNKNOWN};
static const struct inventory_note VENDOR = {
	.what = INVENTORY_VENDOR, .action = TC_DID_SCRIPT, .class = TC_ANALYTICS, .closed = true};

static void
a_thing_counts_once_in_a_response(void **state)
{
	struct inventory_notes notes = {0};
	struct inventory_note known = COOKIE;

	(void)state;
	known.class = TC_ANALYTICS;
	known.removed = true;
	inventory_note(&notes, &COOKIE, TC_STR("a1"));
	inventory_note(&notes, &COOKIE, TC_STR("a2"));
	inventory_note(&notes, &known, TC_STR("a3"));
	assert_int_equal(notes.n, 1);
	assert_int_equal(notes.v[0].class, TC_ANALYTICS); /* a list knew it */
	assert_true(notes.v[0].removed);
	inventory_note(&notes, &VENDOR, TC_STR("Somebody"));
	inventory_note(&notes, &VENDOR, TC_STR("Somebody"));
	assert_int_equal(notes.n, 2);
	assert_int_equal(notes.unkept, 0);
}

static void
odd_names_are_not_kept(void **state)
{
	static const char *const odd[] = {"a\"b", "a\\b", "a\nb", "a\x7f", "\xc3\xa4", "a\x01"};
	struct inventory_notes notes = {0};
	char longer[INVENTORY_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		inventory_note(&notes, &COOKIE, tc_str_from(odd[i]));
	memset(longer, 'x', sizeof(longer));
	inventory_note(&notes, &COOKIE, tc_str_of(longer, sizeof(longer)));
	assert_int_equal(notes.n, 0);
	assert_int_equal(notes.unkept, 7);
	inventory_note(&notes, &VENDOR, TC_STR("\xc3\xa4 vendor"));
	assert_int_equal(notes.n, 1);
}

static void
one_response_brings_so_many(void **state)
{
	struct inventory_notes notes = {0};
	char name[] = "naa";

	(void)state;
	for (int i = 0; i < 26 * 26; i++) {
		name[1] = (char)('a' + i / 26);
		name[2] = (char)('a' + i % 26);
		inventory_note(&notes, &COOKIE, tc_str_from(name));
		inventory_note(&notes, &VENDOR, tc_str_from(name));
	}
	assert_int_equal(notes.n, INVENTORY_NOTES);
	assert_int_equal(notes.open, INVENTORY_NOTES_OPEN);
	assert_int_equal(notes.unkept, 2 * 26 * 26 - INVENTORY_NOTES);
}

static void
take(const struct config_site *site, const struct inventory_note *like, const char *name, int32_t day)
{
	struct inventory_notes notes = {0};

	inventory_note(&notes, like, tc_str_from(name));
	inventory_take(site, &notes, day, K, false);
}

static bool
says(struct tc_str host, int64_t k, const char *text)
{
	struct buf b;
	bool found;

	buf_init(&b, 1 << 20);
	assert_int_equal(inventory_write(&b, k, host), 0);
	found = tc_find(buf_str(&b), tc_str_from(text)) < b.n;
	buf_reset(&b);
	return found;
}

static bool
memory_holds(const char *text)
{
	for (size_t i = 0; i < INVENTORY_SITES && table.sites[i] != NULL; i++) {
		struct tc_str all = tc_str_of((const char *)table.sites[i], sizeof(*table.sites[i]));

		if (tc_find(all, tc_str_from(text)) < all.n)
			return true;
	}
	return false;
}

static void
open_names_are_shown_from_k_on(void **state)
{
	struct tc_str host = TC_STR("k.example");
	struct config_site site = site_named(&host);

	(void)state;
	take(&site, &VENDOR, "Somebody", DAY);
	assert_true(says(host, K, "\"Somebody\", \"class\": \"analytics\""));
	for (int i = 1; i < K; i++) {
		take(&site, &COOKIE, "opener", DAY + i);
		assert_false(says(host, K, "opener"));
		assert_false(memory_holds("opener"));
	}
	take(&site, &COOKIE, "opener", DAY + 9);
	assert_true(says(host, K, "\"opener\""));
	assert_true(says(host, K, "\"responses\": 5, \"first\": \"2026-11-22\", \"last\": \"2026-11-30\""));
	assert_false(says(host, K + 1, "opener")); /* k was raised */
	assert_true(says(host, K, "\"responses\": 6"));
	assert_false(says(TC_STR("other.example"), K, "opener"));
	assert_true(says(TC_STR(""), K, "opener"));
}

static void
rows_are_bounded(void **state)
{
	struct tc_str host = TC_STR("many.example");
	struct config_site site = site_named(&host);
	char name[] = "naaa";
	struct site *s;

	(void)state;
	for (int i = 0; i < 3; i++)
		take(&site, &COOKIE, "regular", DAY);
	for (int i = 0; i < 2000; i++) {
		name[1] = (char)('a' + i / 676);
		name[2] = (char)('a' + i / 26 % 26);
		name[3] = (char)('a' + i % 26);
		take(&site, &COOKIE, name, DAY);
		take(&site, &VENDOR, name, DAY);
	}
	s = site_of(host, DAY);
	assert_int_equal(s->closed_n, INVENTORY_CLOSED);
	assert_int_equal(s->unkept, 2000 - INVENTORY_CLOSED + 2000 + 1 - INVENTORY_OPEN);
	for (int i = 3; i < K; i++)
		take(&site, &COOKIE, "regular", DAY);
	assert_true(says(host, K, "\"regular\"")); /* the rarest went first */
}

static void
sites_are_bounded(void **state)
{
	char text[32];

	(void)state;
	for (int i = 0; i < INVENTORY_SITES + 10; i++) {
		struct tc_str host = tc_str_of(text, (size_t)snprintf(text, sizeof(text), "s%d.example", i));
		struct config_site site = site_named(&host);

		take(&site, &VENDOR, "Somebody", DAY);
	}
	assert_true(says(TC_STR(""), K, "\"s1.example\""));
	assert_false(says(TC_STR("s73.example"), K, "\"s73.example\""));
	assert_false(says(TC_STR(""), K, "\"responses_not_kept\": 0"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digits_and_ids_are_masked),
		cmocka_unit_test(a_thing_counts_once_in_a_response),
		cmocka_unit_test(odd_names_are_not_kept),
		cmocka_unit_test(one_response_brings_so_many),
		cmocka_unit_test(open_names_are_shown_from_k_on),
		cmocka_unit_test(rows_are_bounded),
		cmocka_unit_test(sites_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
