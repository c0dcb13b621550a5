/* scalar.c: from the text of a value to what the program works with, or to a sentence about what is wrong. */
#include "config/scalar.h"

#include <assert.h>
#include <stdarg.h>

#include "base/addr.h"
#include "config/suggest.h"

struct reader {
	const struct tc_option *row;
	struct tc_str text, shown;
	const char *noun;
	struct scalar_fault *fault;
};

static bool refuse(const struct reader *r, const char *code, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Writes the fault: `"shown" FORMAT`. Always false. */
static bool
refuse(const struct reader *r, const char *code, const char *hint, const char *format, ...)
{
	int n = snprintf(r->fault->text, sizeof(r->fault->text), "\"%.*s\" ", STR_ARGS(r->shown));
	va_list ap;

	r->fault->code = code;
	va_start(ap, format);
	if (n >= 0 && (size_t)n < sizeof(r->fault->text))
		(void)vsnprintf(r->fault->text + n, sizeof(r->fault->text) - (size_t)n, format, ap);
	va_end(ap);
	(void)snprintf(r->fault->hint, sizeof(r->fault->hint), "%s", hint);
	return false;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits without sign, leading zero or separator, at most 15 of them. Takes them off the front. */
static bool
take_number(struct tc_str *s, int64_t *out)
{
	size_t n = 0;

	*out = 0;
	while (n < s->n && is_digit(s->p[n])) {
		if (n == 15)
			return false;
		*out = *out * 10 + (s->p[n++] - '0');
	}
	if (n == 0 || (n > 1 && s->p[0] == '0'))
		return false;
	tc_skip(s, n);
	return true;
}

/* ---- whole numbers with and without units ---- */

struct unit {
	const char *name;
	int64_t factor;
};

/* A month is a twelfth of 365.25 days. */
static const struct unit durations[] = {
	{"ms", 1},
	{"s", 1000},
	{"second", 1000},
	{"seconds", 1000},
	{"m", 60000},
	{"min", 60000},
	{"minute", 60000},
	{"minutes", 60000},
	{"h", 3600000},
	{"hour", 3600000},
	{"hours", 3600000},
	{"d", 86400000},
	{"day", 86400000},
	{"days", 86400000},
	{"week", 7 * INT64_C(86400000)},
	{"weeks", 7 * INT64_C(86400000)},
	{"month", INT64_C(2629800000)},
	{"months", INT64_C(2629800000)},
	{"year", INT64_C(31557600000)},
	{"years", INT64_C(31557600000)},
	{NULL, 0},
};

static const struct unit sizes[] = {
	{"", 1},
	{"B", 1},
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", INT64_C(1) << 40},
	{NULL, 0},
};

static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

/* How each type of number is read and refused. */
static const struct number_type {
	enum tc_option_type type;
	const struct unit *units;
	const char *code, *what, *hint;
} number_types[] = {
	{TC_OPT_INT, no_units, "bad-integer", "is not an integer", "write digits only, such as 20000"},
	{TC_OPT_DURATION, durations, "bad-duration", "is not a duration",
	    "write a number and a unit: 500ms, 10s, 5 min, 2 h, 30 days, 25 months"},
	{TC_OPT_SIZE, sizes, "bad-size", "is not a size", "write 512, 32KiB, 2MiB, 1GiB or 1TiB"},
};

static bool
parse_number(struct tc_str s, const struct unit *units, int64_t *out)
{
	if (!take_number(&s, out))
		return false;
	if (s.n > 1 && s.p[0] == ' ')
		tc_skip(&s, 1);
	for (; units->name != NULL; units++)
		if (tc_eq(s, tc_str_from(units->name)))
			return !__builtin_mul_overflow(*out, units->factor, out);
	return false;
}

/* "MIN..MAX" as a user would write it. */
static bool
split_bounds(const char *bounds, struct tc_str *least, struct tc_str *most)
{
	const char *dots = bounds != NULL ? strstr(bounds, "..") : NULL;

	if (dots == NULL)
		return false;
	*least = tc_str_of(bounds, (size_t)(dots - bounds));
	*most = tc_str_from(dots + 2);
	return true;
}

static bool
out_of_range(const struct reader *r, struct tc_str least, struct tc_str most)
{
	char hint[160];

	(void)snprintf(hint, sizeof(hint), "the least is %.*s, the most %.*s", STR_ARGS(least), STR_ARGS(most));
	return refuse(r, "out-of-range", hint, "is out of range");
}

static bool
read_number(const struct reader *r, void *out)
{
	const struct number_type *t = number_types;
	struct tc_str least, most;
	int64_t n, low, high;

	while (t->type != r->row->type)
		t++;
	if (!parse_number(r->text, t->units, &n))
		return refuse(r, t->code, t->hint, "%s", t->what);
	if (split_bounds(r->row->bounds, &least, &most)) {
		bool ok = parse_number(least, t->units, &low) && parse_number(most, t->units, &high);

		assert(ok);
		if (n < low || n > high)
			return out_of_range(r, least, most);
	}
	memcpy(out, &n, sizeof(n));
	return true;
}

/* 0.5, 10, 1e-6: the form; the value is compared with the bounds and kept as text. */
static bool
decimal_form(struct tc_str s)
{
	int64_t n;

	if (!take_number(&s, &n))
		return false;
	if (s.n > 0 && s.p[0] == '.') {
		tc_skip(&s, 1);
		if (s.n == 0 || !is_digit(s.p[0]))
			return false;
		while (s.n > 0 && is_digit(s.p[0]))
			tc_skip(&s, 1);
	}
	if (s.n > 0 && (s.p[0] == 'e' || s.p[0] == 'E')) {
		tc_skip(&s, s.n > 1 && (s.p[1] == '-' || s.p[1] == '+') ? 2 : 1);
		if (!take_number(&s, &n))
			return false;
	}
	return s.n == 0;
}

static double
decimal_value(struct tc_str s)
{
	char z[64];

	(void)snprintf(z, sizeof(z), "%.*s", (int)s.n, s.p);
	return strtod(z, NULL);
}

static bool
read_decimal(const struct reader *r, void *out)
{
	struct tc_str least, most;

	if (r->text.n > 40 || !decimal_form(r->text))
		return refuse(r, "bad-decimal", "write 0.5 or 1e-6", "is not a number");
	if (split_bounds(r->row->bounds, &least, &most)) {
		double d = decimal_value(r->text);

		if (d < decimal_value(least) || d > decimal_value(most))
			return out_of_range(r, least, most);
	}
	memcpy(out, &r->text, sizeof(r->text));
	return true;
}

/* ---- words ---- */

int
word_index(const char *bounds, struct tc_str word)
{
	struct tc_str w;

	for (int i = 0; next_word(&bounds, &w); i++)
		if (tc_eq(w, word))
			return i;
	return -1;
}

/* "known signals are gpc, dnt, choice" */
static void
hint_words(const struct reader *r, char *out, size_t room)
{
	const char *rest = r->row->bounds;
	struct tc_str w;
	bool hiss = r->noun[strlen(r->noun) - 1] == 's';
	size_t n = (size_t)snprintf(out, room, "known %s%s are", r->noun, hiss ? "es" : "s");

	for (bool first = true; n < room && next_word(&rest, &w); first = false)
		n += (size_t)snprintf(out + n, room - n, "%s %.*s", first ? "" : ",", STR_ARGS(w));
}

static bool
read_word(const struct reader *r, int *index)
{
	struct suggest s = {.word = r->text};
	char hint[300];

	*index = word_index(r->row->bounds, r->text);
	if (*index >= 0)
		return true;
	suggest_offer_words(&s, r->row->bounds);
	hint_words(r, hint, sizeof(hint));
	(void)refuse(r, "unknown-value", hint, "%s", "");
	(void)snprintf(r->fault->text, sizeof(r->fault->text), "unknown %s \"%.*s\"", r->noun, STR_ARGS(r->shown));
	r->fault->suggestion = suggest_result(&s);
	return false;
}

static bool
read_bool(const struct reader *r, void *out)
{
	bool value = tc_eq(r->text, TC_STR("true"));

	if (!value && !tc_eq(r->text, TC_STR("false")))
		return refuse(r, "bad-bool", "write true or false", "is neither true nor false");
	memcpy(out, &value, sizeof(value));
	return true;
}

static bool
read_enum(const struct reader *r, void *out)
{
	int i;

	if (!read_word(r, &i))
		return false;
	memcpy(out, &i, sizeof(i));
	return true;
}

static bool
read_flag(const struct reader *r, void *out)
{
	uint32_t flags;
	int i;

	if (!read_word(r, &i))
		return false;
	assert(i < 32);
	memcpy(&flags, out, sizeof(flags));
	flags |= UINT32_C(1) << i;
	memcpy(out, &flags, sizeof(flags));
	return true;
}

/* ---- text ---- */

static bool
no_controls(const struct reader *r)
{
	for (size_t i = 0; i < r->text.n; i++)
		if ((unsigned char)r->text.p[i] < 0x20 || r->text.p[i] == 0x7F)
			return refuse(r, "control-character", "keep the value on one line, without tabs",
			    "holds a line end or control character");
	return true;
}

static bool
read_text(const struct reader *r, void *out)
{
	if (r->text.n == 0)
		return refuse(r, "missing-value", "give it a value, or remove the line", "is empty");
	memcpy(out, &r->text, sizeof(r->text));
	return true;
}

bool
host_ok(struct tc_str host)
{
	struct tc_addr a;

	if (host.n == 0 || host.n > 253)
		return false;
	if (host.p[0] == '[')
		return host.p[host.n - 1] == ']' && addr_parse(host, &a);
	for (size_t i = 0; i < host.n; i++) {
		char c = tc_lower(host.p[i]);

		if (!(c >= 'a' && c <= 'z') && !is_digit(c) && c != '-' && c != '_' &&
		    (c != '.' || i == 0 || host.p[i - 1] == '.'))
			return false;
	}
	return true;
}

bool
url_split(struct tc_str text, struct url_parts *out)
{
	size_t colon = tc_find(text, TC_STR("://")), end, at;
	struct tc_str rest, port;
	int64_t n;

	*out = (struct url_parts){.scheme = tc_str_of(text.p, colon)};
	if (colon == text.n)
		return false;
	rest = tc_str_of(text.p + colon + 3, text.n - colon - 3);
	for (end = 0; end < rest.n && strchr("/?#", rest.p[end]) == NULL;)
		end++;
	out->path = tc_str_of(rest.p + end, rest.n - end);
	rest.n = end;
	at = rest.n > 0 && rest.p[0] == '[' ? tc_find_byte(rest, ']') : 0;
	at += at < rest.n ? tc_find_byte(tc_str_of(rest.p + at, rest.n - at), ':') : 0;
	out->host = tc_str_of(rest.p, at);
	if (!host_ok(out->host))
		return false;
	if (at == rest.n)
		return true;
	port = tc_str_of(rest.p + at + 1, rest.n - at - 1);
	if (!take_number(&port, &n) || port.n > 0 || n < 1 || n > 65535)
		return false;
	out->port = (int)n;
	return true;
}

/* "unix:PATH", where the row allows it. */
static bool
names_socket(const struct reader *r)
{
	return r->text.n > 5 && tc_starts(r->text, TC_STR("unix:")) && r->text.p[r->text.n - 1] != '/' &&
	    r->row->bounds != NULL && word_index(r->row->bounds, TC_STR("unix")) >= 0;
}

static bool
read_url(const struct reader *r, void *out)
{
	bool web = word_index(r->row->bounds, TC_STR("http")) >= 0, local = word_index(r->row->bounds, TC_STR("unix")) >= 0;
	struct url_parts parts;

	if (!names_socket(r) && (!url_split(r->text, &parts) || word_index(r->row->bounds, parts.scheme) < 0))
		return refuse(r, "bad-url",
		    web && local ? "write http://host:port or unix:/run/app.sock"
			: web    ? "write http://host:port"
				 : "write unix:/run/redis.sock or redis://host:6379",
		    "is not an address that can be asked");
	memcpy(out, &r->text, sizeof(r->text));
	return true;
}

/* "127.0.0.1:80" or "[::1]:80" */
static bool
names_port(struct tc_str host)
{
	return host.p[0] == '[' ? host.p[host.n - 1] != ']' : tc_find_byte(host, ':') < host.n;
}

static bool
read_address(const struct reader *r, void *out)
{
	struct tc_str port = r->text, host;
	struct tc_addr a;
	size_t colon = r->text.n;
	int64_t n;

	if (names_socket(r)) {
		memcpy(out, &r->text, sizeof(r->text));
		return true;
	}
	while (colon > 0 && r->text.p[colon - 1] != ':')
		colon--;
	host = tc_str_of(r->text.p, colon > 0 ? colon - 1 : 0);
	tc_skip(&port, colon);
	if (host.n == 0 || !addr_parse(host, &a) || (a.family == 6) != (host.p[0] == '[') || names_port(host) ||
	    !take_number(&port, &n) || port.n > 0 || n > 65535)
		return refuse(r, "bad-address",
		    "write 127.0.0.1:8080, or \"[::1]:8080\"; 0.0.0.0 or [::] is every address of the machine",
		    "is not an address and port");
	memcpy(out, &r->text, sizeof(r->text));
	return true;
}

/* ---- the table of types ---- */

static const struct type {
	const char *name;
	size_t size;
	bool list;
	bool (*read)(const struct reader *r, void *out);
} types[] = {
	[TC_OPT_BOOL] = {"true or false", sizeof(bool), false, read_bool},
	[TC_OPT_INT] = {"integer", sizeof(int64_t), false, read_number},
	[TC_OPT_DURATION] = {"duration", sizeof(int64_t), false, read_number},
	[TC_OPT_SIZE] = {"size", sizeof(int64_t), false, read_number},
	[TC_OPT_ENUM] = {"word", sizeof(int), false, read_enum},
	[TC_OPT_FLAGS] = {"list of words", sizeof(uint32_t), true, read_flag},
	[TC_OPT_WORDS] = {"list of words or names", sizeof(struct tc_strs), true, read_text},
	[TC_OPT_STR] = {"text", sizeof(struct tc_str), false, read_text},
	[TC_OPT_STRS] = {"list of texts", sizeof(struct tc_strs), true, read_text},
	[TC_OPT_DECIMAL] = {"number", sizeof(struct tc_str), false, read_decimal},
	[TC_OPT_URL] = {"URL", sizeof(struct tc_str), false, read_url},
	[TC_OPT_ADDRESS] = {"address and port", sizeof(struct tc_str), false, read_address},
	[TC_OPT_ANY] = {"value", 0, false, NULL},
};

bool
scalar_is_list(enum tc_option_type type)
{
	return types[type].list;
}

size_t
scalar_size(enum tc_option_type type)
{
	return types[type].size;
}

const char *
scalar_type_name(enum tc_option_type type)
{
	return types[type].name;
}

bool
scalar_read(const struct tc_option *row, struct tc_str text, struct tc_str shown, const char *noun, void *out,
    struct scalar_fault *fault)
{
	struct reader r = {.row = row, .text = text, .shown = shown, .noun = noun, .fault = fault};

	assert(types[row->type].read != NULL);
	*fault = (struct scalar_fault){0};
	return no_controls(&r) && types[row->type].read(&r, out);
}
