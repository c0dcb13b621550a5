/*
 * mkstub.h: what stands in for a vendor's script: for mkpack.c, which reads the vendors' patterns and writes pack.c.
 *
 *	"||cdn.vendor.example/js^"  ->  host "cdn.vendor.example", rest "/js^"      "/vendor.js"  ->  rest "*" and all of it
 */
#ifndef TACET_MKSTUB_H
#define TACET_MKSTUB_H

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The scripts of conf/surrogates; the first is for a vendor without one of its own. Vendors' own file names are avoided:
 * lists that visitors have in their browsers block many of them on every host.
 */
static const char *const mkstub_names[] = {"noop", "adobe", "amplitude", "analytics", "bing", "clarity", "ga",
    "google-tag", "gtm", "hotjar", "hubspot", "linkedin", "marketo", "meta", "mxpnl", "optimizely", "paq",
    "pinterest", "segment", "slots", "tiktok", "twitter", "vwo"};
#define MKSTUB_NAMES (sizeof(mkstub_names) / sizeof(*mkstub_names))

/*
 * Scripts that are served from elsewhere: the site's own copy, a gateway. No rule blocks by these; they
 * only say what to give for a script that goes anyway. The first that matches decides.
 */
static const struct mkstub_shape {
	const char *rest, *surrogate;
} mkstub_shapes[] = {
	{"*/gtm.js", "gtm"},
	{"*/gtag/js", "google-tag"},
	{"*/analytics.js/v1/", "segment"},
	{"*/fbevents.js", "meta"},
	{"*/insight.min.js", "linkedin"},
	{"*/munchkin.js", "marketo"},
	{"*/munchkin-beta.js", "marketo"},
	{"*/i18n/pixel/events.js", "tiktok"},
	{"*/uwt.js", "twitter"},
	{"*/oct.js", "twitter"},
	{"*/bat.js", "bing"},
	{"*/hotjar-", "hotjar"},
	{"*/satelliteLib-", "adobe"},
	{"*/appmeasurement", "adobe"},
	{"*/s_code", "adobe"},
	{"*/visitorapi", "adobe"},
	{"*/alloy.", "adobe"},
	{"*/at.js", "adobe"},
	{"*/mbox.js", "adobe"},
	{"*/analytics.js", "analytics"},
	{"*/ga.js", "ga"},
	{"*/dc.js", "ga"},
	{"*?id=gtm-", "gtm"},
	{"*&id=gtm-", "gtm"},
	{"*?id=g-", "google-tag"},
	{"*&id=g-", "google-tag"},
	{"*?id=gt-", "google-tag"},
	{"*?id=aw-", "google-tag"},
	{"*?id=dc-", "google-tag"},
};

enum { MKSTUB_MAX = 256, MKSTUB_GLOB = 256 };

struct mkstub {
	struct {
		char host[MKSTUB_GLOB], rest[MKSTUB_GLOB]; /* as in struct pack_stub */
		size_t n;
		int surrogate;
	} v[MKSTUB_MAX];
	int count;
};

/* The place in mkstub_names, or -1. */
static int
mkstub_number(const char *name)
{
	for (size_t i = 0; i < MKSTUB_NAMES; i++)
		if (strcmp(mkstub_names[i], name) == 0)
			return (int)i;
	return -1;
}

/* Adds a URL pattern. Longer ones say more: they come first. NULL, or what is wrong with it. */
static const char *
mkstub_add(struct mkstub *m, const char *pattern, int surrogate)
{
	bool hosted = strncmp(pattern, "||", 2) == 0;
	size_t n = strlen(pattern), host_n = hosted ? strcspn(pattern + 2, "/^*?") : 0;
	int at = m->count;

	if (m->count == MKSTUB_MAX || n >= MKSTUB_GLOB)
		return "too many, or too long, for a surrogate";
	if (hosted && (host_n == 0 || pattern[2 + host_n] == '*'))
		return "a surrogate for no host";
	for (; at > 0 && m->v[at - 1].n < n; at--)
		m->v[at] = m->v[at - 1];
	m->v[at].n = n;
	m->v[at].surrogate = surrogate;
	memcpy(m->v[at].host, pattern + 2 * hosted, host_n);
	m->v[at].host[host_n] = '\0';
	(void)snprintf(m->v[at].rest, MKSTUB_GLOB, "%s%s", hosted ? "" : "*", pattern + 2 * hosted + host_n);
	for (char *p = m->v[at].rest; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	m->count++;
	return NULL;
}

/* put: writes text as a string of C. */
static void
mkstub_write(const struct mkstub *m, FILE *out, void (*put)(FILE *out, const char *text))
{
	size_t shape_count = sizeof(mkstub_shapes) / sizeof(*mkstub_shapes);

	fputs("const struct tc_str pack_surrogates[] = {\n", out);
	for (size_t i = 0; i < MKSTUB_NAMES; i++)
		fprintf(out, "\tTC_STR_INIT(PACK_SURROGATES \"%s.js?\"),\n", mkstub_names[i]);
	fprintf(out, "};\nconst size_t pack_surrogate_count = %zu;\n\n", MKSTUB_NAMES);
	fputs("const struct pack_stub pack_stubs[] = {\n", out);
	for (size_t i = 0; i < (size_t)m->count + shape_count; i++) {
		bool shape = i >= (size_t)m->count;
		const struct mkstub_shape *s = &mkstub_shapes[shape ? i - (size_t)m->count : 0];

		fputs("\t{", out);
		put(out, shape ? "" : m->v[i].host);
		fputs(", ", out);
		put(out, shape ? s->rest : m->v[i].rest);
		fprintf(out, ", %d},\n", shape ? mkstub_number(s->surrogate) : m->v[i].surrogate);
	}
	fprintf(out, "};\nconst size_t pack_stub_count = %zu;\n\n", (size_t)m->count + shape_count);
}

#endif
