/* fetch.c: see fetch.h. A deadline and a limit for all of it; no TLS yet. */
#include "core/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"

#define ANSWER_MAX ((size_t)32 << 20)
enum { FIELDS_MAX = 512, HEAD_MAX = 1 << 18 };

/* ---- the connection ---- */

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits for the descriptor; false: too late. */
static bool
ready(int fd, short what, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = what};
	int64_t left = deadline - now_ms();

	int n = left > 0 ? poll(&p, 1, (int)left) : 0;

	if (n == 0)
		errno = ETIMEDOUT;
	return n == 1;
}

static int
connect_one(const struct addrinfo *to, int64_t deadline)
{
	int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
	socklen_t n = sizeof(error);

	if (fd == -1)
		return -1;
	if (connect(fd, to->ai_addr, to->ai_addrlen) == -1 && errno != EINPROGRESS)
		error = errno;
	else if (!ready(fd, POLLOUT, deadline))
		error = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == -1)
		error = errno;
	if (error == 0)
		return fd;
	(void)close(fd);
	errno = error;
	return -1;
}

static int
connect_to(const struct fetch_ask *ask, int64_t deadline, const char **why)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	char name[256], port[8];
	int fd = -1, error;

	(void)snprintf(name, sizeof(name), "%.*s", (int)(ask->host.n < 255 ? ask->host.n : 255), ask->host.p);
	(void)snprintf(port, sizeof(port), "%u", (unsigned)ask->port);
	error = getaddrinfo(name, port, &hints, &found);
	if (error != 0) {
		*why = gai_strerror(error);
		return -1;
	}
	for (const struct addrinfo *at = found; at != NULL && fd == -1; at = at->ai_next)
		fd = connect_one(at, deadline);
	if (fd == -1)
		*why = strerror(errno);
	freeaddrinfo(found);
	return fd;
}

static bool
send_all(int fd, struct tc_str text, int64_t deadline)
{
	while (text.n > 0 && ready(fd, POLLOUT, deadline)) {
		ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);

		if (n > 0)
			tc_skip(&text, (size_t)n);
		else if (errno != EAGAIN && errno != EINTR)
			return false;
	}
	return text.n == 0;
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
pauses(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 0;
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

/* The answer, or all that comes until the peer closes. */
static bool
receive_all(int fd, struct buf *b, int64_t deadline)
{
	char piece[1 << 16];

	while (ready(fd, POLLIN, deadline)) {
		ssize_t n = recv(fd, piece, sizeof(piece), 0);

		if (n == 0)
			return true;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n > 0 && buf_add(b, piece, (size_t)n) == BUF_FULL) {
			errno = EFBIG;
			return false;
		}
		if (pauses(fd) && is_whole(buf_str(b)))
			return true;
	}
	return false;
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

const char *
fetch(const struct fetch_ask *ask, struct tc_arena *arena, struct fetch_answer *answer)
{
	int64_t deadline = now_ms() + FETCH_PATIENCE_MS;
	const char *why = NULL;
	struct buf out, in;
	struct tc_str text;
	int fd = connect_to(ask, deadline, &why);

	if (fd == -1)
		return why;
	buf_init(&out, 1 << 20);
	buf_init(&in, ANSWER_MAX);
	errno = 0;
	if (!request_write(&out, ask))
		why = "the request is too long";
	else if (!send_all(fd, buf_str(&out), deadline) || !receive_all(fd, &in, deadline))
		why = errno == EFBIG ? "the page is larger than 32 MiB" : strerror(errno);
	(void)close(fd);
	text = why == NULL ? tc_copy(arena, buf_str(&in)) : tc_str_of(NULL, 0);
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
