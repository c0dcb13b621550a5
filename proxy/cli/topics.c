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

/* Offers a path and all that stands above it: "regions.honour", "regions". The best so far is copied to kept. */
static void
offer_levels(struct suggest *s, const char *path, char kept[PATH_MAX_LENGTH])
{
	for (size_t n = strcspn(path, ".");; n += 1 + strcspn(path + n + 1, ".")) {
		suggest_offer(s, tc_str_of(path, n));
		if (s->best.p == path) {
			(void)snprintf(kept, PATH_MAX_LENGTH, "%.*s", (int)n, path);
			s->best = tc_str_from(kept);
		}
		if (path[n] == '\0')
			return;
	}
}

/* An option that ends with the topic ("honour"), or one spelt nearly so. The text lives until the next call. */
static struct tc_str
nearest_to(const char *topic)
{
	static char kept[PATH_MAX_LENGTH];
	struct suggest s = {.word = tc_str_from(topic)};
	char path[PATH_MAX_LENGTH], end[PATH_MAX_LENGTH + 1];

	if (topic[0] == '\0')
		return TC_STR("");
	(void)snprintf(end, sizeof(end), ".%s", topic);
	for (size_t i = 0; i < config_option_count(); i++) {
		(void)topic_of(i, path);
		if (tc_ends(tc_str_from(path), tc_str_from(end))) {
			(void)snprintf(kept, sizeof(kept), "%s", path);
			return tc_str_from(kept);
		}
		offer_levels(&s, path, kept);
	}
	return suggest_result(&s);
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
