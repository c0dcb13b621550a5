/*
 * rate.h: how many requests a visitor may make (rate_limit). One table for the whole process: all loops count in the
 * same buckets, and a reload keeps them.
 *
 * What is known of a visitor is 37 bits of a keyed hash and a time. The key exists only in locked memory, and for a day
 * at most; with it goes all that was counted, so that once a day everybody begins with a full bucket.
 */
#ifndef CORE_RATE_H
#define CORE_RATE_H

#include "config/config.h"
#include "net/loop.h"

/* Makes the table and its first key, and has the control loop change it daily. -1: no memory, or no random numbers. */
int rate_start(struct loop *control);

/* Names the limit of a route: its own or its site's, the same over reloads. */
uint64_t rate_name(const struct config_site *site, const struct tc_route *route);

/*
 * Takes a request out of the visitor's bucket. 0: go on. Else the bucket is empty, and there will be a request in
 * it after that many seconds. A visitor whose address is not known has no bucket, and goes on: all such in one would
 * let any of them shut the others out.
 */
unsigned rate_take(const struct config_rate *limit, uint64_t name, const struct tc_addr *visitor, uint64_t now_ms);

#endif
