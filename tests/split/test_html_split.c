/*
 * test_html_split.c: what the rewriter makes of a page does not depend on how it arrived: every row of the fixtures cut at
 * every position, and byte by byte, with the end in the last piece and after it; real pages in odd pieces.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "html_rows.h"

#define PAGES "../shared/corpus/pages"

static void
check(const char *about, struct tc_str in, struct tc_str want, const size_t *cuts, size_t n, bool late)
{
	struct fake_call *f = html_page();

	f->late_end = late;
	if (fake_feed(f, in, cuts, n) != 0 || !tc_eq(fake_out(f), want))
		fail_msg("%s, cut at %zu\nwant: %.*s\ngot:  %.*s", about, n > 0 ? cuts[0] : 0, (int)want.n, want.p,
		    (int)f->out_n, f->out);
	fake_free(&f);
}

static void
check_row(const struct row *row)
{
	struct tc_str in = row_str(&row->in), want = row_str(&row->out);
	static size_t all[sizeof(row->in.p)];

	for (size_t cut = 0; cut <= in.n; cut++)
		check(row->name, in, want, &cut, 1, cut % 2 == 0);
	for (size_t i = 0; i < in.n; i++)
		all[i] = i;
	check(row->name, in, want, all, in.n, true);
}

static void
test_rows(void **state)
{
	(void)state;
	assert_true(rows_each(check_row) > 100);
}

static void
check_page(const char *path)
{
	static const size_t sizes[] = {1399, 997};
	static char page[1 << 20];
	FILE *f = fopen(path, "rb");
	struct tc_str in;
	char *want, *got;
	size_t n, m;

	assert_non_null(f);
	in = tc_str_of(page, fread(page, 1, sizeof(page), f));
	(void)fclose(f);
	want = html_output(in, 0, &n);
	for (size_t i = 0; i < 2; i++) {
		got = html_output(in, sizes[i], &m);
		if (!tc_eq(tc_str_of(got, m), tc_str_of(want, n)))
			fail_msg("%s in pieces of %zu", path, sizes[i]);
		free(got);
	}
	got = html_output(tc_str_of(want, n), 0, &m);
	if (!tc_eq(tc_str_of(got, m), tc_str_of(want, n)))
		fail_msg("%s: rewriting its output changes it", path);
	free(got);
	free(want);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_pages)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
