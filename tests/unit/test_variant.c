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
	f->x.req.method = TC_M_GET;
	f->x.req.dest = TC_DEST_DOCUMENT;
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
	    {"Digest", false, false, true}, {"Unencoded-Digest", false, false, true}, {"Repr-Digest", false, false, true}, {"Content-Digest", false, false, true},
	    {"Signature", false, false, true}, {"Signature-Input", false, false, true},
	    {"Content-Length", false, false, true}, {"Cache-Control", true, true, true}, {"X-Own", true, true, true}};

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		struct fixture *f = begin(TC_CODING_GZIP, false);

		f->links[0].wants = kind == 0;
		f->links[1].wants = kind == 1;
		f->x.res.type = TC_STR("text/css");
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

/* The conditions of those who write guard the origin's own copy. */
static void
test_writers_keep_their_conditions(void **state)
{
	static const enum tc_method methods[] = {TC_M_OTHER, TC_M_POST, TC_M_OPTIONS};

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		for (int page = 0; page < 2; page++) {
			struct fixture *f = begin(TC_CODING_BR, page != 0);

			f->x.req.method = methods[i];
			put(&f->x.req.fields, "If-None-Match", "*");
			put(&f->x.req.fields, "If-Match", "\"x\"");
			put(&f->x.req.fields, "If-Modified-Since", "Mon, 02 Nov 2026 10:00:00 GMT");
			assert_int_equal(variant_request(&f->x), 0);
			assert_string_equal(got(&f->x.req.fields, "If-None-Match"), "*");
			assert_string_equal(got(&f->x.req.fields, "If-Match"), "\"x\"");
			assert_string_not_equal(got(&f->x.req.fields, "If-Modified-Since"), "-");
			assert_null(f->x.variant_etag.p);
			end(f);
		}
}

/* Whatever makes one page differ from another makes its key differ. */
static void
test_keys(void **state)
{
	static const struct tc_strs hosts = {NULL, 0};
	char keys[11][VARIANT_KEY_LENGTH];

	(void)state;
	for (size_t i = 0; i < 11; i++) {
		struct fixture *f = begin(0, true);

		if (i == 1)
			f->snapshot.version = 8;
		if (i == 2)
			f->x.decision.denied = TC_CLASS_BIT(TC_ANALYTICS);
		if (i == 3)
			f->rules.hash[7] = 'e';
		if (i == 4)
			f->x.decision.person = true; /* is shown the status */
		if (i == 5)
			f->x.req.dest = TC_DEST_EMPTY; /* is not */
		if (i == 6)
			f->x.facts.gpc = true; /* its browser need not be told */
		if (i == 7)
			f->x.decision.measurement = true;
		if (i == 8 || i == 9)
			f->x.decision.residency = &hosts;
		if (i == 9)
			f->x.decision.region = TC_STR("elsewhere");
		if (i == 10)
			f->x.req.dest = f->x.req.dest == TC_DEST_DOCUMENT ? TC_DEST_ABSENT : TC_DEST_DOCUMENT;
		variant_key(&f->x, keys[i]);
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(keys[i], keys[k], VARIANT_KEY_LENGTH);
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

/* What a 304 says replaces what is stored of the page: nothing of the origin's bytes. */
static void
test_not_modified_disowns(void **state)
{
	static const char *const gone[] = {"Last-Modified", "Repr-Digest", "Content-MD5", "Unencoded-Digest"};

	(void)state;
	for (int page = 0; page < 2; page++) {
		struct fixture *f = begin(0, page != 0);

		assert_int_equal(
		    tc_field_add(&f->x.req.fields, TC_F_IF_NONE_MATCH, spelt(f, page ? "W/\"x$\"" : "\"x\"")), 0);
		assert_int_equal(variant_request(&f->x), 0);
		f->x.res.status = 304;
		put(&f->x.res.fields, "ETag", "\"x\"");
		put(&f->x.res.fields, "Accept-Ranges", "bytes");
		for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
			put(&f->x.res.fields, gone[i], "1");
		assert_int_equal(variant_response(&f->x), 0);
		for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
			assert_string_equal(got(&f->x.res.fields, gone[i]), page ? "-" : "1");
		assert_string_equal(got(&f->x.res.fields, "Accept-Ranges"), page ? "none" : "bytes");
		end(f);
	}
}

static void
test_cache_control(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: no such field; as it was */
	} rows[] = {
		{NULL, "private"},
		{"", "private"},
		{"public", "private"},
		{"private", NULL},
		{"no-store", NULL},
		{"max-age=60", "private, max-age=60"},
		{"public,max-age=60,s-maxage=600", "private, max-age=60"},
		{"PUBLIC, S-MaxAge=1, Max-Age=2", "private, Max-Age=2"},
		{"private, public", "private"},
		{"private, s-maxage=9, no-transform", "private, no-transform"},
		{"no-store, public", "no-store"},
		{"private=\"Set-Cookie, X\", max-age=1", "private, max-age=1"},
		{"no-cache=\"a, public\", max-age=1", "private, no-cache=\"a, public\", max-age=1"},
		{"no-cache=\"a\\\", public\", s-maxage=1", "private, no-cache=\"a\\\", public\""},
		{"a,b,c,d,e,f,g,h", "private, a, b, c, d, e, f, g, h"},
		{",,a,,", "private, a"},
		{"no-cache=\"open, public", "private, no-cache=\"open, public"},
		{"publicity=1", "private, publicity=1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int keyed = 0; keyed < 2; keyed++) {
			struct fixture *f = begin(0, false);
			const char *same = rows[i].in != NULL ? rows[i].in : "-";

			f->site.downstream_cache = keyed ? CACHE_KEYED : CACHE_PRIVATE;
			f->x.res.type = TC_STR("text/html");
			if (rows[i].in != NULL)
				put(&f->x.res.fields, "Cache-Control", rows[i].in);
			put(&f->x.res.fields, "CDN-Cache-Control", "max-age=600");
			put(&f->x.res.fields, "Surrogate-Control", "max-age=600");
			put(&f->x.res.fields, "X-Cache-Controls", "1");
			assert_int_equal(variant_response(&f->x), 0);
			assert_string_equal(got(&f->x.res.fields, "Cache-Control"),
			    keyed || rows[i].out == NULL ? same : rows[i].out);
			assert_string_equal(got(&f->x.res.fields, "CDN-Cache-Control"), keyed ? "max-age=600" : "-");
			assert_string_equal(got(&f->x.res.fields, "Surrogate-Control"), keyed ? "max-age=600" : "-");
			assert_string_equal(got(&f->x.res.fields, "X-Cache-Controls"), "1");
			end(f);
		}
}

/* Two rows are one list. */
static void
test_cache_control_rows(void **state)
{
	struct fixture *f = begin(0, false);

	(void)state;
	f->x.res.type = TC_STR("text/html");
	put(&f->x.res.fields, "Cache-Control", "public");
	put(&f->x.res.fields, "Cache-Control", "max-age=3");
	assert_int_equal(variant_response(&f->x), 0);
	assert_string_equal(got(&f->x.res.fields, "Cache-Control"), "private, max-age=3");
	end(f);
}

static void
test_which_are_kept_apart(void **state)
{
	static const struct {
		int status;
		const char *type;
		enum tc_dest dest;
		const char *accept;
		bool apart;
	} rows[] = {
		{200, "text/html", TC_DEST_IMAGE, NULL, true},
		{404, "text/html", TC_DEST_DOCUMENT, NULL, true},
		{200, "application/xhtml+xml", TC_DEST_DOCUMENT, NULL, true},
		{200, "text/css", TC_DEST_DOCUMENT, NULL, false},
		{200, "", TC_DEST_DOCUMENT, NULL, true}, /* may turn out to be a page */
		{200, "", TC_DEST_EMPTY, "text/html", true},
		{200, "", TC_DEST_EMPTY, "*/*", false},
		{200, "", TC_DEST_IMAGE, NULL, false},
		{304, "", TC_DEST_DOCUMENT, NULL, true},
		{304, "", TC_DEST_STYLE, NULL, false},
		{302, "", TC_DEST_DOCUMENT, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fixture *f = begin(0, false);

		f->x.res.status = rows[i].status;
		f->x.res.type = z(rows[i].type);
		f->x.req.dest = rows[i].dest;
		if (rows[i].accept != NULL)
			put(&f->x.req.fields, "Accept", rows[i].accept);
		assert_int_equal(variant_response(&f->x), 0);
		assert_string_equal(got(&f->x.res.fields, "Vary"), rows[i].apart ? "Sec-GPC" : "-");
		assert_string_equal(got(&f->x.res.fields, "Cache-Control"), rows[i].apart ? "private" : "-");
		end(f);
	}
}

static void
test_vary(void **state)
{
	static const char *const rows[][3] = {{NULL, "Sec-GPC | DNT", "Sec-GPC"},
	    {"Accept-Encoding", "Accept-Encoding | Sec-GPC | DNT", "Accept-Encoding | Sec-GPC"}, {"*", "*", "*"},
	    {"Cookie, *", "Cookie, *", "Cookie, *"}, {"sec-gpc", "sec-gpc | DNT", "sec-gpc"},
	    {"dnt ,Sec-GPC", "dnt ,Sec-GPC", "dnt ,Sec-GPC"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int dnt = 0; dnt < 2; dnt++) {
			struct fixture *f = begin(0, false);

			f->region.honour = dnt ? HONOUR_GPC | HONOUR_DNT : HONOUR_GPC;
			f->x.res.type = TC_STR("text/html");
			if (rows[i][0] != NULL)
				put(&f->x.res.fields, "Vary", rows[i][0]);
			assert_int_equal(variant_response(&f->x), 0);
			assert_string_equal(got(&f->x.res.fields, "Vary"), rows[i][dnt ? 1 : 2]);
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
		cmocka_unit_test(test_writers_keep_their_conditions),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_several_rows),
		cmocka_unit_test(test_many_tags),
		cmocka_unit_test(test_not_modified),
		cmocka_unit_test(test_not_modified_disowns),
		cmocka_unit_test(test_cache_control),
		cmocka_unit_test(test_cache_control_rows),
		cmocka_unit_test(test_which_are_kept_apart),
		cmocka_unit_test(test_vary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
