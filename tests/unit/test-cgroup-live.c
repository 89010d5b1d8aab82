/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Limits and devices, as the kernel holds them; see cgroups.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/process.h"
#include "base/str.h"

#include "cgroups.h"
#include "test.h"

/* --- limits ------------------------------------------------------------------------------ */

static struct ar_resources with_unified(const char *key, const char *value)
{
	struct ar_pair *pair = ar_alloc(test_arena, sizeof(*pair));

	*pair = (struct ar_pair){ key, value };
	return (struct ar_resources){ .unified = { .items = pair, .n = 1 } };
}

TEST("a limit whose controller the tree does not have is refused by name")
{
	struct ar_cgroup cgroup = cgroup_made("lacks");
	struct ar_resources resources = with_unified("nosuch.max", "1");

	CHECK_INT(ar_cgroup_limits_apply(&cgroup, &resources, NULL, NULL, &test_error),
		  -EOPNOTSUPP);
	CHECK_STR(
		test_error.text,
		"linux.resources.unified[nosuch.max] cannot be set: the cgroup v2 tree has no controller 'nosuch'");
	cgroup_removed(&cgroup);
}

TEST("our own default is reported where its controller is missing, an asked one is refused")
{
	struct ar_cgroup cgroup = cgroup_made("default");
	struct ar_pids pids = { .limit = { true, 100 } };
	struct ar_resources resources = { .pids = &pids };
	struct ar_limit_default defaults = { .pids = true }, missing = { 0 };

	if (strstr(cgroup.controllers, "pids"))
		SKIP("needs a cgroup v2 tree without the controller 'pids'");
	CHECK_INT(ar_cgroup_limits_apply(&cgroup, &resources, &defaults, &missing, &test_error), 0);
	CHECK(missing.pids && !missing.memory && !missing.swap);
	CHECK_INT(ar_cgroup_limits_apply(&cgroup, &resources, NULL, &missing, &test_error),
		  -EOPNOTSUPP);
	CHECK_STR(
		test_error.text,
		"linux.resources.pids.limit cannot be set: the cgroup v2 tree has no controller 'pids'");
	cgroup_removed(&cgroup);
}

TEST("a controller is enabled on the way down for the limit that needs it")
{
	struct ar_cgroup cgroup = cgroup_at("huge/leaf");
	struct ar_resources resources;

	need_controller(&cgroup, "hugetlb");
	if (access("/sys/kernel/mm/hugepages/hugepages-2048kB", F_OK) < 0)
		SKIP("needs huge pages of 2 MB");
	resources = with_unified("hugetlb.2MB.max", "4194304");
	CHECK_INT(ar_cgroup_make(&cgroup, &resources, &test_error), 0);
	CHECK_INT(ar_cgroup_limits_apply(&cgroup, &resources, NULL, NULL, &test_error), 0);
	CHECK_STR(cgroup_get(&cgroup, "hugetlb.2MB.max"), "4194304");
	cgroup_removed(&cgroup);
}

TEST("a controller that a running container lacks is enabled when a limit comes to need it")
{
	struct ar_cgroup cgroup = cgroup_made("later/leaf");
	struct ar_hugepage_limit limit = { .page_size = "2MB", .limit = { true, 2097152 } };
	struct ar_resources resources = { .hugepage_limits = { &limit, 1 } };
	pid_t pid;

	need_controller(&cgroup, "hugetlb");
	if (access("/sys/kernel/mm/hugepages/hugepages-2048kB", F_OK) < 0)
		SKIP("needs huge pages of 2 MB");
	pid = cgroup_sleeper(&cgroup, NULL);
	if (ar_cgroup_limits_apply(&cgroup, &resources, NULL, NULL, &test_error) < 0)
		test_fail(__FILE__, __LINE__, "%s", test_error.text);
	CHECK_STR(cgroup_get(&cgroup, "hugetlb.2MB.max"), "2097152");
	CHECK_STR(cgroup_get(&cgroup, "hugetlb.2MB.rsvd.max"), "2097152");
	cgroup_removed(&cgroup);
	CHECK_INT(reap(pid), 137);
}

TEST("a controller that the tree lacks keeps no other from being enabled")
{
	struct ar_cgroup cgroup = cgroup_made("mixed/leaf");
	struct ar_pids pids = { .limit = { true, 100 } };
	struct ar_memory memory = { .limit = { true, 1 << 30 }, .swap = { true, 1 << 30 } };
	struct ar_resources resources;
	struct ar_limit_default defaults = { true, true, true };

	need_controller(&cgroup, "hugetlb");
	resources = with_unified("hugetlb.2MB.max", "4194304");
	resources.pids = &pids;
	resources.memory = &memory;
	if (ar_cgroup_limits_apply(&cgroup, &resources, &defaults, NULL, &test_error) < 0)
		test_fail(__FILE__, __LINE__, "%s", test_error.text);
	CHECK_STR(cgroup_get(&cgroup, "hugetlb.2MB.max"), "4194304");
	cgroup_removed(&cgroup);
}

TEST("a parent that holds processes cannot give controllers, and the message says so")
{
	struct ar_cgroup parent = cgroup_made("inner"), leaf = cgroup_at("inner/leaf");
	struct ar_resources resources;
	pid_t pid;

	need_controller(&leaf, "hugetlb");
	resources = with_unified("hugetlb.2MB.max", "4194304");
	pid = cgroup_sleeper(&parent, NULL);
	CHECK_INT(ar_cgroup_make(&leaf, NULL, &test_error), 0);
	CHECK_INT(ar_cgroup_limits_apply(&leaf, &resources, NULL, NULL, &test_error), -EOPNOTSUPP);
	CHECK_HAS(
		test_error.text,
		"linux.resources.unified[hugetlb.2MB.max] cannot be set: controller 'hugetlb' cannot be enabled");
	CHECK_HAS(test_error.text, "it holds processes itself");
	cgroup_removed(&parent);
	CHECK_INT(reap(pid), 137);
}

TEST("a value the kernel refuses is told with its file")
{
	struct ar_cgroup cgroup = cgroup_at("bad");
	struct ar_resources resources;

	need_controller(&cgroup, "hugetlb");
	resources = with_unified("hugetlb.2MB.max", "many");
	CHECK_INT(ar_cgroup_make(&cgroup, &resources, &test_error), 0);
	CHECK_INT(ar_cgroup_limits_apply(&cgroup, &resources, NULL, NULL, &test_error), -EINVAL);
	CHECK_HAS(test_error.text, "write 'many' to 'hugetlb.2MB.max': invalid argument");
	cgroup_removed(&cgroup);
}

TEST("no more processes than the limit says")
{
	struct ar_cgroup cgroup = cgroup_at("pids");
	struct ar_pids pids = { .limit = { true, 2 } };
	struct ar_resources resources = { .pids = &pids };
	int fd = -1, status;
	pid_t pid;

	need_controller(&cgroup, "pids");
	CHECK_INT(ar_cgroup_make(&cgroup, &resources, &test_error), 0);
	CHECK_INT(ar_cgroup_limits_apply(&cgroup, &resources, NULL, NULL, &test_error), 0);
	CHECK_INT(ar_cgroup_open_sub(&cgroup, NULL, &fd, NULL), 0);
	pid = ar_clone(0, fd, NULL);
	CHECK(pid >= 0);
	if (pid == 0)
		_exit(fork() >= 0 && fork() < 0 && errno == EAGAIN ? 0 : 1);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	cgroup_removed(&cgroup);
}

TEST("no more memory than the limit says, which is rounded down to pages")
{
	struct ar_cgroup cgroup = cgroup_at("memory");
	struct ar_memory memory = { .limit = { true, 16777216 + 100 },
				    .swap = { true, 16777216 + 100 } };
	struct ar_resources resources = { .memory = &memory };
	int fd = -1;
	pid_t pid;

	need_controller(&cgroup, "memory");
	CHECK_INT(ar_cgroup_make(&cgroup, &resources, &test_error), 0);
	CHECK_INT(ar_cgroup_limits_apply(&cgroup, &resources, NULL, NULL, &test_error), 0);
	CHECK_STR(cgroup_get(&cgroup, "memory.max"), "16777216");
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
	cgroup_removed(&cgroup);
}

/* --- devices ----------------------------------------------------------------------------- */

static struct ar_list null_only(enum ar_tri zero)
{
	struct ar_device_rule *rules = ar_alloc_array(test_arena, 3, sizeof(*rules));

	rules[0].allow = AR_NO;
	rules[1] = (struct ar_device_rule){ AR_YES, "c", { true, 1 }, { true, 3 }, "rw" };
	rules[2] = (struct ar_device_rule){ zero, "c", { true, 1 }, { true, 5 }, "rwm" };
	return (struct ar_list){ rules, 3 };
}

/* The id of the program. */
static uint32_t apply_devices(const struct ar_cgroup *cgroup, const struct ar_list *rules)
{
	uint32_t program;
	int r = ar_cgroup_devices_apply(cgroup, rules, &program, &test_error);

	if (r == -EPERM)
		SKIP("needs the right to load BPF programs");
	if (r < 0)
		test_fail(__FILE__, __LINE__, "%s", test_error.text);
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
	struct ar_cgroup cgroup = cgroup_made("devices");
	struct ar_list rules = null_only(AR_NO);
	const char *node = ar_printf(test_arena, "%s/node", test_dir());

	apply_devices(&cgroup, &rules);
	CHECK_INT(in_cgroup(&cgroup, NULL, "/dev/null", O_RDWR, 0), 0);
	CHECK_INT(in_cgroup(&cgroup, NULL, "/dev/zero", O_RDONLY, 0), EPERM);
	CHECK_INT(in_cgroup(&cgroup, NULL, node, 0, makedev(1, 3)), EPERM);
	CHECK_INT(in_cgroup(&cgroup, NULL, "/dev/full", O_WRONLY, 0), EPERM);
	cgroup_removed(&cgroup);
}

TEST("a cgroup below can allow itself no more")
{
	struct ar_cgroup cgroup = cgroup_made("above"), below = cgroup_at("above/below");
	struct ar_list deny = null_only(AR_NO);
	struct ar_device_rule everything = { .allow = AR_YES };
	struct ar_device_rule zero[] = { { .allow = AR_NO },
					 { AR_YES, "c", { true, 1 }, { true, 5 }, "r" },
					 { AR_YES, "c", { true, 1 }, { true, 3 }, "r" } };
	struct ar_list allow = { &everything, 1 }, reads = { zero, 3 };

	apply_devices(&cgroup, &deny);
	CHECK_INT(ar_cgroup_make(&below, NULL, &test_error), 0);
	apply_devices(&below, &allow);
	CHECK_INT(in_cgroup(&cgroup, "below", "/dev/zero", O_RDONLY, 0), EPERM);
	apply_devices(&below, &reads);
	CHECK_INT(in_cgroup(&cgroup, "below", "/dev/zero", O_RDONLY, 0), EPERM);
	CHECK_INT(in_cgroup(&cgroup, "below", "/dev/null", O_RDONLY, 0), 0);
	CHECK_INT(in_cgroup(&cgroup, "below", "/dev/null", O_RDWR, 0), EPERM);
	cgroup_removed(&cgroup);
}

TEST("new rules take the place of the old ones")
{
	struct ar_cgroup cgroup = cgroup_made("replace");
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
	cgroup_removed(&cgroup);
}

TEST("rules that somebody else put in the place of ours are seen")
{
	struct ar_cgroup cgroup = cgroup_made("held");
	struct ar_list without = null_only(AR_NO), with = null_only(AR_YES);
	uint32_t ours = apply_devices(&cgroup, &without);

	CHECK(ours != 0);
	CHECK_INT(ar_cgroup_devices_held(&cgroup, ours, &test_error), 1);
	apply_devices(&cgroup, &with);
	CHECK_INT(ar_cgroup_devices_held(&cgroup, ours, &test_error), 0);
	cgroup_removed(&cgroup);
}

int main(void)
{
	return cgroup_test_main();
}
