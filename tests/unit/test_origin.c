/* test_origin.c: which server a request goes to, who waits, who is held, and who is told at once. */
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

/* ---- the choice ---- */

static void
in_turn(void **state)
{
	int fd[3] = {peer_listen(0), peer_listen(0), peer_listen(0)};
	uint16_t ports[3] = {peer_port(fd[0]), peer_port(fd[1]), peer_port(fd[2])};
	struct origin *o = origin_at(ports, 3, &usual);

	(void)state;
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(served(o, i)->got->server->port, ports[i % 3]);
	for (size_t i = 0; i < 9; i++)
		put(&user[i]);
	for (size_t i = 0; i < 9; i++) { /* kept ones in turn too */
		assert_int_equal(ask(o, i)->told, 1);
		assert_int_equal(user[i].got->server->port, ports[i % 3]);
	}
	for (size_t i = 0; i < 9; i++)
		drop(&user[i]);
	end(&o);
	for (size_t i = 0; i < 3; i++)
		(void)close(fd[i]);
}

/* Those who come out of the line go to all servers too. */
static void
in_turn_from_the_line(void **state)
{
	struct origin_settings s = usual;
	int fd[2] = {peer_listen(0), peer_listen(0)};
	uint16_t ports[2] = {peer_port(fd[0]), peer_port(fd[1])};
	struct origin *o;
	size_t at[2] = {0};

	(void)state;
	s.requests = 1;
	o = origin_at(ports, 2, &s);
	(void)served(o, 0);
	for (size_t i = 1; i < 9; i++)
		assert_non_null(ask(o, i)->ticket);
	for (size_t i = 0; i < 9; i++) {
		UNTIL(&loop, user[i].told > 0);
		at[user[i].got->server->port == ports[1]]++;
		put(&user[i]);
	}
	assert_in_range(at[0], 4, 5);
	end(&o);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static void
least_connections(void **state)
{
	struct origin_settings s = usual;
	int fd[2] = {peer_listen(0), peer_listen(0)};
	uint16_t ports[2] = {peer_port(fd[0]), peer_port(fd[1])};
	struct origin *o;

	(void)state;
	s.least_connections = true;
	o = origin_at(ports, 2, &s);
	assert_int_equal(served(o, 0)->got->server->port, ports[0]);
	assert_int_equal(served(o, 1)->got->server->port, ports[1]);
	put(&user[0]);
	assert_int_equal(served(o, 2)->got->server->port, ports[0]);
	put(&user[2]);
	assert_int_equal(served(o, 3)->got->server->port, ports[0]); /* round robin would go to the other */
	put(&user[1]);
	assert_int_equal(served(o, 4)->got->server->port, ports[1]);
	drop(&user[3]);
	drop(&user[4]);
	end(&o);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static void
avoids_who_failed(void **state)
{
	int fd[2] = {peer_listen(0), peer_listen(0)};
	uint16_t ports[2] = {peer_port(fd[0]), peer_port(fd[1])};
	struct origin *two = origin_at(ports, 2, &usual), *one = origin_at(ports, 1, &usual);

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		(void)get(two, i, (struct origin_ask){.fresh = true, .avoid = two->servers[0]});
		UNTIL(&loop, user[i].told > 0);
		assert_ptr_equal(user[i].got->server, two->servers[1]);
		drop(&user[i]);
	}
	(void)get(one, 0, (struct origin_ask){.fresh = true, .avoid = one->servers[0]}); /* there is no other */
	UNTIL(&loop, user[0].told > 0);
	assert_non_null(user[0].got);
	drop(&user[0]);
	/* The other one is out: better the one that failed just now than none. */
	server_strike(two->servers[1], HEALTH_CONNECT, 1, 60000);
	(void)get(two, 1, (struct origin_ask){.fresh = true, .avoid = two->servers[0]});
	UNTIL(&loop, user[1].told > 0);
	assert_ptr_equal(user[1].got->server, two->servers[0]);
	drop(&user[1]);
	end(&one);
	end(&two);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static void
fresh_is_no_kept_one(void **state)
{
	int fd = peer_listen(0);
	struct origin *o = origin_at_one(peer_port(fd), &usual);
	struct server_conn *kept;

	(void)state;
	kept = served(o, 0)->got;
	put(&user[0]);
	assert_true(kept->used_before);
	(void)get(o, 1, (struct origin_ask){.fresh = true});
	UNTIL(&loop, user[1].told > 0);
	assert_ptr_not_equal(user[1].got, kept);
	assert_false(user[1].got->used_before);
	assert_ptr_equal(ask(o, 2)->got, kept);
	drop(&user[1]);
	drop(&user[2]);
	end(&o);
	(void)close(fd);
}

/* A kept connection that the server closed meanwhile, which the loop has not seen: not for what cannot be sent twice. */
static void
careful_finds_a_closed_one(void **state)
{
	int fd = peer_listen(0), theirs;
	struct origin *o = origin_at_one(peer_port(fd), &usual);

	(void)state;
	(void)served(o, 0);
	put(&user[0]);
	theirs = peer_accept(fd);
	(void)close(theirs);
	(void)ask(o, 1);
	UNTIL(&loop, user[1].told > 0);
	assert_false(user[1].got->used_before);
	drop(&user[1]);
	end(&o);
	(void)close(fd);
}

/* ---- lines ---- */

static void
the_line_keeps_its_order(void **state)
{
	struct origin_settings s = usual;
	int fd = peer_listen(0);
	struct origin *o;

	(void)state;
	s.connections = 2;
	o = origin_at_one(peer_port(fd), &s);
	for (size_t i = 0; i < 2; i++)
		(void)served(o, i);
	for (size_t i = 2; i < 12; i++)
		assert_non_null(ask(o, i)->ticket);
	assert_int_equal(o->line.n, 10);
	for (size_t i = 0; i < 12; i++) {
		UNTIL(&loop, user[i].told > 0);
		assert_true(o->servers[0]->in_use <= 2);
		assert_int_equal(user[i].nth, i + 1);
		if (i % 3 == 0)
			drop(&user[i]);
		else
			put(&user[i]);
	}
	end(&o);
	(void)close(fd);
}

/* Who comes while others wait stands behind them, even if there is room just now. */
static void
nobody_jumps_the_line(void **state)
{
	struct origin_settings s = usual;
	int fd = peer_listen(0);
	struct origin *o;

	(void)state;
	s.requests = 1;
	o = origin_at_one(peer_port(fd), &s);
	(void)served(o, 0);
	(void)ask(o, 1);
	put(&user[0]); /* room, and a kept connection; the pump has not run yet */
	assert_non_null(ask(o, 2)->ticket);
	UNTIL(&loop, user[1].told > 0);
	assert_int_equal(user[2].told, 0);
	put(&user[1]);
	UNTIL(&loop, user[2].told > 0);
	put(&user[2]);
	end(&o);
	(void)close(fd);
}

static void
busy_beyond_the_line(void **state)
{
	struct origin_settings s = usual;
	int fd = peer_listen(0);
	struct origin *o;

	(void)state;
	s.connections = 1;
	s.queue = 3;
	o = origin_at_one(peer_port(fd), &s);
	(void)served(o, 0);
	for (size_t i = 1; i < 4; i++)
		assert_non_null(ask(o, i)->ticket);
	assert_int_equal(ask(o, 4)->failed, ORIGIN_BUSY);
	assert_int_equal(origin_status(ORIGIN_BUSY), 503);
	origin_cancel(user[2].ticket);
	assert_non_null(ask(o, 4)->ticket);
	drop(&user[0]);
	UNTIL(&loop, user[1].told > 0);
	drop(&user[1]);
	UNTIL(&loop, user[3].told > 0);
	drop(&user[3]);
	UNTIL(&loop, user[4].told > 0);
	drop(&user[4]);
	assert_int_equal(user[2].told, 0);
	end(&o);
	(void)close(fd);
}

static void
no_line_at_all(void **state)
{
	struct origin_settings s = usual;
	int fd = peer_listen(0);
	struct origin *o;

	(void)state;
	s.requests = 1;
	s.queue = 0;
	o = origin_at_one(peer_port(fd), &s);
	(void)served(o, 0);
	assert_int_equal(ask(o, 1)->failed, ORIGIN_BUSY);
	drop(&user[0]);
	end(&o);
	(void)close(fd);
}

static void
too_long_in_the_line(void **state)
{
	struct origin_settings s = usual;
	int fd = peer_listen(0);
	struct origin *o;

	(void)state;
	s.connections = 1;
	o = origin_at_one(peer_port(fd), &s);
	(void)served(o, 0);
	(void)ask(o, 1);
	(void)ask(o, 2);
	assert_int_equal(user[1].ticket->deadline.at, loop_now(&loop) + 60000);
	origin_expired(&user[1].ticket->deadline);
	assert_int_equal(user[1].failed, ORIGIN_BUSY);
	drop(&user[0]);
	UNTIL(&loop, user[2].told > 0);
	assert_non_null(user[2].got);
	drop(&user[2]);
	end(&o);
	(void)close(fd);
}

/* The other server is full, and this one dead: wait for the full one. */
static void
in_line_after_a_failure(void **state)
{
	struct origin_settings s = usual;
	int fd = peer_listen(0);
	uint16_t ports[2] = {peer_port(fd), peer_dead_port(1, NULL)};
	struct origin *o;

	(void)state;
	s.connections = 1;
	o = origin_at(ports, 2, &s);
	(void)served(o, 0);
	(void)ask(o, 1);
	UNTIL(&loop, o->line.n == 1);
	assert_int_equal(user[1].told, 0);
	assert_int_equal(o->servers[1]->in_use, 0);
	put(&user[0]);
	UNTIL(&loop, user[1].told > 0);
	assert_non_null(user[1].got);
	put(&user[1]);
	end(&o);
	(void)close(fd);
}

/* The line waits for a server that is then ejected: there is nothing to wait for any more. */
static void
the_server_goes_while_they_wait(void **state)
{
	struct origin_settings s = usual;
	int fd = peer_listen(0);
	uint16_t ports[2] = {peer_port(fd), peer_dead_port(1, NULL)};
	struct origin *o;

	(void)state;
	s.connections = 1;
	o = origin_at(ports, 2, &s);
	server_strike(o->servers[1], HEALTH_CONNECT, 1, 60000);
	(void)served(o, 0);
	(void)ask(o, 1);
	(void)ask(o, 2);
	server_strike(o->servers[0], HEALTH_CLOSED, 1, 60000);
	drop(&user[0]);
	UNTIL(&loop, user[1].told + user[2].told == 2);
	assert_int_equal(user[1].failed, ORIGIN_DOWN);
	assert_int_equal(user[2].failed, ORIGIN_DOWN);
	end(&o);
	(void)close(fd);
}

/* A request that waits for an answer on purpose limits nobody else, though nothing ever comes that says so. */
static void
long_polls_do_not_fill_it(void **state)
{
	struct origin_settings s = usual;
	int fd = peer_listen(0);
	struct origin *o;

	(void)state;
	s.adaptive = true;
	o = origin_at_one(peer_port(fd), &s);
	for (size_t i = 0; i < PRESSURE_START; i++)
		origin_asked(served(o, i)->got);
	(void)ask(o, PRESSURE_START); /* nothing else happens from here */
	UNTIL(&loop, user[PRESSURE_START].told > 0);
	assert_non_null(user[PRESSURE_START].got);
	for (size_t i = 0; i <= PRESSURE_START; i++)
		drop(&user[i]);
	end(&o);
	(void)close(fd);
}

/* A long line, and then the sign of overload: the end of the line is told at once, its beginning waits on. */
static void
a_line_is_cut(void **state)
{
	struct origin_settings s = usual;
	int fd = peer_listen(0);
	struct origin *o;
	size_t left;

	(void)state;
	s.adaptive = true;
	o = origin_at_one(peer_port(fd), &s);
	o->servers[0]->pressure.limit = 2;
	for (size_t i = 0; i < 2; i++)
		(void)served(o, i);
	for (size_t i = 2; i < 40; i++)
		assert_non_null(ask(o, i)->ticket);
	o->servers[0]->pressure.line = 4;
	o->servers[0]->pressure.tight = true;
	UNTIL(&loop, user[39].told > 0);
	for (left = 0; left + 2 < 40 && user[left + 2].told == 0;)
		left++;
	assert_in_range(left, 1, 4);
	for (size_t i = 2 + left; i < 40; i++)
		assert_int_equal(user[i].failed, ORIGIN_BUSY);
	for (size_t i = 0; i < 40; i++) {
		if (user[i].ticket != NULL)
			origin_cancel(user[i].ticket);
		drop(&user[i]);
	}
	end(&o);
	(void)close(fd);
}

/* ---- giving up ---- */

static void
cancelled_anywhere(void **state)
{
	struct origin_settings s = usual;
	int fd = peer_listen(0);
	uint16_t dead = peer_dead_port(1, NULL);
	struct origin *o, *gone;

	(void)state;
	s.connections = 1;
	s.hold_ms = 60000;
	o = origin_at_one(peer_port(fd), &s);
	gone = origin_at_one(dead, &s);
	(void)ask(o, 0);
	origin_cancel(user[0].ticket); /* while it connects */
	nothing_under_way(o);
	(void)served(o, 0);
	(void)ask(o, 1);
	origin_cancel(user[1].ticket); /* in the line */
	drop(&user[0]);
	(void)ask(gone, 2);
	UNTIL(&loop, gone->held.n == 1);
	assert_int_equal(gone->servers[0]->watchers, 1);
	origin_cancel(user[2].ticket); /* held */
	turns(&loop, 5);
	assert_int_equal(user[1].told + user[2].told, 0);
	end(&o);
	end(&gone);
	(void)close(fd);
}

/* ---- out, and nobody left ---- */

static void
out_after_failures(void **state)
{
	int fd = peer_listen(0);
	uint16_t ports[2] = {peer_dead_port(1, NULL), peer_port(fd)};
	struct origin *o = origin_at(ports, 2, &usual);
	unsigned turns_of_dead = 0;

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		struct user *u = ask(o, i);

		turns_of_dead += o->servers[0]->in_use > 0;
		UNTIL(&loop, u->told > 0);
		assert_non_null(u->got); /* nobody notices */
		drop(u);
	}
	assert_int_equal(turns_of_dead, 3);
	assert_false(server_is_up(o->servers[0]));
	end(&o);
	(void)close(fd);
}

/* An answer that breaks off half-way may be that page's fault: it takes no server out. */
static void
blame(void **state)
{
	int fd[2] = {peer_listen(0), peer_listen(0)};
	uint16_t ports[2] = {peer_port(fd[0]), peer_port(fd[1])};
	struct origin *o = origin_at(ports, 2, &usual), *one;

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		(void)served(o, i);
		origin_answered(user[i].got);
		origin_blame(user[i].got, HEALTH_CLOSED);
		drop(&user[i]);
	}
	assert_true(server_is_up(o->servers[0]) && server_is_up(o->servers[1]));
	for (size_t i = 0; i < 5; i++) {
		(void)served(o, i);
		origin_blame(user[i].got, HEALTH_TIMEOUT);
		drop(&user[i]);
	}
	assert_false(server_is_up(o->servers[0]) && server_is_up(o->servers[1]));
	assert_int_equal(atomic_load(&o->servers[0]->health->errors[HEALTH_TIMEOUT]), 5); /* one name for both */
	end(&o);
	one = origin_at(ports, 1, &usual);
	for (size_t i = 0; i < 5; i++) {
		(void)served(one, i);
		origin_blame(user[i].got, HEALTH_TIMEOUT);
		drop(&user[i]);
	}
	assert_true(server_is_up(one->servers[0])); /* the only one is never ejected */
	end(&one);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static void
all_out_is_said_at_once(void **state)
{
	uint16_t ports[2] = {peer_dead_port(1, NULL), peer_dead_port(1, NULL)};
	struct origin_settings s = usual;
	struct origin *o;

	(void)state;
	s.eject_failures = 1;
	o = origin_at(ports, 2, &s);
	(void)ask(o, 0);
	UNTIL(&loop, user[0].told > 0);
	assert_int_equal(user[0].failed, ORIGIN_DOWN);
	assert_int_equal(origin_status(ORIGIN_DOWN), 503);
	assert_int_equal(ask(o, 1)->failed, ORIGIN_DOWN); /* before origin_get() returned */
	end(&o);
}

static void
one_server_says_what_is_wrong(void **state)
{
	struct origin *dead = origin_at_one(peer_dead_port(1, NULL), &usual), *silent, *nowhere;
	struct server_key name = {.name = TC_STR("http://a.test"), .host = TC_STR("a.test"), .port = 80};
	int fd = peer_listen(0);

	(void)state;
	(void)ask(dead, 0);
	UNTIL(&loop, user[0].told > 0);
	assert_int_equal(user[0].failed, ORIGIN_CONNECT);
	silent = origin_at_one(peer_port(fd), &usual);
	(void)ask(silent, 1);
	server_expired(&user[1].ticket->attempt.conn->deadline);
	assert_int_equal(user[1].failed, ORIGIN_TIMEOUT);
	nowhere = origin_new(all, &usual, &name, 1);
	assert_int_equal(ask(nowhere, 2)->failed, ORIGIN_NO_ADDRESS);
	assert_int_equal(origin_status(ORIGIN_CONNECT), 502);
	assert_int_equal(origin_status(ORIGIN_TIMEOUT), 504);
	assert_int_equal(origin_status(ORIGIN_NO_ADDRESS), 503);
	end(&dead);
	end(&silent);
	end(&nowhere);
	(void)close(fd);
}

/* What is our own lack, or a queue that is full for a moment, is no fault of the server: others may wait, none is ejected. */
static void
out_of_descriptors(void **state)
{
	struct origin_settings s = usual;
	int fd = peer_listen(0), most;
	uint16_t ports[2] = {peer_port(fd), peer_port(fd)};
	struct rlimit was, now;
	struct origin *o;

	(void)state;
	ports[1] = peer_dead_port(1, NULL);
	s.eject_failures = 1;
	o = origin_at(ports, 2, &s);
	server_strike(o->servers[1], HEALTH_CONNECT, 1, 60000);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	most = dup(0); /* the lowest that is free */
	(void)close(most);
	now = was;
	now.rlim_cur = (rlim_t)most;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	(void)ask(o, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(user[0].failed, ORIGIN_BUSY);
	assert_true(server_is_up(o->servers[0]));
	assert_int_equal(atomic_load(&o->servers[0]->health->errors[HEALTH_CONNECT]), 1); /* the strike above: one name */
	(void)served(o, 1);
	drop(&user[1]);
	end(&o);
	(void)close(fd);
}

static void
a_unix_socket_whose_queue_is_full(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct server_key k = {.name = TC_STR("unix:"), .path = tc_str_from(at.sun_path)};
	struct origin *o;
	int fd, waiting[64], n = 0;

	(void)state;
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/tacet-test-origin.%d", (int)getpid());
	k.path.n = strlen(at.sun_path);
	fd = peer_listen_path(at.sun_path);
	while (n < 64) {
		waiting[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(waiting[n++], (struct sockaddr *)&at, sizeof(at)) == -1)
			break;
	}
	o = origin_new(all, &usual, &k, 1);
	(void)ask(o, 0);
	UNTIL(&loop, user[0].told > 0);
	assert_int_equal(user[0].failed, ORIGIN_BUSY);
	end(&o);
	while (n > 0)
		(void)close(waiting[--n]);
	(void)close(fd);
	(void)unlink(at.sun_path);
}

/* ---- held ---- */

static void
held_until_somebody_listens(void **state)
{
	struct origin_settings s = usual;
	uint16_t ports[2] = {peer_dead_port(1, NULL), peer_dead_port(1, NULL)};
	struct origin *o;
	int fd;

	(void)state;
	s.hold_ms = 60000;
	s.eject_failures = 1;
	s.eject_ms = 1;
	for (size_t n = 1; n <= 2; n++) {
		o = origin_at(ports, n, &s);
		for (size_t i = 0; i < 5; i++)
			(void)ask(o, i);
		UNTIL(&loop, o->held.n == 5);
		fd = peer_listen(ports[0]);
		for (size_t i = 0; i < 5; i++) {
			UNTIL(&loop, user[i].told > 0);
			assert_non_null(user[i].got);
			drop(&user[i]);
		}
		end(&o);
		(void)close(fd);
	}
}

static void
held_in_vain(void **state)
{
	struct origin_settings s = usual;
	uint16_t dead = peer_dead_port(1, NULL);
	struct origin *o;

	(void)state;
	s.hold_ms = 60000;
	o = origin_at_one(dead, &s);
	(void)ask(o, 0);
	UNTIL(&loop, o->held.n == 1);
	assert_true(user[0].ticket->deadline.at <= loop_now(&loop) + 60000);
	origin_expired(&user[0].ticket->deadline);
	assert_int_equal(user[0].failed, ORIGIN_CONNECT);
	s.hold_ms = 1;
	end(&o);
	o = origin_at_one(dead, &s);
	(void)ask(o, 1);
	UNTIL(&loop, user[1].told > 0);
	assert_int_equal(user[1].failed, ORIGIN_CONNECT);
	end(&o);
}

/* It is held once, not anew after each failure. */
static void
held_no_longer_than_said(void **state)
{
	struct origin_settings s = usual;
	struct origin *o;
	uint64_t until;

	(void)state;
	s.hold_ms = 60000;
	o = origin_at_one(peer_dead_port(1, NULL), &s);
	(void)ask(o, 0);
	UNTIL(&loop, o->held.n == 1);
	until = user[0].ticket->held_until;
	for (int i = 0; i < 3; i++) {
		uint64_t failures = atomic_load(&o->servers[0]->health->errors[HEALTH_CONNECT]);

		on_changed(all); /* as if a probe had found somebody */
		UNTIL(&loop, atomic_load(&o->servers[0]->health->errors[HEALTH_CONNECT]) > failures && o->held.n == 1);
		assert_int_equal(user[0].ticket->held_until, until);
		assert_int_equal(user[0].ticket->deadline.at, until);
	}
	origin_cancel(user[0].ticket);
	end(&o);
}

/* ---- sent again ---- */

static void
the_budget(void **state)
{
	int fd = peer_listen(0);
	struct origin *o = origin_at_one(peer_port(fd), &usual);
	unsigned may = 0;

	(void)state;
	while (origin_may_retry(o))
		may++;
	assert_int_equal(may, RETRIES_FREE);
	for (size_t i = 0; i < 50; i++) {
		(void)served(o, 0);
		put(&user[0]);
	}
	for (may = 0; origin_may_retry(o);)
		may++;
	assert_in_range(may, 9, 10); /* 20 % of 50 */
	for (size_t i = 0; i < 1000; i++) {
		(void)served(o, 0);
		put(&user[0]);
	}
	for (may = 0; origin_may_retry(o);)
		may++;
	assert_in_range(may, RETRIES_MOST - 1, RETRIES_MOST);
	end(&o);
	(void)close(fd);
}

/* ---- coming and going ---- */

/* A request that is told no in the pump was the last one of its configuration: the origin goes with it. */
static void
the_origin_goes_in_the_pump(void **state)
{
	struct origin_settings s = usual;
	int fd = peer_listen(0);
	uint16_t ports[2] = {peer_port(fd), peer_dead_port(1, NULL)};
	struct origin *o[3];

	(void)state;
	s.connections = 1;
	for (size_t i = 0; i < 3; i++)
		o[i] = origin_at(ports, 2, &s);
	server_strike(o[0]->servers[1], HEALTH_CONNECT, 1, 60000);
	(void)served(o[0], 0);
	for (size_t i = 0; i < 3; i++) {
		user[i + 1].ends = &o[i];
		(void)ask(o[i], i + 1);
		assert_non_null(user[i + 1].ticket);
	}
	server_strike(o[0]->servers[0], HEALTH_CLOSED, 1, 60000);
	drop(&user[0]);
	UNTIL(&loop, user[1].told + user[2].told + user[3].told == 3);
	for (size_t i = 0; i < 3; i++)
		assert_null(o[i]);
	(void)close(fd);
}

/* The same when its hold runs out, when it could not connect, and when no look-up came to anything. */
static void
the_origin_goes_elsewhere(void **state)
{
	struct origin_settings s = usual, hold = usual;
	uint16_t dead[2] = {peer_dead_port(1, NULL), peer_dead_port(1, NULL)};
	struct server_key name = {.name = TC_STR("http://a.test"), .host = TC_STR("a.test"), .port = 80};
	struct origin *o;
	struct server *server;
	int fd;

	(void)state;
	hold.hold_ms = 60000;
	o = origin_at_one(dead[0], &hold);
	user[0].ends = &o;
	(void)ask(o, 0);
	UNTIL(&loop, o->held.n == 1);
	origin_expired(&user[0].ticket->deadline);
	assert_null(o);
	o = origin_at(dead, 2, &s);
	(void)ask(o, 0);
	UNTIL(&loop, user[0].told > 0);
	assert_null(o);
	fd = peer_listen(0);
	o = origin_at_one(peer_port(fd), &s);
	(void)ask(o, 0);
	server_expired(&user[0].ticket->attempt.conn->deadline);
	assert_null(o);
	o = origin_new(all, &s, &name, 1);
	server = o->servers[0];
	server->look_ups_failed = 0;
	server->resolving = true;
	s.connect_timeout_ms = 1;
	o->settings.connect_timeout_ms = 1;
	(void)ask(o, 0);
	assert_int_equal(user[0].told, 0);
	UNTIL(&loop, user[0].told > 0);
	assert_null(o);
	(void)close(fd);
}

/* A reload: the servers that stay keep their connections and what is known of them. */
static void
a_server_outlives_its_origin(void **state)
{
	struct origin_settings s = usual;
	int fd = peer_listen(0);
	struct origin *old, *new;
	struct server_conn *kept;

	(void)state;
	old = origin_at_one(peer_port(fd), &usual);
	kept = served(old, 0)->got;
	(void)served(old, 1);
	put(&user[0]);
	s.connections = 3;
	new = origin_at_one(peer_port(fd), &s);
	assert_ptr_equal(old->servers[0], new->servers[0]);
	assert_ptr_equal(ask(new, 2)->got, kept);
	assert_int_equal(new->servers[0]->in_use, 2); /* what the old one has under way counts */
	assert_ptr_equal(kept->origin, new);
	put(&user[1]);
	origin_destroy(&old);
	assert_int_equal(new->servers[0]->kept_count, 1);
	put(&user[2]);
	end(&new);
	(void)close(fd);
}

/* Everything at once, and the loop ends: visitors leave, origins go, what is closing closes. */
static void
the_end_with_everything_under_way(void **state)
{
	struct origin_settings s = usual;
	int fd = peer_listen(0);
	struct origin *o, *dead;

	(void)state;
	s.connections = 2;
	s.hold_ms = 60000;
	o = origin_at_one(peer_port(fd), &s);
	dead = origin_at_one(peer_dead_port(1, NULL), &s);
	(void)served(o, 0);
	(void)served(o, 1);
	(void)ask(o, 2);
	(void)ask(dead, 3);
	UNTIL(&loop, dead->held.n == 1 && dead->servers[0]->probing);
	drop(&user[1]); /* user 2 may connect now */
	(void)ask(dead, 4);
	for (size_t i = 2; i < 5; i++)
		if (user[i].ticket != NULL)
			origin_cancel(user[i].ticket);
	drop(&user[2]);
	drop(&user[0]);
	end(&o);
	end(&dead);
	(void)close(fd);
}

/* Whatever happens in whatever order: every slot is given back, and nobody is told twice or never. */
static void
counters_never_drift(void **state)
{
	struct origin_settings s = usual;
	int fd[2] = {peer_listen(0), peer_listen(0)};
	uint16_t ports[3] = {peer_port(fd[0]), peer_port(fd[1]), peer_dead_port(1, NULL)};
	struct origin *o[2];
	uint32_t seed = 7;

	(void)state;
	s.connections = 3;
	s.requests = 5;
	s.queue = 4;
	s.eject_ms = 1;
	s.adaptive = true;
	o[0] = origin_at(ports, 3, &s);
	s.hold_ms = 50;
	s.least_connections = true;
	o[1] = origin_at(ports + 1, 2, &s);
	for (int step = 0; step < 20000; step++) {
		struct user *u;
		struct server_conn *sc;
		size_t i;
		int theirs;

		seed = seed * 1664525u + 1013904223u;
		i = seed >> 16 & 31;
		u = &user[i];
		sc = u->got;
		switch (seed >> 8 & 7) {
		case 0:
		case 1:
		case 2:
			if (u->ticket == NULL && sc == NULL)
				(void)get(o[i & 1], i,
				    (struct origin_ask){.careful = (seed >> 24 & 1) != 0, .fresh = (seed >> 25 & 3) == 0, .avoid = (seed >> 27 & 3) == 0 ? o[i & 1]->servers[0] : NULL});
			break;
		case 3:
			if (u->ticket != NULL && (seed >> 25 & 3) == 0) {
				origin_cancel(u->ticket);
				u->ticket = NULL;
			}
			break;
		case 4:
			if (sc != NULL)
				put(u);
			break;
		case 5:
			if (sc != NULL && (seed >> 25 & 1) != 0)
				origin_blame(sc, HEALTH_CLOSED);
			drop(u);
			break;
		case 6:
			if (sc != NULL) {
				origin_asked(sc);
				origin_answered(sc);
				origin_answered(sc);
			}
			break;
		default:
			theirs = peer_accept(fd[seed >> 25 & 1]);
			if (theirs != -1)
				(void)close(theirs);
			turns(&loop, 2);
		}
		assert_true(u->told <= 1);
		assert_true(o[0]->under_way <= 5 && o[1]->under_way <= 5);
		for (size_t k = 0; k < 3; k++)
			assert_true(o[0]->servers[k]->in_use <= 3 && o[0]->servers[k]->thinking <= o[0]->servers[k]->in_use);
	}
	for (size_t i = 0; i < 32; i++) {
		if (user[i].ticket != NULL)
			origin_cancel(user[i].ticket);
		drop(&user[i]);
	}
	end(&o[0]);
	end(&o[1]);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(in_turn),
		T(in_turn_from_the_line),
		T(least_connections),
		T(avoids_who_failed),
		T(fresh_is_no_kept_one),
		T(careful_finds_a_closed_one),
		T(the_line_keeps_its_order),
		T(nobody_jumps_the_line),
		T(busy_beyond_the_line),
		T(no_line_at_all),
		T(too_long_in_the_line),
		T(in_line_after_a_failure),
		T(the_server_goes_while_they_wait),
		T(long_polls_do_not_fill_it),
		T(a_line_is_cut),
		T(cancelled_anywhere),
		T(out_after_failures),
		T(blame),
		T(all_out_is_said_at_once),
		T(one_server_says_what_is_wrong),
		T(out_of_descriptors),
		T(a_unix_socket_whose_queue_is_full),
		T(held_until_somebody_listens),
		T(held_in_vain),
		T(held_no_longer_than_said),
		T(the_budget),
		T(the_origin_goes_in_the_pump),
		T(the_origin_goes_elsewhere),
		T(a_server_outlives_its_origin),
		T(the_end_with_everything_under_way),
		T(counters_never_drift),
	};
#undef T

	(void)alarm(30);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
