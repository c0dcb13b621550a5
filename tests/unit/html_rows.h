/* html_rows.h: reads tests/fixtures/html/rows.txt, which says what its format is. */
#ifndef TESTS_HTML_ROWS_H
#define TESTS_HTML_ROWS_H

#include "html_run.h"

#define ROWS_PATH "tests/fixtures/html/rows.txt"
#define GIF "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="
#define NOOP "/.well-known/tacet/s/noop.js"

struct row {
	char name[256], in[4096], out[4096];
};

/* Adds a line, with GIF and NOOP written out. */
static inline void
row_add(char *to, size_t room, const char *line)
{
	static const char *const words[][2] = {{"GIF", GIF}, {"NOOP", NOOP}};
	size_t n = strlen(to);

	if (n > 0)
		to[n++] = '\n';
	while (*line != '\0' && *line != '\n') {
		const char *with = NULL;

		for (size_t i = 0; i < 2 && with == NULL; i++)
			if (strncmp(line, words[i][0], strlen(words[i][0])) == 0) {
				with = words[i][1];
				line += strlen(words[i][0]);
			}
		if (n + (with != NULL ? strlen(with) : 1) >= room)
			abort();
		if (with == NULL) {
			to[n++] = *line++;
			continue;
		}
		memcpy(to + n, with, strlen(with));
		n += strlen(with);
	}
	to[n] = '\0';
}

/* Calls f for each row; how many there were. */
static FAKE_UNUSED size_t
rows_each(void (*f)(const struct row *))
{
	static struct row row;
	static char line[8192];
	FILE *file = fopen(ROWS_PATH, "r");
	size_t n = 0;
	bool more = true;

	if (file == NULL) {
		fprintf(stderr, "no " ROWS_PATH "\n");
		abort();
	}
	while (more) {
		more = fgets(line, sizeof(line), file) != NULL;
		if ((!more || line[0] == '=') && row.in[0] != '\0') {
			if (row.out[0] == '\0')
				memcpy(row.out, row.in, sizeof(row.out));
			f(&row);
			n++;
			row = (struct row){.name = ""};
		}
		if (!more)
			break;
		if (line[0] == '=')
			row_add(row.name, sizeof(row.name), line + 2);
		else if (line[0] == '<')
			row_add(row.in, sizeof(row.in), line + 2);
		else if (line[0] == '>')
			row_add(row.out, sizeof(row.out), line + 2);
	}
	(void)fclose(file);
	return n;
}

#endif
