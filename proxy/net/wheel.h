/*
 * wheel.h: deadlines, coarse and nearly free. One wheel per loop.
 *
 * Time is cut into slots of WHEEL_GRAIN_MS. Moving a deadline further away only stores a number; the entry is
 * moved when its old slot comes round. So a busy connection, whose deadline moves with every request, costs
 * one store, not a timer.
 *
 *	slots  [ ] [o-o] [ ] [o] ...      o = struct deadline, linked where it will be looked at next
 *	        ^ tick
 */
#ifndef NET_WHEEL_H
#define NET_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_SLOTS 128
#define WHEEL_GRAIN_MS 250

struct deadline {
	struct deadline *prev, *next; /* NULL: not in the wheel */
	uint64_t at;                  /* ms of the loop's clock */
	uint64_t due;                 /* when its slot will be visited */
	int kind;                     /* whose it is: for the owner of the loop */
};

struct wheel {
	struct deadline slots[WHEEL_SLOTS]; /* list heads */
	uint64_t tick;                      /* slots up to this one have been visited */
};

void wheel_init(struct wheel *w, uint64_t now_ms);

/* Fires at or up to one grain after at_ms. Setting again moves it. */
void wheel_set(struct wheel *w, struct deadline *d, uint64_t at_ms);
void wheel_clear(struct deadline *d);

static inline bool
wheel_is_set(const struct deadline *d)
{
	return d->next != NULL;
}

/* Takes out and returns one entry that is past its time, or NULL when there is none (any more). */
struct deadline *wheel_next_expired(struct wheel *w, uint64_t now_ms);

#endif
