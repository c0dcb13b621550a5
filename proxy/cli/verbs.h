/* verbs.h: the verbs of the command line, one file each; main.c has the table. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include <stdio.h>

/* argv[0] is the verb. Each returns the exit code: 0 ok, 1 failed, 2 wrong usage, 78 bad configuration. */
int verb_run(int argc, char **argv);
int verb_demo(int argc, char **argv);
int verb_check(int argc, char **argv);
int verb_explain(int argc, char **argv);
int verb_reload(int argc, char **argv);
int verb_version(int argc, char **argv);
int verb_help(int argc, char **argv);

/* Prints how a verb is used: the text behind --help. */
void verb_usage(const char *verb, FILE *out);

#endif
