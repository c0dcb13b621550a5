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
		assert(h->verdicts == NULL);
		while (*at != h)
			at = &(*at)->next;
		*at = h->next;
		free(h);
	}
	(void)pthread_mutex_unlock(&lock);
}

/* ---- verdicts ---- */

static bool
same_check(const struct check_settings *a, const struct check_settings *b)
{
	return tc_eq(a->path, b->path) && tc_eq(a->authority, b->authority) && a->interval_ms == b->interval_ms &&
	    a->timeout_ms == b->timeout_ms && a->healthy == b->healthy && a->unhealthy == b->unhealthy;
}

static bool
all_are_down(const struct health *h)
{
	for (const struct verdict *v = h->verdicts; v != NULL; v = v->next)
		if (!atomic_load(&v->down))
			return false;
	return h->verdicts != NULL;
}

static struct verdict *
verdict_new(struct health *h, const struct check_settings *check)
{
	struct verdict *v = calloc(1, sizeof(*v) + check->path.n + check->authority.n);

	if (v == NULL)
		abort();
	memcpy(v->texts, check->path.p, check->path.n);
	memcpy(v->texts + check->path.n, check->authority.p, check->authority.n);
	v->check = *check;
	v->check.path.p = v->texts;
	v->check.authority.p = v->texts + check->path.n;
	atomic_store(&v->down, all_are_down(h));
	v->next = h->verdicts;
	h->verdicts = v;
	return v;
}

struct verdict *
verdict_get(struct health *h, const struct check_settings *check)
{
	struct verdict *v;

	(void)pthread_mutex_lock(&lock);
	v = h->verdicts;
	while (v != NULL && !same_check(&v->check, check))
		v = v->next;
	if (v == NULL)
		v = verdict_new(h, check);
	v->users++;
	(void)pthread_mutex_unlock(&lock);
	return v;
}

void
verdict_release(struct health *h, struct verdict **p)
{
	struct verdict *v = *p, **at = &h->verdicts;

	if (v == NULL)
		return;
	*p = NULL;
	(void)pthread_mutex_lock(&lock);
	assert(v->users > 0);
	if (--v->users == 0) {
		while (*at != v)
			at = &(*at)->next;
		*at = v->next;
		free(v);
	}
	(void)pthread_mutex_unlock(&lock);
}

void
verdict_check(struct verdict *v, bool begins)
{
	(void)pthread_mutex_lock(&lock);
	if (begins)
		v->checks++;
	else if (--v->checks == 0)
		atomic_store(&v->down, false);
	(void)pthread_mutex_unlock(&lock);
}

/* ---- a look at all ---- */

bool
health_is_down(const struct health *h)
{
	for (const struct verdict *v = h->verdicts; v != NULL; v = v->next)
		if (atomic_load(&v->down))
			return true;
	return false;
}

void
health_each(void (*visit)(void *ctx, const struct health *h), void *ctx)
{
	(void)pthread_mutex_lock(&lock);
	for (const struct health *h = all; h != NULL; h = h->next)
		visit(ctx, h);
	(void)pthread_mutex_unlock(&lock);
}
