/* test_iab.c: the IAB's consent strings: the vectors of signals.md 4.1 to 4.3, every layout, and every way to be cut. */
#include "../../proxy/consent/bits.c"
#include "../../proxy/consent/gpp.c"
#include "../../proxy/consent/tcf.c"
#include "../../proxy/consent/usp.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "consent_bits.h"
#include "edge.h"

#define TODAY 20410 /* 2025-11-18 */
#define REJECTED "CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACPAAAAA.IDKQA4AAgAKAGQAygAAA.YAAAAAAAAAAA"

/* ---- US Privacy ---- */

static void
usp_vectors(void **state)
{
	static const struct {
		const char *text;
		bool good, out;
	} v[] = {
		{"1YYN", true, true},
		{"1-Y-", true, true},
		{"1YYY", true, true},
		{"1NYN", true, true},
		{"1YNN", true, false},
		{"1YNY", true, false},
		{"1---", true, false},
		{"1YN-", true, false},
		{"2YYN", false, false},
		{"1YY", false, false},
		{"1YYNN", false, false},
		{"", false, false},
		{"1yyn", false, false},
		{"1Y Y", false, false},
		{"0YYN", false, false},
		{"1YXN", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct consent c;
		char *p = edge_copy(v[i].text, strlen(v[i].text));

		assert_true(usp_read(tc_str_of(p, strlen(v[i].text)), &c) == v[i].good);
		assert_true(c.out == v[i].out && c.denied == 0 && c.granted == 0 && !c.bad);
		edge_free(p, strlen(v[i].text));
	}
}

/* ---- GPP ---- */

static void
gpp_headers(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		uint16_t ids[2];
	} v[] = {
		{"DBABM", 1, {2}},
		{"DBACNY", 2, {2, 6}},
		{"DBABjw", 2, {5, 6}},
		{"DBABL", 1, {7}},
		{"DBABLA", 1, {7}},
		{"DBABBg", 1, {8}},
		{"DBABrw", 2, {7, 8}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		uint16_t ids[SECTIONS_MAX];

		assert_int_equal(gpp_header(tc_str_from(v[i].text), ids), v[i].n);
		assert_memory_equal(ids, v[i].ids, v[i].n * sizeof(ids[0]));
	}
}

static void
gpp_headers_refused(void **state)
{
	static const char *const v[] = {"", "D", "DB", "DBAB", "DCABLA", "CBABLA", "DBAAAA", "DBAB!A", "DBAC", "D_____", "DBABAAAAAAAA"};
	struct pen p = {0};
	uint16_t ids[SECTIONS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		assert_int_equal(gpp_header(tc_str_from(v[i]), ids), 0);
	pen_put(&p, 3, 6); /* one range of more sections than there is room for */
	pen_put(&p, 1, 6);
	pen_put(&p, 1, 12);
	pen_put(&p, 1, 1);
	pen_fibonacci(&p, 1);
	pen_fibonacci(&p, SECTIONS_MAX);
	pen_end(&p, false);
	assert_int_equal(gpp_header(pen_text(&p), ids), 0);
}

/* What the string says: 'o' out, '-' read and nothing, 'b' bad. */
static char
gpp_says(struct tc_str text)
{
	struct consent c;
	char *p = edge_copy(text.p, text.n);
	bool good = gpp_read(tc_str_of(p, text.n), TODAY, &c);

	edge_free(p, text.n);
	assert_true(c.granted == 0 && c.denied == 0 && (good || !c.out));
	return c.out ? 'o' : good && !c.bad ? '-'
					    : 'b';
}

static void
gpp_vectors(void **state)
{
	static const struct {
		const char *text;
		char says;
	} v[] = {
		{"DBABLA~BVQVAAAAAgA.YA", 'o'},
		{"DBABLA~BVQqAAAAAgA.QA", '-'},
		{"DBABL~CVQVAAAAAACA.Y", 'o'},
		{"DBABLA~BVQVAAAAAAGA.YA", 'o'}, /* version 1, length of version 2 */
		{"DBABBg~BUUAAACA.YA", 'o'},
		{"DBABBg~BUUAAAGA.YA", 'o'},
		{"DBABBg~BUoAAACA.QA", '-'},
		{"DBABLA~BVQqAAAAAgA.YA", 'o'}, /* GPC alone */
		{"DBABLA~BVQqAAAAAgA", '-'},    /* no GPC segment */
		{"DBABrw~BVQqAAAAAgA.QA~BUUAAACA.YA", 'o'},
		{"DBABLA~DVQVAAAAAgA.YA", 'b'}, /* usnat 3 */
		{"DBABBg~CUUAAACA.YA", 'b'},    /* usca 2 */
		{"DBABLA~BVQ/AAAAAgA.QA", 'b'}, /* fields of 3 */
		{"DBABLA~BVQVAAAAAgA.AA", 'b'}, /* segment of type 0 */
		{"DBABLA~BVQVAAAAAgA.YA.YA.YA.YA.YA", 'b'},
		{"DBABLA", 'b'},
		{"DBABLA~", 'b'},
		{"DBABLA~BVQVAAAAAgA.", 'b'},
		{"DBABLA~BVQVAAAAAgA.YA~", 'b'},
		{"DBABLA~BVQVAAAAAgA.YA~1YYN", 'b'},
		{"DBABrw~BVQVAAAAAgA.YA", 'b'},
		{"", 'b'},
		{"~", 'b'},
		{"DBABLA~BVQV", 'b'},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		assert_int_equal(gpp_says(tc_str_from(v[i].text)), v[i].says);
}

/* A section of this id; sale and ads are its first and last opt-out field. */
static char
section_says(unsigned id, unsigned version, unsigned sale, unsigned ads, bool bytes)
{
	static const uint8_t notices[28] = {[7] = 6, [8] = 3, [11] = 4, [18] = 4};
	struct pen p = {0};

	pen_gpp(&p, id);
	pen_put(&p, version, 6);
	for (unsigned i = 0; i < (notices[id] > 0 ? notices[id] : 3u); i++)
		pen_put(&p, 1, 2);
	pen_put(&p, sale, 2);
	pen_put(&p, id == 7 ? 2 : ads, 2);
	pen_put(&p, id == 7 ? ads : 0, id == 7 ? 2 : 0);
	pen_put(&p, 0, id == 7 ? 36 : 30);
	pen_end(&p, bytes);
	return gpp_says(pen_text(&p));
}

static void
gpp_old_layouts(void **state)
{
	(void)state;
	for (unsigned id = 7; id <= 23; id++)
		for (unsigned bytes = 0; bytes < 2; bytes++) {
			assert_int_equal(section_says(id, 1, 1, 2, bytes), 'o');
			assert_int_equal(section_says(id, 1, 2, 1, bytes), 'o');
			assert_int_equal(section_says(id, 1, 2, 2, bytes), '-');
			assert_int_equal(section_says(id, 1, 0, 0, bytes), '-');
			assert_int_equal(section_says(id, 1, 3, 2, bytes), 'b');
			assert_int_equal(section_says(id, 0, 1, 1, bytes), 'b');
			assert_int_equal(section_says(id, id == 7 ? 3 : 2, 1, 1, bytes), 'b');
		}
	for (unsigned id = 24; id <= 28; id++) /* usmd to usri are laid out anew, and nobody knows 28 */
		assert_int_equal(section_says(id < 28 ? id : 27, 1, 1, 1, false), 'b');
}

/* apart: the list of segments stands in a segment of its own, as the specification has it. */
static char
new_says(unsigned id, unsigned own, unsigned version, unsigned sale, unsigned ads, bool apart, const char *more)
{
	struct pen p = {0};

	pen_gpp(&p, id);
	pen_put(&p, own, 6);
	pen_put(&p, version, 6);
	if (apart) {
		pen_put(&p, 2, 12);
		pen_end(&p, false);
		pen_byte(&p, '.');
	}
	pen_put(&p, 1, 6);
	pen_put(&p, 2 << 2 | 0, 4);
	pen_put(&p, 1 << 4 | 1 << 2 | 1, 6);
	pen_put(&p, sale, 2);
	pen_put(&p, ads, 2);
	pen_put(&p, 0, 2);
	pen_end(&p, false);
	for (; *more != '\0'; more++)
		pen_byte(&p, *more);
	return gpp_says(pen_text(&p));
}

static void
gpp_new_layout(void **state)
{
	(void)state;
	for (unsigned id = 24; id <= 27; id++)
		for (unsigned apart = 0; apart < 2; apart++) {
			assert_int_equal(new_says(id, id, 1, 1, 2, apart, ""), 'o');
			assert_int_equal(new_says(id, id, 1, 2, 1, apart, ""), 'o');
			assert_int_equal(new_says(id, id, 1, 2, 2, apart, ""), '-');
			assert_int_equal(new_says(id, id, 1, 2, 2, apart, ".YA"), 'o');
			assert_int_equal(new_says(id, id, 1, 2, 2, apart, ".Q"), '-');
			assert_int_equal(new_says(id, id, 1, 3, 2, apart, ""), 'b');
			assert_int_equal(new_says(id, id, 2, 1, 1, apart, ""), 'b');
			assert_int_equal(new_says(id, id - 1, 1, 1, 1, apart, ""), 'b');
		}
}

/* A section that nobody knows takes grants away and leaves a no. */
static void
gpp_unknown_section(void **state)
{
	struct consent c;
	struct pen p = {0};

	(void)state;
	pen_put(&p, 3, 6);
	pen_put(&p, 1, 6);
	pen_put(&p, 2, 12);
	pen_put(&p, 0, 1);
	pen_fibonacci(&p, 7);
	pen_put(&p, 0, 1);
	pen_fibonacci(&p, 21); /* 28 */
	pen_end(&p, false);
	for (const char *s = "~BVQVAAAAAgA.YA~whatever"; *s != '\0'; s++)
		pen_byte(&p, *s);
	assert_true(gpp_read(pen_text(&p), TODAY, &c));
	assert_true(c.out && c.bad && c.granted == 0);
}

static void
gpp_with_tcf(void **state)
{
	struct consent c;

	(void)state;
	assert_true(gpp_read(TC_STR("DBACNY~" REJECTED "~1YYN"), TODAY, &c));
	assert_true(c.out && !c.bad);
	assert_int_equal(c.denied, CONSENT_CLASSES);
}

static bool
canada(uint32_t express, uint32_t implied, int32_t day, unsigned version, struct consent *c)
{
	struct pen p = {0};

	pen_gpp(&p, 5);
	pen_put(&p, version, 6);
	pen_put(&p, 0, 36);
	pen_put(&p, (uint64_t)day * 864000, 36);
	for (unsigned i = 0; i < 73; i++)
		pen_put(&p, 0, 1);
	for (unsigned i = 0; i < 24; i++)
		pen_put(&p, express >> i & 1, 1);
	for (unsigned i = 0; i < 24; i++)
		pen_put(&p, implied >> i & 1, 1);
	pen_put(&p, 0, 34);
	pen_end(&p, false);
	return gpp_read(pen_text(&p), TODAY, c);
}

static void
gpp_canada(void **state)
{
	struct consent c;

	(void)state;
	assert_true(canada(0x3ff, 0, TODAY, 1, &c) && c.granted == CONSENT_CLASSES && c.denied == 0);
	assert_true(canada(0, 0x3ff, TODAY, 1, &c) && c.granted == 0 && c.denied == 0);
	assert_true(canada(0, 0, TODAY, 1, &c) && c.granted == 0 && c.denied == CONSENT_CLASSES);
	assert_true(canada(0x3ff, 0, TODAY - 400, 1, &c) && c.granted == 0 && c.denied == 0);
	assert_true(canada(0x3ff, 0, TODAY, 2, &c) && c.granted == 0 && c.bad);
}

/* ---- TCF ---- */

static void
tcf_vector(void **state)
{
	struct consent c;
	struct tcf t;

	(void)state;
	assert_true(tcf_parse(TC_STR(REJECTED), &t));
	assert_int_equal(t.version, 2);
	assert_int_equal(t.created, 17489088000);
	assert_int_equal(t.updated, 17489088000);
	assert_int_equal(t.cmp, 880);
	assert_memory_equal(t.language, "EN", 2);
	assert_int_equal(t.list, 48);
	assert_true(t.service_specific);
	assert_int_equal(t.consent, 0);
	assert_int_equal(t.legitimate, 0);
	assert_memory_equal(t.country, "DE", 2);
	assert_int_equal(t.vendor_max, 4);
	assert_false(t.range);
	assert_int_equal(t.segments, 1 << 1 | 1 << 3);
	assert_true(tcf_read(TC_STR(REJECTED), TODAY, &c));
	assert_true(c.denied == CONSENT_CLASSES && c.granted == 0 && !c.out && !c.bad);
}

static void
tcf_mapping(void **state)
{
	const tc_classes ads = TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_SOCIAL);
	const struct {
		uint32_t purposes;
		tc_classes classes;
	} v[] = {
		{0, 0},
		{1, 0},
		{0xffffff, CONSENT_CLASSES},
		{0xfffffe, 0},
		{0x3ff, CONSENT_CLASSES},
		{1 | 1 << 6, TC_CLASS_BIT(TC_ANALYTICS)},
		{1 | 1 << 7, TC_CLASS_BIT(TC_ANALYTICS)},
		{1 | 1 << 8, TC_CLASS_BIT(TC_ANALYTICS)},
		{1 | 1 << 9, 0},
		{1 << 6, 0},
		{1 | 1 << 1, 0},
		{1 | 1 << 1 | 1 << 2, 0},
		{1 | 1 << 1 | 1 << 2 | 1 << 3, ads},
		{1 | 1 << 2 | 1 << 3, 0},
		{1 | 1 << 4, 0},
		{1 | 1 << 4 | 1 << 5, TC_CLASS_BIT(TC_PERSONALISATION)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct pen p = {0};
		struct consent c;

		pen_tcf(&p, TODAY, v[i].purposes);
		pen_tcf_end(&p);
		assert_true(tcf_read(pen_text(&p), TODAY, &c));
		assert_int_equal(c.granted, v[i].classes);
		assert_int_equal(c.denied, CONSENT_CLASSES & ~v[i].classes);
	}
}

static void
tcf_age(void **state)
{
	struct pen p = {0};
	struct consent c;

	(void)state;
	pen_tcf(&p, TODAY, 0x3ff);
	pen_tcf_end(&p);
	assert_true(tcf_read(pen_text(&p), TODAY + 395, &c) && c.granted == CONSENT_CLASSES);
	assert_true(tcf_read(pen_text(&p), TODAY + 396, &c) && c.granted == 0 && c.denied == 0);
	assert_true(tcf_read(pen_text(&p), TODAY - 1, &c) && c.granted == CONSENT_CLASSES);
	assert_true(tcf_read(pen_text(&p), TODAY - 2, &c) && c.granted == 0 && c.denied == 0); /* of the future */
}

/* Vendors as ranges, legitimate interest as a field, restrictions: all of it has to be there. */
static void
tcf_ranges(void **state)
{
	struct pen p = {0};
	struct consent c;
	struct tcf t;

	(void)state;
	pen_tcf(&p, TODAY, 0x3ff);
	pen_put(&p, 1000, 16);
	pen_put(&p, 1, 1);
	pen_put(&p, 2, 12);
	pen_put(&p, 0, 1);
	pen_put(&p, 7, 16);
	pen_put(&p, 1, 1);
	pen_put(&p, 9, 16);
	pen_put(&p, 1000, 16);
	pen_put(&p, 50, 16);
	pen_put(&p, 0, 1 + 50);
	pen_put(&p, 1, 12);
	pen_put(&p, 3, 6);
	pen_put(&p, 1, 2);
	pen_put(&p, 1, 12);
	pen_put(&p, 0, 1);
	pen_put(&p, 9, 16);
	pen_end(&p, false);
	assert_true(tcf_parse(pen_text(&p), &t) && t.range && t.vendor_max == 1000);
	assert_true(tcf_read(pen_text(&p), TODAY, &c) && c.granted == CONSENT_CLASSES);
	for (size_t n = 0; n < p.written; n++) {
		char *cut = edge_copy(p.text, n);

		assert_false(tcf_read(tc_str_of(cut, n), TODAY, &c));
		assert_int_equal(c.granted, 0);
		edge_free(cut, n);
	}
}

static void
tcf_refused(void **state)
{
	static const char *const v[] = {"", ".", "C", "BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA", REJECTED ".", REJECTED ".!", "!" REJECTED,
	    "CQSbk4AQSbk4ANwAAAENAwCAAAAAAAAAAAYgACPAAAAA" /* not service specific */, "CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACP_____",
	    "CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACPAAAA"};
	struct consent c;

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		assert_false(tcf_read(tc_str_from(v[i]), TODAY, &c));
		assert_true(c.granted == 0 && c.denied == 0);
	}
}

/* ---- every vector, cut at every byte ---- */

static void
cut_anywhere(void **state)
{
	static const char *const v[] = {"1YYN", REJECTED, "DBABLA~BVQVAAAAAgA.YA", "DBABLA~BVQqAAAAAgA.QA", "DBABL~CVQVAAAAAACA.Y",
	    "DBABBg~BUUAAACA.YA", "DBABBg~BUoAAACA.QA", "DBACNY~" REJECTED "~1YYN", "DBABrw~BVQqAAAAAgA.QA~BUUAAACA.YA"};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		for (size_t n = 0; n < strlen(v[i]); n++) {
			char *p = edge_copy(v[i], n);
			struct consent c;

			(void)usp_read(tc_str_of(p, n), &c);
			assert_int_equal(c.granted, 0);
			(void)tcf_read(tc_str_of(p, n), TODAY, &c);
			assert_int_equal(c.granted, 0);
			(void)gpp_read(tc_str_of(p, n), TODAY, &c);
			assert_int_equal(c.granted, 0);
			edge_free(p, n);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usp_vectors),
		cmocka_unit_test(gpp_headers),
		cmocka_unit_test(gpp_headers_refused),
		cmocka_unit_test(gpp_vectors),
		cmocka_unit_test(gpp_old_layouts),
		cmocka_unit_test(gpp_new_layout),
		cmocka_unit_test(gpp_unknown_section),
		cmocka_unit_test(gpp_with_tcf),
		cmocka_unit_test(gpp_canada),
		cmocka_unit_test(tcf_vector),
		cmocka_unit_test(tcf_mapping),
		cmocka_unit_test(tcf_age),
		cmocka_unit_test(tcf_ranges),
		cmocka_unit_test(tcf_refused),
		cmocka_unit_test(cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
