/* loop.c: see loop.h. */
#include "net/loop.h"

#define ARENAS_KEPT 256 /* blocks of 16 KiB that stay warm: giving pages back costs more than a small request */

static void
on_tick(uv_timer_t *t)
{
	struct loop *l = t->data;
	struct deadline *d;

	while ((d = wheel_next_expired(&l->wheel, loop_now(l))) != NULL)
		l->expired(l, d);
}

int
loop_init(struct loop *l, void (*expired)(struct loop *, struct deadline *), void *owner)
{
	int r = uv_loop_init(&l->uv);

	if (r < 0)
		return r;
	l->uv.data = l;
	l->expired = expired;
	l->owner = owner;
	l->arenas = arena_cache_new(ARENAS_KEPT);
	wheel_init(&l->wheel, loop_now(l));
	(void)uv_timer_init(&l->uv, &l->ticker);
	l->ticker.data = l;
	(void)uv_timer_start(&l->ticker, on_tick, WHEEL_GRAIN_MS, WHEEL_GRAIN_MS);
	uv_unref((uv_handle_t *)&l->ticker); /* deadlines alone keep no loop alive */
	return 0;
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
	uv_walk(&l->uv, close_handle, NULL);
	(void)uv_run(&l->uv, UV_RUN_DEFAULT);
	(void)uv_loop_close(&l->uv);
	arena_cache_destroy(&l->arenas);
	explicit_bzero(l->read_buffer, sizeof(l->read_buffer));
}
