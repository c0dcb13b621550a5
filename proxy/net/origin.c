/* origin.c: see origin.h. */
#include "net/origin.h"

#include <assert.h>
#include <stdlib.h>

#define RETRIES_FREE 10 /* before the share of all requests counts */
#define RETRIES_MOST 100
#define LOOK_EVERY_MS 100 /* time alone may make room: a limit that was learnt goes when nothing speaks for it */

struct origins {
	struct loop *loop;
	const struct origin_ops *ops;
	struct servers *servers;
	struct origin *list;
	uv_idle_t pump;   /* runs while somebody who waits may go on */
	uv_timer_t look;  /* while there is a line */
	unsigned handles; /* open or closing; the last frees */
	size_t waiting;   /* tickets in lines and held */
	bool news;        /* a server can be reached again */
	bool pumping;     /* on_pump() is on the stack: an origin that goes is freed by it */
};

struct line {
	struct ticket *first, *last;
	size_t n;
};

struct origin {
	struct origins *all;
	struct origin *next;
	struct origin_settings settings;
	struct server *servers[ORIGIN_SERVERS_MAX];
	struct verdict *verdicts[ORIGIN_SERVERS_MAX]; /* NULL: not checked */
	size_t n;
	size_t turn;
	bool dying;
	size_t under_way;
	double retries; /* that may be made now */
	struct line line, held;
};

/* A request without a connection yet. */
struct ticket {
	struct ticket *prev, *next;
	struct origin *origin;
	struct line *in; /* the line, held, or NULL: connecting */
	struct deadline deadline;
	struct attempt attempt;
	struct server *server;   /* whose slot it has, while connecting */
	uint64_t tried;          /* servers, one bit each */
	uint64_t held_until;     /* ms; 0: not held before */
	enum origin_failure why; /* of the last server */
	void *user;
	bool fresh, no_wait;
	bool *gone; /* origin_get() wants to know */
};

static void ticket_go(struct ticket *t);

static uint64_t
now_of(const struct origin *o)
{
	return loop_now(o->all->loop);
}

int
origin_status(enum origin_failure why)
{
	static const int statuses[ORIGIN_FAILURE_COUNT] = {
#define X(e, status) [ORIGIN_##e] = status,
	    ORIGIN_FAILURES(X)
#undef X
	};

	return statuses[why];
}

/* ---- slots ---- */

static void
take_slot(struct origin *o, struct server *s)
{
	s->in_use++;
	s->thinking++;
	o->under_way++;
	if (o->settings.adaptive)
		pressure_asked(&s->pressure, (unsigned)s->thinking, now_of(o));
}

/* Those who wait may go on: not from here, but when this turn's events are done with. */
static void wake(struct origins *all);

static void
release_slot(struct origin *o, struct server *s, bool thinking)
{
	assert(s->in_use > 0 && o->under_way > 0);
	s->in_use--;
	o->under_way--;
	if (thinking)
		s->thinking--;
	wake(o->all);
}

/* ---- the choice ---- */

enum room { ROOM, ROOM_NONE, ROOM_PRESSED };

static enum room
room_at(struct origin *o, struct server *s)
{
	if (o->settings.connections > 0 && s->in_use >= o->settings.connections)
		return ROOM_NONE;
	if (o->settings.adaptive && s->thinking >= pressure_limit(&s->pressure, now_of(o)))
		return ROOM_PRESSED;
	return ROOM;
}

static bool
is_up(const struct origin *o, size_t i)
{
	const struct verdict *v = o->verdicts[i];

	return server_is_up(o->servers[i]) && (v == NULL || !atomic_load_explicit(&v->down, memory_order_relaxed));
}

struct choice {
	struct server *server; /* NULL: none has room */
	size_t i;
	bool full, pressed; /* there is one, but it has enough to do */
	size_t line;        /* how many may wait for those that are pressed */
};

/* Takes nothing: whoever uses the choice moves the turn on. */
static struct choice
choose(struct origin *o, uint64_t tried)
{
	struct choice c = {0};

	for (size_t k = 0; k < o->n; k++) {
		size_t i = (o->turn + k) % o->n;
		struct server *s = o->servers[i];
		enum room room;

		if ((tried >> i & 1) != 0 || !is_up(o, i))
			continue;
		room = room_at(o, s);
		c.full |= room == ROOM_NONE;
		c.pressed |= room == ROOM_PRESSED;
		if (room == ROOM_PRESSED)
			c.line += pressure_line(&s->pressure);
		if (room != ROOM || (c.server != NULL && c.server->in_use <= s->in_use))
			continue;
		c.server = s;
		c.i = i;
		if (!o->settings.least_connections)
			break;
	}
	if (o->settings.requests > 0 && o->under_way >= o->settings.requests && c.server != NULL) {
		c.server = NULL;
		c.full = true;
	}
	return c;
}

/* ---- lines ---- */

static void
line_remove(struct ticket *t)
{
	struct line *l = t->in;

	if (l == NULL)
		return;
	*(t->prev != NULL ? &t->prev->next : &l->first) = t->next;
	*(t->next != NULL ? &t->next->prev : &l->last) = t->prev;
	t->prev = t->next = NULL;
	t->in = NULL;
	l->n--;
	t->origin->all->waiting--;
	wheel_clear(&t->deadline);
	if (l == &t->origin->held && l->n == 0)
		for (size_t i = 0; i < t->origin->n; i++)
			server_unwatch(t->origin->servers[i]);
}

static void on_look(uv_timer_t *t);

static void
line_add(struct ticket *t, struct line *l, uint64_t patience_ms)
{
	struct origin *o = t->origin;

	if (l == &o->line && !uv_is_active((uv_handle_t *)&o->all->look))
		(void)uv_timer_start(&o->all->look, on_look, LOOK_EVERY_MS, LOOK_EVERY_MS);
	if (l == &o->held && l->n == 0)
		for (size_t i = 0; i < o->n; i++)
			server_watch(o->servers[i]);
	t->prev = l->last;
	t->next = NULL;
	*(l->last != NULL ? &l->last->next : &l->first) = t;
	l->last = t;
	t->in = l;
	l->n++;
	o->all->waiting++;
	loop_deadline(o->all->loop, &t->deadline, patience_ms);
}

/* ---- tickets ---- */

static void
ticket_free(struct ticket *t)
{
	line_remove(t);
	wheel_clear(&t->deadline);
	if (t->gone != NULL)
		*t->gone = true;
	free(t);
}

static void
ticket_fail(struct ticket *t, enum origin_failure why)
{
	const struct origin_ops *ops = t->origin->all->ops;
	void *user = t->user;

	ticket_free(t);
	ops->failed(user, why);
}

static void
give(struct origin *o, struct server_conn *sc, void *user)
{
	sc->user = user;
	sc->origin = o;
	sc->thinking = true;
	sc->answered = false;
	o->all->ops->got(user, sc);
}

static enum origin_failure
failure_of(int error)
{
	switch (error) {
	case UV_ETIMEDOUT: return ORIGIN_TIMEOUT;
	case UV_EPROTO: return ORIGIN_TLS;
	case UV_EAI_NONAME: return ORIGIN_NO_ADDRESS;
	/* We lack something, or its queue is full for a moment. */
	case UV_EMFILE:
	case UV_ENFILE:
	case UV_ENOBUFS:
	case UV_ENOMEM:
	case UV_EADDRNOTAVAIL:
	case UV_EAGAIN: return ORIGIN_BUSY;
	default: return ORIGIN_CONNECT;
	}
}

static void
on_attempt(struct attempt *a, struct server_conn *sc, int error)
{
	struct ticket *t = (struct ticket *)((char *)a - offsetof(struct ticket, attempt));
	struct origin *o = t->origin;
	struct server *s = t->server;
	void *user = t->user;

	t->server = NULL;
	if (sc != NULL) {
		ticket_free(t);
		give(o, sc, user);
		return;
	}
	release_slot(o, s, true);
	t->why = failure_of(error);
	if (t->why == ORIGIN_CONNECT || t->why == ORIGIN_TLS || t->why == ORIGIN_TIMEOUT)
		server_strike(s,
		    t->why == ORIGIN_TIMEOUT   ? HEALTH_TIMEOUT
			: t->why == ORIGIN_TLS ? HEALTH_TLS
					       : HEALTH_CONNECT,
		    o->n > 1 ? o->settings.eject_failures : 0, o->settings.eject_ms);
	ticket_go(t);
}

static void
ticket_connect(struct ticket *t, const struct choice *c)
{
	struct origin *o = t->origin;
	struct server_conn *sc = NULL;

	line_remove(t);
	o->turn = c->i + 1;
	take_slot(o, c->server);
	t->tried |= UINT64_C(1) << c->i;
	if (!t->fresh) /* let go a moment ago, perhaps, and not looked at since */
		sc = server_take(c->server, true);
	if (sc != NULL) {
		void *user = t->user;

		ticket_free(t);
		give(o, sc, user);
		return;
	}
	t->server = c->server;
	t->attempt.done = on_attempt;
	attempt_begin(&t->attempt, c->server, o->settings.connect_timeout_ms);
}

/* One server says what is wrong with it. Of several, that none is left. */
static enum origin_failure
reason(const struct ticket *t)
{
	if (t->why == ORIGIN_OK || ((t->why == ORIGIN_CONNECT || t->why == ORIGIN_TLS) && t->origin->n > 1))
		return ORIGIN_DOWN;
	return t->why;
}

/* None can be reached: hold it, or say so. Who is held takes a connection from visitors of other origins too. */
static void
ticket_stuck(struct ticket *t)
{
	struct origin *o = t->origin;
	uint64_t now = now_of(o);

	if (t->held_until == 0)
		t->held_until = now + (uint64_t)o->settings.hold_ms;
	if (t->held_until <= now)
		ticket_fail(t, reason(t));
	else if (o->held.n >= o->settings.held)
		ticket_fail(t, ORIGIN_BUSY);
	else
		line_add(t, &o->held, t->held_until - now);
}

/* Connects to a server with room, or waits for one, or fails. Not in a line. */
static void
ticket_go(struct ticket *t)
{
	struct origin *o = t->origin;
	struct choice c = choose(o, t->tried);

	assert(t->in == NULL);
	if (c.server != NULL)
		ticket_connect(t, &c);
	else if (t->no_wait)
		ticket_fail(t, c.full || c.pressed ? ORIGIN_BUSY : reason(t));
	else if (!c.full && !c.pressed)
		ticket_stuck(t);
	else if (o->line.n < (c.pressed ? c.line : o->settings.queue))
		line_add(t, &o->line, (uint64_t)o->settings.queue_timeout_ms);
	else
		ticket_fail(t, ORIGIN_BUSY);
}

void
origin_expired(struct deadline *d)
{
	struct ticket *t = (struct ticket *)((char *)d - offsetof(struct ticket, deadline));

	ticket_fail(t, t->in == &t->origin->line ? ORIGIN_BUSY : reason(t));
}

static uint64_t
bit_of(const struct origin *o, const struct server *s)
{
	for (size_t i = 0; i < o->n && o->n > 1; i++)
		if (o->servers[i] == s)
			return UINT64_C(1) << i;
	return 0;
}

/* The common case: nobody waits, and the server whose turn it is has kept a connection. */
static bool
get_kept(struct origin *o, const struct origin_ask *ask, uint64_t tried)
{
	struct choice c;
	struct server_conn *sc;

	if (ask->fresh || o->line.n > 0)
		return false;
	c = choose(o, tried);
	if (c.server == NULL)
		return false;
	sc = server_take(c.server, ask->careful);
	if (sc == NULL)
		return false;
	o->turn = c.i + 1;
	take_slot(o, c.server);
	give(o, sc, ask->user);
	return true;
}

/* Who came earlier goes first, as soon as this turn's events are done with. */
static void
ticket_enter(struct ticket *t)
{
	struct origin *o = t->origin;

	if (o->line.n == 0 || choose(o, t->tried).server == NULL) {
		ticket_go(t);
		return;
	}
	line_add(t, &o->line, (uint64_t)o->settings.queue_timeout_ms);
	wake(o->all);
}

struct ticket *
origin_get(struct origin *o, const struct origin_ask *ask)
{
	uint64_t tried = ask->avoid != NULL ? bit_of(o, ask->avoid) : 0;
	struct ticket *t;
	bool gone = false;

	assert(ask->user != NULL);
	if (o->retries < RETRIES_MOST)
		o->retries += (double)o->settings.retry_percent / 100;
	if (tried != 0) {
		struct choice other = choose(o, tried);

		if (other.server == NULL && !other.full && !other.pressed)
			tried = 0; /* there is no other */
	}
	if (get_kept(o, ask, tried))
		return NULL;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		abort();
	t->origin = o;
	t->user = ask->user;
	t->fresh = ask->fresh;
	t->tried = tried;
	t->deadline.kind = DEADLINE_TICKET;
	t->gone = &gone;
	ticket_enter(t);
	if (gone)
		return NULL;
	t->gone = NULL;
	return t;
}

bool
origin_wait_no_more(struct ticket *t)
{
	t->no_wait = true;
	return t->in != NULL;
}

void
origin_cancel(struct ticket *t)
{
	if (t->server != NULL) {
		attempt_cancel(&t->attempt);
		release_slot(t->origin, t->server, true);
	}
	ticket_free(t);
}

bool
origin_may_retry(struct origin *o)
{
	if (o->retries < 1)
		return false;
	o->retries -= 1;
	return true;
}

/* ---- connections in use ---- */

size_t
origin_server(const struct server_conn *sc)
{
	size_t i = 0;

	while (sc->origin->servers[i] != sc->server)
		i++;
	return i;
}

static void
stop_thinking(struct server_conn *sc)
{
	if (!sc->thinking)
		return;
	sc->thinking = false;
	sc->server->thinking--;
	wake(sc->origin->all);
}

void
origin_listens(struct server_conn *sc)
{
	stop_thinking(sc);
}

void
origin_asked(struct server_conn *sc)
{
	sc->asked_at = loop_now(sc->conn.loop);
	if (sc->thinking || sc->answered)
		return;
	sc->thinking = true;
	sc->server->thinking++;
	if (sc->origin->settings.adaptive)
		pressure_asked(&sc->server->pressure, (unsigned)sc->server->thinking, sc->asked_at);
}

void
origin_answered(struct server_conn *sc)
{
	struct server *s = sc->server;
	uint64_t now = loop_now(sc->conn.loop);

	if (sc->answered)
		return;
	sc->answered = true;
	server_praise(s);
	if (sc->asked_at != 0 && sc->origin->settings.adaptive)
		pressure_answered(&s->pressure, (uint32_t)(now - sc->asked_at), now);
	stop_thinking(sc);
}

void
origin_blame(struct server_conn *sc, enum health_error why)
{
	const struct origin *o = sc->origin;
	bool begun = sc->answered; /* half an answer may be the page's fault: counted, no more */

	server_strike(sc->server, why, o->n > 1 && !begun ? o->settings.eject_failures : 0, o->settings.eject_ms);
}

static struct origin *
let_go(struct server_conn *sc)
{
	struct origin *o = sc->origin;

	release_slot(o, sc->server, sc->thinking);
	sc->origin = NULL;
	sc->thinking = false;
	sc->asked_at = 0;
	return o;
}

void
origin_put(struct server_conn *sc)
{
	const struct origin *o = let_go(sc);

	sc->used_before = true;
	server_put(sc, o->settings.idle_timeout_ms);
}

void
origin_drop(struct server_conn *sc)
{
	(void)let_go(sc);
	server_drop(sc);
}

/* ---- those who wait ---- */

/* The servers have more to do than they can: who came last is told now, and not when it has waited in vain. */
static void
shorten(struct origin *o, size_t most)
{
	while (o->line.n > most)
		ticket_fail(o->line.last, ORIGIN_BUSY);
}

static void
pump_line(struct origin *o)
{
	while (o->line.first != NULL) {
		struct ticket *t = o->line.first;
		struct choice c = choose(o, t->tried);

		if (c.server == NULL && (c.full || c.pressed)) {
			shorten(o, c.pressed ? c.line : SIZE_MAX);
			return;
		}
		line_remove(t);
		ticket_go(t);
	}
}

/* A server can be reached again: everyone who was there before tries, once. */
static void
pump_held(struct origin *o)
{
	struct choice c = choose(o, 0);

	if (c.server == NULL && !c.full && !c.pressed)
		return; /* another origin's, or a check says that it is down all the same */
	for (size_t n = o->held.n; n > 0 && o->held.first != NULL; n--) {
		struct ticket *t = o->held.first;

		line_remove(t);
		t->tried = 0;
		ticket_go(t);
	}
}

/* A request that fails may be the last user of its origin, or of several. */
static void
sweep(struct origins *all)
{
	struct origin **at = &all->list, *o;

	while ((o = *at) != NULL)
		if (o->dying) {
			*at = o->next;
			free(o);
		} else {
			at = &o->next;
		}
}

static void
on_pump(uv_idle_t *p)
{
	struct origins *all = p->data;
	bool news = all->news;

	(void)uv_idle_stop(p);
	all->news = false;
	all->pumping = true;
	for (struct origin *o = all->list; o != NULL; o = o->next) {
		pump_line(o);
		if (news)
			pump_held(o);
	}
	all->pumping = false;
	sweep(all);
}

static void
wake(struct origins *all)
{
	if (all->waiting > 0)
		(void)uv_idle_start(&all->pump, on_pump);
}

static void
on_look(uv_timer_t *t)
{
	struct origins *all = t->data;

	if (all->waiting == 0)
		(void)uv_timer_stop(t);
	wake(all);
}

static void
on_changed(void *ctx)
{
	struct origins *all = ctx;

	all->news = true;
	wake(all);
}

/* ---- coming and going ---- */

struct origins *
origins_new(struct loop *l, const struct origin_ops *ops)
{
	struct origins *all = calloc(1, sizeof(*all));

	if (all == NULL)
		abort();
	all->loop = l;
	all->ops = ops;
	all->servers = servers_new(l, &ops->conn, on_changed, all);
	(void)uv_idle_init(&l->uv, &all->pump);
	(void)uv_timer_init(&l->uv, &all->look);
	all->pump.data = all->look.data = all;
	all->handles = 2;
	return all;
}

struct servers *
origins_servers(struct origins *all)
{
	return all->servers;
}

void
origins_resolve_by(struct origins *all, struct tc_strs resolvers)
{
	servers_resolve_by(all->servers, resolvers);
}

static void
on_handle_closed(uv_handle_t *h)
{
	struct origins *all = h->data;

	if (--all->handles == 0)
		free(all);
}

void
origins_destroy(struct origins **p)
{
	struct origins *all = *p;

	if (all == NULL)
		return;
	*p = NULL;
	assert(all->list == NULL && all->waiting == 0);
	servers_destroy(&all->servers);
	uv_close((uv_handle_t *)&all->pump, on_handle_closed);
	uv_close((uv_handle_t *)&all->look, on_handle_closed);
}

struct origin *
origin_new(struct origins *all, const struct origin_settings *settings, const struct server_key *servers, size_t n)
{
	struct origin *o = calloc(1, sizeof(*o));

	if (o == NULL)
		abort();
	assert(n > 0 && n <= ORIGIN_SERVERS_MAX);
	o->all = all;
	o->settings = *settings;
	o->retries = RETRIES_FREE;
	for (size_t i = 0; i < n; i++) {
		o->servers[i] = server_use(all->servers, &servers[i]);
		if (servers[i].check != NULL)
			o->verdicts[i] = verdict_get(o->servers[i]->health, servers[i].check);
	}
	o->n = n;
	o->next = all->list;
	all->list = o;
	return o;
}

void
origin_destroy(struct origin **p)
{
	struct origin *o = *p;

	if (o == NULL)
		return;
	*p = NULL;
	assert(o->under_way == 0 && o->line.n == 0 && o->held.n == 0);
	for (size_t i = 0; i < o->n; i++) {
		verdict_release(o->servers[i]->health, &o->verdicts[i]);
		server_unuse(&o->servers[i]);
	}
	o->dying = true;
	if (!o->all->pumping)
		sweep(o->all);
}
