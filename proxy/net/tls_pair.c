/* tls_pair.c: see tls_pair.h. */
#include "net/tls_pair.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "net/pki_inside.h"
#include "net/tls_files.h"

static int say(struct tls_fault *f, int where, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int
say(struct tls_fault *f, int where, const char *format, ...)
{
	va_list ap;

	f->where = where;
	va_start(ap, format);
	(void)vsnprintf(f->text, sizeof(f->text), format, ap);
	va_end(ap);
	ERR_clear_error();
	return -1;
}

/* The whole of a file in *text, which the BIO reads and the caller resets; NULL: fault says why not. */
static BIO *
open_file(struct tc_str path, int where, struct buf *text, struct tls_fault *fault)
{
	char name[TLS_PATH_MAX];
	int n = snprintf(name, sizeof(name), "%.*s", (int)path.n, path.p);
	bool there = false;
	const char *why = n < (int)sizeof(name) ? NULL : strerror(ENAMETOOLONG);
	BIO *bio;

	buf_init(text, FILE_MAX);
	if (why == NULL)
		why = file_read(name, false, &there, text);
	if (why == NULL && !there)
		why = strerror(ENOENT);
	if (why != NULL) {
		buf_reset(text);
		(void)say(fault, where, "it cannot be read: %s", why);
		return NULL;
	}
	bio = BIO_new_mem_buf(text->n > 0 ? buf_str(text).p : "", (int)text->n);
	if (bio == NULL)
		abort();
	return bio;
}

/* Nobody is asked for a pass phrase. */
static int
no_phrase(char *out, int room, int writing, void *encrypted)
{
	(void)out;
	(void)room;
	(void)writing;
	*(bool *)encrypted = true;
	return -1;
}

static int
read_chain(const struct tls_pair_files *files, struct tls_pair *p, struct tls_fault *fault)
{
	struct buf text;
	BIO *bio = open_file(files->cert, TLS_FAULT_CERT, &text, fault);
	X509 *issuer;

	if (bio == NULL)
		return -1;
	p->leaf = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
	p->chain = sk_X509_new_null();
	if (p->chain == NULL)
		abort();
	while (p->leaf != NULL && (issuer = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		if (sk_X509_push(p->chain, issuer) <= 0)
			abort();
	(void)BIO_free(bio);
	buf_reset(&text);
	if (p->leaf == NULL)
		return say(fault, TLS_FAULT_CERT, "there is no certificate in it (PEM: -----BEGIN CERTIFICATE-----)");
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) /* how a list of them ends */
		return say(fault, TLS_FAULT_CERT, "a certificate behind the first one is damaged");
	ERR_clear_error();
	return 0;
}

static int
read_key(const struct tls_pair_files *files, struct tls_pair *p, struct tls_fault *fault)
{
	struct buf text;
	BIO *bio = open_file(files->key, TLS_FAULT_KEY, &text, fault);
	bool encrypted = false;

	if (bio == NULL)
		return -1;
	p->key = PEM_read_bio_PrivateKey(bio, NULL, no_phrase, &encrypted);
	(void)BIO_free(bio);
	buf_reset(&text);
	if (p->key == NULL && encrypted)
		return say(fault, TLS_FAULT_KEY, "it has a pass phrase, and nobody to type it");
	if (p->key == NULL)
		return say(fault, TLS_FAULT_KEY, "there is no private key in it (PEM: -----BEGIN PRIVATE KEY-----)");
	if (X509_check_private_key(p->leaf, p->key) != 1)
		return say(fault, TLS_FAULT_KEY, "it is not the key of the certificate");
	return 0;
}

/* ---- names ---- */

static void
add_name(struct tls_pair *p, const unsigned char *text, int n)
{
	char *name;

	if (n <= 0 || n > 255 || memchr(text, '\0', (size_t)n) != NULL)
		return;
	p->names = realloc(p->names, (p->name_count + 1) * sizeof(*p->names));
	name = malloc((size_t)n + 1);
	if (p->names == NULL || name == NULL)
		abort();
	for (int i = 0; i < n; i++)
		name[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
	name[n] = '\0';
	p->names[p->name_count++] = name;
}

/* The common name is looked at where there is no other. */
static void
add_common_name(struct tls_pair *p)
{
	const X509_NAME *subject = X509_get_subject_name(p->leaf);
	int i = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	const ASN1_STRING *s = i >= 0 ? X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)) : NULL;

	if (s != NULL)
		add_name(p, ASN1_STRING_get0_data(s), ASN1_STRING_length(s));
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
read_names(struct tls_pair *p)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(p->leaf, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(all, i);

		if (g->type == GEN_DNS)
			add_name(p, ASN1_STRING_get0_data(g->d.dNSName), ASN1_STRING_length(g->d.dNSName));
	}
	GENERAL_NAMES_free(all);
	if (p->name_count == 0)
		add_common_name(p);
	if (p->name_count > 0)
		qsort(p->names, p->name_count, sizeof(*p->names), compare);
}

int
tls_pair_read(const struct tls_pair_files *files, struct tls_pair *p, struct tls_fault *fault)
{
	*p = (struct tls_pair){0};
	ERR_clear_error();
	if (read_chain(files, p, fault) < 0 || read_key(files, p, fault) < 0) {
		tls_pair_clear(p);
		return -1;
	}
	p->not_before = pki_seconds_of(X509_get0_notBefore(p->leaf));
	p->not_after = pki_seconds_of(X509_get0_notAfter(p->leaf));
	read_names(p);
	ERR_clear_error();
	return 0;
}

void
tls_pair_hold_place(struct tc_strs names, struct tls_pair *p)
{
	struct pki_key *key = pki_key_new();

	*p = (struct tls_pair){.leaf = pki_self_signed(key, names, NULL), .chain = sk_X509_new_null(), .key = pki_key_inside(key)};
	if (p->chain == NULL || EVP_PKEY_up_ref(p->key) != 1)
		abort();
	read_names(p);
	pki_key_destroy(&key);
}

void
tls_pair_clear(struct tls_pair *p)
{
	X509_free(p->leaf);
	sk_X509_pop_free(p->chain, X509_free);
	EVP_PKEY_free(p->key);
	for (size_t i = 0; i < p->name_count; i++)
		free(p->names[i]);
	free(p->names);
	*p = (struct tls_pair){0};
}

bool
tls_pair_same_names(const struct tls_pair *a, const struct tls_pair *b)
{
	if (a->name_count != b->name_count)
		return false;
	for (size_t i = 0; i < a->name_count; i++)
		if (strcmp(a->names[i], b->names[i]) != 0)
			return false;
	return true;
}

bool
tls_pair_same_kind(const struct tls_pair *a, const struct tls_pair *b)
{
	return EVP_PKEY_get_base_id(a->key) == EVP_PKEY_get_base_id(b->key);
}
