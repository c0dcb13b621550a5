/* test_query.c: click ids leave the query and the Referer, every other byte stays. */
#include "../../filters/query.c"

#include "headfilter.h"
#include "match_run.h"

static const struct tc_str click_ids[] = {TC_STR_INIT("click-ids")};
static const struct tc_str campaign[] = {TC_STR_INIT("campaign")};
static const struct tc_str affiliate[] = {TC_STR_INIT("affiliate")};
static const struct tc_str named[] = {TC_STR_INIT("utm_*"), TC_STR_INIT("ref"), TC_STR_INIT("*")};

static struct query_opts opts;

static struct fake_call *
begin(const struct tc_str *words, size_t n)
{
	struct fake_call *f = fake_new(&filter_query);

	opts = (struct query_opts){.strip = {words, n}};
	f->call.opts = &opts;
	return f;
}

/* What becomes of a query on a path, its bytes ending at an unreadable page. */
static const char *
left_on(const char *path, const struct tc_str *words, size_t n, const char *query)
{
	static char text[1 << 16];
	struct fake_call *f = begin(words, n);
	char *edge = edge_copy(query, strlen(query));

	f->req.path = f->req.match = z(path);
	f->req.query = tc_str_of(edge, strlen(query));
	assert_int_equal(fake_request(f), 0);
	(void)snprintf(text, sizeof(text), "%s", text_of(f->req.query));
	edge_free(edge, strlen(query));
	fake_free(&f);
	return text;
}

static const char *
left(const struct tc_str *words, size_t n, const char *query)
{
	return left_on("/", words, n, query);
}

static void
test_click_ids(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"gclid=abc", "(none)"},
		{"gclid", "(none)"},
		{"a=1&gclid=abc&b=2", "a=1&b=2"},
		{"fbclid=x&msclkid=y", "(none)"},
		{"gclid=1&a=%2F%20+", "a=%2F%20+"},
		{"utm_source=x&gclid=1", "utm_source=x"}, /* policy rows stay */
		{"gad_source=1&a", "a"},                  /* strip rows of any class go */
		{"a&&b=&gclid", "a&&b="},
		{"a=1;gclid=x;b=2", "a=1;b=2"}, /* badly made links */
		{"a=1&amp;gclid=x&amp;b=2", "a=1&amp&amp;b=2"},
		{"a=1?gclid=x&b=2", "a=1&b=2"},
		{"?gclid=x", "(none)"},
		{"a=1&+gclid=x&%20fbclid=y", "a=1"},
		{"a=1;b=2?c&d;", "a=1;b=2?c&d;"},
		{"GCLID=1", "GCLID=1"},
		{"xgclid=1&gclidx=2", "xgclid=1&gclidx=2"},
		{"q=gclid=1&r=gclid", "q=gclid=1&r=gclid"},
		{"%67clid=1&a=1", "a=1"},
		{"%67%63%6C%69%64=1", "(none)"},
		{"gcl%69d", "(none)"},
		{"gclid%=1&gclid%6=1", "gclid%=1&gclid%6=1"},
		{"%2567clid=1", "%2567clid=1"}, /* decoded once, as the origin does */
		{"mkt_tok=x&_hsenc=y&a=1", "a=1"},
		{"hsa_acc=1&hsa_cam=2", "(none)"},
		{"gclid=1&", "(none)"},
		{"&gclid=1&", "(none)"},
		{"&&", "&&"},
		{"=1&gclid=1", "=1"},
		{"ref=1&source=2&cid=3", "ref=1&source=2&cid=3"},
		{"gclid=1& a", " a"},
		{"a=1;gclid=2", "a=1"}, /* older servers read that */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(left(click_ids, 1, cases[i].in), cases[i].out);
}

static void
test_other_words(void **state)
{
	(void)state;
	assert_string_equal(left(campaign, 1, "utm_source=1&gad_source=2&gclid=3&ref=4"), "gclid=3&ref=4");
	assert_string_equal(left(affiliate, 1, "awc=1&clickid=2&gclid=3&utm_id=4"), "gclid=3&utm_id=4");
	assert_string_equal(left(named, 3, "utm_x=1&ref=2&refs=3&gclid=4&*=5"), "refs=3&gclid=4");
	assert_string_equal(left(NULL, 0, "gclid=1"), "gclid=1");
}

static void
test_user_ids_stay_where_they_work(void **state)
{
	static const char *const kept[] = {"/unsubscribe", "/en/Unsubscribe.html", "/preferences/x", "/confirm-mail", "/oauth2/cb",
	    "/sso", "/sso/login", "/a/sso.php"};
	static const char *const others[] = {"/", "/ssold", "/a?unsubscribe", "/my-confirm", "/press"};

	(void)state;
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		assert_string_equal(left_on(kept[i], click_ids, 1, "mkt_tok=1&gclid=2"), "mkt_tok=1");
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_string_equal(left_on(others[i], click_ids, 1, "mkt_tok=1&gclid=2"), "(none)");
}

/* For every visitor: no wish is needed; and nothing is touched that need not be. */
static void
test_for_all_and_untouched(void **state)
{
	struct fake_call *f = begin(click_ids, 1);
	const char *query = "a=1&b=2";

	(void)state;
	allow_all(f);
	f->req.query = z(query);
	assert_int_equal(fake_request(f), 0);
	assert_ptr_equal(f->req.query.p, query);
	f->req.query = tc_str_of(query, 0); /* "/?" */
	assert_int_equal(fake_request(f), 0);
	assert_non_null(f->req.query.p);
	f->req.query = z("gclid=1");
	assert_int_equal(fake_request(f), 0);
	assert_null(f->req.query.p);
	assert_int_equal(fake_did(f, TC_DID_PARAMETER), 1);
	assert_string_equal(text_of(f->did[0].what), "gclid");
	fake_free(&f);
}

static void
test_referer(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"https://www.example.com/land?gclid=secret&a=1", "https://www.example.com/land?a=1"},
		{"https://www.example.com/land?gclid=secret", "https://www.example.com/land"},
		{"https://www.example.com/land?", "https://www.example.com/land?"},
		{"https://www.example.com/gclid=1", "https://www.example.com/gclid=1"},
		{"https://sso.example.com/?mkt_tok=1", "https://sso.example.com/"},
		{"https://www.example.com/unsubscribe?mkt_tok=1&gclid=2", "https://www.example.com/unsubscribe?mkt_tok=1"},
		{"nonsense?gclid=1", "nonsense"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = begin(click_ids, 1);

		put(&f->req.fields, "Referer", cases[i].in);
		assert_int_equal(fake_request(f), 0);
		assert_string_equal(got(&f->req.fields, "Referer"), cases[i].out);
		fake_free(&f);
	}
}

/* ---- rules of lists ---- */

/* What becomes of a query under this list, for a visitor who said no; nothing is to be stripped for all. */
static const char *
listed(const char *rules, const char *path, const char *query)
{
	static char text[1 << 16];
	struct match_db *db = build(rules);
	struct fake_call *f = begin(NULL, 0);

	f->conf = db;
	f->req.path = f->req.match = z(path);
	f->req.query = z(query);
	assert_int_equal(fake_request(f), 0);
	(void)snprintf(text, sizeof(text), "%s", text_of(f->req.query));
	for (size_t i = 0; i < f->did_n; i++)
		assert_int_equal(f->did[i].pack, TC_PACK_OPERATOR);
	fake_free(&f);
	match_destroy(&db);
	return text;
}

static void
test_lists(void **state)
{
	static const struct {
		const char *rules, *path, *in, *out;
	} cases[] = {
		{"$removeparam=xid", "/", "a=1&xid=2&b=%20+3", "a=1&b=%20+3"},
		{"$removeparam=xid", "/", "xid", "(none)"},
		{"$removeparam=xid", "/", "XID=1&axid=2&q=xid", "XID=1&axid=2&q=xid"},
		{"$removeparam=xid", "/", "%78id=2&a=1", "a=1"},
		{"$removeparam=/^x_[a-z]+=7$/", "/", "x_a=7&x_b=8&x_1=7", "x_b=8&x_1=7"},
		{"$removeparam", "/", "a=1&b=2", "(none)"},
		{"$removeparam=~a", "/", "a=1&b=2", "a=1"},
		{"||example.com/shop$removeparam=xid", "/shop/x", "xid=1&a=1", "a=1"},
		{"||example.com/shop$removeparam=xid", "/", "xid=1&a=1", "xid=1&a=1"},
		{"||other.example^$removeparam=xid", "/", "xid=1", "xid=1"},
		{"$removeparam=xid\n@@||example.com/keep$removeparam=xid", "/keep", "xid=1", "xid=1"},
		{"$removeparam=xid,image", "/", "xid=1", "xid=1"},
		{"$removeparam=gclid", "/", "gclid=1&a=2", "a=2"},                                       /* the rule set strips nothing, but the list does */
		{"$removeparam=awc", "/", "awc=1", "(none)"},                                            /* a row marked policy: the operator has decided */
		{"$removeparam", "/", "a=1&utm_id=2&__hstc=3&hs_preview=4&ref=5", "hs_preview=4&ref=5"}, /* a row that keeps wins */
		/* Where ids of people are needed, what we do not know may be one. */
		{"$removeparam", "/unsubscribe", "mkt_tok=1&who=2&gclid=3", "mkt_tok=1&who=2"},
		{"$removeparam=who", "/email/preferences", "who=2", "who=2"},
		{"$removeparam=who", "/", "who=2", "(none)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(listed(cases[i].rules, cases[i].path, cases[i].in), cases[i].out);
}

static void
test_lists_where_nothing_is_denied(void **state)
{
	struct match_db *db = build("$removeparam=xid");
	struct fake_call *f = begin(click_ids, 1);

	(void)state;
	allow_all(f);
	f->conf = db;
	f->req.query = z("xid=1&gclid=2");
	put(&f->req.fields, "Referer", "https://www.example.com/a?xid=1&gclid=2");
	assert_int_equal(fake_request(f), 0);
	assert_string_equal(text_of(f->req.query), "xid=1");
	assert_string_equal(got(&f->req.fields, "Referer"), "https://www.example.com/a?xid=1");
	fake_free(&f);
	match_destroy(&db);
}

/* The page that the visitor comes from is another URL, with rules of its own. */
static void
test_lists_in_the_referer(void **state)
{
	struct match_db *db = build("||example.com/land$removeparam=xid\n||news.example^$removeparam=nid");
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"https://www.example.com/land?xid=1&a=2", "https://www.example.com/land?a=2"},
		{"https://www.example.com/other?xid=1&a=2", "https://www.example.com/other?xid=1&a=2"},
		{"https://news.example/?nid=1", "https://news.example/"},
		{"https://www.example.com/unsubscribe?who=1", "https://www.example.com/unsubscribe?who=1"},
		{"https://[/?xid=1&a=2", "https://[/"}, /* nobody can say which page that is */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = begin(NULL, 0);

		f->conf = db;
		put(&f->req.fields, "Referer", cases[i].in);
		assert_int_equal(fake_request(f), 0);
		assert_string_equal(got(&f->req.fields, "Referer"), cases[i].out);
		fake_free(&f);
	}
	match_destroy(&db);
}

/* ---- the redirect ---- */

static void
test_redirect(void **state)
{
	static const struct {
		enum tc_method method;
		enum tc_dest dest;
		const char *accept, *path, *query, *to; /* to: NULL: it goes on */
	} cases[] = {
		{TC_M_GET, TC_DEST_DOCUMENT, NULL, "/a", "gclid=1&b=2", "https://www.example.com/a?b=2"},
		{TC_M_HEAD, TC_DEST_DOCUMENT, NULL, "/a", "gclid=1", "https://www.example.com/a"},
		{TC_M_GET, TC_DEST_ABSENT, "text/html,*/*", "/a", "gclid=1", "https://www.example.com/a"},
		{TC_M_GET, TC_DEST_DOCUMENT, NULL, "//evil.example/a", "gclid=1", "https://www.example.com//evil.example/a"},
		{TC_M_GET, TC_DEST_DOCUMENT, NULL, "/a", "b=2", NULL},
		{TC_M_GET, TC_DEST_DOCUMENT, NULL, "/a", NULL, NULL},
		{TC_M_POST, TC_DEST_DOCUMENT, NULL, "/a", "gclid=1", NULL},
		{TC_M_GET, TC_DEST_ABSENT, "*/*", "/a", "gclid=1", NULL},
		{TC_M_GET, TC_DEST_EMPTY, "text/html", "/a", "gclid=1", NULL},
		{TC_M_GET, TC_DEST_IMAGE, NULL, "/a", "gclid=1", NULL},
	};

	(void)state;
	for (int on = 0; on < 2; on++)
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			struct fake_call *f = begin(click_ids, 1);
			const char *to = on != 0 ? cases[i].to : NULL;

			opts.redirect = on != 0;
			f->req.method = cases[i].method;
			f->req.dest = cases[i].dest;
			f->req.path = f->req.match = z(cases[i].path);
			f->req.query = z(cases[i].query);
			put(&f->req.fields, "Referer", "https://www.example.com/?gclid=1");
			if (cases[i].accept != NULL)
				put(&f->req.fields, "Accept", cases[i].accept);
			assert_int_equal(fake_request(f), to != NULL ? 302 : 0);
			assert_int_equal(f->answered, to != NULL);
			if (to != NULL)
				assert_string_equal(text_of(f->answer_to), to);
			assert_true(!f->answered || strcmp(f->answer_cache, "no-store") == 0);
			fake_free(&f);
		}
}

static void
test_long_encoded_name(void **state)
{
	static char query[4000];
	size_t n = 0;

	(void)state;
	n = (size_t)snprintf(query, sizeof(query), "%%68sa_");
	memset(query + n, 'x', 3000);
	assert_string_equal(left(click_ids, 1, query), "(none)"); /* prefix row hsa_ */
}

static void
test_arena_full(void **state)
{
	struct fake_call *f = begin(click_ids, 1);
	struct tc_arena *small = arena_new(NULL, 4);

	(void)state;
	f->req.query = TC_STR("gclid=1&a=1");
	f->call.arena = small;
	assert_int_equal(fake_request(f), 431);
	arena_destroy(&small);
	fake_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_click_ids),
		cmocka_unit_test(test_other_words),
		cmocka_unit_test(test_user_ids_stay_where_they_work),
		cmocka_unit_test(test_for_all_and_untouched),
		cmocka_unit_test(test_referer),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_lists_where_nothing_is_denied),
		cmocka_unit_test(test_lists_in_the_referer),
		cmocka_unit_test(test_redirect),
		cmocka_unit_test(test_long_encoded_name),
		cmocka_unit_test(test_arena_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
