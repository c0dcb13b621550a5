/*
 * check_regions.c: see check_regions.h. Every place that a row of regions or of a pack names is one line; "EU", "EEA" and
 * "*" stand for those of their countries that have no line of their own.
 */
#include "cli/check_regions.h"

#include <stdlib.h>

#include "base/day.h"
#include "core/decide.h"

enum { PLACES_MAX = 512, /* more than there are codes */
	SWITCH_DAYS = 90,
	OLD_DAYS = 366 };

/* One place and what applies there. */
struct line {
	struct tc_str code;
	struct place place; /* country "": unknown */
	const struct config_region *region;
	const struct config_law *law; /* NULL: none, or of an unknown place all */
	bool sale, measurement;       /* need a grant by law */
	uint32_t binding;
};

struct table {
	const struct config *c;
	int32_t day;
	struct line v[PLACES_MAX];
	size_t n;
};

/* What a day switches; duty NULL: the row itself begins, or ends. */
struct change {
	int32_t day;
	const struct config_law *law;
	const struct config_duty *duty;
	bool ends;
};

/* ---- places ---- */

static bool
is_listed(const struct table *t, const char *code)
{
	for (size_t i = 0; i < t->n; i++)
		if (tc_eq(t->v[i].code, tc_str_from(code)))
			return true;
	return false;
}

static int
rank_of(struct tc_str code)
{
	struct place p;

	if (place_parse(code, &p))
		return p.region[0] != '\0' ? 0 : 1;
	if (tc_eq(code, TC_STR("EU")))
		return 2;
	return tc_eq(code, TC_STR("EEA")) ? 3 : 4;
}

static int
compare_codes(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int rank = rank_of(x->code) - rank_of(y->code), order;

	if (rank != 0)
		return rank;
	order = memcmp(x->code.p, y->code.p, x->code.n < y->code.n ? x->code.n : y->code.n);
	return order != 0 ? order : (int)x->code.n - (int)y->code.n;
}

static void
add_codes(struct table *t, struct tc_strs where)
{
	for (size_t i = 0; i < where.n; i++) {
		bool known = t->n == PLACES_MAX;

		for (size_t k = 0; k < t->n && !known; k++)
			known = tc_eq(t->v[k].code, where.v[i]);
		if (!known)
			t->v[t->n++].code = where.v[i];
	}
}

/* A country that "EU", "EEA" or "*" stands for: neither it nor a closer one of these has a line. false: none is left. */
static bool
stand_in(const struct table *t, struct tc_str code, struct place *out)
{
	static const struct tc_str closer[] = {TC_STR_INIT("EU"), TC_STR_INIT("EEA")};

	for (size_t i = 0; place_country(i, out); i++) {
		bool taken = is_listed(t, out->country) || !place_in(code, out);

		for (size_t k = 0; k < 2 && rank_of(closer[k]) < rank_of(code); k++)
			taken = taken || (is_listed(t, closer[k].p) && place_in(closer[k], out));
		if (!taken)
			return true;
	}
	return false;
}

static void
fill(struct table *t, struct line *l)
{
	l->region = region_of(t->c, &l->place);
	if (l->place.country[0] == '\0') {
		config_law_any(t->c, t->day, &l->sale, &l->measurement);
		return;
	}
	l->law = config_law_of(t->c, &l->place, t->day);
	if (l->law != NULL) {
		l->sale = l->law->opt_in_sale;
		l->measurement = l->law->opt_in_measurement;
		l->binding = l->law->binding;
	}
}

static void
table_make(struct table *t, const struct config *c, int32_t day)
{
	size_t n = 0;

	*t = (struct table){.c = c, .day = day};
	for (size_t i = 0; i < c->region_count; i++)
		add_codes(t, c->regions[i].where);
	for (size_t i = 0; i < c->law_count; i++)
		add_codes(t, c->laws[i].where);
	qsort(t->v, t->n, sizeof(t->v[0]), compare_codes);
	for (size_t i = 0; i < t->n; i++) {
		struct line l = t->v[i];

		if (!place_parse(l.code, &l.place) && !stand_in(t, l.code, &l.place))
			continue;
		fill(t, &l);
		t->v[n++] = l;
	}
	t->n = n < PLACES_MAX ? n : PLACES_MAX - 1;
	t->v[t->n] = (struct line){.code = TC_STR("unknown")};
	fill(t, &t->v[t->n++]);
}

/* ---- what later days switch ---- */

static int
compare_changes(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->law != y->law)
		return x->law < y->law ? -1 : 1;
	return (x->duty > y->duty) - (x->duty < y->duty);
}

static bool
is_near(int32_t day, int32_t today)
{
	return day > today && day <= today + SWITCH_DAYS;
}

/* In the order of their days; to be freed. */
static struct change *
changes_of(const struct config *c, int32_t day, size_t *n)
{
	size_t room = 1;
	struct change *v;

	*n = 0;
	for (size_t i = 0; i < c->law_count; i++)
		room += 2 + c->laws[i].duty_count;
	v = calloc(room, sizeof(*v));
	if (v == NULL)
		abort();
	for (size_t i = 0; i < c->law_count; i++) {
		const struct config_law *l = &c->laws[i];

		if (is_near(l->from, day))
			v[(*n)++] = (struct change){.day = l->from, .law = l};
		if (is_near(l->until, day))
			v[(*n)++] = (struct change){.day = l->until, .law = l, .ends = true};
		for (size_t k = 0; k < l->duty_count; k++)
			if (is_near(l->duties[k].from, day) && l->duties[k].from >= l->from && l->duties[k].from < l->until)
				v[(*n)++] = (struct change){.day = l->duties[k].from, .law = l, .duty = &l->duties[k]};
	}
	qsort(v, *n, sizeof(*v), compare_changes);
	return v;
}

/* ---- for people ---- */

static const char *
group(bool opt_in)
{
	return opt_in ? "opt-in" : "opt-out";
}

static const char *
signals(uint32_t binding)
{
	static const char *const names[] = {"none", "gpc", "dnt", "gpc, dnt"};

	return names[binding & (HONOUR_GPC | HONOUR_DNT)];
}

/* A text in a column, and two spaces behind it. */
static void
cell(FILE *out, struct tc_str s, size_t width)
{
	(void)fprintf(out, "%.*s%*s", (int)s.n, s.p, (int)(s.n < width ? width - s.n : 0) + 2, "");
}

/* Columns are as wide as what is in them. */
struct widths {
	size_t code, region, initial, opted_out, law;
};

static void
widen(size_t *width, size_t n)
{
	*width = n > *width ? n : *width;
}

static struct tc_str
law_name(const struct line *l)
{
	if (l->place.country[0] == '\0')
		return TC_STR("all rows");
	return l->law != NULL ? l->law->name : TC_STR("none");
}

static struct widths
widths_of(const struct table *t)
{
	struct widths w = {5, 6, 12, 7, 3}; /* their headings */

	for (size_t i = 0; i < t->n; i++) {
		widen(&w.code, t->v[i].code.n);
		widen(&w.region, t->v[i].region->name.n);
		widen(&w.initial, t->v[i].region->initial->name.n);
		widen(&w.opted_out, t->v[i].region->opted_out->name.n);
		widen(&w.law, law_name(&t->v[i]).n);
	}
	return w;
}

static void
print_places(const struct table *t, FILE *out)
{
	struct widths w = widths_of(t);

	cell(out, TC_STR("place"), w.code);
	cell(out, TC_STR("region"), w.region);
	cell(out, TC_STR("said nothing"), w.initial);
	cell(out, TC_STR("said no"), w.opted_out);
	cell(out, TC_STR("law"), w.law);
	(void)fputs("sell_share  measurement  binds by law\n", out);
	for (size_t i = 0; i < t->n; i++) {
		const struct line *l = &t->v[i];
		bool unknown = l->place.country[0] == '\0';

		cell(out, l->code, w.code);
		cell(out, l->region->name, w.region);
		cell(out, l->region->initial->name, w.initial);
		cell(out, l->region->opted_out->name, w.opted_out);
		cell(out, law_name(l), w.law);
		(void)fprintf(out, "%-10s  %-11s  %s\n", group(l->sale), group(l->measurement),
		    unknown ? "all" : signals(l->binding));
	}
}

static void
print_duties(const struct config_law *l, FILE *out)
{
	(void)fprintf(out, "\n%.*s  %.*s:%d\n", (int)l->name.n, l->name.p, (int)l->file.n, l->file.p, l->line);
	for (size_t i = 0; i < l->duty_count; i++) {
		const struct config_duty *d = &l->duties[i];
		char day[DATE_LENGTH + 1] = "";

		if (d->from != INT32_MIN)
			date_text(d->from, day);
		(void)fprintf(out, "  %-28.*s  %10s  %-10.*s  %.*s\n", (int)d->what.n, d->what.p, day, (int)d->mark.n, d->mark.p,
		    (int)d->source.n, d->source.p);
	}
}

static void
print_changes(const struct config *c, int32_t day, FILE *out)
{
	char text[DATE_LENGTH + 1];
	size_t n;
	struct change *v = changes_of(c, day, &n);

	date_text(day + SWITCH_DAYS, text);
	(void)fprintf(out, "\n%s until %s\n", n > 0 ? "what switches" : "nothing switches", text);
	for (size_t i = 0; i < n; i++) {
		const struct config_law *l = v[i].law;

		date_text(v[i].day, text);
		(void)fprintf(out, "  %s  ", text);
		if (v[i].duty != NULL)
			(void)fprintf(out, "%.*s: %.*s", (int)l->name.n, l->name.p, (int)v[i].duty->what.n, v[i].duty->what.p);
		else
			(void)fprintf(out, "%.*s %s", (int)l->name.n, l->name.p, v[i].ends ? "ends" : "begins");
		if (v[i].duty == NULL && !v[i].ends)
			(void)fprintf(out, ": sell_share %s, measurement %s, binds by law: %s", group(l->opt_in_sale),
			    group(l->opt_in_measurement), signals(l->binding));
		(void)fprintf(out, "  %.*s:%d\n", (int)l->file.n, l->file.p, l->line);
	}
	free(v);
}

static bool
in_force(const struct config_law *l, int32_t day)
{
	return l->from <= day && day < l->until;
}

void
regions_print(const struct config *c, int32_t day, FILE *out)
{
	static struct table t;
	char text[DATE_LENGTH + 1];

	table_make(&t, c, day);
	date_text(day, text);
	(void)fprintf(out, "regions on %s\n", text);
	for (size_t i = 0; i < c->pack_count; i++) {
		const struct config_pack *p = &c->packs[i];

		date_text(p->version, text);
		(void)fprintf(out, "  pack %.*s of %s: %.*s  %.*s\n", (int)p->name.n, p->name.p, text, (int)p->disclaimer.n,
		    p->disclaimer.n > 0 ? p->disclaimer.p : "", (int)p->file.n, p->file.p);
	}
	if (c->pack_count == 0)
		(void)fputs("  no packs: the rows of regions alone decide\n", out);
	(void)fputc('\n', out);
	print_places(&t, out);
	for (size_t i = 0; i < c->law_count; i++)
		if (in_force(&c->laws[i], day) && c->laws[i].duty_count > 0)
			print_duties(&c->laws[i], out);
	if (c->law_count > 0)
		print_changes(c, day, out);
	(void)fputc('\n', out);
}

/* ---- for programs ---- */

static void
json_text(FILE *out, const char *before, const char *key, struct tc_str s)
{
	(void)fprintf(out, "%s\"%s\": \"", before, key);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];

		if (ch == '"' || ch == '\\')
			(void)fprintf(out, "\\%c", ch);
		else if (ch < 0x20 || ch == 0x7f)
			(void)fprintf(out, "\\u%04x", ch);
		else
			(void)fputc(ch, out);
	}
	(void)fputc('"', out);
}

static void
json_day(FILE *out, const char *before, const char *key, int32_t day)
{
	char text[DATE_LENGTH + 1];

	date_text(day, text);
	if (day == INT32_MIN || day == INT32_MAX)
		(void)fprintf(out, "%s\"%s\": null", before, key);
	else
		(void)fprintf(out, "%s\"%s\": \"%s\"", before, key, text);
}

static void
json_groups(FILE *out, bool sale, bool measurement, uint32_t binding)
{
	(void)fprintf(out, ", \"sell_share\": \"%s\", \"measurement\": \"%s\", \"binding\": [%s%s%s]", group(sale),
	    group(measurement), (binding & HONOUR_GPC) != 0 ? "\"gpc\"" : "",
	    (binding & HONOUR_GPC) != 0 && (binding & HONOUR_DNT) != 0 ? ", " : "",
	    (binding & HONOUR_DNT) != 0 ? "\"dnt\"" : "");
}

static void
json_place(FILE *out, const struct line *l)
{
	json_text(out, "", "place", l->code);
	json_text(out, ", ", "region", l->region->name);
	json_text(out, ", ", "default", l->region->initial->name);
	json_text(out, ", ", "opted_out", l->region->opted_out->name);
	if (l->region->opted_in != NULL)
		json_text(out, ", ", "opted_in", l->region->opted_in->name);
	if (l->law != NULL)
		json_text(out, ", ", "law", l->law->name);
	else
		(void)fputs(", \"law\": null", out);
	json_groups(out, l->sale, l->measurement, l->binding);
}

static void
json_duty(FILE *out, const struct config_duty *d)
{
	json_text(out, "", "what", d->what);
	json_day(out, ", ", "from", d->from);
	json_text(out, ", ", "mark", d->mark);
	json_text(out, ", ", "source", d->source);
}

static void
json_law(FILE *out, const struct config_law *l)
{
	json_text(out, "", "name", l->name);
	json_text(out, ", ", "pack", l->pack);
	json_text(out, ", ", "file", l->file);
	(void)fprintf(out, ", \"line\": %d", l->line);
	json_day(out, ", ", "from", l->from);
	json_day(out, ", ", "until", l->until);
	json_groups(out, l->opt_in_sale, l->opt_in_measurement, l->binding);
	(void)fputs(", \"duties\": [", out);
	for (size_t i = 0; i < l->duty_count; i++) {
		(void)fputs(i > 0 ? ", {" : "{", out);
		json_duty(out, &l->duties[i]);
		(void)fputc('}', out);
	}
	(void)fputc(']', out);
}

static void
json_change(FILE *out, const struct change *x)
{
	json_day(out, "", "date", x->day);
	json_text(out, ", ", "law", x->law->name);
	json_text(out, ", ", "what",
	    x->duty != NULL ? x->duty->what : tc_str_from(x->ends ? "ends" : "begins"));
}

/* "name": [{...}, {...}] is opened, gets items one by one, and is closed. */
static void
json_open(FILE *out, const char *name)
{
	(void)fprintf(out, ",\n \"%s\": [", name);
}

static void
json_item(FILE *out, bool first)
{
	(void)fputs(first ? "\n  {" : "},\n  {", out);
}

static void
json_close(FILE *out, bool empty)
{
	(void)fputs(empty ? "]" : "}]", out);
}

void
regions_print_json(const struct config *c, const char *file, int32_t day, FILE *out)
{
	static struct table t;
	size_t n, laws = 0;
	struct change *v = changes_of(c, day, &n);

	table_make(&t, c, day);
	json_text(out, "{", "file", tc_str_from(file));
	json_day(out, ", ", "date", day);
	json_open(out, "packs");
	for (size_t i = 0; i < c->pack_count; i++) {
		json_item(out, i == 0);
		json_text(out, "", "name", c->packs[i].name);
		json_day(out, ", ", "version", c->packs[i].version);
		json_text(out, ", ", "disclaimer", c->packs[i].disclaimer);
		json_text(out, ", ", "file", c->packs[i].file);
	}
	json_close(out, c->pack_count == 0);
	json_open(out, "places");
	for (size_t i = 0; i < t.n; i++) {
		json_item(out, i == 0);
		json_place(out, &t.v[i]);
	}
	json_close(out, t.n == 0);
	json_open(out, "laws");
	for (size_t i = 0; i < c->law_count; i++)
		if (in_force(&c->laws[i], day)) {
			json_item(out, laws++ == 0);
			json_law(out, &c->laws[i]);
		}
	json_close(out, laws == 0);
	json_open(out, "switches");
	for (size_t i = 0; i < n; i++) {
		json_item(out, i == 0);
		json_change(out, &v[i]);
	}
	json_close(out, n == 0);
	(void)fputc('}', out);
	free(v);
}

/* ---- messages ---- */

void
check_packs(const struct config *c, int32_t day, struct messages *m)
{
	for (size_t i = 0; i < c->pack_count; i++) {
		const struct config_pack *p = &c->packs[i];
		char text[200], date[DATE_LENGTH + 1];
		int n;

		if (day - p->version <= OLD_DAYS)
			continue;
		date_text(p->version, date);
		n = snprintf(text, sizeof(text), "region pack %.*s is of %s, more than 12 months ago",
		    (int)(p->name.n < 80 ? p->name.n : 80), p->name.p, date);
		messages_add(m, &(struct message){
				    .severity = SEVERITY_WARNING,
				    .code = "old-pack",
				    .file = p->file,
				    .path = TC_STR("pack.version"),
				    .text = tc_str_of(text, (size_t)n),
				    .hint = TC_STR("take a newer version of tacet, or let somebody read the rows again and date them anew"),
				});
	}
}
