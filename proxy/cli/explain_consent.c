/* explain_consent.c: see explain_consent.h. Names of cookies and readers only, never what a cookie holds. */
#include "cli/explain_consent.h"

#include <stdio.h>

struct telling {
	const struct config *config;
	const struct config_site *site;
	bool honoured; /* by the region's row */
	unsigned count;
};

static const struct tc_str CLASS_NAMES[] = {
#define X(e, name) [TC_##e] = TC_STR_INIT(name),
    TC_CLASSES(X)
#undef X
};

/* Each cookie by itself, as the visitor sent it: filters may have taken some of them out since. */
static void
each_cookie(const struct telling *t, const struct dry_request *in, struct tc_arena *arena, const struct consent_watch *watch)
{
	struct tc_fields fields = {.arena = arena};
	struct consent all;

	for (size_t i = 0; i < in->fields.n; i++) {
		struct tc_str value = in->fields.v[i], name = tc_next(&value, ':');

		if (value.p != NULL && tc_field_id(name) == TC_F_COOKIE && tc_field_add(&fields, TC_F_COOKIE, tc_trim(value)) < 0)
			return;
	}
	(void)consent_read(t->config->readers, t->site->consent, &fields, in->day, watch, &all);
}

static struct telling
telling_of(const struct config *c, const struct dry_request *in, const struct dry_result *out)
{
	return (struct telling){.config = c,
	    .site = out->site,
	    .honoured = (region_of(c, &in->place)->honour & HONOUR_CONSENT) != 0};
}

static bool
listed(const struct telling *t, const struct consent_reader *r)
{
	return t->site->consent[r - t->config->readers->v];
}

/* ---- text ---- */

static void
classes_text(const char *before, tc_classes classes)
{
	for (int c = 0; c < TC_CLASS_COUNT; c++)
		if ((classes & TC_CLASS_BIT(c)) != 0) {
			(void)printf("%s %s", before, CLASS_NAMES[c].p);
			before = ",";
		}
}

static void
cookie_text(void *ctx, const struct consent_reader *r, struct tc_str cookie, const struct consent *said)
{
	struct telling *t = ctx;
	bool nothing = !said->out && said->denied == 0 && said->granted == 0;

	(void)printf("%-10s %.*s by %.*s:", "consent", (int)cookie.n, cookie.p, (int)r->name.n, r->name.p);
	if (said->out)
		(void)printf(" opt-out%s", said->denied != 0 || said->granted != 0 ? ";" : "");
	if (said->denied != 0)
		classes_text(" refuses", said->denied);
	if (said->granted != 0) {
		classes_text(said->denied != 0 ? "; grants" : " grants", said->granted);
		if (!listed(t, r))
			(void)printf(" (not counted: sites.consent does not list %.*s)", (int)r->name.n, r->name.p);
	}
	if (nothing || said->bad)
		(void)printf("%s %s", nothing ? "" : ";", said->bad ? "cannot be read" : "says nothing");
	(void)printf("%s\n", t->honoured ? "" : " (the region's honour leaves consent out)");
}

void
explain_consent_text(const struct config *c, const struct dry_request *in, const struct dry_result *out,
    struct tc_arena *arena)
{
	struct telling t = telling_of(c, in, out);
	const struct consent_watch watch = {cookie_text, &t};

	each_cookie(&t, in, arena, &watch);
}

/* ---- JSON ---- */

static void
classes_json(const char *key, tc_classes classes)
{
	const char *before = "";

	(void)printf(", \"%s\": [", key);
	for (int c = 0; c < TC_CLASS_COUNT; c++)
		if ((classes & TC_CLASS_BIT(c)) != 0) {
			(void)printf("%s\"%s\"", before, CLASS_NAMES[c].p);
			before = ", ";
		}
	(void)fputs("]", stdout);
}

/* A reader's name is a label; a cookie's may be any token that begins like a name of ours. */
static void
cookie_json(void *ctx, const struct consent_reader *r, struct tc_str cookie, const struct consent *said)
{
	struct telling *t = ctx;

	(void)printf("%s\n    {\"reader\": \"%.*s\", \"cookie\": \"", t->count++ > 0 ? "," : "", (int)r->name.n, r->name.p);
	for (size_t i = 0; i < cookie.n; i++) {
		unsigned char b = (unsigned char)cookie.p[i];

		(void)printf(b < 0x20 || b >= 0x7f || b == '"' || b == '\\' ? "\\u%04x" : "%c", b);
	}
	(void)printf("\", \"listed\": %s, \"out\": %s, \"unreadable\": %s", listed(t, r) ? "true" : "false",
	    said->out ? "true" : "false", said->bad ? "true" : "false");
	classes_json("denied", said->denied);
	classes_json("granted", said->granted);
	(void)fputs("}", stdout);
}

void
explain_consent_json(const struct config *c, const struct dry_request *in, const struct dry_result *out,
    struct tc_arena *arena)
{
	struct telling t = telling_of(c, in, out);
	const struct consent_watch watch = {cookie_json, &t};

	(void)fputs("  \"consent\": [", stdout);
	each_cookie(&t, in, arena, &watch);
	(void)fputs(t.count > 0 ? "\n  ],\n" : "],\n", stdout);
}
