/*
 * consent.h: what the consent cookies of a site say: those of consent tools (CMP) and of the IAB's formats
 * (signals.md 4). Pure: no I/O, no clock, no allocation.
 */
#ifndef CONSENT_CONSENT_H
#define CONSENT_CONSENT_H

#include "tacet/class.h"
#include "tacet/fields.h"

/* Of all cookies of one request together. Classes never hold essential ones. */
struct consent {
	tc_classes denied;  /* what any reader's cookie refuses */
	tc_classes granted; /* what a cookie of a reader that the site lists grants, and none refuses */
	bool out;           /* an opt-out flag (US Privacy, GPP, isGpcEnabled=1): a person's no */
	bool bad;           /* one is malformed, oversized or of an unknown version: what cannot be read says nothing */
};

/* What consent tools ask about, one by one. */
#define CONSENT_CLASSES                                                                              \
	((tc_classes)(TC_CLASS_BIT(TC_ANALYTICS) | TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_PERSONALISATION) |         \
	    TC_CLASS_BIT(TC_SOCIAL)))

/* Joins what two of them say. What one grants and the other refuses is in both until somebody takes it out. */
static inline void
consent_add(struct consent *all, const struct consent *one)
{
	all->denied |= one->denied;
	all->granted |= one->granted;
	all->out = all->out || one->out;
	all->bad = all->bad || one->bad;
}

struct consent_reader;
struct consent_readers;

/* Told of each cookie that was read: its reader and what it alone says, whether the site lists the reader or not. */
struct consent_watch {
	void (*saw)(void *ctx, const struct consent_reader *reader, struct tc_str cookie, const struct consent *said);
	void *ctx;
};

/*
 * Reads all consent cookies of a request; returns how many there were. listed: one for each reader, whether its grants
 * count on this site. day: since 1970-01-01. watch may be NULL.
 */
int consent_read(const struct consent_readers *readers, const bool *listed, const struct tc_fields *request, int32_t day,
    const struct consent_watch *watch, struct consent *out);

#endif
