/*
 * load.h: what the steps of loading share. Private to proxy/config.
 *
 *	file -> yaml.c -> tree of nodes -> include.c -> one tree -> expand.c -> schema.c -> config.c -> struct config
 */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "base/arena.h"
#include "config/messages.h"
#include "tacet/option.h"
#include "tacet/site.h"

/* What one configuration may cost, files of an enemy included. */
enum {
	LOAD_FILE_MAX = 1 << 20,  /* bytes of one file */
	LOAD_BYTES_MAX = 8 << 20, /* of all files */
	LOAD_FILES_MAX = 64,
	LOAD_NODES_MAX = 100000, /* of all files, aliases followed */
	LOAD_ALIAS_MAX = 10000,  /* nodes that aliases add */
	LOAD_DEPTH_MAX = 32,
	LOAD_KEYS_MAX = 1000,         /* of one map */
	LOAD_EXPANSION_MAX = 1 << 20, /* bytes that ${} may produce */
	LOAD_ITEMS_MAX = 1000,        /* of a list in a rule set: extends repeats it */
	LOAD_ARENA_MAX = 128 << 20,   /* the sum of what these limits allow, with room */
};

struct source {
	struct tc_str file, directory, text;
	struct tc_str included_from; /* "site.yaml:3"; n = 0: named on the command line */
	bool built_in;               /* the default: no file that anyone could open */
	bool shipped;                /* compiled in (shipped.h): it includes others of these alone */
};

enum node_kind { NODE_SCALAR,
	NODE_MAP,
	NODE_LIST };

struct node;

struct entry {
	struct node *key; /* NULL in a list */
	struct node *value;
};

/*
 * What was written, and where. Aliases share nodes, so the tree is a graph without cycles.
 *
 *	hosts: [a, b]	MAP -> {SCALAR hosts -> LIST -> {NULL -> SCALAR a}, {NULL -> SCALAR b}}
 */
struct node {
	enum node_kind kind;
	bool quoted;                  /* written with quotes or as a block: never empty by omission */
	bool expanded;                /* expand.c was here */
	bool from_environment;        /* its text must not be printed */
	unsigned height;              /* 0 for a scalar */
	size_t weight;                /* nodes below and including it, aliases followed */
	int line, column, end_column; /* from 1, in characters; end is one past, on the same line */
	const struct source *source;
	struct tc_str text;    /* scalar */
	struct entry *entries; /* map and list */
	size_t n;
};

struct rows;

struct loader {
	struct tc_arena *arena;
	struct messages *messages;
	size_t errors_before; /* in messages: of other files */
	const struct rows *rows;
	size_t bytes, files, nodes, alias_nodes, expansion_bytes;
	bool origin_given; /* --origin: sites need none */
	bool text_only;    /* a text in memory: it includes what is compiled in alone */
	struct file *read; /* include.c: the files read so far */
	/* Included packs: their `pack` and `rows` are checked, not merged. */
	struct node **packs;
	size_t pack_count;
	/* Rows that are checked but not in force, in the order found. */
	struct tc_str *later;
	const struct node **later_at;
	size_t later_count;
};

#define LOAD_LATER_MAX 64

/* Zeroed memory of the configuration. The limits above keep it below the arena's: running out ends the process. */
void *load_alloc(struct loader *l, size_t n);
struct tc_str load_copy(struct loader *l, struct tc_str s);
struct tc_str load_printf(struct loader *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool load_failed(const struct loader *l);

/* ---- messages ---- */

/* What a message is about. */
struct about {
	const struct node *at;    /* NULL: no place in a file */
	struct tc_str file;       /* where at is NULL: the flag or file meant */
	struct tc_str path;       /* "regions.us-ca.honour" */
	struct tc_str suggestion; /* did you mean */
	struct tc_str hint;
};

void load_fault(struct loader *l, const struct about *about, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void load_warning(struct loader *l, const struct about *about, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The common case: a place and a hint. */
#define ABOUT(node, way, advice) \
	(&(struct about){.at = (node), .path = (way), .hint = (advice)})

/* For "%.*s": a value, cut; a path or file name, whole. */
#define STR_ARGS(s) (int)((s).n < 80 ? (s).n : 80), (s).p

#define STR_ALL(s) (int)((s).n < 1000 ? (s).n : 1000), (s).p

/* The line of the text, without its end. */
struct tc_str source_line(struct tc_str text, int line);

/* What may be shown of a scalar: its text, but "${...}" where it came from the environment. */
struct tc_str node_shown(const struct node *n);

/* ---- nodes (yaml.c) ---- */

/* The tree of one file, or NULL after at least one message. */
struct node *yaml_parse(struct loader *l, const struct source *source);

/* The value of a key of a map, or NULL. */
struct node *node_get(const struct node *map, struct tc_str key);
struct entry *node_entry(const struct node *map, struct tc_str key);

/* Written as nothing at all: `light:`. */
bool node_empty(const struct node *n);

/* Is all of it UTF-8 (RFC 3629)? */
bool utf8_ok(struct tc_str s);

struct node *node_new_map(struct loader *l, const struct node *like, size_t room);

/* ---- include.c, expand.c ---- */

/* Reads a file and all it includes: one map, or NULL after at least one message. */
struct node *include_read(struct loader *l, struct tc_str file);

/* A built-in text, under the given name. */
struct node *include_text(struct loader *l, struct tc_str name, struct tc_str text, bool built_in);

/* ${NAME}, ${NAME:-default} and $$ in every scalar below n. */
void expand_node(struct loader *l, struct node *n);

/* name, seen from the directory of the file it stands in. */
struct tc_str load_path(struct loader *l, struct tc_str directory, struct tc_str name);

#endif
