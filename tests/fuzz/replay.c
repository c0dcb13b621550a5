/*
 * replay.c: a plain main for a fuzz target. Runs every file named on the command line (or in a folder named
 * there) through it, whole and cut at every position, and so keeps found inputs fixed without a fuzzer.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CUTS_MAX = 512 }; /* beginnings tried per file: all of a small one, spread over a large one */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static size_t runs, files;

/* The target gets memory of exactly its size, so that a sanitizer sees one byte too far. */
static void
run(const char *bytes, size_t n)
{
	uint8_t *exact = malloc(n > 0 ? n : 1);

	if (exact == NULL)
		abort();
	if (n > 0)
		memcpy(exact, bytes, n);
	(void)LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	runs++;
}

static int
replay_file(const char *path, size_t size)
{
	FILE *f = fopen(path, "rb");
	char *bytes = malloc(size + 1);
	size_t got, step = size / CUTS_MAX + 1;

	if (f == NULL || bytes == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	got = fread(bytes, 1, size, f);
	(void)fclose(f);
	for (size_t n = 0; n < got; n += step)
		run(bytes, n);
	run(bytes, got);
	free(bytes);
	files++;
	return 0;
}

static int
replay(const char *path)
{
	struct stat st;
	struct dirent *e;
	DIR *d;
	char below[4096];

	if (stat(path, &st) == -1)
		return -1;
	if (S_ISREG(st.st_mode))
		return replay_file(path, (size_t)st.st_size);
	d = opendir(path);
	if (d == NULL)
		return -1;
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
		if (replay(below) < 0)
			break;
	}
	(void)closedir(d);
	return e == NULL ? 0 : -1;
}

int
main(int argc, char **argv)
{
	if (LLVMFuzzerInitialize != NULL)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		if (replay(argv[i]) < 0) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
			return 1;
		}
	run("", 0);
	printf("%zu files, %zu inputs replayed\n", files, runs);
	return files > 0 ? 0 : 1; /* a target without seeds tests nothing */
}
