/* test_conn.c: how connections end: what waits to be written arrives, whatever the peer does with its own half. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../proxy/net/conn.c"

#define LOTS ((size_t)4 << 20) /* more than the kernel takes for a pipe */

struct peer {
	struct conn conn; /* first */
	bool closed;
};

static void
on_data(struct conn *c, struct tc_str in)
{
	(void)c;
	(void)in;
}

static void
on_ended(struct conn *c, int error)
{
	(void)error;
	conn_close(c);
}

static void
on_drained(struct conn *c)
{
	(void)c;
}

static void
on_gone(struct conn *c)
{
	((struct peer *)c)->closed = true;
}

static const struct conn_ops ops = {.data = on_data, .ended = on_ended, .drained = on_drained, .closed = on_gone};

static void
never(struct loop *l, struct deadline *d)
{
	(void)l;
	(void)d;
}

/* A connection of ours over one end of a socket pair; the other end is returned. */
static int
begin(struct loop *l, struct peer *p)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(loop_init(l, never, NULL), 0);
	conn_init_pipe(&p->conn, l, &ops);
	assert_int_equal(uv_pipe_open(&p->conn.u.pipe, fd[0]), 0);
	conn_read(&p->conn);
	return fd[1];
}

static void
write_lots(struct conn *c)
{
	char *mem = calloc(1, LOTS);
	uv_buf_t b = uv_buf_init(mem, (unsigned)LOTS);

	assert_non_null(mem);
	assert_int_equal(conn_write(c, &b, 1), 0);
	free(mem);
	assert_true(conn_pending(c) > 0);
}

/* Reads to the end, while the loop has its turns in between. */
static size_t
read_all(struct loop *l, int fd)
{
	char piece[65536];
	size_t total = 0;
	ssize_t n;

	while ((n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT)) != 0) {
		if (n == -1 && errno != EAGAIN)
			break;
		total += n > 0 ? (size_t)n : 0;
		(void)uv_run(&l->uv, UV_RUN_NOWAIT);
	}
	return total;
}

static void
finish(struct loop *l, struct peer *p, int fd)
{
	(void)close(fd);
	(void)uv_run(&l->uv, UV_RUN_DEFAULT);
	assert_true(p->closed);
	loop_close(l);
}

static void
lingering_peer_that_finished_gets_the_rest(void **state)
{
	static struct loop l;
	struct peer p = {0};
	int fd = begin(&l, &p);

	(void)state;
	write_lots(&p.conn);
	conn_close(&p.conn);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	(void)uv_run(&l.uv, UV_RUN_NOWAIT); /* sees the end of its half */
	assert_int_equal(read_all(&l, fd), LOTS);
	finish(&l, &p, fd);
}

static void
peer_that_finished_before_gets_the_rest(void **state)
{
	static struct loop l;
	struct peer p = {0};
	int fd = begin(&l, &p);

	(void)state;
	write_lots(&p.conn);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	(void)uv_run(&l.uv, UV_RUN_NOWAIT); /* on_ended() closes */
	assert_int_equal(read_all(&l, fd), LOTS);
	finish(&l, &p, fd);
}

static void
dropping_all_reaches_pipes(void **state)
{
	static struct loop l;
	struct peer p = {0};
	int fd = begin(&l, &p);

	(void)state;
	conn_drop_all(&l, &ops);
	assert_true(conn_is_closing(&p.conn));
	finish(&l, &p, fd);
}

/* ---- the end of a loop ---- */

struct errand {
	uv_work_t work;
	uv_timer_t timer;
	uv_sem_t go;
	bool back;
};

static void
wait_for_go(uv_work_t *w)
{
	uv_sem_wait(&((struct errand *)w->data)->go);
}

static void
on_back(uv_work_t *w, int status)
{
	(void)status;
	((struct errand *)w->data)->back = true;
}

/* A closing callback that stops the loop, as the last visitor's does while draining. */
static void
on_timer(uv_timer_t *t)
{
	uv_stop(t->loop);
	uv_sem_post(&((struct errand *)t->data)->go);
}

static void
a_loop_ends_when_its_errands_are_back(void **state)
{
	static struct loop l;
	struct errand e = {0};

	(void)state;
	assert_int_equal(loop_init(&l, never, NULL), 0);
	assert_int_equal(uv_sem_init(&e.go, 0), 0);
	e.work.data = e.timer.data = &e;
	assert_int_equal(uv_queue_work(&l.uv, &e.work, wait_for_go, on_back), 0);
	(void)uv_timer_init(&l.uv, &e.timer);
	(void)uv_timer_start(&e.timer, on_timer, 0, 0);
	(void)uv_run(&l.uv, UV_RUN_NOWAIT);
	uv_stop(&l.uv); /* what a callback leaves behind */
	loop_close(&l);
	assert_true(e.back);
	uv_sem_destroy(&e.go);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lingering_peer_that_finished_gets_the_rest),
		cmocka_unit_test(peer_that_finished_before_gets_the_rest),
		cmocka_unit_test(dropping_all_reaches_pipes),
		cmocka_unit_test(a_loop_ends_when_its_errands_are_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
