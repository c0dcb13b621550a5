/* acme_plan.c: see acme_plan.h. */
#include "core/acme_plan.h"

int64_t
acme_renew_at(const struct pki_times *t, uint32_t spread)
{
	int64_t life = t->not_after - t->not_before;

	return t->not_after - life / 3 - (life / 48 * (int64_t)(spread >> 16) >> 16);
}

int64_t
acme_delay(unsigned failures, int64_t retry_after)
{
	int64_t delay = ACME_DELAY_MIN_S;

	for (unsigned i = 1; i < failures && delay < ACME_DELAY_MAX_S; i++)
		delay *= 2;
	if (delay > ACME_DELAY_MAX_S)
		delay = ACME_DELAY_MAX_S;
	if (retry_after > ACME_RETRY_AFTER_MAX_S)
		retry_after = ACME_RETRY_AFTER_MAX_S;
	return retry_after > delay ? retry_after : delay;
}
