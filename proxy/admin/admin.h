/*
 * admin.h: the operator's side: /metrics, /healthz and /readyz over HTTP, on the control loop; and reload over
 * a Unix socket. Never on a listener of visitors.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "core/service.h"

struct admin;

/* Opens what the configuration names. NULL: it cannot; the reason is in why. */
struct admin *admin_start(struct service *s, const struct config *c, struct buf *why);
void admin_stop(struct admin **a);

#endif
