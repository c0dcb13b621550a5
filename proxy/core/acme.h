/*
 * acme.h: certificates that the running proxy gets and renews by itself (listen[].tls.acme). What it finds goes to files;
 * those who serve notice that these have changed. However it fails, what is served stays.
 */
#ifndef CORE_ACME_H
#define CORE_ACME_H

#include "config/config.h"
#include "core/acme_client.h"
#include "net/loop.h"

struct service;
struct acme_job;
struct acme_entry;

struct acme {
	uv_timer_t timer;
	struct acme_job *job; /* under way; NULL: none */
	_Atomic bool stop;
	struct acme_entry *v; /* one for each of config.acmes of the snapshot in force */
	size_t n;
	uint64_t orders[ACME_RESULT_COUNT];
};

/* What a crash left half done between two files is finished, before they are read. Changes nothing else. */
void acme_mend(const struct config *c);

/* What the snapshot in force asks for: at the start, and after each reload. */
void acme_set(struct service *s);

/* Waits for a job under way, which ends soon. */
void acme_end(struct service *s);

/* The metrics. */
int acme_write(struct buf *out, const struct acme *a);

/* For check: the certificates that are kept, and how long they are good. */
void acme_check(const struct config *c, struct messages *m);

#endif
