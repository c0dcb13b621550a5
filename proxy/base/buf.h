/* buf.h: a growing buffer of bytes that cannot be made without a limit. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <sys/types.h>

#include "tacet/str.h"

/*	[ taken | p: unread bytes, n long | room up to cap ]	cap <= max	*/
struct buf {
	char *mem;
	size_t off, n, cap, max;
};

#define BUF_FULL (-1) /* the limit is reached; nothing was added */

void buf_init(struct buf *b, size_t max);
int buf_add(struct buf *b, const char *p, size_t n);
int buf_add_str(struct buf *b, struct tc_str s);
int buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct tc_str buf_str(const struct buf *b);
/* Drops n unread bytes off the front. */
void buf_drop(struct buf *b, size_t n);
/* Wipes and frees; the limit stays, the buffer can be used again. */
void buf_reset(struct buf *b);

#endif
