/*
 * load.c: the visitors of the reliability tests: one epoll loop over many connections, which asks for origin.c's
 * paths through the proxy and checks every answer: its status, whose it is, and each byte of it. Prints one line of
 * JSON: a list with what became of the requests of each phase.
 *
 *	--port P  --connections N  --mix g=5,h=3,p=1   letters below, and how often each
 *	--requests M             closed loop: each connection asks again when it has its answer
 *	--rate R:SECONDS,R:...   open loop, in phases: R requests a second arrive at random, whatever became of the others
 *	--fresh  --per-connection K  --fixed  --timeout MS  --first-id I
 *
 * A request has one end: ok, failed (another status, cut, late, never sent for want of a connection), foreign (an
 * answer or a part of one that belongs to somebody else) or aborted (by us, on purpose).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pattern.h"

enum { PIPELINE = 4, PHASES = 8, EVENTS = 256, STATUS_MAX = 600, ABORT_SIZE = 1000000, PLAIN_SIZE = 1000 };
enum state { OFF, CONNECTING, OPEN };
enum framing { FRAMING_NONE, FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE };

#define PAGE "Sec-GPC: 1\r\nCookie: _ga=GA1.1.7; sid=9\r\nReferer: http://elsewhere.test/?q=words\r\n"

/* What can be asked for. `own`: the answer is the origin's, and says whose it is. */
static const struct kind {
	char letter;
	const char *method, *path, *query, *fields;
	uint16_t status;
	uint32_t size; /* in the path, in place of an id */
	bool own, pattern, page, body, chunked;
} kinds[] = {
	{.letter = 'g', .method = "GET", .path = "/g/", .status = 200, .own = true, .pattern = true},
	{.letter = 'c', .method = "GET", .path = "/c/", .status = 200, .own = true, .pattern = true},
	{.letter = 'h', .method = "GET", .path = "/h/", .query = "?page=1&gclid=7", .fields = PAGE, .status = 200, .own = true, .page = true},
	{.letter = 'd', .method = "HEAD", .path = "/g/", .status = 200, .own = true},
	{.letter = 'm', .method = "GET", .path = "/m/", .fields = "If-None-Match: \"%u\"\r\n", .status = 304, .own = true},
	{.letter = 'n', .method = "GET", .path = "/n/", .status = 404, .own = true, .pattern = true},
	{.letter = 'x', .method = "GET", .path = "/x/", .status = 502},
	{.letter = 'p', .method = "POST", .path = "/p/", .status = 200, .own = true, .pattern = true, .body = true},
	{.letter = 'q', .method = "POST", .path = "/p/", .status = 200, .own = true, .pattern = true, .body = true, .chunked = true},
	{.letter = 'l', .method = "GET", .path = "/g/", .status = 200, .own = true, .pattern = true}, /* PIPELINE at once */
	{.letter = 'a', .method = "GET", .path = "/b/", .status = 200, .size = ABORT_SIZE},           /* left in the middle */
	{.letter = 'b', .method = "GET", .path = "/b/", .status = 200, .size = PLAIN_SIZE},
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

struct samples {
	uint32_t *us;
	size_t n, room;
};

/* What became of the requests of one phase. */
struct tally {
	unsigned long sent, ok, foreign, cut, late, unsent, aborted, wrong_status, no_retry_after, statuses[STATUS_MAX];
	struct samples answered, refused, lag; /* refused: 503; lag: behind the time when a request should have begun */
	double seconds;
};

struct ask {
	const struct kind *kind;
	uint32_t id;
	unsigned phase;
	uint64_t at; /* when it began, in microseconds */
};

struct visit {
	int fd;
	enum state state;
	bool out_watched, close;
	struct ask asks[PIPELINE];
	unsigned asked, answered; /* asks without an answer; answers on this connection */
	char *out, *in;
	size_t out_n, out_at, out_room, have, room, abort_at;
	/* The answer that is being read: a head, a body that is moved together, and how far it was looked at. */
	int status;
	enum framing framing;
	size_t head_n, body_n, scan, length;
	bool retry_after;
	int64_t answer_id;
	struct visit *next; /* not busy */
};

static struct visit *visits, *idle;
static struct tally tallies[PHASES + 1];
static double rates[PHASES], lengths[PHASES];
static unsigned phase_count, phase, weights[KINDS], weight_sum;
static size_t connections = 16, busy;
static uint64_t now, seed = 7;
static unsigned failures_told, foreign_told;
static unsigned long wanted, per_connection;
static uint32_t next_id = 1;
static uint16_t port;
static bool fresh, fixed;
static uint64_t timeout_us = 10000000;
static int loop;

static void begin(struct visit *v, uint64_t at);

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t
clock_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void
sample(struct samples *s, uint64_t us)
{
	if (s->n == s->room) {
		s->room = s->room * 2 + 1024;
		s->us = realloc(s->us, s->room * sizeof(*s->us));
		if (s->us == NULL)
			fail("realloc");
	}
	s->us[s->n++] = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

/* The first of each sort are told in words, to find the cause. */
static void
tell(const char *what, const struct visit *v, const struct ask *a, unsigned *often)
{
	if (++*often > 3)
		return;
	fprintf(stderr, "load: %c %u: %s; status %d, %zu bytes of a body, answer %u of its connection\n",
	    a->kind->letter, a->id, what, v->status, v->body_n, v->answered);
}

/* ---- connections ---- */

static void
watch(struct visit *v, bool out, int op)
{
	struct epoll_event e = {.events = EPOLLIN | (out ? EPOLLOUT : 0u), .data = {.ptr = v}};

	if ((op == EPOLL_CTL_ADD || v->out_watched != out) && epoll_ctl(loop, op, v->fd, &e) == -1)
		fail("epoll_ctl");
	v->out_watched = out;
}

static void
disconnect(struct visit *v, bool hard)
{
	struct linger reset = {.l_onoff = 1};

	if (v->state == OFF)
		return;
	if (hard)
		(void)setsockopt(v->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	(void)close(v->fd);
	v->state = OFF;
	v->have = v->out_n = v->out_at = v->head_n = 0;
	v->answered = 0;
	v->close = false;
}

static void
connect_visit(struct visit *v)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int on = 1;

	v->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (v->fd == -1)
		fail("socket");
	(void)setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(v->fd, (struct sockaddr *)&to, sizeof(to)) == -1 && errno != EINPROGRESS)
		fail("connect"); /* nobody listens: there is nothing to measure */
	v->state = CONNECTING;
	watch(v, true, EPOLL_CTL_ADD);
}

/* ---- the ends of requests ---- */

/* Nothing is under way on it any more: it asks again, or waits until somebody needs it. */
static void
rest(struct visit *v)
{
	busy--;
	if (phase_count == 0 && wanted > 0) {
		begin(v, now);
		return;
	}
	if (phase_count == 0)
		disconnect(v, false);
	v->next = idle;
	idle = v;
}

/* All that waits on this connection is lost; what is here of the first answer has to be its own for all that. */
static void
lose(struct visit *v, bool late)
{
	static char want[PATTERN_MAX];

	for (unsigned i = 0; i < v->asked; i++) {
		struct ask *a = &v->asks[i];
		struct tally *t = &tallies[a->phase];
		bool begun = i == 0 && v->head_n > 0 && v->status == a->kind->status && a->kind->pattern;
		size_t n = begun ? pattern_fill(a->id, want) : 0;

		if (begun && v->framing == FRAMING_LENGTH)
			v->body_n = v->have - v->head_n < v->length ? v->have - v->head_n : v->length;
		if (begun && (v->body_n > n || memcmp(want, v->in + v->head_n, v->body_n) != 0)) {
			tell("a foreign piece", v, a, &foreign_told);
			t->foreign++;
		} else if (late) {
			tell("late", v, a, &failures_told);
			t->late++;
		} else {
			tell("cut", v, a, &failures_told);
			t->cut++;
		}
	}
	v->asked = 0;
	disconnect(v, false);
	rest(v);
}

/* "" or what is wrong with an answer that has the status it should have. */
static const char *
judge(const struct visit *v, const struct ask *a)
{
	static char want[PATTERN_MAX];
	const char *body = v->in + v->head_n, *at;
	size_t n;

	if (a->kind->own && v->answer_id != a->id)
		return "another's answer";
	if (a->kind->letter == 'b')
		return v->body_n == PLAIN_SIZE ? "" : "another length";
	if (!a->kind->pattern && !a->kind->page)
		return "";
	n = pattern_fill(a->id, want);
	if (a->kind->pattern)
		return v->body_n == n && memcmp(body, want, n) == 0 ? "" : "another body";
	at = memmem(body, v->body_n, "<pre>", 5);
	if (at == NULL || (size_t)(body + v->body_n - at) < n + 11 || memcmp(at + 5, want, n) != 0 ||
	    memcmp(at + 5 + n, "</pre>", 6) != 0)
		return "another page";
	return memmem(body, v->body_n, "googletagmanager", 16) == NULL ? "" : "a page with its trackers";
}

static void
count_answer(const struct visit *v, const struct ask *a)
{
	struct tally *t = &tallies[a->phase];
	const char *wrong = "";

	t->statuses[v->status]++;
	if (v->answer_id >= 0 && a->kind->own && v->answer_id != a->id) {
		wrong = "another's answer";
	} else if (v->status != a->kind->status) {
		tell("another status", v, a, &failures_told);
		t->wrong_status++;
		if (v->status == 503) {
			t->no_retry_after += !v->retry_after;
			sample(&t->refused, now - a->at);
		}
		return;
	} else {
		wrong = judge(v, a);
	}
	if (*wrong != '\0') {
		tell(wrong, v, a, &foreign_told);
		t->foreign++;
		return;
	}
	t->ok++;
	sample(&t->answered, now - a->at);
}

/* ---- reading ---- */

static const char *
field(const struct visit *v, const char *name)
{
	size_t len = strlen(name);
	const char *end = v->in + v->head_n;

	for (const char *line = v->in; (line = memchr(line, '\n', (size_t)(end - line))) != NULL;) {
		line++;
		if ((size_t)(end - line) > len && strncasecmp(line, name, len) == 0)
			return line + len + strspn(line + len, " ");
	}
	return NULL;
}

/* 1: the head is here, 0: not yet, -1: it is none. */
static int
read_head(struct visit *v)
{
	const char *end, *value;

	end = v->have > 0 ? memmem(v->in, v->have, "\r\n\r\n", 4) : NULL;
	if (end == NULL)
		return 0;
	v->head_n = (size_t)(end + 4 - v->in);
	v->in[v->head_n - 1] = '\0'; /* ends the numbers' strtoul() */
	v->status = strncmp(v->in, "HTTP/1.1 ", 9) == 0 ? (int)strtol(v->in + 9, NULL, 10) : 0;
	if (v->status < 200 || v->status >= STATUS_MAX)
		return -1;
	v->body_n = 0;
	v->scan = v->head_n;
	v->framing = FRAMING_CLOSE;
	if ((value = field(v, "Content-Length:")) != NULL)
		v->framing = FRAMING_LENGTH;
	v->length = value != NULL ? strtoul(value, NULL, 10) : 0;
	if (field(v, "Transfer-Encoding:") != NULL)
		v->framing = FRAMING_CHUNKED;
	if (strcmp(v->asks[0].kind->method, "HEAD") == 0 || v->status == 304 || v->status == 204)
		v->framing = FRAMING_NONE;
	value = field(v, "X-Id:");
	v->answer_id = value != NULL ? strtol(value, NULL, 10) : -1;
	value = field(v, "Connection:");
	v->close = value != NULL && strncasecmp(value, "close", 5) == 0;
	v->retry_after = field(v, "Retry-After:") != NULL;
	return 1;
}

/* The bytes of the answer, with its body moved together behind its head; 0: not all there; -1: broken. */
static long
read_chunks(struct visit *v)
{
	for (;;) {
		char *line = memmem(v->in + v->scan, v->have - v->scan, "\r\n", 2), *after;
		size_t size, begin;

		if (line == NULL)
			return 0;
		size = strtoul(v->in + v->scan, &after, 16);
		begin = (size_t)(line + 2 - v->in);
		if (after != line || size > 1 << 30)
			return -1;
		if (v->have - begin < size + 2)
			return 0;
		if (memcmp(v->in + begin + size, "\r\n", 2) != 0)
			return -1;
		memmove(v->in + v->head_n + v->body_n, v->in + begin, size);
		v->body_n += size;
		v->scan = begin + size + 2;
		if (size == 0)
			return (long)v->scan;
	}
}

/* The same for every framing. */
static long
read_answer(struct visit *v, bool ended)
{
	int r = v->head_n == 0 ? read_head(v) : 1;

	if (r <= 0)
		return r;
	switch (v->framing) {
	case FRAMING_NONE: return (long)v->head_n;
	case FRAMING_CHUNKED: return read_chunks(v);
	case FRAMING_LENGTH: v->body_n = v->length; break;
	case FRAMING_CLOSE: v->body_n = v->have - v->head_n; break;
	}
	if (v->framing == FRAMING_CLOSE)
		return ended ? (long)v->have : 0;
	return v->have - v->head_n >= v->length ? (long)(v->head_n + v->length) : 0;
}

/* Takes what answers are there. false: the connection is gone or at rest. */
static bool
take_answers(struct visit *v, bool ended)
{
	long used;

	while (v->asked > 0 && (used = read_answer(v, ended)) != 0) {
		if (used < 0) {
			v->head_n = 0;
			lose(v, false);
			return false;
		}
		count_answer(v, &v->asks[0]);
		v->answered++;
		v->asked--;
		memmove(v->asks, v->asks + 1, v->asked * sizeof(*v->asks));
		v->have -= (size_t)used;
		memmove(v->in, v->in + used, v->have);
		v->head_n = 0;
		if (v->close && v->asked > 0) {
			lose(v, false);
			return false;
		}
	}
	if (v->asked > 0)
		return true;
	if (v->close || ended || fresh || (per_connection > 0 && v->answered >= per_connection))
		disconnect(v, false);
	else if (v->have > 0 || v->out_at < v->out_n) /* more than was asked for, or sooner */
		disconnect(v, false);
	rest(v);
	return false;
}

/* false: no more is to be read from this connection. */
static bool
receive(struct visit *v)
{
	ssize_t n;

	if (v->room - v->have < 65536) {
		v->room = v->room * 2 + 131072;
		v->in = realloc(v->in, v->room);
		if (v->in == NULL)
			fail("realloc");
	}
	n = recv(v->fd, v->in + v->have, v->room - v->have, 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (v->asked == 0) { /* the end of a connection at rest; or bytes that nobody asked for */
		if (n > 0)
			tallies[phase].foreign++;
		disconnect(v, false);
		return false;
	}
	if (n <= 0) {
		if (take_answers(v, n == 0))
			lose(v, false);
		return false;
	}
	v->have += (size_t)n;
	if (v->asks[0].kind->letter == 'a' && v->have >= v->abort_at) {
		tallies[v->asks[0].phase].aborted++;
		v->asked = 0;
		disconnect(v, true);
		rest(v);
		return false;
	}
	return take_answers(v, false);
}

/* ---- asking ---- */

static void __attribute__((format(printf, 2, 3)))
say(struct visit *v, const char *format, ...)
{
	va_list ap;

	if (v->out_room - v->out_n < 2 * PATTERN_MAX) {
		v->out_room = v->out_room * 2 + 4 * PATTERN_MAX;
		v->out = realloc(v->out, v->out_room);
		if (v->out == NULL)
			fail("realloc");
	}
	va_start(ap, format);
	v->out_n += (size_t)vsnprintf(v->out + v->out_n, 1024, format, ap);
	va_end(ap);
}

static void
say_body(struct visit *v, const struct ask *a)
{
	char body[PATTERN_MAX];
	size_t n = pattern_fill(a->id, body);

	if (!a->kind->chunked) {
		say(v, "Content-Length: %zu\r\n\r\n", n);
		memcpy(v->out + v->out_n, body, n);
		v->out_n += n;
		return;
	}
	say(v, "Transfer-Encoding: chunked\r\n\r\n");
	for (size_t at = 0, part; at < n; at += part) {
		part = 1 + pattern_random(&seed) % 5000;
		part = part < n - at ? part : n - at;
		say(v, "%zx\r\n", part);
		memcpy(v->out + v->out_n, body + at, part);
		v->out_n += part;
		say(v, "\r\n");
	}
	say(v, "0\r\n\r\n");
}

static void
say_request(struct visit *v, const struct ask *a)
{
	const struct kind *k = a->kind;
	uint32_t number = k->size > 0 ? k->size : a->id;

	say(v, "%s %s%u%s HTTP/1.1\r\nHost: www.example.test\r\nUser-Agent: load\r\nAccept: */*\r\n",
	    k->method, k->path, number, k->query != NULL ? k->query : "");
	if (k->letter == 'm')
		say(v, "If-None-Match: \"%u\"\r\n", a->id);
	else if (k->fields != NULL)
		say(v, "%s", k->fields);
	if (fresh)
		say(v, "Connection: close\r\n");
	if (k->body)
		say_body(v, a);
	else
		say(v, "\r\n");
}

static const struct kind *
choose(void)
{
	unsigned at = (unsigned)(pattern_random(&seed) % weight_sum), i = 0;

	while (at >= weights[i])
		at -= weights[i++];
	return &kinds[i];
}

static void
send_out(struct visit *v)
{
	ssize_t n = send(v->fd, v->out + v->out_at, v->out_n - v->out_at, MSG_NOSIGNAL);

	if (n == -1 && errno != EAGAIN) {
		v->out_at = v->out_n; /* what has come, and the reason, is read */
		watch(v, false, EPOLL_CTL_MOD);
		return;
	}
	v->out_at += n > 0 ? (size_t)n : 0;
	watch(v, v->out_at < v->out_n, EPOLL_CTL_MOD);
}

/* Asks for something on a connection at rest, or on a new one. */
static void
begin(struct visit *v, uint64_t at)
{
	const struct kind *k = choose();
	unsigned n = k->letter == 'l' ? PIPELINE : 1;

	busy++;
	if (wanted > 0)
		wanted -= n < wanted ? n : wanted;
	v->out_n = v->out_at = 0;
	v->abort_at = k->letter == 'a' ? 1 + pattern_random(&seed) % (ABORT_SIZE / 4) : 0;
	for (v->asked = 0; v->asked < n; v->asked++) {
		v->asks[v->asked] = (struct ask){.kind = k, .id = next_id++, .phase = phase, .at = at};
		tallies[phase].sent++;
		say_request(v, &v->asks[v->asked]);
	}
	if (v->state == OPEN)
		send_out(v);
	else
		connect_visit(v);
}

static void
serve(struct visit *v, uint32_t events)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (v->state == CONNECTING && (events & EPOLLOUT) != 0) {
		(void)getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &error, &size);
		if (error != 0) {
			lose(v, false);
			return;
		}
		v->state = OPEN;
	}
	if (v->state == OPEN && (events & EPOLLOUT) != 0 && v->out_watched)
		send_out(v);
	if ((events & ~(uint32_t)EPOLLOUT) != 0)
		while (v->state != OFF && receive(v))
			;
}

/* ---- time ---- */

/* Begins what has arrived by now, and sets when to look again. */
static void
arrive(void)
{
	static double next;
	static uint64_t phase_end;
	static unsigned entered;

	if (entered == 0) {
		entered = 1;
		next = (double)now;
		phase_end = now + (uint64_t)(lengths[0] * 1e6);
	}
	while (phase < phase_count && (next <= (double)now || phase_end <= now)) {
		double gap = 1e6 / rates[phase];
		struct visit *v = idle;

		if (next >= (double)phase_end) {
			next = (double)phase_end;
			if (++phase < phase_count)
				phase_end += (uint64_t)(lengths[phase] * 1e6);
			continue;
		}
		if (v != NULL) {
			idle = v->next;
			sample(&tallies[phase].lag, now - (uint64_t)next);
			begin(v, now);
		} else {
			tallies[phase].sent++;
			tallies[phase].unsent++;
		}
		next += fixed ? gap : -log(1 - (double)(pattern_random(&seed) >> 11) / (double)(1ull << 53)) * gap;
	}
}

static void
end_late(void)
{
	for (size_t i = 0; i < connections; i++)
		if (visits[i].asked > 0 && visits[i].asks[0].at + timeout_us < now)
			lose(&visits[i], true);
}

/* ---- what came of it ---- */

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void
print_samples(const char *name, struct samples *s)
{
	static const struct {
		const char *name;
		double part;
	} places[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}};

	if (s->n > 0)
		qsort(s->us, s->n, sizeof(*s->us), by_size);
	printf(", \"%s\": {\"n\": %zu", name, s->n);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		printf(", \"%s\": %.2f", places[i].name, s->n > 0 ? s->us[(size_t)((double)(s->n - 1) * places[i].part)] / 1e3 : 0);
	printf(", \"max\": %.2f}", s->n > 0 ? s->us[s->n - 1] / 1e3 : 0);
}

static void
print_tally(struct tally *t)
{
	const char *comma = "";

	printf("{\"sent\": %lu, \"ok\": %lu, \"failed\": %lu, \"foreign\": %lu", t->sent, t->ok,
	    t->cut + t->late + t->unsent + t->wrong_status, t->foreign);
	printf(", \"cut\": %lu, \"late\": %lu, \"unsent\": %lu, \"aborted\": %lu", t->cut, t->late, t->unsent, t->aborted);
	printf(", \"no_retry_after\": %lu, \"seconds\": %.3f, \"statuses\": {", t->no_retry_after, t->seconds);
	for (int s = 0; s < STATUS_MAX; s++)
		if (t->statuses[s] > 0) {
			printf("%s\"%d\": %lu", comma, s, t->statuses[s]);
			comma = ", ";
		}
	printf("}");
	print_samples("ms", &t->answered);
	print_samples("refused_ms", &t->refused);
	print_samples("lag_ms", &t->lag);
	printf("}");
}

static void
read_mix(char *text)
{
	for (char *part = text; *part != '\0';) {
		size_t i = 0;

		while (i < KINDS && kinds[i].letter != *part)
			i++;
		if (i == KINDS || part[1] != '=')
			exit(2);
		weights[i] = (unsigned)strtoul(part + 2, &part, 10);
		weight_sum += weights[i];
		part += *part == ',';
	}
}

static void
read_phases(char *text)
{
	for (char *part = text; *part != '\0' && phase_count < PHASES; phase_count++) {
		rates[phase_count] = strtod(part, &part);
		if (*part++ != ':')
			exit(2);
		lengths[phase_count] = strtod(part, &part);
		part += *part == ',';
	}
}

static void
read_options(int argc, char **argv)
{
	static char plain[] = "g=1";
	static const struct option names[] = {
		{"port", required_argument, NULL, 'p'},
		{"connections", required_argument, NULL, 'c'},
		{"mix", required_argument, NULL, 'm'},
		{"requests", required_argument, NULL, 'n'},
		{"rate", required_argument, NULL, 'r'},
		{"per-connection", required_argument, NULL, 'k'},
		{"timeout", required_argument, NULL, 't'},
		{"first-id", required_argument, NULL, 'i'},
		{"fresh", no_argument, NULL, 'f'},
		{"fixed", no_argument, NULL, 'x'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		unsigned long v = optarg != NULL ? strtoul(optarg, NULL, 10) : 0;

		switch (c) {
		case 'p': port = (uint16_t)v; break;
		case 'c': connections = v; break;
		case 'm': read_mix(optarg); break;
		case 'n': wanted = v; break;
		case 'r': read_phases(optarg); break;
		case 'k': per_connection = v; break;
		case 't': timeout_us = v * 1000; break;
		case 'i': next_id = (uint32_t)v; break;
		case 'f': fresh = true; break;
		case 'x': fixed = true; break;
		default: exit(2);
		}
	}
	if (weight_sum == 0)
		read_mix(plain);
	if (port == 0 || (wanted == 0) == (phase_count == 0))
		exit(2);
	seed += next_id;
}

static void
run(void)
{
	struct epoll_event events[EVENTS];
	uint64_t looked = now;
	bool open = phase_count > 0;

	while (busy > 0 || (open && phase < phase_count)) {
		struct timespec wait = {.tv_nsec = open && phase < phase_count ? 500000 : 50000000};
		int n = epoll_pwait2(loop, events, EVENTS, &wait, NULL);

		now = clock_us();
		for (int i = 0; i < n; i++)
			serve(events[i].data.ptr, events[i].events);
		if (open)
			arrive();
		if (now - looked > 100000) {
			looked = now;
			end_late();
		}
	}
}

int
main(int argc, char **argv)
{
	unsigned printed = 0;

	read_options(argc, argv);
	visits = calloc(connections, sizeof(*visits));
	loop = epoll_create1(EPOLL_CLOEXEC);
	if (visits == NULL || loop == -1)
		fail("start");
	now = clock_us();
	tallies[0].seconds = -(double)now / 1e6;
	for (size_t i = connections; i-- > 0;) {
		visits[i].next = idle;
		idle = &visits[i];
	}
	for (size_t i = 0; i < connections && phase_count == 0 && wanted > 0; i++) {
		idle = visits[i].next;
		begin(&visits[i], now);
	}
	run();
	if (phase_count == 0)
		tallies[0].seconds += (double)clock_us() / 1e6;
	else
		for (unsigned i = 0; i < phase_count; i++)
			tallies[i].seconds = lengths[i];
	do {
		printf("%s", printed == 0 ? "[" : ", ");
		print_tally(&tallies[printed]);
	} while (++printed < phase_count);
	printf("]\n");
	return 0;
}
