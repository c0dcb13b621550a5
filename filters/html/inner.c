/* inner.c: URLs that are a script, a document or a style sheet themselves: "data:" and "javascript:" (run.h). */
#include "run.h"

/* The value of a base64 digit; -1: it is none. */
static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63
								: -1;
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
										       : -1;
}

/* Undoes percent-encoding into out (s.n bytes). */
static size_t
undo_percent(struct tc_str s, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		bool is = s.p[i] == '%' && s.n - i > 2 && hex_digit(s.p[i + 1]) >= 0 && hex_digit(s.p[i + 2]) >= 0;

		out[n++] = is ? (char)(hex_digit(s.p[i + 1]) * 16 + hex_digit(s.p[i + 2])) : s.p[i];
		i += is ? 2 : 0;
	}
	return n;
}

/* Undoes base64 in place; what is no digit is skipped. */
static size_t
undo_base64(char *p, size_t n)
{
	uint32_t bits = 0;
	size_t have = 0, to = 0;

	for (size_t i = 0; i < n && p[i] != '='; i++) {
		int v = base64_digit(p[i]);

		if (v < 0)
			continue;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			p[to++] = (char)(bits >> have & 0xFF);
		}
	}
	return to;
}

/* "data:" or "javascript:" as browsers read it: tabs and line ends are not there. url begins with no white space. */
static bool
has_scheme(struct tc_str url, struct tc_str scheme)
{
	size_t have = 0;

	for (size_t i = 0; i < url.n && have < scheme.n; i++) {
		if (url.p[i] == '\t' || url.p[i] == '\n' || url.p[i] == '\r')
			continue;
		if (tc_lower(url.p[i]) != scheme.p[have])
			return false;
		have++;
	}
	return have == scheme.n;
}

/* A copy of the URL without what browsers leave out, its escapes undone. Owned by the caller, who wipes it. */
struct inner {
	char *p;
	size_t size;        /* of p */
	struct tc_str all;  /* the whole of it, nothing undone but that */
	struct tc_str head; /* "data:text/html;base64" */
	struct tc_str text;
};

static void
inner_end(struct inner *in)
{
	explicit_bzero(in->p, in->size);
	free(in->p);
}

static void
inner_begin(struct inner *in, struct tc_str url)
{
	size_t n = 0, comma;

	in->size = url.n * 2 + 1;
	in->p = malloc(in->size);
	if (in->p == NULL)
		abort();
	for (size_t i = 0; i < url.n; i++)
		if (url.p[i] != '\t' && url.p[i] != '\n' && url.p[i] != '\r')
			in->p[n++] = url.p[i];
	in->all = tc_str_of(in->p, n);
	comma = tc_find_byte(in->all, ',');
	in->head = tc_str_of(in->p, comma);
	in->text = tc_str_of(in->p + n, 0);
	if (comma == n)
		return;
	in->text.n = undo_percent(tc_str_of(in->p + comma + 1, n - comma - 1), in->p + n);
	if (in->text.n > 0 && comma >= 6 && tc_ieq(tc_str_of(in->p + comma - 6, 6), TC_STR("base64")))
		in->text.n = undo_base64(in->p + n, in->text.n);
}

/* A picture or sound: no document, and no script. */
static bool
is_medium(struct tc_str head)
{
	return (tc_istarts(head, TC_STR("data:image/")) && tc_find(head, TC_STR("xml")) == head.n) ||
	    tc_istarts(head, TC_STR("data:audio/")) || tc_istarts(head, TC_STR("data:video/")) ||
	    tc_istarts(head, TC_STR("data:font/"));
}

/* A document that browsers would show in a frame: whether anything in it would be edited. */
static bool
document_denied(const struct rewrite *rw, const struct inner *in)
{
	struct rewrite *doc;
	struct tc_str text = in->text;
	bool yes = true;

	/* XML may name a host piece by piece */
	if (tc_find(in->head, TC_STR("xml")) < in->head.n && tc_find(text, TC_STR("<!ENTITY")) < text.n)
		return true;
	doc = rewrite_nested(rw, NULL, NULL);
	if (doc != NULL) {
		doc->quiet++;
		yes = rewrite_run(doc, &text, true) != 0 || doc->edits > 0;
	}
	rewrite_nested_end(&doc);
	return yes;
}

static bool
script_denied(struct rewrite *rw, struct tc_str text, enum tc_action action)
{
	struct judge judge;
	struct script_ctx ctx = {.judge = judge_value, .ctx = &judge};
	bool yes;

	judge_begin(&judge, rw, action, true);
	yes = script_names_tracker(&ctx, text);
	judge_script_done(&judge, yes);
	return yes;
}

static struct tc_str
without_blanks(struct tc_str url)
{
	while (url.n > 0 && (uint8_t)url.p[0] <= ' ')
		tc_skip(&url, 1);
	return url;
}

bool
inner_denied(struct rewrite *rw, struct tc_str url, unsigned types, enum tc_action action)
{
	bool frame = (types & MATCH_SUBDOCUMENT) != 0, script = (types & MATCH_SCRIPT) != 0 && !frame, yes = false;
	struct inner in;

	url = without_blanks(url);
	if (has_scheme(url, TC_STR("javascript:"))) {
		if ((types & (MATCH_SUBDOCUMENT | MATCH_OTHER)) == 0)
			return false; /* nobody runs it */
		inner_begin(&in, url);
		yes = script_denied(rw, in.all, action);
		inner_end(&in);
		return yes;
	}
	if (!has_scheme(url, TC_STR("data:")))
		return false;
	inner_begin(&in, url);
	if (script) {
		yes = script_denied(rw, in.text, action);
	} else if ((frame && !is_medium(in.head)) || tc_find(in.head, TC_STR("xml")) < in.head.n) {
		yes = document_denied(rw, &in);
		if (yes)
			judge_did(rw, action, TC_UNKNOWN, in.head);
	}
	inner_end(&in);
	return yes;
}

/* ---- style sheets ---- */

/* As judge_value(), but a sheet in a sheet in a data: URL goes unread: no one writes such. */
static bool
judge_inner(void *judge, struct tc_str url, unsigned types)
{
	if (types == MATCH_STYLESHEET && has_scheme(without_blanks(url), TC_STR("data:")))
		return tc_find_byte(url, ',') + 1 < url.n;
	return judge_value(judge, url, types);
}

bool
inner_sheet_denied(struct rewrite *rw, struct tc_str url, enum tc_action action)
{
	struct value_edit v[1];
	struct value_edits edits = {.v = v, .cap = 1};
	struct css css = {.mode = 0};
	struct judge judge;
	struct inner in;

	url = without_blanks(url);
	if (!has_scheme(url, TC_STR("data:")))
		return false;
	judge_begin(&judge, rw, action, false);
	inner_begin(&in, url);
	for (size_t taken = 1; in.text.n > 0 && taken > 0 && edits.n == 0; tc_skip(&in.text, taken))
		taken = css_judge(&css, in.text, true, judge_inner, &judge, &edits);
	inner_end(&in);
	return edits.n > 0;
}
