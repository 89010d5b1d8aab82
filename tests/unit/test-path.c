/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"

#include "test.h"

/*
 * A container's root below the scratch folder, and a secret beside it that nothing may reach:
 *	DIR/secret/key
 *	DIR/root/
 */
struct place {
	int root;
	int secret;
};

static struct place place_new(void)
{
	struct place p;

	CHECK_INT(chdir(test_dir()), 0);
	(void)!system("rm -rf root secret"); /* another test's: empty or not, it is made anew */
	CHECK_INT(mkdir("secret", 0755), 0);
	CHECK_INT(mkdir("root", 0755), 0);
	p.root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	p.secret = open("secret", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(p.root >= 0 && p.secret >= 0);
	CHECK_INT(close(open("secret/key", O_CREAT | O_WRONLY, 0600)), 0);
	return p;
}

/* How many entries the secret folder has: it starts with one. */
static int secrets(void)
{
	FILE *ls = popen("ls -A secret | wc -l", "r");
	int n = -1;

	CHECK(ls != NULL);
	CHECK_INT(fscanf(ls, "%d", &n), 1);
	CHECK_INT(pclose(ls), 0);
	return n;
}

static void check_same(int fd, int dirfd, const char *path)
{
	struct stat a, b;

	CHECK(fd >= 0);
	CHECK_INT(fstat(fd, &a), 0);
	CHECK_INT(fstatat(dirfd, path, &b, AT_SYMLINK_NOFOLLOW), 0);
	CHECK(a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

TEST("a link to an absolute path stays inside the root")
{
	struct place p = place_new();

	CHECK_INT(mkdirat(p.root, "etc", 0755), 0);
	CHECK_INT(symlinkat("/etc", p.root, "link"), 0);
	check_same(ar_open_in_root(p.root, "/link", O_PATH, 0), p.root, "etc");
}

TEST("dots and links of dots cannot leave the root")
{
	struct place p = place_new();

	CHECK_INT(symlinkat("../secret", p.root, "up"), 0);
	CHECK_INT(symlinkat("../../../../../../..", p.root, "top"), 0);
	CHECK_INT(ar_open_in_root(p.root, "../secret/key", O_PATH, 0), -ENOENT);
	CHECK_INT(ar_open_in_root(p.root, "up/key", O_PATH, 0), -ENOENT);
	check_same(ar_open_in_root(p.root, "top", O_PATH, 0), p.root, ".");
}

TEST("a magic link of proc is not followed")
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK_INT(ar_open_in_root(root, "/proc/self/root", O_PATH | O_DIRECTORY, 0), -ELOOP);
	CHECK_INT(ar_open_in_root(root, "/proc/self/fd/0", O_RDONLY, 0), -ELOOP);
}

TEST("an opened file is closed on exec")
{
	struct place p = place_new();
	int fd = ar_open_in_root(p.root, "/", O_RDONLY | O_DIRECTORY, 0);

	CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

TEST("without links means that not even one inside the root is followed")
{
	struct place p = place_new();

	CHECK_INT(mkdirat(p.root, "etc", 0755), 0);
	CHECK_INT(symlinkat("etc", p.root, "link"), 0);
	CHECK_INT(ar_open_no_links(p.root, "/link", O_PATH | O_DIRECTORY, 0), -ELOOP);
	CHECK_INT(ar_open_no_links(p.root, "link/", O_PATH | O_DIRECTORY, 0), -ELOOP);
	CHECK_INT(ar_open_no_links(p.root, "../secret", O_PATH, 0), -EXDEV);
	check_same(ar_open_no_links(p.root, "//etc", O_PATH, 0), p.root, "etc");
	check_same(ar_open_no_links(p.root, "/", O_PATH, 0), p.root, ".");
}

TEST("a file made in the root has the mode that was asked")
{
	struct place p = place_new();
	struct stat st;
	int fd;

	(void)umask(022);
	fd = ar_open_in_root(p.root, "/new", O_CREAT | O_EXCL | O_WRONLY, 0644);
	CHECK(fd >= 0);
	CHECK_INT(fstat(fd, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0644);
}

TEST("missing directories are made with their parents")
{
	struct place p = place_new();
	struct ar_error err = { 0 };
	int fd = -1;

	CHECK_INT(ar_mkdir_in_root(p.root, "/a/b//c/", 0755, &fd, &err), 0);
	check_same(fd, p.root, "a/b/c");
	CHECK_INT(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
}

TEST("a directory that is there already is taken")
{
	struct place p = place_new();
	int fd = -1;

	CHECK_INT(mkdirat(p.root, "a", 0700), 0);
	CHECK_INT(ar_mkdir_in_root(p.root, "a", 0755, &fd, NULL), 0);
	check_same(fd, p.root, "a");
}

TEST("a file in the place of a directory is an error that names it")
{
	struct place p = place_new();
	struct ar_error err = { 0 };
	int fd = -1;

	CHECK_INT(close(openat(p.root, "file", O_CREAT | O_WRONLY, 0644)), 0);
	CHECK_INT(ar_mkdir_in_root(p.root, "/file", 0755, &fd, &err), -ENOTDIR);
	CHECK_STR(err.text, "make directory '/file' in the root: not a directory");
	CHECK_INT(ar_mkdir_in_root(p.root, "/file/below", 0755, &fd, &err), -ENOTDIR);
	CHECK_INT(fd, -1);
}

TEST("directories below a link to nowhere are made where it points inside the root")
{
	struct place p = place_new();
	int fd = -1;

	CHECK_INT(mkdirat(p.root, "var", 0755), 0);
	CHECK_INT(symlinkat("/run", p.root, "var/run"), 0);
	CHECK_INT(ar_mkdir_in_root(p.root, "/var/run/app", 0755, &fd, NULL), 0);
	check_same(fd, p.root, "run/app");
}

TEST("nothing is made outside the root through links and dots")
{
	static const char *const targets[] = { "../secret", "/../secret", "../../../../../../tmp",
					       "sub/../../secret" };
	struct place p = place_new();

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		int fd = -1;

		CHECK_INT(symlinkat(targets[i], p.root, "out"), 0);
		CHECK_INT(ar_mkdir_in_root(p.root, "/out/made", 0755, &fd, NULL), 0);
		CHECK_INT(close(fd), 0);
		CHECK_INT(ar_mkfile_in_root(p.root, "/out/file", 0644, &fd, NULL), 0);
		CHECK_INT(close(fd), 0);
		CHECK_INT(secrets(), 1);
		CHECK_INT(faccessat(AT_FDCWD, "/tmp/made", F_OK, 0), -1);
		CHECK_INT(unlinkat(p.root, "out", 0), 0);
	}
}

TEST("links that point at each other end in an error")
{
	struct place p = place_new();
	int fd = -1;

	CHECK_INT(symlinkat("b/x", p.root, "a"), 0);
	CHECK_INT(symlinkat("a/x", p.root, "b"), 0);
	CHECK_INT(ar_mkdir_in_root(p.root, "/a/c", 0755, &fd, NULL), -ELOOP);
}

TEST("a name that is too long is refused")
{
	struct place p = place_new();
	char name[PATH_MAX + 8];
	int fd = -1;

	memset(name, 'n', sizeof(name));
	name[NAME_MAX + 1] = '\0';
	CHECK_INT(ar_mkdir_in_root(p.root, name, 0755, &fd, NULL), -ENAMETOOLONG);
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	CHECK_INT(ar_mkdir_in_root(p.root, name, 0755, &fd, NULL), -ENAMETOOLONG);
}

TEST("a missing file is made with its parents, and an existing one is left alone")
{
	struct place p = place_new();
	struct stat st;
	int fd = -1;

	CHECK_INT(ar_mkfile_in_root(p.root, "/etc/app/conf", 0644, &fd, NULL), 0);
	check_same(fd, p.root, "etc/app/conf");
	CHECK_INT(fstat(fd, &st), 0);
	CHECK(S_ISREG(st.st_mode));
	CHECK_INT(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
	CHECK_INT(ar_mkfile_in_root(p.root, "/etc/app/conf", 0600, &fd, NULL), 0);
	check_same(fd, p.root, "etc/app/conf");
	CHECK_INT(ar_mkfile_in_root(p.root, "/etc", 0600, &fd, NULL), -EISDIR);
}

TEST("a file is made behind a link to nowhere, inside the root")
{
	struct place p = place_new();
	int fd = -1;

	CHECK_INT(symlinkat("/run/resolv.conf", p.root, "resolv.conf"), 0);
	CHECK_INT(ar_mkfile_in_root(p.root, "/resolv.conf", 0644, &fd, NULL), 0);
	check_same(fd, p.root, "run/resolv.conf");
}

/* Exchanges root/dir (a directory) and root/out (a link to the secret) until it is killed. */
static void exchange_for_ever(int root)
{
	CHECK_INT(prctl(PR_SET_PDEATHSIG, SIGKILL), 0); /* also when a check fails */
	for (;;)
		(void)renameat2(root, "dir", root, "out", RENAME_EXCHANGE);
}

TEST("exchanging a directory and a link meanwhile never leads outside")
{
	struct place p = place_new();
	pid_t racer;
	int status;

	CHECK_INT(mkdirat(p.root, "dir", 0755), 0);
	CHECK_INT(symlinkat("../secret", p.root, "out"), 0);
	racer = fork();
	CHECK(racer >= 0);
	if (racer == 0)
		exchange_for_ever(p.root);
	for (int i = 0; i < 3000; i++) {
		char name[32];
		int fd = -1;

		(void)snprintf(name, sizeof(name), "/dir/%d/sub", i); /* fits */
		if (ar_mkdir_in_root(p.root, name, 0755, &fd, NULL) == 0)
			CHECK_INT(close(fd), 0);
		(void)snprintf(name, sizeof(name), "/dir/f%d", i); /* fits */
		if (ar_mkfile_in_root(p.root, name, 0644, &fd, NULL) == 0)
			CHECK_INT(close(fd), 0);
		CHECK(ar_open_in_root(p.root, "/dir/key", O_RDONLY, 0) < 0);
		CHECK(ar_open_no_links(p.root, "/dir/key", O_RDONLY, 0) < 0);
	}
	CHECK_INT(kill(racer, SIGKILL), 0);
	CHECK_INT(waitpid(racer, &status, 0), racer);
	CHECK_INT(secrets(), 1);
}

TEST("paths are cleaned lexically")
{
	static const struct {
		const char *path, *clean;
	} table[] = {
		{ "/", "/" },
		{ "//", "/" },
		{ "/a", "/a" },
		{ "/a/", "/a" },
		{ "//a///b//", "/a/b" },
		{ "/./a/./b/.", "/a/b" },
		{ "/a/../b", "/b" },
		{ "/..", "/" },
		{ "/../../a", "/a" },
		{ "/a/b/../../..", "/" },
		{ "/a/..b/.c/d..", "/a/..b/.c/d.." },
		{ "/...", "/..." },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char path[64];

		memcpy(path, table[i].path, strlen(table[i].path) + 1);
		ar_path_clean(path);
		CHECK_STR(path, table[i].clean);
	}
}

TEST("a relative path is taken as below the root directory")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();

	CHECK_STR(ar_path_absolute(arena, "a/../b/"), "/b");
	CHECK_STR(ar_path_absolute(arena, ""), "/");
	CHECK_STR(ar_path_absolute(arena, "/x/./y"), "/x/y");
	CHECK_STR(ar_path_absolute(arena, "../../x"), "/x");
}

TEST("a directory's neighbour with a longer name is not within it")
{
	CHECK(ar_path_within("/run/docker", "/run"));
	CHECK(ar_path_within("/run", "/run"));
	CHECK(ar_path_within("/run", "/"));
	CHECK(!ar_path_within("/running", "/run"));
	CHECK(!ar_path_within("/", "/run"));
}

TEST("a descriptor tells its path, and that it was removed")
{
	struct place p = place_new();
	char want[PATH_MAX], got[PATH_MAX], tiny[4];
	int fd = ar_open_in_root(p.root, "/", O_PATH, 0), dir = -1, pipe_fds[2];

	CHECK(realpath("root", want) != NULL);
	CHECK_INT(ar_fd_realpath(fd, got, sizeof(got)), 0);
	CHECK_STR(got, want);
	CHECK_INT(ar_fd_realpath(fd, tiny, sizeof(tiny)), -ENAMETOOLONG);
	CHECK_INT(ar_mkdir_in_root(p.root, "/gone", 0755, &dir, NULL), 0);
	CHECK_INT(unlinkat(p.root, "gone", AT_REMOVEDIR), 0);
	CHECK_INT(ar_fd_realpath(dir, got, sizeof(got)), -ENOENT);
	CHECK_INT(ar_mkdir_in_root(p.root, "/a (deleted)", 0755, &dir, NULL), 0);
	CHECK_INT(ar_fd_realpath(dir, got, sizeof(got)), 0);
	CHECK_HAS(got, "/root/a (deleted)");
	CHECK_INT(pipe(pipe_fds), 0);
	CHECK_INT(ar_fd_realpath(pipe_fds[0], got, sizeof(got)), -EXDEV);
}

int main(void)
{
	return test_main();
}
