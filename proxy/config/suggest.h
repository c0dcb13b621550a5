/* suggest.h: did you mean? Finds the one word that someone probably wanted to write. */
#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#include "tacet/str.h"

/* Begin with {.word = what was written}, offer every word that would be right, then ask. */
struct suggest {
	struct tc_str word;
	struct tc_str best;
	size_t distance;
	bool found, tie;
};

void suggest_offer(struct suggest *s, struct tc_str candidate);
/* Every word of "a|b|c". */
void suggest_offer_words(struct suggest *s, const char *bounds);

/* The only nearest word, at most 2 edits away (1 for words under five letters); n = 0: none. */
struct tc_str suggest_result(const struct suggest *s);

/* Cuts the next word of "a|b|c" off the front of *rest; false at the end. */
bool next_word(const char **rest, struct tc_str *word);

#endif
