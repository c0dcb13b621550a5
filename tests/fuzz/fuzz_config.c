/*
 * fuzz_config.c: the loader of configurations. Properties: a text gives a configuration or an error with a place, a
 * code and a hint; what is given is whole; the same text gives the same; no message holds a control character.
 */
#include <stdint.h>
#include <stdlib.h>

#include "config/config.h"
#include "little_table.h"

static void
must(bool good)
{
	if (!good)
		abort();
}

static void
check_rules(const struct tc_rule_set *r)
{
	must(r != NULL && r->opts != NULL && strlen(r->hash) == 8);
	must((r->remove & TC_ESSENTIAL) == 0);
	for (size_t f = 0; tc_filters[f] != NULL; f++)
		must((r->opts[f] != NULL) == (tc_filters[f]->options_size > 0));
}

static void
check_config(const struct config *c)
{
	must(c->site_count > 0 && c->region_count > 0 && c->listen_count > 0 && c->strictest != NULL);
	must(strlen(c->hash) == 16);
	for (size_t i = 0; i <= c->rule_set_count; i++)
		check_rules(&c->rule_sets[i]);
	for (size_t i = 0; i < c->region_count; i++) {
		check_rules(c->regions[i].initial);
		check_rules(c->regions[i].opted_out);
		must(c->regions[i].where.n > 0);
	}
	for (size_t i = 0; i < c->site_count; i++) {
		const struct tc_site *s = &c->sites[i].pub;

		must(s->hosts.n > 0 && s->languages.n > 0 && s->route_count > 0);
		must(tc_eq(s->routes[s->route_count - 1].match, TC_STR("*")));
		must(s->choices_path.n > 1 && s->choices_path.p[0] == '/');
		must(!c->sites[i].origin.https && c->sites[i].origin.servers[0].port > 0 && c->sites[i].origin.servers[0].host.n > 0);
	}
}

static void
check_messages(const struct messages *m)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	must(f != NULL);
	for (size_t i = 0; i < m->n; i++)
		must(m->v[i].line > 0 && m->v[i].column > 0 && m->v[i].code != NULL && m->v[i].text.n > 0 && m->v[i].hint.n > 0);
	messages_print(m, f);
	messages_print_json(m, f);
	must(fclose(f) == 0);
	for (size_t i = 0; i < n; i++)
		must((unsigned char)text[i] >= 0x20 || text[i] == '\n' || text[i] == '\t');
	free(text);
}

/* Returns whether it was taken; its hash in out. */
static bool
load(struct tc_str text, char out[17])
{
	static const struct config_overrides judge = {.judge = true};
	struct messages *m = messages_new();
	struct config *c;
	int r = config_load_text(TC_STR("f.yaml"), text, &judge, &c, m);

	must((r == 0) == (c != NULL) && (r == 0) == (m->errors == 0));
	check_messages(m);
	if (c != NULL) {
		check_config(c);
		memcpy(out, c->hash, 17);
	}
	config_destroy(&c);
	messages_destroy(&m);
	return r == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tc_str text = tc_str_of((const char *)data, size);
	char first[17], second[17];

	if (load(text, first))
		must(load(text, second) && memcmp(first, second, 17) == 0);
	return 0;
}
