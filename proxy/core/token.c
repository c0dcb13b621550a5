/* token.c: see token.h. */
#include "core/token.h"

#include <stdio.h>

static const struct tc_str PURPOSES[] = {
	[TOKEN_VERIFY] = TC_STR_INIT("tacet verify"),
	[TOKEN_DEBUG] = TC_STR_INIT("tacet debug"),
};

struct tc_str
token_write(const struct choice_key *k, enum token_use use, int64_t now, int64_t ttl, char buf[TOKEN_ROOM])
{
	int64_t until = now + (ttl < TOKEN_TTL_MAX ? ttl : TOKEN_TTL_MAX);
	int n = snprintf(buf, TOKEN_ROOM, "v1.%lld", (long long)until);
	char mac[CHOICE_MAC_TEXT];

	choice_sign(k, PURPOSES[use], tc_str_of(buf, (size_t)n), mac);
	n += snprintf(buf + n, TOKEN_ROOM - (size_t)n, ".%.*s", CHOICE_MAC_TEXT, mac);
	return tc_str_of(buf, (size_t)n);
}

/* "v1.DIGITS" */
static bool
until_of(struct tc_str text, int64_t *until)
{
	if (!tc_starts(text, TC_STR("v1.")) || text.n < 4 || text.n > 3 + 12)
		return false;
	tc_skip(&text, 3);
	*until = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*until = *until * 10 + (text.p[i] - '0');
	}
	return true;
}

bool
token_valid(const struct choice_key *k, enum token_use use, struct tc_str token, int64_t now)
{
	struct tc_str text, mac;
	int64_t until;

	if (token.n <= CHOICE_MAC_TEXT + 1)
		return false;
	text = tc_str_of(token.p, token.n - CHOICE_MAC_TEXT - 1);
	mac = tc_str_of(token.p + text.n + 1, CHOICE_MAC_TEXT);
	if (token.p[text.n] != '.' || !until_of(text, &until) || until < now || until > now + TOKEN_TTL_MAX)
		return false;
	return choice_signed(k, PURPOSES[use], text, mac);
}

bool
token_place(const struct choice_key *k, struct tc_str field, int64_t now, struct place *out)
{
	struct tc_str code = field, token = tc_next(&code, ' ');
	struct place place = {0};

	if (code.p == NULL || (!tc_eq(code, TC_STR("unknown")) && !place_parse(code, &place)))
		return false;
	if (!token_valid(k, TOKEN_VERIFY, token, now))
		return false;
	*out = place;
	return true;
}
