/*
 * prove_ask.h: what several promises ask of a world, and how they say what they found. Each question is true where it holds;
 * else the fault says what contradicts it.
 */
#ifndef CORE_PROVE_ASK_H
#define CORE_PROVE_ASK_H

#include "core/prove_world.h"

#define PROOF_ALL ((tc_classes)~TC_ESSENTIAL)

/* A host that is one of the names, or below one. */
bool proof_host_in(struct tc_str host, struct tc_strs names);

/* "https://host/path" -> host */
struct tc_str proof_url_host(struct tc_str url);

/* Without regard to case. */
bool proof_text_in(struct tc_str text, struct tc_strs list);

/* at: where it was written; NULL: a default. */
void proof_blame(
    struct proof_fault *f, struct proof *p, const struct node *at, struct tc_str says, const char *what, const char *hint);

/* Says that an item passes, and why. These three return false. */
bool proof_item_fault(
    struct proof *p, const struct proof_world *w, size_t i, enum proof_kind kind, tc_classes class, struct proof_fault *f);

/* The classes that a promise names. Hosts that act for the site alone are measurement, and no sale. */
tc_classes proof_classes(uint32_t groups, bool *measurement);

/* No item of these classes passes, in any form. */
bool proof_items_gone(
    struct proof *p, const struct proof_world *w, tc_classes classes, bool measurement, struct proof_fault *f);

/* A third party that no list names is gone, or out of reach of a second CSP. */
bool proof_unknown_gone(struct proof *p, const struct proof_world *w, struct proof_fault *f);

/* What pages add at run time can only go where a second CSP lets it. */
bool proof_contained(struct proof *p, const struct proof_world *w, struct proof_fault *f);

/* Nothing of these classes can be reached. open: somebody granted advertising, so other third parties are not meant. */
bool proof_classes_gone(
    struct proof *p, tc_classes classes, bool measurement, bool open, const struct proof_world *w, struct proof_fault *f);

/* Whether the promise speaks of this place; an unknown one belongs to all. */
bool proof_place_counts(const struct config_promise *promise, const struct proof_world *w);

/* What the visitor of this world allowed. No to advertising is a no to all but what a consent tool granted beside it. */
tc_classes proof_granted(const struct proof_signal *s);

/* Of a region's row, of a site: the key `way` is to blame. */
bool proof_row_fault(struct proof *p, const struct proof_world *w, const char *item, const char *way, const char *because,
    const char *hint, struct proof_fault *f);

bool proof_site_fault(struct proof *p, const struct config_site *s, const struct tc_str item, const char *way,
    const char *because, const char *hint, struct proof_fault *f);

#endif
