/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "base/str.h"
#include "base/sys.h"

#define COMPLAINT_MAX 1024
/* user_namespaces(7): so many lines has a map, and a page is what may be written to it. */
#define MAP_LINES 340
#define MAP_TEXT 16384

static void format_map(struct ar_text *text, const struct ar_list *map)
{
	ar_list_foreach(const struct ar_id_mapping, m, map)
		ar_text_addf(text, "%llu %llu %llu\n", (unsigned long long)m->container_id.value,
			     (unsigned long long)m->host_id.value,
			     (unsigned long long)m->size.value);
}

static int write_map(int proc, pid_t pid, const char *file, const struct ar_list *map,
		     struct ar_error *err)
{
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT;
	char path[64];

	format_map(&text, map);
	snprintf(path, sizeof(path), "%d/%s", (int)pid, file);
	return ar_file_write(proc, path, ar_text_str(&text), err);
}

/* One mapping of our own id to one id inside needs no privilege. */
static bool only_own_id(const struct ar_list *map, uint64_t own)
{
	const struct ar_id_mapping *m = map->items;

	return map->n == 1 && m->size.value == 1 && m->host_id.value == own;
}

/* Its first line, without its name; all is read, so that it can end. */
static void read_complaint(int fd, const char *helper, struct ar_text *ret)
{
	_cleanup_text_ struct ar_text all = AR_TEXT_INIT;
	size_t name = strlen(helper);
	char part[256];
	const char *line;
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && all.len < COMPLAINT_MAX)
			ar_text_add_n(&all, part, (size_t)n);
	line = ar_text_str(&all);
	if (strncmp(line, helper, name) == 0 && strncmp(line + name, ": ", 2) == 0)
		line += name + 2;
	ar_text_add_n(ret, line, strcspn(line, "\n"));
}

/* Run a helper, with what it says on standard error in ret_said. */
static int run_helper(const char *helper, char **argv, struct ar_text *ret_said, int *ret_status,
		      struct ar_error *err)
{
	_cleanup_fd_ int from = -1, to = -1;
	posix_spawn_file_actions_t actions;
	int ends[2], r;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return ar_fail(err, errno, "pipe for %s", helper);
	from = ends[0];
	to = ends[1];
	r = posix_spawn_file_actions_init(&actions);
	if (r)
		return ar_fail(err, r, "run %s", helper);
	r = posix_spawn_file_actions_adddup2(&actions, to, STDERR_FILENO);
	if (r == 0)
		r = posix_spawnp(&child, helper, &actions, NULL, argv,
				 (char *[]){ "PATH=/usr/bin:/bin:/usr/sbin:/sbin", NULL });
	posix_spawn_file_actions_destroy(&actions);
	if (r)
		return ar_fail(err, r, "run %s (Debian package uidmap)", helper);
	ar_close_fd(&to);
	read_complaint(from, helper, ret_said);
	while (waitpid(child, ret_status, 0) < 0)
		if (errno != EINTR)
			return ar_fail(err, errno, "wait for %s", helper);
	return 0;
}

/* newuidmap(1), newgidmap(1): set-user-id helpers that consult /etc/subuid and /etc/subgid. */
static int call_helper(const char *helper, pid_t pid, const struct ar_list *map,
		       struct ar_error *err)
{
	char pid_text[16], numbers[3 * 64][24];
	char *argv[3 + 3 * 64];
	_cleanup_text_ struct ar_text said = AR_TEXT_INIT;
	size_t n = 0, k = 0;
	int r, status;

	if (map->n > 64)
		return ar_fail(err, E2BIG, "%s: %zu mappings are more than the 64 that are allowed",
			       helper, map->n);
	snprintf(pid_text, sizeof(pid_text), "%d", (int)pid);
	argv[n++] = (char *)helper;
	argv[n++] = pid_text;
	ar_list_foreach(const struct ar_id_mapping, m, map) {
		const uint64_t values[] = { m->container_id.value, m->host_id.value,
					    m->size.value };

		for (size_t i = 0; i < AR_COUNT(values); i++) {
			snprintf(numbers[k], sizeof(numbers[k]), "%llu",
				 (unsigned long long)values[i]);
			argv[n++] = numbers[k++];
		}
	}
	argv[n] = NULL;
	r = run_helper(helper, argv, &said, &status, err);
	if (r < 0)
		return r;
	if (status)
		return ar_refuse(err, EPERM,
				 "%s failed with status %d%s%s: are the ids in /etc/sub%cid?",
				 helper, ar_exit_code(status), said.len ? ": " : "",
				 ar_text_str(&said), helper[3]);
	if (said.len)
		ar_debug("%s: %s", helper, ar_text_str(&said));
	return 0;
}

int ar_idmap_write(int proc, pid_t pid, const struct ar_list *uids, const struct ar_list *gids,
		   struct ar_error *err)
{
	char path[64];
	int r;

	if (geteuid() == 0) {
		r = write_map(proc, pid, "gid_map", gids, err);
		return r < 0 ? r : write_map(proc, pid, "uid_map", uids, err);
	}
	if (only_own_id(gids, getegid())) {
		/* an unprivileged gid_map needs setgroups denied (CVE-2014-8989) */
		snprintf(path, sizeof(path), "%d/setgroups", (int)pid);
		r = ar_file_write(proc, path, "deny", err);
		if (r == 0)
			r = write_map(proc, pid, "gid_map", gids, err);
	} else {
		r = call_helper("newgidmap", pid, gids, err);
	}
	if (r < 0)
		return r;
	return only_own_id(uids, geteuid()) ? write_map(proc, pid, "uid_map", uids, err)
					    : call_helper("newuidmap", pid, uids, err);
}

int ar_idmap_userns(int proc, const struct ar_list *uids, const struct ar_list *gids, int *ret_fd,
		    struct ar_error *err)
{
	_cleanup_fd_ int pidfd = -1, fd = -1;
	char path[64];
	int r, ignored;
	pid_t pid;

	if (!uids->n || !gids->n)
		return ar_fail(err, 0, "an id-mapped mount needs uidMappings and gidMappings");
	pid = ar_clone(CLONE_NEWUSER, -1, &pidfd);
	if (pid < 0)
		return ar_fail(err, -pid, "new user namespace for an id-mapped mount");
	if (pid == 0) {
		poll(NULL, 0, 30000); /* our parent ends us; this is for when it cannot */
		_exit(0);
	}
	r = ar_idmap_write(proc, pid, uids, gids, err);
	if (r == 0) {
		snprintf(path, sizeof(path), "%d/ns/user", (int)pid);
		fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			r = ar_fail(err, errno, "the user namespace for an id-mapped mount");
	}
	(void)ar_sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0); /* it ends anyhow */
	(void)ar_pidfd_wait(pidfd, &ignored);			 /* as above */
	if (r == 0)
		*ret_fd = ar_steal_fd(&fd);
	return r;
}

/* --- what there is --- */

/* In the child: join, say so, and stay until the parent has looked, or is gone: both are an end of
 * file. Whoever has capabilities in there must not reach what this copy of the runtime has. */
static void inhabit(int userns, int channel)
{
	int answer = ar_process_hide();

	if (answer == 0 && setns(userns, CLONE_NEWUSER) < 0)
		answer = -errno;
	if (write(channel, &answer, sizeof(answer)) == sizeof(answer))
		(void)!read(channel, &answer, 1); /* whatever comes of it, this is the end */
	_exit(0);
}

/* A line is the first id inside, the first outside, how many. */
static int read_map(struct ar_arena *arena, int proc, pid_t pid, const char *name,
		    struct ar_list *ret)
{
	struct ar_id_mapping *maps = ar_alloc_array(arena, MAP_LINES, sizeof(*maps));
	char path[64], text[MAP_TEXT];
	size_t n = 0;
	int r;

	(void)snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
	r = ar_file_peek(proc, path, text, sizeof(text));
	if (r < 0)
		return r;
	for (const char *line = text; n < MAP_LINES && line && *line;
	     line = strchr(line + 1, '\n')) {
		struct ar_id_mapping *m = &maps[n];

		if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64, &m->container_id.value,
			   &m->host_id.value, &m->size.value) != 3)
			continue;
		m->container_id.set = m->host_id.set = m->size.set = true;
		n++;
	}
	*ret = (struct ar_list){ maps, n };
	return 0;
}

static int read_maps(struct ar_arena *arena, int proc, pid_t pid, int channel,
		     struct ar_list *ret_uids, struct ar_list *ret_gids, struct ar_error *err)
{
	int answer = -EPIPE, r;

	if (read(channel, &answer, sizeof(answer)) < 0)
		answer = -errno;
	if (answer < 0)
		return ar_fail(err, -answer, "join the user namespace");
	r = read_map(arena, proc, pid, "uid_map", ret_uids);
	if (r == 0)
		r = read_map(arena, proc, pid, "gid_map", ret_gids);
	return r < 0 ? ar_fail(err, -r, "read the mappings of the user namespace") : 0;
}

int ar_idmap_read(struct ar_arena *arena, int proc, int userns, struct ar_list *ret_uids,
		  struct ar_list *ret_gids, struct ar_error *err)
{
	_cleanup_fd_ int pidfd = -1, ours = -1, theirs = -1;
	int ends[2], status, r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return ar_fail(err, errno, "sockets to a process in the user namespace");
	ours = ends[0];
	theirs = ends[1];
	pid = ar_clone(0, -1, &pidfd);
	if (pid < 0)
		return ar_fail(err, -pid, "new process in the user namespace");
	if (pid == 0) {
		close(ours);
		inhabit(userns, theirs);
	}
	ar_close_fd(&theirs);
	r = read_maps(arena, proc, pid, ours, ret_uids, ret_gids, err);
	ar_close_fd(&ours);
	(void)ar_pidfd_wait(pidfd, &status); /* it ends by itself */
	return r;
}

static int root_of(int proc, pid_t pid, const char *name, unsigned int *ret)
{
	char path[64], text[MAP_TEXT];
	unsigned int inside;
	int r;

	(void)snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
	r = ar_file_peek(proc, path, text, sizeof(text));
	if (r < 0)
		return r;
	for (const char *line = text; line && *line; line = strchr(line + 1, '\n'))
		if (sscanf(line, "%u %u", &inside, ret) == 2 && inside == 0)
			return 0;
	return -ENOENT;
}

int ar_idmap_root(int proc, pid_t pid, uid_t *ret_uid, gid_t *ret_gid)
{
	int r = root_of(proc, pid, "uid_map", ret_uid);

	return r < 0 ? r : root_of(proc, pid, "gid_map", ret_gid);
}
