/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sys.h"
#include "kernel/procfs.h"

#include "test.h"

static int open_proc(void)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK(proc >= 0);
	return proc;
}

/* A mount namespace of our own, where nothing reaches the host. */
static void own_mounts(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		SKIP("needs CAP_SYS_ADMIN for a mount namespace");
	CHECK_INT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
}

static void make_file(char path[4096], const char *name)
{
	int fd;

	snprintf(path, 4096, "%s/%s", test_dir(), name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	close(fd);
}

TEST("a directory of a procfs is not its root")
{
	int fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK_INT(ar_procfs_open(fd, "status", O_RDONLY), -EBADF);
}

TEST("another filesystem is no procfs, whatever files it has")
{
	int fd = open(test_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[4096];

	make_file(path, "status");
	CHECK(fd >= 0);
	CHECK_INT(ar_procfs_open(fd, "status", O_RDONLY), -EBADF);
}

TEST("files of this process are read through self")
{
	struct ar_text text = AR_TEXT_INIT;

	CHECK_INT(ar_procfs_read(open_proc(), "self/status", &text), 0);
	CHECK_HAS(ar_text_str(&text), "\nCapBnd:");
	ar_text_done(&text);
}

TEST("a file that is mounted upon one of procfs is not opened")
{
	char path[4096];

	own_mounts();
	make_file(path, "fake");
	CHECK_INT(mount(path, "/proc/self/attr/exec", NULL, MS_BIND, NULL), 0);
	CHECK_INT(ar_procfs_open(open_proc(), "self/attr/exec", O_WRONLY), -EXDEV);
}

TEST("another file of procfs that is mounted there is not opened")
{
	own_mounts();
	CHECK_INT(mount("/proc/version", "/proc/self/attr/exec", NULL, MS_BIND, NULL), 0);
	CHECK_INT(ar_procfs_open(open_proc(), "self/attr/exec", O_WRONLY), -EXDEV);
}

TEST("magic links are not followed")
{
	CHECK_INT(ar_procfs_open(open_proc(), "self/root/etc/passwd", O_RDONLY), -ELOOP);
	CHECK_INT(ar_procfs_open(open_proc(), "self/exe", O_RDONLY), -ELOOP);
}

TEST("the way up out of procfs is closed")
{
	CHECK_INT(ar_procfs_open(open_proc(), "../etc/passwd", O_RDONLY), -EXDEV);
}

int main(void)
{
	return test_main();
}
