/*
 * h1.h: HTTP/1.1 messages (RFC 9112), parsed into a structure and written anew from it. No sockets, no state
 * that a peer can grow: a head is parsed when all of it has come.
 *
 *	bytes -> h1_scan() -> whole head -> h1_parse_*() -> struct head -> framing_*() -> body by length or struct chunked
 */
#ifndef HTTP_H1_H
#define HTTP_H1_H

#include "tacet/filter.h"

/* Why a message was refused: label `reason` of tacet_http_refusals_total. X(ENUM, status, "label") */
#define REFUSALS(X)                                                                                  \
	X(BAD_BYTE, 400, "bad_byte")               /* NUL, control byte, 0x7f in a head */           \
	X(BARE_CR, 400, "bare_cr")                                                                   \
	X(BARE_LF, 400, "bare_lf")                                                                   \
	X(FOLD, 400, "fold")                       /* a line that begins with SP or HTAB */          \
	X(SYNTAX, 400, "syntax")                   /* llhttp said no */                              \
	X(METHOD, 400, "method")                                                                     \
	X(TARGET, 400, "target")                                                                     \
	X(VERSION, 505, "version")                                                                   \
	X(HOST, 400, "host")                                                                         \
	X(LENGTH, 400, "length")                   /* Content-Length: two, a list, not a number, too large */ \
	X(CODING, 400, "coding")                   /* Transfer-Encoding: not exactly chunked, or with a length, or 1.0 */ \
	X(CHUNK, 400, "chunk")                                                                       \
	X(TRAILER, 400, "trailer")                                                                   \
	X(EXPECT, 417, "expect")                                                                     \
	X(LINE_TOO_LONG, 414, "line_too_long")                                                       \
	X(HEAD_TOO_LARGE, 431, "head_too_large")                                                     \
	X(TOO_MANY_FIELDS, 431, "too_many_fields")                                                   \
	X(UPGRADE, 400, "upgrade")                                                                   \
	X(CONNECT, 405, "connect")                                                                   \
	X(TRACE, 405, "trace")                     /* it would send back fields that we and others added */ \
	X(STATUS, 502, "status")                   /* of a response: outside 100..599, 101 unasked */ \
	X(TIMEOUT, 408, "timeout")                                                                   \
	X(BODY_TOO_LARGE, 413, "body_too_large")                                                     \
	X(RATE, 429, "rate")                       /* more requests than rate_limit allows */        \
	X(PROXY_HEADER, 400, "proxy_header")       /* the PROXY header of a listed peer is missing or broken */ \
	X(MISDIRECTED, 421, "misdirected")         /* TLS was agreed on for another site */          \
	X(OVERLOAD, 503, "overload")               /* origin.queue is full, or memory short */       \
	X(H2_FRAME, 400, "h2_frame")               /* HTTP/2: the connection broke the rules, and ended */ \
	X(H2_ABUSE, 429, "h2_abuse")               /* HTTP/2: resets, pings, settings ... without end */ \
	X(OTHER, 400, "other")

enum refusal {
	REFUSAL_NONE,
#define X(e, status, label) REFUSAL_##e,
	REFUSALS(X)
#undef X
	REFUSAL_COUNT
};

int refusal_status(enum refusal r); /* towards a visitor; from an origin all are 502 */
const char *refusal_label(enum refusal r);

struct h1_limits {
	size_t line_max, head_max, fields_max;
};

/* ---- 1. the byte scan: before llhttp sees anything ---- */

/* Resume point of a head that comes in pieces; zero it to begin. */
struct h1_scan {
	size_t at;     /* bytes already judged */
	size_t fields; /* lines seen */
	size_t line;   /* where the present line began */
};

/*
 * Judges bytes [0, in.n) of a head that begins at in.p (leading CRLF already skipped by the caller with
 * h1_skip_empty_line()). Returns the length of the head including its empty line, 0 if more bytes are needed,
 * or -(enum refusal).
 */
long h1_scan(struct h1_scan *s, struct tc_str in, const struct h1_limits *limits);

/* RFC 9112 2.2: at most one CRLF before a request line is ignored. Returns 0 or 2; -1: need more bytes. */
int h1_skip_empty_line(struct tc_str in);

/* ---- 2. llhttp, strict, and what it leaves to us ---- */

struct head {
	int minor;             /* HTTP/1.minor */
	enum tc_method method; /* requests */
	struct tc_str method_text;
	struct tc_str target;    /* as received */
	int status;              /* responses */
	struct tc_fields fields; /* slices of the head given */
	bool close;              /* Connection: close, or 1.0 without keep-alive */
	bool upgrade;            /* Connection names Upgrade */
	bool expect_continue;
};

/* head must stay alive as long as out. Fields whose names have '_' are left out. */
enum refusal h1_parse_request(struct tc_str head, const struct h1_limits *limits, struct tc_arena *arena,
    struct head *out);
enum refusal h1_parse_response(struct tc_str head, const struct h1_limits *limits, struct tc_arena *arena,
    struct head *out);

/* What h1_parse_request() does once it has method and fields: the ids, what Connection and Expect say. */
enum refusal head_finish_request(struct head *h);

/*
 * Method, target and Host judged together (RFC 9112 3.2, RFC 9110 7.2): fills req's method, host, port, path,
 * query, match, dest, websocket and moves the fields over. Absolute-form is turned into origin-form; the authority
 * there must equal Host. The Host row then says host and port in their one spelling, and is what the writer writes.
 */
enum refusal h1_request_of(struct head *h, struct tc_arena *arena, struct tc_request *req);

/* Content-Type into res->type and res->charset; called again when a filter changed it. */
void response_type(struct tc_response *res, struct tc_arena *arena);

/* ---- 3. how long is the body? Decided here and nowhere else (RFC 9112 6.3) ---- */

enum body_kind { BODY_NONE, BODY_LENGTH, BODY_CHUNKED, BODY_TO_CLOSE };

struct framing {
	enum body_kind kind;
	uint64_t length; /* BODY_LENGTH: below 2^62 */
	bool declared;   /* there was a Content-Length. With BODY_NONE (HEAD, 304): the length that a GET would have */
};

enum refusal framing_request(const struct head *h, struct framing *out);
/* asked: method of the request. 1xx, 204, 304 and HEAD have none; a Content-Length there is only checked. */
enum refusal framing_response(const struct head *h, enum tc_method asked, struct framing *out);

/* ---- 4. the chunked coding (RFC 9112 7.1), strict: CRLF only, extensions and trailers read and dropped ---- */

struct chunked {
	uint8_t state;      /* enum in chunked.c; 0 to begin */
	uint16_t extension; /* bytes of extensions so far, at most 256 in a message */
	uint16_t trailer;   /* bytes of trailers so far, at most 8192 */
	uint8_t digits;     /* of the present size */
	uint8_t trailers;   /* trailer fields so far, at most 100 */
	uint64_t left;      /* of the present chunk, below 2^62 */
};

enum chunked_result { CHUNKED_DATA, CHUNKED_MORE, CHUNKED_END, CHUNKED_BAD };

/*
 * Takes bytes off the front of *in. CHUNKED_DATA: *data is a piece of the body, call again. CHUNKED_MORE: *in is
 * used up. CHUNKED_END: the message is over; what is left in *in belongs to the next. CHUNKED_BAD: *why says.
 */
enum chunked_result chunked_read(struct chunked *c, struct tc_str *in, struct tc_str *data, enum refusal *why);

/* ---- 5. writing ---- */

/* Removes Connection, what it names, and the fixed hop-by-hop set (RFC 9110 7.6.1), but never Sec-GPC, DNT, Host,
 * Cookie, Authorization, Content-Length's meaning or X-Forwarded-*. Content-Length, Transfer-Encoding, TE, Trailer,
 * Upgrade and Expect go too: the writer states framing anew. */
void fields_strip_hop_by_hop(struct tc_fields *fs);

/* What a writer needs beside the fields. */
struct h1_out {
	struct framing framing; /* BODY_TO_CLOSE only towards visitors of HTTP/1.0 */
	bool close;             /* write Connection: close */
	bool keep_alive;        /* write Connection: keep-alive (visitor of 1.0) */
	bool websocket;         /* write Connection: Upgrade and Upgrade: websocket */
	bool expect_continue;
	bool date; /* write Date if the fields have none */
};

/*
 * The head's bytes, written into the arena in one piece with room for them. p = NULL at the limit, or when a name or
 * value could not be written unambiguously (never happens with what h1_parse_* gave; asserted by the fuzz targets).
 */
struct tc_str h1_write_request(const struct tc_request *req, const struct h1_out *o, struct tc_arena *arena);
struct tc_str h1_write_response(const struct tc_response *res, int minor, const struct h1_out *o,
    struct tc_arena *arena);

/* "5f\r\n"; returns its length. The data and "\r\n" follow; "0\r\n\r\n" ends. */
#define CHUNK_LINE_MAX 18
size_t chunk_line(char out[CHUNK_LINE_MAX], uint64_t n);

const char *status_reason(int status);

#endif
