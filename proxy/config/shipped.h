/* shipped.h: the files of conf/ that a configuration may include without an installation: compiled in. */
#ifndef CONFIG_SHIPPED_H
#define CONFIG_SHIPPED_H

#include <stddef.h>

struct shipped_file {
	const char *name; /* as include: says it: "regions/us.yaml" */
	const char *text;
	size_t n;
};

/* Made by shipped.sh, sorted by name; the last one has no name. */
extern const struct shipped_file shipped_files[];

#endif
