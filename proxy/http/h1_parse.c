/*
 * h1_parse.c: from the bytes of a whole head to struct head. The only user of llhttp.
 *
 * h1_scan() has judged every byte already. llhttp, strict and with nothing lenient, then takes the head apart,
 * and this file checks what llhttp leaves to us (docs/adr/0003-chunk-reader.md says why only heads go through it).
 * As the head is whole, llhttp's state lives on the stack, and all slices are contiguous.
 */
#include "http/bytes.h"
#include "http/h1.h"

#include <assert.h>

#include <llhttp.h>

#if !LLHTTP_STRICT_MODE
#error "llhttp takes bare CR, and spaces in field names, unless LLHTTP_STRICT_MODE is 1"
#endif

#define CONNECTION_OPTIONS_MAX 32 /* each is compared with each field: bounds the work of a head */
#define FIRST_ROWS 24

struct parse {
	struct head *out;
	size_t fields_max;
	enum refusal why;
};

/* ---- what llhttp calls ---- */

/* Pieces of a slice follow one another without a gap. */
static int
extend(struct tc_str *s, const char *p, size_t n)
{
	if (s->p == NULL)
		*s = tc_str_of(p, n);
	else if (s->p + s->n == p)
		s->n += n;
	else
		return -1;
	return 0;
}

static int
on_method(llhttp_t *l, const char *p, size_t n)
{
	struct parse *parse = l->data;

	return extend(&parse->out->method_text, p, n);
}

static int
on_url(llhttp_t *l, const char *p, size_t n)
{
	struct parse *parse = l->data;

	return extend(&parse->out->target, p, n);
}

static int
on_field(llhttp_t *l, const char *p, size_t n)
{
	struct parse *parse = l->data;
	struct tc_fields *fs = &parse->out->fields;
	struct tc_field *last = fs->n > 0 ? &fs->v[fs->n - 1] : NULL;

	if (last != NULL && last->name.p + last->name.n == p) {
		last->name.n += n;
		return 0;
	}
	if (fs->n == parse->fields_max) {
		parse->why = REFUSAL_TOO_MANY_FIELDS;
		return -1;
	}
	if (fs->n == fs->cap) {
		size_t cap = fs->cap > 0 ? fs->cap * 2 : FIRST_ROWS;
		struct tc_field *v = tc_alloc(fs->arena, cap * sizeof(*v));

		if (v == NULL) {
			parse->why = REFUSAL_HEAD_TOO_LARGE;
			return -1;
		}
		if (fs->n > 0)
			memcpy(v, fs->v, fs->n * sizeof(*v));
		fs->v = v;
		fs->cap = cap;
	}
	fs->v[fs->n++].name = tc_str_of(p, n); /* the rest is zero, as the arena gave it */
	return 0;
}

static int
on_value(llhttp_t *l, const char *p, size_t n)
{
	struct parse *parse = l->data;
	struct tc_fields *fs = &parse->out->fields;

	return fs->n > 0 ? extend(&fs->v[fs->n - 1].value, p, n) : -1;
}

/* Stops there: how long the body is, is decided in framing.c. */
static int
on_head(llhttp_t *l)
{
	(void)l;
	return HPE_PAUSED;
}

static llhttp_settings_t callbacks = {
	.on_method = on_method,
	.on_url = on_url,
	.on_header_field = on_field,
	.on_header_value = on_value,
	.on_headers_complete = on_head,
};

static enum refusal
refusal_of(llhttp_errno_t e)
{
	switch (e) {
	case HPE_INVALID_METHOD: return REFUSAL_METHOD;
	case HPE_INVALID_URL: return REFUSAL_TARGET;
	case HPE_INVALID_VERSION: return REFUSAL_VERSION;
	case HPE_INVALID_STATUS: return REFUSAL_STATUS;
	case HPE_INVALID_CONTENT_LENGTH:
	case HPE_UNEXPECTED_CONTENT_LENGTH: return REFUSAL_LENGTH;
	case HPE_INVALID_TRANSFER_ENCODING: return REFUSAL_CODING;
	default: return REFUSAL_SYNTAX;
	}
}

#if LLHTTP_SSE42
int llhttp__internal_execute_sse42(llhttp_t *l, const char *p, const char *end);
#endif

/* The second build of llhttp reads values sixteen bytes at a time; its states are the first's. */
static llhttp_errno_t
execute(llhttp_t *l, struct tc_str head)
{
#if LLHTTP_SSE42
	if (__builtin_cpu_supports("sse4.2"))
		return (llhttp_errno_t)llhttp__internal_execute_sse42(l, head.p, head.p + head.n);
#endif
	return llhttp_execute(l, head.p, head.n);
}

static enum refusal
run_llhttp(llhttp_type_t type, struct tc_str head, struct parse *parse)
{
	llhttp_t l;
	llhttp_errno_t e;

	llhttp_init(&l, type, &callbacks);
	l.data = parse;
	e = execute(&l, head);
	if (parse->why != REFUSAL_NONE)
		return parse->why;
	if (e != HPE_PAUSED)
		return e == HPE_OK ? REFUSAL_SYNTAX : refusal_of(e); /* OK: llhttp saw no end of the head */
	return REFUSAL_NONE;
}

/* ---- what llhttp leaves to us ---- */

/* "HTTP/1.0" or "HTTP/1.1", and nothing else that llhttp knows. */
static enum refusal
parse_version(struct tc_str text, int *minor)
{
	if (text.n != 8 || !tc_starts(text, TC_STR("HTTP/")))
		return REFUSAL_SYNTAX;
	if (!tc_starts(text, TC_STR("HTTP/1.")) || (text.p[7] != '0' && text.p[7] != '1'))
		return REFUSAL_VERSION;
	*minor = text.p[7] - '0';
	return REFUSAL_NONE;
}

static struct tc_str
first_line(struct tc_str head)
{
	return tc_str_of(head.p, tc_find_byte(head, '\r'));
}

/* method SP request-target SP HTTP-version, with exactly one SP each (RFC 9112 3). */
static enum refusal
check_request_line(struct tc_str line, struct head *h)
{
	struct tc_str method = h->method_text, target = h->target;
	const char *end = line.p + line.n;

	if (!is_token(method))
		return REFUSAL_METHOD;
	if (target.n == 0)
		return REFUSAL_TARGET;
	if (method.p != line.p || target.p != method.p + method.n + 1)
		return REFUSAL_SYNTAX;
	if (target.p + target.n == end)
		return REFUSAL_VERSION; /* HTTP/0.9 */
	if (target.p[-1] != ' ' || target.p[target.n] != ' ')
		return REFUSAL_SYNTAX;
	return parse_version(tc_str_of(target.p + target.n + 1, (size_t)(end - target.p) - target.n - 1), &h->minor);
}

/* HTTP-version SP status-code SP [reason-phrase] (RFC 9112 4); origins leave out the second SP. */
static enum refusal
check_status_line(struct tc_str line, struct head *h)
{
	enum refusal r;

	if (line.n < 12 || line.p[8] != ' ')
		return REFUSAL_SYNTAX;
	r = parse_version(tc_str_of(line.p, 8), &h->minor);
	if (r != REFUSAL_NONE)
		return r;
	h->status = 0;
	for (size_t i = 9; i < 12; i++) {
		if (line.p[i] < '0' || line.p[i] > '9')
			return REFUSAL_STATUS;
		h->status = h->status * 10 + (line.p[i] - '0');
	}
	if (h->status < 100 || h->status > 599 || (line.n > 12 && line.p[12] != ' '))
		return REFUSAL_STATUS;
	return REFUSAL_NONE;
}

static bool
has_underscore(struct tc_str name)
{
	return tc_find_byte(name, '_') < name.n;
}

/* Names, ids, white space; leaves out names with '_', which some origins read as '-'. */
static enum refusal
finish_fields(struct tc_fields *fs)
{
	size_t kept = 0;

	for (size_t i = 0; i < fs->n; i++) {
		struct tc_field *f = &fs->v[i];
		enum tc_fid id = tc_field_id(f->name); /* a name with an id is a token, without '_' */

		if (id == TC_F_OTHER) {
			if (!is_token(f->name))
				return REFUSAL_SYNTAX;
			if (has_underscore(f->name))
				continue;
		}
		f->id = (uint16_t)id;
		f->value = f->value.p != NULL ? tc_trim(f->value) : TC_STR("");
		if (kept < i)
			fs->v[kept] = *f;
		kept++;
	}
	fs->n = kept;
	tc_fields_note(fs);
	return REFUSAL_NONE;
}

/*
 * Some send a body after a 204 that announces one. It would be read where the next answer should be: nothing may
 * follow on that connection.
 */
static bool
announces_what_it_may_not(const struct head *h)
{
	struct tc_str length = tc_field_value(&h->fields, TC_F_CONTENT_LENGTH);

	return h->status == 204 && length.p != NULL && !tc_eq(length, TC_STR("0"));
}

/* Reads all Connection rows (RFC 9112 9.3). */
static enum refusal
read_connection(struct head *h)
{
	size_t options = 0;
	bool close = false, keep_alive = false;

	for (size_t i = 0; i < h->fields.n; i++) {
		if (h->fields.v[i].id != TC_F_CONNECTION)
			continue;
		for (struct tc_str rest = h->fields.v[i].value; rest.p != NULL;) {
			struct tc_str option = tc_next(&rest, ',');

			if (++options > CONNECTION_OPTIONS_MAX)
				return REFUSAL_SYNTAX;
			close |= tc_ieq(option, TC_STR("close"));
			keep_alive |= tc_ieq(option, TC_STR("keep-alive"));
			h->upgrade |= tc_ieq(option, TC_STR("upgrade"));
		}
	}
	h->close = close || (h->minor == 0 && !keep_alive) || announces_what_it_may_not(h);
	return REFUSAL_NONE;
}

/* 100-continue is the only expectation there is (RFC 9110 10.1.1); one from HTTP/1.0 is ignored. */
static enum refusal
read_expect(struct head *h)
{
	for (size_t i = 0; i < h->fields.n; i++) {
		if (h->fields.v[i].id != TC_F_EXPECT)
			continue;
		if (!tc_ieq(h->fields.v[i].value, TC_STR("100-continue")))
			return REFUSAL_EXPECT;
		h->expect_continue = h->minor > 0;
	}
	return REFUSAL_NONE;
}

/* A 101 is only taken for the one protocol that we ever ask for; that it was asked for, the caller checks. */
static enum refusal
check_switch(const struct head *h)
{
	size_t count = 0;
	bool websocket = false;

	if (h->status != 101)
		return REFUSAL_NONE;
	for (size_t i = 0; i < h->fields.n; i++) {
		if (h->fields.v[i].id != TC_F_UPGRADE)
			continue;
		websocket = tc_ieq(h->fields.v[i].value, TC_STR("websocket"));
		count++;
	}
	return h->upgrade && websocket && count == 1 ? REFUSAL_NONE : REFUSAL_STATUS;
}

static const struct {
	struct tc_str text;
	enum tc_method method;
} methods[] = {
	{TC_STR_INIT("GET"), TC_M_GET},
	{TC_STR_INIT("HEAD"), TC_M_HEAD},
	{TC_STR_INIT("POST"), TC_M_POST},
	{TC_STR_INIT("OPTIONS"), TC_M_OPTIONS},
	{TC_STR_INIT("CONNECT"), TC_M_CONNECT},
};

static enum tc_method
method_of(struct tc_str text)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (tc_eq(text, methods[i].text))
			return methods[i].method;
	return TC_M_OTHER;
}

static void
begin(struct parse *parse, const struct h1_limits *limits, struct tc_arena *arena, struct head *out)
{
	*out = (struct head){.fields.arena = arena};
	*parse = (struct parse){.out = out, .fields_max = limits->fields_max};
}

enum refusal
head_finish_request(struct head *h)
{
	enum refusal r = finish_fields(&h->fields);

	if (r == REFUSAL_NONE)
		r = read_connection(h);
	if (r == REFUSAL_NONE)
		r = read_expect(h);
	h->method = method_of(h->method_text);
	return r;
}

enum refusal
h1_parse_request(struct tc_str head, const struct h1_limits *limits, struct tc_arena *arena, struct head *out)
{
	struct parse parse;
	enum refusal r;

	begin(&parse, limits, arena, out);
	r = run_llhttp(HTTP_REQUEST, head, &parse);
	if (r == REFUSAL_NONE)
		r = check_request_line(first_line(head), out);
	out->method = method_of(out->method_text); /* of a refused one, too: whether its answer may have a body */
	return r == REFUSAL_NONE ? head_finish_request(out) : r;
}

enum refusal
h1_parse_response(struct tc_str head, const struct h1_limits *limits, struct tc_arena *arena, struct head *out)
{
	struct parse parse;
	enum refusal r;

	begin(&parse, limits, arena, out);
	r = check_status_line(first_line(head), out); /* first: llhttp calls more things a status than we do */
	if (r == REFUSAL_NONE)
		r = run_llhttp(HTTP_RESPONSE, head, &parse);
	if (r == REFUSAL_NONE)
		r = finish_fields(&out->fields);
	if (r == REFUSAL_NONE)
		r = read_connection(out);
	if (r == REFUSAL_NONE)
		r = check_switch(out);
	return r;
}
