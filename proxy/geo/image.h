/* image.h: a database file as a private, sealed copy, so that nothing on disk can change it under us (geo.md 6). */
#ifndef GEO_IMAGE_H
#define GEO_IMAGE_H

#include <maxminddb.h>
#include <stdbool.h>

/* Copies, seals, maps and checks the metadata. false: *why says what is wrong, for the operator; nothing is held. */
bool image_open(const char *path, MMDB_s *out, const char **why);
void image_close(MMDB_s *m);

#endif
