/* upstreams.h: the servers of origins, for /metrics: whether they can be used, and what went wrong with them. */
#ifndef ADMIN_UPSTREAMS_H
#define ADMIN_UPSTREAMS_H

#include "base/buf.h"

/* Prometheus text format 0.0.4. 0, or -1: out is full. */
int upstreams_write(struct buf *out);

#endif
