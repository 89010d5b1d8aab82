/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"

#define SELF "/proc/self/exe"
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010u /* 6.3 */
#endif

static bool is_protected(void)
{
	_cleanup_fd_ int fd = open(SELF, O_RDONLY | O_CLOEXEC);
	struct statvfs st;
	int seals;

	if (fd < 0)
		return false;
	if (fstatvfs(fd, &st) == 0 && (st.f_flag & ST_RDONLY))
		return true;
	seals = fcntl(fd, F_GET_SEALS); /* an error: it is not a file that can be sealed */
	return seals >= 0 && (seals & SEALS) == SEALS;
}

static int readonly_bind(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	_cleanup_fd_ int fd = ar_sys_open_tree(AT_FDCWD, SELF, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0 || ar_sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -errno;
	return ar_steal_fd(&fd);
}

static int sealed_copy(void)
{
	_cleanup_fd_ int in = open(SELF, O_RDONLY | O_CLOEXEC), out = -1;
	ssize_t n;

	if (in < 0)
		return -errno;
	out = memfd_create("agentrun", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (out < 0 && errno == EINVAL)
		out = memfd_create("agentrun", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (out < 0)
		return -errno;
	while ((n = sendfile(out, in, NULL, 1 << 24)) > 0)
		;
	if (n < 0 || fcntl(out, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	return ar_steal_fd(&out);
}

int ar_self_protect(char *const *argv, char *const *envp, struct ar_error *err)
{
	_cleanup_fd_ int fd = -1;

	if (is_protected()) {
		/* a program that is executed by its descriptor is named after the descriptor's
		 * number */
		(void)prctl(PR_SET_NAME, "agentrun", 0, 0, 0); /* only for ps(1) */
		return 0;
	}
	fd = readonly_bind();
	if (fd < 0)
		fd = sealed_copy();
	if (fd < 0)
		return ar_fail(err, -fd, "protect our own executable from the container");
	execveat(fd, "", argv, envp, AT_EMPTY_PATH);
	return ar_fail(err, errno, "execute our own executable from a protected copy");
}
