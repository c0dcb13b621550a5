/* coding.c: which codings a message has and takes. */
#include "coding.h"

static const struct tc_str names[CODING_COUNT] = {
	[CODING_NONE] = TC_STR_INIT("identity"),
	[CODING_GZIP] = TC_STR_INIT("gzip"),
	[CODING_DEFLATE] = TC_STR_INIT("deflate"),
	[CODING_BR] = TC_STR_INIT("br"),
	[CODING_ZSTD] = TC_STR_INIT("zstd"),
};

struct tc_str
coding_name(enum coding c)
{
	return names[c];
}

static enum coding
coding_named(struct tc_str name)
{
	enum coding c = CODING_NONE;

	if (name.n == 0)
		return CODING_NONE;
	if (tc_ieq(name, TC_STR("x-gzip")))
		return CODING_GZIP;
	while (c < CODING_COUNT && !tc_ieq(name, names[c]))
		c++;
	return c;
}

int
coding_list(const struct tc_fields *fields, bool dropped, enum coding out[CODINGS_MAX])
{
	int n = 0;

	for (const struct tc_field *f = tc_field_next(fields, NULL, TC_F_CONTENT_ENCODING); f != NULL;
	     f = tc_field_next(fields, f, TC_F_CONTENT_ENCODING)) {
		struct tc_str rest = f->value;

		if (f->dropped != dropped)
			continue;
		while (rest.p != NULL) {
			enum coding one = coding_named(tc_next(&rest, ','));

			if (one == CODING_NONE)
				continue;
			if (one == CODING_OTHER || n == CODINGS_MAX)
				return -1;
			out[n++] = one;
		}
	}
	return n;
}

/* RFC 9110 12.4.2: "0", "0.5", "1.000". What is no weight at all refuses. */
static uint16_t
weight(struct tc_str q)
{
	unsigned value = 0, digit = 1000;

	if (q.n == 0 || q.n > 5 || (q.p[0] != '0' && q.p[0] != '1') || (q.n > 1 && q.p[1] != '.'))
		return 0;
	for (size_t i = 0; i < q.n; i++) {
		if (i == 1)
			continue;
		if (q.p[i] < '0' || q.p[i] > '9')
			return 0;
		value += (unsigned)(q.p[i] - '0') * digit;
		digit /= 10;
	}
	return value > 1000 ? 1000 : (uint16_t)value;
}

static uint16_t
weight_of(struct tc_str params)
{
	while (params.p != NULL) {
		struct tc_str param = tc_next(&params, ';');

		if (tc_istarts(param, TC_STR("q=")))
			return weight(tc_str_of(param.p + 2, param.n - 2));
	}
	return 1000;
}

/* What browsers send, which is nearly always one of these. */
#define WISHES(list, ...) \
	{ \
		.q = {[CODING_NONE] = 1000, __VA_ARGS__}, .readable = TC_STR_INIT(list) \
	}
#define GZIP [CODING_GZIP] = 1000, [CODING_DEFLATE] = 1000
static const struct coding_wishes COMMON[] = {
	WISHES("gzip, deflate, br, zstd", GZIP, [CODING_BR] = 1000, [CODING_ZSTD] = 1000),
	WISHES("gzip, deflate, br", GZIP, [CODING_BR] = 1000),
	WISHES("gzip, deflate", GZIP),
	WISHES("gzip", [CODING_GZIP] = 1000),
};
#undef GZIP
#undef WISHES

static bool
wishes_common(const struct tc_fields *request, struct coding_wishes *w)
{
	const struct tc_field *f = tc_field_first(request, TC_F_ACCEPT_ENCODING);

	for (size_t i = 0; f != NULL && i < sizeof(COMMON) / sizeof(*COMMON); i++)
		if (tc_eq(f->value, COMMON[i].readable)) {
			*w = COMMON[i];
			while ((f = tc_field_next(request, f, TC_F_ACCEPT_ENCODING)) != NULL)
				if (!f->dropped)
					return false;
			return true;
		}
	return false;
}

void
coding_wishes(const struct tc_fields *request, struct coding_wishes *w)
{
	bool named[CODING_COUNT] = {false};
	uint16_t any = 0;
	bool star = false;

	if (wishes_common(request, w))
		return;
	*w = (struct coding_wishes){.q = {[CODING_NONE] = 1000}};
	for (size_t i = 0; i < request->n; i++) {
		struct tc_str rest = request->v[i].value;

		if (request->v[i].id != TC_F_ACCEPT_ENCODING || request->v[i].dropped)
			continue;
		while (rest.p != NULL) {
			struct tc_str params = tc_next(&rest, ','), name = tc_next(&params, ';');
			uint16_t q = weight_of(params);
			enum coding c;

			if (tc_eq(name, TC_STR("*"))) {
				star = true;
				any = q;
			}
			c = coding_named(name);
			if (name.n == 0 || c == CODING_OTHER)
				continue;
			w->q[c] = named[c] && w->q[c] < q ? w->q[c] : q; /* named twice: the stricter */
			named[c] = true;
		}
	}
	if (star && !named[CODING_GZIP])
		w->q[CODING_GZIP] = any;
	if (star && any == 0 && !named[CODING_NONE])
		w->q[CODING_NONE] = 0;
	w->plain_named = named[CODING_NONE];
}
