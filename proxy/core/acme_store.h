/*
 * acme_store.h: what ACME keeps in the state directory. Files are written beside their place and renamed: nobody reads half of
 * one, and a crash leaves the old.
 *
 *	state/acme/lock                   held by the process that asks: one issuer
 *	state/acme/account-HASH.pem       the account's key, one for each directory
 *	state/acme/NAME/cert.pem, key.pem the certificate with its chain, and its key
 *	state/acme/NAME/later             failures in a row, and when to try again
 */
#ifndef CORE_ACME_STORE_H
#define CORE_ACME_STORE_H

#include "base/buf.h"
#include "net/pki.h"

enum { ACME_PATH_MAX = 4096 };

/* A name that a directory may have: of a certificate. */
bool acme_store_name_ok(struct tc_str name);

/* Each returns NULL, or why not: text of ours or of the system. */

/* *fd: held until it is closed. *busy: another process has it. */
const char *acme_store_lock(struct tc_str state, int *fd, bool *busy);

/* Made where there is none yet. */
const char *acme_store_account(struct tc_str state, struct tc_str directory, struct pki_key **key);

/*
 * The pair in force. *there: it is one, for these names; else there is none. Where a crash came between the two renames of a
 * pair, the second is made up for: only with the lock held, or before anybody serves.
 */
const char *acme_store_read(struct tc_str state, struct tc_str name, struct tc_strs names, bool mend, bool *there,
    struct pki_times *times);
const char *acme_store_write(struct tc_str state, struct tc_str name, struct tc_str cert, const struct pki_key *key);

/* Of one order, as a text tells it: config. A different order begins anew. */
struct acme_later {
	unsigned failures;
	int64_t at; /* seconds since 1970; not before */
};
void acme_store_later_read(struct tc_str state, struct tc_str name, struct tc_str order, struct acme_later *out);
/* failures 0: it went well. */
const char *acme_store_later_write(struct tc_str state, struct tc_str name, struct tc_str order, const struct acme_later *l);

#endif
