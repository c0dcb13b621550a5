/* loop.c: see loop.h. */
#include "net/loop.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/tls.h"

#define ARENAS_KEPT 256 /* blocks of 16 KiB that stay warm: giving pages back costs more than a small request */

#define LOOP_PIPE_SIZE (1 << 20)
#define STACK_WIPED (256 << 10) /* deeper than any callback goes */

/* What callbacks have left on the stack below this frame: URLs, addresses. */
__attribute__((noinline)) static void
wipe_stack(void)
{
	char dead[STACK_WIPED];

	explicit_bzero(dead, sizeof(dead));
}

/* Between callbacks nothing of a visitor is in these; a few microseconds, whether much was read or nothing. */
static void
wipe(struct loop *l)
{
	explicit_bzero(l->read_buffer, sizeof(l->read_buffer));
	if (l->scratch != NULL)
		explicit_bzero(l->scratch, l->scratch_n);
	tls_tick(l);
	wipe_stack();
}

static void
on_tick(uv_timer_t *t)
{
	struct loop *l = t->data;
	struct deadline *d;

	wipe(l);
	while ((d = wheel_next_expired(&l->wheel, loop_now(l))) != NULL)
		l->expired(l, d);
}

static void
on_prepare(uv_prepare_t *p)
{
	struct loop *l = p->data;

	l->turn++;
	if (l->turned != NULL)
		l->turned(l);
}

int
loop_init(struct loop *l, void (*expired)(struct loop *, struct deadline *), void *owner)
{
	int r = uv_loop_init(&l->uv);

	if (r < 0)
		return r;
	l->uv.data = l;
	l->pipe[0] = l->pipe[1] = -1;
	l->expired = expired;
	l->owner = owner;
	l->arenas = arena_cache_new(ARENAS_KEPT);
	wheel_init(&l->wheel, loop_now(l));
	(void)uv_timer_init(&l->uv, &l->ticker);
	l->ticker.data = l;
	(void)uv_timer_start(&l->ticker, on_tick, WHEEL_GRAIN_MS, WHEEL_GRAIN_MS);
	(void)uv_prepare_init(&l->uv, &l->prepare);
	l->prepare.data = l;
	(void)uv_prepare_start(&l->prepare, on_prepare);
	uv_unref((uv_handle_t *)&l->prepare);
	uv_unref((uv_handle_t *)&l->ticker); /* deadlines alone keep no loop alive */
	return 0;
}

bool
loop_pipe(struct loop *l)
{
	if (l->pipe[0] != -1)
		return true;
	if (pipe2(l->pipe, O_CLOEXEC | O_NONBLOCK) == -1)
		return false;                                  /* as it was: -1 */
	(void)fcntl(l->pipe[1], F_SETPIPE_SZ, LOOP_PIPE_SIZE); /* more than the default, if the system lets us */
	return true;
}

static void
close_handle(uv_handle_t *h, void *unused)
{
	(void)unused;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

void
loop_close(struct loop *l)
{
	int r;

	uv_walk(&l->uv, close_handle, NULL);
	while (uv_run(&l->uv, UV_RUN_DEFAULT) != 0)
		; /* uv_stop() in a callback ends a turn, but a look-up under way still has to come back to us */
	r = uv_loop_close(&l->uv);
	assert(r == 0);
	if (l->pipe[0] != -1) {
		(void)close(l->pipe[0]);
		(void)close(l->pipe[1]);
	}
	arena_cache_destroy(&l->arenas);
	explicit_bzero(l->read_buffer, sizeof(l->read_buffer));
	tls_loop_close(l);
}
