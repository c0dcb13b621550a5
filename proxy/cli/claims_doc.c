/* claims_doc.c: see claims_doc.h. */
#include "cli/claims_doc.h"

#include <stdlib.h>

enum { DOC_MAX = 8 << 20,
	WIDTH = 100 };

static const char STYLE[] =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46em;margin:2em auto;padding:0 1em}"
    "body{color:#222;background:#fff}li{margin:.8em 0}q{font-style:italic}p{margin:.3em 0}"
    ".good{color:#0a5d2c}.bad{color:#a10000;font-weight:bold}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}.good{color:#7fd69b}.bad{color:#ff8f8f}}";

/* ---- text, escaped ---- */

/* How many bytes at the front are no letters: control characters, and those that turn the direction of writing. */
static size_t
control_length(struct tc_str s)
{
	static const struct tc_str turning[] = {TC_STR_INIT("\xe2\x80\x8e"), TC_STR_INIT("\xe2\x80\x8f"),
	    TC_STR_INIT("\xe2\x80\xaa"), TC_STR_INIT("\xe2\x80\xab"), TC_STR_INIT("\xe2\x80\xac"), TC_STR_INIT("\xe2\x80\xad"),
	    TC_STR_INIT("\xe2\x80\xae"), TC_STR_INIT("\xe2\x81\xa6"), TC_STR_INIT("\xe2\x81\xa7"), TC_STR_INIT("\xe2\x81\xa8"),
	    TC_STR_INIT("\xe2\x81\xa9")};
	unsigned char ch = (unsigned char)s.p[0];

	if (ch < ' ' || ch == 0x7f)
		return 1;
	if (ch == 0xc2 && s.n > 1 && ((unsigned char)s.p[1] & 0xe0) == 0x80)
		return 2;
	for (size_t i = 0; ch == 0xe2 && i < sizeof(turning) / sizeof(turning[0]); i++)
		if (tc_starts(s, turning[i]))
			return turning[i].n;
	return 0;
}

/* What is not plain punctuation in Markdown. */
static bool
is_special(char ch)
{
	return strchr("\\`*_{}[]<>#|~&!", ch) != NULL && ch != '\0';
}

static void
put(struct doc *d, struct tc_str s)
{
	if (d->format == DOC_MARKDOWN && s.n > 0 && strchr("-+=", s.p[0]) != NULL) /* a list, a heading */
		MARKUP(&d->m, "\\");
	while (s.n > 0) {
		size_t n = control_length(s);
		struct tc_str one = n > 0 ? TC_STR(" ") : tc_str_of(s.p, 1);

		if (d->format == DOC_HTML) {
			markup_text(&d->m, one);
		} else {
			if (d->format == DOC_MARKDOWN && is_special(one.p[0]))
				MARKUP(&d->m, "\\");
			markup_raw(&d->m, one);
		}
		tc_skip(&s, n > 0 ? n : 1);
	}
}

static void
raw(struct doc *d, const char *text)
{
	markup_raw(&d->m, tc_str_from(text));
}

static size_t
letters(struct tc_str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* Word by word, in lines that begin with `indent` blanks; the first has `used` letters already. */
static void
wrap(struct doc *d, struct tc_str s, size_t indent, size_t used)
{
	while (s.n > 0) {
		size_t n = tc_find_byte(s, ' ');
		struct tc_str word = tc_str_of(s.p, n);

		tc_skip(&s, n < s.n ? n + 1 : n);
		if (word.n == 0)
			continue;
		if (used > indent && used + 1 + letters(word) > WIDTH) {
			raw(d, "\n");
			used = 0;
		}
		for (; used < indent; used++)
			raw(d, " ");
		if (used > indent) {
			raw(d, " ");
			used++;
		}
		put(d, word);
		used += letters(word);
	}
	raw(d, "\n");
}

/* ---- blocks ---- */

static void
leave_list(struct doc *d)
{
	if (d->listing && d->format == DOC_HTML)
		raw(d, "</ul>\n");
	d->listing = false;
}

static void
enter_list(struct doc *d)
{
	if (!d->listing && d->format == DOC_HTML)
		raw(d, "<ul>\n");
	d->listing = true;
}

void
doc_begin(struct doc *d, enum doc_format format, const char *title)
{
	struct tc_str s = tc_str_from(title);

	*d = (struct doc){.format = format, .m = {.p = malloc(DOC_MAX), .cap = DOC_MAX}};
	if (d->m.p == NULL)
		abort();
	if (format == DOC_HTML) {
		raw(d, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
		put(d, s);
		raw(d, "</title>\n<style>");
		raw(d, STYLE);
		raw(d, "</style>\n</head>\n<body>\n<main>\n");
	}
	raw(d, format == DOC_HTML ? "<h1>" : format == DOC_MARKDOWN ? "# "
								    : "");
	put(d, s);
	raw(d, format == DOC_HTML ? "</h1>\n" : "\n");
	if (format == DOC_TEXT) {
		for (size_t i = letters(s); i > 0; i--)
			raw(d, "=");
		raw(d, "\n");
	}
}

void
doc_heading(struct doc *d, const char *text)
{
	leave_list(d);
	raw(d, d->format == DOC_HTML ? "<h2>" : d->format == DOC_MARKDOWN ? "\n## "
									  : "\n");
	put(d, tc_str_from(text));
	raw(d, d->format == DOC_HTML ? "</h2>\n" : "\n");
	if (d->format == DOC_TEXT) {
		for (size_t i = strlen(text); i > 0; i--)
			raw(d, "-");
		raw(d, "\n");
	}
}

void
doc_paragraph(struct doc *d, const char *mark, struct tc_str text)
{
	const char *before = "", *after = "";

	leave_list(d);
	if (mark != NULL) {
		before = d->format == DOC_HTML ? "<strong>" : d->format == DOC_MARKDOWN ? "**"
											: "";
		after = d->format == DOC_HTML ? "</strong> " : d->format == DOC_MARKDOWN ? "** "
											 : "";
	}
	raw(d, d->format == DOC_HTML ? "<p>" : "\n");
	raw(d, before);
	put(d, tc_str_from(mark != NULL ? mark : ""));
	raw(d, after);
	if (d->format == DOC_TEXT) {
		wrap(d, text, 0, mark != NULL ? strlen(mark) : 0);
		return;
	}
	put(d, text);
	raw(d, d->format == DOC_HTML ? "</p>\n" : "\n");
}

/* ---- items ---- */

static void
text_item(struct doc *d, const struct doc_item *item)
{
	struct tc_str space = TC_STR("                                ");
	size_t n = letters(item->name);

	raw(d, "\n  ");
	put(d, item->name);
	if (item->mark.n > 0) {
		put(d, tc_str_of(space.p, n < space.n ? space.n - n : 1));
		put(d, item->mark);
	}
	raw(d, "\n");
	if (item->quote.n > 0) {
		raw(d, "    \"");
		put(d, item->quote);
		raw(d, "\"\n");
	}
	for (size_t i = 0; i < sizeof(item->text) / sizeof(item->text[0]); i++)
		if (item->text[i].n > 0)
			wrap(d, item->text[i], 4, 0);
}

static void
markdown_item(struct doc *d, const struct doc_item *item)
{
	raw(d, "\n- **");
	put(d, item->name);
	raw(d, "**");
	if (item->mark.n > 0) {
		raw(d, item->bad ? ": **" : ": ");
		put(d, item->mark);
		raw(d, item->bad ? "**" : "");
	}
	raw(d, "\n");
	if (item->quote.n > 0) {
		raw(d, "\n  *\"");
		put(d, item->quote);
		raw(d, "\"*\n");
	}
	for (size_t i = 0; i < sizeof(item->text) / sizeof(item->text[0]); i++)
		if (item->text[i].n > 0) {
			raw(d, "\n  ");
			put(d, item->text[i]);
			raw(d, "\n");
		}
}

static void
html_item(struct doc *d, const struct doc_item *item)
{
	raw(d, "<li><strong>");
	put(d, item->name);
	raw(d, "</strong>");
	if (item->mark.n > 0) {
		raw(d, item->bad ? " <span class=\"bad\">" : " <span class=\"good\">");
		put(d, item->mark);
		raw(d, "</span>");
	}
	if (item->quote.n > 0) {
		raw(d, "\n<p><q>");
		put(d, item->quote);
		raw(d, "</q></p>");
	}
	for (size_t i = 0; i < sizeof(item->text) / sizeof(item->text[0]); i++)
		if (item->text[i].n > 0) {
			raw(d, "\n<p>");
			put(d, item->text[i]);
			raw(d, "</p>");
		}
	raw(d, "</li>\n");
}

void
doc_item(struct doc *d, const struct doc_item *item)
{
	enter_list(d);
	if (d->format == DOC_TEXT)
		text_item(d, item);
	else if (d->format == DOC_MARKDOWN)
		markdown_item(d, item);
	else
		html_item(d, item);
}

int
doc_end(struct doc *d, FILE *out)
{
	int r = 0;

	leave_list(d);
	if (d->format == DOC_HTML)
		raw(d, "</main>\n</body>\n</html>\n");
	if (d->m.full)
		r = -1;
	else
		(void)fwrite(d->m.p, 1, d->m.n, out);
	free(d->m.p);
	d->m.p = NULL;
	return r;
}
