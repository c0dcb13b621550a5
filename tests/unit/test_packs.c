/* test_packs.c: rows of law by place and day: which is in force where, and what is wrong with a pack. */
#include "../../proxy/config/packs.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HEAD "pack: {name: t, version: 2026-11-21, disclaimer: not legal advice}\n"
#define SITE \
	"version: 1\nsites:\n  - hosts: [\"*\"]\n    origin: {url: \"http://127.0.0.1:3000\"}\n" \
	"rule_sets:\n  out: {scripts: {remove: [advertising]}}\n  light: {}\n" \
	"regions:\n  - {name: rest, where: [\"*\"], default: light, opted_out: out}\n"

static char directory[] = "/tmp/tacet-packs-XXXXXX";
static struct messages *messages;

static void
path_of(const char *name, char out[100])
{
	(void)snprintf(out, 100, "%s/%s", directory, name);
}

static void
save(const char *name, const char *text)
{
	char path[100];
	FILE *f;

	path_of(name, path);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int
begin_all(void **state)
{
	(void)state;
	return mkdtemp(directory) != NULL ? 0 : -1;
}

static int
finish_all(void **state)
{
	static const char *const names[] = {"t.yaml", "a.yaml", "b.yaml"};
	char path[100];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_of(names[i], path);
		(void)unlink(path);
	}
	return rmdir(directory);
}

static int
begin(void **state)
{
	(void)state;
	messages = messages_new();
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	messages_destroy(&messages);
	return 0;
}

/* A configuration that includes the one or two packs. */
static struct config *
load(const char *a, const char *b)
{
	struct config *c = NULL;
	char path[100];

	save("a.yaml", a);
	save("b.yaml", b != NULL ? b : "version: 1\n");
	save("t.yaml", b != NULL ? "include: [a.yaml, b.yaml]\n" SITE : "include: a.yaml\n" SITE);
	path_of("t.yaml", path);
	(void)config_load(path, NULL, &c, messages);
	return c;
}

static struct config *
loaded(const char *a, const char *b)
{
	struct config *c = load(a, b);

	if (c == NULL)
		messages_print(messages, stdout);
	assert_non_null(c);
	assert_int_equal(messages->n, 0);
	return c;
}

/* The first message has this code, stands on this line, and its text holds says. */
static void
refused(const char *a, const char *b, const char *code, int line, const char *says)
{
	struct config *c;

	messages_destroy(&messages);
	messages = messages_new();
	c = load(a, b);
	assert_null(c);
	assert_true(messages->n > 0);
	if (tc_find(messages->v[0].text, tc_str_from(says)) == messages->v[0].text.n || messages->v[0].line != line)
		messages_print(messages, stdout);
	assert_string_equal(messages->v[0].code, code);
	assert_int_equal(messages->v[0].line, line);
	assert_true(tc_find(messages->v[0].text, tc_str_from(says)) < messages->v[0].text.n);
	assert_true(messages->v[0].hint.n > 0);
}

static int32_t
day(const char *text)
{
	int32_t n = 0;

	assert_true(date_parse(tc_str_from(text), &n));
	return n;
}

/* The name of the row in force; "": none. */
static const char *
law(const struct config *c, const char *code, const char *at)
{
	static char name[80];
	const struct config_law *l;
	struct place p = {0};

	if (code[0] != '\0')
		assert_true(place_parse(tc_str_from(code), &p));
	l = config_law_of(c, &p, day(at));
	(void)snprintf(name, sizeof(name), "%.*s", l != NULL ? (int)l->name.n : 0, l != NULL ? l->name.p : "");
	return name;
}

#define TODAY "2026-11-21"

static void
test_the_most_specific_row_counts(void **state)
{
	struct config *c = loaded(HEAD "rows:\n"
	    "  - {name: all, where: [\"*\"]}\n"
	    "  - {name: eea, where: [EEA]}\n"
	    "  - {name: eu, where: [eu]}\n"
	    "  - {name: us, where: [US]}\n"
	    "  - {name: ca, where: [us-ca]}\n"
	    "  - {name: de, where: [DE]}\n"
	    "  - {name: uk, where: [gb]}\n",
	    NULL);

	(void)state;
	assert_string_equal(law(c, "US-CA", TODAY), "ca");
	assert_string_equal(law(c, "US-TX", TODAY), "us");
	assert_string_equal(law(c, "US", TODAY), "us");
	assert_string_equal(law(c, "DE", TODAY), "de");
	assert_string_equal(law(c, "GB", TODAY), "uk");
	assert_string_equal(law(c, "FR", TODAY), "eea"); /* EU and EEA alike: the first of the file */
	assert_string_equal(law(c, "NO", TODAY), "eea");
	assert_string_equal(law(c, "JP", TODAY), "all");
	assert_string_equal(law(c, "CA", TODAY), "all"); /* Canada, not California */
	assert_string_equal(law(c, "", TODAY), "all");
	config_destroy(&c);
}

static void
test_days_switch_rows(void **state)
{
	struct config *c = loaded(HEAD "rows:\n"
	    "  - {name: us, where: [US]}\n"
	    "  - {name: us-la, where: [US-LA], from: 2027-01-01, binding: [gpc]}\n"
	    "  - {name: gb-new, where: [GB], from: 2026-02-05, default: {sell_share: opt-in}}\n"
	    "  - {name: gb-old, where: [GB], until: 2026-02-05, default: {sell_share: opt-in, measurement: opt-in}}\n"
	    "  - {name: gone, where: [FR], from: 2020-01-01, until: 2020-01-02}\n",
	    NULL);

	(void)state;
	assert_string_equal(law(c, "US-LA", "2026-12-31"), "us");
	assert_string_equal(law(c, "US-LA", "2027-01-01"), "us-la");
	assert_string_equal(law(c, "GB", "2026-02-04"), "gb-old");
	assert_string_equal(law(c, "GB", "2026-02-05"), "gb-new");
	assert_string_equal(law(c, "GB", "0001-01-01"), "gb-old");
	assert_string_equal(law(c, "GB", "9999-12-31"), "gb-new");
	assert_string_equal(law(c, "FR", "2020-01-01"), "gone");
	assert_string_equal(law(c, "FR", "2020-01-02"), "");
	config_destroy(&c);
}

static void
test_unknown_places_have_all_rows(void **state)
{
	struct config *c = loaded(HEAD "rows:\n"
	    "  - {name: a, where: [CH], from: 2026-01-01, default: {sell_share: opt-in}}\n"
	    "  - {name: b, where: [GB], until: 2027-01-01, default: {measurement: opt-in}}\n",
	    NULL);
	bool sale = false, measurement = false;

	(void)state;
	config_law_any(c, day("2025-12-31"), &sale, &measurement);
	assert_false(sale);
	assert_true(measurement);
	config_law_any(c, day("2026-06-01"), &sale, &measurement);
	assert_true(sale);
	assert_true(measurement);
	config_law_any(c, day("2027-01-01"), &sale, &measurement);
	assert_true(sale);
	assert_false(measurement);
	config_destroy(&c);
	c = loaded("version: 1\n", NULL);
	config_law_any(c, day(TODAY), &sale, &measurement);
	assert_false(sale || measurement);
	assert_string_equal(law(c, "DE", TODAY), "");
	config_destroy(&c);
}

static void
test_what_a_row_says(void **state)
{
	struct config *c = loaded(HEAD "rows:\n"
	    "  - name: us-ca\n"
	    "    where: [US-CA]\n"
	    "    default: {sell_share: opt-in, measurement: opt-out}\n"
	    "    binding: [gpc, dnt]\n"
	    "    from: 2023-01-01\n"
	    "    duties:\n"
	    "      - {what: honour_gpc, from: 2023-01-01, mark: unverified, source: \"statute\"}\n"
	    "      - {what: notice, mark: primary, source: \"the law\"}\n",
	    NULL);
	const struct config_law *l = &c->laws[0];

	(void)state;
	assert_int_equal(c->law_count, 1);
	assert_true(l->opt_in_sale);
	assert_false(l->opt_in_measurement);
	assert_int_equal(l->binding, HONOUR_GPC | HONOUR_DNT);
	assert_int_equal(l->from, day("2023-01-01"));
	assert_int_equal(l->until, INT32_MAX);
	assert_int_equal(l->line, 3);
	assert_true(tc_ends(l->file, TC_STR("/a.yaml")));
	assert_int_equal(l->duty_count, 2);
	assert_true(tc_eq(l->duties[0].what, TC_STR("honour_gpc")));
	assert_true(tc_eq(l->duties[0].mark, TC_STR("unverified")));
	assert_true(tc_eq(l->duties[0].source, TC_STR("statute")));
	assert_int_equal(l->duties[0].from, day("2023-01-01"));
	assert_true(tc_eq(l->duties[1].mark, TC_STR("primary")));
	assert_int_equal(l->duties[1].from, INT32_MIN);
	assert_int_equal(c->pack_count, 1);
	assert_true(tc_eq(c->packs[0].name, TC_STR("t")));
	assert_true(tc_eq(c->packs[0].disclaimer, TC_STR("not legal advice")));
	assert_int_equal(c->packs[0].version, day("2026-11-21"));
	config_destroy(&c);
}

static void
test_what_is_wrong(void **state)
{
	(void)state;
	refused(HEAD "rows:\n  - {name: a, where: [DE], from: 2026-13-01}\n", NULL, "bad-date", 3, "2026-13-01");
	refused(HEAD "rows:\n  - {name: a, where: [DE], until: soon}\n", NULL, "bad-date", 3, "soon");
	refused("pack: {name: t, version: 1}\nrows:\n  - {name: a, where: [DE]}\n", NULL, "bad-date", 1, "\"1\"");
	refused(HEAD "rows:\n  - {name: a, where: [DE], duties: [{what: x, mark: primary, source: y, from: 2026-02-30}]}\n", NULL,
	    "bad-date", 3, "2026-02-30");
	refused(HEAD "rows:\n  - {name: a, where: [DE], from: 2026-02-01, until: 2026-02-01}\n", NULL, "out-of-range", 3,
	    "ends before it begins");
	refused(HEAD "rows:\n  - {name: a, where: [XX]}\n", NULL, "unknown-place", 3, "XX");
	refused(HEAD "rows:\n  - {name: a, where: []}\n", NULL, "missing-value", 3, "rows.a.where");
	refused(HEAD "rows:\n  - {name: A, where: [DE]}\n", NULL, "bad-name", 3, "\"A\"");
	refused(HEAD "rows: []\n", NULL, "missing-value", 2, "no rows");
	refused("rows:\n  - {name: a, where: [DE]}\n", NULL, "missing-key", 2, "no pack");
	refused(HEAD "rows:\n  - {name: a, where: [DE]}\n  - {name: a, where: [FR]}\n", NULL, "duplicate-name", 4, "a.yaml:3");
	refused(HEAD "rows:\n  - {name: a, where: [DE]}\n", HEAD "rows:\n  - {name: a, where: [FR]}\n", "duplicate-name", 3,
	    "a.yaml:3");
	refused(HEAD "rows:\n  - {where: [DE]}\n", NULL, "missing-key", 3, "name");
	refused(HEAD "rows:\n  - {name: a}\n", NULL, "missing-key", 3, "where");
	refused(HEAD "rows:\n  - {name: a, where: [DE], duties: [{what: x, source: y}]}\n", NULL, "missing-key", 3, "mark");
	refused(HEAD "rows:\n  - {name: a, where: [DE], default: {sell_share: opt-inn}}\n", NULL, "unknown-value", 3, "opt-inn");
	refused(HEAD "rows:\n  - {name: a, where: [DE], default: {sale: opt-in}}\n", NULL, "unknown-key", 3, "sale");
	refused("pack: {version: 2026-11-21}\n", NULL, "missing-key", 1, "name");
}

static void
test_rows_that_overlap(void **state)
{
	(void)state;
	refused(HEAD "rows:\n"
	    "  - {name: old, where: [GB], until: 2026-02-06}\n"
	    "  - {name: new, where: [gb], from: 2026-02-05}\n",
	    NULL, "overlapping-rows", 4, "a.yaml:3");
	assert_true(tc_find(messages->v[0].text, TC_STR("new on line 4")) < messages->v[0].text.n);
	assert_true(tc_find(messages->v[0].text, TC_STR("for GB from 2026-02-05")) < messages->v[0].text.n);
	refused(HEAD "rows:\n  - {name: a, where: [US-CA]}\n", HEAD "rows:\n  - {name: b, where: [DE, US-CA]}\n",
	    "overlapping-rows", 3, "for US-CA");
	refused(HEAD "rows:\n  - {name: a, where: [DE, FR, de]}\n", NULL, "overlapping-rows", 3, "names DE twice");
	refused(HEAD "rows:\n" /* the third meets the first, not the second */
		     "  - {name: a, where: [DE], until: 2020-01-01}\n"
		     "  - {name: b, where: [DE], from: 2020-01-01, until: 2021-01-01}\n"
		     "  - {name: c, where: [DE], from: 2019-01-01, until: 2020-01-01}\n",
	    NULL, "overlapping-rows", 5, "a.yaml:3");
	refused(HEAD "rows:\n"
	    "  - {name: a, where: [DE], until: 2020-01-01}\n"
	    "  - {name: b, where: [DE], from: 2020-01-01, until: 2021-01-01}\n"
	    "  - {name: c, where: [DE], from: 2021-01-01, until: 2022-01-01}\n"
	    "  - {name: d, where: [DE], from: 2020-12-31, until: 2021-01-01}\n",
	    NULL, "overlapping-rows", 6, "a.yaml:4");
}

/* Everything that a pack says is part of the configuration's hash. */
static void
test_the_hash_has_packs(void **state)
{
	static const char *const packs[] = {
		"version: 1\n",
		HEAD,
		"pack: {name: u, version: 2026-11-21, disclaimer: not legal advice}\n",
		"pack: {name: t, version: 2026-11-22, disclaimer: not legal advice}\n",
		HEAD "rows:\n  - {name: a, where: [DE]}\n",
		HEAD "rows:\n  - {name: b, where: [DE]}\n",
		HEAD "rows:\n  - {name: a, where: [FR]}\n",
		HEAD "rows:\n  - {name: a, where: [DE], from: 2026-01-01}\n",
		HEAD "rows:\n  - {name: a, where: [DE], until: 2026-01-01}\n",
		HEAD "rows:\n  - {name: a, where: [DE], binding: [gpc]}\n",
		HEAD "rows:\n  - {name: a, where: [DE], default: {sell_share: opt-in}}\n",
		HEAD "rows:\n  - {name: a, where: [DE], default: {measurement: opt-in}}\n",
		HEAD "rows:\n  - {name: a, where: [DE], duties: [{what: x, mark: primary, source: y}]}\n",
		HEAD "rows:\n  - {name: a, where: [DE], duties: [{what: x, mark: secondary, source: y}]}\n",
	};
	char hashes[sizeof(packs) / sizeof(packs[0])][17];

	(void)state;
	for (size_t i = 0; i < sizeof(packs) / sizeof(packs[0]); i++) {
		struct config *c = loaded(packs[i], NULL);

		memcpy(hashes[i], c->hash, sizeof(hashes[i]));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(hashes[i], hashes[k]);
		config_destroy(&c);
	}
}

/* ---- the packs that are shipped ---- */

static struct config *
from_text(const char *text)
{
	static const struct config_overrides judge = {.judge = true};
	struct config *c = NULL;

	(void)config_load_text(TC_STR("text"), tc_str_from(text), &judge, &c, messages);
	return c;
}

/* signals.md 3.1: from which day on a signal binds by law. */
static void
test_shipped_states(void **state)
{
	static const struct {
		const char *place, *from, *row;
		bool binds;
	} states[] = {
		{"US-CA", "2023-01-01", "us-ca", true},
		{"US-CO", "2024-07-01", "us-co", true},
		{"US-CT", "2025-01-01", "us-ct", true},
		{"US-TX", "2025-01-01", "us-tx", true},
		{"US-MT", "2025-01-01", "us-mt", true},
		{"US-NE", "2025-01-01", "us-ne", true},
		{"US-NH", "2025-01-01", "us-nh", true},
		{"US-NJ", "2025-07-15", "us-nj", true},
		{"US-MN", "2025-07-31", "us-mn", true},
		{"US-MD", "2025-10-01", "us-md", true},
		{"US-DE", "2026-01-01", "us-de", true},
		{"US-OR", "2026-01-01", "us-or", true},
		{"US-LA", "2027-01-01", "us-la", true},
		{"US-OK", "2027-01-01", "us-ok", false},
		{"US-AL", "2027-05-01", "us-al", false},
	};
	struct config *c = from_text("version: 1\ninclude: regions/us.yaml\n");

	(void)state;
	assert_non_null(c);
	assert_int_equal(messages->n, 0);
	assert_true(tc_eq(c->laws[0].file, TC_STR("(shipped) regions/us.yaml")));
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		const struct config_law *before, *after;
		struct place p;

		assert_true(place_parse(tc_str_from(states[i].place), &p));
		before = config_law_of(c, &p, day(states[i].from) - 1);
		after = config_law_of(c, &p, day(states[i].from));
		assert_true(tc_eq(before->name, TC_STR("us")));
		assert_true(tc_eq(after->name, tc_str_from(states[i].row)));
		assert_int_equal(after->binding, states[i].binds ? HONOUR_GPC : 0);
		assert_false(after->opt_in_sale || after->opt_in_measurement);
	}
	assert_string_equal(law(c, "US-VA", TODAY), "us-no-signal");
	assert_string_equal(law(c, "US-WY", TODAY), "us");
	config_destroy(&c);
}

/* signals.md 3.4, in the built-in default: what needs a grant where. */
static void
test_shipped_regions(void **state)
{
	static const struct {
		const char *place, *at;
		bool law, sale, measurement;
	} rows[] = {
		{"DE", TODAY, true, true, true},
		{"NO", TODAY, true, true, true},
		{"GB", "2026-02-04", true, true, true},
		{"GB", "2026-02-05", true, true, false},
		{"CH", TODAY, true, true, false},
		{"CA-QC", TODAY, true, true, true},
		{"CA-ON", TODAY, true, false, false},
		{"BR", TODAY, true, true, false},
		{"CN", TODAY, true, true, true},
		{"BM", TODAY, true, false, false},
		{"MU", TODAY, true, false, false},
		{"US-CA", TODAY, true, false, false},
		{"JP", TODAY, false, false, false},
	};
	struct config_overrides over = {.origin = TC_STR("http://127.0.0.1:9")};
	bool sale = false, measurement = false;
	struct config *c = NULL;

	(void)state;
	assert_int_equal(config_load(NULL, &over, &c, messages), 0);
	assert_int_equal(messages->n, 0);
	assert_int_equal(c->pack_count, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct config_law *l;
		struct place p;

		assert_true(place_parse(tc_str_from(rows[i].place), &p));
		l = config_law_of(c, &p, day(rows[i].at));
		assert_int_equal(l != NULL, rows[i].law);
		assert_int_equal(l != NULL && l->opt_in_sale, rows[i].sale);
		assert_int_equal(l != NULL && l->opt_in_measurement, rows[i].measurement);
	}
	config_law_any(c, day(TODAY), &sale, &measurement);
	assert_true(sale && measurement);
	for (size_t i = 0; i < c->pack_count; i++)
		assert_true(tc_eq(c->packs[i].disclaimer, TC_STR("not legal advice")));
	for (size_t i = 0; i < c->law_count; i++)
		assert_true(c->laws[i].duty_count > 0);
	config_destroy(&c);
}

static void
check_found(const struct config *c, const struct config *unprepared, const struct place *p)
{
	assert_int_equal(config_region_at(c, p), config_region_at(unprepared, p));
	for (size_t i = 0; i < c->law_count; i++)
		for (int32_t later = -1; later <= 0; later++) {
			int32_t begins = c->laws[i].from + (c->laws[i].from > INT32_MIN ? later : 0);
			int32_t ends = c->laws[i].until + (c->laws[i].until < INT32_MAX ? later : 0);

			assert_ptr_equal(config_law_of(c, p, begins), config_law_of(unprepared, p, begins));
			assert_ptr_equal(config_law_of(c, p, ends), config_law_of(unprepared, p, ends));
		}
}

/* What is found beforehand is what looking finds, for all places and on all days that matter. */
static void
test_found_beforehand(void **state)
{
	static const struct place odd[] = {{.country = "US", .region = "US-PR"}, {.country = "US", .region = "US-tx"},
	    {.country = "US", .region = "TX"}, {.country = "CA", .region = "US-TX"}, {.country = "DE", .region = "DE-BY"},
	    {.country = "de"}, {.country = "--"}, {.country = "ZZ"}};
	struct config_overrides over = {.origin = TC_STR("http://127.0.0.1:9")};
	struct config *c = NULL, unprepared;
	struct place p;

	(void)state;
	assert_int_equal(config_load(NULL, &over, &c, messages), 0);
	assert_non_null(c->found);
	unprepared = *c;
	unprepared.found = NULL;
	for (size_t i = 0; place_country(i, &p); i++) {
		assert_int_not_equal(c->found[place_number(&p)].region, 0);
		check_found(c, &unprepared, &p);
	}
	for (size_t i = 0; place_state(i, &p); i++) {
		assert_int_not_equal(c->found[place_number(&p)].region, 0);
		check_found(c, &unprepared, &p);
	}
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		check_found(c, &unprepared, &odd[i]);
	assert_true(place_parse(TC_STR("US-TX"), &p));
	assert_true(c->found[place_number(&p)].law_key > 0); /* it saves something */
	config_destroy(&c);
}

/* A configuration without regions of its own has the built-in ones, and their packs; with its own it names its packs. */
static void
test_who_has_packs(void **state)
{
	struct config *c = from_text("version: 1\n");

	(void)state;
	assert_int_equal(c->pack_count, 3);
	config_destroy(&c);
	c = from_text("version: 1\ninclude: [regions/world.yaml, regions/world.yaml]\n"); /* once is enough */
	assert_int_equal(c->pack_count, 1);
	config_destroy(&c);
	c = from_text(SITE);
	assert_int_equal(c->pack_count, 0);
	config_destroy(&c);
	c = from_text("include: [\"regions/*.yaml\"]\n" SITE);
	assert_int_equal(c->pack_count, 3);
	config_destroy(&c);
}

static void
test_what_a_text_cannot_include(void **state)
{
	static const char *const names[] = {"tests/fixtures/config/parts/pack.yaml", "regions/nowhere.yaml", "regions",
	    "/etc/passwd", "us.yaml"};
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(text, sizeof(text), "version: 1\ninclude: %s\n", names[i]);
		assert_null(from_text(text));
		assert_string_equal(messages->v[0].code, "include-missing");
		assert_true(tc_find(messages->v[0].hint, TC_STR("regions/us.yaml")) < messages->v[0].hint.n);
		messages_destroy(&messages);
		messages = messages_new();
	}
}

/* A file beside the one that names it comes before the one compiled in. */
static void
test_files_come_first(void **state)
{
	struct config *c;
	char path[100];

	(void)state;
	path_of("regions", path);
	assert_int_equal(mkdir(path, 0700), 0);
	save("regions/us.yaml", HEAD "rows:\n  - {name: mine, where: [US]}\n");
	save("t.yaml", "include: [regions/us.yaml, regions/world.yaml]\n" SITE);
	path_of("t.yaml", path);
	assert_int_equal(config_load(path, NULL, &c, messages), 0);
	assert_string_equal(law(c, "US", TODAY), "mine");
	assert_string_equal(law(c, "CN", TODAY), "cn");
	config_destroy(&c);
	path_of("regions/us.yaml", path);
	assert_int_equal(unlink(path), 0);
	path_of("regions", path);
	assert_int_equal(rmdir(path), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_most_specific_row_counts, begin, finish),
		cmocka_unit_test_setup_teardown(test_days_switch_rows, begin, finish),
		cmocka_unit_test_setup_teardown(test_unknown_places_have_all_rows, begin, finish),
		cmocka_unit_test_setup_teardown(test_what_a_row_says, begin, finish),
		cmocka_unit_test_setup_teardown(test_what_is_wrong, begin, finish),
		cmocka_unit_test_setup_teardown(test_rows_that_overlap, begin, finish),
		cmocka_unit_test_setup_teardown(test_the_hash_has_packs, begin, finish),
		cmocka_unit_test_setup_teardown(test_shipped_states, begin, finish),
		cmocka_unit_test_setup_teardown(test_shipped_regions, begin, finish),
		cmocka_unit_test_setup_teardown(test_found_beforehand, begin, finish),
		cmocka_unit_test_setup_teardown(test_who_has_packs, begin, finish),
		cmocka_unit_test_setup_teardown(test_what_a_text_cannot_include, begin, finish),
		cmocka_unit_test_setup_teardown(test_files_come_first, begin, finish),
	};

	return cmocka_run_group_tests(tests, begin_all, finish_all);
}
