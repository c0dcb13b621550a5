/* certificates.c: see certificates.h. */
#include "core/certificates.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "core/log.h"

#define SOON_S (14 * 86400)
#define DAY_S 86400
#define WAY_MAX 160

static struct message
message_at(const struct node *at, enum severity severity, const char *path)
{
	struct message m = {.severity = severity, .code = "certificate", .path = tc_str_from(path)};

	config_point(at, &m);
	return m;
}

static struct tc_str
file_of(const struct config_tls *t, const struct tls_fault *f)
{
	if (f->where == TLS_FAULT_KEYS_FILE)
		return t->keys_file;
	return f->where == TLS_FAULT_KEY ? t->certificates[f->pair].key : t->certificates[f->pair].cert;
}

static const struct node *
place_of(const struct config_tls *t, const struct tls_fault *f)
{
	if (f->where == TLS_FAULT_KEYS_FILE)
		return t->keys_at;
	return f->where == TLS_FAULT_KEY ? t->certificates[f->pair].key_at : t->certificates[f->pair].cert_at;
}

static void
say_fault(const struct config_tls *t, const struct tls_fault *f, struct messages *m)
{
	static const struct {
		const char *path;
		struct tc_str hint;
	} about[] = {
		[TLS_FAULT_CERT] = {"listen.tls.cert", TC_STR_INIT("name a file with it, PEM, and its issuers behind it")},
		[TLS_FAULT_KEY] = {"listen.tls.key", TC_STR_INIT("name the key that it was made for, PEM, without a pass phrase")},
		[TLS_FAULT_KEYS_FILE] = {"listen.tls.ticket_keys", TC_STR_INIT("write 80 random bytes a key: openssl rand 80 > FILE")},
	};
	struct message msg = message_at(place_of(t, f), SEVERITY_ERROR, about[f->where].path);
	struct tc_str file = file_of(t, f);
	char text[512];

	(void)snprintf(text, sizeof(text), "%.*s: %s", (int)(file.n < 200 ? file.n : 200), file.p, f->text);
	msg.text = tc_str_from(text);
	msg.hint = about[f->where].hint;
	messages_add(m, &msg);
}

static struct tls_server *
server_of(const struct config_listen *l, struct messages *m)
{
	const struct config_tls *t = l->tls;
	struct tls_pair_files *pairs = calloc(t->certificate_count, sizeof(*pairs));
	struct tls_server_settings s = {.pairs = pairs,
	    .pair_count = t->certificate_count,
	    .only_13 = t->only_13,
	    .h1 = t->h1,
	    .h2 = t->h2,
	    .id = t->keys_file.n > 0 ? TC_STR("fleet") : l->text, /* nodes of a fleet have addresses of their own */
	    .keys_file = t->keys_file};
	struct tls_fault fault = {0};
	struct tls_server *server;

	if (pairs == NULL)
		abort();
	for (size_t i = 0; i < t->certificate_count; i++) {
		const struct config_certificate *c = &t->certificates[i];

		pairs[i] = (struct tls_pair_files){c->cert, c->key, c->acme != NULL ? c->acme->domains : (struct tc_strs){0}};
	}
	server = tls_server_new(&s, &fault);
	if (server == NULL)
		say_fault(t, &fault, m);
	free(pairs);
	return server;
}

/* ---- origins ---- */

static struct tc_str
client_file_of(const struct config_origin *o, const struct tls_client_fault *f)
{
	return f->where == TLS_CLIENT_CA ? o->tls.ca : f->where == TLS_CLIENT_KEY ? o->tls.key
										  : o->tls.cert;
}

static struct message
client_message(const struct config_origin *o, enum severity severity, const char *key, char path[WAY_MAX])
{
	struct message m = {.severity = severity, .code = "certificate"};

	(void)snprintf(path, WAY_MAX, "%.*s.tls.%s", (int)(o->way.n < 120 ? o->way.n : 120), o->way.p, key);
	m.path = tc_str_from(path);
	if (o->tls.at != NULL)
		config_point(config_entry(o->tls.at, key, TC_STR("")), &m);
	return m;
}

static void
say_client_fault(const struct config_origin *o, const struct tls_client_fault *f, struct messages *m)
{
	static const struct {
		const char *key;
		struct tc_str hint;
	} about[] = {
		[TLS_CLIENT_CA] = {"ca", TC_STR_INIT("name a file with the certificates of those who may vouch for the origin, PEM")},
		[TLS_CLIENT_CERT] = {"cert", TC_STR_INIT("name a file with our certificate first, and its issuers behind it, PEM")},
		[TLS_CLIENT_KEY] = {"key", TC_STR_INIT("name the key that our certificate was made for, PEM, without a pass phrase")},
	};
	struct tc_str file = client_file_of(o, f);
	char path[WAY_MAX], text[512];
	struct message msg = client_message(o, SEVERITY_ERROR, about[f->where].key, path);

	(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(file.n < 200 ? file.n : 200), file.n > 0 ? file.p : "",
	    file.n > 0 ? ": " : "", f->text);
	msg.text = tc_str_from(text);
	msg.hint = about[f->where].hint;
	messages_add(m, &msg);
}

static struct tls_client *
client_get(const struct config_origin *o, struct tls_client_fault *fault)
{
	const struct tls_client_settings s = {
		.ca_file = o->tls.ca, .cert = o->tls.cert, .key = o->tls.key, .name = o->tls.name, .verify = o->tls.verify};

	return tls_client_get(&s, fault);
}

static struct tls_client *
client_of(const struct config_origin *o, struct messages *m)
{
	struct tls_client_fault fault = {0};
	struct tls_client *client = client_get(o, &fault);

	if (client == NULL)
		say_client_fault(o, &fault, m);
	return client;
}

struct tls_client *
certificates_of_origin(const struct snapshot *s, const struct config_origin *o, struct tls_client_fault *fault)
{
	return s->tls_origins[o->id] != NULL ? tls_client_ref(s->tls_origins[o->id]) : client_get(o, fault);
}

int
certificates_load(struct snapshot *s, struct messages *m)
{
	size_t errors = m->errors;

	for (size_t i = 0; i < s->config->origin_count; i++)
		if (s->config->origins[i]->https)
			s->tls_origins[i] = client_of(s->config->origins[i], m);

	for (size_t i = 0; i < s->config->listen_count; i++)
		if (s->config->listen[i].tls != NULL)
			s->tls[i] = server_of(&s->config->listen[i], m);
	return m->errors == errors ? 0 : -1;
}

/* ---- files that change ---- */

#define LOOK_MS 250 /* what has changed is taken at the second look that finds it so */

static struct {
	uv_timer_t timer;
	struct loop *loop;
	struct snapshot *const *snapshot;
} watch;

static void
log_refused(struct tc_str file, const char *why)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "%.*s: %s", (int)(file.n < 200 ? file.n : 200), file.p, why);

	log_event(LOG_CERTIFICATE_REFUSED, tc_str_of(text, (size_t)n));
}

static void
look(const struct config_listen *l, struct tls_server *server)
{
	struct tls_fault fault = {0};
	bool taken;

	if (!tls_server_look(server, (int64_t)(loop_now(watch.loop) / 1000), &fault, &taken))
		log_refused(file_of(l->tls, &fault), fault.text);
	if (taken)
		log_event(LOG_CERTIFICATE, l->text);
}

/* Several origins may share a client: the first one looks, and its name is logged. */
static void
look_for_origin(const struct config_origin *o, struct tls_client *client)
{
	struct tls_client_fault fault = {0};
	bool taken;

	if (!tls_client_look(client, loop_now(watch.loop), &fault, &taken))
		log_refused(client_file_of(o, &fault), fault.text);
	if (taken)
		log_event(LOG_CERTIFICATE, o->way);
}

static void
on_look(uv_timer_t *t)
{
	const struct snapshot *s = *watch.snapshot;

	(void)t;
	for (size_t i = 0; s != NULL && i < s->config->listen_count; i++)
		if (s->tls[i] != NULL)
			look(&s->config->listen[i], s->tls[i]);
	for (size_t i = 0; s != NULL && i < s->config->origin_count; i++)
		if (s->tls_origins[i] != NULL)
			look_for_origin(s->config->origins[i], s->tls_origins[i]);
}

void
certificates_watch(struct loop *l, struct snapshot *const *snapshot)
{
	watch.loop = l;
	watch.snapshot = snapshot;
	(void)uv_timer_init(&l->uv, &watch.timer);
	(void)uv_timer_start(&watch.timer, on_look, LOOK_MS, LOOK_MS);
}

static int
write_times(struct buf *out, const struct config_listen *l, size_t listener, struct tls_server *server)
{
	struct tls_certificate found;
	int r = 0;

	for (size_t i = 0; i < l->tls->certificate_count; i++)
		if (tls_server_certificate(server, i, &found))
			r |= buf_printf(out, "tacet_tls_certificate_not_after_seconds{listener=\"%zu\",certificate=\"%zu\"} %" PRId64 "\n",
			    listener, i, found.not_after);
	return r;
}

int
certificates_write(struct buf *out, const struct snapshot *s)
{
	bool current = true, any = false;
	int r;

	for (size_t i = 0; i < s->config->listen_count; i++) {
		any = any || s->tls[i] != NULL;
		current = current && (s->tls[i] == NULL || tls_server_is_current(s->tls[i]));
	}
	for (size_t i = 0; i < s->config->origin_count; i++) {
		any = any || s->tls_origins[i] != NULL;
		current = current && (s->tls_origins[i] == NULL || tls_client_is_current(s->tls_origins[i]));
	}
	if (!any)
		return 0;
	r = buf_printf(out,
	    "# HELP tacet_tls_certificate_reload_success 0: a file of certificates or keys cannot be used as it is now.\n"
	    "# TYPE tacet_tls_certificate_reload_success gauge\ntacet_tls_certificate_reload_success %d\n"
	    "# HELP tacet_tls_certificate_not_after_seconds When it expires; by its place in the configuration.\n"
	    "# TYPE tacet_tls_certificate_not_after_seconds gauge\n",
	    current);
	for (size_t i = 0; i < s->config->listen_count; i++)
		if (s->tls[i] != NULL)
			r |= write_times(out, &s->config->listen[i], i, s->tls[i]);
	return r < 0 ? -1 : 0;
}

/* ---- for check ---- */

/* msg says where the key's file is named. */
static void
check_key(struct tc_str file, struct message msg, struct messages *m)
{
	char name[4096], text[512];
	struct stat st;

	(void)snprintf(name, sizeof(name), "%.*s", (int)file.n, file.p);
	if (stat(name, &st) == -1 || (st.st_mode & S_IROTH) == 0)
		return;
	(void)snprintf(text, sizeof(text), "%.200s: everybody on this machine may read it", name);
	msg.text = tc_str_from(text);
	msg.hint = TC_STR("chmod o-r, and give it to the user that runs tacet");
	messages_add(m, &msg);
}

/* How it is said of one certificate, and of several in one file. */
struct times_words {
	const char *expired, *early, *soon;
};
static const struct times_words of_one = {"it has expired", "it is not valid yet", "it expires in"},
				of_several = {"all in it have expired", "none in it is valid yet", "the last in it expires in"};

/* msg says where the file is named. */
static void
check_time(struct tc_str file, const struct tls_certificate *found, const struct times_words *words, struct message msg,
    struct messages *m)
{
	int64_t now = time(NULL), left = found->not_after - now;
	char text[512];
	int n = (int)(file.n < 200 ? file.n : 200);

	msg.severity = left <= 0 ? SEVERITY_ERROR : SEVERITY_WARNING;
	if (left <= 0)
		(void)snprintf(text, sizeof(text), "%.*s: %s", n, file.p, words->expired);
	else if (found->not_before > now)
		(void)snprintf(text, sizeof(text), "%.*s: %s", n, file.p, words->early);
	else if (left < SOON_S)
		(void)snprintf(text, sizeof(text), "%.*s: %s %" PRId64 " days", n, file.p, words->soon, left / DAY_S);
	else
		return;
	msg.text = tc_str_from(text);
	msg.hint = TC_STR("renew it; a new file is taken up by itself");
	messages_add(m, &msg);
}

static void
check_one(const struct config_listen *l, struct messages *m)
{
	struct tls_server *server = server_of(l, m);

	for (size_t i = 0; i < l->tls->certificate_count; i++) {
		const struct config_certificate *c = &l->tls->certificates[i];
		struct tls_certificate found;

		if (c->acme != NULL) /* acme_check() */
			continue;
		check_key(c->key, message_at(c->key_at, SEVERITY_WARNING, "listen.tls.key"), m);
		if (server != NULL && tls_server_certificate(server, i, &found))
			check_time(c->cert, &found, &of_one, message_at(c->cert_at, SEVERITY_WARNING, "listen.tls.cert"), m);
	}
	tls_server_unref(&server);
}

static void
check_origin(const struct config_origin *o, struct messages *m)
{
	struct tls_client *client = client_of(o, m);
	struct tls_certificate found;
	char path[WAY_MAX];

	if (o->tls.key.n > 0)
		check_key(o->tls.key, client_message(o, SEVERITY_WARNING, "key", path), m);
	if (client != NULL && tls_client_times(client, TLS_CLIENT_CERT, &found))
		check_time(o->tls.cert, &found, &of_one, client_message(o, SEVERITY_WARNING, "cert", path), m);
	if (client != NULL && o->tls.verify && tls_client_times(client, TLS_CLIENT_CA, &found))
		check_time(o->tls.ca, &found, &of_several, client_message(o, SEVERITY_WARNING, "ca", path), m);
	tls_client_unref(&client);
}

void
certificates_check(const struct config *c, struct messages *m)
{
	for (size_t i = 0; i < c->listen_count; i++)
		if (c->listen[i].tls != NULL)
			check_one(&c->listen[i], m);
	for (size_t i = 0; i < c->origin_count; i++)
		if (c->origins[i]->https)
			check_origin(c->origins[i], m);
}
