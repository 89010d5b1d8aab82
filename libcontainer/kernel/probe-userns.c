/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/process.h"
#include "kernel/ns.h"
#include "kernel/probe-internal.h"

/* In the child: join, say so, and stay until the parent has looked, or is gone: both are an end of
 * file. */
static void inhabit(int userns, int channel)
{
	char answer = setns(userns, CLONE_NEWUSER) == 0 ? 'y' : 'n';

	if (write(channel, &answer, 1) == 1)
		(void)!read(channel, &answer, 1); /* whatever comes of it, this is the end */
	_exit(0);
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
	_cleanup_fd_ int userns = ar_ns_open(path), pidfd = -1;
	int ends[2], status;
	bool found = true; /* not known to be harmless */
	char answer = 0;
	pid_t pid;

	if (userns < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return true;
	pid = ar_clone(0, -1, &pidfd);
	if (pid == 0) {
		close(ends[0]);
		inhabit(userns, ends[1]);
	}
	close(ends[1]);
	if (pid > 0 && read(ends[0], &answer, 1) == 1 && answer == 'y')
		found = maps_root(pid, "uid_map") || maps_root(pid, "gid_map");
	close(ends[0]);
	if (pid > 0)
		(void)ar_pidfd_wait(pidfd, &status); /* it ends by itself */
	return found;
}
