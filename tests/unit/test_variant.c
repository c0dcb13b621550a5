/* test_variant.c: entity tags and validators of bodies that were edited or packed, both ways. */
#include "headfilter.h"

#include "../../proxy/core/variant.c"

struct fixture {
	struct tc_arena *arena;
	struct exchange x;
	struct config config;
	struct config_region region;
	struct snapshot snapshot;
	struct use use;
	struct config_site site;
	struct tc_route route;
	struct tc_rule_set rules;
	struct link links[2];
};

static const struct tc_str anywhere[1] = {TC_STR_INIT("*")};
static const struct tc_filter editor = {.name = "editor", .phase = TC_REWRITE};
static const struct tc_filter packer = {.name = "packer", .phase = TC_ENCODE};

static struct fixture *
begin(uint32_t compress, bool page)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->arena = arena_new(NULL, 1 << 20);
	f->region = (struct config_region){.where = {anywhere, 1}, .honour = HONOUR_GPC};
	f->config.regions = &f->region;
	f->config.region_count = 1;
	f->config.strictest = &f->region;
	f->snapshot.config = &f->config;
	f->snapshot.version = 7;
	f->use.snapshot = &f->snapshot;
	f->site.pub.compress = compress;
	f->rules = (struct tc_rule_set){.hash = "1a2b3c4d"};
	f->links[0].filter = &editor;
	f->links[1].filter = &packer;
	f->x.arena = f->arena;
	f->x.use = &f->use;
	f->x.site = &f->site;
	f->x.route = &f->route;
	f->x.decision.rules = &f->rules;
	f->x.req.fields.arena = f->x.res.fields.arena = f->arena;
	f->x.res.status = 200;
	f->x.chain = (struct chain){.links = f->links, .n = 2, .page_expected = page};
	return f;
}

static void
end(struct fixture *f)
{
	arena_destroy(&f->arena);
	free(f);
}

/* What becomes of the origin's tag. */
static const char *
tag_out(bool edited, bool packed, const char *tag)
{
	static char out[200];
	struct fixture *f = begin(TC_CODING_GZIP, edited);

	f->links[0].wants = edited;
	f->links[1].wants = packed;
	if (tag != NULL)
		put(&f->x.res.fields, "ETag", tag);
	assert_int_equal(variant_response(&f->x), 0);
	(void)snprintf(out, sizeof(out), "%s", got(&f->x.res.fields, "ETag"));
	end(f);
	return out;
}

static void
test_tags_out(void **state)
{
	const char *ours = tag_out(true, false, "\"x\"");

	(void)state;
	assert_true(tc_starts(z(ours), TC_STR("W/\"x;tc")) && strlen(ours) == strlen("W/\"x;tc12345678\""));
	assert_string_equal(tag_out(true, true, "W/\"x\""), tag_out(true, false, "\"x\""));
	assert_string_equal(tag_out(false, true, "\"x\""), "W/\"x\"");
	assert_string_equal(tag_out(false, true, "W/\"x\""), "W/\"x\"");
	assert_string_equal(tag_out(false, true, "\"\""), "W/\"\"");
	assert_string_equal(tag_out(false, true, "bare"), "-");
	assert_string_equal(tag_out(false, true, NULL), "-");
	assert_string_equal(tag_out(false, false, "\"x\""), "\"x\"");
	assert_string_equal(tag_out(false, false, "bare"), "bare");
}

/* Fields that speak of the origin's bytes. */
static void
test_fields_out(void **state)
{
	static const struct {
		const char *name;
		bool edited, packed, plain; /* stays? */
	} rows[] = {{"Last-Modified", false, true, true}, {"Content-MD5", false, false, true},
	    {"Digest", false, false, true}, {"Repr-Digest", false, false, true}, {"Content-Digest", false, false, true},
	    {"Signature", false, false, true}, {"Signature-Input", false, false, true},
	    {"Content-Length", false, false, true}, {"Cache-Control", true, true, true}, {"X-Own", true, true, true}};

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		struct fixture *f = begin(TC_CODING_GZIP, false);

		f->links[0].wants = kind == 0;
		f->links[1].wants = kind == 1;
		put(&f->x.res.fields, "Accept-Ranges", "bytes");
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
			put(&f->x.res.fields, rows[i].name, "1");
		assert_int_equal(variant_response(&f->x), 0);
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			bool stays = kind == 0 ? rows[i].edited : kind == 1 ? rows[i].packed
									    : rows[i].plain;

			assert_string_equal(got(&f->x.res.fields, rows[i].name), stays ? "1" : "-");
		}
		assert_string_equal(got(&f->x.res.fields, "Accept-Ranges"), kind == 2 ? "bytes" : "none");
		end(f);
	}
}

/* $ stands for the suffix of this variant, % for that of another. */
static struct tc_str
spelt(struct fixture *f, const char *text)
{
	char key[VARIANT_KEY_LENGTH], *out = tc_alloc_bytes(f->arena, 4096);
	size_t n = 0;

	variant_key(&f->x, key);
	for (; *text != '\0'; text++) {
		if (*text != '$' && *text != '%') {
			out[n++] = *text;
			continue;
		}
		memcpy(out + n, ";tc", 3);
		memcpy(out + n + 3, *text == '$' ? key : "00000000", VARIANT_KEY_LENGTH);
		n += 3 + VARIANT_KEY_LENGTH;
	}
	return tc_str_of(out, n);
}

static void
test_conditions(void **state)
{
	static const struct {
		bool packs, page;
		const char *came, *asked; /* If-None-Match */
		bool date;                /* If-Modified-Since stays */
	} rows[] = {
		/* neither edited nor packed: as they came */
		{false, false, "\"x\"", "\"x\"", true},
		{false, false, "W/\"x\", \"y\"", "W/\"x\", \"y\"", true},
		{false, false, "nonsense", "nonsense", true},
		{false, false, "*", "*", true},
		{false, false, NULL, NULL, true},
		{false, false, "W/\"x%\"", NULL, false},
		{false, false, "W/\"x%\", \"y\"", "\"y\"", true},
		{false, false, "W/\"x%\", W/\"y\"", "W/\"y\"", true},
		/* packed: weakened here, so asked without */
		{true, false, "W/\"x\"", "\"x\"", true},
		{true, false, "\"x\"", "\"x\"", true},
		{true, false, "W/\"x\", \"y\", W/\"z\"", "\"x\", \"y\", \"z\"", true},
		{true, false, "W/\"a,b\",\"c\"", "\"a,b\", \"c\"", true},
		{true, false, "*", "*", true},
		{true, false, "W/\"\"", "\"\"", true},
		{true, false, "W/\"x%\"", NULL, false},
		{true, false, "W/\"x$\", W/\"y\"", "\"y\"", true},
		{true, false, "nonsense", NULL, false},
		{true, false, "W/", NULL, false},
		{true, false, "W/\"open", NULL, false},
		{true, false, "\"x\", open\"", "\"x\"", true},
		{true, false, "", NULL, false},
		/* an edited page: this variant's tags only, packed or not */
		{false, true, "W/\"x$\"", "\"x\"", false},
		{true, true, "W/\"x$\"", "\"x\"", false},
		{true, true, "W/\"x%\", W/\"y$\", \"z\"", "\"y\"", false},
		{true, true, "W/\"x$\", W/\"y$\"", "\"x\", \"y\"", false},
		{true, true, "W/\"a,b$\"", "\"a,b\"", false},
		{true, true, "\"x\"", NULL, false},
		{true, true, "*", NULL, false},
		{true, true, NULL, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fixture *f = begin(rows[i].packs ? TC_CODING_BR : 0, rows[i].page);
		struct tc_fields *fs = &f->x.req.fields;

		if (rows[i].came != NULL)
			assert_int_equal(tc_field_add(fs, TC_F_IF_NONE_MATCH, spelt(f, rows[i].came)), 0);
		put(fs, "If-Modified-Since", "Mon, 02 Nov 2026 10:00:00 GMT");
		assert_int_equal(variant_request(&f->x), 0);
		assert_string_equal(got(fs, "If-None-Match"), rows[i].asked != NULL ? rows[i].asked : "-");
		assert_int_equal(got(fs, "If-Modified-Since")[0] != '-', rows[i].date);
		end(f);
	}
}

static void
test_several_rows(void **state)
{
	struct fixture *f = begin(TC_CODING_BR, false);

	(void)state;
	put(&f->x.req.fields, "If-None-Match", "W/\"a\"");
	put(&f->x.req.fields, "If-None-Match", "\"b\", W/\"c\"");
	assert_int_equal(variant_request(&f->x), 0);
	assert_string_equal(got(&f->x.req.fields, "If-None-Match"), "\"a\", \"b\", \"c\"");
	end(f);
}

static void
test_many_tags(void **state)
{
	static const struct tc_str one = TC_STR_INIT("W/\"tag\", ");
	struct fixture *f = begin(TC_CODING_BR, false);
	char list[9 * 2000];

	(void)state;
	for (size_t i = 0; i < sizeof(list); i++)
		list[i] = one.p[i % one.n];
	assert_int_equal(tc_field_add(&f->x.req.fields, TC_F_IF_NONE_MATCH, tc_str_of(list, sizeof(list))), 0);
	assert_int_equal(variant_request(&f->x), 0);
	assert_int_equal(strlen(got(&f->x.req.fields, "If-None-Match")), TAGS_MAX * 7 - 2);
	end(f);
}

/* A conversation: the visitor's tags, the origin's 304, and the tag that the visitor sees on it. */
static void
test_not_modified(void **state)
{
	static const struct {
		bool packs, page;
		const char *came, *theirs, *seen;
	} rows[] = {
		{true, false, "W/\"x\"", "\"x\"", "W/\"x\""},
		{true, false, "W/\"x\"", "W/\"x\"", "W/\"x\""},
		{true, false, "\"x\"", "\"x\"", "\"x\""},
		{true, false, "W/\"x\", W/\"y\"", "\"y\"", "W/\"y\""},
		{true, false, "W/\"x\"", NULL, "W/\"x\""},
		{true, false, "W/\"x\", W/\"y\"", NULL, "-"},
		{true, false, "W/\"x\"", "\"other\"", "\"other\""},
		{true, false, "*", "\"x\"", "\"x\""},
		{true, true, "W/\"x$\"", "\"x\"", "W/\"x$\""},
		{false, true, "W/\"x$\"", "W/\"x\"", "W/\"x$\""},
		{true, true, "W/\"x$\", W/\"y$\"", "\"y\"", "W/\"y$\""},
		{false, true, "W/\"x$\"", NULL, "W/\"x$\""},
		{false, false, "\"x\"", "\"x\"", "\"x\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fixture *f = begin(rows[i].packs ? TC_CODING_BR : 0, rows[i].page);
		struct tc_str seen = spelt(f, rows[i].seen);

		assert_int_equal(tc_field_add(&f->x.req.fields, TC_F_IF_NONE_MATCH, spelt(f, rows[i].came)), 0);
		assert_int_equal(variant_request(&f->x), 0);
		f->x.res.status = 304;
		if (rows[i].theirs != NULL)
			put(&f->x.res.fields, "ETag", rows[i].theirs);
		assert_int_equal(variant_response(&f->x), 0);
		assert_true(tc_eq(z(got(&f->x.res.fields, "ETag")), seen));
		end(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tags_out),
		cmocka_unit_test(test_fields_out),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_several_rows),
		cmocka_unit_test(test_many_tags),
		cmocka_unit_test(test_not_modified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
