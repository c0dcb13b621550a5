/* page_files.h: what is served at fixed names below /.well-known/, on every site (pages.h). */
#ifndef CORE_PAGE_FILES_H
#define CORE_PAGE_FILES_H

#include "core/pages.h"

#define PAGE_STYLE "/.well-known/tacet/style.css"
#define PAGE_ICON "/.well-known/tacet/choices.svg"
#define PAGE_CHALLENGES "/.well-known/acme-challenge/"

struct page_file {
	struct tc_str path;
	/* The answer to GET and HEAD; as pages_answer(), or the status of an error to answer instead. */
	int (*answer)(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body);
	bool (*served)(const struct config_site *site); /* NULL: on every site */
};

/* The file at a normalised path of this site; NULL: there is none of ours. */
const struct page_file *page_file_at(const struct config_site *site, struct tc_str path);

/* page_challenge.c: what is below PAGE_CHALLENGES, where the site has a directory for that. */
int page_challenge(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body);

#endif
