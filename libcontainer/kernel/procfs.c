/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

/* inode number of a procfs' root, in all kernels (PROC_ROOT_INO) */
#define ROOT_INODE 1
/* openat2 answers EAGAIN when a rename crossed its way; procfs has none */
#define TRIES 8
/* a status file with as many groups as a process can have is below this */
#define READ_MAX (1u << 20)

static bool is_procfs_root(int proc)
{
	struct statfs fs;
	struct stat st;

	return fstatfs(proc, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC && fstat(proc, &st) == 0 &&
	       st.st_ino == ROOT_INODE;
}

int ar_procfs_open(int proc, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC | O_NOCTTY),
		/* What passes this lies on the mount of proc itself, so it is procfs too. */
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};

	if (!is_procfs_root(proc))
		return -EBADF;
	for (int i = 0; i < TRIES; i++) {
		int fd = ar_sys_openat2(proc, path, &how);

		if (fd >= 0)
			return fd;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

int ar_procfs_read_fd(int fd, struct ar_text *ret)
{
	char buf[4096]; /* as much as most of these files give at once */

	while (ret->len < READ_MAX) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		ar_text_add_n(ret, buf, (size_t)n);
	}
	return -EFBIG;
}

int ar_procfs_read(int proc, const char *path, struct ar_text *ret)
{
	_cleanup_fd_ int fd = ar_procfs_open(proc, path, O_RDONLY);

	return fd < 0 ? fd : ar_procfs_read_fd(fd, ret);
}

int ar_procfs_peek(int proc, const char *path, char *buf, size_t size)
{
	_cleanup_fd_ int fd = ar_procfs_open(proc, path, O_RDONLY);
	size_t len = 0;

	if (fd < 0)
		return fd;
	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0) {
			buf[len] = '\0';
			return 0;
		}
		len += (size_t)n;
	}
	return -EFBIG;
}

int ar_procfs_write(int proc, const char *path, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;
	_cleanup_fd_ int fd = ar_procfs_open(proc, path, O_WRONLY);

	if (fd < 0)
		return fd;
	do {
		n = write(fd, text, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}
