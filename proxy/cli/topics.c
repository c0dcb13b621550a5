/* topics.c: see topics.h. */
#include "cli/topics.h"

#include "config/config.h"
#include "config/scalar.h"
#include "config/schema.h"
#include "config/suggest.h"

enum { PATH_MAX_LENGTH = 160 };

/* The topic of row i, "sites.origin.url", and the row. */
static const struct tc_option *
topic_of(size_t i, char out[PATH_MAX_LENGTH])
{
	const char *prefix;
	const struct tc_option *o = config_option(i, &prefix);
	char path[PATH_MAX_LENGTH];

	(void)snprintf(path, sizeof(path), "%s%s", prefix, o->path);
	(void)schema_topic(path, out, PATH_MAX_LENGTH);
	return o;
}

/* Is path the topic, or below it? */
static bool
covers(const char *topic, const char *path)
{
	size_t n = strlen(topic);

	return strncmp(path, topic, n) == 0 && (path[n] == '\0' || path[n] == '.');
}

static void
print_row(const struct tc_option *o, const char *path, FILE *out)
{
	bool words = o->type == TC_OPT_ENUM || o->type == TC_OPT_FLAGS || o->type == TC_OPT_WORDS || o->type == TC_OPT_URL;

	(void)fprintf(out, "%s\n    %s\n    %s", path, o->help, scalar_type_name(o->type));
	if (o->bounds != NULL)
		(void)fprintf(out, words ? ": %s" : ", %s", o->bounds);
	if (o->value != NULL)
		(void)fprintf(out, "; default %s", o->value);
	(void)fputs(o->later ? "\n    checked, but not in force in this version\n" : "\n", out);
}

static size_t
print_below(const char *topic, FILE *out)
{
	char path[PATH_MAX_LENGTH];
	size_t n = 0;

	for (size_t i = 0; i < config_option_count(); i++) {
		const struct tc_option *o = topic_of(i, path);

		if (covers(topic, path)) {
			print_row(o, path, out);
			n++;
		}
	}
	return n;
}

/* An option that ends with the topic ("honour"), or one spelt nearly so. The text lives until the next call. */
static struct tc_str
nearest_to(const char *topic)
{
	static char kept[PATH_MAX_LENGTH];
	struct suggest s = {.word = tc_str_from(topic)};
	struct tc_str want = tc_str_from(topic), found;
	char path[PATH_MAX_LENGTH];

	kept[0] = '\0';
	for (size_t i = 0; i < config_option_count(); i++) {
		struct tc_str p;

		(void)topic_of(i, path);
		p = tc_str_from(path);
		if (p.n > want.n && tc_ends(p, want) && p.p[p.n - want.n - 1] == '.') {
			(void)snprintf(kept, sizeof(kept), "%s", path);
			return tc_str_from(kept);
		}
		/* suggest keeps what it is offered: offer the row's own bytes where they are the topic */
		for (size_t n = 1; n <= p.n; n++)
			if (n == p.n || p.p[n] == '.') {
				struct suggest before = s;

				suggest_offer(&s, tc_str_of(path, n));
				if (s.best.p == path && s.found && (!before.found || s.distance < before.distance)) {
					(void)snprintf(kept, sizeof(kept), "%.*s", (int)n, path);
					s.best = tc_str_from(kept);
				} else {
					s.best = before.best;
				}
			}
	}
	found = suggest_result(&s);
	return found.n > 0 ? tc_str_from(kept) : found;
}

size_t
topic_print(const char *topic, FILE *out, struct tc_str *nearest)
{
	char plain[PATH_MAX_LENGTH];
	size_t n;

	*nearest = TC_STR("");
	(void)schema_topic(topic, plain, sizeof(plain));
	n = print_below(plain, out);
	if (n == 0)
		*nearest = nearest_to(plain);
	return n;
}

void
topic_list(FILE *out)
{
	char path[PATH_MAX_LENGTH], last[PATH_MAX_LENGTH] = "";

	for (size_t i = 0; i < config_option_count(); i++) {
		(void)topic_of(i, path);
		path[strcspn(path, ".")] = '\0';
		if (strcmp(path, last) != 0 && strcmp(path, "rule_sets") != 0)
			(void)fprintf(out, " %s", path);
		(void)snprintf(last, sizeof(last), "%s", path);
	}
	(void)fputs(" rule_sets\n", out);
}
