/*
 * chain.h: one request's way through the filters. The core keeps order, leftovers, limits and back-pressure here, so
 * that filters need not.
 *
 *	origin's bytes -> [link: held | body() ] -> scratch -> [link: held | body() ] -> scratch -> sink()
 *
 * held is what a filter left; scratch collects what it emits, so that the next one is called with pieces of up to
 * 64 KiB and not with every span. Scratch belongs to the loop and is empty between calls of chain_feed().
 */
#ifndef CORE_CHAIN_H
#define CORE_CHAIN_H

#include "base/buf.h"
#include "stats/counters.h"
#include "tacet/filter.h"

#define CHAIN_FILTERS_MAX 16
#define CHAIN_BODY_MAX 4            /* filters that may want one body */
#define CHAIN_SCRATCH (64 << 10)
#define CHAIN_HELD_MAX (512 << 10)  /* what one filter may leave untaken */
#define CHAIN_STATE_EARLY 512       /* larger states are made by tc_want_body() */

struct chain_scratch {
	char bytes[CHAIN_BODY_MAX][CHAIN_SCRATCH];
};

struct chain;

struct link {
	struct tc_call call; /* first: hooks hand it back to us */
	struct chain *chain;
	const struct tc_filter *filter;
	bool wants, used, peeks;
	uint8_t place; /* in the body order */
	size_t out_n;  /* bytes in scratch */
	struct buf held;
};

/* The answer a filter made at the edge. */
struct chain_answer {
	const char *type, *cache, *tag; /* NULL: none */
	struct tc_str body;
	bool shared; /* with pages of other origins */
	bool moved;  /* body is where to go instead, and there is none */
};

/* What explain, audit and tests get to see, and a site that only observes; NULL where something is done to a visitor. */
struct chain_watch {
	void (*saw)(void *ctx, enum tc_action a, enum tc_class class, enum tc_pack pack, struct tc_str what);
	void *ctx;
};

struct chain {
	struct link *links;
	size_t n;
	struct link *body[CHAIN_BODY_MAX]; /* who wants it, in body order */
	size_t body_n;
	struct lane *lane; /* NULL: what it does is counted nowhere */
	struct chain_scratch *scratch;
	const struct chain_watch *watch;
	struct tc_arena *arena;
	/*
	 * The end of the chain. sink: 0 or -1; more: its bytes will be overwritten before chain_feed() returns, so use
	 * them now; otherwise they stay until the next chain_feed(). room: how many more bytes it would like.
	 */
	int (*sink)(void *ctx, const char *p, size_t n, bool more);
	size_t (*room)(void *ctx);
	void *ctx;
	struct chain_answer answer;
	bool wanted, page_expected, answered;
	bool peeks;       /* chain_peek() is due */
	bool differs;     /* others would get something else */
	bool head_held;   /* a filter will still edit the head */
	bool in_response; /* response hooks are running */
	bool flushing;    /* chain_flush() is running */
	size_t budget;    /* of tc_room(), during one feed */
	unsigned partial; /* links that are handing on a full scratch in the middle of their body() */
};

/* confs: what the filters' load() made, in table order. -1 at the arena's limit. */
int chain_begin(struct chain *c, struct tc_arena *arena, void *const *confs, const struct tc_decision *d,
    const struct tc_site *site, const struct tc_route *route, struct tc_request *req, struct lane *lane,
    struct chain_scratch *scratch);

/* 0, or the status to answer with (chain.answered says whether answer is filled). */
int chain_request(struct chain *c);

/* After that, if c->peeks: the body of the request begins so. The same results. */
int chain_peek(struct chain *c, struct tc_str begin, bool whole);

int chain_response(struct chain *c, struct tc_response *res);

/* The Link fields of a 103 that came before: what must not act yet is dropped. -1 at the arena's limit. */
int chain_hint(struct chain *c, struct tc_response *res);

/* Whether bytes have to go through chain_feed(). */
static inline bool
chain_edits(const struct chain *c)
{
	return c->body_n > 0;
}

/*
 * Sends bytes through. last: nothing more will come. 0: all taken; 1: the decoder waits for room, call again with
 * no bytes (and the same last) when there is some; -1: the body is broken, cut the message.
 */
int chain_feed(struct chain *c, struct tc_str in, bool last);

/* Whether an encoder may hold what was fed, until chain_flush(). */
static inline bool
chain_holds(const struct chain *c)
{
	return c->body_n > 0 && c->body[c->body_n - 1]->filter->phase == TC_ENCODE;
}

/* Nothing more is at hand just now: what the encoder holds goes to the sink. 0 or -1 as chain_feed(). */
int chain_flush(struct chain *c);

/* Calls done() of those that were used and frees what they left. */
void chain_end(struct chain *c);

#endif
