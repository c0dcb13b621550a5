/* certificates.h: the TLS side of each listener of a configuration, read from its files and said of them what is wrong. */
#ifndef CORE_CERTIFICATES_H
#define CORE_CERTIFICATES_H

#include "config/config.h"
#include "core/snapshot.h"

/* Reads them for all listeners of the snapshot. 0, or -1: at least one error is in m. */
int certificates_load(struct snapshot *s, struct messages *m);

/* For check: the same, and what will be wrong: certificates that end soon, keys that others may read. */
void certificates_check(const struct config *c, struct messages *m);

#endif
