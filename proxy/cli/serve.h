/* serve.h: what run and demo share: the proxy in the foreground, with signals and the admin listener. */
#ifndef CLI_SERVE_H
#define CLI_SERVE_H

#include "core/service.h"

struct serve {
	const char *file; /* NULL: the built-in default */
	struct config_overrides over;
	/* Called on the control loop once everything listens; may be NULL. */
	void (*ready)(struct serve *s, const struct service *service);
	void *ctx;
	struct loop *control; /* while it runs: uv_stop() on it ends serve() */
	int code;             /* what serve() returns if all went well */
};

/* Takes over the checked configuration. Returns the exit code. */
int serve(struct serve *s, struct config *c);

/* Loads and says what is wrong with it on standard error. NULL and *code on failure. */
struct config *serve_config(const char *file, const struct config_overrides *over, int *code);

#endif
