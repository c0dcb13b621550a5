/* test_link_query.c: query.links, ids in the queries of links. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "html_run.h"

static void
check_with(const struct html_opts *opts, const char *in, const char *out)
{
	size_t n = strlen(in);

	for (size_t cut = 0; cut <= n; cut++) {
		struct fake_call *f = fake_new(&filter_html);

		f->conf = html_db();
		f->call.opts = opts;
		f->req.path = f->req.match = TC_STR("/dir/page.html");
		assert_int_equal(fake_respond(f), 0);
		assert_int_equal(cut == 0 ? fake_feed_by(f, tc_str_from(in), 1) : fake_feed(f, tc_str_from(in), &cut, 1), 0);
		if (f->out_n != strlen(out) || memcmp(f->out, out, f->out_n) != 0)
			fail_msg("cut %zu\n%s\nbecame\n%.*s\nnot\n%s", cut, in, (int)f->out_n, f->out, out);
		fake_free(&f);
	}
}

static void
check(const char *in, const char *out)
{
	static const struct html_opts on = {.links = true};

	check_with(&on, in, out);
	check_with(&on, out, out);
}

static void
same(const char *in)
{
	check(in, in);
}

static void
test_links(void **state)
{
	static const struct html_opts off = {.links = false};
	static const char page[] = "<a href='/x?gclid=1'>";

	(void)state;
	check("<a href='/x?gclid=1&b=2'>", "<a href='/x?b=2'>");
	check("<a href=\"https://o.example/x?a=1&amp;gclid=2&amp;b=3#f\">", "<a href=\"https://o.example/x?a=1&amp;b=3#f\">");
	check("<a href=/x?a=1&gclid=2>", "<a href=\"/x?a=1\">"); /* '=' in it: in quotes */
	check("<a href='?gclid=1#f'><area href='x?fbclid=1'>", "<a href='#f'><area href='x'>");
	check("<a href='?gclid=1&fbclid=2&a=3&msclkid=4&_gl=5'>", "<a href='?a=3'>");
	check("<a href='?a=1&gclid=2;b=3?fbclid=4&c=5'>", "<a href='?a=1;b=3&amp;c=5'>");
	check("<a href='?&gclid=2&'>", "<a href=''>");
	check("<a href='?%67clid=2'><form action='/f?gclid=3&x'>", "<a href=''><form action='/f?x'>");
	/* ids of people, but where they are needed */
	check("<a href='/x?mc_eid=1&b'>", "<a href='/x?b'>");
	same("<a href='https://o.example/unsubscribe?mc_eid=1&b'>");
	check("<a href='/unsubscribe?mc_eid=1&gclid=2'>", "<a href='/unsubscribe?mc_eid=1'>");
	/* everything else */
	same("<a href='/x?a=gclid&b=1;c?d'><a href='/gclid=1'><a href='#?gclid=1'><a href=''><a href='?'><a>");
	same("<a href='mailto:x?gclid=1'><a href='javascript:f(\"?gclid=1\")'>");
	same("<img src='/x?gclid=1'><p title='?gclid=1'>");
	check_with(&off, page, page);
	check_with(NULL, page, page);
}

/* More ids than there is room to note: none of them stays. */
static void
test_many(void **state)
{
	static char in[1 << 14];
	size_t n = (size_t)snprintf(in, sizeof(in), "<a href='?a=1"), k = 0;

	(void)state;
	for (; k < 200; k++)
		n += (size_t)snprintf(in + n, sizeof(in) - n, "&b=%zu&gclid=%zu", k, k);
	(void)snprintf(in + n, sizeof(in) - n, "#f'>");
	{
		static const struct html_opts on = {.links = true};
		struct fake_call *f = fake_new(&filter_html);

		f->conf = html_db();
		f->call.opts = &on;
		f->req.path = f->req.match = TC_STR("/");
		assert_int_equal(fake_respond(f), 0);
		assert_int_equal(fake_feed(f, tc_str_from(in), NULL, 0), 0);
		assert_true(tc_find(fake_out(f), TC_STR("gclid")) == f->out_n);
		assert_true(tc_starts(fake_out(f), TC_STR("<a href='?a=1&amp;b=0&amp;b=1&amp;b=2&amp;")));
		assert_true(tc_ends(fake_out(f), TC_STR("#f'>")));
		fake_free(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
