/* test_embed_page.c: the page that asks before an embed is loaded: what it says in ten languages, where it leads, what it refuses. */
#include "../../proxy/core/embed_page.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"

#define QUERY "url=https%3A%2F%2Fwww.youtube-nocookie.com%2Fembed%2Fx1%3Fautoplay%3D1%26a%3D%27b"

struct asked {
	struct tc_arena *arena;
	struct tc_response res;
	struct tc_str body;
	int rc;
};

static struct tc_decision decision;

static struct asked
ask(struct tc_str query, const char *language, int (*answer)(const struct pages_ctx *, struct tc_response *, struct tc_str *))
{
	struct asked a = {.arena = arena_new(NULL, 1 << 20)};
	struct config_site site = {.pub = {.choices_path = TC_STR("/privacy-choices")}};
	struct tc_request req = {.method = TC_M_GET, .query = query, .fields = {.arena = a.arena}};
	struct pages_ctx ctx = {.site = &site, .decision = &decision, .req = &req, .arena = a.arena};

	assert_non_null(a.arena);
	a.res.fields.arena = a.arena;
	if (language != NULL)
		assert_int_equal(tc_field_add(&req.fields, TC_F_ACCEPT_LANGUAGE, tc_str_from(language)), 0);
	a.rc = answer(&ctx, &a.res, &a.body);
	return a;
}

static bool
says(const struct asked *a, const char *text)
{
	return tc_find(a->body, tc_str_from(text)) < a->body.n;
}

static void
it_says_what_and_who(void **state)
{
	struct asked a = ask(TC_STR(QUERY), NULL, embed_page);

	(void)state;
	assert_int_equal(a.rc, 0);
	assert_int_equal(a.res.status, 200);
	assert_true(says(&a, "<html lang=\"en\" dir=\"ltr\">"));
	assert_true(says(&a, "<title>Video from YouTube</title>"));
	assert_true(says(&a, "<h1 id=\"what\">Video from <bdi>YouTube</bdi></h1>"));
	assert_true(says(&a, "<p>Loading it shares your IP address with <bdi>Google</bdi>.</p>"));
	assert_true(says(&a, "<a id=\"load\" aria-labelledby=\"load what\" "
	    "href=\"https://www.youtube-nocookie.com/embed/x1?autoplay=1&amp;a=&#39;b\">Load</a>"));
	assert_true(says(&a, "<a href=\"https://www.youtube.com/watch?v=x1\" target=\"_blank\" rel=\"noreferrer noopener\">"
	    "Open the original page in a new tab</a>"));
	assert_false(says(&a, "<script"));
	assert_false(says(&a, "style="));
	arena_destroy(&a.arena);
}

static void
its_fields(void **state)
{
	struct asked a = ask(TC_STR(QUERY), NULL, embed_page);
	struct tc_str csp = tc_field_value(&a.res.fields, TC_F_CONTENT_SECURITY_POLICY);

	(void)state;
	assert_true(tc_starts(csp, TC_STR("default-src 'none'; ")));
	assert_true(tc_ends(csp, TC_STR("; frame-ancestors 'self'")));
	assert_true(tc_find(csp, TC_STR("unsafe")) == csp.n && tc_find(csp, TC_STR("script-src")) == csp.n);
	assert_true(tc_eq(tc_field_value(&a.res.fields, TC_F_CACHE_CONTROL), TC_STR("no-store")));
	assert_true(tc_eq(tc_field_value(&a.res.fields, TC_F_REFERRER_POLICY), TC_STR("strict-origin")));
	assert_true(tc_eq(tc_field_value(&a.res.fields, TC_F_X_CONTENT_TYPE_OPTIONS), TC_STR("nosniff")));
	assert_null(tc_field_first(&a.res.fields, TC_F_SET_COOKIE));
	arena_destroy(&a.arena);
}

/* Each language has words of its own with one place for the name, and none has markup or a quote in them. */
static void
ten_languages(void **state)
{
	static const char *const tags[] = {"en", "es", "fr", "de", "nl", "it", "pt", "zh-Hans", "ja", "ar"};

	(void)state;
	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
		struct asked a = ask(TC_STR(QUERY), tags[i], embed_page);
		struct tc_fields wish = {.arena = a.arena};
		const struct language *l, *english = language_for((struct tc_strs){NULL, 0}, &wish);
		char lang[64];

		assert_int_equal(tc_field_add(&wish, TC_F_ACCEPT_LANGUAGE, tc_str_from(tags[i])), 0);
		l = language_for((struct tc_strs){NULL, 0}, &wish);
		assert_true(tc_eq(l->tag, tc_str_from(tags[i])));
		for (int w = W_EMBED_VIDEO; w <= W_EMBED_OPEN; w++) {
			struct tc_str s = word_in(l, (enum word)w);
			size_t at = tc_find(s, TC_STR("{}"));

			assert_non_null(l->words[w]);
			assert_int_equal(at < s.n, w <= W_EMBED_SHARES);
			if (at < s.n)
				assert_int_equal(tc_find(tc_str_of(s.p + at + 2, s.n - at - 2), TC_STR("{}")), s.n - at - 2);
			if (i > 0 && w >= W_EMBED_SHARES)
				assert_false(tc_eq(s, word_in(english, (enum word)w)));
		}
		(void)snprintf(lang, sizeof(lang), "<html lang=\"%s\" dir=\"%s\">", tags[i], i == 9 ? "rtl" : "ltr");
		assert_true(says(&a, lang));
		assert_true(says(&a, "<bdi>YouTube</bdi>"));
		assert_true(says(&a, "<bdi>Google</bdi>"));
		assert_false(says(&a, "{}"));
		arena_destroy(&a.arena);
	}
}

static void
what_is_not_in_the_table_is_not_found(void **state)
{
	static const char *const no[] = {"", "url=", "u=x", "x=1&" QUERY, QUERY "&x=1", "url=https://www.youtube.com/embed/x",
	    "url=https%3A%2F%2Fevil.example%2F", "url=https%3A%2F%2Fwww.youtube.com%2Fredirect%3Fq%3Dhttps%3A%2F%2Fevil.example",
	    "url=javascript%3Aalert%281%29", "url=https%3A%2F%2Fwww.youtube.com%2Fembed%2F..%2Fredirect",
	    "url=https%3A%2F%2Fwww.youtube.com%2Fembed%2Fx%00", "url=https%3A%2F%2Fwww.youtube.com%2Fembed%2Fx%22%3E",
	    "url=https%3A%2F%2Fwww.youtube.com%2Fembed%2Fx%0d%0aX%3A", "url=%"};
	static char long_one[8 * TC_EMBED_URL_MAX];
	struct asked a;

	(void)state;
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++) {
		a = ask(tc_str_from(no[i]), NULL, embed_page);
		if (a.rc != 404)
			fail_msg("%s: %d", no[i], a.rc);
		arena_destroy(&a.arena);
	}
	a = ask(tc_str_of(NULL, 0), NULL, embed_page);
	assert_int_equal(a.rc, 404);
	arena_destroy(&a.arena);
	memset(long_one, 'x', sizeof(long_one));
	memcpy(long_one, "url=", 4);
	a = ask(tc_str_of(long_one, sizeof(long_one)), NULL, embed_page);
	assert_int_equal(a.rc, 404);
	arena_destroy(&a.arena);
}

/* The longest URL, of which each byte becomes a reference, fits the page. */
static void
the_longest_fits(void **state)
{
	static char url[TC_EMBED_URL_MAX], query[3 * TC_EMBED_URL_MAX + 4] = "url=";
	struct asked a;
	size_t n;

	(void)state;
	memset(url, '&', sizeof(url));
	memcpy(url, "https://calendly.com/?", 22);
	n = tc_embed_encode(tc_str_of(url, sizeof(url)), query + 4);
	a = ask(tc_str_of(query, n + 4), "ja", embed_page);
	assert_int_equal(a.rc, 0);
	assert_true(says(&a, "</html>"));
	arena_destroy(&a.arena);
}

/* Residency: nobody is sent to others from here, either. */
static void
residency_refuses_others(void **state)
{
	static const struct tc_str google[] = {TC_STR_INIT("youtube-nocookie.com")}, near[] = {TC_STR_INIT("cookie.com")};
	static const struct tc_strs listed = {google, 1}, other = {near, 1}, none = {NULL, 0};
	const struct tc_strs *all[] = {&listed, &other, &none};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct asked a;

		decision.residency = all[i];
		a = ask(TC_STR(QUERY), NULL, embed_page);
		assert_int_equal(a.rc, i == 0 ? 0 : 403);
		assert_int_equal(a.body.n > 0, i == 0);
		arena_destroy(&a.arena);
	}
	decision.residency = NULL;
}

static void
no_memory_is_said(void **state)
{
	struct asked a;

	(void)state;
	for (size_t max = 1024; max < 128 * 1024; max += 4096) {
		struct tc_arena *arena = arena_new(NULL, max);
		struct config_site site = {.pub = {.languages = {NULL, 0}}};
		struct tc_request req = {.query = TC_STR(QUERY), .fields = {.arena = arena}};
		struct pages_ctx ctx = {.site = &site, .decision = &decision, .req = &req, .arena = arena};

		a = (struct asked){.res = {.fields = {.arena = arena}}};
		a.rc = embed_page(&ctx, &a.res, &a.body);
		assert_true(a.rc == 0 || a.rc == -1);
		arena_destroy(&arena);
	}
	assert_int_equal(a.rc, 0);
}

static void
the_style_sheet(void **state)
{
	struct asked a = ask(tc_str_of(NULL, 0), NULL, embed_page_style);

	(void)state;
	assert_int_equal(a.rc, 0);
	assert_true(tc_eq(a.res.type, TC_STR("text/css")));
	assert_true(says(&a, "prefers-color-scheme:dark"));
	assert_true(says(&a, ":focus-visible"));
	assert_false(says(&a, "animation") || says(&a, "transition") || says(&a, "url("));
	arena_destroy(&a.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_what_and_who),
		cmocka_unit_test(its_fields),
		cmocka_unit_test(ten_languages),
		cmocka_unit_test(what_is_not_in_the_table_is_not_found),
		cmocka_unit_test(the_longest_fits),
		cmocka_unit_test(residency_refuses_others),
		cmocka_unit_test(no_memory_is_said),
		cmocka_unit_test(the_style_sheet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
