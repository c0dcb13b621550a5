/*
 * fields_policy.c: whether a value is a Dictionary of RFC 8941. One bad byte makes browsers ignore the whole of
 * Permissions-Policy, and with it the denials we add to what the site said.
 */
#include "fields.h"

/* Readers move *s past what they read and say whether it was there. */

static bool
is_lower(char ch)
{
	return ch >= 'a' && ch <= 'z';
}

static bool
is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

static bool
is_alpha(char ch)
{
	return is_lower(tc_lower(ch));
}

/* RFC 9110 5.6.2, and what tokens here may hold besides. */
static bool
is_token(char ch)
{
	return is_alpha(ch) || is_digit(ch) || (ch != '\0' && strchr("!#$%&'*+-.^_`|~:/", ch) != NULL);
}

static bool
is_base64(char ch)
{
	return is_alpha(ch) || is_digit(ch) || ch == '+' || ch == '/' || ch == '=';
}

static bool
take(struct tc_str *s, char ch)
{
	if (s->n == 0 || s->p[0] != ch)
		return false;
	tc_skip(s, 1);
	return true;
}

static size_t
take_all(struct tc_str *s, bool (*is)(char))
{
	size_t n = 0;

	while (n < s->n && is(s->p[n]))
		n++;
	tc_skip(s, n);
	return n;
}

static bool
is_key(char ch)
{
	return is_lower(ch) || is_digit(ch) || ch == '_' || ch == '-' || ch == '.' || ch == '*';
}

static bool
read_key(struct tc_str *s)
{
	if (s->n == 0 || (!is_lower(s->p[0]) && s->p[0] != '*'))
		return false;
	return take_all(s, is_key) > 0;
}

static bool
read_string(struct tc_str *s)
{
	if (!take(s, '"'))
		return false;
	while (s->n > 0) {
		char ch = s->p[0];

		tc_skip(s, 1);
		if (ch == '"')
			return true;
		if (ch == '\\' && !take(s, '"') && !take(s, '\\'))
			return false;
		if (ch < ' ' || ch > '~')
			return false;
	}
	return false;
}

static bool
read_number(struct tc_str *s)
{
	size_t whole, part;

	(void)take(s, '-');
	whole = take_all(s, is_digit);
	if (whole == 0 || whole > 15)
		return false;
	if (!take(s, '.'))
		return true;
	part = take_all(s, is_digit);
	return whole <= 12 && part >= 1 && part <= 3;
}

static bool
read_bare_item(struct tc_str *s)
{
	char ch = s->n > 0 ? s->p[0] : '\0';

	if (ch == '"')
		return read_string(s);
	if (ch == '-' || is_digit(ch))
		return read_number(s);
	if (ch == '?')
		return take(s, '?') && (take(s, '0') || take(s, '1'));
	if (ch == ':') {
		tc_skip(s, 1);
		(void)take_all(s, is_base64);
		return take(s, ':');
	}
	return (is_alpha(ch) || ch == '*') && take_all(s, is_token) > 0;
}

static bool
is_space(char ch)
{
	return ch == ' ';
}

static bool
read_params(struct tc_str *s)
{
	while (take(s, ';')) {
		(void)take_all(s, is_space);
		if (!read_key(s) || (take(s, '=') && !read_bare_item(s)))
			return false;
	}
	return true;
}

static bool
read_inner_list(struct tc_str *s)
{
	if (!take(s, '('))
		return false;
	for (;;) {
		(void)take_all(s, is_space);
		if (take(s, ')'))
			return read_params(s);
		if (!read_bare_item(s) || !read_params(s) || s->n == 0 || (s->p[0] != ' ' && s->p[0] != ')'))
			return false;
	}
}

static bool
read_member(struct tc_str *s)
{
	if (!read_key(s))
		return false;
	if (!take(s, '='))
		return read_params(s);
	if (s->n > 0 && s->p[0] == '(')
		return read_inner_list(s);
	return read_bare_item(s) && read_params(s);
}

static bool
is_blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

bool
dictionary_valid(struct tc_str value)
{
	struct tc_str s = tc_trim(value);

	if (s.n == 0)
		return true;
	for (;;) {
		if (!read_member(&s))
			return false;
		(void)take_all(&s, is_blank);
		if (s.n == 0)
			return true;
		if (!take(&s, ','))
			return false;
		(void)take_all(&s, is_blank);
	}
}
