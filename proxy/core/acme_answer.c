/* acme_answer.c: see acme_answer.h. */
#include "core/acme_answer.h"

#include <time.h>

#include "base/json.h"
#include "core/acme_jws.h"

enum { URL_MAX = 1024,
	TOKEN_MAX = 256,
	NAME_LENGTH_MAX = 253 };

static const char *const problem_names[] = {
#define X(e, name) [ACME_##e] = name,
    ACME_PROBLEMS(X)
#undef X
};

const char *
acme_problem_name(enum acme_problem_type t)
{
	return problem_names[t];
}

/* ---- shapes ---- */

struct tc_str
acme_origin(struct tc_str url)
{
	struct tc_str rest = url;

	if (!tc_starts(url, TC_STR("https://")))
		return tc_str_of(NULL, 0);
	tc_skip(&rest, 8);
	return tc_str_of(url.p, 8 + tc_find_byte(rest, '/'));
}

bool
acme_url_ok(struct tc_str url, struct tc_str origin)
{
	return url.n <= URL_MAX && url.n > origin.n && tc_starts(url, origin) && url.p[origin.n] == '/' && jws_plain(url) &&
	    tc_find_byte(url, '#') == url.n;
}

bool
acme_base64url_ok(struct tc_str s, size_t max)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = tc_lower(s.p[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
			return false;
	}
	return s.n > 0 && s.n <= max;
}

/* "Sat, 21 Nov 2026 12:00:00 GMT"; -1: not so. */
static int64_t
read_date(struct tc_str s)
{
	struct tm tm = {0};
	const char *end;
	char z[40];

	if (s.n == 0 || s.n >= sizeof(z))
		return -1;
	memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	end = strptime(z, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return end != NULL && *end == '\0' ? (int64_t)timegm(&tm) : -1;
}

int64_t
acme_retry_after(struct tc_str value, int64_t now, int64_t max)
{
	bool number = value.n > 0;
	int64_t seconds = 0;

	for (size_t i = 0; i < value.n && number; i++) {
		number = value.p[i] >= '0' && value.p[i] <= '9';
		if (seconds < max)
			seconds = seconds * 10 + (value.p[i] - '0');
	}
	if (!number) {
		seconds = read_date(value);
		seconds = seconds < 0 ? -1 : seconds > now ? seconds - now
							   : 0;
	}
	return seconds < max ? seconds : max;
}

/* ---- values ---- */

/* One value into *out: a URL of that origin; anything else leaves it empty. */
static void
take_url(struct json *j, struct tc_str origin, struct tc_arena *arena, struct tc_str *out)
{
	struct tc_str url = json_string(j, arena);

	if (url.p != NULL && acme_url_ok(url, origin))
		*out = url;
}

static enum acme_status
take_status(struct json *j, struct tc_arena *arena)
{
	static const struct {
		struct tc_str name;
		enum acme_status status;
	} names[] = {
		{TC_STR_INIT("pending"), ACME_PENDING},
		{TC_STR_INIT("ready"), ACME_READY},
		{TC_STR_INIT("processing"), ACME_PROCESSING},
		{TC_STR_INIT("valid"), ACME_VALID},
		{TC_STR_INIT("invalid"), ACME_INVALID},
		{TC_STR_INIT("expired"), ACME_INVALID},
		{TC_STR_INIT("revoked"), ACME_INVALID},
		{TC_STR_INIT("deactivated"), ACME_INVALID},
	};
	struct tc_str text = json_string(j, arena);

	for (size_t i = 0; text.p != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (tc_eq(text, names[i].name))
			return names[i].status;
	return ACME_STATUS_OTHER;
}

/* ---- problems ---- */

static enum acme_problem_type
problem_type(struct tc_str urn)
{
	struct tc_str prefix = TC_STR("urn:ietf:params:acme:error:");

	if (!tc_starts(urn, prefix))
		return ACME_OTHER;
	tc_skip(&urn, prefix.n);
	for (size_t i = 0; i < ACME_PROBLEM_COUNT; i++)
		if (tc_eq(urn, tc_str_from(problem_names[i])))
			return (enum acme_problem_type)i;
	return ACME_OTHER;
}

/* What a terminal can be given: a peer wrote it. */
static void
copy_printable(char out[ACME_DETAIL_MAX + 1], struct tc_str s)
{
	size_t n = s.n < ACME_DETAIL_MAX ? s.n : ACME_DETAIL_MAX;

	for (size_t i = 0; i < n; i++)
		out[i] = s.p[i] >= ' ' && s.p[i] <= '~' ? s.p[i] : '?';
	out[n] = '\0';
}

static void
take_problem(struct json *j, struct tc_arena *arena, struct acme_problem *out)
{
	struct tc_str key, text;

	if (!json_enter(j, '{'))
		return;
	*out = (struct acme_problem){.there = true};
	while (json_member(j, &key)) {
		if (tc_eq(key, TC_STR("type"))) {
			text = json_string(j, arena);
			out->type = text.p != NULL ? problem_type(text) : ACME_OTHER;
		} else if (tc_eq(key, TC_STR("detail"))) {
			text = json_string(j, arena);
			if (text.p != NULL)
				copy_printable(out->detail, text);
		} else {
			(void)json_skip(j, NULL);
		}
	}
}

bool
acme_read_problem(struct tc_str text, struct tc_arena *arena, struct acme_problem *out)
{
	struct json j = json_of(text);

	*out = (struct acme_problem){0};
	take_problem(&j, arena, out);
	return json_end(&j) && out->there;
}

/* ---- objects ---- */

bool
acme_read_directory(struct tc_str text, struct tc_str origin, struct tc_arena *arena, struct acme_directory *out)
{
	struct json j = json_of(text);
	struct tc_str key;

	*out = (struct acme_directory){0};
	if (json_enter(&j, '{'))
		while (json_member(&j, &key)) {
			if (tc_eq(key, TC_STR("newNonce")))
				take_url(&j, origin, arena, &out->new_nonce);
			else if (tc_eq(key, TC_STR("newAccount")))
				take_url(&j, origin, arena, &out->new_account);
			else if (tc_eq(key, TC_STR("newOrder")))
				take_url(&j, origin, arena, &out->new_order);
			else
				(void)json_skip(&j, NULL);
		}
	return json_end(&j) && out->new_nonce.n > 0 && out->new_account.n > 0 && out->new_order.n > 0;
}

/* false: too many, or one of them is no URL of ours. */
static bool
take_authorizations(struct json *j, struct tc_str origin, struct tc_arena *arena, struct acme_order *out)
{
	bool fine = true;

	out->n = 0;
	if (!json_enter(j, '['))
		return false;
	while (json_item(j)) {
		struct tc_str url = {NULL, 0};

		take_url(j, origin, arena, &url);
		fine = fine && url.n > 0 && out->n < ACME_NAMES_MAX;
		if (fine)
			out->authorizations[out->n++] = url;
	}
	return fine;
}

bool
acme_read_order(struct tc_str text, struct tc_str origin, struct tc_arena *arena, struct acme_order *out)
{
	struct json j = json_of(text);
	struct tc_str key;
	bool fine = true;

	*out = (struct acme_order){.status = ACME_STATUS_OTHER};
	if (json_enter(&j, '{'))
		while (json_member(&j, &key)) {
			if (tc_eq(key, TC_STR("status")))
				out->status = take_status(&j, arena);
			else if (tc_eq(key, TC_STR("finalize")))
				take_url(&j, origin, arena, &out->finalize);
			else if (tc_eq(key, TC_STR("certificate")))
				take_url(&j, origin, arena, &out->certificate);
			else if (tc_eq(key, TC_STR("authorizations")))
				fine = take_authorizations(&j, origin, arena, out);
			else if (tc_eq(key, TC_STR("error")))
				take_problem(&j, arena, &out->problem);
			else
				(void)json_skip(&j, NULL);
		}
	return json_end(&j) && fine && out->status != ACME_STATUS_OTHER && out->finalize.n > 0;
}

static void
take_identifier(struct json *j, struct tc_arena *arena, struct acme_authorization *out)
{
	struct tc_str key, value = {NULL, 0};
	bool dns = false;

	if (!json_enter(j, '{'))
		return;
	while (json_member(j, &key)) {
		if (tc_eq(key, TC_STR("type"))) {
			struct tc_str type = json_string(j, arena);

			dns = type.p != NULL && tc_eq(type, TC_STR("dns"));
		} else if (tc_eq(key, TC_STR("value"))) {
			value = json_string(j, arena);
		} else {
			(void)json_skip(j, NULL);
		}
	}
	if (dns && value.p != NULL && value.n <= NAME_LENGTH_MAX)
		out->name = value;
}

static int
challenge_kind(struct tc_str type)
{
	static const struct tc_str names[ACME_CHALLENGE_COUNT] = {
		[ACME_TLS_ALPN_01] = TC_STR_INIT("tls-alpn-01"), [ACME_HTTP_01] = TC_STR_INIT("http-01")};

	for (int i = 0; type.p != NULL && i < ACME_CHALLENGE_COUNT; i++)
		if (tc_eq(type, names[i]))
			return i;
	return -1;
}

static void
take_challenge(struct json *j, struct tc_str origin, struct tc_arena *arena, struct acme_authorization *out)
{
	struct acme_challenge c = {0};
	struct acme_problem problem = {0};
	struct tc_str key, text;
	int kind = -1;

	if (!json_enter(j, '{'))
		return;
	while (json_member(j, &key)) {
		if (tc_eq(key, TC_STR("type"))) {
			kind = challenge_kind(json_string(j, arena));
		} else if (tc_eq(key, TC_STR("url"))) {
			take_url(j, origin, arena, &c.url);
		} else if (tc_eq(key, TC_STR("token"))) {
			text = json_string(j, arena);
			if (text.p != NULL && acme_base64url_ok(text, TOKEN_MAX))
				c.token = text;
		} else if (tc_eq(key, TC_STR("error"))) {
			take_problem(j, arena, &problem);
		} else {
			(void)json_skip(j, NULL);
		}
	}
	if (kind >= 0 && c.url.n > 0 && c.token.n > 0)
		out->challenges[kind] = c;
	if (problem.there)
		out->problem = problem;
}

static void
take_challenges(struct json *j, struct tc_str origin, struct tc_arena *arena, struct acme_authorization *out)
{
	if (!json_enter(j, '['))
		return;
	while (json_item(j))
		take_challenge(j, origin, arena, out);
}

bool
acme_read_authorization(struct tc_str text, struct tc_str origin, struct tc_arena *arena, struct acme_authorization *out)
{
	struct json j = json_of(text);
	struct tc_str key, raw;

	*out = (struct acme_authorization){.status = ACME_STATUS_OTHER};
	if (json_enter(&j, '{'))
		while (json_member(&j, &key)) {
			if (tc_eq(key, TC_STR("status")))
				out->status = take_status(&j, arena);
			else if (tc_eq(key, TC_STR("identifier")))
				take_identifier(&j, arena, out);
			else if (tc_eq(key, TC_STR("challenges")))
				take_challenges(&j, origin, arena, out);
			else if (tc_eq(key, TC_STR("wildcard")) && json_skip(&j, &raw))
				out->wildcard = tc_eq(raw, TC_STR("true"));
			else if (!tc_eq(key, TC_STR("wildcard")))
				(void)json_skip(&j, NULL);
		}
	return json_end(&j) && out->status != ACME_STATUS_OTHER && out->name.n > 0;
}
