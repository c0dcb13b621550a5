/* check.c: `tacet check`: reads configurations as run would, says what is wrong, and starts nothing. */
#include <stdlib.h>

#include "cli/args.h"
#include "cli/check_html.h"
#include "cli/check_regions.h"
#include "cli/environment.h"
#include "cli/verbs.h"
#include "core/prove.h"

struct check {
	struct arg_list files;
	bool offline, deny_warnings, verbose, json, regions;
	int32_t day;
	FILE *more; /* --regions for programs: of all files, in a text that begins where the messages end */
	size_t printed;
	struct messages *m;
	size_t broken; /* promises, of this file */
};

/* ---- with -v: the steps, and the filters of each route ---- */

static void
print_step(const struct check *c, const char *step, const char *result)
{
	if (c->verbose && !c->json)
		(void)printf("  %-12s %s\n", step, result);
}

/* A step is fine if a later one was begun. */
static void
print_load_steps(const struct check *c, bool loaded)
{
	static const char *const steps[] = {"parse", "schema", "meaning"};

	for (size_t i = 0; i < 3; i++) {
		bool failed = !loaded && strcmp(c->m->step, steps[i]) == 0;

		print_step(c, steps[i], failed ? "failed" : "ok");
		if (failed)
			return;
	}
}

static bool
works_on_bodies(const struct tc_filter *f)
{
	return f->phase == TC_DECODE || f->phase == TC_REWRITE || f->phase == TC_ENCODE;
}

static void
print_chain(const struct tc_route *r)
{
	(void)printf("    route %.*s:", (int)r->name.n, r->name.p);
	for (size_t f = 0; tc_filters[f] != NULL; f++)
		if (r->filter != TC_ROUTE_NONE || !works_on_bodies(tc_filters[f]))
			(void)printf(" %s", tc_filters[f]->name);
	(void)putchar('\n');
}

static void
print_chains(const struct check *c, const struct config *config)
{
	if (!c->verbose || c->json)
		return;
	for (size_t i = 0; i < config->site_count; i++) {
		const struct tc_site *s = &config->sites[i].pub;

		(void)printf("  site %.*s\n", (int)s->hosts.v[0].n, s->hosts.v[0].p);
		for (size_t k = 0; k < s->route_count; k++)
			print_chain(&s->routes[k]);
	}
}

/* ---- one file ---- */

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void
print_result(const struct check *c, const char *file, size_t errors, size_t warnings)
{
	if (c->json)
		return;
	if (errors > 0)
		(void)printf("%s: %zu error%s, %zu warning%s\n", file, errors, plural(errors), warnings, plural(warnings));
	else if (warnings > 0)
		(void)printf("%s: ok, %zu warning%s\n", file, warnings, plural(warnings));
	else
		(void)printf("%s: ok\n", file);
}

/* What was found comes first, then what it comes to. */
static void
print_all(const struct check *c, const char *file, const struct config *config, size_t errors, size_t warnings)
{
	bool loaded = config != NULL;

	if (c->json)
		return;
	messages_print(c->m, stderr);
	print_load_steps(c, loaded);
	if (loaded) {
		print_step(c, "promises", c->broken > 0 ? "broken" : config->promise_count > 0 ? "kept"
											       : "none");
		print_step(c, "environment", c->offline ? "skipped" : errors > c->broken ? "failed"
											 : "ok");
		print_chains(c, config);
	}
	print_result(c, file, errors, warnings);
}

/* Skips a line of n bytes and the hint behind it, which it returns. */
static struct tc_str
take_hint(struct tc_str *rest, size_t n)
{
	const struct tc_str mark = TC_STR("   hint: ");
	struct tc_str hint;

	tc_skip(rest, n < rest->n ? n + 1 : n);
	if (!tc_starts(*rest, mark))
		return TC_STR("");
	n = tc_find_byte(*rest, '\n');
	hint = tc_str_of(rest->p + mark.n, n - mark.n);
	tc_skip(rest, n < rest->n ? n + 1 : n);
	return hint;
}

/* Who said no there is not protected, and nothing else says so. */
static void
check_modes(struct check *c, const struct config *config)
{
	for (size_t i = 0; i < config->site_count; i++) {
		const struct config_site *s = &config->sites[i];
		struct message m = {.severity = SEVERITY_WARNING, .code = "observes", .path = TC_STR("sites.mode")};
		char text[512];
		int n;

		if (s->mode != MODE_OBSERVE)
			continue;
		n = snprintf(text, sizeof(text), "site %.*s observes only: visitors who said no are not protected",
		    (int)(s->pub.hosts.v[0].n < 300 ? s->pub.hosts.v[0].n : 300), s->pub.hosts.v[0].p);
		config_point(config_entry(s->node, "mode", TC_STR("")), &m);
		m.text = tc_str_of(text, (size_t)n);
		m.hint = TC_STR("tacet audit --site HOST shows what it carries; mode: filter acts on it");
		messages_add(c->m, &m);
	}
}

static void
check_promises(void *ctx, const struct snapshot *s)
{
	struct check *c = ctx;

	c->broken = prove(s, c->day, c->m);
}

/* What the filters say when they load what the file names: lists, as run would read them; then the promises. false: refused. */
static bool
check_filters(struct check *c, struct config *config)
{
	struct buf text;
	struct tc_str rest;

	bool fine;

	buf_init(&text, 64 << 10);
	c->broken = 0;
	fine = snapshot_try(config, &text, check_promises, c) == 0;
	rest = buf_str(&text);
	while (rest.n > 0) {
		size_t n = tc_find_byte(rest, '\n');
		struct tc_str line = tc_str_of(rest.p, n), severity = line, said = line, hint;
		size_t at = tc_find(line, TC_STR(": "));

		severity.n = at;
		if (at < line.n)
			tc_skip(&said, at + 2);
		hint = take_hint(&rest, n);
		messages_add(c->m, &(struct message){
				       .severity = tc_eq(severity, TC_STR("error")) ? SEVERITY_ERROR : SEVERITY_WARNING,
				       .code = "filter",
				       .file = config->file,
				       .text = said,
				       .hint = hint,
				   });
	}
	buf_reset(&text);
	return fine;
}

static void
print_regions(struct check *c, const char *file, const struct config *config)
{
	if (!c->regions)
		return;
	if (!c->json) {
		regions_print(config, c->day, stdout);
		return;
	}
	(void)fputs(c->printed++ > 0 ? ",\n" : "\n", c->more);
	regions_print_json(config, file, c->day, c->more);
}

static int
check_file(struct check *c, const char *file)
{
	static const struct config_overrides judge = {.judge = true};
	size_t errors = c->m->errors, warnings = c->m->warnings;
	struct config *config = NULL;
	bool loaded = config_load(file, &judge, &config, c->m) == 0, usable = false;

	if (loaded)
		usable = check_filters(c, config);
	if (usable)
		check_modes(c, config);
	if (usable)
		check_packs(config, c->day, c->m);
	if (usable && !c->offline)
		environment_check(config, c->m);
	errors = c->m->errors - errors;
	warnings = c->m->warnings - warnings;
	if (usable)
		print_regions(c, file, config);
	print_all(c, file, config, errors, warnings);
	config_destroy(&config);
	if (!usable)
		return 78;
	return errors > 0 || (c->deny_warnings && warnings > 0) ? 1 : 0;
}

static void
print_json(const struct check *c, char **more)
{
	messages_print_members(c->m, stdout);
	if (c->more != NULL) {
		(void)fflush(c->more);
		(void)printf(",\n\"regions\": [%s\n]", *more);
	}
	(void)puts("}");
}

/* For programs there is one answer about all files; for people each file has its own. */
static int
check_files(struct check *c)
{
	int worst = 0;
	char *more = NULL;
	size_t more_n;

	c->m = messages_new();
	if (c->regions && c->json)
		c->more = open_memstream(&more, &more_n);
	if (c->regions && c->json && c->more == NULL)
		abort();
	for (size_t i = 0; i < c->files.n; i++) {
		int code = check_file(c, c->files.v[i]);

		worst = code > worst ? code : worst;
		if (!c->json) {
			messages_destroy(&c->m);
			c->m = messages_new();
		}
	}
	if (c->json)
		print_json(c, &more);
	if (c->more != NULL)
		(void)fclose(c->more);
	free(more);
	messages_destroy(&c->m);
	return worst;
}

/* ---- pages ---- */

/* The configuration that is meant, if any. 0, or what to end with: it is broken, and said so. */
static int
pages_config(struct check *c, struct config **config)
{
	static const struct config_overrides judge = {.judge = true};

	if (c->files.n == 0 || config_load(c->files.v[0], &judge, config, c->m) == 0)
		return 0;
	if (c->json)
		messages_print_json(c->m, stdout);
	else
		messages_print(c->m, stderr);
	return 78;
}

static int
check_pages(struct check *c, const struct arg_list *pages)
{
	struct config *config = NULL;
	int code;

	c->m = messages_new();
	code = pages_config(c, &config);
	if (code != 0) {
		messages_destroy(&c->m);
		return code;
	}
	for (size_t i = 0; i < pages->n; i++) {
		(void)check_html(pages->v[i], config, c->m);
		code = c->m->errors > 0 ? 1 : code;
		if (c->json)
			continue;
		messages_print(c->m, stderr);
		print_result(c, pages->v[i], c->m->errors, 0);
		messages_destroy(&c->m);
		c->m = messages_new();
	}
	if (c->json)
		messages_print_json(c->m, stdout);
	messages_destroy(&c->m);
	config_destroy(&config);
	return code;
}

int
verb_check(int argc, char **argv)
{
	struct check c = {0};
	struct arg_list others = {0};
	bool html = false;
	const char *format = "text", *at = NULL;
	const struct arg args[] = {
		{"config", 'c', ARG_MANY, &c.files},
		{"files", 0, ARG_OTHER, &others},
		{"html", 0, ARG_FLAG, &html},
		{"offline", 0, ARG_FLAG, &c.offline},
		{"deny-warnings", 0, ARG_FLAG, &c.deny_warnings},
		{"verbose", 'v', ARG_FLAG, &c.verbose},
		{"format", 0, ARG_TEXT, &format},
		{"regions", 0, ARG_FLAG, &c.regions},
		{"at", 0, ARG_TEXT, &at},
		{0},
	};
	int code = args_parse("check", args, argc, argv);

	if (code >= 0)
		return code;
	c.json = strcmp(format, "json") == 0;
	if (!c.json && strcmp(format, "text") != 0)
		return args_wrong("check", "--format is text or json");
	if (!args_day(at, &c.day))
		return args_wrong("check", "--at is a day such as 2027-01-01");
	if (html && (others.n == 0 || c.files.n > 1))
		return args_wrong("check", "say which pages: check --html FILE..., and at most one configuration");
	if (html)
		return check_pages(&c, &others);
	for (size_t i = 0; i < others.n && c.files.n < sizeof(c.files.v) / sizeof(c.files.v[0]); i++)
		c.files.v[c.files.n++] = others.v[i];
	if (c.files.n == 0)
		return args_wrong("check", "say which file: -c FILE");
	return check_files(&c);
}
