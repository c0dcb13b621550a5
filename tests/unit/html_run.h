/*
 * html_run.h: pages through filter_html, for its tests, fuzz targets and benchmark. The page is
 * https://www.example.com/dir/page.html; the lists are the built-in pack and a few rules about t.example.
 */
#ifndef TESTS_HTML_RUN_H
#define TESTS_HTML_RUN_H

#include "call.h"
#include "filters/html/html.h"
#include "filters/match/match.h"

static FAKE_UNUSED struct match_db *
html_db(void)
{
	static struct match_db *db;
	static const struct tc_str rules = TC_STR_INIT("||t.example^\n"
	    "||cdn.example^*/pixel.\n"
	    "/first-party-tracker.js$script\n"
	    "@@||t.example/allowed/\n");

	if (db != NULL)
		return db;
	db = match_new();
	if (db == NULL || match_add_built_in(db) != 0 ||
	    match_add(db, rules, TC_PACK_OPERATOR, TC_ADVERTISING) != 0 || match_build(db) != 0)
		abort();
	return db;
}

/* A visitor who said no asks for the page; all is ready for the body. */
static FAKE_UNUSED struct fake_call *
html_page(void)
{
	struct fake_call *f = fake_new(&filter_html);

	f->conf = html_db();
	f->req.path = f->req.match = TC_STR("/dir/page.html");
	if (fake_respond(f) != 0)
		abort();
	return f;
}

/* The page, rewritten in pieces of `size` bytes (0: in one). Free it with fake_free(). */
static FAKE_UNUSED struct fake_call *
html_rewritten(struct tc_str in, size_t size)
{
	struct fake_call *f = html_page();

	if ((size == 0 ? fake_feed(f, in, NULL, 0) : fake_feed_by(f, in, size)) != 0)
		abort();
	return f;
}

/* The rewritten bytes of p: malloc'ed, *n long. */
static FAKE_UNUSED char *
html_output(struct tc_str in, size_t size, size_t *n)
{
	struct fake_call *f = html_rewritten(in, size);
	char *out = malloc(f->out_n + 1);

	if (out == NULL)
		abort();
	if (f->out_n > 0)
		memcpy(out, f->out, f->out_n);
	out[f->out_n] = '\0';
	*n = f->out_n;
	fake_free(&f);
	return out;
}

#endif
