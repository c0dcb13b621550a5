/*
 * chunked.c: reads the chunked coding (RFC 9112 7.1), strictly and within limits. Nothing of chunk lines and
 * trailers is passed on; only data comes out. Why not llhttp's reader: docs/adr/0003-chunk-reader.md.
 *
 *	SIZE -> [EXTENSION ...] -> SIZE_LF -> DATA -> DATA_CR -> DATA_LF -> SIZE ...
 *	                              | size 0
 *	                              v
 *	                           TRAILER -> NAME -> VALUE -> TRAILER_LF -> TRAILER ... -> END_LF -> DONE
 */
#include "http/bytes.h"
#include "http/h1.h"

#define DIGITS_MAX 16 /* of a size, zeros in front included */
#define EXTENSION_MAX 256
#define TRAILER_MAX 8192
#define TRAILERS_MAX 100

enum state {
	SIZE,            /* 0: where a message begins */
	EXTENSION_SPACE, /* white space behind the size or a value: only ';' may follow it */
	EXTENSION_BEGIN, /* behind ';': a name must come */
	EXTENSION_NAME,
	EXTENSION_NAMED,  /* white space behind a name: only ';' and '=' may follow it */
	EXTENSION_EQUALS, /* a value must come */
	EXTENSION_VALUE,
	QUOTED,
	QUOTED_PAIR,
	QUOTED_END,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER,
	NAME,
	VALUE,
	TRAILER_LF,
	END_LF,
	DONE,
	BAD_CHUNK,
	BAD_TRAILER,
};

static enum state
take_size(struct chunked *c, char byte)
{
	int digit = hex_value(byte);

	if (digit >= 0) {
		if (c->digits == DIGITS_MAX || c->left >> 58 != 0)
			return BAD_CHUNK;
		c->digits++;
		c->left = c->left << 4 | (uint64_t)digit;
		return SIZE;
	}
	if (c->digits == 0)
		return BAD_CHUNK;
	switch (byte) {
	case '\r': return SIZE_LF;
	case ';': return EXTENSION_BEGIN;
	case ' ':
	case '\t': return EXTENSION_SPACE;
	default: return BAD_CHUNK;
	}
}

/* Within quotes: anything but control bytes. */
static enum state
take_quoted(enum state state, char byte)
{
	if (is_control(byte))
		return BAD_CHUNK;
	if (state == QUOTED && byte == '"')
		return QUOTED_END;
	return state == QUOTED && byte == '\\' ? QUOTED_PAIR : QUOTED;
}

/* *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ) */
static enum state
take_extension(enum state state, char byte)
{
	bool token = bytes_token[(uint8_t)byte], space = byte == ' ' || byte == '\t';

	switch (state) {
	case EXTENSION_BEGIN:
		if (space)
			return state;
		return token ? EXTENSION_NAME : BAD_CHUNK;
	case EXTENSION_EQUALS:
		if (space || byte == '"')
			return space ? state : QUOTED;
		return token ? EXTENSION_VALUE : BAD_CHUNK;
	case EXTENSION_NAME:
	case EXTENSION_NAMED:
		if (space || byte == '=')
			return space ? EXTENSION_NAMED : EXTENSION_EQUALS;
		break;
	default:
		break;
	}
	if (byte == ';')
		return EXTENSION_BEGIN;
	if (space)
		return EXTENSION_SPACE;
	if (state == EXTENSION_SPACE || state == EXTENSION_NAMED)
		return BAD_CHUNK;
	if (byte == '\r')
		return SIZE_LF;
	return token && state != QUOTED_END ? state : BAD_CHUNK;
}

/* The LF of a chunk line: data follows, or after the last chunk the trailers. */
static enum state
end_chunk_line(struct chunked *c)
{
	c->digits = 0;
	return c->left > 0 ? DATA : TRAILER;
}

static enum state
take_trailer(struct chunked *c, enum state state, char byte)
{
	if (byte == '\r' && state == TRAILER)
		return END_LF;
	if (++c->trailer > TRAILER_MAX)
		return BAD_TRAILER;
	switch (state) {
	case TRAILER:
		if (++c->trailers > TRAILERS_MAX || !bytes_token[(uint8_t)byte])
			return BAD_TRAILER;
		return NAME;
	case NAME:
		if (byte == ':')
			return VALUE;
		return bytes_token[(uint8_t)byte] ? NAME : BAD_TRAILER;
	case VALUE:
		if (byte == '\r')
			return TRAILER_LF;
		return is_control(byte) ? BAD_TRAILER : VALUE;
	default: /* TRAILER_LF */
		return byte == '\n' ? TRAILER : BAD_TRAILER;
	}
}

/* Everything but data, a byte at a time. */
static enum state
take(struct chunked *c, enum state state, char byte)
{
	switch (state) {
	case SIZE: return take_size(c, byte);
	case SIZE_LF: return byte == '\n' ? end_chunk_line(c) : BAD_CHUNK;
	case DATA_CR: return byte == '\r' ? DATA_LF : BAD_CHUNK;
	case DATA_LF: return byte == '\n' ? SIZE : BAD_CHUNK;
	case END_LF: return byte == '\n' ? DONE : BAD_TRAILER;
	case TRAILER:
	case NAME:
	case VALUE:
	case TRAILER_LF: return take_trailer(c, state, byte);
	case QUOTED:
	case QUOTED_PAIR: return take_quoted(state, byte);
	default: return take_extension(state, byte);
	}
}

/* Bytes of a chunk line behind the size count, whatever they are. */
static bool
is_extension(enum state state)
{
	return state >= EXTENSION_SPACE && state <= QUOTED_END;
}

static enum chunked_result
take_data(struct chunked *c, struct tc_str *in, struct tc_str *data)
{
	size_t n = c->left < in->n ? (size_t)c->left : in->n;

	*data = tc_str_of(in->p, n);
	tc_skip(in, n);
	c->left -= n;
	if (c->left == 0)
		c->state = DATA_CR;
	return CHUNKED_DATA;
}

enum chunked_result
chunked_read(struct chunked *c, struct tc_str *in, struct tc_str *data, enum refusal *why)
{
	enum state state = (enum state)c->state;

	while (state < DONE && in->n > 0) {
		if (state == DATA)
			return take_data(c, in, data);
		state = take(c, state, in->p[0]);
		if (is_extension(state) && ++c->extension > EXTENSION_MAX)
			state = BAD_CHUNK;
		c->state = (uint8_t)state;
		tc_skip(in, 1);
	}
	if (state < DONE)
		return CHUNKED_MORE;
	if (state == DONE)
		return CHUNKED_END;
	*why = state == BAD_CHUNK ? REFUSAL_CHUNK : REFUSAL_TRAILER;
	return CHUNKED_BAD;
}

size_t
chunk_line(char out[CHUNK_LINE_MAX], uint64_t n)
{
	size_t length = 1;

	while (length < 16 && n >> (4 * length) != 0)
		length++;
	for (size_t i = 0; i < length; i++)
		out[i] = "0123456789abcdef"[n >> (4 * (length - 1 - i)) & 15];
	out[length] = '\r';
	out[length + 1] = '\n';
	return length + 2;
}
