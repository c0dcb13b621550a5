/*
 * test_embed_frames.c: frames that show something of others, in each mode, however they are written and cut; what their
 * allow attribute says; policies that would keep out what is written.
 */
#include "../../filters/html/embed.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "html_run.h"

#define ASK "/.well-known/tacet/embed?url=https%3A%2F%2F"
#define NOCOOKIE ASK "www.youtube-nocookie.com%2Fembed%2F"

static const struct html_opts modes[] = {{EMBEDS_KEEP, false}, {EMBEDS_PRIVACY_MODE, false}, {EMBEDS_CLICK_TO_LOAD, false},
    {EMBEDS_REMOVE, false}};

static struct fake_call *
page_in(enum embeds mode)
{
	struct fake_call *f = fake_new(&filter_html);

	f->conf = html_db();
	f->call.opts = &modes[mode];
	f->req.path = f->req.match = TC_STR("/dir/page.html");
	return f;
}

static void
check_with(enum embeds mode, const char *in, const char *out, void (*more)(struct fake_call *))
{
	size_t n = strlen(in);

	for (size_t cut = 0; cut <= n + 1; cut++) {
		struct fake_call *f = page_in(mode);

		if (more != NULL)
			more(f);
		assert_int_equal(fake_respond(f), 0);
		/* whole, cut once at every place, byte by byte */
		if (cut == 0 || cut > n)
			assert_int_equal(cut == 0 ? fake_feed(f, tc_str_from(in), NULL, 0) : fake_feed_by(f, tc_str_from(in), 1), 0);
		else
			assert_int_equal(fake_feed(f, tc_str_from(in), &cut, 1), 0);
		if (f->out_n != strlen(out) || memcmp(f->out, out, f->out_n) != 0)
			fail_msg("cut %zu\n%s\nbecame\n%.*s\nnot\n%s", cut, in, (int)f->out_n, f->out, out);
		fake_free(&f);
	}
}

/* And what came out stays as it is. */
static void
check(enum embeds mode, const char *in, const char *out)
{
	check_with(mode, in, out, NULL);
	check_with(mode, out, out, NULL);
}

static void
keep_changes_nothing(void **state)
{
	static const char *const in[] = {"<iframe src=https://www.youtube.com/embed/x allow=autoplay></iframe>",
	    "<iframe src='https://player.vimeo.com/video/1'></iframe>", "<iframe data-src=\"//www.google.com/maps/embed?pb=1\"></iframe>"};

	(void)state;
	for (size_t i = 0; i < sizeof(in) / sizeof(*in); i++)
		check(EMBEDS_KEEP, in[i], in[i]);
	check(EMBEDS_KEEP, "<iframe src=//t.example/x></iframe>", "<iframe src=about:blank></iframe>");
}

static void
privacy_mode_changes_the_address(void **state)
{
	(void)state;
	check(EMBEDS_PRIVACY_MODE, "<iframe width=\"560\" src=\"https://www.youtube.com/embed/x?start=3\" allow=\"autoplay\"></iframe>",
	    "<iframe width=\"560\" src=\"https://www.youtube-nocookie.com/embed/x?start=3\" allow=\"autoplay\"></iframe>");
	check(EMBEDS_PRIVACY_MODE, "<iframe src='//www.youtube.com/embed/x?a=1&amp;b=2'>",
	    "<iframe src='https://www.youtube-nocookie.com/embed/x?a=1&amp;b=2'>");
	check(EMBEDS_PRIVACY_MODE, "<iframe src=http://www.youtube.com/embed/x?a=1&b=2>",
	    "<iframe src=https://www.youtube-nocookie.com/embed/x?a=1&amp;b=2>");
	check(EMBEDS_PRIVACY_MODE, "<iframe src=\"https://player.vimeo.com/video/1?h=ab&amp;title=0#t=3s\">",
	    "<iframe src=\"https://player.vimeo.com/video/1?h=ab&amp;title=0&amp;dnt=1#t=3s\">");
	check(EMBEDS_PRIVACY_MODE, "<iframe src=https://player.vimeo.com/video/1>",
	    "<iframe src=https://player.vimeo.com/video/1?dnt=1>");
	check(EMBEDS_PRIVACY_MODE, "<iframe src='https://player.vimeo.com/video/1?t=it&#39;s'>",
	    "<iframe src='https://player.vimeo.com/video/1?t=it%27s&amp;dnt=1'>");
	check(EMBEDS_PRIVACY_MODE, "<iframe src=\"https://open.spotify.com/embed/track/1?a&b\" data-src=\"https://www.youtube.com/embed/y\">",
	    "<iframe src=\"https://open.spotify.com/embed/track/1?a&b\" data-src=\"https://www.youtube-nocookie.com/embed/y\">");
}

static void
click_to_load_asks_first(void **state)
{
	(void)state;
	check(EMBEDS_CLICK_TO_LOAD,
	    "<p><iframe width=\"560\" height=\"315\" class=\"v\" title=\"T\" src=\"https://www.youtube.com/embed/x1?autoplay=1&amp;start=3\" "
	    "allowfullscreen loading=lazy></iframe></p>",
	    "<p><iframe width=\"560\" height=\"315\" class=\"v\" title=\"T\" src=\"" NOCOOKIE "x1%3Fautoplay%3D1%26start%3D3\" "
	    "allowfullscreen loading=lazy></iframe></p>");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe src='//www.youtube.com/embed/x'>", "<iframe src='" NOCOOKIE "x'>");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe src=//www.youtube.com/embed/x>", "<iframe src=" NOCOOKIE "x>");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe/src=//www.youtube.com/embed/x/>", "<iframe/src=" NOCOOKIE "x%2F>");
	check(EMBEDS_CLICK_TO_LOAD, "<IFRAME SRC=\" HTTPS:\\\\WWW.YouTube.Com\\embed/x\n y \">", "<IFRAME SRC=\"" NOCOOKIE "x%2520y\">");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe src=https&colon;&sol;/www.you&#116;ube.com/embed/&quot;x>", "<iframe src=" NOCOOKIE "%2522x>");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe src=a src=//www.youtube.com/embed/x src='//www.youtube.com/embed/y'>",
	    "<iframe src=a src=" NOCOOKIE "x src='" NOCOOKIE "y'>");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe data-src=//www.youtube.com/embed/x data-lazy-src='https://calendly.com/a'>",
	    "<iframe data-src=" NOCOOKIE "x data-lazy-src='" ASK "calendly.com%2Fa'>");
	check(EMBEDS_CLICK_TO_LOAD, "<div data-src=//www.youtube.com/embed/x>", "<div data-src=" NOCOOKIE "x>");
	check(EMBEDS_CLICK_TO_LOAD, "<embed src=//www.youtube.com/v/x><object data=//www.youtube.com/embed/x></object>",
	    "<embed src=" ASK "www.youtube.com%2Fv%2Fx><object data=" NOCOOKIE "x></object>");
	check(EMBEDS_CLICK_TO_LOAD, "<noscript><iframe src=//www.youtube.com/embed/x></iframe></noscript>",
	    "<noscript><iframe src=" NOCOOKIE "x></iframe></noscript>");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe srcdoc='<iframe src=//www.youtube.com/embed/x>'></iframe>",
	    "<iframe srcdoc='<iframe src=" NOCOOKIE "x>'></iframe>");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe src='https://www.google.com/maps?q=M\xc3\xbcnchen&output=embed'>",
	    "<iframe src='" ASK "www.google.com%2Fmaps%3Fq%3DM%25C3%25BCnchen%26output%3Dembed'>");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe src='https://player.vimeo.com/video/1#t=3 &lt;\\'>",
	    "<iframe src='" ASK "player.vimeo.com%2Fvideo%2F1%3Fdnt%3D1%23t%3D3%2520%253C%255C'>");
}

static void
remove_empties_the_frame(void **state)
{
	(void)state;
	check(EMBEDS_REMOVE, "<iframe width=3 height=4 src=\"https://www.youtube.com/embed/x\" allow=\"autoplay\"></iframe>",
	    "<iframe width=3 height=4 src=\"about:blank\" allow=\"autoplay\"></iframe>");
	check(EMBEDS_REMOVE, "<iframe src=//player.vimeo.com/video/1 data-src='//player.vimeo.com/video/1'>",
	    "<iframe src=about:blank data-src='about:blank'>");
}

/* Other frames go by the lists, in every mode. */
static void
others_stay_as_they_were(void **state)
{
	static const char *const same[] = {"<iframe src=/own></iframe>", "<iframe src=https://www.youtube.com/watch?v=x></iframe>",
	    "<iframe src=https://www.example.com/embed/x></iframe>", "<iframe src=https://video.example/embed/x></iframe>",
	    "<iframe src=https://www.youtube.com:8443/embed/x></iframe>", "<a href=https://www.youtube.com/embed/x>x</a>",
	    "<img src=https://www.youtube.com/embed/x>", "<iframe src></iframe>", "<iframe src=''></iframe>", "<iframe allow=autoplay></iframe>",
	    "<script src=https://www.youtube.com/iframe_api></script>"};

	(void)state;
	for (size_t m = 0; m < 4; m++) {
		for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
			check((enum embeds)m, same[i], same[i]);
		check((enum embeds)m, "<iframe src=//t.example/x allow=autoplay></iframe>", "<iframe src=about:blank allow=autoplay></iframe>");
	}
}

static void
list_names_it(struct fake_call *f)
{
	static struct match_db *db;

	if (db == NULL) {
		db = match_new();
		assert_int_equal(match_add(db, TC_STR("||youtube.com^\n||youtube-nocookie.com^\n"), TC_PACK_OPERATOR, TC_SOCIAL), 0);
		assert_int_equal(match_build(db), 0);
	}
	f->conf = db;
}

/* What a list denies is asked about as well; where there is nobody to ask it goes. */
static void
lists_and_embeds(void **state)
{
	static const char in[] = "<iframe src=//www.youtube.com/embed/x></iframe>";

	(void)state;
	check_with(EMBEDS_KEEP, in, "<iframe src=about:blank></iframe>", list_names_it);
	check_with(EMBEDS_PRIVACY_MODE, in, "<iframe src=about:blank></iframe>", list_names_it);
	check_with(EMBEDS_CLICK_TO_LOAD, in, "<iframe src=" NOCOOKIE "x></iframe>", list_names_it);
	check_with(EMBEDS_REMOVE, in, "<iframe src=about:blank></iframe>", list_names_it);
}

static void
operator_allows(struct fake_call *f)
{
	static const struct tc_str hosts[] = {TC_STR_INIT("youtube.com")};

	f->site.allow = (struct tc_strs){hosts, 1};
}

static void
on_the_site_itself(struct fake_call *f)
{
	f->req.host = TC_STR("calendly.com");
}

static void
nothing_denied(struct fake_call *f)
{
	f->decision.denied = 0;
	f->decision.out = f->decision.person = false;
}

static void
who_is_spared_and_who_not(void **state)
{
	static const char in[] = "<iframe src=//www.youtube.com/embed/x></iframe><iframe src=//calendly.com/x></iframe>";

	(void)state;
	check_with(EMBEDS_CLICK_TO_LOAD, in,
	    "<iframe src=//www.youtube.com/embed/x></iframe><iframe src=" ASK "calendly.com%2Fx></iframe>", operator_allows);
	check_with(EMBEDS_CLICK_TO_LOAD, in,
	    "<iframe src=" NOCOOKIE "x></iframe><iframe src=//calendly.com/x></iframe>", on_the_site_itself);
	check_with(EMBEDS_CLICK_TO_LOAD, in,
	    "<iframe src=" NOCOOKIE "x></iframe><iframe src=" ASK "calendly.com%2Fx></iframe>", nothing_denied);
	check_with(EMBEDS_KEEP, in, in, nothing_denied);
	check_with(EMBEDS_CLICK_TO_LOAD, "<meta http-equiv=accept-ch content=dpr><img ping=x><script src=//t.example/></script>",
	    "<meta http-equiv=accept-ch content=dpr><img ping=x><script src=//t.example/></script>", nothing_denied);
}

static void
a_base_elsewhere(void **state)
{
	(void)state;
	check(EMBEDS_CLICK_TO_LOAD, "<base href=//cdn.example/x/><iframe src=//www.youtube.com/embed/x></iframe>",
	    "<base href=//cdn.example/x/><iframe src=https://www.example.com" NOCOOKIE "x></iframe>");
	check(EMBEDS_CLICK_TO_LOAD, "<base href=//www.youtube.com/><iframe src=embed/x></iframe>",
	    "<base href=//www.youtube.com/><iframe src=https://www.example.com" NOCOOKIE "x></iframe>");
}

static void
what_cannot_be_carried_goes(void **state)
{
	char in[3 * TC_EMBED_URL_MAX];
	struct fake_call *f = page_in(EMBEDS_CLICK_TO_LOAD);
	int n = snprintf(in, sizeof(in), "<iframe src='https://www.youtube.com/embed/%0*d'>", 2 * TC_EMBED_URL_MAX, 0);

	(void)state;
	assert_int_equal(fake_respond(f), 0);
	assert_int_equal(fake_feed(f, tc_str_of(in, (size_t)n), NULL, 0), 0);
	assert_int_equal(f->out_n, strlen("<iframe src='about:blank'>"));
	assert_memory_equal(f->out, "<iframe src='about:blank'>", f->out_n);
	assert_int_equal(fake_did(f, TC_DID_OVERFLOW), 1);
	fake_free(&f);
	check(EMBEDS_CLICK_TO_LOAD, "<iframe src=//www.youtube.com/embed/.x></iframe>", "<iframe src=about:blank></iframe>");
}

/* Every length around the limit: the page reads what was written, or nothing leads there. */
static void
the_limit_is_exact(void **state)
{
	static char in[2 * TC_EMBED_URL_MAX], decoded[4 * TC_EMBED_URL_MAX];
	struct tc_embed_url url;

	(void)state;
	for (int k = TC_EMBED_URL_MAX - 60; k < TC_EMBED_URL_MAX + 3; k++) {
		struct fake_call *f = page_in(EMBEDS_CLICK_TO_LOAD);
		int n = snprintf(in, sizeof(in), "<iframe src='https://www.youtube.com/embed/%0*d'>", k - 30, 0);
		struct tc_str out;

		assert_int_equal(fake_respond(f), 0);
		assert_int_equal(fake_feed(f, tc_str_of(in, (size_t)n), NULL, 0), 0);
		out = fake_out(f);
		tc_skip(&out, 13);
		out.n -= 2;
		if (!tc_eq(out, TC_STR("about:blank"))) {
			tc_skip(&out, strlen(TC_EMBED_PATH "?" TC_EMBED_QUERY));
			assert_non_null(tc_embed_read(tc_str_of(decoded, tc_embed_decode(out, decoded)), &url));
		}
		fake_free(&f);
	}
}

static void
features_follow_the_embed(void **state)
{
	(void)state;
	check(EMBEDS_CLICK_TO_LOAD, "<iframe src=//player.vimeo.com/video/1 allow=\"autoplay; fullscreen;picture-in-picture ;\"></iframe>",
	    "<iframe src=" ASK "player.vimeo.com%2Fvideo%2F1%3Fdnt%3D1 allow=\"autoplay https://player.vimeo.com; fullscreen "
	    "https://player.vimeo.com;picture-in-picture https://player.vimeo.com ;\"></iframe>");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe allow=fullscreen src=//www.youtube.com/embed/x>",
	    "<iframe allow=\"fullscreen https://www.youtube-nocookie.com\" src=" NOCOOKIE "x>");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe allow='fullscreen &#39;src&#39; &#39;self&#39;; autoplay *; camera &#39;none&#39;' data-src=//www.youtube.com/embed/x>",
	    "<iframe allow='fullscreen https://www.youtube-nocookie.com &#39;self&#39;; autoplay *; camera &#39;none&#39;' data-src=" NOCOOKIE "x>");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe allow=\"a 'SRC'\" src=//www.youtube.com/embed/x>",
	    "<iframe allow=\"a https://www.youtube-nocookie.com\" src=" NOCOOKIE "x>");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe allow=\"\" src=//www.youtube.com/embed/x>", "<iframe allow=\"\" src=" NOCOOKIE "x>");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe allow src=//www.youtube.com/embed/x>", "<iframe allow src=" NOCOOKIE "x>");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe allow=\" ; ;\" src=//www.youtube.com/embed/x>", "<iframe allow=\" ; ;\" src=" NOCOOKIE "x>");
	check(EMBEDS_PRIVACY_MODE, "<iframe allow=fullscreen src=//www.youtube.com/embed/x>",
	    "<iframe allow=fullscreen src=https://www.youtube-nocookie.com/embed/x>");
	check(EMBEDS_CLICK_TO_LOAD, "<iframe allow=fullscreen src=//other.example/x>", "<iframe allow=fullscreen src=//other.example/x>");
}

/* ---- policies ---- */

static void
policy(enum embeds mode, const char *in, const char *out)
{
	struct fake_call *f = page_in(mode);
	struct tc_str got;

	assert_int_equal(tc_field_add(&f->res.fields, TC_F_CONTENT_SECURITY_POLICY, tc_str_from(in)), 0);
	assert_int_equal(fake_respond(f), 0);
	got = tc_field_value(&f->res.fields, TC_F_CONTENT_SECURITY_POLICY);
	if (!tc_eq(got, tc_str_from(out)))
		fail_msg("%s\nbecame\n%.*s\nnot\n%s", in, (int)got.n, got.p, out);
	fake_free(&f);
}

static void
policies_let_it_in(void **state)
{
	static const char *const same[] = {"script-src 'self'", "frame-src 'none'; default-src *", "frame-src 'self' https:",
	    "frame-src * ;script-src x", "default-src 'self'", "frame-src", "", ";", "default-src 'none'"};
	static const char yt[] = "frame-src https://www.youtube.com 'self'";

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		for (size_t m = 0; m < 4; m++)
			policy((enum embeds)m, same[i], same[i]);
	policy(EMBEDS_CLICK_TO_LOAD, "frame-src https://maps.example", "frame-src https://maps.example 'self'");
	policy(EMBEDS_PRIVACY_MODE, "frame-src https://maps.example", "frame-src https://maps.example");
	policy(EMBEDS_CLICK_TO_LOAD, "script-src x; Frame-Src www.youtube.com ; img-src y",
	    "script-src x; Frame-Src www.youtube.com 'self' https://www.youtube-nocookie.com ; img-src y");
	policy(EMBEDS_PRIVACY_MODE, yt, "frame-src https://www.youtube.com 'self' https://www.youtube-nocookie.com");
	policy(EMBEDS_PRIVACY_MODE, "default-src *.youtube.com:443", "default-src *.youtube.com:443; frame-src *.youtube.com:443 "
	    "https://www.youtube-nocookie.com");
	policy(EMBEDS_REMOVE, yt, yt);
	policy(EMBEDS_KEEP, yt, yt);
	policy(EMBEDS_CLICK_TO_LOAD, "child-src https://a.example; default-src 'none'",
	    "child-src https://a.example; default-src 'none'; frame-src https://a.example 'self'");
	policy(EMBEDS_CLICK_TO_LOAD, "frame-src https://a.example; frame-src *", "frame-src https://a.example 'self'; frame-src *");
	policy(EMBEDS_CLICK_TO_LOAD, "frame-src a.example, default-src b.example, img-src c",
	    "frame-src a.example 'self', default-src b.example; frame-src b.example 'self', img-src c");
}

static void
policies_in_the_page(void **state)
{
	(void)state;
	check(EMBEDS_CLICK_TO_LOAD, "<meta http-equiv=Content-Security-Policy content=\"frame-src www.youtube.com\">",
	    "<meta http-equiv=Content-Security-Policy content=\"frame-src www.youtube.com 'self' https://www.youtube-nocookie.com\">");
	check(EMBEDS_CLICK_TO_LOAD, "<meta content='frame-src a.example' http-equiv=Content-Security-Policy>",
	    "<meta content='frame-src a.example &#39;self&#39;' http-equiv=Content-Security-Policy>");
	check(EMBEDS_KEEP, "<meta http-equiv=Content-Security-Policy content=\"frame-src www.youtube.com\">",
	    "<meta http-equiv=Content-Security-Policy content=\"frame-src www.youtube.com\">");
}

/* Each embed is counted once, with its URL for those who explain. */
static void
what_was_done_is_said(void **state)
{
	struct fake_call *f = page_in(EMBEDS_CLICK_TO_LOAD);

	(void)state;
	assert_int_equal(fake_respond(f), 0);
	assert_int_equal(fake_feed(f, TC_STR("<iframe src=//www.youtube.com/embed/x allow=autoplay></iframe><iframe src=/x></iframe>"), NULL, 0), 0);
	assert_int_equal(f->did_n, 1);
	assert_int_equal(f->did[0].action, TC_DID_FRAME);
	assert_true(tc_eq(f->did[0].what, TC_STR("https://www.youtube.com/embed/x")));
	fake_free(&f);
}

/* A part of a page is asked to be sent again whole only where something is done to pages. */
static void
partial_pages(void **state)
{
	(void)state;
	for (size_t m = 0; m < 4; m++) {
		struct fake_call *f = page_in((enum embeds)m);

		nothing_denied(f);
		f->res.status = 206;
		assert_int_equal(fake_respond(f), m == EMBEDS_KEEP ? 0 : 502);
		fake_free(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keep_changes_nothing),
		cmocka_unit_test(privacy_mode_changes_the_address),
		cmocka_unit_test(click_to_load_asks_first),
		cmocka_unit_test(remove_empties_the_frame),
		cmocka_unit_test(others_stay_as_they_were),
		cmocka_unit_test(lists_and_embeds),
		cmocka_unit_test(who_is_spared_and_who_not),
		cmocka_unit_test(a_base_elsewhere),
		cmocka_unit_test(what_cannot_be_carried_goes),
		cmocka_unit_test(the_limit_is_exact),
		cmocka_unit_test(features_follow_the_embed),
		cmocka_unit_test(policies_let_it_in),
		cmocka_unit_test(policies_in_the_page),
		cmocka_unit_test(what_was_done_is_said),
		cmocka_unit_test(partial_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
