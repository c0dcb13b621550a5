/* args.h: command-line options of all verbs: a table, "--name VALUE" or "--name=VALUE", "-x VALUE". */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include "config/config.h"

enum arg_type {
	ARG_TEXT,  /* const char **: the value; the last one wins */
	ARG_FLAG,  /* bool *: set to true */
	ARG_MANY,  /* struct arg_list *: each value */
	ARG_OTHER, /* struct arg_list *: what is no option; at most one such row */
};

struct arg_list {
	const char *v[64];
	size_t n;
};

struct arg {
	const char *name; /* without "--"; NULL ends the table (unless short is set) */
	char letter;      /* 0: none */
	enum arg_type type;
	void *into;
};

/*
 * Reads argv[1..]. -1: go on. Otherwise the exit code to end with: 0 after --help (printed), 2 after wrong usage
 * (said on standard error).
 */
int args_parse(const char *verb, const struct arg *args, int argc, char **argv);

/* Says what is wrong and how to get help; returns 2. */
int args_wrong(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* NULL stands for "not given". */
struct config_overrides overrides_of(const char *origin, const char *listen, const char *admin, const char *region,
    const char *geo);

/* Days since 1970-01-01, UTC. */
int32_t args_today(void);

/* The value of --at, or today where it is NULL. false: it is no day. */
bool args_day(const char *text, int32_t *day);

#endif
