/*
 * fields.h: the fields of a message head (RFC 9110 section 5) as a table in an arena.
 *
 * Names that tacet acts on have an id, found once while parsing, so that filters switch on a small
 * number instead of comparing strings. Dropping marks a row; the writer skips marked rows.
 */
#ifndef TACET_FIELDS_H
#define TACET_FIELDS_H

#include "tacet/arena.h"
#include "tacet/str.h"

/* X(ENUM, "canonical name"): sorted by name, compared without case. */
#define TC_FIELD_NAMES(X)                                                                            \
	X(ACCEPT, "Accept")                                                                          \
	X(ACCEPT_CH, "Accept-CH")                                                                    \
	X(ACCEPT_CH_LIFETIME, "Accept-CH-Lifetime")                                                  \
	X(ACCEPT_ENCODING, "Accept-Encoding")                                                        \
	X(ACCEPT_LANGUAGE, "Accept-Language")                                                        \
	X(ACCEPT_RANGES, "Accept-Ranges")                                                            \
	X(AD_AUCTION_ALLOWED, "Ad-Auction-Allowed")                                                  \
	X(AD_AUCTION_SIGNALS, "Ad-Auction-Signals")                                                  \
	X(ATTRIBUTION_REPORTING_ELIGIBLE, "Attribution-Reporting-Eligible")                          \
	X(ATTRIBUTION_REPORTING_INFO, "Attribution-Reporting-Info")                                  \
	X(ATTRIBUTION_REPORTING_REGISTER_OS_SOURCE, "Attribution-Reporting-Register-OS-Source")      \
	X(ATTRIBUTION_REPORTING_REGISTER_OS_TRIGGER, "Attribution-Reporting-Register-OS-Trigger")    \
	X(ATTRIBUTION_REPORTING_REGISTER_SOURCE, "Attribution-Reporting-Register-Source")            \
	X(ATTRIBUTION_REPORTING_REGISTER_TRIGGER, "Attribution-Reporting-Register-Trigger")          \
	X(AUTHORIZATION, "Authorization")                                                            \
	X(AVAILABLE_DICTIONARY, "Available-Dictionary")                                              \
	X(CACHE_CONTROL, "Cache-Control")                                                            \
	X(CLEAR_SITE_DATA, "Clear-Site-Data")                                                        \
	X(CONNECTION, "Connection")                                                                  \
	X(CONTENT_DIGEST, "Content-Digest")                                                          \
	X(CONTENT_ENCODING, "Content-Encoding")                                                      \
	X(CONTENT_LENGTH, "Content-Length")                                                          \
	X(CONTENT_MD5, "Content-MD5")                                                                \
	X(CONTENT_RANGE, "Content-Range")                                                            \
	X(CONTENT_SECURITY_POLICY, "Content-Security-Policy")                                        \
	X(CONTENT_SECURITY_POLICY_REPORT_ONLY, "Content-Security-Policy-Report-Only")                \
	X(CONTENT_TYPE, "Content-Type")                                                              \
	X(COOKIE, "Cookie")                                                                          \
	X(CRITICAL_CH, "Critical-CH")                                                                \
	X(CROSS_ORIGIN_EMBEDDER_POLICY, "Cross-Origin-Embedder-Policy")                              \
	X(CROSS_ORIGIN_EMBEDDER_POLICY_REPORT_ONLY, "Cross-Origin-Embedder-Policy-Report-Only")      \
	X(CROSS_ORIGIN_OPENER_POLICY, "Cross-Origin-Opener-Policy")                                  \
	X(CROSS_ORIGIN_OPENER_POLICY_REPORT_ONLY, "Cross-Origin-Opener-Policy-Report-Only")          \
	X(DATE, "Date")                                                                              \
	X(DICTIONARY_ID, "Dictionary-ID")                                                            \
	X(DIGEST, "Digest")                                                                          \
	X(DNT, "DNT")                                                                                \
	X(DOCUMENT_POLICY, "Document-Policy")                                                        \
	X(DOCUMENT_POLICY_REPORT_ONLY, "Document-Policy-Report-Only")                                \
	X(ETAG, "ETag")                                                                              \
	X(EXPECT, "Expect")                                                                          \
	X(EXPECT_CT, "Expect-CT")                                                                    \
	X(EXPIRES, "Expires")                                                                        \
	X(FORWARDED, "Forwarded")                                                                    \
	X(HOST, "Host")                                                                              \
	X(HTTP2_SETTINGS, "HTTP2-Settings")                                                          \
	X(IF_MATCH, "If-Match")                                                                      \
	X(IF_MODIFIED_SINCE, "If-Modified-Since")                                                    \
	X(IF_NONE_MATCH, "If-None-Match")                                                            \
	X(IF_RANGE, "If-Range")                                                                      \
	X(IF_UNMODIFIED_SINCE, "If-Unmodified-Since")                                                \
	X(KEEP_ALIVE, "Keep-Alive")                                                                  \
	X(LAST_MODIFIED, "Last-Modified")                                                            \
	X(LINK, "Link")                                                                              \
	X(LOCATION, "Location")                                                                      \
	X(NEL, "NEL")                                                                                \
	X(OBSERVE_BROWSING_TOPICS, "Observe-Browsing-Topics")                                        \
	X(ORIGIN, "Origin")                                                                          \
	X(ORIGIN_TRIAL, "Origin-Trial")                                                              \
	X(PERMISSIONS_POLICY, "Permissions-Policy")                                                  \
	X(PERMISSIONS_POLICY_REPORT_ONLY, "Permissions-Policy-Report-Only")                          \
	X(PRAGMA, "Pragma")                                                                          \
	X(PRIVACY_ACCOUNT_CHOICE, "Privacy-Account-Choice")                                          \
	X(PRIVACY_DECISION, "Privacy-Decision")                                                      \
	X(PROXY, "Proxy")                                                                            \
	X(PROXY_AUTHENTICATE, "Proxy-Authenticate")                                                  \
	X(PROXY_AUTHORIZATION, "Proxy-Authorization")                                                \
	X(PROXY_CONNECTION, "Proxy-Connection")                                                      \
	X(RANGE, "Range")                                                                            \
	X(REFERER, "Referer")                                                                        \
	X(REFERRER_POLICY, "Referrer-Policy")                                                        \
	X(REFRESH, "Refresh")                                                                        \
	X(REPORT_TO, "Report-To")                                                                    \
	X(REPORTING_ENDPOINTS, "Reporting-Endpoints")                                                \
	X(REPR_DIGEST, "Repr-Digest")                                                                \
	X(RETRY_AFTER, "Retry-After")                                                                \
	X(SEC_BROWSING_TOPICS, "Sec-Browsing-Topics")                                                \
	X(SEC_CH_UA, "Sec-CH-UA")                                                                    \
	X(SEC_CH_UA_MOBILE, "Sec-CH-UA-Mobile")                                                      \
	X(SEC_CH_UA_PLATFORM, "Sec-CH-UA-Platform")                                                  \
	X(SEC_FETCH_DEST, "Sec-Fetch-Dest")                                                          \
	X(SEC_FETCH_MODE, "Sec-Fetch-Mode")                                                          \
	X(SEC_FETCH_SITE, "Sec-Fetch-Site")                                                          \
	X(SEC_GPC, "Sec-GPC")                                                                        \
	X(SEC_WEBSOCKET_KEY, "Sec-WebSocket-Key")                                                    \
	X(SEC_WEBSOCKET_VERSION, "Sec-WebSocket-Version")                                            \
	X(SERVER, "Server")                                                                          \
	X(SET_COOKIE, "Set-Cookie")                                                                  \
	X(SHARED_STORAGE_WRITE, "Shared-Storage-Write")                                              \
	X(SIGNATURE, "Signature")                                                                    \
	X(SIGNATURE_INPUT, "Signature-Input")                                                        \
	X(SPECULATION_RULES, "Speculation-Rules")                                                    \
	X(TACET_DEBUG, "Tacet-Debug")                                                                \
	X(TACET_GEO, "Tacet-Geo")                                                                    \
	X(TACET_VERIFY, "Tacet-Verify")                                                              \
	X(TE, "TE")                                                                                  \
	X(TRAILER, "Trailer")                                                                        \
	X(TRANSFER_ENCODING, "Transfer-Encoding")                                                    \
	X(UNENCODED_DIGEST, "Unencoded-Digest")                                                      \
	X(UPGRADE, "Upgrade")                                                                        \
	X(USE_AS_DICTIONARY, "Use-As-Dictionary")                                                    \
	X(USER_AGENT, "User-Agent")                                                                  \
	X(VARY, "Vary")                                                                              \
	X(VIA, "Via")                                                                                \
	X(WWW_AUTHENTICATE, "WWW-Authenticate")                                                      \
	X(X_ACCEL_BUFFERING, "X-Accel-Buffering")                                                    \
	X(X_CLIENT_DATA, "X-Client-Data")                                                            \
	X(X_CONTENT_TYPE_OPTIONS, "X-Content-Type-Options")                                          \
	X(X_DNS_PREFETCH_CONTROL, "X-DNS-Prefetch-Control")                                          \
	X(X_FORWARDED_FOR, "X-Forwarded-For")                                                        \
	X(X_FORWARDED_HOST, "X-Forwarded-Host")                                                      \
	X(X_FORWARDED_PROTO, "X-Forwarded-Proto")                                                    \
	X(X_REAL_IP, "X-Real-IP")

enum tc_fid {
	TC_F_OTHER, /* a name not in the list */
#define X(e, name) TC_F_##e,
	TC_FIELD_NAMES(X)
#undef X
	TC_F_COUNT
};

struct tc_field {
	struct tc_str name, value; /* value without white space around it */
	uint16_t id;               /* enum tc_fid */
	bool dropped;              /* the writer and the look-ups below skip it */
};

/*
 * Look-ups do not walk over rows: for each id is noted where its first row is, and whether there are more, dropped ones
 * too. The functions below keep the notes. Rows put there by hand (`noted` stays behind n) are found by walking.
 */
struct tc_fields {
	struct tc_field *v;
	size_t n, cap;
	struct tc_arena *arena; /* owner of v and of what is added */
	size_t noted;           /* rows */
	uint64_t repeated[(TC_F_COUNT + 63) / 64];
	uint8_t first[TC_F_COUNT]; /* counted from 1; 0: it has none; 255: this row or one behind it */
};

/* Notes all rows: for whoever puts rows there by hand, once they have their ids. */
void tc_fields_note(struct tc_fields *fs);

/*
 * The next row with this id behind `row`, the first one for NULL, live or dropped; NULL: no more.
 * Loop: for (f = tc_field_next(fs, NULL, id); f != NULL; f = tc_field_next(fs, f, id))
 */
struct tc_field *tc_field_next(const struct tc_fields *fs, const struct tc_field *row, enum tc_fid id);

/* The id of a name, without regard to case; TC_F_OTHER if it has none. */
enum tc_fid tc_field_id(struct tc_str name);

/* The canonical name of an id other than TC_F_OTHER. */
struct tc_str tc_field_name(enum tc_fid id);

/* The first live row with this id, or NULL. Loop over all with fs->v and fs->n. */
struct tc_field *tc_field_first(const struct tc_fields *fs, enum tc_fid id);

/* The first value with this id; p is NULL if there is none. */
struct tc_str tc_field_value(const struct tc_fields *fs, enum tc_fid id);

/* Marks every row with this id as dropped; returns how many there were. */
size_t tc_field_drop(struct tc_fields *fs, enum tc_fid id);

/* Adds a row (the strings are borrowed and must live as long as the arena). -1 at the arena's limit. */
int tc_field_add(struct tc_fields *fs, enum tc_fid id, struct tc_str value);
int tc_field_add_named(struct tc_fields *fs, struct tc_str name, struct tc_str value);

/* Leaves exactly one row with this id and value. -1 at the arena's limit. */
int tc_field_set(struct tc_fields *fs, enum tc_fid id, struct tc_str value);

#endif
