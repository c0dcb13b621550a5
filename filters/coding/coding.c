/* coding.c: which codings a message has and takes, and memory for zlib that is wiped. */
#include "coding.h"

static enum coding
coding_named(struct tc_str name)
{
	if (name.n == 0 || tc_ieq(name, TC_STR("identity")))
		return CODING_NONE;
	if (tc_ieq(name, TC_STR("gzip")) || tc_ieq(name, TC_STR("x-gzip")))
		return CODING_GZIP;
	if (tc_ieq(name, TC_STR("deflate")))
		return CODING_DEFLATE;
	return CODING_OTHER;
}

enum coding
coding_of(const struct tc_fields *fields, bool dropped)
{
	enum coding all = CODING_NONE;

	for (size_t i = 0; i < fields->n; i++) {
		const struct tc_field *f = &fields->v[i];
		struct tc_str rest = f->value;

		if (f->id != TC_F_CONTENT_ENCODING || f->dropped != dropped)
			continue;
		while (rest.p != NULL) {
			enum coding one = coding_named(tc_next(&rest, ','));

			if (one != CODING_NONE)
				all = all == CODING_NONE ? one : CODING_OTHER;
		}
	}
	return all;
}

/* RFC 9110 12.4.2: "0", "0.", "0.000" refuse. What is no weight at all refuses too. */
static bool
weight_positive(struct tc_str q)
{
	bool positive = false;

	if (q.n == 0 || q.n > 5 || (q.p[0] != '0' && q.p[0] != '1') || (q.n > 1 && q.p[1] != '.'))
		return false;
	for (size_t i = 0; i < q.n; i++) {
		if (i != 1 && (q.p[i] < '0' || q.p[i] > '9'))
			return false;
		positive |= q.p[i] >= '1' && q.p[i] <= '9';
	}
	return positive;
}

static bool
accepted(struct tc_str params)
{
	while (params.p != NULL) {
		struct tc_str param = tc_next(&params, ';');

		if (tc_istarts(param, TC_STR("q=")))
			return weight_positive(tc_str_of(param.p + 2, param.n - 2));
	}
	return true;
}

bool
coding_accepts_gzip(const struct tc_fields *request)
{
	bool any = false, named = false, gzip = false;

	for (size_t i = 0; i < request->n; i++) {
		struct tc_str rest = request->v[i].value;

		if (request->v[i].id != TC_F_ACCEPT_ENCODING || request->v[i].dropped)
			continue;
		while (rest.p != NULL) {
			struct tc_str params = tc_next(&rest, ','), name = tc_next(&params, ';');

			if (tc_eq(name, TC_STR("*")))
				any = accepted(params);
			if (coding_named(name) != CODING_GZIP)
				continue;
			gzip = (!named || gzip) && accepted(params);
			named = true;
		}
	}
	return named ? gzip : any;
}

/* A block is [size | ... bytes for zlib ...]; the size is needed to wipe. */
#define HEAD 16

static void *
wiping_alloc(void *opaque, unsigned items, unsigned size)
{
	size_t n;
	char *p;

	(void)opaque;
	if (__builtin_mul_overflow((size_t)items, (size_t)size, &n) || n > SIZE_MAX - HEAD)
		return NULL;
	p = malloc(n + HEAD);
	if (p == NULL)
		return NULL;
	memcpy(p, &n, sizeof(n));
	return p + HEAD;
}

static void
wiping_free(void *opaque, void *block)
{
	char *p = (char *)block - HEAD;
	size_t n;

	(void)opaque;
	memcpy(&n, p, sizeof(n));
	explicit_bzero(p, n + HEAD);
	free(p);
}

void
coding_wiping(z_stream *z)
{
	z->zalloc = wiping_alloc;
	z->zfree = wiping_free;
	z->opaque = NULL;
}
