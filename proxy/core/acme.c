/*
 * acme.c: see acme.h.
 *
 *	control loop: timer -> the first entry whose time has come -> thread pool: is it due? acme_order_run() -> files
 *	           -> control loop: counted, and when to look again
 *
 * One order at a time. All files are touched off the loop.
 */
#include "core/acme.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "core/acme_order.h"
#include "core/acme_plan.h"
#include "core/acme_store.h"
#include "core/log.h"
#include "core/service.h"
#include "net/crypto.h"

enum { TICK_MIN_MS = 200,
	TICK_MAX_MS = 60000, /* clocks are set */
	LOOK_S = 3600,       /* another node may have renewed */
	BUSY_S = 10,
	SOON_DAYS = 14 };

struct acme_entry {
	char *name, *order; /* which one it is: survives reloads */
	int64_t next;       /* seconds since 1970: when to look */
	uint32_t spread;
	struct pki_times times; /* of the certificate there is; 0: none is known */
};

/* What to do next, found off the loop. */
struct acme_job {
	uv_work_t work; /* first */
	struct service *service;
	struct snapshot *snapshot;      /* a reference */
	const struct config_acme *acme; /* in it */
	char *order;
	uint32_t spread;
	/* found */
	enum acme_outcome outcome;
	bool waits; /* after failures: it is not time yet; asked nobody */
	struct acme_fault fault;
	struct pki_times times;
	struct acme_later later;
};

static char *
text_of(struct tc_str s)
{
	char *p = strndup(s.p, s.n);

	if (p == NULL)
		abort();
	return p;
}

/* ---- off the loop ---- */

/* The challenge that was tried last did not do: another one comes first now. */
static void
choose_kinds(const struct acme_job *j, struct acme_order_ask *a)
{
	if ((j->acme->challenge & CONFIG_ACME_TLS_ALPN) != 0)
		a->kinds[a->kind_count++] = ACME_TLS_ALPN_01;
	if ((j->acme->challenge & CONFIG_ACME_HTTP) != 0)
		a->kinds[a->kind_count++] = ACME_HTTP_01;
	if (a->kind_count == 2 && j->later.failures % 2 == 1) {
		a->kinds[0] = ACME_HTTP_01;
		a->kinds[1] = ACME_TLS_ALPN_01;
	}
}

static void
order(struct acme_job *j)
{
	const struct config_acme *c = j->acme;
	struct acme_order_ask a = {.state = j->snapshot->config->state,
	    .name = c->name,
	    .domains = c->domains,
	    .directory = c->directory,
	    .ca_file = c->ca_file,
	    .contact = c->contact,
	    .spread = j->spread,
	    .stop = &j->service->acme.stop};

	choose_kinds(j, &a);
	j->outcome = acme_order_run(&a, &j->fault, &j->times);
	if (j->outcome == ACME_OUTCOME_FAILED) {
		j->later.failures++;
		j->later.at = (int64_t)time(NULL) + acme_delay(j->later.failures, j->fault.retry_after);
	} else {
		j->later = (struct acme_later){0};
	}
	if (j->outcome == ACME_OUTCOME_FAILED || j->outcome == ACME_OUTCOME_ISSUED)
		(void)acme_store_later_write(a.state, a.name, c->order, &j->later);
}

/* On a thread of the pool. */
static void
go(uv_work_t *w)
{
	struct acme_job *j = w->data;
	const struct config_acme *c = j->acme;
	struct tc_str state = j->snapshot->config->state;
	int64_t now = (int64_t)time(NULL);
	bool there;

	if (acme_store_read(state, c->name, c->domains, false, &there, &j->times) == NULL && there &&
	    acme_renew_at(&j->times, j->spread) > now) {
		j->outcome = ACME_OUTCOME_NOT_DUE;
		return;
	}
	acme_store_later_read(state, c->name, c->order, &j->later);
	/* A time far off is a clock that was wrong. */
	if (j->later.at > now && j->later.at <= now + ACME_RETRY_AFTER_MAX_S)
		j->waits = true;
	else
		order(j);
}

/* ---- on the loop ---- */

static struct acme_entry *
entry_of(struct acme *a, const char *order_text)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i].order, order_text) == 0)
			return &a->v[i];
	return NULL;
}

static void
say_issued(const struct acme_entry *e)
{
	char line[400], day[16] = "";
	time_t end = (time_t)e->times.not_after;
	struct tm tm;
	int n;

	if (gmtime_r(&end, &tm) != NULL)
		(void)strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	n = snprintf(line, sizeof(line), "%.253s, good until %s", e->name, day);
	log_event(LOG_CERTIFICATE_ISSUED, tc_str_of(line, (size_t)n));
}

static void
say_failed(const struct acme_entry *e, const struct acme_job *j, int64_t now)
{
	char line[sizeof(j->fault.text) + 400];
	int n = snprintf(line, sizeof(line), "ACME, certificate %.253s: %s; next try in %" PRId64 " minutes", e->name, j->fault.text,
	    (j->later.at - now + 59) / 60);

	log_event(LOG_WARNING, tc_str_of(line, (size_t)n));
}

/* When there is a certificate, the next look is when it is due, but sooner than that files may have changed. */
static int64_t
next_look(const struct acme_entry *e, int64_t now)
{
	int64_t due = acme_renew_at(&e->times, e->spread);

	return due < now + LOOK_S ? due : now + LOOK_S;
}

static void
take(struct acme_entry *e, const struct acme_job *j, struct acme *a)
{
	int64_t now = (int64_t)time(NULL);

	if (j->times.not_after != 0 && !j->waits)
		e->times = j->times;
	if (j->waits) {
		e->next = j->later.at;
		return;
	}
	switch (j->outcome) {
	case ACME_OUTCOME_ISSUED:
		a->orders[ACME_RESULT_ISSUED]++;
		e->times = j->times;
		say_issued(e);
		/* One that is due as it comes would be ordered without end. */
		e->next = next_look(e, now) > now + ACME_DELAY_MIN_S ? next_look(e, now) : now + ACME_DELAY_MIN_S;
		break;
	case ACME_OUTCOME_NOT_DUE:
		e->next = next_look(e, now);
		break;
	case ACME_OUTCOME_BUSY:
	case ACME_OUTCOME_STOPPED:
		e->next = now + BUSY_S;
		break;
	case ACME_OUTCOME_FAILED:
		a->orders[j->fault.result]++;
		say_failed(e, j, now);
		e->next = j->later.at;
		break;
	}
}

static void
job_free(struct acme_job *j)
{
	snapshot_unref(&j->snapshot);
	free(j->order);
	free(j);
}

static void plan_next(struct service *s);

static void
ended(uv_work_t *w, int status)
{
	struct acme_job *j = w->data;
	struct service *s = j->service;
	struct acme_entry *e = entry_of(&s->acme, j->order);

	s->acme.job = NULL;
	if (status == 0 && e != NULL)
		take(e, j, &s->acme);
	job_free(j);
	plan_next(s);
}

static const struct config_acme *
config_of(const struct snapshot *snapshot, const char *order_text)
{
	const struct config *c = snapshot->config;

	for (size_t i = 0; i < c->acme_count; i++)
		if (tc_eq(c->acmes[i]->order, tc_str_from(order_text)))
			return c->acmes[i];
	return NULL;
}

static void
begin(struct service *s, const struct acme_entry *e)
{
	struct acme_job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		abort();
	j->service = s;
	j->work.data = j;
	j->snapshot = snapshot_ref(s->snapshot);
	j->acme = config_of(j->snapshot, e->order);
	j->order = text_of(tc_str_from(e->order));
	j->spread = e->spread;
	s->acme.job = j;
	if (j->acme != NULL)
		(void)uv_queue_work(&s->control->uv, &j->work, go, ended);
	else
		ended(&j->work, -1);
}

static struct acme_entry *
first_of(const struct acme *a)
{
	struct acme_entry *first = NULL;

	for (size_t i = 0; i < a->n; i++)
		if (first == NULL || a->v[i].next < first->next)
			first = &a->v[i];
	return first;
}

static void
on_time(uv_timer_t *t)
{
	struct service *s = t->data;
	const struct acme_entry *e = first_of(&s->acme);

	if (e == NULL || s->acme.job != NULL || atomic_load(&s->acme.stop))
		return;
	if (e->next <= (int64_t)time(NULL))
		begin(s, e);
	else
		plan_next(s);
}

static void
plan_next(struct service *s)
{
	const struct acme_entry *e = first_of(&s->acme);
	int64_t ms;

	if (e == NULL || atomic_load(&s->acme.stop))
		return;
	ms = (e->next - (int64_t)time(NULL)) * 1000;
	ms = ms < TICK_MIN_MS ? TICK_MIN_MS : ms > TICK_MAX_MS ? TICK_MAX_MS
							       : ms;
	(void)uv_timer_start(&s->acme.timer, on_time, (uint64_t)ms, 0);
}

/* ---- what is asked for ---- */

static void
entries_free(struct acme_entry *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].name);
		free(v[i].order);
	}
	free(v);
}

/* What was there before keeps its time. */
static void
entry_make(struct acme_entry *e, const struct config_acme *c, struct acme *before)
{
	const struct acme_entry *old;

	e->name = text_of(c->name);
	e->order = text_of(c->order);
	old = entry_of(before, e->order);
	if (old != NULL) {
		e->next = old->next;
		e->spread = old->spread;
		e->times = old->times;
	} else if (!crypto_random(&e->spread, sizeof(e->spread))) {
		e->spread = 0;
	}
}

void
acme_set(struct service *s)
{
	const struct config *c = s->snapshot->config;
	struct acme *a = &s->acme;
	struct acme_entry *v = calloc(c->acme_count + 1, sizeof(*v));

	if (v == NULL)
		abort();
	if (a->timer.data == NULL) {
		(void)uv_timer_init(&s->control->uv, &a->timer);
		a->timer.data = s;
	}
	for (size_t i = 0; i < c->acme_count; i++)
		entry_make(&v[i], c->acmes[i], a);
	entries_free(a->v, a->n);
	a->v = v;
	a->n = c->acme_count;
	(void)uv_timer_stop(&a->timer);
	plan_next(s);
}

void
acme_end(struct service *s)
{
	atomic_store(&s->acme.stop, true);
	while (s->acme.job != NULL)
		(void)uv_run(&s->control->uv, UV_RUN_ONCE);
	entries_free(s->acme.v, s->acme.n);
	s->acme.v = NULL;
	s->acme.n = 0;
}

void
acme_mend(const struct config *c)
{
	for (size_t i = 0; i < c->acme_count; i++) {
		struct pki_times times;
		bool there, busy;
		int lock = -1;

		if (acme_store_lock(c->state, &lock, &busy) == NULL && !busy)
			(void)acme_store_read(c->state, c->acmes[i]->name, c->acmes[i]->domains, true, &there, &times);
		if (lock != -1)
			(void)close(lock);
	}
}

/* ---- numbers ---- */

int
acme_write(struct buf *out, const struct acme *a)
{
	static const char *const labels[] = {
#define X(e, label) [ACME_RESULT_##e] = label,
	    ACME_RESULTS(X)
#undef X
	};
	uint64_t all = 0;
	int r;

	for (size_t i = 0; i < ACME_RESULT_COUNT; i++)
		all += a->orders[i];
	if (a->n == 0 && all == 0)
		return 0;
	r = buf_printf(out,
	    "# HELP tacet_acme_orders_total Certificates asked for, by what came of it.\n# TYPE tacet_acme_orders_total counter\n");
	for (size_t i = 0; i < ACME_RESULT_COUNT; i++)
		r |= buf_printf(out, "tacet_acme_orders_total{result=\"%s\"} %" PRIu64 "\n", labels[i], a->orders[i]);
	return r < 0 ? -1 : 0;
}

/* ---- for check ---- */

static void
check_one(const struct config *c, const struct config_acme *a, struct messages *m)
{
	struct message msg = {.severity = SEVERITY_WARNING, .code = "certificate", .path = TC_STR("listen.tls.acme")};
	struct pki_times times;
	bool there = false;
	const char *why = acme_store_read(c->state, a->name, a->domains, false, &there, &times);
	int64_t left = there ? times.not_after - (int64_t)time(NULL) : 0;
	char text[400];

	if (there && left > SOON_DAYS * 86400 && left > (times.not_after - times.not_before) / 4)
		return;
	if (why != NULL)
		(void)snprintf(text, sizeof(text), "the certificate of %.*s: %s", (int)a->name.n, a->name.p, why);
	else if (!there)
		(void)snprintf(text, sizeof(text), "there is no certificate of %.*s yet", (int)a->name.n, a->name.p);
	else if (left <= 0)
		(void)snprintf(text, sizeof(text), "the certificate of %.*s has expired", (int)a->name.n, a->name.p);
	else
		(void)snprintf(text, sizeof(text), "the certificate of %.*s expires in %" PRId64 " days and was not renewed",
		    (int)a->name.n, a->name.p, left / 86400);
	config_point(a->at, &msg);
	msg.text = tc_str_from(text);
	msg.hint = there ? TC_STR("look for warnings of ACME in the log of tacet run")
			 : TC_STR("tacet run asks for it when it starts, and serves one of its own making until it is there");
	messages_add(m, &msg);
}

void
acme_check(const struct config *c, struct messages *m)
{
	for (size_t i = 0; i < c->acme_count && c->state.n > 0; i++)
		check_one(c, c->acmes[i], m);
}
