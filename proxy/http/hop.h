/* hop.h: the fields that never pass through. */
#ifndef HTTP_HOP_H
#define HTTP_HOP_H

#include "tacet/fields.h"

/* The fixed set: hop-by-hop, or framing, or dangerous to whoever believes it. The writer states what is needed. */
extern const bool hop_by_hop[TC_F_COUNT];

#endif
