/*
 * coding.h: content codings, both ways. On the way from the origin decode.c makes plain bytes of what the rewriter
 * must read; on the way to the visitor encode.c packs bodies, if the site wants it or the page had come packed.
 * What a coding can do is a row of functions each way, one file per library and direction.
 */
#ifndef TACET_CODING_H
#define TACET_CODING_H

#include "tacet/filter.h"

extern const struct tc_filter filter_decode, filter_encode;

enum coding {
	CODING_NONE,    /* absent, empty, identity */
	CODING_GZIP,    /* gzip or x-gzip */
	CODING_DEFLATE, /* zlib, or (wrong but seen) raw deflate */
	CODING_BR,
	CODING_ZSTD,
	CODING_COUNT,
	CODING_OTHER = CODING_COUNT, /* cannot be read here */
};

enum { CODINGS_MAX = 3 }; /* one over the other; more is nobody's honest page */

struct tc_str coding_name(enum coding c);

/*
 * What Content-Encoding comes to, all rows together, in the order in which it was applied. dropped: look at the rows
 * that were dropped instead of the live ones. The count, or -1: one is unknown, or there are too many.
 */
int coding_list(const struct tc_fields *fields, bool dropped, enum coding out[CODINGS_MAX]);

/*
 * Accept-Encoding (RFC 9110 12.5.3) in thousandths; 0: not wanted. No field: nothing but identity, which is always
 * safe. "*" speaks for gzip alone: who cannot name the others may not have them.
 */
struct coding_wishes {
	uint16_t q[CODING_COUNT]; /* CODING_NONE: identity */
	bool plain_named;         /* identity is in the list */
	struct tc_str readable;   /* what of it can be undone here, where that is known at once; else n = 0 */
};

void coding_wishes(const struct tc_fields *request, struct coding_wishes *w);

/* ---- unpacking ---- */

/* One way to unpack. A state is fed in steps until nothing comes any more. */
struct unpacker {
	void *(*begin)(enum coding c); /* NULL without memory */
	/*
	 * Takes what it can off *in, puts at most cap bytes to out; *made says how many. If out gets full, more may
	 * come without new input. 0, or -1: broken.
	 */
	int (*step)(void *state, struct tc_str *in, char *out, size_t cap, size_t *made);
	bool (*whole)(const void *state); /* the body may end here */
	void (*end)(void *state);
	size_t (*held)(const void *state); /* unpacked bytes that did not fit in out; NULL: never many */
};

extern const struct unpacker unpack_inflate, unpack_brotli, unpack_zstd;

/* ---- packing ---- */

enum pack_how {
	PACK_MORE,  /* more follows: keep what packs better together */
	PACK_FLUSH, /* all that was given goes out now */
	PACK_END,
};

enum { PACK_WHOLE_MAX = 64 * 1024 }; /* as much of a body may be waited for while its origin is still sending */

/* One way to pack. */
struct packer {
	/* The whole body in one go, at most PACK_WHOLE_MAX; NULL: begin, pack and end do it. */
	int (*whole)(struct tc_call *c, struct tc_str in);
	void *(*begin)(void); /* NULL without memory */
	/* Takes all of in and emits. 0 or -1. */
	int (*pack)(void *state, struct tc_call *c, struct tc_str in, enum pack_how how);
	void (*end)(void *state);
};

extern const struct packer pack_gzip, pack_brotli, pack_zstd;

/* ---- memory: for the libraries too. What is given back is wiped, as windows hold pieces of pages. ---- */

void *coding_alloc(size_t n);
void coding_free(void *block); /* NULL is fine */

/* The same as brotli and zstd want it, and as zlib does. */
void *coding_alloc_for(void *opaque, size_t n);
void coding_free_for(void *opaque, void *block);
void *coding_alloc_items(void *opaque, unsigned items, unsigned size);

#endif
