/* embed.h: what becomes of frames that show a video, a map or a post of others (ux.md 1.4, ADR 0014). */
#ifndef TACET_HTML_EMBED_H
#define TACET_HTML_EMBED_H

#include "rewrite.h"
#include "tacet/embed.h"

/* rule_sets.*.embeds, in the order of its words. */
enum embeds {
	EMBEDS_KEEP,
	EMBEDS_PRIVACY_MODE,
	EMBEDS_CLICK_TO_LOAD,
	EMBEDS_REMOVE,
};

enum { EMBED_HREF_MAX = 5 * TC_EMBED_URL_MAX + 512 };

/*
 * What takes the place of a frame's URL (decoded), as it is written in an attribute however that is quoted; in out
 * (EMBED_HREF_MAX bytes) or constant. p = NULL: it is no embed, or stays as it is as far as this is concerned.
 */
struct tc_str embed_judge(struct rewrite *rw, struct tc_str url, char *out);

/*
 * The features that an iframe's allow attribute (decoded) gives to the frame it begins with are given to the embed
 * that it will lead to. url is the iframe's, decoded; edits over value, their text in out (EMBED_HREF_MAX bytes).
 */
void embed_allow(const struct rewrite *rw, struct tc_str url, struct tc_str value, char *out, struct value_edits *edits);

/*
 * What a content security policy lacks for what we write into frames: `text`, which is in the arena, is put in at
 * `at`. False: nothing is lacking.
 */
bool embed_policy(const struct tc_call *c, enum embeds embeds, struct tc_str policy, size_t *at, struct tc_str *text);

/* The same for the policies in a response's head. 0, or -1 at the arena's limit. */
int embed_policies(struct tc_call *c, enum embeds embeds);

#endif
