/* test_origin_out.c: who is given up, ejected, held or sent again, and what happens when origins go. */
#include "origin_users.h"

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

/* Who comes when enough are held is told at once, and that it may come again: not that the server is down. */
static void
only_so_many_are_held(void **state)
{
	struct origin_settings s = usual;
	struct origin *o;

	(void)state;
	s.hold_ms = 60000;
	s.held = 3;
	o = origin_at_one(peer_dead_port(1, NULL), &s);
	for (size_t i = 0; i < 5; i++)
		(void)ask(o, i);
	UNTIL(&loop, o->held.n == 3 && told == 2);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(user[i].failed, user[i].told ? ORIGIN_BUSY : ORIGIN_OK);
	on_changed(all); /* they try in vain, and are held again: none of them is over the cap now */
	turns(&loop, 20);
	UNTIL(&loop, o->held.n == 3);
	assert_int_equal(told, 2);
	for (size_t i = 0; i < 5; i++)
		if (user[i].told == 0)
			origin_cancel(user[i].ticket);
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
		T(cancelled_anywhere),
		T(out_after_failures),
		T(blame),
		T(all_out_is_said_at_once),
		T(one_server_says_what_is_wrong),
		T(out_of_descriptors),
		T(a_unix_socket_whose_queue_is_full),
		T(held_until_somebody_listens),
		T(held_in_vain),
		T(only_so_many_are_held),
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
