/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/passed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "policy/hostpaths.h"

/* Of major 1: null, zero, full, random, urandom (Documentation/admin-guide/devices.txt). */
static bool is_everybodys(dev_t device)
{
	static const unsigned int minors[] = { 3, 5, 7, 8, 9 };

	for (size_t i = 0; i < sizeof(minors) / sizeof(*minors); i++)
		if (device == makedev(1, minors[i]))
			return true;
	return false;
}

static const char *judge_device(int fd, const struct stat *st)
{
	return is_everybodys(st->st_rdev) || isatty(fd) ? NULL : "it is a device of the host";
}

static const char *judge_file(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) < 0 ? "it cannot be inspected"
				    : ar_kernel_fs((uint64_t)(unsigned long)fs.f_type);
}

/* Why it is not passed on, NULL: it is. */
static const char *judge(int fd, int flags)
{
	struct stat st;

	if (flags & O_PATH)
		return "it only names a file of the host";
	if (fstat(fd, &st) < 0)
		return "it cannot be inspected";
	switch (st.st_mode & S_IFMT) {
	case S_IFIFO:
	case S_IFSOCK:
		return NULL;
	case S_IFREG:
		return judge_file(fd);
	case S_IFCHR:
		return judge_device(fd, &st);
	case S_IFDIR:
		return "it is a directory of the host";
	default:
		return "it is neither a file, a pipe, a socket nor a terminal";
	}
}

int ar_passed_check(unsigned int n, struct ar_error *err)
{
	for (unsigned int fd = 0; fd < n; fd++) {
		int flags = fcntl((int)fd, F_GETFL);
		const char *reason = flags < 0 ? NULL : judge((int)fd, flags);

		if (reason)
			return ar_refuse(err, EPERM, "descriptor %u is not for the container: %s",
					 fd, reason);
	}
	return 0;
}
