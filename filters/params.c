/* params.c: see params.h. */
#include "params.h"

enum { NAME_MAX_DECODED = 256 };

const enum tc_class param_class[PACK_PARAM_CLASS_COUNT] = {
	[PACK_CLICK_ID] = TC_ADVERTISING,
	[PACK_USER_ID] = TC_ADVERTISING,
	[PACK_LINKER] = TC_ANALYTICS,
	[PACK_AD_DETAIL] = TC_ADVERTISING,
	[PACK_CAMPAIGN] = TC_ANALYTICS,
	[PACK_AFFILIATE] = TC_ADVERTISING,
	[PACK_PARAM_FUNCTIONAL] = TC_FUNCTIONAL,
};

/* whole: what follows must be no letter. */
bool
path_keeps_users(struct tc_str path)
{
	static const struct {
		struct tc_str word;
		bool whole;
	} words[] = {
		{TC_STR_INIT("unsubscribe"), false},
		{TC_STR_INIT("preferences"), false},
		{TC_STR_INIT("confirm"), false},
		{TC_STR_INIT("oauth"), false},
		{TC_STR_INIT("sso"), true},
	};

	while (path.p != NULL) {
		struct tc_str segment = tc_next(&path, '/');

		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
			size_t n = words[i].word.n;

			if (!tc_istarts(segment, words[i].word))
				continue;
			if (!words[i].whole || segment.n == n || tc_lower(segment.p[n]) < 'a' ||
			    tc_lower(segment.p[n]) > 'z')
				return true;
		}
	}
	return false;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tc_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct tc_str
param_decode(struct tc_str text, char *buf, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < text.n && at < n; i++) {
		int high = i + 2 < text.n ? hex(text.p[i + 1]) : -1;
		int low = i + 2 < text.n ? hex(text.p[i + 2]) : -1;

		if (text.p[i] != '%' || high < 0 || low < 0) {
			buf[at++] = text.p[i];
			continue;
		}
		buf[at++] = (char)(high << 4 | low);
		i += 2;
	}
	return tc_str_of(buf, at);
}

bool
param_goes(param_judge *goes, void *arg, struct tc_str pair)
{
	char buf[NAME_MAX_DECODED];
	size_t at = tc_find_byte(pair, '=');
	struct tc_str name = tc_str_of(pair.p, at), value = {NULL, 0};

	if (at < pair.n)
		value = tc_str_of(pair.p + at + 1, pair.n - at - 1);
	while (name.n > 0 && name.p[0] == '+')
		tc_skip(&name, 1);
	while (tc_starts(name, TC_STR("%20")))
		tc_skip(&name, 3);
	if (name.n == 0)
		return false;
	if (goes(arg, name, value))
		return true;
	return tc_find_byte(name, '%') < name.n && goes(arg, param_decode(name, buf, sizeof(buf)), value);
}

/* Query so far, without what goes; p = NULL: nothing has gone yet. */
struct kept {
	char *p;
	size_t n;
	bool some; /* more than separators */
};

/* The pair that begins at `at` in the query stays, with the separator before it. */
static void
keep(struct kept *k, struct tc_str query, size_t at, size_t n)
{
	k->some |= n > 0;
	if (k->p == NULL)
		return;
	if (k->n > 0)
		k->p[k->n++] = query.p[at - 1];
	memcpy(k->p + k->n, query.p + at, n);
	k->n += n;
}

int
params_strip(struct tc_arena *arena, struct tc_str *query, param_judge *goes, void *arg)
{
	struct kept left = {NULL, 0, false};

	for (size_t at = 0, end = 0; at <= query->n; at = ++end) {
		while (end < query->n && !params_part_at(query->p[end]))
			end++;
		if (!param_goes(goes, arg, tc_str_of(query->p + at, end - at))) {
			keep(&left, *query, at, end - at);
			continue;
		}
		if (left.p != NULL)
			continue;
		left.p = tc_alloc_bytes(arena, query->n + 1);
		if (left.p == NULL)
			return -1;
		left.n = at > 0 ? at - 1 : 0; /* without the separator */
		memcpy(left.p, query->p, left.n);
	}
	if (left.p == NULL)
		return 0;
	*query = left.some ? tc_str_of(left.p, left.n) : (struct tc_str){NULL, 0};
	return 1;
}

/* ---- what our table strips ---- */

struct ids {
	struct tc_call *c;
	bool keep_users;
};

static bool
id_goes(void *arg, struct tc_str name, struct tc_str value)
{
	const struct ids *w = arg;
	const struct pack_param *row = pack_param(name);

	(void)value;
	if (row == NULL || row->strip != PACK_STRIP || (row->class == PACK_USER_ID && w->keep_users))
		return false;
	tc_did(w->c, TC_DID_PARAMETER, param_class[row->class], TC_PACK_BUILT_IN, name);
	return true;
}

int
params_strip_ids(struct tc_call *c, struct tc_str path, struct tc_str *query)
{
	struct ids w = {c, path_keeps_users(path)};

	return query->n > 0 ? params_strip(c->arena, query, id_goes, &w) : 0;
}
