/*
 * certificates.h: the TLS side of listeners and origins of a configuration: what is in its files, what is wrong with
 * them, and that they change.
 */
#ifndef CORE_CERTIFICATES_H
#define CORE_CERTIFICATES_H

#include "config/config.h"
#include "core/snapshot.h"
#include "net/loop.h"

/* Reads them for all listeners and origins of the snapshot. 0, or -1: at least one error is in m. */
int certificates_load(struct snapshot *s, struct messages *m);

/*
 * How an origin is asked by https: as it is in force or, where nothing was loaded, as its files are now. A reference;
 * NULL: fault says why.
 */
struct tls_client *certificates_of_origin(const struct snapshot *s, const struct config_origin *o,
    struct tls_client_fault *fault);

/* For check: the same, and what will be wrong: certificates that end soon, keys that others may read. */
void certificates_check(const struct config *c, struct messages *m);

/*
 * Looks at the files of the snapshot in force, several times a second, and takes up what has changed: no reload is needed,
 * and nothing is closed. *snapshot may change between looks; it is looked at on the loop's thread. Ends with the loop.
 */
void certificates_watch(struct loop *l, struct snapshot *const *snapshot);

/* For /metrics: 0, or -1: no room. */
int certificates_write(struct buf *out, const struct snapshot *s);

#endif
