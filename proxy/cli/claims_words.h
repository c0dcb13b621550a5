/* claims_words.h: what a promise means, in words for people who read no configuration. */
#ifndef CLI_CLAIMS_WORDS_H
#define CLI_CLAIMS_WORDS_H

#include "base/buf.h"
#include "config/config.h"

/* Its name, as promises.keep writes it. */
struct tc_str claims_name(const struct config_promise *p);

/* One sentence. */
struct tc_str claims_sentence(const struct config_promise *p);

/* What its parameters are: "Places: EU, GB. Third parties: none." Empty: it has none. */
void claims_parameters(const struct config_promise *p, struct buf *out);

/* What of it this version does not do yet; n = 0: nothing. */
struct tc_str claims_limit(const struct config_promise *p);

/* "25 months" */
void claims_time(int64_t ms, struct buf *out);

#endif
