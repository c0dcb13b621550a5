/*
 * origin.c: the origin of the reliability tests: one epoll loop that answers by the letter in the path, has slots
 * that take their time, and breaks its connections in every way it is told to. Prints `listening PORT`.
 *
 *	/g/ID  the pattern of ID, with a length     /c/ID  chunked             /h/ID  inside a page with trackers
 *	/p/ID  takes the pattern as a body          /m/ID  304 if asked for    /n/ID  404      /x/ID  nonsense
 *	/b/N   N bytes                              /stats what it saw, as JSON       /close   closes its idle connections
 *
 *	--slots N --service MS      no more than N requests are served at a time, each for MS; others wait here
 *	--faults PERMILLE           answers cut by FIN or RST, half closed, dripped, late, interrupted, followed by another
 *	--idle-close PERMILLE       answers after which the idle connection is closed within --idle-ms, by FIN or RST
 *	--arrival-close PERMILLE    requests on a kept connection that are read, counted, and answered by a close
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pattern.h"

enum { PEERS_MAX = 65536, EVENTS = 256, WHEEL = 1024, JOBS = 1 << 17, IDS = 1 << 24, REQUEST_MAX = 1 << 20 };
enum cut { CUT_FIN, CUT_RST, CUT_HALF };
enum timer { TIMER_NONE, TIMER_ANSWER, TIMER_GO_ON, TIMER_IDLE };

/* What /stats tells. unread: closed while a request was there already; arrival: closed once it was read. */
#define STATS_ROWS(X) \
	X(requests) X(connections) X(open) X(posts) X(doubled) X(bad_bodies) X(idle_fin) X(idle_rst) X(unread) X(arrival) \
	X(posts_arrival) X(faults) X(queue_max)

#define NEVER SIZE_MAX
#define CLOSE '!' /* kinds of request that have no letter */
#define STATS '?'

/* A connection. It reads into `in`, and while it is busy writes `out` and then `filler` bytes more. */
struct peer {
	int fd;
	uint32_t generation;
	char *in, *out;
	size_t have, room, out_n, at, filler;
	size_t drip, pause_at, cut_at; /* what is to go wrong, as places in the answer */
	enum cut cut;
	unsigned served, late_ms;
	bool busy, half, watching, close_after;
	enum timer timer;
	struct peer *prev, *next; /* in its slot of the wheel */
	unsigned slot;
};

/* A request that has a place, or waits for one. The work is done even if who asked has gone. */
struct job {
	int fd;
	uint32_t generation;
	uint64_t due;
};

struct request {
	char method, kind;
	uint32_t id;
	bool match, chunked, close;
	size_t head_n, body_at, body_n, used;
};

static struct peer *peers[PEERS_MAX], *wheel[WHEEL];
static struct job *jobs; /* a ring: [done, running) have places, [running, waiting) wait */
static size_t done, running, waiting, timers;
static uint64_t now_ms, wheel_ms, seed = 1;
static uint32_t generations;
static uint8_t seen[IDS / 8]; /* POSTs, by id */
static int loop;
static long slots, service_ms, faults, idle_close, idle_ms = 8, arrival_close;
static struct {
#define X(name) unsigned long name;
	STATS_ROWS(X)
#undef X
} stats;

static void answer_next(struct peer *p);
static void write_out(struct peer *p);

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t
clock_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool
chance(long permille)
{
	return permille > 0 && pattern_random(&seed) % 1000 < (uint64_t)permille;
}

static size_t
below(size_t n)
{
	return n > 0 ? pattern_random(&seed) % n : 0;
}

/* ---- timers: a wheel of milliseconds, at most one per connection ---- */

static void
timer_clear(struct peer *p)
{
	if (p->timer == TIMER_NONE)
		return;
	if (p->prev != NULL)
		p->prev->next = p->next;
	else
		wheel[p->slot] = p->next;
	if (p->next != NULL)
		p->next->prev = p->prev;
	p->timer = TIMER_NONE;
	timers--;
}

static void
timer_set(struct peer *p, enum timer what, unsigned in_ms)
{
	timer_clear(p);
	p->timer = what;
	p->slot = (unsigned)((wheel_ms + 1 + in_ms) % WHEEL);
	p->prev = NULL;
	p->next = wheel[p->slot];
	if (p->next != NULL)
		p->next->prev = p;
	wheel[p->slot] = p;
	timers++;
}

/* ---- ends of connections ---- */

static void
drop(struct peer *p, enum cut how)
{
	struct linger hard = {.l_onoff = 1};

	timer_clear(p);
	if (how == CUT_RST)
		(void)setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	peers[p->fd] = NULL;
	stats.open--;
	(void)close(p->fd);
	free(p->in);
	free(p->out);
	free(p);
}

static void
watch(struct peer *p, bool out)
{
	struct epoll_event e = {.events = EPOLLIN | (out ? EPOLLOUT : 0u), .data = {.fd = p->fd}};

	if (p->watching != out && epoll_ctl(loop, EPOLL_CTL_MOD, p->fd, &e) == -1)
		fail("epoll_ctl");
	p->watching = out;
}

/*
 * Closes a connection that waits for a request; counts whether one was there already. False, and nothing done, while the
 * other side has not got the whole of the last answer: an RST would take back what it lacks, which is no idle close.
 */
static bool
close_idle(struct peer *p, enum cut how)
{
	int unread = 0, unsent = 0;

	(void)ioctl(p->fd, SIOCOUTQNSD, &unsent);
	if (unsent > 0)
		return false;
	(void)ioctl(p->fd, FIONREAD, &unread);
	stats.unread += unread > 0;
	if (how == CUT_RST)
		stats.idle_rst++;
	else
		stats.idle_fin++;
	drop(p, how);
	return true;
}

/* ---- requests ---- */

/* The value of a field of the head, or NULL. */
static const char *
field(const char *head, size_t n, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = head; (line = memchr(line, '\n', (size_t)(head + n - line))) != NULL;) {
		line++;
		if ((size_t)(head + n - line) > len && strncasecmp(line, name, len) == 0)
			return line + len + strspn(line + len, " ");
	}
	return NULL;
}

/* Where the chunked body that begins at `at` ends, its bytes moved together; 0: not all there. */
static size_t
read_chunked(struct peer *p, struct request *r)
{
	size_t at = r->body_at;
	bool over = false;

	/* Two rounds: nothing is moved before all of it is here. */
	for (int move = 0; move < 2; move++) {
		for (at = r->body_at, over = false, r->body_n = 0; !over;) {
			char *line = memmem(p->in + at, p->have - at, "\r\n", 2);
			size_t size;

			if (line == NULL)
				return 0;
			size = strtoul(p->in + at, NULL, 16);
			at = (size_t)(line + 2 - p->in);
			if (p->have - at < size + 2)
				return 0;
			if (move != 0)
				memmove(p->in + r->body_at + r->body_n, p->in + at, size);
			r->body_n += size;
			at += size + 2;
			over = size == 0;
		}
	}
	return at;
}

/* Reads one request. false: not all of it is here. */
static bool
read_request(struct peer *p, struct request *r)
{
	char *end = memmem(p->in, p->have, "\r\n\r\n", 4), *path;
	const char *value;

	*r = (struct request){0};
	if (end == NULL)
		return false;
	*end = '\0'; /* ends what strtoul() and strspn() read; put back below */
	r->head_n = (size_t)(end - p->in);
	path = memchr(p->in, '/', r->head_n);
	r->method = p->in[0];
	if (path != NULL && end - path > 2 && path[2] == '/') {
		r->kind = path[1];
		r->id = (uint32_t)strtoul(path + 3, NULL, 10);
	} else if (path != NULL && strncmp(path, "/close ", 7) == 0) {
		r->kind = CLOSE;
	} else {
		r->kind = path != NULL && strncmp(path, "/stats ", 7) == 0 ? STATS : 'g';
	}
	r->match = field(p->in, r->head_n, "If-None-Match:") != NULL;
	value = field(p->in, r->head_n, "Connection:");
	r->close = value != NULL && strncasecmp(value, "close", 5) == 0;
	r->body_at = r->head_n + 4;
	value = field(p->in, r->head_n, "Content-Length:");
	r->body_n = value != NULL ? strtoul(value, NULL, 10) : 0;
	r->chunked = field(p->in, r->head_n, "Transfer-Encoding:") != NULL;
	*end = '\r';
	r->used = r->chunked ? read_chunked(p, r) : r->body_at + r->body_n;
	return r->used != 0 && r->used <= p->have;
}

static void
count_request(const struct peer *p, const struct request *r)
{
	static char want[PATTERN_MAX];
	uint8_t *byte = &seen[r->id % IDS / 8], bit = (uint8_t)(1u << r->id % 8);

	stats.requests++;
	if (r->method != 'P')
		return;
	stats.posts++;
	stats.doubled += (*byte & bit) != 0;
	*byte |= bit;
	if (r->kind == 'p')
		stats.bad_bodies += pattern_fill(r->id, want) != r->body_n || memcmp(want, p->in + r->body_at, r->body_n) != 0;
}

/* ---- answers ---- */

static const char page_head[] = "<!doctype html><html lang=\"en\"><head><title>A page</title>\n"
    "<script async src=\"https://www.googletagmanager.com/gtag/js?id=G-TEST000000\"></script>\n"
    "<noscript><img src=\"https://www.facebook.com/tr?id=1&amp;ev=PageView\" alt=\"\"></noscript>\n"
    "<script src=\"/own.js\"></script></head><body><h1>Words</h1>\n<pre>";
static const char page_end[] = "</pre><p><a href=\"/next?gclid=1\">next</a></p></body></html>\n";

static void __attribute__((format(printf, 2, 3)))
say(struct peer *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	p->out_n += (size_t)vsnprintf(p->out + p->out_n, 1024, format, ap);
	va_end(ap);
}

static void
add(struct peer *p, const char *bytes, size_t n)
{
	memcpy(p->out + p->out_n, bytes, n);
	p->out_n += n;
}

static void
add_body(struct peer *p, const struct request *r, const char *body, size_t n, bool chunked)
{
	if (r->method == 'H')
		return;
	for (size_t at = 0; chunked && at < n;) {
		size_t part = 500 + below(4000);

		part = part < n - at ? part : n - at;
		say(p, "%zx\r\n", part);
		add(p, body + at, part);
		add(p, "\r\n", 2);
		at += part;
	}
	if (chunked)
		add(p, "0\r\n\r\n", 5);
	else
		add(p, body, n);
}

/* An answer with the pattern of an id, inside a page if it is asked for one. */
static void
add_pattern(struct peer *p, const struct request *r, uint32_t id)
{
	static char body[PATTERN_MAX + 2048];
	bool page = r->kind == 'h', chunked = r->kind == 'c' || (page && id % 2 == 0);
	size_t n = page ? sizeof(page_head) - 1 : 0;

	if (faults > 0 && r->method != 'H' && below(3) == 0)
		chunked = !chunked;
	memcpy(body, page_head, n);
	n += pattern_fill(id, body + n);
	if (page) {
		memcpy(body + n, page_end, sizeof(page_end) - 1);
		n += sizeof(page_end) - 1;
	}
	say(p, "HTTP/1.1 %s\r\n", r->kind == 'n' ? "404 Not Found" : "200 OK");
	say(p, "X-Id: %u\r\nETag: \"%u\"\r\nContent-Type: %s\r\n", id, id, page ? "text/html; charset=utf-8" : "text/plain");
	if (page)
		say(p, "Set-Cookie: _ga=GA1.1.%u; Path=/\r\nSet-Cookie: sid=%u; Path=/\r\n", id, id);
	if (faults > 0 && r->method != 'H' && !chunked && below(20) == 0)
		p->close_after = true; /* the end of the connection is the end of the body */
	else if (chunked)
		say(p, "Transfer-Encoding: chunked\r\n");
	else
		say(p, "Content-Length: %zu\r\n", n);
	say(p, "\r\n");
	add_body(p, r, body, n, chunked);
}

/* What is to go wrong with the answer that has been made. */
static void
plan_fault(struct peer *p, const struct request *r)
{
	size_t place = below(p->out_n);

	stats.faults++;
	switch (below(8)) {
	case 0: p->cut_at = 0; break;
	case 1: p->cut_at = place; break;
	case 2: p->drip = 200; return;
	case 3: p->late_ms = 1 + (unsigned)below(20); return;
	case 4: p->pause_at = place; return;
	case 5: /* half of it byte by byte, and then the end */
		p->drip = 50;
		p->cut_at = below(100);
		break;
	case 6:
		p->cut_at = place;
		p->cut = CUT_HALF;
		break;
	default: /* an answer nobody asked for, in one piece with the other */
		if (p->out_n < 4096 && !p->close_after && r->method != 'H')
			add_pattern(p, &(struct request){.method = 'G', .kind = 'g'}, r->id ^ 1);
		return;
	}
	if (p->cut != CUT_HALF)
		p->cut = below(2) == 0 ? CUT_FIN : CUT_RST;
	if (p->close_after)
		p->cut = CUT_RST; /* an orderly end would be the end of the body */
}

static void
add_stats(struct peer *p)
{
	char text[512];
	int n = 0;

#define X(name) n += snprintf(text + n, sizeof(text) - (size_t)n, "%s\"" #name "\": %lu", n == 0 ? "{" : ", ", stats.name);
	STATS_ROWS(X)
#undef X
	    n += snprintf(text + n, sizeof(text) - (size_t)n, "}");

	say(p, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", n);
	add(p, text, (size_t)n);
}

static void
close_all_idle(const struct peer *but)
{
	for (int fd = 0; fd < PEERS_MAX; fd++)
		if (peers[fd] != NULL && peers[fd] != but && !peers[fd]->busy && peers[fd]->served > 0 && peers[fd]->have == 0)
			(void)close_idle(peers[fd], fd % 2 == 0 ? CUT_FIN : CUT_RST);
}

/* Makes the answer; it is written when its time has come. */
static void
make_answer(struct peer *p, const struct request *r)
{
	p->out = malloc(2 * (size_t)PATTERN_MAX); /* a body, its framing, and perhaps another answer */
	if (p->out == NULL)
		fail("malloc");
	p->busy = true;
	p->at = p->out_n = p->filler = p->drip = 0;
	p->pause_at = p->cut_at = NEVER;
	p->cut = CUT_FIN;
	p->late_ms = 0;
	p->close_after = r->close;
	switch (r->kind) {
	case CLOSE: close_all_idle(p); /* fall through */
	case STATS: add_stats(p); return;
	case 'x': say(p, "HTTP/1.1 2000 What\r\n\r\n"); return;
	case 'b':
		say(p, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %u\r\n\r\n", r->id);
		p->filler = r->id;
		return;
	default:
		if (r->kind == 'm' && r->match)
			say(p, "HTTP/1.1 304 Not Modified\r\nX-Id: %u\r\nETag: \"%u\"\r\n\r\n", r->id, r->id);
		else
			add_pattern(p, r, r->id);
	}
	if (chance(faults))
		plan_fault(p, r);
}

/* ---- writing ---- */

static void
finish_answer(struct peer *p)
{
	free(p->out);
	p->out = NULL;
	p->served++;
	p->busy = false;
	watch(p, false);
	if (p->close_after) {
		drop(p, CUT_FIN);
		return;
	}
	if (p->have > 0)
		answer_next(p);
	else if (chance(idle_close))
		timer_set(p, TIMER_IDLE, (unsigned)below((size_t)idle_ms));
}

static void
cut(struct peer *p)
{
	if (p->cut != CUT_HALF) {
		drop(p, p->cut);
		return;
	}
	(void)shutdown(p->fd, SHUT_WR);
	p->half = true; /* until the other side closes */
	watch(p, false);
}

/* Writes up to the next place where something happens. 1: it was reached, 0: not now, -1: the peer is gone. */
static int
write_piece(struct peer *p)
{
	static const char fill[64 << 10];
	size_t stop = p->cut_at < p->pause_at ? p->cut_at : p->pause_at, n = (stop < p->out_n ? stop : p->out_n) - p->at;
	const char *from = p->out + p->at;
	ssize_t r;

	if (p->at >= p->out_n) {
		from = fill;
		n = p->filler < sizeof(fill) ? p->filler : sizeof(fill);
	} else if (p->at < p->drip && n > 1) {
		n = 1;
	}
	r = n > 0 ? send(p->fd, from, n, MSG_NOSIGNAL) : 0;
	if (r == -1)
		return errno == EAGAIN ? 0 : -1;
	if (p->at >= p->out_n)
		p->filler -= (size_t)r;
	else
		p->at += (size_t)r;
	return 1;
}

static void
write_out(struct peer *p)
{
	for (;;) {
		int r;

		if (p->at == p->cut_at) {
			cut(p);
			return;
		}
		if (p->at == p->pause_at) {
			p->pause_at = NEVER;
			watch(p, false);
			timer_set(p, TIMER_GO_ON, 1 + (unsigned)below(20));
			return;
		}
		if (p->at >= p->out_n && p->filler == 0) {
			finish_answer(p);
			return;
		}
		r = write_piece(p);
		if (r < 0) {
			drop(p, CUT_FIN);
			return;
		}
		if (r == 0 || p->at < p->drip) { /* a byte a turn */
			watch(p, true);
			return;
		}
	}
}

/* ---- slots ---- */

static void
begin_answer(struct peer *p)
{
	if (p->late_ms > 0)
		timer_set(p, TIMER_ANSWER, p->late_ms);
	else
		write_out(p);
}

static void
fill_slots(uint64_t from)
{
	while (running < waiting && running - done < (size_t)slots)
		jobs[running++ % JOBS].due = from + (uint64_t)service_ms;
}

static void
queue_job(const struct peer *p)
{
	if (waiting - done == JOBS)
		fail("too many requests");
	jobs[waiting++ % JOBS] = (struct job){.fd = p->fd, .generation = p->generation};
	fill_slots(now_ms);
	if (waiting - running > stats.queue_max)
		stats.queue_max = waiting - running;
}

/* A place that was free at a time is given on as of that time: capacity is exact, however late we look. */
static void
end_jobs(void)
{
	while (done < running && jobs[done % JOBS].due <= now_ms) {
		struct job j = jobs[done++ % JOBS];
		struct peer *p = peers[j.fd];

		fill_slots(j.due);
		if (p != NULL && p->generation == j.generation)
			begin_answer(p);
	}
}

/* ---- the loop ---- */

/* Takes the next request off the front of what was read. */
static void
answer_next(struct peer *p)
{
	struct request r;
	bool control;

	if (!read_request(p, &r))
		return;
	timer_clear(p);
	control = r.kind == CLOSE || r.kind == STATS;
	if (!control)
		count_request(p, &r);
	if (!control && p->served > 0 && chance(arrival_close)) {
		stats.arrival++;
		stats.posts_arrival += r.method == 'P';
		drop(p, below(2) == 0 ? CUT_FIN : CUT_RST);
		return;
	}
	make_answer(p, &r);
	p->have -= r.used;
	memmove(p->in, p->in + r.used, p->have);
	if (slots > 0 && !control)
		queue_job(p);
	else
		begin_answer(p);
}

/* false: the connection is gone. */
static bool
receive(struct peer *p)
{
	ssize_t n;

	if (p->room - p->have < 4096) {
		p->room = p->room * 2 + 8192;
		p->in = p->room <= 2 * REQUEST_MAX ? realloc(p->in, p->room) : NULL;
		if (p->in == NULL)
			fail("a request that is too large");
	}
	n = recv(p->fd, p->in + p->have, p->room - p->have - 1, 0);
	if (n == -1 && errno == EAGAIN)
		return true;
	if (n <= 0) {
		drop(p, CUT_FIN);
		return false;
	}
	p->have += p->half ? 0 : (size_t)n;
	return true;
}

static void
serve(struct peer *p, uint32_t events)
{
	if ((events & ~(uint32_t)EPOLLOUT) != 0 && !receive(p))
		return;
	if ((events & EPOLLOUT) != 0 && p->watching && p->busy)
		write_out(p);
	else if (!p->busy && !p->half)
		answer_next(p);
}

static void
take_connections(int listener)
{
	int fd, on = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1) {
		struct epoll_event e = {.events = EPOLLIN, .data = {.fd = fd}};
		struct peer *p = fd < PEERS_MAX ? calloc(1, sizeof(*p)) : NULL;

		if (p == NULL)
			fail("accept");
		p->fd = fd;
		p->generation = ++generations;
		peers[fd] = p;
		stats.connections++;
		stats.open++;
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (epoll_ctl(loop, EPOLL_CTL_ADD, fd, &e) == -1)
			fail("epoll_ctl");
	}
}

static void
end_timers(void)
{
	for (; wheel_ms < now_ms; wheel_ms++) {
		struct peer *p;

		while ((p = wheel[wheel_ms % WHEEL]) != NULL) {
			enum timer what = p->timer;

			timer_clear(p);
			if (what == TIMER_IDLE) {
				if (!close_idle(p, below(2) == 0 ? CUT_FIN : CUT_RST))
					timer_set(p, TIMER_IDLE, 2);
			} else
				write_out(p);
		}
	}
}

static void
read_options(int argc, char **argv)
{
	static const struct option names[] = {
		{"slots", required_argument, NULL, 's'},
		{"service", required_argument, NULL, 'm'},
		{"faults", required_argument, NULL, 'f'},
		{"idle-close", required_argument, NULL, 'i'},
		{"idle-ms", required_argument, NULL, 'I'},
		{"arrival-close", required_argument, NULL, 'a'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		long v = optarg != NULL ? strtol(optarg, NULL, 10) : 0;

		switch (c) {
		case 's': slots = v; break;
		case 'm': service_ms = v; break;
		case 'f': faults = v; break;
		case 'i': idle_close = v; break;
		case 'I': idle_ms = v; break;
		case 'a': arrival_close = v; break;
		default: exit(2);
		}
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	struct epoll_event events[EVENTS];
	struct epoll_event e = {.events = EPOLLIN};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	read_options(argc, argv);
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 30); /* keep what was used: fresh pages cost more than the answers in them */
	(void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
	jobs = calloc(JOBS, sizeof(*jobs));
	(void)setsockopt(listener, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &(int){64 << 10}, sizeof(int)); /* all inherit it */
	if (jobs == NULL || listener == -1 || bind(listener, (struct sockaddr *)&at, size) == -1 ||
	    listen(listener, 4096) == -1 || getsockname(listener, (struct sockaddr *)&at, &size) == -1)
		fail("listen");
	loop = epoll_create1(EPOLL_CLOEXEC);
	e.data.fd = listener;
	if (loop == -1 || epoll_ctl(loop, EPOLL_CTL_ADD, listener, &e) == -1)
		fail("epoll");
	printf("listening %u\n", ntohs(at.sin_port));
	(void)fflush(stdout);
	for (;;) {
		int n = epoll_wait(loop, events, EVENTS, timers > 0 || done < running ? 1 : -1);

		now_ms = clock_ms();
		if (timers == 0)
			wheel_ms = now_ms;
		end_timers();
		end_jobs();
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == listener)
				take_connections(listener);
			else if (peers[fd] != NULL)
				serve(peers[fd], events[i].events);
		}
	}
}
