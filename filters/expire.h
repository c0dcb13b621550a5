/*
 * expire.h: cookies that a request carried and its response is to end: for the host, for each domain a script may have
 * set them on, and, under https, as cookies of this top-level site alone (Partitioned), which are others of that name.
 */
#ifndef TACET_EXPIRE_H
#define TACET_EXPIRE_H

#include "tacet/filter.h"

enum {
	EXPIRE_MAX = 16,    /* names of one response */
	EXPIRE_NAME = 128,  /* longer names are not sent back */
	EXPIRE_DEPTH = 4,   /* domains from the registrable one downwards */
	EXPIRE_ROOM = 3072, /* bytes of fields after which nothing is added: what stays is sent again, and comes next */
};

/* In the order they came, each name once. */
struct expire {
	size_t n;
	struct {
		struct tc_str name;
		enum tc_class class;
		enum tc_pack pack;
	} v[EXPIRE_MAX];
};

/* Makes *e if need be. A name that cannot be sent back as it is, or one too many, is left out. -1 at the arena's limit. */
int expire_remember(struct expire **e, struct tc_arena *arena, struct tc_str name, enum tc_class class, enum tc_pack pack);

/* In a response hook: adds the fields, if this response may carry them. -1 at the arena's limit. */
int expire_send(const struct expire *e, struct tc_call *c);

#endif
