/*
 * origin.c: a lean HTTP/1.1 origin for benchmarks, so that what is measured is the proxy. One epoll loop,
 * keep-alive, answers made at start: /SIZE is a page of that many bytes, /page/SIZE one with trackers in it.
 * Prints `listening PORT`. Not a server for anything else: it believes every request.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 16384, REQUEST_MAX = 8192, EVENTS = 256 };

struct answer {
	const char *path;
	size_t size;
	bool trackers;
	char *bytes; /* head and body */
	size_t n;
};

static struct answer answers[] = {
	{"/1k ", 1024, false, NULL, 0},
	{"/14k ", 14 * 1024, false, NULL, 0},
	{"/100k ", 100 * 1024, false, NULL, 0},
	{"/1m ", 1024 * 1024, false, NULL, 0},
	{"/1m ", 1024 * 1024, false, NULL, 0},
	{"/page/14k ", 14 * 1024, true, NULL, 0},
	{"/page/100k ", 100 * 1024, true, NULL, 0},
};

/* A connection reads into `in` until a head is whole, and then writes `out` from `at`. */
struct peer {
	char in[REQUEST_MAX];
	size_t have;
	const struct answer *out;
	size_t at;
};

static struct peer *peers[CONNECTIONS_MAX];
static int loop;

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static const char trackers[] =
    "<script async src=\"https://www.googletagmanager.com/gtag/js?id=G-TEST000000\"></script>\n"
    "<script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments);}"
    "gtag('js',new Date());gtag('config','G-TEST000000');</script>\n"
    "<link rel=\"preconnect\" href=\"https://px.ads.linkedin.com\">\n"
    "<noscript><img src=\"https://www.facebook.com/tr?id=000000000000000&amp;ev=PageView\" alt=\"\"></noscript>\n"
    "<script async src=\"//js.hs-scripts.com/0000000.js\"></script>\n";

/* A page of exactly `size` bytes: text, links and images in the mix that real pages have. */
static size_t
fill_page(char *p, size_t size, bool with_trackers)
{
	static const char end[] = "</body></html>\n";
	size_t n = 0, left = size - (sizeof(end) - 1);
	char part[512];

	n += (size_t)snprintf(p, left, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
	    "<title>A page</title>\n%s</head><body>\n",
	    with_trackers ? trackers : "");
	for (unsigned i = 0;; i++) {
		int m = snprintf(part, sizeof(part), "<div class=\"row r%u\"><h2 id=\"h%u\">Heading %u</h2><p>Words of a paragraph"
		    " that goes on for a while, with a <a class=\"link\" href=\"/articles/%u?page=2\">link</a> in it.</p>"
		    "<img src=\"/images/%u.jpg\" width=\"320\" height=\"200\" alt=\"Picture\"></div>\n",
		    i % 7, i, i, i, i);

		if (n + (size_t)m > left)
			break;
		memcpy(p + n, part, (size_t)m);
		n += (size_t)m;
	}
	memset(p + n, ' ', left - n);
	memcpy(p + left, end, sizeof(end) - 1);
	return size;
}

static void
make_answers(void)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		struct answer *a = &answers[i];
		int head;

		a->bytes = malloc(a->size + 1024);
		if (a->bytes == NULL)
			fail("malloc");
		head = snprintf(a->bytes, 1024, "HTTP/1.1 200 OK\r\n"
		    "Date: Mon, 02 Nov 2026 10:00:00 GMT\r\nServer: origin\r\nContent-Type: text/html; charset=utf-8\r\n"
		    "Content-Length: %zu\r\nConnection: keep-alive\r\nLast-Modified: Mon, 02 Nov 2026 09:00:00 GMT\r\n"
		    "ETag: \"5f3c-%zx\"\r\nCache-Control: max-age=60\r\nX-Content-Type-Options: nosniff\r\n"
		    "X-Frame-Options: SAMEORIGIN\r\nStrict-Transport-Security: max-age=31536000\r\n"
		    "Content-Language: en\r\nAccept-Ranges: bytes\r\n\r\n",
		    a->size, a->size);
		a->n = (size_t)head + fill_page(a->bytes + head, a->size, a->trackers);
	}
}

static void
drop(int fd)
{
	free(peers[fd]);
	peers[fd] = NULL;
	(void)close(fd);
}

static void
watch(int fd, uint32_t events, int op)
{
	struct epoll_event e = {.events = events, .data = {.fd = fd}};

	if (epoll_ctl(loop, op, fd, &e) == -1)
		fail("epoll_ctl");
}

/* Takes one whole head off the front of what was read, and chooses its answer. */
static bool
next_request(struct peer *p)
{
	char *end = memmem(p->in, p->have, "\r\n\r\n", 4), *path;
	size_t used;

	if (end == NULL)
		return false;
	path = memchr(p->in, ' ', p->have);
	p->out = &answers[0];
	for (size_t i = 0; path != NULL && i < sizeof(answers) / sizeof(*answers); i++)
		if (strncmp(path + 1, answers[i].path, strlen(answers[i].path)) == 0)
			p->out = &answers[i];
	p->at = 0;
	used = (size_t)(end + 4 - p->in);
	p->have -= used;
	memmove(p->in, p->in + used, p->have);
	return true;
}

/* Writes what is due. false: the peer is gone. */
static bool
write_out(int fd, struct peer *p)
{
	while (p->out != NULL) {
		ssize_t n = send(fd, p->out->bytes + p->at, p->out->n - p->at, MSG_NOSIGNAL);

		if (n == -1 && errno == EAGAIN) {
			watch(fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
			return true;
		}
		if (n == -1)
			return false;
		p->at += (size_t)n;
		if (p->at < p->out->n)
			continue;
		p->out = NULL;
		(void)next_request(p);
	}
	return true;
}

static void
serve(int fd, uint32_t events)
{
	struct peer *p = peers[fd];
	ssize_t n;

	if ((events & EPOLLOUT) != 0) {
		watch(fd, EPOLLIN, EPOLL_CTL_MOD);
		if (!write_out(fd, p)) {
			drop(fd);
			return;
		}
	}
	if ((events & ~(uint32_t)EPOLLOUT) == 0)
		return;
	n = recv(fd, p->in + p->have, sizeof(p->in) - p->have, 0);
	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0 || (p->have += (size_t)n) == sizeof(p->in)) {
		drop(fd);
		return;
	}
	if (p->out == NULL && next_request(p) && !write_out(fd, p))
		drop(fd);
}

static void
take_connections(int listener)
{
	int fd, on = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1) {
		if (fd >= CONNECTIONS_MAX || (peers[fd] = calloc(1, sizeof(*peers[fd]))) == NULL) {
			(void)close(fd);
			continue;
		}
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		watch(fd, EPOLLIN, EPOLL_CTL_ADD);
	}
}

int
main(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	struct epoll_event events[EVENTS];
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	make_answers();
	if (listener == -1 || bind(listener, (struct sockaddr *)&at, size) == -1 || listen(listener, 1024) == -1 ||
	    getsockname(listener, (struct sockaddr *)&at, &size) == -1)
		fail("listen");
	loop = epoll_create1(EPOLL_CLOEXEC);
	if (loop == -1)
		fail("epoll_create1");
	watch(listener, EPOLLIN, EPOLL_CTL_ADD);
	printf("listening %u\n", ntohs(at.sin_port));
	(void)fflush(stdout);
	for (;;) {
		int n = epoll_wait(loop, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == listener)
				take_connections(listener);
			else if (peers[fd] != NULL)
				serve(fd, events[i].events);
		}
	}
}
