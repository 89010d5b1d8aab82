/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/socket.h"
#include "base/str.h"

#define NAME "notify.sock"
/* sd_notify(3) of the barrier: who waits for it asks for so long at most */
#define BARRIER_MS 30000
#define MESSAGES_AT_ONCE 16

void ar_notify_close(struct ar_notify *notify)
{
	ar_close_fd(&notify->sock);
	ar_close_fd(&notify->manager);
	free(notify->ready);
	notify->ready = NULL;
}

int ar_notify_make(int dir, int *ret, struct ar_error *err)
{
	_cleanup_fd_ int fd = -1;

	if (mkdirat(dir, AR_NOTIFY_CLOSED, 0700) < 0 || mkdirat(dir, AR_NOTIFY_DIR, 0755) < 0)
		return ar_fail(err, errno, "make the directory of the container's NOTIFY_SOCKET");
	fd = openat(dir, AR_NOTIFY_DIR, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* not by mkdir, which takes the umask off */
	if (fd < 0 || fchmodat(dir, AR_NOTIFY_DIR, 0755, 0) < 0)
		return ar_fail(err, errno, "open the directory of the container's NOTIFY_SOCKET");
	*ret = ar_steal_fd(&fd);
	return 0;
}

int ar_notify_listen(int dir, struct ar_notify *ret, struct ar_error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char folder[AR_FD_PATH_MAX];
	_cleanup_fd_ int fd = openat(dir, AR_NOTIFY_DIR,
				     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
			 sock = -1;

	if (fd < 0)
		return errno == ENOENT
			       ? -ENOENT
			       : ar_fail(err, errno, "directory of the container's NOTIFY_SOCKET");
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/" NAME, ar_fd_path(folder, fd));
	/* of a "start" that was killed */
	if (unlinkat(fd, NAME, 0) < 0 && errno != ENOENT)
		return ar_fail(err, errno, "remove an old NOTIFY_SOCKET of the container");
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0 || bind(sock, (const struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    fchmodat(fd, NAME, 0777, 0) < 0)
		return ar_fail(err, errno, "make the container's NOTIFY_SOCKET");
	ret->sock = ar_steal_fd(&sock);
	return 0;
}

int ar_notify_connect(const char *address, struct ar_notify *notify, struct ar_error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(address);
	_cleanup_fd_ int sock = -1;
	socklen_t size;

	if ((address[0] != '/' && address[0] != '@') || len >= sizeof(addr.sun_path))
		return ar_refuse(err, EINVAL,
				 "NOTIFY_SOCKET must be an absolute path or begin with '@', not "
				 "'%s'",
				 address);
	memcpy(addr.sun_path, address, len);
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (address[0] == '@')
		addr.sun_path[0] = '\0';
	else
		size++;
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0 || connect(sock, (const struct sockaddr *)&addr, size) < 0)
		return ar_fail(err, errno, "connect to NOTIFY_SOCKET '%s'", address);
	notify->manager = ar_steal_fd(&sock);
	return 0;
}

/* The line of a message that says so, or NULL. */
static char *ready_line(const struct ar_notify *notify, char *message)
{
	char *save = NULL;

	for (char *line = strtok_r(message, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (notify->exact ? ar_streq(line, "READY=1") : ar_starts_with(line, "READY="))
			return line;
	return NULL;
}

static int tell(struct ar_notify *notify, const char *text, int fd)
{
	return ar_socket_send(notify->manager, text, strlen(text), fd);
}

/* A descriptor that the manager closes (sd_notify(3), BARRIER=1). */
static int tell_barrier(struct ar_notify *notify, int *ret)
{
	_cleanup_fd_ int theirs = -1, ours = -1;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	ours = ends[0];
	theirs = ends[1];
	r = tell(notify, "BARRIER=1", theirs);
	if (r == 0 && ret)
		*ret = ar_steal_fd(&ours);
	return r;
}

/* The pid is told in a message of its own. */
static int tell_next(struct ar_notify *notify, pid_t main_pid, int *ret_barrier)
{
	char pid[32];

	switch (notify->told) {
	case 0:
		return tell(notify, notify->ready, -1);
	case 1:
		snprintf(pid, sizeof(pid), "MAINPID=%d", (int)main_pid);
		return tell(notify, pid, -1);
	default:
		return tell_barrier(notify, ret_barrier);
	}
}

#define MESSAGES 3

static int pass_on(struct ar_notify *notify, pid_t main_pid, int *ret_barrier, struct ar_error *err)
{
	while (notify->told < MESSAGES) {
		int r = tell_next(notify, main_pid, ret_barrier);

		if (r == -EAGAIN)
			return 0; /* it has no room now */
		if (r < 0)
			return ar_fail(err, -r, "tell NOTIFY_SOCKET that the container is ready");
		notify->told++;
	}
	free(notify->ready);
	notify->ready = NULL;
	return 0;
}

struct pollfd ar_notify_ask(const struct ar_notify *notify)
{
	if (notify->ready)
		return (struct pollfd){ .fd = notify->manager, .events = POLLOUT };
	return (struct pollfd){ .fd = notify->sock, .events = POLLIN };
}

int ar_notify_take(struct ar_notify *notify, pid_t main_pid, int *ret_barrier, struct ar_error *err)
{
	char message[4096];

	if (notify->ready)
		return pass_on(notify, main_pid, ret_barrier, err);
	/* a container that sends without end keeps nobody from its signals and its output */
	for (int i = 0; i < MESSAGES_AT_ONCE && notify->sock >= 0; i++) {
		/*
		 * descriptors that come along are dropped by the kernel: there is no room for them
		 */
		ssize_t n = recv(notify->sock, message, sizeof(message) - 1, 0);
		const char *ready;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN
				       ? 0
				       : ar_fail(err, errno, "read the container's NOTIFY_SOCKET");
		message[n] = '\0';
		ready = ready_line(notify, message);
		if (!ready)
			continue;
		ar_close_fd(&notify->sock);
		notify->ready = strdup(ready);
		if (!notify->ready)
			ar_no_memory();
		return pass_on(notify, main_pid, ret_barrier, err);
	}
	return 0;
}

/* A manager that does not know barriers never closes it: that is none of the container's faults. */
static void wait_barrier(int barrier)
{
	struct pollfd wait = { .fd = barrier, .events = POLLIN };
	int64_t end = ar_now_ms() + BARRIER_MS, left;

	while ((left = end - ar_now_ms()) > 0)
		if (poll(&wait, 1, (int)left) >= 0 || errno != EINTR)
			return;
}

int ar_notify_wait(struct ar_notify *notify, int pidfd, pid_t main_pid, struct ar_error *err)
{
	_cleanup_fd_ int barrier = -1;
	bool over = false;

	/* what it has said before its end is passed on all the same */
	while (notify->ready || (notify->sock >= 0 && !over)) {
		struct pollfd wait[] = { ar_notify_ask(notify),
					 { .fd = over ? -1 : pidfd, .events = POLLIN } };
		int r;

		if (poll(wait, AR_COUNT(wait), -1) < 0) {
			if (errno == EINTR)
				continue;
			return ar_fail(err, errno, "wait for the container to be ready");
		}
		/* in this order: it may have said so and ended */
		over = over || wait[1].revents != 0;
		r = ar_notify_take(notify, main_pid, &barrier, err);
		if (r < 0)
			return r;
	}
	if (barrier >= 0)
		wait_barrier(barrier);
	return 0;
}
