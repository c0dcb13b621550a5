/* default.c: what tacet does without a configuration file. conf/tacet.yaml says the same with comments. */
#include "config/config.h"

#define INCLUDE "include: [regions/europe.yaml, regions/us.yaml, regions/world.yaml]\n"

/* --origin replaces the origin; the file has to name one. */
static const char text[] = INCLUDE
    "version: 1\n"
    "sites:\n"
    "  - hosts: [\"*\"]\n"
    "    origin: {url: \"http://127.0.0.1:3000\"}\n"
    "rule_sets:\n"
    "  essential-only:\n"
    "    cookies: {request: drop-listed, response: drop-listed}\n"
    "    query: {strip: [click-ids]}\n"
    "    scripts: {remove: [analytics, advertising, personalisation, social]}\n"
    "    referrer: origin\n"
    "    status: \"Opt-Out Request Honored\"\n"
    "  opt-out:\n"
    "    extends: essential-only\n"
    "  light: {}\n"
    "regions:\n"
    "  - {name: eu, where: [EU, EEA, GB, CH], default: essential-only, opted_out: essential-only}\n"
    "  - {name: us-ca, where: [US-CA], default: light, opted_out: opt-out, link_text: california}\n"
    "  - {name: us-other, where: [US], default: light, opted_out: opt-out}\n"
    "  - {name: cn, where: [CN], default: essential-only, opted_out: essential-only}\n"
    "  - {name: rest, where: [\"*\"], default: light, opted_out: opt-out}\n";

struct tc_str
config_default_text(void)
{
	return tc_str_of(text, sizeof(text) - 1);
}

struct tc_str
config_default_own_text(void)
{
	struct tc_str all = config_default_text();

	tc_skip(&all, sizeof(INCLUDE) - 1);
	return all;
}
