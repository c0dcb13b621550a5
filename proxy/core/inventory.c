/*
 * inventory.c: see inventory.h. One table for the process, under one lock, which is taken once for each response of a
 * site that observes. A site's part is made when it is needed, and stays for the life of the process.
 */
#include "core/inventory.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/day.h"
#include "net/crypto.h"
#include "tacet/vendor.h"

struct row {
	struct inventory_note note; /* of an open one below k the name is empty */
	uint64_t key;               /* of an open one */
	uint32_t responses;         /* 0: free */
	int32_t first, last;        /* days */
};

struct site {
	struct tc_str host; /* a copy of the site's first */
	uint64_t responses, gave_up, unkept;
	int32_t since;
	size_t closed_n;
	struct row closed[INVENTORY_CLOSED];
	struct row open[INVENTORY_OPEN];
};

static struct {
	pthread_mutex_t lock;
	uint64_t key[2]; /* of the hashes; random, and never told */
	bool keyed;
	struct site *sites[INVENTORY_SITES];
	uint64_t sites_unkept; /* responses of sites for which there was no room */
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- notes ---- */

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

enum { MIXED_LEAST = 8 }; /* letters and digits in one run of at least so many: more likely an id than a word */

size_t
inventory_mask(struct tc_str name, char out[INVENTORY_NAME_MAX])
{
	size_t n = 0;

	for (size_t i = 0, end; i < name.n && n < INVENTORY_NAME_MAX; i = end) {
		bool digits = false;

		for (end = i; end < name.n && (is_letter(name.p[end]) || is_digit(name.p[end])); end++)
			digits |= is_digit(name.p[end]);
		if (end == i) {
			out[n++] = name.p[end++];
		} else if (digits && end - i >= MIXED_LEAST) {
			out[n++] = '#';
		} else {
			for (size_t k = i; k < end && n < INVENTORY_NAME_MAX; k++)
				if (!is_digit(name.p[k]))
					out[n++] = name.p[k];
				else if (k == i || !is_digit(name.p[k - 1]))
					out[n++] = '#';
		}
	}
	return n;
}

/* What may stand in an answer as it is. */
static bool
is_plain(struct tc_str name)
{
	if (name.n > INVENTORY_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || (unsigned char)name.p[i] >= 0x7f || name.p[i] == '"' || name.p[i] == '\\')
			return false;
	return true;
}

/* Names of vendors may have letters beyond ASCII; those that others made up may not. */
static bool
is_closed_plain(struct tc_str name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f || name.p[i] == '"' || name.p[i] == '\\')
			return false;
	return name.n <= INVENTORY_NAME_MAX;
}

static struct tc_str
name_of(const struct inventory_note *n)
{
	return tc_str_of(n->name, n->n);
}

/* Of a cookie, lists may know the class where the table does not: it is the same cookie. */
static bool
is_same(const struct inventory_note *a, const struct inventory_note *b)
{
	return a->what == b->what && a->action == b->action && (a->what == INVENTORY_COOKIE || a->class == b->class) &&
	    tc_eq(name_of(a), name_of(b));
}

static void
merge(struct inventory_note *to, const struct inventory_note *from)
{
	to->removed |= from->removed;
	to->third_party |= from->third_party;
	if (to->class == TC_UNKNOWN) {
		to->class = from->class;
		to->pack = from->pack;
	}
}

void
inventory_note(struct inventory_notes *to, const struct inventory_note *like, struct tc_str name)
{
	struct inventory_note note = *like;

	if (note.closed ? !is_closed_plain(name) : !is_plain(name)) {
		to->unkept++;
		return;
	}
	if (!note.closed && note.what != INVENTORY_HOST)
		note.n = (uint8_t)inventory_mask(name, note.name);
	else if (name.n > 0)
		memcpy(note.name, name.p, note.n = (uint8_t)name.n);
	for (size_t i = 0; i < to->n; i++)
		if (is_same(&to->v[i], &note)) {
			merge(&to->v[i], &note);
			return;
		}
	if (to->n == INVENTORY_NOTES || (!note.closed && to->open == INVENTORY_NOTES_OPEN)) {
		to->unkept++;
		return;
	}
	to->open += !note.closed;
	to->v[to->n++] = note;
}

/* ---- the table ---- */

/* With the lock held. NULL: no room. */
static struct site *
site_of(struct tc_str host, int32_t day)
{
	for (size_t i = 0; i < INVENTORY_SITES; i++) {
		struct site *s = table.sites[i];

		if (s != NULL && tc_eq(s->host, host))
			return s;
		if (s != NULL)
			continue;
		s = calloc(1, sizeof(*s) + host.n);
		if (s == NULL)
			return NULL;
		memcpy((char *)(s + 1), host.p, host.n);
		s->host = tc_str_of((const char *)(s + 1), host.n);
		s->since = day;
		table.sites[i] = s;
		return s;
	}
	return NULL;
}

static void
row_count(struct row *r, const struct inventory_note *note, int32_t day)
{
	merge(&r->note, note);
	r->note.removed = note->removed; /* as the configuration in force has it */
	r->responses += r->responses < UINT32_MAX;
	r->last = day > r->last ? day : r->last;
}

static void
take_closed(struct site *s, const struct inventory_note *note, int32_t day)
{
	for (size_t i = 0; i < s->closed_n; i++)
		if (is_same(&s->closed[i].note, note)) {
			row_count(&s->closed[i], note, day);
			return;
		}
	if (s->closed_n == INVENTORY_CLOSED) {
		s->unkept++;
		return;
	}
	s->closed[s->closed_n++] = (struct row){.note = *note, .responses = 1, .first = day, .last = day};
}

static uint64_t
key_of(const struct inventory_note *note)
{
	char bytes[3 + INVENTORY_NAME_MAX];
	bool cookie = note->what == INVENTORY_COOKIE;

	bytes[0] = (char)note->what;
	bytes[1] = (char)note->action;
	bytes[2] = cookie ? 0 : (char)note->class;
	memcpy(bytes + 3, note->name, note->n);
	return crypto_siphash(table.key, bytes, 3 + (size_t)note->n);
}

/* A free row, else the rarest of those that are not shown; NULL: all are. */
static struct row *
open_room(struct site *s)
{
	struct row *rarest = NULL;

	for (size_t i = 0; i < INVENTORY_OPEN; i++) {
		struct row *r = &s->open[i];

		if (r->responses == 0)
			return r;
		if (r->note.n == 0 && (rarest == NULL || r->responses < rarest->responses))
			rarest = r;
	}
	return rarest;
}

/* The name itself is kept from the response on that makes it k. */
static void
take_open(struct site *s, const struct inventory_note *note, int32_t day, int64_t k)
{
	uint64_t key = key_of(note);
	struct row *r = NULL;

	for (size_t i = 0; i < INVENTORY_OPEN && r == NULL; i++)
		if (s->open[i].responses > 0 && s->open[i].key == key)
			r = &s->open[i];
	if (r == NULL) {
		r = open_room(s);
		if (r == NULL || r->responses > 0)
			s->unkept++;
		if (r == NULL)
			return;
		*r = (struct row){.note = *note, .key = key, .first = day};
		explicit_bzero(r->note.name, sizeof(r->note.name));
		r->note.n = 0;
	}
	row_count(r, note, day);
	if (r->note.n == 0 && r->responses >= k) {
		memcpy(r->note.name, note->name, note->n);
		r->note.n = note->n;
	}
}

void
inventory_take(const struct config_site *site, const struct inventory_notes *notes, int32_t day, int64_t k, bool gave_up)
{
	struct site *s;

	(void)pthread_mutex_lock(&table.lock);
	if (!table.keyed && !(table.keyed = crypto_random(table.key, sizeof(table.key))))
		abort();
	s = site_of(site->pub.hosts.v[0], day);
	if (s == NULL) {
		table.sites_unkept++;
	} else {
		s->responses++;
		s->gave_up += gave_up;
		s->unkept += notes->unkept;
	}
	for (size_t i = 0; i < notes->n && s != NULL; i++)
		if (notes->v[i].closed)
			take_closed(s, &notes->v[i], day);
		else
			take_open(s, &notes->v[i], day, k);
	(void)pthread_mutex_unlock(&table.lock);
}

/* ---- cookies ---- */

static bool
is_kept(const struct config_site *site, struct tc_str name)
{
	for (size_t i = 0; i < site->pub.keep_cookies.n; i++)
		if (tc_eq(site->pub.keep_cookies.v[i], name))
			return true;
	return false;
}

static void
note_cookie(struct inventory_notes *to, const struct config_site *site, struct tc_str name)
{
	struct inventory_note note = {.what = INVENTORY_COOKIE, .action = TC_DID_RESPONSE_COOKIE, .class = TC_UNKNOWN};
	struct tc_vendor vendor;

	if (name.n == 0 || tc_eq(name, TC_STR("tacet_choice")))
		return;
	if (is_kept(site, name)) {
		note.class = TC_FUNCTIONAL;
		note.closed = true;
	} else if (tc_cookie_known(name, &vendor)) {
		note.class = (uint8_t)vendor.class;
		note.closed = true;
		name = vendor.pattern;
	}
	inventory_note(to, &note, name);
}

void
inventory_cookies(const struct config_site *site, const struct tc_fields *response, int32_t day, int64_t k)
{
	struct inventory_notes notes;

	notes.n = notes.open = notes.unkept = 0; /* the rows are filled as they come */
	for (size_t i = 0; i < response->n; i++) {
		struct tc_str value = response->v[i].value;

		if (response->v[i].id == TC_F_SET_COOKIE && !response->v[i].dropped)
			note_cookie(&notes, site, tc_trim(tc_str_of(value.p, tc_find_byte(value, '='))));
	}
	if (notes.n + notes.unkept > 0)
		inventory_take(site, &notes, day, k, false);
}

static int
by_cookie(const void *a, const void *b)
{
	const struct inventory_cookie *x = a, *y = b;
	int order = memcmp(x->name, y->name, x->n < y->n ? x->n : y->n);

	return order != 0 ? order : (int)x->n - (int)y->n;
}

static size_t
add_cookies(const struct row *rows, size_t count, struct inventory_cookie *out, size_t n, size_t most)
{
	for (size_t i = 0; i < count && n < most; i++) {
		const struct inventory_note *note = &rows[i].note;
		struct inventory_cookie *c = &out[n];

		if (note->what != INVENTORY_COOKIE || note->action != TC_DID_RESPONSE_COOKIE || note->n == 0)
			continue;
		*c = (struct inventory_cookie){.n = note->n, .class = note->class, .first = rows[i].first, .last = rows[i].last};
		memcpy(c->name, note->name, note->n);
		n++;
	}
	return n;
}

size_t
inventory_cookies_seen(const struct config_site *site, struct inventory_cookie *out, size_t most)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&table.lock);
	for (size_t i = 0; i < INVENTORY_SITES && table.sites[i] != NULL; i++) {
		const struct site *s = table.sites[i];

		if (!tc_eq(s->host, site->pub.hosts.v[0]))
			continue;
		n = add_cookies(s->closed, s->closed_n, out, 0, most);
		n = add_cookies(s->open, INVENTORY_OPEN, out, n, most);
	}
	(void)pthread_mutex_unlock(&table.lock);
	qsort(out, n, sizeof(*out), by_cookie);
	return n;
}

/* ---- the answer ---- */

static const char *const what_names[] = {
#define X(e, name) name,
    INVENTORY_WHATS(X)
#undef X
};

static const char *const action_names[] = {
#define X(e, name) name,
    TC_ACTIONS(X)
#undef X
};

static const char *const class_names[] = {
#define X(e, name) name,
    TC_CLASSES(X)
#undef X
};

static const char *const pack_names[] = {
#define X(e, name) name,
    TC_PACKS(X)
#undef X
};

static int
by_name(const void *a, const void *b)
{
	const struct inventory_note *x = &((const struct row *)a)->note, *y = &((const struct row *)b)->note;
	int order = (int)x->what - (int)y->what;

	if (order == 0)
		order = memcmp(x->name, y->name, x->n < y->n ? x->n : y->n);
	if (order == 0)
		order = (int)x->n - (int)y->n;
	if (order == 0)
		order = (int)x->class - (int)y->class;
	return order != 0 ? order : (int)x->action - (int)y->action;
}

static int
write_row(struct buf *out, const struct row *r, const char *before)
{
	const struct inventory_note *n = &r->note;
	char first[DATE_LENGTH + 1], last[DATE_LENGTH + 1];
	bool known = n->class != TC_UNKNOWN;

	date_text(r->first, first);
	date_text(r->last, last);
	return buf_printf(out,
	    "%s\n{\"what\": \"%s\", \"name\": \"%.*s\", \"class\": \"%s\", \"construct\": \"%s\", \"party\": \"%s\", "
	    "\"would\": \"%s\", \"list\": %s%s%s, \"responses\": %u, \"first\": \"%s\", \"last\": \"%s\"}",
	    before, what_names[n->what], (int)n->n, n->name, class_names[n->class], action_names[n->action],
	    n->third_party ? "third" : "first", n->removed ? "remove" : "keep", known ? "\"" : "",
	    known ? pack_names[n->pack] : "null", known ? "\"" : "", (unsigned)r->responses, first, last);
}

/* Rows that may be shown, of a copy of the site's part. */
static size_t
shown_rows(struct site *s, int64_t k, struct row *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < s->closed_n; i++)
		rows[n++] = s->closed[i];
	for (size_t i = 0; i < INVENTORY_OPEN; i++)
		if (s->open[i].note.n > 0 && s->open[i].responses >= k)
			rows[n++] = s->open[i];
	return n;
}

static int
write_site(struct buf *out, struct site *s, int64_t k, const char *before)
{
	struct row *rows = malloc((INVENTORY_CLOSED + INVENTORY_OPEN) * sizeof(*rows));
	size_t n = rows != NULL ? shown_rows(s, k, rows) : 0;
	char since[DATE_LENGTH + 1];
	int r;

	if (rows == NULL)
		return -1;
	qsort(rows, n, sizeof(*rows), by_name);
	date_text(s->since, since);
	/* a host of the configuration: letters, digits and "-._*:" */
	r = buf_printf(out,
	    "%s\n{\"site\": \"%.*s\", \"since\": \"%s\", \"responses\": %llu, \"given_up\": %llu, \"not_kept\": %llu, "
	    "\"items\": [",
	    before, (int)s->host.n, s->host.p, since, (unsigned long long)s->responses, (unsigned long long)s->gave_up,
	    (unsigned long long)s->unkept);
	for (size_t i = 0; i < n; i++)
		r |= write_row(out, &rows[i], i > 0 ? "," : "");
	free(rows);
	return r | buf_printf(out, "\n]}");
}

int
inventory_write(struct buf *out, int64_t k, struct tc_str host)
{
	const char *before = "";
	int r = buf_printf(out, "{\"k\": %lld, \"sites\": [", (long long)k);

	(void)pthread_mutex_lock(&table.lock);
	for (size_t i = 0; i < INVENTORY_SITES && table.sites[i] != NULL; i++) {
		if (host.n > 0 && !tc_eq(host, table.sites[i]->host))
			continue;
		r |= write_site(out, table.sites[i], k, before);
		before = ",";
	}
	r |= buf_printf(out, "\n], \"responses_not_kept\": %llu}\n", (unsigned long long)table.sites_unkept);
	(void)pthread_mutex_unlock(&table.lock);
	return r < 0 ? -1 : 0;
}
