/*
 * verify_report.c: the rows of a run of `tacet verify`: for people, for programs, for build servers (JUnit XML) and for code
 * scanners (SARIF 2.1.0).
 */
#include <stdio.h>

#include "cli/members.h"
#include "cli/verify.h"

static const char *const VERDICTS[VERIFY_VERDICTS] = {
	[VERIFY_OK] = "ok",
	[VERIFY_FAILED] = "FAILED",
	[VERIFY_NOT_SEEN] = "not seen",
};

static void
put(struct tc_str s)
{
	(void)fwrite(s.p, 1, s.n, stdout);
}

/* ---- for people ---- */

static void
text_row(const struct verify_row *r)
{
	(void)printf("%-8s  ", VERDICTS[r->verdict]);
	put(r->site);
	(void)putchar(' ');
	put(r->page);
	if (r->place.n > 0)
		(void)printf(" from=%.*s", (int)r->place.n, r->place.p);
	if (r->signal.n > 0)
		(void)printf(" signal=%.*s", (int)r->signal.n, r->signal.p);
	(void)printf("  %s", r->check);
	if (r->found.n > 0)
		(void)printf(": %.*s", (int)r->found.n, r->found.p);
	(void)putchar('\n');
}

void
verify_print_text(const struct verify_rows *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->verbose || r->v[i].verdict != VERIFY_OK)
			text_row(&r->v[i]);
	(void)printf(
	    "%zu ok, %zu failed, %zu not seen\n", r->count[VERIFY_OK], r->count[VERIFY_FAILED], r->count[VERIFY_NOT_SEEN]);
}

/* ---- for programs ---- */

static struct tc_str
or_null(struct tc_str s)
{
	return s.n > 0 ? s : (struct tc_str){NULL, 0};
}

void
verify_print_json(const struct verify_rows *r)
{
	(void)printf("{\"ok\": %s", r->count[VERIFY_FAILED] == 0 && r->count[VERIFY_OK] > 0 ? "true" : "false");
	member_num(", ", "passed", r->count[VERIFY_OK]);
	member_num(", ", "failed", r->count[VERIFY_FAILED]);
	member_num(", ", "not_seen", r->count[VERIFY_NOT_SEEN]);
	(void)printf(", \"checks\": [");
	for (size_t i = 0; i < r->n; i++) {
		const struct verify_row *row = &r->v[i];

		member_str(i > 0 ? ",\n  {" : "\n  {", "site", row->site);
		member_str(", ", "page", row->page);
		member_str(", ", "from", or_null(row->place));
		member_str(", ", "signal", or_null(row->signal));
		member_str(", ", "check", tc_str_from(row->check));
		member_str(", ", "verdict", tc_str_from(VERDICTS[row->verdict]));
		member_str(", ", "found", or_null(row->found));
		(void)putchar('}');
	}
	(void)printf("\n]}\n");
}

/* ---- JUnit ---- */

/* As the value of an attribute. What XML cannot say at all is left out. */
static void
xml(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '<' || c == '>' || c == '&' || c == '"')
			(void)printf("&#%u;", c);
		else if (c >= ' ' && c != 0x7f)
			(void)putchar(c);
	}
}

void
verify_print_junit(const struct verify_rows *r)
{
	(void)printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"tacet verify\" tests=\"%zu\" "
	    "failures=\"%zu\" skipped=\"%zu\">\n",
	    r->n, r->count[VERIFY_FAILED], r->count[VERIFY_NOT_SEEN]);
	for (size_t i = 0; i < r->n; i++) {
		const struct verify_row *row = &r->v[i];

		(void)printf("  <testcase classname=\"");
		xml(row->site);
		(void)printf("\" name=\"%s ", row->check);
		xml(row->page);
		if (row->place.n > 0)
			(void)printf(" from %.*s, %.*s", (int)row->place.n, row->place.p, (int)row->signal.n, row->signal.p);
		if (row->verdict == VERIFY_OK) {
			(void)printf("\"/>\n");
			continue;
		}
		(void)printf(row->verdict == VERIFY_FAILED ? "\"><failure message=\"" : "\"><skipped message=\"");
		xml(row->found);
		(void)printf("\"/></testcase>\n");
	}
	(void)printf("</testsuite>\n");
}

/* ---- SARIF ---- */

/* One message of all that is known: site, page, visitor, and what was found. */
static void
sarif_message(const struct verify_row *row)
{
	char text[1200];
	int n = snprintf(text, sizeof(text), "%.*s%.*s%s%.*s%s%.*s: %.*s", (int)row->site.n, row->site.p, (int)row->page.n,
	    row->page.p, row->place.n > 0 ? " from " : "", (int)row->place.n, row->place.p,
	    row->signal.n > 0 ? ", signal " : "", (int)row->signal.n, row->signal.p, (int)row->found.n, row->found.p);

	member_str("{", "text", tc_str_of(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1));
	(void)putchar('}');
}

void
verify_print_sarif(const struct verify_rows *r)
{
	bool first = true;

	(void)printf(
	    "{\"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\", \"version\": \"2.1.0\", \"runs\": [{\n"
	    "  \"tool\": {\"driver\": {\"name\": \"tacet verify\", \"rules\": []}},\n  \"results\": [");
	for (size_t i = 0; i < r->n; i++) {
		const struct verify_row *row = &r->v[i];

		if (row->verdict != VERIFY_FAILED)
			continue;
		member_str(first ? "\n    {" : ",\n    {", "ruleId", tc_str_from(row->check));
		(void)printf(", \"level\": \"error\", \"message\": ");
		sarif_message(row);
		member_str(", \"locations\": [{\"physicalLocation\": {\"artifactLocation\": {", "uri", r->file);
		(void)printf("}}}]}");
		first = false;
	}
	(void)printf("\n  ]\n}]}\n");
}
