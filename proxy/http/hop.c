/* hop.c: fields that end here, because they speak of a connection and not of the message (RFC 9110 7.6.1). */
#include "http/hop.h"

#include "http/h1.h"

#define NAMED_MAX 32 /* options of Connection that are looked at; h1_parse_*() allows no more */

const bool hop_by_hop[TC_F_COUNT] = {
	[TC_F_CONNECTION] = true,
	[TC_F_CONTENT_LENGTH] = true,
	[TC_F_EXPECT] = true,
	[TC_F_HTTP2_SETTINGS] = true,
	[TC_F_KEEP_ALIVE] = true,
	[TC_F_PROXY] = true, /* CGI makes HTTP_PROXY of it */
	[TC_F_PROXY_AUTHENTICATE] = true,
	[TC_F_PROXY_AUTHORIZATION] = true,
	[TC_F_PROXY_CONNECTION] = true,
	[TC_F_TE] = true,
	[TC_F_TRAILER] = true,
	[TC_F_TRANSFER_ENCODING] = true,
	[TC_F_UPGRADE] = true,
};

/* What Connection must not take away: a visitor's no, who asks, for whom, and what we say ourselves. */
static const bool never[TC_F_COUNT] = {
	[TC_F_AUTHORIZATION] = true,
	[TC_F_COOKIE] = true,
	[TC_F_DNT] = true,
	[TC_F_FORWARDED] = true,
	[TC_F_HOST] = true,
	[TC_F_PRIVACY_ACCOUNT_CHOICE] = true,
	[TC_F_PRIVACY_DECISION] = true,
	[TC_F_SEC_GPC] = true,
	[TC_F_TACET_GEO] = true,
	[TC_F_X_FORWARDED_FOR] = true,
	[TC_F_X_FORWARDED_HOST] = true,
	[TC_F_X_FORWARDED_PROTO] = true,
	[TC_F_X_REAL_IP] = true,
};

static void
drop_named(struct tc_fields *fs, struct tc_str option)
{
	enum tc_fid id = tc_field_id(option);

	if (never[id] || hop_by_hop[id] || tc_istarts(option, TC_STR("X-Forwarded-")))
		return;
	for (size_t i = 0; i < fs->n; i++)
		if (fs->v[i].id == id && tc_ieq(fs->v[i].name, option))
			fs->v[i].dropped = true;
}

static bool
names_no_field(struct tc_str option)
{
	return option.n == 0 || tc_ieq(option, TC_STR("close")) || tc_ieq(option, TC_STR("keep-alive"));
}

void
fields_strip_hop_by_hop(struct tc_fields *fs)
{
	size_t options = 0;

	for (size_t i = 0; i < fs->n; i++) {
		if (fs->v[i].id != TC_F_CONNECTION || fs->v[i].dropped)
			continue;
		for (struct tc_str rest = fs->v[i].value; rest.p != NULL && options < NAMED_MAX;) {
			struct tc_str option = tc_next(&rest, ',');

			options++;
			if (!names_no_field(option))
				drop_named(fs, option);
		}
	}
	for (size_t i = 0; i < fs->n; i++)
		if (hop_by_hop[fs->v[i].id])
			fs->v[i].dropped = true;
}
