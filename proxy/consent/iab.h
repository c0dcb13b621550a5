/*
 * iab.h: the consent strings of the IAB: US Privacy, TCF 2.x and GPP (signals.md 4.1 to 4.3). All of them are pure and
 * take any bytes. false: the string is malformed or of a version or layout that we do not know, and says nothing.
 */
#ifndef CONSENT_IAB_H
#define CONSENT_IAB_H

#include "consent/consent.h"

/* "1YYN": `out` where its third character says so; never a grant. */
bool usp_read(struct tc_str text, struct consent *out);

/* What purposes mean for classes. A string that nobody renewed for 13 months is read and says nothing. */
bool tcf_read(struct tc_str text, int32_t day, struct consent *out);

/* The classes that these purposes (bit 0 = purpose 1) allow. */
tc_classes tcf_classes(uint32_t purposes);
bool tcf_stale(int64_t updated, int32_t day);

/*
 * All sections. A section that cannot be read sets out->bad and takes away what others grant, but not what they
 * refuse: new sections appear beside those that are known.
 */
bool gpp_read(struct tc_str text, int32_t day, struct consent *out);

#endif
