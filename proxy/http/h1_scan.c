/*
 * h1_scan.c: judges the bytes of a head before anything else reads them, and finds where it ends.
 *
 * The verdict is that of a machine that takes byte after byte, so it does not depend on how they arrive: a byte
 * is judged when it is there, a CR only together with the byte after it. For each byte, in this order: is it
 * beyond head_max, beyond line_max in the first line, forbidden where it stands?
 */
#include "http/bytes.h"
#include "http/h1.h"

#include <assert.h>

static long
refuse(enum refusal r)
{
	return -(long)r;
}

/* The line [s->line, s->at) is whole: the byte at s->at is CR, and LF follows. Returns as h1_scan(), 0: go on. */
static long
end_line(struct h1_scan *s, const struct h1_limits *limits)
{
	bool empty = s->at == s->line;

	s->at += 2;
	s->line = s->at;
	if (empty)
		return s->fields > 0 ? (long)s->at : refuse(REFUSAL_SYNTAX); /* a head without a first line */
	s->fields++;
	return s->fields > limits->fields_max + 1 ? refuse(REFUSAL_TOO_MANY_FIELDS) : 0;
}

/* Judges the control byte at s->at. Returns as h1_scan(); 0 with *more set: wait for the next byte. */
static long
judge_control(struct h1_scan *s, struct tc_str in, const struct h1_limits *limits, bool *more)
{
	if (in.p[s->at] == '\n')
		return refuse(REFUSAL_BARE_LF);
	if (in.p[s->at] != '\r')
		return refuse(REFUSAL_BAD_BYTE);
	if (s->at + 1 == in.n) {
		*more = true;
		return 0;
	}
	if (in.p[s->at + 1] != '\n')
		return refuse(REFUSAL_BARE_CR);
	return end_line(s, limits);
}

static bool
line_too_long(const struct h1_scan *s, struct tc_str in, const struct h1_limits *limits)
{
	if (s->fields > 0 || s->at < limits->line_max || in.n <= limits->line_max)
		return false;
	return s->at > limits->line_max || in.p[s->at] != '\r';
}

long
h1_scan(struct h1_scan *s, struct tc_str in, const struct h1_limits *limits)
{
	bool full = in.n >= limits->head_max, more = false;

	assert(s->at <= in.n && s->line <= s->at);
	if (full)
		in.n = limits->head_max;
	while (s->at < in.n && !more) {
		if (s->at == s->line && (in.p[s->at] == ' ' || in.p[s->at] == '\t'))
			return refuse(REFUSAL_FOLD);
		s->at = find_control(in.p, s->at, in.n);
		if (line_too_long(s, in, limits))
			return refuse(REFUSAL_LINE_TOO_LONG);
		if (s->at == in.n)
			break;

		long r = judge_control(s, in, limits, &more);

		if (r != 0)
			return r;
	}
	return full ? refuse(REFUSAL_HEAD_TOO_LARGE) : 0;
}

int
h1_skip_empty_line(struct tc_str in)
{
	if (in.n == 0)
		return -1;
	if (in.p[0] != '\r')
		return 0;
	if (in.n == 1)
		return -1;
	return in.p[1] == '\n' ? 2 : 0;
}
