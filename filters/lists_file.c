/* lists_file.c: see lists_file.h. */
#include "lists_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMPILED_MAX ((size_t)1 << 30)
#define LARGE_PAGE ((size_t)2 << 20)

/* Opens a regular file of at most max bytes; -1 and errno. It may be a FIFO: opening one does not wait. */
static int
open_file(const char *path, size_t max, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), why = 0;
	struct stat st;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1)
		why = errno;
	else if (!S_ISREG(st.st_mode) || st.st_size > (off_t)max)
		why = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
	if (why != 0) {
		(void)close(fd);
		errno = why;
		return -1;
	}
	*n = (size_t)st.st_size;
	return fd;
}

/* Up to n bytes; fewer where the file ends, or -1 and errno. */
static ssize_t
read_all(int fd, char *to, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = read(fd, to + have, n - have);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return -1;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

int
list_file_read(const char *path, struct tc_str *text)
{
	size_t n;
	int fd = open_file(path, MATCH_LIST_MAX, &n), why;
	char *bytes;
	ssize_t got;

	if (fd == -1)
		return -1;
	bytes = malloc(n + 1);
	got = bytes != NULL ? read_all(fd, bytes, n) : -1;
	why = errno;
	(void)close(fd);
	if (got == -1) {
		free(bytes);
		errno = why;
		return -1;
	}
	*text = tc_str_of(bytes, (size_t)got);
	return 0;
}

static size_t
whole_pages(size_t n)
{
	return (n + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
}

static void
list_file_close(const void *p, size_t n)
{
	(void)munmap((void *)(uintptr_t)p, whole_pages(n));
}

/* Memory at the beginning of a large page, of these where the system has some; NULL: there is none. */
static char *
large_pages(size_t n)
{
	size_t size = whole_pages(n), before;
	char *p = mmap(NULL, size + LARGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	before = (LARGE_PAGE - (uintptr_t)p % LARGE_PAGE) % LARGE_PAGE;
	if (before > 0)
		(void)munmap(p, before);
	if (before < LARGE_PAGE)
		(void)munmap(p + before + size, LARGE_PAGE - before);
	(void)madvise(p + before, size, MADV_HUGEPAGE);
	return p + before;
}

/*
 * A private copy: a file that is written over in its place must neither change nor
 * end under a request (docs/adr/0016).
 */
static int
copy_file(int fd, size_t n, struct match_block *bytes)
{
	char *p = large_pages(n);
	ssize_t got;

	if (p == NULL)
		return -1;
	got = lseek(fd, 0, SEEK_SET) == 0 ? read_all(fd, p, n) : -1;
	if (got == -1) {
		list_file_close(p, n);
		return -1;
	}
	(void)mprotect(p, whole_pages(n), PROT_READ);
	*bytes = (struct match_block){p, n, list_file_close};
	return 0;
}

int
list_file_open(const char *path, struct match_block *bytes)
{
	char magic[sizeof(MATCH_MAGIC) - 1];
	size_t n;
	int fd = open_file(path, COMPILED_MAX, &n), result = 0, why;

	*bytes = (struct match_block){NULL, 0, NULL};
	if (fd == -1)
		return -1;
	if (read_all(fd, magic, sizeof(magic)) == sizeof(magic) && memcmp(magic, MATCH_MAGIC, sizeof(magic)) == 0)
		result = copy_file(fd, n, bytes);
	why = errno;
	(void)close(fd);
	errno = why;
	return result;
}
