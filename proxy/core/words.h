/* words.h: the sentences of the visitor's pages in ten languages (ux.md 1.6). */
#ifndef CORE_WORDS_H
#define CORE_WORDS_H

#include "tacet/fields.h"
#include "tacet/site.h"

enum word {
	W_TITLE,
	W_GPC, /* your browser sends Global Privacy Control */
	W_DNT,
	W_OUT, /* you have opted out */
	W_ACCOUNT_OUT,
	W_CONSENT_OUT,
	W_HONORED, /* translation of the legal phrase; empty in English */
	W_REGION_OUT,
	W_ROUTE_OUT,
	W_NOT_OUT,
	W_ALLOWED,
	W_QUESTION,
	W_OPTION_IN,
	W_OPTION_OUT,
	W_GPC_WINS,
	W_MORE,
	W_CLASSES,
	W_ANALYTICS, /* these four in the order of the classes */
	W_ADVERTISING,
	W_PERSONALISATION,
	W_SOCIAL,
	W_OTHERS,   /* third parties that no list names */
	W_LOCATION, /* the two switches */
	W_EXPORT,
	W_COOKIES_SET, /* those that the site sets; what they are for, where that is no class */
	W_ESSENTIAL,
	W_PURPOSE_UNKNOWN,
	W_SAVE,
	W_SAVED,
	W_NOT_KEPT,
	W_GUESS,   /* with "{}" where the place stands */
	W_CHANGED, /* the policy */
	W_WHY,
	W_BACK,
	W_HOME,
	W_POLICY,
	W_SIGNALS,
	W_NONE,
	W_COOKIE,
	W_CONSENT, /* what a consent tool of the site says: the next four */
	W_CONSENT_NO,
	W_REFUSED,
	W_GRANTED,
	W_UNREADABLE,
	W_PLACE,
	W_PLACE_UNKNOWN,
	W_RULES,
	W_LAW,
	W_SWITCHES,
	W_REMOVED,
	W_NOT_STORED,
	W_EMBED_VIDEO, /* from here on with "{}" where a name stands: what is in a frame, and from whom */
	W_EMBED_AUDIO,
	W_EMBED_MAP,
	W_EMBED_POST,
	W_EMBED_FORM,
	W_EMBED_CALENDAR,
	W_EMBED_CONTENT,
	W_EMBED_SHARES, /* who learns the visitor's address */
	W_EMBED_LOAD,   /* and two without */
	W_EMBED_OPEN,
	WORD_COUNT
};

struct language {
	struct tc_str tag; /* BCP 47, as site.choices.languages spells it */
	bool right_to_left;
	const char *words[WORD_COUNT];
};

enum { LANGUAGE_COUNT = 10 };

extern const struct language languages[LANGUAGE_COUNT]; /* the first is English */

/* The language of the site's list (all of ours, if it is empty) that Accept-Language likes best; else its first. */
const struct language *language_for(struct tc_strs allowed, const struct tc_fields *request);

/* In English where the language lacks it. */
struct tc_str word_in(const struct language *l, enum word w);

#endif
