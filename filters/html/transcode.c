/*
 * transcode.c: transcode.h
 *
 * UTF-16 is arithmetic. The characters of ISO-2022-JP are a table, made once by iconv(3), so that no stream needs a
 * converter of its own (glibc's take 32 KiB each), and none is looked for in files while requests are served.
 */
#include "transcode.h"

#include <assert.h>
#include <iconv.h>
#include <pthread.h>
#include <stdlib.h>

enum {
	STEP = 4096,  /* bytes of UTF-8 made at once */
	ONE_MAX = 32, /* that one byte of input and the end may make */
	LEFT_LEAST = 512,
	ROWS = 94,
	BAD = 0xFFFD,
};

static char *
put(char *p, uint32_t u)
{
	if (u < 0x80) {
		*p++ = (char)u;
		return p;
	}
	if (u < 0x800) {
		*p++ = (char)(0xC0 | u >> 6);
	} else if (u < 0x10000) {
		*p++ = (char)(0xE0 | u >> 12);
		*p++ = (char)(0x80 | (u >> 6 & 0x3F));
	} else {
		*p++ = (char)(0xF0 | u >> 18);
		*p++ = (char)(0x80 | (u >> 12 & 0x3F));
		*p++ = (char)(0x80 | (u >> 6 & 0x3F));
	}
	*p++ = (char)(0x80 | (u & 0x3F));
	return p;
}

/* ---- UTF-16 ---- */

static char *
utf16_unit(struct transcode *t, uint16_t unit, char *p)
{
	bool low = unit >= 0xDC00 && unit <= 0xDFFF;

	if (t->high != 0) {
		uint16_t high = t->high;

		t->high = 0;
		if (low)
			return put(p, 0x10000 + ((uint32_t)(high & 0x3FF) << 10) + (unit & 0x3FF));
		p = put(p, BAD);
	}
	if (unit >= 0xD800 && unit <= 0xDBFF) {
		t->high = unit;
		return p;
	}
	return put(p, low ? BAD : unit);
}

static char *
utf16_byte(struct transcode *t, uint8_t b, char *p)
{
	if (!t->half) {
		t->half = true;
		t->byte = b;
		return p;
	}
	t->half = false;
	return utf16_unit(t, (uint16_t)(t->charset == CHARSET_UTF_16BE ? t->byte << 8 | b : b << 8 | t->byte), p);
}

/* ---- ISO-2022-JP ---- */

enum jp {
	JP_ASCII,
	JP_ROMAN,
	JP_KATAKANA,
	JP_LEAD, /* of two bytes */
	JP_TRAIL,
	JP_ESCAPE_START,
	JP_ESCAPE,
};

/* The rows of JIS X 0208, and what others have put into its gaps; 0: nothing. */
static uint16_t jis[ROWS * ROWS];
static bool jis_known;
static pthread_once_t jis_once = PTHREAD_ONCE_INIT;

/* The same character in Shift_JIS, whose rows are 188 long. */
static uint16_t
jis_ask(iconv_t from, size_t row, size_t cell)
{
	size_t lead = row / 2 + (row < 62 ? 0x81 : 0xC1), trail = row % 2 == 1 ? cell + 0x9F : cell + 0x40 + (cell >= 63);
	char in[2] = {(char)lead, (char)trail}, out[4], *p = in, *q = out;
	size_t n = sizeof(in), room = sizeof(out);

	(void)iconv(from, NULL, NULL, NULL, NULL);
	if (iconv(from, &p, &n, &q, &room) == (size_t)-1 || n > 0 || room != sizeof(out) - 2)
		return 0;
	return (uint16_t)((unsigned char)out[0] | (unsigned char)out[1] << 8);
}

/* Browsers have Microsoft's characters, which the first name stands for. */
static void
jis_make(void)
{
	static const char *const names[] = {"CP932", "SHIFT_JIS"};
	iconv_t from = (iconv_t)-1;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && from == (iconv_t)-1; i++)
		from = iconv_open("UTF-16LE", names[i]);
	if (from == (iconv_t)-1)
		return;
	for (size_t row = 0; row < ROWS; row++)
		for (size_t cell = 0; cell < ROWS; cell++)
			jis[row * ROWS + cell] = jis_ask(from, row, cell);
	jis_known = jis[(0x30 - 0x21) * ROWS] == 0x4E9C; /* the first of the kanji */
	(void)iconv_close(from);
}

/* A byte of a character, in one of the first three states, or the first of two. */
static char *
jp_plain(struct transcode *t, uint8_t b, char *p)
{
	t->fresh = false;
	switch ((enum jp)t->state) {
	case JP_KATAKANA:
		return put(p, b >= 0x21 && b <= 0x5F ? 0xFF61u - 0x21 + b : BAD);
	case JP_LEAD:
		if (b < 0x21 || b > 0x7E)
			return put(p, BAD);
		t->lead = b;
		t->state = JP_TRAIL;
		return p;
	default:
		if (b > 0x7F || b == 0x0E || b == 0x0F)
			return put(p, BAD);
		if (t->state == JP_ROMAN && b == 0x5C)
			return put(p, 0xA5);
		return put(p, t->state == JP_ROMAN && b == 0x7E ? 0x203E : b);
	}
}

static char *
jp_trail(struct transcode *t, uint8_t b, char *p)
{
	uint16_t u = 0;

	t->state = JP_LEAD;
	if (b >= 0x21 && b <= 0x7E)
		u = jis[(size_t)(t->lead - 0x21) * ROWS + (b - 0x21u)];
	return put(p, u != 0 ? u : BAD);
}

/* What the second and third byte of an escape sequence switch to; JP_ESCAPE: nothing. */
static enum jp
jp_switch(uint8_t second, uint8_t third)
{
	if (second == '$')
		return third == '@' || third == 'B' ? JP_LEAD : JP_ESCAPE;
	return third == 'B' ? JP_ASCII : third == 'J' ? JP_ROMAN
	    : third == 'I'                            ? JP_KATAKANA
						      : JP_ESCAPE;
}

static char *
jp_byte(struct transcode *t, uint8_t b, char *p)
{
	uint8_t lead = t->lead;
	enum jp to;

	switch ((enum jp)t->state) {
	case JP_ESCAPE_START:
		if (b == '$' || b == '(') {
			t->lead = b;
			t->state = JP_ESCAPE;
			return p;
		}
		t->fresh = false;
		t->state = t->out;
		return jp_byte(t, b, put(p, BAD));
	case JP_ESCAPE:
		to = jp_switch(lead, b);
		if (to != JP_ESCAPE) {
			p = t->fresh ? put(p, BAD) : p; /* two of them, and nothing between */
			t->fresh = true;
			t->state = t->out = (uint8_t)to;
			return p;
		}
		t->fresh = false;
		t->state = t->out;
		p = jp_byte(t, lead, put(p, BAD));
		return jp_byte(t, b, p);
	case JP_TRAIL:
		if (b != 0x1B)
			return jp_trail(t, b, p);
		t->state = JP_ESCAPE_START;
		return put(p, BAD);
	default:
		if (b != 0x1B)
			return jp_plain(t, b, p);
		t->state = JP_ESCAPE_START;
		return p;
	}
}

/* ---- both ---- */

/* What an end in the middle of a character makes. */
static char *
finish(struct transcode *t, char *p)
{
	if (t->charset != CHARSET_ISO_2022_JP)
		return t->half || t->high != 0 ? put(p, BAD) : p;
	switch ((enum jp)t->state) {
	case JP_TRAIL:
	case JP_ESCAPE_START:
		return put(p, BAD);
	case JP_ESCAPE:
		t->state = t->out;
		p = jp_byte(t, t->lead, put(p, BAD));
		return t->state == JP_TRAIL ? put(p, BAD) : p;
	default:
		return p;
	}
}

bool
transcode_can(enum charset c)
{
	if (c == CHARSET_ISO_2022_JP) {
		(void)pthread_once(&jis_once, jis_make);
		return jis_known;
	}
	return c == CHARSET_UTF_16LE || c == CHARSET_UTF_16BE;
}

void
transcode_begin(struct transcode *t, enum charset c)
{
	assert(t->charset == CHARSET_NONE && transcode_can(c));
	t->charset = (uint8_t)c;
}

static char *
decode(struct transcode *t, struct tc_str *in, bool last, char *out)
{
	char *p = out, *end = out + STEP - ONE_MAX;
	size_t i = 0;

	if (t->charset == CHARSET_ISO_2022_JP)
		for (; i < in->n && p <= end; i++)
			p = jp_byte(t, (uint8_t)in->p[i], p);
	else
		for (; i < in->n && p <= end; i++)
			p = utf16_byte(t, (uint8_t)in->p[i], p);
	tc_skip(in, i);
	return last && in->n == 0 ? finish(t, p) : p;
}

static void
wipe(char *p, size_t n)
{
	if (p != NULL)
		explicit_bzero(p, n);
	free(p);
}

/* Makes it what is left: s, which may lie in what was left before. */
static int
keep(struct transcode *t, struct tc_str s, size_t cap)
{
	char *p = NULL;

	if (cap > 0 && (p = malloc(cap)) == NULL)
		return -1;
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	wipe(t->left, t->left_cap);
	t->left = p;
	t->left_n = s.n;
	t->left_cap = cap;
	return 0;
}

static int
append(struct transcode *t, struct tc_str s)
{
	size_t need = t->left_n + s.n;

	if (need > TRANSCODE_LEFT_MAX)
		return -1;
	if (need > t->left_cap && keep(t, tc_str_of(t->left, t->left_n), need < LEFT_LEAST ? LEFT_LEAST : 2 * need) < 0)
		return -1;
	memcpy(t->left + t->left_n, s.p, s.n);
	t->left_n += s.n;
	return 0;
}

/* Hands on what was left and what is new, and keeps no more memory than what is left again needs. */
static int
hand_on(struct transcode *t, struct tc_str made, bool last, transcode_take take, void *to)
{
	struct tc_str rest = made;

	if (t->left_n > 0) {
		if (made.n > 0 && append(t, made) < 0)
			return -1;
		rest = tc_str_of(t->left, t->left_n);
	}
	if (take(to, &rest, last) < 0)
		return -1;
	if (t->left_n > 0 && rest.n > t->left_cap / 4) {
		memmove(t->left, rest.p, rest.n);
		t->left_n = rest.n;
		return 0;
	}
	return keep(t, rest, rest.n);
}

int
transcode_feed(struct transcode *t, struct tc_str *in, bool last, transcode_take take, void *to)
{
	char step[STEP];
	int rc;

	do {
		size_t n = (size_t)(decode(t, in, last, step) - step);

		assert(n <= STEP);
		rc = hand_on(t, tc_str_of(step, n), last && in->n == 0, take, to);
	} while (rc == 0 && in->n > 0);
	explicit_bzero(step, sizeof(step));
	return rc;
}

void
transcode_end(struct transcode *t)
{
	wipe(t->left, t->left_cap);
	*t = (struct transcode){.charset = CHARSET_NONE};
}
