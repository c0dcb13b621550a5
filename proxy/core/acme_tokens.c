/* acme_tokens.c: see acme_tokens.h. */
#include "core/acme_tokens.h"

#include <pthread.h>
#include <stdatomic.h>

enum { TOKENS_MAX = 100,
	TOKEN_ROOM = 256,
	ANSWER_ROOM = 320 };

static struct {
	pthread_mutex_t lock;
	_Atomic size_t n;
	struct slot {
		size_t token_n, answer_n; /* token_n 0: free */
		char token[TOKEN_ROOM], answer[ANSWER_ROOM];
	} v[TOKENS_MAX];
} tokens = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Under the lock. NULL: there is none; of no bytes: a free one. */
static struct slot *
find(struct tc_str token)
{
	for (size_t i = 0; i < TOKENS_MAX; i++)
		if (tc_eq(tc_str_of(tokens.v[i].token, tokens.v[i].token_n), token))
			return &tokens.v[i];
	return NULL;
}

bool
acme_token_set(struct tc_str token, struct tc_str answer)
{
	struct slot *s;

	if (token.n == 0 || token.n > TOKEN_ROOM || answer.n > ANSWER_ROOM)
		return false;
	(void)pthread_mutex_lock(&tokens.lock);
	s = find(token);
	if (s == NULL) {
		s = find(TC_STR(""));
		if (s != NULL)
			atomic_fetch_add(&tokens.n, 1);
	}
	if (s != NULL) {
		memcpy(s->token, token.p, token.n);
		memcpy(s->answer, answer.p, answer.n);
		s->token_n = token.n;
		s->answer_n = answer.n;
	}
	(void)pthread_mutex_unlock(&tokens.lock);
	return s != NULL;
}

void
acme_token_clear(struct tc_str token)
{
	struct slot *s;

	(void)pthread_mutex_lock(&tokens.lock);
	s = token.n > 0 ? find(token) : NULL;
	if (s != NULL) {
		*s = (struct slot){0};
		atomic_fetch_sub(&tokens.n, 1);
	}
	(void)pthread_mutex_unlock(&tokens.lock);
}

struct tc_str
acme_token_answer(struct tc_str path, struct tc_arena *arena)
{
	static const struct tc_str prefix = TC_STR_INIT("/.well-known/acme-challenge/");
	struct tc_str out = {NULL, 0};
	const struct slot *s;

	if (atomic_load_explicit(&tokens.n, memory_order_relaxed) == 0 || !tc_starts(path, prefix) || path.n == prefix.n)
		return out;
	tc_skip(&path, prefix.n);
	(void)pthread_mutex_lock(&tokens.lock);
	s = find(path);
	if (s != NULL)
		out = tc_copy(arena, tc_str_of(s->answer, s->answer_n));
	(void)pthread_mutex_unlock(&tokens.lock);
	return out.p != NULL ? out : tc_str_of(NULL, 0);
}
