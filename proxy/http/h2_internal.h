/* h2_internal.h: what h2.c and h2_respond.c share. The only headers that show nghttp2 are read here. */
#ifndef HTTP_H2_INTERNAL_H
#define HTTP_H2_INTERNAL_H

#include <nghttp2/nghttp2.h>

#include "http/h2.h"

/* The response's fields, in the arena; values are borrowed from res. -1: they cannot be written. */
int h2_fields(const struct tc_response *res, const struct framing *f, struct tc_arena *arena, nghttp2_nv **v, size_t *n);

#endif
