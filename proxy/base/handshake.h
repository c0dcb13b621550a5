/* handshake.h: how a TLS handshake ended: net says so, stats counts it. */
#ifndef BASE_HANDSHAKE_H
#define BASE_HANDSHAKE_H

/* X(ENUM, "label") */
#define TLS_RESULTS(X)                                                                               \
	X(FULL, "full")                                                                              \
	X(RESUMED, "resumed")                                                                        \
	X(CLEAR, "clear_text")   /* bytes that are no TLS: HTTP, most often */                       \
	X(VERSION, "version")    /* none in common */                                                \
	X(CIPHER, "cipher")      /* nothing in common but the version */                             \
	X(PROTOCOL, "protocol")  /* none of those that the peer offers (ALPN) */                     \
	X(ALERT, "alert")        /* the peer said no: it does not trust the certificate, say */      \
	X(CLOSED, "closed")      /* the peer has gone, or was too slow */                            \
	X(OTHER, "other")

enum tls_result {
#define X(e, label) TLS_##e,
	TLS_RESULTS(X)
#undef X
	TLS_RESULT_COUNT
};

/* X(ENUM, "label"): others are not spoken */
#define TLS_VERSIONS(X)                                                                              \
	X(NONE, "none") /* not agreed on */                                                          \
	X(12, "1.2")                                                                                 \
	X(13, "1.3")

enum tls_version {
#define X(e, label) TLS_VERSION_##e,
	TLS_VERSIONS(X)
#undef X
	TLS_VERSION_COUNT
};

struct tls_outcome {
	enum tls_version version;
	enum tls_result result;
};

#endif
