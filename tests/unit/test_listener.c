/* test_listener.c: a listener that finds no descriptor left rests, and then goes on with who waited. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/resource.h>

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

/* ---- Unix sockets ---- */

static struct sockaddr_storage
local(const char *directory, const char *name)
{
	struct sockaddr_storage ss = {0};
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s/%s", directory, name);
	memcpy(&ss, &un, sizeof(un));
	return ss;
}

static int
call(const struct sockaddr_storage *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (const struct sockaddr *)addr, sizeof(struct sockaddr_un)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static void
one_socket_for_all(void **state)
{
	char directory[] = "/tmp/tacet-listener-XXXXXX", text[LISTENER_TEXT_MAX];
	struct sockaddr_storage addr;
	struct listener_file file, other;
	int fds[3], more[3], a, b;

	(void)state;
	assert_non_null(mkdtemp(directory));
	addr = local(directory, "s");
	assert_int_equal(listener_open(&addr, fds, 3), 0);
	listener_file_of(&addr, &file);
	assert_true(file.inode != 0);
	listener_print(&addr, text);
	assert_memory_equal(text, "unix:/tmp/tacet-listener-", 25);
	a = call(&addr);
	assert_true(a >= 0);
	b = accept(fds[2], NULL, NULL); /* any of them takes it */
	assert_true(b >= 0);
	assert_int_equal(accept(fds[0], NULL, NULL), -1); /* and the others find nothing, without waiting */
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(listener_open(&addr, more, 3), -EADDRINUSE);
	for (int i = 0; i < 3; i++)
		(void)close(fds[i]);
	assert_int_equal(call(&addr), -1);
	assert_int_equal(listener_open(&addr, more, 3), 0); /* what was left behind is replaced */
	other = file;
	listener_file_remove(&addr, &other); /* the old one's owner does not remove the new one */
	assert_int_equal(other.inode, 0);
	listener_file_of(&addr, &file);
	assert_true(file.inode != 0);
	listener_file_remove(&addr, &file);
	listener_file_of(&addr, &other);
	assert_int_equal(other.inode, 0);
	for (int i = 0; i < 3; i++)
		(void)close(more[i]);
	(void)close(a);
	(void)close(b);
	assert_int_equal(rmdir(directory), 0);
}

static void
a_longest_path_is_printed(void **state)
{
	struct sockaddr_storage ss = {0};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	char text[LISTENER_TEXT_MAX];

	(void)state;
	memset(un.sun_path, 'x', sizeof(un.sun_path) - 1);
	memcpy(&ss, &un, sizeof(un));
	listener_print(&ss, text);
	assert_int_equal(strlen(text), 5 + sizeof(un.sun_path) - 1);
}

/* Without a descriptor to spare at its start, a patient one begins later. */
static void
starts_late(void **state)
{
	static struct loop l;
	struct sockaddr_storage addr = {0};
	struct rlimit had, none;
	struct guest g = {0};
	struct listener *r;
	int fd, client;

	(void)state;
	assert_int_equal(loop_init(&l, never, NULL), 0);
	((struct sockaddr_in *)&addr)->sin_family = AF_INET;
	((struct sockaddr_in *)&addr)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(listener_open(&addr, &fd, 1), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &had), 0);
	none = (struct rlimit){.rlim_cur = (rlim_t)fd + 1, .rlim_max = had.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = listener_start_late(&l, fd, on_guest, &g);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &had), 0);
	assert_false(r->listening);
	client = knock(&addr);
	while (!g.came)
		(void)uv_run(&l.uv, UV_RUN_ONCE);
	(void)close(client);
	listener_stop(&r);
	loop_close(&l);
}

static unsigned rests;

static void
on_rests(void *ctx)
{
	(void)ctx;
	rests++;
}

static void
says_that_it_rests(void **state)
{
	static struct loop l;
	struct sockaddr_storage addr;
	struct guest g = {0};
	struct listener *r = begin(&l, &g, &addr);

	(void)state;
	listener_watch(r, on_rests);
	on_connection(&r->u.stream, UV_EMFILE);
	assert_int_equal(rests, 1);
	listener_stop(&r);
	loop_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rests_and_goes_on),
		cmocka_unit_test(stops_while_it_rests),
		cmocka_unit_test(one_socket_for_all),
		cmocka_unit_test(a_longest_path_is_printed),
		cmocka_unit_test(starts_late),
		cmocka_unit_test(says_that_it_rests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
