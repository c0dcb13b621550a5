/* lists.c: `tacet lists`: the lists that are loaded, what they hold, and why parts of them do nothing. */
#include "cli/lists.h"

#include <stdlib.h>

#include "cli/members.h"
#include "cli/verbs.h"
#include "config/suggest.h"
#include "net/crypto.h"

static const char *const class_names[TC_CLASS_COUNT] = {
#define X(e, name) name,
    TC_CLASSES(X)
#undef X
};

/* ---- loading, shared with the other words ---- */

static const struct tc_filter *
filter_named(const char *name)
{
	for (size_t i = 0; tc_filters[i] != NULL; i++)
		if (strcmp(tc_filters[i]->name, name) == 0)
			return tc_filters[i];
	abort(); /* it is always in the table */
}

static void
say(struct tc_loader *l, bool fatal, const char *code, const char *text)
{
	(void)l;
	(void)code;
	(void)fprintf(stderr, "%s: %s\n", fatal ? "error" : "warning", text);
}

static void
digest(struct tc_str bytes, uint8_t out[32])
{
	crypto_sha256(bytes, out);
}

static int
load(struct lists *l, struct tc_loader *loader)
{
	const struct config_overrides judge = {.judge = true};
	struct messages *m = messages_new();
	int code = config_load(l->file, &judge, &l->config, m) < 0 ? 78 : -1;

	if (code > 0)
		messages_print(m, stderr);
	messages_destroy(&m);
	if (code > 0)
		return code;
	loader->lists = l->config->lists;
	loader->list_directory = l->config->list_directory;
	loader->config_directory = l->config->directory;
	return -1;
}

int
lists_open(struct lists *l)
{
	struct tc_loader loader = {.say = say, .digest = digest};
	struct tc_str use[sizeof(l->use.v) / sizeof(*l->use.v)];
	int code = -1;

	if (l->format != NULL && strcmp(l->format, "text") != 0 && strcmp(l->format, "json") != 0)
		return args_wrong("lists", "--format is text or json");
	l->json = l->json || (l->format != NULL && strcmp(l->format, "json") == 0);
	if (l->file != NULL && l->use.n > 0)
		return args_wrong("lists", "-c or --use, not both");
	for (size_t i = 0; i < l->use.n; i++)
		use[i] = tc_str_from(l->use.v[i]);
	if (l->use.n > 0)
		loader.lists = (struct tc_strs){use, l->use.n};
	else
		code = load(l, &loader);
	if (code < 0 && filter_named("lists")->load(&loader, &l->conf) < 0)
		code = 78;
	if (code > 0)
		lists_close(l);
	return code;
}

void
lists_close(struct lists *l)
{
	if (l->conf != NULL)
		filter_named("lists")->unload(l->conf);
	l->conf = NULL;
	config_destroy(&l->config);
}

struct tc_str
lists_short_name(struct tc_str name)
{
	for (size_t i = name.n; i-- > 0;)
		if (name.p[i] == '/' && i + 1 < name.n)
			return tc_str_of(name.p + i + 1, name.n - i - 1);
	return name;
}

/* ---- the table ---- */

static size_t
sum_of(const struct tc_count *c)
{
	size_t n = 0;

	for (; c->name != NULL; c++)
		n += c->n;
	return n;
}

static void
print_counts(const struct tc_count *c)
{
	bool first = true;

	for (; c->name != NULL; c++)
		if (c->n > 0) {
			(void)printf("%s%zu %s", first ? "" : ", ", c->n, c->name);
			first = false;
		}
}

static void
print_fact(const char *name, struct tc_str value)
{
	if (value.n > 0)
		(void)printf("  %-9s %.*s\n", name, (int)value.n, value.p);
}

static void
print_classes(tc_classes classes)
{
	const char *between = "";

	if (classes == 0)
		return;
	(void)printf("  %-9s ", "class");
	for (int i = 0; i < TC_CLASS_COUNT; i++)
		if ((classes & TC_CLASS_BIT(i)) != 0) {
			(void)printf("%s%s", between, class_names[i]);
			between = ", ";
		}
	(void)putchar('\n');
}

static void
print_list(const struct lists *l, const struct tc_list *list)
{
	struct tc_str name = lists_short_name(list->name);
	struct tc_list outer;
	size_t skipped = sum_of(list->skipped);

	(void)printf("%.*s: %zu rules, %zu skipped\n", (int)name.n, name.p, sum_of(list->kinds), skipped);
	print_fact("title", list->title);
	print_fact("version", list->version);
	print_fact("licence", list->licence);
	print_classes(list->classes);
	if (name.n < list->name.n)
		print_fact("file", list->name);
	if (tc_list(l->conf, list->within, &outer) && !tc_eq(outer.name, list->name))
		print_fact("part of", lists_short_name(outer.name));
	if (sum_of(list->kinds) > 0) {
		(void)printf("  %-9s ", "rules");
		print_counts(list->kinds);
		(void)putchar('\n');
	}
	if (skipped > 0) {
		(void)printf("  %-9s ", "skipped");
		print_counts(list->skipped);
		(void)putchar('\n');
	}
	if (list->bad_line > 0)
		(void)printf("  %-9s line %zu is the first that cannot be read\n", "", list->bad_line);
}

/* ---- JSON ---- */

static void
json_counts(const char *key, const struct tc_count *c)
{
	(void)printf(", \"%s\": {", key);
	for (const struct tc_count *each = c; each->name != NULL; each++)
		member_num(each > c ? ", " : "", each->name, each->n);
	(void)putchar('}');
}

static struct tc_str
or_null(struct tc_str s)
{
	return s.n > 0 ? s : tc_str_of(NULL, 0);
}

static void
json_classes(tc_classes classes)
{
	const char *between = "";

	(void)fputs(", \"classes\": [", stdout);
	for (int i = 0; i < TC_CLASS_COUNT; i++)
		if ((classes & TC_CLASS_BIT(i)) != 0) {
			(void)printf("%s\"%s\"", between, class_names[i]);
			between = ", ";
		}
	(void)putchar(']');
}

static void
json_list(const struct tc_list *list)
{
	char hex[65];

	member_str("", "name", list->name);
	member_str(", ", "title", or_null(list->title));
	member_str(", ", "version", or_null(list->version));
	member_str(", ", "licence", or_null(list->licence));
	member_str(", ", "pack", list->pack);
	json_classes(list->classes);
	for (size_t i = 0; list->sha256 != NULL && i < 32; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", list->sha256[i]);
	member_str(", ", "sha256", tc_str_of(list->sha256 != NULL ? hex : NULL, 64));
	member_num(", ", "within", list->within);
	member_num(", ", "lines", list->lines);
	member_num(", ", "first_bad_line", list->bad_line);
	json_counts("rules", list->kinds);
	json_counts("skipped", list->skipped);
}

static void
show(const struct lists *l)
{
	struct tc_list list;

	(void)fputs(l->json ? "{\"lists\": [" : "", stdout);
	for (size_t i = 0; tc_list(l->conf, i, &list); i++) {
		if (!l->json) {
			print_list(l, &list);
			continue;
		}
		(void)fputs(i > 0 ? ",\n  {" : "\n  {", stdout);
		json_list(&list);
		(void)putchar('}');
	}
	(void)fputs(l->json ? "\n]}\n" : "", stdout);
}

/* ---- the verb ---- */

static const struct {
	const char *word;
	int (*call)(int argc, char **argv);
} words[] = {{"match", lists_match}, {"compile", lists_compile}, {"cname", lists_cname}};

static int
unknown(const char *word)
{
	struct suggest s = {.word = tc_str_from(word)};
	struct tc_str meant;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		suggest_offer(&s, tc_str_from(words[i].word));
	meant = suggest_result(&s);
	if (meant.n > 0)
		return args_wrong("lists", "unexpected \"%s\": did you mean \"%.*s\"?", word, (int)meant.n, meant.p);
	return args_wrong("lists", "unexpected \"%s\": match, compile, cname or nothing", word);
}

int
verb_lists(int argc, char **argv)
{
	struct lists l = {0};
	const struct arg args[] = {LISTS_ARGS(&l), {0}};
	int code;

	if (argc > 1 && argv[1][0] != '-') {
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (strcmp(argv[1], words[i].word) == 0)
				return words[i].call(argc - 1, argv + 1);
		return unknown(argv[1]);
	}
	code = args_parse("lists", args, argc, argv);
	if (code < 0)
		code = lists_open(&l);
	if (code >= 0)
		return code;
	show(&l);
	lists_close(&l);
	return 0;
}
