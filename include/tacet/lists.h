/*
 * lists.h: what `tacet lists` asks of the block that the filter "lists" has loaded (its conf). filters/lists_about.c answers.
 * Not for the request path.
 */
#ifndef TACET_LISTS_H
#define TACET_LISTS_H

#include "tacet/filter.h"

struct tc_count {
	const char *name;
	size_t n;
};

enum { TC_LIST_KINDS_MAX = 16, TC_LIST_SKIPS_MAX = 16 };

/* One list; one that another includes comes behind that. Texts live with the block; n = 0: it does not say. */
struct tc_list {
	struct tc_str name, title, version, licence;
	struct tc_str pack;
	tc_classes classes;                                                   /* of its rules in force, but for exceptions */
	size_t within;                                                        /* the number of the list that includes it; its own */
	size_t lines, bad_line;                                               /* the first line that cannot be read; 0: none */
	const uint8_t *sha256;                                                /* NULL: not known */
	struct tc_count kinds[TC_LIST_KINDS_MAX], skipped[TC_LIST_SKIPS_MAX]; /* a name NULL ends them */
};

bool tc_list(const void *conf, size_t i, struct tc_list *out);

/* A URL, with or without "https://", and who asks for it: a site (n = 0: another one), with a method (n = 0: GET). */
struct tc_list_question {
	struct tc_str url, from, type, method; /* type: as adblock options name it; n = 0: each in turn */
};

struct tc_list_rule {
	struct tc_str text;
	size_t list, line; /* line 0: not known */
	bool exception, important;
	const char *index; /* how it is found: "host", "text", "site", "always" */
};

/* What one type of request comes to. */
struct tc_list_answer {
	const char *type;
	enum { TC_LIST_PASSES,
		TC_LIST_BLOCKED,
		TC_LIST_ALLOWED } verdict;
	struct tc_str class;               /* of the rule that blocks, or would */
	struct tc_list_rule rule, instead; /* instead: what an exception is from */
};

enum { TC_LIST_TYPES_MAX = 16, TC_LIST_URL_MAX = 8192 + 64 };

struct tc_list_judged {
	struct tc_str url, from; /* as they were read */
	bool third_party;
	size_t n;
	struct tc_list_answer answers[TC_LIST_TYPES_MAX];
	char room[2][TC_LIST_URL_MAX];
};

/* NULL, or what is wrong with the question. */
const char *tc_list_judge(const void *conf, const struct tc_list_question *q, struct tc_list_judged *out);

/* The names of types and methods that a question may have; NULL behind the last. */
const char *tc_list_type(size_t i);
const char *tc_list_method(size_t i);

/* The block as bytes for a file, to be freed. 0, or -1 when memory ends. */
int tc_list_image(const void *conf, struct tc_str *out);

/* The registrable domain of a lower-case host; n = 0: it has none. */
struct tc_str tc_list_domain(struct tc_str host);

#endif
