/*
 * page_challenge.c: /.well-known/acme-challenge/ from a directory, where certbot, lego and the like put the answers to
 * http-01 challenges (RFC 8555 8.3). Small files, asked for a few times a year: they are read when they are asked for.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/markup.h"
#include "core/page_files.h"

#define NAME_MAX_LENGTH 128
#define ANSWER_MAX 1024 /* a token, a dot and the hash of a key */

/* base64url, as tokens are: no name of that form leads elsewhere. */
static bool
is_token(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
	}
	return s.n > 0 && s.n <= NAME_MAX_LENGTH;
}

/* n = 0: it is not there, or no such answer. */
static struct tc_str
read_answer(struct tc_str directory, struct tc_str token, struct tc_arena *arena)
{
	char path[4096], *text = tc_alloc_bytes(arena, ANSWER_MAX);
	int n = snprintf(path, sizeof(path), "%.*s/%.*s", (int)directory.n, directory.p, (int)token.n, token.p);
	ssize_t got = -1;
	struct stat st;
	int fd;

	if (text == NULL || n < 0 || n >= (int)sizeof(path))
		return TC_STR("");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return TC_STR("");
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= ANSWER_MAX)
		got = read(fd, text, ANSWER_MAX);
	(void)close(fd);
	return tc_str_of(text, got > 0 ? (size_t)got : 0);
}

static const struct markup_line LINES[] = {
	{TC_F_CONTENT_TYPE, TC_STR_INIT("application/octet-stream")},
	{TC_F_X_CONTENT_TYPE_OPTIONS, TC_STR_INIT("nosniff")},
	{TC_F_CACHE_CONTROL, TC_STR_INIT("no-store")},
};

int
page_challenge(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	struct tc_str token = ctx->req->match;

	tc_skip(&token, sizeof(PAGE_CHALLENGES) - 1);
	*body = is_token(token) ? read_answer(ctx->site->acme_challenges, token, ctx->arena) : TC_STR("");
	if (body->n == 0)
		return 404;
	res->status = 200;
	res->type = TC_STR("application/octet-stream");
	return MARKUP_LINES(res, LINES);
}
