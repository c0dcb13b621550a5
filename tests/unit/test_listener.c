/* test_listener.c: a listener that finds no descriptor left rests, and then goes on with who waited. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../proxy/net/listener.c"

struct guest {
	uv_tcp_t tcp;
	bool came;
};

static void
on_guest(void *ctx, uv_stream_t *server)
{
	struct guest *g = ctx;

	(void)uv_tcp_init(server->loop, &g->tcp);
	assert_int_equal(uv_accept(server, (uv_stream_t *)&g->tcp), 0);
	g->came = true;
}

static void
never(struct loop *l, struct deadline *d)
{
	(void)l;
	(void)d;
}

static struct listener *
begin(struct loop *l, struct guest *g, struct sockaddr_storage *addr)
{
	struct sockaddr_in *a = (struct sockaddr_in *)addr;
	struct listener *r;
	int fd;

	assert_int_equal(loop_init(l, never, NULL), 0);
	memset(addr, 0, sizeof(*addr));
	a->sin_family = AF_INET;
	a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(listener_open(addr, &fd, 1), 0);
	r = listener_start(l, fd, on_guest, g);
	assert_non_null(r);
	return r;
}

static int
knock(const struct sockaddr_storage *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)addr, sizeof(struct sockaddr_in)), 0);
	return fd;
}

static void
rests_and_goes_on(void **state)
{
	static struct loop l;
	struct sockaddr_storage addr;
	struct guest g = {0};
	struct listener *r = begin(&l, &g, &addr);
	int fd;

	(void)state;
	on_connection(&r->u.stream, UV_EMFILE);
	assert_true(uv_is_closing(&r->u.handle)); /* so libuv asks no more */
	fd = knock(&addr);
	while (!g.came)
		(void)uv_run(&l.uv, UV_RUN_ONCE);
	(void)close(fd);
	listener_stop(&r);
	loop_close(&l);
}

static void
stops_while_it_rests(void **state)
{
	static struct loop l;
	struct sockaddr_storage addr;
	struct guest g = {0};
	struct listener *r = begin(&l, &g, &addr);

	(void)state;
	on_connection(&r->u.stream, UV_EMFILE);
	listener_stop(&r);
	assert_null(r);
	(void)uv_run(&l.uv, UV_RUN_DEFAULT);
	assert_false(g.came);
	loop_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rests_and_goes_on),
		cmocka_unit_test(stops_while_it_rests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
