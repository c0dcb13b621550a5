/* surrogate.h: small scripts that stand in for tags, compiled in from conf/surrogates (mkembed.c). */
#ifndef TACET_SURROGATE_H
#define TACET_SURROGATE_H

#include "tacet/filter.h"

struct surrogate {
	struct tc_str name; /* "noop.js" */
	struct tc_str text;
	const char *tag; /* its entity tag: another text has another */
};

/* Sorted by name; generated. */
extern const struct surrogate surrogates[];
extern const size_t surrogate_count;

extern const struct tc_filter filter_surrogate;

/* The script of this name, or noop.js in its place. */
const struct surrogate *surrogate_script(struct tc_str name);

/* A transparent picture of one pixel: 43 bytes of GIF. */
extern const struct tc_str surrogate_gif;

#define SURROGATE_SCRIPT_TYPE "text/javascript; charset=utf-8"

#endif
