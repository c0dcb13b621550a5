/*
 * encode.c: packs bodies for the visitor: what the site says is packed at the edge (sites[].compress), and a page that
 * had come packed and was unpacked to be rewritten.
 *
 * What arrives goes out: as soon as the core has nothing more at hand, all that was given is flushed, so that a page
 * which drips still drips. A body that is there at once is packed at once.
 */
#include "coding.h"

enum { LENGTH_MIN = 1024 }; /* below, a packet is a packet */

/*
 * In the order of choice among those that a visitor takes equally gladly. zstd packs in a fifth of br's time; who wants
 * the 12 % that br is shorter lists br without zstd. gzip for all others.
 */
static const struct {
	enum coding coding;
	uint32_t bit;
	const struct packer *packer;
} packers[] = {
	{CODING_ZSTD, TC_CODING_ZSTD, &pack_zstd},
	{CODING_BR, TC_CODING_BR, &pack_brotli},
	{CODING_GZIP, TC_CODING_GZIP, &pack_gzip},
};

enum { PACKERS = sizeof(packers) / sizeof(*packers) };

struct encode {
	const struct packer *packer;
	void *state; /* made when the body turns out to come in pieces */
	bool dirty;  /* something was given since the last flush */
};

/* ---- which responses ---- */

/* Media types of text, and of what packs as well as text. text/event-stream is none: each event counts at once. */
static bool
is_texty(struct tc_str type)
{
	static const struct tc_str types[] = {
		TC_STR_INIT("application/javascript"),
		TC_STR_INIT("application/json"),
		TC_STR_INIT("application/manifest+json"),
		TC_STR_INIT("application/rtf"),
		TC_STR_INIT("application/vnd.ms-fontobject"),
		TC_STR_INIT("application/wasm"),
		TC_STR_INIT("application/x-javascript"),
		TC_STR_INIT("application/xml"),
		TC_STR_INIT("font/otf"),
		TC_STR_INIT("font/ttf"),
		TC_STR_INIT("image/bmp"),
		TC_STR_INIT("image/vnd.microsoft.icon"),
		TC_STR_INIT("image/x-icon"),
	};

	if (tc_starts(type, TC_STR("text/")))
		return !tc_eq(type, TC_STR("text/event-stream"));
	if (tc_starts(type, TC_STR("application/grpc")))
		return false; /* frames of its own, in pieces that count */
	if (tc_ends(type, TC_STR("+json")) || tc_ends(type, TC_STR("+xml")))
		return true;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (tc_eq(type, types[i]))
			return true;
	return false;
}

/* Statuses with a whole representation, pages of errors too. */
static bool
is_whole_answer(int status)
{
	return (status >= 200 && status <= 203) || status == 403 || status == 404 || status == 410;
}

/* Is there a member of one of these names in the rows of a list, whatever follows its '='? */
static bool
has_member(const struct tc_fields *fields, enum tc_fid id, const struct tc_str *names, size_t n)
{
	for (const struct tc_field *f = tc_field_next(fields, NULL, id); f != NULL; f = tc_field_next(fields, f, id)) {
		struct tc_str rest = f->value;

		if (f->dropped)
			continue;
		while (rest.p != NULL) {
			struct tc_str item = tc_next(&rest, ',');

			item.n = tc_find_byte(item, '=');
			item = tc_trim(item);
			for (size_t k = 0; k < n; k++)
				if (tc_ieq(item, names[k]))
					return true;
		}
	}
	return false;
}

/*
 * Content-Length says that it is little. The core has checked the value, and dropped the row, as it writes its own: so
 * rows that were dropped are looked at.
 */
static bool
is_short(const struct tc_fields *fields)
{
	for (const struct tc_field *f = tc_field_next(fields, NULL, TC_F_CONTENT_LENGTH); f != NULL;
	     f = tc_field_next(fields, f, TC_F_CONTENT_LENGTH)) {
		struct tc_str length = f->value;
		unsigned n = 0;

		if (length.n == 0)
			continue;
		for (size_t k = 0; k < length.n && n < LENGTH_MIN; k++)
			n = n * 10 + (unsigned)(length.p[k] - '0');
		return n < LENGTH_MIN;
	}
	return false;
}

/* Worth it, and allowed, for whoever takes a coding of the site's. */
static bool
is_worth(const struct tc_call *c, bool unbuffered)
{
	static const struct tc_str as_it_is[] = {TC_STR_INIT("no-transform")};
	const struct tc_fields *fields = &c->res->fields;
	enum coding applied[CODINGS_MAX];

	return c->site->compress != 0 && is_whole_answer(c->res->status) && is_texty(c->res->type) && !unbuffered &&
	    coding_list(fields, false, applied) == 0 && tc_field_first(fields, TC_F_CONTENT_RANGE) == NULL &&
	    !has_member(fields, TC_F_CACHE_CONTROL, as_it_is, 1) && !is_short(fields);
}

/* A 304 names no type, most often: what it stands for may have been packed. */
static bool
may_have_been_packed(const struct tc_call *c)
{
	return c->res->status == 304 && c->site->compress != 0 && (c->res->type.n == 0 || is_texty(c->res->type));
}

/* "X-Accel-Buffering: no" speaks to the proxy, and ends with it. */
static bool
take_unbuffered(struct tc_fields *fields)
{
	bool no = tc_ieq(tc_field_value(fields, TC_F_X_ACCEL_BUFFERING), TC_STR("no"));

	(void)tc_field_drop(fields, TC_F_X_ACCEL_BUFFERING);
	return no;
}

/* ---- the head ---- */

/* Vary names Accept-Encoding once. */
static int
vary_by_coding(struct tc_fields *fields)
{
	static const struct tc_str enough[] = {TC_STR_INIT("Accept-Encoding"), TC_STR_INIT("*")};
	struct tc_field *vary = tc_field_first(fields, TC_F_VARY);

	if (vary == NULL || vary->value.n == 0)
		return tc_field_set(fields, TC_F_VARY, TC_STR("Accept-Encoding"));
	if (tc_eq(vary->value, enough[0]) || has_member(fields, TC_F_VARY, enough, 2))
		return 0;
	vary->value = tc_join(fields->arena, (struct tc_str[]){vary->value, TC_STR(", Accept-Encoding")}, 2);
	return vary->value.p == NULL ? -1 : 0;
}

/*
 * The codings of a body that has come packed and is plain now; 0: it has not. It goes out as the site says, else as it
 * came; gzip is always among them.
 */
static uint32_t
came_packed(const struct tc_call *c)
{
	enum coding applied[CODINGS_MAX];
	uint32_t bits = TC_CODING_GZIP;
	int n;

	if (!tc_body_wanted(c) || tc_field_first(&c->res->fields, TC_F_CONTENT_ENCODING) != NULL)
		return 0;
	n = coding_list(&c->res->fields, true, applied);
	if (n <= 0)
		return 0;
	for (int i = 0; i < PACKERS; i++)
		if (packers[i].coding == applied[n - 1])
			bits |= packers[i].bit;
	return c->site->compress != 0 ? c->site->compress | TC_CODING_GZIP : bits;
}

/* The packer of what the visitor likes best, of the codings in `may`; PACKERS: none. */
static int
choose(const struct tc_call *c, uint32_t may)
{
	struct coding_wishes w;
	int best = PACKERS;

	coding_wishes(&c->req->fields, &w);
	for (int i = 0; i < PACKERS; i++) {
		uint16_t q = w.q[packers[i].coding];

		if ((packers[i].bit & may) != 0 && q > 0 && (best == PACKERS || q > w.q[packers[best].coding]))
			best = i;
	}
	if (best < PACKERS && w.plain_named && w.q[CODING_NONE] > w.q[packers[best].coding])
		return PACKERS;
	return best;
}

static int
encode_response(struct tc_call *c)
{
	struct tc_fields *fields = &c->res->fields;
	struct encode *st = c->state;
	bool unbuffered = take_unbuffered(fields);
	uint32_t may = came_packed(c);
	int best;

	if (may == 0 && is_worth(c, unbuffered))
		may = c->site->compress;
	if (may == 0 && !may_have_been_packed(c))
		return 0;
	if (vary_by_coding(fields) < 0)
		return 502;
	best = choose(c, may);
	if (best == PACKERS)
		return 0;
	if (tc_field_set(fields, TC_F_CONTENT_ENCODING, coding_name(packers[best].coding)) < 0)
		return 502;
	st->packer = packers[best].packer;
	tc_want_body(c);
	return 0;
}

/* ---- the body ---- */

static int
encode_body(struct tc_call *c, struct tc_str *in, bool last)
{
	struct encode *st = c->state;
	bool flush = tc_flushing(c);
	enum pack_how how = last ? PACK_END : flush ? PACK_FLUSH
						    : PACK_MORE;
	int r = 0;

	if (!last && in->n == 0 && !(flush && st->dirty))
		return 0;
	if (st->state == NULL) {
		if (!last && !flush && in->n < PACK_WHOLE_MAX)
			return 0; /* it may be whole in a moment */
		if (last && st->packer->whole != NULL && in->n <= PACK_WHOLE_MAX) {
			r = st->packer->whole(c, *in);
			tc_skip(in, in->n);
			return r;
		}
		st->state = st->packer->begin();
		if (st->state == NULL)
			return -1;
	}
	r = st->packer->pack(st->state, c, *in, how);
	st->dirty = how == PACK_MORE;
	tc_skip(in, in->n);
	return r;
}

static void
encode_done(struct tc_call *c)
{
	struct encode *st = c->state;

	if (st->state != NULL)
		st->packer->end(st->state);
	st->state = NULL;
}

const struct tc_filter filter_encode = {
	.name = "encode",
	.help = "pack bodies for the visitor",
	.phase = TC_ENCODE,
	.state_size = sizeof(struct encode),
	.response = encode_response,
	.body = encode_body,
	.done = encode_done,
};
