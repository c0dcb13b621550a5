/*
 * tls_files.h: notices that a file is another one: changed in place, replaced, or behind a link that was turned, as
 * certbot and Kubernetes do.
 */
#ifndef NET_TLS_FILES_H
#define NET_TLS_FILES_H

#include <sys/stat.h>

#include "tacet/str.h"

#define TLS_PATH_MAX 4096

/* Which file it was, as far as one can tell without reading it; all zero: it could not be seen. */
struct tls_stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed, modified;
};

struct tls_watched {
	struct tls_stamp taken; /* what was read last, or tried */
	struct tls_stamp seen;  /* at the last look */
};

/* Before reading: what is read from here on is the file of this moment, or a later one, which the next look sees. */
void tls_watched_take(struct tls_watched *w, struct tc_str path);

/*
 * true: it is another file than the one taken, and was the same at the last look, so that whoever writes it has probably
 * finished.
 */
bool tls_watched_look(struct tls_watched *w, struct tc_str path);

/* What was taken is the same file. */
bool tls_watched_same(const struct tls_watched *a, const struct tls_watched *b);

#endif
