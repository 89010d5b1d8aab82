/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Where a cgroup is, how it is made and removed; see cgroups.h. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"

#include "cgroups.h"
#include "test.h"

/* --- where ------------------------------------------------------------------------------- */

TEST("a path with dots or of the root itself is refused")
{
	static const struct {
		const char *path, *text;
	} table[] = {
		{ "/a/../b", "cgroupsPath '/a/../b' must not have '..'" },
		{ "..", "cgroupsPath '..' must not have '..'" },
		{ "a/..", "cgroupsPath 'a/..' must not have '..'" },
		{ "/", "cgroupsPath '/' must not be the root of the tree" },
		{ "/./", "cgroupsPath '/./' must not be the root of the tree" },
	};
	struct ar_cgroup cgroup = cgroup_at("x");

	for (size_t i = 0; i < AR_COUNT(table); i++) {
		CHECK_INT(ar_cgroup_locate(test_arena, table[i].path, "id", &cgroup, &test_error),
			  -EINVAL);
		CHECK_STR(test_error.text, table[i].text);
	}
}

TEST("without a path root's container is in agentrun, below the root of the tree")
{
	struct ar_cgroup cgroup = cgroup_at("x");

	CHECK_INT(ar_cgroup_locate(test_arena, NULL, "my-id", &cgroup, NULL), 0);
	CHECK_STR(cgroup.path, "/agentrun/my-id");
	CHECK_INT(ar_cgroup_locate(test_arena, "/docker//abc/", "my-id", &cgroup, NULL), 0);
	CHECK_STR(cgroup.path, "/docker/abc");
	CHECK_INT(cgroup.fd, -1);
}

TEST("a relative path is beside our own cgroup")
{
	struct ar_cgroup cgroup = cgroup_made("own/deep");

	CHECK_INT(ar_cgroup_enter(&cgroup, NULL, getpid(), NULL), 0);
	CHECK_INT(ar_cgroup_locate(test_arena, "rel/x", "id", &cgroup, &test_error), 0);
	CHECK_STR(cgroup.path, ar_printf(test_arena, "/agentrun-test.%d/own/rel/x", test_pid));
}

/* A mount namespace in which the usual places hold nothing. */
static void hide_trees(void)
{
	(void)cgroup_at("x");
	if (unshare(CLONE_NEWNS) < 0)
		SKIP("needs CAP_SYS_ADMIN for a mount namespace");
	CHECK_INT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	CHECK_INT(mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL), 0);
}

TEST("a tree at an unusual place is found, not one that is covered")
{
	const char *root = NULL, *place;

	hide_trees();
	CHECK_INT(ar_cgroup_find_root(test_arena, &root, &test_error), -ENOENT);
	CHECK_STR(test_error.text, "no cgroup v2 tree is mounted");
	place = ar_printf(test_arena, "%s/tree", test_dir());
	CHECK_INT(mkdir(place, 0755), 0);
	CHECK_INT(mount("none", place, "cgroup2", 0, NULL), 0);
	CHECK_INT(ar_cgroup_find_root(test_arena, &root, &test_error), 0);
	CHECK_STR(root, place);
	CHECK_INT(umount(place), 0);
}

/* --- make and remove --------------------------------------------------------------------- */

TEST("a cgroup is made with its parents and removed with them")
{
	struct ar_cgroup cgroup = cgroup_at("new/parent/leaf");
	const char *parent = ar_printf(test_arena, "/agentrun-test.%d/new", test_pid);

	CHECK_INT(ar_cgroup_make(&cgroup, NULL, &test_error), 0);
	CHECK(cgroup_there(&cgroup, cgroup.path));
	CHECK_INT(fcntl(cgroup.fd, F_GETFD), FD_CLOEXEC);
	cgroup_removed(&cgroup);
	CHECK(!cgroup_there(&cgroup, parent));
}

TEST("parents that were there, or that somebody else is in, stay")
{
	struct ar_cgroup mine = cgroup_made("shared/mine"), other = cgroup_made("shared/other");
	const char *parent = ar_printf(test_arena, "/agentrun-test.%d/shared", test_pid);

	cgroup_removed(&mine);
	CHECK(cgroup_there(&mine, parent));
	cgroup_removed(&other);
	CHECK(cgroup_there(&other, parent)); /* "other" found it */
}

TEST("a cgroup from a record takes the parent named agentrun with it, and no other")
{
	struct ar_cgroup ours = cgroup_made("rec/agentrun/a"),
			 foreign = cgroup_made("rec/docker/b"), again;

	CHECK_INT(ar_cgroup_reopen(test_arena, ours.root, ours.path, &again, &test_error), 0);
	cgroup_removed(&again);
	CHECK(!cgroup_there(&ours,
			    ar_printf(test_arena, "/agentrun-test.%d/rec/agentrun", test_pid)));
	CHECK_INT(ar_cgroup_reopen(test_arena, foreign.root, foreign.path, &again, &test_error), 0);
	cgroup_removed(&again);
	CHECK(cgroup_there(&ours, ar_printf(test_arena, "/agentrun-test.%d/rec/docker", test_pid)));
}

TEST("an empty cgroup that is there already is taken")
{
	struct ar_cgroup cgroup = cgroup_made("taken"), again = cgroup_at("taken");

	CHECK_INT(ar_cgroup_make(&again, NULL, &test_error), 0);
	cgroup_removed(&cgroup);
}

TEST("a cgroup that holds processes is refused and left alone")
{
	struct ar_cgroup cgroup = cgroup_made("full"), again = cgroup_at("full");
	pid_t pid;

	cgroup_sub(&cgroup, "sub");
	pid = cgroup_sleeper(&cgroup, "sub");
	CHECK_INT(ar_cgroup_make(&again, NULL, &test_error), -EBUSY);
	CHECK_STR(test_error.text, "container's cgroup is not empty: 1 process(es) found");
	CHECK_INT(again.fd, -1);
	CHECK_INT(kill(pid, 0), 0);
	cgroup_removed(&cgroup);
	CHECK_INT(reap(pid), 137);
}

TEST("who wants a cgroup alone gets none above or below those of others")
{
	struct ar_cgroup other = cgroup_made("pod/other"), pod = cgroup_at("pod"),
			 below = cgroup_at("pod/other/a/b");
	pid_t pid = cgroup_sleeper(&other, NULL);

	pod.alone = below.alone = true;
	CHECK_INT(ar_cgroup_check_alone(&pod, &test_error), -EBUSY);
	CHECK_HAS(test_error.text, "there are cgroups below it");
	CHECK_INT(ar_cgroup_check_alone(&below, &test_error), -EBUSY);
	CHECK_INT(ar_cgroup_make(&below, NULL, &test_error), -EBUSY);
	CHECK_HAS(test_error.text,
		  ar_printf(test_arena, "'%s' above it holds processes of others", other.path));
	CHECK(!cgroup_there(&other, ar_printf(test_arena, "%s/a", other.path)));
	below.alone = false;
	CHECK_INT(ar_cgroup_make(&below, NULL, &test_error), 0);
	cgroup_removed(&below);
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(reap(pid), 137);
	CHECK_INT(ar_cgroup_make(&pod, NULL, &test_error), -EBUSY);
	cgroup_removed(&other);
}

TEST("who wants a cgroup alone gets an empty one that is there, and one below the caller's own")
{
	struct ar_cgroup own = cgroup_made("caller"), taken = cgroup_made("taken"),
			 again = cgroup_at("taken"), below = cgroup_at("caller/box");

	again.alone = below.alone = true;
	CHECK_INT(ar_cgroup_make(&again, NULL, &test_error), 0);
	cgroup_removed(&taken);
	CHECK_INT(ar_cgroup_enter(&own, NULL, getpid(), &test_error), 0);
	CHECK_INT(ar_cgroup_make(&below, NULL, &test_error), 0);
	cgroup_removed(&below);
	CHECK_INT(ar_file_write(own.root_fd, "cgroup.procs", "0", &test_error), 0);
	cgroup_removed(&own);
}

static uid_t owner(const struct ar_cgroup *cgroup, const char *file)
{
	struct stat st;

	CHECK_INT(fstatat(cgroup->fd, file, &st, 0), 0);
	return st.st_uid;
}

TEST("a delegated cgroup is a user's, with the files that the kernel says")
{
	struct ar_cgroup cgroup = cgroup_made("given");

	CHECK_INT(ar_cgroup_delegate(&cgroup, 100000, &test_error), 0);
	CHECK_UINT(owner(&cgroup, "."), 100000);
	CHECK_UINT(owner(&cgroup, "cgroup.procs"), 100000);
	CHECK_UINT(owner(&cgroup, "cgroup.subtree_control"), 100000);
	CHECK_UINT(owner(&cgroup, "cgroup.freeze"), 0);
	cgroup_removed(&cgroup);
}

TEST("a frozen cgroup, or one below a frozen one, is refused and nothing is left of it")
{
	struct ar_cgroup parent = cgroup_made("cold"), frozen = cgroup_at("cold"),
			 child = cgroup_at("cold/child/leaf");

	CHECK_INT(ar_cgroup_freeze(&parent, true, &test_error), 0);
	CHECK_INT(ar_cgroup_make(&frozen, NULL, &test_error), -EBUSY);
	CHECK_HAS(test_error.text, "is unexpectedly frozen");
	CHECK_INT(ar_cgroup_make(&child, NULL, &test_error), -EBUSY);
	CHECK_HAS(test_error.text,
		  ar_printf(test_arena, "is frozen: '%s' above it is", parent.path));
	CHECK(cgroup_there(&parent, parent.path));
	CHECK(!cgroup_there(&parent, ar_printf(test_arena, "%s/child", parent.path)));
	cgroup_removed(&parent);
}

TEST("what somebody else made is unused when it is neither frozen nor holds processes, or is gone")
{
	struct ar_cgroup cgroup = cgroup_made("scope");
	pid_t sleeper;

	CHECK_INT(ar_cgroup_check_unused(&cgroup, &test_error), 0);
	CHECK_INT(ar_cgroup_freeze(&cgroup, true, &test_error), 0);
	CHECK_INT(ar_cgroup_check_unused(&cgroup, &test_error), -EBUSY);
	CHECK_HAS(test_error.text, "is unexpectedly frozen");
	CHECK_INT(ar_cgroup_freeze(&cgroup, false, &test_error), 0);
	sleeper = cgroup_sleeper(&cgroup, NULL);
	CHECK_INT(ar_cgroup_check_unused(&cgroup, &test_error), -EBUSY);
	CHECK_HAS(test_error.text, "is not empty: 1 process(es)");
	CHECK_INT(kill(sleeper, SIGKILL), 0);
	(void)reap(sleeper);
	cgroup_removed(&cgroup);
	CHECK_INT(ar_cgroup_check_unused(&cgroup, &test_error), 0);
}

TEST("removing ends what runs in it, the frozen too, and takes the cgroups of the container along")
{
	struct ar_cgroup cgroup = cgroup_made("busy");
	pid_t a, b, c;

	cgroup_sub(&cgroup, "s1");
	cgroup_sub(&cgroup, "s1/t1");
	cgroup_sub(&cgroup, "s2");
	a = cgroup_sleeper(&cgroup, NULL);
	b = cgroup_sleeper(&cgroup, "s1/t1");
	c = cgroup_sleeper(&cgroup, "s2");
	CHECK_INT(ar_cgroup_freeze(&cgroup, true, &test_error), 0);
	cgroup_removed(&cgroup);
	CHECK_INT(reap(a), 137);
	CHECK_INT(reap(b), 137);
	CHECK_INT(reap(c), 137);
}

TEST("what a dead runtime left is found again and removed")
{
	struct ar_cgroup cgroup = cgroup_made("left"), again;
	pid_t pid = cgroup_sleeper(&cgroup, NULL);

	ar_cgroup_close(&cgroup);
	CHECK_INT(ar_cgroup_reopen(test_arena, cgroup.root, cgroup.path, &again, &test_error), 0);
	CHECK(again.fd >= 0);
	cgroup_removed(&again);
	CHECK_INT(reap(pid), 137);
	CHECK_INT(ar_cgroup_reopen(test_arena, cgroup.root, cgroup.path, &again, &test_error), 0);
	CHECK_INT(again.fd, -1);
	CHECK_INT(ar_cgroup_remove(&again, &test_error), 0);
}

TEST("containers that come and go below one parent do not disturb each other")
{
	struct ar_cgroup parent = cgroup_made("race");

	for (int i = 0; i < 4; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid > 0)
			continue;
		for (int j = 0; j < 50; j++) {
			struct ar_cgroup own =
				cgroup_at(ar_printf(test_arena, "race/parent/%d", i));

			if (ar_cgroup_make(&own, NULL, &test_error) < 0 ||
			    ar_cgroup_remove(&own, &test_error) < 0) {
				printf("# %s\n", test_error.text);
				fflush(stdout);
				_exit(1);
			}
			ar_cgroup_close(&own);
		}
		_exit(0);
	}
	for (int i = 0; i < 4; i++) {
		int status;

		CHECK(wait(&status) > 0);
		CHECK_INT(status, 0);
	}
	cgroup_removed(&parent);
}

int main(void)
{
	return cgroup_test_main();
}
