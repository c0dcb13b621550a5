/*
 * h2_watch.c: what nghttp2 lets pass and we do not: frames on streams that are no more, which it has forgotten, and heads of
 * frames that it does not judge (RFC 9113 4.2, 5.1, 5.1.1, 6.3; RFC 7540 5.3.1).
 */
#include "http/h2_internal.h"

#define FRAME_HEAD 9
#define FRAME_MAX (16 << 10) /* SETTINGS_MAX_FRAME_SIZE, which we leave as it is */
#define PREFACE 24

void
watch_init(struct watch *w)
{
	*w = (struct watch){.skip = PREFACE};
}

/* ---- streams that have been ---- */

void
watch_reset(struct watch *w, int32_t id)
{
	int32_t *place = &w->reset[w->resets++ % WATCH_RESETS];

	if (*place > w->forgotten)
		w->forgotten = *place;
	*place = id;
}

/* What comes for it may have been on its way before the visitor heard of that. */
static bool
was_reset(const struct watch *w, int32_t id)
{
	for (unsigned i = 0; i < WATCH_RESETS; i++)
		if (w->reset[i] == id)
			return true;
	return id <= w->forgotten;
}

static void
note_stream(struct watch *w, int32_t id)
{
	int32_t next = w->last == 0 ? 1 : w->last + 2;

	if (id > next) {
		w->gap_from = next;
		w->gap_to = id - 2;
	}
	w->last = id;
}

/* A frame that only a stream can have that is open, or opens with it. */
static uint32_t
judge_stream(const struct watch *w, nghttp2_session *session, int32_t id)
{
	if (w->last_call || id % 2 == 0 || id > w->last)
		return NGHTTP2_NO_ERROR; /* it knows, or will not listen */
	if (nghttp2_session_find_stream(session, id) != NULL || was_reset(w, id))
		return NGHTTP2_NO_ERROR;
	return id >= w->gap_from && id <= w->gap_to ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_STREAM_CLOSED;
}

uint32_t
watch_frame(struct watch *w, nghttp2_session *session, const nghttp2_frame_hd *hd)
{
	uint32_t code;

	if (hd->length > FRAME_MAX)
		return NGHTTP2_FRAME_SIZE_ERROR;
	if (hd->type != NGHTTP2_HEADERS)
		return NGHTTP2_NO_ERROR;
	code = judge_stream(w, session, hd->stream_id);
	if (hd->stream_id > w->last && hd->stream_id % 2 == 1)
		note_stream(w, hd->stream_id);
	return code;
}

/* ---- heads of frames that there is no callback for ---- */

static uint32_t
length_of(const struct watch *w)
{
	return (uint32_t)w->head[0] << 16 | (uint32_t)w->head[1] << 8 | w->head[2];
}

static int32_t
id_at(const uint8_t *p)
{
	return (int32_t)(((uint32_t)p[0] & 0x7f) << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

/* Its head, and of PRIORITY what it depends on. */
static unsigned
wanted(const struct watch *w)
{
	bool more = w->n >= FRAME_HEAD && w->head[3] == NGHTTP2_PRIORITY && length_of(w) >= 4;

	return more ? WATCH_HEAD : FRAME_HEAD;
}

bool
watch_is_unknown(const struct watch *w)
{
	return w->head[3] > NGHTTP2_CONTINUATION && w->head[3] != NGHTTP2_PRIORITY_UPDATE;
}

bool
watch_walk(struct watch *w, struct tc_str in, size_t *at, size_t *start)
{
	while (*at < in.n) {
		size_t left = in.n - *at;

		if (w->skip > 0) {
			left = left < w->skip ? left : w->skip;
			*at += left;
			w->skip -= (uint32_t)left;
			continue;
		}
		if (w->n == 0)
			*start = *at;
		w->head[w->n++] = (uint8_t)in.p[(*at)++];
		if (w->n < wanted(w))
			continue;
		w->skip = length_of(w) - (w->n - FRAME_HEAD);
		w->n = 0;
		if (w->head[3] == NGHTTP2_DATA || w->head[3] == NGHTTP2_PRIORITY || watch_is_unknown(w))
			return true;
	}
	return false;
}

uint32_t
watch_judge(const struct watch *w, nghttp2_session *session)
{
	int32_t id = id_at(w->head + 5);

	if (w->head[3] == NGHTTP2_DATA)
		return judge_stream(w, session, id);
	if (w->head[3] != NGHTTP2_PRIORITY)
		return NGHTTP2_NO_ERROR;
	if (id == 0 || (length_of(w) == 5 && id_at(w->head + FRAME_HEAD) == id))
		return NGHTTP2_PROTOCOL_ERROR;
	return NGHTTP2_NO_ERROR;
}
