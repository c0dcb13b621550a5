/* check_regions.h: `tacet check --regions`: what applies where on a day, and what a later day switches. */
#ifndef CLI_CHECK_REGIONS_H
#define CLI_CHECK_REGIONS_H

#include <stdio.h>

#include "config/config.h"

/* Says where a pack is older than 12 months on that day. */
void check_packs(const struct config *c, int32_t day, struct messages *m);

/* For people. */
void regions_print(const struct config *c, int32_t day, FILE *out);

/* For programs: one object. */
void regions_print_json(const struct config *c, const char *file, int32_t day, FILE *out);

#endif
