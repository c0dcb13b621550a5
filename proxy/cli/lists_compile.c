/* lists_compile.c: `tacet lists compile`: all lists as one file, for lists.use. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/lists.h"

static int
write_all(int fd, struct tc_str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		tc_skip(&bytes, (size_t)n);
	}
	return fsync(fd);
}

/* Beside the file, then in its place: nobody reads half of it, and a failure leaves what was there. 0, or -1 and errno. */
static int
replace_file(const char *path, struct tc_str bytes)
{
	char beside[4096];
	int n = snprintf(beside, sizeof(beside), "%s.XXXXXX", path), fd, why;

	if (n < 0 || n >= (int)sizeof(beside)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkstemp(beside);
	if (fd == -1)
		return -1;
	why = write_all(fd, bytes) == -1 || fchmod(fd, 0644) == -1 ? errno : 0;
	if (close(fd) == -1 && why == 0)
		why = errno;
	if (why == 0 && rename(beside, path) == -1)
		why = errno;
	if (why != 0)
		(void)unlink(beside);
	errno = why;
	return why == 0 ? 0 : -1;
}

static size_t
count_rules(const struct lists *l, size_t *lists)
{
	struct tc_list list;
	size_t rules = 0;

	for (*lists = 0; tc_list(l->conf, *lists, &list); ++*lists)
		for (const struct tc_count *c = list.kinds; c->name != NULL; c++)
			rules += c->n;
	return rules;
}

static int
compile(const struct lists *l, const char *path)
{
	size_t lists, rules = count_rules(l, &lists);
	struct tc_str bytes;
	int result = tc_list_image(l->conf, &bytes);

	if (result == -1) {
		(void)fprintf(stderr, "tacet lists: out of memory\n");
		return 1;
	}
	result = replace_file(path, bytes);
	if (result == -1)
		(void)fprintf(stderr, "tacet lists: %s: %s\n", path, strerror(errno));
	else
		(void)printf("%s: %zu list%s, %zu rules, %zu KiB\nName it in lists.use in the place of these lists.\n", path, lists,
		    lists == 1 ? "" : "s", rules, bytes.n / 1024);
	free((void *)(uintptr_t)bytes.p);
	return result == 0 ? 0 : 1;
}

int
lists_compile(int argc, char **argv)
{
	struct lists l = {0};
	const char *path = NULL;
	const struct arg args[] = {LISTS_ARGS(&l), {"output", 'o', ARG_TEXT, &path}, {0}};
	int code = args_parse("lists", args, argc, argv);

	if (code >= 0)
		return code;
	if (path == NULL)
		return args_wrong("lists", "say where to: tacet lists compile -o FILE");
	code = lists_open(&l);
	if (code >= 0)
		return code;
	code = compile(&l, path);
	lists_close(&l);
	return code;
}
