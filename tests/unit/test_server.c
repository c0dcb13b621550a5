/* test_server.c: one server: its addresses, the connections kept for it, when it is out and when it comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../proxy/net/attempt.c"
#include "../../proxy/net/server.c"
#include "peers.h"

static struct loop loop;
static struct servers *all;
static unsigned news; /* times changed() was called */

struct user {
	struct attempt attempt; /* first */
	struct server_conn *got;
	int error, told;
	unsigned data, ended;
};

static void
on_user_data(void *user, struct tc_str in)
{
	(void)in;
	((struct user *)user)->data++;
}

static void
on_user_ended(void *user, int error)
{
	(void)error;
	((struct user *)user)->ended++;
}

static void
on_user_drained(void *user)
{
	(void)user;
}

static const struct server_ops ops = {.data = on_user_data, .ended = on_user_ended, .drained = on_user_drained, .late = on_user_drained};

static void
on_news(void *ctx)
{
	(void)ctx;
	news++;
}

static void
on_done(struct attempt *a, struct server_conn *sc, int error)
{
	struct user *u = (struct user *)a;

	u->got = sc;
	u->error = error;
	u->told++;
	if (sc != NULL)
		sc->user = u;
}

static void
on_expired(struct loop *l, struct deadline *d)
{
	(void)l;
	server_expired(d);
}

static int
setup(void **state)
{
	(void)state;
	news = 0;
	assert_int_equal(loop_init(&loop, on_expired, NULL), 0);
	all = servers_new(&loop, &ops, on_news, NULL);
	return 0;
}

/* Whatever is under way: nothing may be left, which the leak checker sees. */
static int
teardown(void **state)
{
	(void)state;
	if (all->list != NULL)
		return -1; /* the test has failed before */
	servers_destroy(&all);
	loop_close(&loop);
	return 0;
}

static struct server *
at_port(uint16_t port)
{
	struct server_key k = {.name = TC_STR("http://127.0.0.1"), .host = TC_STR("127.0.0.1"), .port = port};

	return server_use(all, &k);
}

static struct server *
at_path(const char *path)
{
	struct server_key k = {.name = TC_STR("unix:"), .path = tc_str_from(path)};

	return server_use(all, &k);
}

/* A name whose addresses the test sets: there is no DNS server, so a look-up finds nothing and says so at once. */
static struct server *
named(const char *host)
{
	struct server_key k = {.name = TC_STR("http://a.test"), .host = tc_str_from(host), .port = 80};

	return server_use(all, &k);
}

static void
resolves_to(struct server *s, const struct sockaddr_storage *a, size_t n, int64_t keep_s)
{
	struct addresses found = {.n = n, .keep_s = keep_s};

	memcpy(found.v, a, n * sizeof(*a));
	s->refs++;
	s->resolving = true;
	on_resolved(s, &found);
}

static void
begin(struct user *u, struct server *s, int64_t patience_ms)
{
	*u = (struct user){.attempt.done = on_done};
	attempt_begin(&u->attempt, s, patience_ms);
}

static struct server_conn *
connected(struct user *u, struct server *s)
{
	begin(u, s, 5000);
	UNTIL(&loop, u->told > 0);
	assert_non_null(u->got);
	return u->got;
}

static void
forget(struct user *u)
{
	if (u->got != NULL)
		server_drop(u->got);
	u->got = NULL;
}

/* ---- addresses ---- */

/* Requests that come together must each find the address that works. */
static void
together_past_a_dead_address(void **state)
{
	struct sockaddr_storage a[2];
	struct server *s = named("a.test");
	struct user u[5];
	int alive;

	(void)state;
	(void)peer_dead_port(1, &a[0]);
	alive = peer_listen_on(2, 0, &a[1]);
	resolves_to(s, a, 2, 60);
	for (size_t i = 0; i < 5; i++)
		begin(&u[i], s, 5000);
	for (size_t i = 0; i < 5; i++) {
		UNTIL(&loop, u[i].told > 0);
		assert_non_null(u[i].got);
		assert_int_equal(u[i].told, 1);
		forget(&u[i]);
	}
	server_unuse(&s);
	(void)close(alive);
}

/* The system says no at once, without a packet: the next address has its turn all the same. */
static void
past_an_address_without_a_route(void **state)
{
	struct sockaddr_storage a[2] = {{0}};
	struct server *s = named("a.test");
	struct user u;
	int alive = peer_listen_on(2, 0, &a[1]);

	(void)state;
	assert_int_equal(uv_ip4_addr("255.255.255.255", 80, (struct sockaddr_in *)&a[0]), 0);
	resolves_to(s, a, 2, 60);
	assert_int_equal(connected(&u, s)->address, tag_of(&a[1]));
	forget(&u);
	server_unuse(&s);
	(void)close(alive);
}

/* An address that swallows packets: it has its share of the time, and then comes last for a while. */
static void
past_an_address_that_is_silent(void **state)
{
	struct sockaddr_storage a[2];
	struct server *s = named("a.test");
	struct user u, next;
	int silent = peer_listen_on(1, 0, &a[0]), alive = peer_listen_on(2, 0, &a[1]);

	(void)state;
	resolves_to(s, a, 2, 60);
	begin(&u, s, 4000);
	assert_non_null(u.attempt.conn);
	assert_int_equal(u.attempt.conn->deadline.at, loop_now(&loop) + 2000);
	server_expired(&u.attempt.conn->deadline); /* before the loop could tell of anything */
	assert_int_equal(u.told, 0);
	begin(&next, s, 4000);
	assert_int_equal(next.attempt.conn->address, tag_of(&a[1]));
	UNTIL(&loop, u.told > 0 && next.told > 0);
	assert_int_equal(u.got->address, tag_of(&a[1]));
	assert_int_equal(next.got->address, tag_of(&a[1]));
	forget(&u);
	forget(&next);
	server_unuse(&s);
	(void)close(silent);
	(void)close(alive);
}

static void
all_silent_is_a_time_out(void **state)
{
	struct sockaddr_storage a[2];
	struct server *s = named("a.test");
	struct user u;
	int one = peer_listen_on(1, 0, &a[0]), two = peer_listen_on(2, 0, &a[1]);

	(void)state;
	resolves_to(s, a, 2, 60);
	begin(&u, s, 4000);
	server_expired(&u.attempt.conn->deadline);
	server_expired(&u.attempt.conn->deadline);
	assert_int_equal(u.told, 1);
	assert_null(u.got);
	assert_int_equal(u.error, UV_ETIMEDOUT);
	server_unuse(&s);
	(void)close(one);
	(void)close(two);
}

static void
all_dead_is_told_once(void **state)
{
	struct sockaddr_storage a[3];
	struct server *s = named("a.test");
	struct user u;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		(void)peer_dead_port((uint8_t)(i + 1), &a[i]);
	resolves_to(s, a, 3, 60);
	begin(&u, s, 5000);
	UNTIL(&loop, u.told > 0);
	turns(&loop, 5);
	assert_int_equal(u.told, 1);
	assert_null(u.got);
	assert_int_equal(u.error, UV_ECONNREFUSED);
	server_unuse(&s);
}

/* What failed lately comes last, also when the same addresses are found again. */
static void
a_bad_address_stays_bad_over_a_look_up(void **state)
{
	struct sockaddr_storage a[2], turned[2];
	struct server *s = named("a.test");
	struct user u;
	int alive;

	(void)state;
	(void)peer_dead_port(1, &a[0]);
	alive = peer_listen_on(2, 0, &a[1]);
	resolves_to(s, a, 2, 60);
	(void)connected(&u, s);
	forget(&u);
	turned[0] = a[1];
	turned[1] = a[0];
	resolves_to(s, turned, 2, 60);
	for (size_t i = 0; i < 4; i++) {
		begin(&u, s, 5000);
		assert_int_equal(u.attempt.conn->address, tag_of(&a[1]));
		UNTIL(&loop, u.told > 0);
		forget(&u);
	}
	server_unuse(&s);
	(void)close(alive);
}

/* The name moves while somebody connects to where it was. */
static void
the_name_moves_while_connecting(void **state)
{
	struct sockaddr_storage was, is;
	struct server *s = named("a.test");
	struct user u;
	int alive;

	(void)state;
	(void)peer_dead_port(1, &was);
	alive = peer_listen_on(2, 0, &is);
	resolves_to(s, &was, 1, 60);
	begin(&u, s, 5000);
	resolves_to(s, &is, 1, 60);
	UNTIL(&loop, u.told > 0);
	assert_non_null(u.got);
	forget(&u);
	server_unuse(&s);
	(void)close(alive);
}

/* A new address may be on its way: the old ones do not get all the time that there is. */
static void
an_old_address_leaves_time_for_a_new_one(void **state)
{
	struct sockaddr_storage was, is;
	struct server *s = named("a.test");
	struct user u;
	int silent = peer_listen_on(1, 0, &was), alive = peer_listen_on(2, 0, &is);

	(void)state;
	resolves_to(s, &was, 1, 60);
	s->resolving = true;
	begin(&u, s, 4000);
	assert_int_equal(u.attempt.conn->deadline.at, loop_now(&loop) + 2000);
	server_expired(&u.attempt.conn->deadline);
	assert_int_equal(u.told, 0); /* it waits for the look-up */
	s->resolving = false;
	resolves_to(s, &is, 1, 60);
	UNTIL(&loop, u.told > 0);
	assert_non_null(u.got);
	forget(&u);
	server_unuse(&s);
	(void)close(silent);
	(void)close(alive);
}

/* Nobody waits for a look-up longer than for anything else. */
static void
a_look_up_without_end(void **state)
{
	struct sockaddr_storage a;
	struct server *s = named("a.test");
	struct user u;
	int alive = peer_listen_on(1, 0, &a);

	(void)state;
	s->look_ups_failed = 0;
	s->resolving = true;
	begin(&u, s, 50);
	assert_int_equal(u.told, 0);
	UNTIL(&loop, u.told > 0);
	assert_null(u.got);
	assert_int_equal(u.error, UV_EAI_NONAME);
	s->resolving = false;
	resolves_to(s, &a, 1, 60);
	(void)connected(&u, s);
	forget(&u);
	server_unuse(&s);
	(void)close(alive);
}

static void
no_address_is_said_at_once(void **state)
{
	struct server *s = named("a.test");
	struct user u;

	(void)state;
	begin(&u, s, 5000);
	assert_int_equal(u.told, 1);
	assert_int_equal(u.error, UV_EAI_NONAME);
	assert_int_equal(atomic_load(&s->health->errors[HEALTH_RESOLVE]), 1);
	server_unuse(&s);
}

/* A failed look-up takes nothing away, and is tried again, less and less often. */
static void
what_is_known_is_kept(void **state)
{
	struct sockaddr_storage a;
	struct addresses none = {.keep_s = -1};
	struct server *s = named("a.test");
	int alive = peer_listen_on(1, 0, &a);
	uint64_t before = 0;

	(void)state;
	resolves_to(s, &a, 1, 60);
	for (int i = 0; i < 8; i++) {
		uint64_t in;

		s->refs++;
		s->resolving = true;
		on_resolved(s, &none);
		assert_int_equal(s->addresses.n, 1);
		in = s->next_look_up - loop_now(&loop);
		assert_true(in >= before && in <= 5000);
		before = in;
	}
	assert_int_equal(before, 5000);
	server_unuse(&s);
	(void)close(alive);
}

/* ---- sockets on a path ---- */

static void
unix_sockets(void **state)
{
	char path[64];
	struct server *s;
	struct user u;
	int fd, theirs;

	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/tacet-test-server.%d", (int)getpid());
	fd = peer_listen_path(path);
	s = at_path(path);
	(void)connected(&u, s);
	theirs = peer_accept(fd);
	assert_int_not_equal(theirs, -1);
	server_put(u.got, 1000);
	assert_int_equal(s->kept_count, 1);
	u.got = server_take(s, true);
	assert_non_null(u.got);
	forget(&u);
	(void)close(theirs);
	(void)close(fd);
	(void)unlink(path);
	begin(&u, s, 5000);
	UNTIL(&loop, u.told > 0);
	assert_null(u.got);
	assert_int_equal(u.error, UV_ENOENT);
	server_unuse(&s);
}

/* ---- giving up ---- */

static void
cancelled_while_connecting(void **state)
{
	int fd = peer_listen(0);
	struct server *s = at_port(peer_port(fd));
	struct user u;

	(void)state;
	begin(&u, s, 5000);
	attempt_cancel(&u.attempt);
	attempt_cancel(&u.attempt); /* nothing is left to cancel */
	turns(&loop, 5);
	assert_int_equal(u.told, 0);
	assert_int_equal(s->refs, 2);
	server_unuse(&s);
	(void)close(fd);
}

static void
cancelled_while_it_waits_for_a_look_up(void **state)
{
	struct server *s = named("a.test");
	struct user u[3];

	(void)state;
	s->look_ups_failed = 0;
	s->resolving = true;
	for (size_t i = 0; i < 3; i++)
		begin(&u[i], s, 5000);
	attempt_cancel(&u[1].attempt);
	attempt_cancel(&u[0].attempt);
	attempt_cancel(&u[2].attempt);
	assert_null(s->waiting);
	s->resolving = false;
	server_unuse(&s);
}

/* ---- kept connections ---- */

static void
the_last_used_comes_first(void **state)
{
	int fd = peer_listen(0);
	struct server *s = at_port(peer_port(fd));
	struct server_conn *a, *b;
	struct user u;

	(void)state;
	a = connected(&u, s);
	b = connected(&u, s);
	server_put(a, 1000);
	server_put(b, 1000);
	assert_ptr_equal(server_take(s, false), b);
	assert_ptr_equal(server_take(s, true), a);
	assert_null(server_take(s, false));
	server_put(a, 1000);
	server_put(b, 1000);
	server_unuse(&s); /* with connections kept */
	(void)close(fd);
}

static void
kept_no_longer_than_said(void **state)
{
	int fd = peer_listen(0);
	struct server *s = at_port(peer_port(fd));
	struct server_conn *sc;
	struct user u;

	(void)state;
	sc = connected(&u, s);
	server_put(sc, 7000);
	assert_int_equal(sc->deadline.at, loop_now(&loop) + 7000);
	server_expired(&sc->deadline);
	assert_int_equal(s->kept_count, 0);
	server_unuse(&s);
	(void)close(fd);
}

static void
kept_and_closed_by_the_server(void **state)
{
	int fd = peer_listen(0);
	struct server *s = at_port(peer_port(fd));
	struct user u;
	int theirs;

	(void)state;
	server_put(connected(&u, s), 60000);
	theirs = peer_accept(fd);
	(void)close(theirs);
	UNTIL(&loop, s->kept_count == 0);
	assert_null(server_take(s, false));
	server_unuse(&s);
	(void)close(fd);
}

/* The loop has not seen it yet. Who may be sent again takes it all the same: that costs no system call. */
static void
careful_sees_what_the_loop_has_not(void **state)
{
	int fd = peer_listen(0);
	struct server *s = at_port(peer_port(fd));
	struct server_conn *sc;
	struct user u;
	int theirs;

	(void)state;
	sc = connected(&u, s);
	server_put(sc, 60000);
	theirs = peer_accept(fd);
	(void)close(theirs);
	assert_ptr_equal(server_take(s, false), sc);
	server_put(sc, 60000);
	assert_null(server_take(s, true));
	server_unuse(&s);
	(void)close(fd);
}

/* Bytes that nobody asked for, seen by the loop or only when it is taken: response queue poisoning. */
static void
bytes_that_nobody_asked_for(void **state)
{
	int fd = peer_listen(0);
	struct server *s = at_port(peer_port(fd));
	struct user u;
	int theirs;

	(void)state;
	server_put(connected(&u, s), 60000);
	theirs = peer_accept(fd);
	assert_int_equal(write(theirs, "H", 1), 1);
	UNTIL(&loop, s->kept_count == 0);
	(void)close(theirs);
	server_put(connected(&u, s), 60000);
	theirs = peer_accept(fd);
	assert_int_equal(write(theirs, "H", 1), 1);
	assert_null(server_take(s, true));
	(void)close(theirs);
	server_unuse(&s);
	(void)close(fd);
}

static void
not_kept_with_a_rest(void **state)
{
	int fd = peer_listen(0);
	struct server *s = at_port(peer_port(fd));
	struct user u;

	(void)state;
	(void)connected(&u, s);
	assert_int_equal(buf_add(&u.got->u.held, "x", 1), 0);
	server_put(u.got, 60000);
	assert_int_equal(s->kept_count, 0);
	server_unuse(&s);
	(void)close(fd);
}

static void
never_more_than_the_most(void **state)
{
	int fd = peer_listen(0);
	struct server *s = at_port(peer_port(fd));
	struct server_conn *v[SERVER_KEPT_MAX + 3];
	struct user u;
	int theirs[SERVER_KEPT_MAX + 3];

	(void)state;
	for (size_t i = 0; i < SERVER_KEPT_MAX + 3; i++) {
		v[i] = connected(&u, s);
		theirs[i] = peer_accept(fd);
	}
	for (size_t i = 0; i < SERVER_KEPT_MAX + 3; i++)
		server_put(v[i], 60000);
	assert_int_equal(s->kept_count, SERVER_KEPT_MAX);
	for (size_t i = 0; i < SERVER_KEPT_MAX + 3; i++)
		(void)close(theirs[i]);
	server_unuse(&s);
	(void)close(fd);
}

/* Connections to an address that the name has no longer are closed when they are free, the others stay. */
static void
the_address_has_left_dns(void **state)
{
	struct sockaddr_storage a[2];
	struct server *s = named("a.test");
	struct server_conn *one, *two, *busy;
	struct user u;
	int fd[2];

	(void)state;
	fd[0] = peer_listen_on(1, 0, &a[0]);
	fd[1] = peer_listen_on(2, 0, &a[1]);
	resolves_to(s, a, 2, 60);
	one = connected(&u, s);
	two = connected(&u, s);
	busy = connected(&u, s);
	assert_int_equal(one->address, busy->address);
	assert_int_not_equal(one->address, two->address);
	server_put(one, 60000);
	server_put(two, 60000);
	resolves_to(s, &a[1], 1, 60);
	assert_int_equal(s->kept_count, 1);
	assert_ptr_equal(server_take(s, false), two);
	server_put(busy, 60000);
	assert_int_equal(s->kept_count, 0);
	server_drop(two);
	server_unuse(&s);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

/* ---- out and in again ---- */

static void
out_after_failures_in_a_row(void **state)
{
	struct server *s = at_port(peer_dead_port(1, NULL));

	(void)state;
	server_strike(s, HEALTH_CONNECT, 3, 1000);
	server_strike(s, HEALTH_CLOSED, 3, 1000);
	server_praise(s);
	server_strike(s, HEALTH_CONNECT, 3, 1000);
	server_strike(s, HEALTH_CONNECT, 3, 1000);
	assert_true(server_is_up(s));
	server_strike(s, HEALTH_TIMEOUT, 3, 1000);
	assert_false(server_is_up(s));
	assert_int_equal(atomic_load(&s->health->ejected), 1);
	assert_int_equal(atomic_load(&s->health->errors[HEALTH_CONNECT]), 3);
	assert_int_equal(atomic_load(&s->health->errors[HEALTH_CLOSED]), 1);
	assert_int_equal(atomic_load(&s->health->errors[HEALTH_TIMEOUT]), 1);
	server_unuse(&s);
}

static void
failures_0_is_never(void **state)
{
	struct server *s = at_port(peer_dead_port(1, NULL));

	(void)state;
	for (int i = 0; i < 100; i++)
		server_strike(s, HEALTH_CONNECT, 0, 1000);
	assert_true(server_is_up(s));
	server_unuse(&s);
}

/* Each time without an answer in between: twice as long, and no longer than 32 times. */
static void
longer_each_time(void **state)
{
	struct server *s = at_port(peer_dead_port(1, NULL));
	uint64_t want = 1000;

	(void)state;
	for (int i = 0; i < 8; i++) {
		server_strike(s, HEALTH_CONNECT, 1, 1000);
		assert_int_equal(s->out_until - loop_now(&loop), want);
		if (want < 32000)
			want *= 2;
		let_in(s);
	}
	server_praise(s);
	server_strike(s, HEALTH_CONNECT, 1, 1000);
	assert_int_equal(s->out_until - loop_now(&loop), 1000);
	server_unuse(&s);
}

static void
back_by_a_probe(void **state)
{
	int fd = peer_listen(0);
	struct server *s = at_port(peer_port(fd));

	(void)state;
	server_strike(s, HEALTH_CONNECT, 1, 1);
	UNTIL(&loop, server_is_up(s));
	assert_int_equal(atomic_load(&s->health->ejected), 0);
	assert_int_equal(s->strikes, 0);
	assert_true(news > 0);
	server_unuse(&s);
	(void)close(fd);
}

static void
not_back_before_its_time(void **state)
{
	int fd = peer_listen(0);
	struct server *s = at_port(peer_port(fd));
	uint64_t until;

	(void)state;
	server_strike(s, HEALTH_CONNECT, 1, 700);
	until = s->out_until;
	while (loop_now(&loop) + 50 < until) {
		assert_false(server_is_up(s));
		assert_int_equal(peer_accept(fd), -1); /* nor is it asked before */
		(void)uv_run(&loop.uv, UV_RUN_ONCE);
	}
	UNTIL(&loop, server_is_up(s));
	assert_true(loop_now(&loop) >= until);
	server_unuse(&s);
	(void)close(fd);
}

/* Probes are connections too: they do not pile up at a server that is watched for long: a check does not like it, say. */
static void
probes_do_not_pile_up(void **state)
{
	int fd = peer_listen(0);
	struct server *s = at_port(peer_port(fd));
	int theirs = -1;

	(void)state;
	server_watch(s);
	for (int seen = 0; seen < 4;) {
		(void)uv_run(&loop.uv, UV_RUN_ONCE);
		theirs = peer_accept(fd);
		if (theirs == -1)
			continue;
		seen++;
		assert_true(s->kept_count <= 1);
	}
	assert_true(s->kept_count <= 1);
	assert_true(news > 0);
	server_unwatch(s);
	server_unuse(&s);
	(void)close(fd);
}

static void
watched_until_somebody_listens(void **state)
{
	uint16_t port = peer_dead_port(1, NULL);
	struct server *s = at_port(port);
	int fd;

	(void)state;
	server_watch(s);
	UNTIL(&loop, s->probing);
	UNTIL(&loop, !s->probing);
	assert_int_equal(news, 0);
	fd = peer_listen(port);
	UNTIL(&loop, news > 0);
	server_unwatch(s);
	UNTIL(&loop, !uv_is_active((uv_handle_t *)&s->probe_timer));
	server_unuse(&s);
	(void)close(fd);
}

/* ---- coming and going ---- */

static void
one_server_for_one_key(void **state)
{
	struct server *a = at_port(1), *b = at_port(1), *c = at_port(2), *d = named("127.0.0.2");

	(void)state;
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	assert_ptr_not_equal(a, d);
	assert_int_equal(a->users, 2);
	server_unuse(&a);
	assert_null(a);
	assert_int_equal(b->users, 1);
	server_unuse(&b);
	server_unuse(&c);
	server_unuse(&d);
}

static void
count(void *ctx, const struct health *h)
{
	(void)h;
	(*(unsigned *)ctx)++;
}

/* The name stands in a configuration: as long as somebody likes. One health for all who name it so. */
static void
a_long_name(void **state)
{
	char name[400];
	struct server_key k = {.name = tc_str_of(name, sizeof(name)), .host = TC_STR("127.0.0.1"), .port = 1};
	struct server *a, *b;
	unsigned n = 0;

	(void)state;
	memset(name, 'a', sizeof(name));
	a = server_use(all, &k);
	k.port = 2;
	b = server_use(all, &k);
	assert_ptr_equal(a->health, b->health);
	assert_int_equal(strlen(a->health->name), sizeof(name));
	health_each(count, &n);
	assert_int_equal(n, 1);
	server_unuse(&a);
	server_unuse(&b);
}

/* Everything at once: kept, in use, connecting, probed, out. Its last user goes, then the loop. */
static void
gone_with_everything_under_way(void **state)
{
	int fd = peer_listen(0);
	struct server *s = at_port(peer_port(fd)), *name = named("a.test");
	struct user kept, used, connecting, waiting;

	(void)state;
	server_put(connected(&kept, s), 60000);
	kept.got = NULL;
	(void)connected(&used, s);
	begin(&connecting, s, 5000);
	server_strike(s, HEALTH_CONNECT, 1, 1);
	UNTIL(&loop, s->probing);
	name->look_ups_failed = 0;
	name->resolving = true;
	begin(&waiting, name, 5000);
	attempt_cancel(&connecting.attempt);
	attempt_cancel(&waiting.attempt);
	server_unuse(&s);
	name->resolving = false;
	server_unuse(&name);
	forget(&used);
	forget(&connecting);
	(void)close(fd);
}

static void
put_after_the_last_user_left(void **state)
{
	int fd = peer_listen(0);
	struct server *s = at_port(peer_port(fd));
	struct user u;

	(void)state;
	(void)connected(&u, s);
	server_unuse(&s);
	server_put(u.got, 60000); /* closed, and the server's memory with it */
	(void)close(fd);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(together_past_a_dead_address),
		T(past_an_address_without_a_route),
		T(past_an_address_that_is_silent),
		T(all_silent_is_a_time_out),
		T(all_dead_is_told_once),
		T(a_bad_address_stays_bad_over_a_look_up),
		T(the_name_moves_while_connecting),
		T(an_old_address_leaves_time_for_a_new_one),
		T(a_look_up_without_end),
		T(no_address_is_said_at_once),
		T(what_is_known_is_kept),
		T(unix_sockets),
		T(cancelled_while_connecting),
		T(cancelled_while_it_waits_for_a_look_up),
		T(the_last_used_comes_first),
		T(kept_no_longer_than_said),
		T(kept_and_closed_by_the_server),
		T(careful_sees_what_the_loop_has_not),
		T(bytes_that_nobody_asked_for),
		T(not_kept_with_a_rest),
		T(never_more_than_the_most),
		T(the_address_has_left_dns),
		T(out_after_failures_in_a_row),
		T(failures_0_is_never),
		T(longer_each_time),
		T(back_by_a_probe),
		T(not_back_before_its_time),
		T(probes_do_not_pile_up),
		T(watched_until_somebody_listens),
		T(one_server_for_one_key),
		T(a_long_name),
		T(gone_with_everything_under_way),
		T(put_after_the_last_user_left),
	};
#undef T

	(void)alarm(100);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
