/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Undo a container, whatever is left of it: a create may have died between any two of its steps.
 * The record is written before what it names is made, so what it does not name is not there.
 *
 *   no record                         nothing but the directory was made
 *   record without pid                perhaps a cgroup, perhaps with processes on no record
 *   record with pid                   perhaps a process, a cgroup, hooks that must run
 *
 * The state goes last, so that a delete that dies can be repeated; but the poststop hooks, which
 * the specification has after it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/cgroup.h"
#include "kernel/rdt.h"
#include "life/container.h"
#include "run/host-steps.h"
#include "state/effective.h"
#include "json/read.h"

#define KILL_WAIT_MS 10000

struct removal {
	struct ar_arena *arena;
	const char *root;
	struct ar_dir dir;
	struct ar_record *record;
	const struct ar_effective *effective; /* NULL: nothing of it is needed */
	enum ar_status status;
	int pidfd;
};

/*
 * A process whose first thread has ended counts as ended, but the others may run on, and with them
 * all that it started.
 */
static void find_threads(struct removal *removal)
{
	pid_t pid = (pid_t)removal->record->pid.value;
	_cleanup_fd_ int fd = pid > 0 ? ar_sys_pidfd_open(pid, 0) : -1;
	uint64_t started;

	if (fd >= 0 && ar_process_start_time(pid, &started, NULL) == 0 &&
	    started == removal->record->start_time.value)
		removal->pidfd = ar_steal_fd(&fd);
}

static int end_init(struct removal *removal, struct ar_error *err)
{
	struct pollfd poll_fd = { .events = POLLIN };
	int r;

	if (removal->status == AR_STATUS_STOPPED)
		find_threads(removal);
	if (removal->pidfd < 0)
		return 0;
	poll_fd.fd = removal->pidfd;
	if (ar_sys_pidfd_send_signal(removal->pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return ar_fail(err, errno, "unable to signal init");
	/* a pidfd becomes readable when its process has ended, reaped or not */
	do {
		r = poll(&poll_fd, 1, KILL_WAIT_MS);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return ar_fail(err, errno, "wait for the end of init");
	return r > 0 ? 0 : ar_refuse(err, EBUSY, "container init still running");
}

/* Stopped and created ones may go, as with runc; the others need force. */
static int may_go(enum ar_status status, const char *id, bool force, struct ar_error *err)
{
	/* we hold the lock, so nobody is creating it any more */
	if (force || status == AR_STATUS_STOPPED || status == AR_STATUS_CREATED ||
	    status == AR_STATUS_CREATING)
		return 0;
	return ar_refuse(err, EBUSY, "cannot delete container %s that is not stopped: %s", id,
			 ar_status_name(status));
}

/* Parts of a configuration that outlive the container, as they are spelled in effective.json. */
static const char *const outliving[] = { "\"poststop\"", "\"intelRdt\"" };

/*
 * The configuration as it was judged when the container was created. One without any of those parts
 * is not decoded unless it is needed: that is the usual case.
 */
static int read_effective(struct removal *removal, bool needed, struct ar_error *err)
{
	char *text;
	size_t len;
	int r;

	r = ar_file_read(removal->arena, removal->dir.fd, AR_EFFECTIVE_FILE,
			 ar_json_limits_own.max_bytes, &text, &len, err);
	if (r == -ENOENT)
		return 0;
	for (size_t i = 0; i < AR_COUNT(outliving) && r == 0; i++)
		needed |= memmem(text, len, outliving[i], strlen(outliving[i])) != NULL;
	if (r == 0 && needed)
		r = ar_effective_parse(removal->arena, text, len, &removal->effective, err);
	return r;
}

static int find_effective(struct removal *removal, const char *id, bool force, struct ar_error *err)
{
	struct ar_error why;
	int r = read_effective(removal, false, force ? &why : err);

	if (r == 0 || !force)
		return r;
	ar_log(AR_LOG_WARN, "container %s: its poststop hooks cannot be run: %s", id, why.text);
	return 0;
}

/* A broken configuration does not keep the cgroup from being removed. But where only memory or
 * descriptors are missing to read it, nothing is guessed: its processes may be others'. */
static int occupants(struct removal *removal, const struct ar_cgroup *cgroup,
		     enum ar_occupants *ret, struct ar_error *err)
{
	bool stopped = removal->status == AR_STATUS_STOPPED;
	int r = 0;

	/* an empty one, which is the usual case, is nobody's, whatever the configuration is; it
	 * says nothing of the processes of a create that died */
	if (stopped && !removal->effective && ar_cgroup_await_empty(cgroup, 0) < 0)
		r = read_effective(removal, true, err);
	if (r < 0 && ar_is_shortage(-r))
		return r;
	return ar_container_occupants(removal->root, removal->record,
				      stopped ? removal->effective : NULL, cgroup, ret, err);
}

static int remove_cgroup(struct removal *removal, bool force, struct ar_error *err)
{
	_cleanup_cgroup_ struct ar_cgroup cgroup = AR_CGROUP_INIT;
	const struct ar_record *record = removal->record;
	enum ar_occupants who = AR_OCCUPANTS_ITS;
	int r;

	if (!record->cgroup)
		return 0;
	r = ar_cgroup_reopen(removal->arena, record->cgroup_root, record->cgroup, &cgroup, err);
	if (r == 0 &&
	    (removal->status == AR_STATUS_STOPPED || removal->status == AR_STATUS_CREATING))
		r = occupants(removal, &cgroup, &who, err);
	if (r == 0 && who == AR_OCCUPANTS_OTHERS)
		ar_container_tell_others(record->id, &cgroup);
	if (r < 0 || who == AR_OCCUPANTS_OTHERS)
		return r;
	cgroup.spare = who == AR_OCCUPANTS_NONE;
	r = ar_container_remove_cgroup(&cgroup, record, err);
	/* the cgroup is gone, and a systemd that nobody can ask any more sees that by itself */
	if ((r == -ENOENT || r == -ENOSYS) && force && record->unit) {
		ar_log(AR_LOG_WARN, "container %s: %s", record->id, err->text);
		return 0;
	}
	return r;
}

/* They run only if the container had a process or an earlier hook was started. Failures are logged
 * by the hooks. */
static void run_hooks(const struct removal *removal)
{
	const struct ar_record *record = removal->record;
	struct ar_error err;

	if (removal->effective && (record->pid.value || record->hooks == AR_YES))
		(void)ar_container_hooks(removal->effective, record, 0, AR_HOOK_POSTSTOP,
					 ar_status_name(AR_STATUS_STOPPED), &err);
}

static int remove_rdt(const struct removal *removal, const char *id, struct ar_error *err)
{
	const struct ar_linux *linux = removal->effective ? removal->effective->spec->linux : NULL;
	_cleanup_fd_ int root = -1;
	int r;

	if (!linux || !linux->intel_rdt)
		return 0;
	r = ar_rdt_open(removal->arena, &root, err);
	if (r == -ENOENT)
		return 0; /* unmounted, and with it every class is gone */
	if (r == 0)
		r = ar_rdt_remove(root, linux->intel_rdt, id, err);
	return ar_prefix(err, r, "intelRdt");
}

static int remove_all(struct removal *removal, const char *id, bool force, struct ar_error *err)
{
	int r;

	r = ar_record_status(&removal->dir, removal->record, &removal->status, &removal->pidfd,
			     err);
	if (r == 0)
		r = may_go(removal->status, id, force, err);
	if (r == 0)
		r = find_effective(removal, id, force, err);
	if (r == 0)
		r = end_init(removal, err);
	if (r == 0)
		r = remove_cgroup(removal, force, err);
	if (r == 0)
		r = remove_rdt(removal, id, err);
	if (r == 0)
		r = ar_dir_remove(&removal->dir, id, err);
	if (r < 0)
		return r;
	/* who waits for the lock is to see that the container is gone, however long the hooks take */
	ar_dir_unlock(&removal->dir);
	run_hooks(removal);
	return 0;
}

/*
 * By force also from under another command that hangs: without its processes a create or start
 * fails, undoes its part and lets go of the lock.
 */
static int open_locked(const struct ar_context *ctx, const char *id, bool force, struct ar_dir *ret,
		       struct ar_error *err)
{
	struct ar_error ignored;
	int r;

	if (force) {
		r = ar_dir_open(ctx->root, id, AR_LOCK_BRIEFLY, ret, err);
		if (r != -EBUSY)
			return r;
		/* what it cannot kill now is tried again with the lock, and told then */
		(void)ar_life_kill(ctx, id, SIGKILL, true, &ignored);
	}
	return ar_dir_open(ctx->root, id, AR_LOCK_EXCLUSIVE, ret, err);
}

int ar_life_delete(const struct ar_context *ctx, const char *id, bool force, struct ar_error *err)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct removal removal = { .arena = arena,
				   .root = ctx->root,
				   .dir = AR_DIR_INIT,
				   .pidfd = -1 };
	int r;

	r = open_locked(ctx, id, force, &removal.dir, err);
	if (r < 0)
		return r == -ENOENT && force ? 0 : r;
	r = ar_record_read(arena, &removal.dir, &removal.record, err);
	if (r == -ENOENT) {
		r = ar_dir_remove(&removal.dir, id, err);
		if (r == 0 && !force)
			r = ar_refuse(err, ENOENT, "container does not exist");
	} else if (r == 0) {
		r = remove_all(&removal, id, force, err);
	}
	ar_close_fd(&removal.pidfd);
	ar_dir_close(&removal.dir);
	return r;
}
