/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/trust.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

/* A small file of /proc, terminated. False: it cannot be read. */
static bool read_small(const char *path, char *buf, size_t size)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (n < 0)
		return false;
	buf[n] = '\0';
	return true;
}

void ar_trust_get(struct ar_trust *ret)
{
	unsigned long inside = 1, outside = 1, count = 0, overflow = 65534;
	char text[128];

	/* every id maps to itself in the initial user namespace alone; without the file there is no
	 * other */
	if (read_small("/proc/self/uid_map", text, sizeof(text)) &&
	    sscanf(text, "%lu %lu %lu", &inside, &outside, &count) == 3)
		ret->userns = inside != 0 || outside != 0 || count != 4294967295ul;
	else
		ret->userns = false;
	if (read_small("/proc/sys/kernel/overflowuid", text, sizeof(text)))
		overflow = strtoul(text, NULL, 10);
	ret->overflow_uid = (uid_t)overflow;
	ret->host_root = !ret->userns && geteuid() == 0;
}

static const char *untrusted_stat(const struct ar_trust *trust, const struct stat *st)
{
	bool root = st->st_uid == 0 || (trust->userns && st->st_uid == trust->overflow_uid);
	/* /tmp: others may add names there, but not replace this one */
	bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);

	if (!root)
		return "does not belong to root";
	if ((st->st_mode & 022) && !sticky)
		return "can be changed by users other than root";
	return NULL;
}

const char *ar_untrusted(const struct ar_trust *trust, int fd, const char *path)
{
	char dir[PATH_MAX], link[AR_FD_PATH_MAX];
	const char *why;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return "cannot be inspected";
	why = untrusted_stat(trust, &st);
	if (why)
		return why;
	/* uid 0 of a user namespace may be the caller itself, and the file its own */
	if (!trust->host_root && faccessat(AT_FDCWD, ar_fd_path(link, fd), W_OK, AT_EACCESS) == 0)
		return "can be written by the caller";
	if ((size_t)snprintf(dir, sizeof(dir), "%s", path) >= sizeof(dir))
		return "has too long a name";
	for (;;) {
		char *slash = strrchr(dir, '/');

		if (!slash)
			return NULL;
		slash[slash == dir] = '\0'; /* of "/name" the slash stays */
		if (lstat(dir, &st) < 0)
			return "lies in a directory that cannot be inspected";
		if (untrusted_stat(trust, &st))
			return "lies in a directory that users other than root can change";
		if (!trust->host_root && !(st.st_mode & S_ISVTX) &&
		    faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS) == 0)
			return "lies in a directory that the caller can change";
		if (slash == dir)
			return NULL;
	}
}
