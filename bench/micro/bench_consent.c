/*
 * bench_consent.c: what do consent cookies cost a request? Twelve ordinary cookies that no reader knows; the same with
 * OneTrust and US Privacy among them; with a TC string, too. Prints the best of several rounds, in
 * nanoseconds of the processor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "config/config.h"

#define ROUNDS 15
#define LOOPS 5000

#define ORDINARY \
	"session=0123456789abcdef0123456789abcdef; theme=dark; lang=en; cart=3; csrftoken=abcdefghijklmnop; _ga=GA1.2.1.2; " \
	"_gid=GA1.2.3.4; _fbp=fb.1.1700000000.1; currency=EUR; wp-settings-1=x; ab=variant; seen=1"
#define TOOLS \
	"; usprivacy=1YNN; OptanonConsent=isGpcEnabled=0&datestamp=Tue+Nov+18+2025+10%3A00%3A00&version=202601.1.0&" \
	"browserGpcFlag=0&isIABGlobal=false&hosts=&consentId=0123&interactionCount=1&landingPath=NotLandingPage&" \
	"groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A0&geolocation=US%3BCA"
#define TC "; euconsent-v2=CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACPAAAAA.IDKQA4AAgAKAGQAygAAA.YAAAAAAAAAAA"

static double
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
time_read(const struct config *c, struct tc_str cookies, int count)
{
	struct tc_field v[] = {{.name = TC_STR("Cookie"), .value = cookies, .id = TC_F_COOKIE}};
	const struct tc_fields fs = {.v = v, .n = 1, .cap = 1};
	double best = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		double begin = now_ns(), spent;

		for (int k = 0; k < LOOPS; k++) {
			struct consent said;

			if (consent_read(c->readers, c->sites[0].consent, &fs, 20410, NULL, &said) != count)
				exit(1);
		}
		spent = (now_ns() - begin) / LOOPS;
		best = spent < best ? spent : best;
	}
	return best;
}

int
main(void)
{
	static const char text[] = "version: 1\nsites:\n  - hosts: [\"*\"]\n    origin: {url: \"http://127.0.0.1:3000\"}\n"
	    "    consent: [onetrust]\n";
	struct messages *m = messages_new();
	struct config *c = NULL;

	if (config_load_text(TC_STR("bench.yaml"), tc_str_from(text), NULL, &c, m) < 0) {
		messages_print(m, stderr);
		return 1;
	}
	printf("consent none: %.0f ns/op (twelve cookies of others)\n", time_read(c, TC_STR(ORDINARY), 0));
	printf("consent tools: %.0f ns/op (the same, US Privacy, OneTrust)\n", time_read(c, TC_STR(ORDINARY TOOLS), 2));
	printf("consent tcf: %.0f ns/op (the same, a TC string)\n", time_read(c, TC_STR(ORDINARY TOOLS TC), 3));
	config_destroy(&c);
	messages_destroy(&m);
	return 0;
}
