/* rules.h: which attribute of which element leads somewhere, as what, and what takes its place (html.md 3.1). */
#ifndef TACET_HTML_RULES_H
#define TACET_HTML_RULES_H

#include "../match/match.h"
#include "names.h"

/* How a value is read. */
enum rule_kind {
	RULE_NONE,
	RULE_URL,       /* one URL */
	RULE_SRCSET,    /* image candidates */
	RULE_CSS,       /* declarations */
	RULE_SRCDOC,    /* a document */
	RULE_LINK,      /* the URL of a link element: what it is depends on rel and as */
	RULE_META,      /* content of a meta: what it is depends on http-equiv */
	RULE_BASE,      /* the base URL */
	RULE_PARAM,     /* value of a param: a URL if its name says so */
	RULE_LIST,      /* URLs among other things: SVG's animations, archives */
	RULE_LAZY,      /* a URL that a script will put in the place of src, or a background's url() */
	RULE_NAVIGATE,  /* where a click leads: a script, perhaps */
	RULE_HANDLER,   /* a script */
	RULE_PING,      /* goes, whatever it is */
	RULE_REMOVE,    /* the attribute goes with its name */
	RULE_INTEGRITY, /* goes when the element's URL is replaced */
	RULE_AMP,       /* goes when the element's class is denied */
	RULE_ALLOW,     /* features for the frame, which follow it where embeds are loaded on demand */
};

/* What a URL is replaced by. */
enum rule_with { WITH_EMPTY,
	WITH_IMAGE,
	WITH_BLANK,
	WITH_SCRIPT };

/* Where a row applies: to elements of which namespace. */
enum { IN_HTML = 1,
	IN_SVG = 2,
	IN_MATH = 4,
	IN_FOREIGN = IN_SVG | IN_MATH,
	IN_ALL = 7 };

struct attr_rule {
	uint8_t attr;   /* enum attr */
	uint8_t elem;   /* enum elem; E_NONE: any */
	uint8_t where;  /* IN_* */
	uint8_t kind;   /* enum rule_kind */
	uint16_t types; /* enum match_type: what may be asked for; any that is blocked decides */
	uint8_t with;   /* enum rule_with */
	uint8_t action; /* enum tc_action */
};

/* The rule for an attribute of an element, or NULL: leave it. */
const struct attr_rule *rule_of(enum attr attr, enum elem elem, unsigned where);

/* What the class of an AMP element is; TC_CLASS_COUNT: none. */
enum tc_class rule_amp_class(enum elem elem);

/*
 * What a link asks for, by its rel and as (decoded): enum match_type, 0 for one that fetches nothing. *hint: only a
 * connection or a name look-up (preconnect, dns-prefetch).
 */
unsigned rule_link_types(struct tc_str rel, struct tc_str as, bool *hint);

/* The name of a param whose value is a URL. */
bool rule_param_is_url(struct tc_str name);

#endif
