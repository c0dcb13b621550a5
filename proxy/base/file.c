/* file.c: see file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

const char *
file_read(const char *path, bool secret, bool *there, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *fault = NULL;
	char piece[4096];
	struct stat st;
	ssize_t n = 1;

	*there = fd != -1;
	if (fd == -1)
		return errno == ENOENT ? NULL : strerror(errno);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		fault = "not a regular file";
	else if (secret && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		fault = "others may read it: chmod 600";
	while (fault == NULL && n > 0) {
		n = read(fd, piece, sizeof(piece));
		if (n == -1)
			fault = strerror(errno);
		else if (n > 0 && buf_add(out, piece, (size_t)n) < 0)
			fault = "too long";
	}
	explicit_bzero(piece, sizeof(piece));
	(void)close(fd);
	return fault;
}
