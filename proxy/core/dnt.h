/*
 * dnt.h: what the retired standard of Do Not Track lets a site say (signals.md 2.2), where the site asks for it: Tk in
 * every response, the status resources that it names, and EFF's policy.
 */
#ifndef CORE_DNT_H
#define CORE_DNT_H

#include "base/buf.h"
#include "core/page_files.h"

#define DNT_STATUS "/.well-known/dnt/"
#define DNT_POLICY "/.well-known/dnt-policy.txt"

/*
 * Reads the dnt-policy.txt of each site: *out has one text per site, n = 0 for none. -1, and a line that begins with
 * "error: ": one is no known text, or would not be true.
 */
int dnt_load(const struct config *c, struct tc_arena *arena, const struct tc_str **out, struct buf *warnings);

/*
 * Adds Tk to an answer, and takes the origin's out. d: the decision it was made by; without rules: none was made.
 * 0, or -1 at the arena's limit.
 */
int dnt_tell(const struct config_site *site, const struct tc_decision *d, struct tc_response *res);

/* As page_file.answer: the resources at DNT_STATUS, DNT_STATUS "o" and "d", other names there, and DNT_POLICY. */
int dnt_dynamic(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body);
int dnt_out(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body);
int dnt_default(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body);
int dnt_nothing(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body);
int dnt_policy(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body);

/* As page_file.served. */
bool dnt_has_status(const struct config_site *site);
bool dnt_has_policy(const struct config_site *site);

#endif
