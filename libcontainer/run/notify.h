/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

struct ar_error;

/*
 * NOTIFY_SOCKET of sd_notify(3), as runc has it. The service manager that started the runtime does
 * not know the container's processes. So these get a socket of their own, notify.sock in
 * "notify/run" of the container's state directory, mounted on /run/notify and beyond the reach of
 * other users; the runtime waits on it until the program says that it is ready, passes that on, and
 * tells the manager which process to watch. Whatever else is said stays here.
 */
#define AR_NOTIFY_CLOSED "notify"
#define AR_NOTIFY_DIR AR_NOTIFY_CLOSED "/run"
#define AR_NOTIFY_PLACE "/run/notify"
#define AR_NOTIFY_VARIABLE "NOTIFY_SOCKET=" AR_NOTIFY_PLACE "/notify.sock"

struct ar_notify {
	int sock;    /* that the container sends to, -1: nobody waits for it */
	int manager; /* the caller's own */
	bool exact;  /* only READY=1 counts and is passed on, not what else begins with READY= */
	char *ready; /* what it has said, while the manager has not taken all that it is to hear */
	int told;    /* how many of these messages it has */
};
#define AR_NOTIFY_INIT ((struct ar_notify){ .sock = -1, .manager = -1 })
void ar_notify_close(struct ar_notify *notify);
#define _cleanup_notify_ __attribute__((cleanup(ar_notify_close)))

/* Make AR_NOTIFY_DIR (0755) in AR_NOTIFY_CLOSED (0700) of the state directory dir; *ret is a
 * descriptor of it (O_PATH). */
int ar_notify_make(int dir, int *ret, struct ar_error *err);
/* Bind notify.sock (0777) in AR_NOTIFY_DIR of dir. -ENOENT without a text: there is none. */
int ar_notify_listen(int dir, struct ar_notify *ret, struct ar_error *err);
/* Connect to the manager: an absolute path, or a name behind "@". */
int ar_notify_connect(const char *address, struct ar_notify *notify, struct ar_error *err);

/* What to poll for, before ar_notify_take(): the container's word, or the manager's room for it;
 * its descriptor is -1 when nothing is awaited any more. */
struct pollfd ar_notify_ask(const struct ar_notify *notify);
/*
 * Take what has been sent, without waiting. When the program is ready, the manager hears so, that
 * main_pid is the process to watch, and a barrier; sock is closed. A manager without room for that
 * hears the rest by a later call. *ret_barrier (may be NULL): its end of file says that the manager
 * has read everything.
 */
int ar_notify_take(struct ar_notify *notify, pid_t main_pid, int *ret_barrier,
		   struct ar_error *err);
/*
 * Wait until the program is ready and the manager has read it (30 seconds at most), or until the
 * process behind pidfd has ended.
 */
int ar_notify_wait(struct ar_notify *notify, int pidfd, pid_t main_pid, struct ar_error *err);
