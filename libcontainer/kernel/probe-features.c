/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/probe-features.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "kernel/idmap.h"
#include "kernel/mount.h"
#include "kernel/probe-internal.h"
#include "spec/spec.h"

/* A kernel that does not know a call answers ENOSYS, whatever its arguments are. */
static bool is_known(int r)
{
	return r >= 0 || errno != ENOSYS;
}

/* A kernel that knows the flag looks for the descriptor, which is none; no process is made. */
static bool has_clone_into_cgroup(void)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .cgroup = INT_MAX };

	return ar_sys_clone3(&args, sizeof(args)) < 0 && errno == EBADF;
}

static bool has_openat2(void)
{
	struct open_how how = { .flags = O_PATH };

	return is_known(ar_sys_openat2(-1, "x", &how));
}

static bool has_pidfd(void)
{
	_cleanup_fd_ int fd = ar_sys_pidfd_open(getpid(), 0);

	return fd >= 0 && is_known(ar_sys_pidfd_send_signal(fd, 0, NULL, 0));
}

static bool has_close_range(void)
{
	return is_known(ar_sys_close_range(1, 0, 0));
}

static bool has_mount_api(void)
{
	_cleanup_fd_ int tree = ar_sys_open_tree(-1, "", ~0u);

	return is_known(tree) && is_known(ar_sys_fsmount(-1, 0, 0));
}

static bool has_mount_setattr(void)
{
	struct mount_attr attr = { 0 };

	return is_known(ar_sys_mount_setattr(-1, "x", ~0u, &attr, sizeof(attr)));
}

static bool has_seccomp_action(uint32_t action)
{
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static bool has_seccomp(void)
{
	return has_seccomp_action(SECCOMP_RET_KILL_PROCESS);
}

static bool has_seccomp_notify(void)
{
	return has_seccomp_action(SECCOMP_RET_USER_NOTIF);
}

static bool has_memfd_noexec(void)
{
	struct utsname name;

	return uname(&name) == 0 && ar_memfd_noexec_works(name.release);
}

static bool has_time_namespace(void)
{
	return access("/proc/self/ns/time", F_OK) == 0;
}

static bool (*const asks[AR_FEATURE_COUNT])(void) = {
	[AR_FEATURE_CLONE_INTO_CGROUP] = has_clone_into_cgroup,
	[AR_FEATURE_OPENAT2] = has_openat2,
	[AR_FEATURE_PIDFD] = has_pidfd,
	[AR_FEATURE_CLOSE_RANGE] = has_close_range,
	[AR_FEATURE_MOUNT_API] = has_mount_api,
	[AR_FEATURE_MOUNT_SETATTR] = has_mount_setattr,
	[AR_FEATURE_SECCOMP] = has_seccomp,
	[AR_FEATURE_SECCOMP_NOTIFY] = has_seccomp_notify,
	[AR_FEATURE_MEMFD_NOEXEC] = has_memfd_noexec,
	[AR_FEATURE_TIME_NAMESPACE] = has_time_namespace,
};

bool ar_feature_has(enum ar_feature feature)
{
	return asks[feature]();
}

int ar_feature_idmap(const char *path)
{
	struct ar_id_mapping map = { .container_id = { true, 0 },
				     .host_id = { true, 100000 },
				     .size = { true, 65536 } };
	const struct ar_list maps = { &map, 1 };
	_cleanup_fd_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int fd = open(path, O_PATH | O_CLOEXEC);
	_cleanup_fd_ int userns = -1;
	struct ar_error err;
	int r;

	if (proc < 0 || fd < 0)
		return -errno;
	r = ar_idmap_userns(proc, &maps, &maps, &userns, &err);
	return r < 0 ? r : ar_probe_can_map(fd, userns);
}

int ar_feature_cgroup_bpf(const char *root)
{
	union bpf_attr attr = { .query = { .attach_type = BPF_CGROUP_DEVICE } };
	_cleanup_fd_ int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	attr.query.target_fd = (uint32_t)fd;
	if (syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)) == 0)
		return 1;
	return errno == EPERM || errno == EACCES ? -errno : 0;
}
