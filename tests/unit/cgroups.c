/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/process.h"
#include "base/str.h"

#include "test.h"

pid_t test_pid;
struct ar_arena *test_arena;
struct ar_error test_error;

struct ar_cgroup cgroup_at(const char *name)
{
	struct ar_cgroup cgroup = AR_CGROUP_INIT;
	const char *root;

	if (geteuid() != 0)
		SKIP("needs root");
	if (!test_arena)
		test_arena = ar_arena_new();
	if (ar_cgroup_find_root(test_arena, &root, NULL) < 0)
		SKIP("needs a cgroup v2 tree");
	if (ar_cgroup_locate(test_arena,
			     ar_printf(test_arena, "/agentrun-test.%d/%s", test_pid, name), "id",
			     &cgroup, &test_error))
		test_fail(__FILE__, __LINE__, "%s", test_error.text);
	return cgroup;
}

struct ar_cgroup cgroup_made(const char *name)
{
	struct ar_cgroup cgroup = cgroup_at(name);

	if (ar_cgroup_make(&cgroup, NULL, &test_error) < 0)
		test_fail(__FILE__, __LINE__, "%s", test_error.text);
	CHECK(cgroup.fd >= 0);
	return cgroup;
}

void need_controller(const struct ar_cgroup *cgroup, const char *name)
{
	if (!strstr(cgroup->controllers, name))
		SKIP(ar_printf(test_arena, "needs the controller '%s' in the cgroup v2 tree",
			       name));
}

void cgroup_removed(struct ar_cgroup *cgroup)
{
	if (ar_cgroup_remove(cgroup, &test_error) < 0)
		test_fail(__FILE__, __LINE__, "%s", test_error.text);
	CHECK_INT(ar_open_no_links(cgroup->root_fd, cgroup->path, O_PATH, 0), -ENOENT);
}

bool cgroup_there(const struct ar_cgroup *cgroup, const char *path)
{
	_cleanup_fd_ int fd = ar_open_no_links(cgroup->root_fd, path, O_PATH, 0);

	return fd >= 0;
}

pid_t cgroup_sleeper(const struct ar_cgroup *cgroup, const char *sub)
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

int reap(pid_t pid)
{
	int status;

	CHECK_INT(waitpid(pid, &status, 0), pid);
	return ar_exit_code(status);
}

char *cgroup_get(const struct ar_cgroup *cgroup, const char *file)
{
	static char buf[4096];

	CHECK_INT(ar_file_peek(cgroup->fd, file, buf, sizeof(buf)), 0);
	return buf;
}

void cgroup_sub(const struct ar_cgroup *cgroup, const char *name)
{
	CHECK_INT(mkdirat(cgroup->fd, name, 0755), 0);
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
			     &test_error) < 0 ||
	    ar_cgroup_remove(&cgroup, &test_error) < 0)
		fprintf(stderr, "# %s\n", test_error.text);
	ar_cgroup_close(&cgroup);
}

int cgroup_test_main(void)
{
	int r;

	test_pid = getpid();
	r = test_main();
	clean_up();
	return r;
}
