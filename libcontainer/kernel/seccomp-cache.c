/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/seccomp-cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/seccomp-builtin.h"
#include "kernel/seccomp-file.h"
#include "kernel/seccomp-plan.h"

#ifndef AR_VERSION
#define AR_VERSION "unknown"
#endif
#ifndef AR_CACHEDIR
#define AR_CACHEDIR "/var/cache"
#endif

/* --- the folder --- */

/*
 * base/agentrun/seccomp. Whoever else could write there would choose our filters, so owner and mode
 * are checked on what was opened, without following a link.
 */
static int open_folder(const char *base)
{
	struct stat st;
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/agentrun/seccomp", base);
	_cleanup_fd_ int fd = -1;

	if (n < 0 || (size_t)n >= sizeof(path))
		return -1;
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		(void)mkdir(path, 0755); /* the last one's result tells */
		*slash = '/';
	}
	(void)mkdir(path, 0700); /* the same: it is opened next */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		ar_debug("seccomp cache '%s': %s", path, ar_errno_text(errno));
		return -1;
	}
	if (st.st_uid != geteuid() || (st.st_mode & 0077)) {
		ar_debug("seccomp cache '%s': not ours alone", path);
		return -1;
	}
	return ar_steal_fd(&fd);
}

/* What the user's own folder lies in; false: there is none. */
static bool users_base(char *buf, size_t size)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int n;

	if (base && *base == '/')
		n = snprintf(buf, size, "%s", base);
	else if (home && *home == '/')
		n = snprintf(buf, size, "%s/.cache", home);
	else
		return false;
	return n >= 0 && (size_t)n < size;
}

/* Whether root's own is used: one of the two is, so that policy knows which to keep. */
static bool hosts_base(void)
{
	if (geteuid() != 0)
		return false;
	return faccessat(AT_FDCWD, AR_CACHEDIR, W_OK, AT_EACCESS) == 0 || errno == ENOENT;
}

int ar_seccomp_cache_open(void)
{
	char base[4096];

	/* root of a user namespace only has the user's */
	if (hosts_base())
		return open_folder(AR_CACHEDIR);
	return users_base(base, sizeof(base)) ? open_folder(base) : -1;
}

struct ar_strings ar_seccomp_cache_folders(struct ar_arena *arena)
{
	struct ar_grow folders = { .arena = arena };
	char base[4096];

	if (hosts_base())
		ar_grow_add(&folders, AR_CACHEDIR "/agentrun");
	else if (users_base(base, sizeof(base)))
		ar_grow_add(&folders, ar_printf(arena, "%s/agentrun", base));
	return folders.list;
}

/* --- names --- */

void ar_seccomp_cache_key(const struct ar_seccomp *profile, char ret_key[65])
{
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT;

	/* the number changes with what is made of a profile */
	ar_text_addf(&text, "agentrun %s seccomp profile 1 on %s\n", AR_VERSION, AR_ARCH_NAME);
	ar_seccomp_text(profile, &text);
	ar_sha256(text.s, text.len, ret_key);
}

/*
 * What tells one libseccomp from another without opening it: its file. "DEVICE INODE SIZE CHANGED
 * PATH". Another version knows other names and has other bugs.
 */
static int library_stamp(const char *path, char *buf, size_t size)
{
	struct stat st;
	int n;

	if (*path != '/' || stat(path, &st) < 0)
		return -ENOENT;
	n = snprintf(buf, size, "%ju %ju %jd %jd.%09ld %s", (uintmax_t)st.st_dev,
		     (uintmax_t)st.st_ino, (intmax_t)st.st_size, (intmax_t)st.st_ctim.tv_sec,
		     st.st_ctim.tv_nsec, path);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static bool is_current(const char *maker)
{
	const char *path = strchr(maker, '/');
	char stamp[1000];

	return path && library_stamp(path, stamp, sizeof(stamp)) == 0 && ar_streq(stamp, maker);
}

/* --- reading --- */

static int read_file(struct ar_arena *arena, int dirfd, const char *key, char **ret,
		     size_t *ret_len)
{
	struct stat st;
	_cleanup_fd_ int fd = openat(dirfd, key, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0077))
		return -EPERM;
	return ar_file_read_fd(arena, fd, key, AR_FILTERS_FILE_MAX, ret, ret_len, NULL);
}

bool ar_seccomp_cache_get(struct ar_arena *arena, int dirfd, const char *key,
			  struct ar_filters *ret)
{
	struct ar_filters filters;
	const char *maker;
	char *text;
	size_t len;
	int r;

	r = read_file(arena, dirfd, key, &text, &len);
	if (r == -ENOENT)
		return false;
	if (r == 0)
		r = ar_filters_decode(arena, text, len, key, &filters, &maker);
	if (r < 0) {
		ar_debug("seccomp cache: '%s' is not used: %s", key, ar_errno_text(-r));
		return false;
	}
	if (!is_current(maker)) {
		ar_debug("seccomp cache: '%s' was made by another libseccomp", key);
		return false;
	}
	*ret = filters;
	return true;
}

/* --- writing --- */

/* Remove the oldest file when there are too many; half-written ones count too. */
static void drop_oldest(int dirfd)
{
	struct timespec oldest_time = { 0 };
	char oldest[256] = "";
	struct dirent *entry;
	size_t n = 0;
	_cleanup_fd_ int again = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_entries_ DIR *dir = ar_entries_open(&again);

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		struct stat st;

		if (fstatat(dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    S_ISDIR(st.st_mode))
			continue;
		n++;
		if (*oldest && (st.st_mtim.tv_sec > oldest_time.tv_sec ||
				(st.st_mtim.tv_sec == oldest_time.tv_sec &&
				 st.st_mtim.tv_nsec >= oldest_time.tv_nsec)))
			continue;
		oldest_time = st.st_mtim;
		strcpy(oldest, entry->d_name);
	}
	if (n > AR_SECCOMP_CACHE_MAX)
		(void)unlinkat(dirfd, oldest, 0); /* another process may have been faster */
}

/*
 * Two that write the same file at once share its temporary name and may mix their halves up: the
 * digest inside shows it to the reader.
 */
void ar_seccomp_cache_put(int dirfd, const char *key, const char *library,
			  const struct ar_filters *filters)
{
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT;
	struct ar_error err = { 0 };
	char stamp[1000];

	if (library_stamp(library, stamp, sizeof(stamp)) < 0)
		return;
	ar_filters_encode(filters, key, stamp, &text);
	if (ar_file_replace(dirfd, key, text.s, text.len, 0600, &err) < 0) {
		ar_debug("seccomp cache: %s", err.text);
		return;
	}
	drop_oldest(dirfd);
}
