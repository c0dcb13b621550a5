/* wipe.h: memory for libraries that would leave what they were given where it was: wiped before it goes back. */
#ifndef BASE_WIPE_H
#define BASE_WIPE_H

#include <stddef.h>

/* As free(); p from malloc(), calloc() or wipe_realloc(). */
void wipe_free(void *p);

/* As realloc(), but n = 0 frees and returns NULL; never leaves a copy behind. */
void *wipe_realloc(void *p, size_t n);

#endif
