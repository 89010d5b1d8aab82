/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "life/container.h"
#include "run/host-steps.h"
#include "run/notify.h"
#include "run/run.h"

/* How long a killed container may take to be stopped when "start" returns. */
#define STOP_WAIT_MS 1000

static int check_status(enum ar_status status, struct ar_error *err)
{
	switch (status) {
	case AR_STATUS_CREATED:
		return 0;
	case AR_STATUS_STOPPED:
		return ar_refuse(err, EINVAL, "cannot start a container that has stopped");
	case AR_STATUS_RUNNING:
		return ar_refuse(err, EINVAL, "cannot start an already running container");
	default:
		return ar_refuse(err, EINVAL, "cannot start a container in the %s state",
				 ar_status_name(status));
	}
}

/*
 * Let init go and hear what became of it. The reading end is opened first: init alone holds the
 * writing end, so that its end of file is the execution of the program, or the death of init.
 */
static int let_go(struct ar_container *c, struct ar_error *err)
{
	_cleanup_fd_ int answer =
		openat(c->dir.fd, AR_FIFO_ANSWER, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_fd_ int fifo =
		openat(c->dir.fd, AR_FIFO_START, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

	if (fifo < 0 && errno == ENXIO)
		return ar_refuse(err, EINVAL, "cannot start a container that has stopped");
	if (answer < 0 || fifo < 0)
		return ar_fail(err, errno, "exec.fifo of the container");
	/* before they are removed: who is killed here has let it go, or the next "start" can */
	if (write(fifo, "", 1) != 1)
		return ar_fail(err, errno, "exec.fifo of the container");
	if (unlinkat(c->dir.fd, AR_FIFO_START, 0) < 0 || unlinkat(c->dir.fd, AR_FIFO_ANSWER, 0) < 0)
		ar_log(AR_LOG_WARN, "container %s: remove exec.fifo: %s", c->record->id,
		       ar_errno_text(errno));
	return ar_walk_answer(answer, c->pidfd, err);
}

/* The program runs, and that exec.fifo is gone says so too: a record that cannot be written, as on
 * a file system without room, takes nothing back. */
static void note_started(struct ar_container *c)
{
	struct ar_error err = { 0 };

	c->record->started = AR_YES;
	if (ar_record_write(&c->dir, c->record, &err) < 0)
		ar_log(AR_LOG_WARN, "container %s: %s", c->record->id, err.text);
}

/* Its processes and its cgroup are its own while its init runs. */
static void stop(const struct ar_container *c)
{
	struct ar_error err = { 0 };

	if (ar_pidfd_ended(c->pidfd, 0))
		return; /* by itself */
	if (ar_container_kill(c, SIGKILL, &err) < 0 && !ar_pidfd_ended(c->pidfd, 0))
		ar_log(AR_LOG_WARN, "container %s: %s", c->record->id, err.text);
	(void)ar_pidfd_ended(c->pidfd, STOP_WAIT_MS); /* else "delete" waits on */
}

static int poststart(struct ar_container *c, struct ar_error *err)
{
	int r = ar_container_hooks(c->effective, c->record, (pid_t)c->record->pid.value,
				   AR_HOOK_POSTSTART, "running", err);

	/* config.md: a failing poststart hook stops the container */
	if (r < 0)
		stop(c);
	return r;
}

/* Before the program runs: then its first word finds us. Who was not told of a socket at "create"
 * has nothing to say. */
static int listen_to(struct ar_container *c, const char *address, struct ar_notify *notify,
		     struct ar_error *err)
{
	int r = address ? ar_notify_listen(c->dir.fd, notify, err) : -ENOENT;

	if (r == -ENOENT)
		return 0;
	notify->exact = c->effective->profile != AR_PROFILE_COMPAT;
	return r < 0 ? r : ar_notify_connect(address, notify, err);
}

int ar_life_start(const struct ar_context *ctx, const char *id, const char *notify_socket,
		  struct ar_error *err)
{
	_cleanup_container_ struct ar_container c;
	_cleanup_notify_ struct ar_notify notify = AR_NOTIFY_INIT;
	int r = ar_container_open(&c, ctx, id, AR_LOCK_EXCLUSIVE, err);

	if (r == 0)
		r = check_status(c.status, err);
	if (r == 0)
		r = ar_container_read_effective(&c, err);
	if (r == 0)
		r = listen_to(&c, notify_socket, &notify, err);
	if (r == 0)
		r = let_go(&c, err);
	if (r < 0)
		return r;
	note_started(&c);
	/* a hook may call for the container itself */
	ar_dir_unlock(&c.dir);
	r = poststart(&c, err);
	if (r < 0)
		return r;
	return ar_notify_wait(&notify, c.pidfd, (pid_t)c.record->pid.value, err);
}
