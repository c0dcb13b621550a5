/* json_walk.c: the members of a JSON text that rules ask for, as entries. All of it must be JSON. */
#include "base/json.h"
#include "consent/reader.h"

static void walk_value(struct consent_walk *w, struct tc_str raw, const struct consent_way *way, unsigned depth, bool item);

/* Inside of quotes as it is written, escapes and all: a rule whose text has some is written the same way. */
static struct tc_str
unquoted(struct tc_str raw)
{
	return raw.n >= 2 && raw.p[0] == '"' ? tc_str_of(raw.p + 1, raw.n - 2) : raw;
}

static void
walk_object(struct consent_walk *w, struct json *j, const struct consent_way *way, unsigned depth)
{
	struct consent_way down = *way;
	struct tc_str raw;

	down.n++;
	while (!w->bad && json_member(j, &down.part[way->n]))
		if (json_skip(j, &raw) && consent_leads(w->reader, &down))
			walk_value(w, raw, &down, depth, false);
}

static void
walk_array(struct consent_walk *w, struct json *j, const struct consent_way *way, unsigned depth)
{
	struct tc_str raw;

	while (!w->bad && json_item(j))
		if (json_skip(j, &raw))
			walk_value(w, raw, way, depth, true);
}

/* What lies deeper than any key can say is no entry. */
static void
walk_value(struct consent_walk *w, struct tc_str raw, const struct consent_way *way, unsigned depth, bool item)
{
	struct json j = json_of(raw);
	bool nested = raw.n > 0 && (raw.p[0] == '{' || raw.p[0] == '[');

	if (!nested)
		consent_entry(w, way, unquoted(raw), item);
	else if (depth < CONSENT_DEPTH_MAX && json_enter(&j, raw.p[0])) {
		if (raw.p[0] == '{')
			walk_object(w, &j, way, depth + 1);
		else
			walk_array(w, &j, way, depth + 1);
	}
}

void
consent_walk_json(struct consent_walk *w, struct tc_str text)
{
	struct json j = json_of(text);
	struct consent_way top = {.n = 0};
	struct tc_str raw;

	if (!json_skip(&j, &raw) || !json_end(&j) || (raw.p[0] != '{' && raw.p[0] != '['))
		w->bad = true;
	else
		walk_value(w, raw, &top, 0, false);
}
