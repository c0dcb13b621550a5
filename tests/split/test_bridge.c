/*
 * test_bridge.c: where the bridge's script comes to stand, however the page is cut; that a page rewritten again stays the
 * same; and that a page without a head, or with an odd one, gets it too.
 */
#include <setjmp.h>
#include <stdarg.h>

#include "../unit/call.h"

#include <cmocka.h>

#include "filters/bridge.h"
#include "filters/html/html.h"
#include "filters/match/match.h"
#include "filters/match/pack.h"

const struct tc_filter *const tc_filters[] = {&filter_bridge, &filter_html, NULL};

static uint32_t formats = 7; /* the option block of filter_bridge */
static struct html_opts html_opts;
static const void *blocks[] = {&formats, &html_opts};
static struct match_db *db;

/* The output for input cut before each of two positions. To be freed. */
static char *
rewritten(const char *in, size_t n, size_t a, size_t b, enum tc_dest dest)
{
	struct fake_call *f = fake_new(&filter_html);
	size_t cuts[2] = {a, b};
	char *out;

	f->conf = db;
	f->rules.opts = blocks;
	f->call.opts = &html_opts;
	f->req.dest = dest;
	assert_int_equal(fake_respond(f), 0);
	assert_int_equal(fake_feed(f, tc_str_of(in, n), cuts, 2), 0);
	out = malloc(f->out_n + 1);
	assert_non_null(out);
	if (f->out_n > 0)
		memcpy(out, f->out, f->out_n);
	out[f->out_n] = '\0';
	fake_free(&f);
	return out;
}

static const char BEGIN[] = "<script data-tacet=\"bridge\">", END[] = "</script>";

/* With '@' in place of our element, which is there once at most. To be freed. */
static char *
short_form(char *page)
{
	char *at = strstr(page, BEGIN), *end = at != NULL ? strstr(at, END) : NULL;

	if (end != NULL) {
		*at = '@';
		memmove(at + 1, end + strlen(END), strlen(end + strlen(END)) + 1);
		assert_null(strstr(at, BEGIN));
	}
	return page;
}

static const struct {
	const char *in, *want; /* '@': the script */
	bool fragment;         /* nothing says that it is a document: only where the browser does */
} rows[] = {
	{"<!doctype html><html><head><title>x</title></head><body>y</body></html>",
	    "<!doctype html><html><head>@<title>x</title></head><body>y</body></html>", false},
	{"<!DOCTYPE html>\n<!-- a -->\n<html lang=en>\n<head data-x='>'>\n<meta charset=utf-8>",
	    "<!DOCTYPE html>\n<!-- a -->\n<html lang=en>\n<head data-x='>'>@\n<meta charset=utf-8>", false},
	{"<html><head><!-- c --><script>1</script>", "<html><head>@<!-- c --><script>1</script>", false},
	{"<html><head></head><p>x", "<html><head>@</head><p>x", false},
	{"<!doctype html><title>x</title>", "<!doctype html>@<title>x</title>", false},
	{"<!doctype html>\n  <body>x", "<!doctype html>\n  @<body>x", false},
	{"<!doctype html> \n text", "<!doctype html> \n @text", false},
	{"<?xml version='1.0'?><!doctype html><html><body>x", "<?xml version='1.0'?><!doctype html><html>@<body>x", false},
	{"<html><frameset><frame src=/a></frameset>", "<html>@<frameset><frame src=/a></frameset>", false},
	{"<html></head>x", "<html>@</head>x", false},
	{"<!doctype html><svg/><p>x", "<!doctype html>@<svg/><p>x", false},
	{"<html><!-- tacet:choices --><head>x", "<html>@<a data-tacet=\"link\" href=\"/privacy-choices\">Privacy choices</a><head>x", false},
	{"<title>x</title><p>y", "@<title>x</title><p>y", true},
	{"  text", "  @text", true},
	{"<!doctype html><html><head>", "<!doctype html><html><head>", false},
	{"<!doctype html><html><head", "<!doctype html><html><head", false},
	{"<!doctype html><meta http-equiv=content-security-policy content=\"script-src 'none'\"><p>x",
	    "<!doctype html>@<meta http-equiv=content-security-policy content=\"script-src 'none'\"><p>x", false},
	{" \n", " \n", false},
	{"", "", false},
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static void
test_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		size_t n = strlen(rows[i].in);
		char *page = short_form(rewritten(rows[i].in, n, n, n, TC_DEST_DOCUMENT));

		assert_string_equal(page, rows[i].want);
		free(page);
		page = short_form(rewritten(rows[i].in, n, n, n, TC_DEST_ABSENT));
		assert_string_equal(page, rows[i].fragment ? rows[i].in : rows[i].want);
		free(page);
	}
}

static void
test_cuts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		size_t n = strlen(rows[i].in);
		char *whole = rewritten(rows[i].in, n, n, n, TC_DEST_DOCUMENT);

		for (size_t a = 0; a <= n; a++)
			for (size_t b = a; b <= n; b += 1 + n / 24) {
				char *cut = rewritten(rows[i].in, n, a, b, TC_DEST_DOCUMENT);

				assert_string_equal(cut, whole);
				free(cut);
			}
		free(whole);
	}
}

static void
test_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		size_t n = strlen(rows[i].in);
		char *once = rewritten(rows[i].in, n, n, n, TC_DEST_DOCUMENT);
		char *twice = rewritten(once, strlen(once), strlen(once) / 2, strlen(once), TC_DEST_DOCUMENT);

		assert_string_equal(twice, once);
		free(once);
		free(twice);
	}
}

/* With it or without: the rest of the page is the same. */
static void
test_the_rest_is_the_same(void **state)
{
	static const char in[] = "<!doctype html><html><head><script src=https://www.googletagmanager.com/gtm.js></script><base href=/x>"
	    "</head><body><svg><title>a</title></svg><select><option>1</select><img src=/a></body></html>";
	char *with = short_form(rewritten(in, sizeof(in) - 1, 9, 50, TC_DEST_DOCUMENT)), *at = strchr(with, '@'), *without;

	(void)state;
	assert_non_null(at);
	memmove(at, at + 1, strlen(at));
	formats = 0;
	without = rewritten(in, sizeof(in) - 1, 9, 50, TC_DEST_DOCUMENT);
	formats = 7;
	assert_string_equal(with, without);
	free(with);
	free(without);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_the_rest_is_the_same),
	};
	int failed;

	db = match_new();
	if (db == NULL || match_add(db, pack_rules, TC_PACK_BUILT_IN, TC_ADVERTISING) < 0 || match_build(db) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	match_destroy(&db);
	return failed;
}
