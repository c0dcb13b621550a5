/*
 * service.h: the running proxy as a whole: listeners, workers, the snapshot in force, reload and drain. It lives on
 * the control loop of the main thread; workers never wait for it.
 */
#ifndef CORE_SERVICE_H
#define CORE_SERVICE_H

#include "core/worker.h"

#define DRAIN_MS 30000

struct service {
	struct loop *control;
	const char *file; /* NULL: the built-in default */
	struct config_overrides over;
	struct choice_key *key;
	struct snapshot *snapshot; /* the one in force; for the control thread */
	struct worker **workers;
	size_t worker_count;
	struct sockaddr_storage *listening; /* where the listeners really are (port 0 was chosen by the system) */
	struct sockaddr_storage admin;      /* the same of the admin listener; family 0: none */
	int64_t started, reloaded;          /* seconds since 1970 */
	bool reload_ok, draining;
	struct reload *reload; /* under way; NULL: none */
	bool reload_again;     /* asked for by signal meanwhile */
	uv_timer_t drain_timer;
	uint64_t drain_by; /* ms of the control loop's clock */
};

/* What a reload came to: 0, or the exit code that `tacet check` would give; text is for the operator. */
typedef void (*service_reloaded)(void *ctx, int code, struct tc_str text);

/*
 * Opens the listeners of a checked configuration (taken over), builds the first snapshot, starts the workers. Lines
 * for the operator go to warnings. 0, 1 (environment) or 78 (configuration).
 */
int service_start(struct service *s, struct loop *control, struct config *c, struct buf *warnings);

/* Reads the file again off the loops and swaps the snapshot in. done may be NULL; busy: code 1 at once. */
void service_reload(struct service *s, service_reloaded done, void *ctx);

/* Closes listeners and idle connections, waits for the others at most DRAIN_MS; then stops the control loop.
 * Called again: at once. */
void service_drain(struct service *s);

/* After the control loop has ended. */
void service_stop(struct service *s);

#endif
