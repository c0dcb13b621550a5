/*
 * filter.h: everything a filter may see. A filter is one file (or folder) and one constant, listed in
 * filters/table.c; it includes nothing of proxy/.
 *
 *	visitor -> [GATE] -> [HEAD] -----------------------------> origin
 *	visitor <- [HEAD] <- [ENCODE] <- [REWRITE] <- [DECODE] <-- origin
 *
 * What the core does, so that filters must not: order, buffering, back-pressure, limits, Content-Length,
 * ETag, ranges, chunking, error replies, counters. A filter does not block, keeps no pointer from `in` after
 * returning, touches no framing field, prints no address, and keeps no state outside c->state and its
 * configuration. In doubt it fails closed.
 */
#ifndef TACET_FILTER_H
#define TACET_FILTER_H

#include "tacet/arena.h"
#include "tacet/class.h"
#include "tacet/decision.h"
#include "tacet/fields.h"
#include "tacet/option.h"
#include "tacet/site.h"
#include "tacet/str.h"

/* Body filters run DECODE, REWRITE, ENCODE; head hooks run in the order of the table. */
struct tc_filter;

enum tc_phase { TC_GATE, TC_HEAD, TC_DECODE, TC_REWRITE, TC_ENCODE };

/* Methods that something depends on; all others are TC_M_OTHER (their text is in the request). */
enum tc_method { TC_M_OTHER, TC_M_GET, TC_M_HEAD, TC_M_POST, TC_M_OPTIONS, TC_M_CONNECT };

/* Sec-Fetch-Dest, folded (Fetch standard 3.5). ABSENT: no such field. */
enum tc_dest {
	TC_DEST_ABSENT,
	TC_DEST_DOCUMENT, /* document, and frame, iframe as the next two */
	TC_DEST_FRAME,
	TC_DEST_EMPTY, /* fetch, XHR, beacon, EventSource */
	TC_DEST_SCRIPT,
	TC_DEST_STYLE,
	TC_DEST_IMAGE,
	TC_DEST_FONT,
	TC_DEST_MEDIA, /* audio, video, track */
	TC_DEST_OBJECT,
	TC_DEST_WORKER, /* worker, sharedworker, serviceworker */
	TC_DEST_REPORT,
	TC_DEST_OTHER,
};

struct tc_request {
	enum tc_method method;
	struct tc_str method_text;
	struct tc_str scheme; /* "http" or "https", as the visitor sees the site */
	struct tc_str host;   /* lower case, without port */
	struct tc_str port;   /* digits, n = 0 if none was given */
	struct tc_str path;   /* as received, begins with '/' ("*" for OPTIONS *) */
	struct tc_str query;  /* as received, without '?'; p = NULL: there was no '?' */
	struct tc_str match;  /* the path normalised, for matching only */
	enum tc_dest dest;
	bool websocket; /* asks for Upgrade: websocket */
	struct tc_fields fields;
};

struct tc_response {
	int status;
	struct tc_str type;    /* media type, lower case, without parameters; n = 0: none */
	struct tc_str charset; /* of Content-Type; n = 0: none */
	bool head_only;        /* HEAD, 204, 304: the body hooks will not be called */
	struct tc_fields fields;
};

/* One call of a hook. The core fills it; a filter reads it and writes only through state, req and res. */
struct tc_call {
	void *state;                        /* state_size zeroed bytes, per request */
	const void *conf;                   /* what load() made; NULL without load() */
	const void *opts;                   /* this filter's option block in the rule set in force */
	const struct tc_decision *decision; /* never NULL */
	const struct tc_site *site;         /* never NULL */
	const struct tc_route *route;       /* never NULL */
	struct tc_request *req;             /* never NULL */
	struct tc_response *res;            /* NULL in request hooks */
	struct tc_arena *arena;             /* of the request */
};

/* What was done, for counters and explain. X(ENUM, "label") */
#define TC_ACTIONS(X)                                                                                \
	X(SCRIPT, "script")                                                                          \
	X(INLINE_SCRIPT, "inline_script")                                                            \
	X(IMAGE, "image")                                                                            \
	X(FRAME, "frame")                                                                            \
	X(LINK, "link")                                                                              \
	X(STYLE, "style")                                                                            \
	X(MEDIA, "media")                                                                            \
	X(OBJECT, "object")                                                                          \
	X(ATTRIBUTE, "attribute")                                                                    \
	X(NOSCRIPT, "noscript")                                                                      \
	X(META, "meta")                                                                              \
	X(REQUEST_COOKIE, "request_cookie")                                                          \
	X(RESPONSE_COOKIE, "response_cookie")                                                        \
	X(EXPIRED_COOKIE, "expired_cookie")                                                          \
	X(PARAMETER, "parameter")                                                                    \
	X(REQUEST_FIELD, "request_field")                                                            \
	X(RESPONSE_FIELD, "response_field")                                                          \
	X(ENDPOINT, "endpoint")                                                                      \
	X(STATUS, "status_text")                                                                     \
	X(DISAMBIGUATED, "disambiguated")                                                            \
	X(OVERFLOW, "overflow")                                                                      \
	X(CONTAIN, "contained")                                                                      \
	X(BRIDGE, "bridged")

enum tc_action {
#define X(e, name) TC_DID_##e,
	TC_ACTIONS(X)
#undef X
	TC_DID_COUNT
};

/* Why a body that should have been filtered was not (it was refused instead). X(ENUM, "label") */
#define TC_BYPASSES(X)                                                                               \
	X(CODING, "coding")                                                                          \
	X(CHARSET, "charset")                                                                        \
	X(BOMB, "bomb")                                                                              \
	X(CORRUPT, "corrupt")                                                                        \
	X(PARTIAL, "partial")                                                                        \
	X(PARTS, "parts")                                                                            \
	X(ROUTE, "route")

enum tc_bypass {
#define X(e, name) TC_BYPASS_##e,
	TC_BYPASSES(X)
#undef X
	TC_BYPASS_COUNT
};

/* Where a rule came from: the label `pack` of the action counter. X(ENUM, "label") */
#define TC_PACKS(X)                                                                                  \
	X(BUILT_IN, "built-in")                                                                      \
	X(EASYPRIVACY, "easyprivacy")                                                                \
	X(EASYLIST, "easylist")                                                                      \
	X(OPERATOR, "operator")

enum tc_pack {
#define X(e, name) TC_PACK_##e,
	TC_PACKS(X)
#undef X
	TC_PACK_COUNT
};

/* ---- what load() gets: a new snapshot is being built, off the request path, on a thread that may block ---- */

struct tc_loader {
	struct tc_strs lists;         /* lists.use */
	struct tc_str list_directory; /* lists.directory; n = 0: none */
	struct tc_str config_directory;
	struct tc_arena *arena; /* lives as long as the snapshot; not wiped */
	/* Says something to whoever builds the snapshot. fatal: the snapshot is refused. */
	void (*say)(struct tc_loader *l, bool fatal, const char *code, const char *text);
	/* Mixes what was read into the version of the rules: a page made by other rules is another variant. */
	void (*mix)(struct tc_loader *l, struct tc_str bytes);
	/* SHA-256 of what was read; NULL: nobody wants it. */
	void (*digest)(struct tc_str bytes, uint8_t out[32]);
	/* What another filter's load() made; it must stand earlier in the table. */
	void *(*conf_of)(struct tc_loader *l, const struct tc_filter *f);
};

struct tc_filter {
	const char *name; /* section, log tag and counters */
	const char *help; /* one line */
	enum tc_phase phase;
	size_t state_size; /* above 512 bytes it is made by tc_want_body(): head hooks see NULL until then */

	/* Option rows below rule_sets.*, and the size of the block that their offsets point into. */
	const struct tc_option *options;
	size_t option_count, options_size;

	/* Builds what all requests of a snapshot share. Returns 0, or -1 after say(). unload() gives it back. */
	int (*load)(struct tc_loader *l, void **conf);
	void (*unload)(void *conf);

	/*
	 * Head hooks. 0 goes on; a positive number is the HTTP status to answer with (after tc_answer(), or with
	 * the core's own error page). The request hook runs before the origin is asked; the response hook before
	 * the head goes out, in the order GATE, HEAD, REWRITE, then DECODE if someone wanted the body, then ENCODE.
	 */
	int (*request)(struct tc_call *c);
	int (*response)(struct tc_call *c);

	/*
	 * The Link fields of a 103 (RFC 8297), alone in c->res: browsers act on them before anything is known of the response.
	 * Drop what must not be. 0, or -1 at the arena's limit.
	 */
	int (*hint)(struct tc_call *c);

	/*
	 * The first bytes of the request's body, TC_PEEK_MAX at most, for those whose request hook called tc_peek(); whole:
	 * it has no more. Nothing of the request has gone to the origin yet. 0 or a status, as the request hook.
	 */
	int (*peek)(struct tc_call *c, struct tc_str begin, bool whole);

	/*
	 * Body hook, for those who called tc_want_body(): take what you understand off the front of *in, emit
	 * what you want, leave the rest; it comes back with what arrived after it. last: nothing more will come.
	 * 0, or -1: the body is broken, the message is cut so that the visitor can tell.
	 */
	int (*body)(struct tc_call *c, struct tc_str *in, bool last);

	/* Gives back what c->state owns outside the arena. Called once per request if state was used. */
	void (*done)(struct tc_call *c);
};

/* The filters, in order, ending with NULL: filters/table.c. The core sees nothing else of filters/. */
extern const struct tc_filter *const tc_filters[];

/* ---- what hooks may call ---- */

/* In a response hook: call body() for this response. The body will differ from the origin's. */
void tc_want_body(struct tc_call *c);

/* In a request hook: the request waits until its body has begun, and peek() has seen that. */
enum { TC_PEEK_MAX = 4096 };
void tc_peek(struct tc_call *c);

/*
 * After tc_want_body(): the head waits until body() knows what it says. Till then body() may edit c->res->fields, and
 * emits nothing; if it fails, the visitor gets a 502 in place of a message that is cut.
 */
void tc_hold_head(struct tc_call *c);
void tc_release_head(struct tc_call *c);

/* Whether someone wants the body (for DECODE and ENCODE). */
bool tc_body_wanted(const struct tc_call *c);

/*
 * In a request hook: whether this request could be for a page that a REWRITE filter will edit. Set by the
 * rewriter with tc_expect_page(), read by DECODE to choose Accept-Encoding.
 */
void tc_expect_page(struct tc_call *c);
bool tc_page_expected(const struct tc_call *c);

/* In body(): sends bytes to the next filter. 0, or -1: give up and return -1. Bytes are used before it returns. */
int tc_emit(struct tc_call *c, const char *p, size_t n);

/* In body() of a decoder: how many bytes may be emitted now. At 0 return; the rest comes back later. */
size_t tc_room(const struct tc_call *c);

/* In body() of an encoder: nothing more is at hand just now, so all that it holds should go out. */
bool tc_flushing(const struct tc_call *c);

/*
 * In a head hook, before returning a status: the answer made at the edge. type NULL: no body. The bytes are
 * borrowed and must live as long as the snapshot. cache: value of Cache-Control.
 */
void tc_answer(struct tc_call *c, const char *type, struct tc_str body, const char *cache);

/* After tc_answer(): pages of other origins may read it, or be told so when they ask (CORS). It is nobody's secret. */
void tc_answer_shared(struct tc_call *c);

/*
 * In a response hook: another visitor would not have been given this, and it is no page. Caches keep it for this one alone,
 * as they do pages.
 */
void tc_answer_differs(struct tc_call *c);

/* After tc_answer(): the entity tag of the answer, with its quotes. The hook itself returns 304 where it was asked for. */
void tc_answer_tag(struct tc_call *c, const char *tag);

/* After tc_answer() without a body, for a status of 3xx: where to go instead, an absolute URL in the arena. */
void tc_answer_to(struct tc_call *c, struct tc_str url);

/* One thing was done to this message: counted, and shown by explain (what is never stored or logged). */
void tc_did(struct tc_call *c, enum tc_action action, enum tc_class class, enum tc_pack pack,
    struct tc_str what);

/* A body that had to be filtered could not be read: counted. */
void tc_bypassed(struct tc_call *c, enum tc_bypass why);

#endif
