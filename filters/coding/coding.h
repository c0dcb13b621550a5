/*
 * coding.h: what the two content codings share. On the way from the origin gunzip makes plain bytes of what
 * the rewriter must read; on the way to the visitor gzip packs them again, if they had come packed.
 */
#ifndef TACET_CODING_H
#define TACET_CODING_H

#define ZLIB_CONST
#include <zlib.h>

#include "tacet/filter.h"

extern const struct tc_filter filter_gunzip, filter_gzip;

/* What the names in Content-Encoding come to, all rows together. */
enum coding {
	CODING_NONE,    /* absent, empty, identity */
	CODING_GZIP,    /* gzip or x-gzip */
	CODING_DEFLATE, /* zlib, or (wrong but seen) raw deflate */
	CODING_OTHER,   /* another one, or several in a row: cannot be read here */
};

/* dropped: look at the rows that were dropped instead of the live ones. */
enum coding coding_of(const struct tc_fields *fields, bool dropped);

/* Whether Accept-Encoding takes gzip (RFC 9110 12.5.3). No field: no, since identity is always safe. */
bool coding_accepts_gzip(const struct tc_fields *request);

/* Allocator for zlib that wipes what it gives back: windows hold pieces of pages. */
void coding_wiping(z_stream *z);

#endif
