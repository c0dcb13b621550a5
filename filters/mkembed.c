/*
 * mkembed.c: a program of the build: writes the scripts of a directory as one C file.
 *
 *	mkembed conf/surrogates build/gen/surrogates.c
 *
 * NAME.js becomes one script: a function around _common.js and its own text, which catches what is thrown in it. A line
 * "//+ _part.js" is the text of that part. A script that begins with "(function" stands for itself. Names with '_' in
 * front are parts and no scripts. What is for readers is not sent to visitors: the comment at the front of a file,
 * lines that are a comment, indentation.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCRIPT_MAX = 64 * 1024, PARTS_DEPTH = 4 };

/* A script as it is sent. */
struct script {
	char text[SCRIPT_MAX];
	size_t n;
};

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

	return n > 3 && e->d_name[0] != '_' && strcmp(e->d_name + n - 3, ".js") == 0;
}

/* The text of a file, without the comment at its front. The caller's buffer holds SCRIPT_MAX bytes. */
static const char *
read_script(const char *directory, const char *name, char *buf)
{
	char path[4096];
	const char *end;
	size_t n;
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		fail("name too long", name);
	f = fopen(path, "rb");
	if (f == NULL)
		fail("cannot read", path);
	n = fread(buf, 1, SCRIPT_MAX - 1, f);
	if (ferror(f) || n == SCRIPT_MAX - 1)
		fail("cannot read, or too long", path);
	(void)fclose(f);
	buf[n] = '\0';
	if (strncmp(buf, "/*", 2) != 0)
		return buf;
	end = strstr(buf, "*/");
	if (end == NULL)
		fail("comment without an end", path);
	return end + 2 + strspn(end + 2, " \t\r\n");
}

static void
put(struct script *s, const char *p, size_t n)
{
	if (n > SCRIPT_MAX - s->n)
		fail("too long", "a script with its parts");
	memcpy(s->text + s->n, p, n);
	s->n += n;
}

static void
put_file(struct script *s, const char *directory, const char *name, int depth)
{
	char buf[SCRIPT_MAX], part[64];
	const char *p = read_script(directory, name, buf);

	if (depth == PARTS_DEPTH)
		fail("parts in parts", name);
	while (*p != '\0') {
		const char *line = p + strspn(p, "\t");

		p = line + strcspn(line, "\n");
		p += *p == '\n';
		if (sscanf(line, "//+ %63s", part) == 1)
			put_file(s, directory, part, depth + 1);
		else if (*line != '\n' && strncmp(line, "//", 2) != 0)
			put(s, line, (size_t)(p - line));
	}
}

static void
make_script(struct script *s, const char *directory, const char *name)
{
	static const char head[] = "(function (w, d) {\n\"use strict\";\n", body[] = "run(function () {\n",
			  tail[] = "});\n})(window, document);\n";
	char buf[SCRIPT_MAX];

	s->n = 0;
	if (strncmp(read_script(directory, name, buf), "(function", 9) == 0) {
		put_file(s, directory, name, 0);
		return;
	}
	put(s, head, sizeof(head) - 1);
	put_file(s, directory, "_common.js", 0);
	put(s, body, sizeof(body) - 1);
	put_file(s, directory, name, 0);
	put(s, tail, sizeof(tail) - 1);
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

/* The text, and a name for exactly this text (FNV-1a) as its entity tag. */
static void
write_script(FILE *out, const struct script *s)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < s->n; i++) {
		if (i == 0 || s->text[i - 1] == '\n')
			(void)fputs(i == 0 ? "\n\t\"" : "\"\n\t\"", out);
		write_byte(out, (unsigned char)s->text[i]);
		hash = (hash ^ (unsigned char)s->text[i]) * UINT64_C(1099511628211);
	}
	(void)fprintf(out, "\"),\n\t\"\\\"%016llx\\\"\"},\n", (unsigned long long)hash);
}

int
main(int argc, char **argv)
{
	static struct script script;
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
		make_script(&script, argv[1], names[i]->d_name);
		(void)fprintf(out, "\t{TC_STR_INIT(\"%s\"), TC_STR_INIT(", names[i]->d_name);
		write_script(out, &script);
		free(names[i]);
	}
	free(names);
	(void)fputs("};\nconst size_t surrogate_count = sizeof(surrogates) / sizeof(*surrogates);\n", out);
	if (ferror(out) || fclose(out) != 0)
		fail("cannot write", argv[2]);
	return 0;
}
