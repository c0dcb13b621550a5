/* test_origin.c: an origin with several addresses, of which some are dead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../proxy/net/origin.c"

struct user {
	struct origin_conn *got;
	int error;
};

static void
on_got(void *user, struct origin_conn *oc)
{
	((struct user *)user)->got = oc;
}

static void
on_failed(void *user, int error)
{
	((struct user *)user)->error = error;
}

static const struct origin_ops test_ops = {.got = on_got, .failed = on_failed};

static void
never(struct loop *l, struct deadline *d)
{
	(void)l;
	(void)d;
}

/* A listening socket, or (closed again) a port where nobody listens. */
static int
listening(struct sockaddr_storage *out)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	memset(out, 0, sizeof(*out));
	memcpy(out, &a, sizeof(a));
	return fd;
}

static void
run_until_told(struct loop *l, struct user *u, size_t n)
{
	for (size_t i = 0; i < n; i++)
		while (u[i].got == NULL && u[i].error == 0)
			(void)uv_run(&l->uv, UV_RUN_ONCE);
}

static void
end(struct loop *l, struct origin *o, struct user *u, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (u[i].got != NULL)
			origin_drop(u[i].got);
	origin_destroy(&o);
	(void)uv_run(&l->uv, UV_RUN_DEFAULT);
	loop_close(l);
}

/* Requests that come together must each find the address that works. */
static void
together_past_a_dead_address(void **state)
{
	static struct loop l;
	struct user u[5] = {{0}};
	struct origin *o;
	int dead, alive;

	(void)state;
	assert_int_equal(loop_init(&l, never, NULL), 0);
	o = origin_new(&l, TC_STR("127.0.0.1"), 1, &test_ops);
	dead = listening(&o->addr[0]);
	alive = listening(&o->addr[1]);
	o->addr_count = 2;
	(void)close(dead);
	for (size_t i = 0; i < 5; i++)
		(void)origin_get(o, &u[i], true);
	run_until_told(&l, u, 5);
	for (size_t i = 0; i < 5; i++)
		assert_non_null(u[i].got);
	end(&l, o, u, 5);
	(void)close(alive);
}

/* The system says no at once, without a packet: the next address has its turn all the same. */
static void
past_an_address_without_a_route(void **state)
{
	static struct loop l;
	struct user u = {0};
	struct origin *o;
	int alive;

	(void)state;
	assert_int_equal(loop_init(&l, never, NULL), 0);
	o = origin_new(&l, TC_STR("255.255.255.255"), 80, &test_ops);
	alive = listening(&o->addr[1]);
	o->addr_count = 2;
	(void)origin_get(o, &u, true);
	run_until_told(&l, &u, 1);
	assert_non_null(u.got);
	end(&l, o, &u, 1);
	(void)close(alive);
}

/* An address that swallows packets never fails: who waited too long sees to it that others need not. */
static void
past_an_address_that_is_silent(void **state)
{
	static struct loop l;
	struct user u[2] = {{0}};
	struct origin_wait *w;
	struct origin *o;
	int silent, alive;

	(void)state;
	assert_int_equal(loop_init(&l, never, NULL), 0);
	o = origin_new(&l, TC_STR("127.0.0.1"), 1, &test_ops);
	silent = listening(&o->addr[0]);
	alive = listening(&o->addr[1]);
	o->addr_count = 2;
	w = origin_get(o, &u[0], true);
	assert_non_null(w);
	origin_give_up(w); /* before the loop could tell of anything */
	assert_non_null(origin_get(o, &u[1], true));
	(void)close(silent);
	run_until_told(&l, &u[1], 1);
	assert_non_null(u[1].got);
	assert_null(u[0].got);
	assert_int_equal(o->good % 2, 1);
	end(&l, o, &u[1], 1);
	(void)close(alive);
}

static void
all_dead_is_told_once(void **state)
{
	static struct loop l;
	struct user u = {0};
	struct origin *o;

	(void)state;
	assert_int_equal(loop_init(&l, never, NULL), 0);
	o = origin_new(&l, TC_STR("127.0.0.1"), 1, &test_ops);
	for (size_t i = 0; i < 3; i++)
		(void)close(listening(&o->addr[i]));
	o->addr_count = 3;
	(void)origin_get(o, &u, true);
	run_until_told(&l, &u, 1);
	assert_null(u.got);
	assert_int_equal(u.error, UV_ECONNREFUSED);
	end(&l, o, &u, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(together_past_a_dead_address),
		cmocka_unit_test(past_an_address_without_a_route),
		cmocka_unit_test(past_an_address_that_is_silent),
		cmocka_unit_test(all_dead_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
