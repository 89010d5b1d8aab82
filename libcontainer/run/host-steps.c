/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/host-steps.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "base/socket.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/attributes.h"
#include "kernel/idmap.h"
#include "kernel/mount.h"
#include "kernel/netdev.h"
#include "kernel/rdt.h"
#include "run/run.h"
#include "state/effective.h"

/* --- before there is anything to undo --- */

/*
 * A path may lead elsewhere by now: policy has judged a namespace, not its name. Ours, at the end
 * of the list, have no path; compat has judged nothing.
 */
static int check_joined(struct ar_run *run, struct ar_error *err)
{
	const struct ar_facts *f = run->facts;
	const struct ar_namespace *all = ar_run_linux(run)->namespaces.items;

	for (size_t i = 0; i < f->n_namespaces; i++)
		for (int ns = 0; ns < AR_NS_COUNT; ns++)
			if (f->namespaces[i] && ar_streq(all[i].type, ar_ns_name(ns)) &&
			    !ar_streq(ar_ns_text(run->arena, run->ns.join[ns]), f->namespaces[i]))
				return ar_refuse(err, EAGAIN,
						 "'%s' was exchanged while the container was made",
						 all[i].path);
	return 0;
}

/* Engines write the mappings of a joined user namespace beside its path; others are a mistake. */
static int check_mappings(struct ar_run *run, struct ar_error *err)
{
	const struct ar_linux *linux = ar_run_linux(run);
	bool asked = linux->uid_mappings.n || linux->gid_mappings.n;
	struct ar_list gids;
	int r;

	if (run->ns.join[AR_NS_USER] < 0) {
		run->uid_mappings = linux->uid_mappings;
		return 0;
	}
	r = ar_idmap_read(run->arena, run->proc, run->ns.join[AR_NS_USER], &run->uid_mappings,
			  &gids, err);
	if (r < 0 || !asked)
		return r;
	if (ar_mappings_equal(&linux->uid_mappings, &run->uid_mappings) &&
	    ar_mappings_equal(&linux->gid_mappings, &gids))
		return 0;
	return ar_refuse(err, EINVAL,
			 "linux.uidMappings and gidMappings are not those of the user namespace "
			 "'%s', which is joined: they must be the same, or left out",
			 ar_spec_namespace(run->effective->spec, "user")->path);
}

static int namespaces(struct ar_run *run, struct ar_error *err)
{
	int r = ar_ns_set_open(run->effective->spec, &run->ns, err);

	if (r == 0)
		r = check_joined(run, err);
	if (r == 0)
		r = check_mappings(run, err);
	if (r < 0)
		return r;
	if (!(run->ns.fresh & CLONE_NEWNS))
		return ar_refuse(err, EINVAL, "a container needs a mount namespace of its own");
	run->fresh_userns = run->ns.fresh & CLONE_NEWUSER;
	run->in_userns = run->fresh_userns || run->ns.join[AR_NS_USER] >= 0;
	if (run->in_userns)
		ar_run_enforced(run, AR_CONTROL_USER_NAMESPACE);
	return ar_sysctls_check(run->effective->spec, err);
}
const struct ar_step ar_step_namespaces = { "namespaces", AR_HOST, 0, namespaces, NULL };

static int join_container(struct ar_run *run, struct ar_error *err)
{
	int r = ar_ns_set_of(run->proc, (pid_t)run->record->pid.value, &run->ns, err);

	run->in_userns = run->ns.join[AR_NS_USER] >= 0;
	/* still alive after they were opened by its pid: so they are its own, not those of a
	 * successor */
	if (r == 0 && ar_sys_pidfd_send_signal(run->target, 0, NULL, 0) < 0)
		return ar_refuse(err, ESRCH, "cannot exec in a stopped container");
	return r;
}
const struct ar_step ar_step_join_container = { "namespaces", AR_HOST, 0, join_container, NULL };

/* Notifications go somewhere, or the container would wait for ever. */
static int connect_listener(struct ar_run *run, struct ar_error *err)
{
	const struct ar_seccomp *seccomp = ar_run_linux(run)->seccomp;
	const char *path = seccomp ? seccomp->listener_path : NULL;
	bool notifies = false;

	for (size_t i = 0; i < run->filters.n; i++)
		notifies |= run->filters.item[i].notifies;
	if (!notifies)
		return 0;
	if (!path || !*path)
		return ar_refuse(err, EINVAL,
				 "linux.seccomp.listenerPath is required for SCMP_ACT_NOTIFY");
	return ar_prefix(err, ar_socket_connect(path, &run->listener_sock, err),
			 "linux.seccomp.listenerPath");
}

static int filters(struct ar_run *run, struct ar_error *err)
{
	int r = ar_filters_build(run->arena, run->effective, &run->filters, err);

	return r < 0 ? r : connect_listener(run, err);
}
const struct ar_step ar_step_filters = { "seccomp", AR_HOST, 0, filters, NULL };

static int saved_filters(struct ar_run *run, struct ar_error *err)
{
	int r = ar_filters_load(run->arena, run->dir->fd, &run->filters, err);

	return r < 0 ? r : connect_listener(run, err);
}
const struct ar_step ar_step_saved_filters = { "seccomp", AR_HOST, 0, saved_filters, NULL };

static int map_tree(int tree, bool recursive, int userns, const char *name, struct ar_error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };

	if (ar_sys_mount_setattr(tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
				 sizeof(attr)) < 0)
		return ar_fail(err, errno, "id-mapped mount on '%s' (its filesystem must allow it)",
			       name);
	return 0;
}

/* A user namespace with the container's mappings, made once for all its mounts, or the one that is
 * joined. */
static int container_userns(struct ar_run *run, struct ar_error *err)
{
	const struct ar_linux *linux = ar_run_linux(run);

	if (run->mapped >= 0)
		return 0;
	if (run->ns.join[AR_NS_USER] >= 0) {
		run->mapped = fcntl(run->ns.join[AR_NS_USER], F_DUPFD_CLOEXEC, 3);
		return run->mapped < 0 ? ar_fail(err, errno, "user namespace") : 0;
	}
	return ar_idmap_userns(run->proc, &linux->uid_mappings, &linux->gid_mappings, &run->mapped,
			       err);
}

static bool wants_idmap(const struct ar_mount *m, const struct ar_mount_options *o)
{
	return o->idmap || o->ridmap || m->uid_mappings.n || m->gid_mappings.n;
}

/* The container's own mappings serve a mount that asks for an idmap without any. */
static int idmap_tree(struct ar_run *run, const struct ar_mount *m,
		      const struct ar_mount_options *o, int tree, struct ar_error *err)
{
	const struct ar_linux *linux = ar_run_linux(run);
	bool own = m->uid_mappings.n || m->gid_mappings.n;
	_cleanup_fd_ int userns = -1;
	int r;

	if (!wants_idmap(m, o))
		return 0;
	if (!own || m->uid_mappings.items == linux->uid_mappings.items) {
		r = container_userns(run, err);
		return r < 0 ? r : map_tree(tree, o->ridmap, run->mapped, m->destination, err);
	}
	r = ar_idmap_userns(run->proc, &m->uid_mappings, &m->gid_mappings, &userns, err);
	return r < 0 ? r : map_tree(tree, o->ridmap, userns, m->destination, err);
}

static int bind_tree(struct ar_run *run, size_t i, const struct ar_mount *m, struct ar_error *err)
{
	struct ar_mount_options o;
	int source, r;

	ar_mount_options_parse(run->arena, &m->options, &o);
	if (!o.bind) {
		if (wants_idmap(m, &o))
			return ar_refuse(err, ENOTSUP, "mount '%s': only binds can be id-mapped",
					 m->destination);
		return 0;
	}
	/* runc's words */
	if ((o.data.n || o.defaults) && run->effective->profile == AR_PROFILE_COMPAT)
		return ar_refuse(err, EINVAL,
				 "invalid mount '%s': bind mounts cannot have any "
				 "filesystem-specific options applied",
				 m->destination);
	source = run->effective->mount_source[i];
	if (source < 0)
		return ar_refuse(err, EINVAL, "mount '%s': its source was not checked",
				 m->destination);
	r = ar_mount_clone(run->facts->sources[source].fd, o.recursive, &run->mount_tree[i]);
	/* without rights over the host's mounts, or an old kernel, init does it in its own
	 * namespace */
	if ((r == -EPERM || r == -ENOSYS) && !wants_idmap(m, &o))
		return 0;
	if (r < 0)
		return ar_fail(err, -r, "bind source '%s'", run->facts->sources[source].resolved);
	return idmap_tree(run, m, &o, run->mount_tree[i], err);
}

/*
 * Root and binds are copied from the descriptors that policy judged, in the host's mount namespace,
 * where they belong: what is mounted cannot be exchanged any more.
 */
static int trees(struct ar_run *run, struct ar_error *err)
{
	const struct ar_list *mounts = &run->effective->spec->mounts;
	const struct ar_mount *m = mounts->items;
	int r;

	run->mount_tree = ar_alloc_array(run->arena, mounts->n, sizeof(int));
	for (size_t i = 0; i < mounts->n; i++)
		run->mount_tree[i] = -1;
	run->n_mounts = mounts->n;
	r = ar_mount_clone(run->facts->root.fd, true, &run->root_tree);
	if (r < 0 && r != -EPERM && r != -ENOSYS)
		return ar_fail(err, -r, "root filesystem '%s'", run->facts->root.resolved);
	if (run->effective->idmap_root) {
		r = container_userns(run, err);
		if (r == 0)
			r = map_tree(run->root_tree, true, run->mapped, "/", err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < mounts->n; i++) {
		r = bind_tree(run, i, &m[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}
const struct ar_step ar_step_trees = { "mount sources", AR_HOST, AR_STEP_PLAIN, trees, NULL };

static int sockets(struct ar_run *run, struct ar_error *err)
{
	int r = 0;

	if (run->io.console_socket) {
		r = ar_socket_connect(run->io.console_socket, &run->console_sock, err);
		if (r < 0)
			return ar_prefix(err, r, "console socket");
	}
	if (run->io.pidfd_socket)
		r = ar_prefix(err, ar_socket_connect(run->io.pidfd_socket, &run->pidfd_sock, err),
			      "pidfd socket");
	return r;
}
const struct ar_step ar_step_sockets = { "sockets", AR_HOST, AR_STEP_PLAIN, sockets, NULL };

/*
 * exec.fifo: "start" writes one byte that lets init go. exec.answer: init announces its program
 * there, and then the end of file says that it was executed; an error comes through it before. Both
 * are opened here, read and write, so that init needs no path, never sees end of file, and gets no
 * signal when nobody listens.
 */
static int open_fifo(struct ar_run *run, const char *name, int *ret, struct ar_error *err)
{
	if (mkfifoat(run->dir->fd, name, 0600) < 0)
		return ar_fail(err, errno, "make '%s'", name);
	*ret = openat(run->dir->fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (*ret < 0)
		return ar_fail(err, errno, "open '%s'", name);
	return 0;
}

static int fifo(struct ar_run *run, struct ar_error *err)
{
	int r = open_fifo(run, AR_FIFO_START, &run->fifo, err);

	return r < 0 ? r : open_fifo(run, AR_FIFO_ANSWER, &run->result, err);
}
const struct ar_step ar_step_fifo = { "fifo", AR_HOST, 0, fifo, NULL };

static int affinity(struct ar_run *run, struct ar_error *err)
{
	/* inherited by the child; ours is restored by nobody, for this process only waits from here
	 * on */
	return ar_affinity_apply(run->process->exec_cpu_affinity->initial, err);
}
const struct ar_step ar_step_affinity = { "cpu affinity", AR_HOST, 0, affinity, NULL };

/* --- init --- */

static pid_t clone_once(struct ar_run *run, struct ar_error *err)
{
	return ar_ns_clone(&run->ns, &ar_run_linux(run)->time_offsets, run->proc, run->cgroup_fd,
			   run->walk.limit_ms, &run->walk.pidfd, err);
}

/* A container that divided its cgroup takes no process in its top one: exec goes where init is. */
static int follow_init(struct ar_run *run, struct ar_error *err)
{
	const char *sub;
	int r = ar_cgroup_sub_of(run->arena, &run->cgroup, (pid_t)run->record->pid.value, &sub,
				 err);

	ar_close_fd(&run->cgroup_fd);
	return r < 0 ? r : ar_cgroup_open_sub(&run->cgroup, sub, &run->cgroup_fd, err);
}

/*
 * The rights over a unit's cgroup may be systemd's alone: the process is born in ours, and waits.
 */
static int let_systemd_move(struct ar_run *run, struct ar_error *err)
{
	run->enter_unit = true;
	ar_close_fd(&run->cgroup_fd);
	if (run->unit_sub)
		return 0;
	return ar_cgroup_sub_of(run->arena, &run->cgroup, (pid_t)run->record->pid.value,
				&run->unit_sub, err);
}

/*
 * No process of the container may look into ours, nor at its /proc/PID/fd and exe, before the exec
 * (CVE-2016-9962): it is not dumpable from its birth on, which it inherits. A caller other than
 * root, to whom the files of such a process in /proc do not belong any more, writes what it must
 * before; a new user namespace of its own takes its id mappings from outside, and its init hides
 * itself after that.
 */
static int hide(struct ar_run *run, struct ar_error *err)
{
	int r = 0;

	if (geteuid() != 0 && run->fresh_userns)
		return 0;
	/* lowering it needs CAP_SYS_RESOURCE out here, which init has not in its namespace */
	if (geteuid() != 0 || run->in_userns) {
		r = ar_oom_score_apply(run->proc, &run->process->oom_score_adj, err);
		run->oom_score_set = true;
	}
	if (r < 0)
		return r;
	r = ar_process_hide();
	return r < 0 ? ar_fail(err, -r, "dumpable") : 0;
}

/* Of this process: read, and open for writing while it is still ours. -1: there is no need. */
static int open_own_score(const struct ar_run *run, char *ret, size_t size)
{
	bool changes = geteuid() == 0 ? run->in_userns : !run->fresh_userns; /* see hide() */
	_cleanup_fd_ int fd = -1;
	ssize_t n;

	if (!changes || !run->process->oom_score_adj.set)
		return -1;
	fd = openat(run->proc, "self/oom_score_adj", O_RDWR | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, ret, size - 1);
	if (n <= 0)
		return -1; /* then setting it says why */
	ret[n] = '\0';
	return ar_steal_fd(&fd);
}

static int clone_hidden(struct ar_run *run, struct ar_error *err)
{
	int hidden = hide(run, err);
	pid_t pid;

	/* they are counted from the cgroup's birth, and are not ours up to here */
	if (run->use_cgroup)
		run->oom_kills = ar_cgroup_oom_kills(&run->cgroup);
	pid = hidden < 0 ? hidden : clone_once(run, err);
	/* unless the caller named one */
	if (pid == -EBUSY && run->target >= 0 && run->use_cgroup && !run->unit_sub) {
		int r = follow_init(run, err);

		pid = r < 0 ? r : clone_once(run, err);
	}
	if (pid == -EACCES && run->target >= 0 && run->use_cgroup && run->record->unit) {
		int r = let_systemd_move(run, err);

		pid = r < 0 ? r : clone_once(run, err);
	}
	if (pid == 0)
		return AR_WALK_CHILD;
	if (pid < 0) {
		run->leave_cgroup = true;
		return pid;
	}
	run->pid = pid;
	return 0;
}

/* What we start later, such as hooks, is not the container's: our own score is restored. */
static int clone_init(struct ar_run *run, struct ar_error *err)
{
	char score[16];
	_cleanup_fd_ int fd = open_own_score(run, score, sizeof(score));
	int r = clone_hidden(run, err);

	if (r != AR_WALK_CHILD && fd >= 0 && pwrite(fd, score, strlen(score), 0) < 0)
		ar_debug("oom_score_adj is not what it was: %s", ar_errno_text(errno));
	return r;
}

static void kill_init(struct ar_run *run)
{
	int ignored;

	if (run->walk.pidfd < 0)
		return;
	/* gone already, or going: what counts is that it is reaped */
	(void)ar_sys_pidfd_send_signal(run->walk.pidfd, SIGKILL, NULL, 0);
	(void)ar_pidfd_wait(run->walk.pidfd, &ignored);
}
const struct ar_step ar_step_clone = { "clone", AR_HOST, AR_STEP_CLONE, clone_init, kill_init };

static int idmap(struct ar_run *run, struct ar_error *err)
{
	int r = ar_idmap_write(run->proc, run->pid, &ar_run_linux(run)->uid_mappings,
			       &ar_run_linux(run)->gid_mappings, err);

	if (r == 0)
		ar_run_enforced(run, AR_CONTROL_USER_NAMESPACE);
	return r;
}

const struct ar_step ar_step_idmap = { "id mappings", AR_HOST, 0, idmap, NULL };

/*
 * The pipes that the program has for its standard streams are those of the container's root: it
 * may open them anew, or give them to its user. A caller who is not root of the host can give
 * nothing away.
 */
static int own_streams(struct ar_run *run, struct ar_error *err)
{
	pid_t pid = run->target >= 0 ? (pid_t)run->record->pid.value : run->pid;
	uid_t uid;
	gid_t gid;
	int r = run->in_userns ? ar_idmap_root(run->proc, pid, &uid, &gid) : -ENOENT;

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return ar_fail(err, -r, "root of the user namespace");
	for (size_t i = 0; i < AR_COUNT(run->streams); i++)
		if (run->streams[i] >= 0 && fchown(run->streams[i], uid, gid) < 0 && errno != EPERM)
			return ar_fail(err, errno, "owner of the pipe for stream %zu", i);
	return 0;
}

const struct ar_step ar_step_streams = { "standard streams", AR_HOST, 0, own_streams, NULL };

static int rdt(struct ar_run *run, struct ar_error *err)
{
	_cleanup_fd_ int root = -1;
	int r = ar_rdt_open(run->arena, &root, err);

	return r < 0 ? r : ar_rdt_apply(root, ar_run_linux(run)->intel_rdt, run->id, run->pid, err);
}

static void undo_rdt(struct ar_run *run)
{
	struct ar_error err = { 0 };
	_cleanup_fd_ int root = -1;
	int r = ar_rdt_open(run->arena, &root, &err);

	if (r == 0)
		r = ar_rdt_remove(root, ar_run_linux(run)->intel_rdt, run->id, &err);
	if (r < 0)
		ar_debug("undo: %s", err.text);
}

const struct ar_step ar_step_rdt = { "intelRdt", AR_HOST, 0, rdt, undo_rdt };

static int net_devices(struct ar_run *run, struct ar_error *err)
{
	char path[64];
	_cleanup_fd_ int ns = -1;

	snprintf(path, sizeof(path), "%d/ns/net", (int)run->pid);
	ns = openat(run->proc, path, O_RDONLY | O_CLOEXEC);
	if (ns < 0)
		return ar_fail(err, errno, "the container's network namespace");
	return ar_net_devices_move(&ar_run_linux(run)->net_devices, ns, err);
}

const struct ar_step ar_step_net_devices = { "netDevices", AR_HOST, 0, net_devices, NULL };

/* What exec, hooks and update need later; init goes ahead meanwhile. */
static int save(struct ar_run *run, struct ar_error *err)
{
	int r = ar_effective_save(run->dir->fd, run->effective, err);

	return r < 0 ? r : ar_filters_save(run->dir->fd, &run->filters, err);
}
const struct ar_step ar_step_save = { "save", AR_HOST, AR_STEP_BESIDE, save, NULL };

/* --- the end --- */

/* go-runc and others read it with strconv.Atoi: decimal digits and nothing else. */
static int write_pid_file(struct ar_run *run, struct ar_error *err)
{
	char text[16];
	_cleanup_fd_ int dir = -1;
	char *copy, *slash;

	if (!run->io.pid_file)
		return 0;
	copy = ar_strdup(run->arena, run->io.pid_file);
	slash = strrchr(copy, '/');
	if (slash)
		*slash = '\0';
	dir = open(!slash ? "." : *copy ? copy : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return ar_fail(err, errno, "directory of the pid file '%s'", run->io.pid_file);
	snprintf(text, sizeof(text), "%d", (int)run->pid);
	return ar_file_replace(dir, slash ? slash + 1 : copy, text, strlen(text), 0644, err);
}

/* Beside it stands runc's word for the kind of process. */
static int send_pidfd(struct ar_run *run, struct ar_error *err)
{
	const char *kind = run->target >= 0 ? "setns" : "standard";
	int r;

	if (run->pidfd_sock < 0)
		return 0;
	r = ar_socket_send(run->pidfd_sock, kind, strlen(kind), run->walk.pidfd);
	return r < 0 ? ar_fail(err, -r, "send the pidfd to '%s'", run->io.pidfd_socket) : 0;
}

static int executed(struct ar_run *run, struct ar_error *err)
{
	int r = send_pidfd(run, err);

	return r < 0 ? r : write_pid_file(run, err);
}
const struct ar_step ar_step_executed = { "pid file", AR_HOST, AR_STEP_PLAIN, executed, NULL };

static int created(struct ar_run *run, struct ar_error *err)
{
	uint64_t start;
	char state;
	int r = ar_process_start_time(run->pid, &start, &state);

	if (r < 0)
		return ar_fail(err, -r, "process %d of the container", (int)run->pid);
	run->record->pid = (struct ar_opt_i64){ true, run->pid };
	run->record->start_time = (struct ar_opt_u64){ true, start };
	ar_run_outcomes(run, &run->record->outcomes);
	if (!run->await_start)
		run->record->started = AR_YES;
	r = ar_record_write(run->dir, run->record, err);
	return r < 0 ? r : executed(run, err);
}
const struct ar_step ar_step_created = { "record", AR_HOST, AR_STEP_PLAIN, created, NULL };
