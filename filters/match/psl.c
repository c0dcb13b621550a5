/*
 * psl.c: registrable domains by the Public Suffix List, private section included. The only user of libpsl.
 *
 * The list is the newest of what the system has (Debian: package publicsuffix) and what libpsl was built with.
 * It is loaded once and then only read, so all threads may use it.
 */
#include <arpa/inet.h>
#include <libpsl.h>
#include <pthread.h>

#include "match.h"

enum { HOST_MAX_N = 253 };

static const psl_ctx_t *list;

static void
load_list(void)
{
	list = psl_latest(NULL);
}

static bool
is_address(const char *host)
{
	struct in6_addr any;

	return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

struct tc_str
psl_domain(struct tc_str host)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static const struct tc_str none = {NULL, 0};
	char text[HOST_MAX_N + 1];
	const char *domain;

	(void)pthread_once(&once, load_list);
	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (list == NULL || host.n == 0 || host.n > HOST_MAX_N)
		return none;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	if (strlen(text) != host.n || is_address(text))
		return none;
	domain = psl_registrable_domain(list, text);
	return domain != NULL ? tc_str_of(host.p + (domain - text), host.n - (size_t)(domain - text)) : none;
}
