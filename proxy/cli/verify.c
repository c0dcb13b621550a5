/*
 * verify.c: `tacet verify`: synthetic visitors walk through the running proxy, and what they get is held against what the
 * configuration says they get (core/verify.h).
 */
#include "cli/verify.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "cli/args.h"
#include "cli/control.h"
#include "cli/verbs.h"
#include "net/listener.h"
#include "tacet/vendor.h"

#define ARENA_MAX ((size_t)256 << 20)
#define ROWS_MAX 100000

struct run {
	struct verify v;
	struct verify_rows rows;
	struct verify_row *v_rows;
	size_t room;
};

/* More rows than anybody reads are counted alone. */
static void
told(void *ctx, const struct verify_row *row)
{
	struct run *r = ctx;

	if (r->rows.n == ROWS_MAX)
		return;
	if (r->rows.n == r->room) {
		r->room = r->room > 0 ? 2 * r->room : 256;
		r->v_rows = realloc(r->v_rows, r->room * sizeof(*r->v_rows));
		if (r->v_rows == NULL)
			abort();
	}
	r->v_rows[r->rows.n++] = *row;
}

/* ---- where the proxy is ---- */

/* "https://127.0.0.1:8443": any of the certificates that the configuration names will do. */
static void
trust_own(struct verify *v, const struct config *c)
{
	size_t i = 0;

	while (i < c->listen_count && c->listen[i].tls == NULL)
		i++;
	if (i < c->listen_count && verify_by_tls(v, c->listen[i].tls) < 0)
		abort();
}

/* "http://127.0.0.1:8080", and nothing behind it. */
static bool
url_read(struct verify *v, const char *url)
{
	static char buf[TC_ADDRESS_ROOM];
	struct tc_address at;
	struct tc_str port;
	unsigned n = 0;

	if (!tc_address_read(&at, tc_str_from(url), buf) || at.path.n != 1)
		return false;
	v->tls = tc_starts(at.text, TC_STR("https://"));
	if (!v->tls && !tc_starts(at.text, TC_STR("http://")))
		return false;
	if (v->tls)
		trust_own(v, v->s->config);
	v->host = tc_trim(at.host);
	port = tc_str_of(at.host.p + at.host.n, (size_t)(at.path.p - at.host.p) - at.host.n);
	if (port.n > 0 && port.p[0] == ']')
		tc_skip(&port, 1);
	for (size_t i = 1; i < port.n; i++)
		n = n * 10 + (unsigned)(port.p[i] - '0');
	v->port = (uint16_t)(port.n > 1 ? n : v->tls ? 443
						     : 80);
	return true;
}

/* The first listener that serves anybody: "0.0.0.0:8080" is reached at the loopback address. */
static bool
listener_find(struct verify *v, const struct config *c, struct tc_arena *arena)
{
	for (size_t i = 0; i < c->listen_count; i++) {
		const struct config_listen *l = &c->listen[i];
		struct tc_str text = l->text;
		size_t colon = text.n;

		if (l->redirect_https || l->proxy_peer_count > 0 || l->proxy_unix || l->addr.ss_family == AF_UNIX)
			continue;
		while (colon > 0 && text.p[colon - 1] != ':')
			colon--;
		v->port = (uint16_t)strtoul(
		    tc_join(arena, (const struct tc_str[]){tc_str_of(text.p + colon, text.n - colon), TC_STR("\0")}, 2).p,
		    NULL, 10);
		v->host = tc_str_of(text.p, colon > 0 ? colon - 1 : 0);
		if (v->host.n > 1 && v->host.p[0] == '[')
			v->host = tc_str_of(v->host.p + 1, v->host.n - 2);
		if (v->host.n == 0 || tc_eq(v->host, TC_STR("0.0.0.0")) || tc_eq(v->host, TC_STR("*")))
			v->host = TC_STR("127.0.0.1");
		else if (tc_eq(v->host, TC_STR("::")))
			v->host = TC_STR("::1");
		if (verify_by_tls(v, l->tls) < 0)
			abort();
		return v->port > 0;
	}
	return false;
}

/* A token from the running proxy; without a socket there is none, and visitors come from nowhere. false: said why. */
static bool
token_get(struct verify *v, const char *path)
{
	struct tc_str from = path != NULL ? tc_str_from(path) : v->s->config->admin_socket;
	struct buf text;
	char *name;
	int code;

	if (from.n == 0) {
		(void)fprintf(stderr, "tacet verify: no admin.socket: visitors come from an unknown place alone\n");
		return true;
	}
	name = strndup(from.p, from.n);
	if (name == NULL)
		abort();
	buf_init(&text, 4096);
	code = control_ask("verify", name, TC_STR("verify\n"), &text);
	v->token = tc_copy(v->arena, tc_trim(buf_str(&text)));
	if (code > 0)
		(void)fprintf(stderr, "tacet verify: %s: %.*s", name, (int)buf_str(&text).n, buf_str(&text).p);
	buf_reset(&text);
	free(name);
	return code == 0;
}

/* ---- the verb ---- */

/* What runs, as far as it decides; NULL: said why. */
static struct snapshot *
snapshot_of(const char *file, struct choice_key *key)
{
	const struct config_overrides judge = {.judge = true};
	struct messages *m = messages_new();
	struct snapshot *s = NULL;
	struct config *c = NULL;
	struct buf why;

	buf_init(&why, 1 << 16);
	if (config_load(file, &judge, &c, m) == 0) {
		c->geo_databases.n = 0; /* places are named, not found */
		s = snapshot_build(c, key, NULL, &why);
	} else {
		messages_print(m, stderr);
	}
	if (s == NULL)
		(void)fwrite(buf_str(&why).p, 1, why.n, stderr);
	buf_reset(&why);
	messages_destroy(&m);
	return s;
}

static const struct {
	const char *name;
	void (*print)(const struct verify_rows *r);
} FORMATS[] = {
	{"text", verify_print_text},
	{"json", verify_print_json},
	{"junit", verify_print_junit},
	{"sarif", verify_print_sarif},
};

static int
verify(struct run *r, const char *url, const char *socket_path, void (*print)(const struct verify_rows *))
{
	struct verify *v = &r->v;

	if (url != NULL && !url_read(v, url))
		return args_wrong("verify", "the URL says where the proxy listens: http://127.0.0.1:8080");
	if (url == NULL && !listener_find(v, v->s->config, v->arena))
		return args_wrong("verify", "say where the proxy listens: http://127.0.0.1:8080");
	if (!token_get(v, socket_path))
		return 1;
	v->told = told;
	v->ctx = r;
	v->day = args_today();
	if (verify_run(v) < 0)
		abort();
	r->rows.v = r->v_rows;
	memcpy(r->rows.count, v->count, sizeof(r->rows.count));
	print(&r->rows);
	return v->count[VERIFY_FAILED] > 0 || v->count[VERIFY_OK] == 0;
}

int
verb_verify(int argc, char **argv)
{
	const char *file = NULL, *socket_path = NULL, *format = "text";
	struct arg_list url = {0};
	struct run r = {0};
	const struct arg args[] = {
		{"url", 0, ARG_OTHER, &url},
		{"config", 'c', ARG_TEXT, &file},
		{"socket", 0, ARG_TEXT, &socket_path},
		{"strict", 0, ARG_FLAG, &r.v.strict},
		{"format", 0, ARG_TEXT, &format},
		{"verbose", 'v', ARG_FLAG, &r.rows.verbose},
		{0},
	};
	int code = args_parse("verify", args, argc, argv);
	struct snapshot *s;
	struct choice_key *key;
	size_t f = 0;

	if (code >= 0)
		return code;
	while (f < sizeof(FORMATS) / sizeof(FORMATS[0]) && strcmp(FORMATS[f].name, format) != 0)
		f++;
	if (f == sizeof(FORMATS) / sizeof(FORMATS[0]))
		return args_wrong("verify", "--format is text, json, junit or sarif");
	if (file == NULL || url.n > 1)
		return args_wrong("verify", file == NULL ? "say which configuration: -c FILE" : "one proxy at a time");
	key = choice_key_load(TC_STR(""), NULL);
	s = key != NULL ? snapshot_of(file, key) : NULL;
	r.v.s = s;
	r.v.arena = arena_new(NULL, ARENA_MAX);
	r.rows.file = tc_str_from(file);
	code = s != NULL && r.v.arena != NULL ? verify(&r, url.n > 0 ? url.v[0] : NULL, socket_path, FORMATS[f].print) : 78;
	free(r.v_rows);
	arena_destroy(&r.v.arena);
	snapshot_unref(&s);
	choice_key_destroy(&key);
	return code;
}
