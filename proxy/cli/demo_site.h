/* demo_site.h: the pages of the demo's imaginary company, from demo_site/, compiled in. */
#ifndef CLI_DEMO_SITE_H
#define CLI_DEMO_SITE_H

#include "tacet/str.h"

struct demo_file {
	const char *path; /* "/index.html" */
	const char *type; /* Content-Type */
	struct tc_str bytes;
};

/* Made by demo_site/embed.sh at build time. "/" is /index.html; a POST to /contact leads to /thanks.html. */
extern const struct demo_file demo_files[];
extern const size_t demo_file_count;

#endif
