/* acme_plan.h: when a certificate is asked for: pure functions of times. */
#ifndef CORE_ACME_PLAN_H
#define CORE_ACME_PLAN_H

#include "net/pki.h"

enum { ACME_DELAY_MIN_S = 60,
	ACME_DELAY_MAX_S = 86400,
	ACME_RETRY_AFTER_MAX_S = 7 * 86400 }; /* what is believed of Retry-After */

/*
 * When to renew, seconds since 1970: when a third of the lifetime is left, or up to a 48th earlier, so that those who got
 * theirs together do not come back together. spread: any number, the same as long as the certificate is the same.
 */
int64_t acme_renew_at(const struct pki_times *t, uint32_t spread);

/*
 * Seconds to wait after so many failures in a row (1: the first): a minute, doubled each time, a day at most; longer if the
 * server says so. retry_after -1: it does not.
 */
int64_t acme_delay(unsigned failures, int64_t retry_after);

#endif
