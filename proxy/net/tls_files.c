/* tls_files.c: see tls_files.h. */
#include "net/tls_files.h"

#include <stdio.h>

static struct tls_stamp
stamp_of(struct tc_str path)
{
	struct tls_stamp s;
	struct stat st;
	char name[TLS_PATH_MAX];
	int n = snprintf(name, sizeof(name), "%.*s", (int)path.n, path.p);

	s = (struct tls_stamp){0};
	if (n <= 0 || n >= (int)sizeof(name) || stat(name, &st) == -1)
		return s;
	s.device = st.st_dev;
	s.inode = st.st_ino;
	s.size = st.st_size;
	s.changed = st.st_ctim;
	s.modified = st.st_mtim;
	return s;
}

static bool
same(const struct tls_stamp *a, const struct tls_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	    a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec &&
	    a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec;
}

void
tls_watched_take(struct tls_watched *w, struct tc_str path)
{
	w->taken = w->seen = stamp_of(path);
}

bool
tls_watched_look(struct tls_watched *w, struct tc_str path)
{
	struct tls_stamp now = stamp_of(path);
	bool still = same(&now, &w->seen);

	w->seen = now;
	return still && !same(&now, &w->taken);
}

bool
tls_watched_same(const struct tls_watched *a, const struct tls_watched *b)
{
	return same(&a->taken, &b->taken);
}
