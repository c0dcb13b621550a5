/* edge.h: bytes that end right before an unreadable page, so that reading one too far ends the test. */
#ifndef TESTS_EDGE_H
#define TESTS_EDGE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define EDGE_PAGE ((size_t)4096)

static inline size_t
edge_room(size_t n)
{
	return (n + EDGE_PAGE - 1) / EDGE_PAGE * EDGE_PAGE;
}

/* A copy of n bytes at p that ends right before a PROT_NONE page. */
static inline char *
edge_copy(const void *p, size_t n)
{
	size_t room = edge_room(n);
	char *mem = mmap(NULL, room + EDGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED || mprotect(mem + room, EDGE_PAGE, PROT_NONE) == -1) {
		perror("edge_copy");
		abort();
	}
	if (n > 0)
		memcpy(mem + room - n, p, n);
	return mem + room - n;
}

static inline void
edge_free(char *p, size_t n)
{
	size_t room = edge_room(n);

	if (munmap(p + n - room, room + EDGE_PAGE) == -1)
		abort();
}

#endif
