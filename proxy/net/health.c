/* health.c: see health.h. */
#include "net/health.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct health *all;

struct health *
health_get(struct tc_str name)
{
	struct health *h;

	(void)pthread_mutex_lock(&lock);
	for (h = all; h != NULL; h = h->next)
		if (tc_eq(tc_str_from(h->name), name))
			break;
	if (h == NULL) {
		h = calloc(1, sizeof(*h) + name.n + 1);
		if (h == NULL)
			abort();
		memcpy(h->name, name.p, name.n);
		h->next = all;
		all = h;
	}
	h->users++;
	(void)pthread_mutex_unlock(&lock);
	return h;
}

void
health_release(struct health **p)
{
	struct health *h = *p, **at = &all;

	if (h == NULL)
		return;
	*p = NULL;
	(void)pthread_mutex_lock(&lock);
	assert(h->users > 0);
	if (--h->users == 0) {
		while (*at != h)
			at = &(*at)->next;
		*at = h->next;
		free(h);
	}
	(void)pthread_mutex_unlock(&lock);
}

void
health_check(struct health *h, bool begins)
{
	(void)pthread_mutex_lock(&lock);
	if (begins)
		h->checks++;
	else if (--h->checks == 0)
		atomic_store(&h->down, false);
	(void)pthread_mutex_unlock(&lock);
}

void
health_each(void (*visit)(void *ctx, const struct health *h), void *ctx)
{
	(void)pthread_mutex_lock(&lock);
	for (const struct health *h = all; h != NULL; h = h->next)
		visit(ctx, h);
	(void)pthread_mutex_unlock(&lock);
}
