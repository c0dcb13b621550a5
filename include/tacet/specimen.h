/*
 * specimen.h: an example of everything that the rule pack knows, for whoever asks what would become of it: the proof of
 * promises and the synthetic visitors. Nothing of it is needed to serve a request.
 */
#ifndef TACET_SPECIMEN_H
#define TACET_SPECIMEN_H

#include "tacet/class.h"
#include "tacet/str.h"

enum tc_specimen_kind {
	TC_SPECIMEN_URL,    /* of a third party; a script, an image and a frame are made of it */
	TC_SPECIMEN_EMBED,  /* the same, but what visitors look at: a video, a map; a frame */
	TC_SPECIMEN_COOKIE, /* of the site's own host, which a script or a Set-Cookie makes there */
};

struct tc_specimen {
	enum tc_specimen_kind kind;
	enum tc_class class;
	struct tc_str text;   /* URL or name; in buf, or constant */
	struct tc_str vendor; /* constant */
};

enum { TC_SPECIMEN_ROOM = 512 };

/* Number i, from 0 on; false: there are no more. Those that are never blocked are left out. */
bool tc_specimen(size_t i, struct tc_specimen *out, char buf[TC_SPECIMEN_ROOM]);

#endif
