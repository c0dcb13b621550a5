/* lists_file.c: see lists_file.h. */
#include "lists_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMPILED_MAX ((size_t)1 << 30)

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
	bytes = block_pages(n + 1);
	got = bytes != NULL ? read_all(fd, bytes, n) : -1;
	why = got == -1 ? errno : EIO; /* somebody writes it just now */
	(void)close(fd);
	if (got != (ssize_t)n) {
		if (bytes != NULL)
			block_pages_free(bytes, n + 1);
		errno = why;
		return -1;
	}
	*text = tc_str_of(bytes, n);
	return 0;
}

void
list_file_free(struct tc_str text)
{
	block_pages_free(text.p, text.n + 1);
}

/*
 * A private copy: a file that is written over in its place must neither change nor
 * end under a request (docs/adr/0016).
 */
static int
copy_file(int fd, size_t n, struct match_block *bytes)
{
	char *p = block_pages(n);
	ssize_t got;

	if (p == NULL)
		return -1;
	got = lseek(fd, 0, SEEK_SET) == 0 ? read_all(fd, p, n) : -1;
	if (got == -1) {
		block_pages_free(p, n);
		return -1;
	}
	block_pages_fixed(p, n);
	*bytes = (struct match_block){p, n, block_pages_free};
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
