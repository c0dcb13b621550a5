/*
 * fields_report.c: keeps reports about a visitor's page loads from going to others (html.md N07, N08).
 *
 *	Reporting-Endpoints: main="/reports", other="https://collector.example/r"      the second member goes
 *	Report-To: {"group":"g","endpoints":[{"url":"https://collector.example"}]}     goes
 *	NEL: {"report_to":"g","max_age":86400}                                         becomes {"max_age":0}
 *	Content-Security-Policy: default-src 'self'; report-uri https://c.example      the directive goes
 *
 * The policies themselves stay: they protect the visitor.
 */
#include "fields.h"
#include "pieces.h"

static bool
opens(char ch)
{
	return ch == '{' || ch == '[' || ch == '(';
}

static bool
closes(char ch)
{
	return ch == '}' || ch == ']' || ch == ')';
}

/*
 * Where the member at the front ends: at a comma outside of strings and brackets, or at the end. Good for JSON lists
 * and for Dictionaries. *foreign is set when a string in it is no URL of ours, or cannot be read. Names are strings
 * too, but read as relative URLs they are ours.
 */
static size_t
endpoints_end(struct field_work *w, struct tc_str s, bool *foreign)
{
	size_t depth = 0, from;

	*foreign = false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ',' && depth == 0)
			return i;
		if (opens(s.p[i]))
			depth++;
		else if (closes(s.p[i]) && depth > 0)
			depth--;
		if (s.p[i] != '"')
			continue;
		from = ++i;
		while (i < s.n && s.p[i] != '"' && s.p[i] != '\\')
			i++;
		if (i == s.n || s.p[i] == '\\' || !work_owns(w, tc_str_of(s.p + from, i - from))) {
			*foreign = true;
			if (i == s.n || s.p[i] == '\\')
				return s.n; /* where it ends is unclear: the rest goes with it */
		}
	}
	return s.n;
}

int
fields_endpoints(struct field_work *w, struct tc_field *f)
{
	struct pieces left = {.whole = f->value, .sep = ','};
	struct tc_str rest = f->value;

	while (rest.p != NULL) {
		bool foreign;
		size_t n = endpoints_end(w, rest, &foreign);

		pieces_put(&left, w->c->arena, tc_str_of(rest.p, n), !foreign);
		rest = n < rest.n ? tc_str_of(rest.p + n + 1, rest.n - n - 1) : (struct tc_str){NULL, 0};
	}
	if (left.failed)
		return -1;
	if (!pieces_cut(&left))
		return 0;
	work_did(w, TC_ANALYTICS, f->name);
	f->value = pieces_left(&left);
	f->dropped = f->value.p == NULL;
	return 0;
}

/* Whether text stands somewhere in s with the bytes before and after around it. */
static bool
stands_between(struct tc_str s, char before, struct tc_str text, char after)
{
	while (s.n > text.n) {
		size_t at = tc_find(s, text);

		if (at == s.n)
			return false;
		if (at + text.n < s.n && s.p[at + text.n] == after &&
		    (before == '\0' || (at > 0 && s.p[at - 1] == before)))
			return true;
		tc_skip(&s, at + 1);
	}
	return false;
}

/* Whether this response still says where reports of a group go. If it does not, an older one might have. */
static bool
group_known(struct field_work *w, struct tc_str group)
{
	const struct tc_fields *fields = &w->c->res->fields;

	if (group.n == 0)
		return false;
	for (size_t i = 0; i < fields->n; i++) {
		const struct tc_field *f = &fields->v[i];

		if (f->dropped)
			continue;
		if (f->id == TC_F_REPORT_TO && stands_between(f->value, '"', group, '"'))
			return true;
		if (f->id == TC_F_REPORTING_ENDPOINTS && stands_between(f->value, '\0', group, '='))
			return true;
	}
	return false;
}

static struct tc_str
unquoted(struct tc_str s)
{
	s = tc_trim(s);
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return tc_str_of(s.p + 1, s.n - 2);
	return s;
}

/* The string behind "report_to": in NEL; n = 0: none. */
static struct tc_str
nel_group(struct tc_str value)
{
	static const struct tc_str key = TC_STR_INIT("\"report_to\"");
	size_t at = tc_find(value, key);

	if (at == value.n)
		return tc_str_of(value.p, 0);
	tc_skip(&value, at + key.n);
	value = tc_trim(value);
	if (value.n == 0 || value.p[0] != ':')
		return tc_str_of(value.p, 0);
	tc_skip(&value, 1);
	value = tc_trim(value);
	if (value.n == 0 || value.p[0] != '"')
		return tc_str_of(value.p, 0);
	tc_skip(&value, 1);
	return tc_str_of(value.p, tc_find_byte(value, '"'));
}

/* Not only left out but cleared: the browser may hold one from before the opt-out. */
int
fields_nel(struct field_work *w, struct tc_field *f)
{
	static const struct tc_str clear = TC_STR_INIT("{\"max_age\":0}");

	if (group_known(w, nel_group(f->value)) || tc_eq(f->value, clear))
		return 0;
	f->value = clear;
	work_did(w, TC_ANALYTICS, f->name);
	return 0;
}

/* ---- report-uri and report-to in policies ---- */

/* A value being written anew without some of its parts; never longer than it was. */
struct rest {
	char *p;
	size_t n;
};

static void
rest_add(struct rest *r, struct tc_str s)
{
	if (s.n > 0)
		memcpy(r->p + r->n, s.p, s.n);
	r->n += s.n;
}

static size_t
word_end(struct tc_str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t' && s.p[n] != '=')
		n++;
	return n;
}

/* "report-uri URL URL": the URLs of ours. True if one went; what is left is added, nothing if none is left. */
static bool
uris_add(struct field_work *w, struct rest *r, struct tc_str part)
{
	size_t before = r->n, name = 0, kept = 0, seen = 0;

	while (name < part.n && (part.p[name] == ' ' || part.p[name] == '\t'))
		name++;
	name += word_end(tc_str_of(part.p + name, part.n - name));
	rest_add(r, tc_str_of(part.p, name));
	tc_skip(&part, name);
	if (part.n > 0 && part.p[0] == '=')
		tc_skip(&part, 1);
	for (part = tc_trim(part); part.n > 0; part = tc_trim(part)) {
		size_t n = 0;

		while (n < part.n && part.p[n] != ' ' && part.p[n] != '\t')
			n++;
		seen++;
		if (work_owns(w, unquoted(tc_str_of(part.p, n)))) {
			rest_add(r, TC_STR(" "));
			rest_add(r, tc_str_of(part.p, n));
			kept++;
		}
		tc_skip(&part, n);
	}
	if (kept == 0)
		r->n = before;
	return kept < seen;
}

/* One part of a policy, as it stands between separators. True if something went from it. */
static bool
part_add(struct field_work *w, struct rest *r, struct tc_str part)
{
	struct tc_str text = tc_trim(part), name = tc_str_of(text.p, word_end(text)), value;
	size_t before = r->n;

	if (tc_ieq(name, TC_STR("report-uri"))) {
		if (uris_add(w, r, part))
			return true;
		r->n = before; /* all of it is ours: as it was */
	}
	value = tc_trim(tc_str_of(text.p + name.n, text.n - name.n));
	if (value.n > 0 && value.p[0] == '=')
		tc_skip(&value, 1);
	if (tc_ieq(name, TC_STR("report-to")) && !group_known(w, unquoted(value)))
		return true;
	rest_add(r, part);
	return false;
}

/* A part went with nothing left of it: the separator before it is not needed either. */
static void
rest_trim(struct rest *r)
{
	while (r->n > 0 && (r->p[r->n - 1] == ' ' || r->p[r->n - 1] == '\t'))
		r->n--;
	if (r->n > 0 && (r->p[r->n - 1] == ';' || r->p[r->n - 1] == ','))
		r->n--;
}

static size_t
part_end(struct tc_str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != ';' && s.p[n] != ',')
		n++;
	return n;
}

/* "report-" in any case: most policies have none, and are not taken apart. */
static bool
mentions_reports(struct tc_str s)
{
	static const struct tc_str word = TC_STR_INIT("report");

	for (size_t at = tc_find_byte(s, '-'); at < s.n; at = tc_find_byte(s, '-')) {
		if (at >= word.n && tc_ieq(tc_str_of(s.p + at - word.n, word.n), word))
			return true;
		tc_skip(&s, at + 1);
	}
	return false;
}

int
fields_report_parts(struct field_work *w, struct tc_field *f)
{
	struct tc_str s = f->value;
	struct rest r;
	bool gone = false;

	if (!mentions_reports(s))
		return 0;
	r = (struct rest){tc_alloc_bytes(w->c->arena, s.n), 0};
	if (r.p == NULL)
		return -1;
	for (;;) {
		size_t n = part_end(s), before = r.n;
		bool cut = part_add(w, &r, tc_str_of(s.p, n)), all = cut && r.n == before;

		gone |= cut;
		if (all && (n == s.n || s.p[n] == ','))
			rest_trim(&r);
		if (n == s.n)
			break;
		if (!all || (s.p[n] == ',' && r.n > 0))
			rest_add(&r, tc_str_of(s.p + n, 1));
		tc_skip(&s, n + 1);
	}
	if (!gone)
		return 0;
	work_did(w, TC_ANALYTICS, f->name);
	f->value = tc_trim(tc_str_of(r.p, r.n));
	f->dropped = f->value.n == 0;
	return 0;
}
