/*
 * fuzz_chunked.c: a chunked body. Properties: cuts change nothing; a second reader, written from the grammar and
 * knowing nothing of the first, comes to the same; what was taken whole and is written by chunk_line() passes the
 * linter and is read back as the same bytes.
 */
#include <stdint.h>

#include "base/buf.h"
#include "http/h1.h"
#include "lint_h1.h"
#include "tests/fuzz/mutate.h"

static const struct mutate_piece pieces[] = {
	PIECE("3\r\nabc\r\n"),
	PIECE("0\r\n\r\n"),
	PIECE("0\r\n"),
	PIECE("0\r\nX: y\r\n\r\n"),
	PIECE("X: y\r\n"),
	PIECE("X-Long: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n"),
	PIECE("3;a=b\r\nabc\r\n"),
	PIECE("3 ; a = \"b\\\"c\" ;d\r\nabc\r\n"),
	PIECE(";0123456789012345678901234567890123456789012345678901234567890123456789"),
	PIECE(";a=\""),
	PIECE("0000000000000003\r\nabc\r\n"),
	PIECE("3fffffffffffffff\r\n"),
	PIECE("4000000000000000\r\n"),
	PIECE("\r\n"),
	PIECE("\n"),
	PIECE("\""),
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate(data, size, max, seed, pieces, sizeof(pieces) / sizeof(pieces[0]));
}

struct outcome {
	enum chunked_result end;
	enum refusal why;
	size_t taken;
	struct buf body;
};

static void
must(bool good)
{
	if (!good)
		abort();
}

static struct outcome
read_pieces(const char *p, size_t n, size_t piece)
{
	struct outcome o = {.end = CHUNKED_MORE, .why = REFUSAL_NONE};
	struct chunked c = {0};
	struct tc_str data;

	buf_init(&o.body, n + 1);
	while (o.taken < n && (o.end == CHUNKED_MORE || o.end == CHUNKED_DATA)) {
		struct tc_str in = {p + o.taken, piece < n - o.taken ? piece : n - o.taken};
		size_t before = in.n;

		o.end = chunked_read(&c, &in, &data, &o.why);
		if (o.end == CHUNKED_DATA) {
			must(data.n > 0 && data.p >= p && data.p + data.n <= p + n);
			must(buf_add_str(&o.body, data) == 0);
		}
		must(in.n <= before && (in.n < before || o.end == CHUNKED_END || o.end == CHUNKED_BAD));
		o.taken += before - in.n;
	}
	if (o.end == CHUNKED_DATA)
		o.end = CHUNKED_MORE; /* the input ended with data */
	return o;
}

/* ---- the second reader: all bytes at once, line by line, from RFC 9112 7.1 ---- */

static bool
is_token_byte(char c)
{
	return lint_is_token(&c, 1);
}

static size_t
white(const char *p, size_t n, size_t at)
{
	while (at < n && (p[at] == ' ' || p[at] == '\t'))
		at++;
	return at;
}

/* The end of a value: token or quoted-string; at itself: there is none. */
static size_t
value_end(const char *p, size_t n, size_t at)
{
	size_t i = at;

	if (i < n && p[i] == '"') {
		for (i++; i < n && p[i] != '"'; i++) {
			if (p[i] == '\\')
				i++;
			if (i < n && (((unsigned char)p[i] < 0x20 && p[i] != '\t') || p[i] == 0x7f))
				return at;
		}
		return i < n ? i + 1 : at;
	}
	while (i < n && is_token_byte(p[i]))
		i++;
	return i;
}

static size_t
name_end(const char *p, size_t n, size_t at)
{
	while (at < n && is_token_byte(p[at]))
		at++;
	return at;
}

/* *( BWS ";" BWS name [ BWS "=" BWS value ] ), and nothing else up to n. */
static bool
good_extensions(const char *p, size_t n)
{
	size_t at = 0, next;

	while (at < n) {
		at = white(p, n, at);
		if (at == n || p[at++] != ';')
			return false;
		at = white(p, n, at);
		next = name_end(p, n, at);
		if (next == at)
			return false;
		at = next;
		next = white(p, n, at);
		if (next == n || p[next] != '=')
			continue;
		at = white(p, n, next + 1);
		next = value_end(p, n, at);
		if (next == at)
			return false;
		at = next;
	}
	return true;
}

/* Whether the lines from *at on are trailers that end well; *at is then behind them. */
static bool
good_trailers(const char *p, size_t n, size_t *at)
{
	size_t fields = 0, bytes = 0;

	for (;;) {
		const char *eol = memmem(p + *at, n - *at, "\r\n", 2);
		size_t length, name;

		if (eol == NULL)
			return false;
		length = (size_t)(eol - p) - *at;
		if (length == 0)
			break;
		name = name_end(p + *at, length, 0);
		bytes += length + 2;
		if (++fields > 100 || bytes > 8192 || name == 0 || name == length || p[*at + name] != ':')
			return false;
		for (size_t i = *at + name; i < *at + length; i++)
			if (((unsigned char)p[i] < 0x20 && p[i] != '\t') || p[i] == 0x7f)
				return false;
		*at += length + 2;
	}
	*at += 2;
	return true;
}

/* The body if the message is whole and good, in *body, and the bytes it took; else false. */
static bool
second_reader(const char *p, size_t n, struct buf *body, size_t *at)
{
	size_t extensions = 0;

	for (*at = 0;;) {
		const char *eol = memmem(p + *at, n - *at, "\r\n", 2);
		size_t length, digits = 0;
		uint64_t size = 0;

		if (eol == NULL)
			return false;
		length = (size_t)(eol - p) - *at;
		while (digits < length && strchr("0123456789abcdefABCDEF", p[*at + digits]) != NULL && p[*at + digits] != '\0') {
			char c = p[*at + digits++];

			if (digits > 16)
				return false;
			size = size * 16 + (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
		}
		extensions += length - digits;
		if (digits == 0 || size >> 62 != 0 || extensions > 256 || !good_extensions(p + *at + digits, length - digits))
			return false;
		*at += length + 2;
		if (size == 0)
			return good_trailers(p, n, at);
		if (n - *at < 2 || size > n - *at - 2 || memcmp(p + *at + size, "\r\n", 2) != 0)
			return false;
		must(buf_add(body, p + *at, (size_t)size) == 0);
		*at += (size_t)size + 2;
	}
}

static void
check_second(const char *p, size_t n, const struct outcome *o)
{
	struct buf body;
	size_t at;

	buf_init(&body, n + 1);
	if (second_reader(p, n, &body, &at))
		must(o->end == CHUNKED_END && o->taken == at && tc_eq(buf_str(&body), buf_str(&o->body)));
	else
		must(o->end != CHUNKED_END);
	buf_reset(&body);
}

static void
check_written(const struct outcome *o)
{
	char line[CHUNK_LINE_MAX];
	struct buf wire;
	struct outcome again;
	size_t at = 0;

	buf_init(&wire, o->body.n + 100);
	if (o->body.n > 0) {
		must(buf_add(&wire, line, chunk_line(line, o->body.n)) == 0);
		must(buf_add_str(&wire, buf_str(&o->body)) == 0);
		must(buf_add(&wire, "\r\n", 2) == 0);
	}
	must(buf_add(&wire, "0\r\n\r\n", 5) == 0);
	must(lint_chunks(buf_str(&wire).p, wire.n, &at) == NULL && at == wire.n);
	again = read_pieces(buf_str(&wire).p, wire.n, wire.n);
	must(again.end == CHUNKED_END && tc_eq(buf_str(&again.body), buf_str(&o->body)));
	buf_reset(&again.body);
	buf_reset(&wire);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = {1, 2, 3, 7, 64};
	const char *p = (const char *)data;
	struct outcome whole;

	if (size > 100000)
		return 0;
	whole = read_pieces(p, size, size > 0 ? size : 1);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct outcome o = read_pieces(p, size, pieces[i]);

		must(o.end == whole.end && o.why == whole.why && o.taken == whole.taken);
		must(tc_eq(buf_str(&o.body), buf_str(&whole.body)));
		buf_reset(&o.body);
	}
	check_second(p, size, &whole);
	if (whole.end == CHUNKED_END)
		check_written(&whole);
	buf_reset(&whole.body);
	return 0;
}
