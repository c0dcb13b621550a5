/* lists_match.c: `tacet lists match`: which rule is about a URL, and why. */
#include <stdlib.h>

#include "cli/lists.h"
#include "cli/members.h"

static const char *const verdicts[] = {
	[TC_LIST_PASSES] = "passes", [TC_LIST_BLOCKED] = "blocked", [TC_LIST_ALLOWED] = "allowed"};

/* Types of request that come to the same are told together. */
static bool
is_same(const struct tc_list_answer *a, const struct tc_list_answer *b)
{
	return a->verdict == b->verdict && a->rule.text.p == b->rule.text.p && a->instead.text.p == b->instead.text.p;
}

static bool
was_told(const struct tc_list_judged *j, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_same(&j->answers[k], &j->answers[i]))
			return true;
	return false;
}

/* ---- for people ---- */

static void
print_rule(const struct lists *l, const char *what, const struct tc_list_rule *r)
{
	struct tc_list list = {0};
	struct tc_str name;

	(void)tc_list(l->conf, r->list, &list);
	name = lists_short_name(list.name);
	(void)printf("    %-9s %.*s:%zu: %.*s\n", what, (int)name.n, name.p, r->line, (int)r->text.n, r->text.p);
}

static const char *
found_by(const char *index)
{
	if (strcmp(index, "host") == 0)
		return "found by the host of the URL";
	if (strcmp(index, "text") == 0)
		return "found by a piece of its text in the URL";
	return strcmp(index, "site") == 0 ? "found by a site that it names" : "tried with every URL";
}

static void
print_why(const struct tc_list_answer *a)
{
	const char *order = "";

	if (a->rule.index == NULL)
		return;
	if (a->verdict == TC_LIST_ALLOWED)
		order = a->instead.important ? "; an important exception beats an important rule"
					     : "; an exception beats a rule that blocks";
	else if (a->rule.important)
		order = "; important: only an important exception would free it";
	(void)printf("    %-9s %s%s\n", "why", found_by(a->rule.index), order);
}

static void
print_group(const struct lists *l, const struct tc_list_judged *j, size_t i)
{
	const struct tc_list_answer *a = &j->answers[i];

	(void)printf("  %-9s", verdicts[a->verdict]);
	for (size_t k = i; k < j->n; k++)
		if (is_same(a, &j->answers[k]))
			(void)printf("%s%s", k > i ? ", " : " ", j->answers[k].type);
	(void)putchar('\n');
	if (a->verdict == TC_LIST_PASSES)
		return;
	print_rule(l, a->rule.exception ? "exception" : "rule", &a->rule);
	if (a->instead.text.n > 0)
		print_rule(l, "from", &a->instead);
	(void)printf("    %-9s %.*s\n", "class", (int)a->class.n, a->class.p);
	print_why(a);
}

static void
print_judged(const struct lists *l, const struct tc_list_judged *j)
{
	(void)printf("%.*s\n  %-9s %.*s, %s party\n", (int)j->url.n, j->url.p, "for", (int)j->from.n, j->from.p,
	    j->third_party ? "third" : "first");
	for (size_t i = 0; i < j->n; i++)
		if (!was_told(j, i))
			print_group(l, j, i);
}

/* ---- for programs ---- */

static void
json_rule(const struct lists *l, const char *key, const struct tc_list_rule *r)
{
	struct tc_list list = {0};

	if (r->text.n == 0) {
		(void)printf(", \"%s\": null", key);
		return;
	}
	(void)tc_list(l->conf, r->list, &list);
	(void)printf(", \"%s\": {", key);
	member_str("", "text", r->text);
	member_str(", ", "list", list.name);
	member_num(", ", "line", r->line);
	(void)printf(", \"exception\": %s, \"important\": %s", r->exception ? "true" : "false", r->important ? "true" : "false");
	member_str(", ", "index", tc_str_from(r->index != NULL ? r->index : ""));
	(void)putchar('}');
}

static void
json_judged(const struct lists *l, const struct tc_list_judged *j)
{
	member_str("{", "url", j->url);
	member_str(", ", "from", j->from);
	(void)printf(", \"third_party\": %s, \"answers\": [", j->third_party ? "true" : "false");
	for (size_t i = 0; i < j->n; i++) {
		const struct tc_list_answer *a = &j->answers[i];

		member_str(i > 0 ? ",\n    {" : "\n    {", "type", tc_str_from(a->type));
		member_str(", ", "verdict", tc_str_from(verdicts[a->verdict]));
		member_str(", ", "class", a->class);
		json_rule(l, "rule", &a->rule);
		json_rule(l, "instead_of", &a->instead);
		(void)putchar('}');
	}
	(void)fputs("]}", stdout);
}

/* ---- the word ---- */

static int
wrong_word(const char *option, const char *word, const char *(*name)(size_t i))
{
	char known[256] = "";
	size_t n = 0;

	for (size_t i = 0; name(i) != NULL && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", i > 0 ? ", " : "", name(i));
	return args_wrong("lists", "unknown %s \"%s\": one of %s", option, word, known);
}

static bool
is_known(const char *word, const char *(*name)(size_t i))
{
	for (size_t i = 0; word != NULL && name(i) != NULL; i++)
		if (tc_ieq(tc_str_from(word), tc_str_from(name(i))))
			return true;
	return word == NULL;
}

static struct tc_str
text_of(const char *word)
{
	return word != NULL ? tc_str_from(word) : tc_str_of(NULL, 0);
}

static int
judge_all(const struct lists *l, const struct arg_list *urls, struct tc_list_question *q)
{
	struct tc_list_judged *j = malloc(sizeof(*j));
	const char *wrong = NULL;

	if (j == NULL)
		abort();
	for (size_t i = 0; i < urls->n && wrong == NULL; i++) {
		q->url = tc_str_from(urls->v[i]);
		wrong = tc_list_judge(l->conf, q, j);
		if (wrong != NULL)
			break;
		if (l->json) {
			(void)fputs(i > 0 ? ",\n  " : "{\"urls\": [\n  ", stdout);
			json_judged(l, j);
		} else {
			print_judged(l, j);
		}
	}
	free(j);
	if (wrong != NULL)
		return args_wrong("lists", "%.*s: %s", (int)q->url.n, q->url.p, wrong);
	(void)fputs(l->json ? "\n]}\n" : "", stdout);
	return 0;
}

int
lists_match(int argc, char **argv)
{
	struct lists l = {0};
	struct arg_list urls = {0};
	const char *type = NULL, *from = NULL, *method = NULL;
	const struct arg args[] = {LISTS_ARGS(&l), {"url", 0, ARG_OTHER, &urls}, {"type", 0, ARG_TEXT, &type},
	    {"from", 0, ARG_TEXT, &from}, {"method", 0, ARG_TEXT, &method}, {0}};
	struct tc_list_question q;
	int code = args_parse("lists", args, argc, argv);

	if (code >= 0)
		return code;
	if (urls.n == 0)
		return args_wrong("lists", "say which URL: tacet lists match URL");
	if (!is_known(type, tc_list_type))
		return wrong_word("--type", type, tc_list_type);
	if (!is_known(method, tc_list_method))
		return wrong_word("--method", method, tc_list_method);
	q = (struct tc_list_question){.from = text_of(from), .type = text_of(type), .method = text_of(method)};
	code = lists_open(&l);
	if (code >= 0)
		return code;
	code = judge_all(&l, &urls, &q);
	lists_close(&l);
	return code;
}
