/*
 * fuzz_downstream.c: any bytes as Location, Refresh and Set-Cookie of an origin with two names. What comes out names the
 * origin in no place where it was understood (a second pass changes nothing), has grown by the visitor's name at most,
 * and is what came wherever no name of the origin stands in it. No clean value becomes one that cannot be written.
 */
#include "../../proxy/core/downstream.c"

#include <assert.h>

#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ORIGIN_NAME "shop.internal.example"
#define SERVER_NAME "10.0.0.7"
#define VISITED "https://www.example.com:8443"

static const struct config_server servers[] = {{.port = 9000, .authority = TC_STR_INIT(SERVER_NAME ":9000")}};
static const struct config_origin origin = {.servers = servers,
    .server_count = 1,
    .host_mode = ORIGIN_HOST_NAME,
    .host_name = TC_STR_INIT(ORIGIN_NAME)};
static const struct config_route route = {.origin = &origin};
static const struct tc_request request = {
	.scheme = TC_STR_INIT("https"), .host = TC_STR_INIT("www.example.com"), .port = TC_STR_INIT("8443")};

static struct tc_str
run(struct tc_arena *arena, enum tc_fid id, struct tc_str value)
{
	struct tc_response res = {.status = 302, .fields = {.arena = arena}};

	if (tc_field_add(&res.fields, id, value) < 0 || downstream_fields(&route, &request, &res) < 0)
		abort();
	assert(res.fields.n == 1 && !res.fields.v[0].dropped);
	return res.fields.v[0].value;
}

/* Does the text hold the name, in any case? */
static bool
holds(struct tc_str text, struct tc_str name)
{
	for (; text.n >= name.n; tc_skip(&text, 1))
		if (tc_istarts(text, name))
			return true;
	return false;
}

static bool
has_control(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20)
			return true;
	return false;
}

static void
check(struct tc_arena *arena, enum tc_fid id, struct tc_str in)
{
	struct tc_str out = run(arena, id, in);

	assert(out.p != NULL || in.p == NULL);
	assert(out.n <= in.n + sizeof(VISITED));
	assert(id != TC_F_SET_COOKIE || out.n <= in.n);
	assert(tc_eq(run(arena, id, out), out));
	assert(has_control(in) || !has_control(out));
	if (id == TC_F_SET_COOKIE) {
		assert(tc_eq(out, in) || holds(in, TC_STR("domain")));
		return;
	}
	if (!holds(in, TC_STR(ORIGIN_NAME)) && !holds(in, TC_STR(SERVER_NAME)))
		assert(tc_eq(out, in));
	if (!tc_eq(out, in))
		assert(holds(out, TC_STR("//www.example.com")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum tc_fid ids[] = {TC_F_LOCATION, TC_F_REFRESH, TC_F_SET_COOKIE};
	struct tc_str in = tc_trim(tc_str_of((const char *)data, size));
	struct tc_arena *arena = arena_new(NULL, 1 << 20);

	for (size_t i = 0; in.n <= 16384 && i < sizeof(ids) / sizeof(ids[0]); i++)
		check(arena, ids[i], in);
	arena_destroy(&arena);
	return 0;
}
