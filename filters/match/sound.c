/*
 * sound.c: whether a text can be a filter list at all. What a failed download leaves behind would otherwise be a list of few
 * rules, or of odd ones, in the place of a good one: it is refused as a whole, with the line that says so.
 */
#include "db.h"

static size_t
line_of(struct tc_str text, size_t at)
{
	size_t line = 1;

	for (size_t i = 0; i < at; i++)
		line += text.p[i] == '\n';
	return line;
}

/* The first byte that no text has; text.n if there is none. */
static size_t
find_control(struct tc_str text)
{
	size_t i = 0;

	while (i < text.n && ((uint8_t)text.p[i] >= ' ' || strchr("\t\n\f\r", text.p[i]) != NULL) && text.p[i] != '\0' &&
	    text.p[i] != 0x7f)
		i++;
	return i;
}

/* The first bytes that are not blank. */
static struct tc_str
beginning(struct tc_str text)
{
	if (tc_starts(text, TC_STR("\xef\xbb\xbf")))
		tc_skip(&text, 3);
	while (text.n > 0 && strchr(" \t\r\n", text.p[0]) != NULL)
		tc_skip(&text, 1);
	return text;
}

static bool
is_markup(struct tc_str text)
{
	static const struct tc_str marks[] = {TC_STR_INIT("<!doctype"), TC_STR_INIT("<html"), TC_STR_INIT("<head"),
	    TC_STR_INIT("<body"), TC_STR_INIT("<?xml"), TC_STR_INIT("<!--"), TC_STR_INIT("<title")};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (tc_istarts(text, marks[i]))
			return true;
	return false;
}

static bool
is_json(struct tc_str text)
{
	if (text.n < 2 || (text.p[0] != '{' && text.p[0] != '['))
		return false;
	tc_skip(&text, 1);
	text = beginning(text);
	return text.n > 0 && strchr("{[\"", text.p[0]) != NULL && text.p[0] != '\0';
}

/* The line of the "!#if" that nothing ends; 0: there is none. */
static size_t
open_condition(struct tc_str text)
{
	size_t lines[64], depth = 0, number = 0;

	while (text.p != NULL) {
		struct tc_str line = tc_next(&text, '\n');

		number++;
		if (tc_starts(line, TC_STR("!#if")))
			lines[depth < 64 ? depth : 63] = number;
		depth += tc_starts(line, TC_STR("!#if"));
		depth -= tc_starts(line, TC_STR("!#endif")) && depth > 0;
	}
	return depth > 0 ? lines[depth <= 64 ? depth - 1 : 63] : 0;
}

#define AGAIN "fetch the list again"

bool
match_fault(struct tc_str text, struct match_fault *f)
{
	struct tc_str begin = beginning(text);
	size_t control = find_control(text);

	*f = (struct match_fault){.line = 1, .hint = AGAIN};
	if (text.n == 0) {
		f->what = "the file is empty";
		f->hint = AGAIN "; one that is meant to have no rules says so in a comment: ! none";
	} else if (is_markup(begin)) {
		f->what = "this is an HTML page, not a filter list";
		f->hint = AGAIN "; its address may have changed";
	} else if (is_json(begin)) {
		f->what = "this is JSON, not a filter list";
		f->hint = "name a file in adblock syntax, a hosts file, or a ruleset of npm's @adguard/dnr-rulesets";
	} else if (control < text.n) {
		f->line = line_of(text, control);
		f->what = "this is not text";
		f->hint = AGAIN "; if it is compressed, unpack it first";
	} else if (text.p[text.n - 1] != '\n') {
		f->line = line_of(text, text.n);
		f->what = "the last line has no end: the file is half-written";
		f->hint = AGAIN ", or end the line";
	} else {
		f->line = open_condition(text);
		f->what = "no !#endif ends this !#if: the file is half-written";
	}
	return f->what != NULL && f->line > 0;
}

/* A quarter of what should be rules cannot be read: it is no list. */
bool
match_doubt(const struct match_db *db, size_t list, struct match_fault *f)
{
	const struct list_info *l;
	size_t rules = 0, bad;

	*f = (struct match_fault){.what = NULL};
	if (list >= db->list_count)
		return false;
	l = &db->lists[list];
	bad = l->skipped[MATCH_SKIP_MALFORMED];
	for (uint32_t i = db->rule_count; bad > 0 && i-- > 0 && db->places[i] >> PLACE_LINE_BITS >= list;)
		rules += db->places[i] >> PLACE_LINE_BITS == list;
	for (size_t why = 0; why < MATCH_SKIP_COUNT; why++)
		rules += l->skipped[why];
	if (db->full) {
		f->what = "with this list there are too many rules";
		f->hint = "use fewer lists; 4,000,000 rules are the limit";
	} else if (bad * 4 > rules) {
		f->line = l->bad_line;
		f->what = "this line is no rule, as many others: this is not a filter list";
		f->hint = AGAIN ", or correct it";
	}
	return f->what != NULL;
}
