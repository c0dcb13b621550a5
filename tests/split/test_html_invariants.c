/*
 * test_html_invariants.c: what must hold for every input, shown over the fixtures' rows and real pages (html.md 6.6). What has
 * left never has to be taken back, whatever follows (I2); what is decided is not held; without rules the output is the
 * input (I4); an idle stream is small (I5); the end may come anywhere (I7); nothing behind the input is read (I8).
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "html_rows.h"

#define PAGES "../shared/corpus/pages"

/* ---- input directly before an unreadable page ---- */

enum { EDGE_MAX = 1 << 20 };

/* Where such input ends. */
static char *
edge(void)
{
	static char *end;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p;

	if (end != NULL)
		return end;
	p = mmap(NULL, EDGE_MAX + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || mprotect(p + EDGE_MAX, page, PROT_NONE) == -1)
		abort();
	end = p + EDGE_MAX;
	return end;
}

/* Feeds a beginning from there, with the end or without; how many bytes were left. */
static size_t
feed_at_edge(struct fake_call *f, struct tc_str in, bool last)
{
	struct tc_str at = tc_str_of(edge() - in.n, in.n);

	assert_true(in.n <= EDGE_MAX);
	memcpy(edge() - in.n, in.p, in.n);
	f->call.conf = f->conf;
	f->call.res = &f->res;
	assert_int_equal(f->filter->body(&f->call, &at, last), 0);
	return at.n;
}

/* ---- I2: nothing undecided leaves ---- */

/* Whatever may follow a beginning: each would make something else of an unfinished construct. */
static const char *const follows[] = {"", " src=//t.example/p>", "'\" src='//t.example/q'>x", "--></script></style></noscript>x",
    "t.example/p'\")</script><b>", "]]></svg></select></template><xmp>", "="};

static void
check_beginning(const char *about, struct tc_str in, size_t n)
{
	struct fake_call *f = html_page();
	struct tc_str sent;

	(void)feed_at_edge(f, tc_str_of(in.p, n), false);
	sent = fake_out(f);
	for (size_t i = 0; i < sizeof(follows) / sizeof(*follows); i++) {
		size_t more = strlen(follows[i]), out_n;
		char *page = malloc(n + more + 1), *out;

		if (page == NULL)
			abort();
		memcpy(page, in.p, n);
		memcpy(page + n, follows[i], more + 1);
		out = html_output(tc_str_of(page, n + more), 0, &out_n);
		if (out_n < sent.n || memcmp(out, sent.p, sent.n) != 0)
			fail_msg("%s: %zu bytes, then %s\nsent: %.*s\nwhole: %.*s", about, n, follows[i], (int)sent.n, sent.p,
			    (int)out_n, out);
		free(out);
		free(page);
	}
	fake_free(&f);
}

static void
check_row_beginnings(const struct row *row)
{
	struct tc_str in = row_str(&row->in);

	for (size_t n = 1; n <= in.n && n < 300; n++)
		check_beginning(row->name, in, n);
}

static void
test_nothing_undecided_leaves(void **state)
{
	(void)state;
	assert_true(rows_each(check_row_beginnings) > 100);
}

/* What must have left after some beginnings. */
static void
test_nothing_decided_is_held(void **state)
{
	static const struct {
		const char *in;
		size_t held;
	} cases[] = {
		{"<p>text", 0},
		{"<p>text<", 1},
		{"<p>text</", 2},
		{"<p>text</p", 3},
		{"<p class=a>", 0},
		{"<p class=a", 10},
		{"<!-- a comment that is longer than any marker of ours could be, and then more", 0},
		{"<title>t", 0},
		{"<title>t</tit", 5},
		{"<script>x=1", 3},
		{"<script>x=1</script>", 0},
		{"<script type=text/template>x", 0},
		{"<iframe>x", 0},
		{"<noscript>x", 1},
		{"<textarea><img src=//t.example/p>", 0},
		{"<plaintext><img src=//t.example/p>", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = html_page();
		size_t held = feed_at_edge(f, tc_str_from(cases[i].in), false);

		if (held > cases[i].held)
			fail_msg("%s: %zu bytes held", cases[i].in, held);
		fake_free(&f);
	}
}

/* ---- I7, I8: the end anywhere ---- */

static void
check_end(const char *about, struct tc_str in, size_t n)
{
	struct fake_call *f = html_page();
	char *again;
	size_t left = feed_at_edge(f, tc_str_of(in.p, n), true), again_n;

	if (left != 0)
		fail_msg("%s: %zu of %zu bytes were left at the end", about, left, n);
	again = html_output(fake_out(f), 0, &again_n);
	if (!tc_eq(tc_str_of(again, again_n), fake_out(f)))
		fail_msg("%s, ended after %zu\nonce:  %.*s\ntwice: %.*s", about, n, (int)f->out_n, f->out, (int)again_n, again);
	free(again);
	fake_free(&f);
}

static void
check_row_ends(const struct row *row)
{
	struct tc_str in = row_str(&row->in);

	for (size_t n = 0; n <= in.n; n++)
		check_end(row->name, in, n);
}

static void
test_ends_anywhere(void **state)
{
	(void)state;
	assert_true(rows_each(check_row_ends) > 100);
}

/* ---- real pages ---- */

static uint32_t seed = 1;

static size_t
below(size_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return n > 0 ? (seed >> 8) % n : 0;
}

/* Nothing is denied; only a link to one's choices may be put in, and none can. */
static struct fake_call *
page_without_rules(void)
{
	struct fake_call *f = fake_new(&filter_html);

	f->conf = html_db();
	f->decision.denied = 0;
	f->site.choices_link = TC_LINK_AUTO;
	f->site.choices_path = tc_str_of("", 0);
	assert_int_equal(fake_respond(f), 0);
	assert_true(f->want_body);
	return f;
}

enum { CUTS = 40 };

static void
check_page(const char *path)
{
	static char page[EDGE_MAX];
	FILE *file = fopen(path, "rb");
	size_t cuts[CUTS];
	struct tc_str in;

	assert_non_null(file);
	in = tc_str_of(page, fread(page, 1, sizeof(page), file));
	(void)fclose(file);
	for (int round = 0; round < 5; round++) {
		struct fake_call *f = page_without_rules();

		for (size_t i = 0, at = 0; i < CUTS; i++) {
			at += below(in.n / CUTS * 2);
			cuts[i] = at < in.n ? at : in.n;
		}
		f->late_end = round % 2 == 0;
		assert_int_equal(fake_feed(f, in, cuts, CUTS), 0);
		if (!tc_eq(fake_out(f), in))
			fail_msg("%s: not the same bytes without rules", path);
		assert_int_equal(f->did_n, 0);
		fake_free(&f);
	}
	for (int i = 0; i < 4; i++)
		check_end(path, in, below(in.n));
}

static void
test_pages(void **state)
{
	DIR *d = opendir(PAGES);
	size_t n = 0;

	(void)state;
	if (d == NULL) {
		print_message("skipped: no " PAGES "\n");
		skip();
	}
	print_message("seed %u\n", (unsigned)seed);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		char path[512];

		if (strstr(e->d_name, ".html") == NULL)
			continue;
		(void)snprintf(path, sizeof(path), PAGES "/%s", e->d_name);
		check_page(path);
		n++;
	}
	(void)closedir(d);
	assert_true(n >= 20);
}

/* ---- I5 ---- */

static void
test_idle_is_small(void **state)
{
	struct fake_call *f = html_page();

	(void)state;
	assert_true(filter_html.state_size <= 8192);
	assert_int_equal(feed_at_edge(f, TC_STR("<p>text"), false), 0);
	fake_free(&f);
}

/* A byte order mark is no text of the page: a frameset may follow it. */
static void
test_mark_is_no_text(void **state)
{
	static const char out[] = "\xEF\xBB\xBF<frameset><frame src=about:blank>";

	(void)state;
	for (size_t size = 0; size < 4; size++) {
		size_t n;
		char *got = html_output(TC_STR("\xEF\xBB\xBF<frameset><frame src=//t.example/p>"), size, &n);

		assert_true(tc_eq(tc_str_of(got, n), tc_str_of(out, sizeof(out) - 1)));
		free(got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_undecided_leaves),
		cmocka_unit_test(test_nothing_decided_is_held),
		cmocka_unit_test(test_ends_anywhere),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_idle_is_small),
		cmocka_unit_test(test_mark_is_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
