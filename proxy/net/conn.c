/* conn.c: see conn.h. */
#include "net/conn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net/tls.h"

#define LITTLE (16 << 10) /* less room than this is not worth a move */

/* What one socket did not take. Only connections that are slower than their source have one. */
struct conn_flight {
	uv_write_t write;
	uv_shutdown_t shutdown;
	struct conn *conn;
	struct buf flying; /* libuv holds pointers into it */
	struct buf queue;  /* what came after */
	bool close_after;  /* conn_close() waits for the end of the queue */
	bool shutting;     /* shutdown is under way */
};

static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
	struct conn *c = h->data;
	size_t most = c->ops->most != NULL ? c->ops->most(c) : LOOP_READ_SIZE;

	(void)suggested;
	if (c->direct && !c->lingering) { /* on_read() is told UV_ENOBUFS: the bytes stay where they are */
		*out = uv_buf_init(NULL, 0);
		return;
	}
	*out = uv_buf_init(c->loop->read_buffer, most < LOOP_READ_SIZE ? (unsigned)most : LOOP_READ_SIZE);
}

static void close_now(struct conn *c);

void
conn_report_end(struct conn *c, int error)
{
	if (c->ended || c->closing)
		return;
	c->ended = true;
	c->reading = false;
	(void)uv_read_stop(&c->u.stream);
	if (c->ops->ended != NULL)
		c->ops->ended(c, error);
	else
		close_now(c);
}

static void
report_drained(struct conn *c)
{
	if (c->ops->drained != NULL)
		c->ops->drained(c);
}

/* While lingering: a peer that has only finished sending still gets what waits for it. */
static void
linger_end(struct conn *c, int error)
{
	if (error == UV_EOF && conn_pending(c) > 0) {
		c->ended = true;
		c->reading = false;
		(void)uv_read_stop(&c->u.stream);
	} else if (!c->closing) {
		close_now(c);
	}
}

/*
 * An end that was none: libuv calls it an end when a reset is seen together with the last bytes, and a write of ours
 * may have taken the error off the socket already.
 */
static int
end_error(struct conn *c, ssize_t n)
{
	int error = 0;
	socklen_t size = sizeof(error);
	uv_os_fd_t fd;

	if (n != UV_EOF)
		return (int)n;
	if (c->broken)
		return UV_ECONNRESET;
	if (uv_fileno(&c->u.handle, &fd) == 0)
		(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error == 0 && c->tls != NULL)
		return tls_end_error(c);
	return -error;
}

static void
take_bytes(struct conn *c, struct tc_str in)
{
	if (c->tls != NULL)
		tls_input(c, in);
	else
		c->ops->data(c, in);
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	struct conn *c = s->data;

	if (c->lingering) {
		if (n < 0)
			linger_end(c, (int)n);
	} else if (n > 0) {
		take_bytes(c, tc_str_of(b->base, (size_t)n));
	} else if (n == UV_ENOBUFS && c->direct) {
		c->ops->ready(c);
	} else if (n < 0) {
		conn_report_end(c, end_error(c, n));
	}
}

void
conn_init_tcp(struct conn *c, struct loop *l, const struct conn_ops *ops)
{
	*c = (struct conn){.loop = l, .ops = ops};
	(void)uv_tcp_init(&l->uv, &c->u.tcp);
	c->u.handle.data = c;
}

void
conn_init_pipe(struct conn *c, struct loop *l, const struct conn_ops *ops)
{
	*c = (struct conn){.loop = l, .ops = ops};
	(void)uv_pipe_init(&l->uv, &c->u.pipe, 0);
	c->u.handle.data = c;
}

void
conn_read(struct conn *c)
{
	if (c->reading || c->ended || c->closing)
		return;
	c->reading = uv_read_start(&c->u.stream, on_alloc, on_read) == 0;
}

void
conn_pause(struct conn *c)
{
	if (!c->reading || c->closing)
		return;
	c->reading = false;
	(void)uv_read_stop(&c->u.stream);
}

void
conn_feed(struct conn *c, struct tc_str in)
{
	if (in.n > 0 && !c->closing && !c->ended && !c->lingering)
		take_bytes(c, in);
}

static void send_queue(struct conn_flight *f);

static void
flight_destroy(struct conn *c)
{
	struct conn_flight *f = c->flight;

	if (f == NULL)
		return;
	buf_reset(&f->flying);
	buf_reset(&f->queue);
	free(f);
	c->flight = NULL;
}

static void
on_shutdown(uv_shutdown_t *s, int status)
{
	struct conn_flight *f = s->data;
	struct conn *c = f->conn;

	if (c->closing)
		return;
	if (!f->close_after) { /* conn_finish() */
		c->broken |= status < 0;
		flight_destroy(c);
		report_drained(c);
		return;
	}
	if (status < 0 || c->ended) {
		close_now(c);
		return;
	}
	conn_read(c); /* and throw away, until the peer closes too or the owner's deadline passes */
}

/* The queue is empty: the peer is told that nothing more will come. */
static int
shut(struct conn_flight *f)
{
	if (f->shutting)
		return 0;
	f->shutting = true;
	f->shutdown.data = f;
	return uv_shutdown(&f->shutdown, &f->conn->u.stream, on_shutdown);
}

static void
on_written(uv_write_t *w, int status)
{
	struct conn_flight *f = w->data;
	struct conn *c = f->conn;

	if (c->closing)
		return; /* on_closed() frees */
	if (status < 0) {
		c->broken = true;
		if (f->close_after)
			close_now(c);
		else if (!c->reading)
			conn_report_end(c, status); /* else the reading side tells, after what came before */
		return;
	}
	buf_reset(&f->flying);
	if (f->queue.n > 0) {
		send_queue(f);
		return;
	}
	if (f->close_after) {
		if (shut(f) < 0)
			close_now(c);
		return;
	}
	if (c->finished && shut(f) == 0)
		return;
	flight_destroy(c);
	report_drained(c);
}

static void
send_queue(struct conn_flight *f)
{
	struct buf empty = f->flying;
	struct tc_str bytes;
	uv_buf_t b;

	assert(empty.n == 0);
	f->flying = f->queue;
	f->queue = empty;
	bytes = buf_str(&f->flying);
	b = uv_buf_init((char *)(uintptr_t)bytes.p, (unsigned)bytes.n);
	f->write.data = f;
	if (uv_write(&f->write, &f->conn->u.stream, &b, 1, on_written) < 0)
		f->conn->broken = true;
}

static struct conn_flight *
flight_of(struct conn *c)
{
	if (c->flight == NULL) {
		c->flight = calloc(1, sizeof(*c->flight));
		if (c->flight == NULL)
			abort();
		c->flight->conn = c;
		buf_init(&c->flight->flying, SIZE_MAX / 2);
		buf_init(&c->flight->queue, SIZE_MAX / 2);
	}
	return c->flight;
}

/* Queues what is left of the buffers after `done` bytes of them. */
static int
queue_rest(struct conn *c, const uv_buf_t *v, unsigned n, size_t done)
{
	struct conn_flight *f = flight_of(c);

	for (unsigned i = 0; i < n; i++) {
		size_t skip = done < v[i].len ? done : v[i].len;

		done -= skip;
		if (buf_add(&f->queue, v[i].base + skip, v[i].len - skip) < 0)
			return -1;
	}
	if (f->flying.n == 0 && f->queue.n > 0)
		send_queue(f);
	return c->broken ? -1 : 0;
}

int
conn_send(struct conn *c, const uv_buf_t *v, unsigned n, size_t total)
{
	int r = 0;

	if (c->broken)
		return -1;
	if (c->flight == NULL) {
		r = uv_try_write(&c->u.stream, v, n);
		if (r == (int)total)
			return 0;
		if (r == UV_EAGAIN)
			r = 0;
		if (r < 0) {
			c->broken = true;
			return -1;
		}
	}
	return queue_rest(c, v, n, (size_t)r);
}

int
conn_write(struct conn *c, const uv_buf_t *v, unsigned n)
{
	size_t total = 0;

	if (c->broken || c->closing || c->finished)
		return -1;
	assert(c->flight == NULL || !c->flight->close_after);
	if (c->tls != NULL)
		return tls_write(c, v, n);
	for (unsigned i = 0; i < n; i++)
		total += v[i].len;
	return total > 0 ? conn_send(c, v, n, total) : 0;
}

/* What did not go out of the pipe goes the usual way, so that it is empty again. */
static void
empty_pipe(struct conn *to, size_t n)
{
	struct loop *l = to->loop;

	while (n > 0) {
		ssize_t k = read(l->pipe[0], l->read_buffer, n < LOOP_READ_SIZE ? n : LOOP_READ_SIZE);
		uv_buf_t b = uv_buf_init(l->read_buffer, k > 0 ? (unsigned)k : 0);

		assert(k > 0);
		n -= (size_t)k;
		if (!to->broken)
			(void)conn_write(to, &b, 1);
	}
}

/* How much the system still takes for it. */
static size_t
room_of(int fd)
{
	int unsent = 0;

	if (ioctl(fd, SIOCOUTQNSD, &unsent) == -1 || unsent >= CONN_UNSENT_MAX)
		return 0;
	return (size_t)(CONN_UNSENT_MAX - unsent);
}

static ssize_t
copy_little(struct conn *from, int in, struct conn *to, size_t max)
{
	ssize_t n = read(in, from->loop->read_buffer, max < LITTLE ? max : LITTLE);
	uv_buf_t b = uv_buf_init(from->loop->read_buffer, n > 0 ? (unsigned)n : 0);

	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return UV_EOF;
	(void)conn_write(to, &b, 1); /* to->broken tells */
	return n;
}

ssize_t
conn_move(struct conn *from, struct conn *to, size_t max)
{
	uv_os_fd_t in, out;
	ssize_t n, gone;
	size_t room;

	assert(to->flight == NULL && !to->broken && from->tls == NULL && to->tls == NULL);
	if (!loop_pipe(from->loop) || uv_fileno(&from->u.handle, &in) < 0 || uv_fileno(&to->u.handle, &out) < 0)
		return UV_EBADF;
	room = room_of(out);
	if (room < LITTLE)
		return copy_little(from, in, to, max);
	n = splice(in, NULL, from->loop->pipe[1], NULL, max < room ? max : room, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return UV_EOF;
	gone = splice(from->loop->pipe[0], NULL, out, NULL, (size_t)n, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (gone == -1 && errno != EAGAIN && errno != EINTR)
		to->broken = true;
	empty_pipe(to, (size_t)(n - (gone > 0 ? gone : 0)));
	return n;
}

size_t
conn_pending(const struct conn *c)
{
	return c->flight != NULL ? c->flight->flying.n + c->flight->queue.n : 0;
}

size_t
conn_unsent(const struct conn *c)
{
	return uv_stream_get_write_queue_size(&c->u.stream) + (c->flight != NULL ? c->flight->queue.n : 0);
}

static void
on_closed(uv_handle_t *h)
{
	struct conn *c = h->data;
	struct tls *tls = c->tls; /* closed() may look at it, and frees c */

	flight_destroy(c);
	c->ops->closed(c);
	tls_destroy(&tls);
}

static void
close_now(struct conn *c)
{
	assert(!c->closing);
	c->closing = true;
	c->reading = false;
	if (c->tls != NULL)
		tls_closing(c);
	uv_close(&c->u.handle, on_closed);
}

void
conn_close(struct conn *c)
{
	struct conn_flight *f;

	if (c->closing)
		return;
	if (c->tls != NULL && !c->finished)
		tls_say_end(c);
	if (c->broken || c->ended) {
		/* The peer has finished: nothing to linger for, but what waits is still written. */
		if (c->broken || c->flight == NULL) {
			close_now(c);
			return;
		}
	}
	f = flight_of(c);
	f->close_after = c->lingering = true;
	if (f->flying.n == 0 && shut(f) < 0)
		close_now(c);
}

void
conn_finish(struct conn *c)
{
	struct conn_flight *f;

	if (c->finished || c->broken || c->closing)
		return;
	if (c->tls != NULL)
		tls_say_end(c);
	c->finished = true;
	f = flight_of(c);
	if (f->flying.n == 0 && shut(f) < 0)
		flight_destroy(c); /* it is not connected any more: the reading side tells */
}

void
conn_drop(struct conn *c)
{
	if (!c->closing)
		close_now(c);
}

void
conn_abort(struct conn *c)
{
	if (c->closing)
		return;
	if (c->u.handle.type == UV_TCP) {
		c->closing = true;
		c->reading = false;
		if (uv_tcp_close_reset(&c->u.tcp, on_closed) == 0)
			return;
		c->closing = false; /* a shutdown is under way: an ordinary close has to do */
	}
	close_now(c);
}

/* A handle with a peer is a connection; one without is a listener, or something else. */
static bool
has_peer(uv_handle_t *h)
{
	struct sockaddr_storage peer;
	int n = sizeof(peer);
	size_t size = sizeof(peer);

	if (h->type == UV_TCP)
		return uv_tcp_getpeername((uv_tcp_t *)h, (struct sockaddr *)&peer, &n) == 0;
	return h->type == UV_NAMED_PIPE && uv_pipe_getpeername((uv_pipe_t *)h, (char *)&peer, &size) == 0;
}

static void
drop_if_ours(uv_handle_t *h, void *ops)
{
	struct conn *c = h->data;

	if (!uv_is_closing(h) && has_peer(h) && c->ops == ops)
		close_now(c);
}

void
conn_drop_all(struct loop *l, const struct conn_ops *ops)
{
	uv_walk(&l->uv, drop_if_ours, (void *)(uintptr_t)ops);
}
