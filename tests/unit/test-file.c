/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

#include "test.h"

static int here;

/* Into the scratch folder, with nothing of an earlier test in it. */
static void enter_scratch(void)
{
	CHECK_INT(chdir(test_dir()), 0);
	CHECK_INT(system("rm -rf ./*"), 0);
	here = open(".", O_DIRECTORY | O_CLOEXEC);
	CHECK(here >= 0);
}

static struct ar_arena *start(void)
{
	enter_scratch();
	return ar_arena_new();
}

static void put(const char *name, const char *text, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0);
	CHECK_INT(ar_write_all(fd, text, len), 0);
	CHECK_INT(close(fd), 0);
}

TEST("a file is read whole and terminated")
{
	_cleanup_arena_ struct ar_arena *arena = start();
	char *text;
	size_t len;

	put("f", "one\0two", 7);
	CHECK_INT(ar_file_read(arena, here, "f", 100, &text, &len, NULL), 0);
	CHECK_INT(len, 7);
	CHECK(memcmp(text, "one\0two", 8) == 0);
	put("f", "", 0);
	CHECK_INT(ar_file_read(arena, here, "f", 100, &text, &len, NULL), 0);
	CHECK_INT(len, 0);
	CHECK_STR(text, "");
}

TEST("a file of exactly the limit is read, one byte more is refused")
{
	_cleanup_arena_ struct ar_arena *arena = start();
	struct ar_error err = { 0 };
	char *text;
	size_t len;

	put("f", "12345678", 8);
	CHECK_INT(ar_file_read(arena, here, "f", 8, &text, &len, &err), 0);
	CHECK_STR(text, "12345678");
	CHECK_INT(ar_file_read(arena, here, "f", 7, &text, &len, &err), -EFBIG);
	CHECK_STR(err.text, "read 'f': more than 7 bytes: file too large");
}

TEST("what is no regular file is refused without waiting for it")
{
	_cleanup_arena_ struct ar_arena *arena = start();
	struct ar_error err = { 0 };
	char *text;
	size_t len;

	CHECK_INT(mkfifo("fifo", 0600), 0);
	CHECK_INT(mkdir("dir", 0700), 0);
	CHECK_INT(ar_file_read(arena, here, "fifo", 8, &text, &len, &err), -EINVAL);
	CHECK_STR(err.text, "read 'fifo': not a regular file");
	CHECK_INT(ar_file_read(arena, here, "dir", 8, &text, &len, &err), -EISDIR);
	CHECK_STR(err.text, "read 'dir': is a directory");
	CHECK_INT(ar_file_read(arena, here, "none", 8, &text, &len, &err), -ENOENT);
	CHECK_STR(err.text, "open 'none': not found");
}

TEST("what the caller names may be a fifo, which is read up to the limit, and no device")
{
	_cleanup_arena_ struct ar_arena *arena = start();
	struct ar_error err = { 0 };
	char *text;
	size_t len;
	int fd;

	put("f", "file", 4);
	CHECK_INT(ar_file_read_given(arena, here, "f", 8, &text, &len, &err), 0);
	CHECK_STR(text, "file");
	CHECK_INT(mkfifo("fifo", 0600), 0);
	for (size_t max = 8; max >= 7; max--) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid == 0) {
			usleep(50000); /* it comes after its reader */
			fd = open("fifo", O_WRONLY);
			_exit(fd < 0 || write(fd, "12345678", 8) != 8);
		}
		CHECK_INT(ar_file_read_given(arena, here, "fifo", max, &text, &len, &err),
			  max == 8 ? 0 : -EFBIG);
		CHECK_INT(waitpid(pid, NULL, 0), pid);
	}
	CHECK_STR(text, "12345678");
	CHECK_STR(err.text, "read 'fifo': more than 7 bytes: file too large");
	CHECK_INT(ar_file_read_given(arena, AT_FDCWD, "/dev/null", 8, &text, &len, &err), -EINVAL);
	CHECK_INT(ar_file_read_given(arena, here, "none", 8, &text, &len, &err), -ENOENT);
}

TEST("a file whose size is not known before is read whole, up to the limit")
{
	_cleanup_arena_ struct ar_arena *arena = start();
	char *text, *large = malloc(60000);
	size_t len;
	int fds[2];

	CHECK_INT(ar_file_read(arena, AT_FDCWD, "/proc/self/status", 65536, &text, &len, NULL), 0);
	CHECK(len > 500 && strlen(text) == len);

	memset(large, 'x', 60000);
	CHECK_INT(pipe(fds), 0);
	CHECK_INT(ar_write_all(fds[1], large, 60000), 0);
	CHECK_INT(close(fds[1]), 0);
	CHECK_INT(ar_file_read_fd(arena, fds[0], "a pipe", 60000, &text, &len, NULL), 0);
	CHECK_INT(len, 60000);

	CHECK_INT(pipe(fds), 0);
	CHECK_INT(ar_write_all(fds[1], large, 60000), 0);
	CHECK_INT(ar_file_read_fd(arena, fds[0], "a pipe", 59999, &text, &len, NULL), -EFBIG);
	free(large);
}

TEST("all is written to a pipe that does not block, at the pace of its reader")
{
	char buf[4096];
	char *large = malloc(200000);
	size_t read_of_it = 0;
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	memset(large, 'x', 200000);
	CHECK_INT(pipe(fds), 0);
	CHECK_INT(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0)
		_exit(-ar_write_all(fds[1], large, 200000));
	free(large);
	CHECK_INT(close(fds[1]), 0);
	CHECK_INT(usleep(50000), 0); /* until it is full */
	while ((n = read(fds[0], buf, sizeof(buf))) > 0)
		read_of_it += (size_t)n;
	CHECK_INT(read_of_it, 200000);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
}

TEST("a short file is peeked at without its newline")
{
	enter_scratch();
	char buf[8];

	put("f", "max\n", 4);
	CHECK_INT(ar_file_peek(here, "f", buf, sizeof(buf)), 0);
	CHECK_STR(buf, "max");
	put("f", "1234567", 7);
	CHECK_INT(ar_file_peek(here, "f", buf, sizeof(buf)), 0);
	CHECK_STR(buf, "1234567");
	put("f", "12345678", 8);
	CHECK_INT(ar_file_peek(here, "f", buf, sizeof(buf)), -EFBIG);
	CHECK_INT(ar_file_peek(here, "none", buf, sizeof(buf)), -ENOENT);
}

TEST("replacing leaves the new content, the asked mode and no temporary file")
{
	enter_scratch();
	struct stat st;
	char buf[16];

	(void)umask(077);
	put("f", "old", 3);
	CHECK_INT(ar_file_replace(here, "f", "new", 3, 0644, NULL), 0);
	CHECK_INT(ar_file_peek(here, "f", buf, sizeof(buf)), 0);
	CHECK_STR(buf, "new");
	CHECK_INT(stat("f", &st), 0);
	CHECK_INT(st.st_mode & 07777, 0644);
	CHECK_INT(access(".f.tmp", F_OK), -1);
}

TEST("a temporary file that a dead writer left is no obstacle, nor followed if it is a link")
{
	enter_scratch();
	char buf[16];

	put("victim", "safe", 4);
	CHECK_INT(symlink("victim", ".f.tmp"), 0);
	CHECK_INT(ar_file_replace(here, "f", "new", 3, 0600, NULL), 0);
	CHECK_INT(ar_file_peek(here, "victim", buf, sizeof(buf)), 0);
	CHECK_STR(buf, "safe");
	CHECK_INT(ar_file_peek(here, "f", buf, sizeof(buf)), 0);
	CHECK_STR(buf, "new");
}

TEST("a file named with its folder gets its temporary file there")
{
	enter_scratch();
	struct ar_error err = { 0 };
	char buf[16];

	CHECK_INT(mkdir("d", 0700), 0);
	CHECK_INT(ar_file_replace(here, "d/f", "x", 1, 0600, NULL), 0);
	CHECK_INT(ar_file_peek(here, "d/f", buf, sizeof(buf)), 0);
	CHECK_INT(ar_file_replace(here, "none/f", "x", 1, 0600, &err), -ENOENT);
	CHECK_STR(err.text, "write 'none/f': not found");
}

TEST("a failing replacement leaves the old file and nothing else")
{
	enter_scratch();

	CHECK_INT(mkdir("f", 0700), 0);
	CHECK_INT(ar_file_replace(here, "f", "x", 1, 0600, NULL), -EISDIR);
	CHECK_INT(access("f", F_OK), 0);
	CHECK_INT(access(".f.tmp", F_OK), -1);
}

TEST("writing to a file that is not there makes none")
{
	enter_scratch();
	struct ar_error err = { 0 };
	char buf[16];

	CHECK_INT(ar_file_write(here, "f", "1", &err), -ENOENT);
	CHECK_STR(err.text, "open 'f': not found");
	put("f", "100\n", 4);
	CHECK_INT(ar_file_write(here, "f", "7", &err), 0);
	CHECK_INT(ar_file_peek(here, "f", buf, sizeof(buf)), 0);
	CHECK_STR(buf, "7");
}

TEST("what the kernel refuses is told with the value")
{
	enter_scratch();
	struct ar_error err = { 0 };

	CHECK_INT(ar_file_write(AT_FDCWD, "/proc/self/oom_score_adj", "9999", &err), -EINVAL);
	CHECK_STR(err.text, "write '9999' to '/proc/self/oom_score_adj': invalid argument");
}

TEST("removing a tree follows no link")
{
	enter_scratch();

	CHECK_INT(system("mkdir -p keep t/a/b && touch keep/x t/f t/a/b/g && ln -s ../keep t/l"
			 " && mkfifo t/a/p && ln -s t top"),
		  0);
	CHECK_INT(ar_tree_remove(here, "t", NULL), 0);
	CHECK_INT(access("t", F_OK), -1);
	CHECK_INT(access("keep/x", F_OK), 0);
	CHECK_INT(ar_tree_remove(here, "top", NULL), 0); /* the link itself */
	CHECK_INT(access("keep/x", F_OK), 0);
	CHECK_INT(ar_tree_remove(here, "never-there", NULL), 0);
}

TEST("removing a tree does not enter what is mounted in it")
{
	enter_scratch();
	struct ar_error err = { 0 };

	if (unshare(CLONE_NEWNS) < 0)
		SKIP("needs CAP_SYS_ADMIN for a mount namespace");
	CHECK_INT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	CHECK_INT(system("mkdir -p keep t/m && touch keep/x"), 0);
	CHECK_INT(mount("keep", "t/m", NULL, MS_BIND, NULL), 0);
	CHECK(ar_tree_remove(here, "t", &err) < 0);
	CHECK_HAS(err.text, "remove 't': ");
	CHECK_INT(access("keep/x", F_OK), 0);
	CHECK_INT(umount("t/m"), 0);
}

int main(void)
{
	return test_main();
}
