/* h2_respond.c: the fields of a response as HTTP/2 has them: lower-case names, no connection, no transfer coding. */
#include "http/h2_internal.h"

#include "http/bytes.h"
#include "http/date.h"
#include "http/hop.h"

#define OWN_FIELDS 3 /* :status, date, content-length */
#define NUMBER_MAX 20

/* Names as HTTP/2 has them, made once before main(). */
static char lower[TC_F_COUNT][48];

static __attribute__((constructor)) void
make_names(void)
{
#define X(e, name) _Static_assert(sizeof(name) <= sizeof(lower[0]), "a name is longer");
	TC_FIELD_NAMES(X)
#undef X
	    for (size_t id = 1; id < TC_F_COUNT; id++)
	{
		struct tc_str name = tc_field_name((enum tc_fid)id);

		for (size_t i = 0; i < name.n; i++)
			lower[id][i] = tc_lower(name.p[i]);
	}
}

struct writer {
	nghttp2_nv *v;
	size_t n;
	struct tc_arena *arena;
	bool bad;
};

static void
put(struct writer *w, struct tc_str name, struct tc_str value)
{
	w->v[w->n++] = (nghttp2_nv){
		.name = (uint8_t *)(uintptr_t)name.p,
		.namelen = name.n,
		.value = (uint8_t *)(uintptr_t)value.p,
		.valuelen = value.n,
	};
}

static struct tc_str
number(struct tc_arena *arena, uint64_t n)
{
	char text[NUMBER_MAX];
	size_t at = sizeof(text);

	do
		text[--at] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	return tc_copy(arena, tc_str_of(text + at, sizeof(text) - at));
}

static struct tc_str
name_of(const struct tc_field *f, struct tc_arena *arena)
{
	char *p;

	if (f->id != TC_F_OTHER)
		return tc_str_of(lower[f->id], f->name.n);
	p = is_token(f->name) ? tc_alloc_bytes(arena, f->name.n) : NULL;
	for (size_t i = 0; p != NULL && i < f->name.n; i++)
		p[i] = tc_lower(f->name.p[i]);
	return tc_str_of(p, f->name.n);
}

static void
put_fields(struct writer *w, const struct tc_fields *fs, bool websocket)
{
	for (size_t i = 0; i < fs->n; i++) {
		const struct tc_field *f = &fs->v[i];
		struct tc_str name;

		if (f->dropped || hop_by_hop[f->id])
			continue;
		if (websocket && tc_ieq(f->name, TC_STR("Sec-WebSocket-Accept")))
			continue; /* answers a key that was never asked (RFC 8441 5) */
		name = name_of(f, w->arena);
		w->bad |= name.p == NULL || has_control(f->value.p, f->value.n);
		put(w, name, f->value);
	}
}

/* As h1_write.c: what says how long the body is, or would be. */
static bool
has_length(const struct tc_response *res, const struct framing *f)
{
	if (res->status < 200 || res->status == 204)
		return false;
	if (res->status == 304 || res->head_only)
		return f->kind == BODY_LENGTH || f->declared;
	return f->kind == BODY_LENGTH || f->kind == BODY_NONE;
}

int
h2_fields(const struct tc_response *res, const struct framing *f, struct tc_arena *arena, nghttp2_nv **v, size_t *n)
{
	struct writer w = {.arena = arena};
	bool switched = res->status == 101;
	int status = switched ? 200 : res->status;
	char *date;

	w.v = tc_alloc(arena, (res->fields.n + OWN_FIELDS) * sizeof(*w.v));
	date = tc_alloc_bytes(arena, HTTP_DATE_LENGTH);
	if (w.v == NULL || date == NULL || status < 100 || status > 599)
		return -1;
	put(&w, TC_STR(":status"), number(arena, (uint64_t)status));
	if (status >= 200 && tc_field_first(&res->fields, TC_F_DATE) == NULL) {
		http_date(time(NULL), date);
		put(&w, TC_STR("date"), tc_str_of(date, HTTP_DATE_LENGTH));
	}
	put_fields(&w, &res->fields, switched);
	if (!switched && has_length(res, f))
		put(&w, TC_STR("content-length"), number(arena, f->length));
	*v = w.v;
	*n = w.n;
	for (size_t i = 0; i < w.n; i++)
		w.bad |= w.v[i].value == NULL && w.v[i].valuelen > 0;
	return w.bad ? -1 : 0;
}
