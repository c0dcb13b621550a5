/* origin_users.h: users of an origin, and what they were told: for the tests of origin.c, which it includes. */
#ifndef TESTS_ORIGIN_USERS_H
#define TESTS_ORIGIN_USERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/resource.h>

#include "../../proxy/net/origin.c"
#include "peers.h"

#define USERS 96

struct user {
	struct server_conn *got;
	enum origin_failure failed;
	unsigned told, nth; /* nth: who was told when */
	struct ticket *ticket;
	struct origin **ends; /* failed() ends this origin: it was its last user */
};

static struct loop loop;
static struct origins *all;
static struct user user[USERS];
static unsigned told;

static void
on_got(void *p, struct server_conn *sc)
{
	struct user *u = p;

	u->got = sc;
	u->ticket = NULL;
	u->told++;
	u->nth = ++told;
}

static void
on_failed(void *p, enum origin_failure why)
{
	struct user *u = p;

	u->failed = why;
	u->ticket = NULL;
	u->told++;
	u->nth = ++told;
	if (u->ends != NULL)
		origin_destroy(u->ends);
}

static void
on_data(void *p, struct tc_str in)
{
	(void)p;
	(void)in;
}

static void
on_ended(void *p, int error)
{
	(void)p;
	(void)error;
}

static void
on_nothing(void *p)
{
	(void)p;
}

static const struct origin_ops test_ops = {
	.got = on_got,
	.failed = on_failed,
	.conn = {.data = on_data, .ended = on_ended, .drained = on_nothing, .late = on_nothing},
};

static void
on_expired(struct loop *l, struct deadline *d)
{
	(void)l;
	if (d->kind == DEADLINE_TICKET)
		origin_expired(d);
	else
		server_expired(d);
}

static int
setup(void **state)
{
	(void)state;
	memset(user, 0, sizeof(user));
	told = 0;
	assert_int_equal(loop_init(&loop, on_expired, NULL), 0);
	all = origins_new(&loop, &test_ops);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (all->list != NULL)
		return -1; /* the test has failed before */
	origins_destroy(&all);
	loop_close(&loop);
	return 0;
}

static const struct origin_settings usual = {
	.queue = 100,
	.held = 100,
	.queue_timeout_ms = 60000,
	.connect_timeout_ms = 5000,
	.idle_timeout_ms = 20000,
	.eject_failures = 3,
	.eject_ms = 60000,
	.retry_percent = 20,
};

/* An origin of servers on 127.0.0.1 at these ports. */
static struct origin *
origin_at(const uint16_t *ports, size_t n, const struct origin_settings *s)
{
	struct server_key keys[ORIGIN_SERVERS_MAX];

	for (size_t i = 0; i < n; i++)
		keys[i] = (struct server_key){
			.name = TC_STR("http://127.0.0.1"), .host = TC_STR("127.0.0.1"), .port = ports[i]};
	return origin_new(all, s, keys, n);
}

static struct origin *
origin_at_one(uint16_t port, const struct origin_settings *s)
{
	return origin_at(&port, 1, s);
}

static struct user *
get(struct origin *o, size_t i, struct origin_ask ask)
{
	struct user *u = &user[i];

	*u = (struct user){.ends = u->ends};
	ask.user = u;
	u->ticket = origin_get(o, &ask);
	assert_true((u->ticket == NULL) == (u->told == 1));
	return u;
}

static struct user *
ask(struct origin *o, size_t i)
{
	return get(o, i, (struct origin_ask){.careful = true});
}

static struct user *
served(struct origin *o, size_t i)
{
	struct user *u = ask(o, i);

	UNTIL(&loop, u->told > 0);
	assert_non_null(u->got);
	assert_ptr_equal(u->got->user, u);
	return u;
}

static void
put(struct user *u)
{
	struct server_conn *sc = u->got;

	u->got = NULL;
	origin_answered(sc);
	origin_put(sc);
}

static void
drop(struct user *u)
{
	struct server_conn *sc = u->got;

	u->got = NULL;
	if (sc != NULL)
		origin_drop(sc);
}

static void
nothing_under_way(const struct origin *o)
{
	assert_int_equal(o->under_way, 0);
	assert_int_equal(o->line.n, 0);
	assert_int_equal(o->held.n, 0);
	assert_int_equal(o->all->waiting, 0);
	for (size_t i = 0; i < o->n; i++) {
		assert_int_equal(o->servers[i]->in_use, 0);
		assert_int_equal(o->servers[i]->thinking, 0);
		assert_int_equal(o->servers[i]->watchers, 0);
		assert_null(o->servers[i]->waiting);
	}
}

static void
end(struct origin **o)
{
	nothing_under_way(*o);
	origin_destroy(o);
}

#endif
