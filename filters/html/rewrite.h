/*
 * rewrite.h: the rewriter: tokens in, the same bytes out but for the values that lead to a tracker (html.md 2.5, 3.1).
 *
 *	bytes -> tokenizer <-> tree feedback -> rules -> edits -> sink
 *
 * One struct rewrite is one document. A noscript's content and an iframe's srcdoc are documents of their own, read
 * by a nested one. What comes out depends on the bytes that went in, never on how they were cut.
 */
#ifndef TACET_HTML_REWRITE_H
#define TACET_HTML_REWRITE_H

#include "../match/match.h"
#include "../match/url.h"
#include "tokenizer.h"
#include "tree.h"
#include "value.h"

enum {
	REWRITE_NOSCRIPT_MAX = 262144, /* content of a noscript, and a srcdoc; a longer one is emptied */
	REWRITE_DEPTH = 3,             /* documents inside each other; a deeper one is emptied */
	REWRITE_HELD_MAX = 65536,      /* what is held of any other construct */
};

/* A transparent picture of one pixel. */
#define REWRITE_IMAGE \
	TC_STR("data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")

/* URLs that were asked about and lead to no tracker: pages repeat themselves. By hash; the newest stays. */
enum { REWRITE_KNOWN = 128 };
struct rewrite_known {
	uint64_t key[REWRITE_KNOWN];
};

/* What the documents of one response share. Lives as long as the request. */
struct rewrite_env {
	struct tc_call *call; /* for tc_did() */
	const struct match_db *db;
	struct rewrite_known *known;
	bool acts;       /* something is denied, or done to embeds; else nothing is changed but what is put in */
	bool links;      /* ids are taken out of the queries of links */
	uint8_t embeds;  /* enum embeds: what becomes of videos and maps of others */
	uint8_t charset; /* enum charset: of the bytes that come */
	struct match_page page;
	struct match_scripts scripts; /* rules about scripts of the page by what they say */
	struct url doc;               /* the URL of the page; scheme URL_NONE if it cannot be read */
	struct tc_str image;          /* what takes the place of a picture */
};

/* HTML that is put into the page (ux.md 1.1, 1.2), each n = 0 if there is none. */
struct rewrite_extra {
	struct tc_str first; /* first in the head: before what is no DOCTYPE, comment, white space, <html> or <head> */
	bool first_any;      /* whether or not a tag said by then that this is a whole document */
	/* The next three go before "</body>" or to the end: the second where no link is in the page yet, or the third. */
	struct tc_str status, status_linked;
	struct tc_str at_end;
	struct tc_str link; /* at each marker */
	struct tc_str path; /* where links lead; one that the page has is as good as ours */
	bool page;          /* the browser shows it as a page, tags of a document in it or not */
};

/* Takes n bytes, or returns -1. NULL: nothing is sent. */
typedef int (*rewrite_emit)(void *to, const char *p, size_t n);

/* What is done with the text that follows. */
enum rewrite_text {
	TEXT_PASS,
	TEXT_SCRIPT,      /* held, judged as a whole */
	TEXT_SCRIPT_LONG, /* too long for that: judged as it streams */
	TEXT_RULES,       /* speculation rules, held */
	TEXT_IMPORTMAP,   /* held */
	TEXT_STYLE,       /* judged as it streams */
	TEXT_NOSCRIPT,    /* held, a document of its own */
	TEXT_FOREIGN,     /* of SVG's script and style, or in a CDATA section, held */
	TEXT_DROP,        /* does not go out */
	TEXT_PI,          /* "<?...>", held */
	TEXT_PI_DROP,     /* one too long for that, or a comment: it does not go out */
	TEXT_COMMENT,     /* a comment that may be a marker, held */
};

/* A tag over the limits of the tokenizer, read attribute by attribute. */
struct giant {
	bool on, end_tag, erase, foreign;
	uint8_t where;     /* IN_HTML ... */
	uint8_t elem;      /* enum elem */
	uint8_t attribute; /* 0, or in a long attribute: 1 let through, 2 its value dropped */
	bool wrote;        /* the "" of a dropped unquoted value is out */
	uint16_t name_n;
	char name[TREE_NAME];
};

struct rewrite {
	struct tok tok;
	struct tree tree;
	struct giant giant;
	struct css css;
	struct script_sub sub;

	const struct rewrite_env *env;
	const struct rewrite_extra *extra; /* NULL: nothing is put in */
	rewrite_emit emit;
	void *to;

	struct url base;      /* relative URLs count from here */
	struct tc_str script; /* the URL of noop.js */
	bool has_base;        /* the first base element was seen */

	uint8_t text;        /* enum rewrite_text */
	bool foreign_script; /* TEXT_FOREIGN: of a script */
	bool foreign_style;  /* of a style */
	bool foreign_cdata;  /* in a CDATA section */
	bool foreign_seen;   /* a part of its text was seen already */
	bool amp_due;        /* that its script was emptied is not reported yet */
	uint8_t amp;         /* enum elem: in an AMP element that reads its script, and goes */
	size_t held;         /* bytes of such text, at the front of what comes, that are known to be text */

	char before;    /* the last byte decided */
	uint8_t depth;  /* documents around this one */
	uint8_t quiet;  /* not 0: report nothing */
	uint8_t joined; /* URLs of surrogates made for a base that is elsewhere */
	bool noscript;  /* report all as done in a noscript */
	bool cut;       /* the input ended inside a tag */
	bool status_done, link_done, link_due;
	bool in_head, first_done; /* <head> was seen; what goes first is in, or cannot be any more */
	size_t edits;             /* changes so far */
};

/* A document in the page's own place. rw is zeroed; env lives longer. */
void rewrite_init(struct rewrite *rw, const struct rewrite_env *env, rewrite_emit emit, void *to);

/* Takes what is decided off the front of in and sends it on, edited. 0, or -1: the sink failed. */
int rewrite_run(struct rewrite *rw, struct tc_str *in, bool last);

/* After the last byte: nothing is open that would swallow what follows it. */
bool rewrite_ends_well(const struct rewrite *rw);

#endif
