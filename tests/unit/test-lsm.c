/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sys.h"
#include "kernel/lsm.h"

#include "test.h"

static int open_proc(void)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK(proc >= 0);
	return proc;
}

static void own_mounts(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		SKIP("needs CAP_SYS_ADMIN for a mount namespace");
	CHECK_INT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
}

/* A file that takes whatever is written to it, upon one of procfs. Its path. */
static const char *trap_upon(const char *target)
{
	static char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/trap", test_dir());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	close(fd);
	CHECK_INT(mount(path, target, NULL, MS_BIND, NULL), 0);
	return path;
}

static void check_untouched(const char *path)
{
	struct stat st;

	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_size, 0);
}

TEST("no label asked is no error, whatever the host has")
{
	struct ar_error err;

	CHECK_INT(ar_apparmor_apply(-1, NULL, &err), 0);
	CHECK_INT(ar_apparmor_apply(-1, "", &err), 0);
	CHECK_INT(ar_selinux_apply(-1, NULL, &err), 0);
	CHECK_INT(ar_selinux_apply(-1, "", &err), 0);
}

TEST("an AppArmor profile that is not loaded is an error that names it and the file")
{
	struct ar_error err;

	if (!ar_apparmor_enabled())
		SKIP("needs a host with AppArmor");
	CHECK(ar_apparmor_apply(open_proc(), "no-such-profile", &err) < 0);
	CHECK_HAS(err.text,
		  "apply AppArmor profile 'no-such-profile': write /proc/thread-self/attr/");
}

TEST("an AppArmor profile without AppArmor is an error that says so")
{
	struct ar_error err;

	if (ar_apparmor_enabled())
		SKIP("needs a host without AppArmor");
	CHECK_INT(ar_apparmor_apply(open_proc(), "no-such-profile", &err), -EINVAL);
	CHECK_STR(err.text, "process.apparmorProfile 'no-such-profile': AppArmor is not enabled on "
			    "this host");
}

TEST("an SELinux label without SELinux is an error that says so")
{
	struct ar_error err;

	if (ar_selinux_enabled())
		SKIP("needs a host without SELinux");
	CHECK_INT(ar_selinux_apply(open_proc(), "a:b:c:s0", &err), -EINVAL);
	CHECK_STR(err.text, "process.selinuxLabel 'a:b:c:s0': SELinux is not enabled on this host");
}

TEST("a label is not written to a file mounted upon the attribute")
{
	struct ar_error err;
	const char *trap;

	own_mounts();
	trap = trap_upon("/proc/thread-self/attr/exec");
	CHECK_INT(ar_selinux_apply(open_proc(), "a:b:c:s0", &err), -EXDEV);
	check_untouched(trap);
}

TEST("a label is not written below a tmpfs in the place of procfs")
{
	char dir[4096], path[4224];
	struct ar_error err;

	/* CVE-2019-16884: an image whose /proc is a directory of its own */
	snprintf(dir, sizeof(dir), "%s/proc", test_dir());
	CHECK_INT(mkdir(dir, 0700), 0);
	snprintf(path, sizeof(path), "%s/thread-self", dir);
	CHECK_INT(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/thread-self/attr", dir);
	CHECK_INT(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/thread-self/attr/exec", dir);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));

	CHECK_INT(ar_selinux_apply(open(dir, O_PATH | O_CLOEXEC), "a:b:c:s0", &err), -EBADF);
	CHECK_INT(ar_apparmor_apply(open(dir, O_PATH | O_CLOEXEC), "profile", &err), -EBADF);
	check_untouched(path);
}

int main(void)
{
	return test_main();
}
