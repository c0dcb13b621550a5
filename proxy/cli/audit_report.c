/*
 * audit_report.c: findings as a table for people, as JSON for programs, and the configuration that they suggest. What
 * was found was written by others: nothing of it reaches a terminal as more than printable text.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/audit.h"

static const struct tc_str CLASS_NAMES[] = {
#define X(e, name) [TC_##e] = TC_STR_INIT(name),
    TC_CLASSES(X)
#undef X
};

static const struct tc_str PACK_NAMES[] = {
#define X(e, name) [TC_PACK_##e] = TC_STR_INIT(name),
    TC_PACKS(X)
#undef X
};

static const struct {
	struct tc_str name, done;
} CONSTRUCTS[] = {
#define X(e, name, done) [AUDIT_##e] = {TC_STR_INIT(name), TC_STR_INIT(done)},
    AUDIT_CONSTRUCTS(X)
#undef X
};

enum tc_class
audit_class(struct tc_str name)
{
	for (int c = 0; c < TC_CLASS_COUNT; c++)
		if (tc_eq(CLASS_NAMES[c], name))
			return (enum tc_class)c;
	return TC_UNKNOWN;
}

/* ---- text of others ---- */

/* The length of the UTF-8 letter that s begins with, and its number; 0: it is none (RFC 3629). */
static size_t
letter(struct tc_str s, uint32_t *c)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char b = (unsigned char)s.p[0];
	size_t n = b < 0x80 ? 1 : b >= 0xf0 && b < 0xf5 ? 4
	    : b >= 0xe0                                 ? 3
							: 2;

	*c = b;
	if (b < 0x80)
		return 1;
	if (b < 0xc2 || b >= 0xf5 || s.n < n)
		return 0;
	*c = b & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s.p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | ((unsigned char)s.p[i] & 0x3f);
	}
	return *c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff) ? 0 : n;
}

/* Controls, and what changes the direction or the place of other text. */
static bool
is_tricky(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0xad || c == 0x61c || (c >= 0xfff0 && c <= 0xfffc) ||
	    c >= 0xe0000;
}

/* Prints at most `most` letters of it, the rest as "..."; returns how many columns that took. */
static int
put_plain(struct tc_str s, int most)
{
	uint32_t c;
	int n = 0;

	while (s.n > 0) {
		size_t length = letter(s, &c);

		if (n + 8 > most && s.n > (size_t)(most - n)) {
			n += printf("...");
			break;
		}
		if (length == 0 || (is_tricky(c) && c < 0x100)) {
			n += printf("\\x%02x", (unsigned char)s.p[0]);
			length = length == 0 ? 1 : length;
		} else if (is_tricky(c)) {
			n += printf("\\u%04x", (unsigned)c);
		} else {
			(void)fwrite(s.p, 1, length, stdout);
			n++;
		}
		tc_skip(&s, length);
	}
	return n;
}

void
audit_put_column(struct tc_str s, int width)
{
	int n = put_plain(s, width);

	(void)printf("%*s", n < width ? width - n + 2 : 2, "");
}

/* ---- order ---- */

/* By class, vendor, construct. */
static int
compare(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	size_t n = x->vendor.n < y->vendor.n ? x->vendor.n : y->vendor.n;
	int order = (x->class == TC_UNKNOWN) - (y->class == TC_UNKNOWN);

	if (order == 0)
		order = (x->class == TC_FUNCTIONAL) - (y->class == TC_FUNCTIONAL);
	if (order == 0)
		order = (int)x->class - (int)y->class;
	if (order == 0 && n > 0)
		order = memcmp(x->vendor.p, y->vendor.p, n);
	if (order == 0)
		order = (x->vendor.n > y->vendor.n) - (x->vendor.n < y->vendor.n);
	return order != 0 ? order : (int)x->construct - (int)y->construct;
}

static bool
is_tracker(const struct finding *f)
{
	return f->class != TC_UNKNOWN && f->class != TC_FUNCTIONAL;
}

struct sums {
	size_t trackers, vendors, others;
	size_t by_class[TC_CLASS_COUNT];
	bool embeds, packs[TC_PACK_COUNT];
};

/* Sorts, and counts. */
static struct sums
sum(const struct audit *a)
{
	struct sums s = {0};

	qsort(a->findings, a->n, sizeof(*a->findings), compare);
	for (size_t i = 0; i < a->n; i++) {
		const struct finding *f = &a->findings[i], *before = i > 0 ? f - 1 : NULL;

		s.embeds |= f->construct == AUDIT_EMBED;
		s.others += f->class == TC_UNKNOWN;
		if (!is_tracker(f))
			continue;
		s.packs[f->pack] = true;
		s.trackers += f->count;
		s.by_class[f->class] += f->count;
		s.vendors += before == NULL || before->class != f->class || !tc_eq(before->vendor, f->vendor);
	}
	return s;
}

/* ---- the suggested configuration ---- */

/* Something that can stand as a host in the file, and is meant. */
static struct tc_str
config_host(const struct audit *a)
{
	for (size_t i = 0; i < a->host.n; i++) {
		char c = a->host.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-'))
			return TC_STR("www.example.com");
	}
	return a->host_known && a->host.n > 0 ? a->host : TC_STR("www.example.com");
}

static void
print_unknown(const struct audit *a, FILE *out)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n && n < 40; i++) {
		const struct finding *f = &a->findings[i];
		bool host = f->vendor.n > 0 && f->vendor.n < 254 && tc_find_byte(f->vendor, '.') < f->vendor.n;

		for (size_t k = 0; k < f->vendor.n && host; k++) {
			char c = f->vendor.p[k];

			host = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
		}
		if (f->class != TC_UNKNOWN || !host || !f->third_party || (i > 0 && tc_eq(f[-1].vendor, f->vendor)))
			continue;
		(void)fputs(n++ == 0 ? "    # on no list; with `contain` name those that you want: allow: [" : ", ", out);
		(void)fprintf(out, "%.*s", (int)f->vendor.n, f->vendor.p);
	}
	if (n > 0)
		(void)fputs("]\n", out);
}

void
audit_print_config(const struct audit *a, FILE *out)
{
	struct sums s = sum(a);
	struct tc_str host = config_host(a), origin = TC_STR("http://127.0.0.1:3000");

	if (a->origin.n > 0)
		origin = a->origin;
	(void)fprintf(out,
	    "# Suggested by tacet audit. Check it with: tacet check -c FILE\n"
	    "version: 1\n"
	    "listen:\n"
	    "  - {address: \"127.0.0.1:8080\"}\n"
	    "lists: {use: [built-in%s]}\n"
	    "sites:\n"
	    "  - hosts: [\"%.*s\"]\n"
	    "    origin: {url: \"%.*s\"}%s\n"
	    "    choices: {path: /privacy-choices, link: marker}\n",
	    s.packs[TC_PACK_EASYPRIVACY] ? ", easyprivacy" : "", (int)host.n, host.p, (int)origin.n, origin.p,
	    a->origin.n > 0 ? "" : "   # where the site is served");
	print_unknown(a, out);
	(void)fputs("rule_sets:\n"
	    "  opt-out:\n"
	    "    cookies: {request: drop-listed, response: drop-listed}\n"
	    "    query: {strip: [click-ids]}\n",
	    out);
	(void)fputs("    scripts: {remove: [analytics, advertising, personalisation, social]}   # found:", out);
	for (int c = 0, any = 0; c < TC_CLASS_COUNT; c++)
		if (s.by_class[c] > 0)
			(void)fprintf(out, "%s %zu %s", any++ > 0 ? "," : "", s.by_class[c], CLASS_NAMES[c].p);
	(void)fputs(s.trackers > 0 ? "\n" : " nothing\n", out);
	if (s.embeds)
		(void)fputs("    embeds: click-to-load   # videos, maps and the like were found\n", out);
	(void)fputs("    status: \"Opt-Out Request Honored\"\n"
	    "  light: {query: {strip: [click-ids]}}\n"
	    "regions:   # first match wins\n"
	    "  - {name: eu, where: [EU, EEA, GB, CH], honour: [gpc, dnt, choice], default: opt-out, opted_out: opt-out}\n"
	    "  - {name: us-ca, where: [US-CA], honour: [gpc, dnt, choice], default: light, opted_out: opt-out, "
	    "link_text: california}\n"
	    "  - {name: rest, where: [\"*\"], honour: [gpc, dnt, choice], default: light, opted_out: opt-out}\n",
	    out);
}

/* ---- for people ---- */

static void
print_row(const struct finding *f)
{
	audit_put_column(f->vendor.n > 0 ? f->vendor : TC_STR("-"), 32);
	audit_put_column(CLASS_NAMES[f->class], 15);
	audit_put_column(CONSTRUCTS[f->construct].name, 14);
	(void)printf("%-6s %5zu  ", f->third_party ? "third" : "first", f->count);
	audit_put_column(CONSTRUCTS[f->construct].done, 28);
	(void)put_plain(f->example, 70);
	(void)putchar('\n');
}

static void
print_head(void)
{
	(void)printf("%-32s  %-15s  %-14s  %-6s %5s  %-28s  %s\n", "VENDOR", "CLASS", "CONSTRUCT", "PARTY", "COUNT",
	    "FOR WHO SAID NO", "SUCH AS");
}

static void
print_sums(const struct audit *a, const struct sums *s)
{
	(void)printf("%s%zu tracker%s of %zu vendor%s", s->trackers > 0 ? "\n" : "", s->trackers, s->trackers == 1 ? "" : "s",
	    s->vendors, s->vendors == 1 ? "" : "s");
	for (int c = 0, any = 0; c < TC_CLASS_COUNT; c++)
		if (s->by_class[c] > 0)
			(void)printf("%s%zu %s", any++ > 0 ? ", " : ": ", s->by_class[c], CLASS_NAMES[c].p);
	(void)printf("\n%zu request%s read", a->read, a->read == 1 ? "" : "s");
	if (a->unread > 0)
		(void)printf(", %zu could not be read", a->unread);
	if (a->unkept > 0)
		(void)printf("; %zu kinds of findings more are not listed", a->unkept);
	(void)putchar('\n');
}

void
audit_print_text(struct audit *a)
{
	struct sums s = sum(a);
	bool others = false;

	(void)fputs("audit of ", stdout);
	(void)put_plain(a->source, 200);
	if (a->host_known) {
		(void)fputs(", site ", stdout);
		(void)put_plain(a->host, 255);
	}
	(void)fputs("\n\n", stdout);
	if (s.trackers > 0)
		print_head();
	for (size_t i = 0; i < a->n; i++)
		if (is_tracker(&a->findings[i]))
			print_row(&a->findings[i]);
	print_sums(a, &s);
	for (size_t i = 0; i < a->n; i++) {
		const struct finding *f = &a->findings[i];

		if (is_tracker(f) || (i > 0 && f->class == f[-1].class && tc_eq(f[-1].vendor, f->vendor)))
			continue;
		(void)fputs(others ? ", " : "\nother sites, on no list or wanted by people; they stay: ", stdout);
		(void)put_plain(f->vendor, 60);
		others = true;
	}
	if (others)
		(void)putchar('\n');
	if (!a->host_known)
		(void)puts("\nsay --site HOST to tell the site's own addresses from those of others");
	(void)puts("\nsuggested configuration (alone: --format yaml):\n");
	audit_print_config(a, stdout);
	(void)puts("\nnext: tacet check -c FILE, then tacet run -c FILE; or at once: tacet run --origin URL");
}

/* ---- for programs ---- */

void
audit_put_json(struct tc_str s)
{
	uint32_t c;

	(void)putchar('"');
	while (s.n > 0) {
		size_t n = letter(s, &c);

		if (n == 0)
			(void)fputs("\\ufffd", stdout);
		else if (c == '"' || c == '\\')
			(void)printf("\\%c", (char)c);
		else if (is_tricky(c) && c < 0x10000)
			(void)printf("\\u%04x", (unsigned)c);
		else if (is_tricky(c))
			(void)printf("\\u%04x\\u%04x", (unsigned)(0xd800 + ((c - 0x10000) >> 10)), (unsigned)(0xdc00 + (c & 0x3ff)));
		else
			(void)fwrite(s.p, 1, n, stdout);
		tc_skip(&s, n > 0 ? n : 1);
	}
	(void)putchar('"');
}

static void
member(const char *before, const char *key, struct tc_str value)
{
	(void)printf("%s\"%s\": ", before, key);
	if (value.n == 0)
		(void)fputs("null", stdout);
	else
		audit_put_json(value);
}

static void
json_finding(const struct finding *f)
{
	member("    {", "vendor", f->vendor);
	member(", ", "class", CLASS_NAMES[f->class]);
	member(", ", "construct", CONSTRUCTS[f->construct].name);
	member(", ", "party", f->third_party ? TC_STR("third") : TC_STR("first"));
	(void)printf(", \"count\": %zu", f->count);
	member(", ", "list", is_tracker(f) ? PACK_NAMES[f->pack] : tc_str_of(NULL, 0));
	member(", ", "done", is_tracker(f) ? CONSTRUCTS[f->construct].done : tc_str_of(NULL, 0));
	member(", ", "example", f->example);
	(void)putchar('}');
}

/* The findings that are trackers, or the others. */
static void
json_findings(const struct audit *a, const char *key, bool trackers)
{
	const char *before = "\n";

	(void)printf("  \"%s\": [", key);
	for (size_t i = 0; i < a->n; i++)
		if (is_tracker(&a->findings[i]) == trackers) {
			(void)fputs(before, stdout);
			json_finding(&a->findings[i]);
			before = ",\n";
		}
	(void)fputs(before[0] == ',' ? "\n  ],\n" : "],\n", stdout);
}

void
audit_print_json(struct audit *a)
{
	struct sums s = sum(a);
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	member("{\n  ", "source", a->source);
	member(",\n  ", "site", a->host_known ? a->host : tc_str_of(NULL, 0));
	(void)printf(",\n  \"clean\": %s,\n  \"trackers\": %zu,\n  \"vendors\": %zu,\n", s.trackers == 0 ? "true" : "false",
	    s.trackers, s.vendors);
	(void)printf("  \"read\": %zu,\n  \"unread\": %zu,\n  \"findings_not_listed\": %zu,\n", a->read, a->unread, a->unkept);
	json_findings(a, "findings", true);
	json_findings(a, "others", false);
	if (out != NULL) {
		audit_print_config(a, out);
		(void)fclose(out);
	}
	member("  ", "configuration", tc_str_of(text, text != NULL ? n : 0));
	(void)fputs("\n}\n", stdout);
	free(text);
}
