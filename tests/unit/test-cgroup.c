/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Cgroups on the host's own v2 tree: needs root and such a tree; limits need their controllers. All
 * lives below /agentrun-test.PID of the tree.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/process.h"
#include "base/str.h"
#include "kernel/cgroup-stats.h"
#include "kernel/cgroup.h"

#include "test.h"

static pid_t test_pid; /* of the program, which the tests are children of */
static struct ar_arena *arena;
static struct ar_error err;

/*
 * What these tests cannot do without; each is its own process, so nothing needs to be undone here.
 *
 */
static struct ar_cgroup at(const char *name)
{
	struct ar_cgroup cgroup = AR_CGROUP_INIT;
	const char *root;

	if (geteuid() != 0)
		SKIP("needs root");
	if (!arena)
		arena = ar_arena_new();
	if (ar_cgroup_find_root(arena, &root, NULL) < 0)
		SKIP("needs a cgroup v2 tree");
	if (ar_cgroup_locate(arena, ar_printf(arena, "/agentrun-test.%d/%s", test_pid, name), "id",
			     &cgroup, &err))
		test_fail(__FILE__, __LINE__, "%s", err.text);
	return cgroup;
}

static struct ar_cgroup made(const char *name)
{
	struct ar_cgroup cgroup = at(name);

	if (ar_cgroup_make(&cgroup, NULL, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	CHECK(cgroup.fd >= 0);
	return cgroup;
}

static void need_controller(const struct ar_cgroup *cgroup, const char *name)
{
	if (!strstr(cgroup->controllers, name))
		SKIP(ar_printf(arena, "needs the controller '%s' in the cgroup v2 tree", name));
}

static void removed(struct ar_cgroup *cgroup)
{
	if (ar_cgroup_remove(cgroup, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	CHECK_INT(ar_open_no_links(cgroup->root_fd, cgroup->path, O_PATH, 0), -ENOENT);
}

static bool there(const struct ar_cgroup *cgroup, const char *path)
{
	_cleanup_fd_ int fd = ar_open_no_links(cgroup->root_fd, path, O_PATH, 0);

	return fd >= 0;
}

/* A child born in the cgroup (its sub) that waits for a signal. */
static pid_t sleeper(const struct ar_cgroup *cgroup, const char *sub)
{
	int pidfd = -1;
	pid_t pid;
	_cleanup_fd_ int fd = -1;

	CHECK_INT(ar_cgroup_open_sub(cgroup, sub, &fd, NULL), 0);
	pid = ar_clone(0, fd, &pidfd);
	CHECK(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when a check fails */
		for (;;)
			(void)pause();
	}
	CHECK_INT(close(pidfd), 0);
	return pid;
}

static int reap(pid_t pid)
{
	int status;

	CHECK_INT(waitpid(pid, &status, 0), pid);
	return ar_exit_code(status);
}

static char *get(const struct ar_cgroup *cgroup, const char *file)
{
	static char buf[4096];

	CHECK_INT(ar_file_peek(cgroup->fd, file, buf, sizeof(buf)), 0);
	return buf;
}

static void sub_cgroup(const struct ar_cgroup *cgroup, const char *name)
{
	CHECK_INT(mkdirat(cgroup->fd, name, 0755), 0);
}

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
	struct ar_cgroup cgroup = at("x");

	for (size_t i = 0; i < AR_COUNT(table); i++) {
		CHECK_INT(ar_cgroup_locate(arena, table[i].path, "id", &cgroup, &err), -EINVAL);
		CHECK_STR(err.text, table[i].text);
	}
}

TEST("without a path root's container is in agentrun, below the root of the tree")
{
	struct ar_cgroup cgroup = at("x");

	CHECK_INT(ar_cgroup_locate(arena, NULL, "my-id", &cgroup, NULL), 0);
	CHECK_STR(cgroup.path, "/agentrun/my-id");
	CHECK_INT(ar_cgroup_locate(arena, "/docker//abc/", "my-id", &cgroup, NULL), 0);
	CHECK_STR(cgroup.path, "/docker/abc");
	CHECK_INT(cgroup.fd, -1);
}

TEST("a relative path is beside our own cgroup")
{
	struct ar_cgroup cgroup = made("own/deep");

	CHECK_INT(ar_cgroup_enter(&cgroup, NULL, getpid(), NULL), 0);
	CHECK_INT(ar_cgroup_locate(arena, "rel/x", "id", &cgroup, &err), 0);
	CHECK_STR(cgroup.path, ar_printf(arena, "/agentrun-test.%d/own/rel/x", test_pid));
}

/* A mount namespace in which the usual places hold nothing. */
static void hide_trees(void)
{
	(void)at("x");
	if (unshare(CLONE_NEWNS) < 0)
		SKIP("needs CAP_SYS_ADMIN for a mount namespace");
	CHECK_INT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	CHECK_INT(mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL), 0);
}

TEST("a tree at an unusual place is found, not one that is covered")
{
	const char *root = NULL, *place;

	hide_trees();
	CHECK_INT(ar_cgroup_find_root(arena, &root, &err), -ENOENT);
	CHECK_STR(err.text, "no cgroup v2 tree is mounted");
	place = ar_printf(arena, "%s/tree", test_dir());
	CHECK_INT(mkdir(place, 0755), 0);
	CHECK_INT(mount("none", place, "cgroup2", 0, NULL), 0);
	CHECK_INT(ar_cgroup_find_root(arena, &root, &err), 0);
	CHECK_STR(root, place);
	CHECK_INT(umount(place), 0);
}

/* --- make and remove --------------------------------------------------------------------- */

TEST("a cgroup is made with its parents and removed with them")
{
	struct ar_cgroup cgroup = at("new/parent/leaf");
	const char *parent = ar_printf(arena, "/agentrun-test.%d/new", test_pid);

	CHECK_INT(ar_cgroup_make(&cgroup, NULL, &err), 0);
	CHECK(there(&cgroup, cgroup.path));
	CHECK_INT(fcntl(cgroup.fd, F_GETFD), FD_CLOEXEC);
	removed(&cgroup);
	CHECK(!there(&cgroup, parent));
}

TEST("parents that were there, or that somebody else is in, stay")
{
	struct ar_cgroup mine = made("shared/mine"), other = made("shared/other");
	const char *parent = ar_printf(arena, "/agentrun-test.%d/shared", test_pid);

	removed(&mine);
	CHECK(there(&mine, parent));
	removed(&other);
	CHECK(there(&other, parent)); /* "other" found it */
}

TEST("a cgroup from a record takes the parent named agentrun with it, and no other")
{
	struct ar_cgroup ours = made("rec/agentrun/a"), foreign = made("rec/docker/b"), again;

	CHECK_INT(ar_cgroup_reopen(arena, ours.root, ours.path, &again, &err), 0);
	removed(&again);
	CHECK(!there(&ours, ar_printf(arena, "/agentrun-test.%d/rec/agentrun", test_pid)));
	CHECK_INT(ar_cgroup_reopen(arena, foreign.root, foreign.path, &again, &err), 0);
	removed(&again);
	CHECK(there(&ours, ar_printf(arena, "/agentrun-test.%d/rec/docker", test_pid)));
}

TEST("an empty cgroup that is there already is taken")
{
	struct ar_cgroup cgroup = made("taken"), again = at("taken");

	CHECK_INT(ar_cgroup_make(&again, NULL, &err), 0);
	removed(&cgroup);
}

TEST("a cgroup that holds processes is refused and left alone")
{
	struct ar_cgroup cgroup = made("full"), again = at("full");
	pid_t pid;

	sub_cgroup(&cgroup, "sub");
	pid = sleeper(&cgroup, "sub");
	CHECK_INT(ar_cgroup_make(&again, NULL, &err), -EBUSY);
	CHECK_STR(err.text, "container's cgroup is not empty: 1 process(es) found");
	CHECK_INT(again.fd, -1);
	CHECK_INT(kill(pid, 0), 0);
	removed(&cgroup);
	CHECK_INT(reap(pid), 137);
}

TEST("who wants a cgroup alone gets none above or below those of others")
{
	struct ar_cgroup other = made("pod/other"), pod = at("pod"), below = at("pod/other/a/b");
	pid_t pid = sleeper(&other, NULL);

	pod.alone = below.alone = true;
	CHECK_INT(ar_cgroup_check_alone(&pod, &err), -EBUSY);
	CHECK_HAS(err.text, "there are cgroups below it");
	CHECK_INT(ar_cgroup_check_alone(&below, &err), -EBUSY);
	CHECK_INT(ar_cgroup_make(&below, NULL, &err), -EBUSY);
	CHECK_HAS(err.text,
		  ar_printf(arena, "'%s' above it holds processes of others", other.path));
	CHECK(!there(&other, ar_printf(arena, "%s/a", other.path)));
	below.alone = false;
	CHECK_INT(ar_cgroup_make(&below, NULL, &err), 0);
	removed(&below);
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(reap(pid), 137);
	CHECK_INT(ar_cgroup_make(&pod, NULL, &err), -EBUSY);
	removed(&other);
}

TEST("who wants a cgroup alone gets an empty one that is there, and one below the caller's own")
{
	struct ar_cgroup own = made("caller"), taken = made("taken"), again = at("taken"),
			 below = at("caller/box");

	again.alone = below.alone = true;
	CHECK_INT(ar_cgroup_make(&again, NULL, &err), 0);
	removed(&taken);
	CHECK_INT(ar_cgroup_enter(&own, NULL, getpid(), &err), 0);
	CHECK_INT(ar_cgroup_make(&below, NULL, &err), 0);
	removed(&below);
	CHECK_INT(ar_file_write(own.root_fd, "cgroup.procs", "0", &err), 0);
	removed(&own);
}

static uid_t owner(const struct ar_cgroup *cgroup, const char *file)
{
	struct stat st;

	CHECK_INT(fstatat(cgroup->fd, file, &st, 0), 0);
	return st.st_uid;
}

TEST("a delegated cgroup is a user's, with the files that the kernel says")
{
	struct ar_cgroup cgroup = made("given");

	CHECK_INT(ar_cgroup_delegate(&cgroup, 100000, &err), 0);
	CHECK_UINT(owner(&cgroup, "."), 100000);
	CHECK_UINT(owner(&cgroup, "cgroup.procs"), 100000);
	CHECK_UINT(owner(&cgroup, "cgroup.subtree_control"), 100000);
	CHECK_UINT(owner(&cgroup, "cgroup.freeze"), 0);
	removed(&cgroup);
}

TEST("a frozen cgroup, or one below a frozen one, is refused and nothing is left of it")
{
	struct ar_cgroup parent = made("cold"), frozen = at("cold"), child = at("cold/child/leaf");

	CHECK_INT(ar_cgroup_freeze(&parent, true, &err), 0);
	CHECK_INT(ar_cgroup_make(&frozen, NULL, &err), -EBUSY);
	CHECK_HAS(err.text, "is unexpectedly frozen");
	CHECK_INT(ar_cgroup_make(&child, NULL, &err), -EBUSY);
	CHECK_HAS(err.text, ar_printf(arena, "is frozen: '%s' above it is", parent.path));
	CHECK(there(&parent, parent.path));
	CHECK(!there(&parent, ar_printf(arena, "%s/child", parent.path)));
	removed(&parent);
}

TEST("removing ends what runs in it, the frozen too, and takes the cgroups of the container along")
{
	struct ar_cgroup cgroup = made("busy");
	pid_t a, b, c;

	sub_cgroup(&cgroup, "s1");
	sub_cgroup(&cgroup, "s1/t1");
	sub_cgroup(&cgroup, "s2");
	a = sleeper(&cgroup, NULL);
	b = sleeper(&cgroup, "s1/t1");
	c = sleeper(&cgroup, "s2");
	CHECK_INT(ar_cgroup_freeze(&cgroup, true, &err), 0);
	removed(&cgroup);
	CHECK_INT(reap(a), 137);
	CHECK_INT(reap(b), 137);
	CHECK_INT(reap(c), 137);
}

TEST("what a dead runtime left is found again and removed")
{
	struct ar_cgroup cgroup = made("left"), again;
	pid_t pid = sleeper(&cgroup, NULL);

	ar_cgroup_close(&cgroup);
	CHECK_INT(ar_cgroup_reopen(arena, cgroup.root, cgroup.path, &again, &err), 0);
	CHECK(again.fd >= 0);
	removed(&again);
	CHECK_INT(reap(pid), 137);
	CHECK_INT(ar_cgroup_reopen(arena, cgroup.root, cgroup.path, &again, &err), 0);
	CHECK_INT(again.fd, -1);
	CHECK_INT(ar_cgroup_remove(&again, &err), 0);
}

TEST("containers that come and go below one parent do not disturb each other")
{
	struct ar_cgroup parent = made("race");

	for (int i = 0; i < 4; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid > 0)
			continue;
		for (int j = 0; j < 50; j++) {
			struct ar_cgroup own = at(ar_printf(arena, "race/parent/%d", i));

			if (ar_cgroup_make(&own, NULL, &err) < 0 ||
			    ar_cgroup_remove(&own, &err) < 0) {
				printf("# %s\n", err.text);
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
	removed(&parent);
}

/* --- processes --------------------------------------------------------------------------- */

TEST("a process enters, also a cgroup below, and is listed")
{
	struct ar_cgroup cgroup = made("enter");
	const char *sub = "?";
	pid_t *pids, low = sleeper(&cgroup, NULL), high = sleeper(&cgroup, NULL);
	size_t n;

	sub_cgroup(&cgroup, "sub");
	CHECK_INT(ar_cgroup_enter(&cgroup, "sub", low, &err), 0);
	CHECK_INT(ar_cgroup_pids(arena, &cgroup, &pids, &n, &err), 0);
	CHECK_INT(n, 2);
	CHECK_INT(pids[0], low);
	CHECK_INT(pids[1], high);
	CHECK_INT(ar_cgroup_sub_of(arena, &cgroup, low, &sub, &err), 0);
	CHECK_STR(sub, "sub");
	CHECK_INT(ar_cgroup_sub_of(arena, &cgroup, high, &sub, &err), 0);
	CHECK_STR(sub, NULL);
	CHECK_INT(ar_cgroup_sub_of(arena, &cgroup, getppid(), &sub, &err), -ENOENT);
	removed(&cgroup);
	CHECK_INT(reap(low), 137);
	CHECK_INT(reap(high), 137);
}

TEST("a cgroup outside cannot be entered as one below")
{
	struct ar_cgroup cgroup = made("jail");

	CHECK_INT(ar_cgroup_enter(&cgroup, "..", getpid(), &err), -EXDEV);
	CHECK_INT(ar_cgroup_enter(&cgroup, "../jail", getpid(), &err), -EXDEV);
	CHECK_INT(ar_cgroup_enter(&cgroup, "nowhere", getpid(), &err), -ENOENT);
	removed(&cgroup);
}

TEST("a signal reaches every process, and the cgroup runs on")
{
	struct ar_cgroup cgroup = made("signal");

	sub_cgroup(&cgroup, "sub");
	for (int i = 0; i < 200; i++) { /* against the race of ending and thawing */
		pid_t a = sleeper(&cgroup, NULL), b = sleeper(&cgroup, "sub");

		if (ar_cgroup_signal(&cgroup, SIGTERM, &err) < 0)
			test_fail(__FILE__, __LINE__, "%d: %s", i, err.text);
		CHECK_INT(reap(a), 143);
		CHECK_INT(reap(b), 143);
		CHECK(!ar_cgroup_is_frozen(&cgroup));
	}
	CHECK_INT(ar_cgroup_signal(&cgroup, SIGTERM, &err), 0);
	CHECK_INT(ar_cgroup_signal(&cgroup, SIGKILL, &err), 0);
	removed(&cgroup);
}

TEST("nobody escapes a kill by forking")
{
	struct ar_cgroup cgroup = made("forks");
	int fd = -1;
	pid_t pid;

	CHECK_INT(ar_cgroup_open_sub(&cgroup, NULL, &fd, NULL), 0);
	pid = ar_clone(0, fd, NULL);
	CHECK(pid >= 0);
	/* a chain: each forks the next and ends */
	while (pid == 0 && fork() == 0)
		;
	if (pid == 0)
		_exit(0);
	CHECK_INT(ar_cgroup_signal(&cgroup, SIGKILL, &err), 0);
	removed(&cgroup);
	(void)waitpid(pid, NULL, 0); /* it may have ended by itself */
	CHECK_INT(ar_cgroup_reopen(arena, cgroup.root, cgroup.path, &cgroup, NULL), 0);
	CHECK_INT(cgroup.fd, -1);
}

TEST("a frozen process stands still until it is thawed")
{
	struct ar_cgroup cgroup = made("freeze");
	int fd = -1, fds[2];
	char buf[65536], beat = '.';
	pid_t pid;

	CHECK_INT(pipe2(fds, O_NONBLOCK), 0);
	CHECK_INT(ar_cgroup_open_sub(&cgroup, NULL, &fd, NULL), 0);
	pid = ar_clone(0, fd, NULL);
	CHECK(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			(void)!write(fds[1], &beat, 1);
			(void)usleep(1000);
		}
	}
	CHECK_INT(ar_cgroup_freeze(&cgroup, true, &err), 0);
	CHECK(ar_cgroup_is_frozen(&cgroup));
	while (read(fds[0], buf, sizeof(buf)) > 0)
		;
	(void)usleep(50000);
	CHECK_INT(read(fds[0], buf, sizeof(buf)), -1);
	CHECK_INT(ar_cgroup_freeze(&cgroup, false, &err), 0);
	CHECK(!ar_cgroup_is_frozen(&cgroup));
	CHECK_INT(fcntl(fds[0], F_SETFL, 0), 0);
	CHECK(read(fds[0], buf, 1) == 1);
	removed(&cgroup);
	CHECK_INT(reap(pid), 137);
}

TEST("what a cgroup above holds frozen cannot be thawed below, and the message names it")
{
	struct ar_cgroup parent = made("ice"), child = made("ice/child");

	CHECK_INT(ar_cgroup_freeze(&parent, true, &err), 0);
	CHECK_INT(ar_cgroup_freeze(&child, false, &err), -EBUSY);
	CHECK_HAS(err.text, ar_printf(arena, "is frozen: '%s' above it is", parent.path));
	CHECK_INT(ar_cgroup_freeze(&parent, false, &err), 0);
	CHECK_INT(ar_cgroup_freeze(&child, false, &err), 0);
	removed(&child);
	removed(&parent);
}

/* --- limits ------------------------------------------------------------------------------ */

static struct ar_resources with_unified(const char *key, const char *value)
{
	struct ar_pair *pair = ar_alloc(arena, sizeof(*pair));

	*pair = (struct ar_pair){ key, value };
	return (struct ar_resources){ .unified = { .items = pair, .n = 1 } };
}

TEST("a limit whose controller the tree does not have is refused by name")
{
	struct ar_cgroup cgroup = made("lacks");
	struct ar_resources resources = with_unified("nosuch.max", "1");

	CHECK_INT(ar_cgroup_limits_apply(&cgroup, &resources, NULL, NULL, &err), -EOPNOTSUPP);
	CHECK_STR(
		err.text,
		"linux.resources.unified[nosuch.max] cannot be set: the cgroup v2 tree has no controller 'nosuch'");
	removed(&cgroup);
}

TEST("our own default is reported where its controller is missing, an asked one is refused")
{
	struct ar_cgroup cgroup = made("default");
	struct ar_pids pids = { .limit = { true, 100 } };
	struct ar_resources resources = { .pids = &pids };
	struct ar_limit_default defaults = { .pids = true }, missing = { 0 };

	if (strstr(cgroup.controllers, "pids"))
		SKIP("needs a cgroup v2 tree without the controller 'pids'");
	CHECK_INT(ar_cgroup_limits_apply(&cgroup, &resources, &defaults, &missing, &err), 0);
	CHECK(missing.pids && !missing.memory && !missing.swap);
	CHECK_INT(ar_cgroup_limits_apply(&cgroup, &resources, NULL, &missing, &err), -EOPNOTSUPP);
	CHECK_STR(
		err.text,
		"linux.resources.pids.limit cannot be set: the cgroup v2 tree has no controller 'pids'");
	removed(&cgroup);
}

TEST("a controller is enabled on the way down for the limit that needs it")
{
	struct ar_cgroup cgroup = at("huge/leaf");
	struct ar_resources resources;

	need_controller(&cgroup, "hugetlb");
	if (access("/sys/kernel/mm/hugepages/hugepages-2048kB", F_OK) < 0)
		SKIP("needs huge pages of 2 MB");
	resources = with_unified("hugetlb.2MB.max", "4194304");
	CHECK_INT(ar_cgroup_make(&cgroup, &resources, &err), 0);
	CHECK_INT(ar_cgroup_limits_apply(&cgroup, &resources, NULL, NULL, &err), 0);
	CHECK_STR(get(&cgroup, "hugetlb.2MB.max"), "4194304");
	removed(&cgroup);
}

TEST("a controller that a running container lacks is enabled when a limit comes to need it")
{
	struct ar_cgroup cgroup = made("later/leaf");
	struct ar_hugepage_limit limit = { .page_size = "2MB", .limit = { true, 2097152 } };
	struct ar_resources resources = { .hugepage_limits = { &limit, 1 } };
	pid_t pid;

	need_controller(&cgroup, "hugetlb");
	if (access("/sys/kernel/mm/hugepages/hugepages-2048kB", F_OK) < 0)
		SKIP("needs huge pages of 2 MB");
	pid = sleeper(&cgroup, NULL);
	if (ar_cgroup_limits_apply(&cgroup, &resources, NULL, NULL, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	CHECK_STR(get(&cgroup, "hugetlb.2MB.max"), "2097152");
	CHECK_STR(get(&cgroup, "hugetlb.2MB.rsvd.max"), "2097152");
	removed(&cgroup);
	CHECK_INT(reap(pid), 137);
}

TEST("a controller that the tree lacks keeps no other from being enabled")
{
	struct ar_cgroup cgroup = made("mixed/leaf");
	struct ar_pids pids = { .limit = { true, 100 } };
	struct ar_memory memory = { .limit = { true, 1 << 30 }, .swap = { true, 1 << 30 } };
	struct ar_resources resources;
	struct ar_limit_default defaults = { true, true, true };

	need_controller(&cgroup, "hugetlb");
	resources = with_unified("hugetlb.2MB.max", "4194304");
	resources.pids = &pids;
	resources.memory = &memory;
	if (ar_cgroup_limits_apply(&cgroup, &resources, &defaults, NULL, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	CHECK_STR(get(&cgroup, "hugetlb.2MB.max"), "4194304");
	removed(&cgroup);
}

TEST("a parent that holds processes cannot give controllers, and the message says so")
{
	struct ar_cgroup parent = made("inner"), leaf = at("inner/leaf");
	struct ar_resources resources;
	pid_t pid;

	need_controller(&leaf, "hugetlb");
	resources = with_unified("hugetlb.2MB.max", "4194304");
	pid = sleeper(&parent, NULL);
	CHECK_INT(ar_cgroup_make(&leaf, NULL, &err), 0);
	CHECK_INT(ar_cgroup_limits_apply(&leaf, &resources, NULL, NULL, &err), -EOPNOTSUPP);
	CHECK_HAS(
		err.text,
		"linux.resources.unified[hugetlb.2MB.max] cannot be set: controller 'hugetlb' cannot be enabled");
	CHECK_HAS(err.text, "it holds processes itself");
	removed(&parent);
	CHECK_INT(reap(pid), 137);
}

TEST("a value the kernel refuses is told with its file")
{
	struct ar_cgroup cgroup = at("bad");
	struct ar_resources resources;

	need_controller(&cgroup, "hugetlb");
	resources = with_unified("hugetlb.2MB.max", "many");
	CHECK_INT(ar_cgroup_make(&cgroup, &resources, &err), 0);
	CHECK_INT(ar_cgroup_limits_apply(&cgroup, &resources, NULL, NULL, &err), -EINVAL);
	CHECK_HAS(err.text, "write 'many' to 'hugetlb.2MB.max': invalid argument");
	removed(&cgroup);
}

TEST("no more processes than the limit says")
{
	struct ar_cgroup cgroup = at("pids");
	struct ar_pids pids = { .limit = { true, 2 } };
	struct ar_resources resources = { .pids = &pids };
	int fd = -1, status;
	pid_t pid;

	need_controller(&cgroup, "pids");
	CHECK_INT(ar_cgroup_make(&cgroup, &resources, &err), 0);
	CHECK_INT(ar_cgroup_limits_apply(&cgroup, &resources, NULL, NULL, &err), 0);
	CHECK_INT(ar_cgroup_open_sub(&cgroup, NULL, &fd, NULL), 0);
	pid = ar_clone(0, fd, NULL);
	CHECK(pid >= 0);
	if (pid == 0)
		_exit(fork() >= 0 && fork() < 0 && errno == EAGAIN ? 0 : 1);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	removed(&cgroup);
}

TEST("no more memory than the limit says, which is rounded down to pages")
{
	struct ar_cgroup cgroup = at("memory");
	struct ar_memory memory = { .limit = { true, 16777216 + 100 },
				    .swap = { true, 16777216 + 100 } };
	struct ar_resources resources = { .memory = &memory };
	int fd = -1;
	pid_t pid;

	need_controller(&cgroup, "memory");
	CHECK_INT(ar_cgroup_make(&cgroup, &resources, &err), 0);
	CHECK_INT(ar_cgroup_limits_apply(&cgroup, &resources, NULL, NULL, &err), 0);
	CHECK_STR(get(&cgroup, "memory.max"), "16777216");
	CHECK_INT(ar_cgroup_open_sub(&cgroup, NULL, &fd, NULL), 0);
	pid = ar_clone(0, fd, NULL);
	CHECK(pid >= 0);
	if (pid == 0) {
		volatile char *large = malloc(64 << 20);

		for (size_t i = 0; large && i < 64 << 20; i += 4096)
			large[i] = 1;
		_exit(0);
	}
	CHECK_INT(reap(pid), 137);
	CHECK_UINT(ar_cgroup_oom_kills(&cgroup), 1);
	removed(&cgroup);
}

/* --- watching ---------------------------------------------------------------------------- */

TEST("who watches for a lack of memory sees the end of the container")
{
	struct ar_cgroup cgroup = made("watched");
	struct ar_oom_watch watch = AR_OOM_WATCH_INIT;
	pid_t pid = sleeper(&cgroup, NULL);
	struct pollfd poll_fd = { .events = POLLIN };

	CHECK_INT(ar_cgroup_oom_open(&cgroup, &watch, &err), 0);
	poll_fd.fd = watch.fd;
	CHECK_INT(fcntl(watch.fd, F_GETFD), FD_CLOEXEC);
	CHECK_INT(poll(&poll_fd, 1, 0), 0);
	CHECK_INT(ar_cgroup_oom_read(&watch), 0);
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(reap(pid), 137);
	CHECK_INT(poll(&poll_fd, 1, 10000), 1);
	CHECK_INT(ar_cgroup_oom_read(&watch), -ENODEV);
	removed(&cgroup);
	CHECK_INT(ar_cgroup_oom_read(&watch), -ENODEV);
	ar_cgroup_oom_close(&watch);
	CHECK_INT(watch.fd, -1);
}

TEST("a running container has statistics, one that is gone has an error")
{
	struct ar_cgroup cgroup = made("stats"), again;
	pid_t pid = sleeper(&cgroup, NULL);
	struct ar_stats stats;

	CHECK_INT(ar_cgroup_stats(arena, &cgroup, &stats, &err), 0);
	CHECK_UINT(stats.pids.current, 1);
	CHECK_INT(ar_cgroup_reopen(arena, cgroup.root, cgroup.path, &again, &err), 0);
	removed(&cgroup);
	CHECK_INT(reap(pid), 137);
	CHECK_INT(ar_cgroup_stats(arena, &again, &stats, &err), -ENODEV);
}

/* --- devices ----------------------------------------------------------------------------- */

static struct ar_list null_only(enum ar_tri zero)
{
	struct ar_device_rule *rules = ar_alloc_array(arena, 3, sizeof(*rules));

	rules[0].allow = AR_NO;
	rules[1] = (struct ar_device_rule){ AR_YES, "c", { true, 1 }, { true, 3 }, "rw" };
	rules[2] = (struct ar_device_rule){ zero, "c", { true, 1 }, { true, 5 }, "rwm" };
	return (struct ar_list){ rules, 3 };
}

/* The id of the program. */
static uint32_t apply_devices(const struct ar_cgroup *cgroup, const struct ar_list *rules)
{
	uint32_t program;
	int r = ar_cgroup_devices_apply(cgroup, rules, &program, &err);

	if (r == -EPERM)
		SKIP("needs the right to load BPF programs");
	if (r < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	return program;
}

/* The errno of opening path in the cgroup (its sub), 0 for success; mknod when major is not 0. */
static int in_cgroup(const struct ar_cgroup *cgroup, const char *sub, const char *path, int flags,
		     dev_t node)
{
	int fd = -1;
	pid_t pid;

	CHECK_INT(ar_cgroup_open_sub(cgroup, sub, &fd, NULL), 0);
	pid = ar_clone(0, fd, NULL);
	CHECK(pid >= 0);
	if (pid == 0) {
		if (node ? mknod(path, S_IFCHR | 0600, node) < 0 : open(path, flags) < 0)
			_exit(errno);
		_exit(0);
	}
	CHECK_INT(close(fd), 0);
	return reap(pid);
}

TEST("only the devices that are allowed can be opened, and made")
{
	struct ar_cgroup cgroup = made("devices");
	struct ar_list rules = null_only(AR_NO);
	const char *node = ar_printf(arena, "%s/node", test_dir());

	apply_devices(&cgroup, &rules);
	CHECK_INT(in_cgroup(&cgroup, NULL, "/dev/null", O_RDWR, 0), 0);
	CHECK_INT(in_cgroup(&cgroup, NULL, "/dev/zero", O_RDONLY, 0), EPERM);
	CHECK_INT(in_cgroup(&cgroup, NULL, node, 0, makedev(1, 3)), EPERM);
	CHECK_INT(in_cgroup(&cgroup, NULL, "/dev/full", O_WRONLY, 0), EPERM);
	removed(&cgroup);
}

TEST("a cgroup below can allow itself no more")
{
	struct ar_cgroup cgroup = made("above"), below = at("above/below");
	struct ar_list deny = null_only(AR_NO);
	struct ar_device_rule everything = { .allow = AR_YES };
	struct ar_device_rule zero[] = { { .allow = AR_NO },
					 { AR_YES, "c", { true, 1 }, { true, 5 }, "r" },
					 { AR_YES, "c", { true, 1 }, { true, 3 }, "r" } };
	struct ar_list allow = { &everything, 1 }, reads = { zero, 3 };

	apply_devices(&cgroup, &deny);
	CHECK_INT(ar_cgroup_make(&below, NULL, &err), 0);
	apply_devices(&below, &allow);
	CHECK_INT(in_cgroup(&cgroup, "below", "/dev/zero", O_RDONLY, 0), EPERM);
	apply_devices(&below, &reads);
	CHECK_INT(in_cgroup(&cgroup, "below", "/dev/zero", O_RDONLY, 0), EPERM);
	CHECK_INT(in_cgroup(&cgroup, "below", "/dev/null", O_RDONLY, 0), 0);
	CHECK_INT(in_cgroup(&cgroup, "below", "/dev/null", O_RDWR, 0), EPERM);
	removed(&cgroup);
}

TEST("new rules take the place of the old ones")
{
	struct ar_cgroup cgroup = made("replace");
	struct ar_list without = null_only(AR_NO), with = null_only(AR_YES);
	struct ar_device_rule everything = { .allow = AR_YES };
	struct ar_list all = { &everything, 1 };

	apply_devices(&cgroup, &without);
	CHECK_INT(in_cgroup(&cgroup, NULL, "/dev/zero", O_RDONLY, 0), EPERM);
	apply_devices(&cgroup, &with);
	CHECK_INT(in_cgroup(&cgroup, NULL, "/dev/zero", O_RDONLY, 0), 0);
	apply_devices(&cgroup, &without);
	CHECK_INT(in_cgroup(&cgroup, NULL, "/dev/zero", O_RDONLY, 0), EPERM);
	apply_devices(&cgroup, &all);
	CHECK_INT(in_cgroup(&cgroup, NULL, "/dev/full", O_RDONLY, 0), 0);
	removed(&cgroup);
}

TEST("rules that somebody else put in the place of ours are seen")
{
	struct ar_cgroup cgroup = made("held");
	struct ar_list without = null_only(AR_NO), with = null_only(AR_YES);
	uint32_t ours = apply_devices(&cgroup, &without);

	CHECK(ours != 0);
	CHECK_INT(ar_cgroup_devices_held(&cgroup, ours, &err), 1);
	apply_devices(&cgroup, &with);
	CHECK_INT(ar_cgroup_devices_held(&cgroup, ours, &err), 0);
	removed(&cgroup);
}

/* What a test that failed left. */
static void clean_up(void)
{
	struct ar_cgroup cgroup = AR_CGROUP_INIT;
	_cleanup_arena_ struct ar_arena *own = ar_arena_new();
	const char *root;

	if (geteuid() != 0 || ar_cgroup_find_root(own, &root, NULL) < 0)
		return;
	if (ar_cgroup_reopen(own, root, ar_printf(own, "/agentrun-test.%d", test_pid), &cgroup,
			     &err) < 0 ||
	    ar_cgroup_remove(&cgroup, &err) < 0)
		fprintf(stderr, "# %s\n", err.text);
	ar_cgroup_close(&cgroup);
}

int main(void)
{
	int r;

	test_pid = getpid();
	r = test_main();
	clean_up();
	return r;
}
