/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * System calls that glibc 2.36 lacks, or declares only in headers that clash with the kernel's.
 * Each returns -1 with errno as the C library would. The kernel version that brought it is named.
 */

#include <fcntl.h>
#include <linux/mount.h> /* not <sys/mount.h>: they clash before glibc 2.37 */
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef MS_RDONLY
#error "linux/mount.h does not define MS_RDONLY"
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000 /* 5.14 */
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256 /* 5.10 */
#endif
#define AR_ST_NOSYMFOLLOW 0x2000u /* of statfs(2), which the C library has no name for */
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef UMOUNT_NOFOLLOW
#define UMOUNT_NOFOLLOW 8
#endif
#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif

/* declared here because <sys/mount.h> cannot be included beside <linux/mount.h> */
int mount(const char *source, const char *target, const char *type, unsigned long flags,
	  const void *data);
int umount2(const char *target, int flags);

/* 5.1 */
int ar_sys_pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned int flags);
/* 5.2 */
int ar_sys_open_tree(int dirfd, const char *path, unsigned int flags);
int ar_sys_move_mount(int from, const char *from_path, int to, const char *to_path,
		      unsigned int flags);
int ar_sys_fsopen(const char *type, unsigned int flags);
int ar_sys_fsconfig(int fd, unsigned int cmd, const char *key, const void *value, int aux);
int ar_sys_fsmount(int fd, unsigned int flags, unsigned int attr);
/* 5.3 */
long ar_sys_clone3(struct clone_args *args, size_t size);
int ar_sys_pidfd_open(pid_t pid, unsigned int flags);
/* 5.6 */
int ar_sys_openat2(int dirfd, const char *path, struct open_how *how);
/* 5.9 */
int ar_sys_close_range(unsigned int first, unsigned int last, unsigned int flags);
/* 5.12 */
int ar_sys_mount_setattr(int dirfd, const char *path, unsigned int flags, struct mount_attr *attr,
			 size_t size);

int ar_sys_pivot_root(const char *new_root, const char *put_old);
