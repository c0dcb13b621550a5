/*
 * service.h: the running proxy as a whole: listeners, workers, the snapshot in force, reload and drain. It lives on
 * the control loop of the main thread; workers never wait for it.
 */
#ifndef CORE_SERVICE_H
#define CORE_SERVICE_H

#include "core/acme.h"
#include "core/canary.h"
#include "core/worker.h"

#define WORKERS_MAX 1024 /* limits.threads is at most 256; the machine may have more cores */

/* A listening address. */
struct listening {
	struct sockaddr_storage asked; /* as configured */
	struct sockaddr_storage addr;  /* where it really is: port 0 was chosen by the system */
	struct listener_file file;     /* of a Unix socket */
	uint32_t id;                   /* the same over reloads; 0: not open yet */
	bool tls;
};

/* Who else has to follow a reload: the admin listener. */
struct service_edge {
	void *ctx;
	/* Opens what the next configuration asks for. -1: it cannot, why is in text, and nothing has changed. */
	int (*prepare)(void *ctx, const struct config *next, struct buf *text);
	void (*commit)(void *ctx); /* what was prepared comes into force */
};

struct service {
	struct loop *control;
	const char *file; /* NULL: the built-in default */
	struct config_overrides over;
	struct choice_key *key;
	struct snapshot *snapshot; /* the one in force; for the control thread */
	struct worker **workers;
	size_t worker_count;
	struct crowd crowd;
	struct listening *listening; /* in the order of the configuration in force */
	size_t listening_count;
	uint32_t last_listener;        /* ids given so far */
	struct sockaddr_storage admin; /* where the admin listener really is; family 0: none */
	struct service_edge edge;
	struct canary canary;
	struct acme acme;
	int64_t started, reloaded; /* seconds since 1970 */
	bool reload_ok, draining;
	struct reload *reload; /* under way; NULL: none */
	bool reload_again;     /* asked for by signal meanwhile */
	uv_timer_t drain_timer, trim_timer;
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

/*
 * Not ready from now on. After limits.drain_delay, in which everybody is served as ever, it closes listeners and idle
 * connections and waits for the others, at most limits.drain_timeout; then it stops the control loop. Called again:
 * at once.
 */
void service_drain(struct service *s);

/* After the control loop has ended. */
void service_stop(struct service *s);

#endif
