/* demo_origin.h: the origin of `tacet demo`: an imaginary company's site with the trackers that real ones carry. */
#ifndef CLI_DEMO_ORIGIN_H
#define CLI_DEMO_ORIGIN_H

#include "tacet/str.h"

struct demo_origin;

/* What the origin was sent with the last page request; only its own demo looks at it. */
struct demo_seen {
	char cookie[1024], query[256];
	bool gpc;
	unsigned beacons; /* hits on /g/collect since the start */
};

/* Listens on a free port of loopback, on a thread of its own. NULL: it cannot. */
struct demo_origin *demo_origin_start(uint16_t *port);
void demo_origin_seen(struct demo_origin *o, struct demo_seen *out);
void demo_origin_stop(struct demo_origin **o);

#endif
