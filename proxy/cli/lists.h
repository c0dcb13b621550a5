/* lists.h: what the parts of `tacet lists` share. */
#ifndef CLI_LISTS_H
#define CLI_LISTS_H

#include "cli/args.h"
#include "tacet/lists.h"

/* What all of them are told. */
struct lists {
	const char *file; /* NULL: the built-in default */
	struct arg_list use;
	const char *format;
	bool json;

	/* Of lists_open(). */
	struct config *config;
	void *conf; /* of the filter */
};

#define LISTS_ARGS(l)                                                                                \
	{"config", 'c', ARG_TEXT, &(l)->file}, {"use", 0, ARG_MANY, &(l)->use},                      \
	{"format", 0, ARG_TEXT, &(l)->format}, {"json", 0, ARG_FLAG, &(l)->json}

/* Reads the lists; -1, or the exit code: what is wrong has been said. */
int lists_open(struct lists *l);
void lists_close(struct lists *l);

/* The last part of a path: what people call a list. */
struct tc_str lists_short_name(struct tc_str name);

/* The words behind "lists": argv[0] is the word itself. Each returns the exit code. */
int lists_match(int argc, char **argv);
int lists_compile(int argc, char **argv);
int lists_cname(int argc, char **argv);

#endif
