/* verbs.h: the verbs of the command line, one file each; verbs.c has the table. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include <stdbool.h>
#include <stdio.h>

/* argv[0] is the verb. Each returns the exit code: 0 ok, 1 failed, 2 wrong usage, 78 bad configuration. */
int verb_run(int argc, char **argv);
int verb_demo(int argc, char **argv);
int verb_check(int argc, char **argv);
int verb_explain(int argc, char **argv);
int verb_audit(int argc, char **argv);
int verb_reload(int argc, char **argv);
int verb_debug(int argc, char **argv);
int verb_lists(int argc, char **argv);
int verb_test(int argc, char **argv);
int verb_verify(int argc, char **argv);
int verb_claims(int argc, char **argv);
int verb_version(int argc, char **argv);
int verb_help(int argc, char **argv);

struct verb {
	const char *name;
	int (*call)(int argc, char **argv);
	const char *help;  /* one line */
	const char *usage; /* the text behind --help */
};

/* Ends with a verb without name. */
extern const struct verb verbs[];

const struct verb *verb_find(const char *name);

/* A verb of the design that this version does not have. */
bool verb_is_later(const char *name);

/* Prints how a verb is used: the text behind --help. */
void verb_usage(const char *verb, FILE *out);

/* Prints all verbs, a line each. */
void verb_list(FILE *out);

#endif
