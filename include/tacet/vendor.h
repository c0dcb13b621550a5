/*
 * vendor.h: whose a tracker is, for reports: what the rule pack and the lists say of an address or a name. Nothing of it is
 * needed to serve a request.
 */
#ifndef TACET_VENDOR_H
#define TACET_VENDOR_H

#include "tacet/filter.h"

/* A row of the rule pack; its texts live as long as the program. */
struct tc_vendor {
	struct tc_str name;
	enum tc_class class;
	struct tc_str pattern; /* of a cookie or parameter: as the pack names it */
};

/* The vendors' URL patterns, ready to be asked. NULL: no memory. */
struct tc_vendors;
struct tc_vendors *tc_vendors_new(void);
void tc_vendors_destroy(struct tc_vendors **v);

/* false: nobody knows. */
bool tc_vendor_of_url(const struct tc_vendors *v, struct tc_str url, struct tc_vendor *out);
bool tc_vendor_of_endpoint(struct tc_str url, struct tc_vendor *out); /* of the site's own host, known by its shape */
bool tc_vendor_of_cookie(struct tc_str name, struct tc_vendor *out);  /* of a row marked `strip` */
bool tc_cookie_known(struct tc_str name, struct tc_vendor *out);      /* it has a row, whatever becomes of it */
bool tc_vendor_of_parameter(struct tc_str name, struct tc_vendor *out);

/* An address as browsers read it: "https://host[:port]/path?query". text points into buf. */
#define TC_ADDRESS_ROOM (8192 + 64)
struct tc_address {
	struct tc_str text, host, path;
};

/* false: none of http(s) or ws(s), or it cannot be read. */
bool tc_address_read(struct tc_address *a, struct tc_str text, char buf[TC_ADDRESS_ROOM]);

/* The registrable domain of a lower-case host; the host itself where it has none. */
struct tc_str tc_domain(struct tc_str host);

/* Why a list blocks an address. */
struct tc_listed {
	enum tc_class class;
	enum tc_pack pack;
	struct tc_str rule; /* lives as long as the snapshot */
};

/* What the lists say. */
enum tc_list_verdict { TC_NOT_LISTED, TC_BLOCKED, TC_EXCEPTED };

/*
 * Asks the lists of a snapshot (what load() of the filter named "lists" made) about an address that a page of this host
 * asks for, as what; for all classes.
 */
enum tc_list_verdict tc_lists_ask(const void *lists, struct tc_str page_host, const struct tc_address *a,
    enum tc_dest as, struct tc_listed *out);

#endif
