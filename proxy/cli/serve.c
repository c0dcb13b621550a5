/* serve.c: see serve.h. */
#include "cli/serve.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "admin/admin.h"
#include "core/log.h"

struct signals {
	struct service *service;
	uv_signal_t hup, term, intr;
};

/* No core ever holds a request: not by a limit, which a piped core_pattern ignores, and not by the kernel's grace. */
static void
forbid_cores(void)
{
	struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* the leak checker traces its own process */
	(void)prctl(PR_SET_DUMPABLE, 0);
#endif
}

static void
on_hup(uv_signal_t *h, int number)
{
	struct signals *s = h->data;

	(void)number;
	service_reload(s->service, NULL, NULL);
}

static void
on_term(uv_signal_t *h, int number)
{
	struct signals *s = h->data;

	(void)number;
	service_drain(s->service);
}

static void
watch(struct signals *s, uv_loop_t *loop, uv_signal_t *h, uv_signal_cb cb, int number)
{
	(void)uv_signal_init(loop, h);
	h->data = s;
	(void)uv_signal_start(h, cb, number);
}

static void
never(struct loop *l, struct deadline *d)
{
	(void)l;
	(void)d; /* the control loop sets none */
}

struct config *
serve_config(const char *file, const struct config_overrides *over, int *code)
{
	struct messages *m = messages_new();
	struct config *c = NULL;

	*code = config_load(file, over, &c, m) < 0 ? 78 : 0;
	messages_print(m, stderr);
	messages_destroy(&m);
	return c;
}

/* Why there will be no start: to whoever tried it. */
static void
complain(const struct buf *why)
{
	struct tc_str text = buf_str(why);

	(void)fprintf(stderr, "%.*s", (int)text.n, text.p);
}

static int
run(struct serve *s, struct service *service, struct loop *control)
{
	struct signals sig = {.service = service};
	struct buf why;
	struct admin *admin;

	buf_init(&why, 64 << 10);
	admin = admin_start(service, service->snapshot->config, &why);
	if (admin == NULL) {
		complain(&why);
		buf_reset(&why);
		return 1;
	}
	watch(&sig, &control->uv, &sig.hup, on_hup, SIGHUP);
	watch(&sig, &control->uv, &sig.term, on_term, SIGTERM);
	watch(&sig, &control->uv, &sig.intr, on_term, SIGINT);
	log_event(LOG_READY, tc_str_of("", 0));
	if (s->ready != NULL)
		s->ready(s, service);
	(void)uv_run(&control->uv, UV_RUN_DEFAULT);
	admin_stop(&admin);
	return s->code;
}

int
serve(struct serve *s, struct config *c)
{
	struct service service = {.file = s->file, .over = s->over};
	struct loop *control = calloc(1, sizeof(*control));
	struct buf warnings;
	int code;

	if (control == NULL || loop_init(control, never, NULL) < 0)
		abort();
	forbid_cores();
	(void)signal(SIGPIPE, SIG_IGN);
	buf_init(&warnings, 1 << 20);
	s->control = control;
	code = service_start(&service, control, c, &warnings);
	if (code == 0)
		log_lines(LOG_WARNING, buf_str(&warnings));
	else
		complain(&warnings);
	buf_reset(&warnings);
	if (code == 0)
		code = run(s, &service, control);
	service_stop(&service);
	loop_close(control);
	free(control);
	return code;
}
