/*
 * image.c: a database file as a private, sealed copy.
 *
 *	file -> memfd, sealed -> /proc/self/fd/N, mapped by libmaxminddb
 *
 * libmaxminddb maps the file it is given; one truncated or written in place later would end the process or give
 * wrong places. The copy cannot change any more: neither by others nor by us.
 */
#include "geo/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define IMAGE_MAX ((off_t)1 << 30)
#define TREE_GAP 16 /* zero bytes between tree and data */

/* Copies size bytes from one descriptor to the other; false when there were fewer. */
static bool
copy_bytes(int to, int from, off_t size)
{
	while (size > 0) {
		ssize_t n = sendfile(to, from, NULL, (size_t)size);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		size -= n;
	}
	return true;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The sealed copy's descriptor, or -1. */
static int
copy_sealed(int from, const char **why)
{
	struct stat before, after;
	int fd;

	if (fstat(from, &before) == -1 || !S_ISREG(before.st_mode)) {
		*why = "not a regular file";
		return -1;
	}
	if (before.st_size == 0 || before.st_size > IMAGE_MAX) {
		*why = before.st_size == 0 ? "the file is empty" : "the file is larger than 1 GiB";
		return -1;
	}
	fd = memfd_create("tacet-geo", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1) {
		*why = "no memory for a copy";
		return -1;
	}
	if (!copy_bytes(fd, from, before.st_size) || fstat(from, &after) == -1 || !same_file(&before, &after)) {
		*why = "the file changed while it was read";
		goto fail;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == -1) {
		*why = "the copy could not be sealed";
		goto fail;
	}
	return fd;

fail:
	(void)close(fd);
	return -1;
}

/* What libmaxminddb does not check itself. */
static const char *
metadata_fault(const MMDB_s *m)
{
	uint64_t tree = (uint64_t)m->metadata.node_count * m->full_record_byte_size;

	if (m->metadata.binary_format_major_version != 2)
		return "unknown version of the format";
	if (m->metadata.ip_version != 4 && m->metadata.ip_version != 6)
		return "neither an IPv4 nor an IPv6 database";
	if (m->metadata.node_count == 0)
		return "the search tree is empty";
	if (tree + TREE_GAP > (uint64_t)m->file_size)
		return "the file is cut off";
	return NULL;
}

bool
image_open(const char *path, MMDB_s *out, const char **why)
{
	char name[32];
	int source = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), fd, status;

	if (source == -1) {
		*why = strerror(errno);
		return false;
	}
	fd = copy_sealed(source, why);
	(void)close(source);
	if (fd == -1)
		return false;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	status = MMDB_open(name, MMDB_MODE_MMAP, out);
	(void)close(fd); /* the mapping keeps the copy alive */
	if (status != MMDB_SUCCESS) {
		*why = MMDB_strerror(status);
		return false;
	}
	*why = metadata_fault(out);
	if (*why != NULL)
		image_close(out);
	return *why == NULL;
}

void
image_close(MMDB_s *m)
{
	MMDB_close(m);
	explicit_bzero(m, sizeof(*m));
}
