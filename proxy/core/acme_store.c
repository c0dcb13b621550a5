/* acme_store.c: see acme_store.h. */
#include "core/acme_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "net/crypto.h"

enum { NAME_LENGTH_MAX = 253,
	HASH_DIGITS = 16 };

/* ---- paths ---- */

/* state/acme[/name][/file] */
struct path {
	char z[ACME_PATH_MAX];
};

static const char *
path_make(struct path *p, struct tc_str state, struct tc_str name, const char *file)
{
	int n = snprintf(p->z, sizeof(p->z), "%.*s/acme%s%.*s%s%s", (int)state.n, state.p, name.n > 0 ? "/" : "", (int)name.n,
	    name.n > 0 ? name.p : "", file[0] != '\0' ? "/" : "", file);

	return n > 0 && (size_t)n < sizeof(p->z) ? NULL : "the path is too long";
}

bool
acme_store_name_ok(struct tc_str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'))
			return false;
	}
	return name.n > 0 && name.n <= NAME_LENGTH_MAX && name.p[0] != '.' && name.p[0] != '-';
}

static const char *
directory_make(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST ? NULL : strerror(errno);
}

/* The state directory, acme in it, and name in that. */
static const char *
directories_make(struct tc_str state, struct tc_str name)
{
	struct path p;
	const char *fault;

	if (state.n >= sizeof(p.z))
		return "the path is too long";
	(void)snprintf(p.z, sizeof(p.z), "%.*s", (int)state.n, state.p);
	fault = directory_make(p.z);
	if (fault == NULL)
		fault = path_make(&p, state, TC_STR(""), "");
	if (fault == NULL)
		fault = directory_make(p.z);
	if (fault == NULL && name.n > 0)
		fault = path_make(&p, state, name, "");
	if (fault == NULL && name.n > 0)
		fault = directory_make(p.z);
	return fault;
}

/* ---- files ---- */

static const char *
write_all(int fd, struct tc_str text)
{
	while (text.n > 0) {
		ssize_t n = write(fd, text.p, text.n);

		if (n == -1 && errno != EINTR)
			return strerror(errno);
		if (n > 0)
			tc_skip(&text, (size_t)n);
	}
	return fsync(fd) == 0 ? NULL : strerror(errno);
}

/* So that a rename is there after a crash of the machine. */
static const char *
directory_sync(struct tc_str state, struct tc_str name)
{
	const char *fault;
	struct path p;
	int fd;

	fault = path_make(&p, state, name, "");
	if (fault != NULL)
		return fault;
	fd = open(p.z, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || fsync(fd) == -1)
		fault = strerror(errno);
	if (fd != -1)
		(void)close(fd);
	return fault;
}

/* The whole of path, new; what a crash left there before goes. */
static const char *
file_new(const char *path, mode_t mode, struct tc_str text)
{
	const char *fault;
	int fd;

	if (unlink(path) == -1 && errno != ENOENT)
		return strerror(errno);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd == -1)
		return strerror(errno);
	fault = write_all(fd, text);
	if (close(fd) == -1 && fault == NULL)
		fault = strerror(errno);
	if (fault != NULL)
		(void)unlink(path);
	return fault;
}

/* ---- the lock ---- */

const char *
acme_store_lock(struct tc_str state, int *fd, bool *busy)
{
	const char *fault = directories_make(state, TC_STR(""));
	struct path p;

	*fd = -1;
	*busy = false;
	if (fault == NULL)
		fault = path_make(&p, state, TC_STR(""), "lock");
	if (fault != NULL)
		return fault;
	*fd = open(p.z, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd == -1)
		return strerror(errno);
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return NULL;
	*busy = errno == EWOULDBLOCK;
	fault = *busy ? NULL : strerror(errno);
	(void)close(*fd);
	*fd = -1;
	return fault;
}

/* ---- the account ---- */

static void
hash_text(struct tc_str text, char out[HASH_DIGITS + 1])
{
	uint8_t digest[CRYPTO_MAC_SIZE];

	crypto_sha256(text, digest);
	for (size_t i = 0; i < HASH_DIGITS / 2; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* A new key; another process may be first, whose counts then. */
static const char *
account_create(const char *path)
{
	struct pki_key *key = pki_key_new();
	char scratch[ACME_PATH_MAX + 16];
	const char *fault;
	struct buf pem;

	buf_init(&pem, FILE_MAX);
	pki_key_write(key, &pem);
	(void)snprintf(scratch, sizeof(scratch), "%s.%ld", path, (long)getpid());
	fault = file_new(scratch, 0600, buf_str(&pem));
	if (fault == NULL && link(scratch, path) == -1 && errno != EEXIST)
		fault = strerror(errno);
	(void)unlink(scratch);
	buf_reset(&pem);
	pki_key_destroy(&key);
	return fault;
}

const char *
acme_store_account(struct tc_str state, struct tc_str directory, struct pki_key **key)
{
	char file[32], hash[HASH_DIGITS + 1];
	const char *fault;
	struct path p;
	struct buf pem;
	bool there;

	*key = NULL;
	hash_text(directory, hash);
	(void)snprintf(file, sizeof(file), "account-%s.pem", hash);
	fault = path_make(&p, state, TC_STR(""), file);
	if (fault != NULL)
		return fault;
	if (access(p.z, F_OK) == -1)
		fault = account_create(p.z);
	if (fault == NULL)
		fault = directory_sync(state, TC_STR(""));
	if (fault != NULL)
		return fault;
	buf_init(&pem, FILE_MAX);
	fault = file_read(p.z, true, &there, &pem);
	if (fault == NULL)
		*key = pki_key_read(buf_str(&pem));
	buf_reset(&pem);
	return fault != NULL || *key != NULL ? fault : "the account's key cannot be read";
}

/* ---- the pair ---- */

/* A key file that fits the certificate. */
static bool
pair_fits(struct tc_str state, struct tc_str name, const char *key_file, struct tc_str cert, struct tc_strs names,
    struct pki_times *times)
{
	struct pki_key *key = NULL;
	struct path p;
	struct buf pem;
	bool there = false, fits = false;

	buf_init(&pem, FILE_MAX);
	if (path_make(&p, state, name, key_file) == NULL && file_read(p.z, true, &there, &pem) == NULL && there)
		key = pki_key_read(buf_str(&pem));
	if (key != NULL)
		fits = pki_chain_check(cert, key, names, times, NULL) == NULL;
	pki_key_destroy(&key);
	buf_reset(&pem);
	return fits;
}

static const char *
move(struct tc_str state, struct tc_str name, const char *from, const char *to)
{
	struct path a, b;
	const char *fault = path_make(&a, state, name, from);

	if (fault == NULL)
		fault = path_make(&b, state, name, to);
	if (fault == NULL && rename(a.z, b.z) == -1)
		fault = strerror(errno);
	return fault;
}

const char *
acme_store_read(struct tc_str state, struct tc_str name, struct tc_strs names, bool mend, bool *there, struct pki_times *times)
{
	const char *fault;
	struct path p;
	struct buf cert;
	bool is;

	*there = false;
	fault = path_make(&p, state, name, "cert.pem");
	if (fault != NULL)
		return fault;
	buf_init(&cert, FILE_MAX);
	fault = file_read(p.z, false, &is, &cert);
	if (fault == NULL && is) {
		*there = pair_fits(state, name, "key.pem", buf_str(&cert), names, times);
		if (!*there && mend && pair_fits(state, name, "key.pem.new", buf_str(&cert), names, times)) {
			fault = move(state, name, "key.pem.new", "key.pem");
			*there = fault == NULL;
		}
	}
	buf_reset(&cert);
	return fault;
}

const char *
acme_store_write(struct tc_str state, struct tc_str name, struct tc_str cert, const struct pki_key *key)
{
	const char *fault = directories_make(state, name);
	struct path cert_new, key_new;
	struct buf pem;

	if (fault == NULL)
		fault = path_make(&cert_new, state, name, "cert.pem.new");
	if (fault == NULL)
		fault = path_make(&key_new, state, name, "key.pem.new");
	if (fault != NULL)
		return fault;
	buf_init(&pem, FILE_MAX);
	pki_key_write(key, &pem);
	fault = file_new(key_new.z, 0600, buf_str(&pem));
	buf_reset(&pem);
	if (fault == NULL)
		fault = file_new(cert_new.z, 0644, cert);
	if (fault == NULL)
		fault = directory_sync(state, name);
	/* In this order: with the new certificate in place, the new key is found beside it. */
	if (fault == NULL)
		fault = move(state, name, "cert.pem.new", "cert.pem");
	if (fault == NULL)
		fault = move(state, name, "key.pem.new", "key.pem");
	return fault != NULL ? fault : directory_sync(state, name);
}

/* ---- not before ---- */

void
acme_store_later_read(struct tc_str state, struct tc_str name, struct tc_str order, struct acme_later *out)
{
	char hash[HASH_DIGITS + 1], have[HASH_DIGITS + 1], line[96];
	unsigned failures;
	struct path p;
	struct buf b;
	long long at;
	bool there;

	*out = (struct acme_later){0};
	buf_init(&b, sizeof(line) - 1);
	if (path_make(&p, state, name, "later") == NULL && file_read(p.z, false, &there, &b) == NULL && there) {
		(void)snprintf(line, sizeof(line), "%.*s", (int)b.n, buf_str(&b).p);
		hash_text(order, hash);
		if (sscanf(line, "%16s %9u %18lld", have, &failures, &at) == 3 && strcmp(have, hash) == 0) {
			out->failures = failures;
			out->at = at;
		}
	}
	buf_reset(&b);
}

const char *
acme_store_later_write(struct tc_str state, struct tc_str name, struct tc_str order, const struct acme_later *l)
{
	char hash[HASH_DIGITS + 1], line[96];
	const char *fault = directories_make(state, name);
	struct path p;
	int n;

	if (fault == NULL)
		fault = path_make(&p, state, name, "later");
	if (fault != NULL)
		return fault;
	if (l->failures == 0)
		return unlink(p.z) == 0 || errno == ENOENT ? NULL : strerror(errno);
	fault = path_make(&p, state, name, "later.new");
	if (fault != NULL)
		return fault;
	hash_text(order, hash);
	n = snprintf(line, sizeof(line), "%s %u %lld\n", hash, l->failures, (long long)l->at);
	fault = file_new(p.z, 0600, tc_str_of(line, (size_t)n));
	return fault != NULL ? fault : move(state, name, "later.new", "later");
}
