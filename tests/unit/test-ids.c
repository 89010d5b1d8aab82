/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel/ids.h"

#include "test.h"

static const struct ar_user alice = { .uid = { true, 1000 }, .gid = { true, 1001 } };

static void needs_root(void)
{
	if (setgroups(0, NULL) < 0)
		SKIP("needs root");
}

/* Put a new file in the place of standard input. */
static void file_as_stdin(void)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/stdin", test_dir());
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	CHECK_INT(fchown(fd, 0, 0), 0);
	CHECK_INT(dup2(fd, 0), 0);
}

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK(write(fd, text, strlen(text)) > 0);
	close(fd);
}

TEST("all three user and group ids change")
{
	uid_t u[3];
	gid_t g[3];
	struct ar_error err;

	needs_root();
	CHECK_INT(ar_ids_apply(&alice, false, &err), 0);
	CHECK_INT(getresuid(&u[0], &u[1], &u[2]), 0);
	CHECK_INT(getresgid(&g[0], &g[1], &g[2]), 0);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(u[i], 1000);
		CHECK_INT(g[i], 1001);
	}
}

TEST("there is no way back to root")
{
	struct ar_error err;

	needs_root();
	CHECK_INT(ar_ids_apply(&alice, false, &err), 0);
	CHECK_INT(setuid(0), -1);
	CHECK_INT(setgid(0), -1);
}

TEST("supplementary groups are those that are asked, in any order, and no others")
{
	static const gid_t before[] = { 5, 6, 7 };
	uint64_t gids[] = { 44, 10, 44 };
	struct ar_user user = { .additional_gids = { gids, 3 } };
	struct ar_error err;
	gid_t got[8];

	needs_root();
	CHECK_INT(setgroups(3, before), 0);
	CHECK_INT(ar_ids_apply(&user, false, &err), 0);
	CHECK_INT(getgroups(8, got), 3);
	CHECK_INT(got[0], 10);
	CHECK_INT(got[1], 44);
	CHECK_INT(ar_ids_apply(NULL, false, &err), 0);
	CHECK_INT(getgroups(8, got), 0);
}

TEST("where setgroups is denied, asking for groups is an error and asking for none is not")
{
	uint64_t gids[] = { 44 };
	struct ar_user user = { .additional_gids = { gids, 1 } };
	struct ar_error err;

	if (geteuid() != 0)
		SKIP("needs root");
	CHECK_INT(ar_ids_apply(&user, true, &err), -EPERM);
	CHECK_STR(err.text,
		  "cannot set any additional groups: setgroups is denied in this user namespace");
	CHECK_INT(ar_ids_apply(NULL, true, &err), 0);
}

TEST("the umask is the one that is asked, else 0022")
{
	struct ar_user user = { .umask = { true, 0077 } };
	struct ar_error err;

	if (geteuid() != 0)
		SKIP("needs root");
	CHECK_INT(ar_ids_apply(&user, true, &err), 0);
	CHECK_INT(umask(0), 0077);
	CHECK_INT(ar_ids_apply(NULL, true, &err), 0);
	CHECK_INT(umask(0), 0022);
}

TEST("standard streams are given to the user")
{
	struct ar_error err;
	struct stat st;

	needs_root();
	file_as_stdin();
	CHECK_INT(ar_ids_apply(&alice, false, &err), 0);
	CHECK_INT(fstat(0, &st), 0);
	CHECK_INT(st.st_uid, 1000);
	CHECK_INT(st.st_gid, 0);
}

TEST("the null device stays everybody's")
{
	struct ar_error err;
	struct stat st;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	uid_t owner;

	needs_root();
	CHECK(null >= 0);
	CHECK_INT(fstat(null, &st), 0);
	owner = st.st_uid;
	CHECK_INT(dup2(null, 0), 0);
	CHECK_INT(ar_ids_apply(&alice, false, &err), 0);
	CHECK_INT(fstat(0, &st), 0);
	CHECK_INT(st.st_uid, owner);
}

TEST("a standard stream that is closed is none to give")
{
	struct ar_error err;

	needs_root();
	close(0);
	CHECK_INT(ar_ids_apply(&alice, false, &err), 0);
}

TEST("an id that is not mapped in the user namespace is named")
{
	struct ar_error err;

	needs_root();
	if (unshare(CLONE_NEWUSER) < 0)
		SKIP("needs user namespaces");
	write_to("/proc/self/setgroups", "deny");
	write_to("/proc/self/gid_map", "0 0 1");
	write_to("/proc/self/uid_map", "0 0 1");
	CHECK_INT(ar_ids_apply(&alice, true, &err), -EINVAL);
	CHECK_STR(err.text,
		  "become gid 1001 (it is not mapped in the user namespace): invalid argument");
}

TEST("what is no id is refused and not taken for \"leave it\"")
{
	uint64_t gids[] = { UINT32_MAX };
	struct ar_user nobody = { .uid = { true, UINT32_MAX } };
	struct ar_user group = { .additional_gids = { gids, 1 } };
	struct ar_error err;

	CHECK_INT(ar_ids_apply(&nobody, false, &err), -EINVAL);
	CHECK_STR(err.text, "4294967295:0 is not a valid user");
	CHECK_INT(ar_ids_apply(&group, false, &err), -EINVAL);
	CHECK_STR(err.text, "4294967295 is not a valid group id");
}

int main(void)
{
	return test_main();
}
