/*
 * audit_fetch.c: gets one page over http for audit, as a browser would ask for it with Sec-GPC: 1. Small on purpose: one
 * connection for each request, a deadline and a limit for all of it, and no TLS (OpenSSL has its home in proxy/net, where
 * nothing connects with it yet).
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "cli/audit.h"
#include "http/h1.h"

#define ANSWER_MAX ((size_t)32 << 20)
enum { PATIENCE_MS = 20000,
	REDIRECTS_MAX = 5,
	FIELDS_MAX = 512,
	HEAD_MAX = 1 << 18 };

static const char no_tls[] =
    "https is not spoken here: save the page in a browser and name the file, or record the visit as HAR "
    "(developer tools, Network, save all as HAR)";

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

/* -1: said why. */
static int
connect_to(struct tc_str host, const char *port, int64_t deadline)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	char name[256];
	int fd = -1, error;

	(void)snprintf(name, sizeof(name), "%.*s", (int)(host.n < 255 ? host.n : 255), host.p);
	error = getaddrinfo(name, port, &hints, &found);
	if (error != 0)
		return audit_failed("URL", gai_strerror(error)), -1;
	for (const struct addrinfo *at = found; at != NULL && fd == -1; at = at->ai_next)
		fd = connect_one(at, deadline);
	if (fd == -1)
		(void)audit_failed("URL", strerror(errno));
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
answer_read(struct tc_str text, bool ended, struct tc_arena *arena, struct head *head, struct tc_str *body)
{
	const struct h1_limits limits = {.line_max = HEAD_MAX, .head_max = HEAD_MAX, .fields_max = FIELDS_MAX};
	struct framing framing;
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

/* ---- one request ---- */

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
	struct tc_str body;
	struct head head;
	bool whole = answer_read(text, false, arena, &head, &body);

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

/* Host and port of "http://host[:port]/..."; the address was read by tc_address_read(). */
static void
port_of(const struct tc_address *at, char port[8])
{
	struct tc_str authority = tc_str_of(at->text.p + 7, (size_t)(at->path.p - at->text.p) - 7);
	size_t colon = authority.n;

	while (colon > 0 && authority.p[colon - 1] >= '0' && authority.p[colon - 1] <= '9')
		colon--;
	if (colon == 0 || authority.p[colon - 1] != ':' || authority.n - colon > 5)
		(void)snprintf(port, 8, "80");
	else
		(void)snprintf(port, 8, "%.*s", (int)(authority.n - colon), authority.p + colon);
}

/* The whole answer in b; false: said why. */
static bool
exchange(const struct tc_address *at, struct buf *b)
{
	int64_t deadline = now_ms() + PATIENCE_MS;
	struct tc_str authority = tc_str_of(at->text.p + 7, (size_t)(at->path.p - at->text.p) - 7);
	struct tc_str target = tc_str_of(at->path.p, (size_t)(at->text.p + at->text.n - at->path.p));
	struct buf out;
	char port[8];
	bool fine;
	int fd;

	port_of(at, port);
	fd = connect_to(at->host, port, deadline);
	if (fd == -1)
		return false;
	buf_init(&out, 1 << 16);
	fine = buf_printf(&out,
		   "GET %.*s HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: tacet audit\r\nAccept: text/html\r\n"
		   "Accept-Encoding: identity\r\nSec-GPC: 1\r\nConnection: close\r\n\r\n",
		   (int)target.n, target.p, (int)authority.n, authority.p) == 0 &&
	    send_all(fd, buf_str(&out), deadline) && receive_all(fd, b, deadline);
	if (!fine)
		(void)audit_failed("URL", errno == EFBIG ? "the page is larger than 32 MiB" : strerror(errno));
	(void)close(fd);
	buf_reset(&out);
	return fine;
}

/* The fields as lines; those of framing are dealt with. */
static bool
lines_write(struct tc_fields *fs, struct tc_arena *arena, struct tc_strs *out)
{
	struct tc_str *v = tc_alloc(arena, (fs->n + 1) * sizeof(*v));
	size_t n = 0;

	if (v == NULL)
		return false;
	fields_strip_hop_by_hop(fs);
	for (size_t i = 0; i < fs->n; i++) {
		const struct tc_field *f = &fs->v[i];

		if (!f->dropped)
			v[n++] = tc_join(arena, (const struct tc_str[]){f->name, TC_STR(": "), f->value}, 3);
	}
	*out = (struct tc_strs){v, n};
	return true;
}

/* Where a redirect leads, whole; n = 0: it is none. Of relative ones only those with a path. */
static struct tc_str
redirect_of(const struct head *head, const struct tc_address *at, struct tc_arena *arena)
{
	struct tc_str to = tc_field_value(&head->fields, TC_F_LOCATION);

	if (head->status < 300 || head->status > 399 || head->status == 304 || to.n == 0)
		return tc_str_of(NULL, 0);
	if (tc_starts(to, TC_STR("//")))
		return tc_join(arena, (const struct tc_str[]){TC_STR("http:"), to}, 2);
	if (to.p[0] == '/')
		return tc_join(arena,
		    (const struct tc_str[]){tc_str_of(at->text.p, (size_t)(at->path.p - at->text.p)), to}, 2);
	return to;
}

int
audit_fetch(struct audit *a, struct tc_str url, struct audit_entry *e, struct tc_str *final)
{
	char buf[TC_ADDRESS_ROOM];
	struct tc_address at;
	struct tc_str text;
	struct head head;
	struct buf b;

	for (unsigned i = 0; i <= REDIRECTS_MAX; i++) {
		if (!tc_address_read(&at, url, buf))
			return audit_failed("URL", "it cannot be read");
		if (!tc_starts(at.text, TC_STR("http://")))
			return audit_failed(i > 0 ? "URL: it leads to https" : "URL", no_tls);
		buf_init(&b, ANSWER_MAX);
		text = exchange(&at, &b) ? tc_copy(a->arena, buf_str(&b)) : tc_str_of(NULL, 0);
		buf_reset(&b);
		if (text.p == NULL)
			return 1;
		if (!answer_read(text, true, a->arena, &head, &e->in.body))
			return audit_failed("URL", "the answer is no HTTP, or not all of it came");
		*final = tc_copy(a->arena, at.text);
		url = redirect_of(&head, &at, a->arena);
		if (url.n == 0) {
			e->in.status = head.status;
			return lines_write(&head.fields, a->arena, &e->in.response_fields) ? -1 : audit_failed("URL", "no memory");
		}
	}
	return audit_failed("URL", "it leads from redirect to redirect");
}
