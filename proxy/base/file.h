/* file.h: small files that are read whole: keys, certificates. Off the request path only. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"

#define FILE_MAX ((size_t)256 << 10) /* a private key and a chain are 4 KiB, all authorities of the system 220 KiB */

/*
 * The whole of a regular file into out, at most out->max bytes. NULL: it is there, or is not (there says which); else why it
 * cannot be read. secret: nobody but the owner may read it. Never waits, as opening a pipe would; leaves no copy but out's.
 */
const char *file_read(const char *path, bool secret, bool *there, struct buf *out);

#endif
