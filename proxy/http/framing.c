/* framing.c: how long is the body? Decided here and nowhere else (RFC 9112 6.3), and refused where in doubt. */
#include "http/h1.h"

#define LENGTH_DIGITS_MAX 18 /* keeps every length below 2^62, and sums of two in range */

struct lengths {
	bool length, chunked;
	uint64_t value;
};

static bool
parse_length(struct tc_str text, uint64_t *out)
{
	uint64_t n = 0;

	if (text.n == 0 || text.n > LENGTH_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text.p[i] - '0');
	}
	*out = n;
	return true;
}

/* At most one of Content-Length and Transfer-Encoding, once, and each exactly as we would write it ourselves. */
static enum refusal
read_lengths(const struct head *h, struct lengths *out)
{
	*out = (struct lengths){0};
	for (size_t i = 0; i < h->fields.n; i++) {
		const struct tc_field *f = &h->fields.v[i];

		if (f->id == TC_F_CONTENT_LENGTH) {
			if (out->length || !parse_length(f->value, &out->value))
				return REFUSAL_LENGTH;
			out->length = true;
		} else if (f->id == TC_F_TRANSFER_ENCODING) {
			if (out->chunked || h->minor == 0 || !tc_ieq(f->value, TC_STR("chunked")))
				return REFUSAL_CODING;
			out->chunked = true;
		}
	}
	return out->length && out->chunked ? REFUSAL_CODING : REFUSAL_NONE;
}

enum refusal
framing_request(const struct head *h, struct framing *out)
{
	struct lengths l;
	enum refusal r = read_lengths(h, &l);

	*out = (struct framing){BODY_NONE, l.value, l.length};
	if (l.length)
		out->kind = BODY_LENGTH;
	if (l.chunked)
		out->kind = BODY_CHUNKED;
	return r;
}

static bool
has_no_body(const struct head *h)
{
	return h->status < 200 || h->status == 204;
}

/*
 * 1xx and 204 have no body and may not speak of one (RFC 9112 6.1, RFC 9110 8.6). A length in a 204 is common
 * enough to bear: the parser ends the connection with it. Behind an interim answer more has to be read: refused.
 */
static enum refusal
check_bodiless(const struct head *h, const struct lengths *l)
{
	if (has_no_body(h) && l->chunked)
		return REFUSAL_CODING;
	return h->status < 200 && l->value > 0 ? REFUSAL_LENGTH : REFUSAL_NONE;
}

enum refusal
framing_response(const struct head *h, enum tc_method asked, struct framing *out)
{
	struct lengths l;
	enum refusal r = read_lengths(h, &l);

	*out = (struct framing){BODY_TO_CLOSE, 0, false};
	if (r == REFUSAL_NONE)
		r = check_bodiless(h, &l);
	if (r != REFUSAL_NONE)
		return r;
	if (has_no_body(h))
		*out = (struct framing){BODY_NONE, 0, false};
	else if (asked == TC_M_HEAD || h->status == 304)
		*out = (struct framing){BODY_NONE, l.value, l.length};
	else if (l.chunked)
		out->kind = BODY_CHUNKED;
	else if (l.length)
		*out = (struct framing){BODY_LENGTH, l.value, true};
	return REFUSAL_NONE;
}
