/* test_entity.c: character references: the whole named table, numbers, the attribute rule, the bound on the output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../filters/html/entity.c"
#include "edge.h"

static char out[4096];

static void
check_as(bool attribute, const char *in, const char *want)
{
	size_t n = strlen(in);
	char *raw = edge_copy(in, n);
	size_t got;

	assert_true(ENTITY_ROOM(n) <= sizeof(out));
	memset(out, '#', sizeof(out));
	got = entity_decode(tc_str_of(raw, n), attribute, out);
	assert_int_equal(got, strlen(want));
	assert_memory_equal(out, want, got);
	for (size_t i = ENTITY_ROOM(n); i < sizeof(out); i++)
		assert_int_equal(out[i], '#');
	edge_free(raw, n);
}

static void
check(const char *in, const char *want)
{
	check_as(false, in, want);
	check_as(true, in, want);
}

static void
test_named(void **state)
{
	(void)state;
	check("", "");
	check("plain", "plain");
	check("&amp;", "&");
	check("a&amp;b&lt;c&gt;&quot;&apos;", "a&b<c>\"'");
	check("&nbsp;", "\302\240");
	check("&amp", "&");
	check("&AMP;&QUOT;", "&\"");
	check("&notin;", "\342\210\211");
	check("&not;", "\302\254");
	check("&hellip;", "\342\200\246");
	check("&CounterClockwiseContourIntegral;", "\342\210\263");
	check("&nGt;", "\342\211\253\342\203\222");
	check("&fjlig;", "fj");
	check("&sol;&sol;t&period;example", "//t.example");
	check("&Tab;&NewLine;&colon;", "\t\n:");
}

static void
test_not_a_reference(void **state)
{
	(void)state;
	check("&", "&");
	check("&&", "&&");
	check("& amp;", "& amp;");
	check("&;", "&;");
	check("&nosuchname;", "&nosuchname;");
	check("&#;", "&#;");
	check("&#x;", "&#x;");
	check("&#xg;", "&#xg;");
	check("&CounterClockwiseContourIntegralX;", "&CounterClockwiseContourIntegralX;");
	check("&amp;amp;", "&amp;"); /* once only */
}

static void
test_attribute_rule(void **state)
{
	(void)state;
	check_as(false, "?a&ampx", "?a&x");
	check_as(true, "?a&ampx", "?a&ampx");
	check_as(true, "?a&amp=1", "?a&amp=1");
	check_as(true, "?a&amp9", "?a&amp9");
	check_as(true, "?a&amp-", "?a&-");
	check_as(true, "?a&amp;=1", "?a&=1");
	check_as(false, "&notit;", "\302\254it;");
	check_as(true, "&notit;", "&notit;");
	check_as(true, "?x=1&copy=2", "?x=1&copy=2");
	check_as(false, "?x=1&copy=2", "?x=1\302\251=2");
}

static void
test_numbers(void **state)
{
	(void)state;
	check("&#65;&#x41;&#X41;", "AAA");
	check("&#58//t", "://t");
	check("&#x3a//t", "://t");
	check("&#0;", "\357\277\275");
	check("&#x110000;", "\357\277\275");
	check("&#99999999999999999999;", "\357\277\275");
	check("&#xD800;&#xDFFF;", "\357\277\275\357\277\275");
	check("&#x80;", "\342\202\254");
	check("&#130;", "\342\200\232");
	check("&#x81;", "\302\201");
	check("&#x9F;", "\305\270");
	check("&#13;&#10;", "\r\n");
	check("&#x1F600;", "\360\237\230\200");
	check("&#xFFFE;", "\357\277\276");
	check("&#00000000000000000000000000000000000000104;", "h");
	check("&#104&#116", "ht");
}

/* Every name decodes to its own entry, alone and with letters behind; names without ';' obey the attribute rule. */
static void
test_whole_table(void **state)
{
	(void)state;
	for (size_t e = 0; e < ENTITY_COUNT; e++) {
		char in[64] = "&";
		size_t n = entities[e].name_n, len;

		memcpy(in + 1, entity_names + entities[e].name, n);
		for (int attribute = 0; attribute < 2; attribute++) {
			in[n + 1] = '-';
			len = entity_decode(tc_str_of(in, n + 2), attribute, out);
			assert_int_equal(len, entities[e].n + 1u);
			assert_memory_equal(out, entities[e].utf8, entities[e].n);
			assert_true(len <= ENTITY_ROOM(n + 2) - 8);
		}
		if (in[n] != ';') {
			in[n + 1] = '=';
			len = entity_decode(tc_str_of(in, n + 2), true, out);
			assert_int_equal(len, n + 2);
			assert_memory_equal(out, in, n + 2);
		}
		if (e > 0) { /* sorted, so that the search works */
			size_t m = entities[e - 1].name_n < n ? entities[e - 1].name_n : n;
			int order = memcmp(entity_names + entities[e - 1].name, entity_names + entities[e].name, m);

			assert_true(order < 0 || (order == 0 && entities[e - 1].name_n < n));
		}
	}
}

/* The input that grows most stays within ENTITY_ROOM. */
static void
test_bound(void **state)
{
	static char in[2000];

	(void)state;
	for (size_t i = 0; i + 5 <= sizeof(in); i += 5)
		memcpy(in + i, "&nGt;", 5);
	memset(out, '#', sizeof(out));
	assert_int_equal(entity_decode(tc_str_of(in, sizeof(in)), true, out), sizeof(in) / 5 * 6);
	assert_int_equal(out[ENTITY_ROOM(sizeof(in))], '#');
}

/* Bytes that are no references are copied, of whatever kind. */
static void
test_other_bytes(void **state)
{
	char in[256];

	(void)state;
	for (size_t i = 0; i < 256; i++)
		in[i] = (char)(i == '&' ? 0 : i);
	assert_int_equal(entity_decode(tc_str_of(in, 256), true, out), 256);
	assert_memory_equal(out, in, 256);
	assert_true(entity_none(tc_str_of(in, 256)));
	assert_false(entity_none(TC_STR("a&")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_not_a_reference),
		cmocka_unit_test(test_attribute_rule),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_whole_table),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_other_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
