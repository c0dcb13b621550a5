/*
 * mkembed.c: a program of the build: writes the scripts of a directory as one C file.
 *
 *	mkembed conf/surrogates build/gen/surrogates.c
 *
 * What is for readers is not sent to visitors: the comment at the front, lines that are a comment, indentation.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCRIPT_MAX = 64 * 1024 };

static void
fail(const char *what, const char *which)
{
	(void)fprintf(stderr, "mkembed: %s: %s\n", what, which);
	exit(1);
}

static int
is_script(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 3 && strcmp(e->d_name + n - 3, ".js") == 0;
}

/* The text of a file; *n its length. The caller's buffer holds SCRIPT_MAX bytes. */
static const char *
read_script(const char *directory, const char *name, char *buf, size_t *n)
{
	char path[4096];
	const char *end;
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		fail("name too long", name);
	f = fopen(path, "rb");
	if (f == NULL)
		fail("cannot read", path);
	*n = fread(buf, 1, SCRIPT_MAX, f);
	if (ferror(f) || *n == SCRIPT_MAX)
		fail("cannot read, or too long", path);
	(void)fclose(f);
	buf[*n] = '\0';
	if (strncmp(buf, "/*", 2) != 0)
		return buf;
	end = strstr(buf, "*/");
	if (end == NULL)
		fail("comment without an end", path);
	end += 2 + strspn(end + 2, " \t\r\n");
	*n -= (size_t)(end - buf);
	return end;
}

/* Octal escapes are always three digits, so what follows cannot become part of one. */
static void
write_byte(FILE *out, unsigned char c)
{
	if (c == '"' || c == '\\')
		(void)fprintf(out, "\\%c", c);
	else if (c < ' ' || c >= 0x7f || c == '?')
		(void)fprintf(out, "\\%03o", c);
	else
		(void)fputc(c, out);
}

static void
write_script(FILE *out, const char *p, size_t n)
{
	const char *end = p + n;

	while (p < end) {
		const char *line = p, *stop = memchr(p, '\n', (size_t)(end - p));

		p = stop != NULL ? stop + 1 : end;
		line += strspn(line, "\t");
		if (line >= p || *line == '\n' || strncmp(line, "//", 2) == 0)
			continue;
		(void)fputs("\n\t\"", out);
		for (; line < p; line++)
			write_byte(out, (unsigned char)*line);
		(void)fputc('"', out);
	}
}

int
main(int argc, char **argv)
{
	static char buf[SCRIPT_MAX + 1];
	struct dirent **names;
	FILE *out;
	int count;

	if (argc != 3) {
		(void)fputs("usage: mkembed DIRECTORY FILE.c\n", stderr);
		return 2;
	}
	count = scandir(argv[1], &names, is_script, alphasort);
	if (count <= 0)
		fail("no scripts", argv[1]);
	out = fopen(argv[2], "w");
	if (out == NULL)
		fail("cannot write", argv[2]);
	(void)fprintf(out, "/* made by mkembed from %s */\n#include \"surrogate.h\"\n\n", argv[1]);
	(void)fputs("const struct surrogate surrogates[] = {\n", out);
	for (int i = 0; i < count; i++) {
		size_t n;
		const char *text = read_script(argv[1], names[i]->d_name, buf, &n);

		(void)fprintf(out, "\t{TC_STR_INIT(\"%s\"), TC_STR_INIT(", names[i]->d_name);
		write_script(out, text, n);
		(void)fputs(")},\n", out);
		free(names[i]);
	}
	free(names);
	(void)fputs("};\nconst size_t surrogate_count = sizeof(surrogates) / sizeof(*surrogates);\n", out);
	if (ferror(out) || fclose(out) != 0)
		fail("cannot write", argv[2]);
	return 0;
}
