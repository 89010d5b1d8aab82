/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/process.h"
#include "kernel/probe-internal.h"

/* A child in the namespace, that waits to be looked at; -1: it could not be made. */
static pid_t inhabitant(int userns, int *ret_pidfd)
{
	char joined = 0;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	pid = ar_clone(0, -1, ret_pidfd);
	if (pid == 0) {
		joined = setns(userns, CLONE_NEWUSER) == 0 ? 'y' : 'n';
		if (write(fds[1], &joined, 1) == 1)
			pause();
		_exit(1);
	}
	close(fds[1]);
	if (pid > 0 && (read(fds[0], &joined, 1) != 1 || joined != 'y'))
		joined = 0;
	close(fds[0]);
	if (pid > 0 && !joined) {
		int status;

		kill(pid, SIGKILL);
		(void)ar_pidfd_wait(*ret_pidfd, &status); /* it is gone either way */
		ar_close_fd(ret_pidfd);
		return -1;
	}
	return pid;
}

/* user_namespaces(7): a line is the first id inside, the first outside, how many. */
static bool maps_root(pid_t pid, const char *name)
{
	unsigned long inside, outside, count;
	char path[64];
	bool found = false;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	f = fopen(path, "re");
	if (!f)
		return true; /* not known to be harmless */
	while (!found && fscanf(f, "%lu %lu %lu", &inside, &outside, &count) == 3)
		found = outside == 0 && count > 0;
	(void)fclose(f);
	return found;
}

bool ar_probe_userns_maps_root(const char *path)
{
	_cleanup_fd_ int userns = open(path, O_RDONLY | O_CLOEXEC), pidfd = -1;
	bool found;
	int status;
	pid_t pid;

	if (userns < 0)
		return true;
	pid = inhabitant(userns, &pidfd);
	if (pid < 0)
		return true;
	found = maps_root(pid, "uid_map") || maps_root(pid, "gid_map");
	kill(pid, SIGKILL);
	(void)ar_pidfd_wait(pidfd, &status);
	return found;
}
