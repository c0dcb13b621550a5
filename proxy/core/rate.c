/*
 * rate.c: see rate.h. The generic cell rate algorithm (ITU-T I.371) in one word per bucket.
 *
 *	hash of (limit, visitor):  [ tag: 24 bits | ... | set: 13 bits ]
 *	sets[set], a cache line:   [ cell | cell | cell | cell | cell | cell | cell | cell ]
 *	cell:                      [ tag: 24 bits | when the bucket will be full: 40 bits of microseconds ]   0: free
 *
 * A bucket that will be full at `full` has room for one request more if that moves `full` no further than burst
 * requests from now. A cell is changed as a whole, by compare and exchange, so there is neither a lock nor a moment at
 * which tag and time belong to different visitors.
 *
 * A set that is full loses the cell that is nearest to a full bucket: most often one that has long been full and says
 * nothing any more. Who sends from many addresses can push out cells that do say something, and thereby forgive
 * others what they have used; he cannot use up their buckets, but for the one in two million that shares set and tag
 * with one of eight of his.
 */
#include "core/rate.h"

#include <assert.h>
#include <stdatomic.h>

#include "net/crypto.h"

#define SETS 8192
#define WAYS 8
#define TAG_BITS 24
#define TIME_BITS 40 /* 12 days: a cell is a day old at most, and its time WINDOW_MAX ahead */
#define TIME_MASK (((uint64_t)1 << TIME_BITS) - 1)
#define WINDOW_MAX ((uint64_t)3 * 86400 * 1000000) /* us: what a bucket may have to catch up with */
#define SALT_MS ((uint64_t)86400 * 1000)

/* 512 KiB. Pages that nobody's cell is in are not there. */
struct table {
	_Alignas(64) _Atomic uint64_t salt[2];
	_Atomic bool changing; /* the salt is being replaced */
	_Alignas(64) _Atomic uint64_t sets[SETS][WAYS];
};

static struct table *table; /* NULL: not started, nothing is limited */
static uv_timer_t timer;

/* ---- cells ---- */

static uint64_t
tag_of(uint64_t hash)
{
	uint64_t tag = hash >> (64 - TAG_BITS);

	return tag != 0 ? tag : 1; /* so that no cell in use is 0 */
}

static uint64_t
cell_of(uint64_t tag, uint64_t full)
{
	return tag << TIME_BITS | (full & TIME_MASK);
}

/* How far ahead the cell's time is, in us; 0 if it has come. Times wrap: the nearer side of the circle counts. */
static uint64_t
ahead(uint64_t cell, uint64_t now)
{
	uint64_t d = (cell - now) & TIME_MASK;

	return cell == 0 || d > TIME_MASK / 2 ? 0 : d;
}

/* How stale: free first, then the longest full, then the next to be. */
static uint64_t
staleness(uint64_t cell, uint64_t now)
{
	return cell == 0 ? UINT64_MAX : (now - cell + TIME_MASK / 2) & TIME_MASK;
}

/* The cell with this tag, or else the stalest one; *seen is what was in it. */
static _Atomic uint64_t *
find_cell(_Atomic uint64_t set[WAYS], uint64_t tag, uint64_t now, uint64_t *seen)
{
	_Atomic uint64_t *best = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < WAYS; i++) {
		uint64_t cell = atomic_load_explicit(&set[i], memory_order_relaxed);
		uint64_t s = staleness(cell, now);

		if (cell >> TIME_BITS == tag) {
			*seen = cell;
			return &set[i];
		}
		if (best == NULL || s > most) {
			best = &set[i];
			most = s;
			*seen = cell;
		}
	}
	return best;
}

/* ---- buckets ---- */

struct bucket {
	uint64_t step;   /* us that one request costs */
	uint64_t window; /* us that the bucket holds */
};

static uint64_t
clamp(uint64_t us)
{
	return us < 1 ? 1 : us < WINDOW_MAX ? us
					    : WINDOW_MAX;
}

static struct bucket
bucket_of(const struct config_rate *limit)
{
	double step = (double)limit->per_ms * 1000 / (double)limit->requests;
	double window = step * (double)(limit->burst > 1 ? limit->burst : 1);
	struct bucket b = {.step = clamp((uint64_t)step)};

	b.window = window < (double)WINDOW_MAX ? clamp((uint64_t)window) : WINDOW_MAX;
	if (b.window < b.step)
		b.window = b.step;
	return b;
}

/* 0, or the us to wait. */
static uint64_t
take(struct table *t, const struct bucket *b, uint64_t hash, uint64_t now)
{
	_Atomic uint64_t *set = t->sets[hash % SETS];
	uint64_t tag = tag_of(hash), seen = 0;

	for (;;) {
		_Atomic uint64_t *cell = find_cell(set, tag, now, &seen);
		uint64_t used = seen >> TIME_BITS == tag ? ahead(seen, now) : 0, full, wait = 0;
		bool milder = used > b->window; /* a reload made it so: nobody waits for the old limit */

		if (milder)
			used = b->window;
		full = now + used + b->step;
		if (used + b->step > b->window) {
			wait = used + b->step - b->window;
			full = now + used;
			if (!milder)
				return wait;
		}
		/* Not taken: another loop was faster, here or with a visitor who got the same cell. Look again. */
		if (atomic_compare_exchange_strong_explicit(cell, &seen, cell_of(tag, full), memory_order_relaxed,
			memory_order_relaxed))
			return wait;
	}
}

/* ---- the key ---- */

/* The address itself, of IPv6 the network: whoever has a /64 has all of its addresses. */
static uint64_t
hash_visitor(struct table *t, uint64_t name, const struct tc_addr *a)
{
	uint64_t key[2] = {atomic_load_explicit(&t->salt[0], memory_order_relaxed),
	    atomic_load_explicit(&t->salt[1], memory_order_relaxed)};
	uint8_t text[17];
	uint64_t hash;

	memcpy(text, &name, 8);
	memcpy(text + 8, a->family == 4 ? a->ip + 8 : a->ip, 8); /* IPv4: four zeroes before it */
	text[16] = a->family;
	hash = crypto_siphash(key, text, sizeof(text));
	explicit_bzero(key, sizeof(key));
	explicit_bzero(text, sizeof(text));
	return hash;
}

/*
 * A new salt over the old one, and no cell of the old. Requests that come meanwhile go through; one that began before
 * may leave a cell in the new table that no visitor has.
 */
static int
change_salt(struct table *t)
{
	uint64_t salt[2];

	if (!crypto_random(salt, sizeof(salt)))
		return -1;
	atomic_store(&t->changing, true);
	atomic_store(&t->salt[0], salt[0]);
	atomic_store(&t->salt[1], salt[1]);
	explicit_bzero(salt, sizeof(salt));
	for (size_t i = 0; i < SETS; i++)
		for (size_t k = 0; k < WAYS; k++)
			if (atomic_load(&t->sets[i][k]) != 0) /* a page of zeroes is not to be had for zeroes */
				atomic_store(&t->sets[i][k], 0);
	atomic_store(&t->changing, false);
	return 0;
}

static void
on_day(uv_timer_t *unused)
{
	(void)unused;
	if (change_salt(table) < 0)
		abort(); /* the old salt may not live on */
}

int
rate_start(struct loop *control)
{
	assert(table == NULL);
	table = crypto_pages(sizeof(*table));
	if (table == NULL || change_salt(table) < 0)
		return -1;
	(void)uv_timer_init(&control->uv, &timer);
	(void)uv_timer_start(&timer, on_day, SALT_MS, SALT_MS);
	uv_unref((uv_handle_t *)&timer);
	return 0;
}

/* ---- what a request asks ---- */

static uint64_t
mix(uint64_t h, struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3ull;
	return (h ^ 0xff) * 0x100000001b3ull; /* no name has that byte: it ends one */
}

uint64_t
rate_name(const struct config_site *site, const struct tc_route *route)
{
	const struct config_route *r = config_route_of(site, route);
	uint64_t h = mix(0xcbf29ce484222325ull, site->pub.hosts.v[0]);

	return r->rate_key == &r->rate ? mix(h, route->name) : h;
}

unsigned
rate_take(const struct config_rate *limit, uint64_t name, const struct tc_addr *visitor, uint64_t now_ms)
{
	struct bucket b;
	uint64_t wait;

	if (limit->requests <= 0 || visitor->family == 0 || table == NULL ||
	    atomic_load_explicit(&table->changing, memory_order_relaxed))
		return 0;
	b = bucket_of(limit);
	wait = take(table, &b, hash_visitor(table, name, visitor), now_ms * 1000);
	return (unsigned)((wait + 999999) / 1000000);
}
