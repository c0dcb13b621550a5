/*
 * exchange.h: one request and its response, from the request's head to the last byte, as a table of states. Nothing
 * but the table's step functions changes the state.
 *
 *	state     what happens there                        woken by                  deadline                 visitor leaves
 *	BEGIN     site, route, decision, filters            the head                  -                        -
 *	COLLECT   the body of our own form comes            its bytes                 visitor: body            dropped
 *	PEEK      its body begins, for a filter to see      its bytes                 visitor: body            dropped
 *	CONNECT   waits for a connection to the origin      got, failed               ticket's (origin.c)         cancelled
 *	FORWARD   the request goes out, its body follows    bytes from either side    origin: timeout          origin dropped
 *	RELAY     the response's body comes back            bytes, room               origin or visitor: stall origin dropped
 *	TUNNEL    after 101: bytes, each way to its end     bytes, room               limits.tunnel_timeout     origin told
 *	ANSWER    our own answer is written                 -                         -                        -
 *	DISCARD   what is left of the request's body        its bytes                 visitor: 5 s in all      closed
 *	FINISH    connection back to the pool, counting     -                         -                        -
 *
 * Everything an exchange owns is in its arena, the exchange itself too; it is wiped with it.
 */
#ifndef CORE_EXCHANGE_H
#define CORE_EXCHANGE_H

#include "core/chain.h"
#include "core/choice.h"
#include "core/codec.h"
#include "core/decide.h"
#include "core/reports.h"
#include "core/visitor.h"

#define EXCHANGE_STATES(X) \
	X(BEGIN, begin) \
	X(COLLECT, collect) \
	X(PEEK, peek) \
	X(CONNECT, connect) \
	X(FORWARD, forward) \
	X(RELAY, relay) \
	X(TUNNEL, tunnel) \
	X(ANSWER, answer) \
	X(DISCARD, discard) \
	X(FINISH, finish)

enum exchange_state {
#define X(e, f) EXCHANGE_##e,
	EXCHANGE_STATES(X)
#undef X
	EXCHANGE_STATE_COUNT
};

#define EXCHANGE_ARENA_MAX ((size_t)768 << 10) /* fields, all filters' states, our pages; four times both heads is added */
#define EXCHANGE_BODY_HOLD (64 << 10)          /* request body that may wait for the origin */
#define EXCHANGE_FORM_MAX 4096
#define EXCHANGE_DISCARD_MAX (64 << 10)

/* One direction of a body. */
struct flow {
	struct framing framing;
	struct chunked chunked;
	uint64_t left;  /* BODY_LENGTH */
	uint64_t bytes; /* of the body, so far */
	bool over;      /* the last byte has come */
};

/* The first bytes of a request's body, in the arena. */
struct peek {
	size_t n;
	char bytes[TC_PEEK_MAX];
};

struct exchange {
	enum exchange_state state;
	bool running;       /* exchange_run() is on the stack */
	bool visitor_ended; /* it will send no more */
	bool origin_close;  /* the origin will not keep the connection */
	bool ready;         /* bytes are in the origin's socket, during its event */
	struct visitor *visitor;
	void *stream; /* the codec's; NULL: the connection is the only one */
	const struct codec *codec;
	struct worker *worker;
	struct use *use;
	struct tc_arena *arena;
	uint64_t began, up_began; /* the request; the time its body has had */

	int minor;
	bool visitor_close, expect_continue;
	bool said_close; /* the visitor did, by Connection: close */
	struct tc_request req;
	struct flow up; /* request's body: visitor -> origin */
	struct buf up_hold;
	struct peek *peek; /* PEEK: what its body begins with */

	const struct config_site *site;
	const struct tc_route *route;
	const struct config_route *core_route; /* what only we know of the route */
	struct facts facts;
	struct choice_cookie choice;
	struct tc_decision decision;
	struct chain chain;
	struct debug *debug;        /* its sender may see its trace; NULL: no */
	struct observer *observer;  /* of a site that only observes; NULL: none */
	struct tc_str variant_etag; /* tags of If-None-Match as they came, if they were mapped */

	struct origin *origin;       /* of the route */
	struct ticket *wait;         /* for a connection to it */
	struct server_conn *server;  /* the connection */
	struct server *avoid;        /* it broke off before it answered */
	enum origin_failure failure; /* failed() said so */
	int origin_error;            /* ended() said so */
	struct tc_str request_head;  /* kept for sending it again */
	unsigned retries;
	unsigned interims; /* 1xx that came */
	struct h1_scan scan;
	struct tc_str in; /* from the origin, during its event */

	struct tc_response res;
	size_t heads_n;   /* bytes of heads that came, theirs too */
	struct flow down; /* response's body: origin -> visitor */
	uint32_t turn;    /* of the loop, in which turn_made was made of the body */
	uint32_t turn_made;
	struct exchange *next_again, **at_again; /* goes on in the next turn; at_again NULL: it does not */
	bool sent, origin_ended;
	bool unsent;      /* the connection took nothing of it */
	bool asked_again; /* without range and conditions: the first answer could not be used */
	bool head_sent, stalled, ending, visitor_gone;
	bool unflushed; /* the codec holds bytes of the chain's scratch */
	bool ours;      /* the answer is our own */
	bool reports;   /* its body says what policies held back */
	bool tunnelled;
	bool edited; /* the chain edits the body: its length is not known */

	int answer_status;
	unsigned retry_after; /* seconds that our own answer asks for; 0: as its status has it */
	enum refusal refusal;
	struct tc_str answer_body;
};

/* What a protocol has made of the bytes of a head. */
struct exchange_start {
	struct visitor *visitor;
	void *stream; /* the codec's; NULL: the connection is the only one */
	const struct codec *codec;
	struct tc_arena *arena; /* made by exchange_arena(), taken over; head's bytes live in it */
	struct exchange *room;  /* exchange_room()'s */
	struct head *head;
	struct framing framing;  /* of the body */
	enum refusal refusal;    /* REFUSAL_NONE: it is a request */
	struct exchange **owner; /* is told the exchange before anything happens; the codec's cut() and over() clear it */
};

struct tc_arena *exchange_arena(struct worker *w);
/* The place of an exchange, taken before the visitor's bytes fill the arena. */
struct exchange *exchange_room(struct tc_arena *arena);
/* Bytes of the body follow by exchange_request_bytes(). */
void exchange_start(const struct exchange_start *s);

/* Takes what belongs to this request's body (or tunnel) off the front of *in. */
void exchange_request_bytes(struct exchange *x, struct tc_str *in);
/* A piece of it without framing of its own (HTTP/2). last: nothing follows. */
void exchange_request_piece(struct exchange *x, struct tc_str piece, bool last);
bool exchange_request_over(const struct exchange *x);

/* The visitor took what waited, is gone, or was too slow. */
void exchange_visitor_drained(struct exchange *x);
void exchange_visitor_gone(struct exchange *x);
void exchange_visitor_ended(struct exchange *x); /* will send no more; can still read */
void exchange_visitor_late(struct exchange *x);

/* What origins call. */
extern const struct origin_ops exchange_origin_ops;

/* ---- between exchange.c, judge.c and relay*.c ---- */

/* Goes on in the next turn of the loop, after what the others have to do. */
void exchange_yield(struct exchange *x);
bool exchange_may_repeat(const struct exchange *x);

/* Bytes of a body that is collected; more is 413. */
static inline size_t
exchange_form_max(const struct exchange *x)
{
	return x->reports ? REPORTS_BODY_MAX : EXCHANGE_FORM_MAX;
}

enum step { STEP_WAIT, STEP_NEXT };

/* The next step answers with this status; from there nothing else happens. */
enum step exchange_refuse(struct exchange *x, int status);

/* judge.c: site, route, decision, filters. Sets the state and returns STEP_NEXT. */
enum step judge_request(struct exchange *x);
#define JUDGE_AGAIN (-1)
/*
 * The response's head has come: filters, caching fields, sticky cookie. 0, the status to answer instead, or JUDGE_AGAIN:
 * the visitor cannot get this one; the request is changed so that the next will do.
 */
int judge_response(struct exchange *x);
/* A 103 has come. Whether there is something in it that the visitor may get; the rest is dropped. */
bool judge_early(struct exchange *x);
/* Fills res and answer_body for our own answer. */
int judge_own_answer(struct exchange *x);

#endif
