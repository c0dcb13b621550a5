/*
 * proxy_header.h: the PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt): whose connection this is, said
 * by the load balancer in front before the first byte of HTTP.
 *
 *	v1: PROXY TCP4 192.0.2.1 198.51.100.7 4711 443\r\n
 *	v2: [signature 12][version, command][family, protocol][length 2][addresses][type, length 2, value]...
 *
 * No allocation, and no state: who has more bytes asks again with all of them.
 */
#ifndef HTTP_PROXY_HEADER_H
#define HTTP_PROXY_HEADER_H

#include "base/addr.h"

#define PROXY_V1_MAX 107 /* the longest line that the protocol has, with its CRLF */

/*
 * Of version 2, which could announce 64 KiB and make us hold them. Addresses take 232 bytes at most; what senders add
 * (names, a certificate's subject, cloud ids of some hundred bytes) fits many times over, and nginx bounds it likewise.
 */
#define PROXY_V2_MAX 4096

struct proxy_header {
	struct tc_addr source; /* family 0: it says none, and the connection's own peer stands */
	bool tls;              /* the visitor came by TLS (v2, PP2_TYPE_SSL) */
};

/*
 * Reads a header at the front of in. Returns its length, 0 if more bytes are needed, or -1: there is none, or a
 * broken one. More bytes never change an answer other than 0. *out is zero unless the header is complete.
 */
int proxy_header_read(struct tc_str in, struct proxy_header *out);

#endif
