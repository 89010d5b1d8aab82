/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
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
static int read_map(struct ar_arena *arena, pid_t pid, const char *name, struct ar_list *ret)
{
	struct ar_id_mapping *maps = NULL;
	size_t n = 0, room = 0;
	uint64_t in, out, count;
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (fscanf(f, "%" SCNu64 " %" SCNu64 " %" SCNu64, &in, &out, &count) == 3) {
		maps = ar_arena_grow(arena, maps, n, &room, sizeof(*maps));
		maps[n++] = (struct ar_id_mapping){ .container_id = { true, in },
						    .host_id = { true, out },
						    .size = { true, count } };
	}
	(void)fclose(f);
	*ret = (struct ar_list){ maps, n };
	return 0;
}

int ar_probe_userns_maps(struct ar_arena *arena, const char *path, struct ar_list *ret_uids,
			 struct ar_list *ret_gids)
{
	_cleanup_fd_ int userns = ar_ns_open(path), pidfd = -1;
	int ends[2], status, r = -ESRCH;
	char answer = 0;
	pid_t pid;

	if (userns < 0)
		return userns;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid = ar_clone(0, -1, &pidfd);
	if (pid == 0) {
		close(ends[0]);
		inhabit(userns, ends[1]);
	}
	close(ends[1]);
	if (pid > 0 && read(ends[0], &answer, 1) == 1 && answer == 'y') {
		r = read_map(arena, pid, "uid_map", ret_uids);
		if (r == 0)
			r = read_map(arena, pid, "gid_map", ret_gids);
	}
	close(ends[0]);
	if (pid > 0)
		(void)ar_pidfd_wait(pidfd, &status); /* it ends by itself */
	return r;
}
