/* wheel.c: see wheel.h. */
#include "net/wheel.h"

#include <assert.h>
#include <stddef.h>

void
wheel_init(struct wheel *w, uint64_t now_ms)
{
	for (size_t i = 0; i < WHEEL_SLOTS; i++)
		w->slots[i].prev = w->slots[i].next = &w->slots[i];
	w->tick = now_ms / WHEEL_GRAIN_MS;
}

static void
unlink_deadline(struct deadline *d)
{
	d->prev->next = d->next;
	d->next->prev = d->prev;
	d->prev = d->next = NULL;
}

/* Links d where it is looked at when its time has come, or once before, if that is a whole turn away. */
static void
link_deadline(struct wheel *w, struct deadline *d)
{
	uint64_t tick = d->at / WHEEL_GRAIN_MS + 1;
	struct deadline *head;

	if (tick <= w->tick)
		tick = w->tick + 1;
	if (tick > w->tick + WHEEL_SLOTS - 1)
		tick = w->tick + WHEEL_SLOTS - 1;
	d->due = tick * WHEEL_GRAIN_MS;
	head = &w->slots[tick % WHEEL_SLOTS];
	d->prev = head->prev;
	d->next = head;
	head->prev->next = d;
	head->prev = d;
}

void
wheel_set(struct wheel *w, struct deadline *d, uint64_t at_ms)
{
	d->at = at_ms;
	if (d->next != NULL) {
		if (at_ms >= d->due - WHEEL_GRAIN_MS)
			return; /* its slot comes first: it will be moved then */
		unlink_deadline(d);
	}
	link_deadline(w, d);
}

void
wheel_clear(struct deadline *d)
{
	if (d->next != NULL)
		unlink_deadline(d);
}

struct deadline *
wheel_next_expired(struct wheel *w, uint64_t now_ms)
{
	uint64_t now = now_ms / WHEEL_GRAIN_MS;

	while (w->tick < now) {
		struct deadline *head = &w->slots[(w->tick + 1) % WHEEL_SLOTS];
		struct deadline *d = head->next;

		if (d == head) {
			w->tick++;
			continue;
		}
		unlink_deadline(d);
		if (d->at <= now_ms)
			return d;
		/* Its time was moved on: the slot it goes to is a later one, so this loop ends. */
		w->tick++;
		link_deadline(w, d);
		w->tick--;
		assert(d->next != NULL);
	}
	return NULL;
}
