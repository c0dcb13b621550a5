/*
 * audit_site.c: `tacet audit --site HOST` of the running proxy: what a site that only observes carries, as its inventory has
 * it (core/inventory.h), and what has changed since a baseline:
 *
 *	# tacet inventory 1 of www.example.com
 *	cookie<TAB>_ga<TAB>analytics
 *
 * one line for each name and class, sorted; counts and days are not in there, so that only names make a difference.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/args.h"
#include "cli/audit.h"
#include "cli/control.h"

#define ANSWER_MAX ((size_t)8 << 20)
#define MARK "# tacet inventory 1 of "

enum { NUMBER_MAX = 20 };

struct item {
	struct tc_str what, name, class, construct, party, would, list, responses, first, last;
	struct tc_str raw; /* as it came */
	struct tc_str key; /* its line of a baseline */
};

struct site {
	struct tc_arena *arena;
	struct tc_str host, since, responses, given_up, not_kept;
	struct item *items;
	size_t n;
};

static int
failed(const char *what, const char *why)
{
	(void)fprintf(stderr, "tacet audit: %s: %s\n", what, why);
	return 2;
}

/* ---- the answer of the proxy ---- */

/* The member of that name, a text or a number. */
static void
value_read(struct json *j, struct tc_arena *arena, struct tc_str key, const char *name, bool text, struct tc_str *out,
    bool *taken)
{
	if (*taken || !tc_eq(key, tc_str_from(name)))
		return;
	*taken = true;
	if (text)
		*out = json_string(j, arena);
	else
		(void)json_skip(j, out);
	if (out->p == NULL) /* null */
		*out = tc_str_of("", 0);
}

static void
item_read(struct site *s, struct tc_str raw, struct item *i)
{
	struct json j = json_of(raw);
	struct tc_str key;

	*i = (struct item){.raw = raw};
	if (!json_enter(&j, '{'))
		return;
	while (json_member(&j, &key)) {
		bool taken = false;

		value_read(&j, s->arena, key, "what", true, &i->what, &taken);
		value_read(&j, s->arena, key, "name", true, &i->name, &taken);
		value_read(&j, s->arena, key, "class", true, &i->class, &taken);
		value_read(&j, s->arena, key, "construct", true, &i->construct, &taken);
		value_read(&j, s->arena, key, "party", true, &i->party, &taken);
		value_read(&j, s->arena, key, "would", true, &i->would, &taken);
		if (!taken && tc_eq(key, TC_STR("list"))) {
			taken = true; /* a text or null */
			(void)json_skip(&j, &i->list);
		}
		value_read(&j, s->arena, key, "responses", false, &i->responses, &taken);
		value_read(&j, s->arena, key, "first", true, &i->first, &taken);
		value_read(&j, s->arena, key, "last", true, &i->last, &taken);
		if (!taken)
			(void)json_skip(&j, NULL);
	}
	i->key = tc_join(s->arena, (const struct tc_str[]){i->what, TC_STR("\t"), i->name, TC_STR("\t"), i->class}, 5);
}

static void
items_read(struct site *s, struct json *j)
{
	struct tc_str raw;

	if (!json_enter(j, '['))
		return;
	while (json_item(j)) {
		if (!json_skip(j, &raw) || s->n == AUDIT_FINDINGS_MAX)
			continue;
		item_read(s, raw, &s->items[s->n]);
		s->n += s->items[s->n].key.p != NULL;
	}
}

static void
site_read(struct site *s, struct json *j)
{
	struct tc_str key;

	if (!json_enter(j, '{'))
		return;
	while (json_member(j, &key)) {
		bool taken = false;

		value_read(j, s->arena, key, "site", true, &s->host, &taken);
		value_read(j, s->arena, key, "since", true, &s->since, &taken);
		value_read(j, s->arena, key, "responses", false, &s->responses, &taken);
		value_read(j, s->arena, key, "given_up", false, &s->given_up, &taken);
		value_read(j, s->arena, key, "not_kept", false, &s->not_kept, &taken);
		if (!taken && tc_eq(key, TC_STR("items")))
			items_read(s, j);
		else if (!taken)
			(void)json_skip(j, NULL);
	}
}

/* false: no answer of this form. Without a response there is no site in it. */
static bool
answer_read(struct site *s, struct tc_str text)
{
	struct json j = json_of(text);
	struct tc_str key;

	if (!json_enter(&j, '{'))
		return false;
	while (json_member(&j, &key))
		if (!tc_eq(key, TC_STR("sites")) || !json_enter(&j, '['))
			(void)(tc_eq(key, TC_STR("sites")) || json_skip(&j, NULL));
		else
			while (json_item(&j))
				site_read(s, &j);
	return json_end(&j);
}

/* ---- baselines ---- */

static int
by_text(const void *a, const void *b)
{
	const struct tc_str *x = a, *y = b;
	int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

/* Sorted lines, each once. */
struct lines {
	struct tc_str *v;
	size_t n;
};

static struct lines
sorted(struct tc_str *v, size_t n)
{
	size_t k = 0;

	qsort(v, n, sizeof(*v), by_text);
	for (size_t i = 0; i < n; i++)
		if (k == 0 || !tc_eq(v[k - 1], v[i]))
			v[k++] = v[i];
	return (struct lines){v, k};
}

static struct lines
lines_of(const struct site *s)
{
	struct tc_str *v = tc_alloc(s->arena, (s->n + 1) * sizeof(*v));

	if (v == NULL)
		abort();
	for (size_t i = 0; i < s->n; i++)
		v[i] = s->items[i].key;
	return sorted(v, s->n);
}

static bool
has_line(const struct lines *l, struct tc_str line)
{
	return l->n > 0 && bsearch(&line, l->v, l->n, sizeof(line), by_text) != NULL;
}

static size_t
count_byte(struct tc_str s, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

/* 0, or the exit code: said why. */
static int
baseline_read(const struct site *s, const char *path, struct lines *out)
{
	struct tc_str text = audit_file_read(path, s->arena), line, *v;
	size_t n = 0;

	if (text.p == NULL)
		return 2;
	line = tc_next(&text, '\n');
	if (!tc_starts(line, TC_STR(MARK)))
		return failed(path, "not a baseline: --save writes one");
	tc_skip(&line, sizeof(MARK) - 1);
	if (!tc_eq(line, s->host))
		return failed(path, "the baseline of another site");
	v = tc_alloc(s->arena, (count_byte(text, '\n') + 2) * sizeof(*v));
	if (v == NULL)
		abort();
	while (text.p != NULL) {
		line = tc_next(&text, '\n');
		if (line.n == 0)
			continue;
		if (count_byte(line, '\t') != 2)
			return failed(path, "a line is not WHAT, NAME and CLASS with tabs between");
		v[n++] = line;
	}
	*out = sorted(v, n);
	return 0;
}

/* Beside the old one, which it replaces as a whole. */
static int
baseline_save(const struct site *s, const struct lines *now, const char *path)
{
	char scratch[4096];
	FILE *f;
	bool fine;

	if (snprintf(scratch, sizeof(scratch), "%s.new", path) >= (int)sizeof(scratch))
		return failed(path, "the name is too long");
	f = fopen(scratch, "w");
	if (f == NULL)
		return failed(scratch, strerror(errno));
	fine = fprintf(f, MARK "%.*s\n", (int)s->host.n, s->host.p) > 0;
	for (size_t i = 0; i < now->n; i++)
		fine &= fprintf(f, "%.*s\n", (int)now->v[i].n, now->v[i].p) > 0;
	fine &= fclose(f) == 0;
	if (fine && rename(scratch, path) == 0)
		return 0;
	return failed(path, errno != 0 ? strerror(errno) : "cannot be written");
}

/* ---- the suggested configuration ---- */

/* Items as findings, as a page would have them. */
static void
findings_of(const struct site *s, struct audit *a)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct item *item = &s->items[i];
		struct finding f = {.vendor = item->name, .count = 1, .construct = AUDIT_REQUEST, .class = TC_UNKNOWN};

		if (!tc_eq(item->what, TC_STR("vendor")) && !tc_eq(item->what, TC_STR("host")))
			continue;
		f.class = audit_class(item->class);
		f.third_party = tc_eq(item->party, TC_STR("third"));
		f.construct = f.class == TC_FUNCTIONAL ? AUDIT_EMBED : AUDIT_REQUEST;
		f.pack = tc_eq(item->list, TC_STR("\"easyprivacy\"")) ? TC_PACK_EASYPRIVACY : TC_PACK_BUILT_IN;
		if (f.class == TC_UNKNOWN && !tc_eq(item->what, TC_STR("host")))
			continue; /* a vendor that is never blocked */
		a->findings[a->n++] = f;
	}
}

static void
print_config(const struct site *s, FILE *out)
{
	struct audit a = {.arena = s->arena, .host = s->host, .host_known = true};

	a.findings = tc_alloc(s->arena, (s->n + 1) * sizeof(*a.findings));
	if (a.findings == NULL)
		abort();
	findings_of(s, &a);
	audit_print_config(&a, out);
}

/* ---- for people ---- */

static void
print_item(const struct item *i)
{
	audit_put_column(i->what, 9);
	audit_put_column(i->name.n > 0 ? i->name : TC_STR("-"), 32);
	audit_put_column(i->class, 15);
	audit_put_column(i->construct, 15);
	audit_put_column(i->party, 5);
	(void)printf("%9.*s  ", (int)i->responses.n, i->responses.p);
	audit_put_column(i->would, 15);
	(void)printf("%.*s  %.*s\n", (int)i->first.n, i->first.p, (int)i->last.n, i->last.p);
}

static void
print_text(const struct site *s)
{
	(void)printf("inventory of %.*s: %.*s responses since %.*s", (int)s->host.n, s->host.p, (int)s->responses.n,
	    s->responses.p, (int)s->since.n, s->since.p);
	if (!tc_eq(s->given_up, TC_STR("0")))
		(void)printf(", %.*s of them not to the end", (int)s->given_up.n, s->given_up.p);
	if (!tc_eq(s->not_kept, TC_STR("0")))
		(void)printf(", %.*s names not kept", (int)s->not_kept.n, s->not_kept.p);
	(void)puts("\n");
	if (s->n == 0) {
		(void)puts("nothing that a list knows, and no name that enough responses carried");
		return;
	}
	(void)printf("%-9s  %-32s  %-15s  %-15s  %-5s  %9s  %-15s  %-10s  %s\n", "WHAT", "NAME", "CLASS", "CONSTRUCT", "PARTY",
	    "RESPONSES", "FOR WHO SAID NO", "FIRST", "LAST");
	for (size_t i = 0; i < s->n; i++)
		print_item(&s->items[i]);
	(void)puts("\nsuggested configuration (alone: --format yaml):\n");
	print_config(s, stdout);
	(void)printf("\nnext: tacet audit --site %.*s --save FILE, then --baseline FILE; mode: filter to act on it\n", (int)s->host.n,
	    s->host.p);
}

/* Lines of one that the other lacks. */
static size_t
print_only(const struct lines *in, const struct lines *not_in, char sign)
{
	size_t n = 0;

	for (size_t i = 0; i < in->n; i++) {
		struct tc_str rest = in->v[i];

		if (has_line(not_in, rest))
			continue;
		n++;
		if (sign == '\0')
			continue;
		(void)printf("%c ", sign);
		audit_put_column(tc_next(&rest, '\t'), 9);
		audit_put_column(tc_next(&rest, '\t'), 40);
		audit_put_column(rest, 15);
		(void)putchar('\n');
	}
	return n;
}

/* ---- for programs ---- */

static void
json_only(const char *key, const struct lines *in, const struct lines *not_in)
{
	const char *before = "";

	(void)printf("\"%s\": [", key);
	for (size_t i = 0; i < in->n; i++) {
		struct tc_str rest = in->v[i];

		if (has_line(not_in, rest))
			continue;
		(void)printf("%s{\"what\": ", before);
		audit_put_json(tc_next(&rest, '\t'));
		(void)fputs(", \"name\": ", stdout);
		audit_put_json(tc_next(&rest, '\t'));
		(void)fputs(", \"class\": ", stdout);
		audit_put_json(rest);
		(void)putchar('}');
		before = ", ";
	}
	(void)putchar(']');
}

static void
print_json(const struct site *s, const struct lines *now, const struct lines *before)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (out == NULL)
		abort();
	print_config(s, out);
	(void)fclose(out);
	(void)fputs("{\n  \"site\": ", stdout);
	audit_put_json(s->host);
	(void)fputs(",\n  \"since\": ", stdout);
	audit_put_json(s->since);
	(void)printf(",\n  \"responses\": %.*s,\n  \"given_up\": %.*s,\n  \"not_kept\": %.*s,\n  \"items\": [", (int)s->responses.n,
	    s->responses.p, (int)s->given_up.n, s->given_up.p, (int)s->not_kept.n, s->not_kept.p);
	for (size_t i = 0; i < s->n; i++)
		(void)printf("%s\n    %.*s", i > 0 ? "," : "", (int)s->items[i].raw.n, s->items[i].raw.p);
	(void)fputs("\n  ],\n", stdout);
	if (before != NULL) {
		(void)fputs("  \"drift\": {", stdout);
		json_only("new", now, before);
		(void)fputs(", ", stdout);
		json_only("gone", before, now);
		(void)fputs("},\n", stdout);
	}
	(void)fputs("  \"configuration\": ", stdout);
	audit_put_json(tc_str_of(text, n));
	(void)fputs("\n}\n", stdout);
	free(text);
}

/* ---- all of it ---- */

static bool
has_trackers(const struct site *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!tc_eq(s->items[i].class, TC_STR("unknown")) && !tc_eq(s->items[i].class, TC_STR("functional")))
			return true;
	return false;
}

static void
print_drift(const struct lines *now, const struct lines *before, size_t changes)
{
	(void)print_only(now, before, '+');
	(void)print_only(before, now, '-');
	if (changes == 0)
		(void)puts("no drift: the same names and classes as in the baseline");
	else
		(void)printf("drift: %zu line%s differ%s from the baseline\n", changes, changes == 1 ? "" : "s", changes == 1 ? "s" : "");
}

static int
report(const struct site *s, const struct audit_ask *q)
{
	struct lines now = lines_of(s), before = {NULL, 0};
	bool compared = q->baseline != NULL;
	int code = compared ? baseline_read(s, q->baseline, &before) : 0;
	size_t changes;

	if (code != 0)
		return code;
	changes = print_only(&now, &before, '\0') + print_only(&before, &now, '\0');
	if (strcmp(q->format, "json") == 0)
		print_json(s, &now, compared ? &before : NULL);
	else if (strcmp(q->format, "yaml") == 0)
		print_config(s, stdout);
	else if (compared)
		print_drift(&now, &before, changes);
	else
		print_text(s);
	if (q->save != NULL && (code = baseline_save(s, &now, q->save)) != 0)
		return code;
	if (compared)
		return changes > 0;
	return q->save == NULL && has_trackers(s);
}

int
audit_ask(struct audit *a, const struct audit_ask *q)
{
	const struct tc_str none = TC_STR("0");
	struct site s = {.arena = a->arena, .host = a->host, .since = TC_STR("-")};
	char *path, line[300];
	struct buf text;
	int code, n;

	if ((q->file == NULL) == (q->socket == NULL))
		return args_wrong("audit", "say which proxy: -c FILE or --socket PATH");
	path = q->socket != NULL ? strdup(q->socket) : control_path("audit", q->file, &code);
	if (path == NULL)
		return q->socket != NULL ? 1 : code;
	s.responses = s.given_up = s.not_kept = none;
	s.items = tc_alloc(a->arena, AUDIT_FINDINGS_MAX * sizeof(*s.items));
	if (s.items == NULL)
		abort();
	buf_init(&text, ANSWER_MAX);
	n = snprintf(line, sizeof(line), "inventory %.*s\n", (int)a->host.n, a->host.p);
	code = control_ask("audit", path, tc_str_of(line, (size_t)n), &text);
	if (code > 0)
		(void)fprintf(stderr, "tacet audit: %.*s", (int)text.n, buf_str(&text).p);
	else if (code == 0 && !answer_read(&s, buf_str(&text)))
		code = failed(path, "an answer that this version cannot read");
	else if (code == 0)
		code = report(&s, q);
	buf_reset(&text);
	free(path);
	return code != CONTROL_NO_ANSWER ? code : 1;
}
