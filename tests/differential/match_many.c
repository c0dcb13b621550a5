/*
 * match_many.c: many requests through match_url(), for tests that know elsewhere what should come of them.
 *
 *	match_many [--time] LIST... <rows
 *	in:  one row a line: type, host of the page, URL; a tab between them
 *	out: one line for each: a blank or '!'; 0 nothing, 1 blocked, 2 freed by an exception; a tab; the rule that decided
 *
 * With --time nothing is told but nanoseconds of processor time: "load mean p50 p99 max". A row's is the least of some rounds:
 * what neighbours take is not ours.
 *
 * Every class is denied. The page made ready (match_page_ready()) must say the same: '!' if not. Types are named as options of rules are, several with '|' between them.
 */
#include <stdio.h>
#include <time.h>

#include "filters/match/match.h"
#include "filters/match/url.h"

enum { ROW_MAX = 65536 };

static const struct {
	struct tc_str name;
	enum match_type type;
} types[] = {
	{TC_STR_INIT("document"), MATCH_DOCUMENT},
	{TC_STR_INIT("subdocument"), MATCH_SUBDOCUMENT},
	{TC_STR_INIT("script"), MATCH_SCRIPT},
	{TC_STR_INIT("stylesheet"), MATCH_STYLESHEET},
	{TC_STR_INIT("image"), MATCH_IMAGE},
	{TC_STR_INIT("font"), MATCH_FONT},
	{TC_STR_INIT("media"), MATCH_MEDIA},
	{TC_STR_INIT("object"), MATCH_OBJECT},
	{TC_STR_INIT("xmlhttprequest"), MATCH_XHR},
	{TC_STR_INIT("ping"), MATCH_PING},
	{TC_STR_INIT("websocket"), MATCH_WEBSOCKET},
	{TC_STR_INIT("other"), MATCH_OTHER},
};

/* 0: a name among them is not known. */
static enum match_type
types_of(struct tc_str names)
{
	unsigned all = 0;

	while (names.p != NULL) {
		struct tc_str name = tc_next(&names, '|');
		unsigned one = 0;

		for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
			if (tc_eq(name, types[i].name))
				one = types[i].type;
		if (one == 0)
			return (enum match_type)0;
		all |= one;
	}
	return (enum match_type)all;
}

static int
add_list(struct match_db *db, const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = malloc(MATCH_LIST_MAX);
	size_t n = in != NULL && text != NULL ? fread(text, 1, MATCH_LIST_MAX, in) : 0;
	int result = n > 0 ? match_add(db, tc_str_of(text, n), TC_PACK_OPERATOR, TC_ADVERTISING) : -1;

	if (in != NULL)
		(void)fclose(in);
	free(text);
	return result;
}

static int
judge(const struct match_db *db, struct tc_str row)
{
	static char buf[URL_MAX + 64];
	enum match_type type = types_of(tc_next(&row, '\t'));
	struct match_page page = {.host = tc_next(&row, '\t'), .denied = (1u << TC_CLASS_COUNT) - 1};
	struct match_result r, again;
	struct url u;

	if (type == 0 || !url_resolve(&u, row, NULL, buf)) {
		printf("-\t\n");
		return -1;
	}
	page.domain = psl_domain(page.host);
	if (page.domain.n == 0)
		page.domain = page.host;
	(void)match_url(db, &page, &u, type, &r);
	match_page_ready(&page, db);
	(void)match_url(db, &page, &u, type, &again);
	printf("%c%d\t%.*s\n", again.verdict == r.verdict && tc_eq(again.rule, r.rule) ? ' ' : '!', (int)r.verdict, (int)r.rule.n, r.rule.p);
	return 0;
}

/* ---- time ---- */

enum { ROUNDS = 15, ROWS_MAX = 100000 };

static uint64_t
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The least that one row takes, reading its URL included; 0: it cannot be read. */
static uint64_t
time_row(const struct match_db *db, struct tc_str row)
{
	static char buf[URL_MAX + 64];
	enum match_type type = types_of(tc_next(&row, '\t'));
	struct match_page page = {.host = tc_next(&row, '\t'), .denied = (1u << TC_CLASS_COUNT) - 1};
	uint64_t best = UINT64_MAX;
	struct match_result r;
	struct url u;

	page.domain = psl_domain(page.host);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t begin = now_ns(), took;

		if (!url_resolve(&u, row, NULL, buf))
			return 0;
		(void)match_url(db, &page, &u, type, &r);
		took = now_ns() - begin;
		best = took < best ? took : best;
	}
	return best > 0 ? best : 1;
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int
time_rows(const struct match_db *db, uint64_t load)
{
	static char row[ROW_MAX];
	static uint64_t times[ROWS_MAX];
	uint64_t sum = 0;
	size_t n = 0;

	while (n < ROWS_MAX && fgets(row, sizeof(row), stdin) != NULL) {
		times[n] = time_row(db, tc_str_of(row, strcspn(row, "\n")));
		if (times[n] == 0)
			return 1;
		sum += times[n++];
	}
	if (n == 0)
		return 1;
	qsort(times, n, sizeof(*times), by_size);
	printf("%llu %llu %llu %llu %llu\n", (unsigned long long)load, (unsigned long long)(sum / n), (unsigned long long)times[n / 2],
	    (unsigned long long)times[n * 99 / 100], (unsigned long long)times[n - 1]);
	return 0;
}

int
main(int argc, char **argv)
{
	static char row[ROW_MAX];
	struct match_db *db = match_new();
	bool timed = argc > 1 && strcmp(argv[1], "--time") == 0;
	uint64_t begin = now_ns();
	int unread = 0;

	for (int i = 1 + timed; i < argc; i++)
		if (db == NULL || add_list(db, argv[i]) == -1) {
			fprintf(stderr, "%s: cannot be read\n", argv[i]);
			return 1;
		}
	if (argc < 2 + timed || match_build(db) == -1)
		return 1;
	if (timed) {
		unread = time_rows(db, now_ns() - begin);
		match_destroy(&db);
		return unread;
	}
	while (fgets(row, sizeof(row), stdin) != NULL)
		unread += judge(db, tc_str_of(row, strcspn(row, "\n"))) != 0;
	match_destroy(&db);
	return unread != 0;
}
