/* secure.c: see secure.h. */
#include "core/secure.h"

#define HSTS TC_STR("Strict-Transport-Security")

static void
drop_hsts(struct tc_fields *fs)
{
	for (size_t i = 0; i < fs->n; i++)
		if (fs->v[i].id == TC_F_OTHER && tc_ieq(fs->v[i].name, HSTS))
			fs->v[i].dropped = true;
}

int
secure_hsts(const struct config_site *s, bool https, struct tc_response *res)
{
	if (s->hsts.n == 0 || res->status == 101)
		return 0;
	drop_hsts(&res->fields);
	return https ? tc_field_add_named(&res->fields, HSTS, s->hsts) : 0;
}

/* Has a Set-Cookie line this attribute? */
static bool
is_secure(struct tc_str line)
{
	(void)tc_next(&line, ';');
	while (line.n > 0) {
		struct tc_str part = tc_next(&line, ';');

		if (tc_ieq(tc_trim(tc_next(&part, '=')), TC_STR("Secure")))
			return true;
	}
	return false;
}

static int
secure_cookies(struct tc_fields *fs, struct tc_arena *arena)
{
	for (struct tc_field *f = NULL; (f = tc_field_next(fs, f, TC_F_SET_COOKIE)) != NULL;) {
		if (f->dropped || is_secure(f->value))
			continue;
		f->value = tc_join(arena, (const struct tc_str[]){f->value, TC_STR("; Secure")}, 2);
		if (f->value.p == NULL)
			return -1;
	}
	return 0;
}

#define UPGRADE "upgrade-insecure-requests"

/* Said by any policy it holds: the last one gets it. */
static int
upgrade(struct tc_fields *fs, struct tc_arena *arena)
{
	struct tc_field *last = NULL;

	for (struct tc_field *f = NULL; (f = tc_field_next(fs, f, TC_F_CONTENT_SECURITY_POLICY)) != NULL;)
		last = f->dropped ? last : f;
	if (last == NULL)
		return tc_field_add(fs, TC_F_CONTENT_SECURITY_POLICY, TC_STR(UPGRADE));
	if (tc_find(last->value, TC_STR(UPGRADE)) < last->value.n)
		return 0;
	last->value = tc_join(arena, (const struct tc_str[]){last->value, TC_STR("; " UPGRADE)}, 2);
	return last->value.p == NULL ? -1 : 0;
}

int
secure_content(bool https, struct tc_response *res, struct tc_arena *arena)
{
	if (!https || res->status == 101)
		return 0;
	if (secure_cookies(&res->fields, arena) < 0)
		return -1;
	return tc_ieq(res->type, TC_STR("text/html")) ? upgrade(&res->fields, arena) : 0;
}
