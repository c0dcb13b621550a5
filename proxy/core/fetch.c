/* fetch.c: see fetch.h. A deadline and a limit for all of it. */
#include "core/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "net/tls_blocking.h"

#define ANSWER_MAX ((size_t)32 << 20)
enum { FIELDS_MAX = 512,
	HEAD_MAX = 1 << 18,
	SLICE_MS = 100 }; /* how long nobody looks at ask.stop */

/* The connection of one request. */
struct line {
	const struct fetch_ask *ask;
	int fd;
	struct tls_blocking *tls; /* NULL: plain */
	int64_t deadline;
	const char *why; /* it failed; NULL: errno says it */
};

/* ---- the connection ---- */

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool
is_stopped(const struct fetch_ask *ask)
{
	return ask->stop != NULL && atomic_load(ask->stop);
}

/* Waits for the descriptor; false: too late. */
static bool
ready(const struct line *l, int fd, short what)
{
	struct pollfd p = {.fd = fd, .events = what};
	int n = 0;

	do {
		int64_t left = l->deadline - now_ms();

		if (left <= 0 || is_stopped(l->ask))
			break;
		n = poll(&p, 1, (int)(left < SLICE_MS ? left : SLICE_MS));
	} while (n == 0 || (n == -1 && errno == EINTR));
	if (n == 0)
		errno = is_stopped(l->ask) ? ECANCELED : ETIMEDOUT;
	return n == 1;
}

static int
connect_one(const struct line *l, const struct addrinfo *to)
{
	static const int on = 1;
	int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
	socklen_t n = sizeof(error);

	if (fd == -1)
		return -1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* the end of a handshake, then the request: two writes */
	if (connect(fd, to->ai_addr, to->ai_addrlen) == -1 && errno != EINPROGRESS)
		error = errno;
	else if (!ready(l, fd, POLLOUT))
		error = errno;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == -1)
		error = errno;
	if (error == 0)
		return fd;
	(void)close(fd);
	errno = error;
	return -1;
}

static bool
connect_to(struct line *l)
{
	const struct fetch_ask *ask = l->ask;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	char name[256], port[8];
	int error;

	(void)snprintf(name, sizeof(name), "%.*s", (int)(ask->host.n < 255 ? ask->host.n : 255), ask->host.p);
	(void)snprintf(port, sizeof(port), "%u", (unsigned)ask->port);
	error = getaddrinfo(name, port, &hints, &found);
	if (error != 0) {
		l->why = gai_strerror(error);
		return false;
	}
	for (const struct addrinfo *at = found; at != NULL && l->fd == -1; at = at->ai_next)
		l->fd = connect_one(l, at);
	if (l->fd == -1)
		l->why = strerror(errno);
	freeaddrinfo(found);
	return l->fd != -1;
}

static bool
dial(struct line *l)
{
	const struct tls_blocking_with with = {
		.name = l->ask->name.n > 0 ? l->ask->name : l->ask->host,
		.ca_file = l->ask->ca_file,
		.pins = l->ask->pins,
		.as = l->ask->as,
	};

	if (!connect_to(l))
		return false;
	if (l->ask->tls)
		l->tls = tls_blocking_new(l->fd, &with, &l->why);
	return !l->ask->tls || l->tls != NULL;
}

static void
hang_up(struct line *l)
{
	tls_blocking_destroy(&l->tls);
	if (l->fd != -1)
		(void)close(l->fd);
}

/* Whether a read or write that came to n is to be tried again, after a wait; false: not, or too late. */
static bool
again(struct line *l, ssize_t n, short what)
{
	if (l->tls == NULL)
		return n < 0 && (errno == EAGAIN || errno == EINTR) && ready(l, l->fd, what);
	if (n == TLS_BLOCKING_READ || n == TLS_BLOCKING_WRITE)
		return ready(l, l->fd, n == TLS_BLOCKING_READ ? POLLIN : POLLOUT);
	if (n == TLS_BLOCKING_FAILED)
		l->why = tls_blocking_why(l->tls);
	return false;
}

static ssize_t
line_write(struct line *l, struct tc_str text)
{
	ssize_t n;

	do
		n = l->tls != NULL ? tls_blocking_write(l->tls, text) : send(l->fd, text.p, text.n, MSG_NOSIGNAL);
	while (again(l, n, POLLOUT));
	return n;
}

/* 0: the peer has ended what it had to say. Negative: it failed, or it is too late. */
static ssize_t
line_read(struct line *l, char *p, size_t room)
{
	ssize_t n;

	do
		n = l->tls != NULL ? tls_blocking_read(l->tls, p, room) : recv(l->fd, p, room, 0);
	while (again(l, n, POLLIN));
	return n;
}

static bool
send_all(struct line *l, struct tc_str text)
{
	while (text.n > 0) {
		ssize_t n = line_write(l, text);

		if (n < 0)
			return false;
		tc_skip(&text, (size_t)n);
	}
	return true;
}

/* ---- the answer ---- */

/* Undoes the chunked coding; p = NULL: it is broken. */
static struct tc_str
unchunk(struct tc_str in, struct tc_arena *arena)
{
	char *out = tc_alloc_bytes(arena, in.n);
	struct chunked c = {0};
	enum chunked_result r;
	enum refusal why;
	struct tc_str data;
	size_t n = 0;

	if (out == NULL)
		return tc_str_of(NULL, 0);
	while ((r = chunked_read(&c, &in, &data, &why)) == CHUNKED_DATA) {
		memcpy(out + n, data.p, data.n);
		n += data.n;
	}
	return r == CHUNKED_END ? tc_str_of(out, n) : tc_str_of(NULL, 0);
}

/* ended: nothing more will come. false: it is no answer, or not all of it came. */
static bool
answer_read(struct tc_str text, bool ended, struct tc_arena *arena, struct fetch_answer *out)
{
	const struct h1_limits limits = {.line_max = HEAD_MAX, .head_max = HEAD_MAX, .fields_max = FIELDS_MAX};
	struct framing framing;
	struct head *head = &out->head;
	struct tc_str *body = &out->body;
	long n;

	do {
		struct h1_scan scan = {0};

		n = h1_scan(&scan, text, &limits);
		if (n <= 0 || h1_parse_response(tc_str_of(text.p, (size_t)n), &limits, arena, head) != REFUSAL_NONE)
			return false;
		tc_skip(&text, (size_t)n);
	} while (head->status < 200);
	if (framing_response(head, TC_M_GET, &framing) != REFUSAL_NONE)
		return false;
	*body = text;
	if (framing.kind == BODY_NONE)
		body->n = 0;
	else if (framing.kind == BODY_CHUNKED)
		*body = unchunk(text, arena);
	else if (framing.kind == BODY_LENGTH && framing.length <= text.n)
		body->n = (size_t)framing.length;
	else if (framing.kind == BODY_LENGTH)
		return false;
	return body->p != NULL && (ended || framing.kind != BODY_TO_CLOSE);
}

/* Nothing more is there just now. */
static bool
pauses(const struct line *l)
{
	struct pollfd p = {.fd = l->fd, .events = POLLIN};

	return (l->tls == NULL || !tls_blocking_pending(l->tls)) && poll(&p, 1, 0) == 0;
}

/* Whether what has come is a whole answer; some servers keep the connection though they were asked to close it. */
static bool
is_whole(struct tc_str text)
{
	struct tc_arena *arena = arena_new(NULL, 2 * ANSWER_MAX);
	struct fetch_answer answer;
	bool whole = answer_read(text, false, arena, &answer);

	arena_destroy(&arena);
	return whole;
}

/*
 * The answer, or all that comes until the peer ends it. A connection that is cut is no end: what has come by then is
 * taken if its own framing says that it is whole.
 */
static bool
receive_all(struct line *l, struct buf *b)
{
	char piece[1 << 16];

	for (;;) {
		ssize_t n = line_read(l, piece, sizeof(piece));

		if (n == 0)
			return true;
		if (n < 0)
			return errno != ETIMEDOUT && errno != ECANCELED && is_whole(buf_str(b));
		if (buf_add(b, piece, (size_t)n) == BUF_FULL) {
			l->why = "the answer is too large";
			return false;
		}
		if (pauses(l) && is_whole(buf_str(b)))
			return true;
	}
}

/* ---- one request ---- */

static bool
request_write(struct buf *out, const struct fetch_ask *ask)
{
	int r = buf_printf(out, "%s %.*s HTTP/1.1\r\nHost: %.*s\r\nAccept-Encoding: identity\r\nConnection: close\r\n",
	    ask->post ? "POST" : "GET", (int)ask->target.n, ask->target.p, (int)ask->authority.n, ask->authority.p);

	for (size_t i = 0; i < ask->fields.n && r == 0; i++)
		r = buf_printf(out, "%.*s\r\n", (int)ask->fields.v[i].n, ask->fields.v[i].p);
	if (ask->post && r == 0)
		r = buf_printf(out, "Content-Length: %zu\r\n", ask->body.n);
	if (r == 0)
		r = buf_add_str(out, TC_STR("\r\n"));
	return r == 0 && buf_add_str(out, ask->body) == 0;
}

/* The bytes of the answer. false: line.why, or errno, says why there are none. */
static bool
exchange(struct line *l, struct buf *out, struct buf *in)
{
	if (!dial(l))
		return false;
	errno = 0;
	if (!request_write(out, l->ask)) {
		l->why = "the request is too long";
		return false;
	}
	return send_all(l, buf_str(out)) && receive_all(l, in);
}

const char *
fetch(const struct fetch_ask *ask, struct tc_arena *arena, struct fetch_answer *answer)
{
	int64_t patience = ask->patience_ms > 0 ? ask->patience_ms : FETCH_PATIENCE_MS;
	struct line l = {.ask = ask, .fd = -1, .deadline = now_ms() + patience};
	const char *why = NULL;
	struct buf out, in;
	struct tc_str text = {NULL, 0};

	buf_init(&out, 1 << 20);
	buf_init(&in, ask->max > 0 ? ask->max : ANSWER_MAX);
	if (exchange(&l, &out, &in))
		text = tc_copy(arena, buf_str(&in));
	else
		why = l.why != NULL ? l.why : strerror(errno);
	hang_up(&l);
	if (why == NULL && (text.p == NULL || !answer_read(text, true, arena, answer)))
		why = "the answer is no HTTP, or not all of it came";
	buf_reset(&out);
	buf_reset(&in);
	return why;
}

bool
fetch_lines(const struct fetch_answer *answer, struct tc_arena *arena, struct tc_strs *out)
{
	struct tc_fields fs = answer->head.fields;
	struct tc_str *v = tc_alloc(arena, (fs.n + 1) * sizeof(*v));
	size_t n = 0;

	if (v == NULL)
		return false;
	fields_strip_hop_by_hop(&fs);
	for (size_t i = 0; i < fs.n; i++) {
		const struct tc_field *f = &fs.v[i];

		if (!f->dropped)
			v[n++] = tc_join(arena, (const struct tc_str[]){f->name, TC_STR(": "), f->value}, 3);
	}
	*out = (struct tc_strs){v, n};
	return true;
}
