/*
 * memory.h: is memory short? Then new requests are refused while those under way go on, so that it is us who decide what
 * goes, and not the kernel. Needs no configuration where a control group sets a bound, as containers and units do.
 */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include <stdint.h>

#include "net/loop.h"

/*
 * Looks at the process four times a second, on the control loop, and gives back to the system what has become free when that
 * is much. limit: bytes that the process may have (limits.memory); 0: what its control group allows, and without one all
 * there is.
 */
void memory_start(struct loop *control, int64_t limit);
/* The limit of a new configuration. From the control loop. */
void memory_limit(int64_t limit);

/* Above 98 % of the limit, until below 95 % again. From any thread; one load. */
bool memory_short(void);

#endif
