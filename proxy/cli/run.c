/* run.c: `tacet run`, the proxy in the foreground. */
#include <unistd.h>

#include "cli/args.h"
#include "cli/serve.h"
#include "cli/verbs.h"

/* --domain and what goes with it. */
struct domains {
	struct arg_list names, contact;
	const char *directory, *ca, *http;
	struct tc_str room[2 * 64];
	struct config_domains out;
};

static struct tc_strs
strs_of(const struct arg_list *list, struct tc_str *room)
{
	for (size_t i = 0; i < list->n; i++)
		room[i] = tc_str_from(list->v[i]);
	return (struct tc_strs){room, list->n};
}

/* Both families where there are two. */
static struct tc_str
everywhere(const char *given, struct tc_str both, struct tc_str v4)
{
	if (given != NULL && given[0] != '\0')
		return tc_str_from(given);
	return access("/proc/net/if_inet6", F_OK) == 0 ? both : v4;
}

static void
domains_over(struct domains *d, struct config_overrides *over)
{
	d->out = (struct config_domains){
		.names = strs_of(&d->names, d->room),
		.contact = strs_of(&d->contact, d->room + 64),
		.directory = tc_str_from(d->directory),
		.ca_file = tc_str_from(d->ca),
		.http = everywhere(d->http, TC_STR("[::]:80"), TC_STR("0.0.0.0:80")),
	};
	over->listen = everywhere(over->listen.n > 0 ? over->listen.p : NULL, TC_STR("[::]:443"), TC_STR("0.0.0.0:443"));
	over->domains = &d->out;
}

int
verb_run(int argc, char **argv)
{
	struct serve s = {0};
	struct config *c;
	const char *file = NULL, *origin = NULL, *listen = NULL, *admin = NULL, *region = NULL, *geo = NULL, *state = "";
	struct domains d = {.directory = "", .ca = "", .http = ""};
	const struct arg args[] = {
		{"config", 'c', ARG_TEXT, &file},
		{"origin", 0, ARG_TEXT, &origin},
		{"listen", 0, ARG_TEXT, &listen},
		{"admin", 0, ARG_TEXT, &admin},
		{"region", 0, ARG_TEXT, &region},
		{"geo", 0, ARG_TEXT, &geo},
		{"state", 0, ARG_TEXT, &state},
		{"domain", 0, ARG_MANY, &d.names},
		{"listen-http", 0, ARG_TEXT, &d.http},
		{"acme-directory", 0, ARG_TEXT, &d.directory},
		{"acme-ca", 0, ARG_TEXT, &d.ca},
		{"acme-contact", 0, ARG_MANY, &d.contact},
		{0},
	};
	int code = args_parse("run", args, argc, argv);

	if (code >= 0)
		return code;
	if (file == NULL && origin == NULL)
		return args_wrong("run", "say which origin to stand in front of: --origin http://127.0.0.1:8000, or -c FILE");
	if (file != NULL && d.names.n > 0)
		return args_wrong("run", "--domain goes with --origin; in a file it is listen[].tls.acme.domains");
	if (d.names.n == 0 && (d.directory[0] != '\0' || d.ca[0] != '\0' || d.http[0] != '\0' || d.contact.n > 0))
		return args_wrong("run", "--listen-http and --acme-... go with --domain");
	s.file = file;
	s.over = overrides_of(origin, listen, admin, region, geo);
	s.over.state = tc_str_from(state);
	if (d.names.n > 0)
		domains_over(&d, &s.over);
	c = serve_config(file, &s.over, &code);
	return c != NULL ? serve(&s, c) : code;
}
