/* test_origin.c: which server a request goes to, who waits in line, and in which order. */
#include "origin_users.h"

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

/* The visitor has closed its side while a connection was tried: it does not wait for the next, in a line or held. */
static void
nobody_waits_who_left(void **state)
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
	assert_false(origin_wait_no_more(user[1].ticket)); /* it is being connected */
	UNTIL(&loop, user[1].told > 0);
	assert_null(user[1].got);
	assert_int_equal(o->line.n, 0);
	put(&user[0]);
	end(&o);

	s.hold_ms = 60000;
	o = origin_at(ports + 1, 1, &s);
	(void)ask(o, 2);
	assert_false(origin_wait_no_more(user[2].ticket));
	UNTIL(&loop, user[2].told > 0);
	assert_null(user[2].got);
	assert_int_equal(o->held.n, 0);
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
		T(nobody_waits_who_left),
		T(the_server_goes_while_they_wait),
		T(long_polls_do_not_fill_it),
		T(a_line_is_cut),
	};
#undef T

	(void)alarm(30);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
