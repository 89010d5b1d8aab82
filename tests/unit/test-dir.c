/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "state/dir.h"

#include "test.h"

static struct ar_error error;

/* A state root of the test's own, that does not exist yet. */
static const char *new_root(void)
{
	static char root[4096];
	static int n;

	(void)snprintf(root, sizeof(root), "%s/root-%d-%d", test_dir(), getpid(), n++);
	return root;
}

static const char *below(const char *root, const char *name)
{
	static char path[8192];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

static unsigned int mode_of(const char *path)
{
	struct stat st;

	CHECK_INT(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void make(const char *root, const char *id)
{
	_cleanup_dir_ struct ar_dir dir = AR_DIR_INIT;

	CHECK_INT(ar_dir_create(root, id, &dir, &error), 0);
}

static int open_as(const char *root, const char *id, enum ar_lock lock)
{
	_cleanup_dir_ struct ar_dir dir = AR_DIR_INIT;

	return ar_dir_open(root, id, lock, &dir, &error);
}

TEST("an id has letters, digits and a few signs, and is no way out of the root")
{
	static const char *const good[] = { "a", "A_b+c.d-9", "...", ".a", "-a", "a..b" };
	static const char *const bad[] = { ".",	  "..",	 "../a",     "a/b", "/",
					   "a b", "a\n", "\xc3\xa4", "a:b", "a~" };
	char longest[1026];

	for (size_t i = 0; i < AR_COUNT(good); i++)
		CHECK_INT(ar_id_check(good[i], &error), 0);
	for (size_t i = 0; i < AR_COUNT(bad); i++) {
		CHECK_INT(ar_id_check(bad[i], &error), -EINVAL);
		CHECK_STR(error.text, "invalid container ID format");
	}
	CHECK_INT(ar_id_check("", &error), -EINVAL);
	CHECK_STR(error.text, "container id cannot be empty");
	memset(longest, 'a', sizeof(longest));
	longest[1025] = '\0';
	CHECK_INT(ar_id_check(longest, &error), -EINVAL);
	longest[1024] = '\0';
	CHECK_INT(ar_id_check(longest, &error), 0);
}

TEST("a container's directory lets others pass through and nothing else, whatever the umask")
{
	const char *root = new_root();

	umask(077);
	make(root, "one");
	CHECK_UINT(mode_of(below(root, "one")), 0711);
	umask(0);
	make(root, "two");
	CHECK_UINT(mode_of(below(root, "two")), 0711);
	CHECK_UINT(mode_of(root) & 022, 0);
}

TEST("an id that is in use is refused")
{
	_cleanup_dir_ struct ar_dir dir = AR_DIR_INIT;
	const char *root = new_root();

	make(root, "one");
	CHECK_INT(ar_dir_create(root, "one", &dir, &error), -EEXIST);
	CHECK_STR(error.text, "container with given ID already exists");
	CHECK_INT(dir.fd, -1);
}

TEST("of many that make the same container at the same time one wins")
{
	const char *root = new_root();
	int winners = 0, status;

	for (int i = 0; i < 16; i++) {
		if (fork() == 0) {
			_cleanup_dir_ struct ar_dir dir = AR_DIR_INIT;

			_exit(ar_dir_create(root, "one", &dir, &error) == 0 ? 0 : 1);
		}
	}
	while (wait(&status) > 0)
		winners += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	CHECK_INT(winners, 1);
}

TEST("what is not there does not exist, nor does anything in a missing root")
{
	const char *root = new_root();

	CHECK_INT(open_as(root, "one", AR_LOCK_NONE), -ENOENT);
	CHECK_STR(error.text, "container does not exist");
	make(root, "one");
	CHECK_INT(open_as(root, "two", AR_LOCK_EXCLUSIVE), -ENOENT);
	CHECK_STR(error.text, "container does not exist");
	CHECK_INT(open_as(root, "one", AR_LOCK_NONE), 0);
}

TEST("a bad id is refused before the disk is looked at")
{
	_cleanup_dir_ struct ar_dir dir = AR_DIR_INIT;
	const char *root = new_root();

	CHECK_INT(open_as(root, "../etc", AR_LOCK_NONE), -EINVAL);
	CHECK_INT(ar_dir_create(root, "../etc", &dir, &error), -EINVAL);
	CHECK_INT(access(root, F_OK), -1);
}

TEST("who has made a container has its lock, and who only looks does not wait for it")
{
	_cleanup_dir_ struct ar_dir dir = AR_DIR_INIT;
	const char *root = new_root();
	_cleanup_fd_ int fd = -1;

	CHECK_INT(ar_dir_create(root, "one", &dir, &error), 0);
	fd = open(below(root, "one"), O_RDONLY | O_DIRECTORY);
	CHECK_INT(flock(fd, LOCK_EX | LOCK_NB), -1);
	CHECK_INT(open_as(root, "one", AR_LOCK_NONE), 0);
	ar_dir_unlock(&dir);
	CHECK_INT(flock(fd, LOCK_EX | LOCK_NB), 0);
	CHECK_INT(flock(fd, LOCK_UN), 0);
	CHECK_INT(ar_dir_lock(&dir, "one", &error), 0);
	CHECK_INT(flock(fd, LOCK_EX | LOCK_NB), -1);
	ar_dir_close(&dir);
	CHECK_INT(flock(fd, LOCK_EX | LOCK_NB), 0);
}

/* Another process waits for the lock while body's container is removed; what it got is its exit
 * status. */
static int wait_while(const char *root, struct ar_dir *dir, bool make_again)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(-open_as(root, "one", AR_LOCK_EXCLUSIVE));
	usleep(50000); /* most likely it waits by now; if not, the answers are the same */
	CHECK_INT(ar_dir_remove(dir, "one", &error), 0);
	if (make_again)
		CHECK_INT(mkdir(below(root, "one"), 0711), 0);
	ar_dir_close(dir);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

TEST("of many that make and remove the same container at the same time none takes another one's")
{
	const char *root = new_root();
	int status, failed = 0;

	for (int i = 0; i < 16; i++) {
		if (fork() != 0)
			continue;
		for (int n = 0; n < 1000; n++) {
			_cleanup_dir_ struct ar_dir dir = AR_DIR_INIT;
			int r = ar_dir_create(root, "one", &dir, &error);

			/* a file that is there already is another maker's */
			if (r == 0 && mkfifoat(dir.fd, "file", 0600) < 0)
				_exit(1);
			ar_dir_close(&dir);
			if (ar_dir_open(root, "one", AR_LOCK_EXCLUSIVE, &dir, &error) == 0 &&
			    ar_dir_remove(&dir, "one", &error) < 0)
				_exit(1);
		}
		_exit(0);
	}
	while (wait(&status) > 0)
		failed += status != 0;
	CHECK_INT(failed, 0);
}

TEST("who waited for a container that is removed meanwhile finds that it does not exist")
{
	_cleanup_dir_ struct ar_dir dir = AR_DIR_INIT;
	const char *root = new_root();

	CHECK_INT(ar_dir_create(root, "one", &dir, &error), 0);
	CHECK_INT(wait_while(root, &dir, false), ENOENT);
}

TEST("who waited for a container that is made anew meanwhile gets the new one")
{
	_cleanup_dir_ struct ar_dir dir = AR_DIR_INIT;
	const char *root = new_root();

	CHECK_INT(ar_dir_create(root, "one", &dir, &error), 0);
	CHECK_INT(wait_while(root, &dir, true), 0);
}

TEST("who cannot have the lock in time is told so")
{
	_cleanup_dir_ struct ar_dir dir = AR_DIR_INIT, other = AR_DIR_INIT;
	const char *root = new_root();

	CHECK_INT(ar_dir_create(root, "one", &dir, &error), 0);
	CHECK_INT(ar_dir_open(root, "one", AR_LOCK_BRIEFLY, &other, &error), -EBUSY);
	CHECK_STR(error.text, "container 'one' is in use by another command");
	CHECK_INT(other.fd, -1);
}

TEST("a lock is not taken again on a container that was removed meanwhile")
{
	struct ar_dir first = AR_DIR_INIT, second = AR_DIR_INIT;
	const char *root = new_root();

	CHECK_INT(ar_dir_create(root, "one", &first, &error), 0);
	ar_dir_unlock(&first);
	CHECK_INT(ar_dir_open(root, "one", AR_LOCK_EXCLUSIVE, &second, &error), 0);
	CHECK_INT(ar_dir_remove(&second, "one", &error), 0);
	ar_dir_close(&second);
	make(root, "one");
	CHECK_INT(ar_dir_lock(&first, "one", &error), -ESTALE);
	CHECK_INT(ar_dir_remove(&first, "one", &error), -ESTALE);
	CHECK_INT(access(below(root, "one"), F_OK), 0);
	ar_dir_close(&first);
}

TEST("a container is removed with all that is in it")
{
	_cleanup_dir_ struct ar_dir dir = AR_DIR_INIT;
	const char *root = new_root();

	CHECK_INT(ar_dir_create(root, "one", &dir, &error), 0);
	CHECK_INT(mkdirat(dir.fd, "folder", 0700), 0);
	CHECK_INT(mkfifoat(dir.fd, "exec.fifo", 0622), 0);
	CHECK_INT(ar_dir_remove(&dir, "one", &error), 0);
	CHECK_INT(access(below(root, "one"), F_OK), -1);
}

/* What others could have written is not believed. */
static void check_distrust(const char *root, const char *part)
{
	int r = open_as(root, "one", AR_LOCK_EXCLUSIVE);

	CHECK(r == -EPERM || r == -ENOTDIR);
	CHECK_HAS(error.text, part);
	CHECK_HAS(error.text, "not trusted");
}

TEST("a container's directory that others may write is not trusted")
{
	const char *root = new_root();

	make(root, "one");
	CHECK_INT(chmod(below(root, "one"), 0771), 0);
	check_distrust(root, "state of container 'one' is writable by others (mode 0771)");
	CHECK_INT(chmod(below(root, "one"), 0717), 0);
	check_distrust(root, "state of container 'one' is writable by others (mode 0717)");
}

TEST("a state root that others may write is not trusted")
{
	_cleanup_dir_ struct ar_dir dir = AR_DIR_INIT;
	const char *root = new_root();

	make(root, "one");
	CHECK_INT(chmod(root, 01777), 0);
	check_distrust(root, "state root");
	CHECK_INT(ar_dir_create(root, "two", &dir, &error), -EPERM);
}

TEST("a link in a container's place is not followed")
{
	const char *root = new_root();

	make(root, "other");
	CHECK_INT(symlink("other", below(root, "one")), 0);
	check_distrust(root, "is not a directory");
}

TEST("a file in a container's place is no container")
{
	const char *root = new_root();
	_cleanup_fd_ int fd = -1;

	make(root, "other");
	fd = open(below(root, "one"), O_WRONLY | O_CREAT, 0644);
	CHECK(fd >= 0);
	check_distrust(root, "is not a directory");
}

TEST("a directory of somebody else's is not trusted")
{
	const char *root = new_root();

	if (geteuid() != 0)
		SKIP("only root can give a directory away");
	make(root, "one");
	CHECK_INT(chown(below(root, "one"), 1234, 1234), 0);
	check_distrust(root, "belongs to user 1234");
	CHECK_INT(chown(root, 1234, 1234), 0);
	check_distrust(root, "belongs to user 1234");
}

TEST("ids are listed in order, without what cannot be one")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const char *root = new_root();
	struct ar_strings ids;
	_cleanup_fd_ int fd = -1;

	make(root, "b");
	make(root, "a");
	CHECK_INT(mkdir(below(root, "not an id"), 0711), 0);
	fd = open(below(root, "file"), O_WRONLY | O_CREAT, 0644);
	CHECK_INT(ar_ids(arena, root, &ids, &error), 0);
	CHECK_UINT(ids.n, 2);
	CHECK_STR(ids.items[0], "a");
	CHECK_STR(ids.items[1], "b");
}

TEST("a missing root has no ids and says so")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_strings ids = { .n = 7 };

	CHECK_INT(ar_ids(arena, new_root(), &ids, &error), -ENOENT);
	CHECK_UINT(ids.n, 0);
}

int main(void)
{
	return test_main();
}
