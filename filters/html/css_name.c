/* css_name.c: escapes and names of CSS (css.h). */
#include "css.h"

#define NAME_MAX_DECODED 24 /* "-webkit-cross-fade" has 18 */

/* --- Escapes ----------------------------------------------------------------------------------- */

/* CSS Syntax 4.3.7: what is no character comes out as U+FFFD. */
static size_t
put_escaped(char *out, uint32_t c)
{
	return utf8_put(out, c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? 0xFFFD : c);
}

size_t
css_escape_length(struct tc_str s, bool last)
{
	size_t i = 1;

	while (i < s.n && i < 7 && css_hex_digit(s.p[i]) >= 0)
		i++;
	if (i == 1)
		i = s.n > 1 ? 2 : 1;
	if (i < s.n && i > 1 && css_hex_digit(s.p[1]) >= 0 && css_is_space(s.p[i]))
		i++;
	if (i < s.n && s.p[i - 1] == '\r' && s.p[i] == '\n')
		i++;
	else if (i == s.n && !last && i < 9)
		return 0; /* more digits, or white space, may follow */
	return i;
}

/* What the escape of length n at p means; bytes written (at most 4). */
static size_t
escape_meaning(const char *p, size_t n, char *out)
{
	uint32_t code = 0;
	size_t i = 1;

	if (n < 2 || css_is_newline(p[1]))
		return 0;
	for (; i < n && css_hex_digit(p[i]) >= 0; i++)
		code = code * 16 + (uint32_t)css_hex_digit(p[i]);
	if (i > 1)
		return put_escaped(out, code);
	out[0] = p[1];
	return 1;
}

size_t
css_decode(struct tc_str raw, char *out, size_t room)
{
	size_t n = 0;

	while (raw.n > 0 && n + 4 <= room) {
		size_t len = 1;

		if (raw.p[0] == '\\') {
			len = css_escape_length(raw, true);
			n += escape_meaning(raw.p, len, out + n);
		} else {
			out[n++] = raw.p[0];
		}
		tc_skip(&raw, len);
	}
	return n;
}

/* --- Names ------------------------------------------------------------------------------------- */

size_t
css_name_end(struct tc_str in, size_t at, bool last, bool *open)
{
	*open = false;
	while (at < in.n) {
		if (in.p[at] == '\\') {
			struct tc_str rest = tc_str_of(in.p + at, in.n - at);
			size_t len = css_escape_length(rest, last);

			if (len == 0 || (rest.n == 1 && !last)) {
				*open = true;
				return at;
			}
			if (rest.n > 1 && css_is_newline(rest.p[1]))
				return at;
			at += len;
		} else if (css_is_name(in.p[at])) {
			at++;
		} else {
			return at;
		}
	}
	*open = !last;
	return at;
}

bool
css_name_is(struct tc_str raw, struct tc_str word)
{
	char name[NAME_MAX_DECODED + 4];

	if (raw.n > CSS_NAME_RAW_MAX || raw.n < word.n)
		return false;
	return tc_ieq(tc_str_of(name, css_decode(raw, name, sizeof(name))), word);
}

bool
css_names_url(struct tc_str raw)
{
	return css_name_is(raw, TC_STR("url"));
}

bool
css_names_set(struct tc_str raw)
{
	static const struct tc_str names[] = {
		TC_STR_INIT("src"),
		TC_STR_INIT("image-set"),
		TC_STR_INIT("-webkit-image-set"),
		TC_STR_INIT("image"),
		TC_STR_INIT("cross-fade"),
		TC_STR_INIT("-webkit-cross-fade"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (css_name_is(raw, names[i]))
			return true;
	return false;
}
