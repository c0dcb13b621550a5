/*
 * mkpack.c: host program of the build: checks the fact tables of conf/lists and writes them as C.
 *
 *	mkpack conf/lists build/gen/pack.c
 *
 * A bad row ends it with "file:line: reason" and exit status 1. Small allocations are never freed: it lives for
 * a second. The format of the tables is described in conf/lists/README.md, what it writes in pack.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>

#include "tacet/str.h"

#include "mkdfa.h"
#include "mkstub.h"
#include "pack.h"
#include "tacet/embed.h"

enum { LINE_MAX_BYTES = 8192, FIELDS_MAX = 16, TABLE_MAX = 4096 };

/* One row of a table: its fields, as NUL-terminated text. */
struct row {
	char *field[FIELDS_MAX];
	const char *file;
	int line;
};

struct table {
	struct row rows[TABLE_MAX];
	int count;
};

/* What category of trackers.tsv belongs to which class (design: Classes). */
static const struct {
	const char *category, *class;
} category_classes[] = {
	{"advertising", "ADVERTISING"},
	{"tag-manager", "ADVERTISING"},
	{"b2b", "ADVERTISING"},
	{"b2b-chat", "ADVERTISING"},
	{"marketing-automation", "ADVERTISING"},
	{"cdp", "ADVERTISING"},
	{"affiliate", "ADVERTISING"},
	{"analytics", "ANALYTICS"},
	{"replay", "ANALYTICS"},
	{"rum", "ANALYTICS"},
	{"error", "ANALYTICS"},
	{"ab-testing", "PERSONALISATION"},
	{"personalisation", "PERSONALISATION"},
	{"social", "SOCIAL"},
	{"consent", "CONSENT"},
	{"security", "SECURITY"},
};

/* Kinds of stubs that are no surrogate of the vendor's own (mkstub.h). */
static const char *const stubs[] = {"keep", "none", "noop", "noop-object", "array", "array-methods", "queue",
    "queue-methods", "promise-queue", "constructor", "googletag", NULL};
static const char *const classes[] = {
#define X(e, name) name,
    TC_CLASSES(X)
#undef X
	NULL};
static const char *const param_classes[] = {
#define X(e, name) name,
    PACK_PARAM_CLASSES(X)
#undef X
	NULL};
static const char *const strips[] = {"strip", "keep", "policy", NULL};
static const char *const setters[] = {"js", "http", "3p", NULL};
static const char *const answers[] = {"empty", "gif", "script", "json", NULL};
static const char *const kinds[] = {
#define X(e, name) name,
    TC_EMBED_KINDS(X)
#undef X
	NULL};
static const char *const cookie_matches[] = {"exact", "regex", "prefix", "suffix", "contains", NULL};
static const char *const param_matches[] = {"exact", "regex", "prefix", NULL};

/* ---- reading ---- */

static void __attribute__((format(printf, 2, 3), noreturn))
bad(const struct row *r, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: ", r->file, r->line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static char *
keep(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		exit(1);
	return copy;
}

/* Splits one line at tabs into exactly `fields` texts. */
static void
row_read(struct row *r, char *line, int fields)
{
	int n = 0;
	char *at = keep(line);

	for (char *p = at; *p != '\0'; p++)
		if ((*p >= 0 && *p < ' ' && *p != '\t') || *p == 0x7f)
			bad(r, "control character");
	while (at != NULL) {
		char *tab = strchr(at, '\t');

		if (n == fields)
			bad(r, "more than %d columns", fields);
		if (tab != NULL)
			*tab++ = '\0';
		if (*at == ' ' || (*at != '\0' && at[strlen(at) - 1] == ' '))
			bad(r, "column %d begins or ends with a space", n + 1);
		r->field[n++] = at;
		at = tab;
	}
	if (n != fields)
		bad(r, "%d columns instead of %d", n, fields);
}

static struct table *
table_read(const char *directory, const char *name, int fields)
{
	struct table *t = calloc(1, sizeof(*t));
	char *path = NULL, line[LINE_MAX_BYTES];
	struct row at = {.line = 0};
	FILE *in;

	if (t == NULL || asprintf(&path, "%s/%s", directory, name) == -1)
		exit(1);
	at.file = path;
	in = fopen(path, "r");
	if (in == NULL)
		bad(&at, "%s", strerror(errno));
	while (fgets(line, sizeof(line), in) != NULL) {
		size_t n = strlen(line);

		at.line++;
		if (n == 0 || line[n - 1] != '\n')
			bad(&at, "the line is too long or does not end");
		line[n - 1] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (t->count == TABLE_MAX)
			bad(&at, "too many rows");
		row_read(&at, line, fields);
		t->rows[t->count++] = at;
	}
	if (ferror(in) || t->count == 0)
		bad(&at, "cannot be read, or is empty");
	(void)fclose(in);
	return t;
}

/* The place of field i in a closed list of words. */
static int
one_of(const struct row *r, int i, const char *const *words)
{
	for (int w = 0; words[w] != NULL; w++)
		if (strcmp(words[w], r->field[i]) == 0)
			return w;
	bad(r, "column %d: \"%s\" is not one of the words that may stand here", i + 1, r->field[i]);
}

/* No two rows may hold the same in the two columns. */
static void
table_unique(const struct table *t, int a, int b)
{
	for (int i = 0; i < t->count; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(t->rows[i].field[a], t->rows[k].field[a]) == 0 &&
			    strcmp(t->rows[i].field[b], t->rows[k].field[b]) == 0)
				bad(&t->rows[i], "the same as line %d", t->rows[k].line);
}

/* ---- writing ---- */

static void
put_text(FILE *out, const char *text, size_t n)
{
	fputc('"', out);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '"' || text[i] == '\\')
			fprintf(out, "\\%c", text[i]);
		else if (text[i] == '?') /* no trigraphs */
			fputs("\\?", out);
		else if (text[i] < 0)
			fprintf(out, "\\%03o", (unsigned)(uint8_t)text[i]);
		else
			fputc(text[i], out);
	}
	fputc('"', out);
}

static void
put_str(FILE *out, const char *text)
{
	fputs("TC_STR_INIT(", out);
	put_text(out, text, strlen(text));
	fputc(')', out);
}

/* The name of an enum member: PREFIX plus word in capitals, '-' as '_'. */
static void
put_enum(FILE *out, const char *prefix, const char *word)
{
	fputs(prefix, out);
	for (; *word != '\0'; word++)
		fputc(*word == '-' ? '_' : toupper((unsigned char)*word), out);
}

static void
put_numbers(FILE *out, const char *type, const char *name, const char *suffix, const int *v, int n)
{
	fprintf(out, "static const %s %s%s[] = {", type, name, suffix);
	for (int i = 0; i < n; i++)
		fprintf(out, "%s%d,", i % 24 == 0 ? "\n\t" : "", v[i]);
	fputs("\n};\n\n", out);
}

/* The automaton's three tables, and the constant that names them. */
static void
put_dfa(FILE *out, struct mkdfa *m, const char *name)
{
	int *v = calloc((size_t)DFA_MAX * 256, sizeof(*v)), n = 0;

	if (v == NULL)
		exit(1);
	for (int i = 0; i < 256; i++)
		v[n++] = m->class_of[i];
	put_numbers(out, "uint8_t", name, "_class_of", v, n);
	n = 0;
	for (int state = 0; state < m->dfa_count; state++)
		for (int class = 0; class < m->class_count; class++)
			v[n++] = m->dfa[state].next[class];
	put_numbers(out, "uint16_t", name, "_next", v, n);
	for (n = 0; n < m->dfa_count; n++)
		v[n] = m->dfa[n].accept;
	put_numbers(out, "uint16_t", name, "_accept", v, n);
	free(v);
}

static void
put_dfa_value(FILE *out, const struct mkdfa *m, const char *name, int start)
{
	fprintf(out, "{%s_class_of, %s_next, %s_accept, %d, %d}", name, name, name, m->class_count,
	    start);
}

/* ---- names of cookies and parameters ---- */

/* What a glance at a name has to know of a prefix. */
static void
note_prefix(struct pack_names *names, const char *text, size_t n)
{
	size_t first = PACK_BEGIN(text[0], n > 1 ? text[1] : 0), last = n > 1 ? first : first + 31;

	names->prefix_lengths |= UINT64_C(1) << n;
	for (size_t begin = first; begin <= last; begin++)
		names->prefix_begins[begin / 64] |= UINT64_C(1) << (begin % 64);
}

/* Puts exact names and prefixes into a hash table, whose mask and prefixes are noted in names. */
static void
put_keys(FILE *out, const struct table *t, const char *name, struct pack_names *names)
{
	uint32_t mask = 1;
	int *slots, row;

	while (mask < (uint32_t)t->count * 3)
		mask = mask * 2 + 1;
	slots = calloc(mask + 1, sizeof(*slots));
	if (slots == NULL)
		exit(1);
	for (int i = 0; i < t->count; i++) {
		const struct row *r = &t->rows[i];
		uint32_t hash = PACK_HASH;
		size_t n = strlen(r->field[0]);

		if (strcmp(r->field[1], "exact") != 0 && strcmp(r->field[1], "prefix") != 0)
			continue;
		if (n == 0 || n >= 64)
			bad(r, "a name has 1 to 63 bytes");
		if (r->field[1][0] == 'p')
			note_prefix(names, r->field[0], n);
		for (size_t k = 0; k < n; k++)
			hash = pack_hash_step(hash, r->field[0][k]);
		while (slots[hash & mask] != 0)
			hash = (hash & mask) + 1; /* only the place matters from here on */
		slots[hash & mask] = i + 1;
	}
	fprintf(out, "static const struct pack_key %s_keys[] = {\n", name);
	for (uint32_t i = 0; i <= mask; i++) {
		uint32_t hash = PACK_HASH;

		row = slots[i] - 1;
		if (row == -1) {
			fputs("\t{0},\n", out);
			continue;
		}
		for (const char *p = t->rows[row].field[0]; *p != '\0'; p++)
			hash = pack_hash_step(hash, *p);
		fputs("\t{", out);
		put_text(out, t->rows[row].field[0], strlen(t->rows[row].field[0]));
		fprintf(out, ", %uu, %zu, %s, %d},\n", hash, strlen(t->rows[row].field[0]),
		    t->rows[row].field[1][0] == 'p' ? "true" : "false", row);
	}
	fputs("};\n\n", out);
	names->mask = mask;
}

static void
put_begins(FILE *out, const struct pack_names *names)
{
	fputs("{", out);
	for (size_t i = 0; i < PACK_BEGINS / 64; i++)
		fprintf(out, "%sUINT64_C(0x%llx),", i % 4 == 0 ? "\n\t" : " ", (unsigned long long)names->prefix_begins[i]);
	fputs("},\n\t", out);
}

/* Adds the regexes to the automaton. */
static void
add_regexes(struct mkdfa *m, const struct table *t)
{
	for (int i = 0; i < t->count; i++) {
		const struct row *r = &t->rows[i];

		if (strcmp(r->field[1], "regex") != 0)
			continue;
		mkdfa_ere(m, r->field[0], strlen(r->field[0]), i);
		if (m->error != NULL)
			bad(r, "%s: %s", r->field[0], m->error);
	}
}

/* Puts the rows of one kind of match, in order; returns how many. */
static int
put_tails(FILE *out, const struct table *t, const char *match)
{
	int count = 0;

	for (int i = 0; i < t->count; i++) {
		const struct row *r = &t->rows[i];

		if (strcmp(r->field[1], match) != 0)
			continue;
		if (strlen(r->field[0]) < 4)
			bad(r, "part of a name of less than 4 bytes: too common");
		fputs("\t{", out);
		put_str(out, r->field[0]);
		fprintf(out, ", %s, %d},\n", match[0] == 's' ? "true" : "false", i);
		count++;
	}
	return count;
}

static void
put_names(FILE *out, const struct table *t, const char *name)
{
	struct mkdfa *m = calloc(1, sizeof(*m));
	struct pack_names names = {0};
	int start, tails;

	if (m == NULL)
		exit(1);
	put_keys(out, t, name, &names);
	add_regexes(m, t);
	start = mkdfa_build(m);
	put_dfa(out, m, name);
	fprintf(out, "static const struct pack_tail %s_tails[] = {\n", name);
	tails = put_tails(out, t, "suffix");
	tails += put_tails(out, t, "contains");
	fprintf(out, "%s};\n\n", tails == 0 ? "\t{{NULL, 0}, false, 0},\n" : "");
	fprintf(out, "const struct pack_names pack_%s_names = {\n\t%s_keys, %u, UINT64_C(%llu), ", name, name, names.mask,
	    (unsigned long long)names.prefix_lengths);
	put_begins(out, &names);
	put_dfa_value(out, m, name, start);
	fprintf(out, ",\n\t%s_tails, %d,\n};\n\n", name, tails);
}

static void
put_cookies(FILE *out, const struct table *t)
{
	fputs("const struct pack_cookie pack_cookies[] = {\n", out);
	for (int i = 0; i < t->count; i++) {
		const struct row *r = &t->rows[i];

		(void)one_of(r, 1, cookie_matches);
		(void)one_of(r, 3, classes);
		(void)one_of(r, 4, setters);
		if (one_of(r, 5, strips) == PACK_STRIP &&
		    (strcmp(r->field[3], "security") == 0 || strcmp(r->field[3], "consent") == 0))
			bad(r, "consent and security cookies are never stripped");
		fputs("\t{", out);
		put_str(out, r->field[0]);
		fputs(", ", out);
		put_str(out, r->field[2]);
		put_enum(out, ", TC_", r->field[3]);
		put_enum(out, ", PACK_", r->field[5]);
		put_enum(out, ", PACK_", r->field[4]);
		fputs("},\n", out);
	}
	fprintf(out, "};\nconst size_t pack_cookie_count = %d;\n\n", t->count);
	table_unique(t, 0, 1);
	put_names(out, t, "cookie");
}

static void
put_params(FILE *out, const struct table *t)
{
	fputs("const struct pack_param pack_params[] = {\n", out);
	for (int i = 0; i < t->count; i++) {
		const struct row *r = &t->rows[i];

		(void)one_of(r, 1, param_matches);
		(void)one_of(r, 4, strips);
		fputs("\t{", out);
		put_str(out, r->field[0]);
		fputs(", ", out);
		put_str(out, r->field[2]);
		if (one_of(r, 3, param_classes) == PACK_PARAM_FUNCTIONAL)
			fputs(", PACK_PARAM_FUNCTIONAL", out);
		else
			put_enum(out, ", PACK_", r->field[3]);
		put_enum(out, ", PACK_", r->field[4]);
		fputs("},\n", out);
	}
	fprintf(out, "};\nconst size_t pack_param_count = %d;\n\n", t->count);
	table_unique(t, 0, 1);
	put_names(out, t, "param");
}

/* ---- vendors, their URL patterns and signatures ---- */

static const char *
vendor_class(const struct row *r)
{
	for (size_t i = 0; i < sizeof(category_classes) / sizeof(*category_classes); i++)
		if (strcmp(category_classes[i].category, r->field[1]) == 0)
			return category_classes[i].class;
	bad(r, "unknown category %s", r->field[1]);
}

/* Cuts the next part up to "; " off the front of *rest; NULL after the last. */
static char *
next_part(char **rest)
{
	char *part = *rest, *at;

	if (part == NULL || *part == '\0')
		return NULL;
	at = strstr(part, "; ");
	*rest = at != NULL ? at + 2 : NULL;
	if (at != NULL)
		*at = '\0';
	return part;
}

static void
put_vendors(FILE *out, const struct table *t)
{
	fputs("const struct pack_vendor pack_vendors[] = {\n", out);
	for (int i = 0; i < t->count; i++) {
		const struct row *r = &t->rows[i];

		if (mkstub_number(r->field[7]) == -1)
			(void)one_of(r, 7, stubs);
		if (r->field[0][0] == '\0' || r->field[2][0] == '\0')
			bad(r, "a vendor has a name and a URL pattern");
		if (strncmp(r->field[10], "https://", 8) != 0)
			bad(r, "the example is no https URL");
		fputs("\t{", out);
		put_str(out, r->field[0]);
		fprintf(out, ", TC_%s, ", vendor_class(r));
		put_str(out, r->field[7]);
		fputs("},\n", out);
	}
	fprintf(out, "};\nconst size_t pack_vendor_count = %d;\n\n", t->count);
	table_unique(t, 0, 0);
}

/*
 * The vendors' patterns as one list. They are important: browsers' lists spare some of them so as not to break
 * pages, but a visitor who said no outweighs that. Kept vendors become important exceptions, so that no other list
 * blocks them; a row "off by default" becomes nothing: a list of the operator's may block it.
 */
static void
put_rules(FILE *out, const struct table *t)
{
	fputs("const struct tc_str pack_rules = TC_STR_INIT(\n", out);
	fputs("\t\"! Title: built into tacet\\n\"\n\t\"! Licence: Apache-2.0\\n\"\n", out);
	for (int i = 0; i < t->count; i++) {
		const struct row *r = &t->rows[i];
		char *rest = keep(r->field[2]), *part, *class = keep(vendor_class(r));
		bool kept = strcmp(r->field[7], "keep") == 0;

		for (char *p = class; *p != '\0'; p++)
			*p = (char)tolower((unsigned char)*p);
		if (strncmp(r->field[8], "policy, off by default", 22) == 0)
			continue;
		fprintf(out, "\t\"! Class: %s\\n\"\n", class);
		while ((part = next_part(&rest)) != NULL) {
			if (strpbrk(part, " $,@#!") != NULL || strlen(part) < 4)
				bad(r, "no URL pattern: %s", part);
			fprintf(out, "\t\"%s\" ", kept ? "@@" : "");
			put_text(out, part, strlen(part));
			/* Between two '/' it would be read as a regular expression. */
			if (part[0] == '/' && part[strlen(part) - 1] == '/')
				fputs(" \"*\"", out);
			fputs(" \"$important\\n\"\n", out);
		}
	}
	fputs(");\n\n", out);
}

/* The same patterns with the vendors that they belong to. */
static void
put_patterns(FILE *out, const struct table *t)
{
	int count = 0;

	fputs("const struct pack_pattern pack_patterns[] = {\n", out);
	for (int i = 0; i < t->count; i++) {
		char *rest = keep(t->rows[i].field[2]), *part;

		for (; (part = next_part(&rest)) != NULL; count++) {
			fputs("\t{", out);
			put_str(out, part);
			fprintf(out, ", %d},\n", i);
		}
	}
	fprintf(out, "};\nconst size_t pack_pattern_count = %d;\n\n", count);
}

/* What stands in for the vendors' scripts. */
static void
put_stubs(FILE *out, const struct table *t)
{
	struct mkstub *m = calloc(1, sizeof(*m));

	if (m == NULL)
		exit(1);
	for (int i = 0; i < t->count; i++) {
		const struct row *r = &t->rows[i];
		char *rest = keep(r->field[2]), *part;
		int surrogate = mkstub_number(r->field[7]);
		const char *wrong = NULL;

		while (surrogate > 0 && wrong == NULL && (part = next_part(&rest)) != NULL)
			wrong = mkstub_add(m, part, surrogate);
		if (wrong != NULL)
			bad(r, "%s", wrong);
	}
	mkstub_write(m, out, put_str);
	free(m);
}

static void
put_signatures(FILE *out, const struct table *t)
{
	int count = 0;

	fputs("const struct pack_signature pack_signatures[] = {\n", out);
	for (int i = 0; i < t->count; i++) {
		const struct row *r = &t->rows[i];
		char *rest = keep(r->field[4]), *part;

		while ((part = next_part(&rest)) != NULL) {
			bool regex = strncmp(part, "re:", 3) == 0;

			if (strlen(part) < 3)
				bad(r, "a signature of less than 3 bytes: %s", part);
			fputs("\t{", out);
			put_str(out, regex ? part + 3 : part);
			fprintf(out, ", %s, TC_%s, %d},\n", regex ? "true" : "false", vendor_class(r), i);
			count++;
		}
	}
	fprintf(out, "};\nconst size_t pack_signature_count = %d;\n\n", count);
}

/* ---- endpoints ---- */

/* Each form of each mark begins with a byte that stands for itself. */
static void
check_marks(const struct row *r, int i)
{
	for (const char *p = r->field[i]; *p != '\0';) {
		size_t n = strcspn(p, "|;");

		if (n < 2 || memchr("#^ ", p[0], 3) != NULL)
			bad(r, "column %d: a mark has two bytes or more, and the first is plain: %s", i + 1, p);
		p += n;
		if (*p == ';' && (p[1] != ' ' || p[2] == '\0'))
			bad(r, "column %d: marks are separated by \"; \"", i + 1);
		if (*p == '|' && p[1] == '\0')
			bad(r, "column %d: a mark is missing after the last |", i + 1);
		p += *p == ';' ? 2 : *p == '|';
	}
}

static void
put_endpoints(FILE *out, const struct table *t)
{
	fputs("const struct pack_endpoint pack_endpoints[] = {\n", out);
	for (int i = 0; i < t->count; i++) {
		const struct row *r = &t->rows[i];

		(void)one_of(r, 1, classes);
		(void)one_of(r, 5, answers);
		if (r->field[2][0] == '\0' && r->field[3][0] == '\0' && r->field[4][0] == '\0')
			bad(r, "a row without path needs marks");
		check_marks(r, 3);
		check_marks(r, 4);
		fputs("\t{", out);
		put_str(out, r->field[0]);
		put_enum(out, ", TC_", r->field[1]);
		put_enum(out, ", PACK_", r->field[5]);
		fputs(", ", out);
		put_str(out, r->field[3]);
		fputs(", ", out);
		put_str(out, r->field[4]);
		fputs("},\n", out);
	}
	fprintf(out, "};\nconst size_t pack_endpoint_count = %d;\n\n", t->count);
}

#define PATHS_MAX 1024

static bool
is_wild(char c)
{
	return c == '*' || c == '#';
}

/* The bits (pack.h, PACK_SEGMENT) that a path must have to look like this glob; 0: any path may. */
static unsigned long long
needed_segments(const char *glob)
{
	unsigned long long bits = 0;

	for (const char *p = glob; *p != '\0'; p++) {
		if (p[0] != '/' || p[1] == '\0' || is_wild(p[1]) || is_wild(p[2]))
			continue;
		bits |= PACK_SEGMENT(p[1], p[2] != '\0' ? p[2] : '/');
	}
	return bits;
}

/* The bits with which one of the first two marks of a query begins; all ones: any. Forms of it are separated by '|'. */
static void
needed_params(const char *marks, unsigned long long need[2])
{
	need[0] = need[1] = *marks != '\0' ? 0 : ~0ull;
	for (int i = 0; *marks != '\0' && i < 2; i++) {
		for (bool more = true; more; marks += *marks == '|') {
			const char *p = marks + (*marks == '=');

			marks += strcspn(marks, "|;");
			need[i] |= marks - p < 2 || is_wild(p[1]) || p[1] == '^' ? ~0ull : PACK_SEGMENT(p[0], p[1]);
			more = *marks == '|';
		}
		marks += *marks == ';' ? 2 : 0;
	}
	need[1] = need[1] != 0 ? need[1] : ~0ull; /* there is no second one */
}

/* Of the bits in need the one that fewest globs need: under it a glob is found. 64: it needs none. */
static int
rarest(unsigned long long need, const int *users)
{
	int best = 64;

	for (int bit = 0; bit < 64; bit++)
		if ((need >> bit & 1) != 0 && (best == 64 || users[bit] < users[best]))
			best = bit;
	return best;
}

/* Which globs are worth a look, by a bit of the path's segments. */
static void
put_path_index(FILE *out, const unsigned long long *need, int count)
{
	int users[64] = {0}, at[65], next = 0;

	for (int i = 0; i < count; i++)
		for (int bit = 0; bit < 64; bit++)
			users[bit] += (int)(need[i] >> bit & 1);
	fputs("const uint16_t pack_path_lists[] = {\n", out);
	for (int bit = 0; bit < 65; bit++) {
		at[bit] = next;
		for (int i = 0; i < count; i++)
			if (rarest(need[i], users) == bit) {
				fprintf(out, " %d,", i);
				next++;
			}
		fputc('\n', out);
	}
	fputs("};\nconst struct pack_range pack_path_by_segment[65] = {\n", out);
	for (int bit = 0; bit < 65; bit++)
		fprintf(out, "\t{%d, %d},\n", at[bit], (bit < 64 ? at[bit + 1] : next) - at[bit]);
	fputs("};\n", out);
}

/* The globs of all endpoints, in the order of the rows. */
static void
put_paths(FILE *out, const struct table *t)
{
	unsigned long long need[PATHS_MAX], params[2];
	int count = 0;

	fputs("const struct pack_path pack_paths[] = {\n", out);
	for (int i = 0; i < t->count; i++) {
		const struct row *r = &t->rows[i];
		char *rest = keep(r->field[2][0] != '\0' ? r->field[2] : "*"), *part;

		needed_params(r->field[3], params);
		while ((part = next_part(&rest)) != NULL) {
			if (part[0] != '/' && part[0] != '*')
				bad(r, "a path begins with / or *: %s", part);
			if (count == PATHS_MAX)
				bad(r, "more than %d paths", PATHS_MAX);
			fputs("\t{", out);
			put_str(out, part);
			need[count] = needed_segments(part);
			fprintf(out, ", %#llx, {%#llx, %#llx}, %d, %s, %s},\n", need[count++], params[0], params[1], i,
			    r->field[3][0] != '\0' ? "true" : "false", r->field[4][0] != '\0' ? "true" : "false");
		}
	}
	fputs("};\n", out);
	put_path_index(out, need, count);
}

/* ---- embeds ---- */

/* "host=NAME", or "NAME=VALUE" of a query. */
static void
put_privacy_mode(FILE *out, const struct row *r)
{
	char *mode = r->field[5];
	bool host = strncmp(mode, "host=", 5) == 0;

	if (*mode != '\0' && strchr(mode, '=') == NULL)
		bad(r, "a privacy mode is host=NAME or NAME=VALUE");
	put_str(out, host ? mode + 5 : "");
	fputs(", ", out);
	put_str(out, host ? "" : mode);
}

static void
put_embeds(FILE *out, const struct table *t)
{
	fputs("const struct tc_embed tc_embeds[] = {\n", out);
	for (int i = 0; i < t->count; i++) {
		const struct row *r = &t->rows[i];

		if (r->field[0][0] == '\0' || r->field[0][strcspn(r->field[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZ/:,;")] != '\0')
			bad(r, "hosts are names in lower case with a space between them");
		if (r->field[1][0] != '/' || r->field[3][0] == '\0' || r->field[4][0] == '\0')
			bad(r, "an embed has a path, a vendor and a receiver");
		if (r->field[6][0] != '\0' && strncmp(r->field[6], "https://", 8) != 0)
			bad(r, "the page is no https URL");
		fputs("\t{", out);
		put_str(out, r->field[0]);
		fputs(", ", out);
		put_str(out, r->field[1]);
		(void)one_of(r, 2, kinds);
		put_enum(out, ", TC_EMBED_", r->field[2]);
		for (int k = 3; k < 5; k++) {
			fputs(", ", out);
			put_str(out, r->field[k]);
		}
		fputs(", ", out);
		put_privacy_mode(out, r);
		fputs(", ", out);
		put_str(out, r->field[6]);
		fputs("},\n", out);
	}
	fprintf(out, "};\nconst size_t tc_embed_count = %d;\n\n", t->count);
	table_unique(t, 0, 1);
}

/* Writes the whole file at the end, so that an error leaves nothing that looks made. */
static int
write_file(const char *path, const char *text, size_t n)
{
	FILE *out = fopen(path, "w");

	if (out == NULL || fwrite(text, 1, n, out) != n || fclose(out) != 0) {
		fprintf(stderr, "mkpack: %s: %s\n", path, strerror(errno));
		return 1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct table *trackers, *endpoints;
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (argc != 3 || out == NULL) {
		fputs("usage: mkpack LISTS-DIRECTORY OUTPUT.c\n", stderr);
		return 2;
	}
	fputs("/* Made by filters/match/mkpack.c from conf/lists; change those. */\n", out);
	fputs("#include \"match/pack.h\"\n#include \"tacet/embed.h\"\n\n", out);
	put_cookies(out, table_read(argv[1], "cookies.tsv", 7));
	put_params(out, table_read(argv[1], "params.tsv", 6));
	trackers = table_read(argv[1], "trackers.tsv", 14);
	put_vendors(out, trackers);
	put_rules(out, trackers);
	put_patterns(out, trackers);
	put_stubs(out, trackers);
	put_signatures(out, trackers);
	endpoints = table_read(argv[1], "endpoints.tsv", 7);
	put_endpoints(out, endpoints);
	put_paths(out, endpoints);
	put_embeds(out, table_read(argv[1], "embeds.tsv", 8));
	return fclose(out) == 0 ? write_file(argv[2], text, n) : 1;
}
