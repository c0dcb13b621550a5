/*
 * attr_query.c: click ids and ids of people in the queries of links, where query.links asks for it: what filter_query takes
 * out of the visitor's own, by the same table (conf/lists/params.tsv). All other bytes stay.
 */
#include "../params.h"
#include "attr.h"

struct link_ids {
	struct run *r;
	bool keep_users; /* the path is one where ids of people are needed */
};

static bool
id_goes(void *arg, struct tc_str name, struct tc_str value)
{
	const struct link_ids *a = arg;
	const struct pack_param *row = pack_param(name);

	(void)value;
	if (row == NULL || row->strip != PACK_STRIP || (row->class == PACK_USER_ID && a->keep_users))
		return false;
	judge_did(a->r->rw, TC_DID_PARAMETER, param_class[row->class], name);
	return true;
}

/* Not "mailto:" or "javascript:". */
static bool
is_web(struct tc_str url)
{
	size_t at = 0;

	while (at < url.n && memchr(":/?#", url.p[at], 4) == NULL)
		at++;
	return at == url.n || url.p[at] != ':' || tc_ieq(tc_str_of(url.p, at), TC_STR("https")) ||
	    tc_ieq(tc_str_of(url.p, at), TC_STR("http"));
}

/* "https://host/path" or "/path": the path. */
static struct tc_str
path_in(struct tc_str url)
{
	size_t at = tc_find(url, TC_STR("//"));

	if (at < url.n && (at == 0 || url.p[at - 1] == ':')) {
		tc_skip(&url, at + 2);
		tc_skip(&url, tc_find_byte(url, '/'));
	}
	return url;
}

/* Takes [from, to) out; where there is no room for one more edit, all that follows in the query. */
static void
cut(struct value_edits *out, size_t from, size_t to, size_t end)
{
	struct value_edit *last = out->n > 0 ? &out->v[out->n - 1] : NULL;

	if (last != NULL && last->to == from)
		last->to = to;
	else if (out->n < out->cap)
		out->v[out->n++] = (struct value_edit){from, to, TC_STR("")};
	else
		last->to = end;
}

/* Edits for the query of url, which begins behind from, a '?', and ends at end. */
static void
strip(struct run *r, struct tc_str url, size_t from, size_t end, struct value_edits *out)
{
	struct link_ids a = {r, path_keeps_users(path_in(tc_str_of(url.p, from)))};
	bool some = false;

	for (size_t at = from + 1, to = at; at <= end; at = ++to) {
		while (to < end && !params_part_at(url.p[to]))
			to++;
		if (!param_goes(id_goes, &a, tc_str_of(url.p + at, to - at))) {
			some |= to > at;
			continue;
		}
		cut(out, at - 1, to, end); /* with the separator before it */
	}
	if (out->n == 0)
		return;
	if (!some) {
		out->n = 1;
		out->v[0] = (struct value_edit){from, end, TC_STR("")};
	} else if (out->v[0].from == from) { /* the '?' stays, and what parted it from the first that does goes */
		out->v[0].from++;
		out->v[0].to += out->v[0].to < end;
	}
}

void
attr_edit_query(struct run *r, const struct element *x, size_t i)
{
	struct tc_str raw = attr_raw(x, i);
	struct value_edit v[ATTR_EDITS_MAX];
	struct value_edits edits = {.v = v, .cap = ATTR_EDITS_MAX};
	struct decoded d;
	size_t from, end;

	if (tc_find_byte(raw, '?') == raw.n && tc_find_byte(raw, '&') == raw.n)
		return;
	decoded_begin(&d, raw);
	end = tc_find_byte(d.s, '#');
	from = tc_find_byte(tc_str_of(d.s.p, end), '?');
	if (from < end && is_web(d.s))
		strip(r, d.s, from, end, &edits);
	attr_write_edits(r, x, i, d.s, &edits);
	decoded_end(&d);
}
