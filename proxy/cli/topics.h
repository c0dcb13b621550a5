/* topics.h: the options of the configuration, explained from their rows. */
#ifndef CLI_TOPICS_H
#define CLI_TOPICS_H

#include <stdio.h>

#include "tacet/str.h"

/*
 * Prints every option at or below a topic: "regions.honour", "sites[].origin", "cookies". Returns how many; with
 * none, *nearest is a topic that may have been meant (n = 0: none).
 */
size_t topic_print(const char *topic, FILE *out, struct tc_str *nearest);

/* Prints the topics of the first level, a line each. */
void topic_list(FILE *out);

#endif
