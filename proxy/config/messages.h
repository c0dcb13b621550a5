/* messages.h: what the checker has to say about a configuration (ux.md 2, Messages). */
#ifndef CONFIG_MESSAGES_H
#define CONFIG_MESSAGES_H

#include <stdio.h>

#include "tacet/str.h"

enum severity { SEVERITY_ERROR,
	SEVERITY_WARNING };

struct message {
	enum severity severity;
	const char *code;             /* stable, what tests compare: "unknown-key" */
	struct tc_str file;           /* or the flag that was wrong, "--origin" */
	int line, column, end_column; /* from 1, in characters; 0: no place */
	struct tc_str included_from;  /* "site.yaml:3"; n = 0: not included */
	struct tc_str path;           /* full option path */
	struct tc_str text, hint;     /* hint n = 0: none */
	struct tc_str source;         /* the line of the file */
	int source_cut;               /* characters that messages_add() left out in front of source */
	struct tc_str suggestion;     /* did you mean; n = 0: none */
	/* Of a broken promise (promises.md 3), in place of the source line; n = 0: none. */
	struct tc_str promised, witness, item, because;
};

/* Errors and warnings that are kept, of each kind; the counts go on. */
#define MESSAGES_MAX 20

/* In file order. Owns its strings. */
struct messages {
	struct message *v;
	size_t n;
	size_t errors, warnings;
	const char *step; /* what config_load() was at last: "parse", "schema", "meaning" */
	struct tc_arena *arena;
};

struct messages *messages_new(void);
void messages_destroy(struct messages **m);
void messages_add(struct messages *m, const struct message *msg); /* copies */

/* The form of ux.md 2: place, severity, text, source line with caret, hint. */
void messages_print(const struct messages *m, FILE *out);
void messages_print_json(const struct messages *m, FILE *out);
/* The same up to the brace that ends it, for who has more members. */
void messages_print_members(const struct messages *m, FILE *out);

#endif
