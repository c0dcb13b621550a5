/* html_rows.h: reads the fixtures of tests/fixtures/html; rows.txt there says what their format is. */
#ifndef TESTS_HTML_ROWS_H
#define TESTS_HTML_ROWS_H

#include "filters/html/value.h"
#include "html_run.h"

#define ROWS_PATHS "tests/fixtures/html/rows.txt", "tests/fixtures/html/hostile.txt"
#define GIF "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="
#define NOOP "/.well-known/tacet/s/noop.js"

struct row_text {
	char p[8192];
	size_t n;
};

struct row {
	char name[256];
	struct row_text in, out;
};

static inline struct tc_str
row_str(const struct row_text *t)
{
	return tc_str_of(t->p, t->n);
}

static inline void
row_put(struct row_text *to, const char *p, size_t n)
{
	if (n >= sizeof(to->p) - to->n)
		abort();
	memcpy(to->p + to->n, p, n);
	to->n += n;
	to->p[to->n] = '\0';
}

/* A word of the fixtures at line: what it stands for is added. The bytes of the word; 0: it is none. */
static inline size_t
row_word(struct row_text *to, const char *line)
{
	static const char *const words[][2] = {{"GIF", GIF}, {"NOOP", NOOP}};
	unsigned long code;
	char *end, utf8[4];

	for (size_t i = 0; i < 2; i++)
		if (strncmp(line, words[i][0], strlen(words[i][0])) == 0) {
			row_put(to, words[i][1], strlen(words[i][1]));
			return strlen(words[i][0]);
		}
	if (strncmp(line, "{U+", 3) != 0)
		return 0;
	code = strtoul(line + 3, &end, 16);
	if (*end != '}' || code > 0x10FFFF)
		abort();
	row_put(to, utf8, utf8_put(utf8, (uint32_t)code));
	return (size_t)(end + 1 - line);
}

/* Adds a line, with its words written out. */
static inline void
row_add(struct row_text *to, bool first, const char *line)
{
	if (!first)
		row_put(to, "\n", 1);
	while (*line != '\0' && *line != '\n') {
		size_t n = row_word(to, line);

		if (n == 0)
			row_put(to, line, n = 1);
		line += n;
	}
}

static inline void
rows_of(const char *path, void (*f)(const struct row *), size_t *count)
{
	static struct row row;
	static char line[8192];
	FILE *file = fopen(path, "r");
	bool more = true, in = false, out = false;

	if (file == NULL) {
		fprintf(stderr, "no %s\n", path);
		abort();
	}
	while (more) {
		more = fgets(line, sizeof(line), file) != NULL;
		if ((!more || line[0] == '=') && in) {
			if (!out)
				row.out = row.in;
			f(&row);
			++*count;
			row = (struct row){.name = ""};
			in = out = false;
		}
		if (!more)
			break;
		if (line[0] == '=') {
			(void)snprintf(row.name, sizeof(row.name), "%.*s", (int)strcspn(line + 2, "\n"), line + 2);
		} else if (line[0] == '<') {
			row_add(&row.in, !in, line + 2);
			in = true;
		} else if (line[0] == '>') {
			row_add(&row.out, !out, line + 2);
			out = true;
		}
	}
	(void)fclose(file);
}

/* Calls f for each row; how many there were. */
static FAKE_UNUSED size_t
rows_each(void (*f)(const struct row *))
{
	static const char *const paths[] = {ROWS_PATHS};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		rows_of(paths[i], f, &n);
	return n;
}

#endif
