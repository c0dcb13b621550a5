/* compile.h: what the files that turn a checked tree into struct config share. */
#ifndef CONFIG_COMPILE_H
#define CONFIG_COMPILE_H

#include "config/config.h"
#include "config/schema.h"

struct config_trace {
	struct node **rules; /* the effective map of each rule set, in the order of config.rule_sets */
	struct tc_str *extends;
	const struct node **keys; /* where its name was written */
};

/* config is the one under construction: c->c. */
struct compile {
	struct loader *l;
	struct config *c;
	const struct config_overrides *over; /* never NULL */
	const struct node *root;
	const struct node *placeholder; /* sites, and listeners, of a file that is judged and has none; NULL: it has */
	const struct node *domains;     /* listen, of run --domain; NULL: it was not given */
	struct raw_root raw;
	struct hash hash;
	size_t origin_count;                /* numbers given so far */
	const struct config_server *server; /* --origin: the one server of them all */
};

/* Counts that no sane configuration reaches. */
enum { SITES_MAX = 1000,
	ROUTES_MAX = 1000,
	RULE_SETS_MAX = 200,
	REGIONS_MAX = 1000,
	LAWS_MAX = 1000, /* rows of all packs */
	DUTIES_MAX = 64,
	LISTEN_MAX = 64,
	SERVERS_MAX = 64,
	FIELDS_MAX = 64 }; /* response.set, .remove: every route repeats the site's */

/* Each says what is wrong; the caller asks load_failed(). */
void compile_sites(struct compile *c, const struct node *sites);
void compile_rules(struct compile *c, const struct node *rule_sets);
void compile_regions(struct compile *c, const struct node *regions);
void compile_packs(struct compile *c);
void compile_found(struct compile *c);   /* behind regions and packs */
void compile_readers(struct compile *c); /* before sites, which name them */
void compile_site_consent(struct compile *c, const struct node *site, struct tc_strs names, size_t i, struct config_site *s);
void compile_promises(struct compile *c);
/* listen[].tls, if it is there. */
void compile_listen_tls(struct compile *c, const struct node *listener, const struct raw_listen *raw, struct config_listen *out);

/* listen[].tls.acme. false: it is not there, or has a fault. */
bool compile_acme(struct compile *c, const struct node *tls, const struct raw_acme *raw, struct config_certificate *out);
/* What run --domain stands for, with listen (acme.c). */
const struct node *domains_root(struct compile *c);

/* sites, and listen where promises speak of it, for a file that is judged and has none (placeholder.c). */
const struct node *placeholder_root(struct compile *c);
void compile_tests(struct compile *c);

/* One origin: map is its node, or NULL with --origin; way is "sites[0].origin". */
void compile_origin(struct compile *c, const struct node *map, const struct raw_origin *raw, struct tc_str way,
    struct config_origin *o);

/* response.set and .remove of a site or route, on top of what r has of the site. */
void compile_response(struct compile *c, const struct node *map, struct tc_strs remove, struct tc_str way,
    struct config_route *r);

/*
 * Third parties named at a key of map: in lower case, and none that is no host. Each stands for itself and what is below.
 */
struct tc_strs compile_allow(struct compile *c, const struct node *map, const char *key, struct tc_strs hosts,
    struct tc_str way);

/* What is known of a place before anybody asks. */
struct config_found {
	uint32_t region;  /* number of its row, from 1; 0: not known */
	uint32_t law_key; /* none before this one covers the place */
};

/* NULL: nothing. */
const struct config_found *found_of(const struct config *c, const struct place *p);

/* The first of law_keys that covers a place; law_key_count: none does. */
size_t law_key_at(const struct config *c, const struct place *p);

const struct tc_rule_set *rule_set_find(const struct config *c, struct tc_str name);

void unknown_rule_set(struct compile *c, const struct node *at, const struct node *names, struct tc_str way);

/* The node to point at for a key of a map: its value, or the map. */
const struct node *at_key(const struct node *map, const char *way);

/* Item i of the list at a key. */
const struct node *at_item(const struct node *map, const char *way, size_t i);

/* Whether a list is within its limit; says so if not. */
bool within(struct compile *c, const struct node *list, const char *what, size_t max);

/* The path in "unix:PATH", seen from directory; n = 0: it does not fit a socket's address, and about was told so. */
struct tc_str unix_path(struct compile *c, const struct about *about, struct tc_str text, struct tc_str directory);

/* A copy in lower or upper case (ASCII). */
struct tc_str lower_copy(struct loader *l, struct tc_str s);
struct tc_str upper_copy(struct loader *l, struct tc_str s);

/* Says so unless code is a place that a where may hold. */
void check_place(struct compile *c, const struct node *at, struct tc_str code, const char *way);

/* ---- a set of texts (strings.c): which were seen, and the number each came with ---- */

struct string_set {
	struct slot {
		struct tc_str key;
		size_t value;
	} * v;
	size_t room; /* a power of two */
};

void set_init(struct string_set *s, struct loader *l, size_t most);
/* Adds key unless it is there. Returns NULL if it is new, else the value it has. */
const size_t *set_add(struct string_set *s, struct tc_str key, size_t value);
const size_t *set_find(const struct string_set *s, struct tc_str key);

#endif
