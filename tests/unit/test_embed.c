/* test_embed.c: the table of embeds, and their URLs: read, softened, carried in a query. */
#include "../../proxy/base/embed.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct tc_embed *
read_one(const char *text, struct tc_embed_url *url)
{
	size_t n = strlen(text);
	char *exact = malloc(n + 1); /* nothing behind it may be read; it lives as long as the test */
	const struct tc_embed *e;

	assert_non_null(exact);
	memcpy(exact, text, n);
	e = tc_embed_read(tc_str_of(exact, n), url);
	if (e == NULL)
		free(exact);
	return e;
}

static void
free_url(struct tc_embed_url *url)
{
	free((char *)(uintptr_t)url->text.p);
}

static void
check(const char *text, const char *vendor, const char *receiver, enum tc_embed_kind kind)
{
	struct tc_embed_url url;
	const struct tc_embed *e = read_one(text, &url);

	if (e == NULL)
		fail_msg("%s is no embed", text);
	assert_int_equal(e->vendor.n, strlen(vendor));
	assert_memory_equal(e->vendor.p, vendor, e->vendor.n);
	assert_int_equal(e->receiver.n, strlen(receiver));
	assert_memory_equal(e->receiver.p, receiver, e->receiver.n);
	assert_int_equal(e->kind, kind);
	free_url(&url);
}

static void
known_ones_are_found(void **state)
{
	(void)state;
	check("https://www.youtube.com/embed/x1", "YouTube", "Google", TC_EMBED_VIDEO);
	check("https://www.youtube-nocookie.com/embed/x1?start=3", "YouTube", "Google", TC_EMBED_VIDEO);
	check("https://player.vimeo.com/video/76979871?h=8272103f6e#t=30s", "Vimeo", "Vimeo", TC_EMBED_VIDEO);
	check("https://www.google.com/maps/embed?pb=!1m18", "Google Maps", "Google", TC_EMBED_MAP);
	check("https://maps.google.de/?q=Bonn&output=embed", "Google Maps", "Google", TC_EMBED_MAP);
	check("https://open.spotify.com/embed/track/1", "Spotify", "Spotify", TC_EMBED_AUDIO);
	check("https://w.soundcloud.com/player/?url=x", "SoundCloud", "SoundCloud", TC_EMBED_AUDIO);
	check("https://platform.twitter.com/embed/Tweet.html?id=20", "X", "X", TC_EMBED_POST);
	check("https://www.instagram.com/p/AbC/embed/", "Instagram", "Meta", TC_EMBED_POST);
	check("https://www.facebook.com/plugins/video.php?href=x", "Facebook", "Meta", TC_EMBED_VIDEO);
	check("https://www.facebook.com/plugins/page.php?href=x", "Facebook", "Meta", TC_EMBED_POST);
	check("https://www.tiktok.com/embed/v2/7", "TikTok", "TikTok", TC_EMBED_VIDEO);
	check("https://www.dailymotion.com/embed/video/x7", "Dailymotion", "Dailymotion", TC_EMBED_VIDEO);
	check("https://fast.wistia.net/embed/iframe/abc", "Wistia", "Wistia", TC_EMBED_VIDEO);
	check("https://home.wistia.com/embed/iframe/abc", "Wistia", "Wistia", TC_EMBED_VIDEO);
	check("https://calendly.com/someone/30min", "Calendly", "Calendly", TC_EMBED_CALENDAR);
	check("https://example.typeform.com/to/abc", "Typeform", "Typeform", TC_EMBED_FORM);
	check("https://docs.google.com/forms/d/e/1/viewform", "Google Forms", "Google", TC_EMBED_FORM);
}

static void
others_and_odd_ones_are_not(void **state)
{
	static const char *const no[] = {"", "https://", "https:///embed/x", "https://www.youtube.com", "https://www.youtube.com/",
	    "https://www.youtube.com/watch?v=x", "https://www.youtube.com/embedded/x", "https://www.youtube.com/redirect?q=https://evil.example",
	    "http://www.youtube.com/embed/x", "//www.youtube.com/embed/x", "javascript:alert(1)", "data:text/html,x",
	    "https://www.youtube.com.evil.example/embed/x", "https://evil.example/https://www.youtube.com/embed/x",
	    "https://www.youtube.com@evil.example/embed/x", "https://u:p@www.youtube.com/embed/x",
	    "https://www.youtube.com:8443/embed/x", "https://www.youtube.com./embed/x", "https://WWW.youtube.com/embed/x",
	    "https://www.youtube.com\\@evil.example/embed/x", "https://www.youtube.com/embed/../redirect?q=1",
	    "https://www.youtube.com/embed/%2e%2E/redirect", "https://www.youtube.com/embed/.%2e/redirect",
	    "https://www.youtube.com/embed/x y", "https://www.youtube.com/embed/x\n", "https://www.youtube.com/embed/\"x",
	    "https://www.youtube.com/embed/<x", "https://www.youtube.com/embed/x\x7f", "https://www.youtube.com/embed/\xc3\xbc",
	    "https://typeform.com/to/x", "https://.typeform.com.evil.example/to/x", "https://eviltypeform.com/to/x",
	    "https://www.google.com/recaptcha/api2/anchor", "https://www.google.com/mapsx", "https://accounts.google.com/"};
	char long_one[TC_EMBED_URL_MAX + 64];
	struct tc_embed_url url;

	(void)state;
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		if (read_one(no[i], &url) != NULL)
			fail_msg("%s is an embed", no[i]);
	memset(long_one, 'x', sizeof(long_one));
	memcpy(long_one, "https://www.youtube.com/embed/", 30);
	assert_null(tc_embed_read(tc_str_of(long_one, TC_EMBED_URL_MAX + 1), &url));
	assert_non_null(tc_embed_read(tc_str_of(long_one, TC_EMBED_URL_MAX), &url));
}

/* Every row is the first one for something: none hides behind those before it. */
static void
every_row_can_be_reached(void **state)
{
	(void)state;
	for (size_t i = 0; i < tc_embed_count; i++) {
		struct tc_str hosts = tc_embeds[i].hosts;
		bool reached = false;

		while (hosts.p != NULL) {
			struct tc_str host = tc_next(&hosts, ' ');

			if (tc_starts(host, TC_STR("*.")))
				host = TC_STR("x");
			reached |= host.n == 1 || tc_embed_find(host, tc_embeds[i].path) == &tc_embeds[i];
			assert_true(host.n > 0);
		}
		if (!reached)
			fail_msg("row %zu is never reached", i);
	}
}

/* What the rewriter writes the page reads again, and the host in its place is in the table, too. */
static void
privacy_mode_stays_in_the_table(void **state)
{
	char text[256], soft[TC_EMBED_URL_MAX];
	struct tc_embed_url url;

	(void)state;
	for (size_t i = 0; i < tc_embed_count; i++) {
		const struct tc_embed *e = &tc_embeds[i];
		struct tc_str hosts = e->hosts, host = tc_next(&hosts, ' ');
		size_t n = (size_t)snprintf(text, sizeof(text), "https://%s%.*s%.*s", host.p[0] == '*' ? "x" : "",
		    (int)(host.n - (host.p[0] == '*')), host.p + (host.p[0] == '*'), (int)e->path.n, e->path.p);

		if (tc_embed_read(tc_str_of(text, n), &url) == NULL)
			fail_msg("row %zu: %s", i, text);
		n = tc_embed_soften(e, &url, soft);
		assert_true(n > 0);
		if (tc_embed_read(tc_str_of(soft, n), &url) == NULL)
			fail_msg("row %zu: %.*s", i, (int)n, soft);
	}
}

static void
soft(const char *from, const char *to)
{
	char out[TC_EMBED_URL_MAX];
	struct tc_embed_url url;
	const struct tc_embed *e = read_one(from, &url);
	size_t n;

	assert_non_null(e);
	n = tc_embed_soften(e, &url, out);
	if (n != strlen(to) || memcmp(out, to, n) != 0)
		fail_msg("%s became %.*s", from, (int)n, out);
	free_url(&url);
}

static void
privacy_mode_keeps_the_rest(void **state)
{
	(void)state;
	soft("https://www.youtube.com/embed/x?autoplay=1&start=3#a", "https://www.youtube-nocookie.com/embed/x?autoplay=1&start=3#a");
	soft("https://youtube.com/embed/x", "https://www.youtube-nocookie.com/embed/x");
	soft("https://www.youtube-nocookie.com/embed/x?y", "https://www.youtube-nocookie.com/embed/x?y");
	soft("https://player.vimeo.com/video/1", "https://player.vimeo.com/video/1?dnt=1");
	soft("https://player.vimeo.com/video/1?", "https://player.vimeo.com/video/1?dnt=1");
	soft("https://player.vimeo.com/video/1?h=a?", "https://player.vimeo.com/video/1?h=a?&dnt=1");
	soft("https://player.vimeo.com/video/1?h=a%26b#t=3", "https://player.vimeo.com/video/1?h=a%26b&dnt=1#t=3");
	soft("https://player.vimeo.com/video/1#t=3", "https://player.vimeo.com/video/1?dnt=1#t=3");
	soft("https://player.vimeo.com/video/1?dnt=0&h=a", "https://player.vimeo.com/video/1?dnt=1&h=a");
	soft("https://player.vimeo.com/video/1?dnt&h=a", "https://player.vimeo.com/video/1?dnt=1&h=a");
	soft("https://player.vimeo.com/video/1?h=a&dnt=1", "https://player.vimeo.com/video/1?h=a&dnt=1");
	soft("https://player.vimeo.com/video/1?xdnt=1", "https://player.vimeo.com/video/1?xdnt=1&dnt=1");
	soft("https://open.spotify.com/embed/track/1?a=b&", "https://open.spotify.com/embed/track/1?a=b&");
}

static void
no_room_is_said(void **state)
{
	char text[TC_EMBED_URL_MAX], out[TC_EMBED_URL_MAX];
	struct tc_embed_url url;
	const struct tc_embed *e;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "https://player.vimeo.com/video/1?", 33);
	e = tc_embed_read(tc_str_of(text, sizeof(text)), &url);
	assert_non_null(e);
	assert_int_equal(tc_embed_soften(e, &url, out), 0);
	e = tc_embed_read(tc_str_of(text, sizeof(text) - 6), &url);
	assert_int_equal(tc_embed_soften(e, &url, out), TC_EMBED_URL_MAX);
	assert_int_equal(tc_embed_page(e, &url, out), 19);
}

static void
page(const char *from, const char *to)
{
	char out[TC_EMBED_URL_MAX];
	struct tc_embed_url url;
	const struct tc_embed *e = read_one(from, &url);
	size_t n;

	assert_non_null(e);
	n = tc_embed_page(e, &url, out);
	if (n != strlen(to) || memcmp(out, to, n) != 0)
		fail_msg("%s is read at %.*s", from, (int)n, out);
	free_url(&url);
}

static void
the_page_behind_it(void **state)
{
	(void)state;
	page("https://www.youtube.com/embed/x1?start=3", "https://www.youtube.com/watch?v=x1");
	page("https://www.youtube-nocookie.com/embed/x1", "https://www.youtube.com/watch?v=x1");
	page("https://www.youtube.com/embed/videoseries?a=b&list=PL1", "https://www.youtube.com/playlist?list=PL1");
	page("https://www.youtube.com/embed/videoseries", "https://www.youtube.com/embed/videoseries");
	page("https://www.youtube.com/embed?listType=playlist&list=PL1", "https://www.youtube.com/embed?listType=playlist&list=PL1");
	page("https://open.spotify.com/embed/track/1?si=2", "https://open.spotify.com/track/1");
	page("https://player.vimeo.com/video/1?h=2", "https://vimeo.com/1");
	page("https://geo.dailymotion.com/player.html?video=x7", "https://www.dailymotion.com/video/x7");
	page("https://embed.music.apple.com/us/album/1", "https://music.apple.com/us/album/1");
	page("https://www.google.com/maps/embed?pb=1", "https://www.google.com/maps");
	page("https://calendly.com/a/b", "https://calendly.com/a/b");
}

/* A page is never on a host that a visitor's browser could be sent to by what stands in the URL. */
static void
the_page_is_no_open_redirect(void **state)
{
	(void)state;
	for (size_t i = 0; i < tc_embed_count; i++) {
		struct tc_str p = tc_embeds[i].page;
		size_t brace = tc_find_byte(p, '{');

		if (p.n == 0 || brace == p.n)
			continue;
		tc_skip(&p, 8);
		/* "{*}" begins with '/', so it may stand behind the host */
		assert_true(tc_find_byte(p, '/') < brace - 8 || tc_ends(p, TC_STR("{*}")));
	}
}

static void
a_query_carries_it(void **state)
{
	char bytes[256], code[3 * 256], back[3 * 256];
	size_t n;

	(void)state;
	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	n = tc_embed_encode(tc_str_of(bytes, 256), code);
	for (size_t i = 0; i < n; i++)
		assert_non_null(memchr("%-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", code[i], 67));
	assert_int_equal(tc_embed_decode(tc_str_of(code, n), back), 256);
	assert_memory_equal(back, bytes, 256);
	assert_int_equal(tc_embed_decode(TC_STR("%3a%2F"), back), 2);
	assert_memory_equal(back, ":/", 2);
	assert_int_equal(tc_embed_decode(TC_STR("a%2"), back), 0);
	assert_int_equal(tc_embed_decode(TC_STR("a%"), back), 0);
	assert_int_equal(tc_embed_decode(TC_STR("a%zz"), back), 0);
	assert_int_equal(tc_embed_decode(TC_STR("a+b"), back), 0);
	assert_int_equal(tc_embed_decode(TC_STR("https://x"), back), 0);
	assert_int_equal(tc_embed_decode(TC_STR("a&b"), back), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_ones_are_found),
		cmocka_unit_test(others_and_odd_ones_are_not),
		cmocka_unit_test(every_row_can_be_reached),
		cmocka_unit_test(privacy_mode_stays_in_the_table),
		cmocka_unit_test(privacy_mode_keeps_the_rest),
		cmocka_unit_test(no_room_is_said),
		cmocka_unit_test(the_page_behind_it),
		cmocka_unit_test(the_page_is_no_open_redirect),
		cmocka_unit_test(a_query_carries_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
