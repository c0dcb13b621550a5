/* check.c: see check.h. */
#include "net/check.h"

#include <assert.h>
#include <stdlib.h>

#define STATUS_LINE_MIN 12 /* "HTTP/1.1 200": what has to come before it is judged */

struct checks {
	struct origins *origins;
	struct check *list;
};

struct check {
	struct check *next;
	struct server *server;
	struct verdict *verdict;
	char *request;
	size_t request_n;
	uv_timer_t timer;
	bool busy;
	int64_t good, bad; /* in a row */
	struct attempt attempt;
	struct server_conn *sc;
	char answer[STATUS_LINE_MIN];
	size_t answer_n;
};

static struct check *
check_of(struct attempt *a)
{
	return (struct check *)((char *)a - offsetof(struct check, attempt));
}

/* ---- the verdict ---- */

static void
judge(struct check *c, bool good)
{
	c->busy = false;
	c->good = good ? c->good + 1 : 0;
	c->bad = good ? 0 : c->bad + 1;
	if (c->good >= c->verdict->check.healthy)
		atomic_store_explicit(&c->verdict->down, false, memory_order_relaxed);
	else if (c->bad >= c->verdict->check.unhealthy)
		atomic_store_explicit(&c->verdict->down, true, memory_order_relaxed);
}

static void
hang_up(struct check *c)
{
	struct server_conn *sc = c->sc;

	c->sc = NULL;
	if (sc != NULL)
		server_drop(sc);
}

/* "HTTP/1.1 204 ..." */
static bool
is_good(const char *line)
{
	return memcmp(line, "HTTP/1.", 7) == 0 && line[8] == ' ' && (line[9] == '2' || line[9] == '3');
}

static void
on_data(void *user, struct tc_str in)
{
	struct check *c = user;
	size_t n = sizeof(c->answer) - c->answer_n;

	n = in.n < n ? in.n : n;
	memcpy(c->answer + c->answer_n, in.p, n);
	c->answer_n += n;
	if (c->answer_n < sizeof(c->answer))
		return;
	hang_up(c);
	judge(c, is_good(c->answer));
}

static void
on_ended(void *user, int error)
{
	struct check *c = user;

	(void)error;
	hang_up(c);
	judge(c, false);
}

static void
on_late(void *user)
{
	on_ended(user, UV_ETIMEDOUT);
}

static const struct server_ops ops = {.data = on_data, .ended = on_ended, .late = on_late};

/* ---- asking ---- */

static void
on_connected(struct attempt *a, struct server_conn *sc, int error)
{
	struct check *c = check_of(a);
	uv_buf_t b = uv_buf_init(c->request, (unsigned)c->request_n);

	(void)error;
	if (sc == NULL) {
		judge(c, false);
		return;
	}
	c->sc = sc;
	c->answer_n = 0;
	sc->user = c;
	sc->ops = &ops;
	loop_deadline(sc->conn.loop, &sc->deadline, (uint64_t)c->verdict->check.timeout_ms);
	if (conn_write(&sc->conn, &b, 1) < 0)
		on_ended(c, UV_EPIPE);
}

static void
on_time(uv_timer_t *t)
{
	struct check *c = t->data;

	if (c->busy) /* an interval shorter than the time-out: the one under way decides */
		return;
	c->busy = true;
	c->attempt.done = on_connected;
	attempt_begin(&c->attempt, c->server, c->verdict->check.timeout_ms);
}

/* ---- coming and going ---- */

struct checks *
checks_new(struct origins *t)
{
	struct checks *c = calloc(1, sizeof(*c));

	if (c == NULL)
		abort();
	c->origins = t;
	return c;
}

static void
write_request(struct check *c)
{
	const struct check_settings *s = &c->verdict->check;
	static const char form[] = "GET %.*s HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: tacet-check\r\nConnection: close\r\n\r\n";
	size_t room = sizeof(form) + s->path.n + s->authority.n;
	int n;

	c->request = malloc(room);
	if (c->request == NULL)
		abort();
	n = snprintf(c->request, room, form, (int)s->path.n, s->path.p, (int)s->authority.n, s->authority.p);
	assert(n > 0 && (size_t)n < room);
	c->request_n = (size_t)n;
}

static bool
is_added(const struct checks *all, const struct server *s, const struct verdict *v)
{
	for (const struct check *c = all->list; c != NULL; c = c->next)
		if (c->server == s && c->verdict == v)
			return true;
	return false;
}

void
checks_add(struct checks *all, const struct server_key *key)
{
	struct servers *servers = origins_servers(all->origins);
	struct server *s = server_use(servers, key);
	struct verdict *v = verdict_get(s->health, key->check);
	struct check *c;

	if (is_added(all, s, v)) {
		verdict_release(s->health, &v);
		server_unuse(&s);
		return;
	}
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		abort();
	c->server = s;
	c->verdict = v;
	write_request(c);
	verdict_check(v, true);
	(void)uv_timer_init(&servers_loop(servers)->uv, &c->timer);
	c->timer.data = c;
	(void)uv_timer_start(&c->timer, on_time, 0, (uint64_t)v->check.interval_ms);
	c->next = all->list;
	all->list = c;
}

static void
on_closed(uv_handle_t *h)
{
	struct check *c = h->data;

	free(c->request);
	free(c);
}

static void
check_end(struct check *c)
{
	attempt_cancel(&c->attempt);
	hang_up(c);
	verdict_check(c->verdict, false);
	verdict_release(c->server->health, &c->verdict);
	server_unuse(&c->server);
	uv_close((uv_handle_t *)&c->timer, on_closed);
}

void
checks_destroy(struct checks **p)
{
	struct checks *all = *p;
	struct check *next;

	if (all == NULL)
		return;
	*p = NULL;
	for (struct check *c = all->list; c != NULL; c = next) {
		next = c->next;
		check_end(c);
	}
	free(all);
}
