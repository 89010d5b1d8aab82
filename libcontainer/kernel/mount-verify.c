/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/statvfs.h>

#include "base/error.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/mount.h"

int ar_mount_verify(int fd, uint64_t want, const char *name, struct ar_error *err)
{
	static const struct {
		uint64_t attr;
		unsigned long flag;
		const char *name;
	} bits[] = {
		{ MOUNT_ATTR_RDONLY, ST_RDONLY, "ro" },
		{ MOUNT_ATTR_NOSUID, ST_NOSUID, "nosuid" },
		{ MOUNT_ATTR_NODEV, ST_NODEV, "nodev" },
		{ MOUNT_ATTR_NOEXEC, ST_NOEXEC, "noexec" },
		{ MOUNT_ATTR_NOSYMFOLLOW, AR_ST_NOSYMFOLLOW, "nosymfollow" },
	};
	struct statvfs st;

	if (fstatvfs(fd, &st) < 0)
		return ar_fail(err, errno, "read back the mount '%s'", name);
	for (size_t i = 0; i < AR_COUNT(bits); i++)
		if ((want & bits[i].attr) && !(st.f_flag & bits[i].flag))
			return ar_refuse(err, EPERM, "the mount '%s' did not become %s", name,
					 bits[i].name);
	return 0;
}
