/*
 * match_many.c: many requests through match_url(), for tests that know elsewhere what should come of them.
 *
 *	match_many LIST... <rows
 *	in:  one row a line: type, host of the page, URL; a tab between them
 *	out: one line for each: a blank or '!'; 0 nothing, 1 blocked, 2 freed by an exception; a tab; the rule that decided
 *
 * Every class is denied. The page made ready (match_page_ready()) must say the same: '!' if not. Types are named as options of rules are, several with '|' between them.
 */
#include <stdio.h>

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

int
main(int argc, char **argv)
{
	static char row[ROW_MAX];
	struct match_db *db = match_new();
	int unread = 0;

	for (int i = 1; i < argc; i++)
		if (db == NULL || add_list(db, argv[i]) == -1) {
			fprintf(stderr, "%s: cannot be read\n", argv[i]);
			return 1;
		}
	if (argc < 2 || match_build(db) == -1)
		return 1;
	while (fgets(row, sizeof(row), stdin) != NULL)
		unread += judge(db, tc_str_of(row, strcspn(row, "\n"))) != 0;
	match_destroy(&db);
	return unread != 0;
}
