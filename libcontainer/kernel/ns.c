/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "base/socket.h"
#include "base/str.h"
#include "base/sys.h"

#define AR_NSFS_MAGIC 0x6e736673 /* linux/magic.h; it has its own file system since Linux 3.19 */

static const struct {
	uint64_t flag;
	const char *name, *file;
} kinds[AR_NS_COUNT] = {
	[AR_NS_USER] = { CLONE_NEWUSER, "user", "user" },
	[AR_NS_PID] = { CLONE_NEWPID, "pid", "pid" },
	[AR_NS_MOUNT] = { CLONE_NEWNS, "mount", "mnt" },
	[AR_NS_NETWORK] = { CLONE_NEWNET, "network", "net" },
	[AR_NS_IPC] = { CLONE_NEWIPC, "ipc", "ipc" },
	[AR_NS_UTS] = { CLONE_NEWUTS, "uts", "uts" },
	[AR_NS_CGROUP] = { CLONE_NEWCGROUP, "cgroup", "cgroup" },
	[AR_NS_TIME] = { CLONE_NEWTIME, "time", "time" },
};

const char *ar_ns_name(enum ar_ns ns)
{
	return kinds[ns].name;
}

const char *ar_ns_file(enum ar_ns ns)
{
	return kinds[ns].file;
}

void ar_ns_set_close(struct ar_ns_set *set)
{
	for (int i = 0; i < AR_NS_COUNT; i++)
		ar_close_fd(&set->join[i]);
}

int ar_ns_open(const char *path)
{
	_cleanup_fd_ int at = open(path, O_PATH | O_CLOEXEC);
	char link[AR_FD_PATH_MAX];
	struct statfs fs;
	int fd;

	if (at < 0 || fstatfs(at, &fs) < 0)
		return -errno;
	if (fs.f_type != AR_NSFS_MAGIC)
		return -EINVAL;
	fd = open(ar_fd_path(link, at), O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

const char *ar_ns_text(struct ar_arena *arena, int fd)
{
	struct stat st;
	int type = fstat(fd, &st) < 0 ? -1 : ioctl(fd, NS_GET_NSTYPE);

	for (int i = 0; type > 0 && i < AR_NS_COUNT; i++)
		if ((uint64_t)type == kinds[i].flag)
			return ar_printf(arena, "%s:[%ju]", kinds[i].file, (uintmax_t)st.st_ino);
	return NULL;
}

/*
 * The descriptor must be a namespace of the type the configuration says (ioctl_ns(2), Linux 4.11).
 */
static int open_by_path(enum ar_ns ns, const char *path, int *ret_fd, struct ar_error *err)
{
	_cleanup_fd_ int fd = ar_ns_open(path);
	int type;

	if (fd == -EINVAL)
		return ar_fail(err, EINVAL, "'%s' is not a namespace", path);
	if (fd < 0)
		return ar_fail(err, -fd, "%s namespace '%s'", kinds[ns].name, path);
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0)
		return ar_fail(err, EINVAL, "'%s' is not a namespace", path);
	if ((uint64_t)type != kinds[ns].flag)
		return ar_fail(err, EINVAL, "'%s' is not a namespace of type %s", path,
			       kinds[ns].name);
	*ret_fd = ar_steal_fd(&fd);
	return 0;
}

int ar_ns_set_open(const struct ar_spec *spec, struct ar_ns_set *ret, struct ar_error *err)
{
	if (!spec->linux)
		return 0;
	ar_list_foreach(const struct ar_namespace, entry, &spec->linux->namespaces) {
		for (int i = 0; i < AR_NS_COUNT; i++) {
			int r;

			if (!ar_streq(entry->type, kinds[i].name))
				continue;
			if (!ar_namespace_is_joined(entry)) {
				ret->fresh |= kinds[i].flag;
				continue;
			}
			r = open_by_path(i, entry->path, &ret->join[i], err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int ar_ns_set_of(int proc, pid_t pid, struct ar_ns_set *ret, struct ar_error *err)
{
	for (int i = 0; i < AR_NS_COUNT; i++) {
		struct stat theirs, ours;
		char path[64];
		_cleanup_fd_ int fd = -1;

		snprintf(path, sizeof(path), "%d/ns/%s", (int)pid, kinds[i].file);
		fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT && i == AR_NS_TIME)
			continue; /* a kernel without time namespaces */
		if (fd < 0 || fstat(fd, &theirs) < 0)
			return ar_fail(err, errno, "%s namespace of process %d", kinds[i].name,
				       (int)pid);
		snprintf(path, sizeof(path), "self/ns/%s", kinds[i].file);
		if (fstatat(proc, path, &ours, 0) < 0)
			return ar_fail(err, errno, "our %s namespace", kinds[i].name);
		if (ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev)
			continue;
		ret->join[i] = ar_steal_fd(&fd);
	}
	return 0;
}

/* Namespaces that this process can enter for its child and leave again. */
static const enum ar_ns returnable[] = { AR_NS_NETWORK, AR_NS_IPC,  AR_NS_UTS,
					 AR_NS_PID,	AR_NS_TIME, AR_NS_CGROUP };

static int enter(const struct ar_ns_set *set, enum ar_ns ns, struct ar_error *err)
{
	if (set->join[ns] >= 0 && setns(set->join[ns], (int)kinds[ns].flag) < 0)
		return ar_fail(err, errno, "join the %s namespace", kinds[ns].name);
	return 0;
}

/* Our own namespaces, to come back to; only those that the set makes us leave. */
static int remember(const struct ar_ns_set *set, int proc, struct ar_ns_set *ret_home,
		    struct ar_error *err)
{
	for (size_t i = 0; i < AR_COUNT(returnable); i++) {
		enum ar_ns ns = returnable[i];
		char path[32];

		if (set->join[ns] < 0 && !(ns == AR_NS_TIME && (set->fresh & CLONE_NEWTIME)))
			continue;
		snprintf(path, sizeof(path), "self/ns/%s", kinds[ns].file);
		ret_home->join[ns] = openat(proc, path, O_RDONLY | O_CLOEXEC);
		if (ret_home->join[ns] < 0)
			return ar_fail(err, errno, "our %s namespace", kinds[ns].name);
	}
	return 0;
}

/*
 * Whether we could come back from the namespaces of the set. One of ours may belong to a user
 * namespace above, as the network of a rootless engine does: it can be left, and entered by nobody
 * here. Asked by entering it while we are in it.
 */
static bool can_return(const struct ar_ns_set *set, int proc)
{
	struct ar_ns_set home = AR_NS_SET_INIT;
	struct ar_error err;
	bool can = remember(set, proc, &home, &err) == 0;

	for (size_t i = 0; can && i < AR_COUNT(returnable); i++)
		can = enter(&home, returnable[i], &err) == 0;
	ar_ns_set_close(&home);
	return can;
}

static int enter_returnable(const struct ar_ns_set *set, struct ar_error *err)
{
	for (size_t i = 0; i < AR_COUNT(returnable); i++) {
		int r = enter(set, returnable[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* A time namespace takes its offsets before its first process is born (time_namespaces(7)). */
static int fresh_time(const struct ar_list *offsets, int proc, struct ar_error *err)
{
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT;

	if (unshare(CLONE_NEWTIME) < 0)
		return ar_fail(err, errno, "new time namespace");
	if (!offsets || !offsets->n)
		return 0;
	ar_list_foreach(const struct ar_time_offset, o, offsets)
		ar_text_addf(&text, "%s %lld %llu\n", o->clock, (long long)o->secs.value,
			     (unsigned long long)o->nanosecs.value);
	return ar_file_write(proc, "self/timens_offsets", ar_text_str(&text), err);
}

/* What clone3 makes; the others are made before (time) or after (cgroup) it. */
static uint64_t clone_flags(const struct ar_ns_set *set)
{
	return set->fresh & ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME);
}

static pid_t clone_direct(struct ar_ns_set *set, const struct ar_list *offsets, int proc,
			  int cgroup, int *ret_pidfd, struct ar_error *err)
{
	struct ar_ns_set home = AR_NS_SET_INIT, around = *set;
	struct ar_error back = { 0 };
	int r, ignored;
	pid_t pid;

	around.join[AR_NS_CGROUP] = -1; /* the child's to enter */
	r = remember(&around, proc, &home, err);
	if (r == 0)
		r = enter_returnable(&around, err);
	if (r == 0 && (set->fresh & CLONE_NEWTIME))
		r = fresh_time(offsets, proc, err);
	if (r < 0) {
		(void)enter_returnable(&home, &back); /* the first error is the one to tell */
		ar_ns_set_close(&home);
		return r;
	}
	pid = ar_clone(clone_flags(set), cgroup, ret_pidfd);
	if (pid < 0)
		pid = ar_fail(err, -pid, "clone a process into its namespaces");
	r = pid == 0 ? 0 : enter_returnable(&home, &back);
	ar_ns_set_close(&home);
	if (r < 0 && pid > 0) {
		/* we would run hooks in the container's namespaces */
		(void)ar_sys_pidfd_send_signal(*ret_pidfd, SIGKILL, NULL, 0); /* it may be gone
										 already */
		(void)ar_pidfd_wait(*ret_pidfd, &ignored);		      /* as above */
		ar_close_fd(ret_pidfd);
		*err = back;
		return r;
	}
	return pid;
}

struct born {
	int error; /* errno, 0 */
	pid_t pid;
	struct ar_error text;
};

/* The process in between: enters the user namespace, if there is one, first or last, as its owner
 * or as the host's root may. */
static void join_and_clone(struct ar_ns_set *set, const struct ar_list *offsets, int proc, int sock)
{
	/* asked once: in the user namespace we may be called root */
	bool root = geteuid() == 0;
	struct born born = { 0 };
	_cleanup_fd_ int pidfd = -1;
	int r = 0;

	/* as the host's root everything else may be joined before the rights over the host are
	 * given up */
	if (root)
		r = enter_returnable(set, &born.text);
	if (r == 0)
		r = enter(set, AR_NS_USER, &born.text);
	if (r == 0 && !root)
		r = enter_returnable(set, &born.text);
	if (r == 0 && (set->fresh & CLONE_NEWTIME))
		r = fresh_time(offsets, proc, &born.text);
	if (r == 0) {
		ar_close_fd(&set->join[AR_NS_CGROUP]); /* it is entered */
		born.pid = ar_clone(clone_flags(set) | CLONE_PARENT, -1, &pidfd);
		if (born.pid == 0)
			return; /* the child goes on in the caller */
		if (born.pid < 0)
			r = ar_fail(&born.text, -born.pid, "clone a process into its namespaces");
	}
	born.error = -r;
	(void)ar_socket_send(sock, &born, sizeof(born), pidfd); /* nobody is left to be told */
	_exit(0);
}

/* What the process in between says, within that time; it has ended then. */
static ssize_t hear_joiner(int sock, int joiner, int limit_ms, struct born *ret, int *ret_pidfd)
{
	struct pollfd wait = { .fd = sock, .events = POLLIN };
	int in_time, ignored;
	ssize_t n = 0;

	do
		in_time = poll(&wait, 1, limit_ms);
	while (in_time < 0 && errno == EINTR);
	if (in_time <= 0) /* gone already is fine */
		(void)ar_sys_pidfd_send_signal(joiner, SIGKILL, NULL, 0);
	/* mostly it ends by itself; its status tells nothing more */
	(void)ar_pidfd_wait(joiner, &ignored);
	/* its last moment may have been enough; the other end may be its child's, too */
	if (in_time > 0 || poll(&wait, 1, 0) > 0)
		n = ar_socket_recv(sock, ret, sizeof(*ret), ret_pidfd);
	return in_time <= 0 && n == 0 ? -ETIMEDOUT : n;
}

static pid_t clone_through_joiner(struct ar_ns_set *set, const struct ar_list *offsets, int proc,
				  int cgroup, int limit_ms, int *ret_pidfd, struct ar_error *err)
{
	_cleanup_fd_ int ours = -1, theirs = -1, joiner_fd = -1;
	struct born born = { 0 };
	int pair[2], r;
	pid_t joiner;
	ssize_t n;

	r = ar_socket_pair(pair, err);
	if (r < 0)
		return r;
	ours = pair[0];
	theirs = pair[1];
	joiner = ar_clone(0, cgroup, &joiner_fd);
	if (joiner < 0)
		return ar_fail(err, -joiner, "clone the process that joins namespaces");
	if (joiner == 0) {
		join_and_clone(set, offsets, proc, theirs);
		return 0; /* only the container's process comes here */
	}
	ar_close_fd(&theirs);
	n = hear_joiner(ours, joiner_fd, limit_ms, &born, ret_pidfd);
	if (n == -ETIMEDOUT)
		return ar_refuse(
			err, ETIMEDOUT,
			"the process that joins namespaces did not answer within %d seconds",
			limit_ms / 1000);
	if (n != sizeof(born))
		return ar_fail(err, ECHILD, "the process that joins namespaces ended early");
	if (born.error) {
		*err = born.text;
		return -born.error;
	}
	return born.pid;
}

pid_t ar_ns_clone(struct ar_ns_set *set, const struct ar_list *offsets, int proc, int cgroup,
		  int limit_ms, int *ret_pidfd, struct ar_error *err)
{
	/*
	 * With nsdelegate, which systemd mounts the tree with, a process in a cgroup namespace
	 * cannot clone into a cgroup outside of it: ENOENT. So the child joins the namespace
	 * itself, or the process in between does, where the child of a new user namespace may not.
	 */
	bool by_other = set->join[AR_NS_CGROUP] >= 0 && (set->fresh & CLONE_NEWUSER);

	if (set->join[AR_NS_USER] >= 0 || by_other || !can_return(set, proc))
		return clone_through_joiner(set, offsets, proc, cgroup, limit_ms, ret_pidfd, err);
	return clone_direct(set, offsets, proc, cgroup, ret_pidfd, err);
}

int ar_ns_enter_mount(const struct ar_ns_set *set, struct ar_error *err)
{
	return enter(set, AR_NS_MOUNT, err);
}

int ar_ns_enter_cgroup(const struct ar_ns_set *set, struct ar_error *err)
{
	int r = enter(set, AR_NS_CGROUP, err);

	if (r < 0)
		return r;
	if ((set->fresh & CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0)
		return ar_fail(err, errno, "new cgroup namespace");
	return 0;
}

int ar_ns_loopback_up(struct ar_error *err)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	_cleanup_fd_ int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (sock < 0 || ioctl(sock, SIOCSIFFLAGS, &request) < 0)
		return ar_fail(err, errno, "bring the loopback interface up");
	return 0;
}
