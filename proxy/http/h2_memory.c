/*
 * h2_memory.c: the memory of nghttp2's sessions. All that goes back is wiped: HPACK's tables hold cookies. Two large pieces of
 * each session are of no use while it rests, and not held by it:
 *
 *	the frame, into which it packs what it sends (16 KiB)	one for all sessions of a thread
 *	the table of its streams (a page)			its own, but left to the system while it is empty
 *
 * Why the frame may be shared: nghttp2 fills it only while it sends, packs each frame from its first byte, and begins the next
 * when the callbacks have taken the one before. It returns when nothing is left to begin, and then what the frame holds
 * has been sent; or because a callback said WOULDBLOCK, and will want to find the same frame again. Only then, or if it
 * failed, are the bytes kept aside until the session sends again. Between two sessions they are wiped: were all this
 * wrong, a visitor would get zeros, and never what is another's.
 *
 * Which piece is the frame is not told by its size alone: shares_frame() tries it with the library that is there.
 */
#include "http/h2_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/wipe.h"

#define FRAME_LEAST (16 << 10) /* a frame's payload (SETTINGS_MAX_FRAME_SIZE) has room in it */

static _Thread_local struct {
	_Alignas(16) uint8_t bytes[FRAME_LEAST + 64];
	size_t used;
	bool lent;
} frame;

static bool shares;
static size_t page; /* bytes */

/* ---- what nghttp2 calls ---- */

static void *
mem_malloc(size_t n, void *ctx)
{
	struct h2_memory *m = ctx;

	if (!m->begins || !shares || m->frame != NULL || n < FRAME_LEAST || n > sizeof(frame.bytes))
		return malloc(n);
	m->frame = frame.bytes;
	return m->frame;
}

static void
mem_free(void *p, void *ctx)
{
	struct h2_memory *m = ctx;

	if (p != NULL && p == m->frame)
		return;
	if (p == m->table)
		m->table = NULL;
	wipe_free(p);
}

static void *
mem_calloc(size_t n, size_t size, void *ctx)
{
	struct h2_memory *m = ctx;

	if (!m->begins || m->table != NULL || size == 0 || page % size != 0 || n != page / size)
		return calloc(n, size);
	m->table = aligned_alloc(page, page);
	if (m->table != NULL)
		memset(m->table, 0, page);
	return m->table;
}

static void *
mem_realloc(void *p, size_t n, void *ctx)
{
	struct h2_memory *m = ctx;

	if (p == NULL)
		return mem_malloc(n, ctx);
	if (p == m->frame)
		return NULL; /* it cannot grow, and need not */
	if (p == m->table)
		m->table = NULL;
	return wipe_realloc(p, n);
}

/* ---- what h2.c calls ---- */

int
h2_memory_session(struct h2_memory *m, nghttp2_session **session, const nghttp2_session_callbacks *callbacks, void *user,
    const nghttp2_option *options)
{
	nghttp2_mem mem = {m, mem_malloc, mem_free, mem_calloc, mem_realloc};
	int r;

	*m = (struct h2_memory){.begins = true};
	r = nghttp2_session_server_new3(session, callbacks, user, options, &mem);
	m->begins = false;
	return r;
}

void
h2_memory_lend(struct h2_memory *m)
{
	if (m->frame == NULL)
		return;
	assert(m->frame == frame.bytes && !frame.lent); /* a session lives in one thread, and no two send at a time */
	frame.lent = true;
	if (m->kept == NULL)
		return;
	memcpy(frame.bytes, m->kept, sizeof(frame.bytes));
	frame.used = sizeof(frame.bytes);
	wipe_free(m->kept);
	m->kept = NULL;
}

/* Of bytes that nghttp2 shows: do they lie in the frame? */
static bool
is_inside(const uint8_t *p, size_t n)
{
	uintptr_t at = (uintptr_t)p - (uintptr_t)frame.bytes;

	return at <= sizeof(frame.bytes) && n <= sizeof(frame.bytes) - at;
}

void
h2_memory_sent(const uint8_t *p, size_t n)
{
	if (is_inside(p, n) && frame.used < (size_t)(p - frame.bytes) + n)
		frame.used = (size_t)(p - frame.bytes) + n;
}

void
h2_memory_return(struct h2_memory *m, bool begun)
{
	if (m->frame == NULL)
		return;
	assert(frame.lent);
	if (begun) {
		m->kept = malloc(sizeof(frame.bytes));
		if (m->kept == NULL)
			abort();
		memcpy(m->kept, frame.bytes, sizeof(frame.bytes));
	}
	if (frame.used > 0)
		explicit_bzero(frame.bytes, frame.used);
	frame.used = 0;
	frame.lent = false;
}

/* Reads as zeros when it is used again, which is what it holds: nghttp2 cannot tell the difference. */
void
h2_memory_rest(struct h2_memory *m)
{
	const uint8_t *p = m->table;

	if (p != NULL && p[0] == 0 && memcmp(p, p + 1, page - 1) == 0)
		(void)madvise(m->table, page, MADV_DONTNEED);
}

void
h2_memory_free(struct h2_memory *m)
{
	assert(m->table == NULL);
	wipe_free(m->kept);
	m->kept = NULL;
}

/* ---- once, before there are threads ---- */

static ssize_t
on_trial(nghttp2_session *session, const uint8_t *p, size_t n, int flags, void *user)
{
	bool *inside = user;

	(void)session;
	(void)flags;
	*inside = is_inside(p, n);
	return (ssize_t)n;
}

/* A session that sends one frame: does it come from the piece that we take for it? */
static bool
shares_frame(void)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_session *session;
	struct h2_memory m;
	bool inside = false;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		abort();
	nghttp2_session_callbacks_set_send_callback(callbacks, on_trial);
	if (h2_memory_session(&m, &session, callbacks, &inside, NULL) != 0 ||
	    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, NULL, 0) != 0)
		abort();
	h2_memory_lend(&m);
	if (nghttp2_session_send(session) != 0)
		abort();
	h2_memory_return(&m, false);
	nghttp2_session_del(session);
	h2_memory_free(&m);
	nghttp2_session_callbacks_del(callbacks);
	return inside;
}

static __attribute__((constructor)) void
try_library(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	shares = true;
	shares = shares_frame();
}
